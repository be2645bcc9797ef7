"""The cap of calls over a real worker and real HTTP: what a server sees is what was counted, retries included."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from migrator_tui.history.records import Origin
from migrator_tui.history.store import History
from migrator_tui.models.pool import ModelPool
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.running.run import Runner
from migrator_tui.running.spending import CallCap
from migrator_tui.running.versions import DraftPrompt, version_of_draft
from tests.models.replay import ReplayServer, Script, error, plain
from tests.running.conftest import CONFIG, write_project

pytestmark = pytest.mark.asyncio(loop_scope="session")
CASES = 8


@pytest_asyncio.fixture(loop_scope="session")
async def faulty() -> AsyncIterator[Script]:
    """Refuses the first three requests, breaks two more on the way, then answers."""
    server = ReplayServer()
    await server.start()
    limited, broken = error(429), error(503)
    yield server.script(limited, limited, limited, plain("good"), broken, broken, plain("good"))
    await server.stop()


@pytest.mark.parametrize("cap", [4, 7, 12, CASES + 5, 50])
async def test_a_server_sees_no_request_beyond_the_cap(
    tmp_path: Path, pool: ModelPool, faulty: Script, cap: int
) -> None:
    served = f'model = "openai/new-model"\napi_base = "{faulty}"\n'
    config = CONFIG.replace('model = "openai/new-model"\n', served)
    project = load_project(write_project(tmp_path / "shop", config=config, cases=CASES))
    task = project.tasks[0]
    with History.open(project) as history:
        draft = DraftPrompt("Try for {{ shop }}.", {}, origin=Origin.SEARCH)
        version = version_of_draft(history, "triage", "newer", draft, author="ann")
        runner = Runner(project, history, pool, author="ann")
        calls = CallCap(cap)
        budget = await runner.open_budget([project.candidate("newer")], calls=calls)
        cases = load_cases(project, task)
        result = await runner.try_version(task, "newer", version, cases, budget=budget, concurrency=4)
        needed = CASES + 5
        assert len(faulty.seen) == calls.made == result.calls == min(cap, needed)
        outcomes = [one.outcome.outcome for one in result.tried.values()]
        assert result.complete is (cap >= needed)
        assert (outcomes.count(Outcome.PASS) == CASES) is (cap >= needed)
        assert set(outcomes) <= {Outcome.PASS, Outcome.ERROR}
        again = await runner.try_version(task, "newer", version, cases, budget=budget)
        assert len(faulty.seen) == calls.made <= cap and again.cached == outcomes.count(Outcome.PASS)
