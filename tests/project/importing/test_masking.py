"""What is found in texts, what is not, and that masks hold together."""

import pytest

from migrator_tui.project.importing.masking import KINDS, mask

FOUND = [
    ("write to anna.b+x@mail.example.co.uk please", "write to [e-mail 1] please", "e-mail"),
    ("call +49 171 1234567 now", "call [phone 1] now", "phone"),
    ("call (030) 123456", "call [phone 1]", "phone"),
    ("call 555-123-4567.", "call [phone 1].", "phone"),
    ("card 4111 1111 1111 1111 was charged", "card [card 1] was charged", "card"),
    ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [IBAN 1] please", "IBAN"),
    ("GB82WEST12345698765432", "[IBAN 1]", "IBAN"),
    ("key sk-proj-abcDEF1234567890xyz!", "key [key 1]!", "key"),
    ("Authorization: Bearer abcdef1234567890", "Authorization: Bearer [key 1]", "key"),
    ("AKIAIOSFODNN7EXAMPLE", "[key 1]", "key"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[key 1]", "key"),
]

NOT_FOUND = [
    "order 4111 1111 1111 1112 is late",  # Luhn's sum is wrong
    "invoice DE89 3704 0044 0532 0130 01",  # so are the check digits
    "on 2026-11-27 at 10:45:12, 12.500,00 EUR, version 1.2.3.4",
    "ticket T-0088231, lamp model 4471-B, 192.168.100.200",
    "@mention and user@localhost, a sk-8 form, 3.14159265358979",
    "ask-yourself-whether-this-is-a-key",
]


@pytest.mark.parametrize(("text", "masked", "kind"), FOUND)
def test_personal_data_and_keys_are_found(text: str, masked: str, kind: str) -> None:
    assert mask(text) == (masked, {kind})
    assert mask(masked)[0] == masked


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_resembles_them_stays(text: str) -> None:
    assert mask(text) == (text, frozenset())


def test_the_same_value_has_the_same_mark_wherever_it_stands() -> None:
    row = {
        "case": {"vars": {"t": "I am A@b.example, not c@d.example"}, "tags": ["a@b.example"]},
        "answer": {"output": "Dear a@b.example", "tool_calls": [{"arguments": '{"to": "c@d.example"}'}], "cost": 0.1},
    }
    masked, kinds = mask(row)
    assert kinds == {"e-mail"}
    assert masked == {
        "case": {"vars": {"t": "I am [e-mail 1], not [e-mail 2]"}, "tags": ["[e-mail 1]"]},
        "answer": {"output": "Dear [e-mail 1]", "tool_calls": [{"arguments": '{"to": "[e-mail 2]"}'}], "cost": 0.1},
    }


def test_keys_are_masked_even_where_everything_is_kept() -> None:
    text = "a@b.example sk-abcdefghijklmnop"
    assert mask(text, keep=KINDS) == ("a@b.example [key 1]", {"e-mail", "key"})


def test_hostile_text_takes_no_time() -> None:
    import time

    begun = time.perf_counter()
    for text in (
        "1 " * 200_000,
        "a@" * 200_000,
        "+1" * 200_000,
        "DE89 " * 100_000,
        "eyJ" * 100_000,
        "a." * 200_000 + "@",
    ):
        mask(text)
    assert time.perf_counter() - begun < 20  # backtracking would take hours
