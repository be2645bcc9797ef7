"""A rehearsal from the rollout screen: what it says before, while it goes on, and of what came of it."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.tui.rollout import rehearsing
from migrator_tui.tui.widgets.modal import Sheet
from tests.tui.conftest import NARROW, WIDE, opened
from tests.tui.rollout.filling import five_percent, shown, without_gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_rehearsal_is_the_programs_own_command_and_what_it_says_is_shown(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LITELLM_MASTER_KEY", raising=False)
    five_percent(shop)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config = (shop / "migrator.toml").read_text("utf-8")
    without_gateway(shop)
    async with opened(shop, size=WIDE) as driver:
        await shown(driver)
        await driver.press("t")
        await driver.until(lambda: "no gateway answers at 127.0.0.1:1" in driver.text)
        assert "no key: start it with LITELLM_MASTER_KEY set to the running gateway's" in driver.text
        # How the lines break depends on how long the path of the folder is.
        await driver.until(lambda: "rehearse" in driver.text and "--start" in driver.text)
        await driver.press("enter", "escape")
        (shop / "migrator.toml").write_text(f"{config}\n[gateway]\nport = {port}\n", "utf-8")
        monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-0123456789abcdef01234567")
        await driver.bench.look_outside()
        await driver.until(lambda: driver.app.workspace.project.gateway.port == port)
        await driver.press("t")
        await driver.until(lambda: "it is down" in driver.text)
        await driver.press("enter")
        await driver.until(
            lambda: "it could not be done" in driver.text and "Rehearsal, trouble: none" in driver.text
        )
        assert "no gateway answers at" in driver.text
    server.close()


async def test_a_rehearsal_that_goes_on_says_so_until_it_ends(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of the test's own in place of the command: it tells how it stands, and ends when it is told to."""
    program = """
import signal, sys
stands = '{"at_s": %s, "seconds": 60.0, "calls": 5, "under_way": %d, "not_sent": %d, "errors": 0, "trouble_at_s": %s}'
print("traffic begins", flush=True)
print(stands % (34.0, 12, 0, 15.0), flush=True)
def later(*_):
    print(stands % (61.0, 3, 8, 15.0), flush=True)
def end(*_):
    open(sys.argv[1]).close()  # as soon as the test opens it too
    print("the end")
    sys.exit(3)
signal.signal(signal.SIGUSR1, later)
signal.signal(signal.SIGTERM, end)
while True:
    signal.pause()
"""
    real, begun, asked = asyncio.create_subprocess_exec, [], []

    async def begin_instead(*words: str, **more: Any) -> asyncio.subprocess.Process:
        asked.extend(words)
        begun.append(await real(sys.executable, "-c", program, str(gate), **more))
        return begun[-1]

    gate = shop / "gate"
    os.mkfifo(gate)

    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-0123456789abcdef01234567")
    five_percent(shop)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    with (shop / "migrator.toml").open("a", encoding="utf-8") as config:
        config.write(f"\n[gateway]\nport = {server.sockets[0].getsockname()[1]}\n")
    async with opened(shop, size=NARROW) as driver:
        monkeypatch.setattr(asyncio, "create_subprocess_exec", begin_instead)
        await shown(driver)
        await driver.press("t")
        await driver.until(lambda: "it is down" in driver.text)
        assert "a second     5  10  20  calls" in driver.text
        await driver.press("j", "left", "enter")
        await driver.until(lambda: "rehearsing failing · 34 of 60 s · trouble for 19 s · 12 under way" in driver.text)
        await driver.press("1")
        await driver.until(lambda: driver.app.current.NAME == "workbench")
        assert "rehearsing failing · 34 of 60 s" in driver.lines[0]
        await driver.press("5")
        begun[0].send_signal(signal.SIGUSR1)
        await driver.until(lambda: "sent but for 8; waits for 3 under way" in driver.text)
        await driver.until(lambda: "take a lower rate" in driver.text)
        await driver.press("x")
        await driver.until(lambda: "rehearsing failing · stopping" in driver.text)
        await driver.press("1")
        await driver.until(lambda: driver.app.current.NAME == "workbench")
        with gate.open("w"):
            pass
        await driver.until(lambda: "5 shows what came of it" in driver.notice)
        await driver.press("5")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        await driver.until(lambda: "the end" in driver.text and "nothing follows from it" in driver.text)
        assert "at_s" not in driver.text and "traffic begins" in driver.text
        assert "--rate 5 --seconds 60 --trouble failing" in " ".join(asked)
        await driver.press("escape")
        await driver.until(lambda: "rehearsing" not in driver.text)
    server.close()


async def test_a_rehearsal_that_does_not_end_when_it_is_told_to_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing, "ENDING_S", 0.1)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", deaf, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None and await process.stdout.readline()
    await rehearsing.stop(rehearsing.Rehearsing(process, rehearsing.Wanted("none", 5), ""))
    assert process.returncode == -signal.SIGKILL
