"""The app on a project on disk and its real history, driven through Textual's pilot.

Most tests look at `shop`, whose models are recorded: what they answer is written in the test, and no worker starts.
Tests that change what a model answers take `live`: simulated models behind the session's real worker.

    async with opened(shop) as bench:
        await bench.press("j", "p")
        await bench.until(lambda: "nothing more to judge" in bench.text)
"""

import asyncio
import json
import pickle
import shutil
import time
import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import node_to_report_path
from textual import events
from textual.app import App
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.widgets import TextArea

from migrator_tui.history.location import PLACE_NAME, history_folder
from migrator_tui.history.records import Section
from migrator_tui.history.store import History
from migrator_tui.models.pool import ModelPool
from migrator_tui.models.requests import Lane
from migrator_tui.project.cases import read_cases
from migrator_tui.project.config import load_project
from migrator_tui.running.plan import plan_run
from migrator_tui.running.pools import open_pool
from migrator_tui.running.run import Runner
from migrator_tui.running.selection import Selection
from migrator_tui.tui.app import MigratorApp
from migrator_tui.tui.runs import Runs
from migrator_tui.tui.workbench.screen import WorkbenchScreen

WIDE, MEDIUM, NARROW = (160, 45), (120, 36), (80, 24)
PATIENCE = 25.0
"""Seconds after which a condition that does not come true fails its test."""

FENCED = '```json\n{"category": "billing"}\n```'
PLAIN = '{"category": "billing"}'
NO_FENCE = [{"type": "no-code-fence"}]
CASES: Sequence[dict[str, Any]] = (
    {"id": "c1", "tags": ["refund", "vip"], "critical": True, "checks": NO_FENCE},
    {"id": "c2", "tags": ["refund"], "checks": NO_FENCE},
    {"id": "c3", "tags": ["parcel"], "checks": NO_FENCE},
    {"id": "c4", "tags": ["parcel"]},
    {"id": "c5", "tags": ["parcel"]},
    {"id": "c6", "tags": ["praise"]},
)
"""One regression, one that stays the same, one fixed, three that only a person can judge."""
OLD = {"c1": PLAIN, "c2": PLAIN, "c3": FENCED, "c4": "We will look.", "c5": "It is late.", "c6": "Thank you."}
NEW = {
    "c1": FENCED,
    "c2": PLAIN,
    "c3": PLAIN,
    "c4": "We shall look into it today.",
    "c5": "Your parcel is late, sorry.",
    "c6": "Thank you **so** much.",
}
PROMPT = "Sort tickets for {{ shop }}.\nAnswer with JSON.\n"
RECORDED = """
[project]
name = "shop"

[baseline]
model = "recorded:outputs/old.jsonl"
params = { temperature = 0, max_tokens = 100 }

[[candidates]]
name = "newer"
model = "recorded:outputs/new.jsonl"
params = { max_tokens = 100 }

[[tasks]]
name = "triage"
prompt = "prompts/triage.md"
cases = ["cases/triage.jsonl"]
"""
SIMULATED = RECORDED.replace("recorded:outputs/old.jsonl", "simulated:personas/dry.toml").replace(
    "recorded:outputs/new.jsonl", "simulated:personas/fenced.toml"
)
PERSONAS = {
    # Always fences its JSON unless the prompt asks it not to.
    "fenced": 'pace = "none"\nprice = { input = 1.0, output = 2.0 }\n[habits]\nfences = 1.0\n',
    "dry": 'pace = "none"\nprice = { input = 1.0, output = 2.0 }\n',
    # Slow enough that a test can look while it streams, on each case whose input says so.
    "slow": 'text = "'
    + " ".join(f"word{n}" for n in range(400))
    + '"\npace = "real"\nfirst_token_ms = 20\ntokens_per_second = 20\njitter = 0\n',
    # Never answers where the input says "wait for ever".
    "stuck": 'text = "fine"\npace = "none"\n[[faults]]\nkind = "hang"\nwhen = "wait for ever"\n',
    "broken": 'pace = "none"\n[[faults]]\nkind = "status"\nstatus = 401\nmessage = "no such key"\n',
}


def write_project(
    folder: Path,
    *,
    config: str = RECORDED,
    cases: Sequence[Mapping[str, Any]] = CASES,
    prompt: str = PROMPT,
    old: Mapping[str, str] = OLD,
    new: Mapping[str, str] = NEW,
) -> Path:
    """Write a project of one task; a case without messages of its own asks `question about ID`."""
    for name in ("prompts", "cases", "outputs", "personas"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "migrator.toml").write_text(config, "utf-8")
    (folder / "prompts" / "triage.md").write_text(prompt, "utf-8")
    lines = []
    for case in cases:
        asks = {"vars": {"shop": "Lamps"}, "messages": [{"role": "user", "content": f"question about {case['id']}"}]}
        lines.append(json.dumps({**asks, **case}) + "\n")
    (folder / "cases" / "triage.jsonl").write_text("".join(lines), "utf-8")
    for name, text in PERSONAS.items():
        (folder / "personas" / f"{name}.toml").write_text(text, "utf-8")
    record(folder, old=old, new=new)
    return folder


def record(folder: Path, *, old: Mapping[str, str] | None = None, new: Mapping[str, str] | None = None) -> None:
    """Write what the recorded models answer, with figures that never change."""
    for name, answers in (("old", old), ("new", new)):
        if answers is None:
            continue
        lines = [
            {
                "id": case_id,
                "output": text,
                "latency_ms": 800 + 10 * n,
                "cost": 0.0012,
                "output_tokens": len(text) // 3,
            }
            for n, (case_id, text) in enumerate(answers.items())
        ]
        (folder / "outputs" / f"{name}.jsonl").write_text("".join(json.dumps(o) + "\n" for o in lines), "utf-8")


async def run_all(folder: Path) -> None:
    """Answer every case of a recorded project, as `migrator-tui run` does."""
    project = load_project(folder)
    with History.open(project) as history:
        for task in project.tasks:
            if not history.index_current(task):
                history.index_cases(task, (c for file in task.cases for c in read_cases(file, project.folder)))
        async with open_pool(project, trusted=True) as pool:
            runner = Runner(project, history, pool, author="tester")
            plan = plan_run(project, history, Selection(), author="tester")
            await runner.run(plan, concurrency=4, on_event=lambda event: None)


class Driver:
    """A test's hands and eyes on the running app."""

    def __init__(self, app: MigratorApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def bench(self) -> WorkbenchScreen:
        """The workbench."""
        return self.app.workbench

    @property
    def history(self) -> History:
        """The history the app has open."""
        return self.app.workspace.history

    @property
    def lines(self) -> list[str]:
        """What the screen in front shows, row by row."""
        return screen_lines(self.app)

    @property
    def text(self) -> str:
        """What the screen in front shows."""
        return "\n".join(self.lines)

    @property
    def case(self) -> str | None:
        """Id of the case in view."""
        return self.bench.case_in_view

    @property
    def ids(self) -> list[str]:
        """Ids of the cases the list shows, in its order."""
        rows = self.app.workspace.rows(self.bench.rows.shown)
        by_number = {row.no: row.case_id for row in rows}
        return [by_number[no] for no in self.bench.rows.shown]

    @property
    def sections(self) -> dict[str, Section]:
        """Where each case stands, by id."""
        workspace = self.app.workspace
        found = self.history.standings(workspace.task.name, workspace.candidate.name)
        return {case_id: standing.section for case_id, standing in found.items()}

    @property
    def notice(self) -> str:
        """The line that stands in the header for some seconds."""
        return self.app.frame.notice

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, each when what the one before it started has been handled.

        The pilot's own `press` waits until the process is idle, which takes seconds while something streams.
        """
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 else key
            try:
                character = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(name, name)))
            except KeyError:
                character = key if len(key) == 1 else None
            assert self.app._driver is not None
            self.app._driver.send_message(events.Key(name, character))
            await asyncio.sleep(0)
            await self.handled()

    async def type(self, text: str) -> None:
        """Type a text."""
        names = {" ": "space", "\n": "enter"}
        await self.press(*(names.get(character, character) for character in text))

    async def handled(self) -> None:
        """Until no widget has a message left to handle, and the screen is painted.

        Looked at and not asked for: the pilot's own way is to send every widget a message and to wait for all of
        them, a third of the time that these tests took.
        """
        quiet = looks = 0
        while quiet < 2:
            # A handler may wait for a thread; only then there is time to lose.
            await asyncio.sleep(0 if looks < 50 else 0.002)
            looks += 1
            if self.app._exception_event.is_set():
                return
            self.app.screen._on_timer_update()
            quiet = quiet + 1 if is_idle(self.app) else 0

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Let the app go on until the condition holds."""
        await until(self.pilot, condition, what)
        await self.handled()

    async def settle(self) -> None:
        """Until nothing is loading, asked or waited for."""
        await self.until(lambda: not any(w.is_running for w in self.app.workers) and not self.app.runs.busy)
        await self.handled()

    async def settle_but_for_questions(self) -> None:
        """Until nothing is loading or asked; a question may be open."""
        open_groups = {"question"}
        await self.until(lambda: not any(w.is_running and w.group not in open_groups for w in self.app.workers))
        await self.until(lambda: not self.app.runs.busy)

    async def go_to(self, case_id: str) -> None:
        """Move the cursor to a case."""
        number = self.app.workspace.number_of(case_id)
        assert number is not None and self.bench.rows.go_to(number), f"{case_id} is not in the list"
        await self.until(lambda: self.case == case_id)

    async def to_end(self) -> None:
        """Put the cursor of the editor that has the focus at the end of its text."""
        editor = self.app.focused
        assert isinstance(editor, TextArea)
        editor.move_cursor(editor.document.end)
        await self.handled()

    async def edit(self, text: str) -> None:
        """Put a text into the prompt's editor, as one paste over everything."""
        self.bench.prompt_pane.editor.replace_all(text)
        await self.handled()


async def until(pilot: Pilot[Any], condition: Callable[[], object], what: str = "") -> None:
    """Let the app go on until the condition holds; fails with what the screen shows where it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline or pilot.app._exception_event.is_set():
            raise AssertionError(
                f"waited in vain{': ' + what if what else ''}\n" + "\n".join(screen_lines(pilot.app))
            )
        await asyncio.sleep(0.01)
        pilot.app.screen._on_timer_update()


def is_idle(app: App[Any]) -> bool:
    """Whether the app and every widget of the screen in front wait for their next message, with nothing put off."""
    for node in (app, *app.screen.walk_children(with_self=True)):
        queue = node._message_queue
        at_work = not queue.empty() or not queue.ready_event._waiters or node._next_callbacks
        if at_work and not (node._closing or node._closed):
            return False
    return not app.screen._callbacks


def screen_lines(app: App[Any]) -> list[str]:
    """What the screen in front shows, row by row."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


@asynccontextmanager
async def opened(
    folder: Path,
    *,
    pool: ModelPool | None = None,
    size: tuple[int, int] = MEDIUM,
    demo: bool = False,
    ready: bool = True,
) -> AsyncIterator[Driver]:
    """The app on a folder. Leaving is like pulling the plug: nothing is written down that was not before."""
    app = MigratorApp(load_project(folder), trusted=True, demo=demo)
    if pool is not None:
        # On a machine with much to do a worker takes longer to start than any condition is waited for.
        await asyncio.gather(*(pool.warm(lane) for lane in Lane))
        app.runs = Runs(app.workspace, app.tell, pool)
    try:
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            if ready:
                await driver.until(lambda: app.workbench.ready and app.workbench.prompt is not None, "models ready")
            if ready and not demo:
                await driver.settle()
            yield driver
    finally:
        await asyncio.shield(app.runs.close())
        await app.workspace.close()


@pytest.fixture
def snap_compare(
    snap_compare: Callable[..., bool], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., bool]:
    """As the plugin's; where pictures differ it names both files, so that nobody has to compare long texts."""

    def compare(*args: Any, **options: Any) -> bool:
        if snap_compare(*args, **options):
            return True
        kept = request.path.parent / "__snapshots__" / request.path.stem / f"{request.node.name}.svg"
        now = tmp_path_factory.mktemp("picture") / kept.name
        now.write_text(pickle.loads(node_to_report_path(request.node).read_bytes())[2], "utf-8")
        pytest.fail(f"the screen is not as in its picture\nkept: {kept}\nnow:  {now}", pytrace=False)

    return compare


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project of six cases on recorded models, never run."""
    return write_project(tmp_path / "shop")


@pytest.fixture(scope="session")
def kept_answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `answered` keeps the project and its history, once they were made."""
    return tmp_path_factory.mktemp("kept") / "answers"


@pytest.fixture
async def answered(shop: Path, kept_answers: Path) -> Path:
    """The same, with all cases answered by both models: run once, and copied with the times of its files."""
    project = load_project(shop)
    if not kept_answers.exists():
        await run_all(shop)
        shutil.copytree(history_folder(project), kept_answers / "history", ignore=lambda *_: [PLACE_NAME])
        shutil.copytree(shop, kept_answers / "shop")
    else:
        shutil.copytree(kept_answers / "history", history_folder(project))
        shutil.copytree(kept_answers / "shop", shop, dirs_exist_ok=True)
    return shop


@pytest.fixture(scope="session")
def personas(pool_folder: Path) -> None:
    """The personas of `PERSONAS`, where the session's simulator finds them."""
    (pool_folder / "personas").mkdir(exist_ok=True)
    for name, text in PERSONAS.items():
        (pool_folder / "personas" / f"{name}.toml").write_text(text, "utf-8")


@pytest.fixture
def live(tmp_path: Path, personas: None) -> Path:
    """The same six cases on simulated models; open it with the session's `pool`."""
    return write_project(tmp_path / "live", config=SIMULATED)
