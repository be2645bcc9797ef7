"""What counts for a case: verdict, imported verdict, checks, unjudged, in that order; an error is never a fail."""

from dataclasses import replace

import pytest

from migrator_tui.history.records import Judged, Mark
from migrator_tui.models.requests import ToolCall
from migrator_tui.parity.outcomes import Outcome, Source, judged_of, judgement_of, nearly_the_same, outcome_of
from tests.parity.builders import check, output, verdict

P, F, FLAKY, U, E = Outcome.PASS, Outcome.FAIL, Outcome.FLAKY, Outcome.UNJUDGED, Outcome.ERROR


def test_the_verdict_wins_then_the_imported_one_then_the_checks() -> None:
    imported = output(1, "text", imported_passed=False)
    failed = {1: [check(False, reason="not JSON: text")]}
    by_person = outcome_of([imported], failed, [verdict(imported, True, note="fine")], is_baseline=False)
    assert (by_person.outcome, by_person.source, by_person.reason) == (P, Source.VERDICT, "fine")
    passed = {1: [check(True)]}
    assert outcome_of([imported], passed, [], is_baseline=False).source is Source.IMPORTED
    assert outcome_of([imported], passed, [], is_baseline=False).outcome is F
    by_checks = outcome_of([output(1, "text")], failed, [], is_baseline=False)
    assert (by_checks.outcome, by_checks.reason) == (F, "is-json: not JSON: text")
    assert outcome_of([output(1, "text")], {}, [], is_baseline=False).outcome is U


def test_a_baseline_that_nobody_judged_is_assumed_to_pass_unless_told_otherwise() -> None:
    old = output(1, "text", baseline=True)
    assert outcome_of([old], {}, [], is_baseline=True, assume="pass").outcome is Outcome.ASSUMED
    assert outcome_of([old], {}, [], is_baseline=True, assume="unjudged").outcome is U
    assert outcome_of([old], {1: [check(False)]}, [], is_baseline=True).outcome is F
    assert outcome_of([], {}, [], is_baseline=True).outcome is Outcome.NOT_RUN


def test_a_verdict_belongs_to_the_text_whichever_call_gave_it() -> None:
    first, again, other = output(1, "text"), output(2, "text"), output(3, "text!")
    verdicts = [verdict(first, False)]
    assert outcome_of([again], {2: [check(True)]}, verdicts, is_baseline=False).outcome is F
    assert outcome_of([other], {3: [check(True)]}, verdicts, is_baseline=False).outcome is P
    newest_first = [verdict(again, True, id=2), verdict(first, False, id=1)]
    assert outcome_of([first], {}, newest_first, is_baseline=False).outcome is P
    assert outcome_of([output(4, "text", baseline=True)], {}, verdicts, is_baseline=True).outcome is Outcome.ASSUMED


def test_tool_calls_are_part_of_what_is_judged() -> None:
    a = output(1, tool_calls=(ToolCall("x", "refund", '{"id": 1}'),))
    b = output(2, tool_calls=(ToolCall("y", "refund", '{"id": 1}'),))
    c = output(3, tool_calls=(ToolCall("x", "refund", '{"id": 2}'),))
    verdicts = [verdict(a, True)]
    assert outcome_of([b], {}, verdicts, is_baseline=False).outcome is P
    assert outcome_of([c], {}, verdicts, is_baseline=False).outcome is U
    assert judged_of(c, verdicts, {1: a}) is Judged.STALE_PASS


def test_an_error_is_an_error_whatever_else_is_known() -> None:
    broken = output(1, error_kind="timed-out", error="no answer in 600 s", imported_passed=False)
    found = outcome_of([broken], {1: [check(False)]}, [verdict(broken, False)], is_baseline=False)
    assert (found.outcome, found.source, found.reason) == (E, Source.CALL, "no answer in 600 s")
    assert found.outcome.passed is None
    assert found.outcome.mark is Mark.ERROR


@pytest.mark.parametrize(
    ("records", "outcome"),
    [
        ([check(True), check(True, "b")], P),
        ([check(True), check(False, "b")], F),
        ([check(True), check(False, "b", weight=0)], P),
        ([check(False, weight=0)], U),
        ([check(True), check(False, "b", error=True)], E),
        ([check(False, "b", error=True), check(False, "a")], F),
        ([check(True), check(False, "b", error=True, weight=0)], P),
    ],
)
def test_all_checks_must_pass(records: list, outcome: Outcome) -> None:  # type: ignore[type-arg]
    assert outcome_of([output(1, "text")], {1: records}, [], is_baseline=False).outcome is outcome


@pytest.mark.parametrize(
    ("repeats", "outcome", "decided_by"),
    [
        ([P, P, P], P, 0),
        ([F, F], F, 0),
        ([P, F, P], FLAKY, 1),
        ([P, E], E, 1),
        ([P, U], U, 1),
        ([F, E], F, 0),
        ([U, F], F, 1),
        ([E, P, F], FLAKY, 2),
        ([U, E], E, 1),
    ],
)
def test_repeats(repeats: list[Outcome], outcome: Outcome, decided_by: int) -> None:
    outputs, checks = [], {}
    for no, kind in enumerate(repeats):
        outputs.append(output(no, f"text {no}", repeat=no, error_kind="server" if kind is E else None))
        if kind in (P, F):
            checks[no] = [check(kind is P, reason="" if kind is P else "no")]
    found = outcome_of(outputs, checks, [], is_baseline=False)
    assert (found.outcome, found.output_id) == (outcome, decided_by)
    if outcome is FLAKY:
        assert found.reason.startswith(f"{repeats.count(P)} of {repeats.count(P) + repeats.count(F)} repeats pass")
        assert found.outcome.passed is False


PROSE = "We are sorry for the trouble with order 88231 and have asked our billing team to look at it today. " * 4


@pytest.mark.parametrize(
    ("before", "after", "differing"),
    [
        ("one two", "one  two\n", 0),
        ("yes", "no", None),
        ("yes", "yes.", None),
        (PROSE, PROSE.replace("sorry", "sorri", 1), 1),
        (PROSE, PROSE.rstrip() + "!!", 2),
        (PROSE, PROSE.replace("sorry for", "glad about", 1), None),
        (PROSE, PROSE.replace("88231", "88232", 1), None),
        (PROSE, PROSE.replace("with order", "with, order", 1), 1),
        (PROSE, PROSE + "More.", None),
        (f'{{"ok": "no", "reply": "{PROSE}"}}', f'{{"ok": "yo", "reply": "{PROSE}"}}', None),
        (f'{{"ok": "no", "reply": "{PROSE}"}}', f'{{"ok": "no", "reply": "{PROSE}!"}}', 1),
        (PROSE * 1000, PROSE * 1000 + "123456789", None),
        (PROSE * 1000, PROSE * 1000 + "and mor", 8),
    ],
    ids=range(13),
)
def test_a_few_characters(before: str, after: str, differing: int | None) -> None:
    there, back = (nearly_the_same(output(1, a), output(2, b)) for a, b in ((before, after), (after, before)))
    assert there == back == differing


def test_a_verdict_carried_over_is_an_offer_and_does_not_count() -> None:
    before, after = output(1, PROSE), output(2, PROSE + " ")
    verdicts = [verdict(before, False)]
    offer = judgement_of(after, verdicts, {1: before})
    assert (offer.judged, offer.differing) == (Judged.CARRIED_FAIL, 0)
    assert offer.verdict is verdicts[0]
    assert outcome_of([after], {}, verdicts, is_baseline=False).outcome is U
    assert judged_of(after, [verdict(after, False, id=2), *verdicts], {1: before}) is Judged.FAIL


def test_an_older_verdict_on_nearly_this_text_is_offered_before_a_newer_one_on_another() -> None:
    first, second, third = output(1, PROSE), output(2, "Something else."), output(3, PROSE + "\n")
    verdicts = [verdict(second, False, id=2), verdict(first, True, id=1)]
    assert judged_of(third, verdicts, {1: first, 2: second}) is Judged.CARRIED_PASS
    assert judged_of(third, verdicts, {}) is Judged.STALE_FAIL
    assert judged_of(replace(third, model_name="other"), verdicts, {1: first}) is Judged.NO
    assert judged_of(third, [], {}) is Judged.NO
