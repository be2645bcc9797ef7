"""Which model is proposed to move to, and which key a model needs."""

from datetime import date

import pytest

from migrator_tui.models.catalog import lookup
from migrator_tui.models.key_names import key_state
from migrator_tui.models.successors import SOON, successors

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    "model",
    ["openai/gpt-4o-2024-08-06", "openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash"],
)
def test_successors_are_newer_alike_in_price_and_here_to_stay(model: str) -> None:
    old = lookup(model)
    assert old is not None and old.input_usd is not None
    found = successors(model, TODAY)
    assert found
    first = found[0].facts
    assert first.input_usd is not None and 0.2 <= first.input_usd / old.input_usd <= 2
    for each in found:
        assert each.facts.provider == old.provider and each.facts.name != model
        assert each.why.startswith("newer, ")
        assert each.facts.deprecation_date is None or each.facts.deprecation_date >= TODAY + SOON
        assert not {"preview", "audio", "codex", "search"} & set(each.facts.name.split("-"))


def test_same_line_comes_first_even_where_the_old_model_is_long_gone() -> None:
    found = successors("anthropic/claude-3-haiku-20240307", TODAY)
    assert found and all("haiku" in each.facts.name for each in found)
    assert "not known" in found[0].why


@pytest.mark.parametrize(
    "model", ["ollama/llama3", "weird", "", "recorded:old.jsonl", "simulated:classic-1", "a/b/c"]
)
def test_nothing_is_proposed_for_what_is_unknown(model: str) -> None:
    assert successors(model, TODAY) == []


def test_nothing_newer_than_the_newest() -> None:
    newest = successors("openai/gpt-4o-2024-08-06", TODAY)[0].facts.name
    assert newest not in [each.facts.name for each in successors(newest, TODAY)]


@pytest.mark.parametrize(
    ("model", "available", "variables", "missing"),
    [
        ("openai/gpt-4o", {"OPENAI_API_KEY"}, ("OPENAI_API_KEY",), ()),
        ("openai/gpt-4o", set(), ("OPENAI_API_KEY",), ("OPENAI_API_KEY",)),
        ("gemini/gemini-2.5-pro", {"GOOGLE_API_KEY"}, ("GOOGLE_API_KEY",), ()),
        (
            "bedrock/x",
            {"AWS_ACCESS_KEY_ID"},
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
            ("AWS_SECRET_ACCESS_KEY",),
        ),
        ("bedrock/x", {"AWS_PROFILE"}, ("AWS_PROFILE",), ()),
        ("some-host/x", set(), ("SOME_HOST_API_KEY",), ("SOME_HOST_API_KEY",)),
        ("ollama/llama3", set(), (), ()),
        ("simulated:classic-1", set(), (), ()),
        ("recorded:a/b.jsonl", set(), (), ()),
    ],
)
def test_keys(model: str, available: set[str], variables: tuple[str, ...], missing: tuple[str, ...]) -> None:
    state = key_state(model, None, available)
    assert (state.variables, state.missing) == (variables, missing)
    assert state.is_set is not bool(missing)
