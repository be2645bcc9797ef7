"""Which model to try when moving away from one: newer, of about its price, and not about to retire.

The price map states no release dates, so "newer" is read from version numbers in the names, and only within one
provider, where they can be compared.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from migrator_tui.models.catalog import SNAPSHOT, ModelFacts, lookup, models_of

SOON = timedelta(days=180)
"""Nobody migrates to a model that retires within half a year."""

CHEAPEST, DEAREST = 0.3, 1.6
"""The blended price of a successor, as a share of the old model's."""

DEAREST_OF_LINE = 3.0
"""The same of a newer model of the same line, which is offered after those."""

_SPECIAL = frozenset(
    (
        *("audio", "image", "live", "omni", "realtime", "transcribe", "tts", "vision"),
        *("codex", "computer", "customtools", "cyber", "deep", "embed", "research", "robotics", "search", "use"),
        *("exp", "experimental", "gemma", "instruct", "latest", "preview"),
    )
)
"""Words in names of models that are no drop-in for an ordinary one."""

_VERSION = re.compile(r"(?<![a-z0-9])[a-z]?(\d{1,2})(?:[.-](\d{1,2})(?![\d]))?(?=[a-z]?(?:[-:.]|$))")


@dataclass(frozen=True, slots=True)
class Successor:
    """A model to move to, and what speaks for it in a few words."""

    facts: ModelFacts
    why: str


def successors(model: str, today: date, limit: int = 8) -> list[Successor]:
    """Models to move to from `model`, the likeliest first; empty where nothing is known of its provider."""
    old = lookup(model)
    provider = old.provider if old is not None else model.partition("/")[0]
    price = _blended(old) if old is not None else None
    version, words = _version(model), _words(model)
    ranked = []
    for facts in models_of(provider):
        new_version, new_price = _version(facts.name), _blended(facts)
        if new_version <= version or not new_price or _is_special(facts, today):
            continue
        same_line = _words(facts.name) == words
        ratio = new_price / price if price else None
        fits = ratio is not None and CHEAPEST <= ratio <= DEAREST
        if fits or (same_line and (ratio is None or ratio <= DEAREST_OF_LINE)):
            # What fits the price first, of that the newest; of equally new ones the same line, the nearest price.
            rank = (not fits, -new_version[0], -new_version[1], not same_line, abs((ratio or 1) - 1), facts.name)
            ranked.append((rank, Successor(facts, f"newer, {_compared(ratio)}")))
    return [found for _, found in sorted(ranked, key=lambda entry: entry[0])[:limit]]


def likeliest(model: str) -> str | None:
    """The likeliest model to move to from `model`; `None` where nothing is known of its provider."""
    found = successors(model, date.today(), 1)
    return found[0].facts.name if found else None


def _is_special(facts: ModelFacts, today: date) -> bool:
    """Nothing to propose: fine-tuned, dated, for another trade, or about to retire."""
    bare = facts.name.removeprefix(f"{facts.provider}/")
    if "/" in bare or ":" in bare or SNAPSHOT.search(bare) or _words(bare) & _SPECIAL:
        return True
    return facts.deprecation_date is not None and facts.deprecation_date < today + SOON


def _compared(ratio: float | None) -> str:
    if ratio is None:
        return "the old price is not known"
    percent = round(abs(ratio - 1) * 100)
    if percent < 3:
        return "same price"
    return f"{percent} % {'dearer' if ratio > 1 else 'cheaper'}"


def _blended(facts: ModelFacts) -> float | None:
    """One number for a price: three tokens in for one out, as in most applications."""
    if facts.input_usd is None or facts.output_usd is None:
        return None
    return (3 * facts.input_usd + facts.output_usd) / 4


def _version(model: str) -> tuple[int, int]:
    """`claude-sonnet-4-5-20250929` is 4.5, `gpt-4o-2024-08-06` is 4.0; without a number 0.0."""
    bare = SNAPSHOT.sub("", model.rpartition("/")[2])
    found = _VERSION.search(bare)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def _words(model: str) -> frozenset[str]:
    """The words of a name that say which line of models it is of: `claude`, `sonnet`."""
    bare: str = SNAPSHOT.sub("", model.rpartition("/")[2])
    return frozenset(word for word in re.split(r"[-.:_@]", bare) if word.isalpha())
