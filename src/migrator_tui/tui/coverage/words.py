"""Signs and colours of what coverage found, and the rows that several parts share."""

from collections.abc import Sequence

from textual.content import Content

from migrator_tui.coverage.values import Share, State
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import STYLES

ROLES = {
    State.COVERED: "success",
    State.HALF: "warning",
    State.GAP: "error",
    State.PEOPLE: "muted",
    State.IGNORED: "faint",
}
"""State to the colour of its sign."""


def sign_of(state: State, glyphs: Glyphs) -> Content:
    """The sign of a state, in its colour."""
    signs = {
        State.COVERED: glyphs.passed,
        State.HALF: glyphs.drift,
        State.GAP: glyphs.failed,
        State.PEOPLE: glyphs.dot,
        State.IGNORED: " ",
    }
    return Content.styled(signs[state], STYLES[ROLES[state]])


def share_sign(share: Share, glyphs: Glyphs) -> Content:
    """`✗` where there is none, `!` where there are too few."""
    if share.state is not State.GAP:
        return Content(" ")
    sign, role = (glyphs.warning, "warning") if share.cases else (glyphs.failed, "error")
    return Content.styled(sign, STYLES[role])


def counts(states: Sequence[State], glyphs: Glyphs) -> Content:
    """`✓ 4  ~ 2  ✗ 2  · 1`: those that there are."""
    parts: list[Content] = []
    for state in (State.COVERED, State.HALF, State.GAP, State.PEOPLE):
        number = states.count(state)
        if number:
            role = ROLES[state]
            parts.append(Content.assemble(sign_of(state, glyphs), (f" {number:,}", STYLES[role])))
    return Content("  ").join(parts)


def coverage_signs(glyphs: Glyphs) -> Sequence[tuple[str, str, str]]:
    """What `?` explains."""
    return [
        (glyphs.passed, "covered; a proposal that is taken", "success"),
        (glyphs.drift, "by half: a looser limit, the form alone, one case", "warning"),
        (glyphs.failed, "no check, no case", "error"),
        (glyphs.warning, "under a third of its share of production", "warning"),
        (glyphs.dot, "no check can tell; people judge it", "muted"),
        (glyphs.now, "share of the cases", "primary"),
        (glyphs.target, "share of production", "text"),
        (glyphs.to_judge, "a proposal that is not taken", "primary"),
    ]
