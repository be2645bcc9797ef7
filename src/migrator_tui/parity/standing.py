"""Where a case stands for one candidate: its section in the list, its glyphs, and what changed in a few words."""

from collections.abc import Mapping, Sequence
from typing import Literal

from migrator_tui.checks.registry import known_checks
from migrator_tui.history.records import CheckRecord, DriftMark, Judged, Output, Section, Standing, Verdict
from migrator_tui.models.requests import ErrorKind
from migrator_tui.parity.drift import Drift, explains
from migrator_tui.parity.drift.answer import Answer
from migrator_tui.parity.drift.base import QUIET
from migrator_tui.parity.drift.registry import compare
from migrator_tui.parity.outcomes import Outcome, OutcomeWithReason, Source, judged_of, outcome_of
from migrator_tui.parity.word_diff import similarity
from migrator_tui.project.schema import Case
from migrator_tui.text_safety import safe_line

CHANGED_LIMIT = 160
"""Characters of `changed` that are kept; a column shows far fewer."""

_KNOWN = frozenset(known_checks())
"""Labels that are the names of checks, and so mean little without the evidence."""


def standing_of(
    case: Case,
    baseline_outputs: Sequence[Output],
    candidate_outputs: Sequence[Output],
    checks: Mapping[int, Sequence[CheckRecord]],
    verdicts: Sequence[Verdict],
    assume: Literal["pass", "unjudged"] = "pass",
    earlier: Mapping[int, Output] | None = None,
    threshold: float | None = None,
) -> Standing:
    """The row of one case, from both models' current outputs (one per repeat).

    `checks` holds results by output id, `verdicts` the standing ones of this case on either model, newest first.
    `earlier` holds the outputs that verdicts were given on, by id: without it no verdict is offered as carried over.
    `threshold` is as of `outcome_of`.
    """
    old = outcome_of(baseline_outputs, checks, verdicts, is_baseline=True, assume=assume, threshold=threshold)
    new = outcome_of(candidate_outputs, checks, verdicts, is_baseline=False, threshold=threshold)
    baseline, candidate = _decisive(baseline_outputs, old), _decisive(candidate_outputs, new)
    judged = judged_of(candidate, verdicts, earlier or {}) if candidate is not None else Judged.NO
    shows: list[Drift] = []
    same = None
    before, after = _answer(baseline), _answer(candidate)
    if baseline is not None and candidate is not None and before is not None and after is not None:
        same = similarity(_all_of(baseline), _all_of(candidate))
        shows = compare(before, after, same)
    found = [drift for drift in shows if drift.differs]
    return Standing(
        case_id=case.id,
        section=_section(old, new, judged, found),
        baseline=old.outcome.mark,
        candidate=new.outcome.mark,
        judged=judged,
        changed=safe_line(", ".join(_changed(old, new, judged, found, baseline, candidate, checks)), CHANGED_LIMIT),
        same=same,
        baseline_output_id=baseline.id if baseline is not None else None,
        candidate_output_id=candidate.id if candidate is not None else None,
        drift=marks_of(shows),
        baseline_source=old.source.value if baseline is not None else "",
        candidate_source=new.source.value if candidate is not None else "",
        baseline_repeats=old.repeats,
        candidate_repeats=new.repeats,
        baseline_words=before.words if before is not None else None,
        candidate_words=after.words if after is not None else None,
    )


def marks_of(drifts: Sequence[Drift]) -> tuple[DriftMark, ...]:
    """What is stored of drifts: one mark for each name, in their order."""
    marks: dict[str, DriftMark] = {}
    for drift in drifts:
        seen = marks.get(drift.name, DriftMark(drift.name, False, False))
        marks[drift.name] = DriftMark(drift.name, seen.baseline or drift.baseline, seen.candidate or drift.candidate)
    return tuple(marks.values())


def _answer(output: Output | None) -> Answer | None:
    return Answer(output) if output is not None and not output.failed_call else None


def _all_of(output: Output) -> str:
    """What is compared for the `same` column: the text, and the tools called as text."""
    return "\n".join([output.text, *(f"{call.name}({call.arguments})" for call in output.tool_calls)])


def _decisive(outputs: Sequence[Output], outcome: OutcomeWithReason) -> Output | None:
    """The output to look at: of several repeats the one that decided."""
    return next((output for output in outputs if output.id == outcome.output_id), outputs[0] if outputs else None)


def _section(old: OutcomeWithReason, new: OutcomeWithReason, judged: Judged, found: Sequence[Drift]) -> Section:
    """Where the row goes, worst first.

    To judge is whatever keeps a case from being decided: no outcome on one side, or an error. A verdict on offer
    puts a case under "carried over" where confirming it would change the outcome; otherwise the outcome decides.
    What a person judged as passed on this very text is not drift any more.
    """
    if new.outcome is Outcome.NOT_RUN:
        return Section.NOT_RUN
    offered = judged in (Judged.CARRIED_PASS, Judged.CARRIED_FAIL)
    if new.outcome.passed is None:
        return Section.CARRIED_OVER if offered and new.outcome is Outcome.UNJUDGED else Section.TO_JUDGE
    if new.outcome.passed and judged is Judged.CARRIED_FAIL:
        return Section.CARRIED_OVER
    if old.outcome.passed is None:
        # An answer that passes needs no look for the old model's sake, unless somebody has to judge that one.
        unknown = old.outcome in (Outcome.NOT_RUN, Outcome.ERROR)
        return Section.SAME if new.outcome.passed and unknown else Section.TO_JUDGE
    if not new.outcome.passed:
        return Section.REGRESSION if old.outcome.passed else Section.SAME
    if not old.outcome.passed:
        return Section.FIXED
    drifted = any(drift.name not in QUIET for drift in found)
    return Section.DRIFT if drifted and new.source is not Source.VERDICT else Section.SAME


def _changed(
    old: OutcomeWithReason,
    new: OutcomeWithReason,
    judged: Judged,
    found: Sequence[Drift],
    baseline: Output | None,
    candidate: Output | None,
    checks: Mapping[int, Sequence[CheckRecord]],
) -> list[str]:
    """What changed, in words for a narrow column, the one that matters most first."""
    if candidate is None:
        return []
    if candidate.failed_call:
        return [error_words(candidate)]
    counts = new.source is Source.CHECKS and not new.outcome.passed  # a threshold may let it pass all the same
    failing = _failing(candidate, checks) if counts else []
    words: list[str] = []
    if new.outcome is Outcome.ERROR:
        words.append(safe_line(new.reason, 60))
    if new.outcome is Outcome.FLAKY:
        words.append("flaky")
    if new.outcome.passed and old.outcome.passed is False:
        words.append("now passes")
    if new.outcome.passed is False and old.outcome.passed is False:
        words.append("both fail")
    if new.outcome is Outcome.UNJUDGED and judged in (Judged.STALE_PASS, Judged.STALE_FAIL):
        words.append(f"was {'pass' if judged is Judged.STALE_PASS else 'fail'}, text changed")
    reasons = [drift for drift in found if any(explains(drift, record.label, record.reason) for record in failing)]
    open_checks = [
        record for record in failing if not any(explains(drift, record.label, record.reason) for drift in found)
    ]
    words += [drift.words for drift in reasons]
    words += [_check_words(record) for record in open_checks]
    words += [drift.words for drift in found if drift not in reasons]
    if baseline is not None and baseline.failed_call:
        words.append(f"old: {error_words(baseline)}")
    return words


def _failing(output: Output, checks: Mapping[int, Sequence[CheckRecord]]) -> list[CheckRecord]:
    records = checks.get(output.id, ())
    return [r for r in records if r.weight > 0 and not r.passed and not r.error and not r.waiting]


def _check_words(record: CheckRecord) -> str:
    """A failed check in short: `max-words: 93 of at most 80`; one that the user named, by that name alone."""
    if record.label.removeprefix("not-") not in _KNOWN:
        return record.label
    reason = safe_line(record.reason, 48)
    if record.label in ("is-json", "contains-json") and not reason.startswith(("missing", "has ")) and ": " in reason:
        # Where a schema names the place (`priority: "urgent" is none of …`), the place says more than the check.
        return reason
    return f"{record.label}: {reason}" if reason else record.label


def error_words(output: Output) -> str:
    """Why a call gave no answer, in a few words: `429 after 3 tries`, `timed out`."""
    kinds = {
        ErrorKind.RATE_LIMITED: "rate limited",
        ErrorKind.TIMED_OUT: "timed out",
        ErrorKind.SERVER: "server error",
        ErrorKind.CONNECTION: "no connection",
        ErrorKind.CUT_OFF: "stream broke",
        ErrorKind.MALFORMED: "answer unreadable",
        ErrorKind.KEY: "key refused",
        ErrorKind.REJECTED: "request refused",
        ErrorKind.CANCELLED: "stopped",
        ErrorKind.WORKER: "worker ended",
        ErrorKind.RECORDING: "not recorded",
    }
    known = {kind.value: words for kind, words in kinds.items()}
    words = known.get(output.error_kind or "", "error")
    if output.error_status and output.error_kind not in (ErrorKind.KEY, ErrorKind.REJECTED):
        words = str(output.error_status)
    return f"{words} after {output.attempts} tries" if output.attempts > 1 else words
