"""What several commands need: the project, a question, a line for the person at the terminal."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import ModelSpec, Project, Task
from migrator_tui.project.words import did_you_mean, listed, quoted
from migrator_tui.text_safety import safe, safe_line

if TYPE_CHECKING:
    from migrator_tui.history.store import History


def existing_folder(folder: Path) -> Path:
    """The folder, absolute; `ProjectError` where there is none."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "there is no such folder"
        raise ProjectError(what, file=folder)
    return folder.resolve()


def open_project(folder: Path, *, trust: bool = False) -> tuple[Project, bool]:
    """The project of a folder, and whether it is trusted; `trust` trusts it this once.

    Raises `ProjectError` for whatever is wrong in it, and for what it may not do until it is trusted.
    """
    from migrator_tui.models.successors import likeliest
    from migrator_tui.project import trust as trusting
    from migrator_tui.project.config import config_of, load_project

    folder = existing_folder(folder)
    config = config_of(folder)
    # Asked before anything is loaded: what lies outside an untrusted folder is not even opened.
    if trust or (config.is_file() and trusting.is_trusted_config(config)):
        return load_project(folder, propose=likeliest), True
    project = load_project(folder, trusted=False, propose=likeliest)
    trusting.check_allowed(project, False)
    return project, False


def foreign_lines(project: Project) -> list[str]:
    """A line for each thing that is not honoured in a folder of another tool's."""
    if project.foreign is None:
        return []
    return [f"{project.foreign.tool}: {note.what}" for note in project.foreign.notes]


def open_history(project: Project, *, trusted: bool) -> "History":
    """The project's history, told which values are keys and must never be stored.

    A project that was moved is offered the history it had in its old place.
    """
    from migrator_tui.history.location import adopt, moved_from
    from migrator_tui.history.store import History
    from migrator_tui.models.secrets import secrets_in
    from migrator_tui.project.dotenv import environment

    old = moved_from(project)
    if old is not None:
        if agreed(f"this project lay in {old} before; take its history along?"):
            adopt(project, old)
        elif not sys.stdin.isatty():
            say(f"this project lay in {old} before; its history stays there unless the app is opened first")
    models = (project.baseline, *project.candidates, *project.helpers)
    named = [model.api_key_env for model in models if model.api_key_env]
    return History.open(project, secrets=secrets_in(environment(project, trusted), named))


def the_task(project: Project, name: str | None) -> Task:
    """The task of that name, or the only one there is."""
    known = [task.name for task in project.tasks]
    if name is None and len(known) == 1:
        return project.tasks[0]
    if name is None:
        raise ProjectError(f"--task is needed: the project has several ({listed(known)})")
    if name not in known:
        raise ProjectError(f"no task {quoted(name)}{did_you_mean(name, known) or f'; there is {listed(known)}'}")
    return project.task(name)


def the_candidate(project: Project, name: str | None, *, or_baseline: bool = False) -> ModelSpec:
    """The candidate of that name, or the only one there is; the baseline too where it makes sense."""
    known = [candidate.name for candidate in project.candidates]
    if name is None and len(known) == 1:
        return project.candidates[0]
    if name is None:
        raise ProjectError(f"--candidate is needed: the project has several ({listed(known)})")
    if or_baseline and name == project.baseline.name:
        return project.baseline
    if name not in known:
        raise ProjectError(f"no candidate {quoted(name)}{did_you_mean(name, known) or f'; there is {listed(known)}'}")
    return project.candidate(name)


def index_cases(history: "History", project: Project, tasks: list[Task]) -> None:
    """Bring the history's index of case files up to date: standings are kept by it, and screens read it."""
    from migrator_tui.project.cases import load_cases

    for task in tasks:
        if not history.index_current(task):
            history.index_cases(task, load_cases(project, task))


def say(line: str) -> None:
    """One line on stderr, whatever it quotes."""
    print(safe_line(line, 2000), file=sys.stderr, flush=True)  # noqa: T201


def put(text: str) -> None:
    """The result, on stdout: made safe where a terminal would read it, as it is where a program does."""
    sys.stdout.write(safe(text) if sys.stdout.isatty() else text.encode("utf-8", "backslashreplace").decode("utf-8"))
    sys.stdout.flush()


def agreed(question: str) -> bool:
    """Ask on the terminal; no where nobody is there to answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{safe_line(question)} [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201
    # At a question ctrl+c is an answer, whatever it does elsewhere in the command.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return sys.stdin.readline().strip().casefold() in ("y", "yes")
    finally:
        signal.signal(signal.SIGINT, before)
