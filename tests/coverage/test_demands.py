"""What a prompt asks for: which clauses are demands, which are not, and on which line they stand."""

import time
from typing import Any

import pytest

from migrator_tui.coverage.demands import Asked, read_demands

PROMPT = """\
You are Ava, the assistant of Lumen Bank.

## Rules
1. Answer in the user's language.
2. Never say the word "guarantee".
3. Keep every answer under 80 words, in two or three sentences, with no emojis.
4. If somebody asks for advice, say "I can't advise on that."
5. Use get_balance before you talk about balances.
6. Never call transfer_money without the user's
   confirmation.

Return only valid JSON, no code fences, with the keys intent, reply and confidence.
intent: one of balance, transfer, card, other
reply: English, at most 25 words
confidence: how sure you are

## Examples
Never copy this: {"intent": "x"}
Input: Always answer in French.

# user
"""


def asked(prompt: str, **known: Any) -> list[tuple[int, str, str, tuple[str, ...], float | None]]:
    """Line, kind, key, values and number of each demand."""
    found = read_demands(prompt, **known)
    return [(a.line, a.demand.kind, a.demand.key, a.demand.values, a.demand.number) for a in found]


def kinds(prompt: str, **known: Any) -> set[str]:
    return {a.demand.kind for a in read_demands(prompt, **known)}


def test_each_demand_has_its_line_its_key_and_what_it_asks() -> None:
    found = asked(PROMPT, tools=["get_balance", "transfer_money"])
    assert (4, "language", "", (), None) in found
    assert (5, "never-say", "", ("guarantee",), None) in found
    assert (6, "max-words", "", (), 80.0) in found
    assert (6, "no-emoji", "", ("no emojis",), None) in found
    assert (7, "must-say", "", ("i can't advise on that.",), None) in found
    assert (8, "tool", "", ("get_balance",), None) in found
    assert (9, "no-tool", "", ("transfer_money",), None) in found
    assert (12, "keys", "", ("intent", "reply", "confidence"), None) in found
    assert {"no-fence", "nothing-else"} <= {kind for line, kind, *_ in found if line == 12}
    assert (13, "choices", "intent", ("balance", "transfer", "card", "other"), None) in found
    assert (14, "language", "reply", ("en",), None) in found
    assert (14, "max-words", "reply", (), 25.0) in found
    assert (15, "content", "confidence", (), None) in found
    assert all(line <= 15 or kind == "other" for line, kind, *_ in found), "examples are no demands"


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Answer in no more than two sentences.", "max-sentences"),
        ("Write exactly three bullet points.", "exact-items"),
        ("Antworte in höchstens 30 Wörtern.", "max-words"),
        ("Réponds en 3 phrases au plus, en français.", "language"),
        ("Plain text only, please.", "no-markdown"),
        ("Verwende kein Markdown.", "no-markdown"),
        ("Do not add any explanation.", "nothing-else"),
        ("Answer with the label only.", "nothing-else"),
        ("Dates are written as YYYY-MM-DD.", "date-form"),
        ("Be brief.", "short"),
        ("Classify the review as positive, negative or neutral.", "choices"),
        ("Decline questions about other companies.", "refuse"),
        ("Only use the information in the documents below.", "grounded"),
        ("Be polite and friendly.", "tone"),
        ("If the order is older than 30 days, say so and offer a voucher.", "other"),
    ],
)
def test_a_sentence_is_understood(sentence: str, kind: str) -> None:
    assert kind in kinds(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "You are a helpful assistant for a shop that sells lamps.",
        "The shop was founded in Hamburg, in one of the oldest houses there.",
        "Here is the ticket:",
        "Summarize the article.",
        "Where a short court session was held, the city grew.",
        "A parcel weighs up to 20 kilograms.",
    ],
)
def test_what_demands_nothing_is_no_demand(sentence: str) -> None:
    assert not kinds(sentence) & {"choices", "max-words", "keys", "language", "nothing-else", "json"}


def test_values_of_a_key_and_when_each_of_them_holds() -> None:
    prompt = "- priority: one of high, normal, low\n\nThe priority is high where money is lost, and low for praise.\n"
    found = read_demands(prompt, keys=["priority"])
    rules = [(a.line, a.demand.values, a.text) for a in found if a.demand.kind == "value"]
    assert rules == [
        (3, ("high",), "The priority is high where money is lost"),
        (3, ("low",), "priority low for praise"),
    ]


def test_a_chat_is_read_message_by_message_and_the_assistants_are_examples() -> None:
    chat = "# system\nAnswer in German.\n\n# assistant\nAnswer in French.\n\n# user\nAt most 5 words. {{ q }}\n"
    assert {(a.line, a.demand.kind) for a in read_demands(chat)} == {(2, "language"), (8, "max-words")}


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "one of " + "a, " * 50_000,
        "say " + "x " * 50_000 + '"',
        "- " * 50_000,
        "never " * 30_000,
        "if " * 60_000,
        '{"a": ' * 20_000,
        "keys: " + "b and " * 30_000,
        "\n".join(f"key{n}: one of a, b, c" for n in range(5_000)),
        "\x1b]0;title\x07 must [/b] \u202e never \ud800",
        "İ" * 3_000 + " at most 5 words",
    ],
)
def test_a_strangers_prompt_takes_no_time_and_breaks_nothing(text: str) -> None:
    begun = time.process_time()
    found = read_demands(text)
    assert time.process_time() - begun < 5
    assert all(isinstance(one, Asked) and len(one.text) <= 200 for one in found)
