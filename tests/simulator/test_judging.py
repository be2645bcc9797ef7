"""The simulated judge and the simulated embeddings."""

import json

import aiohttp
import pytest

from migrator_tui.checks.judge_talk import messages_for
from migrator_tui.models.simulator.judging import grade, verdict
from migrator_tui.models.simulator.vectors import vector
from tests.simulator.conftest import Client

GOOD = "Hello! We are sorry that your parcel is late. It will arrive on Monday."


@pytest.mark.parametrize(
    ("rubric", "answer", "passed"),
    [
        ("The reply apologises.", GOOD, True),
        ("The reply does not apologise.", GOOD, False),
        ("apologises", "Your parcel is late.", False),
        ('Says "on Monday" and never says "guarantee"', GOOD, True),
        ('Says "on Tuesday"', GOOD, False),
        ('Does not say "on Monday"', GOOD, False),
        ("Has at most 20 words", GOOD, True),
        ("under 5 words", GOOD, False),
        ("Greets the customer, in 30 words or less", GOOD, True),
        ("No Markdown, no code fences", GOOD, True),
        ("No Markdown", "**Sorry** about that", False),
        ("Is valid JSON", '{"a": 1}', True),
        ("Is valid JSON", GOOD, False),
        ("Written in German", "Das Paket ist leider noch nicht da, wir fragen nach und melden uns.", True),
        ("Written in German", GOOD, False),
        ("Asks for the order number", "What is your order number?", True),
        ("friendly and polite", "Don't be stupid.", False),
        ("Mentions delivery of the parcel on Monday", GOOD, True),
        ("anything at all", "", False),
    ],
)
def test_it_grades_by_what_a_rubric_plainly_asks_for(rubric: str, answer: str, passed: bool) -> None:
    found, score, reason = grade(rubric, answer)
    assert found is passed and 0 <= score <= 1 and reason
    assert grade(rubric, answer) == (found, score, reason)


def test_several_demands_have_to_be_met_together() -> None:
    assert grade("Apologises, in at most 5 words", GOOD)[:2] == (False, 0.5)


def asked(rubric: str, answer: str) -> list[dict[str, str]]:
    return messages_for("Grade.", "{}", [("RUBRIC", rubric), ("ANSWER", answer)], ["ANSWER"])


async def test_over_the_wire_it_gives_a_verdict(client: Client) -> None:
    status, _, body = await client.post("judge-1", messages=asked("apologises", GOOD))
    assert status == 200
    told = json.loads(body["choices"][0]["message"]["content"])
    assert told == {"reason": "Simulated judge: it has an apology.", "pass": True, "score": 1.0}
    assert body["usage"]["prompt_tokens"] > 50


async def test_what_is_no_question_to_a_judge_is_answered_as_always(client: Client) -> None:
    _, _, body = await client.post("judge-1", "Where is my parcel?")
    assert "carrier" in body["choices"][0]["message"]["content"]


def test_the_better_answer_and_the_fact() -> None:
    blocks = [("CRITERIA", "at most 4 words"), ("ANSWER A", "far too many words in this one"), ("ANSWER B", "short")]
    assert json.loads(verdict(messages_for("", "", blocks, [])[1]["content"]))["best"] == "B"
    for answer, category in (("It costs 20 euros", "C"), ("It costs 30 euros", "D"), ("20", "A")):
        blocks = [("REFERENCE", "It costs 20 euros"), ("QUESTION", "How much?"), ("ANSWER", answer)]
        assert json.loads(verdict(messages_for("", "", blocks, [])[1]["content"]))["category"] == category


async def embed(client: Client, **body: object) -> tuple[int, dict[str, object]]:
    url = client.url.replace("/chat/completions", "/embeddings")
    async with client.session.post(url, json={"model": "embedding-1", **body}) as response:
        return response.status, await response.json()


async def test_embeddings_speak_openais_format(client: Client) -> None:
    status, body = await embed(client, input=["one two", "three"], dimensions=8)
    assert status == 200 and body["object"] == "list"
    data = body["data"]
    assert isinstance(data, list) and [row["index"] for row in data] == [0, 1]
    assert data[0]["embedding"] == vector("one two", 8) and len(data[1]["embedding"]) == 8
    assert body["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    status, one = await embed(client, input="three", dimensions=8)
    assert one["data"] == [{**data[1], "index": 0}]


@pytest.mark.parametrize(
    "body", [{}, {"input": []}, {"input": ""}, {"input": "x", "dimensions": 0}, {"input": "x", "dimensions": 10**9}]
)
async def test_what_is_no_request_for_embeddings_is_refused(client: Client, body: dict[str, object]) -> None:
    status, told = await embed(client, **body)
    assert status == 400 and "error" in told


async def test_only_a_persona_that_embeds_embeds(client: Client) -> None:
    assert (await embed(client, model="classic-1", input="x"))[0] == 400
    assert (await embed(client, model="nobody", input="x"))[0] == 404
    assert isinstance(client.session, aiohttp.ClientSession)


def test_vectors_have_length_1_and_words_in_common_bring_texts_near() -> None:
    def cosine(one: str, other: str) -> float:
        return sum(a * b for a, b in zip(vector(one), vector(other), strict=True))

    for text in ("", "   ", "a", "Where is my parcel? 🎁 \ud800", "x" * 10_000):
        assert sum(value * value for value in vector(text)) == pytest.approx(1.0, abs=1e-4)
    assert cosine("my parcel is late", "late is my parcel") == pytest.approx(1.0, abs=1e-4)
    assert cosine("my parcel is late", "your parcel was late") > cosine("my parcel is late", "reset the password")
