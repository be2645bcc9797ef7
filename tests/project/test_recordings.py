"""Recorded answers: joined by id, else by the last user message; what joins nothing is named."""

import json
from pathlib import Path

import pytest

from migrator_tui.project.answers import ToolCall
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.recordings import Recording
from migrator_tui.project.schema import Case
from tests.project.conftest import Folder


def rows(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def asked(case_id: str, text: str) -> Case:
    return Case(case_id, messages=[{"role": "user", "content": text}])


def test_everything_recorded_arrives(folder: Folder) -> None:
    row = {
        "id": 7,
        "output": "text",
        "passed": False,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1'}},
            {"name": "flat", "arguments": {"b": 2}},
        ],
        "finish_reason": "tool_calls",
        "latency_ms": 120,
        "cost": 0.25,
        "input_tokens": 10,
        "output_tokens": 20,
        "something_else": [1],
    }
    answer = Recording.load(folder.write("old.jsonl", rows(row))).answer("7")
    assert answer is not None
    assert (answer.text, answer.passed, answer.finish_reason) == ("text", False, "tool_calls")
    assert answer.tool_calls == (ToolCall("c1", "look", '{"a": 1'), ToolCall("call-2", "flat", '{"b": 2}'))
    assert (answer.latency_ms, answer.cost, answer.input_tokens, answer.output_tokens) == (120, 0.25, 10, 20)


def test_joins_by_id_then_by_last_user_message(folder: Folder) -> None:
    text = rows(
        {"id": "T-1", "input": "two", "output": "by id"},
        {"input": "  two\n", "output": "by input"},
        {"input": "three", "output": "three"},
    )
    recording = Recording.load(folder.write("old.jsonl", text))

    def said(case_id: str | None, message: str) -> str | None:
        answer = recording.answer(case_id, message)
        return answer.text if answer else None

    assert said("T-1", "three") == "by id"
    assert said("T-2", "\n three ") == "three"
    assert said(None, "two") == "by id"  # the first row of that input
    assert said("T-9", "nothing") is None and said("T-9", "") is None


def test_unmatched_rows_and_cases_are_named_and_counted(folder: Folder) -> None:
    text = rows({"id": "T-1", "output": "a"}, {"id": "gone", "output": "b"}, {"input": "x\x1b" * 30, "output": "c"})
    recording = Recording.load(folder.write("old.jsonl", text))
    found = recording.unmatched([asked("T-1", "one"), asked("T-2", "two")])
    assert len(found.names) == 2 and found.rows == 3 and list(found.without_answer) == ["T-2"]
    assert str(found).startswith('old.jsonl: 2 of 3 rows join no case: line 2 ("gone"), line 3 ("x\\x1bx')
    assert str(found).endswith("no answer for 1 cases: T-2") and str(found).isprintable()
    assert not recording.unmatched([asked("T-1", ""), asked("gone", ""), asked("n", "x\x1b" * 30)])


def test_unmatched_can_look_at_what_is_sent(folder: Folder) -> None:
    recording = Recording.load(folder.write("old.jsonl", rows({"input": "hello Ann", "output": "a"})))
    case = Case("T-1", {"name": "Ann"})
    assert recording.unmatched([case])
    assert not recording.unmatched([case], lambda c: [{"role": "user", "content": f"hello {c.vars['name']}"}])


MISTAKES = [
    (rows({"id": "a", "output": "x"}) + "{", {}, "old.jsonl:2: not JSON"),
    (
        rows({"id": "a", "outptu": "x"}),
        {},
        'old.jsonl:1: a row needs "output", the model\'s answer; the row has id, outptu',
    ),
    (
        rows({"id": "a", "text": "x"}),
        {},
        'old.jsonl:1: a row needs "output", the model\'s answer; the row has id, text',
    ),
    (
        rows({"output": "x"}),
        {},
        'old.jsonl:1: a row needs "id" or "input" to be joined with a case; this one has output',
    ),
    (
        rows({"id": "a", "output": {"x": 1}}),
        {},
        "old.jsonl:1: output must be the answer's text as it came, not a table",
    ),
    (rows({"id": "a", "output": "x", "passed": "yes"}), {}, 'old.jsonl:1: passed must be true or false, not "yes"'),
    (rows({"id": "a", "output": "x", "cost": -1}), {}, "old.jsonl:1: cost must be a number from 0 to"),
    (rows({"id": "a", "output": "x", "latency_ms": 1e308}), {}, "old.jsonl:1: latency_ms must be a number from 0 to"),
    (
        rows({"id": "a", "output": "x", "output_tokens": 1e300}),
        {},
        "old.jsonl:1: output_tokens must be a number from 0 to 2,000,000,000",
    ),
    (
        rows({"id": "a", "output": "x"}, {"id": "a", "output": "y"}),
        {},
        'old.jsonl:2: the id "a" stands on line 1 too',
    ),
    (rows({"id": "a", "output": None, "tool_calls": [{"x": 1}]}), {}, "old.jsonl:1: item 1 of tool_calls has no"),
    (rows({"id": "a", "output": "x"}), {"passed": "oks"}, 'old.jsonl: no row has the column "oks" (for passed)'),
    (rows([1]), {}, "old.jsonl:1: a recorded answer must be a table, not a list"),
    ("\n\n", {}, "old.jsonl: no recorded answers in this file"),
    (b"\xff\n", {}, "old.jsonl:1: not UTF-8"),
]


@pytest.mark.parametrize(("content", "columns", "expected"), MISTAKES, ids=[m[2][:60] for m in MISTAKES])
def test_mistake_names_file_and_line(
    folder: Folder, content: str | bytes, columns: dict[str, str], expected: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        Recording.load(folder.write("old.jsonl", content), columns)
    assert str(caught.value).startswith(expected)


def test_a_file_changed_since_is_refused_not_misread(folder: Folder) -> None:
    path = folder.write("old.jsonl", rows({"id": "a", "output": "one"}, {"id": "b", "output": "two"}))
    recording = Recording.load(path)
    folder.write("old.jsonl", rows({"id": "c", "output": "another length"}))
    with pytest.raises(ProjectError, match="has changed"):
        recording.answer("b")


def test_hostile_text_arrives_unchanged(folder: Folder) -> None:
    nasty = "\x1b]2;x\x07\0\ud800\u202e" + "y" * 1_000_000
    recording = Recording.load(folder.write("old.jsonl", rows({"input": nasty, "output": nasty})))
    answer = recording.answer(None, nasty)
    assert answer is not None and answer.text == nasty


def test_published_recordings_join(shared_data: Path) -> None:
    """Two models' answers to IFEval: every row joins, and the published 415, 20, 40, 66 come out."""
    columns = {"input": "prompt", "output": "response", "passed": "follow_all_instructions"}
    old, new = (
        Recording.load(shared_data / "m-ifeval" / name / "eval_results_strict.jsonl", columns)
        for name in ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06")
    )
    lines = (old.path.read_text().splitlines()) if old.path.exists() else []
    cases = [asked(f"c{n}", json.loads(line)["prompt"]) for n, line in enumerate(lines)]
    assert len(cases) == len(old) == 541
    assert not old.unmatched(cases) and not new.unmatched(cases)
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for case in cases:
        text = case.messages[0]["content"]
        before, after = old.answer(case.id, text), new.answer(case.id, text)
        assert before is not None and after is not None
        counts[bool(before.passed), bool(after.passed)] += 1
    assert list(counts.values()) == [415, 20, 40, 66]
