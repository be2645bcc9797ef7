"""`preflight` as its users start it, with the real worker: what it names, its exit codes, without any network."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CANARY, SAMPLE, Call, environment

OLD = "openai/gpt-4o-2024-08-06"
SAMPLING = "params = { temperature = 0.2, stop = ['END'], max_tokens = 400 }"
CONFIG = f"""
[baseline]
model = "{OLD}"
{SAMPLING}

[[candidates]]
name = "gpt"
model = "openai/gpt-5"
{SAMPLING}

[[candidates]]
name = "opus"
model = "anthropic/claude-opus-5-5"
params = {{ tool_choice = "required" }}

[[candidates]]
name = "same"
model = "{OLD}"
{SAMPLING}

[[tasks]]
name = "triage"
prompt = "p.md"
cases = ["c.jsonl"]
tools = "tools.json"
"""


@pytest.fixture
def project(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A move from gpt-4o to three models, with a begun answer and a forced tool."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, CANARY)
    made = tmp_path / "move"
    made.mkdir()
    (made / "migrator.toml").write_text(CONFIG, "utf-8")
    (made / "p.md").write_text("# system\nAnswer with JSON.\n\n{{ messages }}\n\n# assistant\n{\n", "utf-8")
    (made / "c.jsonl").write_text('{"id": "c1", "messages": [{"role": "user", "content": "Late."}]}\n', "utf-8")
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    (made / "tools.json").write_text(json.dumps([tool]), "utf-8")
    return made


def found(out: str, name: str, severity: str = "blocker") -> set[str]:
    """The subjects of that weight about that model."""
    findings = json.loads(out)["findings"]
    return {f["subject"] for f in findings if f["name"] == name and f["severity"] == severity}


def test_what_the_new_models_reject_is_named(call: Call, project: Path) -> None:
    code, out, err = call("-C", project, "preflight", "--format", "json")
    assert (code, err) == (1, "")
    assert found(out, "gpt") == {"temperature", "stop"}
    assert found(out, "opus") == {"prefill", "tool-choice"}
    assert found(out, "same") == found(out, "baseline") == set()
    told: dict[str, Any] = json.loads(out)
    assert {f["severity"] for f in told["findings"]} <= {"blocker", "warning", "note"}
    stop = next(f for f in told["findings"] if f["subject"] == "stop")
    assert stop["model"] == "openai/gpt-5" and stop["change"] == {"leave_out": "stop"} and stop["do"]
    assert stop["seen_by"] == told["library"] and told["library"].startswith("litellm 1.")
    assert CANARY not in out


def test_the_same_model_passes_and_is_all_that_is_looked_at(call: Call, project: Path) -> None:
    code, out, _ = call("-C", project, "preflight", "--candidate", "same", "--task", "triage")
    assert code == 0
    assert "Blockers" not in out and "same" in out and "opus" not in out and CANARY not in out


def test_without_any_network(project: Path, real_workers: None) -> None:
    """In a network of its own, without even loopback."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine cannot take the network away")
    program = [sys.executable, "-m", "migrator_tui", "-C", str(project), "preflight", "--format", "json"]
    done = subprocess.run(
        [unshare, "-rn", *program], env=environment(), check=False, capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert found(done.stdout, "gpt") == {"temperature", "stop"}


def test_the_sample_is_clean_and_starts_no_worker(
    call: Call, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr("migrator_tui.running.pools.open_pool", never)
    shutil.copytree(SAMPLE, tmp_path / "sample")
    code, out, err = call("-C", tmp_path / "sample", "preflight")
    assert (code, err) == (0, "")
    assert out.startswith("✓ Nothing stands in the way")


@pytest.mark.parametrize("option", [("--task", "triag"), ("--candidate", "gtp")])
def test_unknown_names_end_in_one_line(call: Call, project: Path, option: tuple[str, str]) -> None:
    code, out, err = call("-C", project, "preflight", *option)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and ("did you mean" in err or "there is gpt, opus, same" in err)


def test_a_file_of_guidance_with_a_mistake_is_refused(call: Call, project: Path) -> None:
    config = project / "migrator.toml"
    config.write_text(config.read_text("utf-8") + '\n[adaptation]\nguidance = "rules.toml"\n', "utf-8")
    (project / "rules.toml").write_text('[[rules]]\nid = "x"\n', "utf-8")
    code, _, err = call("-C", project, "preflight")
    assert code == 2 and "rules.toml" in err and "advice" in err
