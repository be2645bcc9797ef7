"""Do guardrails hold their error through stages, drift and users that come back? Sampled, with a fixed seed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from migrator_tui.project.rollout_settings import USUAL_GUARDRAILS, GuardrailRule
from migrator_tui.rollout.simulating import Supposed, Traffic, detection, drawn, false_rollbacks, first_trips
from migrator_tui.rollout.statistics.counts import sample_ratio_p
from migrator_tui.rollout.statistics.sequences import ends
from migrator_tui.rollout.statistics.stages import Sums, compare

ALONE = (GuardrailRule("escalations", 0.0, "roll-back"),)
"""One guardrail, which has all of the error to itself."""
LADDER = ((1000, 0.01), (1000, 0.05), (1000, 0.25), (1000, 0.5))


def staged_mistakes(
    drift: float, runs: int, *, pooled: bool, stages: tuple[tuple[int, float], ...] = LADDER
) -> float:
    """How often an equal candidate trips while the baseline's rate rises; `pooled`: as if there were no stages."""
    traffic = Traffic(stages, looks_every=10, drift=drift)
    if not pooled:
        return tripped(first_trips(ALONE, "escalations", traffic, baseline=0.05, harm=0, limit=0, runs=runs, seed=2))
    found = 0
    for old, new in drawn("escalations", traffic, 0.05, 0.0, runs, 2):
        together = [
            Sums(
                *(
                    each.sum(axis=-1, keepdims=True)
                    for each in (a.units, a.values, a.total, a.squares, a.value_squares, a.cross)
                )
            )
            for a in (old, new)
        ]
        low, _ = ends(compare(*together, "points"), 0.05)
        enough = np.minimum(together[0].units, together[1].units)[..., 0] >= 50
        found += int(((low > 0) & enough).any(axis=1).sum())
    return found / runs


def impatient_mistakes(share: float, runs: int) -> float:
    """How often an equal candidate trips were each look taken for the only one: 1.64 standard errors, for 5 %."""
    found = 0
    for old, new in drawn("escalations", Traffic(((4000, share),)), 0.05, 0.0, runs, 6):
        seen = compare(old, new, "points")
        enough = np.minimum(old.units, new.units)[..., 0] >= 50
        found += int(((seen.harm > 1.645 * seen.error) & enough).any(axis=1).sum())
    return found / runs


def user_mistakes(users: int, runs: int, *, spread: float = 1.0) -> float:
    """How often an equal candidate trips where the same users come back in every stage, each with an own rate.

    A user is a unit once in each stage, on the side where the hash of the salt puts them. `spread`: standard
    deviation of their rates' log odds, around 20 %.
    """
    random = np.random.default_rng(3)
    found = 0
    for _ in range(runs):
        place = random.random(users)
        rates = 1 / (1 + np.exp(-(np.log(0.25) + spread * random.standard_normal(users))))
        arms = []
        for share in (share for _, share in LADDER):
            outcome = (random.random(users) < rates).astype(float)
            order = random.permutation(users)
            arms.append((outcome[order], (place < share)[order]))
        found += _any_trip(arms)
    return found / runs


def _any_trip(stages: list[tuple[NDArray[np.float64], NDArray[np.bool_]]]) -> bool:
    every = 20
    looks = len(stages) * len(stages[0][0]) // every

    def sums(candidate: bool) -> Sums:
        made = []
        for number, (outcome, on_candidate) in enumerate(stages):
            mine = on_candidate if candidate else ~on_candidate
            for what in (mine, outcome * mine):
                block = what.reshape(-1, every).sum(axis=1).cumsum()
                before, after = number * len(block), (len(stages) - 1 - number) * len(block)
                made.append(np.concatenate([np.zeros(before), block, np.full(after, block[-1])]))
        units, total = np.stack(made[::2], axis=-1), np.stack(made[1::2], axis=-1)
        assert len(units) == looks
        return Sums(units, units, total, total, units, total)

    old, new = sums(False), sums(True)
    low, _ = ends(compare(old, new, "points"), 0.05)
    return bool(((low > 0) & (new.units.sum(axis=-1) >= 50)).any())


def ratio_alarms(share: float, truth: float, conversations: int, runs: int) -> float:
    """How often the arms' sizes are found out of order, looked at all along, at an error of 0.1 %."""
    random = np.random.default_rng(4)
    found = 0
    for _ in range(runs):
        candidate = random.binomial(20, truth, conversations // 20).cumsum()
        seen = np.arange(20, conversations + 1, 20)
        found += any(
            sample_ratio_p([(int(n - c), int(c), share)]) < 0.001 for n, c in zip(seen, candidate, strict=True)
        )
    return found / runs


def tripped(trips: NDArray[np.float64]) -> float:
    """The share that tripped at all."""
    return float(np.isfinite(trips).mean())


def print_rollouts(say: Callable[[str], None], runs: int = 2000) -> None:
    """The figures in the docstrings of `rollout.statistics`, and those of the README."""
    for drift in (0.0, 0.15):
        staged, pooled = (staged_mistakes(drift, runs, pooled=pooled) for pooled in (False, True))
        say(f"stages {LADDER}, rate rising by {drift}: trips by mistake {staged:.4f}, pooled {pooled:.4f}")
    for share in (0.05, 0.5):
        say(f"no difference, {share:.0%}, each look for itself: trips {impatient_mistakes(share, runs):.4f}")
    for spread in (0.0, 1.0, 2.0):
        say(f"2,000 users who come back, spread {spread}: {user_mistakes(2000, runs // 4, spread=spread):.4f}")
    for share in (0.05, 0.5):
        for every in (1, 10):
            rate = false_rollbacks(USUAL_GUARDRAILS, Traffic(((4000, share),), every), rates={}, runs=runs, seed=5)
            say(f"no difference, {share:.0%}, a look every {every}: rolled back {rate:.4f}")
    rate = false_rollbacks(USUAL_GUARDRAILS, Traffic(LADDER, drift=0.15), rates={}, runs=runs, seed=5)
    say(f"no difference, through the stages, rates rising by 0.15: rolled back {rate:.4f}")
    for share, truth in (
        (0.01, 0.01),
        (0.05, 0.05),
        (0.5, 0.5),
        (0.05, 0.06),
        (0.05, 0.08),
        (0.5, 0.47),
        (0.5, 0.45),
    ):
        alarms = ratio_alarms(share, truth, 10_000, runs // 4)
        say(f"share {truth} in place of {share}, 10,000 conversations: found in {alarms:.3f}")
    for metric, rate in (("failures", 0.01), ("escalations", 0.97), ("check-pass-rate", 0.99), ("cost", None)):
        for share in (0.02, 0.05, 0.5, 0.9):
            traffic = Traffic(((8000, share),))
            trips = first_trips(USUAL_GUARDRAILS, metric, traffic, baseline=rate, harm=0, limit=0, runs=runs, seed=7)
            say(f"no difference, {metric} at {rate}, {share:.0%}: trips by mistake {tripped(trips):.4f}")
    supposed = [
        Supposed("escalations", baseline, harm, share)
        for baseline in (0.05, 0.2, 0.3, 0.5)
        for harm in (0.05, 0.3)
        for share in (0.01, 0.05, 0.25, 0.5)
    ]
    for seed in (1, 2):
        for one in supposed:
            say(str(detection(USUAL_GUARDRAILS, one, limit=0, conversations=12_000, runs=runs // 4, seed=seed)))
