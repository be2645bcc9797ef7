"""What a call may cost before it is made, and the caps that hold it back."""

from dataclasses import replace
from typing import Any

import pytest

from migrator_tui.models.requests import Answer, CallError, ErrorKind, ModelRequest
from migrator_tui.project.schema import ModelSpec, Price, Project
from migrator_tui.running.spending import Budget, Prices, Purse, answer_limit, request_tokens

SPEC = ModelSpec("newer", "openai/unheard-of", price=Price(1.0, 10.0))


def request(text: str = "hello", **more: Any) -> ModelRequest:
    return ModelRequest("1", SPEC.model, [{"role": "user", "content": text}], **more)


def budget(project: Project, cap: float | None = 1.0, day: Purse | None = None) -> Budget:
    return Budget(Prices(project), Purse(cap), day)


def test_the_estimate_lies_above_what_any_tokenizer_says() -> None:
    # A token of English is some four bytes; of Japanese about one character.
    english = "The quick brown fox jumps over the lazy dog again. " * 20
    assert request_tokens(request(english)) > 1.5 * len(english) / 4
    japanese = "いつも大変お世話になっております。先日購入したランプが壊れました。" * 20
    assert request_tokens(request(japanese)) > 1.2 * len(japanese)
    small = request_tokens(request())
    assert request_tokens(request(tools=[{"type": "function", "function": {"name": "f"}}])) > small + 300


@pytest.mark.parametrize(
    ("params", "limit"),
    [
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 7, "max_tokens": 5}, 7),
        ({}, None),
        ({"max_tokens": "x"}, None),
    ],
)
def test_the_answers_limit_is_read_from_the_parameters(params: dict[str, Any], limit: int | None) -> None:
    assert answer_limit(params) == limit


def test_a_stated_limit_bounds_the_call(project: Project) -> None:
    money = budget(project)
    stated = money.bound(SPEC, request(params={"max_tokens": 100}))
    assert 1000e-6 < stated < 1100e-6
    assert money.bound(SPEC, request(params={"max_tokens": 100, "n": 3})) == pytest.approx(stated + 2000e-6)


def test_without_a_limit_twice_the_longest_answer_counts(project: Project) -> None:
    money = budget(project)
    first = money.bound(SPEC, request())
    money.promise(SPEC, first)
    money.settle(SPEC, first, Answer("x", input_tokens=1, output_tokens=2000))
    assert money.bound(SPEC, request()) == pytest.approx(first + (4000 - 1024) * 10 / 1e6)


def test_the_models_own_limit_counts_where_the_price_map_knows_it(project: Project) -> None:
    known = ModelSpec("baseline", "openai/gpt-4o-2024-08-06")
    bound = budget(project).bound(known, request())
    assert bound == pytest.approx(16384 * 10 / 1e6, rel=0.01)


def test_a_persona_kept_in_the_project_states_its_price(project: Project) -> None:
    from migrator_tui.models.simulator.personas import persona_price

    shipped = ModelSpec("baseline", "simulated:classic-1")
    assert Prices(project).of(shipped) == persona_price("simulated:classic-1") is not None
    (project.folder / "mine.toml").write_text("[price]\ninput = 3.0\noutput = 4.0\n", "utf-8")
    assert Prices(project).of(ModelSpec("newer", "simulated:mine.toml")) == Price(3.0, 4.0)


def test_no_cap_no_bound_and_recordings_are_free(project: Project) -> None:
    assert budget(project, None).bound(SPEC, request()) == 0.0
    recorded = replace(SPEC, model="recorded:old.jsonl")
    money = budget(project, 0.0)
    assert money.bound(recorded, request()) == 0.0 and money.refusal(recorded, 0.0) is None
    money.settle(recorded, 0.0, Answer("x", cost=3.0))
    assert money.spent == 0.0, "what a recording states was paid long ago"


def test_calls_in_flight_hold_money_back_until_they_are_settled(project: Project) -> None:
    money = budget(project, 0.01)
    money.promise(SPEC, 0.006)
    refusal = money.refusal(SPEC, 0.005)
    assert refusal is not None and "the cap of $0.01 is reached" in refusal
    money.settle(SPEC, 0.006, Answer("x", input_tokens=0, output_tokens=100))
    assert money.spent == pytest.approx(0.001) and money.refusal(SPEC, 0.005) is None


@pytest.mark.parametrize(
    ("kind", "kept"), [(ErrorKind.CUT_OFF, True), (ErrorKind.TIMED_OUT, True), (ErrorKind.RATE_LIMITED, False)]
)
def test_broken_calls_count_where_the_provider_may_charge(project: Project, kind: ErrorKind, kept: bool) -> None:
    money = budget(project, 0.01)
    money.promise(SPEC, 0.006)
    money.settle(SPEC, 0.006, None, CallError(kind, "broke"))
    assert (money.refusal(SPEC, 0.005) is not None) is kept
    assert money.spent == 0.0


def test_the_day_is_shared_between_runs(project: Project) -> None:
    day = Purse(0.01, "max_cost_per_day", spent=0.002)
    one, other = budget(project, None, day), budget(project, 1.0, day)
    one.promise(SPEC, 0.005)
    refusal = other.refusal(SPEC, 0.004)
    assert refusal is not None and "max_cost_per_day of $0.01 is reached: $0.008 is left" in refusal
