"""One look at a rollout: what its traffic came to, what the guardrails say of it, and what may follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.rollout_records import COMPARED_DAYS, LOOKED
from migrator_tui.parity.statistics.proportions import score_interval
from migrator_tui.parity.statistics.values import Interval, quantile
from migrator_tui.project.schema import Project
from migrator_tui.rollout.guardrails import Decision, decide, evaluate, health
from migrator_tui.rollout.plan import Needs, needs
from migrator_tui.rollout.started import as_started
from migrator_tui.rollout.values import (
    ArmFigures,
    EventKind,
    GuardrailResult,
    Measure,
    Rollout,
    RolloutState,
    Slice,
    StageFigures,
)

if TYPE_CHECKING:
    from migrator_tui.history.store import History

SHARES = ("failures", "fallbacks", "client-errors", "escalations", "thumbs-down", "check-pass-rate")
"""Metrics that are shares, 0 to 1."""
_PIECE_S = 10.0
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Look:
    """A rollout as it stands at one moment."""

    rollout: Rollout
    at: datetime
    stages: Sequence[StageFigures]
    recent: Sequence[tuple[Slice, Slice]]
    """Both arms in the last minutes, some seconds each."""
    results: Sequence[GuardrailResult]
    health: Sequence[GuardrailResult]
    decision: Decision
    needs: Needs
    uncounted: str = ""
    """Why what came in last is not counted; empty where it is, or where a monitor does it."""

    @property
    def blockers(self) -> list[str]:
        """Why the next step should wait, in words; empty where it may be taken."""
        found = [] if self.rollout.state is not RolloutState.HELD else ["it is held: resume it first"]
        return list(dict.fromkeys([*found, *self.needs.missing, *self.decision.reasons]))

    @property
    def ready(self) -> bool:
        """The next step may be taken, and a person is asked to."""
        return self.rollout.state in (RolloutState.RUNNING, RolloutState.SHADOW) and not self.blockers

    @property
    def arms(self) -> Mapping[str, ArmFigures]:
        """Both arms in the present step; of one rolled back, in its last, without what only one side had since."""
        here = [stage for stage in self.stages if stage.step == self.rollout.step]
        mine = [stage for stage in here if stage.percentage or stage.shadow] or here or list(self.stages[-1:])
        return {
            "baseline": together([stage.baseline for stage in mine]),
            "candidate": together([stage.candidate for stage in mine]),
        }


def look(
    history: "History",
    rollout: Rollout,
    now: datetime,
    project: Project,
    *,
    count: bool = True,
    may_read_only: bool = False,
) -> Look:
    """Count what has come in, and look at a rollout as it is in the history now.

    `project`: as its configuration is now; `count`: false where somebody else does, a monitor that acts;
    `may_read_only`: where it can't be counted, nobody acts on the figures, and those of before are shown.
    """
    uncounted = ""
    if count:
        try:
            history.sum_up_traffic(at=now, patient=not may_read_only)
        except HistoryError as error:
            if not may_read_only:
                raise
            uncounted = str(error)
    rollout = history.rollout(rollout.id)
    stages = history.stage_figures(rollout)
    window_s = max([rule.window_s or 0 for rule in rollout.guardrails if rule.metric == "tripwire"], default=0)
    pieces = max(1, round(window_s / _PIECE_S)) if window_s else 0
    recent = history.recent_traffic(rollout, now, seconds=_PIECE_S, pieces=pieces) if pieces else []
    same = as_started(rollout, project) if rollout.state.live else None
    kept = [same] if same is not None else []
    if rollout.shadow:
        results, sound, decision = _unseen(rollout, stages, kept)
    else:
        results = evaluate(rollout.guardrails, stages, recent)
        sound = [*health(stages, now), *kept]
        decision = decide(results, sound)
    return Look(rollout, now, stages, recent, results, sound, decision, needs(rollout, stages, now), uncounted)


def _unseen(
    rollout: Rollout, stages: Sequence[StageFigures], sound: Sequence[GuardrailResult]
) -> tuple[Sequence[GuardrailResult], Sequence[GuardrailResult], Decision]:
    """Of the shadow step: copies are compared with the calls they are copies of. Nobody is harmed, so nothing is
    rolled back; and the steps that follow judge again, so that what is not known yet does not hold."""
    rules = [rule for rule in rollout.guardrails if rule.metric not in ("tripwire", "fallbacks")]
    compared = [replace(stage, shadow=False, percentage=50.0) for stage in stages if stage.shadow]
    results = evaluate(rules, compared)
    reasons = [f"{result.metric}: {result.why}" for result in (*results, *sound) if result.state == "tripped"]
    return results, sound, Decision("hold" if reasons else "advance-allowed", reasons)


def together(arms: Sequence[ArmFigures]) -> ArmFigures:
    """Several stages of one arm as one; percentiles are those of the newest that has any."""
    if len(arms) == 1:
        return arms[0]
    names = {name for arm in arms for name in arm.measures}
    newest = next((arm for arm in reversed(arms) if arm.requests), ArmFigures())
    return replace(
        newest,
        requests=sum(arm.requests for arm in arms),
        conversations=sum(arm.conversations for arm in arms),
        unkeyed=sum(arm.unkeyed for arm in arms),
        failures=sum(arm.failures for arm in arms),
        fallbacks=sum(arm.fallbacks for arm in arms),
        client_errors=sum(arm.client_errors for arm in arms),
        measures={name: sum((arm.measures.get(name, Measure()) for arm in arms), Measure()) for name in names},
    )


def interval(metric: str, measure: Measure) -> Interval | None:
    """The mean of a metric on one arm with its plain 95 % interval; `None` where there is too little.

    For eyes only: it holds for one look at a time fixed beforehand, and guardrails have intervals of their own. Of a
    share, Wilson's for as many independent calls as would vary as much; of others, the mean's.
    """
    mean, spread = measure.mean, measure.spread
    if mean is None or spread is None:
        return None
    if metric in SHARES or metric.startswith("drift:"):
        alone = mean * (1 - mean)
        n = max(
            1, round(min(measure.values, alone * measure.units / spread**2) if spread and alone else measure.units)
        )
        return score_interval(mean * n, n, _CONFIDENCE)
    half = quantile(_CONFIDENCE) * spread / measure.units**0.5
    return Interval(mean, mean - half, mean + half, _CONFIDENCE)


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """One metric before the switch and since."""

    metric: str
    before: float
    after: float
    calls_before: int
    calls_after: int

    @property
    def worse_by(self) -> float:
        """In points for failures and checks, as a share of what was before for latency and cost; below 0: better."""
        if self.metric == "failures":
            return self.after - self.before
        if self.metric == "check-pass-rate":
            return self.before - self.after
        return self.after / self.before - 1 if self.before else 0.0


def before_and_after(history: "History", rollout: Rollout) -> list[BeforeAndAfter]:
    """After 100 %: the baseline in the days before the rollout was complete, and the candidate since.

    Not a comparison at one time: what else changed between shows in it too, and nothing is rolled back for it.
    Empty before that, and where either side has too few calls.
    """
    events = history.rollout_events(rollout.id)
    since = next((event.at for event in events if event.kind is EventKind.COMPLETED), None)
    if since is None or rollout.state is not RolloutState.COMPLETE:
        return []
    old = history.traffic_between(rollout.name, since - timedelta(days=COMPARED_DAYS), since).get("baseline")
    new = history.traffic_between(rollout.name, since).get("candidate")
    if old is None or new is None or min(old.requests, new.requests) < _FEWEST:
        return []
    found = []
    for metric, mean in (
        ("failures", _failures),
        ("check-pass-rate", _passed),
        ("latency", lambda calls: calls.latency_ms),
        ("cost", lambda calls: calls.cost),
    ):
        before, after = mean(old), mean(new)
        if before is not None and after is not None:
            found.append(BeforeAndAfter(metric, before, after, old.requests, new.requests))
    return found


_FEWEST = 200
"""Calls of either side below which before and after are not compared."""
_FEWEST_CHECKED = 50
"""Conversations of either side below which sampled answers say nothing of drift; answers, of checks."""
_DRIFTED = 0.05
"""Points by which the intervals of both sides must lie apart."""


def drifted(seen: Look) -> dict[str, str]:
    """Drift that the candidate's sampled answers show more often than the baseline's, in words by its name.

    The candidate's at the present step against all of the baseline's, since after 100 % there may be few. It may be
    what was meant; so it is said, and nothing follows from it.
    """
    old, new = together([stage.baseline for stage in seen.stages]), seen.arms["candidate"]
    looked = old.measures.get(LOOKED, Measure()).units
    found = {}
    for metric, measure in new.measures.items():
        if not metric.startswith("drift:") or metric == LOOKED or min(measure.units, looked) < _FEWEST_CHECKED:
            continue
        before = interval(metric, old.measures.get(metric, Measure(looked, looked, 0, 0, looked, 0)))
        after = interval(metric, measure)
        if before is not None and after is not None and after.low > before.high + _DRIFTED:
            found[metric] = f"shows in {after.estimate:.0%} of the candidate's answers, {before.estimate:.0%} before"
    return found


def _failures(calls: Slice) -> float | None:
    return calls.failures / calls.requests if calls.requests else None


def _passed(calls: Slice) -> float | None:
    return calls.passed / calls.checked if calls.checked >= _FEWEST_CHECKED else None
