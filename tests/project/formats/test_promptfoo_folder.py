"""A folder with a promptfoo configuration, open as it is: our copy in the cache, the user's files left alone."""

from pathlib import Path

import pytest

from migrator_tui.project import trust
from migrator_tui.project.config import config_of, load_project
from migrator_tui.project.errors import NoProjectError, ProjectError
from migrator_tui.project.formats.promptfoo.choices import Choice, choices_file, keep_choice, read_choice
from migrator_tui.project.formats.promptfoo.folder import copy_folder
from migrator_tui.project.schema import CheckSpec, Project
from migrator_tui.project.write_back import prompt_change
from migrator_tui.project.write_checks import check_change
from tests.project.formats.promptfoo_folder import cases_of, sent, write

CONFIG = """
description: Tickets
prompts: ['Sort {{ticket}}', file://chat.json]
providers:
  - {id: openai:gpt-4o, label: old one, config: {temperature: 0}}
  - anthropic:claude-sonnet-5
  - mistral:mistral-large-latest
tests: file://tests.csv
"""
CHAT = [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "{{ticket}}"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tests = "ticket,__expected\none,contains:1\ntwo,\n"
    return write(tmp_path / "shop", {"promptfooconfig.yaml": CONFIG, "chat.json": CHAT, "tests.csv": tests})


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def models(project: Project) -> list[str]:
    return [project.baseline.model, *(f"{each.name}={each.model}" for each in project.candidates)]


def test_it_opens_as_any_project_and_nothing_is_written_into_it(folder: Path) -> None:
    before = everything(folder)
    project = load_project(folder, trusted=False)
    assert (project.folder, project.config_file.name, project.name) == (folder, "promptfooconfig.yaml", "Tickets")
    assert models(project) == [
        "openai/gpt-4o",
        "claude-sonnet-5=anthropic/claude-sonnet-5",
        "mistral-large-latest=mistral/mistral-large-latest",
    ]
    assert sent(project, task=1, case=1) == [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "two"},
    ]
    assert [project.shown(task.prompt) for task in project.tasks] == ["promptfooconfig.yaml, prompt 1", "chat.json"]
    assert project.shown(project.tasks[0].cases[0]) == "promptfooconfig.yaml, tests"
    assert everything(folder) == before


def test_our_copy_changes_only_where_the_files_do(folder: Path) -> None:
    load_project(folder)
    copy = copy_folder(folder / "promptfooconfig.yaml")
    before = everything(copy)
    load_project(folder)
    assert everything(copy) == before, "times and all: the index of cases hangs on them"
    assert copy.stat().st_mode & 0o077 == 0
    write(folder, {"chat.json": [{"role": "user", "content": "New {{ticket}}"}]})
    project = load_project(folder)
    after = everything(copy)
    assert {name for name in after if after[name] != before[name]} == {"prompts/chat.md"}
    assert sent(project, task=1)[0]["content"] == "New one"
    write(folder, {"promptfooconfig.yaml": CONFIG.replace(", file://chat.json", "")})
    load_project(folder)
    assert "prompts/chat.md" not in everything(copy)


def test_a_configuration_of_our_own_goes_first(folder: Path) -> None:
    write(folder, {"migrator.toml": "nonsense"})
    assert config_of(folder).name == "migrator.toml"
    with pytest.raises(ProjectError, match=r"^migrator\.toml:1: not TOML"):
        load_project(folder)
    (folder / "migrator.toml").unlink()
    assert load_project(folder).foreign is not None
    (folder / "promptfooconfig.yaml").unlink()
    with pytest.raises(NoProjectError, match=r"no migrator\.toml in this folder"):
        load_project(folder)


def test_whatever_writes_project_files_refuses(folder: Path) -> None:
    project = load_project(folder)
    line = "`migrator-tui import promptfoo . --output DIR` first; promptfoo's files stay as they are"
    for change in (
        lambda: prompt_change(project, project.tasks[0], project.candidates[0], "new", {}),
        lambda: prompt_change(project, project.tasks[0], project.candidates[0], "Sort {{ticket}}", {"seed": 1}),
        lambda: check_change(project, project.tasks[0], CheckSpec("is-json")),
    ):
        with pytest.raises(ProjectError) as caught:
            change()
        assert str(caught.value).startswith(line)


def test_the_models_chosen_are_remembered_beside_the_configuration(folder: Path) -> None:
    config = folder / "promptfooconfig.yaml"
    before = everything(folder)
    keep_choice(config, Choice("mistral-large-latest", "anthropic/claude-haiku-5-5"))
    assert models(load_project(folder)) == [
        "mistral/mistral-large-latest",
        "claude-haiku-5-5=anthropic/claude-haiku-5-5",
        "old one=openai/gpt-4o",
        "claude-sonnet-5=anthropic/claude-sonnet-5",
    ]
    # A model is found by its own name, too, with the settings that the configuration gives it.
    keep_choice(config, Choice("claude-sonnet-5", "openai/gpt-4o"))
    project = load_project(folder)
    assert models(project)[:2] == ["anthropic/claude-sonnet-5", "old one=openai/gpt-4o"]
    assert project.candidates[0].params == {"temperature": 0}
    # Whoever is gone from the configuration is asked as any model would be.
    write(folder, {"promptfooconfig.yaml": CONFIG.replace("anthropic:claude-sonnet-5", "openai:gpt-5")})
    assert models(load_project(folder))[:2] == ["claude-sonnet-5", "old one=openai/gpt-4o"]
    keep_choice(config, Choice())
    assert read_choice(config) == Choice() and models(load_project(folder))[0] == "openai/gpt-4o"
    assert set(everything(folder)) == set(before)
    choices_file().write_text("[")
    with pytest.raises(ProjectError, match="is damaged; delete it, and choose the models again"):
        load_project(folder)


def test_a_proposal_makes_room_for_a_choice(folder: Path) -> None:
    write(folder, {"promptfooconfig.yaml": "prompts: [hi]\nproviders: openai:gpt-4o\n"})
    proposed = load_project(folder, propose=lambda model: f"{model}-newer")
    assert models(proposed) == ["openai/gpt-4o", "gpt-4o-newer=openai/gpt-4o-newer"]
    assert proposed.foreign is not None and "proposed: openai/gpt-4o-newer" in proposed.foreign.notes[0].what
    keep_choice(folder / "promptfooconfig.yaml", Choice("gpt-4o", "xai/grok-4"))
    assert models(load_project(folder)) == ["openai/gpt-4o", "grok-4=xai/grok-4"]


def test_trust_hangs_on_every_file_that_says_whom_to_ask(folder: Path) -> None:
    provider = {"id": "openai:gpt-4o", "config": {"apiBaseUrl": "https://one.example/v1"}}
    # One that leads outside, or nowhere, hides no other.
    who = "- file://../gone.yaml\n  - file://nowhere.yaml\n  - file://who.json"
    config = CONFIG.replace("- {id: openai:gpt-4o, label: old one, config: {temperature: 0}}", who)
    write(folder, {"promptfooconfig.yaml": config, "who.json": provider})
    project = load_project(folder)
    assert trust.concerns(project) == ["sends requests and your key to one.example (api_base of baseline)"]
    with pytest.raises(ProjectError, match="this folder is not trusted yet and sends requests"):
        trust.check_allowed(project, trusted=False)
    trust.trust(project)
    assert trust.is_trusted(load_project(folder))
    provider["config"] = {"apiBaseUrl": "https://another.example/v1"}
    write(folder, {"who.json": provider})
    assert not trust.is_trusted(project), "the configuration is the same, but it is another address"


def test_what_is_asked_before_trusting(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, {"outside.txt": "the text outside"})
    config = CONFIG.replace("'Sort {{ticket}}'", "file://../outside.txt").replace(
        "{temperature: 0}", "{temperature: 0, apiKeyEnvar: AWS_SECRET}"
    )
    write(folder, {"promptfooconfig.yaml": config})
    project = load_project(folder, sealed=True)
    assert "text" not in sent(project)[0]["content"], "asked before it is read"
    held = b"".join(
        path.read_bytes() for path in copy_folder(project.config_file).parent.rglob("*") if path.is_file()
    )
    assert b"the text outside" not in held
    assert sent(load_project(folder))[0]["content"] == "the text outside"
    concerns = trust.concerns(project)
    assert concerns == [
        "gives your AWS_SECRET to openai/gpt-4o (api_key_env of baseline)",
        "reads files outside it: ../outside.txt",
    ]
    with pytest.raises(ProjectError, match="lies outside the folder"):
        load_project(folder, trusted=False)


def test_a_folder_that_cannot_be_read_is_one_line(folder: Path) -> None:
    write(folder, {"tests.csv": "ticket,__expected\none\n"})
    with pytest.raises(ProjectError) as caught:
        load_project(folder)
    assert str(caught.value) == "tests.csv:2: 1 columns where the heading has 2"
    write(folder, {"tests.csv": b"ticket\n\xff\n"})
    with pytest.raises(ProjectError, match=r"^tests\.csv:2: not UTF-8"):
        load_project(folder)


def test_a_large_table_opens_in_seconds(tmp_path: Path) -> None:
    rows = "".join(f'"ticket number {n}, and what it says",label-{n % 7},contains:{n}\n' for n in range(20_000))
    config = "prompts: ['{{text}} {{gone}}']\nproviders: [openai:a, openai:b]\ntests: file://t.csv\n"
    write(tmp_path, {"promptfooconfig.yaml": config, "t.csv": "text,label,__expected\n" + rows})
    project = load_project(tmp_path)
    cases = cases_of(project)
    assert len(cases) == 20_000 and cases[-1].tags == ("label-0",) and cases[-1].vars["gone"] == ""
