"""The project screen: a row for each task and candidate, from real runs on recorded models."""

import json
from pathlib import Path

import pytest

from migrator_tui.history.records import Origin
from migrator_tui.history.rollout_records import EventKind, NewRollout, RolloutState
from migrator_tui.history.store import History
from migrator_tui.project.cases import read_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.rollout_settings import USUAL_STEPS
from migrator_tui.project.schema import ModelSpec, Project, Task
from migrator_tui.running.judging import refresh_standings
from migrator_tui.running.overview import FileState, Overview, State, overview
from migrator_tui.running.plan import plan_run
from migrator_tui.running.pools import open_pool
from migrator_tui.running.run import Runner
from migrator_tui.running.selection import Selection
from migrator_tui.running.versions import version_of_record
from migrator_tui.tui.project.order import Place, Section, section_of
from migrator_tui.tui.project.screen import ProjectScreen
from migrator_tui.tui.versions.screen import VersionsScreen
from migrator_tui.tui.widgets.modal import Sheet
from migrator_tui.tui.workbench.run_dialog import RunDialog
from tests.tui.conftest import CASES, MEDIUM, NARROW, PROMPT, RECORDED, WIDE, Driver, opened, run_all, write_project

TEXT = PROMPT.rstrip("\n")
SUITE = (
    RECORDED
    + """
[[tasks]]
name = "sorting"
prompt = "prompts/sorting.md"
cases = ["cases/sorting.jsonl"]

[[candidates]]
name = "twin"
model = "recorded:outputs/old.jsonl"
params = { max_tokens = 100 }

[candidates.prompts]
sorting = "prompts/sorting.twin.md"
"""
)
"""`newer` breaks c1 and fixes c3; `twin` answers as the baseline does. `sorting` holds only c2 and c4."""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Two tasks on two candidates, never run."""
    folder = write_project(tmp_path / "suite", config=SUITE)
    (folder / "prompts" / "sorting.md").write_text(PROMPT, "utf-8")
    (folder / "prompts" / "sorting.twin.md").write_text("Sort well for {{ shop }}.\n", "utf-8")
    lines = [
        {**case, "vars": {"shop": "Lamps"}, "messages": [{"role": "user", "content": "?"}]}
        for case in CASES
        if case["id"] in ("c2", "c4")
    ]
    (folder / "cases" / "sorting.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return folder


@pytest.fixture
async def ran(suite: Path) -> Path:
    """The same, `triage` run on all models."""
    project = load_project(suite)
    with History.open(project) as history:
        async with open_pool(project, trusted=True) as pool:
            plan = plan_run(project, history, Selection(tasks=["triage"]), author="tester")
            runner = Runner(project, history, pool, author="tester")
            await runner.run(plan, concurrency=4, on_event=lambda event: None)
    return suite


async def show(driver: Driver) -> ProjectScreen:
    await driver.press("0")
    await driver.until(lambda: isinstance(driver.app.current, ProjectScreen))
    screen = driver.app.current
    assert isinstance(screen, ProjectScreen)
    await driver.until(lambda: set(screen.places) <= {*screen.overviews, *screen.problems}, "all rows counted")
    await driver.settle()
    return screen


async def go(driver: Driver, screen: ProjectScreen, task: str, candidate: str) -> None:
    screen.rows.go_to(Place(task, candidate).key)
    await driver.handled()
    await driver.settle()


def row(driver: Driver, task: str, candidate: str) -> str:
    """The list's line of a task on a candidate."""
    found = [text for text in driver.lines[2:] if task in text[:30] and candidate in text[:60] and " on " not in text]
    assert len(found) == 1, driver.text
    return found[0]


async def test_each_row_says_where_its_prompt_stands(ran: Path) -> None:
    async with opened(ran, size=WIDE) as driver:
        screen = await show(driver)
        triage, twin = row(driver, "triage", "newer"), row(driver, "triage", "twin")
        # c4, c5 and c6 are assumed to pass on the baseline and wait to be judged on the candidates.
        assert "67%" in triage and "1◆" in triage and "0.0" in triage and "= task's prompt" in triage
        found = screen.overviews[Place("triage", "newer")]
        assert (found.pairs.worse, found.pairs.better, found.critical) == (["c1"], ["c3"], ["c1"])
        assert (found.to_judge, found.errors, found.not_run, found.open) == (3, 0, 0, 3)
        # A critical case is worse: no interval can make up for that.
        assert found.state is State.NOT_READY and "✗ not ready" in triage
        assert screen.overviews[Place("triage", "twin")].state is State.NOT_ENOUGH
        assert "67%" in twin and "0.0" in twin and "~ not enough evidence" in twin
        assert "No candidate ready 1" in driver.text and "Not run 1" in driver.text
        assert "2 tasks, 8 cases" in driver.text
        assert "= in file" in row(driver, "sorting", "twin")
        assert "2 candidates" in driver.lines[0] and "2 tasks" in driver.lines[0]


async def test_the_row_under_the_cursor_is_told_in_detail(ran: Path) -> None:
    async with opened(ran, size=WIDE) as driver:
        screen = await show(driver)
        await go(driver, screen, "triage", "newer")
        assert "triage on newer v1" in driver.text and "✗ not ready" in driver.text
        assert "1 regressed" in driver.text and "c1◆" in driver.text
        assert "fences added in 1" in driver.text
        assert "3 to judge" in driver.text
        assert "6 cases · 3 judged on both" in driver.text
        await go(driver, screen, "sorting", "newer")
        assert "2 cases wait · R runs them" in driver.text


async def test_enter_opens_the_row_in_the_workbench(ran: Path) -> None:
    async with opened(ran) as driver:
        screen = await show(driver)
        await go(driver, screen, "sorting", "twin")
        await driver.press("enter")
        await driver.until(lambda: driver.app.current is driver.bench)
        await driver.settle()
        assert (driver.app.workspace.task.name, driver.app.workspace.candidate.name) == ("sorting", "twin")
        assert set(driver.ids) == {"c2", "c4"}
        assert driver.bench.prompt_pane.template == "Sort well for {{ shop }}."
        screen = await show(driver)
        await go(driver, screen, "triage", "newer")
        await driver.press("v")
        await driver.until(lambda: isinstance(driver.app.current, VersionsScreen))
        await driver.settle()
        assert "Versions of triage for newer" in driver.text, "what the other row left there is gone"


async def test_keys_go_through_tasks_and_candidates(ran: Path) -> None:
    async with opened(ran) as driver:
        screen = await show(driver)
        await go(driver, screen, "triage", "newer")
        await driver.press("]")
        assert screen.place == Place("triage", "twin")
        await driver.press("}")
        assert screen.place == Place("sorting", "twin")
        await driver.press("]", "{")
        assert screen.place == Place("triage", "newer")


async def test_a_version_that_is_ahead_of_its_file_is_written(ran: Path) -> None:
    project = load_project(ran)
    with History.open(project) as history:
        first = version_of_record(project, history, project.tasks[0], "newer", author="tester")
        history.record_version(
            task="triage",
            model_name="newer",
            template=TEXT + "\nNo fences.",
            params=dict(first.params),
            parent_id=first.id,
            origin=Origin.EDITOR,
            author="tester",
        )
    async with opened(ran, size=WIDE) as driver:
        screen = await show(driver)
        assert "○ file has v1" in row(driver, "triage", "newer")
        await go(driver, screen, "triage", "newer")
        assert "w writes v2" in driver.text and "the figures are those of v1" in driver.text
        await driver.press("w")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        assert "+No fences." in driver.text
        await driver.press("enter")
        await driver.until(lambda: "v2 is in" in driver.notice)
        await driver.settle()
        assert (ran / "prompts" / "triage.newer.md").read_text("utf-8") == PROMPT + "No fences.\n"
        # The file says v2 now, which has not been run.
        assert "v2" in row(driver, "triage", "newer") and "file has" not in row(driver, "triage", "newer")


async def test_a_file_changed_outside_is_said_until_it_is_run(ran: Path) -> None:
    (ran / "prompts" / "triage.md").write_text("Quite another prompt for {{ shop }}.\n", "utf-8")
    async with opened(ran, size=WIDE) as driver:
        screen = await show(driver)
        assert "! file changed" in row(driver, "triage", "newer")
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        assert "everything" in driver.text and "task triage" in driver.text and "triage on newer" in driver.text
        assert "failing only" in driver.text
        await driver.press("enter")
        await driver.until(lambda: screen.overviews[Place("sorting", "twin")].state is not State.NOT_RUN)
        await driver.settle()
        assert "file changed" not in driver.text
        assert screen.overviews[Place("triage", "newer")].file is FileState.TASKS_PROMPT
        assert all(found.not_run == 0 for found in screen.overviews.values())
        assert len(driver.ids) == 6, "the other task's outputs did not touch the list in view"


async def test_a_verdict_moves_the_row(ran: Path) -> None:
    async with opened(ran, size=WIDE) as driver:
        screen = await show(driver)
        before = screen.overviews[Place("triage", "newer")].to_judge
        await driver.press("1")
        await driver.go_to("c4")
        await driver.press("p")
        await driver.settle()
        await show(driver)
        await driver.until(lambda: screen.overviews[Place("triage", "newer")].to_judge == before - 1)


async def test_a_task_that_cannot_be_read_says_why_and_the_others_stay(ran: Path) -> None:
    async with opened(ran, size=WIDE) as driver:
        (ran / "cases" / "sorting.jsonl").write_text('{"id": "x"\n', "utf-8")
        await show(driver)
        assert "sorting.jsonl:1" in row(driver, "sorting", "newer")
        assert "67%" in row(driver, "triage", "newer")


async def test_nothing_run_yet(suite: Path) -> None:
    async with opened(suite, size=WIDE) as driver:
        screen = await show(driver)
        assert "Not run 2" in driver.text
        assert all(found.state is State.NOT_RUN for found in screen.overviews.values())
        assert "R runs them, and says first what it takes" in driver.text


async def test_one_row_needs_no_overview(shop: Path) -> None:
    await run_all(shop)
    async with opened(shop) as driver:
        assert "0 Project" not in driver.text
        await driver.press("0")
        assert driver.app.current is driver.bench


@pytest.mark.parametrize("size", [WIDE, MEDIUM, NARROW])
async def test_it_fits_the_usual_sizes(ran: Path, size: tuple[int, int]) -> None:
    async with opened(ran, size=size) as driver:
        screen = await show(driver)
        await go(driver, screen, "triage", "newer")
        assert "1◆" in row(driver, "triage", "newer")
        assert "c1◆" in driver.text, "the regressed case is named"
        assert all(len(text) == size[0] for text in driver.lines)
        if size is not NARROW:
            assert "= task's prompt" in row(driver, "triage", "newer")


# The parts


def test_figures_of_a_row(ran: Path) -> None:
    project = load_project(ran)
    with History.open(project) as history:
        task, newer = project.tasks[0], project.candidate("newer")
        history.index_cases(task, (case for file in task.cases for case in read_cases(file, ran)))
        refresh_standings(project, history, task, "newer")
        found = overview(project, history, task, newer, author="tester")
    assert found.cost is not None and found.cost.share == pytest.approx(0.0), "both were recorded at the same price"
    assert found.latency_p95 is not None and found.latency_p95.old == pytest.approx(847.5)
    assert found.causes == [("fences added", 1)]
    assert found.measured is not None and found.version is not None and found.measured.id == found.version.id


@pytest.mark.parametrize(
    ("states", "section"),
    [
        ([State.NOT_READY, State.READY], Section.SOME),
        ([State.READY, State.READY], Section.ALL),
        ([State.NOT_READY, State.NOT_ENOUGH], Section.NONE),
        ([State.NOT_ENOUGH, State.NOT_RUN], Section.NONE),
        ([State.NOT_RUN, State.NOT_RUN], Section.NOT_RUN),
        ([State.NOT_ENOUGH], Section.NOT_ENOUGH),
        ([State.NOT_READY], Section.NONE),
    ],
)
def test_a_task_stands_where_its_candidates_are_ready(states: list[State], section: Section) -> None:
    assert section_of(states, len(states)) is section


async def test_a_filter_leaves_the_rows_that_match(ran: Path) -> None:
    async with opened(ran, size=WIDE) as driver:
        screen = await show(driver)
        await go(driver, screen, "sorting", "twin")
        await driver.press("slash")
        await driver.type("is:not-ready")
        await driver.press("enter")
        assert screen.rows.keys == [Place("triage", "newer").key]
        assert screen.place == Place("triage", "newer") and "1/1 of 4 · is:not-ready" in driver.text
        assert "No candidate ready 1" in driver.text, "the section is that of the task"
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        assert "shown by the filter" in driver.text
        await driver.press("escape", "escape")
        assert len(screen.rows.keys) == 4 and screen.place == Place("sorting", "twin")
        await driver.press("slash")
        await driver.type("twin -sorting")
        await driver.press("enter")
        assert screen.rows.keys == [Place("triage", "twin").key]
        await driver.press("slash")
        await driver.type(" is:raedy")
        await driver.press("enter")
        assert driver.notice == 'nothing is:raedy; did you mean "ready"?'


async def test_what_was_counted_is_not_counted_again_until_something_happens(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Place] = []

    def counting(project: Project, history: History, task: Task, candidate: ModelSpec, *, author: str) -> Overview:
        counted.append(Place(task.name, candidate.name))
        return overview(project, history, task, candidate, author=author)

    monkeypatch.setattr("migrator_tui.tui.project.bench.overview", counting)
    async with opened(ran) as driver:
        screen = await show(driver)
        assert sorted(place.key for place in counted) == sorted(place.key for place in screen.places)
        counted.clear()
        await driver.press("1")
        await show(driver)
        assert counted == []
        await driver.press("1")
        await driver.go_to("c4")
        await driver.press("p")
        await driver.settle()
        await show(driver)
        assert Place("triage", "newer") in counted
        counted.clear()
        await driver.press("1")
        (ran / "prompts" / "triage.md").write_text("Another one for {{ shop }}.\n", "utf-8")
        await show(driver)
        assert Place("triage", "newer") in counted, "a prompt file was edited"


async def test_limits_changed_outside_change_the_decision(ran: Path) -> None:
    async with opened(ran, size=WIDE) as driver:
        screen = await show(driver)
        assert screen.overviews[Place("triage", "newer")].state is State.NOT_READY
        (ran / "migrator.toml").write_text(SUITE + "\n[gate]\nmargin = 1.0\nmax_critical_regressions = 1\n", "utf-8")
        driver.bench._look_outside()
        await driver.until(lambda: screen.overviews[Place("triage", "newer")].state is State.READY)
        await driver.settle()
        assert "✓ ready" in row(driver, "triage", "newer")


def roll_out(
    folder: Path, task: str, candidate: str, state: RolloutState, kind: EventKind, percentage: float
) -> None:
    """A rollout of a task, and where it stands by now, as another program or the monitor left it."""
    project = load_project(folder)
    with History.open(project) as history:
        old, new = (
            version_of_record(project, history, project.task(task), m, author="t") for m in ("baseline", candidate)
        )
        started = history.start_rollout(
            NewRollout(task, task, candidate, new.id, old.id, USUAL_STEPS, (), 5.0, False, 0.0),
            {},
            author="ann",
            why="practice",
        )
        history.change_rollout(
            started, kind=kind, who="monitor", why="latency: too slow", state=state, step=2, percentage=percentage
        )


@pytest.mark.parametrize(("size", "words"), [(WIDE, "! 10 % held"), (MEDIUM, "! 10%")])
async def test_how_far_each_task_is_rolled_out_stands_in_the_row_of_its_candidate(
    ran: Path, size: tuple[int, int], words: str
) -> None:
    roll_out(ran, "sorting", "twin", RolloutState.HELD, EventKind.HELD, 10.0)
    async with opened(ran, size=size) as driver:
        screen = await show(driver)
        await driver.until(lambda: words in driver.text, "the rollout of another task than that in view")
        assert words in row(driver, "sorting", "twin") and words not in row(driver, "sorting", "newer")
        await go(driver, screen, "sorting", "twin")
        assert "live" in driver.text and "by monitor: latency: too slow" in driver.text
        roll_out(ran, "triage", "newer", RolloutState.RUNNING, EventKind.ADVANCED, 5.0)
        short = size == MEDIUM
        await driver.until(lambda: ("● 5%" if short else "● 5 %") in row(driver, "triage", "newer"), "looked again")


async def test_where_nothing_is_rolled_out_there_is_no_column_for_it_and_where_it_is_narrow_the_details_say_it(
    ran: Path,
) -> None:
    async with opened(ran, size=WIDE) as driver:
        await show(driver)
        assert not any(line.split()[-2:-1] == ["live"] for line in driver.lines)
    roll_out(ran, "triage", "newer", RolloutState.ROLLED_BACK, EventKind.ROLLED_BACK, 0.0)
    async with opened(ran, size=NARROW) as driver:
        screen = await show(driver)
        await go(driver, screen, "triage", "newer")
        await driver.until(lambda: "rolled back" in driver.text, "looked at")
        assert "by monitor: latency: too slow" in driver.text
