"""From a folder to a running app: read the project, ask for trust, or help to set one up."""

import os
import sys
from pathlib import Path

from migrator_tui.project.config import CONFIG_NAME, load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project


def open_app(folder: Path, *, demo: bool = False, trust: bool = False) -> int:
    """Open the app on a folder; the exit code. Mistakes in the project end in one line on stderr, exit 2."""
    if not folder.is_dir():
        return _refuse(f"{folder}: no such folder")
    # Whatever lies there under that name, even a folder or a link to nowhere, is no reason to set up anew.
    if not os.path.lexists(folder / CONFIG_NAME):
        if not sys.stdin.isatty():
            return _refuse(f"{folder}: no {CONFIG_NAME} in this folder; `migrator-tui init` makes one")
        from migrator_tui.tui.setup.app import set_up

        opening = set_up(folder)
        if opening is None:
            return 0
        folder, demo = opening.folder, opening.demo
    try:
        project = load_project(folder)
        trusted = trusted_or_asked(project, trust)
        if sys.stdin.isatty():
            from migrator_tui.tui.setup.moved import offer_history

            if not offer_history(project):
                return 0
    except ProjectError as error:
        return _refuse(str(error))
    from migrator_tui.tui.app import MigratorApp

    app = MigratorApp(project, trusted=trusted, demo=demo, own_process=True)
    code = app.run()
    if app.crash is not None:
        raise app.crash
    if app.problem:
        return _refuse(app.problem)
    return code if code is not None else app.return_code or 0


def trusted_or_asked(project: Project, trust: bool) -> bool:
    """Whether the folder may do what it asks for; asked once, in the terminal, before any screen is up."""
    from migrator_tui.project import trust as trusting

    if trust or trusting.is_trusted(project):  # --trust holds for this once; `migrator-tui trust` remembers it
        return True
    concerns = trusting.concerns(project)
    if concerns and sys.stdin.isatty():
        from migrator_tui.tui.setup.trust import ask_for_trust

        if ask_for_trust(project, concerns):
            trusting.trust(project)
            return True
    trusting.check_allowed(project, trusted=False)
    return False


def _refuse(line: str) -> int:
    from migrator_tui.text_safety import safe_line

    print(safe_line(line), file=sys.stderr)  # noqa: T201 - the one line that tells why nothing opened
    return 2
