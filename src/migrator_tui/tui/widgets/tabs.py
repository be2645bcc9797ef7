"""The second row: the screens, each with the one thing to know about it, in sight from everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from migrator_tui.tui.theme import MUTED, STYLES

SCREENS: Mapping[str, tuple[str, str]] = {
    "project": ("0", "Project"),
    "workbench": ("1", "Workbench"),
    "scorecard": ("2", "Scorecard"),
    "versions": ("3", "Versions"),
    "coverage": ("4", "Coverage"),
    "rollout": ("5", "Rollout"),
}
"""Screen to its number key and its title, in the order shown."""


@dataclass(frozen=True, slots=True)
class TabNote:
    """What a tab says beside its title."""

    words: str
    sign: str = ""
    role: str = "muted"


class ScreenTabs(Widget):
    """Screens by number, the current one on a tinted ground."""

    DEFAULT_CSS = """
    ScreenTabs { height: 1; }
    """

    notes: reactive[Mapping[str, TabNote]] = reactive({}, layout=False)
    shown: reactive[tuple[str, ...]] = reactive((), layout=False)

    def __init__(self, active: str) -> None:
        super().__init__()
        self.active = active
        self.auto_links = False

    def render(self) -> Content:
        width = self.size.width
        fewer = {self.active} if width >= 60 else set()
        for words_for in (set(self.shown), {"workbench", "scorecard", self.active}, fewer, set[str]()):
            line = self._line(words_for)
            if (line if words_for else line.rstrip()).cell_length <= width:
                return line.truncate(width)
        return self._line(set(), tight=True).truncate(width)

    def _line(self, words_for: set[str], *, tight: bool = False) -> Content:
        """`words_for`: the screens with a word beside their title, the others have a sign; `tight`: without gaps."""
        parts: list[Content | str] = [] if tight else [" "]
        for screen in self.shown:
            number, title = SCREENS[screen]
            click = Style.from_meta({"@click": f"app.show('{screen}')"})
            if screen == self.active:
                label = Content.styled(f" {number} {title} ", "bold $text-primary on $primary-muted")
            else:
                label = Content.assemble((f" {number} ", MUTED), (title if tight else f"{title} ", MUTED))
            parts.append(label.stylize(click))
            note = self.notes.get(screen)
            if note is not None:
                words = note.words if screen in words_for else note.sign
                if words:
                    parts.append(Content.assemble(" ", (words, STYLES[note.role])))
            if not tight:
                parts.append("   " if words_for else "  ")
        return Content.assemble(*parts)
