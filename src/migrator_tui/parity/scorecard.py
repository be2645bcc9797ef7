"""The scorecard of one candidate on one task: everything there is to say about old against new, as plain values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from migrator_tui.history.records import Version
from migrator_tui.parity.agreement import Agreement
from migrator_tui.parity.drift.ranking import DriftRow, rank, worst_first
from migrator_tui.parity.evidence import CaseEvidence, Evidence, Side
from migrator_tui.parity.gate import Decision, GateInput, decide
from migrator_tui.parity.outcomes import Outcome, Source
from migrator_tui.parity.statistics.multiple import benjamini_hochberg
from migrator_tui.parity.statistics.order import percentile_interval
from migrator_tui.parity.statistics.paired import mcnemar_exact, paired_difference
from migrator_tui.parity.statistics.proportions import wilson
from migrator_tui.parity.statistics.repeats import CaseRepeats, clustered_difference, self_disagreement
from migrator_tui.parity.statistics.resampling import bootstrap_ratio
from migrator_tui.parity.statistics.values import Interval, PairedTable
from migrator_tui.parity.summary import percentile
from migrator_tui.project.schema import GateRules

ALL_CASES = "all cases"
SMALLEST_SLICE = 3
"""Cases judged on both sides from which on a tag gets a row: below, its interval says nothing."""
SPREAD = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""The quantiles of a distribution that a `Figure` holds."""

FigureName = Literal["cost", "latency_p50", "latency_p95", "first_token", "words", "output_tokens"]


@dataclass(frozen=True, slots=True)
class SideCount:
    """One model over the cases of a task. Counts are of cases and add up to all of them."""

    passed: int
    failed: int
    errors: int
    unjudged: int
    """Cases that were not run included."""
    assumed: int
    """Of the passed ones, those that nobody judged and no check looks at."""
    flaky: Sequence[str]
    """Case ids; counted as failed."""
    cost: float | None
    """USD of all calls; `None` where one has no known price."""
    failed_calls: int
    rate: Interval | None
    """Pass rate over the cases judged on both sides, with Wilson's interval."""
    sources: Mapping[str, int]
    """What decided the outcomes, by `parity.outcomes.Source`."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The cases with one tag, or all of them."""

    tag: str
    """`ALL_CASES` for all."""
    table: PairedTable
    difference: Interval | None
    p: float
    """McNemar's exact test."""
    adjusted_p: float
    """The same after Benjamini and Hochberg over all tags."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure on both sides, over the cases where it is known for both. Unknown is `None`."""

    name: FigureName
    old: float | None
    new: float | None
    change: Interval | None
    """Relative: 0.25 is a quarter more; from a paired bootstrap."""
    pairs: int
    """Cases that it rests on."""
    old_spread: Sequence[float] = ()
    """Quantiles at `SPREAD`; empty without values."""
    new_spread: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Old against new. Rates and differences are fractions, costs USD, times milliseconds."""

    task: str
    candidate: str
    baseline_model: str
    candidate_model: str
    baseline_version: Version | None
    version: Version | None
    rules: GateRules
    cases: Sequence[CaseEvidence]
    repeats: int
    """The largest number of repeats of any case."""
    baseline: SideCount
    new: SideCount
    table: PairedTable
    mcnemar_p: float
    difference: Interval | None
    """Candidate minus baseline pass rate over the cases judged on both."""
    per_repeat: Interval | None
    """The same over single repeats, the case as cluster; `None` without repeats."""
    noise: Interval | None
    """The chance that two repeats of a case differ on the baseline: how often it disagrees with itself. `None`
    without repeats."""
    decision: Decision
    regressions: Sequence[str]
    fixes: Sequence[str]
    critical_regressions: Sequence[str]
    slices: Sequence[Slice]
    """All cases first, then the tags, worst first."""
    drift: Sequence[DriftRow]
    """In the contract's order: by cases where exactly one side shows it."""
    figures: Mapping[FigureName, Figure]
    agreements: Sequence[Agreement] = ()
    other_versions: Mapping[str, int] = field(default_factory=dict)
    authors: Mapping[str, int] = field(default_factory=dict)

    @property
    def judged(self) -> int:
        """Cases that are judged on both sides."""
        return self.table.n

    @property
    def open_cases(self) -> int:
        """Cases that are not decided on both sides."""
        return len(self.cases) - self.table.n

    @property
    def not_run(self) -> int:
        """Cases that one of the models was not asked about."""
        return sum(Outcome.NOT_RUN in (case.baseline.outcome, case.candidate.outcome) for case in self.cases)

    @property
    def nothing_run(self) -> bool:
        """No case was run on the candidate's version."""
        return all(case.candidate.outcome is Outcome.NOT_RUN for case in self.cases)

    @property
    def drift_by_harm(self) -> Sequence[DriftRow]:
        """Drift that shows on exactly one side somewhere, ordered by failing cases, then by count."""
        return worst_first(self.drift)

    @property
    def simulated(self) -> bool:
        """One of the models is simulated: nothing here is about a real one."""
        return any(model.startswith("simulated:") for model in (self.baseline_model, self.candidate_model))


def scorecard(evidence: Evidence, rules: GateRules, agreements: Sequence[Agreement] = ()) -> Scorecard:
    """Count, compare and decide."""
    cases = evidence.cases
    decided = [case for case in cases if case.decided]
    table = _table(decided)
    regressions = [case.case_id for case in decided if case.regressed]
    critical = [case.case_id for case in decided if case.regressed and case.critical]
    figures = _figures(cases, rules.confidence)
    failing = {case.case_id for case in cases if case.candidate.outcome.passed is False}
    drift = rank({case.case_id: case.drift for case in cases}, failing)
    difference = paired_difference(table, rules.confidence)
    old, new = (_count(cases, decided, rules.confidence, of=side) for side in ("baseline", "candidate"))
    repeats = max((max(case.baseline.asked, case.candidate.asked) for case in cases), default=0)
    per_case = [
        CaseRepeats(*case.baseline.repeats, *case.candidate.repeats)
        for case in decided
        if case.baseline.repeats[1] and case.candidate.repeats[1]
    ]
    decision = decide(rules, gate_input(cases, rules, figures=figures, drift=drift))
    return Scorecard(
        task=evidence.task,
        candidate=evidence.candidate,
        baseline_model=evidence.baseline_model,
        candidate_model=evidence.candidate_model,
        baseline_version=evidence.baseline_version,
        version=evidence.version,
        rules=rules,
        cases=cases,
        repeats=repeats,
        baseline=old,
        new=new,
        table=table,
        mcnemar_p=mcnemar_exact(table),
        difference=difference,
        per_repeat=clustered_difference(per_case, rules.confidence) if repeats > 1 else None,
        # What nobody judged is assumed to pass every time, and a recording gives the same answer every time: neither
        # says how steady the baseline is.
        noise=self_disagreement(
            [
                case.baseline.repeats
                for case in cases
                if case.baseline.repeats[1] > 1
                and case.baseline.source != Source.NOBODY
                and not evidence.baseline_model.startswith("recorded:")
            ],
            rules.confidence,
        ),
        decision=decision,
        regressions=regressions,
        fixes=[case.case_id for case in decided if case.fixed],
        critical_regressions=critical,
        slices=_slices(decided, rules.confidence),
        drift=drift,
        figures=figures,
        agreements=agreements,
        other_versions=evidence.other_versions,
        authors=evidence.authors,
    )


def gate_input(
    cases: Sequence[CaseEvidence],
    rules: GateRules,
    *,
    figures: Mapping[FigureName, Figure] | None = None,
    drift: Sequence[DriftRow] | None = None,
) -> GateInput:
    """What the gate looks at; `figures` and `drift` where they are counted already.

    Else only the figures that the rules are about get their intervals, which take most of the time.
    """
    decided = [case for case in cases if case.decided]
    regressions = [case for case in decided if case.regressed]
    if drift is None:
        failing = {case.case_id for case in cases if case.candidate.outcome.passed is False}
        drift = rank({case.case_id: case.drift for case in cases}, failing)
    if figures is None:
        cost = rules.max_cost_increase is not None or rules.min_cost_saving is not None
        wanted: dict[FigureName, bool] = {"cost": cost, "latency_p95": rules.max_latency_increase is not None}
        figures = {name: figure_of(name, cases, rules.confidence, change=asked) for name, asked in wanted.items()}
    passed = sum(case.candidate.outcome.passed is True for case in decided)
    not_run = [case for case in cases if Outcome.NOT_RUN in (case.baseline.outcome, case.candidate.outcome)]
    return GateInput(
        table=_table(decided),
        open_cases=len(cases) - len(decided),
        errors=sum(Outcome.ERROR in (case.baseline.outcome, case.candidate.outcome) for case in cases),
        critical_regressions=[case.case_id for case in regressions if case.critical],
        cost=figures["cost"].change,
        latency_p95=figures["latency_p95"].change,
        candidate_latency_p95_ms=_p95(cases, rules),
        candidate_rate=wilson(passed, len(decided), rules.confidence),
        largest_cause=_largest_cause(drift, {case.case_id for case in regressions}, {c.case_id for c in decided}),
        error_kinds=_error_kinds(cases),
        not_run=len(not_run),
        critical_open=[case.case_id for case in cases if case.critical and not case.decided],
    )


def _table(decided: Sequence[CaseEvidence]) -> PairedTable:
    kinds = Counter((case.baseline.outcome.passed, case.candidate.outcome.passed) for case in decided)
    return PairedTable(
        both_pass=kinds[True, True],
        regressions=kinds[True, False],
        fixes=kinds[False, True],
        both_fail=kinds[False, False],
    )


def _count(
    cases: Sequence[CaseEvidence],
    decided: Sequence[CaseEvidence],
    confidence: float,
    *,
    of: Literal["baseline", "candidate"],
) -> SideCount:
    sides: list[Side] = [getattr(case, of) for case in cases]
    kinds = Counter(side.outcome for side in sides)
    passed = sum(side.outcome.passed is True for side in sides)
    failed = sum(side.outcome.passed is False for side in sides)
    costs = [side.total_cost for side in sides if side.asked > side.failed_calls or side.total_cost is not None]
    known = [cost for cost in costs if cost is not None]
    return SideCount(
        passed=passed,
        failed=failed,
        errors=kinds[Outcome.ERROR],
        unjudged=len(sides) - passed - failed - kinds[Outcome.ERROR],
        assumed=kinds[Outcome.ASSUMED],
        flaky=[case.case_id for case in cases if getattr(case, of).outcome is Outcome.FLAKY],
        cost=sum(known) if known and len(known) == len(costs) else None,
        failed_calls=sum(side.failed_calls for side in sides),
        rate=wilson(sum(getattr(case, of).outcome.passed is True for case in decided), len(decided), confidence),
        sources=Counter(side.source for side in sides if side.source),
    )


def _slices(decided: Sequence[CaseEvidence], confidence: float) -> list[Slice]:
    by_tag: dict[str, list[CaseEvidence]] = {}
    for case in decided:
        for tag in dict.fromkeys(case.tags):
            by_tag.setdefault(tag, []).append(case)
    tables = {tag: _table(some) for tag, some in by_tag.items() if len(some) >= SMALLEST_SLICE}
    ps = [mcnemar_exact(table) for table in tables.values()]
    adjusted = benjamini_hochberg(ps)
    slices = [
        Slice(tag, table, paired_difference(table, confidence), p, q)
        for (tag, table), p, q in zip(tables.items(), ps, adjusted, strict=True)
    ]
    slices.sort(key=lambda one: (one.table.difference or 0.0, -one.table.n, one.tag))
    whole = _table(decided)
    p = mcnemar_exact(whole)
    return [Slice(ALL_CASES, whole, paired_difference(whole, confidence), p, p), *slices]


def _largest_cause(drift: Sequence[DriftRow], regressions: set[str], decided: set[str]) -> tuple[str, int] | None:
    """The drift that goes with regressing most, with how many of the regressions show it.

    What nearly every answer shows, those that still pass too, explains little: a drift counts by how many more
    regressions show it than would if regressions fell on the cases by chance.
    """
    share = len(regressions) / len(decided) if decided else 0.0
    found = []
    for row in drift:
        shown = len(regressions.intersection(row.cases))
        more = shown - share * len(decided.intersection(row.cases))
        found.append((round(max(0.0, more), 6), shown, row.title))
    _, count, title = max(found, key=lambda one: one[:2], default=(0.0, 0, ""))
    return (title, count) if count else None


def _error_kinds(cases: Sequence[CaseEvidence]) -> dict[str, int]:
    """Cases with an error on either side by the kind of the call's error; empty text: a check's."""
    kinds: Counter[str] = Counter()
    for case in cases:
        wrong = [side for side in (case.baseline, case.candidate) if side.outcome is Outcome.ERROR]
        if wrong:
            kinds[next((side.error_kind for side in wrong if side.error_kind), "")] += 1
    return dict(kinds)


# Figures


_Statistic = Literal["mean", "median", "p95"]
_FIGURES: Mapping[FigureName, tuple[str, _Statistic]] = {
    "cost": ("cost", "mean"),
    "latency_p50": ("latency_ms", "median"),
    "latency_p95": ("latency_ms", "p95"),
    "first_token": ("first_token_ms", "median"),
    "words": ("words", "median"),
    "output_tokens": ("output_tokens", "median"),
}
"""Figure to the field of a side that it is about, and what is made of its values."""
_TIMES = frozenset({"latency_ms", "first_token_ms"})


def _figures(cases: Sequence[CaseEvidence], confidence: float) -> dict[FigureName, Figure]:
    return {name: figure_of(name, cases, confidence) for name in _FIGURES}


def figure_of(name: FigureName, cases: Sequence[CaseEvidence], confidence: float, *, change: bool = True) -> Figure:
    """One figure over the cases that both models answered; without `change`, its interval is left out."""
    field_name, statistic = _FIGURES[name]
    some = [case for case in cases if _answered(case.baseline) and _answered(case.candidate)]
    if field_name in _TIMES:
        # How long an answer took that was streamed says nothing about one that was not, and the reverse.
        some = [c for c in some if (c.baseline.first_token_ms is None) == (c.candidate.first_token_ms is None)]
    pairs = _pairs(some, field_name)
    if not pairs:
        return Figure(name, None, None, None, 0)
    old, new = [one for one, _ in pairs], [other for _, other in pairs]
    interval = bootstrap_ratio(old, new, statistic, confidence) if change else None
    old.sort()
    new.sort()
    return Figure(
        name,
        _statistic(old, statistic),
        _statistic(new, statistic),
        interval,
        len(pairs),
        [percentile(old, share) or 0.0 for share in SPREAD],
        [percentile(new, share) or 0.0 for share in SPREAD],
    )


def _answered(side: Side) -> bool:
    return side.asked > side.failed_calls


def _pairs(cases: Sequence[CaseEvidence], field_name: str) -> list[tuple[float, float]]:
    both = [(getattr(case.baseline, field_name), getattr(case.candidate, field_name)) for case in cases]
    return [(float(old), float(new)) for old, new in both if old is not None and new is not None]


def _statistic(ordered: Sequence[float], statistic: _Statistic) -> float | None:
    if statistic == "mean":
        return sum(ordered) / len(ordered)
    return percentile(ordered, 0.5 if statistic == "median" else 0.95)


def _p95(cases: Sequence[CaseEvidence], rules: GateRules) -> Interval | None:
    """The candidate's own 95th percentile, where a limit asks for it."""
    if rules.max_latency_p95_ms is None:
        return None
    values = [case.candidate.latency_ms for case in cases if case.candidate.latency_ms is not None]
    return percentile_interval(values, 0.95, rules.confidence)
