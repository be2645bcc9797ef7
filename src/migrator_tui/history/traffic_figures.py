"""What the traffic of a rollout came to, read from the sums; a few of the newest calls, from their own rows."""

import math
from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Integer, and_, case, cast, func, or_, select

from migrator_tui.history.part import Part, chunks, upsert
from migrator_tui.history.rollout_records import LOOKED, ArmFigures, Measure, Rollout, Sample, Slice, StageFigures
from migrator_tui.history.rollout_tables import (
    FeedbackRow,
    LatencyRow,
    MeasureRow,
    RolloutEventRow,
    SliceRow,
    TrafficMarkRow,
    TrafficRow,
)
from migrator_tui.history.tables import table
from migrator_tui.history.traffic_sums import ALONE, quantile, staged
from migrator_tui.project.schema import BASELINE

_TRAFFIC, _FEEDBACK, _MARKS = table(TrafficRow), table(FeedbackRow), table(TrafficMarkRow)
_MEASURES, _LATENCIES, _SLICES = table(MeasureRow), table(LatencyRow), table(SliceRow)
_EVENTS = table(RolloutEventRow)

_ARMS = (BASELINE, "candidate")
_OF_SLICE = ("requests", "failures", "latency_n", "latency_sum", "cost_n", "cost_sum", "checked", "passed")
"""What `_slice` takes."""


class TrafficFigures(Part):
    """Figures of rollouts."""

    def stage_figures(self, rollout: Rollout) -> list[StageFigures]:
        """Both arms in each stage of a rollout, oldest first; what has been summed up to now."""
        found = []
        with self._history.reading() as connection:
            e = _EVENTS.c
            wanted = select(e.revision, e.at, e.step, e.percentage, e.shadow).where(e.rollout_id == rollout.id)
            events = staged(connection.execute(wanted.order_by(e.id)))
            stages = [event for event, first in events if event is first]
            mine = and_(_MEASURES.c.name == rollout.name, _MEASURES.c.stage.in_([stage.revision for stage in stages]))
            measures: dict[tuple[int, str], dict[str, Measure]] = defaultdict(dict)
            for row in connection.execute(select(_MEASURES).where(mine)):
                measure = Measure(row.units, row.n, row.total, row.squares, row.n_squares, row.products)
                measures[row.stage, row.arm][row.measure] = measure
            times: dict[tuple[int, str, str], dict[int, int]] = defaultdict(dict)
            c = _LATENCIES.c
            of = c.stage.in_([stage.revision for stage in stages])
            for row in connection.execute(select(_LATENCIES).where(c.name == rollout.name, of)):
                times[row.stage, row.arm, row.what][row.bucket] = row.n
            s = _SLICES.c
            newest = select(s.stage, s.arm, func.max(s.last_ts).label("ts")).where(s.name == rollout.name)
            last = {(row.stage, row.arm): row.ts for row in connection.execute(newest.group_by(s.stage, s.arm))}
        escalates = any("escalations" in of_arm for of_arm in measures.values())
        for place, stage in enumerate(stages):
            arms = [
                _arm_figures(
                    measures[stage.revision, arm],
                    times[stage.revision, arm, "latency"],
                    times[stage.revision, arm, "first-token"],
                    last.get((stage.revision, arm)),
                    escalates=escalates,
                )
                for arm in _ARMS
            ]
            until = stages[place + 1].at if place + 1 < len(stages) else None
            found.append(
                StageFigures(
                    stage.revision, stage.step, stage.percentage, stage.shadow, stage.at, until, arms[0], arms[1]
                )
            )
        return found

    def recent_traffic(
        self, rollout: Rollout, until: datetime, *, seconds: float = 10.0, pieces: int = 30
    ) -> list[tuple[Slice, Slice]]:
        """Baseline and candidate in short times one after the other, the newest last, counted from the rows.

        Of the rollout as it is now: calls that came in under an earlier revision at another percentage count too.
        """
        t = _TRAFFIC.c
        since = until.timestamp() - seconds * pieces
        rescued = or_(t.served != t.assigned, t.attempts > 1)
        unanswered = or_(t.kind == "failed", and_(t.kind == "shadow", t.served.is_(None)))
        failed = or_(and_(t.kind == "ok", rescued), and_(unanswered, t.client_error.is_(False)))
        one = case((failed, 1), else_=0)
        place = (t.ts - since) / seconds
        # SQLite cuts off what follows the point, PostgreSQL would round.
        piece = cast(place if self._history.is_sqlite else func.floor(place), Integer).label("piece")
        of_these = and_(
            *(t.name == rollout.name, t.ts >= since, t.ts < until.timestamp(), t.kind != "attempt-failed"),
            t.revision >= rollout.first_revision,
        )
        wanted = select(t.assigned, piece, func.count().label("requests"), func.sum(one).label("failures"))
        failing: dict[tuple[str, int], set[str]] = defaultdict(set)
        with self._history.reading() as connection:
            found = {
                (row.assigned, row.piece): row
                for row in connection.execute(wanted.where(of_these).group_by(t.assigned, piece))
            }
            for row in connection.execute(select(t.assigned, piece, t.key_digest).where(of_these, failed).distinct()):
                failing[row.assigned, row.piece].add(row.key_digest)
        made = []
        for n in range(pieces):
            at = _moment(since + n * seconds)
            old, new = (
                Slice(at, row.requests, row.failures, failing=frozenset(failing[arm, n])) if row else Slice(at, 0, 0)
                for arm, row in ((arm, found.get((arm, n))) for arm in _ARMS)
            )
            made.append((old, new))
        return made

    def traffic_slices(
        self, name: str, since: datetime, *, minutes: int = 1, first_revision: int = 0
    ) -> dict[str, list[Slice]]:
        """By arm, what so many minutes at a time came to, oldest first; times without calls are left out.

        `first_revision`: what was before it is not looked at, such as an earlier rollout of the same minute.
        """
        s = _SLICES.c
        wanted = (
            select(s.arm, s.minute, *(func.sum(s[name]).label(name) for name in _OF_SLICE))
            .where(s.name == name, s.minute >= int(since.timestamp() // 60), s.stage >= first_revision)
            .group_by(s.arm, s.minute)
            .order_by(s.minute)
        )
        found: dict[str, dict[int, list[float]]] = {arm: {} for arm in _ARMS}
        with self._history.reading() as connection:
            for row in connection.execute(wanted):
                sums = found.setdefault(row.arm, {}).setdefault(row.minute // minutes, [0] * len(_OF_SLICE))
                for place, name_ in enumerate(_OF_SLICE):
                    sums[place] += row._mapping[name_]
        return {
            arm: [_slice(bucket * minutes, *sums) for bucket, sums in sorted(of.items())] for arm, of in found.items()
        }

    def traffic_between(self, name: str, since: datetime, until: datetime | None = None) -> dict[str, Slice]:
        """By arm, what the minutes that began in that time came to in all; an arm without calls is left out."""
        s = _SLICES.c
        mine = and_(s.name == name, s.minute >= math.ceil(since.timestamp() / 60))
        if until is not None:
            mine = and_(mine, s.minute < math.ceil(until.timestamp() / 60))
        wanted = select(s.arm, *(func.sum(s[name]).label(name) for name in _OF_SLICE)).where(mine).group_by(s.arm)
        with self._history.reading() as connection:
            rows = connection.execute(wanted).all()
        return {row.arm: _slice(int(since.timestamp() // 60), *row[1:]) for row in rows}

    def unchecked_samples(self, names: Collection[str], limit: int = 100) -> tuple[list[Sample], int]:
        """Sampled answers under those names that nobody has looked at yet for this project, oldest first; and the
        number of the row up to which these are all there are."""
        t = _TRAFFIC.c
        with self._history.reading() as connection:
            marks = {row.purpose: row.traffic_id for row in connection.execute(select(_MARKS))}
            counted = marks.get("sums", 0)
            wanted = select(_TRAFFIC).where(t.id > marks.get(self._checks(), 0), t.id <= counted)
            wanted = wanted.where(t.sampled_output.is_not(None), t.name.in_(names))
            rows = connection.execute(wanted.order_by(t.id).limit(limit)).all()
        return [_sample(row, {}) for row in rows], counted if len(rows) < limit else rows[-1].id

    def samples_checked(self, up_to: int) -> None:
        """All samples up to that row have been looked at for this project: they are not looked for again."""
        values = {"purpose": self._checks(), "traffic_id": up_to, "gap_since": None}
        with self._history.writing() as connection:
            upsert(connection, _MARKS, [values], ("purpose",))

    def _checks(self) -> str:
        # Projects may share a database, and each knows the checks of its own tasks only.
        return f"checks of {self._project_id}"

    def worst_calls(self, rollout: Rollout, *, limit: int = 20, among: int = 2_000) -> list[Sample]:
        """The worst of the candidate's last calls: failed, escalated, turned thumbs on, failing checks, then slow.

        `among`: of so many. Those whose input was kept come before those whose was not.
        """
        t = _TRAFFIC.c
        wanted = (
            select(_TRAFFIC)
            .where(t.name == rollout.name, t.ts >= rollout.created_at.timestamp(), t.assigned == "candidate")
            .where(t.revision >= rollout.first_revision, t.kind != "attempt-failed")
            .order_by(t.ts.desc())
            .limit(among)
        )
        f = _FEEDBACK.c
        signals: dict[int, dict[str, float]] = defaultdict(dict)
        with self._history.reading() as connection:
            rows = connection.execute(wanted).all()
            for ids in chunks([row.id for row in rows]):
                said = select(f.traffic_id, f.signal, f.value).where(f.traffic_id.in_(ids)).order_by(f.id)
                for row in connection.execute(said):
                    signals[row.traffic_id][row.signal] = row.value
        calls = [_sample(row, signals.get(row.id, {})) for row in rows]
        return sorted(calls, key=_badness, reverse=True)[:limit]


def _arm_figures(
    measures: dict[str, Measure],
    latencies: dict[int, int],
    first_tokens: dict[int, int],
    last_ts: float | None,
    *,
    escalates: bool,
) -> ArmFigures:
    everything = {
        name: measures.get(name, Measure()) + measures.get(f"{ALONE}{name}", Measure())
        for name in ("requests", "unkeyed", "failures", "fallbacks", "client-errors")
    }
    counts = {name: int(measure.total) for name, measure in everything.items()}
    hidden = ("requests", "unkeyed")
    measures = {name: of for name, of in measures.items() if name not in hidden and not name.startswith(ALONE)}
    conversations = everything["requests"].units
    # Only what happened is told: a conversation of which no escalation is told had none, nor had an answer that was
    # looked at a drift that is not named.
    looked = measures.get(LOOKED, Measure()).units
    told = {name: measures.pop(name) for name in [*measures] if name.startswith("drift:") and name != LOOKED}
    among = dict.fromkeys(told, looked)
    told["escalations"] = measures.pop("escalations", Measure())
    among["escalations"] = conversations - counts["unkeyed"] if escalates else 0
    for name, n in among.items():
        if n:
            y = told[name].total
            measures[name] = Measure(n, n, y, y, n, y)
    return ArmFigures(
        requests=counts["requests"],
        conversations=conversations,
        unkeyed=counts["unkeyed"],
        failures=counts["failures"],
        fallbacks=counts["fallbacks"],
        client_errors=counts["client-errors"],
        measures=measures,
        latency_p50_ms=quantile(latencies, 0.5),
        latency_p95_ms=quantile(latencies, 0.95),
        first_token_p50_ms=quantile(first_tokens, 0.5),
        first_token_p95_ms=quantile(first_tokens, 0.95),
        last_at=None if last_ts is None else _moment(last_ts),
    )


def _slice(
    minute: int,
    requests: float,
    failures: float,
    latency_n: float,
    latency_sum: float,
    cost_n: float,
    cost_sum: float,
    checked: float,
    passed: float,
) -> Slice:
    return Slice(
        at=_moment(minute * 60.0),
        requests=int(requests),
        failures=int(failures),
        latency_ms=math.exp(latency_sum / latency_n) if latency_n else None,
        cost=cost_sum / cost_n if cost_n else None,
        passed=int(passed),
        checked=int(checked),
    )


def _sample(row: Any, signals: dict[str, float]) -> Sample:
    return Sample(
        traffic_id=row.id,
        at=_moment(row.ts),
        name=row.name,
        request_id=row.request_id,
        arm=row.assigned,
        served=row.served,
        kind=row.kind,
        error_class=row.error_class,
        latency_ms=row.latency_ms,
        cost=row.cost,
        input=row.sampled_input,
        output=row.sampled_output,
        signals=signals,
    )


def _badness(call: Sample) -> tuple[bool, int, float]:
    s = call.signals
    troubles = (
        call.kind == "failed" or call.served is None,
        s.get("escalated", 0) > 0,
        s.get("thumbs", 1) <= 0,
        s.get("check-pass", 1) <= 0,
        call.served != call.arm,
        any(value > 0 for signal, value in s.items() if signal.startswith("drift:")),
    )
    worst = next((len(troubles) - n for n, trouble in enumerate(troubles) if trouble), 0)
    return call.input is not None and worst > 0, worst, call.latency_ms or 0.0


def _moment(ts: float) -> datetime:
    return datetime.fromtimestamp(ts, UTC)
