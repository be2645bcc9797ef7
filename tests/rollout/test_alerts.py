"""Alerts whose webhook does not do its part: the watch goes on, and what did not arrive is told."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest

from migrator_tui.rollout import alerts
from migrator_tui.rollout.alerts import Alert, Webhook


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/secret-path"


def an_alert() -> Alert:
    return Alert("shop", "triage", "rolled-back", "failures", "rolled-back", 0.0, datetime.now(UTC))


def test_alerts_that_a_silent_webhook_leaves_waiting_at_the_end_are_counted(silent: str) -> None:
    said: list[str] = []
    webhook = Webhook(silent, said.append)
    for _ in range(3):
        webhook.post(an_alert())
    began = time.monotonic()
    webhook.close(timeout=0.2)
    assert said == ["alerts: 3 left out at the end: the webhook does not answer"]
    assert time.monotonic() - began < 3  # and not once for putting and once for waiting, or for each of them


def test_an_alert_that_nobody_takes_is_told_with_its_cause_and_without_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said: list[str] = []
    webhook = Webhook(f"http://127.0.0.1:{port}/secret-path", said.append)
    webhook.post(an_alert())
    webhook.close()
    assert len(said) == 1 and "ConnectionRefusedError" in said[0] and "triage" in said[0]
    assert "secret-path" not in said[0]


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[float]]]:
    """The address of a server that answers so, and when it was called."""
    called: list[float] = []

    def talk(client: socket.socket) -> None:
        with client, suppress(OSError):
            client.recv(65536)
            answer(client)

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                called.append(time.monotonic())
                threading.Thread(target=talk, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", called


def drip(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\n")
    more = threading.Event()
    for _ in range(90):  # fewer than the headers that would be too many
        more.wait(0.1)
        client.sendall(b"X-Drop: 1\r\n")


def test_a_webhook_that_drips_its_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "ATTEMPT_S", 0.3)
    said: list[str] = []
    began = time.monotonic()
    with answering(drip) as (url, called):
        webhook = Webhook(url, said.append)
        webhook.post(an_alert())
        webhook.close()
    assert len(called) == 2 and time.monotonic() - began < 3
    assert len(said) == 1 and "did not take it (no answer in 0.3 s)" in said[0]


def test_the_second_try_comes_after_a_pause_that_no_end_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with answering(lambda client: client.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")) as (url, called):
        monkeypatch.setattr(alerts, "PAUSE_S", 0.5)
        webhook = Webhook(url, said.append)
        webhook.post(an_alert())
        webhook._waiting.join()
        assert len(called) == 2 and called[1] - called[0] >= 0.5
        webhook.close()
        monkeypatch.setattr(alerts, "PAUSE_S", 60.0)
        hurried = Webhook(url, said.append)
        hurried.post(an_alert())
        hurried.close()
        assert len(called) == 4 and called[3] - called[2] < 5
    assert len(said) == 2 and "status 503" in said[1]
