"""`report` from outside: what goes where, and with which exit code."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import CANARY, Call

CONFIG = """
[project]
name = "shop"

[baseline]
model = "recorded:old.jsonl"

[[candidates]]
name = "newer"
model = "recorded:new.jsonl"

[[tasks]]
name = "triage"
prompt = "triage.md"
cases = ["cases.jsonl"]
"""


@pytest.fixture
def shop(call: Call, tmp_path: Path) -> Path:
    """A project of 200 cases that has been run; both recorded models pass every case."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "migrator.toml").write_text(CONFIG, "utf-8")
    (folder / "triage.md").write_text("Sort the ticket.\n", "utf-8")
    ids = [f"c{n}" for n in range(200)]

    def write(name: str, rows: list[dict[str, Any]]) -> None:
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    write("cases.jsonl", [{"id": i, "messages": [{"role": "user", "content": f"question {i}"}]} for i in ids])
    write("old.jsonl", [{"id": i, "output": "good", "passed": True} for i in ids])
    write("new.jsonl", [{"id": i, "output": "good", "passed": True} for i in ids])
    assert call("-C", folder, "run", "--no-gate")[0] == 0
    return folder


def make_worse(call: Call, shop: Path, count: int) -> None:
    """Let the new model fail some cases, with another text."""
    rows = [json.loads(row) for row in (shop / "new.jsonl").read_text("utf-8").splitlines()]
    for row in rows[:count]:
        row |= {"output": "bad \x1b]0;title\x07", "passed": False}
    (shop / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert call("-C", shop, "run", "--no-gate", "--no-cache")[0] == 0


def test_the_result_alone_goes_to_stdout(call: Call, shop: Path) -> None:
    for form, begins in (("markdown", "## "), ("html", "<!doctype html>"), ("junit", "<?xml "), ("json", "{")):
        code, out, err = call("-C", shop, "report", "--format", form, "--no-gate")
        assert code == 0 and out.startswith(begins) and out.endswith("\n"), err
    assert call("-C", shop, "report", "--no-gate")[1].startswith("## ")


def test_the_exit_code_is_the_decision(call: Call, shop: Path) -> None:
    code, out, _ = call("-C", shop, "report", "--format", "json")
    assert (code, json.loads(out)["gate"]["decision"]) == (0, "ready")
    make_worse(call, shop, 20)
    code, out, err = call("-C", shop, "report", "--format", "json")
    assert (code, json.loads(out)["gate"]["decision"]) == (1, "not-ready")
    assert "the decision is not ready" in err
    assert call("-C", shop, "report", "--no-gate")[0] == 0


def test_it_asks_no_model_and_says_the_same_again(call: Call, shop: Path) -> None:
    make_worse(call, shop, 3)
    for recording in ("old.jsonl", "new.jsonl"):
        (shop / recording).write_text("", "utf-8")
    first, second = (json.loads(call("-C", shop, "report", "--format", "json")[1]) for _ in range(2))
    assert first.pop("made_at") <= second.pop("made_at")
    assert first == second
    assert first["tasks"][0]["candidates"][0]["regressions"] == ["c0", "c1", "c2"]


def test_a_file_is_written_whole_or_not_at_all(call: Call, shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "out" / "report.xml"
    file.parent.mkdir()
    code, out, err = call("-C", shop, "report", "--format", "junit", "--output", file, "--no-gate")
    assert (code, out) == (0, "") and str(file) in err
    assert len(list(ElementTree.parse(file).iter("testcase"))) == 201
    assert [found.name for found in file.parent.iterdir()] == ["report.xml"]
    before = file.read_bytes()
    code, out, err = call("-C", shop, "report", "--output", file, "--task", "triag")
    assert (code, out) == (2, "") and 'did you mean "triage"?' in err
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--candidate", "never"], 'did you mean "newer"?'),
        (["--version", "v9"], 'no version "v9"'),
        (["--format", "htm"], 'did you mean "html"?'),
        (["--output", "."], "is a folder; name a file"),
        (["--output", "nowhere/x.md"], "nowhere/x.md: there is no folder nowhere"),
        (["--output", "triage.md/x"], "triage.md/x"),
    ],
)
def test_mistakes_end_in_one_line(
    call: Call, shop: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(shop)
    code, out, err = call("report", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1) and says in err and "Traceback" not in err
    assert not (shop / "nowhere").exists()


def test_a_project_that_was_never_run_has_not_enough_evidence(call: Call, shop: Path, tmp_path: Path) -> None:
    config = (shop / "migrator.toml").read_text("utf-8")
    (shop / "migrator.toml").write_text(config.replace('name = "triage"', 'name = "sorting"'), "utf-8")
    code, out, _ = call("-C", shop, "report")
    assert code == 1 and out.startswith("## ~ Not enough evidence")


def test_reasons_of_several_tasks_name_task_and_candidate(call: Call, shop: Path) -> None:
    config = (shop / "migrator.toml").read_text("utf-8")
    (shop / "few.jsonl").write_text((shop / "cases.jsonl").read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    more = '\n[[tasks]]\nname = "reply"\nprompt = "triage.md"\ncases = ["few.jsonl"]\n'
    (shop / "migrator.toml").write_text(config + more, "utf-8")
    code, out, _ = call("-C", shop, "run", "--format", "json")
    gate = json.loads(out)["gate"]
    assert code == 1 and gate["reasons"] and all(one.startswith("reply on newer: ") for one in gate["reasons"])
    assert json.loads(call("-C", shop, "report", "--format", "json")[1])["gate"] == gate
    for form in ("markdown", "html"):
        _, out, _ = call("-C", shop, "report", "--format", form)
        assert all(one.split(";")[0] in out for one in gate["reasons"]), form


def test_a_version_is_reported_as_it_was(call: Call, shop: Path) -> None:
    make_worse(call, shop, 20)
    (shop / "triage.md").write_text("Sort the ticket well.\n", "utf-8")
    rows = [{"id": f"c{n}", "output": "good", "passed": True} for n in range(200)]
    (shop / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert call("-C", shop, "run", "--no-gate", "--no-cache")[0] == 0
    for version, regressions in (("v1", 20), ("v2", 0)):
        code, out, err = call("-C", shop, "report", "--format", "json", "--version", version, "--no-gate")
        candidate = json.loads(out)["tasks"][0]["candidates"][0]
        assert (code, candidate["version"], len(candidate["regressions"])) == (0, version, regressions), err


def test_no_key_and_no_control_character_in_any_form(call: Call, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_worse(call, shop, 5)
    rows = [json.loads(row) for row in (shop / "new.jsonl").read_text("utf-8").splitlines()]
    rows[0]["output"] = f"my key is {CANARY}"
    (shop / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert call("-C", shop, "run", "--no-gate", "--no-cache")[0] == 0
    monkeypatch.setenv("ACME_API_KEY", CANARY)
    for form in ("markdown", "html", "junit", "json"):
        code, out, err = call("-C", shop, "report", "--format", form, "--no-gate")
        assert code == 0 and CANARY not in out + err and "\x1b" not in out
