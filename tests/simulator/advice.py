"""The samples and the simulated assistant without a database: what is sent, what comes back, what comes of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator_tui.adaptation.answer import Asked, Reading, read_answer
from migrator_tui.adaptation.brief import Brief, brief
from migrator_tui.adaptation.grouping import answer_text, grouped
from migrator_tui.adaptation.material import Failure, Material, Rejected
from migrator_tui.checks.base import CheckResult, Subject
from migrator_tui.checks.registry import run_plain_checks
from migrator_tui.history.records import Output
from migrator_tui.models.requests import ToolCall
from migrator_tui.models.simulator.answering import answer
from migrator_tui.models.simulator.personas import load_persona
from migrator_tui.parity.drift.registry import detect
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.prompts import read_template, render
from migrator_tui.project.schema import AdaptationSettings, Case, Message, Project, Task

SAMPLES = Path(__file__).parents[2] / "sample_projects"
ADVISER = load_persona("adviser-1")


@dataclass(frozen=True)
class Answered:
    """One answer to a case, judged by its checks."""

    output: Output
    failed: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Bench:
    """A project whose two models are simulated."""

    project: Project
    task: Task
    cases: Sequence[Case]
    base: str
    old: Mapping[str, Answered]

    @property
    def learn(self) -> set[str]:
        """Six cases of ten, those that the assistant may see."""
        return {case.id for place, case in enumerate(self.cases) if place % 5 in {0, 2, 4}}

    def failing(self, template: str) -> set[str]:
        """The ids of cases that the new model fails with this prompt."""
        return {
            id_
            for id_, said in answers(self.project, self.task, self.cases, "newer", template).items()
            if said.failed
        }

    def regressions(self, template: str) -> set[str]:
        """Those of them that the old model passes."""
        return {id_ for id_ in self.failing(template) if not self.old[id_].failed}

    def brief(self, template: str, rejected: Sequence[Rejected] = (), told_template: str = "", **more: Any) -> Brief:
        """What the assistant is sent about a prompt; with `told_template` as if that were it."""
        new = answers(self.project, self.task, self.cases, "newer", template)
        failures = {
            case.id: failure(case, self.old[case.id], new[case.id])
            for case in self.cases
            if case.id in self.learn and new[case.id].failed
        }
        return self.asking(failures, told_template or template, rejected, **more)

    def asking(
        self, failures: Mapping[str, Failure], template: str, rejected: Sequence[Rejected] = (), **more: Any
    ) -> Brief:
        """A request about these failures."""
        material: dict[str, Any] = {
            "task": self.task.name,
            "old_model": self.project.baseline.model,
            "new_model": self.project.candidates[0].model,
            "version": "v1",
            "template": template,
            "limits": self.project.adaptation,
            "groups": grouped(failures),
            "failures": failures,
            "learn": len(self.learn),
            "rejected": rejected,
        }
        return brief(Material(**{**material, **more}))


def bench(folder: Path) -> Bench:
    """The project of that folder."""
    project = load_project(folder)
    task = project.tasks[0]
    cases = load_cases(project, task)
    base = read_template(project.prompt_file(task, "newer"))
    return Bench(project, task, cases, base, answers(project, task, cases, "baseline", base))


def answers(project: Project, task: Task, cases: Sequence[Case], model: str, template: str) -> dict[str, Answered]:
    """What a simulated model answers, by case id."""
    spec = project.model(model)
    body: dict[str, Any] = {**spec.params, **({"tools": list(task.tools)} if task.tools else {})}
    persona = load_persona(spec.model, project.folder)
    found = {}
    for case in cases:
        reply = answer(persona, {**body, "messages": render(template, case)})
        made = tuple(ToolCall(call.id, call.name, call.arguments) for call in reply.tool_calls)
        subject = Subject(text=reply.text, tool_calls=made, tools=task.tools, finish_reason=reply.finish_reason)
        results = run_plain_checks([*task.checks, *case.checks], subject)
        failed = tuple((r.spec.label, r.reason) for r in results if isinstance(r, CheckResult) and not r.passed)
        output = Output("", task.name, model, spec.model, case.id, 1, 0, text=reply.text, tool_calls=made)
        found[case.id] = Answered(output, failed)
    return found


def failure(case: Case, old: Answered, new: Answered, **more: Any) -> Failure:
    """A failing case as a request shows it."""
    drifts = [drift for drift in detect(old.output, new.output) if drift.differs]
    details: dict[str, Any] = {
        "reference": answer_text(old.output),
        "reference_passes": not old.failed,
        "failed": new.failed,
        "drift": tuple(drift.words for drift in drifts),
        "drift_names": tuple(drift.name for drift in drifts),
        "signs": tuple(label for label, _ in new.failed),
    }
    return Failure(case=case, answer=answer_text(new.output), **{**details, **more})


def told(messages: Sequence[Message]) -> str:
    """The assistant's answer."""
    return answer(ADVISER, {"messages": [dict(message) for message in messages]}).text


def suggested(
    request: Brief,
    template: str,
    limits: AdaptationSettings | None = None,
    cases: Sequence[Case] = (),
    frozen: Collection[str] = (),
    minimal: bool = False,
) -> Reading:
    """What it proposes, by the rules that everybody's proposals are held to."""
    limits = limits or AdaptationSettings()
    asked = Asked(
        base=template, limits=limits, names=request.names, frozen=list(frozen), cases=cases, minimal=minimal
    )
    return read_answer(told(request.messages), asked)


def as_rejected(reading: Reading) -> list[Rejected]:
    """Its edits, as a person's refusals of them are told."""
    return [Rejected({"op": edit.op, "anchor": edit.anchor, "text": edit.text}, "no") for edit in reading.edits]
