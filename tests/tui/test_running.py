"""Asking models from the screen: real worker, real HTTP to simulated models, real history."""

import asyncio
from pathlib import Path

import pytest

from migrator_tui.history.records import Mark, Section
from migrator_tui.history.store import History
from migrator_tui.models.pool import ModelPool
from migrator_tui.project.config import load_project
from migrator_tui.running.plan import plan_run
from migrator_tui.running.run import Runner
from migrator_tui.running.selection import Selection
from migrator_tui.tui.messages import RunBroke
from migrator_tui.tui.workbench.run_dialog import RunDialog
from tests.tui.conftest import CASES, MEDIUM, SIMULATED, WIDE, Driver, opened, write_project

pytestmark = pytest.mark.asyncio(loop_scope="session")


def project(folder: Path, *, old: str = "dry", new: str = "fenced", asks: dict[str, str] | None = None) -> Path:
    """Six cases on personas of `PERSONAS`; `asks` gives some cases another question."""
    config = SIMULATED.replace("personas/dry.toml", f"personas/{old}.toml")
    config = config.replace("personas/fenced.toml", f"personas/{new}.toml").replace("= 100 }", "= 1000 }")
    cases = [
        {**case, "messages": [{"role": "user", "content": (asks or {}).get(case["id"], f"about {case['id']}")}]}
        for case in CASES
    ]
    return write_project(folder, config=config, cases=cases)


def candidate(driver: Driver, case_id: str) -> Mark:
    found = driver.history.standings("triage", "newer", [case_id]).get(case_id)
    return found.candidate if found is not None else Mark.NOT_RUN


async def run_everything(driver: Driver) -> None:
    """`R`, `enter`, and wait."""
    await driver.press("R")
    await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
    await driver.press("enter")
    await driver.until(lambda: driver.app.runs.bulk or "answered" in driver.notice)
    await driver.settle()


async def test_r_asks_both_models_and_an_edit_makes_the_case_pass(live: Path, pool: ModelPool) -> None:
    async with opened(live, pool=pool) as driver:
        assert driver.case == "c1"
        await driver.press("r")
        await driver.until(lambda: candidate(driver, "c1") is Mark.FAILED)
        await driver.settle()
        assert driver.sections["c1"] is Section.REGRESSION
        assert "```json" in driver.text and "no-code-fence" in driver.text
        outputs = {
            name: driver.history.current_outputs("triage", name, f"simulated:personas/{persona}.toml", ["c1"])["c1"][
                0
            ]
            for name, persona in (("baseline", "dry"), ("newer", "fenced"))
        }
        assert all(o.text and o.first_token_ms is not None for o in outputs.values()), "both were streamed"
        assert outputs["newer"].text in driver.bench.candidate_pane.view.raw_text

        await driver.press("e")
        assert driver.bench.in_editor
        await driver.to_end()
        await driver.type("\nAnswer with raw JSON only, never inside code fences.")
        assert driver.app.frame.draft
        await driver.press("f5")
        await driver.until(lambda: candidate(driver, "c1") is Mark.PASSED)
        await driver.settle()
        assert driver.app.frame.version == "v2" and not driver.app.frame.draft
        assert "v2" in driver.lines[0]
        assert driver.bench.in_editor, "the cursor stays where one types"
        again = driver.history.current_outputs("triage", "baseline", "simulated:personas/dry.toml", ["c1"])["c1"][0]
        assert again.id == outputs["baseline"].id, "the baseline is not asked twice"
        await driver.press("escape", "p")
        assert driver.history.standings("triage", "newer", ["c1"]).get("c1").judged.name == "PASS"  # type: ignore[union-attr]


async def test_both_panes_stream_at_once_and_may_be_left_meanwhile(
    tmp_path: Path, pool: ModelPool, personas: None
) -> None:
    folder = project(tmp_path / "slow", old="slow", new="slow")
    async with opened(folder, pool=pool) as driver:
        await driver.press("r")
        panes = (driver.bench.baseline_pane, driver.bench.candidate_pane)
        await driver.until(lambda: all("word5" in pane.view.raw_text for pane in panes), "both stream")
        assert all(pane.streaming for pane in panes)
        assert sum(line.count(" live ") for line in driver.lines) == 2
        await driver.press("p")
        assert "wait for the end" in driver.notice
        await driver.press("r")
        assert "is being asked" in driver.notice
        # Elsewhere and back: the stream went on.
        before = len(driver.bench.candidate_pane.view.raw_text)
        await driver.press("j")
        assert driver.case == "c2" and not driver.bench.candidate_pane.streaming
        await driver.press("k")
        await driver.until(lambda: len(driver.bench.candidate_pane.view.raw_text) > before)
        await driver.press("x")
        await driver.until(lambda: not driver.app.runs.busy)
        await driver.settle()
        assert "stopped" in driver.notice
        assert candidate(driver, "c1") is Mark.NOT_RUN and "Not run yet" in driver.text


async def test_the_dialog_tells_calls_and_money_before_anything_is_spent(live: Path, pool: ModelPool) -> None:
    async with opened(live, pool=pool) as driver:
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        dialog = driver.app.screen
        assert isinstance(dialog, RunDialog)
        assert [(c.words, c.cases, c.estimate.calls) for c in dialog.choices] == [
            ("all", 6, 12),
            ("failing only", 0, 0),
            ("to judge only", 6, 12),
        ]
        text = driver.text
        assert "money" in text and "$" in text and "12" in text
        await driver.press("escape")
        await driver.settle()
        assert not driver.app.runs.busy and driver.history.runs(5) == []
        await run_everything(driver)
        assert "12 of 12 answered" in driver.notice
        assert {candidate(driver, f"c{n}") for n in (1, 2, 3)} == {Mark.FAILED}
        # With answers there, only what is left is offered.
        await driver.press("slash")
        await driver.type("tag:refund")
        await driver.press("enter", "R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        dialog = driver.app.screen
        assert isinstance(dialog, RunDialog)
        assert [(c.words, c.estimate.calls) for c in dialog.choices] == [
            ("all", 0), ("failing only", 0), ("to judge only", 0), ("shown by the filter", 0)
        ]  # fmt: skip
        await driver.press("enter")
        assert isinstance(driver.app.screen, RunDialog), "nothing to run is not run"


async def test_the_order_is_held_while_a_run_goes_on_and_x_stops_it(
    tmp_path: Path, pool: ModelPool, personas: None
) -> None:
    folder = project(tmp_path / "stuck", new="stuck", asks={"c6": "wait for ever"})
    async with opened(folder, pool=pool) as driver:
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        await driver.press("enter")
        await driver.until(lambda: candidate(driver, "c5") is not Mark.NOT_RUN and driver.app.frame.run is not None)
        await driver.until(lambda: driver.app.frame.run is not None and driver.app.frame.run.done == 11)
        assert driver.ids == ["c1", "c2", "c3", "c4", "c5", "c6"]
        assert "11/12" in driver.lines[0] and "order held while running" in driver.text
        assert "running" in next(line for line in driver.lines if " c6 " in line)
        await driver.press("o")
        assert driver.ids[-1] == "c6" and "Not run 1" in driver.text
        await driver.press("R")
        assert "a run is going on" in driver.notice
        await driver.press("x")
        await driver.until(lambda: not driver.app.runs.busy)
        await driver.settle()
        assert "11 of 12 answered" in driver.notice
        assert driver.app.frame.run is None and candidate(driver, "c6") is Mark.NOT_RUN


async def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path, pool: ModelPool, personas: None) -> None:
    folder = project(tmp_path / "killed", new="stuck", asks={"c6": "wait for ever"})
    async with opened(folder, pool=pool) as driver:
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        await driver.press("enter")
        await driver.until(lambda: driver.app.frame.run is not None and driver.app.frame.run.done == 11)
        first = driver.history.current_outputs("triage", "newer", "simulated:personas/stuck.toml", None)
    write_project(folder, config=(folder / "migrator.toml").read_text())  # c6 asks something that is answered
    async with opened(folder, pool=pool) as driver:
        await driver.until(lambda: driver.bench.rest is not None)
        assert "1 call" in driver.notice and "R goes on" in driver.notice
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        dialog = driver.app.screen
        assert isinstance(dialog, RunDialog)
        assert (dialog.choices[0].words, dialog.choices[0].estimate.calls) == ("go on where it stopped", 1)
        await driver.press("enter")
        await driver.until(lambda: candidate(driver, "c6") is not Mark.NOT_RUN)
        await driver.settle()
        second = driver.history.current_outputs("triage", "newer", "simulated:personas/stuck.toml", None)
        assert set(second) - set(first) == {"c6"}
        assert {c: o[0].id for c, o in first.items()} == {c: second[c][0].id for c in first}, "nothing asked again"


async def test_a_run_that_cannot_go_on_is_told_and_nothing_else(answered: Path) -> None:
    project = load_project(answered)
    with History.open(project) as history:
        plan = plan_run(project, history, Selection(use_cache=False), author="tester")
        history.finish_run(history.start_run(plan.settings, plan.items, "tester").id, "stopped")
    cases = answered / "cases" / "triage.jsonl"
    cases.write_text("".join(cases.read_text().splitlines(keepends=True)[1:]))
    async with opened(answered) as driver:
        await driver.until(lambda: "start a new run" in driver.notice)
        assert driver.bench.rest is None and driver.app.crash is None
        assert "c1" not in driver.ids


async def test_a_mistake_of_ours_in_a_run_is_not_swallowed(answered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Runner, "run_case", broken)
    async with opened(answered) as driver:
        told: list[object] = []
        monkeypatch.setattr(driver.app.runs, "_post", told.append)
        await driver.press("r")
        await driver.until(lambda: any(isinstance(message, RunBroke) for message in told))
        # What a handler raises ends the program with a log and one line.
        with pytest.raises(RuntimeError, match="a bug"):
            driver.app.on_run_broke(next(message for message in told if isinstance(message, RunBroke)))


async def test_an_answer_from_the_cache_says_so(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        assert "from cache" not in driver.text
        await driver.press("r")
        await driver.settle()
        assert driver.text.count("from cache") == 1
        await driver.press("j")
        assert "from cache" not in driver.text


async def test_a_provider_that_refuses_is_an_error_that_says_why(
    tmp_path: Path, pool: ModelPool, personas: None
) -> None:
    folder = project(tmp_path / "broken", new="broken")
    async with opened(folder, pool=pool, size=WIDE) as driver:
        await driver.press("r")
        await driver.until(lambda: candidate(driver, "c1") is Mark.ERROR)
        await driver.settle()
        assert "401" in driver.text and "no such key" in driver.text
        assert "never counted as a fail" in driver.text


async def test_a_prompt_that_cannot_be_rendered_costs_nothing(live: Path, pool: ModelPool) -> None:
    async with opened(live, pool=pool) as driver:
        await driver.edit("Sort for {{ shopp }}.")
        await driver.press("r")
        await driver.until(lambda: "shopp" in driver.notice)
        await driver.settle()
        assert "shop" in driver.notice and candidate(driver, "c1") is Mark.NOT_RUN
        assert not driver.history.current_outputs("triage", "newer", "simulated:personas/fenced.toml", None)


async def test_a_demo_runs_all_its_cases_by_itself(live: Path, pool: ModelPool) -> None:
    async with opened(live, pool=pool, demo=True) as driver:
        await driver.until(lambda: "12 of 12 answered" in driver.notice)
        await driver.settle()
        assert driver.case == "c1" and driver.sections["c1"] is Section.REGRESSION, "the worst is under the cursor"
    async with opened(live, pool=pool, demo=True) as driver:
        await driver.settle()
        assert len(driver.history.runs(5)) == 1, "only its first start"


async def test_several_cases_can_be_asked_at_a_time(live: Path, pool: ModelPool) -> None:
    async with opened(live, pool=pool, size=MEDIUM) as driver:
        await driver.press("r", "j", "r", "j", "r")
        await driver.until(lambda: all(candidate(driver, f"c{n}") is Mark.FAILED for n in (1, 2, 3)))
        await driver.settle()
        assert not driver.bench.streams and asyncio.get_running_loop().is_running()
