"""Writes the page: one file that holds no script and loads nothing.

Three doors keep foreign text harmless, whatever a template forgets: jinja2 escapes all that is not our own markup,
every string that is printed passes `words.shown`, and the page's Content-Security-Policy allows nothing but the one
style sheet, named by its hash (https://www.w3.org/TR/CSP3/).
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from migrator_tui import __version__
from migrator_tui.adaptation.reasons import count_words, needed_words, title_of, who_words
from migrator_tui.adaptation.values import times_before
from migrator_tui.history.records import Version
from migrator_tui.parity.outcomes import Source
from migrator_tui.project.schema import GateRules
from migrator_tui.reports import words
from migrator_tui.reports.html.charts import Mark, axis_for, axis_row, interval_row
from migrator_tui.reports.html.views import (
    REGRESSIONS,
    TONES,
    CandidateView,
    tone_of,
    version_title,
)
from migrator_tui.reports.values import Report

if TYPE_CHECKING:
    from jinja2 import Template

_SOURCES = {
    Source.VERDICT.value: "people's verdicts",
    Source.IMPORTED.value: "imported verdicts",
    Source.CHECKS.value: "checks",
    Source.CALL.value: "a call that failed",
    Source.NOBODY.value: "nobody",
}

_BY = {
    Source.VERDICT.value: "by a person",
    Source.IMPORTED.value: "by an imported verdict",
    Source.CHECKS.value: "by checks",
    Source.CALL.value: "the call failed",
    Source.NOBODY.value: "",
}


def html_report(report: Report) -> str:
    """The whole document; every foreign text in it is escaped, and its control characters are marks."""
    answer, reasons = report.decision
    views = [CandidateView(number, candidate) for number, candidate in enumerate(report.candidates, 1)]
    charts, axis = _compared(views)
    css = _css()
    return _template().render(
        report=report,
        views=views,
        answer=answer,
        tone=TONES[answer],
        reasons=reasons,
        compared_charts=charts,
        compared_axis=axis,
        css=Markup(css),  # noqa: S704 - our own file
        style_hash=Markup(f"sha256-{base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()}"),  # noqa: S704
        version=__version__,
        words=words,
        listed=REGRESSIONS,
        sources=_SOURCES.items(),
        marks={
            outcome: Markup('<span class="outcome {}">{}</span>').format(outcome.value, " ".join(told))
            for outcome, told in words.OUTCOMES.items()
        },
        by=_BY,
        version_title=version_title,
        who_words=who_words,
        count_words=count_words,
        needed_words=needed_words,
        title_of=title_of,
        times_before=times_before,
        settings=_settings,
        gate_rules=_gate_rules,
    )


def _compared(views: Sequence[CandidateView]) -> tuple[list[Markup], Markup | None]:
    """The differences of all candidates on one axis, and that axis."""
    known = [view.card.difference for view in views if view.card.difference is not None]
    if not known:
        return [Markup("") for _ in views], None
    margins = {view.card.rules.margin for view in views}
    marks = [Mark(-margin, "margin", f"{margin * 100:g} allowed") for margin in margins] if len(margins) == 1 else []
    marks.append(Mark(0.0, "zero", "equal"))
    axis = axis_for(known, marks)
    charts = [
        interval_row(
            axis,
            view.card.difference,
            tone_of(view.card.difference, view.card.rules.margin),
            marks,
            f"{words.points(view.card.difference.estimate)} points" if view.card.difference else "unknown",
        )
        for view in views
    ]
    return charts, axis_row(axis, lambda tick: words.points(tick, 0), marks, named=True)


def _settings(version: Version | None) -> str:
    """The parameters of a version, as they were sent."""
    if version is None:
        return "not run"
    told = (
        f"{name} = {json.dumps(value, ensure_ascii=False, default=str)}" for name, value in version.params.items()
    )
    return ", ".join(told) or "no parameters"


def _gate_rules(rules: GateRules) -> list[tuple[str, str]]:
    """The limits that are set, as the configuration writes them."""
    values = ((field.name, getattr(rules, field.name)) for field in fields(rules))
    return [(name, f"{value:g}") for name, value in values if value is not None]


@cache
def _css() -> str:
    return (files("migrator_tui.reports.html") / "templates" / "report.css").read_text("utf-8")


@cache
def _template() -> "Template":
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("migrator_tui.reports.html") / "templates"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def _finalized(value: Any) -> Any:
    """What is printed, foreign or not: nothing passes whose characters would act."""
    return words.shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value
