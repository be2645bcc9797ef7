"""Every configuration of promptfoo's own examples opens, or is refused in one line, and none executes anything."""

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.converting import read_config, read_promptfoo
from tests.project.formats.promptfoo_folder import cases_of, native

REMOTE = ("http://", "https://", "huggingface://", "langfuse://", "az://")
RUNS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "pty.spawn")
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "http.client.connect")

watched: list[tuple[str, Any]] = []
watching: list[bool] = []
"""Not empty while a configuration is read: an audit hook can't be taken away again."""


def audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Python calls this for whatever starts a program, opens a connection or imports a file."""
    if watching and (event in RUNS or event in NETWORK or (event == "import" and "promptfoo/ex" in str(arguments))):
        watched.append((event, arguments))


def configurations(shared_data: Path) -> list[Path]:
    """Whatever is evidently a configuration: it has prompts, providers, targets or tests at its top."""
    found = []
    for file in sorted((shared_data / "promptfoo").rglob("*.y*ml")):
        held = yaml.safe_load(file.read_text("utf-8"))
        if isinstance(held, dict) and {"prompts", "providers", "targets", "tests"} & set(held):
            found.append(file)
    return found


def plain_count(file: Path) -> int | None:
    """How many cases the files hold, counted without the program; `None` where some are made elsewhere or by code."""
    config = yaml.safe_load(file.read_text("utf-8"))
    default = config.get("defaultTest") or {}
    if isinstance(default, str):
        default = yaml.safe_load((file.parent / default.removeprefix("file://")).read_text("utf-8"))
    stated = config.get("tests")
    if not stated or config.get("scenarios"):
        return None
    total = 0
    for test in stated if isinstance(stated, list) else [stated]:
        if isinstance(test, str):
            if test.startswith(REMOTE) or test.partition(":")[0].endswith((".py", ".js", ".ts")):
                return None
            path = file.parent / test.removeprefix("file://")
            with path.open(encoding="utf-8", newline="") as opened:
                total += len(list(csv.DictReader(opened)))
            continue
        combinations = 1
        for value in {**(default.get("vars") or {}), **(test.get("vars") or {})}.values():
            if isinstance(value, list) and value and isinstance(value[0], str):
                combinations *= len(value)
            elif isinstance(value, str) and value.startswith("file://") and "*" in value:
                combinations *= len(list(file.parent.glob(value.removeprefix("file://"))))
        total += combinations
    return total


def test_each_opens_or_is_refused_in_one_line_and_none_executes_anything(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = configurations(shared_data)
    assert len(files) >= 85
    sys.addaudithook(audit)
    refused: dict[str, str] = {}
    right, plain = 0, 0
    wrong: list[str] = []
    for number, file in enumerate(files):
        shown = file.relative_to(shared_data / "promptfoo").as_posix()
        expected = plain_count(file)
        plain += expected is not None
        watching.append(True)
        try:
            project = native(read_config(file, trusted=False), tmp_path / str(number))
        except ProjectError as error:
            refused[shown] = str(error)
            continue
        finally:
            watching.clear()
        held = len(cases_of(project))
        right += held == expected
        if expected is not None and held != expected:
            wrong.append(f"{shown}: {held} of {expected}")
    with capsys.disabled():
        opened = len(files) - len(refused)
        print(f"\npromptfoo: {opened} of {len(files)} open, {right} of {plain} with all their cases")
    assert watched == []
    assert not wrong and right / plain >= 0.8, wrong
    assert all("\n" not in line and line.startswith(Path(name).name) for name, line in refused.items())
    # Plans of attacks without a single test: there is nothing to compare.
    assert all("red-team" in line for line in refused.values()), refused
    assert len(refused) == 4


def test_insurance_tickets(shared_data: Path, tmp_path: Path) -> None:
    found = read_promptfoo(shared_data / "promptfoo" / "insurance-tickets", trusted=False)
    project = native(found, tmp_path)
    cases = cases_of(project)
    labels = Counter(tag for case in cases for tag in case.tags)
    assert len(cases) == 68 and len(labels) == 10
    assert labels["Coverage Explanations"] == 9 and sum(labels.values()) == 68
    assert [model.name for model in found.models] == [f"Haiku: T-0.{n}" for n in (0, 2, 4, 6, 8)]
    assert project.baseline.params == {"max_tokens": 4096, "temperature": 0}
    assert project.candidates[0].params["temperature"] == 0.2
    # Its prompts are Python: each is a placeholder that says of which file, and nothing of it was run.
    assert [task.place for task in found.tasks] == [
        f"prompts.py:{name}" for name in ("simple_classify", "rag_classify", "rag_chain_of_thought_classify")
    ]
    assert "prompts.py:rag_classify" in found.tasks[1].prompt
    assert [check.type for check in cases[0].checks] == ["contains"]
    assert project.tasks[0].checks[0].type == "icontains-any"


def test_its_results_are_fifteen_recorded_models(shared_data: Path, tmp_path: Path) -> None:
    found = read_promptfoo(shared_data / "promptfoo" / "insurance-tickets" / "results.csv")
    project = native(found, tmp_path)
    passed = [sum(row["passed"] for row in rows) for rows in found.outputs.values()]
    assert passed == [48, 48, 47, 49, 48, 64, 63, 64, 64, 61, 65, 65, 64, 64, 65]
    assert len(found.models) == 15 and len({model.name for model in found.models}) == 15
    assert project.baseline.model.startswith("recorded:")
    outputs = {row["output"].strip() for rows in list(found.outputs.values())[:5] for row in rows}
    assert "Billing Disputes" in outputs and not any("Expected output" in text for text in outputs)
