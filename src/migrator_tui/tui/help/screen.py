"""`?`: the keys of the focused pane, grouped by what one wants to do, and the signs in sight."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.keys import Key
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.footer import KEY_STYLE
from migrator_tui.tui.widgets.modal import Modal

Sign = tuple[str, str, str]
"""A sign, what it means, its colour role."""

GROUPS = ("Judge", "Look", "Move", "Change", "Run", "Elsewhere")


class HelpScreen(Modal[None]):
    """Keys by group in two columns; `/` finds one by its word, a second `?` shows those of all panes."""

    DEFAULT_CSS = """
    HelpScreen > .box { height: auto; max-height: 95%; width: 104; }
    HelpScreen VerticalScroll { height: auto; max-height: 100%; }
    HelpScreen Input { display: none; margin-bottom: 1; }
    HelpScreen Input.-open { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "all_panes", "all panes", show=False),
        Binding("slash", "find", "find", show=False),
        Binding("j,down", "scroll(1)", "down", show=False),
        Binding("k,up", "scroll(-1)", "up", show=False),
        Binding("q", "dismiss_unchanged", "close", show=False),
    ]

    def __init__(
        self, pane: str, keys: Mapping[str, Sequence[Key]], glyphs: Glyphs, signs: Sequence[Sign] | None = None
    ) -> None:
        """`keys`: pane title to its keys, `pane` the focused one. `signs`: those in sight, else the workbench's."""
        super().__init__()
        self.pane = pane
        self.keys = keys
        self.glyphs = glyphs
        self.signs = signs
        self.all = False
        self.wanted = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Field(placeholder="a word of what you want to do", compact=True)
            with VerticalScroll():
                yield Static(id="keys")

    def on_mount(self) -> None:
        self._show()
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        self._show()

    def action_all_panes(self) -> None:
        self.all = not self.all
        self._show()

    def action_find(self) -> None:
        finder = self.query_one(Input)
        finder.add_class("-open")
        finder.focus()

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.wanted = event.value.casefold()
        self._show()

    def _show(self) -> None:
        panes = self.keys if self.all or self.wanted else {self.pane: self.keys[self.pane]}
        blocks: list[Content] = []
        for pane, keys in panes.items():
            found = [k for k in keys if self.wanted in f"{k.help} {k.word} {k.label}".casefold()]
            if not found:
                continue
            if len(panes) > 1:
                blocks.append(Content.styled(f"── {pane} ──", STYLES["primary"]))
            blocks.append(self._table(found))
        if not blocks:
            blocks.append(Content.styled("no key does that; ^p lists every command", MUTED))
        signs = self.signs if self.signs is not None else workbench_signs(self.glyphs)
        legend = [Content.assemble((sign, STYLES[role]), (f" {word}  ", MUTED)) for sign, word, role in signs]
        if legend:
            blocks.append(Content.assemble(*legend))
        self.query_one("#keys", Static).update(Content("\n\n").join(blocks))
        title = "Keys of every pane" if self.all else f"Keys of the {self.pane}"
        self.label(title, "/ find a key · ? all panes · esc close")

    def _table(self, keys: Sequence[Key]) -> Content:
        groups = [(name, [k for k in keys if k.group == name]) for name in GROUPS]
        columns = [self._group(name, members) for name, members in groups if members]
        if self.app.size.width < 100:
            return Content("\n\n").join([Content("\n").join(column) for column in columns])
        rows: list[Content] = []
        nothing: list[Content] = []
        for left, right in zip_longest(columns[::2], columns[1::2], fillvalue=nothing):
            if rows:
                rows.append(Content(""))
            rows += [
                (a or Content("")).truncate(48, pad=True) + (b or Content("")) for a, b in zip_longest(left, right)
            ]
        return Content("\n").join(rows)

    def _group(self, name: str, keys: Sequence[Key]) -> list[Content]:
        return [
            Content.styled(name, STRONG),
            *(Content.assemble((f"{k.label:>7}", KEY_STYLE), (f"  {k.help}", MUTED)) for k in keys),
        ]


def workbench_signs(g: Glyphs) -> Sequence[Sign]:
    """What stands beside cases and outputs."""
    return (
        (g.passed, "pass", "success"), (g.failed, "fail", "error"), (g.drift, "drift or flaky", "warning"),
        (g.to_judge, "to judge", "primary"), (g.carried_over, "carried over", "warning"),
        (g.stale, "asks again", "warning"), (g.warning, "error", "warning"), (g.critical, "critical", "warning"),
    )  # fmt: skip
