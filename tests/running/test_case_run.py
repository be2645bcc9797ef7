"""`r`: the candidate is always asked, the baseline only where it has to be."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.history.records import Mark, Origin
from migrator_tui.models.requests import Answer, Lane
from migrator_tui.project.errors import ProjectError
from migrator_tui.running.events import CaseResult, OutputRecorded, TextArrived
from migrator_tui.running.versions import DraftPrompt
from tests.running.conftest import Rig, error


async def ask(rig: Rig, case_id: str = "c1", draft: str | None = None, **more: Any) -> CaseResult:
    task = rig.project.tasks[0]
    case = rig.plan().cases["triage"][case_id]
    version = DraftPrompt(draft, {"max_tokens": 50}) if draft is not None else None
    return await rig.runner().run_case(task, "newer", case, version, rig.events.append, **more)


async def test_both_are_asked_at_first_and_stream(rig: Rig) -> None:
    result = await ask(rig)
    assert [(r.model, r.stream, lane) for r, lane in rig.pool.asked] == [
        ("openai/new-model", True, Lane.WAITED_FOR),
        ("openai/old-model", True, Lane.WAITED_FOR),
    ]
    assert result.candidate is not None and result.baseline is not None and not result.baseline_cached
    assert {e.item.model_name for e in rig.told(TextArrived)} == {"baseline", "newer"}
    assert {e.item.model_name for e in rig.told(OutputRecorded)} == {"baseline", "newer"}
    assert result.standing is not None and result.standing.candidate is Mark.PASSED


async def test_the_candidate_is_asked_again_the_baseline_is_not(rig: Rig) -> None:
    await ask(rig)
    rig.pool.asked.clear()
    result = await ask(rig)
    assert [r.model for r, _ in rig.pool.asked] == ["openai/new-model"]
    assert result.baseline_cached and result.baseline is not None
    assert not rig.plan(case_ids=["c1"]).open_items, "and a run takes both from here"


async def test_a_changed_baseline_prompt_asks_the_baseline_again(rig: Rig, folder: Path) -> None:
    first = await ask(rig)
    (folder / "triage.md").write_text("Other words for {{ shop }}.", "utf-8")
    rig.pool.asked.clear()
    second = await ask(rig)
    assert {r.model for r, _ in rig.pool.asked} == {"openai/new-model", "openai/old-model"}
    (folder / "triage.md").write_text("Sort for {{ shop }}.\n", "utf-8")
    third = await ask(rig)
    assert third.baseline_cached and third.baseline == first.baseline != second.baseline
    assert third.standing is not None and first.baseline is not None
    assert third.standing.baseline_output_id == first.baseline.id, "the earlier answer stands again"


async def test_a_draft_becomes_a_version_that_was_only_tried(rig: Rig) -> None:
    result = await ask(rig, draft="My draft for {{ shop }}.")
    assert (result.version.origin, result.version.kept, result.version.params) == (
        Origin.EDITOR,
        False,
        {"max_tokens": 50},
    )
    assert rig.pool.asked[0][0].messages[0]["content"].strip() == "My draft for Lamps."
    assert rig.pool.asked[0][0].params == {"max_tokens": 50}


async def test_a_case_can_be_tried_without_changing_what_stands(rig: Rig) -> None:
    await rig.run()
    before = rig.history.standings("triage", "newer")
    rig.pool.reply = lambda request: Answer("bad answer")
    rig.events.clear()
    result = await ask(rig, draft="Worse, {{ shop }}.", include_baseline=False, standing=False)
    assert result.candidate is not None and result.candidate.text == "bad answer"
    assert result.standing is not None and result.standing.candidate is Mark.FAILED
    assert result.standing.baseline is Mark.PASSED
    assert rig.told(TextArrived) and [e.standings for e in rig.told(OutputRecorded)] == [{}]
    assert rig.history.standings("triage", "newer") == before
    (stands,) = rig.history.current_outputs("triage", "newer", "openai/new-model", ["c1"])["c1"]
    assert stands.text == "good answer" and stands.id != result.candidate.id


async def test_a_draft_that_says_what_the_file_says_is_the_files_version(rig: Rig) -> None:
    record = rig.plan().versions["triage", "newer"]
    task = rig.project.tasks[0]
    draft = DraftPrompt("Sort for {{ shop }}.\n\n", {"max_tokens": 100})
    case = rig.plan().cases["triage"]["c1"]
    result = await rig.runner().run_case(task, "newer", case, draft, rig.events.append)
    assert result.version.id == record.id


async def test_a_draft_that_cannot_be_rendered_costs_nothing(rig: Rig) -> None:
    with pytest.raises(ProjectError, match="shoop"):
        await ask(rig, draft="{{ shoop }}")
    assert not rig.pool.asked


async def test_the_baseline_can_be_left_alone(rig: Rig) -> None:
    result = await ask(rig, include_baseline=False)
    assert [r.model for r, _ in rig.pool.asked] == ["openai/new-model"]
    assert result.baseline is None


async def test_stopped_calls_leave_nothing(rig: Rig) -> None:
    rig.pool.hold = lambda request: True
    runner = rig.runner()
    case = rig.plan().cases["triage"]["c1"]
    asking = asyncio.create_task(runner.run_case(rig.project.tasks[0], "newer", case, None, rig.events.append))
    await rig.pool.until(lambda: rig.pool.in_flight == 2)
    runner.stop()
    result = await asking
    assert (result.candidate, result.baseline, sorted(result.unmade)) == (None, None, ["baseline", "newer"])
    assert rig.pool.in_flight == 0
    assert not rig.history.current_outputs("triage", "newer", "openai/new-model")


async def test_an_error_is_an_output_too(rig: Rig) -> None:
    rig.pool.reply = lambda request: error()
    result = await ask(rig)
    assert result.candidate is not None and result.candidate.error == "the server is on fire"
    assert result.standing is not None and result.standing.candidate is Mark.ERROR
    rig.pool.reply = lambda request: Answer("good")
    assert not (await ask(rig)).baseline_cached, "an error answers nothing: the baseline is asked again"


async def test_the_days_money_stops_single_cases(rig: Rig) -> None:
    # Enough for one call and not for two: neither is made, and the promise for the first is taken back.
    rig.project = replace(rig.project, max_cost_per_day=0.0004)
    runner, task, case = rig.runner(), rig.project.tasks[0], rig.plan().cases["triage"]["c1"]
    for _ in range(2):
        with pytest.raises(ProjectError, match=r"max_cost_per_day of \$0.0004 is reached: \$0.0004 is left"):
            await runner.run_case(task, "newer", case, None, rig.events.append)
    assert not rig.pool.asked
    rig.project = replace(rig.project, max_cost_per_day=0.0)
    with pytest.raises(ProjectError, match=r"max_cost_per_day of \$0 is reached"):
        await ask(rig)
    assert not rig.pool.asked
