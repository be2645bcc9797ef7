"""Calls for embeddings: what is on the wire, what comes back, and that retries stay the pool's."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.models.catalog import price_of
from migrator_tui.models.pool import ModelPool
from migrator_tui.models.requests import ErrorKind, Failed, Finished, Lane, ModelRequest
from migrator_tui.project.schema import ModelSpec
from tests.model_fixtures import CANARY
from tests.models.conftest import ask_for
from tests.models.replay import ReplayServer, Reply, error

pytestmark = pytest.mark.asyncio(loop_scope="session")


def vectors(*rows: Any, tokens: int | None = 7, places: list[int] | None = None) -> Reply:
    data = [
        {"object": "embedding", "index": place, "embedding": row}
        for place, row in zip(places or range(len(rows)), rows, strict=True)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens} if tokens is not None else None
    body = {"object": "list", "model": "m", "data": data, **({"usage": usage} if usage else {})}
    return Reply([json.dumps(body).encode()])


def embed(where: Any, *texts: str, **more: Any) -> ModelRequest:
    return ask_for(where, more.pop("model", "openai/m"), messages=[], texts=texts, **more)


async def test_texts_become_vectors(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(vectors([1, 0.5], [0, -1.0]))
    request = embed(
        script,
        "one",
        "two \ud800",
        params={"dimensions": 2},
        api_key_env="ACME_KEY",
        model="openai/text-embedding-3-small",
    )
    end = await pool.ask(request, Lane.WAITED_FOR)
    assert isinstance(end, Finished)
    assert [list(vector) for vector in end.answer.vectors] == [[1.0, 0.5], [0.0, -1.0]]
    assert (end.answer.text, end.answer.input_tokens, end.answer.output_tokens) == ("", 7, 0)
    assert end.answer.latency_ms is not None
    (seen,) = script.seen
    assert seen.path.endswith("/embeddings")
    assert seen.body["input"] == ["one", "two \ufffd"] and seen.body["dimensions"] == 2
    assert "messages" not in seen.body and "stream" not in seen.body
    assert seen.headers["authorization"] == f"Bearer {CANARY}"


async def test_another_order_and_packed_numbers_are_read(pool: ModelPool, server: ReplayServer) -> None:
    packed = base64.b64encode(struct.pack("<2f", 0.25, -2.0)).decode()
    end = await pool.ask(embed(server.script(vectors([9.0, 9.0], packed, places=[1, 0])), "a", "b"), Lane.WAITED_FOR)
    assert isinstance(end, Finished)
    assert [list(vector) for vector in end.answer.vectors] == [[0.25, -2.0], [9.0, 9.0]]


async def test_unknown_usage_is_unknown(pool: ModelPool, server: ReplayServer) -> None:
    end = await pool.ask(embed(server.script(vectors([1.0], tokens=None)), "a"), Lane.WAITED_FOR)
    assert isinstance(end, Finished) and end.answer.input_tokens is None


@pytest.mark.parametrize(
    "reply",
    [
        vectors([1.0]),
        vectors([1.0], [1.0, 2.0]),
        vectors([], []),
        vectors([1.0], [1.0], places=[0, 0]),
        vectors(["x"], ["y"]),
        Reply([b"<html>no</html>"], headers={"content-type": "text/html"}),
    ],
    ids=["too few", "two lengths", "empty", "one place twice", "no numbers", "no JSON"],
)
async def test_what_is_not_one_vector_a_text_is_no_answer(
    pool: ModelPool, server: ReplayServer, reply: Reply
) -> None:
    end = await pool.ask(embed(server.script(reply), "a", "b"), Lane.WAITED_FOR)
    assert isinstance(end, Failed)
    assert "\n" not in end.error.message


async def test_a_broken_server_is_asked_again_by_the_pool_alone(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(error(500), error(503), vectors([1.0]))
    assert isinstance(await pool.ask(embed(script, "a"), Lane.WAITED_FOR), Finished)
    assert len(script.seen) == 3
    refused = server.script(error(401, "bad key"))
    end = await pool.ask(embed(refused, "a"), Lane.WAITED_FOR)
    assert isinstance(end, Failed) and end.error.kind is ErrorKind.KEY and len(refused.seen) == 1


async def test_the_simulated_model_is_near_where_words_are_shared(pool: ModelPool) -> None:
    texts = ("The parcel will arrive on Monday.", "On Monday the parcel will arrive.", "Reset your password here")
    request = ModelRequest("e1", "simulated:embedding-1", [], texts=texts)
    end = await pool.ask(request, Lane.WAITED_FOR)
    assert isinstance(end, Finished)
    first, same_words, other = end.answer.vectors

    def cosine(one: Any, two: Any) -> float:
        return sum(a * b for a, b in zip(one, two, strict=True))

    assert cosine(first, first) == pytest.approx(1.0, abs=1e-4)
    assert cosine(first, same_words) > 0.9 > 0.4 > cosine(first, other)
    again = await pool.ask(request, Lane.WAITED_FOR)
    assert isinstance(again, Finished) and again.answer.vectors == end.answer.vectors


@pytest.mark.parametrize(
    ("model", "texts", "kind"),
    [
        ("simulated:classic-1", ("a",), ErrorKind.REJECTED),
        ("simulated:embedding-1", ("",), ErrorKind.REJECTED),
        ("simulated:embedding-9", ("a",), ErrorKind.REJECTED),
    ],
)
async def test_what_the_simulator_cannot_embed_it_says(
    pool: ModelPool, model: str, texts: tuple[str, ...], kind: ErrorKind
) -> None:
    end = await pool.ask(ModelRequest("e2", model, [], texts=texts), Lane.WAITED_FOR)
    assert isinstance(end, Failed) and end.error.kind is kind


async def test_embedding_models_have_a_price() -> None:
    price = price_of(ModelSpec("embeddings", "openai/text-embedding-3-small"), Path())
    assert price is not None and price.input is not None and price.output == 0
