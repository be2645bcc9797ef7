"""Which checks are proposed for what was seen, with which values; and that the baseline keeps to them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from migrator_tui.history.records import DriftMark, Output
from migrator_tui.models.requests import ToolCall
from migrator_tui.project.check_specs import check_spec
from migrator_tui.project.schema import BASELINE, Case, CheckSpec, ModelSpec, Project, Task
from migrator_tui.running.checking.proposals import Proposal, Seen, propose
from migrator_tui.running.checking.trial import CaseGround, Ground, try_check
from tests.parity.builders import output

JSON = {
    "c1": '{"category": "billing", "words": 3}',
    "c2": '{"category": "order", "words": 5}',
    "c3": '{"category": "order", "words": 12, "note": "We have looked into it and will write again tomorrow."}',
}


def ground_of(old: Mapping[str, str], new: Mapping[str, str], checks: Sequence[CheckSpec] = ()) -> Ground:
    """Answers of both models, checked by nothing yet."""
    task = Task("triage", Path("p.md"), (Path("c.jsonl"),), checks=tuple(checks))
    baseline, candidate = ModelSpec(BASELINE, "recorded:o.jsonl"), ModelSpec("newer", "recorded:n.jsonl")
    project = Project(Path("/p"), Path("/p/migrator.toml"), "p", baseline, (candidate,), (task,))
    cases = []
    for number, case_id in enumerate(old):
        first = replace(output(2 * number + 1, old[case_id], baseline=True), case_id=case_id)
        second = replace(output(2 * number + 2, new.get(case_id, "")), case_id=case_id, model_name="newer")
        outputs = {BASELINE: [first], "newer": [second]}
        cases.append(CaseGround(Case(case_id), outputs, {}, {BASELINE: [], "newer": []}))
    return Ground(project, task, "newer", cases, len(cases))


def named(proposals: Sequence[Proposal], name: str) -> Proposal:
    return next(proposal for proposal in proposals if proposal.spec.full_type == name)


def names(proposals: Sequence[Proposal]) -> list[str]:
    return [proposal.spec.full_type for proposal in proposals if not proposal.open]


def seen(drift: str, old: Output | None = None, new: Output | None = None, selected: str = "") -> Seen:
    return Seen.of([DriftMark(drift, False, True)], old, new, selected)


@pytest.mark.parametrize(
    ("drift", "first"),
    [
        ("fences", "no-code-fence"),
        ("preamble", "no-preamble"),
        ("sign-off", "no-preamble"),
        ("markdown", "no-markdown"),
        ("longer", "max-words"),
        ("json", "not-is-json"),
        ("json-broken", "is-json"),
        ("json-keys", "is-json"),
        ("truncated", "finish-reason"),
        ("empty", "min-words"),
        ("tool-choice", "no-tool-call"),
        ("tool-arguments", "is-valid-openai-tools-call"),
        ("refusal", "not-is-refusal"),
    ],
)
def test_each_drift_has_a_check_that_fits(drift: str, first: str) -> None:
    ground = ground_of(JSON, JSON)
    old = ground.cases[0].outputs[BASELINE][0]
    proposal = propose(ground, seen(drift, old, output(9, "I'm sorry, but I can't help with that request.")))[0]
    assert proposal.spec.full_type == first
    trial = try_check(ground, proposal.spec)
    assert trial is not None and not trial.baseline.broken


def test_what_the_baseline_alone_shows_is_no_reason_but_a_refusal_is() -> None:
    ground = ground_of(JSON, JSON)
    fences, refusal = DriftMark("fences", True, False), DriftMark("refusal", True, False)
    assert "no-code-fence" not in names(propose(ground, Seen.of([fences], None, None)))
    answers = propose(ground, Seen.of([refusal], None, output(9, "Here is how you do it.")))
    assert answers[0].spec.full_type == "is-refusal"
    both = DriftMark("markdown", True, True)
    assert "no-markdown" not in names(propose(ground, Seen.of([both], None, None)))


def test_numbers_are_such_as_the_baseline_keeps() -> None:
    old = {"c1": "one two three", "c2": "word " * 78, "c3": "word " * 30}
    ground = ground_of(old, {case_id: text * 3 for case_id, text in old.items()})
    longer = propose(ground, seen("longer"))
    assert named(longer, "max-words").spec.value == 80
    assert "78 words" in named(longer, "max-words").why
    trial = try_check(ground, named(longer, "max-words").spec)
    assert trial is not None and (trial.baseline.passed, trial.candidate.passed) == (3, 1)
    assert named(propose(ground, seen("shorter")), "min-words").spec.value == 3


def test_a_schema_is_what_all_of_the_baselines_answers_keep() -> None:
    new = {**JSON, "c1": '{"category": "billing", "words": "3"}', "c2": '{"category": "order"}'}
    ground = ground_of(JSON, new)
    proposal = propose(ground, seen("json-types", ground.cases[0].outputs[BASELINE][0]))[0]
    assert proposal.spec.value["required"] == ["category", "words"]
    assert proposal.why == "3 keys of the baseline's 3 answers"
    trial = try_check(ground, proposal.spec)
    assert trial is not None
    assert (trial.baseline.passed, trial.candidate.passed) == (3, 1)
    assert list(trial.candidate.failed) == ["c1", "c2"]


def test_the_language_is_the_baselines() -> None:
    text = "Wir haben nachgesehen und melden uns morgen wieder bei Ihnen, versprochen."
    ground = ground_of({"c1": text}, {"c1": "We have looked and will write to you again tomorrow, promised."})
    proposal = propose(ground, seen("language", ground.cases[0].outputs[BASELINE][0]))[0]
    assert (proposal.spec.type, proposal.spec.value) == ("language", "de")
    trial = try_check(ground, proposal.spec)
    assert trial is not None and (trial.baseline.passed, trial.candidate.passed) == (1, 0)


def test_the_tool_that_the_baseline_calls() -> None:
    call = ToolCall("1", "look_up", "{}")
    ground = ground_of({"c1": ""}, {"c1": "I would look that up."})
    proposal = propose(ground, seen("tool-choice", output(1, "", tool_calls=(call,))))[0]
    assert (proposal.spec.type, proposal.spec.value) == ("tool-call", {"name": "look_up"})


def test_a_marked_text_comes_first_and_what_the_task_has_is_left_out() -> None:
    checks = [check_spec("no-code-fence"), check_spec({"type": "max-words", "value": 15})]
    ground = ground_of(JSON, JSON, checks)
    proposals = propose(ground, seen("fences", selected="billing"))
    assert [(p.spec.full_type, p.spec.value) for p in proposals[:2]] == [
        ("contains", "billing"),
        ("not-contains", "billing"),
    ]
    marked = propose(ground, seen("fences", selected="order 12 (of 3)"))
    assert named(marked, "regex").spec.value == r"order \d+ \(of \d+\)"
    assert "no-code-fence" not in names(proposals)
    assert [p.spec.full_type for p in proposals if p.open] == ["contains", "not-contains", "regex", "llm-rubric"]


def test_a_check_that_compares_with_the_baseline_leaves_it_alone() -> None:
    old = {"c1": "word " * 10, "c2": "word " * 10}
    ground = ground_of(old, {"c1": "word " * 12, "c2": "word " * 30})
    trial = try_check(ground, check_spec({"type": "max-length-ratio", "value": 1.5}))
    assert trial is not None
    assert not trial.baseline.applies and trial.baseline.answered == 0
    assert (trial.candidate.passed, trial.candidate.answered) == (1, 2)
    assert trial.baseline.would_fail == [] and list(trial.candidate.failed) == ["c2"]


def test_a_broken_check_is_told_by_its_reason() -> None:
    ground = ground_of(JSON, JSON)
    trial = try_check(ground, check_spec("equals"))
    assert trial is not None
    assert "no value to compare with" in trial.candidate.broken and trial.candidate.passed == 0
