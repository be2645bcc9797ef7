"""Tickets and prompts are really read: language, topic, urgency; keys, values and labels of any prompt."""

import json
import time
from typing import Any

import pytest

from migrator_tui.models.simulator.answering import answer, prompt_and_ticket
from migrator_tui.models.simulator.personas import Persona
from migrator_tui.models.simulator.reading import read_ticket
from migrator_tui.models.simulator.shape import read_shape
from migrator_tui.models.simulator.text import first_words, tokens

PLAIN = Persona(name="plain")


@pytest.mark.parametrize(
    ("text", "language", "topic", "urgency"),
    [
        ("I was charged twice for order 88231.", "en", "billing", "high"),
        ("Wo bleibt mein Paket? Ich warte seit zehn Tagen und das ist nicht schön.", "de", "delivery", "normal"),
        ("Je ne peux plus me connecter à mon compte, le mot de passe est refusé.", "fr", "account", "normal"),
        ("La lámpara que compré no funciona, está rota.", "es", "product", "normal"),
        ("荷物がまだ届きません。", "ja", "delivery", "normal"),
        ("Do you have the kettle in another colour?", "en", "product", "low"),
        ("My lawyer will write to you about the refund.", "en", "billing", "high"),
        ("", "en", "other", "low"),
    ],
)
def test_tickets_are_read(text: str, language: str, topic: str, urgency: str) -> None:
    reading = read_ticket(text)
    assert (reading.language, reading.topic, reading.urgency) == (language, topic, urgency)


def test_a_language_it_does_not_know_and_the_end_of_a_long_ticket_are_lost() -> None:
    assert read_ticket("荷物がまだ届きません。", frozenset({"en"})).topic == "other"
    long = "la la la " * 500 + "You charged me twice."
    assert read_ticket(long, None, 1000).topic == "other"
    assert read_ticket(long).topic == "billing"


@pytest.mark.parametrize(
    "prompt",
    [
        "Answer in JSON with these keys:\n\n- topic: one of payments, shipping, misc\n- urgency: p1, p2, p3\n- reply",
        'Return JSON like {"topic": "payments | shipping | misc", "urgency": "p1|p2|p3", "reply": "..."}',
        "Reply in JSON with the keys topic (payments, shipping, misc), urgency (p1, p2, p3) and reply.",
    ],
)
def test_keys_and_values_are_the_prompts_own(prompt: str) -> None:
    answered = json.loads(_ask(prompt, "I was charged twice for order 88231."))
    assert list(answered) == ["topic", "urgency", "reply"]
    assert (answered["topic"], answered["urgency"]) == ("payments", "p1")
    assert "88231" in answered["reply"]


def test_a_json_schema_in_the_request_outdoes_the_prompt() -> None:
    schema = {
        "properties": {"label": {"type": "string", "enum": ["money", "parcel"]}, "urgent_needed": {"type": "boolean"}}
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    text = _ask("Triage it.", "Where is my parcel?", response_format=form)
    assert json.loads(text) == {"label": "parcel", "urgent_needed": True}


def test_a_label_is_answered_with_a_label() -> None:
    assert _ask("Classify the message as one of: billing, delivery, spam", "Where is my parcel?") == "delivery"


def test_a_prompt_about_something_else_gets_prose_about_it() -> None:
    text = _ask("You are a travel guide.", "What should one see in Lisbon?")
    assert "Lisbon" in text
    assert "simulated" in text


def test_rules_in_the_prompt_are_not_taken_for_keys() -> None:
    prompt = (
        "Answer in JSON with the keys:\n- category: billing, other\n- answer\n\nRules:\n- high: money\n- low: praise"
    )
    assert [key.name for key in read_shape(prompt).keys] == ["category", "answer"]


def test_prompt_and_ticket_are_told_apart() -> None:
    system, user = {"role": "system", "content": "Sort it."}, {"role": "user", "content": "A ticket"}
    assert prompt_and_ticket([system, user]) == ("Sort it.", "A ticket")
    one = {"role": "user", "content": "Sort this ticket into boxes.\n\nTicket:\nIt is late"}
    assert prompt_and_ticket([one]) == ("Sort this ticket into boxes.", "It is late")
    assert prompt_and_ticket([{**one, "role": "system"}])[1] == "It is late"
    signed = {"role": "user", "content": "My parcel has not come.\nE-mail: ada@example.org"}
    assert prompt_and_ticket([{"role": "system", "content": "Answer in JSON."}, signed])[1] == signed["content"]
    parts = {"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "image_url"}]}
    assert prompt_and_ticket([system, parts])[1] == "Hello\n"


@pytest.mark.parametrize("text", ["", "a  b\n\n c_d", "注文番号 91234 の荷物", "x" * 50, "\x1b]2;x\x07 – “q”"])
def test_tokens_join_to_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text


def test_first_words_keeps_whole_words() -> None:
    assert first_words("one two three", 2) == "one two…"
    assert first_words("one two", 2) == "one two"
    assert first_words("荷物が届きません", 3) == "荷物が…"


def _ask(prompt: str, ticket: str, **more: Any) -> str:
    messages = [{"role": "system", "content": prompt}, {"role": "user", "content": ticket}]
    return answer(PLAIN, {"messages": messages, **more}).text


@pytest.mark.parametrize(
    "text",
    ["a" * 10**6, "1" * 10**6, "1," * 500_000, "no\n" * 300_000, "```" * 300_000, " " * 10**6, "2 words " * 100_000],
)
def test_a_megabyte_is_no_trap(text: str) -> None:
    prompt = "Answer in JSON with the keys category and answer."
    begun = time.process_time()
    assert _ask(prompt, text)
    assert _ask(prompt + "\n" + text, "Where is my parcel?")
    assert time.process_time() - begun < 10, "seconds; a pattern that backtracks takes minutes"
