"""A pane: round border, state in the title, numbers at the bottom right, focus shown by the border alone."""

from textual.containers import Vertical
from textual.content import Content


class Pane(Vertical):
    """A bordered part of a screen. Title and bottom take `Content`, so nothing foreign is read as markup."""

    DEFAULT_CSS = """
    Pane {
        border: round $foreground 25%;
        border-title-color: $foreground;
        border-subtitle-color: $foreground 62%;
        border-title-align: left;
        border-subtitle-align: right;
        height: 1fr;
    }
    Pane:focus-within {
        border: round $primary;
        border-title-color: $text-primary;
        border-title-style: bold;
    }
    /* Without colour, brightness alone would be too weak a sign. */
    Pane:focus-within:nocolor { border: heavy $foreground; }
    """

    def title(self, content: Content | str) -> None:
        """What the pane is and how it stands; painted only where it changes."""
        self._set("border_title", content)

    def bottom(self, content: Content | str) -> None:
        """Counts, cost, or the one key that matters here."""
        self._set("border_subtitle", content)

    def _set(self, name: str, content: Content | str) -> None:
        value = content if isinstance(content, Content) else Content(content)
        shown: dict[str, Content] = self.__dict__.setdefault("_shown_titles", {})
        before = shown.get(name)
        if before is not None and before.is_same(value):
            return
        shown[name] = value
        # An empty title would draw a gap in the border.
        setattr(self, name, value if value.plain else None)
