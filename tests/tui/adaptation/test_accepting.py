"""From a regression to a version that is kept, on simulated models; and what stands in the way of keeping one."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from migrator_tui.adaptation.values import Flips
from migrator_tui.history.records import Mark, Origin, Standing
from migrator_tui.models.pool import ModelPool
from migrator_tui.tui.adaptation.asking import AskDialog
from migrator_tui.tui.adaptation.exchanges import ExchangeList, refused
from migrator_tui.tui.adaptation.review import ReviewScreen
from migrator_tui.tui.adaptation.review_trying import TrySides
from migrator_tui.tui.adaptation.review_words import ChangeWords
from migrator_tui.tui.widgets.modal import Confirm, Sheet
from migrator_tui.tui.workbench.run_dialog import RunDialog
from tests.tui.adaptation.reviewing import BREAKS, NO_FENCES, POLITE, accepting, under_review
from tests.tui.conftest import CASES, PROMPT, SIMULATED, Driver, opened, write_project

pytestmark = pytest.mark.asyncio(loop_scope="session")

EDIT = {
    "op": "replace",
    "anchor": "Answer with JSON.",
    "text": "Answer with JSON only, no code fences.",
    "title": "JSON only",
    "why": "A program reads it.",
    "case_ids": ["c1", "c2", "c3"],
    "kind": "format",
    "rule": "",
}


Asked = Callable[[str], Path]


@pytest.fixture
def asked(tmp_path: Path, personas: None, pool_folder: Path) -> Asked:
    """Makes a project on simulated models whose assistant is a persona of that text."""

    def make(persona: str) -> Path:
        name = f"says-{tmp_path.name}"
        folder = write_project(
            tmp_path / "asked", config=SIMULATED + f'[assistant]\nmodel = "simulated:personas/{name}.toml"\n'
        )
        for place in (folder, pool_folder):  # what names it, and where the session's simulator looks
            (place / "personas" / f"{name}.toml").write_text(persona, "utf-8")
        return folder

    return make


def says(text: str) -> str:
    """A persona that always answers that."""
    return f"text = '''\n{text}\n'''\npace = \"none\"\n"


async def run_everything(driver: Driver) -> None:
    await driver.press("R")
    await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
    await driver.press("enter")

    def answered() -> bool:
        found = standings(driver)  # none before the run begins: then nothing is busy either
        return len(found) == len(CASES) and all(each.candidate is not Mark.NOT_RUN for each in found.values())

    await driver.until(lambda: answered() and not driver.app.runs.busy, "all cases answered")


def standings(driver: Driver) -> Mapping[str, Standing]:
    return driver.history.standings("triage", "newer")


async def ask(driver: Driver) -> None:
    await driver.press("s")
    await driver.until(lambda: isinstance(driver.app.screen, AskDialog))
    await driver.press("enter")


async def test_from_a_regression_to_a_version_that_mends_it(asked: Asked, pool: ModelPool) -> None:
    async with opened(asked(says(json.dumps({"edits": [EDIT]}))), pool=pool) as driver:
        await run_everything(driver)
        assert "c1" in [case for case, each in standings(driver).items() if each.candidate is Mark.FAILED]
        # What is sent can be read before it is sent.
        await driver.press("s")
        await driver.until(lambda: isinstance(driver.app.screen, AskDialog))
        assert "3 of the 6 cases" in driver.text and "too few cases" in driver.text
        await driver.press("i")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        assert "You adapt a prompt" in driver.text
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, AskDialog))
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, ReviewScreen))
        screen = driver.app.screen
        assert isinstance(screen, ReviewScreen) and screen.review is not None
        await driver.until(lambda: screen.review is not None and screen.review.cases, "cases looked at")
        assert driver.bench.prompt_pane.template == PROMPT.strip()

        # Live, side by side; nothing of it stands.
        before = standings(driver)
        await driver.press("space", "t")
        await driver.until(lambda: isinstance(driver.app.screen, TrySides))
        sides = driver.app.screen
        assert isinstance(sides, TrySides)
        await driver.until(lambda: len(sides.after) == 3 and len(sides.before) == 3 and not sides.going)
        assert {each.mark for each in sides.before.values()} == {Mark.FAILED}
        assert {each.mark for each in sides.after.values()} == {Mark.PASSED}
        await driver.press("escape")
        assert standings(driver) == before

        # What would flip, then a version with parent, origin and reasons; the list shows the fixes.
        await driver.press("A")
        await driver.until(lambda: "FIXES 3" in driver.text)
        assert "fixes 3 of the 3 it was written for" in driver.text and "too few of them" in driver.text
        parent = driver.bench.prompt.version if driver.bench.prompt is not None else None
        assert standings(driver) == before and parent is not None
        await driver.press("ctrl+s")
        await driver.until(lambda: driver.app.current.NAME == "workbench" and "kept as" in driver.notice)
        assert driver.bench.prompt is not None
        version = driver.bench.prompt.version
        assert (version.origin, version.kept, version.parent_id) == (Origin.SUGGESTION, True, parent.id)
        assert "no code fences" in driver.bench.prompt_pane.template
        kept = driver.history.adaptation_of(version.id)
        assert kept is not None and kept.details["edits"][0]["why"] == "A program reads it."
        assert all(each.candidate is not Mark.FAILED for each in standings(driver).values())
        assert driver.app.reviews.get(("triage", "newer")) is None
        # Everything that was said can be read afterwards.
        exchange = driver.history.exchanges(kept.details["exchange_ids"])[0]
        assert exchange.answer is not None and "no code fences" in exchange.answer


async def test_an_assistant_that_talks_nonsense_changes_nothing(asked: Asked, pool: ModelPool) -> None:
    async with opened(asked(says("I would rather talk about the weather.")), pool=pool) as driver:
        await run_everything(driver)
        await ask(driver)
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        text = " ".join(driver.text.replace("│", " ").split())
        assert "3 answers could not be used; the last: " in text and "What was sent to the assistant" in text
        assert "no suggestion; ^p What was sent" in driver.notice
        await driver.press("escape")
        assert driver.app.current.NAME == "workbench" and not driver.app.runs.busy
        assert driver.bench.prompt_pane.template == PROMPT.strip()
        said = driver.history.recent_exchanges()
        assert len(said) == 3
        (command,) = [c for c in driver.app.get_system_commands(driver.app.screen) if "sent to the" in c.title]
        command.callback()
        await driver.until(lambda: isinstance(driver.app.screen, ExchangeList))
        signs = [line.partition(" suggestion ")[0][-20:] for line in driver.lines if " suggestion " in line]
        assert ["✗" in one for one in signs] == [False, True, True], "the last was not sent back, so it is not known"
        assert not any("✓" in one for one in signs), "that an answer came does not make it one of use"
        why = refused(said)
        assert set(why) == {one.id for one in said[1:]}
        assert all(words.startswith("Your answer was refused: ") for words in why.values())


async def test_asking_is_stopped_by_a_key(asked: Asked, pool: ModelPool) -> None:
    async with opened(asked('text = "fine"\npace = "none"\n[[faults]]\nkind = "hang"\n'), pool=pool) as driver:
        await run_everything(driver)
        await ask(driver)
        await driver.until(lambda: driver.app.frame.waits and driver.app.runs.busy)
        assert "x stops" in driver.text
        await driver.press("x")
        await driver.until(lambda: not driver.app.runs.busy and not driver.app.frame.waits)
        assert driver.app.reviews.get(("triage", "newer")) is None


async def test_edits_that_earn_no_place_are_left_with_one_key(asked: Asked, pool: ModelPool) -> None:
    async with opened(asked(says("{}")), pool=pool) as driver:
        await run_everything(driver)
        screen = await under_review(driver, NO_FENCES, POLITE)
        review = screen.review
        assert review is not None
        await driver.press("ctrl+a")
        assert review.taken == [0, 1]
        await driver.press("T")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        assert "calls" in driver.text and "$" in driver.text
        await driver.press("enter")
        await driver.until(lambda: "Leave what is not needed?" in driver.text)
        assert "needed for 2 cases" in driver.text or "needed for" in driver.text
        await driver.press("enter")
        await driver.until(lambda: "left: nothing fails without it" in driver.text)
        assert review.taken == [0] and review.left == [1]


async def test_e_changes_the_words_of_what_is_being_accepted(answered: Path) -> None:
    async with opened(answered) as driver:
        review = await accepting(driver, taken=(1, 2))
        assert "e changes the words of edit 2" in driver.text
        await driver.press("tab", "e")
        await driver.until(lambda: isinstance(driver.app.screen, ChangeWords))
        await driver.type("Do. ")
        await driver.press("ctrl+s")
        await driver.until(lambda: "Do. Be polite" in driver.text)
        assert driver.app.current.NAME == "suggestion" and review.edits[1].text.startswith("Do. ")


async def test_the_case_in_view_stays_when_edits_are_kept(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.go_to("c5")
        await accepting(driver, replace(BREAKS, passed=Flips(kept=("c4", "c5", "c6")), held_out=Flips()))
        await driver.press("ctrl+s")
        await driver.until(lambda: driver.app.current.NAME == "workbench" and "kept as v2, 1 fixed" in driver.notice)
        await driver.settle()
        assert driver.case == "c5"


async def test_keeping_what_breaks_asks_first_and_is_remembered_as_such(answered: Path) -> None:
    async with opened(answered) as driver:
        review = await accepting(driver)
        assert "BREAKS 1" in driver.text and "breaks 1 of 4 that passed" in driver.text
        assert "asked 3 times before" in driver.text and "h3" not in driver.text
        await driver.press("ctrl+s")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        await driver.press("n")
        assert driver.app.reviews.get(review.track) is review
        assert len(driver.history.versions("triage", "newer")) == 1
        # What was typed meanwhile is not overwritten: the edits are looked at again.
        typed = driver.bench.prompt_pane.template + "\nOne more line."
        driver.bench.prompt_pane.editor.replace_all(typed)
        await driver.press("ctrl+s")
        await driver.until(lambda: driver.app.current.NAME == "suggestion")
        await driver.until(lambda: review.text == typed)
        assert review.acceptance is None
        review.acceptance = BREAKS
        await driver.press("A")
        await driver.until(lambda: driver.app.current.NAME == "acceptance")
        await driver.press("A")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        await driver.press("y")
        await driver.until(lambda: driver.app.current.NAME == "workbench")
        version = driver.bench.prompt.version if driver.bench.prompt is not None else None
        assert version is not None and "One more line." in version.template and "no code fences" in version.template
        kept = driver.history.adaptation_of(version.id)
        assert kept is not None and kept.details["overridden"] is True


async def test_what_streams_is_seen_and_ends_when_one_looks_away(live: Path, pool: ModelPool) -> None:
    config = live / "migrator.toml"
    config.write_text(config.read_text("utf-8").replace("personas/fenced.toml", "personas/slow.toml"), "utf-8")
    async with opened(live, pool=pool) as driver:
        await under_review(driver)
        await driver.press("space", "t")
        await driver.until(lambda: isinstance(driver.app.screen, TrySides))
        sides = driver.app.screen
        assert isinstance(sides, TrySides)
        await driver.until(lambda: "word3" in driver.text and "x stop" in driver.text)
        assert not sides.after and driver.app.runs.busy
        await driver.press("x")
        await driver.until(lambda: "stopped; what was answered is kept" in driver.text)
        await driver.press("escape", "t")
        await driver.until(lambda: driver.app.screen is not sides and "word3" in driver.text)
        await driver.press("escape")
        await driver.until(lambda: not driver.app.runs.busy)
        assert driver.app.current.NAME == "suggestion" and driver.app.screen is driver.app.current


async def test_an_edit_for_no_case_is_tried_on_failing_ones_first(asked: Asked, pool: ModelPool) -> None:
    async with opened(asked(says("{}")), pool=pool) as driver:
        await run_everything(driver)
        await under_review(driver, NO_FENCES, replace(POLITE, case_ids=()))
        await driver.press("j", "t")
        await driver.until(lambda: isinstance(driver.app.screen, TrySides))
        sides = driver.app.screen
        assert isinstance(sides, TrySides)
        await driver.until(lambda: len(sides.after) == 6 and not sides.going)
        failing = [case for case, each in standings(driver).items() if each.candidate is Mark.FAILED]
        assert sorted(list(sides.cases)[: len(failing)]) == sorted(failing)
