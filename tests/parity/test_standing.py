"""Where a case goes in the list, and the words that say what changed."""

import json
from typing import Any

import pytest

from migrator_tui.history.records import CheckRecord, DriftMark, Judged, Mark, Output, Section, Standing
from migrator_tui.models.requests import ToolCall
from migrator_tui.parity.outcomes import Source
from migrator_tui.parity.standing import standing_of
from migrator_tui.project.schema import Case
from tests.parity.builders import check, output, verdict

CASE = Case("T-1")
TRIAGE = {"category": "billing", "priority": "low", "reply": "We have asked our billing team to refund the order."}
JSON = json.dumps(TRIAGE)


def stand(
    old: Output | list[Output],
    new: Output | list[Output],
    checks: dict[int, list[CheckRecord]],
    *args: Any,
    **kw: Any,
) -> Standing:
    sides = [side if isinstance(side, list) else [side] for side in (old, new)]
    return standing_of(CASE, *sides, checks, *args or ([],), **kw)


def old(text: str = JSON, **fields: Any) -> Output:
    return output(1, text, baseline=True, **fields)


def new(text: str = JSON, **fields: Any) -> Output:
    return output(2, text, **fields)


GOOD: dict[int, list[CheckRecord]] = {1: [check(True)], 2: [check(True)]}
WORSE: dict[int, list[CheckRecord]] = {1: [check(True)], 2: [check(False, reason="not JSON")]}
BETTER: dict[int, list[CheckRecord]] = {1: [check(False)], 2: [check(True)]}
BAD: dict[int, list[CheckRecord]] = {1: [check(False)], 2: [check(False, reason="not JSON")]}


def test_the_row_of_a_regression() -> None:
    found = stand(old(), new(f"```json\n{JSON}\n```"), WORSE)
    assert found == Standing(
        *("T-1", Section.REGRESSION, Mark.PASSED, Mark.FAILED, Judged.NO, "fences", found.same, 1, 2),
        drift=(DriftMark("fences", False, True),),
        baseline_source=Source.CHECKS,
        candidate_source=Source.CHECKS,
        baseline_repeats=(1, 1),
        candidate_repeats=(0, 1),
        baseline_words=12,
        candidate_words=12,
    )
    assert found.same is not None
    assert 0.8 < found.same < 1


@pytest.mark.parametrize(
    ("checks", "section"),
    [
        (WORSE, Section.REGRESSION),
        (BETTER, Section.FIXED),
        (BAD, Section.SAME),
        (GOOD, Section.SAME),
        ({1: [check(True)]}, Section.TO_JUDGE),
        ({2: [check(True)]}, Section.SAME),
        ({2: [check(False)]}, Section.REGRESSION),
    ],
)
def test_sections_by_checks(checks: dict[int, list[CheckRecord]], section: Section) -> None:
    assert stand(old(), new(), checks).section is section


def test_sections_where_something_is_missing() -> None:
    error = {"error_kind": "rate-limited", "error": "429", "error_status": 429, "attempts": 3}
    assert standing_of(CASE, [old()], [], GOOD, []).section is Section.NOT_RUN
    assert standing_of(CASE, [], [], {}, []) == Standing(
        "T-1", Section.NOT_RUN, Mark.NOT_RUN, Mark.NOT_RUN, Judged.NO, ""
    )
    assert standing_of(CASE, [], [new()], GOOD, []).section is Section.SAME
    assert standing_of(CASE, [], [new()], WORSE, []).section is Section.TO_JUDGE
    failed = stand(old(), new("", **error), GOOD)
    assert (failed.section, failed.candidate, failed.changed) == (Section.TO_JUDGE, Mark.ERROR, "429 after 3 tries")
    assert stand(old("", **error), new(), GOOD).changed == "old: 429 after 3 tries"
    assert stand(old(), new(), {2: [check(True)]}, [], "unjudged").section is Section.TO_JUDGE
    broken = stand(old(), new(), {1: [check(True)], 2: [check(False, reason="ran too long", error=True)]})
    assert (broken.section, broken.changed) == (Section.TO_JUDGE, "is-json: ran too long")


def test_what_a_person_passed_is_no_drift_any_more() -> None:
    answer = new(JSON + "\n" + "Let me know if there is anything else that I can do for you today!")
    assert stand(old(), answer, GOOD).section is Section.DRIFT
    assert stand(old(), answer, GOOD, [verdict(answer, True)]).section is Section.SAME
    assert stand(old(), answer, GOOD, [verdict(answer, False)]).section is Section.REGRESSION


def test_verdicts_that_are_offered_or_stale() -> None:
    before, after = output(9, "We refund it."), new("We refund it. ")
    offered = stand(old(), after, {1: [check(True)]}, [verdict(before, True)], earlier={9: before})
    assert (offered.section, offered.judged, offered.candidate) == (
        Section.CARRIED_OVER,
        Judged.CARRIED_PASS,
        Mark.UNJUDGED,
    )
    against = stand(old(), after, GOOD, [verdict(before, False)], earlier={9: before})
    assert (against.section, against.judged, against.candidate) == (
        Section.CARRIED_OVER,
        Judged.CARRIED_FAIL,
        Mark.PASSED,
    )
    still = stand(old(), after, WORSE, [verdict(before, True)], earlier={9: before})
    assert (still.section, still.judged) == (Section.REGRESSION, Judged.CARRIED_PASS)
    stale = stand(old(), new("Else."), {1: [check(True)]}, [verdict(before, True)], earlier={9: before})
    assert (stale.section, stale.judged) == (Section.TO_JUDGE, Judged.STALE_PASS)
    assert stale.changed.startswith("was pass, text changed")


def test_of_repeats_the_one_that_decided_is_shown() -> None:
    repeats = [new(repeat=0), output(3, "Sorry, I can't.", repeat=1)]
    found = stand(old(), repeats, {1: [check(True)], 2: [check(True)], 3: [check(False, reason="not JSON: Sorry")]})
    assert (found.section, found.candidate, found.candidate_output_id) == (Section.REGRESSION, Mark.FLAKY, 3)
    assert found.changed.startswith("flaky, ")
    assert (found.baseline_repeats, found.candidate_repeats) == ((1, 1), (1, 2))
    assert found.drift == (DriftMark("refusal", False, True),)


def test_sides_that_say_nothing_have_no_numbers() -> None:
    error = {"error_kind": "rate-limited", "error": "429"}
    missing = standing_of(CASE, [], [new("", **error)], {}, [])
    assert (missing.baseline_source, missing.candidate_source) == ("", Source.CALL)
    assert (missing.baseline_repeats, missing.candidate_repeats) == ((0, 0), (0, 0))
    assert (missing.baseline_words, missing.candidate_words, missing.drift) == (None, None, ())
    assumed = stand(old("One two three."), new("One two three."), {2: [check(True, weight=0)]})
    assert (assumed.baseline_source, assumed.baseline_repeats) == (Source.NOBODY, (1, 1))
    assert (assumed.candidate_repeats, assumed.baseline_words) == ((0, 0), 3)


def test_drift_that_both_sides_show_is_stored_and_not_told() -> None:
    found = stand(old(f"```json\n{JSON}\n```"), new(f"Sure:\n```json\n{JSON}\n```"), GOOD)
    assert (found.changed, found.section) == ("preamble", Section.DRIFT)
    assert found.drift == (DriftMark("fences", True, True), DriftMark("preamble", False, True))
    spaced = stand(old("We refund it\ntoday."), new("We refund  it today."), GOOD)
    assert (spaced.changed, spaced.section, spaced.same) == ("white space", Section.SAME, 1.0)


FAILED_WORDS = [check(False, "max-words", "93 of at most 80")]


@pytest.mark.parametrize(
    ("before", "after", "failed", "words"),
    [
        (JSON, f"Here's the triage:\n\n```json\n{JSON}\n```\nBye.", [check(False)], "fences, preamble, sign-off"),
        (JSON, f"Sure: {JSON}", [check(False)], "preamble"),
        (JSON, "I'm sorry, but I can't help with that.", [check(False)], "refusal"),
        (JSON, "We can't find your order.", [check(False)], "JSON broken"),
        (
            JSON,
            JSON.replace('"low"', '"high"'),
            [check(False, "priority is low", "no match for x")],
            "priority low→high",
        ),
        (JSON, json.dumps({**TRIAGE, "x": 1}), [check(False, reason='has "x", not in the schema')], "keys added: x"),
        (JSON, JSON + " ", [check(False, "answer in fr", r"no match for (?i)\b(nous|vous)\b")], "answer in fr"),
        (JSON, JSON[:40], [check(False)], "JSON broken"),
        (JSON, "", [check(False)], "empty"),
        ("one " * 40, "two " * 93, FAILED_WORDS, "longer ×2.3"),
        ("one " * 80, "two " * 93, FAILED_WORDS, "max-words: 93 of at most 80"),
        (
            JSON,
            JSON.replace('"low"', '"high"'),
            [check(False, "contains", '"low" missing')],
            'contains: "low" missing',
        ),
    ],
)
def test_words_of_a_regression(before: str, after: str, failed: list[CheckRecord], words: str) -> None:
    found = stand(old(before), new(after), {1: [check(True)], 2: failed})
    assert found.section is Section.REGRESSION
    assert found.changed == words or found.changed.startswith(f"{words}, ")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (JSON, JSON.replace('"low"', '"high"'), "priority low→high"),
        (JSON, json.dumps({**TRIAGE, "priority": 1}), "priority: text→number"),
        (JSON, json.dumps({"category": "billing", "lang": "de", "reply": TRIAGE["reply"]}), "keys missing: priority"),
        (JSON, json.dumps({**TRIAGE, "lang": "de"}), "keys added: lang"),
        (JSON, f"```json\n{JSON}\n```", "fences"),
        (f"```json\n{JSON}\n```", JSON, "fences gone"),
        ("one two three", "**one** two three", "markdown"),
        ("word " * 10, "word " * 18, "longer ×1.8"),
        ("word " * 100, "word " * 40, "shorter ×0.4"),
        ("It costs five euros and comes on Monday.", "The price is 5 EUR; delivery next week then.", "wording"),
    ],
)
def test_words_of_a_drift(before: str, after: str, words: str) -> None:
    found = stand(old(before), new(after), GOOD)
    assert found.section is Section.DRIFT
    assert found.changed.split(", ")[0] == words


def test_a_few_other_words_are_no_drift() -> None:
    found = stand(old("We refund the order today."), new("We refund this order today."), GOOD)
    assert (found.section, found.changed) == (Section.SAME, "wording")
    assert stand(old(JSON), new(json.dumps(TRIAGE, indent=2)), GOOD).changed == ""


def test_words_where_both_fail_or_the_candidate_is_better() -> None:
    assert stand(old(), new(f"```\n{JSON}\n```"), BAD).changed == "both fail, fences"
    assert stand(old(f"```\n{JSON}\n```"), new(), BETTER).changed == "now passes, fences gone"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ([("refund", '{"id": 1}')], [("refund", '{"id":1}')], ""),
        ([("refund", '{"id": 1}')], [("refund", '{"id": 2}')], "arguments of refund"),
        ([("refund", "{}")], [("escalate", "{}")], "refund→escalate"),
        ([], [("escalate", "{}")], "calls escalate"),
        ([("refund", "{}")], [("refund", "{}"), ("refund", "{}")], "2 tool calls, not 1"),
    ],
)
def test_words_about_tool_calls(before: list[tuple[str, str]], after: list[tuple[str, str]], words: str) -> None:
    sides = [tuple(ToolCall(str(n), name, args) for n, (name, args) in enumerate(calls)) for calls in (before, after)]
    found = stand(old("", tool_calls=sides[0]), new("", tool_calls=sides[1]), GOOD)
    assert found.changed == words
    assert (found.same == 1) == (words == "")


def test_an_answer_instead_of_a_tool_call() -> None:
    call = (ToolCall("1", "refund", "{}"),)
    assert stand(old("", tool_calls=call), new("I'd need the order."), GOOD).changed.startswith("no tool call")
    assert stand(old(JSON, finish_reason="stop"), new(JSON[:60], finish_reason="length"), GOOD).changed == "cut off"


def test_hostile_answers_give_safe_words_in_bounded_time() -> None:
    nasty = '{"a\x1b]2;x\x07": "b\u202e", ' + '"[/b]": "' + "x" * 1_000_000 + '"}'
    found = stand(old('{"k": "v"}'), new(nasty), GOOD)
    assert not any(ord(character) < 32 or character == "\u202e" for character in found.changed)
    stand(old("{" * 500_000), new("```\n" * 200_000), GOOD)
