"""`trust`: allow a project what is refused to a stranger's folder."""

from argparse import Namespace

from migrator_tui.commands.common import existing_folder, put


def execute(arguments: Namespace) -> int:
    """List what trusting allows, and remember it for the configuration as it reads now."""
    from migrator_tui.models.successors import likeliest
    from migrator_tui.project import trust as trusting
    from migrator_tui.project.config import load_project

    project = load_project(existing_folder(arguments.folder), propose=likeliest)
    concerns = trusting.concerns(project)
    trusting.trust(project)
    put(f"{project.name} is trusted as its configuration reads now.\n")
    for concern in concerns:
        put(f"  it may now: {concern}\n")
    return 0
