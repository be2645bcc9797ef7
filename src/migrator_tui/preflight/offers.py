"""What a candidate offers that the task could use: never more than a note."""

import re
from collections.abc import Iterator

from migrator_tui.preflight.asked import Asked
from migrator_tui.preflight.finding import Finding, Severity
from migrator_tui.preflight.money import dollars
from migrator_tui.preflight.tokens import text_tokens

_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
USUAL_CACHE_FROM = 1_024
"""Tokens of a common beginning from which providers remember it, where the price map does not say."""
_FULL = 0.5
"""Of the old window: below, a longer one changes nothing."""


def offer_findings(asked: Asked) -> Iterator[Finding]:
    """What could be used."""
    if not asked.is_real or asked.old is None or asked.facts is None or asked.spec.model == asked.old.spec.model:
        return
    yield from _schema(asked)
    yield from _window(asked)
    yield from _cache(asked)
    yield from _batch(asked)


def _schema(asked: Asked) -> Iterator[Finding]:
    wanted = asked.task.response_format is not None or "response_format" in asked.params
    if wanted or asked.supports("response_schema") is not True or asked.task.tools:
        return
    line = next(
        (
            part.line + part.source[: found.start()].count("\n")
            for part in asked.parts
            if part.role is not None and (found := _JSON.search(part.source))
        ),
        None,
    )
    if line is not None:
        yield asked.finding(
            Severity.NOTE,
            "schema-available",
            f"line {line} of the prompt asks for JSON in words; this model can be held to a schema",
            "state response_format in the task (type json_schema), and shorten the prompt",
            line=line,
        )


def _window(asked: Asked) -> Iterator[Finding]:
    old = asked.old.facts.max_input_tokens if asked.old is not None and asked.old.facts is not None else None
    new = asked.facts.max_input_tokens if asked.facts is not None else None
    if old is None or new is None or asked.longest is None or new < 2 * old:
        return
    if asked.longest[1].high > _FULL * old:
        yield asked.finding(
            Severity.NOTE,
            "longer-window",
            f"the window is {new:,} tokens, not {old:,}: what is cut out of long inputs today may stay",
            "look where your application shortens its inputs",
        )


def _cache(asked: Asked) -> Iterator[Finding]:
    facts = asked.facts
    if facts is None or asked.supports("prompt_caching") is not True:
        return
    first = next((part for part in asked.parts if part.role is not None), None)
    if first is None:
        return
    common = first.source.partition("{{")[0].partition("{%")[0]
    tokens = text_tokens(common) + sum(text_tokens(str(tool)) for tool in asked.task.tools)
    if tokens < (facts.cached_from or USUAL_CACHE_FROM):
        return
    cheaper = ""
    if facts.cached_input_usd is not None and facts.input_usd:
        cheaper = f", at {dollars(facts.cached_input_usd)} in place of {dollars(facts.input_usd)} a million tokens"
    yield asked.finding(
        Severity.NOTE,
        "prompt-caching",
        f"all requests begin with the same {tokens:,.0f} tokens or so, which this model can remember{cheaper}",
        "keep what changes behind what does not; the projection does not count on it",
    )


def _batch(asked: Asked) -> Iterator[Finding]:
    facts = asked.facts
    if facts is None or facts.batch is None or facts.batch.input is None or not facts.input_usd:
        return
    share = facts.batch.input / facts.input_usd
    if share < 1:
        yield asked.finding(
            Severity.NOTE,
            "batch-price",
            f"in a batch, which may take a day, it costs {1 - share:.0%} less",
            "for what of your work nobody waits for; runs here are not sent as batches",
        )
