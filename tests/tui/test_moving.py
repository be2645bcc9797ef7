"""From case to case: keys, sections, filter, tasks, candidates, and the tabs of a narrow screen."""

import json
from pathlib import Path

from textual.widgets import Input

from tests.tui.conftest import NARROW, OLD, RECORDED, WIDE, opened, record, run_all, write_project

ORDER = ["c1", "c4", "c5", "c6", "c3", "c2"]
TWO_OF_EACH = (
    RECORDED
    + """
[[tasks]]
name = "reply"
prompt = "prompts/reply.md"
cases = ["cases/reply.jsonl"]

[[candidates]]
name = "tiny"
model = "recorded:outputs/tiny.jsonl"
"""
)


def two_of_each(folder: Path) -> Path:
    """Two tasks, two candidates."""
    write_project(folder, config=TWO_OF_EACH)
    (folder / "prompts" / "reply.md").write_text("Reply to the customer.\n")
    case = {"id": "r1", "messages": [{"role": "user", "content": "Where is it?"}]}
    (folder / "cases" / "reply.jsonl").write_text(json.dumps(case) + "\n")
    (folder / "outputs" / "tiny.jsonl").write_text(json.dumps({"id": "c1", "output": "tiny answer"}) + "\n")
    return folder


async def test_sections_stand_worst_first_and_are_stepped_over(answered: Path) -> None:
    async with opened(answered) as driver:
        heads = [line for line in driver.lines if "│──" in line]
        names = [head.split("──", 1)[1].split()[0] for head in heads]
        assert names == ["Regressions", "To", "Fixed", "Same"]
        seen = [driver.case]
        for _ in range(6):
            await driver.press("j")
            seen.append(driver.case)
        assert seen == [*ORDER, "c2"], "the end is the end"
        await driver.press("k", "up")
        assert driver.case == "c6"
        await driver.press("home")
        assert driver.case == "c1"
        await driver.press("end")
        assert driver.case == "c2"
        await driver.press("g", "down")
        assert driver.case == "c4"


async def test_a_click_chooses_a_case(answered: Path) -> None:
    async with opened(answered) as driver:
        row = next(n for n, line in enumerate(driver.lines) if " c5 " in line)
        await driver.pilot.click("#case-rows", offset=(5, row - driver.bench.rows.region.y))
        await driver.until(lambda: driver.case == "c5")


async def test_the_filter_follows_each_key_and_esc_clears_it(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("slash")
        await driver.type("tag:ref")
        assert driver.ids == [], "a tag is a whole word"
        assert "Nothing matches tag:ref" in driver.text
        await driver.type("und")
        assert driver.ids == ["c1", "c2"]
        await driver.press("enter")
        assert driver.bench.focused is driver.bench.rows
        assert "1/2 of 6 · tag:refund" in driver.text
        await driver.press("escape")
        assert driver.ids == ORDER and not driver.bench.query_text
        await driver.press("slash")
        await driver.type("about c6")
        assert driver.ids == ["c6"], "text of the messages"
        await driver.press("escape")
        assert driver.ids == ORDER and driver.bench.focused is driver.bench.rows


async def test_states_and_their_mistakes(answered: Path) -> None:
    async with opened(answered) as driver:
        for query, wanted in (
            ("is:regression", ["c1"]),
            ("is:to-judge", ["c4", "c5", "c6"]),
            ("is:critical", ["c1"]),
            ("-is:same -is:fixed tag:parcel", ["c4", "c5"]),
            ("changed:markdown", ["c6"]),
        ):
            await driver.press("slash")
            driver.bench.query_one("#filter", Input).value = query
            await driver.press("enter")
            assert driver.ids == wanted, query
        await driver.press("slash")
        driver.bench.query_one("#filter", Input).value = ""
        await driver.type("is:regresion")
        assert not driver.notice, "half a word is no mistake yet"
        await driver.press("enter")
        assert "did you mean is:regression?" in driver.notice
        assert isinstance(driver.bench.focused, Input), "there to be mended"


async def test_tasks_and_candidates_are_switched_in_place(tmp_path: Path) -> None:
    folder = two_of_each(tmp_path / "shop")
    await run_all(folder)
    async with opened(folder, size=WIDE) as driver:
        assert "1/2" in driver.text and "newer" in driver.app.frame.candidate_short
        await driver.press("right_square_bracket")
        await driver.until(lambda: driver.app.frame.candidate_short == "tiny")
        await driver.settle()
        await driver.go_to("c1")
        assert "tiny answer" in driver.text
        await driver.press("right_curly_bracket")
        await driver.until(lambda: driver.case == "r1")
        assert driver.ids == ["r1"] and "Reply to the customer." in driver.text
        await driver.press("left_curly_bracket", "left_square_bracket")
        await driver.until(lambda: driver.app.frame.candidate_short == "newer")
        await driver.settle()
        assert driver.app.frame.task == "triage" and driver.ids == ORDER


async def test_the_draft_of_a_task_waits_for_its_return(tmp_path: Path) -> None:
    folder = two_of_each(tmp_path / "shop")
    async with opened(folder, size=WIDE) as driver:
        await driver.edit("typed for triage")
        await driver.press("right_curly_bracket")
        await driver.until(lambda: driver.case == "r1")
        await driver.settle()
        assert driver.bench.prompt_pane.template.strip() == "Reply to the customer."
        await driver.press("left_curly_bracket")
        await driver.until(lambda: driver.bench.prompt_pane.template == "typed for triage")
        await driver.settle()
        assert driver.app.frame.draft


async def test_with_one_of_each_the_keys_say_so(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("right_square_bracket")
        assert "one candidate" in driver.notice
        await driver.press("left_curly_bracket")
        assert "one task" in driver.notice


async def test_a_narrow_screen_folds_into_tabs(answered: Path) -> None:
    async with opened(answered, size=NARROW) as driver:
        bench = driver.bench
        assert bench.is_narrow and bench.narrow_tab == "outputs"
        assert bench.baseline_pane.region.width and bench.candidate_pane.region.width
        assert not bench.rows.region.width and not bench.prompt_pane.region.width
        assert "c1" in driver.lines[3], "the case in one line"
        await driver.press("right")
        assert bench.narrow_tab == "prompt" and not bench.in_editor, "the arrows lead out again"
        assert "Sort tickets" in driver.text
        await driver.press("left")
        assert bench.narrow_tab == "outputs"
        await driver.press("left")
        assert bench.narrow_tab == "cases" and "Regressions" in driver.text
        await driver.press("j", "enter")
        assert bench.narrow_tab == "outputs" and driver.case == "c4"
        await driver.press("e")
        assert bench.narrow_tab == "prompt" and bench.in_editor
        await driver.press("escape", "slash")
        assert bench.narrow_tab == "cases" and isinstance(bench.focused, Input)
        assert all(len(line) <= 80 for line in driver.lines) and len(driver.lines) == 24


async def test_it_follows_the_terminal_s_size(answered: Path) -> None:
    async with opened(answered, size=NARROW) as driver:
        await driver.pilot.resize_terminal(*WIDE)
        await driver.until(lambda: driver.bench.has_class("-wide"))
        await driver.until(lambda: "Regressions" in driver.text and "Parameters" in driver.text)
        await driver.pilot.resize_terminal(60, 18)
        await driver.until(lambda: driver.bench.is_narrow)
        assert "c1" in driver.text


async def test_full_screen_and_back(answered: Path) -> None:
    async with opened(answered) as driver:
        bench = driver.bench
        for key, pane in (("tab", bench.baseline_pane), ("tab", bench.candidate_pane)):
            await driver.press(key, "plus")
            assert pane.region.width == 120 and not bench.prompt_pane.region.width
            await driver.press("escape")
            assert pane.region.width < 60
        await driver.press("escape", "plus")
        assert bench.rows.region.width > 100
        await driver.press("plus")
        assert bench.rows.region.width < 40


async def test_the_list_holds_its_order_until_it_is_sorted(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("n", "f")
        assert driver.ids == ORDER, "a verdict moves nothing by itself"
        await driver.press("o")
        assert [s.name for s in (driver.sections["c1"], driver.sections["c4"])] == ["REGRESSION", "REGRESSION"]
        assert "Regressions 2" in driver.text


async def test_cases_that_changed_in_the_files_are_indexed_anew(answered: Path) -> None:
    cases = answered / "cases" / "triage.jsonl"
    cases.write_text(cases.read_text() + json.dumps({"id": "c7", "vars": {"shop": "x"}, "tags": ["new"]}) + "\n")
    record(answered, new={"c7": "x"})
    async with opened(answered) as driver:
        assert "c7" in driver.ids and len(driver.ids) == 7
        assert "Not run" in driver.text


async def test_cases_that_change_in_the_files_come_into_the_open_list(answered: Path) -> None:
    cases = answered / "cases" / "triage.jsonl"
    async with opened(answered) as driver:
        await driver.go_to("c4")
        cases.write_text(cases.read_text() + '{"id": "c7", "va')
        await driver.until(lambda: "not JSON" in driver.notice, "a mistake is told")
        assert driver.ids == ORDER
        line = json.dumps({"id": "c0", "vars": {"shop": "x"}}) + "\n"
        cases.write_text(line + "".join(cases.read_text().splitlines(keepends=True)[:-1]))
        await driver.until(lambda: "c0" in driver.ids)
        await driver.settle()
        assert driver.case == "c4" and len(driver.ids) == 7, "the cursor stays on its case, whatever its number"


async def test_new_answers_of_the_baseline_reach_every_candidate(tmp_path: Path) -> None:
    folder = two_of_each(tmp_path / "shop")
    await run_all(folder)
    async with opened(folder) as driver:
        for key, name in (("right_square_bracket", "tiny"), ("left_square_bracket", "newer")):
            await driver.press(key)
            await driver.until(lambda name=name: driver.app.frame.candidate_short == name)  # type: ignore[misc]
            await driver.settle()
        record(folder, old={**OLD, "c1": "tiny answer"})
        await driver.go_to("c1")
        await driver.press("r")
        await driver.settle()
        project = driver.app.workspace.project
        newest = driver.history.current_outputs("triage", "baseline", project.baseline.model, ["c1"])["c1"][0]
        assert newest.text == "tiny answer"
        await driver.app.action_quit()
    async with opened(folder) as driver:
        await driver.press("right_square_bracket")
        await driver.until(lambda: driver.app.frame.candidate_short == "tiny")
        await driver.settle()
        assert driver.history.standings("triage", "tiny", ["c1"])["c1"].baseline_output_id == newest.id
