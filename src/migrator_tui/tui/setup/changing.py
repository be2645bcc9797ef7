"""`enter` on a row of the set-up: a search for a model, a prompt or cases, or writing one by hand."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from migrator_tui.models.catalog import search
from migrator_tui.models.key_names import key_state
from migrator_tui.models.successors import successors
from migrator_tui.project.discovery import Discovery
from migrator_tui.project.folder_scan import PROMPT_SUFFIXES
from migrator_tui.project.formats.promptfoo.reading import CONFIG_NAMES
from migrator_tui.project.prompts import read_template
from migrator_tui.project.task_tables import CASE_SUFFIXES
from migrator_tui.tui.setup.picker import Pick, Picker
from migrator_tui.tui.setup.proposal import (
    CasesChoice,
    ModelChoice,
    Proposal,
    TaskChoice,
    candidate_for,
    facts_line,
    facts_of,
    look_at_cases,
    look_at_prompt,
    task_name,
    written_prompt,
)
from migrator_tui.tui.setup.writing import WriteCase, WritePrompt

if TYPE_CHECKING:
    from migrator_tui.tui.setup.app import SetUpScreen

WRITE = "\0write"
"""The pick that means: by hand."""

DROP = "\0drop"
"""The pick that takes back what was written by hand."""


async def change_model(
    screen: "SetUpScreen", which: str, proposal: Proposal, found: Discovery, available: Collection[str]
) -> Proposal | None:
    """Search the price map for the baseline or the candidate."""
    today = date.today()
    title = "The model you move from" if which == "baseline" else "The model you move to"
    hint = (
        "any name works: recorded:answers.jsonl, ollama/llama3 …" if which == "baseline" else "any model name works"
    )
    picker = Picker(
        title,
        hint,
        _model_search(which, proposal, found, available, today),
        screen.glyphs,
        placeholder="a model's name, as you remember it",
    )
    taken = await screen.app.push_screen_wait(picker)
    if not taken:
        return None
    found_at = {model.name: f"found in {model.shown}" for model in found.models}
    choice = ModelChoice(taken[0], found_at.get(taken[0], "chosen by you"), found=True)
    if which == "candidate":
        return replace(proposal, candidate=choice)
    if proposal.candidate.found:
        return replace(proposal, baseline=choice)
    # A candidate that nobody chose follows the baseline.
    return replace(proposal, baseline=choice, candidate=candidate_for(choice.name, today))


def _model_search(
    which: str, proposal: Proposal, found: Discovery, available: Collection[str], today: date
) -> Callable[[str], Sequence[Pick]]:
    def pick(name: str, why: str = "") -> Pick:
        facts = facts_of(name)
        state = key_state(name, facts.provider if facts else None, available)
        parts = [why, facts_line(facts, today) if facts or not name.startswith(("simulated:", "recorded:")) else ""]
        if not state.is_set:
            parts.append("no key")
        return Pick(name, name, " · ".join(filter(None, parts)))

    def first() -> list[Pick]:
        if which == "baseline":
            named = [pick(model.name, model.shown) for model in found.models]
            return named or [pick(proposal.baseline.name)]
        proposed = [pick(each.facts.name, each.why) for each in successors(proposal.baseline.name, today, 12)]
        current = proposal.candidate.name
        return proposed if current in [each.value for each in proposed] else [pick(current), *proposed]

    def like(text: str) -> Sequence[Pick]:
        if not text:
            return first()
        own = [pick(m.name, m.shown) for m in found.models if text.casefold() in m.name.casefold()]
        known = {each.value for each in own}
        picks = [*own, *(pick(facts.name) for facts in search(text, 30) if facts.name not in known)]
        if text not in {each.value for each in picks} and text.isprintable():
            as_it_is = Pick(text, f"use {text} as it is", "" if facts_of(text) else "not in the price map")
            # A name with a scheme is not something to search for.
            picks.insert(0 if ":" in text and "/" not in text.partition(":")[0] else len(picks), as_it_is)
        return picks

    return like


async def change_prompts(screen: "SetUpScreen", proposal: Proposal, found: Discovery) -> Proposal | None:
    """Take one or several prompt files, a task each, or write one."""
    notes = {each.shown: _variables_note(each.variables) for each in found.prompts}
    write = Pick(WRITE, "write or paste a prompt here", alone=True)
    files = [shown for shown in found.files if Path(shown).suffix.lower() in PROMPT_SUFFIXES]
    marked = [task.prompt.shown for task in proposal.tasks if task.prompt.text is None]
    picker = Picker(
        "Prompt files, a task each",
        "the system prompt, or a chat with role headings",
        _file_search(proposal.folder, [p.shown for p in found.prompts], files, notes, write),
        screen.glyphs,
        several=True,
        marked=marked if len(marked) > 1 else (),
    )
    taken = await screen.app.push_screen_wait(picker)
    if not taken:
        return None
    before = {task.prompt.shown: task for task in proposal.tasks}
    if taken == (WRITE,):
        text = await screen.app.push_screen_wait(WritePrompt())
        if text is None:
            return None
        task = proposal.tasks[0]
        name = task.name if task.prompt.text is not None else "answer"
        return replace(
            proposal, tasks=(_refitted(TaskChoice(name, written_prompt(proposal.folder, name, text)), found),)
        )
    tasks: list[TaskChoice] = []
    for shown in taken:
        known = before.get(shown)
        if known is None:
            prompt = look_at_prompt(proposal.folder, shown)
            known = _refitted(TaskChoice(task_name(shown, [task.name for task in tasks]), prompt), found)
        tasks.append(known)
    return replace(proposal, tasks=tuple(tasks))


def _refitted(task: TaskChoice, found: Discovery) -> TaskChoice:
    """The task with the case file that has its name, else the likeliest that has a value for every variable."""
    fitting = [each for each in found.cases if set(task.prompt.variables) <= set(each.variables)]
    fitting.sort(key=lambda each: task_name(each.shown, ()) != task.name)
    if not fitting:
        return task
    best = fitting[0]
    return replace(task, cases=(CasesChoice(best.shown, best.count, best.variables),))


async def change_cases(screen: "SetUpScreen", number: int, proposal: Proposal, found: Discovery) -> Proposal | None:
    """Take one or several case files for a task, or write a case."""
    task = proposal.tasks[number]
    if task.prompt.problem:
        screen.say(task.prompt.problem)
        return None
    files = [
        shown for shown in found.files if Path(shown).suffix.lower() in CASE_SUFFIXES and shown not in CONFIG_NAMES
    ]
    taken: tuple[str, ...] | None = (WRITE,)
    if files:
        notes = {each.shown: _cases_note(each.count, each.variables) for each in found.cases}
        extra = [Pick(WRITE, "write a case here", alone=True)]
        if task.written:
            extra.append(Pick(DROP, f"drop the {len(task.written)} written here", alone=True))
        picker = Picker(
            f"Case files of {task.name}",
            "JSONL, CSV, YAML or JSON",
            _file_search(proposal.folder, [c.shown for c in found.cases], files, notes, *extra),
            screen.glyphs,
            several=True,
            marked=[file.shown for file in task.cases] if len(task.cases) > 1 else (),
        )
        taken = await screen.app.push_screen_wait(picker)
    if not taken:
        return None
    if taken == (DROP,):
        return proposal.with_task(number, replace(task, written=()))
    if taken == (WRITE,):
        prompt = task.prompt
        template = prompt.text if prompt.text is not None else read_template(proposal.folder / prompt.shown)
        form = WriteCase(len(task.written) + 1, template, prompt.variables, chat=prompt.chat)
        case = await screen.app.push_screen_wait(form)
        return None if case is None else proposal.with_task(number, replace(task, written=(*task.written, case)))
    screen.say("reading the cases …", "muted")
    cases = await asyncio.to_thread(lambda: tuple(look_at_cases(proposal.folder, shown) for shown in taken))
    return proposal.with_task(number, replace(task, cases=cases))


def _file_search(
    folder: Path, likely: Sequence[str], files: Sequence[str], notes: dict[str, str], *extra: Pick
) -> Callable[[str], Sequence[Pick]]:
    ordered = list(dict.fromkeys((*likely, *files)))

    def like(text: str) -> Sequence[Pick]:
        from rapidfuzz import fuzz, process

        shown: Sequence[str] = ordered
        if text:
            words = text.casefold().split()
            exact = [name for name in ordered if all(word in name.casefold() for word in words)]
            # Fuzzy search of a long list only where nothing holds the very words.
            hits = [] if exact else process.extract(text, ordered, scorer=fuzz.WRatio, limit=50, score_cutoff=60)
            shown = exact or [name for name, _, _ in hits]
        picks = [Pick(name, name, notes.get(name, "")) for name in shown]
        if text and text not in shown and text.isprintable() and (folder / text).is_file():
            picks.insert(0, Pick(text, text, "typed"))
        return [*picks, *extra]

    return like


def _variables_note(names: Sequence[str]) -> str:
    return (
        f"{len(names)} variable{'' if len(names) == 1 else 's'}: {', '.join(names[:4])}" if names else "no variables"
    )


def _cases_note(count: int | None, names: Sequence[str]) -> str:
    counted = f"{count:,} case{'' if count == 1 else 's'}" if count is not None else "many cases"
    return f"{counted} with {', '.join(names[:4])}" if names else counted
