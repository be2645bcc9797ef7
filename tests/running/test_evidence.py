"""Evidence is about one version of the candidate's prompt, whatever was tried since."""

from dataclasses import replace

import pytest

from migrator_tui.models.requests import Answer, ModelRequest
from migrator_tui.parity.gate import Answer as GateAnswer
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.project.schema import BASELINE
from migrator_tui.running.evidence import gather, score
from migrator_tui.running.results import collect
from migrator_tui.running.versions import DraftPrompt, version_of_draft
from tests.running.conftest import Reply, Rig, error


def by_prompt(request: ModelRequest) -> Reply:
    """The new model is good once its prompt says so; the old one is good but for question 4."""
    question = request.messages[-1]["content"]
    good = "be good" in str(request.messages[0]["content"])
    if request.model == "openai/old-model":
        good = "question 4" not in question
    return Answer("good" if good else "bad", finish_reason="stop", input_tokens=10, output_tokens=5, latency_ms=20.0)


@pytest.fixture
def tried(rig: Rig) -> Rig:
    """A whole run of the file's prompt, then a better draft on one case."""
    rig.pool.reply = by_prompt
    return rig


async def run_draft(rig: Rig, *case_ids: str) -> None:
    draft = DraftPrompt("Sort for {{ shop }}, be good.\n", {"max_tokens": 100}, None)
    version = version_of_draft(rig.history, "triage", "newer", draft, author="ann")
    versions = {("triage", "newer"): version}
    await rig.run(rig.plan(case_ids=list(case_ids) or None, versions=versions))


async def test_a_try_on_one_case_does_not_mix_into_the_version_that_was_run_on_all(tried: Rig) -> None:
    await tried.run()
    await run_draft(tried, "c2")
    task, candidate = tried.project.tasks[0], tried.project.candidates[0]
    standing = tried.history.standings("triage", "newer")["c2"]
    evidence = gather(tried.project, tried.history, task, candidate)
    assert evidence.version is not None and evidence.version.label == "v1"
    assert dict(evidence.other_versions) == {"v2": 1}
    assert {case.case_id: case.candidate.outcome for case in evidence.cases} == dict.fromkeys(
        ("c1", "c2", "c3", "c4"), Outcome.FAIL
    )
    assert tried.history.standings("triage", "newer")["c2"] == standing, "looking changes nothing"
    second = gather(tried.project, tried.history, task, candidate, tried.history.versions("triage", "newer")[0])
    assert [case.candidate.outcome for case in second.cases] == [
        Outcome.NOT_RUN,
        Outcome.PASS,
        Outcome.NOT_RUN,
        Outcome.NOT_RUN,
    ]
    assert second.cases[1].baseline.outcome is Outcome.PASS and not second.other_versions


async def test_a_later_version_run_on_all_takes_over(tried: Rig) -> None:
    await tried.run()
    await run_draft(tried)
    task, candidate = tried.project.tasks[0], tried.project.candidates[0]
    card = score(tried.project, tried.history, task, candidate)
    assert card.version is not None and card.version.label == "v2"
    assert (card.table.both_pass, card.table.fixes, card.table.regressions) == (3, 1, 0)
    assert list(card.fixes) == ["c4"] and card.decision.answer is GateAnswer.NOT_ENOUGH


async def test_history_and_run_tell_the_same(tried: Rig) -> None:
    plan = tried.plan()
    await tried.run(plan)
    task, candidate = tried.project.tasks[0], tried.project.candidates[0]
    of_run = collect(plan, tried.history).tasks[0].candidates[0].scorecard
    of_history = score(tried.project, tried.history, task, candidate)
    assert of_run.cases == of_history.cases
    assert of_run == replace(of_history, other_versions={}, authors={}, agreements=())


async def test_verdicts_errors_and_their_authors_are_seen(tried: Rig) -> None:
    tried.pool.reply = lambda request: (
        error() if "question 3" in request.messages[-1]["content"] else by_prompt(request)
    )
    await tried.run()
    outputs = tried.history.current_outputs("triage", "newer", "openai/new-model", ["c1", "c2"])
    for author, case_id in (("ann", "c1"), ("bob", "c2")):
        tried.history.judge(outputs[case_id], True, author=author)
    card = score(tried.project, tried.history, tried.project.tasks[0], tried.project.candidates[0])
    outcomes = {case.case_id: case.candidate.outcome for case in card.cases}
    assert outcomes == {"c1": Outcome.PASS, "c2": Outcome.PASS, "c3": Outcome.ERROR, "c4": Outcome.FAIL}
    assert card.authors == {"ann": 1, "bob": 1}
    assert card.new.sources == {"verdict": 2, "call": 1, "checks": 1}
    assert (card.new.errors, card.baseline.errors, card.open_cases) == (1, 1, 1)


async def test_nothing_run_has_no_version(rig: Rig) -> None:
    card = score(rig.project, rig.history, rig.project.tasks[0], rig.project.candidates[0])
    assert card.version is None and card.nothing_run and len(card.cases) == 4
    assert rig.history.current_figures("triage", BASELINE, "openai/old-model") == {}
