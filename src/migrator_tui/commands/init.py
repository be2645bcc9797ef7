"""`init`: propose a `migrator.toml` from what lies in the folder."""

from argparse import Namespace
from datetime import date

from migrator_tui.commands.common import agreed, existing_folder, put, say
from migrator_tui.project.errors import ProjectError

NOT_WRITTEN = 2


def execute(arguments: Namespace) -> int:
    """Show the files that would be written; write them when told to."""
    from migrator_tui.models.successors import successors
    from migrator_tui.project.config import CONFIG_NAME
    from migrator_tui.project.discovery import USUAL_BASELINE, USUAL_CANDIDATE, discover, init_files, write_files
    from migrator_tui.project.formats.promptfoo.reading import find_config

    folder = existing_folder(arguments.folder)
    if (folder / CONFIG_NAME).exists():
        raise ProjectError("is there already; init writes over nothing", file=folder / CONFIG_NAME)
    if (foreign := find_config(folder)) is not None:
        what = "opens as it is; `migrator-tui import promptfoo . --output DIR` makes a project of it"
        raise ProjectError(what, file=foreign.name)
    found = discover(folder)
    baseline = found.models[0].name if found.models else USUAL_BASELINE
    candidates = [each.facts.name for each in successors(baseline, date.today(), 1)] or [USUAL_CANDIDATE]
    files = init_files(found, baseline=baseline, candidates=candidates)
    for path, text in files.items():
        put(f"--- {path.relative_to(folder) if path.is_relative_to(folder) else path}\n{text.rstrip()}\n\n")
    if not arguments.yes and not agreed(f"write {len(files)} files to {folder}?"):
        say("nothing was written; --yes writes")
        return NOT_WRITTEN
    write_files(files)
    say(f"written: {', '.join(path.name for path in files)}; `migrator-tui -C {folder}` opens the project")
    return 0
