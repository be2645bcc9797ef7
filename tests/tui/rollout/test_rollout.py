"""The rollout screen: what it shows, and that its keys do what they say through the real control functions."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from migrator_tui.history.decision_records import NewDecision
from migrator_tui.history.rollout_records import EventKind, Rollout, RolloutState
from migrator_tui.models.pool import ModelPool
from migrator_tui.project.rollout_settings import LOW_TRAFFIC_STEPS, Step
from migrator_tui.rollout import control
from migrator_tui.tui.rollout.advancing import AdvanceDialog
from migrator_tui.tui.rollout.starting import StartDialog
from migrator_tui.tui.widgets.modal import Ask, Sheet
from tests.history.rollout_fixtures import write
from tests.tui.conftest import MEDIUM, NARROW, WIDE, Driver, opened
from tests.tui.rollout.filling import (
    ASKED,
    NOW,
    at_step,
    begin,
    calls,
    five_percent,
    open_history,
    sampled,
    shown,
    without_gateway,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


def newest(driver: Driver) -> Rollout:
    """The rollout as the history has it."""
    return driver.history.rollouts("triage")[0]


def kinds(driver: Driver) -> list[EventKind]:
    """What happened to it, newest first."""
    return [event.kind for event in driver.history.rollout_events(newest(driver).id)]


def row(driver: Driver, begins: str) -> str:
    """The line of the screen with a row that begins like that."""
    return next(line for line in driver.lines if begins in line)


async def test_it_shows_where_a_rollout_stands_and_what_it_waits_for(shop: Path) -> None:
    five_percent(shop)
    async with opened(shop, size=WIDE) as driver:
        await driver.until(lambda: "5 Rollout  ● 5 %" in driver.text, "the tab, on another screen")
        await shown(driver)
        ladder = row(driver, "✓ shadow")
        assert "✓ 1 %" in ladder and "● 5 % ━" in ladder and "○ 25 %" in ladder and "○ 100 %" in ladder
        assert "42 min of 2 h" in driver.text
        assert "both arms have 500 calls (candidate 150); you take it" in driver.text
        assert "95 %" in row(driver, "╭─ baseline") and "new.jsonl v1 5 %" in row(driver, "╭─ candidate")
        both = row(driver, "│  calls ")
        assert "2,850" in both and "150" in both and "▅" in both
        near = row(driver, "│  ! latency")
        assert 0.7 < near.count("━") / (near.count("━") + near.count("─")) < 0.85
        assert "near its limit" in row(driver, "╭─ Guardrails")
        assert "no call streams" in row(driver, "· first token") and "✓" in row(driver, "sound traffic")
        assert "the monitor looked 2 s ago" in driver.text
        events = [line for line in driver.lines if " started " in line or "watch this" in line]
        assert [line.split()[1] for line in events] == ["13:02", "12:22", "10:34", "09:04"]
        assert "escalated" in row(driver, "Where is my parcel?") and "anna@" not in driver.text


async def test_nothing_jumps_where_new_calls_come_in(shop: Path) -> None:
    rollout = five_percent(shop)
    async with opened(shop, size=NARROW) as driver:
        await shown(driver)
        guardrails = driver.app.current.query_one("#guardrails-rows")
        order = guardrails.keys
        guardrails.scroll_to(0, 1, animate=False)
        await driver.until(lambda: guardrails.scroll_offset.y == 1)
        before = driver.app.rollouts.seen["triage"]
        more = calls(rollout, "candidate", 60, since=NOW - timedelta(seconds=50), seconds=40, failing=40)
        write(driver.history, "migrator_traffic", [each | {"row_id": f"more-{n}"} for n, each in enumerate(more)])
        driver.history.sum_up_traffic(at=NOW)  # as the monitor does
        driver.app.look_at_rollout()
        await driver.until(lambda: driver.app.rollouts.seen["triage"] is not before)
        await driver.until(lambda: "tripped" in driver.text)
        assert guardrails.keys == order and guardrails.scroll_offset.y == 1
        # Among the calls, what is under the cursor stays although there are newer, worse ones.
        await driver.press("j", "enter")
        await driver.until(lambda: "Guardrail on failures" in driver.text)
        assert "at most 1 pt above baseline" in driver.text and "worse by" in driver.text
        await driver.press("escape", "tab", "tab", "tab", "tab")
        calls_list = driver.app.current.query_one("#calls-rows")
        listed = calls_list.keys
        write(driver.history, "migrator_traffic", [each | {"row_id": f"yet-{n}"} for n, each in enumerate(more)])
        driver.app.rollouts.clock = lambda: NOW + timedelta(seconds=10)
        driver.app.look_at_rollout()
        await driver.until(lambda: "as of" in driver.text)
        assert calls_list.keys == listed
        await driver.press("tab")
        await driver.press("shift+tab")
        await driver.until(lambda: calls_list.keys != listed)


async def test_holding_and_stepping_back_ask_nothing(shop: Path) -> None:
    five_percent(shop)
    async with opened(shop) as driver:
        await shown(driver)
        await driver.press("space")
        await driver.until(lambda: "held by you" in driver.text and "! 5 % held" in driver.text)
        assert newest(driver).state is RolloutState.HELD
        await driver.press(">")
        await driver.until(lambda: "space lets it go on first" in driver.notice)
        await driver.press("space")
        await driver.until(lambda: newest(driver).state is RolloutState.RUNNING)
        await driver.until(lambda: "space hold" in driver.text)
        await driver.press("<")
        await driver.until(lambda: "back to 1 %" in driver.text)
        assert kinds(driver)[:3] == [EventKind.STEPPED_BACK, EventKind.RESUMED, EventKind.HELD]
        published = driver.history.published_rollout("triage")
        assert published is not None and published["percentage"] == 1
        await driver.until(lambda: "● 1 %" in driver.text)
        await driver.press("<")
        await driver.until(lambda: newest(driver).shadow)
        await driver.until(lambda: "● shadow" in driver.text)
        await driver.press("<")
        await driver.until(lambda: "at its first step" in driver.notice)


async def test_the_next_step_says_what_is_missing_and_wants_a_reason(shop: Path) -> None:
    five_percent(shop)
    async with opened(shop) as driver:
        await shown(driver)
        await driver.press(">")
        await driver.until(lambda: isinstance(driver.app.screen, AdvanceDialog))
        assert "from 5 % to 25 %" in driver.text and "350 more calls on the candidate" in driver.text
        assert "nobody has signed a decision about newer" in driver.text
        await driver.press("enter")
        await driver.until(lambda: "say why" in driver.text)
        await driver.press("escape")
        await driver.until(lambda: "say why" not in driver.text)
        assert newest(driver).step == 2
        await driver.press(">")
        await driver.until(lambda: isinstance(driver.app.screen, AdvanceDialog))
        await driver.type("the shop closes")
        await driver.press("enter")
        await driver.until(lambda: newest(driver).step == 3)
        event = driver.history.rollout_events(newest(driver).id)[0]
        assert (event.kind, event.who, event.percentage) == (EventKind.OVERRIDDEN, "tester", 25)
        assert event.why.startswith("the shop closes (against: ") and "350 more calls" in event.why


async def test_what_is_sound_is_taken_with_one_key_and_a_yes(shop: Path) -> None:
    with open_history(shop) as history:
        steps = (Step(50, 60, 20), Step(100, 60, 20))
        rollout = begin(history, shop, steps=steps, at=NOW - timedelta(minutes=20), guardrails=())
        rows = [
            *calls(rollout, "baseline", 60, since=rollout.since, seconds=1000),
            *calls(rollout, "candidate", 60, since=rollout.since, seconds=1000),
        ]
        write(history, "migrator_traffic", rows)
        history.sign(
            NewDecision("triage", "newer", rollout.version_id, go=True, gate="ready", reason="fine", author="ann")
        )
    async with opened(shop) as driver:
        await shown(driver, "> takes 100 %")
        await driver.until(lambda: "○ 50 % · ready" in driver.text)
        await driver.press(">")
        await driver.until(lambda: isinstance(driver.app.screen, AdvanceDialog))
        assert "from 50 % to 95 %" in driver.text and "nothing tripped" in driver.text
        await driver.press("enter")
        await driver.until(lambda: newest(driver).percentage == 95)
        assert kinds(driver)[0] is EventKind.ADVANCED


async def test_rolling_back_wants_a_reason_and_comes_through_whatever_happened_meanwhile(shop: Path) -> None:
    five_percent(shop)
    async with opened(shop) as driver:
        await shown(driver)
        await driver.press("B")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.press("enter")
        await driver.until(lambda: "say why" in driver.text)
        control.hold(driver.history, newest(driver), who="bob", why="a call")
        await driver.type("complaints")
        await driver.press("enter")
        await driver.until(lambda: "✗ rolled back" in driver.text)
        event = driver.history.rollout_events(newest(driver).id)[0]
        assert (event.kind, event.who, event.why) == (EventKind.ROLLED_BACK, "tester", "complaints")
        published = driver.history.published_rollout("triage")
        assert published is not None and published["percentage"] == 0
        assert "space hold" not in driver.text and "> start" in driver.text


async def test_whoever_was_faster_is_named_and_nothing_is_changed(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    five_percent(shop)
    async with opened(shop) as driver:
        await shown(driver)
        await driver.settle()
        seen = driver.app.rollouts.seen["triage"].rollout
        driver.app.rollouts.clock = lambda: NOW
        with monkeypatch.context() as meanwhile:
            # The next look would tell of it before the key is pressed.
            meanwhile.setattr(driver.app, "look_at_rollout", lambda: None)
            control.roll_back(driver.history, seen, who="monitor", why="failures: worse by 40.0 points")
            await driver.press("space")
            await driver.until(lambda: "monitor was faster" in driver.notice)
        assert newest(driver).state is RolloutState.ROLLED_BACK
        driver.app.look_at_rollout()
        await driver.until(lambda: "rolled back by monitor" in driver.text and "worse by 40.0 points" in driver.text)


async def test_what_the_monitor_does_is_said_on_every_screen(shop: Path) -> None:
    five_percent(shop)
    async with opened(shop) as driver:
        await driver.until(lambda: "triage" in driver.app.rollouts.briefs)
        why = "failures: worse by 40.0 points"
        control.roll_back(driver.history, newest(driver), who="monitor", why=why)
        driver.app.look_at_rollout()
        await driver.until(lambda: f"rolled back by monitor: {why}" in driver.notice)
        await driver.until(lambda: driver.app.notes["rollout"].words == "✗ rolled back")


def case_id(text: str) -> str:
    """The id of the last case of a file."""
    return str(json.loads(text.splitlines()[-1])["id"])


async def test_a_call_that_went_wrong_becomes_a_case(shop: Path) -> None:
    five_percent(shop)
    async with opened(shop, size=WIDE) as driver:
        await shown(driver)
        await driver.press("tab", "tab")
        listed = driver.app.current.query_one("#calls-rows")
        assert listed.has_focus
        await driver.press("j", "j", "enter")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        assert "sample_answers" in driver.text and "Timeout" in driver.text
        await driver.press("escape")
        await driver.press("k", "k", "enter")
        await driver.until(lambda: "Calls that went wrong, as cases" in driver.text)
        assert "Do you open on Sunday?" in driver.text
        before = (shop / "cases" / "triage.jsonl").read_text("utf-8")
        await driver.press("enter")
        await driver.until(lambda: "Write to cases/triage.jsonl" in driver.text)
        assert '+{"id": "live-' in driver.text  # below what was there already, which is shown in short
        await driver.press("enter")
        await driver.until(lambda: driver.app.current.NAME == "workbench")
        after = (shop / "cases" / "triage.jsonl").read_text("utf-8")
        assert after.startswith(before)
        # Ids that are longer than the others are whole, and what is told of all cases is told of the new one too.
        await driver.until(lambda: row(driver, "▸ ·") and case_id(after) in row(driver, "▸ ·"))
        await driver.until(lambda: "R runs all 7 on both" in driver.text)
        (line,) = after.removeprefix(before).splitlines()
        case = json.loads(line)
        assert case["tags"] == ["production", "escalated"] and case["vars"] == {"shop": "Lamps"}
        assert case["messages"] == [{"role": "user", "content": ASKED.replace("anna@example.com", "[e-mail 1]")}]
        await driver.until(lambda: driver.case == case["id"] and driver.ids == [case["id"]])


async def test_a_call_whose_input_is_a_case_already_leads_to_it(shop: Path) -> None:
    rollout = five_percent(shop)
    async with opened(shop, size=WIDE) as driver:
        (row,) = calls(rollout, "candidate", 1, since=NOW - timedelta(seconds=9), seconds=2, failing=1)
        known = sampled(row | {"row_id": "known", "request_id": "known"}, "question about c3")
        write(driver.history, "migrator_traffic", [known])
        await shown(driver)
        await driver.press("tab", "tab", "enter")
        await driver.until(lambda: driver.app.current.NAME == "workbench")
        await driver.until(lambda: driver.ids == ["c3"] and "a case already: c3" in driver.notice)


async def test_text_of_strangers_is_only_text(shop: Path) -> None:
    hostile = "\x1b]0;owned\x07[/b][red]x"
    with open_history(shop) as history:
        rollout = begin(history, shop, at=NOW - timedelta(minutes=9))
        rollout = at_step(history, rollout, 1, NOW - timedelta(minutes=5))
        rows = calls(rollout, "candidate", 3, since=rollout.since, seconds=100, failing=2, error_class=hostile)
        deep = {**rows[0], "sampled_input": "[" * 9_000 + "]" * 9_000}
        write(history, "migrator_traffic", [deep, sampled(rows[1], hostile), rows[2]])
        history.note_rollout(rollout, kind=EventKind.WARNED, who=hostile, why=hostile, at=NOW)
    async with opened(shop, size=WIDE) as driver:
        await shown(driver)
        await driver.until(lambda: driver.text.count("[/b][red]x") >= 2)
        assert "\x1b" not in driver.text and "\x07" not in driver.text and "␛" in driver.text


async def test_a_report_is_written(shop: Path) -> None:
    five_percent(shop)
    async with opened(shop) as driver:
        await shown(driver)
        await driver.press("w")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.press("enter")
        await driver.until(lambda: "the report is in" in driver.notice)
        text = (shop / "rollout-triage-newer.md").read_text("utf-8")
        assert "**running at 5 %**" in text and "| ! near | latency | at most +25 % |" in text
        assert "| ✓ 1 % | 1 h | 20 |" in text and "2,850 | 150 |" in text


async def test_without_a_rollout_the_decision_stands_there_and_a_start_asks_why(live: Path, pool: ModelPool) -> None:
    without_gateway(live)
    async with opened(live, pool=pool, size=MEDIUM) as driver:
        await shown(driver, "No rollout of triage yet")
        assert "2 why not ready" in driver.text and "5 Rollout  not started" in driver.text
        await driver.press(">")
        await driver.until(lambda: isinstance(driver.app.screen, StartDialog))
        assert "nobody has signed a decision about newer" in driver.text and "no gateway answers at" in driver.text
        await driver.press("down", "right")
        await driver.until(lambda: "low traffic: 5 % → 20 %" in driver.text)
        await driver.press("down", "right", "down", "right", "down", "right", "enter")
        await driver.until(lambda: "say why" in driver.text)
        await driver.type("a try")
        await driver.press("left", "y", "enter")
        await driver.until(lambda: bool(driver.history.rollouts("triage")))
        rollout = newest(driver)
        assert rollout.steps[1:] == LOW_TRAFFIC_STEPS and rollout.shadow
        assert (rollout.hold_back, rollout.auto_advance) == (10.0, True)
        started, against = driver.history.rollout_events(rollout.id)
        assert against.kind is EventKind.OVERRIDDEN
        assert started.why == "a tryy", "in the reason, the arrow moves in the text"
        await driver.until(lambda: "● shadow" in driver.text)
        assert "nobody watches" in driver.text


@pytest.mark.parametrize("about", ["newer", "baseline"])
async def test_without_a_rollout_a_signed_decision_stands_there_where_it_is_about_this_version(
    answered: Path, about: str
) -> None:
    with open_history(answered) as history:
        (version,) = history.versions("triage", about)
        history.sign(NewDecision("triage", "newer", version.id, True, "not-ready", "we know why", "ann"))
    async with opened(answered, size=WIDE) as driver:
        await shown(driver, "No rollout of triage yet")
        await driver.until(lambda: "The scorecard says ✗ not ready" in driver.text)
        signed = "A signed decision about this version says ✓ go, by ann, against the scorecard: we know why"
        assert (signed in driver.text) == ("2 why not ready" not in driver.text) == (about == "newer")


async def test_quick_and_healthy_calls_are_no_trouble_and_bars_are_of_this_rollout_alone(shop: Path) -> None:
    steps = (Step(50, 60, 20), Step(75, 60, 20), Step(100, 60, 20))
    with open_history(shop) as history:
        first = begin(history, shop, steps=steps, at=NOW - timedelta(minutes=40))
        write(history, "migrator_traffic", calls(first, "candidate", 90, since=first.since, seconds=1800, failing=80))
        control.roll_back(history, first, who="ann", why="it fails", at=NOW - timedelta(minutes=8, seconds=30))
        rollout = begin(history, shop, steps=steps, at=NOW - timedelta(minutes=8, seconds=20))
        for arm, took in (("baseline", 12.0), ("candidate", 41.0)):
            rows = calls(rollout, arm, 60, since=rollout.since, seconds=60, latency_ms=took)
            write(history, "migrator_traffic", rows)
        history.sum_up_traffic(at=NOW)
    async with opened(shop, size=WIDE) as driver:
        await shown(driver)
        assert "Of its last calls none failed" in driver.text and "slow" not in driver.text
        assert "41 ms" in row(driver, "│  latency ") and "12 ms" in row(driver, "│  latency ")
        hour = driver.app.rollouts.seen["triage"].hour
        assert [sum(each.requests for each in hour[arm]) for arm in ("baseline", "candidate")] == [60, 60]
        assert sum(each.failures for each in hour["candidate"]) == 0
        (late,) = calls(rollout, "candidate", 1, since=NOW - timedelta(seconds=9), seconds=2, latency_ms=1_400.0)
        write(driver.history, "migrator_traffic", [late | {"row_id": "late", "request_id": "late"}])
        driver.app.rollouts.clock = lambda: NOW + timedelta(seconds=10)
        driver.app.look_at_rollout()
        await driver.until(lambda: "worst calls 1 slow" in driver.text)
        assert "1.40 s" in row(driver, "· slow ")


async def test_a_complete_rollout_is_taken_back_only_after_a_yes(shop: Path) -> None:
    with open_history(shop) as history:
        rollout = begin(history, shop, steps=(Step(50, 60, 20), Step(100, 60, 20)), at=NOW - timedelta(minutes=9))
        for _ in rollout.steps:
            rollout = control.advance(history, rollout, who="ann", blockers=["no calls"], reason="now")
        assert rollout.state is RolloutState.COMPLETE
    async with opened(shop, size=NARROW) as driver:
        await shown(driver)
        await driver.press("<")
        await driver.until(lambda: "Take triage back to 50 %? It is complete" in driver.text)
        assert "from 95 % to 50 % of the conversations" in driver.text and "held anew" in driver.text
        await driver.press("escape")
        assert newest(driver).state is RolloutState.COMPLETE
        await driver.press("<", "enter")
        await driver.until(lambda: newest(driver).percentage == 50)
        assert newest(driver).state is RolloutState.RUNNING and kinds(driver)[0] is EventKind.STEPPED_BACK


async def test_guardrails_use_the_room_they_have_and_tell_more_alone(shop: Path) -> None:
    with open_history(shop) as history:
        rollout = begin(history, shop, at=NOW - timedelta(minutes=30))
        rollout = at_step(history, rollout, 1, NOW - timedelta(minutes=20))
        write(history, "migrator_traffic", calls(rollout, "baseline", 400, since=rollout.since, seconds=900))
        write(history, "migrator_traffic", calls(rollout, "candidate", 4, since=rollout.since, seconds=900))
        history.sum_up_traffic(at=NOW)
    async with opened(shop, size=NARROW) as driver:
        await shown(driver)
        rows = [line.strip("│ ") for line in driver.lines if "conversations on the candidate" in line]
        assert "~ fallbacks      10 %    4 of 50 conversations on the candidate   roll back" in rows
        assert "~ latency        +25 %   4 of 50 conversations on the candidate   hold" in rows
    async with opened(shop, size=WIDE) as driver:
        await shown(driver)
        assert "no escalation was reported: send feedback, or turn this guardrail off" in row(driver, "~ escalations")
        assert "baseline 400, candidate 4" not in driver.text
        await driver.press("+")
        await driver.until(lambda: "conversations: baseline 400, candidate 4; looks from 50 each" in driver.text)
        assert "calls that failed, those included that another attempt" in driver.text
        assert "errs in 0.83 % of rollouts at most" in driver.text and "held below 0.001" in driver.text
        await driver.press("escape", "shift+tab", "enter")
        await driver.until(lambda: "Both sides, in the present step" in driver.text)
        sheet = [line for line in driver.lines if "latency p95" in line]
        assert any(line.count(" s ") == 2 for line in sheet), sheet
        await driver.press("escape", "tab", "tab")
        assert driver.app.current.query_one("#events-rows").has_focus
