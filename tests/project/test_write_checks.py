"""Adding a check to `migrator.toml`: one diff, comments and layout kept, in each way that checks can be written."""

import tomllib
from pathlib import Path

import pytest

from migrator_tui.project.check_specs import check_spec
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project
from migrator_tui.project.write_back import apply, diff_text
from migrator_tui.project.write_checks import check_change, check_text

HEAD = '[baseline]\nmodel = "recorded:c.jsonl"\n\n[[candidates]]\nmodel = "recorded:c.jsonl"\nname = "newer"\n\n'
SHORT = check_spec({"type": "max-words", "value": 5, "metric": "short"})
WRITTEN = '{ type = "max-words", value = 5, metric = "short" }'


def project_of(folder: Path, tasks: str) -> Project:
    (folder / "p.md").write_text("Hello\n")
    (folder / "c.jsonl").write_text("")
    (folder / "migrator.toml").write_text(HEAD + tasks)
    return load_project(folder)


def added(project: Project) -> list[str]:
    """The lines that the diff adds or takes away."""
    diff = diff_text([check_change(project, project.tasks[0], SHORT)])
    return [line for line in diff.splitlines()[2:] if line[:1] in "+-"]


TASK = '[[tasks]]\nname = "triage"   # the first\nprompt = "p.md"\ncases = ["c.jsonl"]\n'


def test_a_task_without_checks_gets_its_list_behind_its_last_key(tmp_path: Path) -> None:
    project = project_of(tmp_path, TASK + "\n# the limits\n[gate]\nmargin = 0.05\n")
    assert added(project) == [f"+checks = [{WRITTEN}]"]
    assert "checks" in check_change(project, project.tasks[0], SHORT).after.split("# the limits")[0]


def test_one_more_in_a_line(tmp_path: Path) -> None:
    project = project_of(tmp_path, TASK + 'checks = ["is-json"]   # form\n')
    assert added(project) == ['-checks = ["is-json"]   # form', f'+checks = ["is-json", {WRITTEN}]   # form']


def test_one_more_in_a_list_over_several_lines_keeps_its_comments(tmp_path: Path) -> None:
    checks = 'checks = [\n    { type = "is-json" },   # form\n    # the end\n]\n'
    project = project_of(tmp_path, TASK + checks + "gate = { margin = 0.1 }\n")
    assert added(project) == [f"+    {WRITTEN}"]


def test_tables_of_their_own_stay_so(tmp_path: Path) -> None:
    checks = '\n[[tasks.checks]]\ntype = "is-json"   # form\n\n[gate]\nmargin = 0.1\n'
    project = project_of(tmp_path, TASK + checks)
    assert added(project) == ["+[[tasks.checks]]", '+type = "max-words"', "+value = 5", '+metric = "short"', "+"]


def test_the_right_task_of_several(tmp_path: Path) -> None:
    other = TASK.replace("triage", "reply") + 'checks = ["is-json"]\n'
    project = project_of(tmp_path, TASK + "\n" + other)
    apply([check_change(project, project.task("reply"), SHORT)])
    again = load_project(tmp_path)
    assert [len(task.checks) for task in again.tasks] == [0, 2]
    assert again.task("reply").checks[1] == SHORT


def test_a_schema_comes_back_as_it_was(tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["a b"], "properties": {"a b": {"enum": ["é", 'q"']}}}
    spec = check_spec({"type": "is-json", "value": schema})
    project = project_of(tmp_path, TASK)
    apply([check_change(project, project.tasks[0], spec)])
    assert load_project(tmp_path).tasks[0].checks == (spec,)


def test_what_is_there_already_or_has_changed_is_said(tmp_path: Path) -> None:
    project = project_of(tmp_path, TASK + f"checks = [{WRITTEN}]\n")
    with pytest.raises(ProjectError, match="has that check already"):
        check_change(project, project.tasks[0], SHORT)
    (tmp_path / "migrator.toml").write_text(HEAD + TASK.replace("triage", "other"))
    with pytest.raises(ProjectError, match=r'migrator\.toml: has no task "triage" any more'):
        check_change(project, project.tasks[0], check_spec("is-json"))


def test_a_file_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    project = project_of(tmp_path, TASK)
    change = check_change(project, project.tasks[0], SHORT)
    (tmp_path / "migrator.toml").write_text(HEAD + TASK + "# mine\n")
    with pytest.raises(ProjectError, match="changed elsewhere meanwhile; nothing is written"):
        apply([change])
    assert (tmp_path / "migrator.toml").read_text().endswith("# mine\n")


def test_what_toml_cannot_say_is_said() -> None:
    with pytest.raises(ProjectError, match="is-json can't be written: TOML has no way to say null"):
        check_text(check_spec({"type": "is-json", "value": {"enum": [None]}}))
    assert tomllib.loads(f"check = {check_text(SHORT)}")["check"] == {
        "type": "max-words",
        "value": 5,
        "metric": "short",
    }
