"""Parameters that a model rejects, or that would reach it changed: as the client library has it, and by rule."""

import re
from collections.abc import Iterator

from migrator_tui.models.arguments import refused_params
from migrator_tui.models.catalog import meant
from migrator_tui.models.dry_run import DryRun, Fate, Tried
from migrator_tui.preflight.asked import Asked
from migrator_tui.preflight.finding import Change, Finding, Severity, shown
from migrator_tui.project.trust import HARMLESS_PARAMS
from migrator_tui.project.words import listed, one_line

SUBJECTS = {
    "tool_choice": "tool-choice",
    "parallel_tool_calls": "parallel-tool-calls",
    "response_format": "response-format",
}
"""Parameters to the subjects that other findings about the same thing have."""
_SAMPLING = frozenset({"temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty"})
_NOT_OPENAIS = frozenset({"top_k", "min_p", "repetition_penalty", "thinking"})
"""Other providers' parameters. OpenAI answers names that it does not know with an error (400, "unknown parameter"),
and its reference of the chat API lists none of these (looked at in November 2026)."""
_STOCK = re.compile(r"(?P<who>\S+) does not support parameters: \['\w+'\], for model=(?P<model>\S+)")
_ONE_SAMPLER = ("claude-opus-4-1", "claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5")
"""They take temperature or top_p, not both: Anthropic's guide "Migrating to Claude 4.5", and their API's answer."""
_OPENAI_THINKS = re.compile(r"o[134](?:-|$)|gpt-5(?:\.5|-mini|-nano|-pro)?(?:-20\d\d-\d\d-\d\d)?$")
"""Models of OpenAI's that reason where the request does not say: its guides "Reasoning models", "Using GPT-5.5"."""
_CLAUDE_THINKS = re.compile(r"claude-(?:opus|sonnet|haiku)-5(?!\d)")
"""Models of Anthropic's that do: its guides on moving to each (looked at in November 2026)."""
_CLAUDES_HOSTS = frozenset({"anthropic", "bedrock", "vertex_ai", "azure_ai"})
"""Who hands requests to Claude as they are; others, such as OpenRouter, may fit them first."""
_GEMINI_THINKS = re.compile(r"gemini-(?:2\.5-(?:pro|flash(?!-lite))|3)")
"""Models of Google's that think where the request does not say: its guide "Gemini thinking"."""
_LEAVE_OUT = {
    "temperature": "leave it out; repeat critical cases to see how much answers vary",
    "top_p": "leave it out",
    "top_k": "leave it out",
    "stop": "leave it out; say in the prompt where the answer ends",
    "seed": "leave it out; repeat critical cases to see how much answers vary",
    "logprobs": "leave it out; what reads probabilities must do without",
    "top_logprobs": "leave it out; what reads probabilities must do without",
    "logit_bias": "leave it out; say in the prompt which words to use",
    "reasoning_effort": "leave it out: this model takes no such setting",
}


def parameter_findings(asked: Asked) -> Iterator[Finding]:
    """One finding for each parameter that does not arrive as it is written."""
    if asked.dry is None:
        for name, reason in refused_params(asked.params).items():
            yield _refused(asked, name, reason)
        return
    if asked.dry.problem:
        near = meant(asked.spec.model)
        hint = f"; did you mean {near}?" if near is not None else ""
        do = f"correct the model's name in the configuration{hint}"
        yield asked.finding(Severity.BLOCKER, "model", asked.dry.problem, do)
        return
    rejected = set()
    for tried in asked.dry.parameters:
        for found in _of(asked, asked.dry, tried):
            rejected |= {tried.name} if found.severity is Severity.BLOCKER else set()
            yield found
    yield from _by_rule(asked, rejected)
    yield from _as_advised(asked, rejected)


def _of(asked: Asked, dry: DryRun, tried: Tried) -> Iterator[Finding]:
    name, value = tried.name, {**asked.params, **asked.beside}.get(tried.name)
    subject = SUBJECTS.get(name, one_line(name, 60))
    own = name in asked.params
    # A setting that nobody knows may hold anything, a key among it.
    is_told = own and (name in HARMLESS_PARAMS or name in SUBJECTS)
    stated = f"{one_line(name, 60)} = {shown(value)}" if is_told else one_line(name, 60)
    change = Change(name) if own else None
    match tried.fate:
        case Fate.REFUSED:
            yield _refused(asked, name, tried.reason)
        case Fate.REJECTED:
            do = _advice(asked, name) if own else f"leave it out of the task, or do without {asked.spec.name}"
            if name == "tool_choice":
                do, change = 'let it choose ("auto"), and say in the prompt when to call a tool', Change(name, "auto")
            why = f"{stated} is rejected: {_in_short(tried.reason)}"
            yield asked.finding(Severity.BLOCKER, subject, why, do, change=change, seen_by=dry.library)
        case Fate.DROPPED:
            yield asked.finding(
                Severity.WARNING,
                subject,
                f"{stated} is dropped before it is sent, without a word",
                "leave it out, so that the file says what is asked" if own else "do not count on it",
                change=change,
                seen_by=dry.library,
            )
        case Fate.RENAMED:
            names = [name for name in tried.became if not name.startswith("_")]
            # What Ollama's models can do is asked of its server, which a dry run does not.
            if names and "functions_unsupported_model" not in names:
                what = f"{one_line(name, 60)} goes out as {listed(names, 3)}"
                yield asked.finding(Severity.NOTE, subject, what, seen_by=dry.library)
        case Fate.PASSED_ON:
            yield from _passed_on(asked, dry, name, stated, change)
        case Fate.SENT | Fate.CHANGED:
            return


def _in_short(reason: str) -> str:
    """The first sentence; the library's stock phrase in a few words."""
    stock = _STOCK.fullmatch(reason)
    if stock is not None:
        return f"{stock['who']} does not support it for {stock['model']}"
    return reason.partition(". ")[0]


def _passed_on(asked: Asked, dry: DryRun, name: str, stated: str, change: Change | None) -> Iterator[Finding]:
    """The library hands it on unread: does the provider know it?"""
    subject = SUBJECTS.get(name, one_line(name, 60))
    if name in _SAMPLING and asked.supports("sampling_params") is False:
        yield asked.finding(
            Severity.BLOCKER,
            subject,
            f"{stated} is rejected: the price map states that this model takes no sampling parameters",
            _advice(asked, name),
            change=change,
        )
    elif name in _NOT_OPENAIS and asked.who in ("openai", "azure") and asked.spec.api_base is None:
        yield asked.finding(
            Severity.WARNING,
            subject,
            f"{stated} is no parameter of OpenAI's chat API, which answers unknown ones with an error",
            "leave it out",
            change=change,
        )
    elif name not in HARMLESS_PARAMS:
        yield asked.finding(
            Severity.NOTE,
            subject,
            f"{stated} is handed on unread; whether the model takes it is not known",
            "try one case first: r",
            seen_by=dry.library,
        )


def _by_rule(asked: Asked, rejected: set[str]) -> Iterator[Finding]:
    """What neither the library nor the price map says."""
    both = {"temperature", "top_p"} <= {name for name in asked.params if name not in rejected}
    if both and any(name in asked.spec.model for name in _ONE_SAMPLER):
        yield asked.finding(
            Severity.BLOCKER,
            "top_p",
            "this model takes temperature or top_p, not both",
            "leave top_p out",
            change=Change("top_p"),
        )
    yield from _claude_thinking(asked, rejected)
    if "stop" in asked.params and "stop" not in rejected and _stops_nowhere(asked):
        yield asked.finding(
            Severity.BLOCKER,
            "stop",
            f"stop = {shown(asked.params['stop'])} is rejected: OpenAI states that o3 and o4-mini take none",
            _advice(asked, "stop"),
            change=Change("stop"),
        )


def _claude_thinking(asked: Asked, rejected: set[str]) -> Iterator[Finding]:
    """Anthropic, "Extended thinking": with thinking neither another temperature than 1 nor any top_k."""
    stated = [name for name in ("temperature", "top_k") if name in asked.params and name not in rejected]
    for name in stated if asked.is_claude and asked.who in _CLAUDES_HOSTS and told_to_think(asked) else ():
        taken = "1 alone" if name == "temperature" else "none"
        if name == "top_k" or asked.params[name] != 1:
            yield asked.finding(
                Severity.BLOCKER,
                name,
                f"{name} = {shown(asked.params[name])} is rejected while the model thinks: Claude takes {taken} then",
                f"{_LEAVE_OUT[name]}; or turn thinking off",
                change=Change(name),
            )
    if _thinking_type(asked) == "disabled" and asked.facts is not None and asked.facts.always_thinks is True:
        yield asked.finding(
            Severity.WARNING,
            "thinking",
            "the price map states that this model cannot be kept from thinking: it thinks all the same, or refuses",
            "leave it out; reasoning_effort says how much it thinks",
            change=Change("thinking"),
        )


def _stops_nowhere(asked: Asked) -> bool:
    """OpenAI, reference of the chat API, `stop`: not supported with the latest reasoning models o3 and o4-mini."""
    bare = asked.spec.model.rpartition("/")[2]
    return asked.who in ("openai", "azure") and bare.startswith(("o3", "o4-mini")) and asked.spec.api_base is None


def _as_advised(asked: Asked, rejected: set[str]) -> Iterator[Finding]:
    """Values that are taken, and that the provider advises against."""
    temperature = asked.params.get("temperature")
    is_gemini_3 = asked.who in ("gemini", "vertex_ai") and "gemini-3" in asked.spec.model
    if is_gemini_3 and isinstance(temperature, int | float) and temperature < 1 and "temperature" not in rejected:
        # Google, "Gemini 3 developer guide" (ai.google.dev): keep it at 1.0, lower values may loop or degrade.
        yield asked.finding(
            Severity.WARNING,
            "temperature",
            f"temperature = {shown(temperature)}: Google advises 1 for Gemini 3, since lower ones may make it loop",
            "leave it out; repeat critical cases to see how much answers vary",
            change=Change("temperature"),
        )


def _refused(asked: Asked, name: str, reason: str) -> Finding:
    return asked.finding(Severity.BLOCKER, one_line(name, 60), reason, "take it out of params", change=Change(name))


def _advice(asked: Asked, name: str) -> str:
    advice = _LEAVE_OUT.get(name, "leave it out")
    if name in ("temperature", "top_p") and asked.supports("none_reasoning_effort") is True:
        advice += '; or turn reasoning off (reasoning_effort = "none")'
    return advice


def told_to_think(asked: Asked) -> bool:
    """Whether the parameters make the model reason, as far as they reach it."""
    return _thinking_type(asked) in ("enabled", "adaptive") or _effort(asked) not in (None, "none")


def _thinking_type(asked: Asked) -> str | None:
    thinking = asked.params.get("thinking")
    kind = thinking.get("type") if isinstance(thinking, dict) and _reaches(asked, "thinking") else None
    return kind if isinstance(kind, str) else None


def _effort(asked: Asked) -> str | None:
    effort = asked.params.get("reasoning_effort")
    return effort if isinstance(effort, str) and _reaches(asked, "reasoning_effort") else None


def _reaches(asked: Asked, name: str) -> bool:
    tried = asked.dry.of(name) if asked.dry is not None else None
    return tried is None or tried.fate not in (Fate.REJECTED, Fate.REFUSED, Fate.DROPPED)


def thinks(asked: Asked) -> bool | None:
    """Whether the model reasons before it answers, asked with these parameters; `None`: not known."""
    facts = asked.facts
    if told_to_think(asked) or (facts is not None and facts.always_thinks is True):
        return True
    if _thinking_type(asked) == "disabled" or _effort(asked) == "none":
        return False
    bare = asked.spec.model.rpartition("/")[2]
    if (
        (asked.who in ("openai", "azure") and _OPENAI_THINKS.match(bare))
        or (asked.who in ("gemini", "vertex_ai") and _GEMINI_THINKS.match(bare))
        or _CLAUDE_THINKS.search(bare)
    ):
        return True
    if facts is None:
        return None
    if facts.default_effort is not None:
        return facts.default_effort != "none"
    if asked.supports("reasoning") is True and asked.who in ("openai", "azure"):
        # Where "none" is no choice, they cannot be kept from it.
        return True if asked.supports("none_reasoning_effort") is False else None
    return False if asked.supports("reasoning") is False else None
