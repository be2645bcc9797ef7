"""How the rollout of a task stands: in the row, and in the details, of the candidate that it is about.

What a rollout is made of is imported where one is drawn: the first paint draws none.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.content import Content

from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.sizes import Size

if TYPE_CHECKING:
    from migrator_tui.tui.project.details import Line
    from migrator_tui.tui.rollout.reading import Brief

CELLS: Mapping[Size, int] = {Size.WIDE: 15, Size.MEDIUM: 7}
"""Of its column, the gap before it included."""
FEWEST = 120
"""Cells of the screen from which on there is room for it."""


def is_about(brief: "Brief | None", candidate: str) -> bool:
    """Whether that candidate's row has something to say of it."""
    return brief is not None and brief.rollout is not None and brief.rollout.candidate == candidate


def live_cell(brief: "Brief | None", candidate: str, size: Size, glyphs: Glyphs) -> Content:
    """`● 5 %`, `! 25 % held`, or `! 25%` where there is less room; blank in all other rows."""
    if brief is None or brief.rollout is None or not is_about(brief, candidate):
        return Content(" " * CELLS[size])
    from migrator_tui.tui.rollout.words import state_look

    sign, words, role = state_look(brief.rollout, glyphs, ready=brief.ready)
    gap = 2 if size is Size.WIDE else 1
    words = words.replace(" · ", " ") if size is Size.WIDE else f"{brief.rollout.percentage:g}%"
    told = Content.styled(glyphs.fit(f"{sign} {words}"), STYLES[role])
    return Content(" " * gap) + told.truncate(CELLS[size] - gap, ellipsis=True, pad=True)


def live_line(brief: "Brief | None", candidate: str, author: str, glyphs: Glyphs) -> "tuple[Line, bool] | None":
    """The line of the details, and whether it is more pressing than the others; `None` where there is nothing."""
    if brief is None or brief.rollout is None or not is_about(brief, candidate):
        return None
    from migrator_tui.history.rollout_records import RolloutState
    from migrator_tui.rollout.words import named
    from migrator_tui.tui.rollout.words import next_name, percentage, state_look, who_words

    rollout, last = brief.rollout, brief.last
    sign, words, role = state_look(rollout, glyphs, ready=brief.ready)
    stopped = rollout.state in (RolloutState.HELD, RolloutState.ROLLED_BACK)
    if stopped and last is not None:
        what = f"by {who_words(last.who, author)}: {named(last.why)}"
    elif brief.ready:
        what = f"next is {next_name(rollout)}; 5, then > takes it"
    elif rollout.state is RolloutState.COMPLETE:
        what = f"complete; {percentage(rollout.hold_back)} stay on the baseline"
    else:
        what = f"step {rollout.step + 1} of {len(rollout.steps)}, next is {next_name(rollout)}; 5 shows it"
    told = Content.assemble(
        (f"{words.replace(' · ', ' ')}  ", STYLES[role]), (glyphs.fit(safe_line(what, 300)), MUTED)
    )
    return (glyphs.fit(sign), role, "live", told), stopped or brief.ready
