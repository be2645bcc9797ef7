"""A prompt that only a program could make stands as a placeholder, and is known by it wherever it goes."""

from pathlib import Path

import pytest

from migrator_tui.project.config import load_project
from migrator_tui.project.formats.promptfoo.placeholders import Placeholder, placeholder, placeholder_in
from migrator_tui.project.prompts import read_template
from tests.project.formats.promptfoo_folder import converted, native, write


@pytest.mark.parametrize(
    "maker", ["prompts.py:simple_classify", "exec:./make {it}.sh", 'exec:say "{{ hi }}"', "langfuse://triage:3"]
)
def test_it_is_known_in_the_folder_and_in_the_project_made_of_it(tmp_path: Path, maker: str) -> None:
    config = {
        "providers": ["openai:gpt-4o", "openai:gpt-5"],
        "prompts": [maker, "Sort {{q}}."],
        "tests": [{"vars": {"q": "a"}}],
    }
    folder = write(tmp_path / "theirs", {"promptfooconfig.json": config})
    for project in (load_project(folder), native(converted(folder, config), tmp_path / "ours")):
        found = placeholder_in(read_template(project.tasks[0].prompt))
        assert found is not None and found.line == 2
        assert found.maker.replace("\\", "") == maker
        assert placeholder_in(read_template(project.tasks[1].prompt)) is None


def test_only_a_line_of_its_own_is_one() -> None:
    line = placeholder("prompts.py")
    assert placeholder_in(f"# user\n\n  {line}\r\n\nMore") == Placeholder("prompts.py", 3)
    assert placeholder_in(f"Say what {line} means.") is None
    assert placeholder_in("(This prompt is made by me.)") is None


def test_a_name_of_many_lines_is_still_one_line() -> None:
    found = placeholder_in(placeholder("exec:a\nb" + "c" * 500))
    assert found is not None and found.maker.startswith("exec:a bccc") and len(found.maker) == 200
