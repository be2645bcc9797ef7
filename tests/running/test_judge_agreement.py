"""Which outputs a judge and a person have both judged, whatever version gave them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from migrator_tui.history.store import History
from migrator_tui.models.requests import Answer, ModelRequest
from migrator_tui.models.simulator.judging import blocks_of
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.running.checking.agreement import agreements, judge_pairs
from tests.running.conftest import CONFIG, Reply, Rig, write_project

CHECKS = """checks = [
  { type = "llm-rubric", value = "is good" },
  { type = "llm-rubric", value = "is short", weight = 0 },
  { type = "not-llm-rubric", value = "is rude", metric = "rude" },
  { type = "contains", value = "on" },
]

[judge]
model = "openai/a-judge"
"""


def reply(request: ModelRequest) -> Reply:
    """The judge passes what holds an even number."""
    if request.model != "openai/a-judge":
        return Answer(f"{request.model} on {request.messages[-1]['content']}")
    passed = any(digit in blocks_of(request.messages[-1]["content"])["ANSWER"] for digit in "24")
    return Answer(f'{{"pass": {str(passed).lower()}}}')


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    config = CONFIG.replace('checks = [{ type = "contains", value = "good" }]\n', CHECKS)
    project = load_project(write_project(tmp_path / "shop", config=config))
    with History.open(project) as history:
        history.index_cases(project.tasks[0], load_cases(project, project.tasks[0]))
        made = Rig(project, history)
        made.pool.reply = reply
        yield made


def judge(rig: Rig, case_id: str, passed: bool, model_name: str = "newer") -> None:
    model = rig.project.model(model_name).model
    (output,) = rig.history.current_outputs("triage", model_name, model, [case_id])[case_id]
    rig.history.judge([output], passed, author="tester")


async def test_verdicts_meet_the_results_of_the_same_text(rig: Rig) -> None:
    await rig.run()
    task, candidate = rig.project.tasks[0], rig.project.candidates[0]
    assert [(a.label, a.n) for a in agreements(rig.project, rig.history, task, candidate)] == [
        ("llm-rubric: is good", 0),
        ("llm-rubric: is short", 0),
        ("rude", 0),
    ]
    judge(rig, "c1", True)
    judge(rig, "c2", True)
    judge(rig, "c3", False)
    judge(rig, "c4", True, "baseline")
    (good, pairs), (_, short), (_, rude) = judge_pairs(rig.project, rig.history, task, candidate)
    assert good == "llm-rubric: is good"
    assert sorted(pairs) == sorted(short) == [(False, False), (False, True), (True, True), (True, True)]
    assert sorted(rude) == [(False, True), (False, True), (True, False), (True, True)]


async def test_a_text_counts_once_and_also_where_another_run_gave_it(rig: Rig) -> None:
    await rig.run()
    judge(rig, "c1", False)
    await rig.run(rig.plan(use_cache=False))  # the same texts, other outputs; the judge is asked about them anew
    task, candidate = rig.project.tasks[0], rig.project.candidates[0]
    assert next(pairs for _, pairs in judge_pairs(rig.project, rig.history, task, candidate)) == [(False, False)]


async def test_a_verdict_on_an_earlier_text_counts_with_that_texts_result(rig: Rig, tmp_path: Path) -> None:
    await rig.run()
    judge(rig, "c2", False)
    rig.pool.reply = lambda request: reply(request) if "judge" in request.model else Answer("other words")
    await rig.run(rig.plan(use_cache=False))
    task, candidate = rig.project.tasks[0], rig.project.candidates[0]
    assert next(pairs for _, pairs in judge_pairs(rig.project, rig.history, task, candidate)) == [(True, False)]


async def test_another_judge_starts_at_nothing(rig: Rig) -> None:
    await rig.run()
    judge(rig, "c1", False)
    task = rig.project.tasks[0]
    setup = task.check_setup
    assert setup.judge is not None
    other = replace(task, check_setup=replace(setup, judge=replace(setup.judge, model="openai/another")))
    assert [pairs for _, pairs in judge_pairs(rig.project, rig.history, other, rig.project.candidates[0])] == [
        [],
        [],
        [],
    ]


async def test_a_task_without_judges_has_no_agreement(rig: Rig) -> None:
    task = replace(rig.project.tasks[0], checks=rig.project.tasks[0].checks[-1:])
    assert agreements(rig.project, rig.history, task, rig.project.candidates[0]) == []
