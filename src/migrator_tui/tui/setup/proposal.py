"""What the set-up proposes for a folder, and the files that would be written for it. Knows no widgets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from migrator_tui.models.catalog import ModelFacts, lookup
from migrator_tui.models.successors import successors
from migrator_tui.project.cases import read_cases
from migrator_tui.project.config import CONFIG_NAME
from migrator_tui.project.discovery import (
    STARTER_PROMPT,
    USUAL_BASELINE,
    USUAL_CANDIDATE,
    Discovery,
    FoundCases,
    FoundPrompt,
    ProposedTask,
    propose_config,
    starter_cases,
)
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import is_chat, read_template, variables

MOST_TASKS = 8
"""Tasks proposed at once; more can be taken by hand."""

COUNTED_BYTES = 64 * 1024 * 1024
"""Case files above this are taken without being counted."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model, and where it comes from."""

    name: str
    why: str
    found: bool = False
    """It stands in the folder's files, or the user chose it; otherwise it is a proposal."""


@dataclass(frozen=True, slots=True)
class PromptChoice:
    """One prompt, which makes one task."""

    shown: str
    variables: tuple[str, ...] = ()
    chat: bool = False
    text: str | None = None
    """What is written into the file where there is none yet."""
    starter: bool = False
    """It is our example."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CasesChoice:
    """One case file."""

    shown: str
    count: int | None = None
    variables: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TaskChoice:
    """One task of the project to be."""

    name: str
    prompt: PromptChoice
    cases: tuple[CasesChoice, ...] = ()
    written: tuple[Mapping[str, Any], ...] = ()
    """Cases written by hand in the set-up."""

    @property
    def unmet(self) -> tuple[str, ...]:
        """Variables of the prompt for which some case file has no value."""
        met = [set(file.variables) for file in self.cases if not file.problem]
        return tuple(name for name in self.prompt.variables if any(name not in each for each in met))


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything the set-up would write down."""

    folder: Path
    name: str
    baseline: ModelChoice
    candidate: ModelChoice
    tasks: tuple[TaskChoice, ...]

    def with_task(self, number: int, task: TaskChoice) -> "Proposal":
        """The same with one task changed."""
        return replace(self, tasks=(*self.tasks[:number], task, *self.tasks[number + 1 :]))


def propose(found: Discovery, today: date) -> Proposal:
    """The likeliest of what was found; what is missing is begun with an example."""
    if found.models:
        first = found.models[0]
        baseline = ModelChoice(first.name, f"found in {first.shown}", found=True)
    else:
        baseline = ModelChoice(USUAL_BASELINE, "no model is named in these files")
    return Proposal(found.folder, found.name, baseline, candidate_for(baseline.name, today), _tasks(found))


def candidate_for(baseline: str, today: date) -> ModelChoice:
    """The model proposed to move to."""
    best = next(iter(successors(baseline, today, 1)), None)
    if best is not None:
        return ModelChoice(best.facts.name, f"proposed: {best.why}")
    name = USUAL_CANDIDATE if baseline != USUAL_CANDIDATE else USUAL_BASELINE
    return ModelChoice(name, "only an example: choose yours")


def _tasks(found: Discovery) -> tuple[TaskChoice, ...]:
    """A task for each prompt with a case file of its name that fits, else one for the likeliest prompt."""
    tasks: dict[str, TaskChoice] = {}
    for prompt in found.prompts:
        name = task_name(prompt.shown, ())
        own = [c for c in found.cases if task_name(c.shown, ()) == name and _fits(prompt, c)]
        if own and name not in tasks and len(tasks) < MOST_TASKS:
            tasks[name] = TaskChoice(name, _prompt(prompt), (_cases(own[0]),))
    if tasks:
        return tuple(tasks.values())
    if not found.prompts:
        starter = PromptChoice("prompts/answer.md", ("shop",), text=STARTER_PROMPT, starter=True)
        fitting = [each for each in found.cases if {"shop"} <= set(each.variables)]
        return (TaskChoice("answer", starter, tuple(map(_cases, fitting[:1]))),)
    first = found.prompts[0]
    fitting = [each for each in found.cases if _fits(first, each)]
    return (TaskChoice(task_name(first.shown, ()), _prompt(first), tuple(map(_cases, fitting[:1]))),)


def _fits(prompt: FoundPrompt, cases: FoundCases) -> bool:
    return set(prompt.variables) <= set(cases.variables)


def _prompt(found: FoundPrompt) -> PromptChoice:
    return PromptChoice(found.shown, found.variables, found.chat)


def _cases(found: FoundCases) -> CasesChoice:
    return CasesChoice(found.shown, found.count, found.variables)


def task_name(prompt: str, taken: Sequence[str]) -> str:
    """A name for the task of that prompt: its file's, with the folder's in front where that one is taken."""
    path = Path(prompt)
    stem = path.name.split(".")[0] or "answer"
    name = stem if stem not in taken or not path.parent.name else f"{path.parent.name}-{stem}"
    number, own = 2, name[:60]
    while own in taken:
        own, number = f"{name[:60]}-{number}", number + 1
    return own


def look_at_prompt(folder: Path, shown: str) -> PromptChoice:
    """A prompt file that the user named, with its mistake where it has one."""
    try:
        template = read_template(inside(folder, shown), shown)
        return PromptChoice(shown, tuple(sorted(variables(template))), is_chat(template))
    except ProjectError as error:
        return PromptChoice(shown, problem=str(error))


def written_prompt(folder: Path, name: str, text: str) -> PromptChoice:
    """A prompt typed into the set-up; raises `ProjectError` where it is no template."""
    return PromptChoice(
        free_name(folder, f"prompts/{name}.md"), tuple(sorted(variables(text))), is_chat(text), text=text
    )


def look_at_cases(folder: Path, shown: str) -> CasesChoice:
    """A case file that the user named, counted and with its first mistake; reads all of it, so not on the screen's
    thread."""
    try:
        file = inside(folder, shown)
        found = read_cases(file, folder)
        first = next(found, None)
        if first is None:
            return CasesChoice(shown, problem=f"{shown}: holds no case")
        small = file.stat().st_size <= COUNTED_BYTES
        return CasesChoice(shown, 1 + sum(1 for _ in found) if small else None, tuple(sorted(first.vars)))
    except ProjectError as error:
        return CasesChoice(shown, problem=str(error))
    except OSError as error:
        return CasesChoice(shown, problem=f"{shown}: can't be read ({error.strerror})")


def inside(folder: Path, shown: str) -> Path:
    """The file of that name; `ProjectError` where it lies outside the folder."""
    path = folder / shown
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ProjectError("lies outside the folder", file=shown)
    return path


def files_of(proposal: Proposal) -> dict[Path, str]:
    """What would be written, by absolute path. Raises `ProjectError` where a prompt can't be read."""
    folder = proposal.folder
    files: dict[Path, str] = {}
    tasks = []
    for task in proposal.tasks:
        prompt = task.prompt
        template = prompt.text if prompt.text is not None else read_template(folder / prompt.shown, prompt.shown)
        if prompt.text is not None:
            files[folder / prompt.shown] = prompt.text.rstrip("\n") + "\n"
        cases = [file.shown for file in task.cases]
        if task.written or not cases:
            new = free_name(
                folder, f"cases/{task.name}.jsonl", [path.relative_to(folder).as_posix() for path in files]
            )
            lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in task.written)
            files[folder / new] = lines or starter_cases(template)
            cases.append(new)
        tasks.append(ProposedTask(task.name, prompt.shown, cases))
    config = propose_config(
        name=proposal.name, baseline=proposal.baseline.name, candidates=[proposal.candidate.name], tasks=tasks
    )
    return {folder / CONFIG_NAME: config, **files}


def free_name(folder: Path, wanted: str, taken: Sequence[str] = ()) -> str:
    """The wanted path from the folder, with a number where a file is there already."""
    path = Path(wanted)
    number, name = 2, wanted
    while (folder / name).exists() or (folder / name).is_symlink() or name in taken:
        name, number = path.with_stem(f"{path.stem}-{number}").as_posix(), number + 1
    return name


def facts_line(facts: ModelFacts | None, today: date) -> str:
    """What the price map says of a model, in a few words."""
    if facts is None:
        return "not in the price map: its cost will be unknown"
    parts = []
    if facts.input_usd is not None and facts.output_usd is not None:
        parts.append(f"${facts.input_usd:g} in, ${facts.output_usd:g} out /M")
    if (retiring := retires(facts, today)) is not None:
        parts.append(retiring)
    return " · ".join(parts)


def retires(facts: ModelFacts | None, today: date) -> str | None:
    """`retires 14 Jan 2027`, or `None` where no date is known."""
    if facts is None or facts.deprecation_date is None:
        return None
    day = facts.deprecation_date
    return f"{'retired' if day <= today else 'retires'} {day.day} {day:%b %Y}"


def facts_of(model: str) -> ModelFacts | None:
    """What is known of a model; nothing of simulated and recorded ones."""
    return None if model.startswith(("simulated:", "recorded:")) else lookup(model)
