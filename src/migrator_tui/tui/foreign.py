"""A folder of another tool's, open as it is: what of it is not honoured, and which of its models are compared."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.content import Content

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Foreign, Project
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.theme import MUTED, STRONG
from migrator_tui.tui.widgets.modal import Confirm, Sheet

if TYPE_CHECKING:
    from migrator_tui.tui.app import MigratorApp
    from migrator_tui.tui.setup.picker import Pick

UNFIT = ("recorded:",)
"""Kinds of models that a folder of another tool's can't name: their files would be looked for elsewhere."""


def opening_line(foreign: Foreign) -> str:
    """What to say once the folder is open; empty where all of it is honoured."""
    number = len(foreign.notes)
    if not number:
        return ""
    things = "1 thing is" if number == 1 else f"{number} things are"
    return f"{foreign.tool}: {things} not honoured · ^p lists them"


def foreign_commands(app: "MigratorApp") -> Iterable[SystemCommand]:
    """Entries of the palette for such a folder."""
    foreign = app.workspace.project.foreign
    if foreign is None:
        return

    def show_notes() -> None:
        app.push_screen(Sheet(f"Not honoured of {foreign.tool}'s files", notes_content(foreign)))

    def choose() -> None:
        app.run_worker(choose_models(app), exclusive=True, group="question")

    if foreign.notes:
        yield SystemCommand(
            f"What is not honoured of {foreign.tool}'s files",
            f"Look · {len(foreign.notes)}, word for word",
            show_notes,
        )
    yield SystemCommand(f"Models of this {foreign.tool} project", "Change · choose baseline and candidate", choose)


def notes_content(foreign: Foreign) -> Content:
    """Everything that is not honoured, each with its passages as they stand."""
    parts: list[Content] = [Content.styled("Nothing of this was run. Keys are left out.", MUTED)]
    for note in foreign.notes:
        times = f"  ({note.times} times)" if note.times > 1 else ""
        parts += [Content(""), Content.styled(safe_line(note.what), STRONG) + Content.styled(times, MUTED)]
        for passage in note.verbatim:
            parts += [Content.styled(f"  {line}", MUTED) for line in safe(passage).splitlines()]
    return Content("\n").join(parts)


async def choose_models(app: "MigratorApp") -> None:
    """Ask for baseline and candidate, remember them, and let them take effect at once."""
    from migrator_tui.project.formats.promptfoo.choices import Choice, keep_choice
    from migrator_tui.project.formats.promptfoo.folder import open_as_it_is
    from migrator_tui.tui.setup.picker import Picker

    project = app.workspace.project
    if app.runs.busy or app.workbench.blind is not None or project.foreign is None:
        app.say("first end the run, or the round of blind judging", "warning")
        return
    taken: list[str] = []
    for title in ("The model you move from", "The model you move to"):
        hint = "a provider of the configuration, or any model's name; the configuration stays as it is"
        picks = _search(project, taken)
        picked = await app.push_screen_wait(Picker(title, hint, picks, app.glyphs, placeholder="a model's name"))
        if not picked:
            return
        if picked[0].startswith(UNFIT) or (picked[0].startswith("simulated:") and picked[0].endswith(".toml")):
            app.say(f"{picked[0]} needs a project of its own, since it names a file", "error")
            return
        taken.append(picked[0])
    choice = Choice(*taken)
    try:
        # First, since a folder that no longer opens could not be mended on screen.
        await asyncio.to_thread(open_as_it_is, project.config_file, sealed=True, choice=choice)
        await asyncio.to_thread(keep_choice, project.config_file, choice)
        await app.workbench.take_own_change()
    except ProjectError as error:
        app.say(str(error), "error")
        return
    now = app.workspace.project
    app.workbench.open_track(app.workspace.task.name, now.candidates[0].name)
    app.say(f"from {now.baseline.model} to {now.candidates[0].model}", "success")


def is_unchosen(project: Project) -> bool:
    """Whether a model would be asked that no file names and nobody has chosen."""
    return project.foreign is not None and bool(project.foreign.proposed)


async def agreed_to_proposed(app: "MigratorApp") -> bool:
    """Ask before the first run whether the model that is only proposed may be asked; a yes is a choice, and kept."""
    from migrator_tui.project.formats.promptfoo.choices import keep_choice, read_choice

    project = app.workspace.project
    assert project.foreign is not None
    chooses = f'^p, "Models of this {project.foreign.tool} project"'
    if BASELINE in project.foreign.proposed:
        app.say(f"no provider here can be asked: choose the model you move from ({chooses})", "warning")
        return False
    old, new = (safe_line(model, 60) for model in (project.baseline.model, project.candidates[0].model))
    lines = [
        f"from  {old}",
        f"to    {new}",
        "",
        "No file names the second: it is only proposed.",
        f"{chooses} has others.",
    ]
    if not await app.push_screen_wait(Confirm("Ask a proposed model?", lines)):
        return False
    try:
        choice = replace(
            await asyncio.to_thread(read_choice, project.config_file), candidate=project.candidates[0].model
        )
        await asyncio.to_thread(keep_choice, project.config_file, choice)
        await app.workbench.take_own_change()
    except ProjectError as error:
        app.say(str(error), "error")
        return False
    app.say(f"from {old} to {new}", "success")
    return not is_unchosen(app.workspace.project)


def _search(project: Project, taken: Sequence[str]) -> "Callable[[str], Sequence[Pick]]":
    """What can be chosen: the models of the configuration first, then any model that is like the text."""
    from migrator_tui.models.catalog import search
    from migrator_tui.models.successors import successors
    from migrator_tui.tui.setup.picker import Pick
    from migrator_tui.tui.setup.proposal import facts_line, facts_of

    today = date.today()
    foreign = project.foreign
    assert foreign is not None
    now = {foreign.baseline: "now the baseline", project.candidates[0].name: "now the candidate"}

    def known(name: str, model: str) -> Pick:
        words = [now.get(name, ""), model if model != name else "", _facts(model)]
        return Pick(name, name, " · ".join(word for word in words if word))

    def other(model: str, why: str = "") -> Pick:
        return Pick(model, model, " · ".join(word for word in (why, _facts(model)) if word))

    def _facts(model: str) -> str:
        facts = facts_of(model)
        return facts_line(facts, today) if facts else ""

    def like(text: str) -> Sequence[Pick]:
        low = text.casefold()
        own = [
            known(name, model)
            for name, model in foreign.models
            if name not in taken and (low in name.casefold() or low in model.casefold())
        ]
        if not text:
            first = taken[0] if taken else foreign.baseline
            old = next((model for name, model in foreign.models if name == first), first)
            return [*own, *(other(each.facts.name, each.why) for each in successors(old, today, 12))]
        found = [other(facts.name) for facts in search(text, 30) if facts.name not in taken]
        names = {pick.value for pick in (*own, *found)}
        if text not in names and text not in taken and text.isprintable():
            as_it_is = Pick(text, f"use {text} as it is", "not in the price map" if not facts_of(text) else "")
            # A name with a scheme is not something to search for.
            found.insert(0 if ":" in text and "/" not in text.partition(":")[0] else len(found), as_it_is)
        return [*own, *found]

    return like
