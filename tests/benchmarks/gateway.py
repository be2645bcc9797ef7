"""What the plugin costs on the proxy: the same requests through one with it and one without, in turns.

The rollout is at half, rows go to SQLite; the server answers at once. MIGRATOR_TEST_GATEWAY_PYTHON names an
interpreter that has the proxy; without, nothing is measured.
"""

import asyncio
import json
import os
import socket
import statistics
import tempfile
import time
from pathlib import Path

import aiohttp
import psutil

from migrator_tui.history.database import Database, parse_url
from migrator_tui.models.child import open_log
from migrator_tui.project.config import load_project
from migrator_tui.rollout.gateway.config import CONFIG_FILE, gateway_config, write_config
from migrator_tui.rollout.gateway.process import GatewayProcess, proxy_environment
from migrator_tui.rollout.gateway.publishing import published_arms
from tests.benchmarks.projects import write_project
from tests.benchmarks.rows import Row
from tests.benchmarks.server import running

KEY = "sk-benchmark-0123456789abcdef"
REQUESTS, WIDE, TURNS = 150, 8, 3


def measure(runs: int) -> list[Row]:
    """Each run asks both proxies in turns; processor time and the median wait of one request at a time."""
    stated = os.environ.get("MIGRATOR_TEST_GATEWAY_PYTHON")
    if not stated:
        print(
            "gateway: not measured, MIGRATOR_TEST_GATEWAY_PYTHON names no interpreter that has the proxy", flush=True
        )
        return []
    with tempfile.TemporaryDirectory() as place, running() as server:
        folder = Path(place)
        write_project(folder / "shop", cases=1, old="openai/old-t20", new="openai/new-t20", base=server.base)
        return asyncio.run(_measured(Path(stated), folder, runs))


async def _measured(python: Path, folder: Path, runs: int) -> list[Row]:
    url = f"sqlite:///{folder}/h.sqlite3"
    _publish(url, folder)
    config = gateway_config(load_project(folder / "shop"))
    bare = json.loads(config.text)
    del bare["litellm_settings"]["callbacks"]
    environment = proxy_environment(dict(os.environ), KEY, url)
    log = open_log(folder / "log")
    proxies = []
    try:
        for name in ("with", "without"):
            write_config(config, folder / name)
            if name == "without":
                (folder / name / CONFIG_FILE).write_text(json.dumps(bare), "utf-8")
            proxies.append(
                await GatewayProcess.start(
                    python, folder / name, host="127.0.0.1", port=_free_port(), environment=environment, log=log
                )
            )
        return await _compared(*proxies, runs)
    finally:
        for proxy in proxies:
            await proxy.end()


async def _compared(plugged: GatewayProcess, bare: GatewayProcess, runs: int) -> list[Row]:
    ratios, waits, spent = [], [], []
    headers = {"Authorization": f"Bearer {KEY}"}
    # A proxy drops connections that rest for five seconds; while the other one is asked, they may.
    connector = aiohttp.TCPConnector(keepalive_timeout=1)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        for proxy in (plugged, bare):
            await _ask(session, proxy, REQUESTS, 4)
        for _ in range(runs):
            cpu: dict[int, list[float]] = {plugged.pid: [], bare.pid: []}
            alone: dict[int, list[float]] = {plugged.pid: [], bare.pid: []}
            for _ in range(TURNS):
                for proxy in (plugged, bare):
                    before = _cpu_ms(proxy)
                    await _ask(session, proxy, REQUESTS, WIDE)
                    cpu[proxy.pid].append((_cpu_ms(proxy) - before) / REQUESTS)
                    alone[proxy.pid] += await _ask(session, proxy, 40, 1)
            mine, others = statistics.median(cpu[plugged.pid]), statistics.median(cpu[bare.pid])
            ratios.append(mine / others)
            spent.append((mine, others))
            waits.append((statistics.median(alone[plugged.pid]), statistics.median(alone[bare.pid])))
    mine, others = (statistics.median(column) for column in zip(*spent, strict=True))
    note = f"{mine:.1f} ms with, {others:.1f} ms without, {WIDE} at a time"
    one, other = (statistics.median(column) for column in zip(*waits, strict=True))
    alone_note = f"median {one:.1f} ms with, {other:.1f} ms without"
    waited = [a / b for a, b in waits]
    return [
        Row("gateway: processor time of a request with the plugin, to without", "×", 1.25, ratios, note),
        Row("gateway: wait for a request alone with it, to without", "×", 1.25, waited, alone_note),
    ]


async def _ask(session: aiohttp.ClientSession, proxy: GatewayProcess, requests: int, wide: int) -> list[float]:
    """Ask that often, so many at a time; the milliseconds each took."""
    room = asyncio.Semaphore(wide)

    async def one(number: int) -> float:
        body = {
            "model": "triage",
            "messages": [{"role": "system", "content": "old"}, {"role": "user", "content": "a ticket"}],
            "metadata": {"conversation_id": f"c{number}", "variables": {"shop": "s", "ticket": "t"}},
        }
        async with room:
            began = time.perf_counter()
            async with session.post(f"{proxy.address}/v1/chat/completions", json=body) as response:
                assert response.status == 200, await response.text()
                await response.read()
            return (time.perf_counter() - began) * 1000

    return await asyncio.gather(*(one(number) for number in range(requests)))


def _cpu_ms(proxy: GatewayProcess) -> float:
    times = psutil.Process(proxy.pid).cpu_times()
    return (times.user + times.system) * 1000


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _publish(url: str, folder: Path) -> None:
    from tests.rollout.gateway.conftest import publish

    Database.open(parse_url(url, folder)).close()
    prompt = ("Sort tickets for {{ shop }}.\nAnswer in one sentence.", {"max_tokens": 400})
    publish(url, name="triage", arms=json.dumps(published_arms("triage", "newer", baseline=prompt, candidate=prompt)))
