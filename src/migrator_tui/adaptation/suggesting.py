"""Asking the assistant for edits: what would be sent and what that takes, then the talk, until there is a suggestion.

Nothing is changed here; what comes back is a proposal that people review.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator_tui.adaptation.answer import AnswerError, Asked, Reading, read_answer
from migrator_tui.adaptation.brief import Brief, brief
from migrator_tui.adaptation.fencing import cut
from migrator_tui.adaptation.grouping import CameOut, came_out_with, grouped
from migrator_tui.adaptation.guards import frozen_passages
from migrator_tui.adaptation.guidance import Rule, rules_for
from migrator_tui.adaptation.material import Failure, Material, Rejected
from migrator_tui.adaptation.values import Advice, Suggestion
from migrator_tui.history.adaptation_records import Exchange
from migrator_tui.history.records import Version
from migrator_tui.models.catalog import price_of
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import normal, read_template
from migrator_tui.project.schema import Case, Message, Project, Task
from migrator_tui.project.words import counted, listed
from migrator_tui.running.assistant import cleared
from migrator_tui.running.judging import cases_named
from migrator_tui.text_safety import safe_line

if TYPE_CHECKING:
    from migrator_tui.history.store import History

RETRIES = 2
"""How often an answer that breaks the form is sent back."""
MOST_OF_ANSWER = 20_000
"""Characters of a refused answer that go back with the error."""
ANSWER_TOKENS = 1_500
"""Guessed for one answer."""
CHARACTERS_PER_TOKEN = 4
MOST_ADVICE = 4
"""Pieces of advice that guidance adds to the assistant's."""
REFUSED = "Your answer was refused: {problem}\nAnswer anew with one whole JSON object."
NOT_RUN = "no case was run with this prompt yet: run the cases first"

Ask = Callable[[Sequence[Message]], Awaitable[Exchange]]
"""Sends messages to the assistant; keeps what was sent and answered."""


class SuggestionError(Exception):
    """The assistant gave nothing that can be used; one line. What was said is in the exchanges."""

    def __init__(self, what: str, exchange_ids: Sequence[int] = ()) -> None:
        super().__init__(safe_line(what, 1000))
        self.exchange_ids = tuple(exchange_ids)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that can be looked at before it is sent, and what sending it takes."""

    task: str
    candidate: str
    base: str
    base_version_id: int | None
    assistant: str
    """The model that would be asked."""
    brief: Brief
    asked: Asked
    advice: tuple[Advice, ...]
    """What guidance says of parameters: it is shown beside the suggestion, never told to the assistant."""
    of: int
    """Cases that it may see."""
    run: int
    """Those of them that have an answer with this prompt."""
    held_out: int
    """Cases kept aside."""
    cost: float | None
    """USD for one call, roughly; `None`: the price is unknown."""
    calls: int = 1
    """At least …"""
    most_calls: int = 1 + RETRIES
    """… and at most: an answer that breaks the form is sent back."""
    more_failing: tuple[str, ...] = ()
    """Cases that fail too, but were too many to be looked at closely."""
    notes: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """What would be sent."""
        return self.brief.messages

    @property
    def failing(self) -> tuple[str, ...]:
        """All failing cases that it may see, told of or not."""
        return (*self.brief.failing, *self.more_failing)

    @property
    def minimal(self) -> bool:
        """It would be asked for what can go."""
        return self.asked.minimal


def prepare(
    project: Project,
    history: "History",
    task: Task,
    candidate: str,
    base: str,
    base_version_id: int | None,
    *,
    minimal: bool = False,
) -> Prepared:
    """What would be sent about the prompt `base`, by the answers that it gave.

    `base_version_id` is the version that `base` was made from. Raises `ProjectError` where there is no assistant,
    where no case was run with this very text, and where a file of guidance has a mistake.
    """
    from migrator_tui.adaptation.splitting import parts_of

    if project.assistant is None:
        raise ProjectError('no assistant: write [assistant] model = "…" into migrator.toml')
    cases = cases_named(project, history, task, None)
    parts = parts_of(history, project, task, cases)
    may_see = set(parts.learn)
    learn = [case for case in cases if case.id in may_see]
    version = _version_of(history, task, candidate, base, base_version_id)
    found = came_out_with(project, history, task, candidate, version, learn) if version is not None else None
    if version is None or found is None or not found.asked:
        raise ProjectError(NOT_RUN)
    held_out = len(parts.held_out)
    request, asked, advice, notes = ask_about(
        project, history, task, candidate, base, version.label, found, learn, held_out, minimal=minimal
    )
    return Prepared(
        task=task.name,
        candidate=candidate,
        base=base,
        base_version_id=base_version_id,
        assistant=project.assistant.model,
        brief=request,
        asked=asked,
        advice=advice,
        of=len(learn),
        run=found.asked,
        more_failing=found.more_failing,
        held_out=held_out,
        cost=_cost(project, request.characters),
        notes=notes,
    )


def ask_about(  # noqa: PLR0913 (what a request is about has so many sides)
    project: Project,
    history: "History",
    task: Task,
    candidate: str,
    base: str,
    label: str,
    found: CameOut,
    learn: Sequence[Case],
    held_out: int,
    *,
    minimal: bool = False,
    rejected: Sequence[Rejected] = (),
) -> tuple[Brief, Asked, tuple[Advice, ...], tuple[str, ...]]:
    """The request about one prompt by how the cases came out with it, what its answer is held against, advice about
    parameters, and notes. `learn` are all cases that the assistant may see; `rejected` edits that did not prove
    themselves, besides those that people turned down."""
    # The task's own file: a candidate's changes with every version that is written to it, and its lines with it.
    record = read_template(task.prompt)
    frozen, _ = frozen_passages(task, record, base)
    old, new = project.baseline.model, project.candidate(candidate).model
    rules = rules_for(old, new, names_of(found.failures), project)
    if minimal:
        # What speaks to a failure asks for more words.
        rules = [rule for rule in rules if not rule.when]
    turned_down = history.rejected_edits(task.name, candidate)
    request = brief(
        Material(
            task=task.name,
            old_model=old,
            new_model=new,
            version=label,
            template=base,
            limits=project.adaptation,
            groups=grouped(found.failures),
            failures=found.failures,
            passing=found.passing,
            more_failing=len(found.more_failing),
            learn=len(learn),
            held_out=held_out,
            frozen=frozen,
            rejected=[*rejected, *(Rejected(one.edit, one.reason) for one in turned_down)],
            rules=rules,
            params=project.candidate(candidate).params_for(task.name),
            response_format=task.response_format,
            tools=task.tools,
            minimal=minimal,
        )
    )
    asked = Asked(
        base=base,
        limits=project.adaptation,
        names=request.names,
        rules=frozenset(rule.id for rule in request.rules),
        sources={rule.id: rule.source for rule in request.rules},
        frozen=frozen,
        cases=learn,
        minimal=minimal,
    )
    # Keys are blotted out when it is sent; it is looked at before that, and is to be the same.
    request = replace(request, messages=tuple(cleared(history, request.messages)))
    return request, asked, advice_of(rules, found.failures), frozen_notes(task, base)


def frozen_notes(task: Task, base: str) -> tuple[str, ...]:
    """That some frozen lines hold nothing in this text, if so."""
    _, gone = frozen_passages(task, read_template(task.prompt), base)
    ranges = listed(str(first) if first == last else f"{first}-{last}" for first, last in gone)
    return (f"frozen lines {ranges} of the task's prompt file are not in this text: nothing holds them here",) * bool(
        gone
    )


async def suggest(prepared: Prepared, ask: Ask) -> Suggestion:
    """Ask, and send an answer that breaks the form back with the exact error, `RETRIES` times at most. Where guards
    refuse some edits to the last, the others are the suggestion.

    Raises `SuggestionError` where nothing usable came; what `ask` raises goes through.
    """
    reading, exchange_ids = await talk(prepared.messages, prepared.asked, ask)
    return Suggestion(
        task=prepared.task,
        candidate=prepared.candidate,
        base=prepared.base,
        base_version_id=prepared.base_version_id,
        edits=reading.edits,
        causes=reading.causes,
        advice=(*reading.advice, *prepared.advice),
        assistant=prepared.assistant,
        exchange_ids=exchange_ids,
        groups=prepared.brief.groups,
        failing=prepared.failing,
        of=prepared.of,
        held_out=prepared.held_out,
        rewritten=reading.rewritten,
        minimal=prepared.minimal,
        notes=(*prepared.notes, *reading.notes),
    )


async def talk(messages: Sequence[Message], asked: Asked, ask: Ask) -> tuple[Reading, tuple[int, ...]]:
    """What came of asking, and the ids of the exchanges; errors as of `suggest`."""
    said = list(messages)
    ids: list[int] = []
    problem = ""
    rest: Reading | None = None
    for _ in range(1 + RETRIES):
        exchange = await ask(said)
        ids.append(exchange.id)
        if exchange.answer is None:
            raise SuggestionError(exchange.error or "no answer came", ids)
        try:
            # Beside the event loop: an answer may be built to take its time.
            return await asyncio.to_thread(read_answer, exchange.answer, asked), tuple(ids)
        except AnswerError as error:
            problem, rest = str(error), error.rest or rest
        said = [
            *messages,
            {"role": "assistant", "content": cut(exchange.answer, MOST_OF_ANSWER)},
            {"role": "user", "content": REFUSED.format(problem=problem)},
        ]
    if rest is not None:
        return rest, tuple(ids)
    raise SuggestionError(f"{counted(len(ids), 'answer')} could not be used; the last: {problem}", ids)


def names_of(failures: Mapping[str, Failure]) -> list[str]:
    """Names of drift, which say more, then types of failed checks; of each the most frequent first."""
    drifts = Counter(name for one in failures.values() for name in one.drift_names)
    types = Counter(name for one in failures.values() for name in one.types)
    return [name for found in (drifts, types) for name in sorted(found, key=lambda name: (-found[name], name))]


def advice_of(rules: Sequence[Rule], failures: Mapping[str, Failure]) -> tuple[Advice, ...]:
    """What guidance says of parameters, with the failing cases that it is about."""
    found = []
    for rule in rules:
        if rule.kind != "parameter":
            continue
        about = [
            case_id
            for case_id, one in failures.items()
            if not rule.when or {*one.types, *one.drift_names} & set(rule.when)
        ]
        if about:
            what = "tool" if rule.when and all("tool" in name for name in rule.when) else "parameter"
            found.append(Advice(what, rule.advice, tuple(about), rule.source))
    return tuple(found[:MOST_ADVICE])


def _version_of(
    history: "History", task: Task, candidate: str, base: str, base_version_id: int | None
) -> Version | None:
    """The version with this very text: the one it was made from, or else the newest."""
    text = normal(base)
    if base_version_id is not None and (version := history.version(base_version_id)).template == text:
        return version
    return next((one for one in history.versions(task.name, candidate) if one.template == text), None)


def _cost(project: Project, characters: int) -> float | None:
    price = price_of(project.assistant, project.folder) if project.assistant is not None else None
    if price is None or price.input is None or price.output is None:
        return None
    return (characters / CHARACTERS_PER_TOKEN * price.input + ANSWER_TOKENS * price.output) / 1e6
