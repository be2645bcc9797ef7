"""`demo`, `init`, `prompt show|write`, `history export`: what they print, and what they leave on disk."""

import json
from pathlib import Path

import pytest

from migrator_tui.adaptation.keeping import edit_details
from migrator_tui.adaptation.values import Edit, Op
from migrator_tui.history.records import Origin
from migrator_tui.history.store import History
from migrator_tui.project.config import load_project
from tests.cli.conftest import Call
from tests.cli.test_run import recorded_project


def test_demo_copies_the_sample_and_says_where(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call("demo", "--no-open")
    target = tmp_path / "support-tickets"
    assert (code, out) == (0, f"{target}\n") and str(target) in err
    assert load_project(target).name == "support-tickets"
    (target / "prompts" / "triage.md").write_text("mine", "utf-8")
    code, out, err = call("demo", "support-tickets", "--no-open")
    assert code == 0 and "there already" in err
    assert (target / "prompts" / "triage.md").read_text("utf-8") == "mine", "what the user changed stays"
    assert call("demo", "--output", tmp_path / "elsewhere" / "x", "--no-open")[0] == 0
    assert (tmp_path / "elsewhere" / "x" / "migrator.toml").is_file()


def test_demo_opens_the_copy(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from migrator_tui.tui import app

    opened: list[tuple[Path, bool]] = []

    def open_it(folder: Path, *, demo: bool = False, trust: bool = False) -> int:
        opened.append((folder, demo))
        return 0

    monkeypatch.setattr(app, "run_app", open_it)
    assert call("demo", "--output", tmp_path / "d")[0] == 0
    assert call("-C", tmp_path / "d")[0] == 0
    assert opened == [(tmp_path / "d", True), (tmp_path / "d", False)]


def test_init_shows_and_writes_only_when_told(call: Call, tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "sort.md").write_text("Sort {{ what }}.", "utf-8")
    code, out, err = call("-C", tmp_path, "init")
    assert code == 2 and "nothing was written" in err and "[baseline]" in out
    assert not (tmp_path / "migrator.toml").exists()
    code, out, _ = call("-C", tmp_path, "init", "--yes")
    assert code == 0
    project = load_project(tmp_path)
    assert project.tasks[0].prompt == tmp_path / "prompts" / "sort.md"
    code, _, err = call("-C", tmp_path, "init", "--yes")
    assert code == 2 and "is there already" in err


def test_prompt_show_and_write(call: Call, tmp_path: Path) -> None:
    folder = recorded_project(tmp_path)
    config = (folder / "migrator.toml").read_text("utf-8")
    assert call("-C", folder, "prompt", "show") == (0, "Answer.\n", "")
    project = load_project(folder)
    with History.open(project) as history:
        version = history.record_version(
            task="t",
            model_name="newer",
            template="Answer in one word.",
            params={"max_tokens": 9},
            parent_id=None,
            origin=Origin.EDITOR,
            author="tester",
        )
        edit = Edit(Op.APPEND, "In one word.", title="short", why="They ramble.", case_ids=("c1",))
        details = {"edits": [edit_details(edit)], "assistant": "helper", "tried": True}
        history.keep_adaptation(version.id, details, "ann")
    _, out, err = call("-C", folder, "prompt", "show", "--version", version.label)
    assert out == "Answer in one word.\n" and "proposed by helper, accepted by ann" in err
    assert "short: They ramble. (for c1)" in err
    code, out, err = call("-C", folder, "prompt", "write", "--candidate", "newr")
    assert code == 2 and 'did you mean "newer"?' in err
    code, out, err = call(
        "-C", folder, "prompt", "write", "--task", "t", "--candidate", "newer", "--version", version.label
    )
    assert "nothing was written" in err
    assert code == 2 and "+Answer in one word." in out
    assert (folder / "migrator.toml").read_text("utf-8") == config
    code, out, err = call("-C", folder, "prompt", "write", "--version", version.label, "--yes")
    assert code == 0 and "+Answer in one word." in out
    project = load_project(folder)
    assert project.prompt_file(project.tasks[0], "newer").read_text("utf-8") == "Answer in one word.\n"
    assert project.candidates[0].params_for("t") == {"max_tokens": 9}
    assert (folder / "t.md").read_text("utf-8") == "Answer.\n", "the baseline's prompt is left alone"
    code, out, _ = call("-C", folder, "prompt", "show", "--format", "json")
    shown = json.loads(out)
    assert (shown["version"], shown["params"], shown["template"]) == (
        version.label,
        {"max_tokens": 9},
        "Answer in one word.",
    )
    code, out, err = call("-C", folder, "prompt", "write", "--version", version.label, "--yes")
    assert (code, out) == (0, "") and "say already" in err


def test_history_export_holds_everything_as_json_lines(call: Call, tmp_path: Path) -> None:
    folder = recorded_project(tmp_path)
    assert call("-C", folder, "run", "--no-gate", "--repeat", "2")[0] == 0
    code, out, _ = call("-C", folder, "history", "export")
    rows = [json.loads(line) for line in out.splitlines()]
    kinds = [row["kind"] for row in rows]
    assert code == 0
    assert (kinds.count("version"), kinds.count("run"), kinds.count("run-item"), kinds.count("output")) == (
        2,
        1,
        8,
        8,
    )
    outputs = {row["id"]: row for row in rows if row["kind"] == "output"}
    assert all(outputs[row["output_id"]]["case_id"] == row["case_id"] for row in rows if row["kind"] == "run-item")
    assert {row["text"] for row in outputs.values()} == {"yes\x1b[2J\x07\u202e\ud800\x00", "no"}
