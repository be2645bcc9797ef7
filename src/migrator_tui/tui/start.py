"""From a folder to a running app: read the project, ask for trust, or help to set one up."""

import os
import sys
from pathlib import Path

from migrator_tui.history.location import moved_from
from migrator_tui.models.proposing import propose
from migrator_tui.project.config import config_of, load_project, missing_words
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project


def open_app(folder: Path, *, demo: bool = False, trust: bool = False) -> int:
    """Open the app on a folder; the exit code. Mistakes in the project end in one line on stderr, exit 2."""
    if not folder.is_dir():
        return _refuse(f"{folder}: no such folder")
    folder = folder.resolve()
    # Whatever lies there under that name, even a folder or a link to nowhere, is no reason to set up anew.
    if not os.path.lexists(config_of(folder)):
        if not has_terminal():
            return _refuse(f"{folder}: {missing_words(folder)}")
        from migrator_tui.tui.setup.app import set_up

        opening = set_up(folder)
        if opening is None:
            return 0
        folder, demo = opening.folder, opening.demo
    if not has_terminal():
        return _refuse("the app needs a terminal; `migrator-tui run` works without one")
    try:
        project, trusted = opened_or_asked(folder, trust)
        if moved_from(project) is not None:
            from migrator_tui.tui.setup.moved import offer_history

            if not offer_history(project):
                return 0
    except (ProjectError, OSError) as error:
        return _refuse(str(error))
    from migrator_tui.tui.app import MigratorApp

    app = MigratorApp(project, trusted=trusted, demo=demo, own_process=True)
    code = app.run()
    if app.crash is not None:
        raise app.crash
    if app.problem:
        return _refuse(app.problem)
    return code if code is not None else app.return_code or 0


def opened_or_asked(folder: Path, trust: bool) -> tuple[Project, bool]:
    """The project, and whether it may do what it asks for; asked once, in the terminal, before any screen is up."""
    from migrator_tui.project import trust as trusting

    # --trust holds for this once; `migrator-tui trust` remembers it.
    if trust or trusting.is_trusted_config(config_of(folder)):
        return load_project(folder, propose=propose), True
    from migrator_tui.tui.setup.trust import ask_for_trust

    # Read only to say what trusting it would allow: nothing of it is used before the answer.
    project = load_project(folder, sealed=True, propose=propose)
    concerns = trusting.concerns(project)
    if concerns and ask_for_trust(project, concerns):
        project = load_project(folder, propose=propose)
        # What lay outside may ask for more than could be told before it was read.
        more = [concern for concern in trusting.concerns(project) if concern not in concerns]
        if not more or ask_for_trust(project, more):
            trusting.trust(project)
            return project, True
    project = load_project(folder, trusted=False, propose=propose)
    trusting.check_allowed(project, trusted=False)
    return project, False


def has_terminal() -> bool:
    """Somebody can type, and see it: the screens are painted on the error stream, so that output may be piped."""
    return sys.stdin.isatty() and (sys.stdout.isatty() or sys.stderr.isatty())


def _refuse(line: str) -> int:
    from migrator_tui.text_safety import safe_line

    print(safe_line(line), file=sys.stderr)  # noqa: T201 - the one line that tells why nothing opened
    return 2
