"""The door to all reports: what the history knows about candidates, in one of the forms that others read."""

import html
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from migrator_tui.project.schema import Project

if TYPE_CHECKING:
    from migrator_tui.history.store import History
    from migrator_tui.reports.values import Report

SUFFIXES = {"markdown": "md", "html": "html", "junit": "xml", "json": "json"}
"""The forms of a report, what people paste first, and how the name of its file ends."""
FORMS = tuple(SUFFIXES)


def report_text(
    project: Project,
    history: "History",
    form: str,
    *,
    author: str,
    tasks: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    version: str | None = None,
) -> str:
    """The report on these tasks and candidates (`None`: all of them), whole, ready for a file or a pipe.

    `version` is `v4`, `4` or a name, and stands for that version of each candidate's prompt; without one it is the
    one that was run on most cases. The tasks' cases must be indexed. Raises `ProjectError` for names that are not
    there. Takes a second or two on many cases: not for the thread of a screen.
    """
    from migrator_tui.reports.gathering import gather_report

    report = gather_report(project, history, form, author=author, tasks=tasks, candidates=candidates, version=version)
    return render_report(report, form)


def render_report(report: "Report", form: str) -> str:
    """A gathered report in one of `FORMS`, with a line's end at its end; any text in it encodes as UTF-8."""
    from markupsafe import escape

    from migrator_tui.models.secrets import exact_scrubber
    from migrator_tui.reports.markdown import plain

    # Texts were cleared when they were gathered; this is for whatever else may quote a key, as that form writes it.
    writings: Sequence[Callable[[str], str]] = (str, lambda key: str(escape(key)), html.escape, plain, _in_json)
    return exact_scrubber({write(key) for key in report.secrets for write in writings})(_rendered(report, form))


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _rendered(report: "Report", form: str) -> str:
    match form:
        case "markdown":
            from migrator_tui.reports.markdown import markdown_report

            return markdown_report(report)
        case "html":
            from migrator_tui.reports.html.page import html_report

            return html_report(report)
        case "junit":
            from migrator_tui.reports.junit import junit_report

            return junit_report(report)
        case "json":
            from migrator_tui.reports.report_json import json_report

            return json_report(report)
        case _:
            raise ValueError(form)


def write_report(file: Path, text: str) -> None:
    """Write a report whole or not at all; `OSError` where it cannot be."""
    from migrator_tui.project.files import replace_file

    replace_file(file, text.encode("utf-8"))
