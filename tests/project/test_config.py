"""`migrator.toml`: what it says arrives, and each mistake is one line with the place and the likely right word."""

import json
import os
import subprocess
import sys

import pytest

from migrator_tui.project.config import load_project
from migrator_tui.project.errors import NoProjectError, ProjectError
from migrator_tui.project.schema import AdaptationSettings, GateRules, Price
from migrator_tui.project.trust import concerns
from tests.project.conftest import CONFIG, Folder


def test_everything_stated_arrives(folder: Folder) -> None:
    folder.write("tools.json", json.dumps([{"type": "function", "function": {"name": "lookup", "parameters": {}}}]))
    folder.write("old.jsonl", '{"id": "T-1", "output": "x"}\n')
    folder.write("rules.toml", "")
    folder.write(
        "migrator.toml",
        """
        [project]
        max_cost_per_day = 5
        [baseline]
        model = "recorded:old.jsonl"
        columns = { output = "response" }
        assume = "unjudged"
        price = { input = 2.5, output = 10 }
        [[candidates]]
        model = "openai/gpt-5-mini"
        api_base = "http://localhost:8000/v1"
        api_key_env = "LOCAL_KEY"
        concurrency = 4
        requests_per_minute = 60
        timeout = 30
        task_params = { a = { temperature = 0 } }
        [assistant]
        model = "anthropic/claude-sonnet-5"
        [gate]
        margin = 0.1
        min_pass_rate = 0.9
        [[tasks]]
        name = "a"
        prompt = "prompts/triage.md"
        cases = "cases/triage.jsonl"
        tools = "tools.json"
        response_format = { type = "json_object" }
        checks = ["is-json", { type = "not-contains", value = "x", weight = 2, metric = "no x", ignore = true }]
        gate = { margin = 0 }
        frozen = ["3-8", "12"]
        [[tasks]]
        name = "b"
        prompt = "prompts/triage.md"
        cases = ["cases/triage.jsonl"]
        [adaptation]
        max_edits = 3
        held_out = 0.5
        guidance = ["rules.toml"]
        [history]
        database = "sqlite"
        """,
    )
    project = load_project(folder.path)
    candidate = project.candidates[0]
    a, b = project.tasks
    assert (project.name, project.max_cost_per_day, project.assume, project.database) == ("shop", 5, "unjudged", None)
    assert project.baseline.price == Price(2.5, 10)
    assert project.baseline.columns == {"output": "response"}
    assert (candidate.name, candidate.concurrency, candidate.requests_per_minute) == ("gpt-5-mini", 4, 60)
    assert (candidate.api_base, candidate.api_key_env) == ("http://localhost:8000/v1", "LOCAL_KEY")
    assert candidate.timeout == 30 and candidate.params_for("a") == {"temperature": 0}
    assert project.assistant is not None and project.assistant.name == "assistant"
    assert a.tools[0]["function"]["name"] == "lookup" and a.response_format == {"type": "json_object"}
    assert [check.full_type for check in a.checks] == ["is-json", "not-contains"]
    assert (a.checks[1].weight, a.checks[1].label, a.checks[1].options) == (2, "no x", {"ignore": True})
    assert a.gate == GateRules(margin=0, min_pass_rate=0.9) and b.gate == project.gate
    assert a.frozen == ((3, 8), (12, 12)) and b.frozen == ()
    rules = (project.folder / "rules.toml",)
    assert project.adaptation == AdaptationSettings(max_edits=3, held_out=0.5, guidance=rules)


MISTAKES = [
    ("[gate]", "[gaet]", 'migrator.toml:28: unknown key "gaet"; did you mean "gate"?'),
    (
        'model = "openai',
        'modle = "openai',
        'migrator.toml:6: unknown key "modle" in [baseline]; did you mean "model"?',
    ),
    ("margin", "marjin", 'migrator.toml:29: unknown key "marjin" in [gate]; did you mean "margin"?'),
    (
        'cases/triage.jsonl"',
        'cases/triag.jsonl"',
        'migrator.toml:25: no file "cases/triag.jsonl"; did you mean "cases/triage.jsonl"?',
    ),
    ("triage = ", "traige = ", 'migrator.toml:15: there is no task "traige"; did you mean "triage"?'),
    ('type = "max', 'typ = "max', 'migrator.toml:26: unknown key "typ" in the check; did you mean "type"?'),
    ('"mini"', '"sonnet"', 'migrator.toml:18: two candidates are called "sonnet": candidate 1 and candidate 2'),
    ('"mini"', '"baseline"', 'migrator.toml:18: a candidate can\'t be called "baseline"'),
    ("[[candidates]]", "[candidates]", "migrator.toml:"),
    ("0.05", "5", "migrator.toml:29: margin must be between 0 and 1"),
    ("0.05", '"5"', "migrator.toml:29: margin must be a number, not text"),
    ("0.05", "true", "migrator.toml:29: margin must be a number, not true or false"),
    ("0.05", "nan", "migrator.toml:29: margin must be between 0 and 1"),
    ("0.05", "", "migrator.toml:29: not TOML: invalid value"),
    ("0.05", "9" * 5000, "migrator.toml: not TOML that can be read: a number has too many digits"),
    ("temperature = 0", "temperature = 2024-01-01", 'migrator.toml:7: "2024-01-01" is a date or time'),
    ('"simulated:chatty"', '"simulate:chatty"', 'migrator.toml:19: unknown kind of model "simulate:"'),
    ('"simulated:chatty"', '"recorded:no.jsonl"', 'migrator.toml:19: no file "no.jsonl"'),
    ('"prompts/triage.md"', '"prompts"', 'migrator.toml:24: "prompts" is a folder, not a file'),
    ('"prompts/triage.md"', r'"a\u0000b"', "migrator.toml:24: prompt must be one line of plain text"),
    ('name = "mini"', 'api_base = "http://me:sk-secret@x"', "migrator.toml:18: a key never stands in this file"),
    ('name = "mini"', 'api_base = "https://x/v1?api-key=1234"', "migrator.toml:18: a key never stands in this file"),
    ('name = "mini"', 'api_base = "https://x/?to=sk-secret"', "migrator.toml:18: a key never stands in this file"),
    (
        'name = "mini"',
        'api_base = "https://x/?to=aB3dE5gH7jK9mN1pQ3sT5vW7"',
        "migrator.toml:18: a key never stands in this file",
    ),
    (
        'name = "mini"',
        'api_base = "https://x/?subscription-key=abc"',
        "migrator.toml:18: a key never stands in this file",
    ),
    ('name = "mini"', 'api_key = "sk-secret"', "migrator.toml:18: a key never stands in this file"),
    ('name = "mini"', 'api_key_env = "sk-secret-1"', "migrator.toml:18: api_key_env takes the name"),
    ('name = "mini"', 'params = { api_key = "sk-secret" }', "migrator.toml:18: a key never stands in this file"),
    ('name = "mini"', 'params = { base_url = "http://x" }', 'migrator.toml:18: "base_url" is not a parameter'),
    ('name = "mini"', 'columns = { output = "x" }', "migrator.toml:18: columns are for recorded: models"),
    ('name = "mini"', "temperature = 0", 'migrator.toml:18: unknown key "temperature" in candidate'),
    ('name = "mini"', "prompts = { triage = 3 }", "migrator.toml:18: a prompt file must be text, not a number"),
    ('"support-tickets"', '"""a\nb"""', "migrator.toml:3: name must be one line of plain text"),
    ("[gate]", "[history]\ndatabase = 'mysql'\n[gate]", "migrator.toml:29: database must be"),
    (
        "[gate]",
        "[adaptation]\nmax_edit = 3\n[gate]",
        'migrator.toml:29: unknown key "max_edit" in [adaptation]; did you mean "max_edits"?',
    ),
    (
        "[gate]",
        "[adaptation]\nmax_edits = 2.5\n[gate]",
        "migrator.toml:29: max_edits must be a whole number, not 2.5",
    ),
    (
        "[gate]",
        "[adaptation]\nguidance = 3\n[gate]",
        "migrator.toml:29: guidance must be text or a list of texts, not a number",
    ),
    ("[gate]", "[adaptation]\nguidance = 'rule.toml'\n[gate]", 'migrator.toml:29: no file "rule.toml"'),
    ("[gate]", 'frozen = ["3-8", "8-3"]\n[gate]', 'migrator.toml:28: frozen: "8-3" is no range of lines'),
    ("[gate]", 'frozen = "0"\n[gate]', 'migrator.toml:28: frozen: "0" is no range of lines; write "3-8"'),
    ("[gate]", 'frozn = "3"\n[gate]', 'migrator.toml:28: unknown key "frozn" in task'),
    ("# the shop's bot", "x = " + "[" * 5000, "migrator.toml: nested too deeply"),
]


@pytest.mark.parametrize(("old", "new", "expected"), MISTAKES, ids=[new[:25] for _, new, _ in MISTAKES])
def test_mistake_is_one_line(folder: Folder, old: str, new: str, expected: str) -> None:
    folder.config(old, new)
    with pytest.raises(ProjectError) as caught:
        load_project(folder.path)
    said = str(caught.value)
    assert said.startswith(expected)
    assert said.isprintable() and len(said) < 500
    assert "sk-secret" not in said


@pytest.mark.parametrize(
    "query", ["deployment=gpt-4-1-mini-europe-west-production", "api-version=2024-12-01-preview"]
)
def test_a_long_name_in_an_address_is_no_key(folder: Folder, query: str) -> None:
    folder.config('name = "mini"', f'name = "mini"\napi_base = "https://x.example/v1?{query}"')
    assert load_project(folder.path).candidates[1].api_base == f"https://x.example/v1?{query}"


@pytest.mark.parametrize("table", ["[baseline]", "[[tasks]]", "[[candidates]]"])
def test_missing_table_is_named(folder: Folder, table: str) -> None:
    folder.write("migrator.toml", CONFIG.replace(table, "[[project.x]]"))
    with pytest.raises(ProjectError) as caught:
        load_project(folder.path)
    assert "migrator.toml" in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b"a = 1\n\xc3(", b"\0", b"x = 'a\0'", b"\n" * 10, b"a" * 1_000_000, b"[" * 1_000_000],
    ids=["utf-16", "cut utf-8", "nul", "nul in text", "blank", "one long word", "deep"],
)
def test_hostile_config_gives_one_line(folder: Folder, content: bytes) -> None:
    folder.write("migrator.toml", content)
    with pytest.raises(ProjectError) as caught:
        load_project(folder.path)
    assert str(caught.value).isprintable() and str(caught.value).startswith("migrator.toml")


def test_invalid_utf8_names_its_line(folder: Folder) -> None:
    folder.write("migrator.toml", b"# one\n# two\nx = '\xff'\n")
    with pytest.raises(ProjectError, match=r"^migrator.toml:3: not UTF-8 \(byte 0xff\)"):
        load_project(folder.path)


def test_folder_without_project(folder: Folder) -> None:
    (folder.path / "migrator.toml").unlink()
    with pytest.raises(NoProjectError, match="migrator-tui init"):
        load_project(folder.path)
    with pytest.raises(NoProjectError, match="no such folder"):
        load_project(folder.path / "nowhere")


def test_pipes_and_loops_do_not_hang(folder: Folder) -> None:
    prompt = folder.path / "prompts/triage.md"
    prompt.unlink()
    os.mkfifo(prompt)
    with pytest.raises(ProjectError, match=r"migrator\.toml:24"):
        load_project(folder.path)
    prompt.unlink()
    prompt.symlink_to(prompt)
    with pytest.raises(ProjectError, match=r"migrator\.toml:24"):
        load_project(folder.path)


@pytest.mark.parametrize("way", ["stated", "link", "linked folder", "absolute"])
def test_files_outside_need_trust(folder: Folder, way: str) -> None:
    outside = folder.path.parent / "outside.md"
    outside.write_text("secret {{ shop }}")
    stated = {"stated": "../outside.md", "link": "p.md", "linked folder": "up/outside.md", "absolute": str(outside)}
    if way == "link":
        (folder.path / "p.md").symlink_to(outside)
    if way == "linked folder":
        (folder.path / "up").symlink_to(folder.path.parent)
    folder.config('"prompts/triage.md"', f'"{stated[way]}"')
    assert load_project(folder.path).tasks[0].prompt == outside
    with pytest.raises(ProjectError, match=r"^migrator.toml:24: .* lies outside the folder"):
        load_project(folder.path, trusted=False)


def test_guidance_outside_needs_trust(folder: Folder) -> None:
    (folder.path.parent / "rules.toml").write_text("")
    folder.config("[gate]", '[adaptation]\nguidance = "../rules.toml"\n[gate]')
    assert any("../rules.toml" in concern for concern in concerns(load_project(folder.path)))
    with pytest.raises(ProjectError, match=r"^migrator.toml:29: guidance: .* lies outside the folder"):
        load_project(folder.path, trusted=False)


def test_mistake_in_a_tools_file_names_that_file(folder: Folder) -> None:
    folder.write("tools.json", '[\n{"type": "function",}]')
    folder.config("[gate]", 'tools = "tools.json"\n[gate]')
    with pytest.raises(ProjectError, match=r"^tools.json:2: not JSON"):
        load_project(folder.path)


def test_reading_a_sound_project_imports_nothing_slow(folder: Folder) -> None:
    slow = ["jinja2", "jsonschema", "tomlkit", "sqlmodel", "rapidfuzz", "yaml", "platformdirs"]
    code = (
        "import sys; from pathlib import Path; from migrator_tui.project.config import load_project;"
        f"load_project(Path({str(folder.path)!r})); print([m for m in {slow} if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
