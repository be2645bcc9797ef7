"""What is known about each case of one candidate: the outcomes, what changed, and the figures of both answers.

Everything that statistics, gate, scorecard and reports say follows from this, whether it was taken from the outputs
of one run or from what stands in the history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrator_tui.history.records import DriftMark, Figures, Output, Standing, Version
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.pairs import outcome_of_mark


@dataclass(frozen=True, slots=True)
class Side:
    """One model's part in a case. Unknown figures are `None`, never 0."""

    outcome: Outcome
    source: str = ""
    """What decided it, a value of `parity.outcomes.Source`; empty where nothing was run."""
    repeats: tuple[int, int] = (0, 0)
    """Of the case's repeats, how many passed and how many passed or failed."""
    asked: int = 0
    """How many outputs there are, those of failed calls included."""
    words: int | None = None
    """Of the output that decided."""
    cost: float | None = None
    """USD a call, the mean over the repeats."""
    latency_ms: float | None = None
    """Mean over the repeats that were answered."""
    first_token_ms: float | None = None
    """Likewise; `None` where the answers were not streamed."""
    output_tokens: float | None = None
    failed_calls: int = 0
    """Outputs that ended in an infrastructure error."""
    error_kind: str | None = None
    """Of the first of them, a value of `models.requests.ErrorKind`."""
    total_cost: float | None = None
    """USD of all its calls."""


@dataclass(frozen=True, slots=True)
class CaseEvidence:
    """One case on both models."""

    case_id: str
    tags: Sequence[str]
    critical: bool
    baseline: Side
    candidate: Side
    drift: Sequence[DriftMark] = ()
    changed: str = ""
    """What changed, in words, worst first."""
    baseline_output_id: int | None = None
    """The output that decided: of several repeats the one to look at."""
    candidate_output_id: int | None = None

    @property
    def decided(self) -> bool:
        """Both sides passed or failed: the case counts in the comparison."""
        return self.baseline.outcome.passed is not None and self.candidate.outcome.passed is not None

    @property
    def regressed(self) -> bool:
        """The baseline passed, the candidate fails."""
        return self.baseline.outcome.passed is True and self.candidate.outcome.passed is False

    @property
    def fixed(self) -> bool:
        """The baseline failed, the candidate passes."""
        return self.baseline.outcome.passed is False and self.candidate.outcome.passed is True


@dataclass(frozen=True, slots=True)
class Evidence:
    """All cases of a task on the baseline and one candidate's version."""

    task: str
    candidate: str
    baseline_model: str
    candidate_model: str
    baseline_version: Version | None
    version: Version | None
    """The candidate's prompt version that this is about."""
    cases: Sequence[CaseEvidence]
    """In the order of the case files."""
    other_versions: Mapping[str, int] = field(default_factory=dict)
    """Later versions that were tried, by label, with how many cases each was run on."""
    authors: Mapping[str, int] = field(default_factory=dict)
    """Who gave the verdicts that count on the candidate's outputs, and how many."""


def side_of(
    outcome: Outcome,
    source: str,
    repeats: tuple[int, int],
    words: int | None,
    outputs: Sequence[Output] | Sequence[Figures],
) -> Side:
    """One model's part in a case, from its outputs (one per repeat)."""
    answered = [output for output in outputs if not output.failed_call]
    priced = [output.cost for output in outputs if output.cost is not None or not output.failed_call]
    known = [cost for cost in priced if cost is not None]
    total = sum(known) if known and len(known) == len(priced) else None
    return Side(
        outcome=outcome,
        source=source,
        repeats=repeats,
        asked=len(outputs),
        words=words,
        cost=total / len(priced) if total is not None else None,
        latency_ms=_mean([output.latency_ms for output in answered]),
        first_token_ms=_mean([output.first_token_ms for output in answered]),
        output_tokens=_mean([output.output_tokens for output in answered]),
        failed_calls=len(outputs) - len(answered),
        error_kind=next((output.error_kind for output in outputs if output.failed_call), None),
        total_cost=total,
    )


def case_evidence(
    standing: Standing | None,
    baseline: Sequence[Output] | Sequence[Figures],
    candidate: Sequence[Output] | Sequence[Figures],
    *,
    case_id: str,
    tags: Sequence[str],
    critical: bool,
) -> CaseEvidence:
    """One case, from its standing and the outputs behind it; without a standing it was not run."""
    if standing is None:
        nothing = Side(Outcome.NOT_RUN)
        return CaseEvidence(case_id, tags, critical, nothing, nothing)
    return CaseEvidence(
        case_id=case_id,
        tags=tags,
        critical=critical,
        baseline=side_of(
            outcome_of_mark(standing.baseline),
            standing.baseline_source,
            standing.baseline_repeats,
            standing.baseline_words,
            baseline,
        ),
        candidate=side_of(
            outcome_of_mark(standing.candidate),
            standing.candidate_source,
            standing.candidate_repeats,
            standing.candidate_words,
            candidate,
        ),
        drift=standing.drift,
        changed=standing.changed,
        baseline_output_id=standing.baseline_output_id,
        candidate_output_id=standing.candidate_output_id,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
