"""A unified diff with colours that are not the only sign: `+` and `-` stay."""

from textual.content import Content

from migrator_tui.text_safety import safe
from migrator_tui.tui.theme import MUTED, STRONG, STYLES


def diff_content(diff: str, *, context: int | None = None) -> Content:
    """A unified diff for a screen. `context`: cells of an unchanged line that are shown, where these are long."""
    lines = []
    for line in safe(diff).splitlines():
        if line.startswith(("---", "+++")):
            style = STRONG
        elif line.startswith("@@"):
            style = STYLES["primary"]
        elif line.startswith("+"):
            style = STYLES["success"]
        elif line.startswith("-"):
            style = STYLES["error"]
        else:
            style = MUTED
        shown = Content.styled(line, style)
        if context is not None and style is MUTED:
            shown = shown.truncate(context, ellipsis=True)
        lines.append(shown)
    return Content("\n").join(lines)
