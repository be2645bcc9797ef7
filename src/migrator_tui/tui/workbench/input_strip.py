"""The case in view: its id, tags and the first words of its input; `i` opens the whole of it."""

import json
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from migrator_tui.project.schema import Case
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.glyphs import UNICODE, Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.pane import Pane

SHOWN_CHARACTERS = 4_000


def message_text(content: object) -> str:
    """The text of a message's content, which may be a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = [str(p.get("text") or f"[{p.get('type', '?')}]" if isinstance(p, dict) else p) for p in content]
        return "\n".join(parts)
    return "" if content is None else json.dumps(content, ensure_ascii=False)


def input_words(case: Case) -> tuple[str, str]:
    """What the case asks, as a label and one line: the last message, else the variables."""
    if case.messages:
        last = case.messages[-1]
        more = len(case.messages) - 1
        label = str(last.get("role", "message")) + (f" (+{more})" if more else "")
        return label, message_text(last.get("content"))[:SHOWN_CHARACTERS]
    words = "  ".join(f"{name}: {value}" for name, value in case.vars.items())
    return "vars", words[:SHOWN_CHARACTERS]


def whole_input(case: Case, prompt: Sequence[dict[str, object]] | None) -> Content:
    """Everything about a case: variables, expected answer, and the messages as they are sent."""
    parts: list[Content] = []
    if case.tags:
        parts.append(Content.assemble(("tags  ", STRONG), (safe_line(", ".join(case.tags)), MUTED)))
    for name, value in case.vars.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        parts.append(Content.assemble((f"{safe_line(name)}  ", STYLES["accent"]), safe(text)))
    if case.expected is not None:
        text = case.expected if isinstance(case.expected, str) else json.dumps(case.expected, ensure_ascii=False)
        parts.append(Content.assemble(("expected  ", STRONG), safe(text)))
    for message in prompt if prompt is not None else case.messages:
        role = safe_line(str(message.get("role", "")))
        parts.append(
            Content.assemble((f"\n── {role} ──\n", STYLES["primary"]), safe(message_text(message.get("content"))))
        )
        if message.get("tool_calls"):
            calls = json.dumps(message["tool_calls"], ensure_ascii=False, indent=1)
            parts.append(Content.styled(safe(calls), MUTED))
    return Content("\n").join(parts)


class InputStrip(Pane):
    """Id and tags in the title, the input below, cut where the strip ends."""

    def __init__(self, *, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(id="input-strip")
        self.glyphs = glyphs
        self.case: Case | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="input-text")

    def show(self, case: Case | None, empty: str = "") -> None:
        """Show a case, or why there is none."""
        self.case = case
        if case is None:
            self.title("")
            self.bottom("")
            self.query_one("#input-text", Static).update(Content.styled(safe_line(empty), MUTED))
            return
        self.title(self._heading(case))
        self._fill()

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        if self.case is None:
            return
        label, words = input_words(self.case)
        rows, width = max(1, self.content_size.height), max(10, self.content_size.width)
        content = Content.assemble((f"{label}  ", STYLES["primary"]), safe_line(words) or ("(empty)", MUTED))
        lines = content.wrap(width)
        cut = len(lines) > rows
        self.query_one("#input-text", Static).update(Content("\n").join(lines[:rows]))
        self.bottom(Content.assemble(("i", "bold"), (" more" if cut else " whole input", MUTED)))

    def _heading(self, case: Case) -> Content:
        parts: list[Content | str | tuple[str, str]] = [(safe_line(case.id, 40), STRONG)]
        if case.critical:
            parts.append((f"{self.glyphs.critical} critical", f"bold {STYLES['warning']}"))
        for tag in list(case.tags)[:6]:
            parts += [(" · ", FAINT), (safe_line(tag, 20), MUTED)]
        return Content.assemble(*parts)


def one_line(case: Case, glyphs: Glyphs, marks: Content, width: int) -> Content:
    """The case in one line, for narrow screens: outcomes, id, tags, first words."""
    _, words = input_words(case)
    tags = " · ".join(safe_line(tag, 16) for tag in list(case.tags)[:2])
    line = Content.assemble(
        (f" {glyphs.cursor} ", STYLES["primary"]),
        marks,
        (f"  {safe_line(case.id, 20)}", STRONG),
        (f"{glyphs.critical}" if case.critical else "", STYLES["warning"]),
        (f"  {tags}   " if tags else "   ", MUTED),
        safe_line(words[:200]),
    )
    return line.truncate(width, ellipsis=True)
