"""`report`: the decision and what it rests on, in a form for others. Asks no model anything."""

import sys
from argparse import Namespace

from migrator_tui.commands.common import index_cases, open_history, open_project, put, say
from migrator_tui.project.errors import ProjectError

FINE, NOT_READY = 0, 1


def execute(arguments: Namespace) -> int:
    """Write the report; exit code 1 where the decision is not ready or not enough evidence, unless `--no-gate`."""
    from migrator_tui.history.author import author
    from migrator_tui.parity.gate import Answer
    from migrator_tui.reports.gathering import gather_report
    from migrator_tui.reports.report import render_report, write_report
    from migrator_tui.running.selection import Selection, selected_tasks

    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    file = arguments.output
    if file is not None and file.is_dir():
        raise ProjectError("is a folder; name a file", file=file)
    if file is not None and not file.parent.exists():
        raise ProjectError(f"there is no folder {file.parent}; make it first", file=file)
    with open_history(project, trusted=trusted) as history:
        index_cases(history, project, selected_tasks(project, Selection(tasks=arguments.task)))
        report = gather_report(
            project,
            history,
            arguments.format,
            author=author(project.folder),
            tasks=arguments.task,
            candidates=arguments.candidate,
            version=arguments.version_id,
        )
    text = render_report(report, arguments.format)
    if file is None:
        put(text)
    else:
        try:
            write_report(file, text)
        except OSError as error:
            raise ProjectError(f"can't be written ({error.strerror})", file=file) from error
        say(f"the report is in {file}")
    answer, _ = report.decision
    if answer is not Answer.READY and not sys.stdout.isatty():
        say(f"the decision is {answer.value.replace('-', ' ')}")
    return FINE if arguments.no_gate or answer is Answer.READY else NOT_READY
