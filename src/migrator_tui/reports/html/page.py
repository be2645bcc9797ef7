"""Writes the page."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from migrator_tui.reports import words
from migrator_tui.reports.values import Report

if TYPE_CHECKING:
    from jinja2 import Template


def html_report(report: Report) -> str:
    """The whole document; every foreign text in it is escaped, and its control characters are marks."""
    return _template().render(report=report, decision=report.decision, words=words)


@cache
def _template() -> "Template":
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files(__package__)
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / "templates" / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")
