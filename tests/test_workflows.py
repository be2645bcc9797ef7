"""The README's workflows for GitHub Actions: sound YAML, commands that exist, and steps that do what is said."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from migrator_tui.commands.parser import parse
from migrator_tui.history.location import projects_folder
from tests.test_readme import BLOCKS, ROOT

WORKFLOWS = {
    Path(block.file).name: yaml.safe_load(block.text)
    for block in BLOCKS
    if block.file.startswith(".github/workflows/")
}
NOT_OURS = ("pip", "cat", "gh", "jq")


def steps(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def scripts(workflow: dict[Any, Any]) -> Iterator[str]:
    return (step["run"] for step in steps(workflow) if "run" in step)


def commands(workflow: dict[Any, Any]) -> Iterator[list[str]]:
    for script in scripts(workflow):
        for line in script.splitlines():
            words = shlex.split(line)
            yield words[: next((at for at, word in enumerate(words) if word.startswith(">")), None)]


def test_there_is_one_for_pull_requests_and_one_for_the_night() -> None:
    assert set(WORKFLOWS) == {"migration.yml", "migration-nightly.yml"}
    # YAML 1.1 reads `on` as true.
    assert "pull_request" in WORKFLOWS["migration.yml"][True]
    nightly = WORKFLOWS["migration-nightly.yml"][True]
    assert len(nightly["schedule"][0]["cron"].split()) == 5 and "workflow_dispatch" in nightly


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_every_command_and_option_exists(name: str) -> None:
    ours = 0
    for program, *words in commands(WORKFLOWS[name]):
        if program == "migrator-tui":
            assert parse(words).command in ("run", "report")
            ours += 1
        else:
            assert program in NOT_OURS
    assert ours >= 2


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_workflow_is_put_together_soundly(name: str) -> None:
    workflow = WORKFLOWS[name]
    assert workflow["permissions"]["contents"] == "read" and workflow["concurrency"]
    for step in steps(workflow):
        assert set(step) <= {"name", "if", "env", "run", "uses", "with"} and ("run" in step) != ("uses" in step)
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w/-]+@v\d+", step["uses"])
        else:
            assert "${{" not in step["run"], "what an event says never becomes part of a script"
    for values in (workflow.get("env", {}), *(step.get("env", {}) for step in steps(workflow))):
        for key, value in values.items():
            if key.endswith("_API_KEY"):
                assert value == f"${{{{ secrets.{key} }}}}"
    caches = [step["with"] for step in steps(workflow) if step.get("uses", "").startswith("actions/cache/")]
    assert len(caches) == 2 and caches[0]["key"] == caches[1]["key"]
    assert caches[0]["key"].startswith(caches[0]["restore-keys"])


def test_the_cache_holds_the_history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if sys.platform != "linux":
        pytest.skip("the runners of the workflows are Linux")
    for workflow in WORKFLOWS.values():
        for step in steps(workflow):
            if step.get("uses", "").startswith("actions/cache/"):
                assert projects_folder().is_relative_to(Path(step["with"]["path"]).expanduser())


@pytest.fixture
def workspace(own_home: Path) -> Path:
    """A checkout whose folder `migration` is the sample project, and programs that a runner has."""
    folder = own_home / "checkout"
    shutil.copytree(ROOT / "sample_projects" / "support-tickets", folder / "migration")
    programs = own_home / "programs"
    programs.mkdir()
    for name, text in {
        "migrator-tui": f'exec "{sys.executable}" -m migrator_tui "$@"',
        "gh": f'printf "%s\\n" "$@" > "{own_home}/said"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (programs / name).chmod(0o755)
    return folder


def step_of(name: str, title: str) -> str:
    return next(str(step["run"]) for step in steps(WORKFLOWS[name]) if step.get("name") == title)


def carry_out(script: str, workspace: Path) -> subprocess.CompletedProcess[str]:
    home = workspace.parent
    environment = {
        **os.environ,
        "PATH": f"{home}/programs{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT / "src")))),
        "GITHUB_STEP_SUMMARY": str(home / "summary.md"),
        "PULL_REQUEST": "7",
    }
    command = ["bash", "-e", "-c", script]
    return subprocess.run(
        command, cwd=workspace, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_steps_of_a_pull_request_do_what_is_said(workspace: Path) -> None:
    for title in ("Ask both models", "Write the report", "Comment on the pull request"):
        done = carry_out(step_of("migration.yml", title), workspace)
        assert done.returncode == 0, done.stderr
    assert (workspace.parent / "summary.md").read_text("utf-8") == (workspace / "report.md").read_text("utf-8") != ""
    assert "report.md" in (workspace.parent / "said").read_text("utf-8").split()
    uploaded = next(s["with"]["path"] for s in steps(WORKFLOWS["migration.yml"]) if "upload" in s.get("uses", ""))
    assert all((workspace / file).stat().st_size for file in uploaded.split())
    decided = carry_out(step_of("migration.yml", "Decide"), workspace)
    assert decided.returncode == 1, "the sample's new model is not ready"


@pytest.mark.skipif(None in (shutil.which("bash"), shutil.which("jq")), reason="no bash or jq here")
def test_the_steps_of_the_night_do_what_is_said(workspace: Path) -> None:
    again = step_of("migration-nightly.yml", "Ask again")
    assert carry_out(again, workspace).returncode == 2, "nothing is approved yet"
    approved = carry_out(step_of("migration-nightly.yml", "Approve"), workspace)
    assert approved.returncode == 0
    assert "approved, though the gate says not ready: baseline, newer on 48 cases" in approved.stderr
    done = carry_out(again, workspace)
    assert done.returncode == 0, done.stderr
    found = json.loads((workspace / "against.json").read_text("utf-8"))
    assert found["against"] and found["gate"]["decision"] != "not-ready"
    (task,) = found["tasks"]
    (candidate,) = task["candidates"]
    # Asked again, the simulated models say the same.
    assert candidate["regressions"] == candidate["fixes"] == []
    assert not any(row["cases"] for row in candidate["drift"])
    assert candidate["calls"]["made"] == task["cases"] == 48
    assert candidate["paired"]["both_pass"] == candidate["passed"] == task["baseline"]["passed"]
    assert task["left_out"] == {"added": [], "gone": [], "edited": [], "unanswered": []}
