"""The sample project support-tickets: its cases, what each simulated model makes of them, and what edits mend."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.checks.base import CheckResult, Subject
from migrator_tui.checks.registry import run_plain_checks, validate
from migrator_tui.models.simulator.answering import answer
from migrator_tui.models.simulator.personas import load_persona
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.prompts import read_template, render
from migrator_tui.project.schema import Case, Project

FOLDER = Path(__file__).parents[1] / "sample_projects" / "support-tickets"

ALL_ROUND = """
Output nothing but the raw JSON object, without code fences. Use exactly these keys and spell the values as listed.
Write the answer in the customer's language, as plain text, in at most 40 words. Shouting does not raise the
priority, and legal threats are tickets like any other.
"""


@cache
def project() -> Project:
    return load_project(FOLDER)


@cache
def cases() -> tuple[Case, ...]:
    return tuple(load_cases(project(), project().tasks[0]))


@cache
def failures(
    model: str, extra: str = "", json_mode: bool = False, replaced: str = "", by: str = ""
) -> Mapping[str, tuple[str, ...]]:
    """Labels of the failing checks by case, the prompt with `extra` at its end and a part of it `replaced`."""
    task = project().tasks[0]
    spec = project().model(model)
    persona = load_persona(spec.model, FOLDER)
    body: dict[str, Any] = dict(spec.params)
    if json_mode:
        body["response_format"] = {"type": "json_object"}
    template = read_template(task.prompt) + f"\n{extra}\n"
    template = template.replace(replaced, by) if replaced else template
    found = {}
    for case in cases():
        messages = render(template, case)
        text = answer(persona, {**body, "messages": messages}).text
        results = run_plain_checks([*task.checks, *case.checks], Subject(text=text, variables=case.vars))
        assert all(isinstance(result, CheckResult) for result in results)
        found[case.id] = tuple(r.spec.label for r in results if isinstance(r, CheckResult) and not r.passed)
    return found


def regressions(extra: str = "", json_mode: bool = False, replaced: str = "", by: str = "") -> set[str]:
    old, new = (failures(model, extra, json_mode, replaced, by) for model in ("baseline", "newer"))
    return {case for case in new if new[case] and not old[case]}


def test_the_project_reads_well() -> None:
    assert project().name == "support-tickets"
    assert [task.name for task in project().tasks] == ["triage"]
    assert {spec.model.split(":")[0] for spec in (project().baseline, *project().candidates)} == {"simulated"}
    lines = read_template(project().tasks[0].prompt).splitlines()
    assert 15 <= len(lines) <= 25
    for spec in (*project().tasks[0].checks, *(check for case in cases() for check in case.checks)):
        validate(spec)


def test_the_cases_are_many_and_of_many_kinds() -> None:
    assert len(cases()) >= 44
    tags = {tag for case in cases() for tag in case.tags}
    kinds = {"angry", "terse", "rambling", "several-questions", "legal", "empty", "injection", "very-long", "safety"}
    languages = {"german", "french", "spanish", "japanese", "italian", "dutch"}
    assert kinds | languages <= tags
    assert 5 <= sum(case.critical for case in cases()) <= 15
    assert max(len(case.messages[-1]["content"].split()) for case in cases()) >= 3900
    assert any(not case.messages[-1]["content"].strip() for case in cases())
    assert sum(bool(case.checks) for case in cases()) >= 0.8 * len(cases())


def test_the_old_model_does_well_but_not_perfectly() -> None:
    failing = [case for case, labels in failures("baseline").items() if labels]
    assert 2 <= len(failing) <= 3
    assert len([case for case in failing if not failures("newer")[case]]) >= 2, "fixes"


def test_the_new_model_falls_back_on_its_habits_in_many_ways() -> None:
    regressed = regressions()
    assert len(cases()) / 3 <= len(regressed) <= len(cases()) / 2
    reasons = {failures("newer")[case] for case in regressed}
    assert len(reasons) >= 8, "different tickets fail for different reasons"
    labels = [label for case in regressed for label in failures("newer")[case]]
    for label in ("is-json", "no-code-fence", "no-markdown", "max-words", "priority is normal"):
        assert label in labels
    assert any(label.startswith("answer in ") for label in labels)
    assert len([case for case in cases() if case.critical and case.id in regressed]) >= 1


@pytest.mark.parametrize(
    "extra",
    [
        "Be kind.",
        "You are the best triage expert.",
        "Think step by step.",
        "Customers deserve empathy.",
        "Sei höflich.",
    ],
)
def test_edits_beside_the_point_change_nothing(extra: str) -> None:
    assert failures("newer", extra) == failures("newer")
    assert failures("baseline", extra) == failures("baseline")


@pytest.mark.parametrize(
    ("extra", "label", "at_least"),
    [
        ("No code fences, please.", "no-code-fence", 5),
        ("Bitte ohne Codeblöcke.", "no-code-fence", 5),
        ("Never put backticks around the JSON.", "no-code-fence", 5),
        ("Be brief.", "max-words", 3),
        ("At most 40 words for the answer.", "max-words", 3),
    ],
)
def test_an_edit_mends_what_it_is_about_and_only_that(extra: str, label: str, at_least: int) -> None:
    mended = regressions() - regressions(extra)
    assert len(mended) >= at_least
    assert regressions(extra) < regressions()
    assert all(label in failures("newer")[case] for case in mended)
    assert not [case for case, labels in failures("newer", extra).items() if label in labels]


@pytest.mark.parametrize(
    "extra", ["Write the answer in the customer's language.", "Antworte in der Sprache des Kunden."]
)
def test_answers_come_back_to_the_customers_language(extra: str) -> None:
    assert len(regressions() - regressions(extra)) >= 2
    assert not [
        c
        for c, labels in failures("newer", extra).items()
        if c in regressions(extra)
        and any(label.startswith("answer in ") for label in labels)
        and "is-json" not in labels
    ]


def test_json_mode_mends_fences_and_talk() -> None:
    assert len(regressions(json_mode=True)) <= 0.7 * len(regressions())


def test_an_all_round_edit_mends_nearly_everything() -> None:
    assert len(regressions(ALL_ROUND)) <= 1
    assert len([1 for labels in failures("baseline", ALL_ROUND).values() if labels]) <= 3


def test_asking_for_fences_breaks_both_models() -> None:
    for model in ("baseline", "newer"):
        fenced = [case for case, labels in failures(model, "Use code fences.").items() if "no-code-fence" in labels]
        assert len(fenced) >= len(cases()) - 2, "all but refusals and obeyed injections"


OPENING = "Read the ticket and answer with one JSON object that has these keys:"


@pytest.mark.parametrize(
    ("replaced", "by", "at_least"),
    [
        (
            OPENING,
            "Read the ticket and answer with one JSON object and nothing\nelse: no code fences, no chatter. Keys:",
            8,
        ),
        (OPENING, "Read the ticket and answer with raw JSON. The object has exactly these keys:", 8),
        ("one JSON object that", "one JSON object (no code block around it!) that", 5),
        ("a short answer that", "one or two plain sentences in the language of the ticket that", 5),
    ],
)
def test_edits_inside_the_prompt_work_as_well(replaced: str, by: str, at_least: int) -> None:
    template = read_template(project().tasks[0].prompt)
    assert replaced in template
    mended = regressions() - regressions(replaced=replaced, by=by)
    assert len(mended) >= at_least
    assert regressions(replaced=replaced, by=by) < regressions()


def test_renamed_keys_and_values_are_followed() -> None:
    template = read_template(project().tasks[0].prompt)
    template = template.replace("- category: one of billing", "- topic: one of payments").replace(
        "high, normal", "p1, p2"
    )
    persona = load_persona("classic-1")
    text = answer(persona, {"messages": render(template, cases()[0])}).text
    told = json.loads(text)
    assert (told["topic"], told["priority"]) == ("payments", "p1")
