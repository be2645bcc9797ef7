"""What every test gets: a home of its own, no keys from outside, and no network but loopback."""

import gc
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nursery import open_nursery, without_nursery

pytest_plugins = ["tests.model_fixtures"]

LONGEST = (
    "rollout/gateway/test_two_proxies.py", "tui/test_scorecard.py", "tui/test_versions.py", "test_workflows.py",
    "test_packaging.py", "rollout/test_rehearsing.py", "models/test_worker_process.py", "cli/test_against.py",
    "rollout/gateway/test_proxy.py", "cli/test_adapt.py", "cli/test_run.py", "tui/test_promptfoo.py",
    "rollout/gateway/test_config.py", "tui/adaptation/test_review.py", "tui/adaptation/test_search_screen.py",
    "tui/rollout/test_rollout.py", "tui/test_pictures.py", "tui/test_project.py", "running/test_m_ifeval.py",
)  # fmt: skip
"""Files that take more than ten seconds begin, and those that start gateways not at once: one that came last would be
waited for alone."""

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Recorded traffic that may lie beside a checkout; tests that need it skip where it does not."""


def pytest_configure(config: pytest.Config) -> None:
    """Workers are forked from one process for the whole run; the processes of xdist inherit the path to it."""
    if hasattr(config, "workerinput"):
        return
    nursery = open_nursery()
    folder = nursery.__enter__()
    config.add_cleanup(lambda: nursery.__exit__(None, None, None))
    if folder is not None:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest begin."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    """Look for garbage less often: what was imported stays, and each app that a test opens makes a lot for a while.

    The program does the same for itself, where it is a process of its own.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_sessionfinish() -> None:
    """What is left is not garbage to be looked for, five times over: the process ends."""
    gc.freeze()


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point every place the program may write to at a folder of this test's own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home / name.removeprefix("XDG_").removesuffix("_HOME").lower()))
    monkeypatch.setenv("MIGRATOR_USER", "tester")
    for name in [n for n in os.environ if n.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    return home


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse connections that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(
            ("127.", "::1", "localhost")
        ):
            raise RuntimeError(f"a test tried to connect to {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield


@pytest.fixture
def real_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers start the way they start for users, which takes seconds."""
    monkeypatch.setenv("PYTHONPATH", without_nursery(os.environ.get("PYTHONPATH", "")))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded traffic; skips the test where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("recorded traffic (../shared/data) is not on this machine")
    return SHARED
