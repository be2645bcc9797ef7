"""What a search stands on: its prompt, its cases in parts, its budget, and its place in the history."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from migrator_tui.adaptation.search.estimate import REFERENCES, Needs, estimate, needs
from migrator_tui.adaptation.search.stored import changed, rests_on, settings_details, settings_of
from migrator_tui.adaptation.search.values import SearchEstimate, SearchSettings
from migrator_tui.history.adaptation_records import StoredSearch
from migrator_tui.history.records import Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case, ModelSpec, Project, Task
from migrator_tui.project.words import listed
from migrator_tui.running.checking.waiting import models_asked
from migrator_tui.running.spending import is_recorded

if TYPE_CHECKING:
    from migrator_tui.history.store import History

NO_ASSISTANT = 'nobody to ask for proposals: add [assistant] with model = "…" to migrator.toml'


@dataclass(frozen=True, slots=True)
class Ground:
    """What a search stands on."""

    project: Project
    task: Task
    base: Version
    """Where it starts: a version of the candidate's prompt."""
    baseline: Version
    learn: Sequence[Case]
    held_out: Sequence[Case]
    settings: SearchSettings
    assistant: ModelSpec
    needs: Needs
    estimate: SearchEstimate
    stored: StoredSearch

    @property
    def candidate(self) -> str:
        """The name of the model whose prompt it is."""
        return self.base.model_name

    @property
    def models(self) -> list[ModelSpec]:
        """All that may be asked; the baseline only where answers of it are missing."""
        asked = models_asked(self.task, [*self.learn, *self.held_out])
        old = [self.project.baseline] if self.needs.references or self.needs.compared else []
        return [*old, self.project.candidate(self.candidate), self.assistant, *asked]


@dataclass(frozen=True, slots=True)
class _Standing:
    """The same without a place in the history."""

    baseline: Version
    learn: Sequence[Case]
    held_out: Sequence[Case]
    assistant: ModelSpec
    needs: Needs
    estimate: SearchEstimate
    rests_on: dict[str, str]


def begin(
    project: Project,
    history: "History",
    task: Task,
    base: Version,
    settings: SearchSettings,
    *,
    author: str,
    of_record: bool = False,
) -> Ground:
    """The ground of a new search from a candidate's version, written down in the history; `of_record`: that version
    is what the prompt's file says.

    Raises `ProjectError` where there is no assistant, where checks, prompt or guidance are written wrongly, and where
    the budget is too small for one proposal.
    """
    found = _standing(project, history, task, base, settings, author)
    smallest = found.estimate.smallest_budget
    if settings.budget_calls < smallest:
        raise ProjectError(
            f"with {settings.budget_calls} calls not one proposal could be tried on all cases and tested; that may "
            f"take {smallest}, of them {found.needs.held_back} kept for the held-out cases "
            f"(--budget-calls {smallest})"
        )
    stored = history.start_search(
        task=task.name,
        candidate=base.model_name,
        base_version_id=base.id,
        settings=settings_details(settings, found.rests_on, estimate=_estimate_details(found), of_record=of_record),
        author=author,
    )
    return _ground(project, task, base, settings, found, stored)


def go_on(
    project: Project,
    history: "History",
    task: Task,
    stored: StoredSearch,
    *,
    author: str,
    budget_calls: int | None = None,
    max_cost: float | None = None,
    concurrency: int | None = None,
) -> Ground:
    """The ground of a search that goes on, perhaps with a larger budget (calls and USD of all sittings).

    Raises `ProjectError` where what it rests on has changed, and where its calls are used up.
    """
    settings = settings_of(stored)
    settings = replace(
        settings,
        budget_calls=settings.budget_calls if budget_calls is None else budget_calls,
        max_cost=settings.max_cost if max_cost is None else max_cost,
        concurrency=settings.concurrency if concurrency is None else concurrency,
    )
    base = history.version(stored.base_version_id)
    found = _standing(project, history, task, base, settings, author)
    different = changed(stored, found.rests_on)
    if different:
        raise ProjectError(
            f"{listed(different)} of task {task.name} changed since that search began, so what it found no longer "
            "compares; without --resume a new one begins"
        )
    if settings.budget_calls <= stored.calls:
        more = stored.calls + found.needs.per_try + found.needs.held_back
        raise ProjectError(
            f"that search has made {stored.calls} of {settings.budget_calls} calls; "
            f"--budget-calls {more} leaves room for another try"
        )
    # What it had to ask at first was decided then; what is there by now must not change the questions.
    if stored.settings["estimate"]["all_references"]:
        found = replace(found, needs=replace(found.needs, all_references=True))
    else:
        found = replace(found, needs=replace(found.needs, all_references=False, references=REFERENCES))
    return _ground(project, task, base, settings, found, stored)


def _standing(
    project: Project, history: "History", task: Task, base: Version, settings: SearchSettings, author: str
) -> _Standing:
    from migrator_tui.adaptation.guidance import all_guidance
    from migrator_tui.adaptation.splitting import parts_of
    from migrator_tui.project.cases import load_cases
    from migrator_tui.running.placeholders import baseline_version

    if project.assistant is None:
        raise ProjectError(NO_ASSISTANT)
    all_guidance(project)  # a mistake in a file of rules is told before anything is spent
    if is_recorded(project.candidate(base.model_name)):
        what = "the candidate's answers are read from a recording, which no prompt changes"
        raise ProjectError(f"{what}; a search needs a candidate that can be asked")
    cases = load_cases(project, task)
    parts = parts_of(history, project, task, cases)
    by_id = {case.id: case for case in cases}
    learn = [by_id[case_id] for case_id in parts.learn if case_id in by_id]
    held_out = [by_id[case_id] for case_id in parts.held_out if case_id in by_id]
    if not learn:
        raise ProjectError(f"task {task.name} has no cases to learn from")
    baseline = baseline_version(project, history, task, [base], author=author)
    about = (project, history, task, (baseline, base), (learn, held_out))
    ids = [case.id for case in learn], [case.id for case in held_out]
    return _Standing(
        baseline=baseline,
        learn=learn,
        held_out=held_out,
        assistant=project.assistant,
        needs=needs(*about, settings.budget_calls),
        estimate=estimate(*about, settings),
        rests_on=rests_on(project, task, base.model_name, project.assistant, *ids),
    )


def _estimate_details(found: _Standing) -> dict[str, object]:
    return asdict(found.estimate) | {"all_references": found.needs.all_references}


def _ground(
    project: Project, task: Task, base: Version, settings: SearchSettings, found: _Standing, stored: StoredSearch
) -> Ground:
    return Ground(
        project=project,
        task=task,
        base=base,
        baseline=found.baseline,
        learn=found.learn,
        held_out=found.held_out,
        settings=settings,
        assistant=found.assistant,
        needs=found.needs,
        estimate=found.estimate,
        stored=stored,
    )
