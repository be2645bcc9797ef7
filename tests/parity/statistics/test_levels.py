"""Intervals cover as stated, and a truly worse candidate is called ready no more often than stated.

The chances are enumerated, so there is nothing to allow for but rounding; where they are sampled, three standard
errors are. `python -m tests.simulations` does the same on a finer grid.
"""

from functools import cache

import numpy as np
import pytest

from migrator_tui.parity.gate import Answer, GateInput, decide
from migrator_tui.parity.statistics.values import PairedTable
from migrator_tui.project.schema import GateRules
from tests.simulations.levels import SIZES, level
from tests.simulations.samples import chance_error, cluster_misses, decided_after, ratio_misses

SHARES = (0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.4)
CONFIDENCES = (0.9, 0.95, 0.99)
RULES = GateRules(margin=0.03, confidence=0.95)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_a_lower_end_above_the_truth_is_as_rare_as_stated(n: int, confidence: float) -> None:
    at_margin = [level(n, -0.03, share, confidence) for share in SHARES]
    assert max(found.above for found in at_margin) <= (1 - confidence) / 2
    assert min(found.coverage for found in at_margin) >= confidence


@pytest.mark.parametrize("n", SIZES)
def test_equal_models_are_covered_too(n: int) -> None:
    for share in SHARES:
        found = level(n, 0.0, share, 0.95)
        assert found.coverage >= 0.95
        assert found.above == pytest.approx(found.below, abs=1e-9)


def test_without_the_correction_it_would_not_hold() -> None:
    """Else the tests above could not fail."""
    assert level(200, -0.03, 0.03, 0.9, correction=0).above > 0.05
    assert level(200, -0.03, 0.03, 0.95, correction=0).coverage < 0.95


def test_it_is_not_held_by_never_deciding() -> None:
    """400 cases mostly find an equal candidate ready, nearly always a better one, and a much worse one not ready."""
    assert ready_share(400, 0.0, 0.04, 500) > 0.7
    assert ready_share(400, 0.02, 0.06, 500) > 0.9
    assert answer(400, 45, 5) is Answer.NOT_READY


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("worse_by", [0.03, 0.05, 0.1])
def test_the_gate_seldom_calls_a_worse_candidate_ready(n: int, worse_by: float) -> None:
    draws = 1500
    for discordant in (worse_by, worse_by + 0.04, worse_by + 0.2):
        stated = (1 - RULES.confidence) / 2
        assert ready_share(n, -worse_by, discordant, draws) <= stated + chance_error(stated, draws)


def ready_share(n: int, difference: float, discordant: float, draws: int) -> float:
    """How often the gate says ready about simulated comparisons."""
    random = np.random.default_rng(11)
    chances = [(discordant - difference) / 2, (discordant + difference) / 2, 1 - discordant]
    drawn = random.multinomial(n, np.maximum(chances, 0.0), draws)
    return sum(answer(n, int(regressions), int(fixes)) is Answer.READY for regressions, fixes, _ in drawn) / draws


@cache
def answer(n: int, regressions: int, fixes: int) -> Answer:
    """What the gate says about a table in which all the others pass on both sides."""
    table = PairedTable(n - regressions - fixes, regressions, fixes, 0)
    return decide(RULES, GateInput(table, 0, 0, (), None, None, None, None)).answer


@pytest.mark.parametrize("repeats", [1, 3])
def test_intervals_over_repeats_cover(repeats: int) -> None:
    draws = 400
    for missed in cluster_misses(50, repeats, draws):
        assert missed <= 0.025 + chance_error(0.025, draws)


@pytest.mark.parametrize(("statistic", "n"), [("mean", 40), ("median", 40), ("p95", 60)])
def test_resampled_ratios_cover(statistic: str, n: int) -> None:
    """The bootstrap is right only in the limit: a percent more is allowed for so few pairs."""
    draws = 200
    for missed in ratio_misses(statistic, n, draws):  # type: ignore[arg-type]
        assert missed <= 0.035 + chance_error(0.035, draws)


def test_the_further_cases_decide_more_often_than_not() -> None:
    share, asked = decided_after(100, 0.02, 0.02, 1, 100)
    assert asked > 50
    assert share > 0.5 - chance_error(0.5, asked)
