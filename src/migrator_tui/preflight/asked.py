"""What is looked at: each model on each task, as it would be asked, and what the cases hold."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from migrator_tui.models.catalog import ModelFacts
from migrator_tui.models.dry_run import DryRun
from migrator_tui.models.key_names import provider_of
from migrator_tui.preflight.finding import Change, Finding, Severity
from migrator_tui.preflight.tokens import Tokens, part_kind, request_tokens
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import Part, parts, render
from migrator_tui.project.schema import Case, Message, ModelSpec, Task

LONGEST = 3
"""Cases that are rendered to find the longest request."""
SAMPLE = 40
"""Cases that stand for all where a mean is wanted."""
MOST_CALLED = 100
"""Names of tools that are kept of what the messages call."""
_SYSTEM = ("system", "developer")


@dataclass(slots=True)
class CaseFacts:
    """What the cases of a task hold, from one pass over them. Numbers are of cases."""

    total: int = 0
    images: int = 0
    files: int = 0
    audio: int = 0
    ends_with_assistant: int = 0
    system_inside: int = 0
    """A system message that is not the first of the case's messages."""
    tool_turns: int = 0
    called: set[str] = field(default_factory=set)
    """Names of tools that the messages call, or some of them."""
    no_messages: int = 0
    longest: Sequence[Case] = ()
    sample: Sequence[Case] = ()


def case_facts(cases: Iterable[Case], stop: Callable[[], bool] = lambda: False) -> CaseFacts:
    """Look through cases once; memory does not grow with their number."""
    facts = CaseFacts()
    longest: list[tuple[int, int, Case]] = []
    sample: list[Case] = []
    step = 1
    for number, case in enumerate(cases):
        if number and number % 256 == 0 and stop():
            break
        facts.total += 1
        _count(facts, case)
        entry = (_size(case), -number, case)
        if len(longest) < LONGEST:
            heapq.heappush(longest, entry)
        elif entry > longest[0]:
            heapq.heapreplace(longest, entry)
        if number % step == 0:
            sample.append(case)
            if len(sample) > 2 * SAMPLE:  # thinned out evenly, whatever their number
                sample, step = sample[::2], step * 2
    facts.longest = [case for _, _, case in sorted(longest, reverse=True)]
    facts.sample = sample
    return facts


def _count(facts: CaseFacts, case: Case) -> None:
    kinds = {
        part_kind(part)
        for message in case.messages
        if isinstance(content := message.get("content"), list)
        for part in content
        if isinstance(part, Mapping)
    }
    roles = [message.get("role") for message in case.messages]
    facts.images += "image" in kinds
    facts.files += "file" in kinds
    facts.audio += "audio" in kinds
    facts.ends_with_assistant += bool(roles) and roles[-1] == "assistant" and not case.messages[-1].get("tool_calls")
    facts.system_inside += any(role in _SYSTEM for role in roles[1:])
    facts.tool_turns += any(role == "tool" for role in roles) or any(m.get("tool_calls") for m in case.messages)
    facts.no_messages += not roles
    if len(facts.called) < MOST_CALLED:
        facts.called.update(name for message in case.messages for name in _calls_in(message))


def _calls_in(message: Message) -> Iterator[str]:
    for call in message.get("tool_calls") or ():
        function = call.get("function")
        name = function.get("name") if isinstance(function, Mapping) else None
        if isinstance(name, str) and name:
            yield name


def _size(case: Case) -> int:
    return sum(len(str(value)) for value in case.vars.values()) + sum(
        len(str(message.get("content") or "")) for message in case.messages
    )


@dataclass(frozen=True, slots=True)
class Known:
    """Of one answer that is there already."""

    input_tokens: int | None
    output_tokens: float
    """Estimated from its text where nobody counted."""
    reasoning_tokens: int | None
    cost: float | None
    called: Sequence[str] = ()
    """Names of the tools that it calls."""


@dataclass(frozen=True)
class Asked:
    """One model on one task."""

    spec: ModelSpec
    task: Task
    params: Mapping[str, Any]
    template: str
    facts: ModelFacts | None
    """What the price map states of the model; `None`: nothing."""
    cases: CaseFacts
    dry: DryRun | None = None
    """What the client library would make of the parameters; `None` where nothing was tried."""
    old: "Asked | None" = None
    """The baseline on the same task, for a candidate."""
    known: Sequence[Known] = field(default=())
    """Answers of this model that are there already, or some of them."""

    @property
    def is_real(self) -> bool:
        """A provider or a server is asked, and not a file or our own simulator."""
        return not self.spec.model.startswith(("recorded:", "simulated:"))

    @property
    def who(self) -> str | None:
        """The provider, as one writes it before the slash; `None` where nobody knows."""
        return provider_of(self.spec.model, self.facts.provider if self.facts is not None else None)

    @property
    def is_claude(self) -> bool:
        """One of Anthropic's models, whoever serves it."""
        return self.is_real and "claude" in self.spec.model.casefold()

    def supports(self, what: str) -> bool | None:
        """Yes or no as the price map states it; `None`: it does not."""
        return self.facts.supports.get(what) if self.facts is not None else None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The prompt's pieces."""
        return parts(self.template)

    @property
    def beside(self) -> dict[str, Any]:
        """What the task adds to the parameters."""
        found: dict[str, Any] = {}
        if self.task.tools:
            found["tools"] = list(self.task.tools)
        if self.task.response_format is not None:
            found["response_format"] = dict(self.task.response_format)
        return found

    @cached_property
    def longest(self) -> tuple[Case, Tokens] | None:
        """The case with the longest request, and about how many tokens that is."""
        best: tuple[Case, Tokens] | None = None
        for case in self.cases.longest:
            tokens = self._tokens(case)
            if best is None or tokens.likely > best[1].likely:
                best = case, tokens
        return best

    @cached_property
    def usual(self) -> Sequence[Tokens]:
        """Of the requests for the sample."""
        return [self._tokens(case) for case in self.cases.sample]

    def _tokens(self, case: Case) -> Tokens:
        """About how many tokens the request for that case is; `ProjectError` where it cannot be rendered."""
        return request_tokens(render(self.template, case), self.beside.values())

    @property
    def in_production(self) -> bool:
        """The baseline: what it is asked today works, whatever the price map leaves unsaid."""
        return self.old is None

    def finding(
        self,
        severity: Severity,
        subject: str,
        what: str,
        do: str = "",
        *,
        change: Change | None = None,
        line: int | None = None,
        seen_by: str = "",
    ) -> Finding:
        """A finding about this model on this task."""
        return Finding(severity, self.spec.name, self.task.name, subject, what, do, change, line, seen_by)


def unreadable(asked: Asked) -> str:
    """Why requests of this task cannot be made at all; empty where they can."""
    try:
        asked.longest, asked.usual  # noqa: B018 -- rendered once, and kept
    except ProjectError as error:
        return str(error)
    return ""
