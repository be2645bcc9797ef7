"""What there is to look at in a case: the text that somebody wrote, its length, its language, its turns."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from migrator_tui.project.case_values import last_user_message, message_text
from migrator_tui.project.schema import Case, Message

LONGEST_LOOK = 20_000
"""Characters of an input that are looked at; its words are counted to the end."""
SAME_SHARE = 0.9
"""A variable with one value in so many cases is a setting, not input."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Look:
    """One case, or one input from production, as coverage sees it."""

    case: Case
    text: str
    """The input: the last user message, else the variables that differ from case to case."""
    shared: frozenset[str] = field(default=frozenset(), repr=False)
    """Variables that are settings."""

    @cached_property
    def shown(self) -> str:
        """The text as far as it is looked at."""
        return self.text[:LONGEST_LOOK]

    @cached_property
    def words(self) -> int:
        """Words of the input; a Chinese or Japanese character counts as one."""
        from migrator_tui.checks.length import count_words

        return count_words(self.text)

    @cached_property
    def language(self) -> str | None:
        """Its language as two letters; `None` where it is too short to tell."""
        from migrator_tui.checks.languages import language_of

        return language_of(self.shown)

    @property
    def turns(self) -> int:
        """How often the user has spoken; 1 where the input is in variables."""
        return max(1, sum(1 for message in self.case.messages if message.get("role") == "user"))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The words of everything said in it, by their beginnings."""
        said = [self.shown, *(message_text(message)[:LONGEST_LOOK] for message in self.case.messages)]
        return stems_of(" ".join(said))

    @cached_property
    def found(self) -> dict[str, bool]:
        """Which edges it was found to be, and which not, by name: each is looked for once."""
        return {}

    @cached_property
    def called(self) -> frozenset[str]:
        """The tools that were called in it so far."""
        return frozenset(name for message in self.case.messages for name, _ in calls_in(message))


def looks_at(cases: Sequence[Case], shared: frozenset[str] | None = None) -> list[Look]:
    """All cases as coverage sees them; `shared`: the variables that are settings, found out where it is missing."""
    settings = shared_variables(cases) if shared is None else shared
    return [Look(case, input_of(case, settings), settings) for case in cases]


def input_of(case: Case, shared: frozenset[str] = frozenset()) -> str:
    """The last user message, else the texts of the variables that are no settings."""
    if any(message.get("role") == "user" for message in case.messages):
        return last_user_message(case.messages)
    return "\n".join(_text(value) for name, value in sorted(case.vars.items()) if name not in shared)


def input_text(case: Case) -> str:
    """What `with_input` replaces: the last user message, else the longest variable."""
    if any(message.get("role") == "user" for message in case.messages):
        return last_user_message(case.messages)
    return str(case.vars[name]) if (name := _longest(case)) is not None else ""


def with_input(case: Case, text: str) -> Case:
    """The case with another input."""
    messages = list(case.messages)
    for number in range(len(messages) - 1, -1, -1):
        if messages[number].get("role") == "user":
            messages[number] = {**messages[number], "content": text}
            return replace(case, messages=tuple(messages))
    name = _longest(case)
    return replace(case, vars={**case.vars, name: text}) if name is not None else case


def _longest(case: Case) -> str | None:
    texts = {name: value for name, value in case.vars.items() if isinstance(value, str)}
    return max(texts, key=lambda name: len(texts[name]), default=None)


def shared_variables(cases: Sequence[Case]) -> frozenset[str]:
    """Variables that have one value in nearly all of the cases; none where there are too few cases to tell."""
    if len(cases) < 5:
        return frozenset()
    counts: dict[str, dict[str, int]] = {}
    for case in cases:
        for name, value in case.vars.items():
            by_value = counts.setdefault(name, {})
            if len(by_value) < 100:
                text = _text(value)[:200]
                by_value[text] = by_value.get(text, 0) + 1
    return frozenset(name for name, by_value in counts.items() if max(by_value.values()) >= SAME_SHARE * len(cases))


def calls_in(message: Message) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The tool calls of a message: name and arguments, as far as they can be read."""
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            arguments = function.get("arguments")
            try:
                read = json.loads(arguments) if isinstance(arguments, str) else arguments
            except (ValueError, RecursionError):
                read = None
            yield function["name"], read if isinstance(read, dict) else {}


def stems_of(text: str) -> frozenset[str]:
    """The words of a text, each by its first five letters, common words left out."""
    return frozenset(
        word[:5] for word in _WORD.findall(text.lower()) if len(word) > 2 and not _COMMON.fullmatch(word)
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


_COMMON = re.compile(
    r"the|and|for|that|this|with|from|not|are|was|were|has|have|had|will|would|can|could|should|must|may|"
    r"might|its|you|your|yours|our|they|them|their|his|her|him|she|who|whom|what|when|where|which|while|how|"
    r"why|does|did|done|about|into|over|under|than|then|there|here|all|any|some|each|every|other|another|one|"
    r"two|also|only|just|more|most|very|much|many|such|same|too|out|off|but|nor|yet|been|being|because|before|"
    r"after|again|get|got|give|goes|going|gone|made|make|makes|like|take|way|well|let|say|says|said|see|use|"
    r"uses|used|answer|write|reply|customer|user|message|text|question|please|thing|things|ticket|case|cases|"
    r"der|die|das|und|oder|nicht|ein|eine|einen|ist|sind|war|mit|für|von|auf|bei|den|dem|des|ich|sie|wir|ihr|"
    r"les|des|une|est|sont|pas|pour|avec|sur|dans|que|qui|vous|nous|ils|elle|el|la|los|las|una|con|por|para|"
    r"que"
)
"""Words that say nothing of what a text is about."""
