"""Tables of whatever form: columns by name, by preset, by word of the user; rows that are broken."""

import json
from pathlib import Path

import pytest

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.base import Reading
from migrator_tui.project.formats.column_guess import LEFT_OUT, guess
from migrator_tui.project.formats.columns import columns_of
from migrator_tui.project.formats.sources import Source
from migrator_tui.tui.importing.choices import changed
from tests.project.formats.conftest import Read


def test_columns_of_a_csv_go_where_their_names_say(read: Read) -> None:
    text = (
        "id;ticket;expected;response;tags;latency;passed;user_email\n"
        'T-1;"Lamp, broken;\nplease help";product;"{""category"": ""product""}";refund, german;1.25;yes;a@b.example\n'
    )
    name, rows, left = read("t.csv", text)
    assert (name, left) == ("table", [])
    assert rows[0].case == {
        "id": "T-1",
        "expected": "product",
        "tags": ["refund", "german"],
        "vars": {"ticket": "Lamp, broken;\nplease help"},
    }
    assert rows[0].answer == {"output": '{"category": "product"}', "latency_ms": 1250.0, "passed": True}


def test_what_the_user_says_of_a_column_counts(read: Read) -> None:
    row = {"q": "hi", "meta": {"gold": "yes"}, "noise": "x", "out": {"text": "hello"}}
    columns = {"input": "q", "expected": "meta.gold", "output": "out.text"}
    _, rows, _ = read("t.jsonl", [row], columns=columns)
    assert rows[0].case == {"messages": [{"role": "user", "content": "hi"}], "expected": "yes"}
    assert rows[0].answer == {"output": "hello"}
    for wrong, hint in (({"inptu": "q"}, '"input"'), ({"input": "quest"}, "no column"), ({"var a b": "q"}, "name")):
        with pytest.raises(ProjectError, match=hint):
            read("t.jsonl", [row], columns=wrong)


@pytest.mark.parametrize(
    ("title", "row", "case", "output"),
    [
        (
            "Langfuse dataset",
            {"id": "1", "input": {"q": "hi"}, "expectedOutput": "yes", "status": "ACTIVE", "sourceTraceId": "t"},
            {"id": "1", "vars": {"q": "hi"}, "expected": "yes"},
            None,
        ),
        (
            "LangSmith dataset",
            {
                "id": "1",
                "inputs": {"messages": [{"type": "human", "data": {"content": "hi"}}]},
                "outputs": {"output": "yes"},
                "metadata": {"dataset_split": ["test"]},
            },
            {"id": "1", "messages": [{"role": "user", "content": "hi"}], "expected": "yes", "tags": ["test"]},
            None,
        ),
        (
            "Braintrust dataset",
            {"id": "1", "input": "hi", "expected": {"a": 1}, "metadata": {"x": 1}, "tags": ["t"]},
            {"id": "1", "messages": [{"role": "user", "content": "hi"}], "expected": {"a": 1}, "tags": ["t"]},
            None,
        ),
        (
            "Inspect samples",
            {"input": [{"role": "user", "content": "hi"}], "target": ["a", "b"]},
            {"messages": [{"role": "user", "content": "hi"}], "expected": ["a", "b"]},
            None,
        ),
        (
            "DeepEval goldens",
            {"input": "hi", "expected_output": "yes", "actual_output": "no", "context": ["c"], "comments": "z"},
            {"vars": {"input": "hi", "context": ["c"]}, "expected": "yes"},
            "no",
        ),
    ],
)
def test_exports_of_known_tools(read: Read, title: str, row: dict, case: dict, output: str | None) -> None:  # type: ignore[type-arg]
    columns, found = guess([row])
    assert found == title
    assert not any(column.sure for column in columns)  # a guess is marked as one
    _, rows, _ = read("t.json", [row])
    assert rows[0].case == case
    assert (rows[0].answer or {}).get("output") == output


def test_beside_a_question_columns_are_about_it_unless_they_give_it_context(read: Read) -> None:
    row = {
        "prompt": "hi",
        "context": "c",
        "all_followed": True,
        "kind": "x",
        "checks": [{"type": "python", "value": "1"}],
    }
    _, rows, _ = read("t.jsonl", [row])
    assert rows[0].case == {"messages": [{"role": "user", "content": "hi"}], "vars": {"context": "c"}}
    _, rows, _ = read("t.jsonl", [{"question": "hi", "kind": "x"}])
    assert rows[0].case == {"vars": {"question": "hi", "kind": "x"}}
    own = {
        "id": "1",
        "vars": {"shop": "s"},
        "messages": [{"role": "user", "content": "hi"}],
        "tags": ["t"],
        "critical": True,
    }
    _, rows, _ = read("t.jsonl", [own])
    assert rows[0].case == own


def test_broken_rows_are_told_with_their_line_and_the_rest_comes_in(read: Read) -> None:
    csv = 'id,ticket\n1,fine\n2,one,too many\n3,"never closed\n4,fine too\n5,"closed\nlater"\n6,"a"b\n7,last\n'
    _, rows, left = read("t.csv", csv)
    assert [row.case["id"] for row in rows] == ["1", "4", "5", "7"]
    assert [(each.place, each.broken) for each in left] == [(3, True), (4, True), (8, True)]
    lines = b'{"id": 1, "q": "a"}\n{"id": 2, "q"\n\xff\xfe{}\n{"id": 3, "q": NaN}\n[1]\n{"id": 4, "q": "b"}\n'
    _, rows, left = read("t.jsonl", lines)
    assert [row.case["id"] for row in rows] == ["1", "4"]
    assert [each.place for each in left] == [2, 3, 4, 5]
    deep = '{"q": ' + "[" * 5000 + "]" * 5000 + "}"
    _, rows, left = read("d.jsonl", f'{{"q": "a"}}\n{deep}\n')
    assert [row.place for row in rows] == [1] and [each.place for each in left] == [2]


def test_names_of_files_are_not_believed(read: Read) -> None:
    rows_in = [{"q": "a", "expected": "b"}, {"q": "c", "expected": "d"}]
    lines = "".join(json.dumps(row) + "\n" for row in rows_in)
    for name, text in (
        ("t.json", lines),
        ("t.jsonl", json.dumps(rows_in, indent=2)),
        ("t.txt", "q\texpected\na\tb\nc\td\n"),
    ):
        _, rows, left = read(name, text)
        assert [row.case for row in rows] == [{"vars": {"q": r["q"]}, "expected": r["expected"]} for r in rows_in], (
            name
        )
        assert not left
    _, rows, _ = read("t.csv", "\ufeffq,expected\nä,b\n".encode("utf-16"))
    assert rows[0].case == {"vars": {"q": "ä"}, "expected": "b"}
    with pytest.raises(ProjectError, match="no such file"):
        Source(Path("nowhere.csv"))
    for begin, hint in ((b"\x1f\x8b\x08", "gunzip"), (b"PK\x03\x04", "save it as CSV"), (b"PAR1", "JSON lines")):
        with pytest.raises(ProjectError, match=hint):
            read("packed.jsonl", begin + b"\0\1\2")
    with pytest.raises(ProjectError, match="empty"):
        read("e.csv", " \n")


def test_what_excel_saves_in_the_letters_of_the_country_is_read_and_said(read: Read, tmp_path: Path) -> None:
    _, rows, left = read("t.csv", "q;expected\nStraße gesperrt;für alle\n".encode("cp1252"))
    assert rows[0].case == {"vars": {"q": "Straße gesperrt"}, "expected": "für alle"} and not left
    assert "Windows-1252" in Source(tmp_path / "t.csv").notes[0]
    _, rows, left = read("d.csv", "q,expected\nüber,ä\n".encode() + b"\xfcber,x\n")
    assert [row.place for row in rows] == [2] and left[0].why.startswith("not UTF-8")


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("model_response", "output"), ("botReply", "output"), ("answer", "output"), ("gpt-4 output", "output"),
        ("model_text", "output"), ("expected_answer", "expected"), ("Human answer", "expected"),
        ("user_response", "var user_response"), ("response_format", "var response_format"), ("model_version", ""),
        ("ticket_id", "id"), ("ticketId", "id"), ("customer_id", ""),
    ],
)  # fmt: skip
def test_a_name_that_holds_a_known_word_says_what_it_is(name: str, becomes: str) -> None:
    columns, _ = guess([{"ticket": f"help {n}", name: f"x{n}"} for n in range(5)])
    assert {c.path: c.becomes for c in columns} == {"ticket": "var ticket", name: becomes}
    # An exact name goes before it.
    columns, _ = guess([{"ticket": "help", name: f"x{n}", "id": n, "output": "o", "expected": "e"} for n in range(5)])
    assert {c.path: c.becomes for c in columns if c.path in ("id", "output", "expected")} == {
        "id": "id", "output": "output", "expected": "expected",
    }  # fmt: skip


def test_an_answer_in_json_is_one_thing_and_copies_are_found_though_their_ids_differ(read: Read) -> None:
    rows_of = [
        {"ticket_id": f"T{n}", "ticket": "same", "model_response": json.dumps({"category": "a", "answer": str(n)})}
        for n in range(3)
    ]
    _, rows, left = read("t.jsonl", rows_of)
    assert not left
    assert rows[0].case == {"id": "T0", "vars": {"ticket": "same"}}
    assert rows[0].answer == {"output": '{"category": "a", "answer": "0"}'}
    # An id of something that many rows share is no id of theirs.
    columns, _ = guess([{"q": f"{n}", "product_id": "p1"} for n in range(5)])
    assert columns[1].becomes == "var product_id"


def test_a_table_that_is_split_has_a_row_for_the_whole_of_it_too(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps({"q": "hi", "verdicts": {"tone": {"good": True}, "text": "x"}}), "utf-8")
    columns, _ = columns_of(Reading([Source(path)]))
    paths = [column.path for column in columns]
    assert paths == ["q", "verdicts", "verdicts.tone", "verdicts.tone.good", "verdicts.text"]
    assert columns[1].becomes == LEFT_OUT
    whole = {c.path: c.becomes for c in changed(columns, "verdicts", "output")}
    assert [whole[path] for path in paths] == ["var q", "output", "", "", ""]
    part = {c.path: c.becomes for c in changed(changed(columns, "verdicts", "output"), "verdicts.text", "output")}
    assert [part[path] for path in paths] == ["var q", "", "", "", "output"]
