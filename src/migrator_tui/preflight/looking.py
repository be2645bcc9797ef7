"""The look itself: gathers what is asked, has parameters tried, and puts all findings together."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from migrator_tui.models.catalog import lookup, price_of
from migrator_tui.models.dry_run import DryRun, ParameterSet
from migrator_tui.preflight import dates
from migrator_tui.preflight.access import key_findings, server_findings
from migrator_tui.preflight.asked import Asked, CaseFacts, case_facts, unreadable
from migrator_tui.preflight.dates import Going, date_findings, going
from migrator_tui.preflight.finding import Finding, Severity
from migrator_tui.preflight.known import known_answers
from migrator_tui.preflight.limits import limit_findings
from migrator_tui.preflight.messages import message_findings
from migrator_tui.preflight.money import Cost, cost_of, helper_findings, price_findings
from migrator_tui.preflight.names import name_findings
from migrator_tui.preflight.offers import offer_findings
from migrator_tui.preflight.parameters import parameter_findings
from migrator_tui.preflight.prompts import prompt_findings
from migrator_tui.preflight.tools import tool_findings
from migrator_tui.project.cases import iter_cases
from migrator_tui.project.formats.promptfoo.placeholders import placeholder_in
from migrator_tui.project.prompts import read_template
from migrator_tui.project.schema import BASELINE, ModelSpec, Project, Task
from migrator_tui.running.spending import is_recorded

if TYPE_CHECKING:
    from migrator_tui.history.store import History

FAMILIES: Sequence[Callable[[Asked], Iterator[Finding]]] = (
    prompt_findings,
    parameter_findings,
    tool_findings,
    message_findings,
    limit_findings,
    offer_findings,
)
"""What is looked at for each model on each task."""
_ORDER = list(Severity)
TryOut = Callable[[Sequence[ParameterSet]], Awaitable[Sequence[DryRun]]]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked with in place of its files: the draft in an editor."""

    template: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found."""

    project: Project
    findings: Sequence[Finding]
    """The gravest first; of equals, those about more calls."""
    costs: Sequence[Cost]
    going: Sequence[Going]
    today: date
    looked_at: int
    """Things that were looked at."""
    library: str = ""
    """Who was asked about parameters, with its version; empty where nothing had to be tried."""

    def of(self, severity: Severity) -> list[Finding]:
        """The findings of that weight."""
        return [finding for finding in self.findings if finding.severity is severity]

    @property
    def clear(self) -> bool:
        """Neither blockers nor warnings."""
        return not self.of(Severity.BLOCKER) and not self.of(Severity.WARNING)

    def spec(self, name: str) -> ModelSpec:
        """The model behind a finding's name."""
        project = self.project
        models = (project.baseline, *project.candidates, *project.helpers)
        return next(spec for spec in models if spec.name == name)


def gather(
    project: Project,
    history: "History | None",
    *,
    tasks: Sequence[Task],
    candidates: Sequence[ModelSpec],
    drafts: Mapping[tuple[str, str], Prompt] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Asked]:
    """Everything that would be asked, the baseline first on each task; reads prompts and cases once.

    `drafts` by task and model name take the place of the files. Raises `ProjectError`.
    """
    found: list[Asked] = []
    for task in tasks:
        cases = case_facts(iter_cases(project, task), stop)
        prompts = _prompts(project, history, task, candidates, drafts or {})
        old: Asked | None = None
        for spec in (project.baseline, *candidates):
            asked = replace(_asked(project, history, task, spec, cases, prompts[spec.name]), old=old)
            old = old or asked
            found.append(asked)
    return found


def _prompts(
    project: Project,
    history: "History | None",
    task: Task,
    candidates: Sequence[ModelSpec],
    drafts: Mapping[tuple[str, str], Prompt],
) -> dict[str, Prompt]:
    """What each model is asked with, by its name: the draft, else the files."""
    found: dict[str, Prompt] = {}
    for spec in (project.baseline, *candidates):
        draft = drafts.get((task.name, spec.name))
        if draft is None:
            template = read_template(project.prompt_file(task, spec.name))
            draft = Prompt(template, spec.params_for(task.name))
        found[spec.name] = draft
    old = found[project.baseline.name]
    if placeholder_in(old.template) is not None and not is_recorded(project.baseline):
        # As a run has it (`running.placeholders`): what is written in its place is the baseline's prompt as well.
        before = history.versions(task.name, project.baseline.name) if history is not None else []
        written = [*(version.template for version in before), *(prompt.template for prompt in found.values())]
        first = next((template for template in written if placeholder_in(template) is None), old.template)
        found[project.baseline.name] = replace(old, template=first)
    return found


def _asked(
    project: Project,
    history: "History | None",
    task: Task,
    spec: ModelSpec,
    cases: CaseFacts,
    prompt: Prompt,
) -> Asked:
    real = not spec.model.startswith(("recorded:", "simulated:"))
    return Asked(
        spec,
        task,
        dict(prompt.params),
        prompt.template,
        lookup(spec.model) if real else None,
        cases,
        known=known_answers(project, history, task, spec, prompt.template, cases),
    )


async def with_dry_runs(asked: Sequence[Asked], try_out: TryOut) -> list[Asked]:
    """The same, with what would become of their parameters; each distinct set is tried once.

    `try_out` is not called where only files and our own simulator would be asked.
    """
    sets: dict[str, ParameterSet] = {}
    keys: list[str | None] = []
    for each in asked:
        if not each.is_real:
            keys.append(None)
            continue
        wanted = ParameterSet(each.spec.model, each.params, each.beside, each.spec.api_base)
        keys.append(repr(wanted))
        sets[repr(wanted)] = wanted
    runs = dict(zip(sets, await try_out(list(sets.values())), strict=True)) if sets else {}
    return [replace(each, dry=runs[key]) if key is not None else each for each, key in zip(asked, keys, strict=True)]


def look(
    project: Project,
    asked: Sequence[Asked],
    *,
    environment: Mapping[str, str],
    trusted: bool,
    today: date | None = None,
) -> Preflight:
    """All findings about what is asked and about the models themselves. Asks no model; raises `ProjectError`.

    `environment` is the workers': only which names are set in it counts.
    """
    today = today or dates.today()
    available = {name for name, value in environment.items() if value.strip()}
    names = {each.spec.name for each in asked}
    models = [project.baseline, *(c for c in project.candidates if c.name in names), *project.helpers]
    findings: list[Finding] = []
    for each in asked:
        if problem := unreadable(each):
            findings.append(each.finding(Severity.BLOCKER, "prompt", problem, "mend the prompt or the case"))
            continue
        for family in FAMILIES:
            found = list(family(each))
            # Notes on the model that does the work today would tell its users what they know.
            findings += [f for f in found if not (each.in_production and f.severity is Severity.NOTE)]
    readable = [each for each in asked if not unreadable(each)]
    prices = {spec.name: price_of(spec, project.folder) for spec in models}
    costs = [cost_of(each, prices[each.spec.name]) for each in readable]
    findings += (finding for spec in models for finding in name_findings(spec, project.folder))
    findings += price_findings(readable, costs)
    findings += helper_findings(project.helpers, prices)
    goings = [gone for spec in models if (gone := going(spec)) is not None]
    findings += date_findings(goings, today)
    idle = {spec.name for spec in project.helpers} - _asked_by_checks(project)
    keyless = _is_keyless(models, available)
    for spec in models:
        found_keys = key_findings(spec, available)
        findings += (_eased(f) for f in found_keys) if keyless or spec.name in idle else found_keys
    findings += server_findings(models, trusted=trusted, available=available)
    library = next((each.dry.library for each in asked if each.dry is not None), "")
    looked_at = len(asked) * len(FAMILIES) + len(readable) + 4 * len(models)
    return Preflight(project, _sorted(findings, project), costs, goings, today, looked_at, library)


def _asked_by_checks(project: Project) -> set[str]:
    """The models that checks of the tasks ask; what single cases ask is told when they are run."""
    from migrator_tui.checks.registry import asked_models

    return {model.name for task in project.tasks for model, _ in asked_models(task.checks, task.check_setup).values()}


def _is_keyless(models: Sequence[ModelSpec], available: Collection[str]) -> bool:
    """Whether no key that the project could use is set: in CI, or with a reviewer, who looks and asks no model."""

    def blocked(spec: ModelSpec, names: Collection[str]) -> bool:
        return any(finding.severity is Severity.BLOCKER for finding in key_findings(spec, names))

    return all(blocked(spec, available) for spec in models if blocked(spec, ()))


def _eased(finding: Finding) -> Finding:
    """What keeps a model from being asked is in no one's way where nothing asks it."""
    return replace(finding, severity=Severity.WARNING) if finding.severity is Severity.BLOCKER else finding


def _sorted(findings: Collection[Finding], project: Project) -> list[Finding]:
    order = [BASELINE, *(spec.name for spec in project.candidates), *(spec.name for spec in project.helpers)]
    # Python keeps the order of equals: within a model as they were found.
    unique = list(dict.fromkeys(findings))
    # What stops every call of a model stands before what stops one task's.
    return sorted(
        unique,
        key=lambda f: (_ORDER.index(f.severity), f.task is not None, f.model == BASELINE, order.index(f.model)),
    )
