"""The last row: the keys of the focused pane, most used first, cut from the right, never scrolled."""

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from migrator_tui.tui.keys import Key
from migrator_tui.tui.theme import MUTED

KEY_STYLE = "bold $text-primary"


class KeyFooter(Widget):
    """`p pass  f fail  …` at the left; help and commands always at the right."""

    DEFAULT_CSS = """
    KeyFooter { height: 1; background: $surface; }
    """

    auto_links = False
    keys: reactive[Sequence[Key]] = reactive((), layout=False)

    def render(self) -> Content:
        width = self.size.width
        # In an editor a question mark is a letter.
        typing = any(key.id.startswith("editor-") for key in self.keys)
        right = Content.assemble(
            ("F1" if typing else "?", KEY_STYLE), (" keys  ", MUTED), ("^p", KEY_STYLE), (" commands ", MUTED)
        )
        room = width - right.cell_length - 2
        left = Content(" ")
        for key in self.keys:
            if not key.footer:
                continue
            entry = Content.assemble(
                (key.label, KEY_STYLE), (f" {(key.short or key.word) if width < 100 else key.word}", MUTED)
            ).stylize(Style.from_meta({"@click": key.action if "." in key.action else f"screen.{key.action}"}))
            if left.cell_length + entry.cell_length > room:
                break
            left = left + entry + "  "
        return left.truncate(max(0, room), pad=True) + "  " + right
