"""A prompt and the edits taken to change it, and the cases on which the change is tried."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from migrator_tui.adaptation.edits import applied
from migrator_tui.adaptation.leaks import leaks, task_texts
from migrator_tui.adaptation.splitting import parts_of, sample
from migrator_tui.adaptation.values import Edit, EditKind, Suggestion
from migrator_tui.history.records import Origin, Version
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.pairs import outcome_of_mark
from migrator_tui.project.schema import Case, Project, Task
from migrator_tui.running.estimate import Estimate, estimate
from migrator_tui.running.judging import cases_named
from migrator_tui.running.plan import Plan
from migrator_tui.running.trying import try_items
from migrator_tui.running.versions import DraftPrompt, version_of_draft

if TYPE_CHECKING:
    from migrator_tui.history.store import History

MOST_QUOTED = 3
"""Cases that one example may name as its own."""
MOST = 200
"""Cases of one part that are asked at most; of more, the seed draws so many."""


@dataclass(frozen=True, slots=True)
class Change:
    """A prompt, and the edits that somebody took to change it."""

    suggestion: Suggestion
    edits: tuple[Edit, ...]
    """The taken ones, as they read now."""
    base: str
    """The text they act on; not the suggestion's where a draft was changed meanwhile."""
    params: Mapping[str, Any]
    parent_id: int | None
    """The version that the text came from."""
    numbers: tuple[int, ...] = ()
    """The places of the edits in the suggestion, from 0; empty where it has no others."""
    search_id: str | None = None
    """The search that found them, where one did."""

    @property
    def origin(self) -> Origin:
        """Where the changed prompt comes from."""
        return Origin.SUGGESTION if self.search_id is None else Origin.SEARCH

    @property
    def aimed_at(self) -> tuple[str, ...]:
        """The cases that the edits are written for; those that an example names it quotes."""
        written = [edit for edit in self.edits if edit.kind is not EditKind.EXAMPLE]
        return tuple(dict.fromkeys(case_id for edit in written for case_id in edit.case_ids))

    def number(self, place: int) -> int:
        """The place in the suggestion of the edit at that place."""
        return self.numbers[place] if self.numbers else place

    def text(self, without: int | None = None) -> str:
        """The changed prompt, or the one where the edit at that place is left out; raises `EditError`."""
        return applied(self.base, self.edits, [n for n in range(len(self.edits)) if n != without])


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cases on which a change is tried, in the order of the files."""

    aimed_at: Sequence[Case]
    passed: Sequence[Case]
    """Those that the assistant may see and that pass, or of which nobody knows."""
    others: Sequence[Case]
    """Those that the assistant may see, that fail, and that no taken edit is written for."""
    held_out: Sequence[Case]
    named: bool
    """The edits name the cases they are for; else those are all that fail."""

    @property
    def every(self) -> list[Case]:
        """All of them."""
        return [*self.aimed_at, *self.passed, *self.others, *self.held_out]


def quoted_cases(task: Task, change: Change, cases: Sequence[Case], held_out: Collection[str]) -> frozenset[str]:
    """The cases that a change puts into the prompt as examples: these prove nothing.

    A case whose words an example holds, and one that it names, unless it names many: whoever writes an edit could
    else take from the test whatever it breaks. What is held out was seen by nobody, so naming it is not enough.
    """
    found: set[str] = set()
    for edit in change.edits:
        if edit.kind is EditKind.EXAMPLE:
            as_told = replace(edit, kind=EditKind.INSTRUCTION)
            found |= {leak.case_id for leak in leaks(change.base, as_told, cases, {}, task_texts(task))}
            if len(edit.case_ids) <= MOST_QUOTED:
                found |= set(edit.case_ids) - set(held_out)
    return frozenset(found & {case.id for case in cases})


def choose(project: Project, history: "History", change: Change, *, most: int = MOST) -> Chosen:
    """The cases on which a change is to be tried, by how they stand now. At most `most` of each part."""
    task, candidate = project.task(change.suggestion.task), change.suggestion.candidate
    cases = {case.id: case for case in cases_named(project, history, task, None)}
    parts = parts_of(history, project, task, list(cases.values()))
    standings = history.standings(task.name, candidate)
    passes = {
        case_id: outcome_of_mark(standing.candidate).passed
        for case_id, standing in standings.items()
        if outcome_of_mark(standing.candidate) is not Outcome.NOT_RUN
    }
    quoted = quoted_cases(task, change, list(cases.values()), parts.held_out)
    learn = [case_id for case_id in parts.learn if case_id not in quoted]
    named = set(change.aimed_at) & set(learn)
    aimed = [case_id for case_id in learn if case_id in named or (not named and passes.get(case_id) is False)]
    passed = [case_id for case_id in learn if case_id not in aimed and passes.get(case_id, True)]
    others = [case_id for case_id in learn if case_id not in aimed and case_id not in passed]
    held_out = [case_id for case_id in parts.held_out if case_id not in quoted]
    critical = {case.id for case in cases.values() if case.critical}

    def some(case_ids: Sequence[str]) -> list[Case]:
        return [cases[case_id] for case_id in sample(project, task, case_ids, most, critical)]

    return Chosen(some(aimed), some(passed), some(others), some(held_out), bool(named))


def base_version(history: "History", change: Change, *, author: str) -> Version:
    """The prompt before the change, recorded if new."""
    draft = DraftPrompt(change.base, change.params, change.parent_id)
    return version_of_draft(history, change.suggestion.task, change.suggestion.candidate, draft, author=author)


def changed_version(
    history: "History", change: Change, base: Version, *, author: str, without: int | None = None
) -> Version:
    """The prompt after the change, recorded if new as one that only is tried; `without`: as of `Change.text`."""
    draft = DraftPrompt(change.text(without), change.params, base.id, origin=change.origin)
    return version_of_draft(history, change.suggestion.task, change.suggestion.candidate, draft, author=author)


def estimate_tries(
    project: Project,
    history: "History",
    task: Task,
    tries: Sequence[tuple[Version, Sequence[Case]]],
    *,
    concurrency: int,
) -> Estimate:
    """What trying these prompts on these cases will take; what the cache holds costs nothing."""
    total = Estimate(calls=0, cached=0, cost=0.0, unpriced=0, seconds=0.0)
    for version, cases in tries:
        plan = Plan(
            project=project,
            tasks=[task],
            candidates=[project.candidate(version.model_name)],
            cases={task.name: {case.id: case for case in cases}},
            versions={(task.name, version.model_name): version},
            items=try_items(project, history, task, version, cases),
            repeat=1,
        )
        one = estimate(plan, history, concurrency=concurrency)
        total = replace(
            total,
            calls=total.calls + one.calls,
            cached=total.cached + one.cached,
            cost=None if total.cost is None or one.cost is None else total.cost + one.cost,
            unpriced=total.unpriced + one.unpriced,
            seconds=total.seconds + one.seconds,
        )
    return total


@dataclass(slots=True)
class Progress:
    """Cases tried so far, of so many; told at each."""

    tell: Callable[[int, int], None]
    total: int
    done: int = 0

    def step(self, _: object = None, /) -> None:
        """One more."""
        self.done += 1
        self.tell(self.done, self.total)
