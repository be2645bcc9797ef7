"""What guardrails could see, as a table for people, on any stream."""

from collections.abc import Iterable
from typing import TextIO

from rich.text import Text

from migrator_tui.project.rollout_settings import RELATIVE
from migrator_tui.reports.results_table import PLAIN_WIDTH, ReportConsole
from migrator_tui.reports.words import percent
from migrator_tui.rollout.simulating import Detection, Simulation

CELL = 31


def print_simulation(found: Simulation, stream: TextIO) -> None:
    """Print how often harm is caught, and after how many conversations, for each share on the candidate."""
    console = ReportConsole(file=stream, highlight=False, width=None if stream.isatty() else PLAIN_WIDTH)
    for line in _lines(found):
        console.print(Text(line.rstrip()), soft_wrap=True)


def _lines(found: Simulation) -> Iterable[str]:
    yield (
        f"{found.runs:,} rollouts of {found.conversations:,} conversations each, looked at after every "
        f"{found.looks_every}; allowed harm: {_allowed(found.limit)}"
    )
    shares = list(dict.fromkeys(one.share for one in found.detections))
    for metric in dict.fromkeys(one.metric for one in found.detections):
        yield ""
        yield f"  {metric:<16} {'harm':>10}   " + "".join(f"{f'{_share(s)} on candidate':<{CELL}}" for s in shares)
        rows = [one for one in found.detections if one.metric == metric]
        if found.limit is None:
            yield f"  limit {100 * rows[0].limit:g} {'%' if metric in RELATIVE else 'points'}"
        for baseline, harm in dict.fromkeys((one.baseline, one.harm) for one in rows):
            of_row = {one.share: one for one in rows if (one.baseline, one.harm) == (baseline, harm)}
            what = "" if baseline is None else f"baseline {_share(baseline)}"
            unit = "%" if metric in RELATIVE else "points"
            yield f"  {what:<16} {f'{100 * harm:g} {unit}':>10}   " + "".join(
                f"{_cell(of_row[share]):<{CELL}}" for share in shares
            )
    yield ""
    yield (
        f"Without a difference {percent(found.false_rollback_rate)} are rolled back by mistake, by all guardrails "
        f"together, {_share(max(shares))} on the candidate and no harm allowed; they are made for at most 5 %."
    )
    yield "Caught: the guardrail trips in so many of the rollouts; half by: in half, after so many conversations."


def _cell(one: Detection) -> str:
    if not one.watched:
        return "too few conversations"
    after = "" if one.median_conversations is None else f", half by {one.median_conversations:,}"
    return f"caught {percent(one.caught)}{after}"


def _allowed(limit: float | None) -> str:
    if limit is None:
        return "each guardrail's own limit"
    return _share(limit) if limit else "none"


def _share(share: float) -> str:
    return f"{100 * share:g} %"
