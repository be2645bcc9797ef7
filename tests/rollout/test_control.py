"""Changes of a rollout by people: what a start rests on, which steps may follow, and who was faster."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from migrator_tui.history.errors import OvertakenError
from migrator_tui.history.records import Version
from migrator_tui.history.store import History
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project
from migrator_tui.rollout import control
from migrator_tui.rollout.control import NeedsReasonError
from migrator_tui.rollout.values import EventKind, Rollout, RolloutState
from tests.history.conftest import an_output
from tests.history.rollout_fixtures import START
from tests.rollout.conftest import sign

Start = Callable[..., Rollout]


def kinds(history: History, rollout: Rollout) -> list[EventKind]:
    """What happened, oldest first."""
    return [event.kind for event in reversed(history.rollout_events(rollout.id))]


def begin(project: Project, history: History, version: Version, **more: str) -> Rollout:
    return control.start(
        project, history, project.tasks[0], project.candidates[0], version, who="bob", at=START, **more
    )


def test_a_candidate_that_took_longer_than_is_waited_for_is_told_of(
    project: Project, history: History, version: Version
) -> None:
    (new,) = project.candidates

    def told(timeout: float) -> str:
        waits = replace(project, gateway=replace(project.gateway, candidate_timeout=timeout))
        return control.too_slow(waits, history, new, version)

    assert told(2.0) == ""
    history.add_outputs(
        [
            an_output(version, model=new.model, case_id=f"c{n}", call_key=f"k{n}", latency_ms=3_000.0 + n)
            for n in range(20)
        ]
    )
    assert told(4.0) == ""
    assert told(2.0).startswith("one in 20 whole answers of new v1 took 3.0 s or more in its runs")
    assert told(2.0).endswith("where applications do not stream, raise [gateway] candidate_timeout")


def test_a_start_rests_on_a_decision_about_exactly_this_version(
    project: Project, history: History, version: Version
) -> None:
    sign(history, version)
    started = begin(project, history, version)
    assert (started.version_id, started.percentage, started.state) == (version.id, 10, RolloutState.RUNNING)
    (event,) = history.rollout_events(started.id)
    assert event.who == "bob" and event.why == "decided by ann: all cases pass"
    published = history.published_rollout("triage")
    assert published is not None
    assert "JSON only" in str(published["arms"]["candidate"]) and "JSON only" not in str(
        published["arms"]["baseline"]
    )


@pytest.mark.parametrize("standing", ["none", "against", "another version"])
def test_without_one_it_asks_why_and_keeps_the_answer(
    project: Project, history: History, version: Version, standing: str
) -> None:
    if standing == "against":
        sign(history, version, go=False)
    elif standing == "another version":
        sign(history, version)
        version = history.record_version(
            task="triage",
            model_name="new",
            template="Another.",
            params={},
            parent_id=version.id,
            origin=version.origin,
            author="ann",
        )
    with pytest.raises(NeedsReasonError, match=r"nobody has signed|decided against|is about v1, not v2"):
        begin(project, history, version, reason="  ")
    assert history.rollouts() == []
    started = begin(project, history, version, reason="the old model ends on Friday")
    assert kinds(history, started) == [EventKind.OVERRIDDEN, EventKind.STARTED]
    assert history.rollout_events(started.id)[0].why == "the old model ends on Friday"


def test_what_cannot_serve_is_refused(project: Project, history: History, version: Version) -> None:
    with pytest.raises(ProjectError, match="no version of task triage for new"):
        other = history.record_version(
            task="triage",
            model_name="baseline",
            template="x",
            params={},
            parent_id=None,
            origin=version.origin,
            author="ann",
        )
        begin(project, history, other, reason="why not")


def test_through_all_steps_to_the_share_that_is_held_back(history: History, start: Start) -> None:
    seen = start()
    for percentage in (50, 95):
        seen = control.advance(history, seen, who="ann", blockers=())
        assert (seen.percentage, seen.state) == (percentage, RolloutState.RUNNING)
    seen = control.advance(history, seen, who="ann", blockers=())
    assert (seen.percentage, seen.state) == (95, RolloutState.COMPLETE)
    with pytest.raises(ProjectError, match="can't advance: it is complete"):
        control.advance(history, seen, who="ann", blockers=())
    seen = control.roll_back(history, seen, who="ann", why="complaints")
    assert (seen.percentage, seen.state) == (0, RolloutState.ROLLED_BACK)
    advanced = [EventKind.ADVANCED] * 2
    assert kinds(history, seen) == [EventKind.STARTED, *advanced, EventKind.COMPLETED, EventKind.ROLLED_BACK]


def test_against_advice_takes_a_reason_which_is_kept(history: History, start: Start) -> None:
    seen = start()
    with pytest.raises(NeedsReasonError, match="20 more calls"):
        control.advance(history, seen, who="ann", blockers=["20 more calls on the candidate"])
    changed = control.advance(history, seen, who="ann", blockers=["20 more calls on it"], reason="a quiet shop")
    event = history.rollout_events(changed.id)[0]
    assert event.kind is EventKind.OVERRIDDEN and event.why == "a quiet shop (against: 20 more calls on it)"


def test_held_it_stays_until_it_is_resumed(history: History, start: Start) -> None:
    held = control.hold(history, start(), who="ann", why="lunch")
    for refused in (
        lambda: control.advance(history, held, who="ann", blockers=()),
        lambda: control.hold(history, held, who="ann", why="again"),
    ):
        with pytest.raises(ProjectError, match="it is held"):
            refused()
    resumed = control.resume(history, held, who="ann", why="")
    assert resumed.state is RolloutState.RUNNING and resumed.percentage == 10 and resumed.since == START
    with pytest.raises(ProjectError, match="can't be resumed"):
        control.resume(history, resumed, who="ann", why="")


def test_a_shadow_step_is_held_and_resumed_as_one(project: Project, history: History, start: Start) -> None:
    from migrator_tui.project.rollout_settings import SHADOW_STEP

    seen = start(steps=(SHADOW_STEP, *project.rollout.steps))
    assert seen.state is RolloutState.SHADOW and seen.percentage == 0
    held = control.hold(history, seen, who="ann", why="")
    published = history.published_rollout("triage")
    assert held.shadow and published is not None and published["shadow"]
    resumed = control.resume(history, held, who="ann", why="")
    assert resumed.state is RolloutState.SHADOW
    first = control.advance(history, resumed, who="ann", blockers=())
    published = history.published_rollout("triage")
    assert (first.state, first.percentage) == (RolloutState.RUNNING, 10)
    assert published is not None and not published["shadow"]


def test_a_roll_back_says_why_and_is_final(history: History, start: Start) -> None:
    seen = start()
    with pytest.raises(NeedsReasonError):
        control.roll_back(history, seen, who="ann", why=" ")
    back = control.roll_back(history, seen, who="ann", why="complaints")
    for change in (control.roll_back, control.hold, control.resume):
        with pytest.raises(ProjectError, match="it is rolled-back"):
            change(history, back, who="ann", why="x")


def test_whoever_comes_second_is_told_and_changes_nothing(history: History, start: Start) -> None:
    seen = start()
    control.roll_back(history, seen, who="monitor", why="failures")
    with pytest.raises(OvertakenError, match="monitor was faster"):
        control.advance(history, seen, who="ann", blockers=())
    assert history.rollout(seen.id).state is RolloutState.ROLLED_BACK
