"""Accepting shows what flips first, keeps what it rested on, and lets what was tried stand; nothing else."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.adaptation import ablation
from migrator_tui.adaptation.accepting import accept, estimate_acceptance, try_acceptance
from migrator_tui.adaptation.splitting import parts_of
from migrator_tui.adaptation.trials import Change
from migrator_tui.adaptation.values import Acceptance, Edit, EditKind, Op, Suggestion
from migrator_tui.history.records import Mark, Origin, Version
from migrator_tui.history.store import History
from migrator_tui.models.requests import Answer, ModelRequest
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.running.spending import CallCap
from tests.running.conftest import CONFIG, Rig, write_project

CASES = 30
MORE = """
[[candidates]]
name = "other"
model = "openai/other-model"
price = { input = 1.0, output = 2.0 }
"""


def number(request: ModelRequest) -> int:
    return int(request.messages[-1]["content"].split()[-1])


def reply(request: ModelRequest) -> Answer:
    """The old model is always good. The new one needs "plain" for every third case and "short" for every fifth; told
    to be "brisk" it is bad at every seventh."""
    n, prompt = number(request), str(request.messages[0]["content"])
    bad = (
        (n % 3 == 0 and "plain" not in prompt)
        or (n % 5 == 0 and "short" not in prompt)
        or (n % 7 == 0 and "brisk" in prompt)
    )
    good = request.model == "openai/old-model" or not bad
    return Answer("good" if good else "bad", finish_reason="stop", input_tokens=10, output_tokens=5)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    folder = write_project(tmp_path / "shop", config=CONFIG + MORE, cases=CASES)
    lines = (folder / "triage.jsonl").read_text("utf-8").splitlines()
    rows = [
        {**json.loads(line), "vars": {"shop": "Lamps", "order": f"ORD-{1000 + n}"}, "critical": n % 7 == 0}
        for n, line in enumerate(lines, 1)
    ]
    (folder / "triage.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    project = load_project(folder)
    with History.open(project) as history:
        history.index_cases(project.tasks[0], load_cases(project, project.tasks[0]))
        rig = Rig(project, history)
        rig.pool.reply = reply
        yield rig


PLAIN = Edit(Op.APPEND, text="Be plain.", title="plainer", why="Every third case wants it.")
SHORT = Edit(Op.APPEND, text="Be short.", title="shorter")
BRISK = Edit(Op.APPEND, text="Be brisk.", title="brisker", why="It reads\nbetter. \x1b[31m")


def change(rig: Rig, *edits: Edit, **more: Any) -> Change:
    record: Version = rig.plan().versions["triage", "newer"]
    suggestion = Suggestion("triage", "newer", record.template, record.id, edits, assistant="openai/helper")
    return Change(suggestion, edits, record.template, record.params, record.id, **more)


async def tried(rig: Rig, what: Change, **more: Any) -> Acceptance:
    return await try_acceptance(rig.project, rig.history, rig.runner(), what, author="ann", **more)


def held_out(rig: Rig) -> set[str]:
    task = rig.project.tasks[0]
    return set(parts_of(rig.history, rig.project, task, load_cases(rig.project, task)).held_out)


def failing(rig: Rig) -> set[str]:
    return {id_ for id_, one in rig.history.standings("triage", "newer").items() if one.candidate is Mark.FAILED}


async def test_what_flips_is_known_before_anything_changes(rig: Rig) -> None:
    await rig.run()
    before = rig.history.standings("triage", "newer")
    hidden = held_out(rig)
    rig.pool.asked.clear()
    what = change(rig, PLAIN, BRISK)
    assert estimate_acceptance(rig.project, rig.history, what, author="ann").calls == CASES
    progress: list[tuple[int, int]] = []
    found = await tried(rig, what, on_progress=lambda done, total: progress.append((done, total)))
    thirds = {f"c{n}" for n in range(1, 31) if n % 3 == 0}
    fifths, sevenths = ({f"c{n}" for n in range(1, 31) if n % by == 0} for by in (5, 7))
    fails = thirds | fifths
    assert set(found.aimed_at.fixed) == thirds - fifths - sevenths - hidden, "no case named: all that fail"
    assert set(found.aimed_at.still_failing) == ((fifths & fails) | (thirds & sevenths)) - hidden
    assert (
        set(found.passed.broken) == sevenths - fails - hidden
        and set(found.critical_broken) == sevenths - fails - hidden
    )
    assert set(found.passed.kept) == {f"c{n}" for n in range(1, 31)} - fails - sevenths - hidden
    assert found.held_out.cases == len(hidden) == 12 and found.looks == 1
    assert set(found.held_out.fixed) == (thirds - fifths - sevenths) & hidden
    assert not hidden & {*found.outputs, *found.reasons}, "counted, never listed"
    assert set(found.reasons) == {*found.aimed_at.still_failing, *found.passed.broken}
    assert found.calls == len(rig.pool.asked) == CASES, "the prompt before came from the cache"
    assert found.cost == pytest.approx(CASES * 0.00002) and not found.stopped_because
    assert progress[-1] == (2 * CASES, 2 * CASES)
    assert rig.history.standings("triage", "newer") == before, "nothing that stands has changed"
    assert all(not version.kept for version in rig.history.versions("triage", "newer")[:1])
    assert (await tried(rig, what)).looks == 1, "the same prompt tells nothing new"
    assert (await tried(rig, change(rig, PLAIN))).looks == 2


async def test_named_cases_are_aimed_at_and_examples_prove_nothing(rig: Rig) -> None:
    await rig.run()
    hidden, fails = held_out(rig), failing(rig)
    a, b, c = sorted(fails - hidden)[:3]
    secret = min(hidden)
    words = f"plain, as for ORD-{1000 + int(secret[1:])}"
    example = Edit(Op.APPEND, text=words, case_ids=(c, min(hidden - {secret})), kind=EditKind.EXAMPLE)
    found = await tried(rig, change(rig, replace(SHORT, case_ids=(a, b, secret)), example))
    aimed = found.aimed_at
    assert {*aimed.fixed, *aimed.still_failing, *aimed.kept} == {a, b}, "the named ones that it may see"
    named = {*aimed.fixed, *aimed.still_failing, *found.passed.kept, *found.passed.broken}
    assert c not in named and found.held_out.cases == len(hidden) - 1
    others = found.others
    assert {*others.fixed, *others.still_failing} == fails - hidden - {a, b, c}, "the rest that fails, by itself"


async def test_an_example_cannot_take_from_the_test_what_it_breaks(rig: Rig) -> None:
    await rig.run()
    everything = tuple(f"c{n}" for n in range(1, CASES + 1))
    example = replace(BRISK, kind=EditKind.EXAMPLE, case_ids=everything)
    found = await tried(rig, change(rig, example))
    honest = await tried(rig, change(rig, BRISK))
    assert found.passed == honest.passed and found.passed.broken and found.held_out == honest.held_out


async def test_accepting_keeps_reasons_and_lets_what_was_tried_stand(rig: Rig) -> None:
    await rig.run()
    hidden = held_out(rig)
    quoted = min(failing(rig) - hidden)
    example = Edit(Op.APPEND, text="See above.", title="an example", case_ids=(quoted,), kind=EditKind.EXAMPLE)
    what = change(rig, PLAIN, SHORT, BRISK, example)
    acceptance = await tried(rig, what)
    rig.pool.asked.clear()
    version = accept(rig.project, rig.history, what, acceptance=acceptance, author="ann", overridden=True)
    assert rig.pool.asked == [], "nobody is asked"
    record = rig.plan().versions["triage", "newer"]
    assert (version.kept, version.origin, version.parent_id) == (True, Origin.SUGGESTION, record.id)
    assert version.template.split("\n", 1)[0] == record.template.strip()
    assert version.template.strip().endswith("\nBe plain.\nBe short.\nBe brisk.\nSee above.")
    assert version.note is not None and version.note.splitlines()[0] == "plainer: Every third case wants it."
    assert len(version.note.splitlines()) == 4 and "\x1b" not in version.note
    # The list shows the fixes: all that were asked, and nothing else.
    stands = rig.history.current_outputs("triage", "newer", "openai/new-model")
    assert {id_ for id_, (output,) in stands.items() if output.version_id != version.id} == {quoted}
    assert failing(rig) == {f"c{n}" for n in range(1, 31) if n % 7 == 0} | {quoted}
    kept = rig.history.adaptation_of(version.id)
    assert kept is not None and kept.author == "ann"
    details = kept.details
    assert [edit["title"] for edit in details["edits"]] == ["plainer", "shorter", "brisker", "an example"]
    assert details["assistant"] == "openai/helper" and details["overridden"] and details["looks"] == 1
    assert details["flips"]["held_out"]["broken"] == len(acceptance.held_out.broken)
    told = json.dumps(details)
    assert not any(f'"{case_id}"' in told for case_id in hidden), "of held-out cases there are counts alone"
    assert rig.history.adaptations("triage", "newer") == {version.id: kept}
    assert rig.history.case_parts("triage")[quoted] == "example"
    assert "adaptation" in {row["kind"] for row in rig.history.export()}


async def test_accepted_untried_nothing_stands_that_was_not_asked(rig: Rig) -> None:
    await rig.run()
    before = rig.history.standings("triage", "newer")
    what = change(rig, PLAIN, search_id=None)
    version = accept(rig.project, rig.history, what, acceptance=None, author="ann")
    assert rig.history.standings("triage", "newer") == before
    kept = rig.history.adaptation_of(version.id)
    assert kept is not None and kept.details["tried"] is False and kept.details["flips"] is None


async def test_a_cap_leaves_cases_open_and_says_why(rig: Rig) -> None:
    await rig.run()
    budget = await rig.runner().open_budget([rig.project.candidate("newer")], calls=CallCap(5))
    found = await tried(rig, change(rig, PLAIN), budget=budget)
    assert found.calls == 5 and "cap of 5 calls" in found.stopped_because
    known = found.aimed_at.cases + found.passed.cases + found.held_out.cases
    still_open = [*found.aimed_at.open, *found.passed.open, *found.held_out.open]
    assert known == CASES and len(still_open) == CASES - 5
    assert (await tried(rig, change(rig, PLAIN))).calls == CASES - 5, "what was answered is kept"


async def test_stopped_before_held_out_cases_were_asked_no_look_is_counted(rig: Rig) -> None:
    await rig.run()
    rig.pool.hold = lambda request: True
    stop = asyncio.Event()
    trying = asyncio.create_task(tried(rig, change(rig, PLAIN), stop=stop))
    await rig.pool.until(lambda: rig.pool.in_flight > 0)
    stop.set()
    found = await trying
    assert found.stopped_because == "stopped" and found.looks == 0 == rig.history.looks("triage")


async def test_each_edit_is_left_out_in_turn(rig: Rig) -> None:
    await rig.run()
    hidden = held_out(rig)
    what = change(rig, PLAIN, BRISK, SHORT, numbers=(0, 2, 5))
    expected = ablation.estimate(rig.project, rig.history, what, author="ann")
    rig.pool.asked.clear()
    told: list[int] = []
    found = await ablation.leave_one_out(
        rig.project, rig.history, rig.runner(), what, author="ann", on_ablation=lambda one: told.append(one.edit)
    )
    assert len(rig.pool.asked) == expected.calls == 4 * (CASES - len(hidden))
    assert [one.edit for one in found] == [0, 2, 5] == told
    plain, brisk, short = found
    thirds, fifths, sevenths = ({f"c{n}" for n in range(1, 31) if n % by == 0} for by in (3, 5, 7))
    assert set(plain.needed_for) == thirds - sevenths - hidden and plain.earns_its_place
    assert set(short.needed_for) == fifths - sevenths - hidden
    assert not brisk.earns_its_place and set(brisk.better_without) == sevenths - hidden
    assert rig.history.looks("triage") == 0 and failing(rig) == thirds | fifths
