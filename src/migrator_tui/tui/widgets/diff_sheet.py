"""A unified diff with colours that are not the only sign: `+` and `-` stay."""

from textual.content import Content

from migrator_tui.text_safety import safe
from migrator_tui.tui.theme import MUTED, STRONG, STYLES


def diff_content(diff: str) -> Content:
    """A unified diff for a screen."""
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
        lines.append(Content.styled(line, style))
    return Content("\n").join(lines)
