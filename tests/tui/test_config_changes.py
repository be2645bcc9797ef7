"""A configuration edited outside while the app is open: it takes effect, or one line says why it does not."""

from pathlib import Path

from migrator_tui.history.records import Section
from migrator_tui.project import trust
from migrator_tui.project.config import load_project
from tests.tui.conftest import RECORDED, WIDE, Driver, opened

CHECKED = RECORDED + 'checks = [{ type = "max-words", value = 4 }]\n'


async def look(driver: Driver) -> None:
    """What a timer does every two seconds, now."""
    driver.bench._look_outside()
    await driver.settle()


async def save(driver: Driver, config: str) -> None:
    """Somebody saves another configuration; the app looks."""
    folder = driver.app.workspace.project.folder
    (folder / "migrator.toml").write_text(config, "utf-8")
    await look(driver)


async def test_checks_and_limits_take_effect_and_the_case_stays(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.go_to("c5")
        before = driver.sections
        assert before["c5"] is Section.TO_JUDGE
        await save(driver, CHECKED + "\n[gate]\nmargin = 0.2\n")
        assert driver.notice == "migrator.toml has changed: this is what it says now"
        after = driver.sections
        assert after["c5"] is Section.REGRESSION
        assert driver.case == "c5" and "5 of at most 4" in driver.text
        assert driver.app.workspace.project.tasks[0].gate.margin == 0.2
        await driver.press("2")
        await driver.until(lambda: "no more than 20 pt lower" in driver.text, "the scorecard goes by the new limit")


async def test_a_mistake_is_one_line_and_the_old_one_stays(answered: Path) -> None:
    async with opened(answered) as driver:
        project = driver.app.workspace.project
        await save(driver, RECORDED.replace("model =", "modle =", 1))
        assert driver.notice.startswith('migrator.toml:6: unknown key "modle" in [baseline]; did you mean "model"?')
        assert "what was read before still holds" in driver.notice
        assert driver.app.workspace.project is project
        driver.app.say("")
        await look(driver)
        assert driver.notice == "", "said once for each change"
        await driver.press("w")
        await driver.settle_but_for_questions()
        assert "nothing is written" in driver.notice, "nothing builds on a file that was not taken"
        await save(driver, CHECKED)
        assert driver.app.workspace.project is not project


async def test_saved_as_it_was_is_no_change(answered: Path) -> None:
    async with opened(answered) as driver:
        project = driver.app.workspace.project
        await save(driver, RECORDED)
        assert driver.app.workspace.project is project and driver.notice == ""


async def test_parameters_become_a_version(answered: Path) -> None:
    async with opened(answered) as driver:
        await save(
            driver,
            RECORDED.replace('new.jsonl"\nparams = { max_tokens = 100 }', 'new.jsonl"\nparams = { top_p = 1 }'),
        )
        await driver.until(lambda: "the prompt file changed outside: that is v2 now" in driver.notice)
        assert "top_p" in driver.bench.prompt_pane.params_text


async def test_a_new_candidate_can_be_asked(answered: Path) -> None:
    (answered / "outputs" / "third.jsonl").write_text((answered / "outputs" / "old.jsonl").read_text())
    async with opened(answered) as driver:
        await save(driver, RECORDED + '\n[[candidates]]\nname = "third"\nmodel = "recorded:outputs/third.jsonl"\n')
        assert "0 Project" in driver.lines[1]
        await driver.press("]")
        await driver.settle()
        assert driver.app.workspace.candidate.name == "third"
        await driver.press("r")
        await driver.settle()
        assert driver.bench.sides.candidate is not None
        assert driver.bench.sides.candidate.output.text == '{"category": "billing"}'


async def test_where_the_candidate_in_view_is_gone_the_first_one_comes(answered: Path) -> None:
    async with opened(answered) as driver:
        await save(driver, RECORDED.replace('"newer"', '"other"'))
        assert driver.app.workspace.candidate.name == "other"
        assert driver.app.frame.candidate_short == "other"
        assert all(section is Section.NOT_RUN for section in driver.sections.values())


async def test_a_change_waits_for_the_end_of_blind_judging(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("b")
        project = driver.app.workspace.project
        await save(driver, CHECKED)
        assert driver.app.workspace.project is project
        await driver.press("b")
        await look(driver)
        assert driver.app.workspace.project is not project


FAR = RECORDED.replace("recorded:outputs/new.jsonl", "openai/x").replace(
    'name = "newer"', 'name = "newer"\napi_base = "https://elsewhere.example/v1"'
)


async def test_what_needs_trust_is_asked_at_the_next_start(answered: Path) -> None:
    trust.trust(load_project(answered))
    async with opened(answered) as driver:
        project = driver.app.workspace.project
        await save(driver, FAR)
        assert "sends requests and your key to elsewhere.example" in driver.notice
        assert "leave and open it again to be asked" in driver.notice
        assert driver.app.workspace.project is project
        await save(driver, CHECKED)
        assert driver.app.workspace.project is not project, "what needs no trust takes effect"
        assert not driver.app.workspace.trusted


async def test_trust_for_this_once_is_for_what_it_was_given_to(answered: Path) -> None:
    async with opened(answered) as driver:  # opened as with --trust
        project = driver.app.workspace.project
        await save(driver, FAR)
        assert "leave and open it again to be asked" in driver.notice
        assert driver.app.workspace.project is project
        await save(driver, CHECKED)
        assert driver.app.workspace.trusted


async def test_another_database_waits_for_the_next_start(answered: Path) -> None:
    async with opened(answered) as driver:
        await save(driver, RECORDED + '\n[history]\ndatabase = "sqlite:////nowhere/x.db"\n')
        assert driver.app.workspace.project.database is None
        assert "open it again" in driver.notice


async def test_recordings_by_other_columns_are_read_anew(answered: Path) -> None:
    async with opened(answered) as driver:
        text = (answered / "outputs" / "new.jsonl").read_text().replace('"output"', '"said"')
        (answered / "outputs" / "new.jsonl").write_text(text)
        await save(
            driver, RECORDED.replace('outputs/new.jsonl"', 'outputs/new.jsonl"\ncolumns = { output = "said" }')
        )
        await driver.until(lambda: driver.bench.ready)
        await driver.go_to("c4")
        await driver.press("r")
        await driver.settle()
        assert driver.bench.sides.candidate is not None
        assert driver.bench.sides.candidate.output.text == "We shall look into it today."


async def test_another_model_and_back_is_followed_by_the_list(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        before = driver.sections
        assert Section.REGRESSION in before.values()
        other = RECORDED.replace("outputs/new.jsonl", "outputs/old.jsonl")
        await save(driver, other)
        await driver.until(lambda: set(driver.sections.values()) == {Section.NOT_RUN})
        await save(driver, RECORDED)
        await driver.until(lambda: driver.sections == before)
