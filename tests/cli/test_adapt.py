"""`adapt` as its users start it: on the sample, offline; and on a server that counts what it is asked."""

import json
import os
import shutil
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.commands import adapt
from migrator_tui.history.store import History
from migrator_tui.models.pool import ModelPool
from migrator_tui.project.config import load_project
from migrator_tui.project.trust import trust_config
from migrator_tui.running import pools
from tests.cli.conftest import SAMPLE, Call, CountingServer, completion, start

ASSISTANT = '\n[assistant]\nmodel = "openai/adviser"\nprice = {{ input = 1.0, output = 2.0 }}\napi_base = "{base}"\n'


def with_assistant(folder: Path, server: CountingServer) -> None:
    config = folder / "migrator.toml"
    key = 'api_key_env = "OPENAI_API_KEY"\n'
    config.write_text(config.read_text("utf-8") + ASSISTANT.format(base=server.base) + key, "utf-8")
    trust_config(config)


def test_on_the_sample_it_lifts_held_out_cases_is_stopped_goes_on_and_its_best_agrees(
    tmp_path: Path, own_home: Path, call: Call
) -> None:
    folder = tmp_path / "support-tickets"
    shutil.copytree(SAMPLE, folder)
    process = start("-C", folder, "adapt", "--budget-calls", "200", "--format", "json")
    assert process.stderr is not None
    told = ""
    while "try 2 kept" not in told:
        line = process.stderr.readline()
        assert line, told
        told += line
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, told + err
    cut = json.loads(out)
    assert cut["complete"] is False and "adapt --resume" in err and "Traceback" not in err
    assert cut["best"]["id"] == cut["versions"][1]["id"] and cut["helped"]
    assert cut["held_out"]["before"] is None

    code, out, err = call("-C", folder, "adapt", "--resume", "--format", "json")
    assert code == 0, err
    found = json.loads(out)
    held_out = found["held_out"]
    assert held_out["after"] - held_out["before"] >= 0.3
    assert cut["calls"] < found["calls"] <= found["budget_calls"] == 200
    assert found["versions"][:2] == cut["versions"][:2]
    with closing(History.open(load_project(folder))) as history:
        stored = history.last_search("triage", "newer")
        assert stored is not None and stored.calls == found["calls"]
        made = _calls_in(history)
    # What was cancelled on its way counts against the budget and left nothing behind.
    assert made <= found["calls"]
    assert (folder / "prompts" / "triage.newer.md").read_text() == (
        SAMPLE / "prompts" / "triage.newer.md"
    ).read_text()

    (tmp_path / "best.md").write_text(found["best"]["prompt"], "utf-8")
    # The old model's answers are beside the point here, and read from a file: no worker is started for them.
    ids = [json.loads(line)["id"] for line in (folder / "cases" / "triage.jsonl").read_text("utf-8").splitlines()]
    (folder / "old.jsonl").write_text("".join(json.dumps({"id": one, "output": "-"}) + "\n" for one in ids), "utf-8")
    config = folder / "migrator.toml"
    config.write_text(config.read_text("utf-8").replace("simulated:classic-1", "recorded:old.jsonl"), "utf-8")
    code, out, err = call("-C", folder, "run", "--prompt", tmp_path / "best.md", "--no-gate", "--format", "json")
    assert code == 0, err
    candidate = json.loads(out)["tasks"][0]["candidates"][0]
    assert candidate["version"] == found["best"]["id"]
    best = next(one for one in found["versions"] if one["id"] == found["best"]["id"])
    passed = best["score"] * best["cases"] + held_out["after"] * held_out["cases"]
    assert candidate["passed"] == pytest.approx(passed)
    assert candidate["calls"]["made"] == 0, "what the search asked is known"


def _calls_in(history: History) -> int:
    kinds = [row["kind"] for row in history.export()]
    assert kinds.count("output") and kinds.count("side-call")
    return kinds.count("output") + kinds.count("side-call")


def test_what_it_counts_is_what_the_server_was_asked(server: CountingServer, folder: Path, call: Call) -> None:
    server.reply = lambda question: (200, completion("poor"))
    with_assistant(folder, server)
    code, out, err = call("-C", folder, "adapt", "--format", "json", "--max-cost", "1")
    assert code == 3, err
    found = json.loads(out)
    assert found["calls"] == server.asked.total() and found["assistant_calls"] == 9
    assert (found["helped"], found["best"]["id"], found["held_out"]["before"]) == (False, "v1", None)
    assert [one["id"] for one in found["versions"]] == ["v1", None, None, None]
    assert found["cost"] == pytest.approx(server.asked.total() * (10 + 2 * 5) / 1e6)
    assert "nothing helped" not in out + err and "no proposal came, 3 times in a row" in found["ended"]
    # What is known is not asked again.
    before = server.asked.total()
    code, out, _ = call("-C", folder, "adapt", "--resume")
    assert (code, server.asked.total()) == (3, before)
    assert "where it starts" in out and "5 held-out cases were not asked" in out


def test_an_assistant_that_cannot_be_asked_is_told_before_the_first_call(
    server: CountingServer, folder: Path, call: Call
) -> None:
    config = folder / "migrator.toml"
    before = config.read_text("utf-8")
    config.write_text(before + '\n[assistant]\nmodel = "simulated:adviser1"\n', "utf-8")
    trust_config(config)
    code, _, err = call("-C", folder, "adapt")
    assert code == 2 and 'did you mean "adviser-1"' in err
    config.write_text(before + '\n[assistant]\nmodel = "openai/gpt-5"\napi_key_env = "NOT_SET"\n', "utf-8")
    trust_config(config)
    code, _, err = call("-C", folder, "adapt")
    assert code == 2 and "NOT_SET is not set" in err and server.asked.total() == 0


@pytest.mark.parametrize(
    "moment", [(adapt, "open_project"), (History, "open"), (pools, "open_pool"), (ModelPool, "warm")]
)
def test_stopped_while_it_still_starts_it_tells_what_it_has_and_nothing_is_spent(
    moment: tuple[Any, str], server: CountingServer, folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_assistant(folder, server)
    real = getattr(*moment)

    def interrupted(*about: Any, **more: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return real(*about, **more)

    monkeypatch.setattr(*moment, interrupted)
    code, out, err = call("-C", folder, "adapt", "--format", "json", "--max-cost", "1")
    found = json.loads(out)
    assert (code, found["complete"], found["ended"], found["best"]["id"]) == (3, False, "stopped", "v1"), err
    assert found["calls"] == server.asked.total() == 0
    assert "adapt --resume" in err and "--max-cost" in err


def test_without_an_assistant_or_with_too_small_a_budget_one_line_says_what_to_do(
    server: CountingServer, folder: Path, call: Call
) -> None:
    code, out, err = call("-C", folder, "adapt")
    assert (code, out) == (2, "") and "[assistant]" in err and err.count("\n") == 1
    with_assistant(folder, server)
    code, out, err = call("-C", folder, "adapt", "--budget-calls", "5")
    assert (code, out) == (2, "") and "--budget-calls " in err
    assert call("-C", folder, "adapt", "--resume")[0] == 2
    code, _, err = call("-C", folder, "adapt", "--resume", "--seed", "3")
    assert code == 2 and "--seed" in err
    assert server.asked.total() == 0
