"""Setting up: what a folder has to offer, what would be written, and that nothing is written over."""

import os
import time
import tomllib

import pytest

from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.discovery import ProposedTask, discover, init_files, propose_config, write_files
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import render
from tests.project.conftest import Folder


@pytest.fixture
def source(folder: Folder) -> Folder:
    """A program's folder that is no project yet."""
    (folder.path / "migrator.toml").unlink()
    folder.write("pyproject.toml", '[project]\nname = "support-bot"\n')
    folder.write("README.md", "# Our prompts\n{{ not a prompt }}\n")
    folder.write("app/llm.py", '"""x"""\nMODEL = "gpt-4o-2024-08-06"\nask(model="gpt-4o-2024-08-06")\n')
    folder.write("app/old.py", "model='anthropic/claude-3-5-sonnet-20241022'\nword = 'o1ive'\n")
    folder.write("node_modules/x/prompts/system.md", "{{ x }}")
    folder.write(".venv/prompts/system.md", "{{ x }}")
    folder.write("data/prices.csv", "a,b\n1,2\n")
    folder.write("tests/fixtures.json", '{"a": 1}')
    return folder


def test_prompts_cases_and_models_are_found(source: Folder) -> None:
    found = discover(source.path)
    assert found.name == "support-bot" and found.complete
    assert [p.shown for p in found.prompts] == ["prompts/triage.md", "prompts/triage.sonnet.md"]
    assert found.prompts[0].variables == ("shop",) and not found.prompts[0].chat
    assert [(c.shown, c.count, c.variables) for c in found.cases] == [("cases/triage.jsonl", 3, ("shop", "ticket"))]
    assert [(m.name, m.shown, m.times) for m in found.models] == [
        ("openai/gpt-4o-2024-08-06", "app/llm.py:2", 2),
        ("anthropic/claude-3-5-sonnet-20241022", "app/old.py:1", 1),
    ]


def test_what_is_proposed_is_a_sound_project(source: Folder) -> None:
    files = init_files(discover(source.path), candidates=["anthropic/claude-sonnet-5", "openai/claude-sonnet-5"])
    assert [path.name for path in files] == ["migrator.toml"]
    before = sorted(source.path.rglob("*"))
    assert sorted(source.path.rglob("*")) == before
    write_files(files)
    project = load_project(source.path, trusted=False)
    assert project.name == "support-bot" and project.baseline.model == "openai/gpt-4o-2024-08-06"
    assert [c.name for c in project.candidates] == ["claude-sonnet-5", "claude-sonnet-5-2"]
    assert project.tasks[0].name == "triage" and len(load_cases(project, project.tasks[0])) == 3


@pytest.mark.parametrize("prompt", [None, "Be {{ tone }}.", "# system\nx\n# user\n{{ ticket }}", "No variables."])
def test_an_empty_folder_gets_examples_that_run(folder: Folder, prompt: str | None) -> None:
    empty = Folder(folder.path / "new\u00fc")
    empty.path.mkdir()
    if prompt is not None:
        empty.write("prompts/my task.md", prompt)
    write_files(init_files(discover(empty.path)))
    project = load_project(empty.path, trusted=False)
    task = project.tasks[0]
    for case in load_cases(project, task):
        assert render(task.prompt.read_text(), case)[-1]["role"] == "user"


def test_names_are_quoted_in_the_configuration() -> None:
    task = ProposedTask("t\x7f", "p.md", ["ü.jsonl"])
    text = propose_config(name='a "quoted"\\ name', baseline="x/y", candidates=["z"], tasks=[task])
    values = tomllib.loads(text)
    assert values["project"]["name"] == 'a "quoted"\\ name' and values["tasks"][0]["name"] == "t\x7f"


def test_nothing_is_written_over(source: Folder) -> None:
    files = init_files(discover(source.path))
    source.write("migrator.toml", "mine")
    with pytest.raises(ProjectError, match="exists already"):
        write_files(files)
    assert source.read("migrator.toml") == "mine"


def test_hostile_folders_are_survived(source: Folder) -> None:
    source.write("prompts/binary.md", bytes(range(256)))
    source.write("prompts/broken.md", "{{ x")
    source.write("prompts/bell\x07.md", "{{ x }}")
    source.write("cases/line.jsonl", "[" * 1_000_000)
    source.write("cases/bomb.yaml", "- &a [" + "x, " * 1000 + "]\n" + "- [*a, *a]\n" * 100)
    source.write("app/min.js", "x" * 400_000 + '"gpt-4o"')
    os.mkfifo(source.path / "cases/pipe.jsonl")
    (source.path / "loop").symlink_to(source.path)
    (source.path / "outside.md").symlink_to("/etc/hostname")
    (source.path / os.fsdecode(b"prompts/\xff.md")).write_text("{{ x }}")
    found = discover(source.path)
    assert [p.shown for p in found.prompts] == ["prompts/triage.md", "prompts/triage.sonnet.md"]
    assert [c.shown for c in found.cases] == ["cases/triage.jsonl"]


def test_a_huge_folder_is_left_unfinished(source: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(300):
        source.write(f"zz/{n}.txt", "x")
    monkeypatch.setattr("migrator_tui.project.folder_scan.MAX_ENTRIES", 100)
    found = discover(source.path)
    assert not found.complete and found.prompts
    began = time.monotonic()
    assert not discover(source.path, seconds=0).complete
    assert time.monotonic() - began < 1
