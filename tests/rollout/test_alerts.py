"""Alerts whose webhook does not do its part: the watch goes on, and what did not arrive is told."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

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
