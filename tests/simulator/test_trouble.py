"""Trouble on purpose: a persona fails or is slow while a file says so, and no longer."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from migrator_tui.models.simulator.trouble import Trouble, TroubleFile, write_troubles
from tests.simulator.conftest import PERSONAS, Client, start

EVER = {"since": 0.0, "until": time.time() + 3600}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "trouble.json"


@pytest_asyncio.fixture
async def client(tmp_path: Path, file: Path) -> AsyncIterator[Client]:
    (tmp_path / "paced.toml").write_text(PERSONAS["paced"])
    process, port = start(tmp_path, "--trouble", str(file))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield Client(f"http://127.0.0.1:{port}/v1", session)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0


async def test_a_persona_is_down_while_the_file_says_so_and_the_others_are_not(client: Client, file: Path) -> None:
    assert (await client.post("bright-2"))[0] == 200
    write_troubles(file, [Trouble("bright-2", "failing", **EVER)])
    status, _, body = await client.post("bright-2")
    assert (status, body["error"]["message"]) == (503, "simulated trouble: this model is down")
    assert (await client.post("bright-2", stream=True))[0] == 503
    assert (await client.post("classic-1"))[0] == 200
    file.unlink()
    assert (await client.post("bright-2"))[0] == 200


async def test_a_slow_persona_takes_several_times_as_long_also_where_nothing_streams(
    client: Client, file: Path
) -> None:
    began = time.perf_counter()
    await client.post("paced.toml")
    usual = time.perf_counter() - began
    write_troubles(file, [Trouble("paced.toml", "slower", times=4.0, **EVER)])
    began = time.perf_counter()
    status, _, body = await client.post("paced.toml")
    assert status == 200 and body["choices"][0]["message"]["content"] == "one two three four"
    # First token and four more take 200 ms of their own, whatever the machine adds.
    assert time.perf_counter() - began >= 0.8 > 0.2 <= usual


def test_trouble_begins_and_ends_by_the_clock_and_hits_its_share_alone(file: Path) -> None:
    now = time.time()
    write_troubles(
        file,
        [
            Trouble("over", "failing", now - 20, now - 10),
            Trouble("to-come", "failing", now + 3600, now + 7200),
            Trouble("some", "failing", now - 1, now + 3600, share=0.3),
        ],
    )
    troubles = TroubleFile(file)
    assert troubles.strikes("over", 1) is None and troubles.strikes("to-come", 1) is None
    struck = sum(troubles.strikes("some", number) is not None for number in range(1000))
    assert 250 < struck < 350


@pytest.mark.parametrize(
    "text", ["{", "[1]", '[{"model": "m"}]', '[{"model": "m", "kind": "x", "since": 0, "until": 9}]']
)
def test_a_file_that_says_nothing_sound_troubles_nobody_and_is_told(
    text: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.parent.mkdir()
    file.write_text(text, "utf-8")
    assert TroubleFile(file).strikes("m", 1) is None
    assert "nothing is in trouble" in capsys.readouterr().err
