"""A field for one line of text, into which anything may be pasted."""

from textual.widgets import Input

from migrator_tui.text_safety import safe


class Field(Input):
    """Textual's input draws what it holds; here what a terminal would act on becomes a visible mark first."""

    def validate_value(self, value: str) -> str:
        """Called with whatever is typed, pasted or set."""
        return safe(value).replace("\n", " ").replace("\t", " ")
