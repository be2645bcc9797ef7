"""What is known about models: prices, windows, capabilities, retirement dates.

Read from the price map, a JSON file inside the litellm package, without importing that package (about 0.1 s, once,
at the first question). A fact that the map does not state is `None`: unknown, never no.
"""

import importlib.util
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from migrator_tui.models.requests import Answer
from migrator_tui.project.schema import ModelSpec, Price
from migrator_tui.project.words import nearest

_MAP = "model_prices_and_context_window_backup.json"
ANSWERING = frozenset({"chat", "completion", "responses"})
"""Modes of models that answer with text."""
_MILLION = 1_000_000
_TIER = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
SNAPSHOT = re.compile(r"[-@](20\d\d-\d\d-\d\d|20\d{6}|\d\d-20\d\d|\d{4})$")
"""The date at the end of a name: of a model that stays as it is, where a name without one moves on."""
_FIRST = frozenset({"openai", "anthropic", "gemini", "mistral", "groq", "deepseek", "xai", "ollama"})
"""Providers of their own models, and hosts that most people know."""
_ALIASES = {
    "bedrock_converse": "bedrock",
    "cohere_chat": "cohere",
    "ollama_chat": "ollama",
    "vertex_ai_beta": "vertex_ai",
    "text-completion-openai": "openai",
}
"""Spellings of the map to the provider one writes before the slash."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the map states about one model."""

    name: str
    """As one writes it in a project, provider included."""
    provider: str
    mode: str | None
    input_usd: float | None
    """USD per million input tokens."""
    output_usd: float | None
    """USD per million output tokens."""
    max_input_tokens: int | None
    max_output_tokens: int | None
    supports: Mapping[str, bool] = field(default_factory=dict)
    """`function_calling`, `response_schema`, `system_messages`, `reasoning` …; absent is unknown."""
    deprecation_date: date | None = None
    """From when on the provider no longer serves it."""
    batch: Price | None = None
    """What it costs in a batch that may take a day, in USD per million tokens."""
    cached_input_usd: float | None = None
    """USD per million input tokens that the provider remembers from a call before."""
    cached_from: int | None = None
    """Tokens that a beginning must have to be remembered."""
    dearer_above: int | None = None
    """Input tokens of one call above which it costs more."""
    always_thinks: bool | None = None
    """It reasons before each answer and cannot be told not to."""
    default_effort: str | None = None
    """How much it reasons where the request does not say."""

    @property
    def price(self) -> Price | None:
        """Its price, or `None` where neither half is known."""
        if self.input_usd is None and self.output_usd is None:
            return None
        return Price(self.input_usd, self.output_usd)


@cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    spec = importlib.util.find_spec("litellm")  # finds it without running it
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    for place in places:
        try:
            entries = json.loads((Path(place) / _MAP).read_text(encoding="utf-8"))
        except OSError:
            continue
        return {name: entry for name, entry in entries.items() if name != "sample_spec" and isinstance(entry, dict)}
    return {}


def lookup(model: str) -> ModelFacts | None:
    """Facts of a model as a project names it, with or without its provider; `None` where the map has none.

    A prefix is only left off where the entry is that provider's own: `hosted_vllm/gpt-4o` is no `gpt-4o`.
    """
    entries = _entries()
    if (entry := entries.get(model)) is not None:
        return _facts(model, entry)
    provider, slash, rest = model.partition("/")
    provider = _ALIASES.get(provider, provider)
    if slash:
        # Routes such as openai/responses/gpt-5 and bedrock/converse/… name no other model.
        for name in (rest, rest.removeprefix("responses/"), rest.removeprefix("converse/")):
            entry = entries.get(name) or entries.get(f"{provider}/{name}")
            if entry is not None and _provider(entry) == provider:
                return _facts(name, entry)
    return None


def _provider(entry: Mapping[str, Any]) -> str:
    stated = str(entry.get("litellm_provider") or "")
    if stated.startswith("vertex_ai-"):
        return "vertex_ai"
    return _ALIASES.get(stated, stated)


def _facts(key: str, entry: Mapping[str, Any]) -> ModelFacts:
    provider = _provider(entry)
    name = key if not provider or key.startswith(f"{provider}/") else f"{provider}/{key}"
    return ModelFacts(
        name=name,
        provider=provider,
        mode=entry.get("mode"),
        input_usd=_usd(entry.get("input_cost_per_token")),
        output_usd=_usd(entry.get("output_cost_per_token")),
        max_input_tokens=_whole(entry.get("max_input_tokens")),
        max_output_tokens=_whole(entry.get("max_output_tokens")),
        supports={
            flag.removeprefix("supports_"): value
            for flag, value in entry.items()
            if flag.startswith("supports_") and isinstance(value, bool)
        },
        deprecation_date=_date(entry.get("deprecation_date")),
        batch=_price(entry, "_batches"),
        cached_input_usd=_usd(entry.get("cache_read_input_token_cost")),
        cached_from=_whole(entry.get("prompt_cache_min_tokens")),
        dearer_above=min((int(tier[1]) * 1000 for tier in map(_TIER.fullmatch, entry) if tier), default=None),
        always_thinks=_stated(entry.get("thinking_always_on")),
        default_effort=effort if isinstance(effort := entry.get("default_reasoning_effort"), str) else None,
    )


def _usd(per_token: Any) -> float | None:
    """Per million; rounded, for 2.5e-06 times a million is not quite 2.5."""
    if isinstance(per_token, bool) or not isinstance(per_token, (int, float)):
        return None
    return round(per_token * _MILLION, 9)


def _price(entry: Mapping[str, Any], kind: str) -> Price | None:
    halves = [_usd(entry.get(f"{half}_cost_per_token{kind}")) for half in ("input", "output")]
    return Price(*halves) if any(half is not None for half in halves) else None


def _stated(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    """A number of tokens; some entries have 0, where nobody knew."""
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 1 else None


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def dated_siblings(model: str) -> list[ModelFacts]:
    """The dated models that a name without a date may stand for, the newest last; empty for a dated name."""
    facts = lookup(model)
    if facts is None or SNAPSHOT.search(facts.name):
        return []
    found = [other for other in models_of(facts.provider) if SNAPSHOT.sub("", other.name) == facts.name]
    return sorted((other for other in found if other.name != facts.name), key=lambda other: other.name)


@cache
def providers() -> frozenset[str]:
    """Every provider of the map, as one writes it before the slash."""
    return frozenset(map(_provider, _entries().values()))


@cache
def _answering_models() -> Mapping[str, ModelFacts]:
    """Every model that answers with text, by its full name."""
    found: dict[str, ModelFacts] = {}
    for key, entry in _entries().items():
        if entry.get("mode") in ANSWERING:
            facts = _facts(key, entry)
            found.setdefault(facts.name, facts)
    return found


def models_of(provider: str) -> list[ModelFacts]:
    """Every model of that provider that answers with text."""
    return [facts for facts in _answering_models().values() if facts.provider == provider]


def meant(model: str) -> str | None:
    """The model that a name with a slip in it may stand for, provider included; `None` where none is near."""
    provider, slash, bare = model.rpartition("/")
    models = models_of(provider) if slash else [m for m in _answering_models().values() if m.provider in _FIRST]
    names = {facts.name.rpartition("/")[2]: facts.name for facts in models}
    near = nearest(bare, names)
    return names[near] if near is not None else None


def search(text: str, limit: int = 20) -> list[ModelFacts]:
    """Models whose name is like `text`, the likeliest first: names with every word of it, then similar ones.

    Of equals, those of the providers most people ask come before resellers'.
    """
    from rapidfuzz import fuzz, process

    models = _answering_models()
    words = [word for word in map(_plain, text.split()) if word]
    if not words:
        return []
    wanted = "".join(words)
    exact = [name for name, plain in _plain_names().items() if all(word in plain for word in words)]

    def rank(name: str) -> tuple[bool, float, int, str]:
        bare = _plain(name.rpartition("/")[2])
        return models[name].provider not in _FIRST, -fuzz.ratio(wanted, bare), len(name), name

    found = sorted(exact, key=rank)[:limit]
    if len(found) < limit:
        scored = process.extract(wanted, _plain_names(), scorer=fuzz.WRatio, limit=4 * limit, score_cutoff=60)
        similar = sorted(scored, key=lambda hit: (-round(hit[1] / 10), *rank(hit[2])))
        found += [name for _, _, name in similar if name not in found]
    return [models[name] for name in found[:limit]]


def _plain(name: str) -> str:
    """Letters and digits alone: people write gpt4o and mean gpt-4o."""
    return "".join(filter(str.isalnum, name.casefold()))


@cache
def _plain_names() -> Mapping[str, str]:
    return {name: _plain(name) for name in _answering_models()}


def price_of(spec: ModelSpec, folder: Path | None = None) -> Price | None:
    """What a project's model costs: its own `price` first, then its persona's, then the map's; `None` is unknown.

    `folder` is the project's, for personas kept there.
    """
    if spec.price is not None:
        return spec.price
    if spec.model.startswith("simulated:"):
        from migrator_tui.models.simulator.personas import persona_price

        return persona_price(spec.model, folder)
    if spec.model.startswith("recorded:"):
        return None
    facts = lookup(spec.model)
    return facts.price if facts is not None else None


def cost(price: Price | None, answer: Answer) -> float | None:
    """USD of one answer: what its source states, else by its tokens; `None` where a number is unknown.

    All input counts at the full price: discounts for cached input are not in it.
    """
    if answer.cost is not None:
        return answer.cost
    if price is None:
        return None
    total = 0.0
    for rate, tokens in ((price.input, answer.input_tokens), (price.output, answer.output_tokens)):
        if rate == 0:
            continue
        if rate is None or tokens is None:
            return None
        total += rate * tokens / _MILLION
    return total
