"""`run` from outside: the contract's JSON, exit codes, kill and resume, against real processes and a real server."""

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.commands import run as commands_run
from migrator_tui.history.store import History
from migrator_tui.project.trust import trust_config
from migrator_tui.running import pools
from tests.cli.conftest import CANARY, SAMPLE, Call, CountingServer, completion, run, start

MODEL_KEYS = {
    *("name", "model", "passed", "failed", "errors", "unjudged", "assumed", "pass_rate"),
    *("cost", "latency_p50_ms", "latency_p95_ms", "calls"),
}


def found_anywhere(value: str, *folders: Path) -> list[Path]:
    """Files that hold the value."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return [file for file in files if value.encode() in file.read_bytes()]


def test_killed_and_resumed_nothing_answered_is_asked_again(
    server: CountingServer, folder: Path, own_home: Path, call: Call
) -> None:
    server.hold_after = 10
    process = start("-C", folder, "run", "--concurrency", "4", "--format", "json")
    # Four wait, so their places are taken and the ten before them are on disk.
    server.wait_for(lambda: server.held == 4)
    before = dict(server.answered)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert sum(before.values()) == 10
    server.hold_after = None
    server.release.set()
    code, out, err = run("-C", folder, "run", "--resume", "--no-gate", "--format", "json")
    assert code == 0, err
    assert all(server.asked[question] == 1 for question in before), "an answered call was made again"
    assert server.asked.total() == 24 + 4, "only the four in flight were asked twice"
    task = json.loads(out)["tasks"][0]
    assert (task["baseline"]["passed"], task["candidates"][0]["passed"]) == (12, 12)
    assert task["baseline"]["calls"]["made"] + task["candidates"][0]["calls"]["made"] == 24
    # Nothing is unfinished now: the last run is reported, nothing is asked.
    code, again, err = call("-C", folder, "run", "--resume", "--no-gate", "--format", "json")
    assert (code, json.loads(again)) == (0, json.loads(out))
    assert server.asked.total() == 28 and "nothing is unfinished" in err
    assert server.keys == {f"Bearer {CANARY}"}
    assert found_anywhere(CANARY, folder, own_home) == [] and CANARY not in out + err


def test_ctrl_c_stops_with_the_whole_json_and_exit_code_3(server: CountingServer, folder: Path) -> None:
    server.hold_after = 6
    process = start("-C", folder, "run", "--concurrency", "2", "--format", "json")
    server.wait_for(lambda: server.held == 2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    task = json.loads(out)["tasks"][0]
    assert task["baseline"]["calls"]["made"] + task["candidates"][0]["calls"]["made"] == 6
    assert task["cases"] == 12
    for model in (task["baseline"], task["candidates"][0]):
        assert model["passed"] + model["failed"] + model["errors"] + model["unjudged"] == 12
    assert "run --resume" in err and "Traceback" not in err


@pytest.mark.parametrize("moment", [(commands_run, "open_project"), (History, "open"), (pools, "open_pool")])
def test_ctrl_c_before_anything_is_asked_stops_with_the_whole_json_too(
    moment: tuple[Any, str], server: CountingServer, folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(*moment)

    def interrupted(*about: Any, **more: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return real(*about, **more)

    monkeypatch.setattr(*moment, interrupted)
    code, out, err = call("-C", folder, "run", "--format", "json")
    assert code == 3 and server.asked.total() == 0, err
    task = json.loads(out)["tasks"][0]
    assert task["baseline"]["unjudged"] == 12 and "24 of 24 calls are left" in err


def test_errors_left_over_exit_with_3_after_the_json(
    server: CountingServer, folder: Path, own_home: Path, call: Call
) -> None:
    config = (folder / "migrator.toml").read_text("utf-8")
    (folder / "migrator.toml").write_text(config.replace("price = { input = 1.0, output = 2.0 }\n", ""), "utf-8")
    trust_config(folder / "migrator.toml")
    refused = {"error": {"message": f"no such model for key {CANARY}", "type": "invalid_request_error", "code": None}}
    server.reply = lambda question: (400, refused) if "new: question 3" in question else (200, completion("good"))
    code, out, err = call("-C", folder, "run", "--format", "json", "--case", "c3", "--case", "c4")
    assert code == 3
    candidate = json.loads(out)["tasks"][0]["candidates"][0]
    assert (candidate["passed"], candidate["errors"], candidate["regressions"]) == (1, 1, [])
    assert candidate["cost"] is None and "no price is known for some calls to openai/old, openai/new" in err
    assert CANARY not in out + err and found_anywhere(CANARY, folder, own_home) == []
    assert "newer, case c3: no such model for key [key] (HTTP 400)" in err, "errors say why"
    assert "1 outcome is an error" in err and ", 4 of them of unknown price" in err
    server.reply = lambda question: (200, completion("good"))
    code, out, _ = call("-C", folder, "run", "--format", "json", "--no-gate", "--case", "c3", "--case", "c4")
    assert code == 0, "an error is asked again, and only the error"
    assert json.loads(out)["tasks"][0]["candidates"][0]["calls"] == {"made": 1, "cached": 1}
    assert server.asked["old: question 3"] == 1


def test_the_sample_project_gives_the_contracts_json(call: Call) -> None:
    code, out, err = call("-C", SAMPLE, "run", "--format", "json")
    assert code == 1, err
    result = json.loads(out)
    assert result.keys() == {"project", "run_id", "gate", "tasks"}
    assert result["gate"]["decision"] == "not-ready" and result["gate"]["reasons"]
    assert result["project"] == "support-tickets"
    for task in result["tasks"]:
        assert task.keys() == {"name", "cases", "baseline", "candidates"}
        assert task["baseline"].keys() == MODEL_KEYS and task["baseline"]["name"] == "baseline"
        for candidate in task["candidates"]:
            assert candidate.keys() == MODEL_KEYS | {
                *("version", "version_origin", "regressions", "fixes", "flaky"),
                *("paired", "difference", "drift", "gate"),
            }
            paired = candidate["paired"]
            assert paired["regressions"] == len(candidate["regressions"])
            counted = [paired[name] for name in ("both_pass", "regressions", "fixes", "both_fail")]
            assert sum(counted) == task["cases"]
            difference = candidate["difference"]
            assert difference["low"] < difference["estimate"] < difference["high"] < 0
            assert candidate["gate"]["decision"] == "not-ready"
            assert candidate["drift"][0]["name"] == "fences"
            assert all(row.keys() == {"name", "baseline", "candidate", "cases"} for row in candidate["drift"])
        for model in (task["baseline"], *task["candidates"]):
            assert model["passed"] + model["failed"] + model["errors"] + model["unjudged"] == task["cases"]
            assert model["calls"] == {"made": task["cases"], "cached": 0}
            assert model["pass_rate"] == model["passed"] / (model["passed"] + model["failed"])
    assert sum(len(c["regressions"]) for task in result["tasks"] for c in task["candidates"]) >= 5
    assert "simulated" in err


def test_a_recorded_baseline_needs_no_server(call: Call, tmp_path: Path) -> None:
    folder = recorded_project(tmp_path)
    code, out, err = call("-C", folder, "run", "--format", "json")
    assert code == 1, err  # two cases are not enough evidence
    assert json.loads(out)["gate"]["decision"] == "not-enough-evidence"
    task = json.loads(out)["tasks"][0]
    assert (task["baseline"]["passed"], task["baseline"]["failed"], task["baseline"]["cost"]) == (1, 1, None)
    assert task["candidates"][0]["fixes"] == ["b"]
    assert task["candidates"][0]["latency_p50_ms"] is None
    code, table, _ = call("-C", folder, "run")
    assert code == 1 and "newer" in table and "1 fix: b" in table and "\x1b" not in table
    assert "not enough evidence" in table
    assert call("-C", folder, "run", "--no-gate")[0] == 0


def test_hostile_ids_and_answers_harm_neither_json_nor_table(call: Call, tmp_path: Path) -> None:
    evil = "x[/b] [red]"
    folder = recorded_project(tmp_path, ids=("a", evil))
    code, out, err = call("-C", folder, "run", "--no-gate", "--format", "json")
    assert code == 0, err
    assert out.isascii() and json.loads(out)["tasks"][0]["candidates"][0]["fixes"] == [evil]
    code, table, err = call("-C", folder, "run", "--no-gate")
    assert code == 0 and not {"\x1b", "\x07", "\u202e"} & set(table + err) and evil in table
    code, lines, _ = call("-C", folder, "history", "export")
    rows = [json.loads(line) for line in lines.splitlines()]
    assert code == 0
    assert {row["kind"] for row in rows} == {"version", "run", "run-item", "output"}
    assert {row["case_id"] for row in rows if row["kind"] == "output"} == {"a", evil}


def test_an_untrusted_folder_is_refused_until_it_is_trusted(call: Call, tmp_path: Path) -> None:
    folder = recorded_project(tmp_path)
    config = (folder / "migrator.toml").read_text("utf-8")
    (folder / "migrator.toml").write_text(config + '\n[history]\ndatabase = "sqlite:///mine.db"\n', "utf-8")
    code, out, err = call("-C", folder, "run")
    assert (code, out, err.count("\n")) == (2, "", 1) and "not trusted" in err
    assert call("-C", folder, "run", "--no-gate", "--trust")[0] == 0
    assert call("-C", folder, "run")[0] == 2, "--trust is for once"
    code, out, _ = call("-C", folder, "trust")
    assert code == 0 and "database" in out
    assert call("-C", folder, "run", "--no-gate")[0] == 0
    (folder / "migrator.toml").write_text(config + '\n[history]\ndatabase = "sqlite:///other.db"\n', "utf-8")
    assert call("-C", folder, "run")[0] == 2, "what was trusted is the configuration as it read"


def test_what_lies_outside_an_untrusted_folder_is_not_opened(call: Call, tmp_path: Path) -> None:
    folder = recorded_project(tmp_path)
    (tmp_path / "outside.json").write_text("no JSON", "utf-8")
    config = (folder / "migrator.toml").read_text("utf-8")
    (folder / "migrator.toml").write_text(config + '\ntools = "../outside.json"\n', "utf-8")
    code, _, err = call("-C", folder, "run")
    assert code == 2 and "lies outside the folder" in err


def test_resume_before_anything_was_run(call: Call, tmp_path: Path) -> None:
    code, out, err = call("-C", recorded_project(tmp_path), "run", "--resume")
    assert (code, out) == (2, "") and "nothing has been run" in err


def test_a_cap_is_held_to_the_cent(server: CountingServer, folder: Path, call: Call) -> None:
    # Each call costs $0.00002, and may cost $0.00013 or so.
    code, out, err = call("-C", folder, "run", "--format", "json", "--max-cost", "0.0003")
    assert code == 3 and "the cap of $0.0003 is reached" in err
    costs = [m["cost"] or 0.0 for task in json.loads(out)["tasks"] for m in (task["baseline"], *task["candidates"])]
    assert 0 < sum(costs) <= 0.0003
    assert server.asked.total() == pytest.approx(sum(costs) / 0.00002)


def test_a_fresh_clone_without_history_agrees(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = recorded_project(tmp_path)
    first = json.loads(call("-C", folder, "run", "--format", "json")[1])
    clone = shutil.copytree(folder, tmp_path / "clone")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another-home"))
    second = json.loads(call("-C", clone, "run", "--format", "json")[1])
    assert first.pop("run_id") != second.pop("run_id")
    assert first == second


def test_recorded_rows_that_join_nothing_are_named(call: Call, tmp_path: Path) -> None:
    folder = recorded_project(tmp_path)
    with (folder / "old.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "stray", "output": "x"}\n')
    code, _, err = call("-C", folder, "run", "--no-gate")
    assert code == 0 and "1 of 3 rows join no case" in err and "stray" in err
    assert "rows join" not in call("-C", folder, "run", "--case", "a")[2]


def test_a_moved_project_is_told_of_its_history(call: Call, tmp_path: Path) -> None:
    folder = recorded_project(tmp_path)
    assert call("-C", folder, "run", "--no-gate")[0] == 0
    moved = folder.rename(tmp_path / "moved")
    code, _, err = call("-C", moved, "prompt", "show")
    assert code == 0 and f"this project lay in {folder} before" in err


def test_a_reader_that_goes_away_is_no_decision(tmp_path: Path) -> None:
    process = start("-C", recorded_project(tmp_path), "run")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(60) == 3, err
    assert "Traceback" not in err and "Exception" not in err


def recorded_project(tmp_path: Path, ids: tuple[str, str] = ("a", "b")) -> Path:
    """Two cases on two recordings; the old model is wrong about the second."""
    folder = tmp_path / "recorded"
    folder.mkdir()
    (folder / "migrator.toml").write_text(
        '[project]\nname = "rec"\n[baseline]\nmodel = "recorded:old.jsonl"\n'
        '[[candidates]]\nname = "newer"\nmodel = "recorded:new.jsonl"\n'
        '[[tasks]]\nname = "t"\nprompt = "t.md"\ncases = ["t.jsonl"]\n',
        "utf-8",
    )
    (folder / "t.md").write_text("Answer.\n", "utf-8")

    def write(name: str, rows: list[dict[str, Any]]) -> None:
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    write("t.jsonl", [{"id": i, "messages": [{"role": "user", "content": f"say {n}"}]} for n, i in enumerate(ids)])
    write(
        "old.jsonl",
        [{"id": i, "output": "yes\x1b[2J\x07\u202e\ud800\x00", "passed": n == 0} for n, i in enumerate(ids)],
    )
    write("new.jsonl", [{"id": i, "output": "no", "passed": True} for i in ids])
    return folder
