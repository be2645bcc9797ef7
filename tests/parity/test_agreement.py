"""How far judges agree with people: counts, kappa, and when that is told."""

import pytest

from migrator_tui.parity.agreement import ENOUGH, agreement


def pairs(both_pass: int, judge_only: int, human_only: int, both_fail: int) -> list[tuple[bool, bool]]:
    return [
        *[(True, True)] * both_pass,
        *[(True, False)] * judge_only,
        *[(False, True)] * human_only,
        *[(False, False)] * both_fail,
    ]


def test_the_textbook_table() -> None:
    """Cohen's kappa of 20, 5, 10, 15 is 0.4."""
    found = agreement("llm-rubric", pairs(20, 5, 10, 15))
    assert (found.both_pass, found.judge_only_pass, found.human_only_pass, found.both_fail) == (20, 5, 10, 15)
    assert found.kappa == pytest.approx(0.4) and found.agreed == pytest.approx(0.7)
    assert found.proven and found.words == "kappa 0.40 on 50 outputs"


def test_a_judge_that_passes_everything_agrees_with_chance_alone() -> None:
    found = agreement("polite", pairs(45, 5, 0, 0))
    assert found.agreed == 0.9 and found.kappa == pytest.approx(0.0)


def test_below_thirty_outputs_a_judge_is_unproven() -> None:
    assert not agreement("x", pairs(ENOUGH - 1, 0, 0, 0)).proven
    few = agreement("x", pairs(10, 1, 0, 3))
    assert few.words == "unproven: only 14 outputs judged by people too, 30 are needed"
    assert agreement("x", pairs(1, 0, 0, 0)).words.startswith("unproven: only 1 output judged")


def test_without_pairs_nothing_is_known() -> None:
    found = agreement("x", [])
    assert (found.n, found.agreed, found.kappa, found.proven) == (0, None, None, False)
    assert found.words == "unproven: nobody has judged an output that it judged"


def test_where_all_is_of_one_kind_there_is_no_kappa() -> None:
    found = agreement("x", pairs(40, 0, 0, 0))
    assert found.kappa is None and found.words == "no kappa: judge or people say the same of all 40 outputs"
