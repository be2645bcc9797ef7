"""What could the guardrails see? Rollouts drawn at random, looked at all along by the formulas that watch real ones.

Supposed of a conversation: 3 calls on average, as many as chance gives it; calls of one conversation tend to fail, to
be slow and to be dear together. What one metric does says nothing of another, which is the hardest case for a family
of guardrails: none of their mistakes coincide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from migrator_tui.project.rollout_settings import METRICS, RELATIVE, GuardrailRule
from migrator_tui.rollout.guardrails import error
from migrator_tui.rollout.judging import NO_CHANCE, SCALES, TRIPWIRE, baseline_rate
from migrator_tui.rollout.statistics.counts import chance_of_so_many
from migrator_tui.rollout.statistics.sequences import ends
from migrator_tui.rollout.statistics.stages import Sums, compare

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from migrator_tui.rollout.statistics.sequences import Numbers

CALLS = 3.0
"""Mean number of calls of a conversation."""
TROUBLED_RATE = 0.2
"""Share of calls that fail in a conversation in which calls fail, at least."""
SPREADS = {"latency": (0.5, 0.35), "first-token": (0.4, 0.3), "cost": (0.8, 0.0)}
"""Standard deviation of the logarithm between conversations, and between calls of one."""
BY_CALL = ("failures", "fallbacks", "check-pass-rate")
"""Shares of calls; other shares are of conversations."""
COMMON_RATES = {"failures": 0.01, "escalations": 0.05, "thumbs-down": 0.05, "check-pass-rate": 0.9}
"""What is supposed of the baseline where nobody says."""
FALLBACKS_ALLOWED = 0.1
"""The candidate's share of calls where no harm is supposed: the limit, since the baseline has none to be equal to."""
DRAWN_AT_ONCE = 800_000
"""Conversations of all rollouts that are drawn together: some 300 MB where each is looked at."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """The conversations of a simulated rollout."""

    stages: Sequence[tuple[int, float]]
    """Conversations one after the other, and the share of them that the candidate serves."""
    looks_every: int = 10
    """Conversations between two looks; a divisor of each stage's."""
    drift: float = 0.0
    """By how much the rate of both arms rises from the first conversation to the last, in points."""

    @property
    def conversations(self) -> int:
        """Of all stages."""
        return sum(count for count, _ in self.stages)


@dataclass(frozen=True, slots=True)
class Supposed:
    """A harm to be caught."""

    metric: str
    baseline: float | None
    """The baseline's rate; `None` where harm is measured as a share of the baseline's, or it has none."""
    harm: float
    """In points, or as a share of the baseline's."""
    share: float
    """Of conversations on the candidate."""


@dataclass(frozen=True, slots=True)
class Detection(Supposed):
    """How it is caught."""

    caught: float
    """Share of the rollouts in which the guardrail tripped."""
    median_conversations: int | None
    """On both arms, until half of the rollouts were caught; `None` where fewer are."""
    watched: bool
    """There are conversations enough on both arms for the guardrail to say anything, in most rollouts."""
    limit: float
    """The harm that was allowed."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came of all that was supposed."""

    runs: int
    conversations: int
    looks_every: int
    limit: float | None
    """The harm that was allowed; `None`: of each guardrail its own."""
    seed: int
    false_rollback_rate: float
    """Of rollouts without a difference, at the largest share, by any guardrail, were no harm allowed."""
    detections: Sequence[Detection]


def detection(
    rules: Sequence[GuardrailRule],
    supposed: Supposed,
    *,
    limit: float | None,
    conversations: int,
    runs: int,
    seed: int,
    looks_every: int = 10,
) -> Detection:
    """How one harm is caught in `runs` rollouts by the guardrail on its metric, with `limit` in place of its own."""
    one = supposed
    rule = next(rule for rule in rules if rule.metric == one.metric)
    allowed = rule.limit if limit is None else limit
    traffic = Traffic(((conversations, one.share),), looks_every)
    trips = first_trips(
        rules, one.metric, traffic, baseline=one.baseline, harm=one.harm, limit=allowed, runs=runs, seed=seed
    )
    caught = sorted(trip for trip in trips.tolist() if trip < float("inf"))
    half = (runs + 1) // 2
    median = int(caught[half - 1]) if len(caught) >= half else None
    least = conversations * min(one.share, 1.0 if one.metric == "fallbacks" else 1 - one.share)
    watched = least >= rule.min_sample
    return Detection(one.metric, one.baseline, one.harm, one.share, len(caught) / runs, median, watched, allowed)


def simulate(
    rules: Sequence[GuardrailRule],
    supposed: Sequence[Supposed],
    *,
    limit: float | None,
    conversations: int,
    runs: int,
    seed: int,
    looks_every: int = 10,
) -> Simulation:
    """Draw `runs` rollouts for each harm, and as many without any.

    Guardrails have their part of the family's error, and `limit`, where there is one, in place of their own limits.
    """
    detections = [
        detection(
            rules,
            one,
            limit=limit,
            conversations=conversations,
            runs=runs,
            seed=seed,
            looks_every=looks_every,
        )
        for one in supposed
    ]
    largest = max(one.share for one in supposed)
    # The rate that was asked for where one was, so that what is told is of the same traffic.
    rates = {one.metric: one.baseline for one in reversed(supposed) if one.baseline is not None}
    traffic = Traffic(((conversations, largest),), looks_every)
    mistakes = false_rollbacks(rules, traffic, rates=rates, runs=runs, seed=seed)
    return Simulation(runs, conversations, looks_every, limit, seed, mistakes, detections)


def false_rollbacks(
    rules: Sequence[GuardrailRule], traffic: Traffic, *, rates: dict[str, float], runs: int, seed: int
) -> float:
    """The share of rollouts without a difference that any guardrail rolls back, were no harm allowed at all.

    `rates`: the baseline's by metric, where they are not `COMMON_RATES`. Fallbacks, which the baseline has none of,
    are as many as allowed.
    """
    import numpy as np

    watched = {rule.metric for rule in rules if rule.action == "roll-back"}
    back = np.zeros(runs, dtype=bool)
    for metric in sorted(watched - {TRIPWIRE}):
        allowed = FALLBACKS_ALLOWED if metric == "fallbacks" else 0.0
        trips = first_trips(
            rules, metric, traffic, baseline=rates.get(metric), harm=allowed, limit=allowed, runs=runs, seed=seed
        )
        back |= np.isfinite(trips)
    if TRIPWIRE in watched:
        back |= _sudden(rules, traffic, rates.get("failures", COMMON_RATES["failures"]), runs, seed)
    return float(back.mean())


def first_trips(
    rules: Sequence[GuardrailRule],
    metric: str,
    traffic: Traffic,
    *,
    baseline: float | None,
    harm: float,
    limit: float,
    runs: int,
    seed: int,
) -> "NDArray[np.float64]":
    """After how many conversations the guardrail on `metric` trips in each of `runs` rollouts; infinity: never."""
    import numpy as np

    rule = next(rule for rule in rules if rule.metric == metric)
    part = error(rules, rule.action)
    scale = SCALES.get(metric, "points")
    bound = float(np.log1p(limit)) if metric in RELATIVE else limit
    found = []
    for old, new in drawn(metric, traffic, baseline, harm, runs, seed):
        low, _ = ends(compare(old, new, scale), part)
        units = [arm.units.sum(axis=-1) for arm in (old, new)]
        enough = (units[1] if scale == "alone" else np.minimum(*units)) >= rule.min_sample
        with np.errstate(invalid="ignore"):
            tripped = enough & (low > bound)
        first = (tripped.argmax(axis=1) + 1.0) * traffic.looks_every
        found.append(np.where(tripped.any(axis=1), first, np.inf))
    return np.concatenate(found)


def drawn(
    metric: str, traffic: Traffic, baseline: float | None, harm: float, runs: int, seed: int
) -> Iterator[tuple[Sums, Sums]]:
    """Baseline and candidate at every look, by runs, looks and stages; some runs at a time."""
    chosen = baseline if baseline is not None else COMMON_RATES.get(metric, 0.0)
    for count, random in _some_at_once(
        runs, traffic.conversations, seed, f"{metric} {baseline} {harm} {traffic.stages}"
    ):
        if metric in SPREADS:
            yield _amounts(metric, traffic, harm, count, random)
        else:
            yield _shares(metric, traffic, chosen, harm, count, random)


def _some_at_once(runs: int, conversations: int, seed: int, what: str) -> Iterator[tuple[int, "np.random.Generator"]]:
    """How many runs are drawn together, and by which dice: what is drawn hangs on nothing that was drawn before."""
    import numpy as np

    at_once = max(1, DRAWN_AT_ONCE // conversations)
    for start in range(0, runs, at_once):
        yield min(at_once, runs - start), np.random.default_rng([seed, crc32(f"{what} {start}".encode())])


def _shares(
    metric: str, traffic: Traffic, baseline: float, harm: float, runs: int, random: "np.random.Generator"
) -> tuple[Sums, Sums]:
    import numpy as np

    drift = traffic.drift
    if metric == "fallbacks":
        baseline = drift = 0.0  # the candidate's own rate is all there is of it, and that is the harm
    elif METRICS.get(metric) == "down":
        baseline = 1 - baseline
    rising = np.linspace(0.0, drift, traffic.conversations)
    candidate = _assigned(traffic, runs, random)
    rate = np.clip(baseline + rising + harm * candidate, 0.0, 1.0)
    if metric not in BY_CALL:
        return _summed(traffic, candidate, None, random.random(candidate.shape) < rate)
    return _summed(traffic, candidate, *_by_call(rate, random))


def _amounts(
    metric: str, traffic: Traffic, harm: float, runs: int, random: "np.random.Generator"
) -> tuple[Sums, Sums]:
    import numpy as np

    between, within = SPREADS[metric]
    candidate = _assigned(traffic, runs, random)
    calls = _calls(candidate.shape, random)
    typical = between * random.standard_normal(candidate.shape) + np.log1p(harm) * candidate
    if metric == "cost":
        return _summed(traffic, candidate, calls, calls * np.exp(typical))
    logs = calls * typical + within * np.sqrt(calls) * random.standard_normal(candidate.shape)
    return _summed(traffic, candidate, calls, logs)


def _sudden(
    rules: Sequence[GuardrailRule], traffic: Traffic, rate: float, runs: int, seed: int
) -> "NDArray[np.bool_]":
    """Rollouts in which the tripwire trips by chance: it looks back by every power of two of conversations."""
    import numpy as np

    rule = next(rule for rule in rules if rule.metric == TRIPWIRE)
    back: list[bool] = []
    for count, random in _some_at_once(runs, traffic.conversations, seed, f"{TRIPWIRE} {rate} {traffic.stages}"):
        candidate = _assigned(traffic, count, random)
        calls, failed = _by_call(np.full(candidate.shape, rate), random)
        old, new = _summed(traffic, candidate, calls, failed)
        failing = _summed(traffic, candidate, None, failed > 0)[1].total
        sums = [each.sum(axis=-1) for each in (new.values, new.total, failing, old.values, old.total)]
        tripped = np.zeros(len(sums[0]), dtype=bool)
        for power in range(sums[0].shape[1].bit_length()):
            width = 2**power
            lately = [each - np.pad(each, ((0, 0), (width, 0)))[:, : each.shape[1]] for each in sums]
            for at in map(tuple, np.argwhere((lately[0] >= rule.min_sample) & (lately[1] >= rule.limit * lately[0]))):
                ever, near = ((float(of[4][at]), float(of[3][at])) for of in (sums, lately))
                expected = baseline_rate(ever, near) * float(lately[0][at])
                tripped[at[0]] |= chance_of_so_many(int(lately[2][at]), expected) < NO_CHANCE
        back += tripped.tolist()
    return np.array(back)


def _assigned(traffic: Traffic, runs: int, random: "np.random.Generator") -> "NDArray[np.bool_]":
    """Which conversations are on the candidate, by runs and conversations."""
    import numpy as np

    share = np.repeat([share for _, share in traffic.stages], [count for count, _ in traffic.stages])
    return random.random((runs, traffic.conversations)) < share


def _by_call(rate: "Numbers", random: "np.random.Generator") -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Calls of each conversation, and those of them that fail: in some conversations many, in most none."""
    import numpy as np

    calls = _calls(rate.shape, random)
    troubled = np.maximum(TROUBLED_RATE, rate)
    return calls, random.binomial(calls, np.where(random.random(rate.shape) * troubled < rate, troubled, 0.0))


def _calls(shape: tuple[int, ...], random: "np.random.Generator") -> "NDArray[np.int64]":
    return random.geometric(1 / CALLS, shape)


def _summed(
    traffic: Traffic,
    candidate: "NDArray[np.bool_]",
    calls: "NDArray[np.int64] | None",
    total: "NDArray[np.float64] | NDArray[np.bool_] | NDArray[np.int64]",
) -> tuple[Sums, Sums]:
    """Sums over the conversations so far, at each look, the stages apart; `calls` is `None` where each counts one."""
    import numpy as np

    looks = [count // traffic.looks_every for count, _ in traffic.stages]
    stage_of_look = np.repeat(np.arange(len(looks)), looks)
    apart = stage_of_look[:, None] == np.arange(len(looks))

    def so_far(each: "Numbers", arm: "NDArray[np.bool_]") -> "Numbers":
        blocks = (each * arm).reshape(len(arm), -1, traffic.looks_every).sum(axis=2, dtype=float)
        return np.cumsum(blocks[:, :, None] * apart, axis=1)

    def of(arm: "NDArray[np.bool_]") -> Sums:
        one = np.ones(1)
        units, sum_y = so_far(one, arm), so_far(total, arm)  # type: ignore[arg-type]
        if calls is None:
            return Sums(units, units, sum_y, sum_y, units, sum_y)
        n, y = calls.astype(float), total.astype(float)
        return Sums(units, so_far(n, arm), sum_y, so_far(y * y, arm), so_far(n * n, arm), so_far(n * y, arm))

    return of(~candidate), of(candidate)
