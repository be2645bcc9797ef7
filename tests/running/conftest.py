"""A project on disk, its real history, and a pool whose answers the test decides."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.history.store import History
from migrator_tui.models.requests import (
    Answer,
    CallError,
    ErrorKind,
    Event,
    Failed,
    Finished,
    Lane,
    ModelRequest,
    Sent,
    TextDelta,
)
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import Project
from migrator_tui.running.plan import Plan, plan_run
from migrator_tui.running.run import Runner
from migrator_tui.running.selection import Selection

CONFIG = """
[project]
name = "shop"

[baseline]
model = "openai/old-model"
params = { max_tokens = 100 }
price = { input = 1.0, output = 2.0 }

[[candidates]]
name = "newer"
model = "openai/new-model"
params = { max_tokens = 100 }
price = { input = 1.0, output = 2.0 }

[[tasks]]
name = "triage"
prompt = "triage.md"
cases = ["triage.jsonl"]
checks = [{ type = "contains", value = "good" }]
"""


def write_project(
    folder: Path, *, config: str = CONFIG, cases: int = 4, prompt: str = "Sort for {{ shop }}.\n"
) -> Path:
    """Write a project of one task; case `c1` asks question 1, and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "migrator.toml").write_text(config, "utf-8")
    (folder / "triage.md").write_text(prompt, "utf-8")
    lines = [
        {"id": f"c{n}", "vars": {"shop": "Lamps"}, "messages": [{"role": "user", "content": f"question {n}"}]}
        for n in range(1, cases + 1)
    ]
    (folder / "triage.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return folder


Reply = Answer | CallError


def good(request: ModelRequest) -> Reply:
    """An answer that passes the project's check."""
    return Answer("good answer", finish_reason="stop", input_tokens=10, output_tokens=5, latency_ms=20.0)


class FakePool:
    """Answers by a function of the request. `hold` makes calls wait until `release` is set."""

    def __init__(self, reply: Callable[[ModelRequest], Reply] = good) -> None:
        self.reply = reply
        self.asked: list[tuple[ModelRequest, Lane]] = []
        self.hold: Callable[[ModelRequest], bool] = lambda request: False
        self.release = asyncio.Event()
        self.in_flight = 0
        self.most_in_flight = 0
        self.changed = asyncio.Event()

    async def call(self, request: ModelRequest, lane: Lane = Lane.BULK) -> AsyncGenerator[Event, None]:
        self.asked.append((request, lane))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.changed.set()
        try:
            yield Sent(request.id, 1)
            if self.hold(request):
                await self.release.wait()
            else:
                await asyncio.sleep(0)
            reply = self.reply(request)
            if isinstance(reply, CallError):
                yield Failed(request.id, reply)
            else:
                if request.stream:
                    yield TextDelta(request.id, reply.text)
                yield Finished(request.id, reply)
        finally:
            self.in_flight -= 1
            self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until calls have come or gone such that the condition holds."""
        async with asyncio.timeout(20):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    def questions(self, model: str | None = None) -> list[str]:
        """What was asked, in order."""
        return [r.messages[-1]["content"] for r, _ in self.asked if model is None or r.model == model]


def error(kind: ErrorKind = ErrorKind.SERVER) -> CallError:
    return CallError(kind, "the server is on fire", status=500, attempts=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_project(tmp_path / "shop")


@pytest.fixture
def project(folder: Path) -> Project:
    return load_project(folder)


@pytest.fixture
def history(project: Project) -> Iterator[History]:
    with History.open(project) as opened:
        opened.index_cases(project.tasks[0], load_cases(project, project.tasks[0]))
        yield opened


class Rig:
    """Plans and runs, with everything that was told."""

    def __init__(self, project: Project, history: History) -> None:
        self.project = project
        self.history = history
        self.pool = FakePool()
        self.events: list[Any] = []

    def plan(self, **selection: Any) -> Plan:
        return plan_run(self.project, self.history, Selection(**selection), author="tester")

    def runner(self) -> Runner:
        return Runner(self.project, self.history, self.pool, author="tester")

    async def run(self, plan: Plan | None = None, *, concurrency: int = 4, max_cost: float | None = None) -> Any:
        return await self.runner().run(
            plan or self.plan(), concurrency=concurrency, max_cost=max_cost, on_event=self.events.append
        )

    def told(self, kind: type[Any]) -> Sequence[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def rig(project: Project, history: History) -> Rig:
    return Rig(project, history)
