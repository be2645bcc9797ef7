"""What calls cost, and the cap that holds before the money is spent.

A call may start only if what was spent, what the calls in flight may still cost, and what it may itself cost stay
within the cap together. What a call may cost is an estimate from above: half a token for each byte of the request,
and for the answer the limit of the request or of the model. Where neither states a limit, twice the longest answer
seen in this run counts, at first 1,024 tokens.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrator_tui.models.requests import Answer, CallError, ErrorKind, ModelRequest
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import ModelSpec, Price, Project

BYTES_A_TOKEN = 2
"""English has about four; two keeps the estimate above the truth for most languages."""
TOKENS_A_MESSAGE = 16
TOKENS_FOR_TOOLS = 600
"""What providers add to the prompt when tools are given (Anthropic states 300 to 500)."""
FIRST_GUESS = 1024
OUTPUT_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
MAY_BE_BILLED = frozenset({ErrorKind.CUT_OFF, ErrorKind.TIMED_OUT, ErrorKind.MALFORMED, ErrorKind.WORKER})
"""Errors after which the provider may still charge for what it did."""


class CapReached(ProjectError):
    """The next call could exceed the cap."""


def is_free(spec: ModelSpec) -> bool:
    """Recorded answers cost nothing to read, simulated ones nothing at all unless their persona states a price."""
    return spec.model.startswith(("recorded:", "simulated:"))


def is_recorded(spec: ModelSpec) -> bool:
    """Its answers are read from a file; a cost stated there was paid long ago."""
    return spec.model.startswith("recorded:")


@dataclass(slots=True)
class Prices:
    """The prices of a project's models, looked up once."""

    project: Project
    _known: dict[tuple[str, str], Price | None] = field(default_factory=dict)
    """By name and model: a candidate may be called `judge`."""
    _limits: dict[tuple[str, str], int | None] = field(default_factory=dict)

    def of(self, spec: ModelSpec) -> Price | None:
        """USD per million tokens; `None` is unknown."""
        from migrator_tui.models.catalog import price_of

        key = spec.name, spec.model
        if key not in self._known:
            self._known[key] = price_of(spec, self.project.folder)
        return self._known[key]

    def look_up(self, specs: list[ModelSpec]) -> None:
        """Look up all that is asked of these models later; reading the price map takes some 30 ms, once."""
        for spec in specs:
            self.of(spec)
            self.longest_answer(spec)

    def longest_answer(self, spec: ModelSpec) -> int | None:
        """Tokens the model can answer with at most, as far as the price map knows."""
        from migrator_tui.models.catalog import lookup

        key = spec.name, spec.model
        if key not in self._limits:
            facts = None if is_free(spec) else lookup(spec.model)
            self._limits[key] = facts.max_output_tokens if facts is not None else None
        return self._limits[key]

    def cost(self, spec: ModelSpec, answer: Answer) -> float | None:
        """USD of an answer: what its source states, else by price and tokens; `None` where either is unknown."""
        from migrator_tui.models.catalog import cost

        if answer.cost is not None:
            return answer.cost
        price = self.of(spec)
        return cost(price, answer) if price is not None else None

    def counts(self, spec: ModelSpec) -> bool:
        """Whether its calls can be counted against a cap."""
        price = self.of(spec)
        return is_free(spec) or (price is not None and price.input is not None and price.output is not None)


def request_tokens(request: ModelRequest) -> int:
    """Tokens of a request, estimated from above."""
    text = len(json.dumps([list(request.messages), request.response_format], ensure_ascii=False, default=str))
    wide = sum(len(str(m.get("content") or "").encode("utf-8", "replace")) for m in request.messages)
    embedded = sum(len(text.encode("utf-8", "replace")) for text in request.texts)
    size = max(text, wide) + embedded
    tools = 0
    if request.tools:
        tools = TOKENS_FOR_TOOLS + len(json.dumps(list(request.tools), default=str)) // BYTES_A_TOKEN
    return size // BYTES_A_TOKEN + TOKENS_A_MESSAGE * len(request.messages) + tools


def answer_limit(params: Mapping[str, Any]) -> int | None:
    """Tokens the parameters allow the answer; `None` where they state no limit."""
    stated = [params[name] for name in OUTPUT_LIMITS if isinstance(params.get(name), int) and params[name] > 0]
    return max(stated) if stated else None


@dataclass(slots=True)
class Purse:
    """Money under one cap (USD; `None`: no cap): spent, and promised to calls in flight."""

    cap: float | None
    name: str = "the cap"
    """How a message calls the cap."""
    spent: float = 0.0
    written_off: float = 0.0
    """USD that broken calls may have cost: counted against the cap, reported nowhere as cost."""
    promised: float = 0.0

    @property
    def left(self) -> float:
        """USD that nothing has a claim to yet."""
        if self.cap is None:
            return float("inf")
        return self.cap - self.spent - self.written_off - self.promised


@dataclass(slots=True)
class CallCap:
    """How many requests to models may be made (`None`: any number), and how many were; each attempt is one.

    A request is counted before it is sent, so that the cap cannot be exceeded by one. What is read from a recording
    is no request.
    """

    allowed: int | None = None
    made: int = 0
    held_back: int = 0
    """Kept for later: not to be taken now."""

    @property
    def left(self) -> float:
        """How many more may be made now."""
        return float("inf") if self.allowed is None else max(0, self.allowed - self.held_back - self.made)

    def take(self) -> bool:
        """Count one request that is about to be sent; False where it must not be."""
        if self.left < 1:
            return False
        self.made += 1
        return True

    def give_back(self) -> None:
        """A request that was counted has not left after all."""
        self.made -= 1


@dataclass(slots=True)
class Budget:
    """What one run, or one case, may spend: under its own cap, and under the day's that all of them share."""

    prices: Prices
    own: Purse
    day: Purse | None = None
    calls: CallCap = field(default_factory=CallCap)
    unpriced: int = 0
    """Answers whose cost is not known."""
    _longest: dict[str, int] = field(default_factory=dict)

    @property
    def spent(self) -> float:
        """USD of the answers that came, as the history will state it."""
        return self.own.spent

    def bound(self, spec: ModelSpec, request: ModelRequest) -> float:
        """USD the call may cost, estimated from above; 0 where there is no cap, or no price is known."""
        price = self.prices.of(spec)
        if all(purse.cap is None for purse in self._purses()) or price is None or is_recorded(spec):
            return 0.0
        tokens = answer_limit(request.params) or self.prices.longest_answer(spec)
        if tokens is None:
            tokens = max(FIRST_GUESS, 2 * self._longest.get(spec.name, 0))
        answers = request.params.get("n", 1)
        times = answers if isinstance(answers, int) and answers > 0 else 1
        return ((price.input or 0.0) * request_tokens(request) + (price.output or 0.0) * tokens * times) / 1e6

    def refusal(self, spec: ModelSpec, bound: float) -> str | None:
        """Why a call that may cost `bound` must not start now; `None` where it may."""
        if self.calls.left < 1 and not is_recorded(spec):
            kept = f", {self.calls.held_back} of them kept for later" if self.calls.held_back else ""
            return f"the cap of {self.calls.allowed} calls is reached{kept}"
        for purse in self._purses():
            if 0.0 < bound > purse.left:
                left = max(0.0, purse.left + purse.promised)
                return (
                    f"{purse.name} of ${purse.cap:.4g} is reached: ${left:.4g} is left, "
                    f"the next call to {spec.model} may cost ${bound:.4g}"
                )
        return None

    def promise(self, spec: ModelSpec, bound: float) -> None:
        """A call that may cost `bound`, and that `refusal` allows, starts."""
        if not is_recorded(spec):
            self.calls.take()
        for purse in self._purses():
            purse.promised += bound

    def settle(
        self,
        spec: ModelSpec,
        bound: float,
        answer: Answer | None,
        error: CallError | None = None,
        *,
        unsent: bool = False,
    ) -> None:
        """The call is over: what it did cost takes the place of what it might have.

        `unsent`: its last attempt has not left.
        """
        cost, written_off = 0.0, 0.0
        if unsent and not is_recorded(spec):
            self.calls.give_back()
        if answer is not None and not is_recorded(spec):
            known = self.prices.cost(spec, answer)
            if known is None:
                self.unpriced += 0 if is_free(spec) else 1
                written_off = bound
            cost = known or 0.0
            self._longest[spec.name] = max(self._longest.get(spec.name, 0), answer.output_tokens or 0)
        elif answer is None and error is not None and error.kind in MAY_BE_BILLED:
            written_off = bound
        for purse in self._purses():
            purse.promised = max(0.0, purse.promised - bound)
            purse.spent += cost
            purse.written_off += written_off

    def allows_retry(self, bound: float, error: CallError) -> bool:
        """Whether the call may be tried again: the broken attempt may have cost as much as the next one may."""
        if self.calls.left < 1:
            return False
        if not bound or error.kind not in MAY_BE_BILLED:
            return True
        return all(purse.left >= bound for purse in self._purses())

    def attempt_broke(self, bound: float, error: CallError) -> None:
        """An attempt of a call broke and another one follows."""
        self.calls.take()
        if error.kind in MAY_BE_BILLED:
            for purse in self._purses():
                purse.written_off += bound

    def _purses(self) -> tuple[Purse, ...]:
        return (self.own,) if self.day is None else (self.own, self.day)


def refuse_uncountable(prices: Prices, models: list[ModelSpec], option: str) -> None:
    """Refuse a cap over models whose price nobody knows: it could not be held."""
    for spec in models:
        if not prices.counts(spec):
            raise ProjectError(
                f"{option} cannot be held: no price is known for {spec.model}; "
                f"give {spec.name} a price = {{ input = …, output = … }} in USD per million tokens"
            )
