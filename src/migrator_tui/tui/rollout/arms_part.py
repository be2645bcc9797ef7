"""Both arms, side by side: what they come to in this step, with plain intervals, and the last hour in small bars."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from textual.content import Content

from migrator_tui.history.rollout_records import ArmFigures, Measure, Slice
from migrator_tui.rollout.figures import SHARES, interval
from migrator_tui.rollout.plan import step_name
from migrator_tui.rollout.words import UNKNOWN, time_words
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.rollout.reading import Seen
from migrator_tui.tui.rollout.words import percentage
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.modal import Sheet
from migrator_tui.tui.widgets.parts import Filled, cell
from migrator_tui.tui.widgets.row_list import ListRow

NAME, NOW, RANGE = 16, 10, 17
MINUTES = 60
BARS = "▁▂▃▄▅"
"""At most five eighths high, so that rows stay apart."""
PLAIN_BARS = "_.:-="


@dataclass(frozen=True, slots=True)
class Line:
    """One row of both arms."""

    name: str
    now: Callable[[ArmFigures], str]
    metric: str | None = None
    """Whose interval is shown."""
    bar: Callable[[Sequence[Slice]], float | None] | None = None
    """What a small bar stands for."""
    alone: bool = False
    """Each arm has a scale of its own."""


def _mean(metric: str) -> Callable[[ArmFigures], float | None]:
    return lambda arm: arm.measures.get(metric, Measure()).mean


def _share(metric: str) -> Callable[[ArmFigures], str]:
    def words(arm: ArmFigures) -> str:
        mean = _mean(metric)(arm)
        return UNKNOWN if mean is None else f"{100 * mean:.1f} %"

    return words


def _typical(metric: str) -> Callable[[ArmFigures], str]:
    def words(arm: ArmFigures) -> str:
        mean = _mean(metric)(arm)
        return time_words(None if mean is None else math.exp(mean))

    return words


def _cost(arm: ArmFigures) -> str:
    mean = _mean("cost")(arm)
    return UNKNOWN if mean is None else _usd(mean)


def _usd(amount: float) -> str:
    return f"${amount:.4f}" if amount < 0.1 else f"${amount:.2f}"


def _calls(slices: Sequence[Slice]) -> float | None:
    return float(sum(piece.requests for piece in slices)) if slices else None


def _passed(slices: Sequence[Slice]) -> float | None:
    checked = sum(piece.checked for piece in slices)
    return sum(piece.passed for piece in slices) / checked if checked else None


def _failed(slices: Sequence[Slice]) -> float | None:
    calls = sum(piece.requests for piece in slices)
    return sum(piece.failures for piece in slices) / calls if calls else None


def _slow(slices: Sequence[Slice]) -> float | None:
    return _weighted([(piece.latency_ms, piece.requests) for piece in slices])


def _spent(slices: Sequence[Slice]) -> float | None:
    return _weighted([(piece.cost, piece.requests) for piece in slices])


def _weighted(values: Sequence[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in values if value is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


LINES: Sequence[Line] = (
    Line("calls", lambda arm: f"{arm.requests:,}", bar=_calls, alone=True),
    Line("pass rate", _share("check-pass-rate"), "check-pass-rate", _passed),
    Line("failures", _share("failures"), "failures", _failed),
    Line("escalations", _share("escalations"), "escalations"),
    Line("latency", _typical("latency"), "latency", _slow),
    Line("cost per call", _cost, "cost", _spent),
    Line("latency p95", lambda arm: time_words(arm.latency_p95_ms)),
    Line("first token", _typical("first-token"), "first-token"),
    Line("first token p95", lambda arm: time_words(arm.first_token_p95_ms)),
    Line("fallbacks", _share("fallbacks"), "fallbacks"),
    Line("thumbs down", _share("thumbs-down"), "thumbs-down"),
    Line("conversations", lambda arm: f"{arm.conversations:,}"),
    Line("without a name", lambda arm: f"{arm.unkeyed:,}"),
    Line("client errors", lambda arm: f"{arm.client_errors:,}"),
)
"""What matters first on top: the rest is for a taller screen."""
DRIFT = "drift:"


def arm_part(seen: Seen, arm: str, model: str, glyphs: Glyphs) -> Filled:
    """One arm. `model`: how its title calls it."""
    look = seen.look
    figures = look.arms
    mine, other = figures[arm], figures["candidate" if arm == "baseline" else "baseline"]
    on_candidate = look.stages[-1].percentage if look.stages else look.rollout.percentage
    served = on_candidate if arm == "candidate" else 100 - on_candidate
    copies = look.rollout.shadow and arm == "candidate"
    share = "copies, nobody sees it" if copies else percentage(served)
    title = Content.assemble((arm, STRONG), (f" {model} ", MUTED), (share, STYLES["text"]), " ")
    rows = [_row(line, seen, arm, mine, glyphs) for line in _lines(mine, other)]

    def heads(room: int) -> Content:
        left = f"  {'':<{NAME}}{'now':>{NOW - 1}} {'95 % interval':>{RANGE - 1}} "
        return Content.assemble((left, MUTED), (f"{'last hour':>{max(0, room - len(left) - 1)}}", MUTED))

    bottom = "as it stood" if not look.rollout.state.live else f"all of its time at {step_name(look.rollout.present)}"
    return Filled(title, rows, heads, Content.styled(bottom, MUTED))


def arms_sheet(seen: Seen, glyphs: Glyphs) -> Sheet:
    """All figures of both arms, side by side, for which the panes may have no room."""
    old, new = (seen.look.arms[arm] for arm in ("baseline", "candidate"))
    lines = [Content.styled(f"{'':<{NAME + 1}}{'baseline':>{NOW + RANGE}}{'candidate':>{NOW + RANGE}}", MUTED)]
    for line in _lines(old, new):
        cells = [cell(line.name, NAME + 1, "muted")]
        for arm in (old, new):
            about = _range(line.metric, arm) if line.metric is not None else ""
            cells += [
                cell(line.now(arm), NOW, "text", right=True),
                cell(glyphs.fit(about), RANGE, "muted", right=True),
            ]
        lines.append(Content.assemble(*cells))
    note = "Beside each figure its plain 95 % interval, for eyes only; those of the guardrails hold at every look."
    return Sheet(
        "Both sides, in the present step", Content("\n").join([*lines, Content(""), Content.styled(note, MUTED)])
    )


def _lines(mine: ArmFigures, other: ArmFigures) -> list[Line]:
    """The rows: what any call has, and the drift that was seen on either arm."""
    drift = sorted({name for each in (mine, other) for name in each.measures if name.startswith(DRIFT)})
    named = (name for name in drift if name != f"{DRIFT}any")
    return [*LINES, *(Line(f"{name.removeprefix(DRIFT)} (drift)", _share(name), name) for name in named)]


def _row(line: Line, seen: Seen, arm: str, mine: ArmFigures, glyphs: Glyphs) -> ListRow:
    now = line.now(mine)
    about = _range(line.metric, mine) if line.metric is not None else ""
    role = "muted" if now in (UNKNOWN, "0") else "text"

    def draw(width: int, selected: bool) -> Content:
        cells = width - 2 - NAME - NOW - RANGE - 1
        bars = Content("")
        if line.bar is not None and cells >= 6:
            bars = _bars(line, seen, arm, cells, glyphs)
        return Content.assemble(
            "  ",
            cell(line.name, NAME, "muted"),
            cell(now, NOW, role, right=True),
            cell(glyphs.fit(about), RANGE, "muted", right=True),
            bars,
        )

    return ListRow(line.name, draw)


def _range(metric: str, arm: ArmFigures) -> str:
    measure = arm.measures.get(metric, Measure())
    found = interval(metric, measure)
    if found is None or measure.mean is None:
        return ""
    low, high = found.low, found.high
    if metric in SHARES or metric.startswith(DRIFT):
        return f"{100 * max(0.0, low):.1f} … {100 * min(1.0, high):.1f}"
    if metric in ("latency", "first-token"):
        ends = (time_words(math.exp(end), like=math.exp(measure.mean)).split()[0] for end in (low, high))
        return " … ".join(ends)
    return f"{max(0.0, low):.4f} … {high:.4f}"


def _bars(line: Line, seen: Seen, arm: str, room: int, glyphs: Glyphs) -> Content:
    """The last hour, the newest at the right; an arm without calls at a time leaves it blank."""
    count = next(cells for cells in (60, 30, 20, 15, 12, 10, 6) if cells <= room)
    values = {name: _series(line, seen.hour.get(name, ()), seen.look.at, count) for name in ("baseline", "candidate")}
    scaled = values[arm] if line.alone else [*values["baseline"], *values["candidate"]]
    top = max((value for value in scaled if value is not None), default=0.0)
    steps = PLAIN_BARS if glyphs.plain else BARS
    text = "".join(
        " " if value is None else steps[min(len(steps) - 1, round(value / top * (len(steps) - 1)) if top else 0)]
        for value in values[arm]
    )
    return Content.assemble(" " * (room - count), (text, MUTED))


def _series(line: Line, slices: Sequence[Slice], now: datetime, count: int) -> list[float | None]:
    assert line.bar is not None
    length = timedelta(minutes=MINUTES / count)
    begin = now - timedelta(minutes=MINUTES)
    groups: list[list[Slice]] = [[] for _ in range(count)]
    for piece in slices:
        place = int((piece.at - begin) / length)
        if 0 <= place < count:
            groups[place].append(piece)
    return [line.bar(group) if group else None for group in groups]
