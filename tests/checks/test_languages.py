"""A text's language is known where it can be, and unknown where it would be a guess."""

import time

import pytest

from migrator_tui.checks.languages import language_of

SENTENCES = [
    ("en", "Thank you for contacting us, we'll look into the refund right away."),
    ("en", "I'm sorry, but I can't help with that."),
    ("en", "Thank you for your message, we will answer tomorrow."),
    ("de", "Es tut mir leid, aber dabei kann ich nicht helfen."),
    ("de", "Bitte senden Sie uns ein Foto des Schadens."),
    ("fr", "Votre colis est en route et devrait arriver vendredi."),
    ("es", "Lo siento, no puedo ayudarte con eso."),
    ("it", "Il pacco è in viaggio e arriverà venerdì."),
    ("pt", "Desculpe, não posso ajudar com isso."),
    ("nl", "Het spijt me, maar daar kan ik niet bij helpen."),
    ("ja", "申し訳ありませんが、その件についてはお手伝いできません。"),
    ("ja", "API エラーについて調査します"),
    ("zh", "感谢您的来信，我们会尽快回复。"),
    ("ko", "문의해 주셔서 감사합니다. 곧 답변드리겠습니다."),
    ("ru", "Спасибо за ваше сообщение, мы скоро ответим."),
    ("pl", "Dziękujemy za wiadomość, wkrótce odpowiemy na pytanie."),
    ("de", "# Antwort\n\n**Danke** für Ihre Nachricht!\n\n```python\nfor item in items:\n    print(item)\n```\n"),
    ("de", '{"category": "billing", "reply": "Danke für Ihre Nachricht, wir melden uns bald."}'),
    ("en", "HERE IS WHAT YOU SHOULD DO WITH THE BROKEN PARCEL"),
    ("fr", "Regardez la page https://example.com/en/orders/the-very-long-name-of-this pour suivre votre colis."),
]


@pytest.mark.parametrize(("language", "text"), SENTENCES)
def test_sentences_are_known(language: str, text: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OK",
        "Hello",
        "billing",
        "12345 67.8",
        '{"category": "billing", "priority": "high"}',
        "def f(x): return x+1",
        "for (let i=0;i<10;i++) { console.log(items[i].name); }",
        "Paris, London, Berlin, Madrid, Rome",
        "Anna Müller, Peter Schmidt, Jens Weber, Claudia Roth",
        "返金",
        "東京都渋谷区神宮前",
        "\udc80\x00\u202e" * 1000,
        "\ud800 ab\x1b[31m\x00" * 1000,
        "```\nall of this is code and not a single word of it is prose\n```",
    ],
    ids=range(15),
)
def test_what_is_short_or_no_sentence_stays_unknown(text: str) -> None:
    assert language_of(text) is None


def test_a_look_takes_well_under_a_millisecond() -> None:
    text = "We are sorry that your parcel arrived damaged. Please send us a photo of it. " * 200
    language_of(text)  # loads the model
    best = min(_seconds(text) for _ in range(20))
    assert best < 0.005  # ten times what it takes, for machines under load


def _seconds(text: str) -> float:
    start = time.perf_counter()
    language_of(text)
    return time.perf_counter() - start
