"""The search screen, driven by a search whose events the test writes; and `S`, on the real one."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from migrator_tui.adaptation.reasons import reasons_of
from migrator_tui.adaptation.search.stored import result_details, settings_details, try_details
from migrator_tui.adaptation.search.values import HeldOut, Try
from migrator_tui.adaptation.values import Flips
from migrator_tui.history.records import Origin
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.adaptation.search_chart import heights, staircase
from migrator_tui.tui.adaptation.search_dialog import Prospect, SearchDialog
from migrator_tui.tui.adaptation.search_state import SearchState
from migrator_tui.tui.app import MigratorApp
from migrator_tui.tui.glyphs import ASCII, UNICODE
from migrator_tui.tui.widgets.modal import Ask, Confirm, Sheet
from tests.tui.adaptation.scripted import (
    BEGAN,
    EDIT,
    HELD_OUT,
    SETTINGS,
    Scripted,
    going,
    over,
    result_of,
    searching,
    state_of,
    tries_of,
)
from tests.tui.adaptation.test_version_reasons import at
from tests.tui.conftest import NARROW, WIDE, Driver, opened, run_all, write_project

UNSURE = replace(HELD_OUT, after=48 / 60, low=-0.05, high=0.08, flips=Flips(fixed=("h1",), kept=("h2",)), looks=3)


async def test_it_is_told_try_by_try(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        search, _ = await searching(driver)
        text = driver.text
        assert "try 10 · best 87.9 %" in text and "412 of 900" in text and "$2.81 of $6.00" in text
        assert "120 kept back for the held-out cases" in text and "(2 so far)" in text
        assert text.index("answer in the ticket's words") < text.index("keys before rules"), "newest first"
        assert "trying 14/24" in text and "● 3 kept  ✗ 5 dropped" in text
        assert "60 cases wait that no proposal and no choice has seen" in text
        assert "412/900" in driver.lines[0] and "searching" in driver.lines[1]
        await driver.until(lambda: "Answer with JSON. A program reads it" in driver.text, "the diff to its parent")

        await over(driver, search)
        text = driver.text
        assert "✓ done · +10.0 points on held-out cases" in text
        assert "78.3%    88.3%      91.7%   +10.0 points" in text and "+ 7 fixed ✗ 1 broken" in text
        assert "+1.1 … +18.9: better, by little or much" in text
        assert "On the 140 it was 90.0 %, but those chose the winner." in text
        assert "h8" not in text.replace("the", ""), "a held-out case is counted, never named"
        assert "120 for the held-out cases" in text and "412/900" not in driver.lines[0]
        assert "c1◆" in text, "what it breaks, critical ones marked"


async def test_it_pauses_goes_on_and_stops(answered: Path) -> None:
    async with opened(answered) as driver:
        search, _ = await searching(driver)
        await driver.press("space")
        await driver.until(lambda: "paused · best 87.9 %" in driver.text)
        await driver.press("space")
        await driver.until(lambda: "try 10 · best" in driver.text)
        await driver.press("x")
        await driver.until(lambda: driver.app.searches.going is None)
        assert search.told == ["pause", "go on", "stop"]
        await driver.press("space")
        assert search.told == ["pause", "go on", "stop"] and "nothing to pause" in driver.notice


async def test_it_runs_behind_other_screens(answered: Path) -> None:
    async with opened(answered) as driver:
        search, _ = await searching(driver)
        await driver.press("escape")
        assert driver.app.current.NAME == "workbench" and "412/900" in driver.lines[0]
        config = answered / "migrator.toml"
        config.write_text(config.read_text("utf-8") + "\n[gate]\nmargin = 0.05\n", "utf-8")
        await driver.bench.look_outside()
        assert driver.app.workspace.project.gate.margin != 0.05, "while models are asked the project stays as it is"
        await over(driver, search)
        assert "+10.0 points on held-out cases" in driver.notice
        assert driver.app.notes["versions"].words == "v1 + search"
        await driver.press("S")
        await driver.until(lambda: driver.app.current.NAME == "search")
        await driver.bench.look_outside()
        await driver.until(lambda: driver.app.workspace.project.gate.margin == 0.05)


async def test_the_winner_goes_to_the_review_and_nothing_is_applied(answered: Path) -> None:
    async with opened(answered) as driver:
        search, _ = await searching(driver)
        before = driver.bench.prompt_pane.template
        await over(driver, search)
        assert "enter review its edits" in driver.lines[-1]
        await driver.press("enter")
        await driver.until(lambda: driver.app.current.NAME == "suggestion")
        review = driver.app.reviews.get(("triage", "newer"))
        assert review is not None and review.search_id == "s1" and len(review.taken) == 1
        await driver.settle()
        assert driver.bench.prompt_pane.template == before


@pytest.mark.parametrize(
    ("held_out", "chip", "question"),
    [
        (UNSURE, "~ done · not surely better", "Not surely better on 60 held-out cases: +1.7 points"),
        (replace(HELD_OUT, after=0.5, low=-0.4, high=-0.1), "✗ done · worse on held-out cases", "Worse on 60"),
        (None, "~ done · not tried on held-out cases", "not tried on held-out cases: it may be no better"),
    ],
    ids=["unsure", "worse", "not tried"],
)
async def test_what_is_not_surely_better_is_asked_about(
    answered: Path, held_out: HeldOut | None, chip: str, question: str
) -> None:
    async with opened(answered) as driver:
        search, _ = await searching(driver, held_out)
        await over(driver, search)
        assert chip in driver.text and "better on held" not in driver.text
        if held_out is UNSURE:
            assert "asked 2 times before" in driver.text
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        assert question in " ".join(driver.text.split())
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.app.current)
        assert driver.app.reviews.get(("triage", "newer")) is None and driver.app.current.NAME == "search"


async def test_where_nothing_helped_there_is_nothing_to_review(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        search, _ = await searching(driver, None, helped=False)
        await over(driver, search)
        assert "~ done · nothing helped" in driver.text and "nothing to test on them" in driver.text
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        assert "Try 10: no preamble, and why not" in driver.text, "the newest is under the cursor; its prompt"


async def test_without_a_proposal_no_prompt_is_offered_and_a_new_search_begins_empty(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        start, *_, last = tries_of(driver)
        none = replace(
            last, number=2, parent=1, title="no proposal", template=start.template, version_id=None, edits=()
        )
        result = replace(result_of([start, none], None, helped=False), best=start)
        search = Scripted([BEGAN, None], result)
        driver.app.start_search(search, state_of(driver))
        driver.app.action_show("search")
        await over(driver, search)
        assert "~ done · no proposal could be tried" in driver.text and "Try 2 from try 1" in driver.text
        offered = driver.lines[-1] + next(line for line in driver.lines if "What it flips" in line)
        assert not any(words in offered for words in ("its prompt", "diff", "keep", "the whole prompt")), offered
        for key in ("enter", "d", "ctrl+s"):
            await driver.press(key)
            assert driver.app.screen is driver.app.current and "there is no prompt" in driver.notice
        await driver.press("j")
        assert "its prompt" in driver.lines[-1] and "diff" in driver.lines[-1]
        another = Scripted([None], result)
        driver.app.start_search(another, state_of(driver))
        await driver.until(lambda: "asking the prompt it starts from" in driver.text)
        assert "Try 1" not in driver.text and "What it flips" not in driver.text, "nothing of the search before"
        await over(driver, another)


async def test_a_try_is_kept_under_a_name(answered: Path) -> None:
    async with opened(answered) as driver:
        search, tries = await searching(driver)
        await over(driver, search)
        await driver.press("ctrl+s")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.press("enter")
        await driver.until(lambda: "kept as" in driver.notice)
        version = driver.history.version(tries[-1].version_id or 0)
        assert version.kept and version.origin is Origin.SEARCH and version.name == "no preamble, and why not"
        kept = driver.history.adaptation_of(version.id)
        assert kept is not None and reasons_of(kept).edits[0].case_ids == ("c2", "c3")


async def test_the_report_tells_every_try(answered: Path) -> None:
    async with opened(answered) as driver:
        search, _ = await searching(driver)
        await over(driver, search)
        await driver.press("w")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.press("enter")
        await driver.until(lambda: "the report is in" in driver.notice)
    text = (answered / "search-triage-newer.md").read_text("utf-8")
    assert "✓ Better on held-out cases" in text and "| 78.3 % | 88.3 % | 91.7 % | 7 | 1 |" in text
    assert "✗ dropped | breaks 2: c4 c5" in text and "+Answer with JSON. A program reads it" in text
    assert "h8" not in text, "held-out cases are counted, never named"


async def test_what_others_wrote_stays_text(answered: Path) -> None:
    evil = "[bold red]x[/] \x1b]0;owned\x07\u202e | <script>\n# no"
    async with opened(answered, size=WIDE) as driver:
        tries = tries_of(driver)
        bad = replace(
            tries[-1], title=evil, why=evil, edits=tuple(replace(e, title=evil, why=evil) for e in tries[-1].edits)
        )
        tries[-1] = bad
        search = Scripted([*going(tries), None], replace(result_of(tries), ended=evil))
        driver.app.start_search(search, state_of(driver))
        driver.app.action_show("search")
        await driver.until(lambda: "[bold red]x[/]" in driver.text)
        await over(driver, search)
        assert "\x1b" not in driver.text and "\u202e" not in driver.text and "[bold red]x[/]" in driver.text
        await driver.press("w")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.press("enter")
        await driver.until(lambda: "the report is in" in driver.notice)
    text = (answered / "search-triage-newer.md").read_text("utf-8")
    assert "<script>" not in text and "\x1b" not in text and "\n# no" not in text


async def test_a_search_that_cannot_be_carried_out_says_why(answered: Path) -> None:
    async with opened(answered) as driver:
        search = Scripted([None], ProjectError("a price is unknown, so $6.00 cannot be held"))
        driver.app.start_search(search, state_of(driver))
        driver.app.action_show("search")
        await over(driver, search)
        assert "ended early" in driver.text and "a price is unknown" in driver.text


async def test_nothing_to_search_with_is_said(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("S")
        await driver.until(lambda: "no assistant: add [assistant] to migrator.toml" in driver.notice)


async def test_the_question_says_what_it_takes_and_whether_it_helps(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "shop")
    config = folder / "migrator.toml"
    config.write_text(config.read_text("utf-8") + '\n[assistant]\nmodel = "simulated:adviser-1"\n', "utf-8")
    await run_all(folder)
    async with opened(folder) as driver:
        await driver.press("S")
        await driver.until(
            lambda: isinstance(driver.app.screen, SearchDialog) and "where nothing helps" in driver.text
        )
        text = " ".join(driver.text.split())
        assert "6 to learn from, none held out: too few" in text
        assert "calls where nothing helps, at most 200; " in text and "tried on all cases and tested" in text
        assert "search is unlikely to help here: only 1 case fails" in text
        await driver.press("backspace", "backspace", "backspace", "1")
        await driver.until(lambda: "too few: not one proposal could be tried" in driver.text)
        await driver.press("enter")
        assert isinstance(driver.app.screen, SearchDialog), "a budget that is too small starts nothing"
        await driver.press("backspace", "x")
        await driver.until(lambda: "a whole number up to 1,000,000" in driver.text)
        await driver.press("backspace", "9", "0", "tab", "minus", "1")
        await driver.until(lambda: "USD at most: a number above 0" in driver.text)
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.app.current)
        assert driver.app.searches.going is None and driver.history.last_search("triage", "newer") is None
        driver.history.record_version(
            task="triage", model_name="newer", template="Sort {{ shop }}.\n", params={}, parent_id=None,
            origin=Origin.EDITOR, author="ada", kept=True,
        )  # fmt: skip
        await driver.press("3")
        await driver.until(lambda: "v2" in driver.text)
        await at(driver, "v2")
        await driver.press("S")
        await driver.until(lambda: isinstance(driver.app.screen, SearchDialog))
        assert "better prompt, from v2" in driver.text, "from the row under the cursor, not from the editor's v1"
        await driver.press("escape")
        await driver.settle()


def test_the_picture_tells_no_lie() -> None:
    """What is below the baseline stands below it, in however few rows, and the line never falls."""
    for rows in (3, 4, 9, 20):
        scale = heights([0.5, 0.899], rows, 0.9)
        assert scale.row(0.899) > scale.row(0.9) >= 0 and scale.row(0.5) == rows - 1


def test_the_line_never_falls() -> None:
    def one(number: int, score: float, at: int, kept: bool) -> Try:
        return Try(number, 1, "t", "x", number, "v", score, 9, 9, kept, "", calls_before=at)

    tries = [one(1, 0.5, 0, True), one(2, 0.8, 40, True), one(3, 0.6, 60, True), one(4, 0.7, 80, False)]
    for glyphs in (UNICODE, ASCII):
        lines = staircase(
            tries, baseline=None, calls=100, budget=100, cells=60, rows=12, glyphs=glyphs
        ).plain.splitlines()
        high = next(line for line in lines if glyphs.done in line)
        assert high.rstrip().endswith(glyphs.done * 20), "the best so far goes on to the calls that are spent"
        assert sum(glyphs.now in line for line in lines[:-1]) == 3, "a kept one below the best stands at its height"


SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x45", "80x24"])
Compare = Callable[..., bool]


@pytest.fixture
def picture(tmp_path: Path, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """The screen of a search, at its tenth try or over."""
    monkeypatch.setattr(TextArea, "cursor_blink", False)
    monkeypatch.setattr(Input, "cursor_blink", False)
    monkeypatch.setattr(SearchState, "rate", property(lambda state: 2.9))
    folder = write_project(tmp_path / "shop")
    asyncio.run(run_all(folder))

    def compare(size: tuple[int, int], act: Callable[[Driver, Scripted], Awaitable[None]]) -> bool:
        app = MigratorApp(load_project(folder))
        app.animation_level = "none"

        async def before(pilot: Pilot[Any]) -> None:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.workbench.ready and app.workbench.prompt is not None)
            await driver.settle()
            search, _ = await searching(driver)
            await act(driver, search)
            await driver.settle()
            app.change_frame(notice="")
            await driver.handled()

        return snap_compare(app, terminal_size=size, run_before=before)

    return compare


@SIZES
def test_picture_while_it_goes_on(picture: Compare, size: tuple[int, int]) -> None:
    async def nothing(driver: Driver, search: Scripted) -> None:
        """As it is."""

    assert picture(size, nothing)


@SIZES
def test_picture_of_what_it_found(picture: Compare, size: tuple[int, int]) -> None:
    assert picture(size, over)


async def test_where_a_sitting_falls_back_to_the_result_of_an_earlier_one_its_winner_is_reviewed_all_the_same(
    answered: Path,
) -> None:
    async with opened(answered) as driver:
        tries, state = tries_of(driver), state_of(driver)
        best = tries[-1].version_id
        assert best is not None
        kept = {"edits": [asdict(EDIT)], "search_id": "s1", "base_version_id": state.base.id}
        driver.history.keep_adaptation(best, kept, "ada")
        search = Scripted([*going(tries), None], replace(result_of(tries), complete=False, suggestion=None))
        driver.app.start_search(search, state)
        driver.app.action_show("search")
        await driver.until(lambda: "412/900" in driver.text)
        await over(driver, search)
        await driver.press("enter")
        await driver.until(lambda: driver.app.current.NAME == "suggestion")
        review = driver.app.reviews.get(("triage", "newer"))
        assert review is not None and review.edits == [EDIT]
        await driver.settle()


async def test_an_earlier_search_can_be_looked_at_and_its_winner_reviewed(answered: Path) -> None:
    """Of another session, or of the command line: it comes out of the history."""
    async with opened(answered, size=WIDE) as driver:
        history, prompt = driver.history, driver.bench.prompt
        assert prompt is not None
        tries = tries_of(driver)
        details = settings_details(SETTINGS, {})
        stored = history.start_search(
            task="triage", candidate="newer", base_version_id=prompt.version.id, settings=details, author="ada"
        )
        for one in tries:
            history.add_try(stored.id, try_details(one))
        result = replace(result_of(tries), search_id=stored.id)
        version_id = tries[-1].version_id
        assert version_id is not None
        kept = {"edits": [asdict(EDIT)], "assistant": "claude-opus-5", "search_id": stored.id}
        history.keep_adaptation(version_id, {**kept, "base_version_id": prompt.version.id}, "ada")
        history.save_search(
            stored.id, state="finished", calls=712, assistant_calls=12, cost=4.2, result=result_details(result)
        )
        await driver.press("S")
        await driver.until(lambda: "✓ done · +10.0 points on held-out cases" in driver.text)
        assert "712 of 900" in driver.text and "breaks 2: c4 c5" in driver.text
        assert "On the 140 it was 90.0 %" in driver.text
        await driver.press("enter")
        await driver.until(lambda: driver.app.current.NAME == "suggestion")
        review = driver.app.reviews.get(("triage", "newer"))
        assert review is not None and review.edits == [EDIT] and review.search_id == stored.id
        await driver.settle()


async def test_what_is_counted_for_a_question_that_was_closed_paints_nothing(answered: Path) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def estimate(_: object) -> Any:
        begun.set()
        with suppress(asyncio.CancelledError):  # it comes to its end all the same, as what is already there does
            await go.wait()
        raise ProjectError("too late")

    prospect = Prospect("v1", ("new", "helper"), 6, 0, None, None, None, "", estimate)
    async with opened(answered) as driver:
        dialog = SearchDialog(prospect, SETTINGS, UNICODE)
        driver.app.push_screen(dialog)
        await driver.until(begun.is_set)
        await driver.press("escape")
        await driver.until(lambda: not dialog.is_attached)
        go.set()
        await driver.settle()
        assert driver.app.crash is None
