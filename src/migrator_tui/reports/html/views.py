"""What the page shows, computed: charts, rows, links. The template only lays it out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from migrator_tui.history.decision_records import SignedDecision
from migrator_tui.history.records import Version
from migrator_tui.parity.drift.ranking import DriftRow
from migrator_tui.parity.evidence import CaseEvidence
from migrator_tui.parity.gate import Answer
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.scorecard import ALL_CASES
from migrator_tui.parity.signed import SignedOn, signed_on
from migrator_tui.parity.statistics.values import Interval
from migrator_tui.reports import words
from migrator_tui.reports.html.charts import (
    Axis,
    Mark,
    axis_for,
    axis_over,
    axis_row,
    bar,
    interval_row,
    spread_rows,
)
from migrator_tui.reports.html.diffs import Sides, one_text, side_by_side
from migrator_tui.reports.overlooked import overlooked
from migrator_tui.reports.prompts import ParameterChange, parameter_changes
from migrator_tui.reports.values import CandidateReport, CasePair

LINKED = 60
"""Cases of a drift that are linked; the rest is counted, and in the table of all cases."""
REGRESSIONS = 40
"""Regressions and fixes that are listed with their reasons; likewise."""
SLICES = 40
PROMPT = 24_000
"""Characters of a prompt that are shown."""
INPUT = 4_000
REASON = 240

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
TONES = {Answer.READY: "good", Answer.NOT_READY: "bad", Answer.NOT_ENOUGH: "open"}


@dataclass(frozen=True, slots=True)
class CaseLink:
    """A link to a case's row."""

    case_id: str
    anchor: str


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A row of the table of all cases."""

    case_id: str
    anchor: str
    tags: str
    critical: bool
    flaky: bool
    drifts: bool
    baseline: Outcome
    candidate: Outcome
    told: str
    pair: str
    """The anchor of its answers; empty where they are not in the report."""


@dataclass(frozen=True, slots=True)
class PairView:
    """One of the worst cases."""

    pair: CasePair
    case: CaseEvidence
    anchor: str
    row: str
    sides: Sides
    input: str


@dataclass(frozen=True, slots=True)
class DriftView:
    """A drift with its bar and the cases behind it."""

    row: DriftRow
    chart: Markup
    links: Sequence[CaseLink]
    left_out: int


@dataclass(frozen=True, slots=True)
class IntervalLine:
    """A line of an interval plot."""

    title: str
    cases: int
    old: float | None
    new: float | None
    difference: Interval | None
    adjusted_p: float | None
    chart: Markup
    whole: bool = False


@dataclass(frozen=True, slots=True)
class FigureView:
    """Cost, time or length on both sides."""

    title: str
    old: str
    new: str
    change: str
    span: str
    pairs: int
    chart: Markup | None
    axis: Markup | None


class CandidateView:
    """One candidate on one task."""

    def __init__(self, number: int, report: CandidateReport) -> None:
        self.report = report
        self.card = report.card
        self.decision = report.card.decision
        self.tone = TONES[report.card.decision.answer]
        self.anchor = f"c{number}"
        self._by_id: Mapping[str, CaseEvidence] = {case.case_id: case for case in self.card.cases}
        self._anchors = {
            case.case_id: _case_anchor(self.anchor, case.case_id, place) for place, case in enumerate(self.card.cases)
        }
        self.pairs = [self._pair(pair) for pair in report.worst]
        self._pair_anchors = {view.pair.case_id: view.anchor for view in self.pairs}

    def link(self, case_id: str) -> CaseLink:
        """The link to a case's row."""
        return CaseLink(case_id, self._anchors.get(case_id, self.anchor))

    def made_from(self, version: Version) -> str:
        """The label of the version it was made from; a dash where that is none of the lineage."""
        parent = next((one for one in self.report.lineage if one.id == version.parent_id), None)
        return parent.label if parent is not None else "–"

    def reason(self, case_id: str) -> str:
        """Why it fails, else what changed."""
        case = self._by_id.get(case_id)
        return self.report.reasons.get(case_id, "") or (case.changed if case else "")

    def signed_on(self, decision: SignedDecision) -> SignedOn:
        """What a decision was signed on, and whether that is still so."""
        return signed_on(decision, self.card)

    # Pass rates

    @property
    def margin_marks(self) -> list[Mark]:
        """The two lines of every plot of differences."""
        margin = self.card.rules.margin
        return [Mark(-margin, "margin", f"{margin * 100:g} allowed"), Mark(0.0, "zero", "equal")]

    def rates(self) -> tuple[list[IntervalLine], Markup] | None:
        """Both pass rates on one axis; `None` where nothing is judged."""
        card = self.card
        if card.baseline.rate is None or card.new.rate is None:
            return None
        sides = (("baseline", card.baseline.rate, "old"), (card.candidate, card.new.rate, "new"))
        axis = axis_over([end for _, rate, _ in sides for end in (rate.low, rate.high)], at_most=6)
        lines = [
            IntervalLine(
                title=name,
                cases=card.judged,
                old=None,
                new=rate.estimate,
                difference=rate,
                adjusted_p=None,
                chart=interval_row(axis, rate, tone, (), f"{words.percent(rate.estimate)}, {_rate_span(rate)}"),
            )
            for name, rate, tone in sides
        ]
        return lines, axis_row(axis, lambda tick: f"{tick * 100:g}")

    def difference(self) -> tuple[Markup, Markup] | None:
        """The difference against the margin, and its axis."""
        if self.card.difference is None:
            return None
        marks = self.margin_marks
        axis = axis_for([self.card.difference], marks)
        return self._row(axis, self.card.difference), axis_row(axis, _points, marks, named=True)

    def slices(self) -> tuple[list[IntervalLine], Markup, int]:
        """All cases and the tags as a forest plot, its axis, and how many tags were left out."""
        some = self.card.slices[: SLICES + 1]
        known = [one.difference for one in some if one.difference is not None]
        if not known:
            return [], Markup(""), 0
        axis = axis_for(known, self.margin_marks)
        lines = [
            IntervalLine(
                title=one.tag,
                cases=one.table.n,
                old=one.table.old_rate,
                new=one.table.new_rate,
                difference=one.difference,
                adjusted_p=one.adjusted_p,
                chart=self._row(axis, one.difference),
                whole=one.tag == ALL_CASES and place == 0,
            )
            for place, one in enumerate(some)
        ]
        axis_chart = axis_row(axis, _points, self.margin_marks, named=True)
        return lines, axis_chart, len(self.card.slices) - len(some)

    def _row(self, axis: Axis, interval: Interval | None) -> Markup:
        tone = tone_of(interval, self.card.rules.margin)
        return interval_row(axis, interval, tone, self.margin_marks, _difference_words(interval))

    # What changed, and what it costs

    def drift(self) -> list[DriftView]:
        """Drift by harm."""
        rows = self.card.drift_by_harm
        longest = max((len(row.cases) for row in rows), default=1)
        found = []
        for row in rows:
            first = [*row.failing, *(case_id for case_id in row.cases if case_id not in set(row.failing))]
            label = f"{words.counted(len(row.cases), 'case')}, {len(row.failing)} of them failing"
            found.append(
                DriftView(
                    row,
                    bar(len(row.failing) / longest, len(row.cases) / longest, label),
                    [self.link(case_id) for case_id in first[:LINKED]],
                    max(0, len(first) - LINKED),
                )
            )
        return found

    def figures(self) -> list[FigureView]:
        """Cost, time and length, those that are known for some case."""
        found = []
        for name, title in words.FIGURES.items():
            figure = self.card.figures[name]
            if not figure.pairs:
                continue
            chart = axis_chart = None
            # Both percentiles of the latency have the same distribution: it is drawn once.
            if figure.old_spread and figure.new_spread and name != "latency_p95":
                axis = axis_over([0.0, figure.old_spread[5], figure.new_spread[5]], at_most=5)
                told = f"{title}: median {words.figure_value(name, figure.old_spread[3])} before, "
                told += f"{words.figure_value(name, figure.new_spread[3])} now"
                chart = spread_rows(axis, figure.old_spread, figure.new_spread, told)
                axis_chart = axis_row(axis, partial(words.figure_value, name))
            found.append(
                FigureView(
                    title,
                    words.figure_value(name, figure.old),
                    words.figure_value(name, figure.new),
                    words.figure_change(figure),
                    words.change_span(figure),
                    figure.pairs,
                    chart,
                    axis_chart,
                )
            )
        return found

    # Cases

    def listed(self, ids: Sequence[str]) -> list[tuple[CaseLink, CaseEvidence, str]]:
        """The first cases of a kind, critical ones before others, with why."""
        ordered = sorted(ids, key=lambda case_id: not self._by_id[case_id].critical)[:REGRESSIONS]
        return [(self.link(i), self._by_id[i], words.line(self.reason(i), REASON)) for i in ordered]

    def _pair(self, pair: CasePair) -> PairView:
        case = self._by_id[pair.case_id]
        row = self._anchors[pair.case_id]
        sides = side_by_side(pair.baseline.text, pair.candidate.text)
        return PairView(pair, case, f"both-{row}", row, sides, words.shown(pair.input, INPUT))

    def groups(self) -> list[tuple[str, str, list[CaseLine]]]:
        """All cases by kind: the kind's key, its title, its rows; kinds without cases are left out."""
        found: dict[str, list[CaseLine]] = {kind: [] for kind in words.KINDS}
        for case in self.card.cases:
            kind = words.kind_of(case)
            told = self.report.reasons.get(case.case_id, "") or case.changed
            found[kind].append(
                CaseLine(
                    case_id=words.line(case.case_id, 80),
                    anchor=self._anchors[case.case_id],
                    tags=words.line(", ".join(case.tags), 120),
                    critical=case.critical,
                    flaky=Outcome.FLAKY in (case.baseline.outcome, case.candidate.outcome),
                    drifts=any(mark.differs for mark in case.drift),
                    baseline=case.baseline.outcome,
                    candidate=case.candidate.outcome,
                    told=words.line(told, REASON),
                    pair=self._pair_anchors.get(case.case_id, ""),
                )
            )
        return [(kind, words.KINDS[kind], rows) for kind, rows in found.items() if rows]

    # Prompts and people

    def prompt_diff(self) -> tuple[Markup, str] | None:
        """From the baseline's prompt to the candidate's, and what of it is left out; `None` where they are equal."""
        old, new = self.card.baseline_version, self.card.version
        if old is None or new is None or old.template == new.template:
            return None
        return one_text(old.template, new.template, PROMPT)

    @property
    def parameters(self) -> list[ParameterChange]:
        """The parameters that differ."""
        return parameter_changes(self.card.baseline_version, self.card.version)

    @property
    def prompt(self) -> str:
        """The candidate's prompt, whole unless it is very long."""
        version = self.card.version
        return words.shown(version.template, PROMPT) if version is not None else ""

    def overlooked(self) -> list[str]:
        """What was not looked at: a sentence each."""
        return overlooked(self.report)


def tone_of(interval: Interval | None, margin: float) -> str:
    """Good where the whole interval is allowed, bad where none of it is, open between."""
    if interval is None or (interval.high >= -margin > interval.low):
        return "open"
    return "good" if interval.low >= -margin else "bad"


def version_title(version: Version) -> str:
    """`v4 “short”`."""
    return f"{version.label} “{words.line(version.name, 40)}”" if version.name else version.label


def _case_anchor(part: str, case_id: str, place: int) -> str:
    """A fragment that needs no escaping: the id itself where it is a plain word, else its place."""
    return f"{part}.{case_id}" if _SLUG.fullmatch(case_id) else f"{part}~{place + 1}"


def _points(tick: float) -> str:
    return words.points(tick, 0 if abs(tick * 100 - round(tick * 100)) < 1e-9 else 1)


def _rate_span(rate: Interval) -> str:
    return f"{words.percent(rate.low)} to {words.percent(rate.high)}"


def _difference_words(interval: Interval | None) -> str:
    if interval is None:
        return "unknown"
    span = f"{words.points(interval.low)} to {words.points(interval.high)}"
    return f"{words.points(interval.estimate)} points, {span}"
