"""The review of a suggestion: what is shown of each edit, and what its keys do. Nothing changes without one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from migrator_tui.adaptation.values import Ablation, Edit, Op
from migrator_tui.history.adaptation_records import CasePart
from migrator_tui.history.records import Origin
from migrator_tui.tui.adaptation.asking import show
from migrator_tui.tui.adaptation.review_keeping import put
from migrator_tui.tui.adaptation.review_state import Choice, Review
from migrator_tui.tui.adaptation.review_words import ChangeWords
from tests.tui.adaptation.reviewing import (
    COPIED,
    NO_FENCES,
    POLITE,
    SUGGESTION,
    leave_with,
    under_review,
    under_review_of_nothing,
)
from tests.tui.conftest import MEDIUM, NARROW, PROMPT, opened

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("size", [MEDIUM, NARROW])
async def test_an_edit_is_shown_with_its_reason_its_lines_and_its_cases(
    answered: Path, size: tuple[int, int]
) -> None:
    async with opened(answered, size=size) as driver:
        await under_review(driver)
        assert "JSON only, no fences" in driver.text and "3 to decide" in driver.text
        assert "Why  A program reads the answers" in driver.text
        lines = [line for line in driver.lines if " − Answer with JSON." in line]
        assert lines and "2 − " in lines[0]
        await driver.press("tab", "tab")
        assert "T" not in driver.app.frame.notice
        row = next(line for line in driver.lines if "c1◆" in line)
        assert "✗" in row and "no-code-fence" in row


async def test_what_speaks_against_an_edit_stands_under_it(answered: Path) -> None:
    """A phrase of a case, no reason, and markup or a terminal's commands in an assistant's words are harmless."""
    hostile = replace(POLITE, title="polite \x1b]0;stolen\x07 [/b][link=x]", why="\x1b[2Jwhy\u202e")
    async with opened(answered) as driver:
        screen = await under_review(driver, NO_FENCES, hostile, COPIED)
        assert screen.review is not None and set(screen.review.leaks) == {2}
        text = driver.text
        assert "copies a test case: c4" in text and "unexplained" in text
        assert "␛]0;stolen" in text and "[/b]" in text and "\x1b" not in text
        assert "max_tokens cuts" in text and "claude-opus-5" in text


async def test_a_held_out_case_is_never_listed_whatever_an_edit_names(answered: Path) -> None:
    async with opened(answered) as driver:
        driver.history.keep_case_parts("triage", {"c1": CasePart.HELD_OUT, "c3": CasePart.LEARN})
        screen = await under_review(driver)
        assert screen.behind.keys == ["c3"] and "c1" not in driver.text


async def test_space_takes_and_leaves_and_a_reason_reaches_the_next_request(answered: Path) -> None:
    async with opened(answered) as driver:
        screen = await under_review(driver)
        review = screen.review
        assert review is not None
        await driver.press("space")
        await driver.until(lambda: "variables kept" in driver.text)
        assert review.taken == [0]
        await driver.press("space")
        await driver.until(lambda: review.choices[0] is Choice.LEFT)
        await driver.press("j")
        await leave_with(driver, *"we are curt")
        await driver.until(lambda: "left: we are curt" in driver.text)
        assert driver.bench.prompt_pane.template == PROMPT.strip()
        told = lambda: [(e.edit["title"], e.reason) for e in driver.history.rejected_edits("triage", "newer")]  # noqa: E731
        await driver.until(lambda: told() == [("polite", "we are curt")])
        # Another reason is told instead of the first; nothing is told twice.
        await leave_with(driver, "end", "!")
        await driver.until(lambda: "left: we are curt!" in driver.text)
        show(driver.app, replace(review, suggestion=review.suggestion))
        await driver.until(lambda: told() == [("JSON only, no fences", ""), ("polite", "we are curt!")])
        # What is taken after all was not turned down.
        await driver.until(lambda: screen.number == 0)
        await driver.press("j")
        await leave_with(driver, "x")
        await driver.until(lambda: "left: x" in driver.text)
        await driver.until(lambda: driver.history.rejected_edits("triage", "newer")[0].reason == "x")
        await driver.press("space")
        await driver.until(
            lambda: (
                [each.edit["title"] for each in driver.history.rejected_edits("triage", "newer")]
                == ["JSON only, no fences"]
            )
        )


async def test_a_suggestion_comes_back_at_the_next_start_with_what_was_made_of_it(answered: Path) -> None:
    async with opened(answered) as driver:
        screen = await under_review(driver)
        assert screen.review is not None
        show(driver.app, replace(screen.review, asked_at=datetime.now(UTC) - timedelta(hours=3)))
        await driver.press("space", "j")
        await leave_with(driver, *"curt")
        await driver.press("j", "e")
        await driver.until(lambda: isinstance(driver.app.screen, ChangeWords))
        await driver.type("So. ")
        await driver.press("ctrl+s")
        await driver.until(lambda: "2 taken" in driver.text)
        before = driver.app.reviews.get(("triage", "newer"))
    async with opened(answered) as driver:
        await driver.press("s")
        await driver.until(lambda: driver.app.current.NAME == "suggestion")
        await driver.until(lambda: "2 taken" in driver.text and "asked 3 h ago" in driver.text)
        review = driver.app.reviews.get(("triage", "newer"))
        assert review is not None and before is not None and review is not before
        assert review.choices == [Choice.TAKEN, Choice.LEFT, Choice.TAKEN] and review.reasons == {1: "curt"}
        assert review.edits == before.edits and review.edits[2].text.startswith("So. ")
        assert review.suggestion == before.suggestion


async def test_a_choice_that_the_guards_refuse_cannot_be_accepted(answered: Path) -> None:
    losing = Edit(
        Op.REPLACE, anchor="Sort tickets for {{ shop }}.", text="Sort tickets.", title="shorter", why="Short."
    )
    async with opened(answered) as driver:
        await under_review(driver, losing)
        await driver.press("space", "A")
        await driver.until(lambda: "may not be lost" in driver.notice)
        assert driver.app.current.NAME == "suggestion"
        assert driver.bench.prompt_pane.template == PROMPT.strip()


async def test_words_are_changed_with_the_guards_looking_on(answered: Path) -> None:
    async with opened(answered) as driver:
        screen = await under_review(driver)
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.app.screen, ChangeWords))
        dialog = driver.app.screen
        assert isinstance(dialog, ChangeWords)
        dialog.editor.text = "Answer with {{ nothing }} but JSON."
        await driver.until(lambda: "may not be added" in driver.text)
        dialog.editor.text = "Answer with nothing but JSON."
        await driver.until(lambda: "variables kept" in driver.text)
        await driver.press("ctrl+s")
        await driver.until(lambda: "+ Answer with nothing but JSON." in driver.text)
        assert screen.review is not None and screen.review.taken == [0]


async def test_edits_follow_a_draft_that_changes_or_are_stale(answered: Path) -> None:
    async with opened(answered) as driver:
        screen = await under_review(driver)
        await driver.press("space", "escape")
        await driver.edit("# Triage\n\nSort tickets for {{ shop }}.\nAnswer with XML.\n")
        await driver.press("s")
        await driver.until(lambda: "stale: " in driver.text)
        review = screen.review
        assert review is not None and set(review.stale) == {0} and review.taken == []
        await driver.press("space")
        assert review.taken == [] and "stale" in driver.notice
        await driver.press("j", "space")
        await driver.until(lambda: "Be polite to the customer." in driver.text)
        assert review.taken == [1]


async def test_edits_follow_a_prompt_file_that_changes_under_them_and_goes_back(answered: Path) -> None:
    file = answered / "prompts" / "triage.md"
    async with opened(answered) as driver:
        screen = await under_review(driver)
        review = screen.review
        assert review is not None
        file.write_text("Sort tickets for {{ shop }}.\nAnswer with XML.\n", "utf-8")
        await driver.until(lambda: set(review.stale) == {0} and "stale: " in driver.text)
        assert (review.label, "Answer with XML." in review.text) == ("v2", True)
        assert "2 to decide · 1 stale" in driver.text
        file.write_text(PROMPT, "utf-8")
        await driver.until(lambda: "that is v1 now" in driver.notice)
        await driver.until(lambda: not review.stale and "3 to decide" in driver.text)
        assert driver.app.frame.version == review.label == "v1"


async def test_a_held_out_case_has_no_name_where_an_edit_copies_it(answered: Path) -> None:
    async with opened(answered) as driver:
        driver.history.keep_case_parts("triage", {"c4": CasePart.HELD_OUT})
        await under_review(driver, COPIED)
        await driver.until(lambda: "copies a held-out case" in driver.text)
        assert "a held-out one says:" in driver.text and "c4" not in driver.text


async def test_take_all_leaves_alone_what_was_left(answered: Path) -> None:
    async with opened(answered) as driver:
        screen = await under_review(driver)
        review = screen.review
        assert review is not None
        await leave_with(driver, *"no")
        await driver.until(lambda: review.reasons == {0: "no"})
        await driver.press("ctrl+a")
        assert review.choices == [Choice.LEFT, Choice.TAKEN, Choice.TAKEN]
        await driver.press("ctrl+a")
        assert review.choices == [Choice.LEFT, Choice.OPEN, Choice.OPEN] and review.reasons == {0: "no"}


async def test_another_suggestion_is_read_from_its_top(answered: Path) -> None:
    async with opened(answered, size=NARROW) as driver:
        screen = await under_review(driver)
        assert screen.review is not None
        await driver.press("G")
        assert screen.number is None
        show(driver.app, replace(screen.review, suggestion=screen.review.suggestion))
        await driver.until(lambda: screen.number == 0 and "JSON only, no fences" in driver.lines[4])


@pytest.mark.parametrize("minimal", [False, True])
async def test_without_an_edit_it_says_what_to_do(answered: Path, minimal: bool) -> None:
    (answered / "migrator.toml").write_text(
        (answered / "migrator.toml").read_text("utf-8") + 'frozen = ["1"]\n', "utf-8"
    )
    async with opened(answered) as driver:
        empty = replace(SUGGESTION, edits=(), causes=(), minimal=minimal)
        await under_review_of_nothing(driver, empty)
        assert ("can go." in driver.text) is minimal and "frozen" in driver.text
        assert "asks anew" in driver.text and "s ask anew" in driver.lines[-1] and "space" not in driver.lines[-1]


@pytest.mark.parametrize("size", [MEDIUM, NARROW])
async def test_the_workbench_says_that_edits_wait(answered: Path, size: tuple[int, int]) -> None:
    async with opened(answered, size=size) as driver:
        assert "s suggest " in driver.lines[-1]
        screen = await under_review(driver)
        assert screen.review is not None
        show(driver.app, screen.review)
        await driver.press("escape", "e")
        await driver.until(lambda: "s 3 edits suggested" in driver.text)
        await driver.press("escape")
        await driver.until(lambda: "s 3 edits " in driver.lines[-1])


async def test_what_was_sent_is_copied_to_a_file_too(answered: Path) -> None:
    async with opened(answered) as driver:
        await under_review(driver)
        await driver.press("i")
        await driver.until(lambda: "y copy" in driver.text)
        await driver.press("y")
        await driver.until(lambda: "copied, also to a file" in driver.text)
        assert "nothing was sent" in (user_cache_path("migrator-tui", appauthor=False) / "copied.txt").read_text()


async def test_enter_leads_from_an_edit_to_a_case_and_from_advice_to_the_parameters(answered: Path) -> None:
    async with opened(answered) as driver:
        await under_review(driver)
        await driver.press("enter", "j", "enter")
        assert driver.app.current.NAME == "workbench" and driver.case == "c3"
        await driver.press("s", "escape", "G", "k", "enter")
        assert driver.app.current.NAME == "workbench" and driver.bench.prompt_pane.tab == "params"


async def test_what_did_not_earn_its_place_says_so_until_the_choice_is_another(answered: Path) -> None:
    async with opened(answered) as driver:
        screen = await under_review(driver)
        review = screen.review
        assert review is not None
        await driver.press("space")
        review.ablations = {0: Ablation(0, ("c1", "c3"), ()), 1: Ablation(1, (), ("c4",))}
        screen.paint()
        await driver.settle_but_for_questions()
        assert "needed for 2 cases" in driver.text
        assert "nothing fails without it" in driver.text and "1 case passes only without it" in driver.text
        await driver.press("j", "space")
        assert "needed for" not in driver.text


async def test_without_an_assistant_it_is_said_what_to_write(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("s")
        await driver.until(lambda: "add [assistant] to migrator.toml" in driver.notice)


async def test_edits_accepted_for_one_task_are_offered_to_another_and_only_looked_at_there(answered: Path) -> None:
    from migrator_tui.tui.adaptation.acceptance_offer import OfferDialog, offer

    config = answered / "migrator.toml"
    task = '\n[[tasks]]\nname = "{}"\nprompt = "prompts/{}.md"\ncases = ["cases/triage.jsonl"]\n'
    config.write_text(
        config.read_text("utf-8") + task.format("replies", "replies") + task.format("xml", "xml"), "utf-8"
    )
    (answered / "prompts" / "replies.md").write_text("Reply for {{ shop }}.\nAnswer with JSON.\n", "utf-8")
    (answered / "prompts" / "xml.md").write_text("Reply for {{ shop }}, with XML.\n", "utf-8")
    async with opened(answered) as driver:
        screen = await under_review(driver)
        review = screen.review
        assert review is not None
        # A suggestion that is under review there gives way, which is said.
        old = replace(SUGGESTION, task="replies")
        put(driver.app, Review(old, "", {}, None, "v1"))
        driver.app.run_worker(offer(driver.app, review, [NO_FENCES]))
        await driver.until(lambda: isinstance(driver.app.screen, OfferDialog) and "replies" in driver.text)
        assert "1 edit fits, instead of what is suggested there" in driver.text
        assert "xml" not in driver.text
        await driver.press("enter")
        await driver.until(
            lambda: driver.app.workspace.task.name == "replies" and "Accepted for another" in driver.text
        )
        there = screen.review
        assert there is not None and there.taken == [] and there.edits[0].case_ids == ()
        # The workbench opens the other task in a thread of its own.
        await driver.until(lambda: driver.bench.prompt_pane.template.startswith("Reply"), "the other task's prompt")
        await driver.settle()
        assert driver.bench.prompt_pane.template == "Reply for {{ shop }}.\nAnswer with JSON."


async def test_what_was_only_tried_is_not_in_the_editor_at_the_next_start(answered: Path) -> None:
    async with opened(answered) as driver:
        assert driver.bench.prompt is not None
        before = driver.bench.prompt.version
        tried = driver.history.record_version(
            task="triage",
            model_name="newer",
            template=before.template + "\nBe polite.",
            params=dict(before.params),
            parent_id=before.id,
            origin=Origin.SUGGESTION,
            author="ada",
            kept=False,
        )
        assert not tried.kept
    async with opened(answered) as driver:
        assert driver.bench.prompt is not None and driver.bench.prompt.version.id == before.id
        assert driver.bench.prompt_pane.template == PROMPT.strip()
