"""What a call is on the wire, where it is answered from, and what becomes of it when the program ends."""

import asyncio
import json
from datetime import date
from pathlib import Path

import pytest

from migrator_tui.models.pool import ModelPool
from migrator_tui.models.requests import Answer, ErrorKind, Failed, Finished, Lane, ModelRequest, Sent
from tests.model_fixtures import QUICK
from tests.models.conftest import ask_for
from tests.models.replay import SSE, ReplayServer, Reply, chunk, error, plain

pytestmark = pytest.mark.asyncio(loop_scope="session")

SYSTEM = {"role": "system", "content": "Sort this ticket: my parcel is wet."}


async def test_what_was_asked_is_what_is_sent(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(plain())
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", "properties": {}}}}
    turns = [
        SYSTEM,
        {"role": "user", "content": "one"},
        {
            "role": "assistant",
            "content": "let me look",
            "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "t", "content": "result"},
    ]
    request = ask_for(
        script, messages=turns, params={"temperature": 0, "max_tokens": 9, "seed": 4}, response_format=schema
    )
    assert isinstance(await pool.ask(request, Lane.WAITED_FOR), Finished)
    body = script.seen[0].body
    assert body["messages"] == turns
    assert body["response_format"] == schema
    assert {name: body[name] for name in ("model", "temperature", "max_tokens", "seed")} == {
        "model": "m",
        "temperature": 0,
        "max_tokens": 9,
        "seed": 4,
    }
    assert not body.get("stream")


async def test_a_model_that_refuses_a_parameter_is_not_asked_without_it(
    pool: ModelPool, server: ReplayServer
) -> None:
    script = server.script(plain())
    request = ask_for(script, "openai/gpt-5", params={"temperature": 0.2})
    end = await pool.ask(request, Lane.WAITED_FOR)
    assert isinstance(end, Failed)
    assert end.error.kind is ErrorKind.REJECTED
    assert "temperature" in end.error.message


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("anthropic/claude-sonnet-4-5", ("messages", 0)),
        ("gemini/gemini-2.5-pro", ("contents", 0)),
        ("bedrock/converse/us.amazon.nova-lite-v1:0", ("messages", 0)),
        ("openai/m", None),
    ],
)
async def test_a_prompt_without_a_user_turn(
    model: str, place: tuple[str, int] | None, pool: ModelPool, server: ReplayServer
) -> None:
    script = server.script(error(400))
    await pool.ask(ask_for(script, model, messages=[SYSTEM]), Lane.WAITED_FOR)
    body = script.seen[0].body
    if place is None:
        assert body["messages"] == [SYSTEM]
    else:
        turn = body[place[0]][place[1]]
        assert turn["role"] == "user"
        assert SYSTEM["content"] in json.dumps(turn)


async def test_a_model_without_a_known_provider(pool: ModelPool) -> None:
    end = await pool.ask(ModelRequest("r", "no-such-model", [SYSTEM]), Lane.WAITED_FOR)
    assert isinstance(end, Failed)
    assert end.error.kind is ErrorKind.REJECTED
    assert "openai/no-such-model" in end.error.message


async def test_parameters_that_are_no_json(pool: ModelPool, server: ReplayServer) -> None:
    end = await pool.ask(ask_for(server.script(plain()), params={"until": date(2026, 1, 1)}), Lane.WAITED_FOR)
    assert isinstance(end, Failed)
    assert end.error.kind is ErrorKind.REJECTED
    assert "date" in end.error.message


async def test_recorded_models_need_no_worker(tmp_path: Path) -> None:
    class Recording:
        def answer(self, case_id: str | None, last_user_message: str) -> Answer:
            return Answer(f"{case_id} {last_user_message}", passed=True)

    asked: list[str] = []

    def load(model: str) -> Recording:
        asked.append(model)
        return Recording()

    async with ModelPool(project_folder=tmp_path, log_file=tmp_path / "log", recordings=load) as pool:
        request = ModelRequest("r", "recorded:old.jsonl", [SYSTEM, {"role": "user", "content": "hi"}], case_id="c1")
        events = [event async for event in pool.call(request)]
        assert events == [Sent("r", 1), Finished("r", Answer("c1 hi", passed=True))]
        assert pool.worker(Lane.BULK).pid is None
    assert asked == ["recorded:old.jsonl"]


async def test_simulated_models_and_a_simulator_that_dies(pool: ModelPool) -> None:
    request = ModelRequest("r", "simulated:classic-1", [SYSTEM, {"role": "user", "content": "It is wet."}])
    first = await pool.ask(request, Lane.WAITED_FOR)
    assert isinstance(first, Finished), first
    assert first.answer.text
    child = pool._simulator._child
    assert child is not None
    child.process.kill()
    await child.process.wait()
    again = await pool.ask(request, Lane.WAITED_FOR)
    assert isinstance(again, Finished), again
    assert again.answer.text == first.answer.text


async def test_calls_under_way_end_with_the_program(tmp_path: Path, server: ReplayServer) -> None:
    script = server.script(Reply([chunk({"content": "x"})], hang=True, headers=SSE))
    async with ModelPool(project_folder=tmp_path, environment={}, log_file=tmp_path / "log", pace=QUICK) as pool:
        under_way = asyncio.create_task(pool.ask(ask_for(script, stream=True), Lane.WAITED_FOR))
        await script.arrived.wait()
        not_sent = asyncio.create_task(pool.ask(ask_for(script)))  # its worker is only starting
        while not pool.worker(Lane.BULK).pid and not pool.worker(Lane.WAITED_FOR).in_hand > 1:
            await asyncio.sleep(0)
    for end in (await under_way, await not_sent):
        assert isinstance(end, Failed)
        assert end.error.kind is ErrorKind.WORKER
        assert end.error.message == "the program is ending"
    assert pool.worker(Lane.WAITED_FOR).pid is None
    assert pool.worker(Lane.BULK).pid is None
