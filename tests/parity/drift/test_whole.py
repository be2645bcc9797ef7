"""Empty, declined, cut off, in another language, spaced otherwise; and what these explain."""

import json

import pytest

from tests.parity.drift.pairs import differing, named, names

TEXTS = {
    "en": "We have asked the carrier about your order and will send you a new delivery date tomorrow.",
    "de": "Wir haben den Paketdienst nach Ihrer Bestellung gefragt und nennen Ihnen morgen einen neuen Termin.",
    "fr": "Nous avons interrogé le transporteur sur votre commande et vous donnerons demain une nouvelle date.",
    "es": "Hemos preguntado al transportista por su pedido y mañana le daremos una nueva fecha de entrega.",
    "it": "Abbiamo chiesto al corriere del suo ordine e domani le comunicheremo una nuova data di consegna.",
    "pt": "Perguntamos à transportadora sobre o seu pedido e amanhã lhe daremos uma nova data de entrega.",
    "nl": "We hebben de bezorger naar uw bestelling gevraagd en geven u morgen een nieuwe bezorgdatum door.",
    "ja": "ご注文について配送会社に確認し、明日お届け予定日をご連絡いたします。",
    "zh": "我们已经向快递公司询问了您的订单，明天会告诉您新的送达日期。",
}
REFUSAL = "I'm sorry, but I can't help with that."


@pytest.mark.parametrize("old", TEXTS)
@pytest.mark.parametrize("new", TEXTS)
def test_languages(old: str, new: str) -> None:
    told = [words for words in differing(TEXTS[old], TEXTS[new]) if words.startswith("language")]
    assert told == ([f"language {old}→{new}"] if old != new else [])


def test_another_language_in_one_value_of_json() -> None:
    old, new = (json.dumps({"priority": "low", "answer": TEXTS[which]}, ensure_ascii=False) for which in ("fr", "en"))
    assert differing(old, new) == ["language fr→en"]
    assert names(old, old.replace("low", "high")) == {"json-values": "+"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Danke!", "Thank you!"),
        ("Nordlicht GmbH, Hauptstraße 5, 10115 Berlin", "Nordlicht Ltd, 5 High Street, London"),
        (
            TEXTS["en"],
            TEXTS["en"] + ' The sign says "Bitte nicht den Rasen betreten und die Hunde an die Leine nehmen".',
        ),
        ("def add(a, b):\n    return a + b", "const add = (a, b) => a + b;"),
    ],
)
def test_short_or_quoted_words_are_no_change_of_language(old: str, new: str) -> None:
    assert "language" not in names(old, new)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (TEXTS["en"], REFUSAL, {"refusal": "+"}),
        (REFUSAL, TEXTS["en"], {"refusal": "-"}),
        (REFUSAL, "I can't assist with this request.", {"refusal": "="}),
        (TEXTS["de"], "Es tut mir leid, aber dabei kann ich nicht helfen.", {"refusal": "+"}),
        ('{"a": 1}', REFUSAL, {"refusal": "+"}),
        (REFUSAL, '{"a": 1}', {"refusal": "-"}),
        (TEXTS["en"], "", {"empty": "+"}),
        (" \n", TEXTS["en"], {"empty": "-"}),
        ("", "  ", {"empty": "="}),
    ],
)
def test_what_leaves_nothing_to_compare_explains_the_rest(old: str, new: str, found: dict[str, str]) -> None:
    assert named(old, new) == found


def test_what_a_provider_withholds_is_a_refusal() -> None:
    assert differing(TEXTS["en"], "We", finish_reason="content_filter") == ["filtered"]
    assert differing("We", TEXTS["en"], old_finish_reason="content_filter") == ["refuses no more"]


def test_a_limit_on_tokens_explains_broken_json_and_length() -> None:
    text = json.dumps({"answer": TEXTS["en"] * 5})
    assert differing(text, text[:80], finish_reason="length") == ["cut off"]
    assert differing(text, text[:80], finish_reason="max_tokens") == ["cut off"]
    assert differing(text, text[:80], finish_reason="stop") == ["JSON broken"]
    assert names(text[:80], text, old_finish_reason="length")["truncated"] == "-"
    long = TEXTS["en"] * 5
    assert names(long, long[:100], finish_reason="length", old_finish_reason="length") == {
        "truncated": "=",
        "shorter": "+",
    }


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("one two\n\nthree", "one  two three", {"whitespace": "+"}),
        ("one two", "one two", {}),
        ('{"a": "one two"}', '{ "a":"one two" }', {}),
        ('{"a": "one two"}', '{"a": "one  two"}', {"whitespace": "+"}),
        ("onetwo threefour five", "one two three four five", {"other-answer": "+"}),
    ],
)
def test_white_space(old: str, new: str, found: dict[str, str]) -> None:
    assert names(old, new) == found


def test_what_has_no_name() -> None:
    assert names("We refund the order today.", "We refund this order today.") == {"wording": "+"}
    assert names("It costs five euros.", "Delivery is on Monday, as agreed.") == {"other-answer": "+"}
    assert names(TEXTS["en"] * 4, TEXTS["en"] * 4 + "Yes.") == {}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Billing Inquiries", "Billing Disputes", ["Billing Inquiries→Billing Disputes"]),
        ("billing", "Billing", []),
        ("yes", "Yes.", []),
        ("42", "43", ["42→43"]),
        ("high\n", "low", ["high→low"]),
        ("退款", "发货", ["退款→发货"]),
    ],
)
def test_another_label_is_another_answer_however_like_it_looks(old: str, new: str, words: list[str]) -> None:
    assert differing(old, new) == words
