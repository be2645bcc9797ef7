"""The rules of the gate: what is allowed, what was measured."""

from textwrap import wrap

from textual.content import Content

from migrator_tui.parity.gate import RuleResult, RuleState
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.parts import Filled, cell, heading, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow

TITLE, ALLOWED = 23, 25


def gate_part(card: Scorecard, config: str, glyphs: Glyphs, *, full: bool, width: int) -> Filled:
    """One row a rule; on the full screen with its sentence. `config`: the file that the rules stand in."""
    rows: list[ListRow] = []
    for result in card.decision.rules:
        rows.append(_row(result, glyphs))
        if full:
            lines = wrap(glyphs.fit(result.reason), max(20, width - 8))
            rows += [text_row(line, indent=4) for line in lines] + [text_row("")]
    if full:
        rows += [text_row(glyphs.fit(f"next: {card.decision.next_step}"), "text", indent=4)]
    heads = Content.styled(f"    {'rule':<{TITLE}}{'allowed':<{ALLOWED}}measured", MUTED)
    return Filled(
        heading("Gate"),
        rows,
        heads.truncate,
        Content.styled(f"{config} [gate]", MUTED),
    )


def rule_sign(result: RuleResult, glyphs: Glyphs) -> tuple[str, str]:
    """A rule's sign and its colour role; open is `~`, or `○` where somebody has to do something."""
    if result.state is RuleState.MET:
        return glyphs.passed, "success"
    if result.state is RuleState.MISSED:
        return glyphs.failed, "error"
    if result.rule == "everything-judged":
        return glyphs.to_judge, "primary"
    return glyphs.drift, "warning"


def _row(result: RuleResult, glyphs: Glyphs) -> ListRow:
    sign, role = rule_sign(result, glyphs)
    met = result.state is RuleState.MET

    def draw(width: int, selected: bool) -> Content:
        measured = glyphs.fit(result.measured)
        return Content.assemble(
            mark(selected, glyphs),
            (f"{sign} ", STYLES[role]),
            cell(result.title, TITLE, "text", bold=not met),
            cell(glyphs.fit(result.allowed), ALLOWED, "muted"),
            cell(measured, max(1, width - TITLE - ALLOWED - 3), "text" if met else role),
        )

    return ListRow(result.rule, draw)
