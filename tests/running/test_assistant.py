"""What is said to an assistant: kept whole, also where no answer came, and without keys."""

import asyncio
import json
import sqlite3

import pytest

from migrator_tui.checks.base import CheckFailure, NotAsked
from migrator_tui.history.store import History
from migrator_tui.models.requests import Answer, ErrorKind
from migrator_tui.project.schema import ModelSpec, Price
from migrator_tui.running.spending import CallCap
from tests.running.conftest import Rig, error

SPEC = ModelSpec("assistant", "openai/helper", params={"max_tokens": 50}, price=Price(1.0, 2.0))
ASKED = [{"role": "system", "content": "You help."}, {"role": "user", "content": "Which words?"}]


async def test_every_word_can_be_read_afterwards(rig: Rig) -> None:
    rig.pool.reply = lambda request: Answer("these", input_tokens=100, output_tokens=50)
    answer = await rig.runner().ask_assistant(SPEC, ASKED, purpose="case-writing", task="triage")
    assert answer.text == "these"
    (kept,) = rig.history.recent_exchanges()
    assert (kept.answer, kept.error, kept.purpose, kept.task) == ("these", None, "case-writing", "triage")
    assert [dict(message) for message in kept.messages] == ASKED == list(rig.pool.asked[0][0].messages)
    assert kept.params == rig.pool.asked[0][0].params and kept.cost == pytest.approx(0.0002)
    rows = [row for row in rig.history.export() if row["kind"] == "exchange"]
    assert [row["messages"] for row in rows] == [ASKED] and rows[0]["answer"] == "these"
    assert rig.history.spent_today()[0] == pytest.approx(0.0002), "and counted once"


async def test_it_is_kept_where_no_answer_came(rig: Rig) -> None:
    rig.pool.reply = lambda request: error(ErrorKind.KEY)
    with pytest.raises(CheckFailure, match="on fire"):
        await rig.runner().exchange(SPEC, ASKED, purpose="suggestion")
    budget = await rig.runner().open_budget([SPEC], calls=CallCap(0))
    with pytest.raises(NotAsked, match="cap of 0 calls"):
        await rig.runner().exchange(SPEC, ASKED, purpose="suggestion", budget=budget)
    second, first = rig.history.recent_exchanges()
    assert first.answer is None and "on fire" in str(first.error)
    assert second.answer is None and "cap of 0 calls" in str(second.error)
    assert len(rig.pool.asked) == 1


async def test_it_is_written_down_before_it_is_sent_and_when_it_is_given_up(rig: Rig) -> None:
    rig.pool.hold = lambda request: True
    runner = rig.runner()
    asking = asyncio.create_task(runner.exchange(SPEC, ASKED, purpose="search"))
    await rig.pool.until(lambda: rig.pool.in_flight == 1)
    (kept,) = rig.history.recent_exchanges()
    assert kept.answer is None and kept.error is None and list(kept.messages) == ASKED
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert rig.history.recent_exchanges()[0].error == "stopped" and rig.pool.in_flight == 0
    asking = asyncio.create_task(runner.exchange(SPEC, ASKED, purpose="search"))
    await rig.pool.until(lambda: rig.pool.in_flight == 1)
    runner.stop()
    with pytest.raises(NotAsked, match="stopped"):
        await asking


async def test_keys_leave_neither_the_program_nor_for_the_disk(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, foreign = "hunter2-is-my-key", "sk-live-0123456789abcdef0123"
    monkeypatch.setenv("MAIL_PASSWORD", "pa55word-of-mail")
    monkeypatch.setenv("AUTH_METHOD", "password")
    with History.open(rig.project, secrets=[secret]) as history:
        rig.history = history
        rig.pool.reply = lambda request: Answer(f"your key is {secret}")
        words = f"a {secret} and {foreign}, the password pa55word-of-mail"
        asked = [{"role": "user", "content": words, "extra": [{"deep": secret}]}]
        kept = await rig.runner().exchange(SPEC, asked, purpose="suggestion")
        sent = json.dumps(list(rig.pool.asked[0][0].messages))
        assert secret not in sent and foreign not in sent and "a [key] and [key], the password [key]" in sent
        assert kept.answer == "your key is [key]"
        with sqlite3.connect(history.location) as plain:
            dumped = "\n".join(plain.iterdump())
        assert secret not in dumped and foreign not in dumped and "a [key] and [key]" in dumped


async def test_a_search_gone_on_with_is_answered_from_what_it_was_told(rig: Rig) -> None:
    version = rig.plan().versions["triage", "newer"]
    search = rig.history.start_search(
        task="triage", candidate="newer", base_version_id=version.id, settings={}, author="ann"
    )
    replies = iter(["first", "second", "third"])
    rig.pool.reply = lambda request: Answer(next(replies))
    runner = rig.runner()

    async def ask(replay: int | None, search_id: str | None = search.id) -> tuple[int, str | None]:
        found = await runner.exchange(SPEC, ASKED, purpose="search", search_id=search_id, replay=replay)
        return found.id, found.answer

    one, two = await ask(None), await ask(None)
    assert (one[1], two[1]) == ("first", "second")
    assert await ask(0) == one and await ask(one[0]) == two, "the same question, answered in the same order"
    assert (await ask(two[0]))[1] == "third" and len(rig.pool.asked) == 3
    assert [e.search_id for e in rig.history.recent_exchanges(search_id=search.id)] == [search.id] * 3
