"""Practising a rollout: traffic made of cases, what the application sees of it, what is said of it in the end."""

import asyncio
import io
import json
from argparse import Namespace
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from migrator_tui.cli import main
from migrator_tui.commands.rehearse import the_money
from migrator_tui.history.location import history_folder, projects_folder
from migrator_tui.history.records import SideCall, Version
from migrator_tui.history.rollout_records import EventKind, Rollout, RolloutEvent
from migrator_tui.history.store import History
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.rollout_settings import REHEARSAL_STEPS
from migrator_tui.project.samples import copy_sample
from migrator_tui.project.schema import ModelSpec, Price, Project
from migrator_tui.reports.rehearsal import print_rehearsal, rehearsal_json
from migrator_tui.rollout.rehearsing import sending
from migrator_tui.rollout.rehearsing.drill import Drill, practice_project, refuse_impossible
from migrator_tui.rollout.rehearsing.money import NO_MONEY, Counted
from migrator_tui.rollout.rehearsing.outcome import Rehearsal
from migrator_tui.rollout.rehearsing.rehearse import Stage, rehearse
from migrator_tui.rollout.rehearsing.sending import FEWEST_IN_FLIGHT, Answered, Sender
from migrator_tui.rollout.rehearsing.traffic import PAUSE_S, Escalating, PlannedCall, body, call_body, planned_calls
from migrator_tui.running.plan import request_for
from migrator_tui.running.spending import Budget, Prices, Purse
from tests.history.rollout_fixtures import START
from tests.rollout.gateway.conftest import gateway_python

__all__ = ["gateway_python"]

# What is sent


def test_calls_come_at_an_even_pace_and_each_conversation_stays_with_its_case() -> None:
    calls = list(planned_calls(7, calls=600, rate=20, name="r"))
    assert [call.at for call in calls] == [n / 20 for n in range(600)]
    talks: dict[str, list[PlannedCall]] = defaultdict(list)
    for call in calls:
        talks[call.conversation].append(call)
    assert set(Counter(len(talk) for talk in talks.values())) == {1, 2, 3}
    for talk in talks.values():
        assert len({(call.case, call.stream) for call in talk}) == 1
        assert all(two.at - one.at > PAUSE_S - 1e-9 for one, two in pairwise(talk))
        assert not any(call.last for call in talk[:-1])
    # Every case has its turn before one comes again, and has several conversations in the end.
    cases = [talk[0].case for talk in talks.values()]
    assert sorted(cases[:7]) == list(range(7)) and len(cases) > 200
    assert 0.1 < sum(call.stream for call in calls) / 600 < 0.25


def test_a_call_says_what_an_application_of_the_old_model_says(
    project: Project, history: History, version: Version
) -> None:
    case = load_cases(project, project.tasks[0])[0]
    request = request_for(project, project.tasks[0], project.baseline, version, case)
    said = call_body(body(project.tasks[0], case, request), PlannedCall(0.0, "c-1", 0, True, last=True))
    assert said == {
        "model": "triage",
        "messages": [{"role": "system", "content": "Sort the ticket lost. JSON only."}],
        "metadata": {"variables": {"ticket": "lost"}, "conversation_id": "c-1"},
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_users_escalate_as_often_on_either_side_until_there_is_trouble() -> None:
    users = Escalating()
    usual = {arm: sum(users.escalates(arm, 0.0) for _ in range(100)) for arm in ("baseline", "candidate")}
    assert usual == {"baseline": 4, "candidate": 4}
    assert 40 < sum(users.escalates("candidate", 0.5) for _ in range(100)) < 65


# What the application sees


@dataclass
class FakeGateway:
    """Answers as the gateway does; which side a conversation is on, its key says."""

    address: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], int | str] = lambda body: "hello"
    taken: int = 200
    hangs: Callable[[str], bool] = lambda arm: False
    """Which side gets no answer before `go_on` is set."""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        said = await request.json()
        assert request.headers["Authorization"] == "Bearer sk-key"
        self.asked.append(said)
        number = int(said["metadata"]["conversation_id"].rpartition("-")[2])
        arm = "candidate" if number % 2 else "baseline"
        headers = {
            "x-litellm-call-id": f"id-{len(self.asked)}",
            "x-migrator-arm": arm,
            "x-migrator-served": "baseline",
        }
        text = self.answer(said)
        if self.hangs(arm):
            await self.go_on.wait()
        if isinstance(text, int):
            return web.json_response({"error": {"message": "broken\x1b[2J"}}, status=text, headers=headers)
        usage = {"prompt_tokens": 1000, "completion_tokens": 100}
        if not said.get("stream"):
            return web.json_response({"choices": [{"message": {"content": text}}], "usage": usage}, headers=headers)
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        for event in ({"choices": [{"delta": {"content": text}}]}, {"choices": [], "usage": usage}):
            await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        if text != "cut":
            await response.write(b"data: [DONE]\n\n")
        return response

    async def hear(self, request: web.Request) -> web.Response:
        self.feedback.append(await request.json())
        return web.json_response({}, status=self.taken)


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    fake = FakeGateway()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.complete)
    app.router.add_post("/feedback", fake.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield fake
    fake.go_on.set()
    await runner.cleanup()


def sender(gateway: FakeGateway, **more: Any) -> Sender:
    bodies = [{"model": "triage", "messages": [], "metadata": {"variables": {}}}]
    return Sender(gateway.address, "sk-key", bodies, Escalating(), trouble=lambda at: 1.0, **more)


def calls(*said: tuple[str, bool, bool]) -> list[PlannedCall]:
    """Conversation, streamed, last."""
    return [PlannedCall(0.0, conversation, 0, stream, last) for conversation, stream, last in said]


async def test_answers_are_read_to_their_end_and_each_conversation_is_told_once(gateway: FakeGateway) -> None:
    sent = sender(gateway)
    planned = calls(("c-0", False, False), ("c-0", False, True), ("c-1", True, True))
    assert await sent.send(planned, asyncio.Event(), lambda: None)
    by_stream = sorted(sent.answered, key=lambda call: call.stream)
    assert [(call.arm, call.served, call.error, call.tokens) for call in by_stream] == [
        ("baseline", "baseline", None, (1000, 100)),
        ("baseline", "baseline", None, (1000, 100)),
        ("candidate", "baseline", None, (1000, 100)),
    ]
    assert [call.first_token_ms is not None for call in by_stream] == [False, False, True]
    told = {said["request_id"]: said["value"] for said in gateway.feedback}
    assert len(told) == 2 and all(said["name"] == "escalated" for said in gateway.feedback)
    assert sorted(told.values()) == [False, True], "trouble is the candidate's alone"
    assert sent.untold == []


@pytest.mark.parametrize(
    ("answer", "stream", "error"),
    [
        (500, False, "status 500: broken"),
        (503, True, "status 503: broken"),
        ("cut", True, "the stream broke off"),
    ],
)
async def test_what_an_application_would_see_go_wrong_is_an_error(
    gateway: FakeGateway, answer: int | str, stream: bool, error: str
) -> None:
    gateway.answer = lambda body: answer
    sent = sender(gateway)
    assert await sent.send(calls(("c-1", stream, False)), asyncio.Event(), lambda: None)
    (seen,) = sent.answered
    assert seen.error is not None and seen.error.startswith(error) and "\x1b" not in seen.error


async def test_feedback_that_is_not_taken_and_a_gateway_that_is_gone_are_told(gateway: FakeGateway) -> None:
    gateway.taken = 503
    sent = sender(gateway)
    await sent.send(calls(("c-1", False, True)), asyncio.Event(), lambda: None)
    assert len(sent.untold) == 1 and "503" in sent.untold[0]
    gone = sender(gateway)
    gone.address = "http://127.0.0.1:1"
    await gone.send(calls(("c-1", False, True)), asyncio.Event(), lambda: None)
    assert gone.answered[0].error is not None and "127.0.0.1" in gone.answered[0].error


async def test_stopped_it_makes_no_more_calls(gateway: FakeGateway) -> None:
    stop = asyncio.Event()
    sent = sender(gateway, settled=lambda call, seen: stop.set())
    planned = [*calls(("c-0", False, False)), PlannedCall(60.0, "c-1", 0, False, last=True)]
    assert not await sent.send(planned, stop, lambda: None)
    assert len(gateway.asked) == 1


async def test_where_far_more_calls_than_usual_are_under_way_none_is_added_and_what_never_comes_is_not_waited_for(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BACKLOG_S", 0.01)
    monkeypatch.setattr(sending, "DRAINS_S", 0.05)
    over: list[tuple[int, float]] = []
    settled: list[str | None] = []
    gateway.hangs = lambda arm: len(gateway.asked) > 12
    sent = sender(
        gateway,
        rate=200,
        draining=lambda under_way, seconds: over.append((under_way, seconds)),
        settled=lambda call, seen: settled.append(seen.error),
    )
    planned = (PlannedCall(n / 200, f"c-{n}", 0, False, last=False) for n in range(80))
    assert await sent.send(planned, asyncio.Event(), lambda: None)
    assert sent.not_sent > 20 and sent.crowded_at is not None
    assert sent.under_way == len(gateway.asked) - 12 >= FEWEST_IN_FLIGHT
    assert len(sent.answered) + sent.under_way + sent.not_sent == 80
    ((under_way, seconds),) = over
    assert under_way == sent.under_way and 0.05 <= seconds < 5
    assert settled.count("it was not waited for") == sent.under_way, "they may have been charged"


async def test_a_cap_holds_before_the_money_is_spent(
    gateway: FakeGateway, project: Project, version: Version
) -> None:
    price = Price(input=100.0, output=100.0)  # a call of 1,000 and 100 tokens: $0.11
    models = [
        replace(spec, price=price, model=f"openai/{spec.name}") for spec in (project.baseline, *project.candidates)
    ]
    case = load_cases(project, project.tasks[0])[0]
    priced = replace(project, baseline=models[0], candidates=(models[1],))
    requests = [
        [replace(request_for(priced, priced.tasks[0], spec, version, case), params={"max_tokens": 100})]
        for spec in models
    ]
    money = Counted(Budget(Prices(priced), Purse(1.0, "--max-cost")), models, requests)
    sent = sender(gateway, refusal=money.refusal, settled=money.settled)
    planned = (PlannedCall(n / 50, f"c-{2 * n}", 0, False, last=False) for n in range(100))
    assert not await sent.send(planned, asyncio.Event(), lambda: None)
    assert sent.refused is not None and "--max-cost of $1" in sent.refused
    assert 5 <= len(gateway.asked) <= 9
    assert money.budget.spent == pytest.approx(0.11 * len(gateway.asked)) and money.budget.spent <= 1.0


@pytest.fixture
def stage(project: Project, history: History, rollout: Rollout, tmp_path: Path) -> Stage:
    """With real models of a known price."""
    price = Price(input=100.0, output=100.0)
    models = [replace(spec, price=price, model="openai/x") for spec in (project.baseline, *project.candidates)]
    priced = replace(project, baseline=models[0], candidates=(models[1],))
    return Stage(
        priced, project.tasks[0], history, rollout, "http://127.0.0.1:1", "sk-key", tmp_path / "trouble.json"
    )


def test_money_is_told_and_asked_before_a_call_is_made(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    drill = Drill(rate=20, seconds=60)
    with pytest.raises(ProjectError, match="nothing was sent; --yes"):
        the_money(Namespace(max_cost=None, yes=False), stage, drill)
    told = capsys.readouterr().err
    assert "1,200 calls to openai/x and openai/x, about $3" in told and "count in the rollout of triage" in told
    for cap in (None, 1.0):
        money = the_money(Namespace(max_cost=cap, yes=True), stage, drill)
        assert isinstance(money, Counted) and money.budget.own.cap == cap
    unknown = replace(stage.project.candidates[0], price=None, model="openai/nobody-knows-it")
    unpriced = replace(stage, project=replace(stage.project, candidates=(unknown,)))
    with pytest.raises(ProjectError, match="--max-cost cannot be held"):
        the_money(Namespace(max_cost=1.0, yes=True), unpriced, drill)
    unpriced = replace(unpriced, project=replace(unpriced.project, max_cost_per_day=5.0))
    with pytest.raises(ProjectError, match="max_cost_per_day cannot be held"):
        the_money(Namespace(max_cost=None, yes=True), unpriced, drill)
    simulated = replace(stage, project=load_project(stage.project.folder))
    assert the_money(Namespace(max_cost=None, yes=False), simulated, drill) is NO_MONEY


async def test_a_rehearsal_counts_in_the_days_money_and_ends_where_that_does(
    stage: Stage, gateway: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = replace(stage, address=gateway.address, project=replace(stage.project, max_cost_per_day=3.0))
    stage.history.add_side_calls([SideCall("assistant", "openai/y", 0.3)])
    money = the_money(Namespace(max_cost=None, yes=True), stage, Drill(rate=50, seconds=10))
    assert "; of max_cost_per_day $2.70 is left" in capsys.readouterr().err
    # Answers of 100 tokens at the most, so that what a call may cost is near to what it does: $0.11.
    assert isinstance(money, Counted)
    limited = [[replace(request, params={"max_tokens": 100}) for request in of] for of in money.requests]
    money = replace(money, requests=limited)
    done = await rehearse(stage, Drill(rate=50, seconds=10), asyncio.Event(), lambda _: None, money=money)
    assert not done.complete and "max_cost_per_day of $3 is reached" in done.ended
    spent, partial = stage.history.spent_today()
    assert spent == pytest.approx(0.3 + 0.11 * len(done.answered)) and not partial
    assert len(done.answered) >= 5 and spent <= 3.0
    stage.history.add_side_calls([SideCall("assistant", "openai/y", 3.0)])
    with pytest.raises(ProjectError, match="max_cost_per_day of \\$3 is reached: nothing more"):
        the_money(Namespace(max_cost=None, yes=True), stage, Drill(rate=50, seconds=10))


def test_copies_of_the_shadow_step_cost_as_well(stage: Stage) -> None:
    models = [stage.project.baseline, *stage.project.candidates]
    money = Counted(Budget(Prices(stage.project), Purse(None)), models, [[], []], shadow=True)
    call = PlannedCall(0.0, "c", 0, stream=False, last=True)
    money._promised[call] = [0.0, 0.0]
    money.settled(call, Answered(0.0, "c", False, "baseline", "baseline", None, 5.0, None, (1_000, 100)))
    money.keep(stage.history)
    money.keep(stage.history)
    assert stage.history.spent_today() == (pytest.approx(0.22), False)


# What is said of it


@pytest.fixture
def rollout(start: Callable[..., Rollout]) -> Rollout:
    return start()


def event(kind: EventKind, at: float, why: str, who: str = "monitor") -> RolloutEvent:
    return RolloutEvent(1, START + timedelta(seconds=at), kind, who, why, 0, 25.0, 1)


def call(at: float, arm: str, conversation: str, error: str | None = None, served: str | None = None) -> Answered:
    return Answered(at, conversation, False, arm, served or arm, error, 40.0, None, None)


def rehearsal(rollout: Rollout, troubles: Sequence[str], *events: RolloutEvent, **more: Any) -> Rehearsal:
    answered = [call(n / 10, "candidate" if n % 4 == 0 else "baseline", f"c-{n}") for n in range(400)]
    done = Rehearsal(
        drill=Drill(rate=10, seconds=40, troubles=troubles),
        began=START,
        answered=answered,
        untold=(),
        rollout=rollout,
        version="v2",
        events=events,
        blockers=(),
    )
    return replace(done, **more)


BACK, HELD, READY = EventKind.ROLLED_BACK, EventKind.HELD, EventKind.READY


@pytest.mark.parametrize(
    ("troubles", "events", "wrong"),
    [
        ([], [event(READY, 20, "ready for the next step")], ""),
        ([], [], ""),
        ([], [event(HELD, 20, "latency: worse by 30 %")], "held without trouble: latency"),
        ([], [event(BACK, 20, "tripwire: 9 of 20")], "rolled back without trouble: sudden failure: 9"),
        (["failing"], [event(BACK, 19, "tripwire: 9 of the last 20 calls failed")], ""),
        (["failing"], [event(BACK, 19, "latency: worse by 300 %")], "rolled back for something else"),
        (["failing"], [event(BACK, 9, "tripwire: 9 of the last 20 calls failed")], "before the trouble began"),
        (["failing"], [event(HELD, 19, "by hand", "ann")], "not rolled back within 25 s"),
        ([], [event(HELD, 20, "by hand", "ann")], ""),
        ([], [event(HELD, 20, "by hand", "ann"), event(HELD, 30, "latency: x")], "held without trouble: latency"),
        (["failing"], [event(HELD, 19, "fallbacks: 5 %")], "not rolled back within 25 s"),
        (["failing"], [], "not rolled back within 25 s"),
        (["slower"], [event(HELD, 19, "latency: x"), event(BACK, 25, "latency: worse by 300 %")], ""),
        (["escalations", "slower"], [event(BACK, 30, "escalations: worse by 20 points")], ""),
    ],
)  # fmt: skip
def test_whether_the_guardrails_did_what_they_should(
    rollout: Rollout, troubles: list[str], events: list[RolloutEvent], wrong: str
) -> None:
    said = rehearsal(rollout, troubles, *events).wrong
    assert (len(said) == 1 and wrong in said[0]) if wrong else not said


def test_of_one_that_was_stopped_nothing_is_concluded(rollout: Rollout) -> None:
    stopped = rehearsal(rollout, ["failing"], ended="stopped")
    assert not stopped.complete and not stopped.wrong
    out = io.StringIO()
    print_rehearsal(stopped, out)
    assert out.getvalue().endswith("~ not finished: stopped\n")


def test_of_one_that_was_stopped_before_its_trouble_there_was_none(rollout: Rollout) -> None:
    stopped = rehearsal(rollout, ["failing"], ended="stopped", lasted_s=7.0)
    said, out = rehearsal_json(stopped), io.StringIO()
    assert said["trouble_at_s"] is None and said["unfinished"] == "stopped"
    print_rehearsal(stopped, out)
    assert "trouble" not in out.getvalue()
    later = rehearsal(rollout, ["failing"], ended="stopped", lasted_s=16.0)
    assert rehearsal_json(later)["trouble_at_s"] == 15.0
    print_rehearsal(later, out)
    assert "15.0 s  trouble: the candidate fails" in out.getvalue()


@pytest.mark.parametrize("troubles", [[], ["failing"]])
def test_what_a_person_did_is_told_and_nobodys_mistake(rollout: Rollout, troubles: list[str]) -> None:
    done = rehearsal(rollout, troubles, event(BACK, 19, "latency: I saw it", "ann"))
    assert not done.wrong and not done.complete
    out = io.StringIO()
    print_rehearsal(done, out)
    assert "19.0 s  rolled back by ann: latency: I saw it\n" in out.getvalue()
    assert out.getvalue().endswith("~ undecided: rolled back by ann, so the guardrails had no say any more\n")


def test_calls_without_an_answer_are_on_no_known_side_and_all_figures_sum(rollout: Rollout) -> None:
    lost = [replace(call(n, "x", f"lost-{n // 2}", "no answer within 60 s"), arm=None) for n in range(6)]
    answered = [*lost, call(1, "baseline", "a"), call(2, "candidate", "b", "status 500: broken")]
    done = rehearsal(rollout, [], answered=answered, not_sent=380, not_waited_for=12)
    said, out = rehearsal_json(done), io.StringIO()
    sides = [*said["arms"].values(), said["no_known_side"]]
    assert sum(side["calls"] for side in sides) == said["calls"] == 8
    assert sum(side["errors"] for side in sides) == said["errors"] == 7
    assert said["calls"] + said["not_sent"] + said["not_waited_for"] == said["planned"] == 400
    assert said["no_known_side"]["conversations"] == 3
    print_rehearsal(done, out)
    assert "8 of 400 calls (380 not sent: too many under way; 12 not waited for)" in out.getvalue()
    (errors,) = [line.split() for line in out.getvalue().splitlines() if "errors at" in line]
    assert errors[-3:] == ["0", "1", "6"]


@pytest.mark.parametrize(("slow", "machine"), [(("baseline", "candidate"), True), (("candidate",), False)])
def test_calls_that_pile_up_are_the_machines_doing_where_the_baselines_are_slow_too(
    rollout: Rollout, slow: tuple[str, ...], machine: bool
) -> None:
    answered = [
        replace(call(n / 5, arm, f"{arm}-{n}"), latency_ms=9_000 if arm in slow else 150)
        for n in range(100)
        for arm in ("baseline", "candidate")
    ]
    answered.append(replace(call(1, "x", "c", "no answer within 60 s"), arm=None))
    done = rehearsal(rollout, ["failing"], answered=answered, crowded_at=6.0, not_sent=60, lasted_s=60.0)
    out = io.StringIO()
    print_rehearsal(done, out)
    last = out.getvalue().splitlines()[-1]
    if machine:
        assert not done.wrong and not done.complete
        assert last == "~ undecided: this machine answers 3 calls a second, not 10: take a lower rate"
    else:
        assert not done.too_fast and len(done.wrong) == 2 and last.startswith("✗ not rolled back")
    fine = replace(done, answered=answered[:-1], events=[event(BACK, 19, "tripwire: 9 of 20")])
    assert fine.complete and not fine.wrong


def test_that_no_answer_was_judged_is_said_beside_a_verdict_that_all_was_well(rollout: Rollout) -> None:
    for share, told in ((0.0, True), (0.1, False)):
        out = io.StringIO()
        print_rehearsal(rehearsal(replace(rollout, sample_answers=share), []), out)
        assert "✓ everything was as it should be\n" in out.getvalue()
        assert ("none was sampled" in out.getvalue()) is told


def test_trouble_that_no_guardrail_watches_is_told(rollout: Rollout) -> None:
    blind = replace(rollout, guardrails=[rule for rule in rollout.guardrails if rule.metric != "escalations"])
    assert rehearsal(blind, ["escalations"]).wrong == ["no guardrail watches what was done (escalations)"]


def test_errors_feedback_and_conversations_that_change_sides_are_wrong(rollout: Rollout) -> None:
    done = rehearsal(
        rollout,
        [],
        answered=[
            call(1, "baseline", "a"),
            call(9, "candidate", "a"),
            call(9, "baseline", "b", "status 500: broken"),
        ],
        untold=("status 503: later",),
    )
    assert [line.split(":")[0] for line in done.wrong] == [
        "applications saw 1 error, such as",
        "the gateway did not take 1 piece of feedback, such as",
        "1 conversation changed sides while no percentage changed",
    ]
    advanced = replace(done, events=[event(EventKind.ADVANCED, 5, "held long enough")])
    assert advanced.moved == 0


def test_the_json_tells_times_from_the_first_call_and_null_for_what_did_not_happen(rollout: Rollout) -> None:
    back = event(BACK, 19.5, "tripwire: 9 of the last 20 calls failed")
    rescued = [call(16, "candidate", "c", served="baseline"), call(17, "baseline", "d")]
    said = rehearsal_json(rehearsal(rollout, ["failing"], back, answered=rescued))
    assert (said["trouble_at_s"], said["rolled_back_at_s"], said["rolled_back_after_s"]) == (15.0, 19.5, 4.5)
    assert said["arms"]["candidate"]["rescued"] == 1 and said["errors"] == 0 and said["wrong"] == []
    assert said["held_at_s"] is None and said["asked_to_advance_at_s"] is None


# Where it takes place


def test_a_practice_is_on_simulated_models_and_keeps_the_projects_own_guardrails(project: Project) -> None:
    real = ModelSpec("new", "anthropic/claude-x", params={"thinking": 1}, api_key_env="SOME_KEY")
    project = replace(project, candidates=(real, replace(real, name="other")), database="postgresql://db")
    practised, said = practice_project(project, project.tasks[0], real, auto_advance=False)
    assert [spec.model for spec in (practised.baseline, *practised.candidates)] == [
        "simulated:classic-1",
        "simulated:bright-2",
    ]
    played = practised.candidates[0]
    assert (played.name, played.api_key_env, dict(played.params)) == ("new", None, {}) and played.price is not None
    assert practised.rollout.steps == REHEARSAL_STEPS and practised.database is None
    assert [(rule.metric, rule.limit) for rule in practised.rollout.guardrails] == [
        (rule.metric, rule.limit) for rule in project.rollout.guardrails
    ]
    assert "anthropic/claude-x is played by simulated:bright-2" in said[0] and "shortened" in said[1]
    assert practised.rollout.sample_answers == 0 and said[2].startswith("no answer is sampled")


def test_trouble_that_models_cannot_be_brought_into_is_refused(project: Project) -> None:
    real, new = ModelSpec("new", "openai/gpt-x"), project.candidates[0]
    with pytest.raises(ProjectError, match="only escalations can be made"):
        refuse_impossible(Drill(1, 60, ["slower"]), project.baseline, real)
    with pytest.raises(ProjectError, match="it would befall both"):
        refuse_impossible(Drill(1, 60, ["failing"]), replace(new, name="baseline"), new)
    refuse_impossible(Drill(1, 60, ["escalations"]), project.baseline, real)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "no rollout of task triage is under way"),
        ("--trouble none --trouble failing", "--trouble none does not go together"),
        ("--trouble failing --trouble-after 60", "are over"),
        ("--trouble failing --share 0", "makes no trouble"),
        ("--python python3", "about the gateway that --start starts"),
        ("--start --gateway http://127.0.0.1:1", "does not go together with --gateway"),
        ("--rate 0", "not a number above 0"),
    ],
)
def test_mistakes_are_told_in_one_line(
    words: str, told: str, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(project.folder), "rehearse", *words.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


def test_a_gateway_that_is_not_there_is_told_before_anything_is_sent(
    project: Project, rollout: Rollout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-C", str(project.folder), "rehearse", "--gateway", "http://127.0.0.1:1/v1"]
    assert main(command) == 2
    assert "LITELLM_MASTER_KEY is not set: set it to the running gateway's key" in capsys.readouterr().err
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-0123456789abcdef01234567")
    assert main(command) == 2
    assert "no gateway answers at http://127.0.0.1:1: " in capsys.readouterr().err


async def test_a_rehearsal_leaves_no_trouble_behind_and_tells_what_was_said(
    gateway: FakeGateway, project: Project, history: History, rollout: Rollout, tmp_path: Path
) -> None:
    trouble = tmp_path / "trouble.json"
    told: list[str] = []
    seen: list[Any] = []

    def answer(body: dict[str, Any]) -> str:
        seen.append(json.loads(trouble.read_bytes()))
        return "hello"

    gateway.answer = answer
    stage = Stage(project, project.tasks[0], history, rollout, gateway.address, "sk-key", trouble)
    stop = asyncio.Event()
    drill = Drill(rate=50, seconds=0.2, troubles=["failing"], trouble_after=0.1)
    done = await rehearse(stage, drill, stop, told.append)
    assert len(done.answered) == 10 and done.complete and not trouble.exists()
    assert [said[0]["model"] for said in seen] == ["bright-2"] * 10
    assert seen[0][0]["since"] == pytest.approx(done.began.timestamp() + 0.1)
    assert done.wrong and done.wrong[0].startswith("not rolled back")


# The real road


def test_a_failing_candidate_is_rolled_back_with_nobody_at_the_keyboard(
    gateway_python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real proxy before simulated models, a monitor, and the sample's cases as traffic."""
    folder = copy_sample("support-tickets", tmp_path / "support-tickets")
    words = ["--rate", "8", "--seconds", "16", "--trouble", "failing", "--trouble-after", "6", "--format", "json"]
    code = main(["-C", str(folder), "rehearse", "--start", "--python", str(gateway_python), *words])
    out, err = capsys.readouterr()
    said = json.loads(out)
    assert (code, said["wrong"], said["errors"], said["moved"]) == (0, [], 0, 0), err
    assert said["state"] == "rolled-back" and 0 < said["rolled_back_after_s"] <= 10
    assert said["calls"] == 128 == sum(side["calls"] for side in said["arms"].values())
    assert said["arms"]["candidate"]["rescued"] > 0
    assert "trouble begins: the candidate fails" in err and "rolled back by monitor: sudden failure" in err
    # Nothing of the user's is touched: there is no history, and no rollout in it.
    assert not (history_folder(load_project(folder)) / "history.sqlite3").exists()
    assert not list(projects_folder().glob("*/*.sqlite3"))
