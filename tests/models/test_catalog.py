"""Prices and windows, read from the map beside the client library and not through it."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from migrator_tui.models import catalog
from migrator_tui.models.requests import Answer
from migrator_tui.project.schema import ModelSpec, Price


def test_a_model_is_found_with_and_without_its_provider() -> None:
    bare, full = catalog.lookup("gpt-4o-2024-08-06"), catalog.lookup("openai/gpt-4o-2024-08-06")
    assert full is not None
    assert bare == full
    assert (full.name, full.provider, full.mode) == ("openai/gpt-4o-2024-08-06", "openai", "chat")
    assert (full.input_usd, full.output_usd) == (2.5, 10)
    assert (full.max_input_tokens, full.max_output_tokens) == (128000, 16384)
    assert full.supports["function_calling"] is True
    assert isinstance(full.deprecation_date, date)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        ("gemini/gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("ollama_chat/llama3", "ollama/llama3"),
        ("vertex_ai/gemini-2.5-pro", "vertex_ai/gemini-2.5-pro"),
        ("openai/responses/gpt-5-pro", "openai/gpt-5-pro"),
        ("bedrock/converse/us.amazon.nova-lite-v1:0", "bedrock/us.amazon.nova-lite-v1:0"),
    ],
)
def test_routes_and_prefixes(model: str, name: str) -> None:
    facts = catalog.lookup(model)
    assert facts is not None
    assert facts.name == name


@pytest.mark.parametrize("model", ["hosted_vllm/gpt-4o", "openai/no-such-model", "sample_spec", "", "/"])
def test_what_the_map_does_not_know_is_unknown(model: str) -> None:
    assert catalog.lookup(model) is None


def test_what_is_not_stated_is_unknown_and_not_no() -> None:
    facts = catalog.lookup("claude-sonnet-4-5")
    assert facts is not None
    assert facts.supports.get("no_such_ability") is None


@pytest.mark.parametrize(
    ("text", "first"),
    [("gpt4o", "openai/gpt-4o"), ("sonnet 4.5", "anthropic/claude-sonnet-4-5"), ("gpt-4o-mni", "openai/gpt-4o-mini")],
)
def test_search(text: str, first: str) -> None:
    found = [facts.name for facts in catalog.search(text, 10)]
    assert first in found[:3], found
    assert len(found) == len(set(found)) == 10


def test_search_for_nothing_finds_nothing() -> None:
    assert catalog.search("  ") == []
    assert catalog.search("--") == []


def test_prices() -> None:
    assert catalog.price_of(ModelSpec("c", "openai/gpt-4o-2024-08-06")) == Price(2.5, 10)
    assert catalog.price_of(ModelSpec("c", "openai/gpt-4o-2024-08-06", price=Price(1, 2))) == Price(1, 2)
    assert catalog.price_of(ModelSpec("c", "recorded:old.jsonl")) is None
    assert catalog.price_of(ModelSpec("c", "openai/no-such-model")) is None


def test_cost() -> None:
    answer = Answer("x", input_tokens=1000, output_tokens=200)
    assert catalog.cost(Price(2.5, 10), answer) == pytest.approx(0.0045)
    assert catalog.cost(None, answer) is None
    assert catalog.cost(Price(2.5, None), answer) is None
    assert catalog.cost(Price(2.5, 10), Answer("x", output_tokens=200)) is None, "unknown, not free"
    assert catalog.cost(Price(0, 0), Answer("x")) == 0
    assert catalog.cost(None, Answer("x", cost=0.7)) == 0.7


def test_the_client_library_is_not_imported() -> None:
    code = (
        "import sys; from migrator_tui.models import catalog, pool; assert catalog.lookup('gpt-4o')\n"
        "assert not {'litellm', 'openai', 'httpx', 'pydantic'} & set(sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent)


@pytest.mark.parametrize(
    ("model", "meant_model"),
    [
        ("gpt5", "openai/gpt-5"),
        ("claude-opus-55", "anthropic/claude-opus-5-5"),
        ("anthropic/claude-sonet-5", "anthropic/claude-sonnet-5"),
        ("nonsense", None),
        ("foo/bar", None),
    ],
)
def test_what_a_slip_stands_for(model: str, meant_model: str | None) -> None:
    assert catalog.meant(model) == meant_model
