"""Two proxies on one PostgreSQL: they agree without talking to each other; a lost one takes nothing else along."""

import asyncio
import os
import secrets
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
from sqlalchemy import create_engine, make_url, text

from migrator_tui.models.child import open_log
from migrator_tui.rollout.gateway.config import gateway_config, write_config
from migrator_tui.rollout.gateway.process import GatewayProcess, proxy_environment
from tests.rollout.gateway.conftest import KEY, Gateway, make_project, publish, rows, tables, until
from tests.rollout.gateway.forwarder import Forwarder
from tests.rollout.gateway.test_proxy import free_port

AWAY = 10.0
"""Seconds that the database is away."""


@contextmanager
def a_database() -> Iterator[tuple[str, str, Forwarder]]:
    """URLs of a schema of its own, the direct one and one that can be cut off, and what cuts it."""
    stated = os.environ.get("MIGRATOR_TEST_POSTGRES")
    if not stated:
        pytest.skip("MIGRATOR_TEST_POSTGRES names no database")
    server = make_url(stated).set(drivername="postgresql+psycopg")
    schema = f"test_{secrets.token_hex(6)}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text(f"create schema {schema}"))
    host = str(server.host or server.query.get("host") or "127.0.0.1")
    port = server.port or 5432
    forwarder = Forwarder(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port))
    direct = server.update_query_dict({"options": f"-csearch_path={schema}"})
    cut = direct.difference_update_query(["host"]).set(host="127.0.0.1", port=forwarder.port)
    try:
        yield direct.render_as_string(False), cut.render_as_string(False), forwarder
    finally:
        forwarder.cut()
        with engine.begin() as connection:
            connection.execute(text(f"drop schema {schema} cascade"))
        engine.dispose()


def test_two_proxies_on_one_database(gateway_python: Path, upstream: str, tmp_path: Path) -> None:
    with a_database() as (direct, cut, forwarder):
        tables(direct, tmp_path)
        publish(direct, revision=1, percentage=30.0)
        asyncio.run(_try(gateway_python, upstream, tmp_path, direct, cut, forwarder))


async def _try(python: Path, upstream: str, folder: Path, direct: str, cut: str, forwarder: Forwarder) -> None:
    write_config(gateway_config(make_project(folder / "project", upstream)), folder)
    log = open_log(folder / "gateway.log")
    environment = proxy_environment(dict(os.environ), KEY, cut)
    forwarder.cut()  # away while they start

    async def start() -> GatewayProcess:
        return await GatewayProcess.start(
            python, folder, host="127.0.0.1", port=free_port(), environment=environment, log=log
        )

    processes = await asyncio.gather(start(), start())
    try:
        one, two = (Gateway(process.address, direct) for process in processes)
        await asyncio.to_thread(_agree, one, two, forwarder)
        await asyncio.to_thread(_go_on_without_it, one, two, forwarder)
        await asyncio.to_thread(_roll_back, one, two)
        await asyncio.to_thread(_lose_one, one, two, processes[0], upstream)
    finally:
        for process in processes:
            await process.end()
    await asyncio.to_thread(_count, one, two)
    assert KEY not in (folder / "gateway.log").read_text("utf-8")


def _agree(one: Gateway, two: Gateway, forwarder: Forwarder) -> None:
    assert {one.ask().arm, two.ask().arm} == {None}, "without a database the old model answers"
    forwarder.mend()
    for gateway in (one, two):
        until(lambda gateway=gateway: gateway.get("/migrator/status")["rollouts"], 5.0)
        gateway.asked.clear()
    names = [f"user-{n}" for n in range(60)]
    with ThreadPoolExecutor(8) as pool:
        at_one = list(pool.map(lambda name: one.ask(name, stream=name.endswith("1")).arm, names))
        at_two = list(pool.map(lambda name: two.ask(name, stream=name.endswith("2")).arm, names))
    assert at_one == at_two
    assert 6 <= Counter(at_one)["candidate"] <= 32
    publish(one.url, revision=2, percentage=60.0)
    for gateway in (one, two):
        until(lambda gateway=gateway: gateway.get("/migrator/status")["rollouts"]["bot"]["revision"] == 2, 2.0)
    with ThreadPoolExecutor(8) as pool:
        raised = list(pool.map(lambda name: two.ask(name).arm, names))
    assert all(after == "candidate" for before, after in zip(at_one, raised, strict=True) if before == "candidate")
    assert raised != at_one


def _go_on_without_it(one: Gateway, two: Gateway, forwarder: Forwarder) -> None:
    forwarder.cut()
    ends = time.monotonic() + AWAY
    longest = 0.0
    asked = 0
    while time.monotonic() < ends:
        for gateway in (one, two):
            began = time.monotonic()
            assert gateway.ask(f"away-{asked % 40}", stream=asked % 2 == 0).arm is not None
            longest = max(longest, time.monotonic() - began)
            asked += 1
    assert asked > 20 and longest < 3.0, "requests do not wait for the database"
    forwarder.mend()
    until(lambda: not one.get("/migrator/status")["rows"]["waiting"] + two.get("/migrator/status")["rows"]["waiting"])


def _roll_back(one: Gateway, two: Gateway) -> None:
    name = next(f"back-{n}" for n in range(100) if one.ask(f"back-{n}").arm == "candidate")
    publish(one.url, revision=3, state="rolled-back", percentage=0.0)
    began = time.monotonic()
    for gateway in (one, two):
        until(lambda gateway=gateway: gateway.ask(name).arm == "baseline", 2.0)
    assert time.monotonic() - began < 2.0
    publish(one.url, revision=4, percentage=60.0)
    until(lambda: one.ask(name).arm == two.ask(name).arm == "candidate")
    failed = two.ask(name, "FAIL")
    assert (failed.model, failed.system) == ("old", "OLD PROMPT for tea")


def _lose_one(one: Gateway, two: Gateway, process: GatewayProcess, upstream: str) -> None:
    until(lambda: not one.get("/migrator/status")["rows"]["waiting"])
    lost: list[Exception] = []

    def held() -> None:
        try:
            one.ask("held", "WAIT")
        except openai.OpenAIError as error:
            lost.append(error)

    thread = threading.Thread(target=held)
    thread.start()
    until(lambda: one.get("/migrator/status")["requests"])
    os.kill(process.pid, 9)
    thread.join(10)
    assert len(lost) == 1, "only what it held"
    assert two.ask("held").arm is not None
    urllib.request.urlopen(urllib.request.Request(upstream.replace("/v1", "/go"), method="POST"), timeout=5).close()


def _count(one: Gateway, two: Gateway) -> None:
    ended = Counter(row["request_id"] for row in rows(one.url) if row["kind"] in ("ok", "failed"))
    assert set(ended.values()) == {1}
    assert set(ended) == {*one.asked, *two.asked}, "one row for each request that was answered"
