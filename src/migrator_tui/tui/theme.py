"""Colour roles. Screens name a role, never a colour, so that every theme, light ones included, works.

Secondary text is a share of the foreground rather than `$text-muted`, whose transparency is ignored inside
`Content` and comes out brighter than the text beside it.
"""

from textual.content import Content

DEFAULT_THEME = "tokyo-night"
"""Calm, with error and warning far apart."""

STYLES = {
    "text": "$foreground",
    "strong": "bold $foreground",
    "muted": "$foreground 62%",
    "faint": "$foreground 34%",
    "primary": "$text-primary",
    "success": "$text-success",
    "warning": "$text-warning",
    "error": "$text-error",
    "accent": "bold $text-accent",
}
"""Role to style, in Textual's style language."""

MUTED = STYLES["muted"]
FAINT = STYLES["faint"]
STRONG = STYLES["strong"]


def chip(text: str, role: str) -> Content:
    """A bold word on a tinted ground: what the eye meets first. Role: success, error, warning or primary."""
    return Content.styled(f" {text} ", f"bold $text-{role} on ${role}-muted")


def styled(text: str, role: str) -> Content:
    """Text in the style of a role; the text is taken as it is, without markup."""
    return Content.styled(text, STYLES[role])
