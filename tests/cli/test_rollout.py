"""`rollout` and `monitor` as users start them: JSON, exit codes, and a monitor that is a process of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.history.store import History
from migrator_tui.project.config import load_project
from tests.cli.conftest import SAMPLE, Call
from tests.history.rollout_fixtures import a_call, write

KEYS = {"name", "state", "step", "percentage", "since", "arms", "guardrails", "events"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "shop"))


def status(call: Call, folder: Path) -> dict[str, Any]:
    code, out, err = call("-C", folder, "rollout", "status", "--format", "json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_rollout_from_its_start_to_its_end(call: Call, shop: Path) -> None:
    def rollout(*words: str) -> tuple[int, str]:
        code, out, err = call("-C", shop, "rollout", *words)
        assert out == ""
        return code, err

    assert rollout("hold") == (2, "migrator-tui: there is no rollout yet: `rollout start` begins one\n")
    code, err = rollout("start", "--task", "triage")
    assert code == 2 and "nobody has signed a decision about newer on task triage" in err
    assert rollout("start", "--reason", "practice")[0] == 0
    assert "under way" in rollout("start", "--reason", "again")[1]
    found = status(call, shop)
    assert set(found) >= KEYS
    assert (found["name"], found["state"], found["step"], found["percentage"]) == ("triage", "running", 0, 1.0)
    assert set(found["arms"]) == {"baseline", "candidate"} and found["monitor"]["watching"] is False
    assert all(set(g) >= {"metric", "estimate", "low", "high", "limit", "state"} for g in found["guardrails"])
    assert {g["state"] for g in found["guardrails"]} == {"inconclusive"}  # no traffic is not fine
    code, err = rollout("advance")
    assert code == 1 and "50 more calls on the candidate" in err
    assert rollout("advance", "--reason", "practice")[0] == 0
    code, err = rollout("step-back", "--reason", "a quiet night")
    assert (code, err) == (0, "triage: running, 1 % on newer (step 1 %)\n")
    found = status(call, shop)
    assert (found["percentage"], found["events"][0]["why"]) == (1.0, "a quiet night")
    code, err = rollout("step-back")
    assert code == 2 and "triage is at its first step: roll it back, or hold it" in err
    assert rollout("advance", "--reason", "practice")[0] == 0
    assert rollout("hold", "--reason", "lunch")[0] == 0
    assert rollout("advance", "--reason", "x")[0] == 2
    assert rollout("resume")[0] == 0
    code, err = rollout("rollback")
    assert code == 2 and "say why" in err
    assert rollout("rollback", "--reason", "enough")[0] == 0
    found = status(call, shop)
    assert (found["state"], found["percentage"], found["step"]) == ("rolled-back", 0.0, 1)
    kinds = [(event["kind"], event["why"]) for event in found["events"]]
    assert kinds[0] == ("rolled-back", "enough") and kinds[-1][0] == "overridden"
    begun = ["overridden", "stepped-back", "overridden", "started", "overridden"]
    assert [kind for kind, _ in kinds] == ["rolled-back", "resumed", "held", *begun]
    assert call("-C", shop, "rollout", "status")[1].startswith(
        "triage: rolled back, 0 % of the conversations on newer v1"
    )


class Hook:
    """A webhook on loopback that keeps what is posted to it."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.came = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()
                outer.came.set()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_with_nobody_at_the_keyboard_a_failing_candidate_is_rolled_back(call: Call, shop: Path) -> None:
    hook = Hook()
    config = shop / "migrator.toml"
    config.write_text(config.read_text("utf-8") + '\n[rollout]\nalerts_url_env = "SHOP_ALERTS"\n', "utf-8")
    assert call("-C", shop, "--trust", "rollout", "start", "--reason", "practice")[0] == 0
    address = f"http://127.0.0.1:{hook.server.server_port}/secret-path"
    monitor = subprocess.Popen(
        [sys.executable, "-m", "migrator_tui", "-C", str(shop), "--trust", "monitor"],
        env={**os.environ, "SHOP_ALERTS": address},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert monitor.stderr is not None
    try:
        assert "watching" in monitor.stderr.readline()
        with History.open(load_project(shop)) as history:
            began = history.rollouts()[0]
            rows = [
                a_call(n, ts=time.time(), assigned="candidate", kind="failed", served=None, error_class="Timeout")
                for n in range(40)
            ]
            write(history, "migrator_traffic", rows)
        assert "triage: rolled back, all traffic is on the baseline: " in monitor.stderr.readline()
        assert hook.came.wait(20)
        monitor.send_signal(signal.SIGTERM)
        _, rest = monitor.communicate(timeout=20)
        assert monitor.returncode == 0 and "secret-path" not in rest
    finally:
        monitor.kill()
        monitor.wait()
        hook.server.shutdown()
        hook.server.server_close()
    (body,) = hook.bodies
    assert body["kind"] == "rolled-back" and body["rollout"] == "triage" and "sudden failure" in body["text"]
    with History.open(load_project(shop)) as history:
        event = history.rollout_events(began.id)[0]
        assert event.who == "monitor" and event.at.timestamp() - rows[-1]["ts"] < 10
    # It gave way when it ended: another one may look at once.
    assert (
        call("-C", shop, "--trust", "monitor", "--once")[0] == 2
    )  # without the variable there is nowhere to alert to


def test_a_monitor_that_ends_with_its_terminal_gives_way_at_once(shop: Path) -> None:
    monitor = subprocess.Popen(
        [sys.executable, "-m", "migrator_tui", "-C", str(shop), "monitor"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert monitor.stderr is not None and "watching" in monitor.stderr.readline()
        monitor.send_signal(signal.SIGHUP)
        monitor.communicate(timeout=20)
    finally:
        monitor.kill()
        monitor.wait()
    assert monitor.returncode == 0
    with History.open(load_project(shop)) as history:
        assert history.take_lease("another", 6)


def test_a_monitor_whose_history_hangs_ends_all_the_same(
    call: Call, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def hang(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        released.wait()

    monkeypatch.setattr("migrator_tui.rollout.monitor.Monitor.run", hang)
    monkeypatch.setattr("migrator_tui.commands.monitor.ENDING_S", 0.1)
    before = signal.getsignal(signal.SIGTERM)
    try:
        code, _, err = call("-C", shop, "monitor")
    finally:
        released.set()
    assert code == 0 and "the history does not answer" in err
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_monitor_says_that_one_is_watching(call: Call, shop: Path) -> None:
    project = load_project(shop)
    with History.open(project) as history:
        assert history.take_lease("another", 60)
    code, _, err = call("-C", shop, "monitor", "--once")
    assert code == 3 and "another monitor is watching" in err


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "ftp://127.0.0.1/",
        "https:///hook-path",
        "http://127.0.0.1@example.com/",
        "file:///etc/passwd",
    ],
)
def test_an_alert_goes_by_https_or_stays_on_this_machine(
    call: Call, shop: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = shop / "migrator.toml"
    config.write_text(config.read_text("utf-8") + '\n[rollout]\nalerts_url_env = "SHOP_ALERTS"\n', "utf-8")
    monkeypatch.setenv("SHOP_ALERTS", url)
    code, _, err = call("-C", shop, "--trust", "monitor", "--once")
    assert code == 2 and "SHOP_ALERTS holds no address for alerts" in err and url not in err
