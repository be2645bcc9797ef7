"""Trying a prompt: judged as a run would, nothing that stands changes, and no cap is exceeded by one request."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from migrator_tui.history.adaptation_records import CasePart
from migrator_tui.history.records import Origin, Version
from migrator_tui.models.requests import (
    Answer,
    CallError,
    ErrorKind,
    Event,
    Failed,
    Finished,
    Lane,
    ModelRequest,
    Retrying,
    Sent,
)
from migrator_tui.parity.outcomes import Outcome, Source
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import Case
from migrator_tui.running.spending import CallCap
from migrator_tui.running.trying import Tried, TryResult
from migrator_tui.running.version_results import version_result
from migrator_tui.running.versions import DraftPrompt, version_of_draft
from tests.running.conftest import CONFIG, Rig, error, write_project


def a_try(rig: Rig, template: str = "Sort well for {{ shop }}.") -> Version:
    draft = DraftPrompt(template, {"max_tokens": 100}, origin=Origin.SUGGESTION)
    return version_of_draft(rig.history, "triage", "newer", draft, author="ann")


def the_cases(rig: Rig) -> list[Case]:
    return list(rig.plan().cases["triage"].values())


async def tried(rig: Rig, version: Version | None = None, **more: object) -> TryResult:
    task = rig.project.tasks[0]
    return await rig.runner().try_version(task, "newer", version or a_try(rig), the_cases(rig), **more)  # type: ignore[arg-type]


def outcomes(result: TryResult) -> dict[str, Outcome]:
    return {case_id: one.outcome.outcome for case_id, one in result.tried.items()}


async def test_a_try_is_judged_and_what_stands_stays(rig: Rig) -> None:
    await rig.run()
    before = rig.history.standings("triage", "newer")
    rig.pool.reply = lambda request: Answer("good" if "question 1" in str(request.messages) else "bad")
    version = a_try(rig)
    told: list[Tried] = []
    result = await tried(rig, version, on_tried=told.append)
    assert outcomes(result) == {"c1": Outcome.PASS, "c2": Outcome.FAIL, "c3": Outcome.FAIL, "c4": Outcome.FAIL}
    assert "good" in result.tried["c2"].outcome.reason and len(told) == 4
    assert (result.calls, result.cached, result.complete, result.stopped_because) == (4, 0, True, None)
    assert rig.history.standings("triage", "newer") == before
    assert rig.history.version_cases(version.id, "openai/new-model") == []
    assert not version.kept
    # It is what the version came to, but for what is held out: that is counted where it is tried, and not listed.
    rig.history.keep_case_parts("triage", {"c4": CasePart.HELD_OUT})
    places = {f"c{n}": n for n in range(1, 5)}
    came_to = version_result(rig.project, rig.history, rig.project.tasks[0], version, places)
    assert came_to.outcomes == {"c1": Outcome.PASS, "c2": Outcome.FAIL, "c3": Outcome.FAIL}
    assert version.id in rig.history.tried_versions("triage", "newer", "openai/new-model")
    # … and whoever asks the same finds it.
    rig.pool.asked.clear()
    again = await tried(rig, version)
    assert outcomes(again) == outcomes(result) and (again.calls, again.cached) == (0, 4)
    assert rig.pool.asked == []
    assert (await tried(rig, version, fresh=True)).calls == 4


async def test_a_verdict_on_the_same_text_counts(rig: Rig) -> None:
    rig.pool.reply = lambda request: Answer("bad")
    await rig.run()
    (stands,) = rig.history.current_outputs("triage", "newer", "openai/new-model", ["c1"])["c1"]
    rig.history.judge([stands], True, author="ann", note="fine by me")
    result = await tried(rig)
    assert result.tried["c1"].outcome.outcome is Outcome.PASS
    assert result.tried["c1"].outcome.source is Source.VERDICT
    assert result.tried["c2"].outcome.outcome is Outcome.FAIL


async def test_a_call_without_an_answer_is_an_error_and_is_asked_again(rig: Rig) -> None:
    rig.pool.reply = lambda request: error(ErrorKind.SERVER)
    version = a_try(rig)
    result = await tried(rig, version)
    assert set(outcomes(result).values()) == {Outcome.ERROR} and result.complete
    rig.pool.reply = lambda request: Answer("good")
    assert set(outcomes(await tried(rig, version)).values()) == {Outcome.PASS}


async def test_the_baseline_tried_stands_as_after_a_run(rig: Rig) -> None:
    plan = rig.plan()
    version = plan.versions["triage", "baseline"]
    task = rig.project.tasks[0]
    await rig.runner().try_version(task, "baseline", version, the_cases(rig))
    assert set(rig.history.current_outputs("triage", "baseline", "openai/old-model")) == {"c1", "c2", "c3", "c4"}
    assert rig.history.standings("triage", "newer")["c1"].baseline_output_id is not None


class FaultyPool:
    """Each call breaks so often before it is answered; every request that leaves is counted."""

    def __init__(self, faults: int, last: CallError | None = None) -> None:
        self.faults = faults
        self.last = last
        self.sent = 0

    async def call(self, request: ModelRequest, lane: Lane = Lane.BULK) -> AsyncGenerator[Event, None]:
        broke = CallError(ErrorKind.RATE_LIMITED, "slow down")
        for attempt in range(1, self.faults + 1):
            self.sent += 1
            yield Sent(request.id, attempt)
            await asyncio.sleep(0)
            yield Retrying(request.id, attempt, 0.0, broke)
        if self.last is not None:  # refused before anything left
            yield Failed(request.id, self.last)
            return
        self.sent += 1
        yield Sent(request.id, self.faults + 1)
        yield Finished(request.id, Answer("good", input_tokens=1, output_tokens=1))


@pytest.mark.parametrize("cap", range(1, 14))
async def test_no_attempt_exceeds_the_cap_of_calls(rig: Rig, cap: int) -> None:
    pool = FaultyPool(faults=2)
    rig.pool = pool  # type: ignore[assignment]
    runner = rig.runner()
    calls = CallCap(cap)
    budget = await runner.open_budget([rig.project.candidate("newer")], calls=calls)
    task = rig.project.tasks[0]
    result = await runner.try_version(task, "newer", a_try(rig), the_cases(rig), budget=budget, concurrency=3)
    assert pool.sent == calls.made == result.calls == min(cap, 12)
    passed = [case_id for case_id, outcome in outcomes(result).items() if outcome is Outcome.PASS]
    assert len(passed) <= cap // 3
    if cap >= 12:
        assert len(passed) == 4 and result.complete
    else:
        assert len(passed) < 4


async def test_the_cap_says_why_it_ended_and_keeps_what_was_answered(rig: Rig) -> None:
    runner = rig.runner()
    calls = CallCap(4, held_back=1)
    budget = await runner.open_budget([rig.project.candidate("newer")], calls=calls)
    task, version = rig.project.tasks[0], a_try(rig)
    result = await runner.try_version(task, "newer", version, the_cases(rig), budget=budget)
    assert len(result.tried) == 3 == len(rig.pool.asked) and not result.complete
    assert result.stopped_because == "the cap of 4 calls is reached, 1 of them kept for later"
    calls.held_back = 0
    rest = await runner.try_version(task, "newer", version, the_cases(rig), budget=budget)
    assert rest.complete and (rest.calls, rest.cached) == (1, 3) and calls.made == 4


async def test_what_never_left_is_not_counted(rig: Rig) -> None:
    rig.pool = FaultyPool(faults=0, last=CallError(ErrorKind.REJECTED, "no such key"))  # type: ignore[assignment]
    result = await tried(rig)
    assert result.calls == 0 and set(outcomes(result).values()) == {Outcome.ERROR}


async def test_recordings_are_no_calls(tmp_path: Path) -> None:
    from migrator_tui.history.store import History

    folder = write_project(tmp_path / "old", config=CONFIG.replace("openai/new-model", "recorded:new.jsonl"))
    (folder / "new.jsonl").write_text('{"id": "c1", "output": "good"}\n', "utf-8")
    project = load_project(folder)
    with History.open(project) as history:
        rig = Rig(project, history)
        runner = rig.runner()
        budget = await runner.open_budget([project.candidate("newer")], calls=CallCap(0))
        cases = the_cases(rig)[:1]
        result = await runner.try_version(project.tasks[0], "newer", a_try(rig), cases, budget=budget)
        assert outcomes(result) == {"c1": Outcome.PASS} and result.calls == 0


async def test_money_is_shared_and_never_exceeded(rig: Rig) -> None:
    runner = rig.runner()
    spec = rig.project.candidate("newer")
    budget = await runner.open_budget([spec], max_cost=0.0006)
    task = rig.project.tasks[0]
    first = await runner.try_version(task, "newer", a_try(rig), the_cases(rig)[:2], budget=budget, concurrency=1)
    assert first.complete and first.cost == pytest.approx(2 * 0.00002)
    rig.pool.reply = lambda request: Answer("good", input_tokens=10, output_tokens=100)
    more = await runner.try_version(
        task, "newer", a_try(rig, "{{ shop }}?"), the_cases(rig), budget=budget, concurrency=1
    )
    assert not more.complete and "the cap of $0.0006 is reached" in str(more.stopped_because)
    assert budget.spent <= 0.0006 and budget.spent == pytest.approx(first.cost + more.cost)


async def test_a_budget_opened_early_goes_on_counting_in_the_days_purse(tmp_path: Path) -> None:
    from migrator_tui.history.store import History

    day = CONFIG.replace('name = "shop"', 'name = "shop"\nmax_cost_per_day = 0.0008')
    project = load_project(write_project(tmp_path / "day", config=day))
    with History.open(project) as history:
        rig = Rig(project, history)
        rig.pool.reply = lambda request: Answer("good", input_tokens=10, output_tokens=50)
        runner = rig.runner()
        task, version = project.tasks[0], a_try(rig)
        budget = await runner.open_budget([project.candidate("newer")])
        await runner.run(rig.plan(case_ids=["c1"]), concurrency=1, on_event=rig.events.append)
        result = await runner.try_version(task, "newer", version, the_cases(rig), budget=budget, concurrency=1)
        assert not result.complete and "max_cost_per_day" in str(result.stopped_because)
        assert 0.0004 < history.spent_today()[0] <= 0.0008


async def test_stopped_it_keeps_what_was_answered(rig: Rig) -> None:
    rig.pool.hold = lambda request: "question 1" not in str(request.messages)
    stop = asyncio.Event()
    told: list[Tried] = []

    def on_tried(one: Tried) -> None:
        told.append(one)
        stop.set()

    version = a_try(rig)
    async with asyncio.timeout(20):
        result = await tried(rig, version, on_tried=on_tried, stop=stop)
    assert list(result.tried) == ["c1"] == [one.case_id for one in told]
    assert (result.complete, result.stopped_because) == (False, "stopped") and rig.pool.in_flight == 0
    rig.pool.hold = lambda request: False
    assert (await tried(rig, version)).cached == 1


async def test_cancelled_it_keeps_what_was_answered(rig: Rig) -> None:
    rig.pool.hold = lambda request: "question 1" not in str(request.messages)
    version = a_try(rig)
    first = asyncio.Event()
    trying = asyncio.create_task(tried(rig, version, on_tried=lambda one: first.set()))
    async with asyncio.timeout(20):
        await first.wait()
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying
    assert rig.pool.in_flight == 0
    rig.pool.hold = lambda request: False
    assert (await tried(rig, version)).cached == 1


JUDGE = (
    CONFIG.replace(
        'checks = [{ type = "contains", value = "good" }]', 'checks = [{ type = "llm-rubric", value = "kind" }]'
    )
    + '\n[judge]\nmodel = "openai/judge-model"\nparams = { max_tokens = 50 }\nprice = { input = 1.0, output = 1.0 }\n'
)


async def test_judges_are_asked_and_counted(tmp_path: Path) -> None:
    from migrator_tui.history.store import History

    project = load_project(write_project(tmp_path / "judged", config=JUDGE))
    with History.open(project) as history:
        rig = Rig(project, history)
        rig.pool.reply = lambda request: Answer('{"pass": true, "score": 1, "reason": "kind"}')
        runner = rig.runner()
        models = [project.candidate("newer"), *project.helpers]
        calls = CallCap(6)
        budget = await runner.open_budget(models, calls=calls)
        result = await runner.try_version(project.tasks[0], "newer", a_try(rig), the_cases(rig), budget=budget)
        assert len(rig.pool.asked) == 6 == calls.made and not result.complete
        kinds: Sequence[Outcome] = list(outcomes(result).values())
        assert kinds.count(Outcome.PASS) == 2 and kinds.count(Outcome.UNJUDGED) == 2
