"""What the search screen says of calls, money, time and outcome, in the room that there is; without a screen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrator_tui.adaptation.search.values import (
    HeldOutBegan,
    SearchBegan,
    SearchResult,
    SearchSettings,
    Spent,
    SpentChanged,
    Try,
    TryEnded,
)
from migrator_tui.history.records import Origin, Version
from migrator_tui.tui.adaptation import search_state
from migrator_tui.tui.adaptation.search_panes import held_out_lines, proposal
from migrator_tui.tui.adaptation.search_state import SearchState
from migrator_tui.tui.adaptation.search_strip import strip_lines
from migrator_tui.tui.adaptation.search_words import chip_words
from migrator_tui.tui.glyphs import UNICODE
from tests.tui.adaptation.scripted import BEGAN, EDIT, ESTIMATE

START = Try(1, None, "", "Sort.", 1, "v4", 0.5, 29, 29, True, "where it starts")
TRIED = Try(2, 1, "JSON only", "Sort. JSON.", 2, "v5", 0.6, 29, 29, False, "breaks 1: c1", (EDIT,))
NO_ANSWER = Try(2, 1, "no proposal", "Sort.", None, None, None, 0, 29, False, "no proposal: that is no JSON")
REFUSED = replace(TRIED, version_id=None, label=None, score=None, why="refused: changes 70 % of the words")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, in a list that tests write to."""
    clock = [1000.0]
    monkeypatch.setattr(search_state.time, "monotonic", lambda: clock[0])
    return clock


def state_with(*tries: Try, began: SearchBegan = BEGAN, calls: int = 0, cost: float = 0.0) -> SearchState:
    base = Version(
        1, 4, "triage", "newer", "Sort.", {}, "d", None, "ada", Origin.EDITOR, True, None, None, datetime.now(UTC)
    )
    state = SearchState("triage", "newer", base, SearchSettings(), ("simulated:bright-2", "simulated:adviser-1"))
    state.take(began)
    state.take(SpentChanged(Spent(calls, 200, min(calls, 2), 38, cost, None)))
    for one in tries:
        state.take(TryEnded(one))
    return state


def ended(state: SearchState, *, complete: bool = True, why: str = "3 tries in a row without a better one") -> None:
    tries: Sequence[Try] = list(state.tries.values())
    assert state.spent is not None
    state.end(SearchResult("s1", complete, why, tries, tries[0], False, None, state.spent, 1.0))


def test_the_test_costs_what_its_calls_cost_not_what_the_assistants_do() -> None:
    began = replace(BEGAN, held_out=19, estimate=replace(ESTIMATE, held_out_cost=0.03))
    state = state_with(START, TRIED, began=began, calls=2, cost=0.04)
    assert "38 calls, about $0.03." in held_out_lines(state, UNICODE, 100).plain
    state.take(HeldOutBegan(2))
    state.take(SpentChanged(Spent(12, 200, 2, 0, 0.05, None)))
    text = held_out_lines(state, UNICODE, 100).plain
    assert "are asked with start and winner" in text and "38 calls, about $0.03." in text and "wait" not in text


def test_the_time_left_waits_for_calls_that_tell_it_and_leaves_pauses_out(now: list[float]) -> None:
    state = state_with(START)
    now[0] += 12  # the assistant's first answer
    state.take(SpentChanged(Spent(1, 200, 1, 38, 0.02, None)))
    assert state.left_s is None, "one call in twelve seconds says nothing of the others"
    state.pause()
    now[0] += 600
    state.go_on()
    now[0] += 8
    state.take(SpentChanged(Spent(40, 200, 1, 38, 0.05, None)))
    assert state.left_s == pytest.approx(160 / 2)
    state.take(HeldOutBegan(1))
    assert state.left_s == pytest.approx(38 / 2), "the rest of the budget is not spent any more"


@pytest.mark.parametrize("width", [156, 116, 76])
@pytest.mark.parametrize("testing", [False, True])
def test_where_the_calls_went_is_told_whole(width: int, testing: bool) -> None:
    state = state_with(START, TRIED, calls=60)
    if testing:
        state.take(HeldOutBegan(2))
        state.take(SpentChanged(Spent(98, 200, 2, 0, 0.08, None)))
    why = "3 tries in a row without a better one; 4 calls ended in an error; the held-out cases were not asked"
    ended_too = state_with(START, TRIED, calls=60)
    ended(ended_too, complete=False, why=why)
    for one in (state, ended_too):
        lines = strip_lines(one, UNICODE, width).plain.splitlines()
        assert all(len(line) <= width and "…" not in line for line in lines), lines
        assert "58" in lines[0] and (("38" in lines[0]) is (one is state))
    assert " ".join(" ".join(lines[2:]).split()) == why


@pytest.mark.parametrize(
    ("tries", "words"),
    [
        ((START,), "nothing was tried"),
        ((START, NO_ANSWER), "no proposal could be tried"),
        ((START, REFUSED), "no proposal could be tried"),
        ((START, TRIED), "nothing helped"),
    ],
)
def test_nothing_helped_is_said_of_what_was_tried(tries: Sequence[Try], words: str) -> None:
    state = state_with(*tries, calls=1)
    ended(state)
    assert chip_words(state, UNICODE, "")[0] == f"~ done · {words}"
    assert f"{words.capitalize()}: there is nothing to test" in held_out_lines(state, UNICODE, 100).plain


def test_a_try_without_a_proposal_leads_to_what_was_said() -> None:
    text = " ".join(proposal(NO_ANSWER, None, False, UNICODE, 60).plain.split())
    assert "What was sent to the assistant" in text and "that is no JSON" in text and "variables kept" not in text
