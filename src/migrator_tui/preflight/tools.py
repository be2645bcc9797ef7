"""Tools, which of them must be called, several at once, and answers held to a schema."""

from collections.abc import Iterator

from migrator_tui.models.dry_run import Fate
from migrator_tui.preflight.asked import Asked
from migrator_tui.preflight.finding import Change, Finding, Severity, shown
from migrator_tui.preflight.parameters import thinks, told_to_think
from migrator_tui.project.words import listed


def tool_findings(asked: Asked) -> Iterator[Finding]:
    """What stands in the way of tools and schemas."""
    if not asked.is_real:
        return
    yield from _tools(asked)
    yield from _undefined(asked)
    yield from _choice(asked)
    yield from _parallel(asked)
    yield from _schema(asked)


def _is_rejected(asked: Asked, name: str) -> bool:
    tried = asked.dry.of(name) if asked.dry is not None else None
    return tried is not None and tried.fate in (Fate.REJECTED, Fate.REFUSED, Fate.DROPPED)


def _tools(asked: Asked) -> Iterator[Finding]:
    uses = len(asked.task.tools) > 0 or asked.cases.tool_turns > 0
    if not uses or _is_rejected(asked, "tools"):
        return
    stated = asked.supports("function_calling")
    if stated is False:
        yield asked.finding(
            Severity.BLOCKER,
            "tools",
            "the task uses tools; the price map states that this model calls none",
            "choose another candidate for this task",
        )
    elif stated is None:
        yield asked.finding(
            Severity.NOTE,
            "tools",
            "the task uses tools; the price map does not say whether this model calls any",
            "try one case first: r",
        )


def _undefined(asked: Asked) -> Iterator[Finding]:
    """Tools that were called where the task defines none: an import of logs often has the calls alone."""
    if asked.task.tools or asked.params.get("tools"):
        return
    old = asked.old or asked
    answered = {name for known in old.known for name in known.called}
    names = sorted(asked.cases.called | answered)
    if not names:
        return
    places = [
        *(["the messages of the cases"] if asked.cases.called else []),
        *(["the baseline's answers"] if answered else []),
    ]
    yield asked.finding(
        Severity.WARNING,
        "tools",
        f"{' and '.join(places)} call {listed(names)}, and the task defines no tools: this model can call none",
        "give the task its tools (key tools)",
    )


def _choice(asked: Asked) -> Iterator[Finding]:
    choice = asked.params.get("tool_choice")
    if choice is None or _is_rejected(asked, "tool_choice"):
        return
    if not asked.task.tools:
        yield asked.finding(
            Severity.WARNING,
            "tools",
            f"tool_choice = {shown(choice)}, and the task has no tools to choose from",
            "give the task its tools, or leave tool_choice out",
            change=Change("tool_choice"),
        )
    forced = isinstance(choice, dict) or choice in ("required", "any")
    stated = f"tool_choice = {shown(choice)}"
    to_auto = Change("tool_choice", "auto")
    if forced and asked.supports("forced_tool_use") is False:
        yield asked.finding(
            Severity.BLOCKER,
            "tool-choice",
            f"{stated} is rejected: the price map states that this model cannot be made to call a tool",
            'let it choose ("auto"), and say in the prompt when to call a tool',
            change=to_auto,
        )
    elif forced and asked.is_claude and told_to_think(asked) and asked.supports("forced_tool_use") is None:
        # Anthropic, "Extended thinking": with thinking only tool_choice auto or none; any and tool are errors.
        yield asked.finding(
            Severity.BLOCKER,
            "tool-choice",
            f"{stated} is rejected while the model thinks: Claude cannot do both in one call",
            'let it choose ("auto"), or turn thinking off',
            change=to_auto,
        )
    elif forced and asked.is_claude and thinks(asked) and asked.supports("forced_tool_use") is None:
        yield asked.finding(
            Severity.NOTE,
            "tool-choice",
            f"{stated}; this model thinks where it is not told, and the price map does not say whether it takes both",
            "try one case first: r",
        )
    elif asked.supports("tool_choice") is False:
        yield asked.finding(
            Severity.WARNING,
            "tool-choice",
            f"{stated}; the price map states that this model takes no such choice",
            "leave it out, and say in the prompt when to call a tool",
            change=Change("tool_choice"),
        )
    elif asked.supports("tool_choice") is None and asked.supports("forced_tool_use") is None:
        yield asked.finding(
            Severity.NOTE,
            "tool-choice",
            f"{stated}; the price map does not say whether this model heeds it",
            "try one case first: r",
        )


def _parallel(asked: Asked) -> Iterator[Finding]:
    wanted = asked.params.get("parallel_tool_calls")
    if wanted is None or _is_rejected(asked, "parallel_tool_calls"):
        return
    leave_out = Change("parallel_tool_calls")
    if asked.who in ("gemini", "vertex_ai") and not asked.is_claude:
        # litellm 1.106.2 takes it and puts it into no field of Gemini's request.
        yield asked.finding(
            Severity.WARNING,
            "parallel-tool-calls",
            "parallel_tool_calls is taken for Gemini and never sent",
            "do not count on it; checks on tool calls show what comes",
            change=leave_out,
        )
    elif wanted is True and asked.supports("parallel_function_calling") is False:
        yield asked.finding(
            Severity.WARNING,
            "parallel-tool-calls",
            "parallel_tool_calls = true; the price map states that this model calls one tool at a time",
            "leave it out, and expect more turns",
            change=leave_out,
        )


def _schema(asked: Asked) -> Iterator[Finding]:
    wanted = asked.task.response_format or asked.params.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_object" and asked.who in ("openai", "azure") and not _says_json(asked):
        # OpenAI, guide "Structured outputs", JSON mode: an error where "JSON" appears nowhere in the context.
        yield asked.finding(
            Severity.WARNING,
            "response-format",
            "OpenAI refuses JSON mode where no message says JSON, and the prompt does not",
            "say in the prompt that the answer is JSON",
        )
    if kind != "json_schema" or _is_rejected(asked, "response_format"):
        return
    stated = asked.supports("response_schema")
    if stated is False:
        yield asked.finding(
            Severity.WARNING,
            "response-format",
            "the task wants answers after a JSON Schema; the price map states that this model holds to none",
            "say the form in the prompt too, and check it: is-json with the schema",
        )
    elif stated is None:
        yield asked.finding(
            Severity.NOTE,
            "response-format",
            "the task wants answers after a JSON Schema; the price map does not say whether this model holds to it",
            "check it: is-json with the schema",
        )


def _says_json(asked: Asked) -> bool:
    """In the prompt, or in the messages of every case of the sample."""
    texts = [str(case.messages) for case in asked.cases.sample]
    return "json" in asked.template.casefold() or (bool(texts) and all("json" in text.casefold() for text in texts))
