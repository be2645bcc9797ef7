"""What one call and one run may cost, old against new: a projection, for nobody knows how long new answers are."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from migrator_tui.preflight.asked import Asked
from migrator_tui.preflight.finding import Finding, Severity
from migrator_tui.preflight.parameters import thinks
from migrator_tui.preflight.tokens import inflation
from migrator_tui.project.schema import BASELINE, ModelSpec, Price
from migrator_tui.project.words import one_line
from migrator_tui.running.estimate import USUAL_ANSWER
from migrator_tui.running.spending import answer_limit

LONGER = 1.8
"""How much longer a new model's answers may be than the old one's, at the top end of the range."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Of USD, from … to …"""

    low: float
    high: float

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.low + other.low, self.high + other.high)

    def times(self, number: float) -> "Amount":
        """So many of them."""
        return Amount(self.low * number, self.high * number)


class Basis(StrEnum):
    """What a projection rests on."""

    MEASURED = "measured"
    """Answers of this model that are there already."""
    BASELINE = "baseline"
    """The baseline's answers: the new ones as long, or up to `LONGER` times that."""
    GUESSED = "guessed"
    """The same of answers of a usual length, since none is there."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one model may cost on one task."""

    model: str
    task: str
    price: Price | None
    """USD per million tokens; `None`: not known."""
    calls: int
    """One for each case."""
    one: Amount | None
    """One call; `None` where the price is not known."""
    basis: Basis
    asked: bool = True
    """Calls are made; recorded answers are read from a file."""
    reasons: bool = False
    """It reasons before it answers, which nobody can project: that comes on top."""

    @property
    def run(self) -> Amount | None:
        """Every case once."""
        if not self.asked:
            return Amount(0.0, 0.0)
        return self.one.times(self.calls) if self.one is not None else None


def cost_of(asked: Asked, price: Price | None) -> Cost:
    """The projection for one model on one task."""
    calls, name, task = asked.cases.total, asked.spec.name, asked.task.name
    basis = Basis.BASELINE if asked.old is not None and asked.old.known else Basis.GUESSED
    is_asked = not asked.spec.model.startswith("recorded:")
    paid = [known.cost for known in asked.known if known.cost is not None]
    if paid:
        mean = fmean(paid)
        return Cost(name, task, price, calls, Amount(mean, mean), Basis.MEASURED, asked=is_asked)
    if asked.spec.model.startswith("simulated:") and price is None:
        return Cost(name, task, price, calls, Amount(0.0, 0.0), basis)
    if price is None or price.input is None or price.output is None:
        return Cost(name, task, price, calls, None, basis, asked=is_asked)
    low_in, high_in = _input(asked)
    low_out, high_out = _output(asked)
    one = Amount(
        (price.input * low_in + price.output * low_out) / 1e6,
        (price.input * high_in + price.output * high_out) / 1e6,
    )
    return Cost(name, task, price, calls, one, basis, asked=is_asked, reasons=thinks(asked) is True)


def _input(asked: Asked) -> tuple[float, float]:
    """Tokens of a mean request: the baseline's as counted, where it is known, else estimated."""
    old = asked.old
    counted = [known.input_tokens for known in old.known if known.input_tokens is not None] if old is not None else []
    if counted:
        mean = fmean(counted)
        return mean, mean * (inflation(old.spec.model, asked.spec.model) if old is not None else 1.0)
    return fmean(each.low for each in asked.usual), fmean(each.high for each in asked.usual)


def _output(asked: Asked) -> tuple[float, float]:
    """Tokens of a mean answer: as long as the baseline's at the low end."""
    known = asked.known or (asked.old.known if asked.old is not None else ())
    usual = fmean(each.output_tokens for each in known) if known else float(USUAL_ANSWER)
    cap = answer_limit(asked.params)
    low, high = usual, usual * LONGER
    return (min(low, cap), min(high, cap)) if cap is not None else (low, high)


def price_findings(asked: Sequence[Asked], costs: Sequence[Cost]) -> Iterator[Finding]:
    """Each model once: no price known, or old against new."""
    by_place = {(cost.model, cost.task): cost for cost in costs}
    seen: set[str] = set()
    for each in asked:
        cost = by_place[each.spec.name, each.task.name]
        if not each.is_real or each.spec.name in seen:
            continue
        seen.add(each.spec.name)
        if each.dry is not None and each.dry.problem:
            continue  # who is asked is not known, which says more
        yield from _price(each, cost, by_place.get((BASELINE, each.task.name)))
    for each in asked:
        yield from _tier(each)


def _price(each: Asked, cost: Cost, old: Cost | None) -> Iterator[Finding]:
    name, price = each.spec.name, cost.price
    if price is None or price.input is None or price.output is None:
        yield _no_price(each.spec)
    elif each.spec.name != BASELINE and old is not None and old.price is not None:
        before = old.price
        if before.input is not None and before.output is not None and before != price:
            yield Finding(
                Severity.NOTE,
                name,
                None,
                "price",
                f"{dollars(before.input)} → {dollars(price.input)} in, "
                f"{dollars(before.output)} → {dollars(price.output)} out, per million tokens",
            )


def helper_findings(specs: Sequence[ModelSpec], prices: Mapping[str, Price | None]) -> Iterator[Finding]:
    """Judge, assistant and embeddings whose price is not known."""
    for spec in specs:
        price = prices[spec.name]
        free = spec.model.startswith(("recorded:", "simulated:"))
        if not free and (
            price is None or price.input is None or (price.output is None and spec.name != "embeddings")
        ):
            yield _no_price(spec)


def _no_price(spec: ModelSpec) -> Finding:
    return Finding(
        Severity.WARNING,
        spec.name,
        None,
        "price",
        f"no price is known for {one_line(spec.model, 80)}: what it costs is left out of every sum, "
        "and a cap on money cannot be held",
        "state it: price = { input = …, output = … }, in USD per million tokens",
    )


def _tier(asked: Asked) -> Iterator[Finding]:
    """Long requests cost more with some models."""
    limit = asked.facts.dearer_above if asked.facts is not None else None
    if limit is None or not asked.is_real or asked.longest is None or asked.longest[1].high <= limit:
        return
    yield asked.finding(
        Severity.WARNING,
        "price",
        f"requests of more than {limit:,} tokens cost more with this model, and the longest case is about "
        f"{asked.longest[1].likely:,.0f}; the projection has them at the usual price",
        "look up the price of long requests",
    )


def dollars(amount: float) -> str:
    """An amount of USD with as many places as tell something."""
    if 0 < amount < 1:
        places = 1 - math.floor(math.log10(amount))
        return f"${amount:.{max(2, places)}f}"
    return f"${amount:,.0f}" if amount == round(amount) else f"${amount:,.2f}"


def total(costs: Sequence[Cost], names: Sequence[str]) -> Amount | None:
    """What a run over these models costs; `None` where a price is missing."""
    found = [cost.run for cost in costs if cost.model in names]
    if any(amount is None for amount in found):
        return None
    summed = Amount(0.0, 0.0)
    for amount in found:
        summed = summed + amount if amount is not None else summed
    return summed
