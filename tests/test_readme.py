"""What the README says is so: configurations load, commands parse, keys exist, the JSON is what comes out."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.checks.registry import known_checks, validate
from migrator_tui.commands.parser import parse
from migrator_tui.history.drift_names import DRIFT_NAMES
from migrator_tui.history.filters import STATES
from migrator_tui.project.cases import read_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.prompts import render, variables
from migrator_tui.project.recordings import Recording
from migrator_tui.project.schema import Case
from migrator_tui.project.tables import Table
from migrator_tui.tui import keys, settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")

_FENCE = re.compile(r"^ *```(\w+)(?: (\S+))?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One code block: its language, the file it stands for, its text."""

    language: str
    file: str
    text: str


BLOCKS = [Block(found[1], found[2] or "", found[3]) for found in _FENCE.finditer(README)]
CONFIGS = [block.text for block in BLOCKS if block.file == "migrator.toml"]

NOT_OURS = ("", "the check", "price", "columns", "task_params")
"""Titles of tables whose keys are the user's own, or told where the table is."""


def section(heading: str) -> str:
    """The text under a heading, up to the next of its level."""
    level = re.escape(heading.partition(" ")[0])
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^{level} |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no heading {heading!r}"
    return found[1]


def first_columns(text: str) -> list[list[str]]:
    """What stands in backquotes in the first column of each table row."""
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [re.findall(r"`([^`]+)`", row) for row in rows]


def stated_files(value: Any, key: str = "") -> Iterator[str]:
    """The files that a configuration names."""
    if isinstance(value, dict):
        for name, inner in value.items():
            inside = key if key in ("prompts", "checks", "params", "task_params", "response_format") else name
            yield from stated_files(inner, inside)
    elif isinstance(value, list):
        for inner in value:
            yield from stated_files(inner, key)
    elif isinstance(value, str):
        if key in ("prompt", "prompts", "cases", "production", "tools", "guidance"):
            yield value
        elif key == "model" and value.startswith("recorded:"):
            yield value.removeprefix("recorded:")


def write_around(config: str, folder: Path) -> Path:
    """A project of that configuration: tables it lacks are added, files it names are made up."""
    folder.mkdir(exist_ok=True)
    stated = tomllib.loads(config)
    if "baseline" not in stated:
        config += '\n[baseline]\nmodel = "simulated:classic-1"\n'
    if "candidates" not in stated:
        config += '\n[[candidates]]\nmodel = "simulated:bright-2"\n'
    if "tasks" not in stated:
        config += '\n[[tasks]]\nname = "triage"\nprompt = "triage.md"\ncases = ["triage.jsonl"]\n'
    for name in stated_files(tomllib.loads(config)):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("[]" if file.suffix == ".json" else "Hello\n", "utf-8")
    (folder / "migrator.toml").write_text(config, "utf-8")
    return folder


@pytest.mark.parametrize("config", CONFIGS, ids=range(len(CONFIGS)))
def test_every_configuration_loads(config: str, tmp_path: Path) -> None:
    project = load_project(write_around(config, tmp_path), trusted=False)
    for task in project.tasks:
        for spec in task.checks:
            validate(spec)


def test_the_reference_names_every_key_that_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = section("### Every key of migrator.toml")
    named = set(re.findall(r"`(\w+)`", reference))
    shown: set[str] = set()
    tables: list[Table] = []
    note = Table.__init__

    def noting(self: Table, *args: Any, **more: Any) -> None:
        note(self, *args, **more)
        tables.append(self)

    monkeypatch.setattr(Table, "__init__", noting)
    for number, config in enumerate(CONFIGS):
        load_project(write_around(config, tmp_path / str(number)))
        stated = tomllib.loads(config)
        names = ("project", "baseline", "gate", "adaptation", "rollout", "gateway", "history")
        parts = [stated.get(name, {}) for name in names]
        rails = stated.get("rollout", {}).get("guardrails", [])
        for table in (*parts, *stated.get("candidates", []), *stated.get("tasks", []), *rails):
            shown |= set(table)
    read = {key for table in tables if table.title not in NOT_OURS for key in table.known}
    assert {"max_cost_per_day", "requests_per_minute", "response_format", "min_cost_saving", "database"} <= read
    assert read == shown
    assert read <= named


def test_all_checks_are_shown() -> None:
    shown = {
        str(check["type"]).removeprefix("not-")
        for config in CONFIGS
        for task in tomllib.loads(config).get("tasks", [])
        for check in task.get("checks", [])
    }
    assert shown == set(known_checks())


def test_cases_prompts_and_recordings_are_read(tmp_path: Path) -> None:
    blocks = [block for block in BLOCKS if block.file.startswith(("cases/", "outputs/", "prompts/"))]
    assert {block.language for block in blocks} == {"jsonl", "yaml", "csv", "markdown"}
    cases: dict[str, list[Case]] = {}
    for block in blocks:
        file = tmp_path / block.file
        file.parent.mkdir(exist_ok=True)
        file.write_text(block.text, "utf-8")
        if block.file.startswith("cases/"):
            cases[block.file] = list(read_cases(file, tmp_path))
    assert [case.id for case in cases["cases/triage.jsonl"]] == ["T-1", "T-2"]
    assert [case.tags for case in cases["cases/edges.csv"]] == [("empty", "edge"), ("edge",)]
    chat = (tmp_path / "prompts" / "reply.md").read_text("utf-8")
    assert variables(chat) == {"shop", "question"}
    messages = render(chat, cases["cases/reply.yaml"][0])
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    recording = Recording.load(tmp_path / "outputs" / "old.jsonl", {})
    assert not recording.unmatched(cases["cases/triage.jsonl"])


def test_the_promptfoo_configuration_opens(tmp_path: Path) -> None:
    text = next(block.text for block in BLOCKS if block.file == "promptfooconfig.yaml")
    (tmp_path / "promptfooconfig.yaml").write_text(text, "utf-8")
    (tmp_path / "chat.json").write_text('[{"role": "user", "content": "{{ticket}}"}]', "utf-8")
    (tmp_path / "tests.csv").write_text("ticket\nlost\n", "utf-8")
    project = load_project(tmp_path, trusted=False)
    models = [project.baseline.model, *(candidate.model for candidate in project.candidates)]
    assert models == ["openai/gpt-4o", "anthropic/claude-sonnet-5"] and len(project.tasks) == 2
    cases = list(read_cases(project.tasks[0].cases[0], tmp_path))
    assert [case.vars["ticket"] for case in cases] == ["lost", "late", "broken"]


def commands() -> Iterator[list[str]]:
    for block in BLOCKS:
        if block.language == "sh":
            for line in block.text.splitlines():
                yield shlex.split(line)


def test_every_command_is_one() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    seen = set()
    for program, *words in commands():
        seen.add(program)
        if program == "migrator-tui":
            assert parse(words[: words.index(">")] if ">" in words else words)
        elif program == "make":
            assert set(words) <= targets
        else:
            assert program in ("pip", "jq", "curl") or program.startswith("said=")
    assert {"migrator-tui", "make"} <= seen
    for line in re.findall(r"`(migrator-tui [^`]*)`", README):
        assert parse(shlex.split(line)[1:])


@pytest.mark.parametrize(
    "command",
    [
        "",
        "run",
        "report",
        "coverage",
        "adapt",
        "preflight",
        "demo",
        "import",
        "init",
        "trust",
        "prompt show",
        "prompt write",
        "verdicts export",
        "verdicts import",
        "rollout status",
        "rollout start",
        "rollout advance",
        "rollout hold",
        "rollout step-back",
        "rollout resume",
        "rollout rollback",
        "rollout simulate",
        "monitor",
        "rehearse",
    ],
)
def test_every_option_of_a_command_is_shown(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        parse([*command.split(), "--help"])
    assert done.value.code == 0
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--version"}
    # Told in the help itself: it changes nothing as long as there is no gate.
    options -= {"--no-gate"}
    missing = {option for option in options if not re.search(rf"{option}\b", README)}
    assert not missing


def test_every_key_is_in_the_table_of_keys() -> None:
    known: set[str] = set()
    for key in (*keys.EVERYWHERE, *keys.CASE_LIST):
        known |= {keys.key_label(name) for name in key.keys.split(",")} | {key.label}
    told = {name for row in first_columns(section("## Keys")) for name in row}
    assert told <= known
    extra_names = {"^r", "F1", "down", "up"}
    assert known - told <= extra_names


def test_the_settings_are_settings(own_home: Path) -> None:
    text = next(block.text for block in BLOCKS if block.file == "settings.toml")
    file = settings.settings_file()
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    found = settings.load()
    assert found.problem == "" and found.theme and found.ascii_glyphs
    assert set(found.keymap) == {"pass", "run-all"}


def test_pictures_and_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert any(target.endswith(".svg") for target in targets)
    headings = {
        re.sub(r"[^\w -]", "", text.casefold()).replace(" ", "-")
        for text in re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    }
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif not target.startswith("https://"):
            assert (ROOT / target).exists(), target


def test_the_json_is_what_comes_out(own_home: Path) -> None:
    """The README's command on a fresh copy of the sample, up to the run's id and measured times."""
    told = json.loads(next(block.text for block in BLOCKS if block.language == "json"))
    line = next(found for found in re.findall(r"`(migrator-tui [^`]*)`", README) if "--format json" in found)
    words = shlex.split(line)[1:]
    home = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT / "src")))),
    }
    program = [sys.executable, "-m", "migrator_tui"]
    demo = [*program, "demo", "--output", "support-tickets", "--no-open"]
    subprocess.run(demo, cwd=own_home, env=home, check=True, capture_output=True, timeout=60)
    done = subprocess.run(
        [*program, *words], cwd=own_home, env=home, check=True, capture_output=True, text=True, timeout=100
    )
    assert without_chance(json.loads(done.stdout)) == without_chance(told)


def without_chance(value: Any) -> Any:
    """The value without what differs from run to run, the kind of it left."""
    if isinstance(value, dict):
        return {
            name: type(inner).__name__ if name == "run_id" or name.startswith("latency_") else without_chance(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [without_chance(inner) for inner in value]
    return pytest.approx(value) if isinstance(value, float) else value


@pytest.mark.parametrize("file", sorted((ROOT / "screenshots").glob("*.svg")), ids=lambda file: file.name)
def test_a_picture_shows_the_program_and_nothing_of_the_machine_it_was_made_on(file: Path) -> None:
    picture = file.read_text("utf-8").replace("&#160;", " ")
    assert ">migrator-tui</text>" in picture
    assert f"screenshots/{file.name}" in README
    places = ("/tmp", "/root", "/home", "/Users", "/work", "@font-face")
    # Not one `assert … not in picture` each: where it fails, the two texts are compared for minutes.
    assert [place for place in places if place in picture] == []


def test_the_filter_and_the_drifts_are_told_whole() -> None:
    told = {word for row in first_columns(section("## The filter")) for word in row}
    assert {word.removeprefix("is:") for word in told if word.startswith("is:")} == set(STATES)
    assert [word for row in first_columns(section("## What changed")) for word in row] == list(DRIFT_NAMES)
