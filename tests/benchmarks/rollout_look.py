"""A look at a rollout after many calls, 200 of them new: count those, read the figures, ask every guardrail.

The monitor looks every two seconds, so a look has to stay far below that whatever came before it.
"""

import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from migrator_tui.history.store import History
from migrator_tui.project.schema import ModelSpec, Project, Task
from migrator_tui.rollout.figures import look
from tests.benchmarks.rows import Row
from tests.history.rollout_fixtures import START, a_call, a_rollout, write

CALLS = 200_000
"""In conversations of five on average."""
NEW = 200
_BATCH = 5_000


def measure(runs: int) -> list[Row]:
    """Real rows in a real file."""
    with TemporaryDirectory() as folder, History.open(project := _project(Path(folder))) as history:
        rollout, dice = a_rollout(history), random.Random(1)
        at = START + timedelta(seconds=CALLS / 20)
        for first in range(0, CALLS, _BATCH):
            write(history, "migrator_traffic", [_call(n, dice) for n in range(first, first + _BATCH)])
        began = time.monotonic()
        history.sum_up_traffic(at=at)
        backlog = CALLS / (time.monotonic() - began)
        took = []
        for run in range(runs):
            first = CALLS + run * NEW
            write(history, "migrator_traffic", [_call(n, dice) for n in range(first, first + NEW)])
            began = time.monotonic()
            look(history, rollout, datetime.now(UTC), project)
            took.append((time.monotonic() - began) * 1000)
    note = f"where no monitor has counted them yet, {backlog:,.0f} calls a second are"
    return [Row(f"a look at a rollout of {CALLS:,} calls, {NEW} of them new", "ms", 250, took, note)]


def _call(n: int, dice: random.Random) -> dict[str, object]:
    arm = dice.choice(["baseline", "candidate"])
    more = {"assigned": arm, "served": arm, "latency_ms": dice.lognormvariate(7, 0.5)}
    return a_call(n, ts=START.timestamp() + n / 20, key_digest=f"key-{dice.randrange(CALLS // 5)}", **more)


def _project(folder: Path) -> Project:
    (folder / "migrator.toml").write_text('[project]\nname = "shop"\n', "utf-8")
    return Project(
        folder=folder,
        config_file=folder / "migrator.toml",
        name="shop",
        baseline=ModelSpec("baseline", "simulated:classic-1"),
        candidates=[ModelSpec("new", "simulated:bright-2")],
        tasks=[Task("triage", folder / "prompt.md", [])],
        database=f"sqlite:///{folder / 'history.sqlite3'}",
    )
