"""Foreign text can neither act on a terminal nor hide, and what is fine stays as it is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.text_safety import safe, safe_line, storable

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("a \t\n\r\x00\x1b\x7f\x9b\u200b\u200d\u202e\u2028\ud800\udfff\u0301\U000e0041\U000e0100葛👩é")
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]2;x\x07", "␛]2;x␇"),
        ("\x9b31m", "‹009B›31m"),
        ("a\x00b\x7f", "a␀b␡"),
        ("one\r\ntwo\rthree", "one\ntwo␍three"),
        ("pass\u202eliaf", "pass‹202E›liaf"),
        ("a\u200bb\ufeff", "a‹200B›b‹FEFF›"),
        ("\ud83d!", "‹D83D›!"),
        ("x\u2028y", "x‹2028›y"),
        ("hi\U000e0069\U000e0067", "hi‹E0069›‹E0067›"),
        ("pay\u200dpal", "pay‹200D›pal"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 4 + "‹+5›"),
    ],
)
def test_what_acts_or_hides_becomes_visible(raw: str, shown: str) -> None:
    assert safe(raw) == shown


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "[/b] [red]markup[/] stays text",
        "tabs\tand\nnewlines\n",
        "Größe, naïve, 日本語, 葛\U000e0100城",
        "می\u200cخواهم",
        "👩\u200d👩\u200d👧 ❤️ 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "שלום",
    ],
)
def test_honest_text_stays(text: str) -> None:
    assert safe(text) == text


@given(ANY_TEXT)
def test_nothing_a_terminal_acts_on_is_left(text: str) -> None:
    shown = safe(text)
    shown.encode()
    assert not any((ord(c) < 32 and c not in "\t\n") or 0x7F <= ord(c) < 0xA0 for c in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u2028\u2029")
    assert safe(shown) == shown


@given(ANY_TEXT, st.none() | st.integers(0, 30))
def test_a_line_is_one_line_within_its_limit(text: str, limit: int | None) -> None:
    line = safe_line(text, limit)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert limit is None or len(line) <= limit


def test_a_cut_line_says_so() -> None:
    assert safe_line("  one\n two\tthree ", 9) == "one two…"
    assert safe_line("exactly 10", 10) == "exactly 10"
    assert safe_line("x" * 1_000_000, 5) == "xxxx…"


@given(ANY_TEXT)
def test_what_is_stored_can_be_encoded_and_is_raw_where_possible(text: str) -> None:
    kept, escaped = storable(text)
    kept.encode()
    assert "\x00" not in kept
    assert escaped == (kept != text)


def test_what_cannot_be_stored_is_escaped_and_flagged() -> None:
    assert storable("a\x00\udc9f") == ("a\\x00\\udc9f", True)
    assert storable("a\\x00\x1b") == ("a\\x00\x1b", False)


def test_a_hostile_megabyte_is_quick() -> None:
    begun = time.perf_counter()
    safe("\x1b[31m\u202e\u200d\u0301" * 150_000)
    safe_line(" \x1b" * 500_000, 80)
    assert time.perf_counter() - begun < 5
