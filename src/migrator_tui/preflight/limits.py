"""Room: the longest request in the window, the answer within its cap, and reasoning that uses the cap up."""

import math
from collections.abc import Iterator

from migrator_tui.preflight.asked import Asked
from migrator_tui.preflight.finding import Change, Finding, Severity
from migrator_tui.preflight.parameters import thinks
from migrator_tui.preflight.tokens import inflation
from migrator_tui.project.words import quoted
from migrator_tui.running.spending import OUTPUT_LIMITS, answer_limit

REASONING_RESERVE = 25_000
"""Tokens to leave for reasoning and answer at first: OpenAI's guide "Reasoning models" advises at least so many."""
_STRICT = frozenset({"openai", "azure", "anthropic"})
"""Providers that answer a cap beyond the model's own with an error, where others lower it."""


def limit_findings(asked: Asked) -> Iterator[Finding]:
    """What does not fit."""
    if not asked.is_real:
        return
    yield from _window(asked)
    yield from _cap(asked)


def _window(asked: Asked) -> Iterator[Finding]:
    window = asked.facts.max_input_tokens if asked.facts is not None else None
    longest = asked.longest
    if longest is None:
        return
    case, tokens = longest
    if window is None:
        if tokens.high > 8_000:
            yield asked.finding(
                Severity.NOTE,
                "context-window",
                f"the longest case, {quoted(case.id, 30)}, is about {tokens.likely:,.0f} tokens; "
                "the price map does not know how many this model takes",
                "look it up, or try that case first: r",
            )
        return
    reserve = answer_limit(asked.params) or (REASONING_RESERVE if thinks(asked) else 0)
    about = f"the longest case, {quoted(case.id, 30)}, is about {tokens.low:,} to {tokens.high:,} tokens (estimated)"
    if tokens.low > window:
        yield asked.finding(
            Severity.BLOCKER,
            "context-window",
            f"{about}; this model takes {window:,}",
            "shorten it, or choose a candidate with a longer window",
        )
    elif tokens.high + reserve > window:
        room = f", with {reserve:,} for the answer" if reserve else ""
        yield asked.finding(
            Severity.WARNING,
            "context-window",
            f"{about}{room}; this model takes {window:,}, and the answer may not fit any more",
            "try that case first: r",
        )
    else:
        share = 100 * tokens.high / window
        shown = "less than 1" if share < 1 else f"about {share:.0f}"
        yield asked.finding(
            Severity.NOTE, "context-window", f"the longest case fills {shown} % of {window:,} tokens (estimated)"
        )


def _cap(asked: Asked) -> Iterator[Finding]:
    name = next((name for name in OUTPUT_LIMITS if isinstance(asked.params.get(name), int)), None)
    cap = answer_limit(asked.params)
    if name is None or cap is None:
        return
    most = asked.facts.max_output_tokens if asked.facts is not None else None
    if most is not None and cap > most:
        yield asked.finding(
            Severity.BLOCKER if asked.who in _STRICT else Severity.WARNING,
            name,
            f"{name} = {cap:,} is more than the {most:,} tokens that this model answers with at most",
            f"no more than {most:,}",
            change=Change(name, most),
        )
        return
    if asked.old is None:
        return  # what the baseline's own cap cuts, it cuts today
    lengths = [known.output_tokens for known in asked.old.known]
    more = inflation(asked.old.spec.model, asked.spec.model)
    cut = sum(1 for length in lengths if length * more > cap)
    needed = _rounded(max(lengths) * more) if lengths else 0
    budget = _budget(asked)
    if budget is not None and budget >= cap:
        wanted = _within(budget + max(1_000, needed), most)
        yield asked.finding(
            Severity.BLOCKER,
            name,
            f"{name} = {cap:,} leaves no room behind the {budget:,} tokens of thinking.budget_tokens: "
            "Claude wants more than those",
            f"{wanted:,}, or a smaller budget",
            change=Change(name, wanted),
        )
    elif thinks(asked):
        wanted = _within(max(REASONING_RESERVE, 2 * needed), most)  # as much again for reasoning
        if cap < wanted:
            yield asked.finding(
                Severity.WARNING,
                name,
                f"{name} = {cap:,} is for reasoning and answer together: reasoning may use it up, "
                "and the answer comes empty or cut off",
                f"{wanted:,} to begin with (only what is used is paid), then as low as the runs allow",
                change=Change(name, wanted),
            )
    elif cut:
        wanted = _within(needed, most)
        yield asked.finding(
            Severity.WARNING,
            name,
            f"{name} = {cap:,} may cut {cut:,} of {len(lengths):,} answers as long as the baseline's"
            f"{': another tokenizer counts up to 35 % more' if more > 1 else ''}",
            f"{wanted:,}, as long as the longest of them{' and a third more' if more > 1 else ''}",
            change=Change(name, wanted),
        )
    elif thinks(asked) is None and asked.supports("reasoning") is True:
        yield asked.finding(
            Severity.NOTE,
            "reasoning",
            "this model can reason; whether it does without being told is not known, "
            f"and what it reasons counts towards {name} = {cap:,}",
            "look at the reasoning tokens of the first case: r",
        )


def _budget(asked: Asked) -> int | None:
    """Tokens of thinking that are stated for a Claude which takes them as they are (newer ones: adaptive thinking).

    Anthropic, "Extended thinking": `budget_tokens` must be less than `max_tokens`.
    """
    thinking = asked.params.get("thinking")
    if not asked.is_claude or asked.supports("adaptive_thinking") is True or not isinstance(thinking, dict):
        return None
    budget = thinking.get("budget_tokens")
    return budget if isinstance(budget, int) and thinking.get("type") == "enabled" else None


def _rounded(tokens: float) -> int:
    """Up to the next round number."""
    step = 50 if tokens < 1_000 else 500
    return math.ceil(tokens / step) * step


def _within(tokens: int, most: int | None) -> int:
    return tokens if most is None else min(tokens, most)
