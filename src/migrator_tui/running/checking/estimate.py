"""What a run's checks will ask, before it starts: of the outputs to come, and of those that are there already."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migrator_tui.checks.base import Subject
from migrator_tui.history.records import RunItem
from migrator_tui.project.schema import BASELINE, Case, CheckSpec, ModelSpec, Task
from migrator_tui.running.checking.waiting import open_checks
from migrator_tui.running.judging import CHUNK, specs_for
from migrator_tui.running.plan import Plan

if TYPE_CHECKING:
    from migrator_tui.history.store import History

FRAME_TOKENS = 350
"""What a judge is told around rubric and answer, the rubric included."""
REPLY_TOKENS = 80
"""A judge's reply: a sentence and a number."""


@dataclass(slots=True)
class CheckCalls:
    """What is to be asked for checks."""

    checks: int = 0
    """Checks that wait for a model or a process."""
    models: dict[str, tuple[ModelSpec, int]] = field(default_factory=dict)
    """The models asked, with how many calls each, by `judge` and `embeddings`."""

    @property
    def calls(self) -> int:
        """Calls to models."""
        return sum(calls for _, calls in self.models.values())

    def add(self, task: Task, specs: Iterable[CheckSpec]) -> None:
        """Count checks that wait, of one output."""
        from migrator_tui.checks.registry import asked_models

        specs = list(specs)
        self.checks += len(specs)
        for asks, (model, calls) in asked_models(specs, task.check_setup).items():
            self.models[asks] = model, calls + (self.models[asks][1] if asks in self.models else 0)


def check_calls(plan: Plan, history: "History") -> CheckCalls:
    """What the checks of a plan will ask. Outputs that are there already count where nobody was asked about them."""
    from migrator_tui.checks.registry import applies, waits

    found = CheckCalls()
    for task in plan.tasks:
        cases = plan.cases[task.name]
        usual = [spec for spec in task.checks if waits(spec)]
        own = {case.id for case in cases.values() if any(waits(spec) for spec in case.checks)}
        items = [item for item in plan.items if item.task == task.name and (usual or item.case_id in own)]
        linked = [item for item in items if item.output_id is not None]
        for start in range(0, len(linked), CHUNK):
            _add_known(found, plan, history, task, linked[start : start + CHUNK])
        blanks = {True: Subject("", is_baseline=True), False: Subject("")}
        for item in items:
            if item.output_id is None:
                blank = blanks[item.model_name == BASELINE]
                specs = _waiting(task, cases[item.case_id], usual)
                found.add(task, (spec for spec in specs if applies(spec, blank)))
    return found


def _waiting(task: Task, case: Case, usual: list[CheckSpec]) -> list[CheckSpec]:
    from migrator_tui.checks.registry import waits

    return [spec for spec in specs_for(task, case) if waits(spec)] if case.checks else usual


def _add_known(found: CheckCalls, plan: Plan, history: "History", task: Task, items: list[RunItem]) -> None:
    outputs = history.outputs([item.output_id for item in items if item.output_id is not None])
    ids = list(dict.fromkeys(item.case_id for item in items))
    baselines = history.current_outputs(task.name, BASELINE, plan.project.baseline.model, ids)
    for check in open_checks(history, task, plan.cases[task.name], list(outputs.values()), baselines):
        found.add(task, [check.spec])
