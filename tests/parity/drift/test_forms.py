"""The same number, date or time in another form is found; another value is not."""

import pytest

from migrator_tui.parity.drift.forms import other_forms, same_in_another_form, written
from tests.parity.drift.pairs import differing

SAME_VALUE = [
    ("1,234.50", "1.234,50"),
    ("1,234.50", "1234.50"),
    ("1,234.50", "1234.5"),
    ("1'234.50", "1,234.50"),
    ("1\u202f234,50", "1,234.50"),
    ("1,234,567", "1234567"),
    ("12,5", "12.5"),
    ("$49.90", "49.90 USD"),
    ("$49.90", "US$49.90"),
    ("49,90 €", "€49.90"),
    ("€ 5", "5 EUR"),
    ("$5", "$5.00"),
    ("15%", "15 percent"),
    ("15.0%", "15%"),
    ("2026-11-23", "23 November 2026"),
    ("2026-11-23", "11/23/2026"),
    ("2026-11-23", "23.11.2026"),
    ("2026-11-23", "2026/11/23"),
    ("2026-11-23", "2026-11-23T15:00:00Z"),
    ("2026-11-23", "2026年11月23日"),
    ("2026-11-03", "3.11.2026"),
    ("03.11.2026", "3.11.2026"),
    ("23.11.26", "23.11.2026"),
    ("November 23, 2026", "23 November 2026"),
    ("November 23, 2026", "Nov 23, 2026"),
    ("November 23, 2026", "November 23rd, 2026"),
    ("November 23", "23 November"),
    ("23. November 2026", "2026-11-23"),
    ("23 novembre 2026", "23/11/2026"),
    ("23 de noviembre de 2026", "2026-11-23"),
    ("1er mars 2026", "2026-03-01"),
    ("15:00", "3 pm"),
    ("15:00", "3:00 PM"),
    ("15:00", "15 Uhr"),
    ("15:00", "15h"),
    ("15:30", "15h30"),
    ("3:00", "3 pm"),
    ("9:00", "09:00"),
    ("4 PM", "4:00 p.m."),
]

OTHER_VALUE = [
    ("1,234.50", "1,234.50"),
    ("1,234.50", "1.234,60"),
    ("$49.90", "49.90"),
    ("$49.90", "€49.90"),
    ("5", "5.00"),
    ("12", "1.2"),
    ("2026-11-23", "24 November 2026"),
    ("2026-11-23", "23 November 2027"),
    ("2026-11-23", "November 23"),
    ("03/04/2026", "04/03/2026"),
    ("15:00", "3:00"),
    ("15:00", "3 am"),
    ("3 am", "3 pm"),
    ("3:00 am", "3 pm"),
    ("version 1.2.3", "version 1,2.3"),
    ("ISO-8601", "8,601"),
    ("pages 10-20", "pages 10–20"),
    ("+49 30 12345-67", "030 12345/67"),
    ("file_2026", "2,026"),
    ("A4", "4"),
    ("10.0.0.1", "10,0"),
    ("the 3rd", "3"),
    ("John 3:16", "3:16 and more"),
    ("You may 5", "5 May"),
    ("2 set of keys", "2026-09-02"),
    ("31/02", "02/31"),
    ("http://x/2026/11/23", "2026-11-23"),
]


@pytest.mark.parametrize(("old", "new"), SAME_VALUE)
def test_the_same_value_in_another_form(old: str, new: str) -> None:
    assert len({pair[0].text for pair in other_forms(f"It is {old} now.", f"So {new} it is.")}) == 1
    assert len({pair[0].text for pair in other_forms(f"It is {new} now.", f"So {old} it is.")}) == 1
    assert other_forms(f"It is {old} now.", f"So {old} it is.") == []
    assert same_in_another_form(old, new)


@pytest.mark.parametrize(("old", "new"), OTHER_VALUE)
def test_another_value_or_none(old: str, new: str) -> None:
    assert other_forms(f"It is {old} now.", f"So {new} it is.") == []
    assert not same_in_another_form(old, new)


def test_a_form_that_both_use_is_no_change() -> None:
    old = "On 2026-11-23 (23 November 2026) it costs 1,234.50."
    assert other_forms(old, "Due 23 November 2026: 1,234.50") == []
    assert other_forms(old, "Due 11/23/2026: 1,234.50")[0][1].text == "11/23/2026"


def test_each_value_is_told_once() -> None:
    pairs = other_forms("1,234.50 and 1,234.50, $5", "1.234,50 / 1.234,50 and $5.00")
    assert [(a.text, b.text) for a, b in pairs] == [("1,234.50", "1.234,50"), ("$5", "$5.00")]


def test_what_is_read() -> None:
    text = "On 2026-11-23 at 15:00 pay $1,234.50 or 15% of 7; ring 555-1234, see 4.1.2 and item 12."
    assert [(one.kind, one.text) for one in written(text)] == [
        ("date", "2026-11-23"),
        ("time", "15:00"),
        ("number", "$1,234.50"),
        ("amount", "$1,234.50"),
        ("number", "15%"),
        ("amount", "15%"),
    ]


def test_drift_tells_the_first_example_of_each() -> None:
    old = "Your order of 2026-11-23 costs 1,234.50 euros, and the shop closes at 15:00 on 2026-11-24."
    new = "Your order of 23 November 2026 costs 1.234,50 euros, and the shop closes at 3 pm on 24 November 2026."
    assert differing(old, new) == ["date 2026-11-23→23 November 2026", "number 1,234.50 euros→1.234,50 euros"]
    german = "Ihre Bestellung vom 23.11.2026 kostet 1.234,50 Euro, und der Laden schließt heute um 15 Uhr."
    assert differing(old, german)[0] == "language en→de"
    assert len(differing(old, german)) == 1, "another language has its own forms"
