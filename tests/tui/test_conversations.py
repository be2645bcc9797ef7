"""Cases of several turns with tool calls: what input strip, outputs, diff and whole input show of them."""

import json
from pathlib import Path

import pytest

from migrator_tui.models.simulator.answering import answer
from migrator_tui.models.simulator.personas import load_persona
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.prompts import read_template, render
from migrator_tui.project.samples import copy_sample
from migrator_tui.tui.widgets.modal import Sheet
from migrator_tui.tui.workbench.case_view import DiffMode
from tests.tui.conftest import MEDIUM, NARROW, WIDE, Driver, opened, run_all

CASES = {"A-023", "A-025", "A-032", "A-034"}
CALL = '→ cancel_order({"order_id": "NL-50610", "reason": "changed_mind"})'


def record_answers(folder: Path) -> None:
    """Put recordings of what its simulated models answer in their place: no process has to start for each test."""
    project = load_project(folder)
    task = project.tasks[0]
    config = folder / "migrator.toml"
    for spec in (project.baseline, *project.candidates):
        persona = load_persona(spec.model)
        template = read_template(project.prompt_file(task, spec.name))
        lines = []
        for case in load_cases(project, task):
            reply = answer(persona, {"messages": render(template, case), "tools": list(task.tools), **spec.params})
            calls = [
                {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
                for call in reply.tool_calls
            ]
            lines.append(json.dumps({"id": case.id, "output": reply.text, "tool_calls": calls}))
        (folder / f"{spec.name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        text = config.read_text("utf-8").replace(f'"{spec.model}"', f'"recorded:{spec.name}.jsonl"')
        config.write_text(text, "utf-8")


@pytest.fixture
async def agent(tmp_path: Path) -> Path:
    """The sample order-agent, a few of its cases answered as its simulated models do."""
    folder = copy_sample("order-agent", tmp_path / "agent")
    file = folder / "cases" / "agent.jsonl"
    kept = [line for line in file.read_text("utf-8").splitlines() if json.loads(line)["id"] in CASES]
    assert len(kept) == len(CASES)
    file.write_text("\n".join(kept) + "\n", "utf-8")
    record_answers(folder)
    await run_all(folder)
    return folder


def strip(driver: Driver) -> list[str]:
    """The lines of the input strip."""
    pane = driver.bench.query_one("#input-strip")
    region = pane.content_region
    return [line[region.x : region.right].rstrip() for line in driver.lines[region.y : region.bottom]]


async def test_the_strip_shows_the_turns_that_lead_to_the_answer(agent: Path) -> None:
    async with opened(agent, size=WIDE) as driver:
        await driver.go_to("A-025")
        told = strip(driver)
        assert [line.split()[0] for line in told] == ["user", "assistant", "tool"]
        assert told[0].startswith("user       The kettle from order NL-47120"), "words stand below each other"
        assert told[1] == 'assistant  → lookup_order({"order_id": "NL-47120"})'
        assert '"status": "delivered"' in told[2]
        assert "i whole input" in driver.text

        await driver.go_to("A-034")
        assert [line.split()[0] for line in strip(driver)] == ["tool", "assistant", "user"]
        assert strip(driver)[2].endswith("Yes, please.")
        assert "i 2 more messages" in driver.text


async def test_where_there_is_little_room_a_result_stands_beside_what_was_asked(agent: Path) -> None:
    async with opened(agent, size=MEDIUM) as driver:
        await driver.go_to("A-025")
        assert [line.split()[0] for line in strip(driver)] == ["user", "tool"]
        assert "i 1 more message" in driver.text
    async with opened(agent, size=NARROW) as driver:
        await driver.go_to("A-034")
        driver.bench.show_narrow_tab("outputs")
        await driver.handled()
        assert "Yes, please." in driver.text and "→ cancel_order(" in driver.text
        await driver.go_to("A-025")
        assert "The kettle from order" in driver.text and '{"order_id": "NL-47120", "status"' not in driver.text


async def test_the_whole_input_names_tools_and_the_one_that_answered(agent: Path) -> None:
    async with opened(agent, size=MEDIUM) as driver:
        await driver.go_to("A-025")
        await driver.press("i")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        await driver.until(lambda: "── tool · lookup_order ──" in driver.text, "the last turns")
        assert '→ lookup_order({"order_id": "NL-47120"})' in driver.text
        await driver.press("home")
        await driver.until(lambda: "tools  lookup_order, search_orders, cancel_order" in driver.text, "the beginning")


async def test_calls_are_part_of_what_is_compared_and_copied(agent: Path) -> None:
    async with opened(agent, size=WIDE) as driver:
        await driver.go_to("A-034")
        assert CALL[:40] in driver.text
        await driver.press("d")
        assert driver.bench.diff_mode is DiffMode.IN_PLACE
        assert "−→ cancel_order(" in driver.text and "+I'll take care of that" in driver.text
        await driver.press("d", "d", "tab", "y")
        assert driver.app.clipboard == CALL


async def test_a_call_that_fails_is_no_json_with_prose_around_it(agent: Path) -> None:
    async with opened(agent, size=WIDE) as driver:
        await driver.go_to("A-025")
        shown = driver.bench.candidate_pane.shown
        assert shown is not None and shown.output.tool_calls and not shown.styles
