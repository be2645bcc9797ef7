"""What is taken for a copy of a case, and what is not: the words people instruct with are nobody's secret."""

from pathlib import Path

import pytest

from migrator_tui.adaptation.leaks import leaks, task_texts
from migrator_tui.adaptation.values import Edit, EditKind, Leak, Op
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.prompts import read_template
from migrator_tui.project.schema import Case
from tests.simulator.phrasings import PHRASINGS
from tests.simulator.tool_phrasings import TOOL_PHRASINGS

SAMPLES = Path(__file__).resolve().parents[2] / "sample_projects"

BASE = "Sort the ticket for {{ shop }}. The category is one of billing, delivery. Order numbers look like NL-1000."


def asked(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


CASES = [
    Case(
        "T-1",
        vars={"shop": "Nordlicht", "plan": {"name": "gold", "since": "2024-03-01"}},
        messages=[asked("My order 88231 was charged twice on 3 November, said Maria Keller.")],
        expected={"category": "billing", "note": "refund one of the two charges today"},
    ),
    Case(
        "T-2",
        vars={"shop": "Nordlicht"},
        messages=[
            {
                "role": "user",
                "content": [{"type": "text", "text": "WINTER15 fails. Write to ann@example.org, please."}],
            },
            {"role": "assistant", "tool_calls": [{"function": {"arguments": '{"code": "AB-77120"}'}}]},
        ],
    ),
    Case("T-3", messages=[asked("注文番号91234の荷物がまだ届きません。いつ届きますか。")]),
    *(
        Case(
            f"T-{n}",
            messages=[asked("Is Keller open on Monday? thank you for your kind help")],
            vars={"shop": "Nordlicht"},
        )
        for n in (4, 5, 6, 7)
    ),
]


def found(text: str, base: str = BASE, **more: str) -> dict[str, str]:
    told = leaks(base, Edit(Op.APPEND, text), CASES, more)
    return {leak.case_id: leak.phrase for leak in told}


@pytest.mark.parametrize(
    ("text", "case_id", "phrase"),
    [
        ("If an order was charged twice on 3 November, it is billing.", "T-1", "was charged twice on 3 November"),
        ("Was CHARGED twice\non 3 november: billing.", "T-1", "Was CHARGED twice on 3 november"),
        ("Always refund one of the two charges.", "T-1", "refund one of the two charges"),
        ("For 88231 say billing.", "T-1", "88231"),
        ("Since 2024-03-01 it is gold.", "T-1", "2024-03-01"),
        ("When it is from Maria, say billing.", "T-1", "Maria"),
        ("The code WINTER15 is fine.", "T-2", "WINTER15"),
        ("Replies go to `ann@example.org`.", "T-2", "ann@example.org"),
        ("AB-77120 is delivery.", "T-2", "AB-77120"),
        ("「荷物がまだ届きません」は delivery", "T-3", "荷物がまだ届きません"),
        ("91234 ならば", "T-3", "91234"),
    ],
)
def test_what_is_copied_is_told_with_its_case(text: str, case_id: str, phrase: str) -> None:
    assert found(text) == {case_id: phrase}


def test_an_answer_that_was_shown_counts_too_but_not_its_keys() -> None:
    output = '```json\n{"category": "billing", "priority": "high", "answer": "We pay it back within the hour."}\n```'
    assert found("Say that we pay it back within the hour.", **{"T-2": output}) == {
        "T-2": "we pay it back within the hour"
    }
    assert found('Like {"category": "billing", "priority": "high", "answer": "…"}.', **{"T-2": output}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Answer with JSON only.",
        "priority: one of high, normal, low",
        "Was charged twice: billing.",  # four words
        "For Nordlicht, too.",  # many cases have it
        "Numbers such as NL-1000.",  # the prompt has it
        "See what Keller says.",  # two cases
        "In November, too.",
        "thank you for your kind help",  # what more than three cases share
        "At most 25 words; 3 sentences; utf-8.",
        "",
    ],
)
def test_what_is_ordinary_is_no_leak(text: str) -> None:
    assert found(text) == {}


def test_what_prompt_or_checks_hold_already_is_no_leak() -> None:
    text = "If it was charged twice on 3 November by Maria, look at 88231."
    assert found(text, base=f"{BASE} It was charged twice on 3 November by Maria, no. 88231.") == {}
    edit = Edit(Op.APPEND, text)
    assert leaks(BASE, edit, CASES, {}, [text]) == ()
    assert leaks(BASE, edit, CASES, {}) != ()


def test_how_a_model_talks_is_no_case_of_anybodys() -> None:
    talk = {f"T-{n}": "Here is the JSON object you asked for: {}" for n in (1, 2)}
    forbidding = "Don't begin with “Here is the JSON object you asked for”."
    assert found(forbidding, **talk) == {}
    assert found(forbidding, **{"T-1": talk["T-1"]}) == {"T-1": "Here is the JSON object you asked for"}


def test_an_example_may_quote() -> None:
    quoting = Edit(Op.APPEND, "My order 88231 was charged twice on 3 November", kind=EditKind.EXAMPLE)
    assert leaks(BASE, quoting, CASES, {}) == ()


def test_german_nouns_are_no_names() -> None:
    base = "Sortiere das Ticket für den Laden und nenne die Kategorie, die Sprache und eine kurze Antwort."
    case = Case("T-9", messages=[{"role": "user", "content": "Ich möchte den Betrag auf mein Konto, Nr. 4711000."}])
    assert leaks(base, Edit(Op.APPEND, "Nenne nie den Betrag und das Konto."), [case], {}) == ()
    assert leaks(base, Edit(Op.APPEND, "Nenne nie 4711000."), [case], {}) == (Leak("T-9", "4711000"),)


@pytest.mark.parametrize("name", ["support-tickets", "order-agent"])
def test_how_people_instruct_is_not_flagged_in_the_samples(name: str) -> None:
    project = load_project(SAMPLES / name)
    task = project.tasks[0]
    cases = list(load_cases(project, task))
    base, known = read_template(task.prompt), task_texts(task)
    # These do name what one case is about: a country, an amount, a date, how somebody was asked.
    named = ("Norway", "64.9", "the number or the e-mail address")
    for text, _ in (*PHRASINGS, *TOOL_PHRASINGS):
        flagged = leaks(base, Edit(Op.APPEND, text), cases, {}, known)
        assert not flagged or any(word in text for word in named), (text, flagged)


@pytest.mark.parametrize("name", ["support-tickets", "order-agent"])
def test_a_case_of_the_samples_quoted_is_flagged(name: str) -> None:
    project = load_project(SAMPLES / name)
    task = project.tasks[0]
    cases = list(load_cases(project, task))
    base = read_template(task.prompt)
    for case in cases:
        said = str(case.messages[-1]["content"])
        if len(said) > 40 and not said.startswith("{"):
            told = leaks(
                base, Edit(Op.APPEND, f"For example, to “{said}” answer at length."), cases, {}, task_texts(task)
            )
            assert case.id in {leak.case_id for leak in told}, said
