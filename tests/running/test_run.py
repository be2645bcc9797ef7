"""Running a plan: what is asked, what is kept, what is told, and how it stops."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from migrator_tui.history.records import Mark, NewOutput, RunItem
from migrator_tui.models.requests import (
    Answer,
    CallError,
    ErrorKind,
    Event,
    Failed,
    Lane,
    ModelRequest,
    Retrying,
    Sent,
)
from migrator_tui.project.errors import ProjectError
from migrator_tui.running.events import CallStarted, OutputRecorded, RunFinished, RunProgressed
from migrator_tui.running.results import collect
from migrator_tui.running.resume import resume_plan
from migrator_tui.running.spending import Budget, Prices, Purse
from tests.running.conftest import Rig, error, good


async def test_asks_everything_once_and_tells_of_it(rig: Rig) -> None:
    result = await rig.run()
    assert (result.state, result.done, result.total, result.made, result.cached) == ("finished", 8, 8, 8, 0)
    assert sorted(rig.pool.questions("openai/new-model")) == [f"question {n}" for n in range(1, 5)]
    assert len(rig.told(CallStarted)) == 8
    recorded = rig.told(OutputRecorded)
    assert {(e.item.case_id, e.item.model_name) for e in recorded} == {
        (f"c{n}", name) for n in range(1, 5) for name in ("baseline", "newer")
    }
    assert all([record.passed for record in event.checks.values()] == [True] for event in recorded)
    assert rig.told(RunProgressed)[-1].done == 8
    assert isinstance(rig.events[-1], RunFinished)
    # 10 tokens at $1 and 5 at $2 a million, eight times.
    assert result.cost == pytest.approx(8 * 20e-6)
    standings = rig.history.standings("triage", "newer")
    assert {s.candidate for s in standings.values()} == {Mark.PASSED} and len(standings) == 4


async def test_the_cache_answers_both_models_and_says_so(rig: Rig) -> None:
    await rig.run()
    plan = rig.plan()
    assert not plan.open_items
    result = await rig.run(plan)
    assert (result.made, result.cached, result.state) == (0, 8, "finished")
    assert len(rig.pool.asked) == 8
    assert sum(event.cached for event in rig.told(OutputRecorded)) == 8
    task = collect(plan, rig.history).tasks[0]
    assert (task.baseline.made, task.baseline.cached, task.baseline.summary.passed) == (0, 4, 4)


async def test_without_the_cache_everything_is_asked_again(rig: Rig) -> None:
    await rig.run()
    assert (await rig.run(rig.plan(use_cache=False))).made == 8


async def test_a_repeat_is_never_answered_from_another(rig: Rig) -> None:
    await rig.run()
    plan = rig.plan(repeat=3)
    assert len(plan.open_items) == 16, "the first repeat is known, the other two are not"
    await rig.run(plan)
    assert not rig.plan(repeat=3).open_items
    results = collect(plan, rig.history).tasks[0]
    assert (results.cases, results.candidates[0].model.made, results.candidates[0].model.cached) == (4, 8, 4)


async def test_repeats_that_differ_make_a_case_flaky(rig: Rig) -> None:
    seen: dict[str, int] = {}

    def sometimes(request: ModelRequest) -> Answer:
        question = request.messages[-1]["content"] + request.model
        seen[question] = seen.get(question, 0) + 1
        bad = request.model == "openai/new-model" and "question 2" in question and seen[question] == 2
        return Answer("bad" if bad else "good", input_tokens=1, output_tokens=1)

    rig.pool.reply = sometimes
    plan = rig.plan(repeat=3)
    await rig.run(plan)
    candidate = collect(plan, rig.history).tasks[0].candidates[0]
    assert list(candidate.scorecard.new.flaky) == ["c2"]
    assert list(candidate.scorecard.regressions) == ["c2"]
    assert (candidate.model.summary.passed, candidate.model.summary.failed) == (3, 1)


async def test_a_case_whose_repeats_were_not_all_asked_has_not_passed(rig: Rig) -> None:
    bad = {"question 3"}
    rig.pool.reply = lambda request: Answer(
        "bad" if request.messages[-1]["content"] in bad and "new" in request.model else "good",
        input_tokens=10,
        output_tokens=5,
    )
    plan = rig.plan(repeat=3)
    await rig.run(plan)
    # As if the run had been stopped before the last repeats.
    rest = {item.no for item in plan.items if item.repeat == 3}
    history = rig.history

    class Stopped:
        def run_items(self, run_id: str) -> list[RunItem]:
            return [replace(i, output_id=None) if i.no in rest else i for i in history.run_items(run_id)]

        def __getattr__(self, name: str) -> Any:
            return getattr(history, name)

    result = collect(plan, Stopped()).tasks[0]  # type: ignore[arg-type]
    assert (result.baseline.summary.passed, result.baseline.summary.unjudged) == (0, 4)
    candidate = result.candidates[0]
    assert (candidate.model.summary.passed, candidate.model.summary.failed) == (0, 1)
    assert candidate.scorecard.table.n == 0 and candidate.decision.answer.value == "not-enough-evidence"


async def test_an_error_is_kept_counted_and_never_cached(rig: Rig) -> None:
    def sometimes(request: ModelRequest) -> Any:
        return error() if "question 2" in request.messages[-1]["content"] else good(request)

    rig.pool.reply = sometimes
    plan = rig.plan()
    result = await rig.run(plan)
    assert (result.state, result.errors) == ("finished", 2)
    results = collect(plan, rig.history)
    assert results.errors == 2
    summary = results.tasks[0].candidates[0].model.summary
    assert (summary.passed, summary.failed, summary.errors, summary.unjudged) == (3, 0, 1, 0)
    assert [item.case_id for item in rig.plan().open_items] == ["c2", "c2"]


async def test_a_check_that_cannot_be_carried_out_is_an_error(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    from migrator_tui.checks import registry
    from migrator_tui.checks.base import CheckError

    monkeypatch.setattr(
        registry, "run_plain_checks", lambda specs, subject: [CheckError(spec, "took too long") for spec in specs]
    )
    plan = rig.plan(case_ids=["c1"])
    await rig.run(plan)
    results = collect(plan, rig.history)
    assert results.tasks[0].candidates[0].model.summary.errors == 1
    assert rig.history.standings("triage", "newer")["c1"].candidate is Mark.ERROR


async def test_stop_keeps_what_was_answered_and_resume_asks_only_the_rest(rig: Rig) -> None:
    rig.pool.hold = lambda request: "question 1" not in request.messages[-1]["content"]
    runner = rig.runner()
    running = asyncio.create_task(runner.run(rig.plan(), concurrency=2, on_event=rig.events.append))
    await rig.pool.until(lambda: len(rig.pool.asked) == 4 and rig.pool.in_flight == 2)
    runner.stop()
    result = await running
    assert (result.state, result.done, result.made) == ("stopped", 2, 2)
    assert not runner.busy and rig.pool.in_flight == 0
    unfinished = rig.history.unfinished_run()
    assert unfinished is not None and unfinished.id == result.run_id
    rig.pool.hold = lambda request: False
    rig.pool.asked.clear()
    plan = resume_plan(rig.project, rig.history, unfinished)
    again = await rig.run(plan)
    assert (again.run_id, again.state, again.made, again.done) == (result.run_id, "finished", 6, 8)
    assert "question 1" not in rig.pool.questions()
    assert rig.history.unfinished_run() is None
    assert collect(plan, rig.history).tasks[0].baseline.summary.passed == 4


async def test_a_call_keeps_its_place_until_its_answer_is_on_disk(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a kill can lose is bounded by the calls in flight: an answer not yet stored still counts as one."""
    import threading

    writing, go_on = threading.Event(), threading.Event()
    store = rig.history.add_outputs

    def slow(outputs: list[NewOutput], **more: bool) -> Any:
        writing.set()
        assert go_on.wait(20)
        return store(outputs, **more)

    monkeypatch.setattr(rig.history, "add_outputs", slow)
    running = asyncio.create_task(rig.run(concurrency=2))
    assert await asyncio.to_thread(writing.wait, 20)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(rig.pool.asked) == 2
    go_on.set()
    assert (await running).state == "finished"


async def test_concurrency_is_held_and_shared_between_models(rig: Rig) -> None:
    rig.pool.hold = lambda request: request.model == "openai/old-model"
    running = asyncio.create_task(rig.run(concurrency=2))
    # The slow baseline holds one place; through the other the candidate goes to its end.
    await rig.pool.until(lambda: len(rig.pool.questions("openai/new-model")) == 4 and rig.pool.in_flight == 2)
    assert rig.pool.most_in_flight == 2
    rig.pool.release.set()
    assert (await running).done == 8


async def test_where_answers_cannot_be_stored_the_run_says_so(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    from migrator_tui.history.errors import HistoryError

    def full(outputs: list[NewOutput], **more: bool) -> Any:
        raise HistoryError("the disk is full")

    monkeypatch.setattr(rig.history, "add_outputs", full)
    with pytest.raises(HistoryError, match="the disk is full"):
        await rig.run()
    assert rig.pool.in_flight == 0
    last = rig.history.last_run()
    assert last is not None and last.state == "stopped"


async def test_the_cap_is_never_exceeded(rig: Rig) -> None:
    rig.pool.reply = lambda request: Answer("good", input_tokens=20, output_tokens=100)
    # A call costs $0.00022; what it may cost, counted from above, is more.
    for cap in (0.0, 0.0003, 0.001):
        result = await rig.run(rig.plan(use_cache=False), concurrency=8, max_cost=cap)
        assert result.cost <= cap
        assert result.state == "stopped"
        assert result.stopped_because is not None and "the cap of" in result.stopped_because
    assert result.made >= 2
    assert (await rig.run(rig.plan(use_cache=False), max_cost=1.0)).state == "finished"


async def test_money_that_a_broken_call_may_have_cost_counts_against_the_cap(rig: Rig) -> None:
    rig.pool.reply = lambda request: CallError(ErrorKind.CUT_OFF, "broke", attempts=1)
    result = await rig.run(max_cost=0.0006, concurrency=1)
    assert result.state == "stopped" and result.cost == 0.0 and 1 <= result.made < 8


async def test_a_broken_call_is_not_tried_again_beyond_the_cap(rig: Rig) -> None:
    tries: list[int] = []

    async def breaking(request: ModelRequest, lane: Lane = Lane.BULK) -> AsyncGenerator[Event, None]:
        for attempt in range(1, 6):
            tries.append(attempt)
            yield Sent(request.id, attempt)
            broke = CallError(ErrorKind.CUT_OFF, "broke", attempts=attempt)
            yield Retrying(request.id, attempt, 0.0, broke) if attempt < 5 else Failed(request.id, broke)

    rig.pool.call = breaking  # type: ignore[method-assign]
    plan = rig.plan(case_ids=["c1"])
    bound = Budget(Prices(rig.project), Purse(1.0)).bound(rig.project.baseline, plan.request_for(plan.items[0]))
    result = await rig.run(plan, concurrency=1, max_cost=2.5 * bound)
    # Each of the attempts may have been charged for: there is money for two of them, and for no other call.
    assert tries == [1, 2]
    assert (result.made, result.state, result.errors) == (1, "stopped", 1)


async def test_a_cap_over_an_unknown_price_is_refused(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    rig.project = replace(rig.project, baseline=replace(rig.project.baseline, price=None))
    plan = rig.plan()
    with pytest.raises(ProjectError, match=r"--max-cost cannot be held: no price is known for openai/old-model"):
        await rig.run(plan, max_cost=1.0)
    assert not rig.pool.asked
    result = await rig.run(plan)
    assert result.unpriced == 4
    assert collect(plan, rig.history).unpriced_models == ["openai/old-model"]
    assert collect(plan, rig.history).tasks[0].baseline.summary.cost is None


async def test_the_days_money_is_a_cap_too(rig: Rig) -> None:
    from dataclasses import replace

    await rig.run()
    spent, _ = rig.history.spent_today()
    rig.project = replace(rig.project, max_cost_per_day=spent)
    result = await rig.run(rig.plan(use_cache=False))
    assert (result.state, result.made) == ("stopped", 0)


async def test_hostile_text_reaches_the_history_whole(rig: Rig) -> None:
    text = "good \x1b]2;x\x07 [/b] \x00 \ud800 \u202e"
    rig.pool.reply = lambda request: Answer(text, input_tokens=1, output_tokens=1)
    plan = rig.plan(case_ids=["c1"])
    await rig.run(plan)
    outputs = rig.history.current_outputs("triage", "newer", "openai/new-model", ["c1"])
    assert outputs["c1"][0].text == text


async def test_a_resumed_run_refuses_what_is_gone(rig: Rig, folder: Any) -> None:
    result = await rig.run(max_cost=0.0)
    assert result.state == "stopped"
    lines = (folder / "triage.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "triage.jsonl").write_text("".join(lines[1:]), "utf-8")
    with pytest.raises(ProjectError, match='has case "c1", which the project has no more'):
        resume_plan(rig.project, rig.history, rig.history.run(result.run_id))


async def test_a_resumed_run_refuses_another_model_under_the_same_name(rig: Rig) -> None:
    from dataclasses import replace

    result = await rig.run(max_cost=0.0)
    other = replace(rig.project.candidates[0], model="openai/quite-another")
    project = replace(rig.project, candidates=(other,))
    with pytest.raises(ProjectError, match='asked "openai/new-model" as newer, which is "openai/quite-another" now'):
        resume_plan(project, rig.history, rig.history.run(result.run_id))


async def test_a_resumed_run_keeps_its_versions(rig: Rig, folder: Any) -> None:
    result = await rig.run(max_cost=0.0)
    (folder / "triage.md").write_text("Something else for {{ shop }}.", "utf-8")
    plan = resume_plan(rig.project, rig.history, rig.history.run(result.run_id))
    await rig.run(plan)
    assert {r.messages[0]["content"].strip() for r, _ in rig.pool.asked} == {"Sort for Lamps."}
