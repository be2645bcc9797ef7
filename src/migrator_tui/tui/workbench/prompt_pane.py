"""The candidate's prompt: editor, parameters as TOML, and what differs from the baseline's prompt."""

import difflib
from collections.abc import Collection
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import ContentSwitcher, TextArea

from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.glyphs import UNICODE, Glyphs
from migrator_tui.tui.keys import EDITOR, bindings
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.template_editor import TemplateEditor
from migrator_tui.tui.widgets.text_view import TextView

TABS = (("prompt", "Prompt"), ("params", "Params"), ("diff", "Diff"))


class DraftEditor(TemplateEditor):
    """An editor of the draft: run, keep and leave work from inside it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(EDITOR)


class PromptPane(Pane):
    """Three tabs over one draft."""

    class Typed(Message):
        """The draft changed."""

    def __init__(self, *, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(id="prompt-pane")
        self.glyphs = glyphs
        self.tab = "prompt"
        self.version = ""
        self.error = ""
        self.suggested = 0
        self._saved_template = ""
        self._saved_params = ""
        self._baseline_template = ""
        self._loading = False

    def compose(self) -> ComposeResult:
        with ContentSwitcher(initial="prompt"):
            yield DraftEditor(id="prompt")
            yield DraftEditor(id="params", marks_variables=False)
            yield TextView(id="diff")

    @property
    def editor(self) -> DraftEditor:
        """The prompt's editor."""
        return self.query_one("#prompt", DraftEditor)

    @property
    def params_editor(self) -> DraftEditor:
        """The editor of the parameters, TOML."""
        return self.query_one("#params", DraftEditor)

    @property
    def template(self) -> str:
        """The draft's template."""
        return self.editor.text

    @property
    def params_text(self) -> str:
        """The draft's parameters as typed."""
        return self.params_editor.text

    @property
    def dirty(self) -> bool:
        """The draft differs from the version it started from."""
        return self.template != self._saved_template or self.params_text.strip() != self._saved_params.strip()

    def load(
        self,
        *,
        version: str,
        saved_template: str,
        saved_params: str,
        template: str,
        params_text: str,
        baseline_template: str,
        variables: Collection[str] | None,
    ) -> None:
        """Show a draft of a version."""
        self.version = version
        self._saved_template, self._saved_params = saved_template, saved_params
        self._baseline_template = baseline_template
        self.editor.known_variables = variables
        with self.prevent(TextArea.Changed):
            self.editor.load(template, saved_template)
            self.params_editor.load(params_text, saved_params)
        self._show_diff()
        self.retitle()

    def saved_as(self, version: str, template: str, params_text: str) -> None:
        """The draft (or what it was when it was sent) is a version now; what was typed since stays."""
        self.version = version
        self._saved_template, self._saved_params = template, params_text
        self.editor.set_saved(template)
        self.params_editor.set_saved(params_text)
        self.retitle()

    def show_tab(self, tab: str, *, focus: bool = False) -> None:
        """Bring one of the tabs to the front."""
        self.tab = tab
        self.query_one(ContentSwitcher).current = tab
        if tab == "diff":
            self._show_diff()
        if focus:
            self.query_one(f"#{tab}").focus()
        self.retitle()

    def next_tab(self) -> None:
        """The tab after this one."""
        names = [name for name, _ in TABS]
        self.show_tab(names[(names.index(self.tab) + 1) % len(names)], focus=True)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Marks and title follow what is typed."""
        event.stop()
        editor = event.text_area
        if isinstance(editor, DraftEditor):
            editor.remark()
        self.error = ""
        self.retitle()
        self.post_message(self.Typed())

    def show_suggested(self, edits: int) -> None:
        """So many suggested edits wait to be looked at."""
        if edits != self.suggested:
            self.suggested = edits
            self.retitle()

    def complain(self, error: str) -> None:
        """A mistake in the draft, shown where it was made until the next key."""
        self.error = error
        self.retitle()

    def retitle(self) -> None:
        """Title and bottom say which tab, which version, how much is unsaved, and the key that matters."""
        glyphs = self.glyphs
        parts: list[Content | str | tuple[str, str]] = []
        for number, (name, title) in enumerate(TABS):
            if number:
                parts.append((" · ", FAINT))
            parts.append((title, STRONG if name == self.tab else MUTED))
        parts.append("   ")
        changed = self.editor.changed_count + self.params_editor.changed_count
        if self.dirty:
            plural = "line" if changed == 1 else "lines"
            parts += [
                (self.version, STYLES["text"]),
                (f" + draft {glyphs.now} {changed} {plural} changed", STYLES["warning"]),
            ]
        elif self._baseline_template and self.template == self._baseline_template:
            parts += [(self.version, STYLES["text"]), (" same as the baseline's", MUTED)]
        else:
            parts += [(self.version, STYLES["text"])]
        self.title(Content.assemble(*parts))
        if self.error:
            self.bottom(Content.styled(f"{glyphs.warning} {safe_line(self.error)}", STYLES["error"]))
            return
        keys: list[Content | str | tuple[str, str]] = []
        if self.suggested:
            words = f" {self.suggested:,} edit{'' if self.suggested == 1 else 's'} suggested"
            keys += [("s", "bold"), (words, STYLES["primary"]), (" · ", FAINT)]
        keys += [("F5", "bold"), (" run this case", MUTED)]
        if self.dirty:
            keys += [(" · ", FAINT), ("^s", "bold"), (" keep as a version", MUTED)]
        keys += [(" · ", FAINT), ("^t", "bold"), (" next tab", MUTED)]
        self.bottom(Content.assemble(*keys))

    def _show_diff(self) -> None:
        if self.tab != "diff":
            return
        self.query_one("#diff", TextView).show_content(line_diff(self._baseline_template, self.template, self.glyphs))


def line_diff(before: str, after: str, glyphs: Glyphs, context: int = 3) -> Content:
    """The lines that differ, with some around them; `−` was, `+` is."""
    if before == after:
        return Content.styled("the same as the baseline's prompt", MUTED)
    old, new = before.splitlines(), after.splitlines()
    lines: list[Content] = []
    groups = difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(context)
    for number, group in enumerate(groups):
        if number:
            lines.append(Content.styled("     ┄┄", FAINT))
        for kind, old_from, old_to, new_from, new_to in group:
            if kind == "equal":
                lines += [Content.styled(f"{n + 1:>4}   {safe(new[n])}", MUTED) for n in range(new_from, new_to)]
                continue
            lines += [
                Content.assemble((f"{n + 1:>4} ", FAINT), (f"{glyphs.removed} {safe(old[n])}", STYLES["error"]))
                for n in range(old_from, old_to)
            ]
            lines += [
                Content.assemble((f"{n + 1:>4} ", FAINT), (f"{glyphs.added} {safe(new[n])}", STYLES["success"]))
                for n in range(new_from, new_to)
            ]
    return Content("\n").join(lines)
