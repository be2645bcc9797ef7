"""`a`: proposals from what a case shows, tried on real answers before anything is written, in effect at once."""

from pathlib import Path

import pytest
from textual.widgets import Input

from migrator_tui.history.records import Section
from migrator_tui.project import trust
from migrator_tui.project.config import load_project
from migrator_tui.tui.add_check.dialog import AddCheck
from migrator_tui.tui.scorecard.screen import ScorecardScreen
from migrator_tui.tui.widgets.header import money
from migrator_tui.tui.widgets.modal import Sheet
from migrator_tui.tui.widgets.text_view import TextView
from tests.tui.conftest import MEDIUM, NARROW, RECORDED, WIDE, Driver, opened
from tests.tui.test_scorecard import go_to_row, to_scorecard


async def ask(driver: Driver, case_id: str) -> AddCheck:
    """Press `a` on a case and wait until the first proposal was tried."""
    await driver.go_to(case_id)
    await driver.press("a")
    await driver.until(lambda: isinstance(driver.app.screen, AddCheck))
    dialog = driver.app.screen
    assert isinstance(dialog, AddCheck)
    await driver.until(lambda: dialog.tried, "the first proposal is tried")
    return dialog


def field(dialog: AddCheck, name: str) -> Input:
    return dialog.query_one(f"#{name}-field", Input)


async def choose(driver: Driver, dialog: AddCheck, name: str) -> None:
    """Put the cursor on the proposal of a check of that name."""
    number = next(n for n, proposal in enumerate(dialog.proposals) if proposal.spec.full_type == name)
    dialog.rows.go_to(str(number))
    await driver.handled()


async def type_check(driver: Driver, dialog: AddCheck, name: str, value: str, more: str = "") -> None:
    for which, text in (("name", name), ("value", value), ("more", more)):
        field(dialog, which).value = text
    await driver.handled()
    await driver.until(lambda: dialog.tried, "it is tried")


async def write(driver: Driver) -> None:
    """Look at the diff and agree."""
    await driver.press("enter")
    await driver.until(lambda: isinstance(driver.app.screen, Sheet), "the diff")
    await driver.press("enter")
    await driver.until(lambda: driver.app.screen is driver.bench, "back in the workbench")
    await driver.settle()


async def test_what_differs_is_proposed_and_tried_first(answered: Path) -> None:
    before = (answered / "migrator.toml").read_bytes()
    async with opened(answered, size=WIDE) as driver:
        dialog = await ask(driver, "c1")
        assert dialog.proposals[0].spec.full_type == "no-code-fence"
        trial = dialog.trial
        assert trial is not None
        # The baseline fences c3, the candidate c1; both fail by a check of their own already.
        assert (trial.baseline.passed, trial.baseline.answered, trial.baseline.would_fail) == (5, 6, [])
        assert (trial.candidate.passed, trial.candidate.answered, trial.candidate.would_fail) == (5, 6, [])
        assert "5 of 6" in driver.text and "none: the one that fails it fails today" in driver.text
        assert 'writes { type = "no-code-fence" }' in driver.text
        await driver.press("escape")
        assert driver.app.screen is driver.bench
    assert (answered / "migrator.toml").read_bytes() == before


async def test_agreed_to_it_is_written_and_counts_at_once(answered: Path) -> None:
    config = answered / "migrator.toml"
    config.write_text(config.read_text("utf-8") + "# the limits\n[gate]\nmargin = 0.05\n", "utf-8")
    async with opened(answered) as driver:
        before = driver.sections
        assert before["c5"] is Section.TO_JUDGE
        dialog = await ask(driver, "c5")
        await type_check(driver, dialog, "max-words", "4")
        trial = dialog.trial
        assert trial is not None
        assert (trial.baseline.would_fail, trial.baseline.answered) == ([], 6)
        assert (trial.candidate.passed, trial.candidate.answered) == (4, 6)
        await write(driver)
        assert driver.notice == "max-words is a check of triage now"
        assert 'checks = [{ type = "max-words", value = 4 }]' in config.read_text("utf-8")
        assert "# the limits\n" in config.read_text("utf-8")
        assert [spec.full_type for spec in driver.app.workspace.project.tasks[0].checks] == ["max-words"]
        assert driver.case == "c5", "the case stays in view"
        after = driver.sections
        assert after["c5"] is Section.REGRESSION
        assert after["c6"] is Section.DRIFT, "nobody had judged it; the check passes it"
        assert "max-words" in driver.text and "5 of at most 4" in driver.text


async def test_which_of_todays_passes_would_fail_is_named(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.go_to("c6")
        await driver.press("p")
        await driver.settle()
        dialog = await ask(driver, "c2")
        await type_check(driver, dialog, "contains", "fence")
        trial = dialog.trial
        assert trial is not None
        # A person's pass of c6 stands whatever a check says.
        assert trial.candidate.would_fail == ["c2", "c3"]
        assert trial.baseline.would_fail == ["c1", "c2", "c4", "c5", "c6"]
        assert "✗ 2 c2 c3" in driver.text and "✗ 5 c1 c2 c4 c5 c6" in driver.text


async def test_a_mistake_is_one_line_and_nothing_can_be_written(answered: Path) -> None:
    async with opened(answered) as driver:
        dialog = await ask(driver, "c1")
        await type_check(driver, dialog, "max-wrods", "4")
        assert 'unknown check "max-wrods"; did you mean max-words?' in driver.text
        await driver.press("enter")
        await driver.handled()
        assert driver.app.screen is dialog
        await type_check(driver, dialog, "max-words", "many")
        assert "needs a whole number that is not negative" in driver.text
        await type_check(driver, dialog, "contains", "x", "threshold 3")
        assert "more keys are written as in the file" in driver.text
        await type_check(driver, dialog, "regex", "")
        assert "type its value: a text" in driver.text
        await driver.press("enter")
        await driver.handled()
        assert driver.app.focused is field(dialog, "value")


async def test_names_are_completed_and_keys_of_its_own_go_in(answered: Path) -> None:
    async with opened(answered) as driver:
        dialog = await ask(driver, "c1")
        await driver.press("end", "G")
        dialog.rows.edge(True)
        await driver.handled()
        await driver.press("enter")
        await driver.until(lambda: driver.app.focused is field(dialog, "name"))
        await driver.type("not-conta")
        await driver.until(lambda: field(dialog, "name")._suggestion == "not-contains")
        await driver.press("right")
        assert field(dialog, "name").value == "not-contains"
        await driver.press("tab")
        await driver.type("json")
        await driver.press("tab")
        await driver.type('metric = "no label", weight = 0')
        await driver.until(lambda: dialog.trial is not None and dialog.trial.spec.metric == "no label")
        await write(driver)
        spec = driver.app.workspace.project.tasks[0].checks[0]
        assert (spec.full_type, spec.value, spec.metric, spec.weight) == ("not-contains", "json", "no label", 0.0)


async def test_one_that_asks_a_model_says_what_it_takes(answered: Path) -> None:
    config = answered / "migrator.toml"
    config.write_text(
        config.read_text("utf-8") + '\n[judge]\nmodel = "openai/x"\nprice = { input = 2.0, output = 8.0 }\n', "utf-8"
    )
    async with opened(answered) as driver:
        dialog = await ask(driver, "c4")
        await choose(driver, dialog, "llm-rubric")
        await type_check(driver, dialog, "llm-rubric", "is kind")
        trial = dialog.trial
        assert trial is not None and trial.waits and trial.calls == 12 and trial.cost is not None
        # 300 tokens around, 100 of the answer, each time: 12 × (0.0006 + 0.0008), and a little for the texts.
        assert trial.cost == pytest.approx(12 * 0.0014, rel=0.1)
        assert "12 calls" in driver.text and f"about {money(trial.cost)}" in driver.text


async def test_a_file_changed_elsewhere_meanwhile_is_not_overwritten(answered: Path) -> None:
    config = answered / "migrator.toml"
    async with opened(answered) as driver:
        await ask(driver, "c1")
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        config.write_text(config.read_text("utf-8") + "# mine\n", "utf-8")
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, AddCheck) and "nothing is written" in driver.text)
    assert config.read_text("utf-8").endswith("# mine\n") and "no-code-fence" not in config.read_text("utf-8")


async def test_a_trusted_folder_stays_trusted(answered: Path) -> None:
    project = load_project(answered)
    trust.trust(project)
    async with opened(answered) as driver:
        await ask(driver, "c1")
        await write(driver)
        assert driver.app.workspace.trusted
    assert trust.is_trusted(load_project(answered))


@pytest.mark.parametrize("size", [MEDIUM, NARROW], ids=["120x36", "80x24"])
async def test_all_of_it_is_in_sight(answered: Path, size: tuple[int, int]) -> None:
    async with opened(answered, size=size) as driver:
        await ask(driver, "c1")
        for words in ("another check", "check", "value", "more", "baseline", "candidate", "writes", "esc close"):
            assert words in driver.text, words


async def test_blind_it_would_tell_which_is_which(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("b", "a")
        assert "b leaves blind mode" in driver.notice
        assert driver.app.screen is driver.bench


async def test_from_a_drift_on_the_scorecard(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.press("2")
        await driver.until(
            lambda: driver.app.current.NAME == "scorecard" and driver.app.cards.holds(("triage", "newer"))
        )
        await driver.settle()
        screen = driver.app.current
        assert isinstance(screen, ScorecardScreen)
        screen.focus_part("gate")
        await driver.handled()
        await driver.press("a")
        await driver.until(lambda: "tab leads to what changed" in driver.notice)
        screen.focus_part("drift")
        await driver.handled()
        part = screen.focused_part
        assert part is not None
        part.rows.go_to("fences")
        await driver.handled()
        await driver.press("a")
        await driver.until(lambda: isinstance(driver.app.screen, AddCheck))
        dialog = driver.app.screen
        assert isinstance(dialog, AddCheck)
        await driver.until(lambda: dialog.tried)
        assert dialog.proposals[0].spec.full_type == "no-code-fence"
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is screen)
        await driver.until(lambda: driver.app.cards.holds(("triage", "newer")))
        await driver.settle()
        assert [spec.full_type for spec in driver.app.workspace.project.tasks[0].checks] == ["no-code-fence"]
        assert driver.notice == "no-code-fence is a check of triage now"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x45", "80x24"])
async def test_what_is_checked_already_is_said(answered: Path, size: tuple[int, int]) -> None:
    """By the drift's own checks, and by another one of the same kind as the one that is about to be added."""
    checks = 'checks = ["no-code-fence", { type = "max-words", value = 60 }]\n'
    (answered / "migrator.toml").write_text(RECORDED + checks, "utf-8")
    async with opened(answered, size=size) as driver:
        await to_scorecard(driver)
        await go_to_row(driver, "drift", "fences")
        await driver.press("a")
        await driver.until(lambda: isinstance(driver.app.screen, AddCheck))
        dialog = driver.app.screen
        assert isinstance(dialog, AddCheck)
        await driver.until(lambda: dialog.ground is not None and dialog.tried)
        assert "Add a check to triage against fences added" in driver.text
        assert "✓ already checked by no-code-fence" in driver.text
        assert dialog.proposals[0].spec.full_type == "is-json", "what is not there yet comes first"
        assert "already, which stays" not in driver.text
        await type_check(driver, dialog, "max-words", "45")
        assert "the task has max-words 60 already, which stays: both will count" in driver.text
        assert "writes" in driver.text


async def test_a_text_marked_with_the_mouse_comes_first(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.go_to("c5")
        view = driver.bench.candidate_pane.query_one(TextView)
        # "parcel" of "Your parcel is late, sorry."; the view has a cell of padding at its left.
        await driver.pilot.mouse_down(view, offset=(1 + 5, 0))
        await driver.pilot.hover(view, offset=(1 + 10, 0))
        await driver.pilot.mouse_up(view, offset=(1 + 10, 0))
        await driver.handled()
        assert driver.bench.get_selected_text() == "parcel"
        driver.bench.rows.focus()
        await driver.press("a")
        await driver.until(lambda: isinstance(driver.app.screen, AddCheck))
        dialog = driver.app.screen
        assert isinstance(dialog, AddCheck)
        await driver.until(lambda: dialog.tried)
        first = dialog.proposals[0].spec
        assert (first.full_type, first.value) == ("contains", "parcel")
        assert dialog.trial is not None and dialog.trial.candidate.passed == 1
