"""The tools a request offers: what each is for, and which of them a message calls for, by what its words mean."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from migrator_tui.models.simulator.text import fold, share_of, word_list

Kind = Literal["reads", "changes", "hands-over"]

_WORD = re.compile(r"[a-z]{4,}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\W]+")
_COMMON = frozenset({"this", "that", "with", "from", "into", "what", "which", "your", "have", "order", "orders"})
_ENOUGH = 2
"""Points from which a tool is called: a word of the name counts two, one of the description one."""
_MOST_TOOLS = 128
_LONGEST_DESCRIPTION = 2000


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool call; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool that is offered."""

    name: str
    words: str
    """Name and description, folded."""
    kind: Kind
    final: bool
    """It does what cannot be undone."""
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Name to JSON Schema."""
    required: tuple[str, ...] = ()

    def of_role(self, role: str) -> str | None:
        """Its first required parameter that means `id`, `email` …"""
        return next((name for name in self.required if role_of(name, self.parameters[name]) == role), None)


@dataclass(frozen=True, slots=True)
class Want:
    """Something a customer wants, and the tool for it."""

    act: str
    """A name of `words/agent.toml`; empty where only shared words led to the tool."""
    tool: Tool | None
    """`None` where no tool does it."""
    place: int
    """Where it is said in the message."""


def offered(tools: Any) -> tuple[Tool, ...]:
    """The functions among a request's `tools`."""
    found = []
    for entry in tools[:_MOST_TOOLS] if isinstance(tools, Sequence) else ():
        function = entry.get("function") if isinstance(entry, Mapping) else None
        if isinstance(function, Mapping) and function.get("name"):
            found.append(_tool(function))
    return tuple(found)


def _tool(function: Mapping[str, Any]) -> Tool:
    name = str(function["name"])
    plain = fold(_CAMEL.sub(" ", name)).strip()
    words = f"{plain}. {fold(str(function.get('description', '')))[:_LONGEST_DESCRIPTION]}"
    schema = function.get("parameters")
    schema = schema if isinstance(schema, Mapping) else {}
    given = schema.get("properties")
    properties = {
        str(key): entry if isinstance(entry, Mapping) else {}
        for key, entry in (given if isinstance(given, Mapping) else {}).items()
    }
    required = schema.get("required")
    kinds = word_list("agent")["kinds"]
    hands_over = any(pattern.search(words) for pattern in _acts()["human"].tools)
    return Tool(
        name=name,
        words=words,
        kind="hands-over" if hands_over else "changes" if re.search(kinds["changes"], plain) else "reads",
        final=bool(re.search(kinds["final"], plain)) and not hands_over,
        parameters=properties,
        required=tuple(str(key) for key in required if str(key) in properties) if isinstance(required, list) else (),
    )


@cache
def _roles() -> dict[str, re.Pattern[str]]:
    return {role: re.compile(pattern) for role, pattern in word_list("agent")["parameters"].items()}


def role_of(name: str, schema: Mapping[str, Any]) -> str:
    """What a parameter means: `email`, `id`, `amount`, `date`, `street` …; empty if nothing known."""
    if schema.get("format") == "email":
        return "email"
    if schema.get("format") in {"date", "date-time"}:
        return "date"
    plain = fold(_CAMEL.sub(" ", name)).strip()
    return next((role for role, pattern in _roles().items() if pattern.search(plain)), "")


@dataclass(frozen=True, slots=True)
class _Act:
    said: tuple[re.Pattern[str], ...]
    tools: tuple[re.Pattern[str], ...]
    first: bool
    team: str


@cache
def _acts() -> dict[str, _Act]:
    return {
        name: _Act(
            tuple(re.compile(word) for word in entry["said"]),
            tuple(re.compile(word) for word in entry["tools"]),
            entry.get("first", False),
            entry.get("team", ""),
        )
        for name, entry in word_list("agent")["acts"].items()
    }


def team_of(act: str) -> str:
    """The colleagues that an act is for, as `words/agent.toml` calls them."""
    known = _acts().get(act)
    return known.team if known else ""


def tool_for(act: str, tools: Sequence[Tool]) -> Tool | None:
    """The tool that does an act."""
    return next((tool for pattern in _acts()[act].tools for tool in tools if pattern.search(tool.words)), None)


def wants_in(text: str, tools: Sequence[Tool]) -> tuple[Want, ...]:
    """What a message asks for, in its order; smoke, lawyers and the wish for a human leave nothing beside them."""
    folded = fold(text)
    found = sorted(_acts_in(folded), key=lambda pair: pair[1])
    if first := [pair for pair in found if _acts()[pair[0]].first]:
        found = [min(first, key=lambda pair: list(_acts()).index(pair[0]))]
    wants = [Want(act, tool_for(act, tools), place) for act, place in found]
    if known := [want for want in wants if want.tool is not None]:
        return tuple(known)
    best = max(tools, key=lambda tool: _score(tool, folded), default=None)
    if best is not None and _score(best, folded) >= _ENOUGH:
        return (Want("", best, 0),)
    return tuple(wants)


def asks_for_vouchers(text: str) -> bool:
    """Whether a message asks for what no tool gives."""
    return any(re.search(word, fold(text)) for word in word_list("agent")["vouchers"]["said"])


def _acts_in(folded: str) -> Iterator[tuple[str, int]]:
    for name, act in _acts().items():
        places = [match.start() for pattern in act.said if (match := pattern.search(folded))]
        if places:
            yield name, min(places)


def _score(tool: Tool, folded: str) -> int:
    said = {word[:5] for word in _WORD.findall(folded)}
    title, _, told = tool.words.partition(". ")
    name = {word[:5] for word in _WORD.findall(title)}
    described = {word[:5] for word in _WORD.findall(told) if word not in _COMMON}
    return 2 * len(said & name) + len(said & (described - name))


def use(name: str, arguments: str, key: str) -> ToolUse:
    """A call with an id of its own, the same for the same conversation."""
    return ToolUse(f"call_{int(share_of(name, arguments, key) * 16**12):012x}", name, arguments)
