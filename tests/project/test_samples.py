"""The sample projects are found, sound, and copied whole or not at all."""

from pathlib import Path

import pytest

from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import read_template, render
from migrator_tui.project.samples import copy_sample, sample_names
from migrator_tui.project.trust import concerns


def test_every_sample_is_a_sound_harmless_project(tmp_path: Path) -> None:
    assert "support-tickets" in sample_names()
    for name in sample_names():
        copied = copy_sample(name, tmp_path / f"for-{name}" / name)
        project = load_project(copied, trusted=False)
        assert project.name == name and concerns(project) == []
        for task in project.tasks:
            template = read_template(task.prompt)
            assert all(render(template, case) for case in load_cases(project, task))
        assert [path.name for path in copied.parent.iterdir()] == [name]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    assert load_project(copy_sample("support-tickets", tmp_path / "here"))


def test_a_project_is_left_as_it_is_and_other_things_are_refused(tmp_path: Path) -> None:
    target = copy_sample("support-tickets", tmp_path / "demo")
    prompt = next((target / "prompts").iterdir())
    prompt.write_text("my own")
    assert copy_sample("support-tickets", tmp_path / "demo") == target
    assert prompt.read_text() == "my own"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    with pytest.raises(ProjectError, match="is not empty"):
        copy_sample("support-tickets", tmp_path / "full")
    with pytest.raises(ProjectError, match="can't copy"):
        copy_sample("support-tickets", tmp_path / "full" / "mine.txt")


def test_an_unknown_sample_is_answered_with_the_likely_one(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match='did you mean "support-tickets"'):
        copy_sample("suport-ticket", tmp_path / "x")
