"""What counts for one case and model: the verdict, else an imported verdict, else the checks, else unjudged.

An infrastructure error is an error, never a fail. A verdict belongs to the text it was given on: it counts for
every output with that text, and for no other. An output that differs only a little is offered the verdict as
carried over (`judgement_of`), which does not count until it is confirmed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from migrator_tui.checks.scoring import Part, combined
from migrator_tui.checks.values import beside
from migrator_tui.history.digests import text_digest
from migrator_tui.history.records import CheckRecord, Judged, Mark, Output, Verdict

__all__ = [
    "Judgement",
    "Outcome",
    "OutcomeWithReason",
    "Source",
    "judged_of",
    "judgement_of",
    "outcome_of",
    "text_digest",
]

CARRIED_CHARACTERS = 8
"""At most so many characters may differ for a verdict to be offered as carried over …"""
CARRIED_SHARE = 0.01
"""… and at most this share of the longer text, so that in a short answer none may."""

NOT_ASKED = "not asked yet"
"""Of a check that waits for a model or a process."""

_FIGURE = re.compile(r"\d+")


class Outcome(StrEnum):
    """What counts for one case and model."""

    PASS = "pass"  # noqa: S105 - an outcome, no password
    FAIL = "fail"
    FLAKY = "flaky"
    """Some repeats pass and some fail; counted as failed, listed by itself."""
    UNJUDGED = "unjudged"
    ERROR = "error"
    ASSUMED = "assumed"
    """A baseline output without verdict and checks, taken as a pass."""
    NOT_RUN = "not-run"

    @property
    def passed(self) -> bool | None:
        """Whether it counts as passed or failed; `None` where it counts as neither."""
        if self in (Outcome.PASS, Outcome.ASSUMED):
            return True
        return False if self in (Outcome.FAIL, Outcome.FLAKY) else None

    @property
    def mark(self) -> Mark:
        """The glyph of a case row."""
        return _MARKS[self]


_MARKS = {
    Outcome.PASS: Mark.PASSED,
    Outcome.FAIL: Mark.FAILED,
    Outcome.FLAKY: Mark.FLAKY,
    Outcome.UNJUDGED: Mark.UNJUDGED,
    Outcome.ERROR: Mark.ERROR,
    Outcome.ASSUMED: Mark.ASSUMED,
    Outcome.NOT_RUN: Mark.NOT_RUN,
}


class Source(StrEnum):
    """Who or what decided an outcome."""

    VERDICT = "verdict"
    IMPORTED = "imported verdict"
    CHECKS = "checks"
    CALL = "call"
    """The call ended in an error."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class OutcomeWithReason:
    """An outcome, who decided it, and why."""

    outcome: Outcome
    source: Source
    reason: str = ""
    """One line: the verdict's note, the failed check and its evidence, the error; empty where all is well."""
    output_id: int | None = None
    """The output that decided: of several repeats the one to look at."""
    repeats: tuple[int, int] = field(default=(0, 0), compare=False)
    """How many repeats passed (assumed passes included), and how many passed or failed."""


def outcome_of(
    outputs: Sequence[Output],
    checks: Mapping[int, Sequence[CheckRecord]],
    verdicts: Sequence[Verdict],
    *,
    is_baseline: bool,
    assume: Literal["pass", "unjudged"] = "pass",
    threshold: float | None = None,
) -> OutcomeWithReason:
    """The outcome of one case on one model, from its outputs (one per repeat).

    `checks` holds the check results by output id; `verdicts` the standing ones of this case, newest first (those of
    other models are left aside). With repeats: pass if all pass, fail if all that are known fail, flaky if some do.
    A repeat that ended in an error, or that nobody judged, keeps the others from being a pass, not from being a
    fail: whatever it will turn out to be, not all repeats pass. `threshold` is the mean score by weight that the
    checks of an output must reach (`Task.threshold_for`); without it each of them must pass.
    """
    singles = [
        _single(output, checks.get(output.id, ()), verdicts, is_baseline, assume, threshold) for output in outputs
    ]
    known = [single.outcome.passed for single in singles if single.outcome.passed is not None]
    return replace(_of_repeats(singles), repeats=(sum(known), len(known)))


def _of_repeats(singles: Sequence[OutcomeWithReason]) -> OutcomeWithReason:
    if len(singles) <= 1:
        return singles[0] if singles else OutcomeWithReason(Outcome.NOT_RUN, Source.NOBODY)
    kinds = [single.outcome for single in singles]
    failed = kinds.count(Outcome.FAIL)
    passed = kinds.count(Outcome.PASS) + kinds.count(Outcome.ASSUMED)
    for outcome in (Outcome.FAIL, Outcome.ERROR, Outcome.UNJUDGED, Outcome.ASSUMED):
        if outcome in kinds:
            first = singles[kinds.index(outcome)]
            if outcome is Outcome.FAIL and passed:
                reason = f"{passed} of {failed + passed} repeats pass; {first.reason}".removesuffix("; ")
                return OutcomeWithReason(Outcome.FLAKY, first.source, reason, first.output_id)
            return first
    return singles[0]


def _single(
    output: Output,
    checks: Sequence[CheckRecord],
    verdicts: Sequence[Verdict],
    is_baseline: bool,
    assume: Literal["pass", "unjudged"],
    threshold: float | None,
) -> OutcomeWithReason:
    if output.failed_call:
        return OutcomeWithReason(Outcome.ERROR, Source.CALL, output.error or str(output.error_kind), output.id)
    if verdict := _verdict_on(output, verdicts):
        outcome = Outcome.PASS if verdict.passed else Outcome.FAIL
        return OutcomeWithReason(outcome, Source.VERDICT, verdict.note or "", output.id)
    if output.imported_passed is not None:
        outcome = Outcome.PASS if output.imported_passed else Outcome.FAIL
        return OutcomeWithReason(outcome, Source.IMPORTED, "", output.id)
    if (by_checks := _by_checks(output, checks, threshold)) is not None:
        return by_checks
    outcome = Outcome.ASSUMED if is_baseline and assume == "pass" else Outcome.UNJUDGED
    return OutcomeWithReason(outcome, Source.NOBODY, "", output.id)


def _verdict_on(output: Output, verdicts: Sequence[Verdict]) -> Verdict | None:
    of_model = [v for v in verdicts if v.passed is not None and v.model_name == output.model_name]
    if not of_model:
        return None
    digest = text_digest(output)
    return next((verdict for verdict in of_model if verdict.text_digest == digest), None)


def _by_checks(output: Output, checks: Sequence[CheckRecord], threshold: float | None) -> OutcomeWithReason | None:
    """All checks must pass or, with a threshold, reach it together; see `checks.scoring`.

    One that could not be carried out makes the outcome an error, one that waits for a model nobody has asked yet
    leaves it unjudged (the baseline's output as well), both unless the others have settled it already.
    """
    deciding = [record for record in checks if record.weight > 0]
    if not deciding:
        return None
    whole = combined(
        [Part(r.weight, r.score, r.passed, known=not (r.error or r.waiting)) for r in deciding], threshold
    )
    if whole.passed:
        return OutcomeWithReason(Outcome.PASS, Source.CHECKS, "", output.id)
    if whole.passed is False:
        failed = next((r for r in deciding if not (r.passed or r.error or r.waiting)), None)
        words = [] if threshold is None else [f"score {beside(whole.score, threshold)} of at least {threshold:g}"]
        words += [] if failed is None else [f"{failed.label}: {failed.reason}" if failed.reason else failed.label]
        return OutcomeWithReason(Outcome.FAIL, Source.CHECKS, "; ".join(words), output.id)
    if broken := next((record for record in deciding if record.error), None):
        reason = f"{broken.label}: {broken.reason}" if broken.reason else broken.label
        return OutcomeWithReason(Outcome.ERROR, Source.CHECKS, reason, output.id)
    waiting = next(record for record in deciding if record.waiting)
    reason = f"{waiting.label}: {waiting.reason or NOT_ASKED}"
    return OutcomeWithReason(Outcome.UNJUDGED, Source.CHECKS, reason, output.id)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a person's verdict on an output."""

    judged: Judged
    verdict: Verdict | None = None
    """The verdict that stands, is offered, or went stale."""
    differing: int | None = None
    """Where it is offered: how many characters differ from the text it was given on; 0: only white space does."""


def judgement_of(output: Output, verdicts: Sequence[Verdict], earlier: Mapping[int, Output]) -> Judgement:
    """What the standing verdicts of a case (newest first) say about one output.

    `earlier` holds the outputs they were given on, by output id; without one, its verdict can only be stale. The
    newest verdict on this very text stands. Else the newest one given on nearly this text is offered as carried
    over. Else the newest one is stale, and the output asks to be judged again.
    """
    mine = [v for v in verdicts if v.passed is not None and v.model_name == output.model_name]
    if not mine or output.failed_call:
        return Judgement(Judged.NO)
    if verdict := _verdict_on(output, mine):
        return Judgement(Judged.PASS if verdict.passed else Judged.FAIL, verdict)
    for verdict in mine:
        before = earlier.get(verdict.output_id)
        differing = nearly_the_same(before, output) if before is not None else None
        if differing is not None:
            return Judgement(Judged.CARRIED_PASS if verdict.passed else Judged.CARRIED_FAIL, verdict, differing)
    return Judgement(Judged.STALE_PASS if mine[0].passed else Judged.STALE_FAIL, mine[0])


def judged_of(output: Output, verdicts: Sequence[Verdict], earlier: Mapping[int, Output]) -> Judged:
    """The `you` column of one output; arguments as of `judgement_of`."""
    return judgement_of(output, verdicts, earlier).judged


def nearly_the_same(before: Output, after: Output) -> int | None:
    """How many characters differ where a verdict on `before` may be offered for `after`, else `None`.

    It may where the tools called are the same and the texts differ in white space alone, or in at most
    `CARRIED_CHARACTERS` characters (inserted, removed or replaced) and `CARRIED_SHARE` of the longer text. Whatever
    the length, figures must be the same, and in JSON every key and every value that is a single word: a changed
    digit or label is a changed answer.
    """
    if _calls(before) != _calls(after):
        return None
    old, new = " ".join(before.text.split()), " ".join(after.text.split())
    if old == new:
        return 0
    allowed = min(CARRIED_CHARACTERS, int(CARRIED_SHARE * max(len(old), len(new))))
    if abs(len(old) - len(new)) > allowed or _figures(old) != _figures(new):
        return None
    from rapidfuzz.distance import Levenshtein

    differing = Levenshtein.distance(old, new, score_cutoff=allowed)
    return differing if differing <= allowed and _labels(before.text) == _labels(after.text) else None


def _calls(output: Output) -> list[tuple[str, Any]]:
    return [(call.name, _arguments(call.arguments)) for call in output.tool_calls]


def _arguments(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _figures(text: str) -> list[str]:
    return _FIGURE.findall(text)


def _labels(text: str) -> Any:
    """Keys and one-word values of a JSON text, prose left out; `None` for other texts."""
    try:
        return _without_prose(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_prose(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_prose(item) for item in value]
    return "" if isinstance(value, str) and any(character.isspace() for character in value) else value
