"""Where a version came from and why, on the versions screen; and all that was said to the assistant."""

from pathlib import Path
from typing import Any

from migrator_tui.history.records import Origin, Version
from migrator_tui.history.store import History
from migrator_tui.tui.adaptation.exchanges import ExchangeList
from migrator_tui.tui.widgets.modal import Sheet
from tests.tui.conftest import NARROW, WIDE, Driver, opened

EVIL = "[bold]x[/] \x1b]0;owned\x07"
DETAILS: dict[str, Any] = {
    "edits": [
        {
            "op": "replace", "text": "raw JSON", "anchor": "JSON", "title": "raw JSON only",
            "why": f"Fences break the program that reads it. {EVIL}", "case_ids": ["c1", "c2"], "kind": "format",
            "rule": "", "explained": True,
        },
        {
            "op": "append", "text": "Be kind.", "anchor": "", "title": "kindness", "why": "", "case_ids": [],
            "kind": "instruction", "rule": "", "explained": True,
        },
    ],
    "of": 3, "assistant": "claude-opus-5", "search_id": None, "tried": True,
    "flips": {
        "aimed_at": {"fixed": 2, "still_failing": 0, "broken": 0, "kept": 0, "open": 0},
        "passed": {"fixed": 0, "still_failing": 0, "broken": 1, "kept": 3, "open": 0},
        "held_out": {"fixed": 1, "still_failing": 0, "broken": 0, "kept": 4, "open": 0},
    },
    "looks": 3, "critical_broken": ["c1"], "overridden": True,
    "ablation": [{"edit": 0, "needed_for": ["c1"], "better_without": []},
                 {"edit": 1, "needed_for": [], "better_without": []}],
}  # fmt: skip


def record(history: History, number: int, parent: int | None, origin: Origin, *, kept: bool) -> Version:
    return history.record_version(
        task="triage", model_name="newer", template=f"Sort for {{{{ shop }}}}.\nRule {number}.\n",
        params={"max_tokens": 100}, parent_id=parent, origin=origin, author="ada", kept=kept,
    )  # fmt: skip


async def at(driver: Driver, words: str) -> None:
    """Move down to the row that says so."""
    await driver.press("home")
    for _ in range(20):
        if words in next((line for line in driver.lines if "▸" in line and "│" in line), ""):
            return
        await driver.press("j")
    raise AssertionError(f"{words} is nowhere\n{driver.text}")


async def test_a_version_tells_its_reasons(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        base = driver.bench.prompt
        assert base is not None
        accepted = record(driver.history, 5, base.version.id, Origin.SUGGESTION, kept=True)
        driver.history.keep_adaptation(accepted.id, {**DETAILS, "base_version_id": base.version.id}, "ada")
        await driver.press("3")
        await driver.until(lambda: "raw JSON only, kindness" in driver.text, "what changed, in the edits' words")
        await at(driver, accepted.label)
        await driver.settle()
        text = driver.text
        assert "suggestion · ada" in text
        assert "proposed by claude-opus-5, accepted by ada, made for v1" in text
        assert "raw JSON only  format" in text and "Fences break the program" in text and "for c1 c2" in text
        assert "left out, 1 case fails" in text and "it did not earn its place" in text
        assert "+ 2  ✗ 0  of 2 cases it was written for" in text and "+ 0  ✗ 1  of 4 cases that passed" in text
        assert "of 5 held-out cases, asked 2 times before" in text
        assert "accepted by ada although cases broke" in text and "breaks critical cases: c1" in text
        assert "[bold]x[/]" in text and "\x1b" not in text
        assert "+ Rule 5." in text, "and what differs"


async def test_tries_do_not_flood_the_list(answered: Path) -> None:
    async with opened(answered) as driver:
        base = driver.bench.prompt
        assert base is not None
        parent: int = base.version.id
        for number in range(10, 22):
            parent = record(driver.history, number, parent, Origin.SEARCH, kept=False).id
        record(driver.history, 30, parent, Origin.SEARCH, kept=True)
        await driver.press("3")
        await driver.until(lambda: "12 tries of a search" in driver.text)
        assert "v14" in driver.text and "v13" not in driver.text and "◦ 12 only tried" in driver.text
        await at(driver, "v14")
        await driver.settle()
        assert "v1 → v14" in driver.text, "it is compared with where the search began, not with a try"
        await at(driver, "12 tried")
        await driver.press("w")
        assert "these are several versions" in driver.notice
        await driver.press("enter")
        await driver.until(lambda: "v13" in driver.text and "folds them" in driver.text)
        assert "v5" in driver.text
        await driver.press("enter")
        await driver.until(lambda: "v13" not in driver.text)


async def test_a_narrow_screen_tells_them_beside_the_diff(answered: Path) -> None:
    async with opened(answered, size=NARROW) as driver:
        base = driver.bench.prompt
        assert base is not None
        found = record(driver.history, 5, base.version.id, Origin.SEARCH, kept=True)
        details = {key: DETAILS[key] for key in ("edits", "assistant")} | {"search_id": "s1", "base_version_id": 1}
        flips = {"fixed": ["h1", "h2"], "still_failing": [], "broken": [], "kept": ["h3"], "open": []}
        driver.history.keep_adaptation(found.id, {**details, "held_out": {"flips": flips, "looks": 1}}, "ada")
        await driver.press("3")
        await driver.until(lambda: "raw JSON only" in driver.text)
        await at(driver, found.label)
        await driver.press("d")
        await driver.until(lambda: "proposed by claude-opus-5 in a search that ada started" in driver.text)
        assert "+ 2  ✗ 0  of 3 held-out cases" in driver.text and "h1" not in driver.text


async def test_all_that_was_said_to_the_assistant_can_be_read(answered: Path) -> None:
    async with opened(answered) as driver:
        history = driver.history
        for number, answer in ((1, f"edits {EVIL}"), (2, None)):
            begun = history.begin_exchange(
                purpose="suggestion", model="claude-opus-5", params={}, author="ada", task="triage",
                candidate="newer",
                messages=[{"role": "system", "content": f"adapt it {number}"}, {"role": "user", "content": EVIL}],
            )  # fmt: skip
            error = None if answer else "429 after 3 tries"
            history.end_exchange(begun.id, answer=answer, error=error, cost=0.02)
        (command,) = [c for c in driver.app.get_system_commands(driver.app.screen) if "sent to the" in c.title]
        command.callback()
        await driver.until(lambda: isinstance(driver.app.screen, ExchangeList))
        assert "429 after 3 tries" in driver.text and "edits [bold]x[/]" in driver.text and "$0.02" in driver.text
        await driver.press("j", "enter")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        text = driver.text
        assert "adapt it 1" in text and "── user ──" in text and "── answer ──" in text and "\x1b" not in text
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, ExchangeList))
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.app.current)
