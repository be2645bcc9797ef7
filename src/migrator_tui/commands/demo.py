"""`demo`: a sample project of the user's own, opened."""

from argparse import Namespace
from pathlib import Path

from migrator_tui.commands.common import put, say
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.words import did_you_mean, listed, quoted


def execute(arguments: Namespace) -> int:
    """Copy the sample, say where, open it. A copy that is there already is opened as it is."""
    from migrator_tui.project.config import CONFIG_NAME
    from migrator_tui.project.samples import copy_sample, sample_names

    names = sample_names()
    name = arguments.name or names[0]
    if name not in names:
        raise ProjectError(f"no sample {quoted(name)}{did_you_mean(name, names) or f'; there is {listed(names)}'}")
    base = arguments.folder.resolve()
    target: Path = base / (arguments.output or name)
    if (target / CONFIG_NAME).is_file():
        say(f"{target} is there already and opens as you left it")
    else:
        target = copy_sample(name, target)
        say(f"the sample project {name} is now yours: {target}")
    if arguments.no_open:
        put(f"{target}\n")
        return 0
    from migrator_tui.tui.app import run_app

    return run_app(target, demo=True)
