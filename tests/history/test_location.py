"""Where histories lie, and how a project that moved finds its own."""

import json
import shutil
import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from migrator_tui.history.author import author
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.location import adopt, history_folder, local_file, moved_from, projects_folder
from migrator_tui.history.store import History
from migrator_tui.project.schema import Project
from tests.history.conftest import MakeProject, a_version, an_output


def test_a_history_lies_under_name_and_path(history: History, project: Project, own_home: Path) -> None:
    folder = history_folder(project)
    assert Path(history.location) == folder / "history.sqlite3" == local_file(project)
    assert folder.parent == projects_folder() and folder.is_relative_to(own_home)
    assert folder.name.startswith("shop-")
    assert json.loads((folder / "project.json").read_text())["folder"] == str(project.folder)


def test_projects_in_other_folders_have_other_histories(make_project: MakeProject, tmp_path: Path) -> None:
    assert history_folder(make_project()) != history_folder(make_project(tmp_path / "copy"))


def test_a_renamed_project_keeps_its_history(project: Project) -> None:
    with History.open(project) as history:
        version = a_version(history)
    with History.open(replace(project, name="Café / Straße")) as history:
        assert history.versions("triage", "new") == [version]


def test_names_make_harmless_folders(project: Project) -> None:
    for name in ("../../etc", "", "\x00\x1b]2;x", "a" * 500, "café"):
        folder = history_folder(replace(project, name=name))
        assert folder.parent == projects_folder() and len(folder.name) < 80 and folder.name.isprintable()


@pytest.fixture
def moved(project: Project, make_project: MakeProject, tmp_path: Path) -> Project:
    """The project with one version in its history, its folder renamed since."""
    with History.open(project) as history:
        history.add_outputs([an_output(a_version(history))])
    new = tmp_path / "deeper" / "place"
    new.parent.mkdir()
    project.folder.rename(new)
    return make_project(new)


def test_a_moved_project_finds_and_adopts_its_history(moved: Project, project: Project) -> None:
    assert moved_from(moved) == project.folder
    adopt(moved, project.folder)
    assert moved_from(moved) is None
    with History.open(moved) as history:
        assert len(history.versions("triage", "new")) == 1
    assert [f.name for f in projects_folder().iterdir()] == [history_folder(moved).name]
    assert json.loads((history_folder(moved) / "project.json").read_text())["folder"] == str(moved.folder)


def test_a_look_at_the_moved_project_does_not_cost_it_its_history(moved: Project, project: Project) -> None:
    with History.open(moved) as history:
        a_version(history, "made here")
    assert moved_from(moved) == project.folder
    adopt(moved, project.folder)
    with History.open(moved) as history:
        assert [v.template for v in history.versions("triage", "new")] == ["Sort the ticket."]
    (aside,) = projects_folder().glob("*/history/history.sqlite3")
    with sqlite3.connect(aside) as plain:
        assert plain.execute("select template from migrator_prompt_version").fetchall() == [("made here",)]


def test_an_empty_history_is_not_worth_adopting(project: Project, make_project: MakeProject, tmp_path: Path) -> None:
    History.open(project).close()
    project.folder.rename(tmp_path / "new")
    assert moved_from(make_project(tmp_path / "new")) is None


def test_config_changed_the_folder_itself_is_recognised(moved: Project, project: Project) -> None:
    moved.config_file.write_text('[project]\nname = "shop"\n# changed\n')
    (moved.folder / "cases.jsonl").write_text('{"id": "b"}\n')
    assert moved_from(moved) == project.folder
    assert moved_from(replace(moved, name="another")) is None


def test_copied_to_another_disk_the_cases_are_recognised(moved: Project, project: Project, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(moved.folder, copy)
    shutil.rmtree(moved.folder)
    (copy / "migrator.toml").write_text('[project]\nname = "shop"\n# changed\n')
    there = replace(
        moved,
        folder=copy,
        config_file=copy / "migrator.toml",
        tasks=[replace(moved.tasks[0], cases=[copy / "cases.jsonl"])],
    )
    assert moved_from(there) == project.folder
    (copy / "cases.jsonl").write_text('{"id": "z"}\n')
    assert moved_from(there) is None


def test_a_copy_beside_its_original_is_no_move(project: Project, make_project: MakeProject, tmp_path: Path) -> None:
    with History.open(project) as history:
        history.add_outputs([an_output(a_version(history))])
    shutil.copytree(project.folder, tmp_path / "copy")
    assert moved_from(make_project(tmp_path / "copy")) is None


def test_a_project_with_a_history_of_its_own_is_offered_none(moved: Project, project: Project) -> None:
    with History.open(moved) as history:
        history.add_outputs([an_output(a_version(history, "made here"))])
    assert moved_from(moved) is None
    with pytest.raises(HistoryError, match="has a history already"):
        adopt(moved, project.folder)
    with pytest.raises(HistoryError, match="nothing is known of a project at /nowhere"):
        adopt(moved, Path("/nowhere"))


def test_descriptions_that_others_wrote_do_not_matter(moved: Project, project: Project) -> None:
    for number, text in enumerate(("", "[]", '{"folder": 3}', "\ud800".encode("utf-8", "surrogatepass"))):
        folder = projects_folder() / f"junk-{number}"
        folder.mkdir()
        (folder / "project.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert moved_from(moved) == project.folder


def test_author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert author(tmp_path) == "tester"
    monkeypatch.setenv("MIGRATOR_USER", "  ")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    monkeypatch.setenv("LOGNAME", "lou")
    assert author(tmp_path) == "lou"
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "config", "user.name", "Zoë  Ä"], check=True)
    assert author(tmp_path) == "Zoë Ä"
    assert author(tmp_path / "missing") == "lou"
