"""The same model and prompt version asked again, to be compared with what it answered in an earlier run.

For an alias behind which the model has moved, and for a nightly job that would notice it. Nothing is answered from
the cache: the comparison would be one of the earlier answers with themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from migrator_tui.history.records import Output, Run, RunItem, Version
from migrator_tui.project.cases import load_cases
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Case, ModelSpec, Project, Task
from migrator_tui.project.words import listed, quoted
from migrator_tui.running.cache import source_digest
from migrator_tui.running.placeholders import refuse_placeholders
from migrator_tui.running.plan import Plan, key_for, validate_checks
from migrator_tui.running.selection import Selection, Which, hint, selected_tasks

if TYPE_CHECKING:
    from migrator_tui.history.store import History

APPROVED, LAST = "approved", "last"
CHUNK = 500
_LOOKED_THROUGH = 2_000
"""Runs among which the beginning of an id is looked for."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Cases of one task that are not compared, by id and reason."""

    added: Sequence[str] = ()
    """In the project now, not in the earlier run."""
    gone: Sequence[str] = ()
    """In the earlier run, not in the project any more."""
    edited: Sequence[str] = ()
    """Would be asked otherwise now than in the earlier run."""
    unanswered: Sequence[str] = ()
    """Had no answer in the earlier run, an error perhaps."""


@dataclass(frozen=True, slots=True)
class Against:
    """What a run is compared with: kept in its settings, so that a resumed one still knows."""

    run_id: str
    model_name: str
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)
    """By task."""
    tasks_gone: Sequence[str] = ()
    """Tasks of the earlier run that the project has no more."""
    asked_otherwise: bool = False
    """What goes with every call (tools, address …) or who answers (a recording, a simulated model) was changed."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Against | None":
        """What a run with these settings is compared with; `None` where it is a run like others."""
        stored = settings.get("against")
        if stored is None:
            return None
        left_out = {task: LeftOut(**values) for task, values in stored["left_out"].items()}
        return cls(**{**stored, "left_out": left_out})


@dataclass(frozen=True, slots=True)
class Earlier:
    """The answers of one model to one task in a run."""

    version: Version
    answers: Mapping[str, Sequence[RunItem]]
    """By case id, ordered by repeat; items of calls that ended in errors are left out."""
    sent: Mapping[str, tuple[int, str]]
    """By case id: the repeat and the key of one of its calls."""
    asked: Sequence[str]
    """Ids of all cases that were to be asked."""


def find_run(history: "History", text: str, model_name: str) -> Run:
    """The run called `text`: `approved`, `last`, its id or the beginning of it.

    `approved` and `last` are those of a model: the newest approved run that asked it, whether a comparison or not,
    and the newest finished one that did and was no comparison itself. Raises `ProjectError` where there is none.
    """
    if text == APPROVED:
        return _approved(history, model_name)
    known = history.runs(_LOOKED_THROUGH)
    if not known:
        raise ProjectError("there is nothing to compare with: nothing has been run in this project yet")
    if text == LAST:
        for run in known:
            if run.state == "finished" and "against" not in run.settings and _asked(history, run, model_name):
                return run
        raise ProjectError(f"no finished run asked {model_name} yet, but for comparisons; `run` asks it")
    found = [run for run in known if run.id == text] or [run for run in known if text and run.id.startswith(text)]
    if len(found) != 1:
        what = "no run" if not found else "several runs begin with"
        there = f"the last ones are {listed([run.id for run in known[:3]])}"
        raise ProjectError(f"{what} {quoted(text)}; {there}")
    return found[0]


def _approved(history: "History", model_name: str) -> Run:
    approvals = history.approvals()
    if not approvals:
        raise ProjectError("no run has been approved yet: `run --approve` approves one")
    # A run that was approved again and again is looked at once.
    for run_id in dict.fromkeys(approval.run_id for approval in approvals):
        run = history.run(run_id)
        if _asked(history, run, model_name):
            return run
    newest = history.run(approvals[0].run_id)
    asked = listed(dict.fromkeys(item.model_name for item in history.run_items(newest.id)))
    raise ProjectError(f"no approved run asked {model_name}; the newest, of {_when(newest)}, asked {asked}")


def _asked(history: "History", run: Run, model_name: str) -> bool:
    """Whether anything in the run was for that model."""
    # The settings are at hand, and most runs that did not ask it are told by them.
    if model_name not in dict(run.settings.get("models", ())):
        return False
    return any(item.model_name == model_name for item in history.run_items(run.id))


def _when(run: Run) -> str:
    return f"{run.created_at:%Y-%m-%d %H:%M} UTC"


def plan_against(project: Project, history: "History", run: Run, model: ModelSpec, selection: Selection) -> Plan:
    """The plan that asks `model` again what it was asked in `run`; of the selection, tasks and cases count.

    Cases are today's, prompt version and repeats those of the run. Raises `ProjectError` where the model is another
    one now, or there is nothing to compare.
    """
    began = f"the run of {_when(run)}"
    items = [item for item in history.run_items(run.id) if item.model_name == model.name]
    if not items:
        asked = [name for name, _ in run.settings.get("models", ())]
        raise ProjectError(f"{began} did not ask {model.name}; it asked {listed(asked)}")
    then = dict(run.settings.get("models", ())).get(model.name, model.model)
    if then != model.model:
        raise ProjectError(
            f"{began} asked {quoted(then)} as {model.name}, which is {quoted(model.model)} now; approve a new run"
        )
    tasks = _tasks(project, selection, {item.task for item in items}, began)
    source = source_digest(project, model)
    cases: dict[str, dict[str, Case]] = {}
    versions: dict[tuple[str, str], Version] = {}
    left_out: dict[str, LeftOut] = {}
    otherwise = False
    unknown = set(selection.case_ids or ())
    for task in tasks:
        earlier = earlier_answers(history, [item for item in items if item.task == task.name])
        shared, others, left_out[task.name] = _shared(project, task, earlier, selection)
        unknown -= {*shared, *(case_id for ids in asdict(left_out[task.name]).values() for case_id in ids)}

        def differs(case: Case, task: Task = task, earlier: Earlier = earlier) -> bool:
            repeat, sent = earlier.sent[case.id]
            return sent != key_for(project, task, model, earlier.version, case, repeat, source=source)

        edited = [case_id for case_id, case in shared.items() if differs(case)]
        if edited and len(edited) == len(shared) and all(map(differs, others)):
            otherwise = True  # not the cases, but something that goes with all of them
        else:
            shared = {case_id: case for case_id, case in shared.items() if case_id not in set(edited)}
            left_out[task.name] = LeftOut(**{**asdict(left_out[task.name]), "edited": edited})
        validate_checks(task, shared.values())
        cases[task.name], versions[task.name, model.name] = shared, earlier.version
    for case_id in sorted(unknown):
        raise ProjectError(f"no case {quoted(case_id)}{hint(case_id, [item.case_id for item in items])}")
    if not any(cases.values()):
        raise ProjectError(f"there is nothing to compare: {began} has no answer to any case that was chosen")
    tasks = [task for task in tasks if cases[task.name]]
    refuse_placeholders([model], versions)
    repeat = max(item.repeat for item in items)
    against = Against(
        run.id,
        model.name,
        left_out,
        sorted({item.task for item in items} - {task.name for task in project.tasks}),
        otherwise,
    )
    candidates = list(project.candidates) if model.name == BASELINE else [model]
    settings = {
        "tasks": [task.name for task in tasks],
        "candidates": [candidate.name for candidate in candidates],
        "cases": {name: list(by_id) for name, by_id in cases.items()},
        "models": [[model.name, model.model]],
        "repeat": repeat,
        "baseline": model.name == BASELINE,
        "which": Which.ALL.value,
        "cache": False,
        "versions": [[task, name, version.id] for (task, name), version in versions.items()],
        "against": asdict(against),
    }
    planned = list(_items(project, tasks, model, cases, versions, repeat, source))
    return Plan(project, tasks, candidates, cases, versions, planned, repeat, settings)


def earlier_answers(history: "History", items: Sequence[RunItem]) -> Earlier:
    """What one model answered to one task in a run, from the items that asked it."""
    answered = [item for item in items if item.output_id is not None]
    answers: dict[str, list[RunItem]] = {}
    sent: dict[str, tuple[int, str]] = {}
    for start in range(0, len(answered), CHUNK):
        chunk = answered[start : start + CHUNK]
        outputs = history.outputs([item.output_id for item in chunk if item.output_id is not None])
        for item in chunk:
            output = outputs.get(item.output_id or 0)
            if output is not None and not output.failed_call:
                answers.setdefault(item.case_id, []).append(item)
                sent.setdefault(item.case_id, (item.repeat, output.call_key))
    return Earlier(history.version(items[0].version_id), answers, sent, list(dict.fromkeys(i.case_id for i in items)))


def answers_of(history: "History", items: Mapping[str, Sequence[RunItem]]) -> dict[str, list[Output]]:
    """The outputs of items by case id, as many at a time as fit in memory with their texts."""
    ids = [item.output_id for some in items.values() for item in some if item.output_id is not None]
    stored = history.outputs(ids)
    return {
        case_id: [stored[item.output_id] for item in some if item.output_id in stored]
        for case_id, some in items.items()
    }


def _tasks(project: Project, selection: Selection, asked: set[str], began: str) -> list[Task]:
    chosen = selected_tasks(project, selection)
    for task in chosen:
        if selection.tasks is not None and task.name not in asked:
            raise ProjectError(f"{began} did not ask about task {quoted(task.name)}; it asked about {listed(asked)}")
    return [task for task in chosen if task.name in asked]


def _shared(
    project: Project, task: Task, earlier: Earlier, selection: Selection
) -> tuple[dict[str, Case], list[Case], LeftOut]:
    """The cases that are in both, and those that are in one of them only; of chosen cases, only these.

    Between the two: the cases that are in both and were not chosen.
    """
    today = {case.id: case for case in load_cases(project, task)}
    wanted = set(selection.case_ids) if selection.case_ids is not None else {*today, *earlier.asked}
    asked = set(earlier.asked)
    shared = {case_id: case for case_id, case in today.items() if case_id in wanted and case_id in earlier.answers}
    others = [case for case_id, case in today.items() if case_id in earlier.answers and case_id not in shared]
    return (
        shared,
        others,
        LeftOut(
            added=[case_id for case_id in today if case_id in wanted and case_id not in asked],
            gone=[case_id for case_id in earlier.asked if case_id in wanted and case_id not in today],
            unanswered=[
                case_id
                for case_id in earlier.asked
                if case_id in wanted and case_id in today and case_id not in earlier.answers
            ],
        ),
    )


def _items(
    project: Project,
    tasks: Sequence[Task],
    model: ModelSpec,
    cases: Mapping[str, Mapping[str, Case]],
    versions: Mapping[tuple[str, str], Version],
    repeat: int,
    source: str | None,
) -> Iterator[RunItem]:
    no = 0
    for task in tasks:
        version = versions[task.name, model.name]
        for case in cases[task.name].values():
            for repetition in range(1, repeat + 1):
                no += 1
                key = key_for(project, task, model, version, case, repetition, source=source)
                yield RunItem(no, task.name, model.name, case.id, version.id, repetition, key)
