"""A promptfoo configuration from a stranger: bombs end at once, nothing outside is read, no key is kept or shown."""

import json
import os
import time
from pathlib import Path

import pytest

from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.converting import native_files, read_promptfoo
from migrator_tui.project.formats.promptfoo.values import scrubbed, scrubbed_text
from tests.project.formats.promptfoo_folder import TWO, cases_of, converted, native, notes_of, sent, write

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("config", "line"),
    {
        BOMB + "prompts: [hi]\n": "aliases make more than",
        "a: &a {b: *a}\nprompts: [hi]\n": "promptfooconfig.yaml",
        "prompts: " + "[" * 5000: "nested more than",
        '{"prompts": ' + "[" * 100_000: "promptfooconfig.json",
        "prompts: [hi]\nproviders: [&p {$ref: '#/loop'}]\nloop: {$ref: '#/loop'}\n": "leads in circles",
        TWO
        + "prompts: ['{{a}}']\ntests: [{vars: {"
        + ", ".join(f"v{n}: {['x'] * 30}" for n in range(6))
        + "}}]\n": "lists in vars multiply to more than 200,000 tests",
        TWO
        + "prompts: ['{{a}}']\nscenarios: [{config: "
        + str([{"vars": {"a": 1}}] * 1000)
        + ", tests: "
        + str([{"vars": {"b": 1}}] * 1000)
        + "}]\n": "a scenario comes to more than",
        "prompts: " + str(["p"] * 501) + "\n": "more than 500 prompts",
    }.items(),
    ids=["aliases", "circle", "depth", "depth-json", "refs", "lists", "scenarios", "prompts"],
)
def test_bombs_end_at_once(config: str, line: str, tmp_path: Path) -> None:
    began = time.monotonic()
    name = "promptfooconfig.json" if config.startswith("{") else "promptfooconfig.yaml"
    write(tmp_path, {name: config})
    with pytest.raises(ProjectError, match=line):
        read_promptfoo(tmp_path, trusted=False)
    assert time.monotonic() - began < 5


def test_templates_that_would_run_for_ever_or_reach_the_interpreter(tmp_path: Path) -> None:
    prompts = [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ self._TemplateReference__context }}",
        "{% include '/etc/passwd' %}",
        "{{ 'a' * 10 ** 9 }}",
    ]
    began = time.monotonic()
    found = converted(
        tmp_path, {"prompts": prompts, "providers": ["openai:a", "openai:b"], "tests": [{"vars": {"q": 1}}]}
    )
    assert time.monotonic() - began < 15
    assert "include" in found.tasks[3].prompt and found.tasks[3].prompt.count('{{ "') == 1, "kept as a text"
    assert not any("subclass" in task.prompt and "type" in task.prompt for task in found.tasks)


OUTSIDE = [
    "prompts: [file://../secret.txt]\n",
    "prompts: [file:///etc/hostname]\n",
    "prompts: [file://link.txt]\n",
    "prompts: [file://../*.txt]\n",
    "prompts: [hi]\ntests: ../secret.csv\n",
    "prompts: [hi]\ntests: [{vars: {a: file://../secret.txt}}]\n",
    "prompts: [hi]\ndefaultTest: file://../secret.yaml\n",
    "prompts: [hi]\nproviders: [file://../secret.yaml]\n",
    "prompts: [hi]\ntests: [{vars: {a: 1}, assert: [{type: contains, value: file://link.txt}]}]\n",
    "prompts: [file://linked/*.txt]\n",
]


@pytest.mark.parametrize("config", OUTSIDE, ids=range(len(OUTSIDE)))
def test_nothing_outside_the_folder_is_read_unless_it_is_trusted(config: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        {"secret.txt": "TOP SECRET", "secret.csv": "a\nTOP SECRET\n", "secret.yaml": "vars: {a: TOP SECRET}\n"},
    )
    folder = write(tmp_path / "in", {"promptfooconfig.yaml": config, "own.txt": "own"})
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "linked").symlink_to(tmp_path)
    with pytest.raises(ProjectError, match="lies outside the folder; `migrator-tui trust` allows it"):
        read_promptfoo(folder, trusted=False)
    if "secret.txt" in config:
        assert "TOP SECRET" in json.dumps(native_files(read_promptfoo(folder)))


def test_devices_and_pipes_do_not_block(tmp_path: Path) -> None:
    folder = write(tmp_path, {"promptfooconfig.yaml": "prompts: [file://pipe.txt]\n"})
    os.mkfifo(folder / "pipe.txt")
    with pytest.raises(ProjectError, match="no file"):
        read_promptfoo(folder)
    (folder / "promptfooconfig.yaml").unlink()
    os.mkfifo(folder / "promptfooconfig.yaml")
    with pytest.raises(ProjectError, match="no promptfoo configuration"):
        read_promptfoo(folder)


def test_escapes_in_names_reach_nothing(tmp_path: Path) -> None:
    config = {
        "description": "\x1b]0;owned\x07name\u202e",
        "prompts": [
            {"raw": "hi {{q}}", "label": "\x1b[31mred\nline"},
            {"raw": "b", "label": "../../../etc/passwd"},
            "file://\x1b[31m.txt",
        ],
        "providers": [{"id": "openai:gpt-4o", "label": "\x1b[2Jclear"}, "openai:\x1b[31mevil", "openai:b"],
        "tests": [
            {"description": "\x1b]52;c;aGk=\x07 case", "vars": {"q": "\x1b[31m"}, "metadata": {"\x1b": "\x1b[1mtag"}}
        ],
        "\x1b[31mkey": 1,
    }
    found = converted(tmp_path / "in", config, **{"\x1b[31m.txt": "c"})
    project = native(found, tmp_path / "out")
    said = [project.name, notes_of(found), *(task.name for task in project.tasks), *(m.name for m in found.models)]
    said += [task.place for task in found.tasks]
    case = cases_of(project)[0]
    assert all(
        character.isprintable() for text in (*said, case.id, *case.tags) for character in text.replace("\n", "")
    )
    assert sent(project)[0]["content"] == "hi \x1b[31m", "what a case says is sent as it is"
    written = sorted(path.name for path in (tmp_path / "out" / "prompts").iterdir())
    assert written == ["31m.md", "31mred-line.md", "etc-passwd.md"]


def test_keys_are_neither_kept_nor_shown(tmp_path: Path) -> None:
    secrets = [
        "sk-abcdefghijklmnop1234",
        "hunter2-value",
        "ghp_abcdefghijklmnopqrstuvwxyz0123",
        "tok-en-value",
        "p4ss",
    ]
    config = {
        "prompts": ["hi"],
        "providers": [
            {"id": "openai:gpt-4o", "config": {"apiKey": secrets[0], "headers": {"Authorization": secrets[1]}}},
            {
                "id": "http",
                "config": {"url": "https://u:p4ss@host", "token": secrets[3], "body": f"Bearer {secrets[2]}"},
            },
            "openai:b",
        ],
        "env": {"OPENAI_API_KEY": secrets[0]},
        "tests": [
            {"vars": {"q": 1}, "assert": [{"type": "javascript", "value": f"fetch('https://x?k={secrets[0]}')"}]}
        ],
    }
    found = converted(tmp_path, config)
    written = json.dumps(native_files(found)) + str(found.notes)
    assert [secret for secret in secrets if secret in written] == []
    assert "a key stands in the configuration; it is not kept: put it into .env" in written
    assert scrubbed({"max_tokens": 5, "apiKeyEnvar": "MY_KEY"}) == {"max_tokens": 5, "apiKeyEnvar": "MY_KEY"}
    assert scrubbed_text("a risky task-force") == "a risky task-force"


def test_nothing_planted_is_executed(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    python = f"open({str(marker)!r}, 'w')\ndef fn(*a): open({str(marker)!r}, 'w')\n"
    shell = f"#!/bin/sh\ntouch {marker}\n"
    config = f"""
prompts: [file://p.py, file://p.py:fn, exec:./p.sh, file://p.js, p.sh, '{{{{q}}}}']
providers: [file://p.py, 'exec:./p.sh', 'python:p.py', openai:a, openai:b, {{id: openai:c, config: {{transform: 'file://p.py'}}}}]
tests: [file://p.py:fn, {{path: p.py}}, {{vars: {{q: file://p.py}}, options: {{transformVars: file://p.py}},
  assert: [{{type: python, value: file://p.py}}, {{type: python, value: "open('{marker}', 'w')"}},
    {{type: javascript, value: file://p.js}}]}}]
extensions: [file://p.py:fn]
nunjucksFilters: {{f: p.js}}
"""
    files = {"p.py": python, "p.js": "require('fs').writeFileSync('executed')", "p.sh": shell, "conftest.py": python}
    folder = write(tmp_path / "in", {"promptfooconfig.yaml": config, **files})
    (folder / "p.sh").chmod(0o755)
    project = load_project(folder)
    assert not marker.exists()
    assert not any(check.type in ("python", "javascript") for case in cases_of(project) for check in case.checks)
    assert not any(task.check_setup.may_run_code for task in project.tasks), "trusted or not"
    native(read_promptfoo(folder), tmp_path / "out")
    assert not marker.exists()
