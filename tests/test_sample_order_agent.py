"""The sample project order-agent: its conversations, what each simulated model makes of them, and what edits mend."""

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.checks.base import CheckResult, Subject
from migrator_tui.checks.registry import run_plain_checks, validate
from migrator_tui.history.records import Output
from migrator_tui.models.requests import ToolCall
from migrator_tui.models.simulator.answering import Reply, answer
from migrator_tui.models.simulator.personas import load_persona
from migrator_tui.parity.drift.registry import detect
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.prompts import read_template, render
from migrator_tui.project.samples import copy_sample
from migrator_tui.project.schema import Case, Project

FOLDER = Path(__file__).parents[1] / "sample_projects" / "order-agent"

EDITS = {
    "Ask for the order number where it is missing; never make one up.": {"A-003", "A-004"},
    "Look an order up before you change it, one tool at a time.": {"A-006", "A-010", "A-021"},
    "Ask for a yes before you cancel or refund.": {"A-025"},
    "Pass order numbers as NL-48213, amounts as plain numbers and dates as YYYY-MM-DD.": {"A-008", "A-018"},
    "Call a tool at once, without a word beside it and without announcing it. No preamble.": {
        "A-033",
        "A-034",
        "A-036",
    },
    "If a tool reports an error, say so.": {"A-038"},
    "Answer in the customer's language.": {"A-029"},
}
"""Instructions, and the regressions that each of them mends."""


@cache
def project() -> Project:
    return load_project(FOLDER)


@cache
def cases() -> tuple[Case, ...]:
    return tuple(load_cases(project(), project().tasks[0]))


@cache
def replies(model: str, extra: str = "") -> Mapping[str, Reply]:
    task, spec = project().tasks[0], project().model(model)
    template = read_template(task.prompt) + f"\n{extra}\n"
    body: dict[str, Any] = {**spec.params, "tools": list(task.tools)}
    persona = load_persona(spec.model, FOLDER)
    return {case.id: answer(persona, {**body, "messages": render(template, case)}) for case in cases()}


@cache
def failures(model: str, extra: str = "") -> Mapping[str, tuple[str, ...]]:
    """Labels of the failing checks by case."""
    task = project().tasks[0]
    found = {}
    for case in cases():
        reply = replies(model, extra)[case.id]
        made = tuple(ToolCall(call.id, call.name, call.arguments) for call in reply.tool_calls)
        subject = Subject(text=reply.text, tool_calls=made, tools=task.tools, finish_reason=reply.finish_reason)
        results = run_plain_checks([*task.checks, *case.checks], subject)
        assert all(isinstance(result, CheckResult) for result in results)
        found[case.id] = tuple(r.spec.label for r in results if isinstance(r, CheckResult) and not r.passed)
    return found


def regressions(extra: str = "") -> set[str]:
    old, new = failures("baseline", extra), failures("newer", extra)
    return {case for case in new if new[case] and not old[case]}


def test_the_project_reads_well() -> None:
    task = project().tasks[0]
    assert project().name == "order-agent" and len(task.tools) == 6
    assert read_template(project().prompt_file(task, "newer")) == read_template(task.prompt), "to begin with, a copy"
    for spec in (*task.checks, *(check for case in cases() for check in case.checks)):
        validate(spec)
    for function in (tool["function"] for tool in task.tools):
        schema = function["parameters"]
        assert function["description"] and schema["additionalProperties"] is False
        assert set(schema["required"]) <= set(schema["properties"])


def test_every_case_ends_before_the_agents_turn_and_is_a_sound_conversation() -> None:
    names = {tool["function"]["name"] for tool in project().tasks[0].tools}
    for case in cases():
        assert case.messages[0]["role"] == "user" and case.messages[-1]["role"] in {"user", "tool"}
        waiting: dict[str, str] = {}
        for message in case.messages:
            for call in message.get("tool_calls", ()):
                assert call["function"]["name"] in names
                assert isinstance(json.loads(call["function"]["arguments"]), dict)
                waiting[call["id"]] = call["function"]["name"]
            if message["role"] == "tool":
                assert waiting.pop(message["tool_call_id"])
        assert not waiting, "every call was answered"


def test_the_cases_are_of_many_kinds() -> None:
    assert 30 <= len(cases()) <= 40
    tags = {tag for case in cases() for tag in case.tags}
    turns = {"first-turn", "after-result", "after-question", "after-error"}
    assert turns | {"two-requests", "forbidden", "injection", "no-number", "german", "french", "dutch"} <= tags
    types = {check.full_type for case in cases() for check in case.checks}
    assert {"tool-call", "not-tool-call", "no-tool-call", "language", "regex"} <= types
    assert sum(case.critical for case in cases()) >= 8


def test_the_first_run() -> None:
    fixed = {case for case, labels in failures("baseline").items() if labels and not failures("newer")[case]}
    assert regressions() == set().union(*EDITS.values()) and len(regressions()) == 13
    assert fixed == {"A-020", "A-031", "A-032"}
    critical = {case.id for case in cases() if case.critical}
    assert len(regressions() & critical) >= 3


def test_all_kinds_of_drift_show() -> None:
    def output(reply: Reply) -> Output:
        made = tuple(ToolCall(call.id, call.name, call.arguments) for call in reply.tool_calls)
        return Output("", "agent", "m", "m", "A", 1, 0, text=reply.text, tool_calls=made)

    found = set()
    for case in regressions():
        pair = (output(replies(model)[case]) for model in ("baseline", "newer"))
        found |= {drift.name for drift in detect(*pair) if drift.differs}
    assert {"tool-choice", "tool-arguments", "preamble", "language"} <= found


@pytest.mark.parametrize("extra", ["Be kind.", "You are the best agent there is.", "Take care.", "Sei höflich."])
def test_edits_beside_the_point_change_nothing(extra: str) -> None:
    assert failures("newer", extra) == failures("newer")
    assert failures("baseline", extra) == failures("baseline")


@pytest.mark.parametrize(("extra", "mended"), EDITS.items())
def test_an_edit_mends_what_it_is_about_and_only_that(extra: str, mended: set[str]) -> None:
    assert regressions() - regressions(extra) == mended
    assert regressions(extra) < regressions()


def test_together_they_leave_no_regression() -> None:
    assert not regressions(" ".join(EDITS))
    assert not [case for case, labels in failures("newer", " ".join(EDITS)).items() if labels]


def readme() -> tuple[str, list[str]]:
    """The README's section about this sample, and the edits that it quotes."""
    text = (FOLDER.parents[1] / "README.md").read_text("utf-8")
    section = text.partition("### An agent with tools\n")[2].partition("\n## ")[0]
    blocks = [block for block in section.split("\n\n") if block.startswith("> ")]
    return " ".join(section.split()), [" ".join(line.lstrip("> ") for line in block.splitlines()) for block in blocks]


def test_the_edits_of_the_readme_do_what_it_says() -> None:
    section, quotes = readme()
    left = [len(regressions(" ".join(quotes[:count]))) for count in range(len(quotes) + 1)]
    assert left == [13, 7, 2, 0]
    assert f"{left[0]} regressions {left[1]} are left after the first of these edits, {left[2]} after the" in section
    assert f"Its {len(cases())} cases are conversations" in section


def test_with_these_edits_the_gate_says_ready(tmp_path: Path, own_home: Path) -> None:
    section, quotes = readme()
    folder = copy_sample("order-agent", tmp_path / "order-agent")
    prompt = folder / "prompts" / "agent.newer.md"
    prompt.write_text("\n\n".join([prompt.read_text("utf-8"), *quotes]), "utf-8")
    command = [sys.executable, "-m", "migrator_tui", "-C", str(folder), "run", "--format", "json"]
    done = subprocess.run(command, cwd=own_home, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["gate"]["decision"] == "ready"
    passed = told["tasks"][0]["candidates"][0]["passed"]
    assert f"the new model passes {passed} of {len(cases())} cases" in section
    old = sum(not labels for labels in failures("baseline").values())
    assert f"the old one {old}." in section


def test_what_must_not_happen_is_no_habit_of_the_old_model() -> None:
    """It fails where it reads no Dutch, forgets a request, or believes what it reads, and nowhere else."""
    assert {case for case, labels in failures("baseline").items() if labels} == {"A-015", "A-020", "A-031", "A-032"}
