"""The versions of a prompt: what is listed, what is compared, and what can be done with one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.content import Content

from migrator_tui.history.records import Draft, Origin, Version
from migrator_tui.history.store import History
from migrator_tui.parity.pairs import Pairs
from migrator_tui.project.cases import read_cases
from migrator_tui.project.config import load_project
from migrator_tui.running.plan import plan_run
from migrator_tui.running.pools import open_pool
from migrator_tui.running.run import Runner
from migrator_tui.running.selection import Selection
from migrator_tui.running.versions import version_of_record
from migrator_tui.tui.glyphs import UNICODE
from migrator_tui.tui.versions.diff import diff_lines, in_short, prompt_diff
from migrator_tui.tui.versions.lineage import LANES, lineage
from migrator_tui.tui.versions.panes import bar_cells, evidence
from migrator_tui.tui.versions.screen import VersionsScreen
from migrator_tui.tui.widgets.figures import fitted, percent
from migrator_tui.tui.widgets.modal import Ask, Sheet
from migrator_tui.tui.workbench.run_dialog import RunDialog
from tests.tui.conftest import FENCED, NARROW, NO_FENCE, PLAIN, PROMPT, WIDE, Driver, opened, record
from tests.tui.conftest import write_project as written

TEXT = PROMPT.rstrip("\n")
"""The prompt as versions keep it."""
CASES = [{"id": f"c{n}", "checks": NO_FENCE} for n in range(1, 7)]
ANSWERS = {f"c{n}": PLAIN for n in range(1, 7)}
"""Fenced or plain, so that each version's rate is plain to see."""


class Lab:
    """Makes versions and runs them, each with answers of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = written(folder, cases=CASES, old=ANSWERS, new=ANSWERS)
        self.project = load_project(self.folder)
        self.task = self.project.tasks[0]
        with History.open(self.project) as history:
            history.index_cases(self.task, read_cases(self.task.cases[0], self.folder))
            self.first = version_of_record(self.project, history, self.task, "newer", author="tester")

    def version(self, template: str, parent: Version, **more: object) -> Version:
        with History.open(self.project) as history:
            values = {
                "params": dict(parent.params),
                "origin": Origin.EDITOR,
                "author": "tester",
                "kept": True,
                **more,
            }
            return history.record_version(
                task="triage",
                model_name="newer",
                template=template,
                parent_id=parent.id,
                **values,  # type: ignore[arg-type]
            )

    async def run(self, version: Version, fails: str = "", cases: list[str] | None = None) -> Version:
        """Ask with that version; the cases named in `fails` answer with a fence."""
        record(self.folder, new={**ANSWERS, **dict.fromkeys(fails.split(), FENCED)})
        with History.open(self.project) as history:
            async with open_pool(self.project, trusted=True) as pool:
                selection = Selection(versions={("triage", "newer"): version}, case_ids=cases)
                plan = plan_run(self.project, history, selection, author="tester")
                runner = Runner(self.project, history, pool, author="tester")
                await runner.run(plan, concurrency=4, on_event=lambda event: None)
        return version


@pytest.fixture
async def lab(tmp_path: Path) -> Lab:
    """v1 fails on three of six; v2 fixes two and breaks one; v3, only tried, was run on two; v4 was not run."""
    made = Lab(tmp_path / "shop")
    await made.run(made.first, "c1 c2 c3")
    v2 = made.version(TEXT + "\nNo fences.", made.first, name="no fences")
    await made.run(v2, "c3 c4")
    v3 = made.version(TEXT + "\nNo fences.\nThink first.", v2, kept=False, author="ben")
    await made.run(v3, "c1", ["c1", "c2"])
    made.version(TEXT + "\nNo fences.", v2, params={"max_tokens": 300})
    return made


async def show(driver: Driver) -> VersionsScreen:
    await driver.press("3")
    await driver.until(lambda: isinstance(driver.app.current, VersionsScreen))
    await driver.settle()
    screen = driver.app.current
    assert isinstance(screen, VersionsScreen)
    return screen


def line(driver: Driver, *words: str) -> str:
    """The one line of the list that holds these words."""
    found = [text for text in driver.lines[2:] if all(word in text for word in words)]
    assert found, f"{words} in\n{driver.text}"
    return found[0]


async def go(driver: Driver, screen: VersionsScreen, key: str) -> None:
    screen.rows.go_to(key)
    await driver.handled()
    await driver.settle()


def key_of(screen: VersionsScreen, label: str) -> str:
    return next(key for key, entry in screen.entries.items() if entry.label == label)


# What is listed


async def test_versions_are_listed_newest_first_with_what_each_came_to(lab: Lab) -> None:
    async with opened(lab.folder, size=WIDE) as driver:
        screen = await show(driver)
        assert [entry.label for entry in screen.entries.values()] == ["v4", "v3", "v2", "v1", "baseline"]
        assert "not run" in line(driver, "v4", "max_tokens 100 → 300")
        assert "tried · ben" in line(driver, "v3", "Think first.")
        assert "50.0%" in line(driver, "v3", "1/2")
        assert "no fences" in line(driver, "v2", "66.7%", "4/6", "editor · you")
        assert "50.0%" in line(driver, "v1", "=", "3/6", "the baseline's prompt")
        assert "100%" in line(driver, "baseline", "6/6")
        assert "60%   100%" in driver.text, "the bar says where it begins and ends"
        assert "● 3 kept" in driver.text and "◦ 1 only tried" in driver.text


async def test_what_a_version_did_against_the_one_it_came_from(lab: Lab) -> None:
    async with opened(lab.folder, size=WIDE) as driver:
        screen = await show(driver)
        await go(driver, screen, key_of(screen, "v2"))
        assert "What it did  v1 → v2" in driver.text
        assert "c1 c2" in line(driver, "2 fixed")
        assert "c4" in line(driver, "1 regressed")
        assert "3 the same" in driver.text and "2 pass, 1 fail" in driver.text
        assert "(−46.7 … +68.8)" in line(driver, "+16.7 points") and "~ not enough evidence" in driver.text
        assert "of 6 cases" in line(driver, "50.0% → 66.7%")
        assert "+ No fences." in driver.text
        assert "v2  ✓ 4 pass  ✗ 2 fail  of 6" in driver.text
        await go(driver, screen, key_of(screen, "v3"))
        assert "of 2 of 6 cases" in driver.text
        assert "0 fixed" in driver.text and "c1" in line(driver, "1 regressed"), "only what both were run on"


async def test_space_marks_another_to_compare_with(lab: Lab) -> None:
    async with opened(lab.folder, size=WIDE) as driver:
        screen = await show(driver)
        await go(driver, screen, "baseline")
        await driver.press("space")
        await go(driver, screen, key_of(screen, "v2"))
        assert "What it did  baseline → v2" in driver.text
        assert "c3 c4" in line(driver, "2 regressed")
        assert "temperature" in driver.text, "parameters that differ are listed"
        await go(driver, screen, "baseline")
        await driver.press("space")
        await go(driver, screen, key_of(screen, "v2"))
        assert "What it did  v1 → v2" in driver.text


async def test_a_verdict_counts_for_the_versions_it_concerns(lab: Lab) -> None:
    async with opened(lab.folder, size=WIDE) as driver:
        await driver.go_to("c3")
        await driver.press("p")
        await driver.settle()
        await show(driver)
        assert "83.3%" in line(driver, "v2", "5/6")
        assert "66.7%" in line(driver, "v1", "4/6"), "v1 gave the same text"


async def test_nothing_run_yet_says_what_to_do(shop: Path) -> None:
    async with opened(shop) as driver:
        await show(driver)
        assert "not run" in line(driver, "v1 =")
        assert "R runs all cases with it" in driver.text


async def test_text_of_strangers_cannot_reach_the_terminal(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "shop")
    lab.version(TEXT + "\n[/b] \x1b]0;mine\x07 {{ shop }}", lab.first, author="[red]mallory\x1b[2J")
    async with opened(lab.folder, size=WIDE) as driver:
        screen = await show(driver)
        await go(driver, screen, key_of(screen, "v2"))
        assert "[/b]" in driver.text and "[red]mallory" in driver.text
        assert "\x1b" not in driver.text and "\x07" not in driver.text


@pytest.mark.parametrize("size", [WIDE, (120, 36), NARROW])
async def test_it_fits_the_usual_sizes(lab: Lab, size: tuple[int, int]) -> None:
    async with opened(lab.folder, size=size) as driver:
        screen = await show(driver)
        await go(driver, screen, key_of(screen, "v2"))
        assert "66.7%" in driver.text and "2 fixed" in driver.text and "c1 c2" in driver.text
        assert all(len(text) == size[0] for text in driver.lines)
        if size is NARROW:
            await driver.press("d")
            await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        assert "+ No fences." in driver.text


# What can be done


async def test_enter_puts_a_version_into_the_editor_and_loses_nothing(lab: Lab) -> None:
    async with opened(lab.folder, size=WIDE) as driver:
        await driver.edit(TEXT + "\nTyped just now.")
        screen = await show(driver)
        assert "Typed just now." in line(driver, "draft", "not run yet")
        await go(driver, screen, key_of(screen, "v1"))
        await driver.press("enter")
        await driver.until(lambda: driver.app.current is driver.bench)
        assert driver.bench.prompt_pane.template == TEXT
        assert not driver.bench.prompt_pane.dirty
        versions = driver.history.versions("triage", "newer")
        assert versions[0].template == TEXT + "\nTyped just now." and versions[0].kept
        await show(driver)
        assert "Typed just now." in line(driver, "v5")


async def test_the_baselines_prompt_can_be_a_start(lab: Lab) -> None:
    async with opened(lab.folder, size=WIDE) as driver:
        await driver.edit("something else entirely\n")
        screen = await show(driver)
        await go(driver, screen, "baseline")
        params = driver.bench.prompt_pane.params_text
        await driver.press("e")
        await driver.until(lambda: driver.app.current is driver.bench)
        assert driver.bench.in_editor and driver.bench.prompt_pane.template == TEXT
        assert driver.bench.prompt_pane.params_text == params, "the baseline's parameters are its own"


async def test_a_draft_of_another_window_can_be_taken(lab: Lab) -> None:
    text = TEXT + "\nFrom another window."
    async with opened(lab.folder, size=WIDE) as driver:
        draft = Draft("triage", "newer", text, "max_tokens = 50\n", lab.first.id, "other", datetime.now(UTC))
        driver.history.save_draft(draft)
        screen = await show(driver)
        assert "another window" in line(driver, "draft", "From another window.")
        await go(driver, screen, "draft-other")
        await driver.press("w")
        assert "enter takes it" in driver.notice
        await driver.press("enter")
        await driver.until(lambda: driver.app.current is driver.bench)
        assert (driver.bench.prompt_pane.template, driver.bench.prompt_pane.params_text) == (
            text,
            "max_tokens = 50\n",
        )
        assert driver.bench.prompt_pane.dirty


async def test_c_gives_a_name_and_keeps_what_was_only_tried(lab: Lab) -> None:
    async with opened(lab.folder, size=WIDE) as driver:
        screen = await show(driver)
        await go(driver, screen, key_of(screen, "v3"))
        await driver.press("c")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.type("thinks first")
        await driver.press("enter")
        await driver.until(lambda: "is called thinks first" in driver.notice)
        await driver.settle()
        assert "editor · ben" in line(driver, "v3", "thinks first"), "a named version is kept"
        await driver.press("c")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.press(*["backspace"] * len("thinks first"))
        await driver.type("no fences")
        await driver.press("enter")
        await driver.until(lambda: "is the name of v2 already" in driver.notice)


async def test_w_writes_a_version_after_its_diff_was_shown(lab: Lab) -> None:
    file = lab.folder / "prompts" / "triage.newer.md"
    async with opened(lab.folder, size=WIDE) as driver:
        screen = await show(driver)
        await go(driver, screen, key_of(screen, "v2"))
        await driver.press("w")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        assert "triage.newer.md" in driver.text and "+No fences." in driver.text
        await driver.press("escape")
        await driver.settle()
        assert not file.exists(), "nothing is written without a yes"
        await driver.press("w")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        await driver.press("enter")
        await driver.until(lambda: "v2 is in" in driver.notice)
        await driver.settle()
        assert file.read_text("utf-8") == PROMPT + "No fences.\n"
        assert "v2 =" in driver.text and "v1 =" not in driver.text


async def test_y_copies_the_prompt(lab: Lab) -> None:
    async with opened(lab.folder) as driver:
        screen = await show(driver)
        await go(driver, screen, key_of(screen, "v2"))
        await driver.press("y")
        assert driver.app.clipboard == TEXT + "\nNo fences."


async def test_run_all_with_a_version_that_was_not_run(lab: Lab) -> None:
    record(lab.folder, new={**ANSWERS, "c5": FENCED})
    async with opened(lab.folder, size=WIDE) as driver:
        screen = await show(driver)
        await go(driver, screen, key_of(screen, "v4"))
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        await driver.press("enter")
        await driver.until(lambda: key_of(screen, "v4") in screen.results, "counted after the run")
        await driver.settle()
        assert "83.3%" in line(driver, "v4", "5/6")


# The parts


def test_lineage_joins_the_lanes_of_one_parent() -> None:
    rows = lineage([("d", "b"), ("c", "b"), ("b", "a"), ("a", None)], UNICODE)
    drawn = [row.before + ("●" if row.key else "") + row.after for row in rows]
    assert drawn == ["●", "│ ●", "├─╯", "●", "●"]
    assert [row.key for row in rows] == ["d", "c", None, "b", "a"]


def test_lineage_is_never_wider_than_its_lanes() -> None:
    nodes: list[tuple[str, str | None]] = [(f"n{n}", "root") for n in range(20)]
    rows = lineage([*nodes, ("root", "gone")], UNICODE)
    assert max(row.width for row in rows) <= 2 * LANES
    assert [row.key for row in rows if row.key] == [key for key, _ in [*nodes, ("root", None)]]


@pytest.mark.parametrize(
    ("old", "new", "short"),
    [
        ("a\nb\n", "a\nb\nc\n", "c"),
        ("a\nb\n", "a\n", "without: b"),
        ("a\n", "a\n", "temperature 0 → 1"),
        ("a\n", "a\n\n", "only white space"),
    ],
)
def test_what_changed_in_short(old: str, new: str, short: str) -> None:
    params: Mapping[str, object] = {"temperature": 1} if short.startswith("temp") else {"temperature": 0}
    assert in_short(prompt_diff(old, {"temperature": 0}, new, dict(params))) == short


def test_long_equal_parts_are_folded() -> None:
    lines = [f"line {n}" for n in range(40)]
    text = diff_lines(prompt_diff("\n".join(lines), {}, "\n".join([*lines[:20], "new", *lines[20:]]), {}), UNICODE)
    assert "18 lines the same" in text.plain and "+ new" in text.plain
    assert "line 3\n" not in text.plain and "line 19" in text.plain


def test_figures_are_written_honestly() -> None:
    assert (percent(1.0), percent(0.9999), percent(0.809)) == ("100%", "99.9%", "80.9%")
    assert [bar_cells(rate) for rate in (0.2, 0.6, 0.8, 1.0)] == [0, 0, 5, 10]
    assert fitted(["T-1", "T-2", "T-3"], 9) == "T-1 T-2 …"
    assert fitted(["T-1", "T-2"], 7) == "T-1 T-2"


@pytest.mark.parametrize(
    ("better", "worse", "margin", "said"),
    [
        (9, 6, None, "~ not enough evidence"),
        (12, 1, None, "✓ better"),
        (1, 12, None, "✗ worse"),
        (0, 0, 0.03, "✓ no more than 3 lower"),
        (0, 30, 0.03, "✗ more than 3 lower"),
        (5, 6, 0.03, "~ not enough evidence"),
    ],
)
def test_whether_it_is_better_is_said_only_with_evidence(
    better: int, worse: int, margin: float | None, said: str
) -> None:
    rest = [f"s{n}" for n in range(200 - better - worse)]
    pairs = Pairs(rest, [f"w{n}" for n in range(worse)], [f"b{n}" for n in range(better)], [], [])
    assert said in Content("\n").join(evidence(pairs, 0.95, margin, 80, UNICODE)).plain
