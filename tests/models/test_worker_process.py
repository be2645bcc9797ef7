"""Workers die, hang and are left behind: nothing waits for ever, nothing stays, and the next call works."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from migrator_tui.models import pool as pool_module
from migrator_tui.models import worker_process
from migrator_tui.models.child import Child, open_log
from migrator_tui.models.environment import child_environment
from migrator_tui.models.pool import ModelPool
from migrator_tui.models.requests import ErrorKind, Failed, Finished, Lane, TextDelta
from migrator_tui.models.secrets import scrubber
from migrator_tui.models.worker_process import PoolState, WorkerGone, WorkerProcess
from tests.model_fixtures import QUICK
from tests.models.conftest import ask_for
from tests.models.replay import SSE, ReplayServer, Reply, chunk, plain, stream
from tests.nursery import without_nursery

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("real_workers")]

STATES: list[PoolState] = []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mortal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ModelPool]:
    """A pool whose workers may be killed."""
    folder = tmp_path_factory.mktemp("mortal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", without_nursery(os.environ.get("PYTHONPATH", "")))
        pool = ModelPool(
            project_folder=folder, environment={}, log_file=folder / "log", pace=QUICK, on_state=STATES.append
        )
    async with pool as made:
        yield made


async def test_killed_in_the_middle_of_a_call(mortal: ModelPool, server: ReplayServer) -> None:
    await mortal.warm()
    assert mortal.state is PoolState.READY
    pid = mortal.worker(Lane.WAITED_FOR).pid
    assert pid is not None
    script = server.script(Reply([chunk({"content": "half"})], hang=True, headers=SSE), stream("new"))

    async with aclosing(mortal.call(ask_for(script, stream=True), Lane.WAITED_FOR)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                os.kill(pid, signal.SIGKILL)
    assert isinstance(event, Failed)
    assert (event.error.kind, event.error.attempts) == (ErrorKind.WORKER, 1)
    assert "killed by signal 9" in event.error.message

    end = await mortal.ask(ask_for(script, stream=True), Lane.WAITED_FOR)
    assert isinstance(end, Finished)
    assert end.answer.text == "new"
    assert mortal.worker(Lane.WAITED_FOR).pid != pid
    assert STATES == [PoolState.STARTING, PoolState.READY, PoolState.STARTING, PoolState.RESTARTED]


async def test_a_call_that_had_not_left_is_sent_again(mortal: ModelPool, server: ReplayServer) -> None:
    await mortal.warm()
    pid = mortal.worker(Lane.WAITED_FOR).pid
    assert pid is not None
    script = server.script(plain("after all"))
    os.kill(pid, signal.SIGSTOP)  # takes nothing in, says nothing
    call = asyncio.create_task(mortal.ask(ask_for(script), Lane.WAITED_FOR))
    while not mortal.worker(Lane.WAITED_FOR).in_hand:
        await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    end = await call
    assert isinstance(end, Finished)
    assert end.answer.text == "after all"
    assert len(script.seen) == 1


async def test_a_stuck_worker_is_ended(
    mortal: ModelPool, server: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mortal.warm()
    pid = mortal.worker(Lane.WAITED_FOR).pid
    assert pid is not None
    monkeypatch.setattr(pool_module, "_GRACE", 0.1)
    monkeypatch.setattr(worker_process, "_SILENT_FOR", 0.05)
    os.kill(pid, signal.SIGSTOP)
    # More than a pipe holds, so that even handing it in can't succeed.
    question = [{"role": "user", "content": "x" * 4_000_000}]
    end = await mortal.ask(ask_for(server.script(plain("later")), timeout=2.5, messages=question), Lane.WAITED_FOR)
    assert isinstance(end, Finished), "the second attempt waits for the next worker"
    assert mortal.worker(Lane.WAITED_FOR).pid != pid


async def test_bulk_borrows_while_its_worker_starts_and_then_has_its_own(
    mortal: ModelPool, server: ReplayServer
) -> None:
    await mortal.warm()
    assert mortal.worker(Lane.BULK).state is PoolState.NOT_STARTED
    script = server.script(plain("lent"))
    ends = await asyncio.gather(*(mortal.ask(ask_for(script)) for _ in range(20)))
    assert all(isinstance(end, Finished) for end in ends)
    await mortal.warm(Lane.BULK)
    assert mortal.worker(Lane.BULK).usable
    assert mortal.worker(Lane.BULK).pid != mortal.worker(Lane.WAITED_FOR).pid


async def test_a_worker_that_cannot_start_is_dead_and_says_why(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    worker = WorkerProcess(Lane.BULK, child_environment({}), log, str, lambda: None, module="no_such_worker")
    with pytest.raises(WorkerGone, match="No module named no_such_worker"):
        await worker.ready()
    assert worker.state is PoolState.DEAD
    assert "no_such_worker" in (tmp_path / "log").read_text()
    await worker.close()


ORPHAN = """
import asyncio, pathlib, sys
from migrator_tui.models.pool import ModelPool
from migrator_tui.models.requests import Lane
async def main():
    folder, log = pathlib.Path("."), pathlib.Path(sys.argv[1])
    async with ModelPool(project_folder=folder, environment={}, log_file=log) as pool:
        await pool.warm()
        print(pool.worker(Lane.WAITED_FOR).pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_a_killed_program_leaves_no_worker_behind(tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ORPHAN, str(tmp_path / "log"), stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout is not None
    worker = psutil.Process(int(await program.stdout.readline()))
    program.kill()
    await program.wait()
    await asyncio.to_thread(worker.wait, 10)
    assert not worker.is_running()


async def test_what_libraries_print_does_not_reach_the_protocol() -> None:
    code = (
        "import os, sys; from migrator_tui.models.worker import guarded_stdout\n"
        "kept = guarded_stdout(); print('chatter'); os.system('echo more chatter'); os.write(kept, b'protocol')"
    )
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await program.communicate()
    assert out == b"protocol"
    assert sorted(err.split()) == [b"chatter", b"chatter", b"more"]


async def test_what_a_child_says_is_logged_as_harmless_lines(tmp_path: Path) -> None:
    module = tmp_path / "loud.py"
    module.write_text(
        "import sys\n"
        "sys.stderr.write('\\x1b]2;x\\x07 a key: sk-0123456789abcdef [/b]\\n' + 'w' * 3_000_000 + '\\n')\n"
        "sys.stderr.buffer.write(b'\\xff\\xfe\\n')\n"
    )
    environment = {**child_environment({}), "PYTHONPATH": str(tmp_path)}
    log = open_log(tmp_path / "log")
    child = await Child.start("loud", [], environment, name="loud", log=log, scrub=scrubber([]))
    assert await child.ended() == 0
    written = (tmp_path / "log").read_text()
    assert "\x1b" not in written
    assert "\x07" not in written
    assert "sk-0123" not in written
    assert "[/b]" in written
    assert len(written) < 10_000
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0, "for its owner alone"
