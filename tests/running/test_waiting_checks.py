"""Checks that wait for a model, in a run: asked once, meanwhile, within the money, and again after an error."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.history.records import Mark
from migrator_tui.history.store import History
from migrator_tui.models.requests import Answer, ErrorKind, Lane, ModelRequest
from migrator_tui.models.simulator.judging import blocks_of
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project
from migrator_tui.running.checking.queue import CaseKey, CheckQueue
from migrator_tui.running.checking.services import judge_params
from migrator_tui.running.estimate import estimate
from migrator_tui.running.events import OutputJudged, OutputRecorded, RunFinished, RunProgressed
from migrator_tui.running.judging import bring_up_to_date
from migrator_tui.running.results import collect
from migrator_tui.running.resume import resume_plan
from migrator_tui.running.spending import Budget, Prices, Purse
from tests.running.conftest import CONFIG, FakePool, Reply, Rig, error, write_project

JUDGE = 'checks = [{ type = "llm-rubric", value = "is good" }]\n'
TABLE = '\n[judge]\nmodel = "openai/a-judge"\nprice = { input = 1.0, output = 2.0 }\nparams = { max_tokens = 100 }\n'


def config(checks: str = JUDGE, tables: str = TABLE) -> str:
    return CONFIG.replace('checks = [{ type = "contains", value = "good" }]\n', checks) + tables


def is_judge(request: ModelRequest) -> bool:
    return request.model == "openai/a-judge"


def verdict(passed: bool = True, **more: Any) -> Answer:
    text = json.dumps({"reason": "because", "pass": passed, **more})
    return Answer(text, finish_reason="stop", input_tokens=100, output_tokens=10, latency_ms=5.0)


def answers(request: ModelRequest) -> Reply:
    """Models answer their question; the judge passes everything but the candidate's answer to question 2."""
    if is_judge(request):
        shown = blocks_of(request.messages[-1]["content"])
        return verdict("new-model on question 2" not in shown["ANSWER"])
    return Answer(
        f"{request.model} on {request.messages[-1]['content']}", input_tokens=10, output_tokens=5, latency_ms=20.0
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_project(tmp_path / "shop", config=config())


@pytest.fixture
def rig(project: Project, history: History) -> Rig:
    made = Rig(project, history)
    made.pool.reply = answers
    return made


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Rig]:
    project = load_project(folder)
    with History.open(project) as history:
        history.index_cases(project.tasks[0], load_cases(project, project.tasks[0]))
        made = Rig(project, history)
        made.pool.reply = answers
        yield made


def judged(pool: FakePool) -> int:
    return sum(is_judge(request) for request, _ in pool.asked)


async def test_each_output_is_judged_once_and_both_sides_are(rig: Rig) -> None:
    result = await rig.run()
    assert (result.state, result.checks_done, result.checks_open, result.made) == ("finished", 8, 0, 8)
    assert judged(rig.pool) == 8
    assert {lane for request, lane in rig.pool.asked if is_judge(request)} == {Lane.BULK}
    standings = rig.history.standings("triage", "newer")
    assert {case_id: s.candidate for case_id, s in standings.items()} == {
        "c1": Mark.PASSED,
        "c2": Mark.FAILED,
        "c3": Mark.PASSED,
        "c4": Mark.PASSED,
    }
    assert {s.baseline for s in standings.values()} == {Mark.PASSED}
    told = rig.told(OutputJudged)
    assert {(e.item.case_id, e.item.model_name) for e in told} >= {("c2", "newer"), ("c2", "baseline")}
    last = [e for e in told if (e.item.case_id, e.item.model_name) == ("c2", "newer")][-1]
    (record,) = last.checks.values()
    assert (record.passed, record.reason, record.waiting) == (False, "because", False)
    assert last.standings["newer"].candidate is Mark.FAILED


async def test_an_output_is_told_of_before_its_judge_has_answered(rig: Rig) -> None:
    rig.pool.hold = is_judge
    running = asyncio.create_task(rig.run())
    async with asyncio.timeout(20):
        while len(rig.told(OutputRecorded)) < 8:
            await asyncio.sleep(0)
    (record,) = rig.told(OutputRecorded)[0].checks.values()
    assert record.waiting and not rig.told(OutputJudged)
    rig.pool.release.set()
    await running
    assert rig.told(RunProgressed)[-1].steps == (16, 16)
    assert isinstance(rig.events[-1], RunFinished)


async def test_what_was_judged_is_not_asked_again(rig: Rig) -> None:
    await rig.run()
    result = await rig.run()
    assert judged(rig.pool) == 8 and (result.checks_done, result.cost) == (0, 0.0)


async def test_repeats_are_judged_one_by_one(rig: Rig) -> None:
    seen: dict[str, int] = {}

    def flaky(request: ModelRequest) -> Reply:
        if not is_judge(request):
            return answers(request)
        shown = blocks_of(request.messages[-1]["content"])["ANSWER"]
        seen[shown] = seen.get(shown, 0) + 1
        return verdict(not ("new-model on question 1" in shown and seen[shown] == 2))

    rig.pool.reply = flaky
    plan = rig.plan(repeat=3)
    await rig.run(plan)
    assert judged(rig.pool) == 24
    assert list(collect(plan, rig.history).tasks[0].candidates[0].scorecard.new.flaky) == ["c1"]


async def test_another_judge_or_rubric_judges_anew(rig: Rig, folder: Path) -> None:
    await rig.run()
    (folder / "migrator.toml").write_text(config(tables=TABLE.replace("a-judge", "a-judge-2")), "utf-8")
    project = load_project(folder)
    other = Rig(project, rig.history)
    other.pool.reply = lambda request: verdict() if "a-judge" in request.model else answers(request)
    assert bring_up_to_date(project, rig.history, project.tasks[0], "newer") == 4
    standings = rig.history.standings("triage", "newer")
    assert {s.candidate for s in standings.values()} == {Mark.UNJUDGED}, "the new judge has said nothing yet"
    result = await other.run()
    assert (result.made, result.checks_done) == (0, 8)
    assert {s.candidate for s in rig.history.standings("triage", "newer").values()} == {Mark.PASSED}


# Errors


async def test_a_judge_that_fails_makes_an_error_and_is_asked_again_at_the_next_run(rig: Rig) -> None:
    rig.pool.reply = lambda request: error() if is_judge(request) else answers(request)
    plan = rig.plan()
    result = await rig.run(plan)
    assert (result.state, result.checks_open) == ("finished", 0), "it was asked; once is enough for one run"
    assert judged(rig.pool) == 8
    assert {s.candidate for s in rig.history.standings("triage", "newer").values()} == {Mark.ERROR}
    model = collect(plan, rig.history).tasks[0].candidates[0].model
    assert model.summary.errors == 4
    assert any("the server is on fire" in message for message in model.failures)
    rig.pool.reply = answers
    assert estimate(rig.plan(), rig.history, concurrency=4).checks.calls == 8
    result = await rig.run()
    assert (result.made, result.checks_done, judged(rig.pool)) == (0, 8, 16)
    assert rig.history.standings("triage", "newer")["c1"].candidate is Mark.PASSED


async def test_a_reply_that_cannot_be_read_is_an_error_not_a_fail(rig: Rig) -> None:
    rig.pool.reply = lambda request: Answer("pass, I guess") if is_judge(request) else answers(request)
    await rig.run()
    standing = rig.history.standings("triage", "newer")["c1"]
    assert standing.candidate is Mark.ERROR and "cannot be read" in standing.changed


# Stop and money


async def test_stop_cancels_the_judge_and_the_next_run_asks_only_the_rest(rig: Rig) -> None:
    rig.pool.hold = lambda request: is_judge(request) and judged(rig.pool) > 2
    runner = rig.runner()
    running = asyncio.create_task(runner.run(rig.plan(), concurrency=4, on_event=rig.events.append))
    async with asyncio.timeout(20):
        while not rig.told(OutputJudged) or rig.told(RunProgressed)[-1].checks_done < 2 or rig.pool.in_flight < 4:
            await asyncio.sleep(0)
    runner.stop()
    result = await running
    assert rig.pool.in_flight == 0 and not runner.busy
    assert (result.state, result.done, result.checks_open, result.stopped_because) == ("stopped", 8, 6, "stopped")
    standings = rig.history.standings("triage", "newer").values()
    marks = [mark for standing in standings for mark in (standing.baseline, standing.candidate)]
    assert marks.count(Mark.UNJUDGED) == 6
    rig.pool.hold = lambda request: False
    rig.pool.asked.clear()
    unfinished = rig.history.unfinished_run()
    assert unfinished is not None
    again = await rig.run(resume_plan(rig.project, rig.history, unfinished))
    assert (again.state, again.made, again.checks_done, len(rig.pool.asked)) == ("finished", 0, 6, 6)


async def test_the_judges_money_is_the_runs(rig: Rig) -> None:
    result = await rig.run()
    # Eight answers of 10 tokens in and 5 out, eight verdicts of 100 in and 10 out, at $1 and $2 a million.
    assert result.cost == pytest.approx(8 * 20e-6 + 8 * 120e-6)
    spent, partial = rig.history.spent_today()
    assert (spent, partial) == (pytest.approx(result.cost), False)


@pytest.mark.parametrize("cap", [0.0006, 0.0011, 0.0025, 0.004])
async def test_the_cap_holds_over_judges_too(rig: Rig, cap: float) -> None:
    result = await rig.run(max_cost=cap)
    assert 0 < result.cost <= cap
    if result.state == "stopped":
        assert "--max-cost" in str(result.stopped_because) or "the cap" in str(result.stopped_because)
        assert result.done < 8 or result.checks_open > 0
    open_before = estimate(rig.plan(), rig.history, concurrency=4)
    result = await rig.run()
    assert result.state == "finished"
    assert (result.made, result.checks_done) == (
        open_before.calls - open_before.checks.calls,
        open_before.checks.checks,
    )
    assert rig.history.spent_today()[0] == pytest.approx(8 * 20e-6 + 8 * 120e-6), "nothing was asked twice"


async def test_money_promised_to_a_judge_does_not_end_the_asking(tmp_path: Path) -> None:
    """What a call may cost is promised to it. Where that leaves nothing for the next one, it waits, and goes on."""

    def cheap(request: ModelRequest) -> Reply:
        reply = answers(request)
        assert isinstance(reply, Answer)
        return replace(reply, input_tokens=1, output_tokens=0)

    with opened(write_project(tmp_path / "many", config=config(), cases=40)) as rig:
        rig.pool.reply = cheap
        await rig.run(rig.plan(case_ids=["c1"]))
        budget = Budget(Prices(rig.project), Purse(1.0))
        judge = rig.project.judge
        assert judge is not None
        verdicts = max(budget.bound(judge, request) for request, _ in rig.pool.asked if is_judge(request))
        outputs = min(budget.bound(rig.project.baseline, r) for r, _ in rig.pool.asked if not is_judge(r))
        # One verdict may be under way, and no call for an output beside it.
        cap = verdicts + 0.9 * outputs
        rig.pool.hold = is_judge
        before = judged(rig.pool)
        running = asyncio.create_task(rig.run(max_cost=cap, concurrency=1))
        await rig.pool.until(lambda: judged(rig.pool) > before and rig.pool.in_flight == 1)
        for _ in range(200):
            await asyncio.sleep(0)
        assert len(rig.pool.questions("openai/new-model")) < 40, "not all are asked yet"
        rig.pool.hold = lambda request: False
        rig.pool.release.set()
        result = await running
        assert (result.made, result.cost <= cap) == (78, True), result.stopped_because
        # Which verdicts come last depends on the load; those left for want of money are asked by a next run.
        rest = await rig.run(max_cost=cap, concurrency=1)
        assert (rest.state, rest.made) == ("finished", 0), rest.stopped_because
        assert result.checks_done + rest.checks_done == 78


async def test_a_queue_told_twice_that_nothing_comes_still_tries_again_what_was_refused() -> None:
    asked: list[CaseKey] = []
    reached = asyncio.Event()
    go_on = asyncio.Event()

    async def ask(key: CaseKey) -> bool:
        asked.append(key)
        if len(asked) == 1:
            reached.set()
            await go_on.wait()
        return len(asked) <= 3  # at first there is no money for any of the three

    queue = CheckQueue(ask, lambda: len(asked))
    keys = [("triage", f"c{n}") for n in range(3)]
    for key in keys:
        queue.put(key)
    working = asyncio.create_task(queue.work(1))
    await reached.wait()
    for _ in range(4):
        queue.close()
    go_on.set()
    await working
    assert asked[:3] == keys and sorted(asked[3:]) == keys


async def test_what_a_judge_was_paid_for_is_kept_where_its_second_call_breaks(tmp_path: Path) -> None:
    checks = 'checks = [{ type = "select-best", value = "is newer" }]\n'
    with opened(write_project(tmp_path / "half", config=config(checks))) as rig:

        def half(request: ModelRequest) -> Reply:
            if not is_judge(request):
                return answers(request)
            first = "new-model" in blocks_of(request.messages[-1]["content"])["ANSWER A"]
            return (
                error(ErrorKind.REJECTED) if first else Answer('{"best": "tie"}', input_tokens=100, output_tokens=10)
            )

        rig.pool.reply = half
        result = await rig.run(rig.plan(case_ids=["c1"]))
        assert {s.candidate for s in rig.history.standings("triage", "newer").values()} == {Mark.ERROR}
        assert (result.check_calls, result.check_cost) == (1, pytest.approx(120e-6))
        assert rig.history.spent_today()[0] == pytest.approx(2 * 20e-6 + 120e-6)


async def test_a_cap_over_a_judge_without_a_price_is_refused(tmp_path: Path) -> None:
    tables = '\n[judge]\nmodel = "openai/nobody-knows-what-this-costs"\n'
    with opened(write_project(tmp_path / "unpriced", config=config(tables=tables))) as rig:
        with pytest.raises(ProjectError, match="give judge a price"):
            await rig.run(max_cost=1.0)
        assert not rig.pool.asked


async def test_the_estimate_counts_judges(rig: Rig) -> None:
    expected = estimate(rig.plan(), rig.history, concurrency=4)
    assert (expected.calls, expected.checks.calls, expected.checks.checks, expected.unpriced) == (16, 8, 8, 0)
    without = estimate(
        replace(rig.plan(), tasks=[replace(rig.project.tasks[0], checks=())]), rig.history, concurrency=4
    )
    assert expected.cost is not None and without.cost is not None and expected.cost > without.cost
    await rig.run()
    after = estimate(rig.plan(), rig.history, concurrency=4)
    assert after.nothing_to_do and after.cost == 0


async def test_the_judge_is_bounded_by_the_runs_concurrency(rig: Rig) -> None:
    rig.pool.hold = is_judge
    running = asyncio.create_task(rig.run(concurrency=2))
    async with asyncio.timeout(20):
        while len(rig.told(OutputRecorded)) < 8 or judged(rig.pool) < 2:
            await asyncio.sleep(0)
    for _ in range(500):
        await asyncio.sleep(0)
    assert judged(rig.pool) == 2
    rig.pool.release.set()
    await running
    assert judged(rig.pool) == 8


# What else checks wait for


async def test_select_best_waits_for_the_baseline_and_asks_in_both_orders(tmp_path: Path) -> None:
    checks = 'checks = [{ type = "select-best", value = "is newer" }]\n'
    with opened(write_project(tmp_path / "best", config=config(checks))) as rig:

        def prefers(request: ModelRequest) -> Reply:
            if not is_judge(request):
                return answers(request)
            shown = blocks_of(request.messages[-1]["content"])
            best = "A" if "new-model" in shown["ANSWER A"] else "B"
            return Answer(json.dumps({"best": best}), input_tokens=1, output_tokens=1)

        rig.pool.reply = prefers
        rig.pool.hold = lambda request: request.model == "openai/old-model"
        running = asyncio.create_task(rig.run(concurrency=8))
        async with asyncio.timeout(20):
            while len(rig.told(OutputRecorded)) < 4:
                await asyncio.sleep(0)
        (record,) = rig.told(OutputRecorded)[0].checks.values()
        assert record.waiting and "the baseline has no answer" in record.reason and not judged(rig.pool)
        rig.pool.release.set()
        result = await running
        assert (result.checks_done, result.checks_open, judged(rig.pool)) == (4, 0, 8)
        standings = rig.history.standings("triage", "newer")
        assert {s.candidate for s in standings.values()} == {Mark.PASSED}
        assert {s.baseline for s in standings.values()} == {Mark.ASSUMED}, "it says nothing about the baseline"


async def test_a_failed_plain_check_decides_whatever_the_judge_will_say(tmp_path: Path) -> None:
    checks = 'checks = [{ type = "contains", value = "never there" }, { type = "llm-rubric", value = "is good" }]\n'
    with opened(write_project(tmp_path / "both", config=config(checks))) as rig:
        rig.pool.reply = lambda request: error(ErrorKind.KEY) if is_judge(request) else answers(request)
        await rig.run()
        assert {s.candidate for s in rig.history.standings("triage", "newer").values()} == {Mark.FAILED}


async def test_a_case_asks_its_judge_too(rig: Rig) -> None:
    case = rig.plan().cases["triage"]["c2"]
    result = await rig.runner().run_case(rig.project.tasks[0], "newer", case, None, rig.events.append)
    assert judged(rig.pool) == 2
    assert result.standing is not None and result.standing.candidate is Mark.FAILED
    kinds = [type(event) for event in rig.events if isinstance(event, OutputRecorded | OutputJudged)]
    assert kinds == [OutputRecorded] * 2 + [OutputJudged] * 2


async def test_x_stops_the_judge_of_a_case_and_keeps_the_answers(rig: Rig) -> None:
    rig.pool.hold = is_judge
    case = rig.plan().cases["triage"]["c1"]
    runner = rig.runner()
    running = asyncio.create_task(runner.run_case(rig.project.tasks[0], "newer", case, None, rig.events.append))
    await rig.pool.until(lambda: judged(rig.pool) == 2)
    runner.stop()
    result = await running
    assert rig.pool.in_flight == 0 and not runner.busy
    assert result.candidate is not None and result.standing is not None
    assert result.standing.candidate is Mark.UNJUDGED and not result.unmade


def test_a_judge_is_asked_at_temperature_0_unless_its_table_says_otherwise(rig: Rig) -> None:
    judge = rig.project.judge
    assert judge is not None
    assert judge_params(judge) == {"temperature": 0, "drop_params": True, "max_tokens": 100}
    stated = replace(judge, params={"temperature": 1, "max_completion_tokens": 50})
    assert judge_params(stated) == {"temperature": 1, "max_completion_tokens": 50}


async def test_the_assistant_judges_where_there_is_no_judge(tmp_path: Path) -> None:
    tables = TABLE.replace("[judge]", "[assistant]")
    with opened(write_project(tmp_path / "assistant", config=config(tables=tables))) as rig:
        assert (await rig.run()).checks_done == 8


async def test_without_a_judge_nothing_starts(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "none", config=config(tables=""))
    with opened(folder) as rig, pytest.raises(ProjectError, match=r"add a \[judge\] table"):
        rig.plan()


# Code


async def test_code_is_run_on_each_output_and_again_when_its_file_changes(tmp_path: Path) -> None:
    checks = 'checks = [{ type = "python", value = "file://tone.py" }]\n'
    folder = write_project(tmp_path / "code", config=config(checks, ""))
    code = "def get_assert(output, context):\n    return {'pass': 'new' in output, 'reason': 'as told'}\n"
    (folder / "tone.py").write_text(code)
    with opened(folder) as rig:
        plan = rig.plan()
        expected = estimate(plan, rig.history, concurrency=4)
        assert (expected.calls, expected.checks.checks) == (8, 8)
        assert (await rig.run(plan)).checks_done == 8
        standing = rig.history.standings("triage", "newer")["c1"]
        assert (standing.baseline, standing.candidate) == (Mark.FAILED, Mark.PASSED)
        assert (await rig.run()).checks_done == 0
        (folder / "tone.py").write_text(code + "# other\n")
        assert not estimate(rig.plan(), rig.history, concurrency=4).nothing_to_do
        assert (await rig.run()).checks_done == 8


def test_code_in_a_case_file_is_refused_whatever_the_trust(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "cases", config=config(checks="", tables=""))
    for nested in (
        {"type": "python", "value": "True"},
        {"type": "assert-set", "checks": [{"type": "not-python", "value": "True"}]},
    ):
        line = {"id": "c1", "vars": {"shop": "x"}, "checks": [nested]}
        (folder / "triage.jsonl").write_text(json.dumps(line) + "\n")
        told = r"case c1: a python check stands in migrator\.toml"
        with opened(folder) as rig, pytest.raises(ProjectError, match=told):
            rig.plan()
