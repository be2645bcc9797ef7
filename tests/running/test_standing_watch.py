"""What a run judged is not judged again by whoever looks next, unless something else happened."""

from dataclasses import replace

from migrator_tui.project.schema import CheckSpec
from migrator_tui.running.judging import bring_up_to_date
from tests.running.conftest import Rig, good


def out_of_date(rig: Rig) -> int | None:
    return bring_up_to_date(rig.project, rig.history, rig.project.tasks[0], "newer")


async def test_a_run_leaves_nothing_to_bring_up_to_date(rig: Rig) -> None:
    await rig.run()
    assert out_of_date(rig) == 0
    await rig.run()  # all from the cache
    assert out_of_date(rig) == 0
    await rig.run(rig.plan(use_cache=False, case_ids=["c1"]))
    assert out_of_date(rig) == 0


async def test_standings_that_were_not_true_before_are_not_said_to_be(rig: Rig) -> None:
    await rig.run()
    task = rig.project.tasks[0]
    rig.project = replace(rig.project, tasks=[replace(task, checks=[CheckSpec("contains", "bad")])])
    await rig.run(rig.plan(case_ids=["c1"]))
    assert out_of_date(rig) == 4, "by the new check, the three cases outside the run are not true"
    assert out_of_date(rig) == 0


async def test_what_somebody_else_places_meanwhile_is_looked_at(rig: Rig) -> None:
    await rig.run()
    placed = []

    def reply(request: object) -> object:
        if not placed:  # another program answers a case of its own, in the middle of this run
            (output,) = rig.history.current_outputs("triage", "newer", "openai/new-model", ["c4"])["c4"]
            placed.extend(rig.history.add_outputs([replace(output, run_id=None, item_no=None, text="bad")]))
        return good(request)  # type: ignore[arg-type]

    rig.pool.reply = reply  # type: ignore[assignment]
    await rig.run(rig.plan(use_cache=False, case_ids=["c1"]))
    assert placed and (out_of_date(rig) or 0) >= 1
    assert rig.history.standings("triage", "newer")["c4"].changed


async def test_a_verdict_given_meanwhile_is_looked_at(rig: Rig) -> None:
    await rig.run()
    outputs = rig.history.current_outputs("triage", "newer", "openai/new-model", ["c2"])["c2"]
    rig.history.judge(outputs, False, author="ann")
    assert out_of_date(rig) == 1
