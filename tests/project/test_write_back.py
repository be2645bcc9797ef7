"""Writing a version into the project's files: exactly it, nothing else, and never over somebody's change."""

import stat
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import read_template
from migrator_tui.project.schema import Project
from migrator_tui.project.trust import is_trusted, trust
from migrator_tui.project.write_back import FileChange, apply, diff_text, prompt_change
from tests.project.conftest import CONFIG, Folder

PARAMS = {"max_tokens": 600}


def written(folder: Folder, candidate: str, template: str, params: dict[str, Any], task: str = "triage") -> str:
    """Write, then see that the files say so and that writing again changes nothing; the diff."""
    project = load_project(folder.path)
    changes = prompt_change(project, task, candidate, template, params)
    diff = diff_text(changes)
    apply(changes)
    again = load_project(folder.path)
    spec = again.candidate(candidate)
    assert read_template(again.prompt_file(again.task(task), candidate)) == template.rstrip("\n")
    assert spec.params_for(task) == params
    assert prompt_change(again, again.task(task), spec, template, params) == []
    return diff


def test_the_prompt_alone(folder: Folder) -> None:
    diff = written(folder, "sonnet", "JSON only, no fences.\nYou triage for {{ shop }}.", PARAMS)
    assert diff == (
        "--- a/prompts/triage.sonnet.md\n"
        "+++ b/prompts/triage.sonnet.md\n"
        "@@ -1 +1,2 @@\n"
        "-Raw JSON only. You triage for {{ shop }}.\n"
        "+JSON only, no fences.\n"
        "+You triage for {{ shop }}.\n"
    )
    assert folder.read("migrator.toml") == CONFIG


def test_parameters_keep_the_comments(folder: Folder) -> None:
    written(folder, "sonnet", "Raw JSON only. You triage for {{ shop }}.", {"max_tokens": 800, "stop": ["END"]})
    assert folder.read("migrator.toml") == CONFIG.replace(
        "params = { max_tokens = 600 } # room", 'params = { max_tokens = 800, stop = ["END"] } # room'
    )


def test_a_candidate_without_a_prompt_of_its_own_gets_one(folder: Folder) -> None:
    diff = written(folder, "mini", "New prompt for {{ shop }}.", {"temperature": 0.5, "thinking": {"type": "off"}})
    assert "--- /dev/null\n+++ b/prompts/triage.mini.md\n" in diff
    assert folder.read("prompts/triage.mini.md") == "New prompt for {{ shop }}.\n"
    assert folder.read("prompts/triage.md") == "You triage for {{ shop }}.\n"
    config = folder.read("migrator.toml")
    expected = CONFIG.replace(
        'model = "simulated:chatty"\n',
        'model = "simulated:chatty"\nprompts = { triage = "prompts/triage.mini.md" }\n'
        'params = { temperature = 0.5, thinking = { type = "off" } }\n',
    )
    assert config == expected


def test_a_taken_file_name_is_passed_by(folder: Folder) -> None:
    folder.write("prompts/triage.mini.md", "somebody's notes")
    written(folder, "mini", "New.", {})
    assert folder.read("prompts/triage.mini.md") == "somebody's notes"
    assert folder.read("prompts/triage.mini-2.md") == "New.\n"


def test_with_several_tasks_parameters_are_the_task_s(folder: Folder) -> None:
    folder.write(
        "migrator.toml",
        CONFIG + '\n[[tasks]]\nname = "reply"\nprompt = "prompts/triage.md"\ncases = ["cases/triage.jsonl"]\n',
    )
    written(folder, "sonnet", "Raw JSON only. You triage for {{ shop }}.", {"max_tokens": 9})
    sonnet = load_project(folder.path).candidate("sonnet")
    assert sonnet.params_for("reply") == PARAMS and sonnet.params_for("triage") == {"max_tokens": 9}
    assert folder.read("migrator.toml").count("\n") == CONFIG.count("\n") + 6


LAYOUTS = {
    "sub-tables": (
        "params = { max_tokens = 600 } # room for thoughts\n",
        "[candidates.params]\nmax_tokens = 600 # room\ntemperature = 1\n",
    ),
    "dotted": ("params = { max_tokens = 600 } # room for thoughts\n", "params.max_tokens = 600\nparams.x.y = 1\n"),
    "comment at the end": (
        '[candidates.prompts]\ntriage = "prompts/triage.sonnet.md"\n',
        "[candidates.price]\ninput = 3\noutput = 15\n# about the next\n",
    ),
    "crlf": ("\n", "\r\n"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_a_configuration(folder: Folder, layout: str) -> None:
    old, new = LAYOUTS[layout]
    folder.write("migrator.toml", CONFIG.replace(old, new))
    before = folder.read("migrator.toml")
    written(folder, "sonnet", "Other {{ shop }}.", {"max_tokens": 5, "stop": ["a"]})
    after = folder.read("migrator.toml")
    for line in before.splitlines():
        if "#" in line:
            assert line.partition("#")[2] in after
    assert ("\r\n" in after) == ("\r\n" in before)


def test_a_list_in_one_line_is_edited_too(folder: Folder) -> None:
    folder.write(
        "migrator.toml",
        'candidates = [{ name = "a", model = "simulated:a" }, { name = "b", model = "simulated:b" }]\n'
        'tasks = [{ name = "triage", prompt = "prompts/triage.md", cases = "cases/triage.jsonl" }]\n'
        'baseline = { model = "simulated:old" }\n',
    )
    written(folder, "b", "Other.", {"seed": 1})
    assert load_project(folder.path).candidate("a").params == {}


def test_line_ends_and_mark_of_the_file_stay(folder: Folder) -> None:
    folder.write("prompts/triage.sonnet.md", "\ufeffone\r\ntwo\r\n")
    written(folder, "sonnet", "one\nthree", PARAMS)
    assert folder.read("prompts/triage.sonnet.md") == "\ufeffone\r\nthree\r\n"


def test_no_newline_at_the_end_stays_so(folder: Folder) -> None:
    folder.write("prompts/triage.sonnet.md", "one")
    diff = written(folder, "sonnet", "two\n", PARAMS)
    assert folder.read("prompts/triage.sonnet.md") == "two"
    assert diff.endswith("-one\n\\ No newline at end of file\n+two\n\\ No newline at end of file\n")


def test_an_identical_version_changes_nothing(folder: Folder) -> None:
    project = load_project(folder.path)
    assert prompt_change(project, "triage", "sonnet", "Raw JSON only. You triage for {{ shop }}.\n\n", PARAMS) == []
    assert prompt_change(project, "triage", "mini", "You triage for {{ shop }}.", {}) == []
    assert diff_text([]) == ""


def changes_of(project: Project) -> list[FileChange]:
    return prompt_change(project, "triage", "sonnet", "New.", {"max_tokens": 1})


@pytest.mark.parametrize("changed", ["prompts/triage.sonnet.md", "migrator.toml"])
def test_a_file_changed_meanwhile_is_never_written_over(folder: Folder, changed: str) -> None:
    changes = changes_of(load_project(folder.path))
    assert [change.shown for change in changes] == ["prompts/triage.sonnet.md", "migrator.toml"]
    folder.write(changed, folder.read(changed) + "# mine\n")
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    with pytest.raises(ProjectError, match=f"^{changed}: was changed elsewhere meanwhile; nothing is written"):
        apply(changes)
    assert before == {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def test_a_new_file_made_meanwhile_is_never_written_over(folder: Folder) -> None:
    changes = prompt_change(load_project(folder.path), "triage", "mini", "New.", {})
    folder.write("prompts/triage.mini.md", "mine")
    with pytest.raises(ProjectError, match=r"triage\.mini\.md: was made meanwhile"):
        apply(changes)
    assert folder.read("prompts/triage.mini.md") == "mine" and folder.read("migrator.toml") == CONFIG


def test_mode_and_link_stay(folder: Folder) -> None:
    real = folder.write("shared/prompt.md", "old")
    real.chmod(0o640)
    link = folder.path / "prompts/triage.sonnet.md"
    link.unlink()
    link.symlink_to(real)
    written(folder, "sonnet", "new", PARAMS)
    assert link.is_symlink() and real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert not [path for path in folder.path.rglob("*") if path.name.endswith(".tmp")]


def test_the_user_s_own_change_keeps_the_trust(folder: Folder) -> None:
    project = load_project(folder.path)
    apply(changes_of(project))
    assert not is_trusted(load_project(folder.path))
    trust(load_project(folder.path))
    apply(prompt_change(load_project(folder.path), "triage", "sonnet", "Newer.", {"max_tokens": 2}))
    assert is_trusted(load_project(folder.path))


@pytest.mark.parametrize(
    ("candidate", "template", "params", "expected"),
    [
        ("baseline", "x", {}, "only a candidate's is written"),
        ("sonnet", "a\ud800", PARAMS, "lone surrogate"),
        ("sonnet", "x", {"a": None}, "no way to say null"),
        ("sonnet", "x", {"a": float("inf")}, "infinite"),
        ("sonnet", "x", {"a": "\ud800"}, "can't be edited safely"),
    ],
)
def test_what_no_file_can_hold_is_said(
    folder: Folder, candidate: str, template: str, params: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ProjectError, match=expected) as caught:
        prompt_change(load_project(folder.path), "triage", candidate, template, params)
    assert str(caught.value).isprintable()


def test_a_folder_that_can_t_be_written_is_said(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = changes_of(load_project(folder.path))

    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(ProjectError, match="No space left on device"):
        apply(changes)
    assert folder.read("migrator.toml") == CONFIG
    assert not [path for path in folder.path.rglob("*") if path.name.endswith(".tmp")]
