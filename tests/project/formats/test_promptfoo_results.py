"""promptfoo's results of every version and form become recorded answers with verdicts."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.converting import read_promptfoo
from migrator_tui.project.formats.promptfoo.placeholders import placeholder_in
from migrator_tui.project.formats.promptfoo.values import Converted
from migrator_tui.project.recordings import Recording
from tests.project.formats.promptfoo_folder import native, notes_of, sent, write

PROMPT = {"raw": "Say {{q}}", "label": "Say {{q}}"}


def result(test: int, prompt: int, output: Any, success: bool, **more: Any) -> dict[str, Any]:
    """One result as promptfoo's third version writes it."""
    provider = ["old", "new"][prompt]
    values = {"q": f"q{test}"}
    return {
        "promptIdx": prompt,
        "testIdx": test,
        "testCase": {"vars": values, "assert": [{"type": "contains", "value": "x"}], "metadata": {"team": "red"}},
        "provider": {"id": provider, "label": ""},
        "prompt": {"raw": f"Say q{test}", "label": "Say {{q}}"},
        "vars": values,
        "response": {
            "output": output,
            "tokenUsage": {"total": 30, "prompt": 10, "completion": 20},
            "finishReason": "stop",
        },
        "success": success,
        "failureReason": 0 if success else 1,
        "error": None if success else 'Expected output to contain "x"',
        "latencyMs": 1200,
        "cost": 0.002,
        **more,
    }


RESULTS = [
    result(0, 0, "x old", True),
    result(0, 1, "new", False),
    result(1, 0, {"a": 1}, True, cost=0, latencyMs=0),
    result(1, 1, None, False, failureReason=2, error="API error: 429", response={"error": "API error: 429"}),
    result(2, 1, [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}], True),
    result(
        2, 0, "rated", False, gradingResult={"pass": True, "componentResults": [{"assertion": {"type": "human"}}]}
    ),
]
PROMPTS = [{**PROMPT, "provider": "openai:old"}, {**PROMPT, "provider": "openai:new"}]
TABLE = {
    "head": {"prompts": PROMPTS, "vars": ["q"]},
    "body": [
        {
            "vars": [f"q{test}"],
            "test": {"vars": {"q": f"q{test}"}, "metadata": {"team": "red"}},
            "outputs": [
                {
                    "pass": each["success"],
                    "failureReason": each["failureReason"],
                    "text": each["response"].get("output") or "API error: 429"
                    if each["success"] or each["failureReason"] == 2
                    else f"{each['error']}\n---\n{each['response']['output']}",
                    "gradingResult": {"reason": each["error"]},
                    "latencyMs": each["latencyMs"],
                    "cost": each["cost"],
                    "tokenUsage": {"prompt": 10, "completion": 20},
                }
                for prompt in (0, 1)
                for each in RESULTS
                if (each["testIdx"], each["promptIdx"]) == (test, prompt)
            ],
        }
        for test in (0, 1)
    ],
}
FORMS: dict[str, Any] = {
    "v3.json": {"evalId": "e", "results": {"version": 3, "prompts": PROMPTS, "results": RESULTS}, "config": {}},
    "v2.json": {"results": {"version": 2, "results": RESULTS, "table": {"head": {"prompts": PROMPTS, "vars": []}}}},
    "list.json": RESULTS,
    "lines.jsonl": "".join(json.dumps(each) + "\n" for each in RESULTS),
}


def first_two(found: Converted) -> list[dict[str, dict[str, Any]]]:
    return [{row.pop("id"): row for row in map(dict, rows)} for rows in found.outputs.values()]


@pytest.mark.parametrize("name", FORMS)
def test_results_one_by_one(name: str, tmp_path: Path) -> None:
    found = read_promptfoo(write(tmp_path / "in", {name: FORMS[name]}) / name)
    ids = [case["id"] for case in found.tasks[0].cases]
    figures = {"latency_ms": 1200.0, "cost": 0.002, "input_tokens": 10, "output_tokens": 20, "finish_reason": "stop"}
    old, new = first_two(found)
    assert old == {
        ids[0]: {"output": "x old", "passed": True, **figures},
        # What is 0 there is not known.
        ids[1]: {
            "output": '{"a": 1}',
            "passed": True,
            "input_tokens": 10,
            "output_tokens": 20,
            "finish_reason": "stop",
        },
        # A person's rating wins over the assertions.
        ids[2]: {"output": "rated", "passed": True, **figures},
    }
    assert new[ids[0]] == {"output": "new", "passed": False, **figures}
    assert new[ids[2]]["tool_calls"][0]["function"]["name"] == "f"
    assert ids[1] not in new and "answers that ended in an error are left out: 1 of new" in notes_of(found)
    assert [model.name for model in found.models] == ["old", "new"]
    assert found.tasks[0].cases[0]["tags"] == ["team=red"]
    project = native(found, tmp_path / "out")
    assert sent(project)[0]["content"] == "Say q0", "their one prompt is known"
    recording = Recording.load(tmp_path / "out" / project.baseline.model.removeprefix("recorded:"))
    answer = recording.answer(ids[0])
    assert answer is not None and (answer.text, answer.passed, answer.cost) == ("x old", True, 0.002)


def test_results_of_a_table(tmp_path: Path) -> None:
    found = read_promptfoo(write(tmp_path, {"t.json": {"version": 1, "results": [], "table": TABLE}}) / "t.json")
    old, new = first_two(found)
    assert [row["output"] for row in old.values()] == ["x old", '{"a": 1}']
    assert [(row["output"], row["passed"]) for row in new.values()] == [("new", False)]


def test_the_first_version_has_no_numbers_of_tests(tmp_path: Path) -> None:
    rows = [
        {
            "prompt": {"raw": f"Say {q}", "display": template},
            "vars": {"q": q},
            "response": {"output": f"{template} {q}"},
            "success": q == "a",
        }
        for q in ("a", "b", "a")
        for template in ("Say {{q}}", "Shout {{q}}")
    ]
    found = read_promptfoo(write(tmp_path, {"o.json": {"version": 1, "results": rows}}) / "o.json")
    assert [[row["output"] for row in held] for held in found.outputs.values()] == [
        [f"{template} {q}" for q in ("a", "b", "a")] for template in ("Say {{q}}", "Shout {{q}}")
    ]
    ids = [case["id"] for case in found.tasks[0].cases]
    assert len(set(ids)) == 3 and ids[2] == f"{ids[0]}-2", "asked twice is two tests"
    assert [model.name for model in found.models] == ["p1 model", "p2 model"]


def table(rows: list[list[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


OLD, NEW = "[openai:old] Say {{q}}", "[openai:new] Say {{q}}"
REASONED = ["Grader Reason", "Comment"]
BESIDE = ["Status", "Score", "Named Scores"]
CSV_FORMS = {
    "marked": [
        ["q", OLD, NEW],
        [
            "a",
            "[PASS] (1.00)\n\nyes\n---\nmore\n\nPass Reason: All assertions passed",
            "[FAIL] (0.00)\n\nwrong\n---\nno\n\nFail Reason: wrong",
        ],
        ["b", "[ERROR] (0.00)\n\n429", "[PASS] (1.00, tone: 0.50)\n\nfine"],
    ],
    "beside": [
        ["q", OLD, *REASONED, NEW, *REASONED],
        ["a", "[PASS] (1.00) yes\n---\nmore", "ok", "", "[FAIL] (0.00) wrong\n---\nno", "wrong", ""],
        ["b", "[ERROR] (0.00) 429", "", "", "[PASS] (1.00) fine", "", ""],
    ],
    "status": [
        ["Description", "q", OLD, *BESIDE, *REASONED, NEW, *BESIDE, "Metric: tone", *REASONED],
        ["", "a", "yes\n---\nmore", "PASS", "1.00", "", "ok", "", "no", "FAIL", "0.00", "", "0.5", "wrong", ""],
        ["told", "b", "429", "ERROR", "0.00", "", "", "", "'=fine", "PASS", "1.00", "", "", "", ""],
    ],
}


@pytest.mark.parametrize("form", CSV_FORMS)
def test_csv_exports(form: str, tmp_path: Path) -> None:
    found = read_promptfoo(write(tmp_path / "in", {"r.csv": table(CSV_FORMS[form])}) / "r.csv")
    assert [case["vars"] for case in found.tasks[0].cases] == [{"q": "a"}, {"q": "b"}]
    assert [[(row["output"], row["passed"]) for row in rows] for rows in found.outputs.values()] == [
        [("yes\n---\nmore", True)],
        [("no", False), ("=fine" if form == "status" else "fine", True)],
    ]
    assert [model.name for model in found.models] == ["old", "new"]
    native(found, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.json", {"results": {"results": []}, "prompts": []}, "a.json: holds no results of promptfoo's"),
        ("b.csv", "q,a\n1,[PASS] yes\n2,no mark\n", "b.csv: no column holds answers marked"),
        ("c.csv", "q,a\n1,[PASS] yes,more\n", "c.csv:2: 3 columns where the heading has 2"),
        ("d.csv", "q,a\n1,[ERROR] gone\n", "d.csv: every answer in it ended in an error"),
        ("e.jsonl", '{"prompt": "p", "gradingResult": {}}\n{"broken\n', "e.jsonl:2: not JSON"),
        ("f.txt", "text", "f.txt: is neither a promptfoo configuration"),
    ],
)
def test_refused_in_one_line(name: str, content: Any, line: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        read_promptfoo(write(tmp_path, {name: content}) / name)
    assert line in str(caught.value) and "\n" not in str(caught.value)


def test_columns_are_told_apart_by_the_beginning_of_their_names(tmp_path: Path) -> None:
    providers = ["Haiku: T-0.0", "Haiku: T-0.0", "openai:chat:gpt-4o", "azure:gpt-4o", "openrouter:meta/llama-4"]
    rows = [
        {
            "promptIdx": at,
            "testIdx": 0,
            "vars": {"q": "a"},
            "provider": {"id": name},
            "prompt": {"raw": f"{at} {{{{q}}}}"},
        }
        | {"response": {"output": "yes"}, "success": True}
        for at, name in enumerate(providers)
    ]
    found = read_promptfoo(write(tmp_path, {"o.json": {"results": {"version": 3, "results": rows}}}) / "o.json")
    names = [model.name for model in found.models]
    assert names == ["p1 Haiku: T-0.0", "p2 Haiku: T-0.0", "openai:chat:gpt-4o", "azure:gpt-4o", "llama-4"]
    assert len({name[:12] for name in names}) == len(names)
    # A model that is asked anew needs a prompt: several were answered to, so what stands there is never sent.
    assert placeholder_in(found.tasks[0].prompt) is not None
