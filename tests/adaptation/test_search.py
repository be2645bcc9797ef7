"""A search on a real history and a pool whose answers follow from the prompt: what it spends, keeps and tells."""

import asyncio
import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.adaptation.search.ground import begin, go_on
from migrator_tui.adaptation.search.searching import Search
from migrator_tui.adaptation.search.stored import stored_result
from migrator_tui.adaptation.search.values import (
    HeldOutBegan,
    SearchEvent,
    SearchNoticed,
    SearchResult,
    SearchSettings,
    SpentChanged,
    TryEnded,
)
from migrator_tui.history.records import Origin
from migrator_tui.history.store import History
from migrator_tui.models.requests import Answer, CallError, ErrorKind, ModelRequest
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.running.run import Runner
from migrator_tui.running.versions import version_of_record
from tests.running.conftest import CONFIG, FakePool, write_project

CASES, HELD_OUT = 18, 7
RULES = {1: "RULE-ONE", 2: "RULE-TWO"}
"""Case n needs the rule of n modulo 3 in the prompt; those of 0 need none, and none of BAD."""
CHECKS = 'checks = [{ type = "contains", value = "good" }]'
ASSISTANT = '\n[assistant]\nmodel = "openai/adviser"\nprice = { input = 1.0, output = 2.0 }\n'


def edit(text: str) -> dict[str, Any]:
    return {
        "op": "append",
        "text": text,
        "title": f"adds {text}",
        "why": "the cases need it",
        "kind": "format",
    }


def answer_of(*edits: dict[str, Any]) -> str:
    return json.dumps({"causes": [], "edits": list(edits), "not_prompt_fixable": []})


class Adviser:
    """Proposes one thing after the other, for the cases that it was told of."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.seen: list[str] = []

    def __call__(self, request: ModelRequest) -> str:
        said = "\n".join(str(message["content"]) for message in request.messages)
        self.seen.append(said)
        named = re.search(r"^cases: (.+)$", said, re.MULTILINE)
        ids = named[1].partition(" and ")[0].split(", ") if named else []
        text = self.answers[min(len(self.seen), len(self.answers)) - 1]
        try:
            found = json.loads(text)
        except ValueError:
            return text
        for one in found["edits"]:
            one["case_ids"] = ids[:3]
        return json.dumps(found)


class World:
    """A project whose candidate fails two cases of three until the prompt has both rules."""

    def __init__(self, folder: Path, config: str = "", *, cases: int = CASES) -> None:
        write_project(folder, config=config or CONFIG + ASSISTANT, cases=cases)
        self.project = load_project(folder)
        self.history = History.open(self.project)
        self.pool = FakePool(self.reply)
        self.adviser: Callable[[ModelRequest], str] = Adviser(answer_of(edit("RULE-ONE")))
        self.events: list[SearchEvent] = []

    def reply(self, request: ModelRequest) -> Answer | CallError:
        by_model = {"openai/adviser": self.adviser, "openai/new-model": self.candidate}
        text = by_model.get(request.model, lambda asked: "good")(request)
        return Answer(text, finish_reason="stop", input_tokens=10, output_tokens=5, latency_ms=20.0)

    def candidate(self, request: ModelRequest) -> str:
        prompt, question = request.messages[0]["content"], request.messages[-1]["content"]
        kind = int(question.split()[-1]) % 3
        needed = RULES.get(kind)
        fine = needed in prompt if needed else "BAD" not in prompt
        return "good" if fine else "poor"

    def search(self, *, force: bool = False, **settings: Any) -> Search:
        task = self.project.tasks[0]
        base = version_of_record(self.project, self.history, task, "newer", author="tester")
        ground = begin(self.project, self.history, task, base, SearchSettings(**settings), author="tester")
        runner = Runner(self.project, self.history, self.pool, author="tester")
        return Search(self.history, runner, ground, author="tester", force=force)

    def resumed(self, **more: Any) -> Search:
        task = self.project.tasks[0]
        stored = self.history.last_search("triage", "newer")
        assert stored is not None
        ground = go_on(self.project, self.history, task, stored, author="tester", **more)
        runner = Runner(self.project, self.history, self.pool, author="tester")
        return Search(self.history, runner, ground, author="tester")

    async def run(self, search: Search) -> SearchResult:
        return await search.run(self.events.append)

    def asked(self, model: str) -> list[ModelRequest]:
        return [request for request, _ in self.pool.asked if request.model == model]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "shop")
    yield made
    made.history.close()


BOTH = (answer_of(edit("RULE-ONE")), answer_of(edit("BAD RULE-TWO")), answer_of(edit("RULE-TWO")))


async def test_it_climbs_drops_what_breaks_and_tests_the_winner_on_cases_nobody_saw(world: World) -> None:
    world.adviser = adviser = Adviser(*BOTH)
    result = await world.run(world.search())
    kept = [(one.accepted, one.why) for one in result.tries]
    assert [accepted for accepted, _ in kept] == [True, True, False, True]
    assert kept[1][1].startswith("fixes ")
    assert kept[2][1].startswith("breaks ")
    assert result.helped and result.complete
    assert result.best.score == 1.0
    held_out = result.held_out
    assert held_out is not None
    assert (held_out.cases, held_out.after, held_out.looks) == (HELD_OUT, 1.0, 1)
    assert held_out.before is not None and held_out.before < 0.5
    assert len(held_out.flips.fixed) == HELD_OUT - HELD_OUT * held_out.before
    # The assistant never saw a held-out case, and was told why its edit was dropped.
    held = {request.messages[-1]["content"] for request in world.asked("openai/new-model")[-HELD_OUT:]}
    assert len(held) == HELD_OUT
    assert not any(re.search(rf"{re.escape(question)}\b", said) for said in adviser.seen for question in held)
    assert "breaks" in adviser.seen[2] and "BAD RULE-TWO" in adviser.seen[2]
    assert result.spent.calls == len(world.pool.asked) <= result.spent.budget_calls


async def test_nothing_is_applied_and_the_winner_is_a_version_with_its_way(world: World) -> None:
    world.adviser = Adviser(*BOTH)
    result = await world.run(world.search())
    winner = world.history.version(result.best.version_id or 0)
    assert (winner.origin, winner.kept) == (Origin.SEARCH, False)
    assert winner.template == result.best.template
    assert "RULE" not in (world.project.folder / "triage.md").read_text("utf-8")
    assert world.history.current_outputs("triage", "newer", "openai/new-model") == {}
    assert result.suggestion is not None
    assert [one.text for one in result.suggestion.edits] == ["RULE-ONE", "RULE-TWO"]
    kept = world.history.adaptation_of(winner.id)
    assert kept is not None and [one["text"] for one in kept.details["edits"]] == ["RULE-ONE", "RULE-TWO"]


@pytest.mark.parametrize("more", [0, 10])
async def test_the_budget_is_never_exceeded_by_one_call(world: World, more: int) -> None:
    world.adviser = Adviser(*BOTH)
    with pytest.raises(ProjectError, match="not one proposal") as refused:
        world.search(budget_calls=1)
    smallest = int(re.findall(r"may take (\d+)", str(refused.value))[0])
    with pytest.raises(ProjectError):
        world.search(budget_calls=smallest - 1)
    assert world.pool.asked == []
    assert world.history.last_search("triage", "newer") is None
    result = await world.run(world.search(budget_calls=smallest + more))
    assert len(world.pool.asked) == result.spent.calls <= smallest + more
    assert result.helped, "the smallest budget is enough for one proposal and its test"
    assert result.held_out is not None
    assert max(e.spent.calls for e in world.events if isinstance(e, SpentChanged)) <= smallest + more


async def test_retries_count_against_the_budget(world: World) -> None:
    world.adviser = Adviser("no JSON at all")
    result = await world.run(world.search())
    assert len(world.asked("openai/adviser")) == 9 == result.spent.assistant_calls
    assert [one.version_id for one in result.tries[1:]] == [None, None, None]
    assert "no JSON object" in result.tries[1].why
    assert (result.helped, result.complete, result.held_out) == (False, False, None)
    assert result.ended.startswith("no proposal came, 3 times in a row: ")
    assert result.best.number == 1


async def test_proposals_that_do_not_help_are_dropped_and_it_says_so(world: World) -> None:
    world.adviser = Adviser(*(answer_of(edit(f"Try hard, {n}.")) for n in range(9)))
    result = await world.run(world.search(patience=2, force=True))
    assert [(one.accepted, one.why) for one in result.tries[1:]] == [(False, "no better")] * 2
    assert result.ended == "nothing helped: 2 tries in a row without a better one"
    assert world.history.looks("triage") == 0


async def test_an_assistant_that_gives_no_proposal_did_not_help_nothing_it_was_never_heard(world: World) -> None:
    fine = world.reply
    gone = CallError(ErrorKind.REJECTED, "no such model", status=404)
    world.pool.reply = lambda request: gone if request.model == "openai/adviser" else fine(request)
    result = await world.run(world.search(patience=2))
    assert not result.complete and not result.helped
    assert result.ended.startswith("no proposal came, 2 times in a row: ") and "no such model" in result.ended
    world.pool.reply = fine
    again = await world.run(world.resumed())
    assert again.complete and again.helped, "it goes on with one that answers"


async def test_a_mistake_in_guidance_is_told_before_anything_is_asked(world: World) -> None:
    (world.project.folder / "rules.toml").write_text('[[rules]]\nid = "x"\n', "utf-8")
    config = world.project.folder / "migrator.toml"
    config.write_text(config.read_text("utf-8") + '\n[adaptation]\nguidance = ["rules.toml"]\n', "utf-8")
    world.project = load_project(world.project.folder)
    with pytest.raises(ProjectError, match=r"rules\.toml"):
        world.search()


async def test_where_what_fails_is_no_matter_of_form_the_first_proposal_must_move_something(world: World) -> None:
    world.adviser = Adviser(answer_of(edit("Try hard.")))
    result = await world.run(world.search())
    assert len(result.tries) == 2 and result.ended.startswith("nothing helped: ")
    assert result.head_room is not None and not result.head_room.likely
    assert "unlikely to help" in result.ended and result.complete


async def test_with_few_failing_cases_nobody_is_asked_for_proposals_unless_forced(world: World) -> None:
    world.candidate = lambda request: "poor" if request.messages[-1]["content"].endswith(" 1") else "good"  # type: ignore[method-assign]
    result = await world.run(world.search())
    assert world.asked("openai/adviser") == []
    assert result.head_room is not None and not result.head_room.likely
    assert result.complete and not result.helped and "nothing helped" not in result.ended, "nothing was tried"


async def test_an_edit_that_copies_a_case_is_not_tried(world: World) -> None:
    learned = [case for case in world.search()._ground.learn if int(case.id[1:]) % 3]
    line = str(learned[0].messages[0]["content"])
    (world.project.folder / "triage.jsonl").write_text(
        "".join(
            json.dumps(
                {
                    "id": case.id,
                    "vars": dict(case.vars),
                    "messages": [{"role": "user", "content": f"my parcel number AB-77123-{case.id} never came, {q}"}],
                }
            )
            + "\n"
            for case, q in ((case, case.messages[0]["content"]) for case in _all_cases(world))
        ),
        "utf-8",
    )
    world.adviser = Adviser(answer_of(edit(f"For AB-77123-{learned[0].id} say good. RULE-ONE")))
    result = await world.run(world.search(patience=1))
    assert line and result.tries[1].version_id is None
    assert result.tries[1].why.startswith("copies words of case")


def _all_cases(world: World) -> list[Any]:
    from migrator_tui.project.cases import load_cases

    return list(load_cases(world.project, world.project.tasks[0]))


@pytest.mark.parametrize("at", [3, 26, 58])
async def test_stopped_anywhere_it_keeps_the_best_and_goes_on_without_paying_twice(tmp_path: Path, at: int) -> None:
    whole, cut = World(tmp_path / "a"), World(tmp_path / "b")
    try:
        for one in (whole, cut):
            one.adviser = Adviser(*BOTH)
        expected = await whole.run(whole.search(concurrency=4))
        search = cut.search(concurrency=4)
        cut.pool.hold = lambda request: len(cut.pool.asked) >= at
        going = asyncio.ensure_future(cut.run(search))
        await cut.pool.until(lambda: len(cut.pool.asked) >= at)
        stored = cut.history.stored_search(search.search_id)
        assert stored.calls >= len(cut.pool.asked), "a program that dies now has counted what it sent"
        search.stop()
        first = await asyncio.wait_for(going, 5)
        assert not first.complete and ("stopped" in first.ended or "not asked to the end" in first.ended)
        assert first.spent.calls <= len(cut.pool.asked)
        cut.pool.hold = lambda request: False
        told_before = len(cut.events)
        cut.adviser = Adviser(*BOTH[len(cut.adviser.seen) :] or BOTH[-1:])  # type: ignore[attr-defined]
        second = await cut.run(cut.resumed())
        told = [(one.number, one.template, one.accepted, one.why, one.score) for one in second.tries]
        assert told == [(one.number, one.template, one.accepted, one.why, one.score) for one in expected.tries]
        assert second.held_out == replace(expected.held_out, looks=second.held_out.looks)  # type: ignore[type-var, union-attr]
        # Only the calls that were in flight are made twice, and a test that was not through.
        test = HELD_OUT if any(isinstance(event, HeldOutBegan) for event in cut.events[:told_before]) else 0
        assert second.spent.calls <= len(cut.pool.asked) <= expected.spent.calls + 4 + 1 + test
    finally:
        whole.history.close()
        cut.history.close()


async def test_a_pause_begins_no_call_until_it_goes_on(world: World) -> None:
    world.adviser = Adviser(*BOTH)
    search = world.search(concurrency=2)
    going = asyncio.ensure_future(world.run(search))
    await world.pool.until(lambda: len(world.pool.asked) >= 7)
    search.pause()
    await world.pool.until(lambda: world.pool.in_flight == 0)
    for _ in range(50):
        await asyncio.sleep(0)
    before = len(world.pool.asked)
    assert before <= 8
    search.go_on()
    result = await asyncio.wait_for(going, 20)
    assert result.complete and len(world.pool.asked) > before


async def test_a_stop_while_paused_ends_it(world: World) -> None:
    search = world.search()
    search.pause()
    going = asyncio.ensure_future(world.run(search))
    await asyncio.sleep(0)
    search.stop()
    result = await asyncio.wait_for(going, 5)
    assert (world.pool.asked, result.complete, result.best.number) == ([], False, 1)


async def test_a_capped_search_goes_on_with_a_larger_budget_and_does_not_test_the_same_winner_twice(
    world: World,
) -> None:
    world.adviser = Adviser(
        BOTH[0], answer_of(edit("Try hard.")), answer_of(edit("Try harder.")), answer_of(edit("no"))
    )
    capped = await world.run(world.search(budget_calls=52))
    assert not capped.complete and "no room" in capped.ended
    with pytest.raises(ProjectError, match="--budget-calls"):
        world.resumed(budget_calls=capped.spent.calls)
    calls = len(world.pool.asked)
    again = await world.run(world.resumed(budget_calls=200))
    assert again.complete and again.held_out == capped.held_out
    assert len(world.pool.asked) - calls == again.spent.calls - capped.spent.calls
    assert world.history.looks("triage") == 1


async def test_going_on_near_the_cap_keeps_what_was_found_and_tests_it(world: World) -> None:
    world.adviser = Adviser(BOTH[0], answer_of(edit("BAD")))
    search = world.search(budget_calls=60)
    world.pool.hold = lambda request: "BAD" in str(request.messages[0]["content"])
    going = asyncio.ensure_future(world.run(search))
    await world.pool.until(lambda: any(world.pool.hold(request) for request, _ in world.pool.asked))
    search.stop()
    first = await going
    world.pool.hold = lambda request: False
    assert first.best.number == 2 and first.held_out is None
    again = await world.run(world.resumed())
    assert again.best == first.best
    assert again.held_out is not None and again.spent.calls <= 60
    assert [one.number for one in again.tries] == [1, 2, 3]


async def test_going_on_asks_for_no_more_references_than_it_began_with(tmp_path: Path) -> None:
    world = World(tmp_path / "shop", cases=44)
    world.adviser = Adviser(answer_of(edit("RULE-TWO")))
    try:
        budget = world.search()._ground.estimate.smallest_budget
        first = await world.run(world.search(budget_calls=budget + 1))
        assert first.helped and first.spent.calls == budget and not first.complete
        again = await world.run(world.resumed())
        assert (again.best, again.held_out, again.spent.calls) == (first.best, first.held_out, budget)
    finally:
        world.history.close()


async def test_going_on_loses_nothing_where_a_call_that_failed_takes_what_is_left(world: World) -> None:
    fine, broken = world.reply, str(world.search()._ground.learn[-1].messages[0]["content"])

    def reply(request: ModelRequest) -> Answer | CallError:
        wrong = request.messages[-1]["content"] == broken and request.model == "openai/new-model"
        return CallError(ErrorKind.SERVER, "on fire") if wrong else fine(request)

    world.pool.reply = reply
    first = await world.run(world.search(budget_calls=49))
    assert first.best.number == 2 and first.held_out is not None
    again = await world.run(world.resumed())
    assert (again.best, again.held_out, again.complete) == (first.best, first.held_out, False)
    kept = world.history.last_search("triage", "newer")
    assert kept is not None and stored_result(world.history, kept) == again, "also for who looks later"


async def test_money_is_a_hard_cap_over_all_sittings(world: World) -> None:
    world.adviser = Adviser(*BOTH)
    result = await world.run(world.search(max_cost=0.004))
    assert (not result.complete and "--max-cost" in result.ended) or "cap" in result.ended
    assert result.spent.cost is not None and result.spent.cost <= 0.004
    again = await world.run(world.resumed())
    assert again.spent.cost is not None and again.spent.cost <= 0.004
    assert not again.complete


async def test_it_does_not_go_on_where_checks_changed(world: World) -> None:
    await world.run(world.search(patience=1))
    config = (world.project.folder / "migrator.toml").read_text("utf-8")
    (world.project.folder / "migrator.toml").write_text(
        config.replace(CHECKS, CHECKS.replace("good", "goo")), "utf-8"
    )
    world.project = load_project(world.project.folder)
    with pytest.raises(ProjectError, match="checks"):
        world.resumed(budget_calls=500)


async def test_a_server_that_only_fails_ends_it_with_the_reason(world: World) -> None:
    world.reply = lambda request: CallError(ErrorKind.SERVER, "the server is on fire", status=500)  # type: ignore[method-assign]
    world.pool.reply = world.reply
    result = await world.run(world.search())
    assert not result.complete and "the server is on fire" in result.ended
    assert world.asked("openai/adviser") == []


async def test_calls_that_end_in_errors_are_no_fails_and_it_is_not_through(world: World) -> None:
    world.adviser = Adviser(*BOTH)
    fine = world.reply
    broken = {str(case.messages[0]["content"]) for case in world.search()._ground.held_out[:2]}

    def reply(request: ModelRequest) -> Answer | CallError:
        return CallError(ErrorKind.SERVER, "on fire") if request.messages[-1]["content"] in broken else fine(request)

    world.pool.reply = reply
    result = await world.run(world.search())
    assert not result.complete and result.ended.endswith("4 calls ended in an error")
    assert result.held_out is not None and len(result.held_out.flips.open) == 2 and result.held_out.after == 1.0
    world.pool.reply = fine
    again = await world.run(world.resumed())
    assert again.complete and again.held_out is not None and not again.held_out.flips.open


async def test_where_nothing_is_judged_force_finds_nothing_to_learn_from(tmp_path: Path) -> None:
    world = World(tmp_path / "shop", (CONFIG + ASSISTANT).replace(CHECKS, "checks = []"))
    try:
        result = await world.run(world.search(force=True))
        assert "none of the answers is judged" in result.ended and not world.asked("openai/adviser")
    finally:
        world.history.close()


async def test_a_held_out_case_that_no_prompt_can_be_rendered_for_is_told_before_anything_is_asked(
    world: World,
) -> None:
    held_out = world.search()._ground.held_out[0].id
    file = world.project.folder / "triage.jsonl"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    lines = (json.dumps(row | ({"vars": {}} if row["id"] == held_out else {})) for row in rows)
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    with pytest.raises(ProjectError, match="shop"):
        world.search()


async def test_frozen_lines_hold_in_a_search_and_those_that_hold_nothing_are_told(tmp_path: Path) -> None:
    world = World(tmp_path / "shop", (CONFIG + ASSISTANT).replace(CHECKS, f'{CHECKS}\nfrozen = ["8-9", "1-30"]'))
    try:
        result = await world.run(world.search())
        notes = [event.text for event in world.events if isinstance(event, SearchNoticed)]
        assert len(notes) == 1 and "frozen lines 8-9 of" in notes[0], "once, however often it asks"
        assert "Frozen lines, which no edit may touch: 1" in world.adviser.seen[0]  # type: ignore[attr-defined]
        assert result.suggestion is not None and result.suggestion.notes == tuple(notes)
    finally:
        world.history.close()


async def test_an_example_takes_no_case_from_the_test_by_naming_many(world: World) -> None:
    """Cases of 0 pass at the start, and BAD breaks them: naming them does not hide that."""
    known = [case.id for case in world.search()._ground.learn]

    def adviser(request: ModelRequest) -> str:
        said = json.dumps([*request.messages])
        named = [case_id for case_id in known if re.search(rf"\b{case_id}\b", said)]
        example = edit("BAD RULE-ONE RULE-TWO") | {"kind": "example", "case_ids": named}
        return answer_of(example)

    world.adviser = adviser
    result = await world.run(world.search())
    assert not result.helped and "breaks" in result.tries[1].why


async def test_a_candidate_whose_answers_are_recorded_is_not_searched(tmp_path: Path) -> None:
    config = CONFIG.replace("openai/new-model", "recorded:new.jsonl") + ASSISTANT
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "new.jsonl").write_text('{"id": "c1", "output": "good"}\n', "utf-8")
    world = World(tmp_path / "shop", config)
    with pytest.raises(ProjectError, match="recording"):
        world.search()
    world.history.close()


async def test_two_programs_do_not_share_one_budget(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    search = world.search()
    # The parent of this process lives, and is another one.
    monkeypatch.setattr(
        "migrator_tui.history.searches.this_process", lambda: f"{socket.gethostname()}/{os.getppid()}/"
    )
    assert world.history.claim_search(search.search_id)
    monkeypatch.undo()
    with pytest.raises(ProjectError, match="another program"):
        await world.run(search)
    assert world.pool.asked == []


async def test_what_came_of_it_can_be_read_again(world: World) -> None:
    world.adviser = Adviser(*BOTH)
    result = await world.run(world.search())
    stored = world.history.last_search("triage", "newer")
    assert stored is not None and stored.state == "finished"
    assert stored_result(world.history, stored) == replace(result, suggestion=None)
    ended = [event.a_try for event in world.events if isinstance(event, TryEnded)]
    assert ended == list(result.tries)
