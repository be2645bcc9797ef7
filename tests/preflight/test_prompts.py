"""Prompts that are wrong for whoever is asked: in a promptfoo folder, in the project made of it, in our own."""

from datetime import date
from pathlib import Path

from migrator_tui.preflight.finding import Finding, Severity
from migrator_tui.preflight.looking import Prompt, gather, look
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import Project
from tests.model_fixtures import CANARY
from tests.project.formats.promptfoo_folder import converted, native, write

CONFIG = {
    "providers": ["openai:gpt-4o", "openai:gpt-5"],
    "prompts": ["prompts.py:simple_classify"],
    "tests": [{"vars": {"q": "a"}}, {"vars": {"q": "b"}}],
}


def about_prompts(project: Project, drafts: dict[tuple[str, str], Prompt] | None = None) -> list[Finding]:
    """What is found about prompts, without a worker."""
    each = gather(project, None, tasks=project.tasks, candidates=project.candidates, drafts=drafts)
    found = look(project, each, environment={"OPENAI_API_KEY": CANARY}, trusted=True, today=date(2026, 11, 27))
    return [finding for finding in found.findings if finding.subject == "prompt"]


def test_a_placeholder_stands_in_the_way_in_the_folder_and_in_the_project_made_of_it(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", {"promptfooconfig.json": CONFIG})
    for project in (load_project(theirs), native(converted(theirs, CONFIG), tmp_path / "ours")):
        found = about_prompts(project)
        assert [(f.severity, f.line) for f in found] == [(Severity.BLOCKER, 2)] * 2
        assert found[0].what == "the prompt is only a placeholder for prompts.py:simple_classify"
        assert found[0].do.startswith("write it")


def test_what_is_written_in_its_place_is_the_baselines_prompt_as_well(tmp_path: Path) -> None:
    project = load_project(write(tmp_path / "theirs", {"promptfooconfig.json": CONFIG}))
    (candidate,), (task,) = project.candidates, project.tasks
    assert not about_prompts(project, {(task.name, candidate.name): Prompt("Sort {{ q }}.", {})})
    used_by_none = about_prompts(project, {(task.name, candidate.name): Prompt("Sort.", {})})
    assert [f.severity for f in used_by_none] == [Severity.WARNING] * 2
    assert "no variable of the cases (q)" in used_by_none[0].what and used_by_none[0].do.endswith("{{ q }}")
