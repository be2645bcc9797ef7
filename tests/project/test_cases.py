"""Case files of every form: what they say arrives, what is wrong is told with file and line."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.project.cases import (
    case_from_json,
    case_title,
    case_to_json,
    load_cases,
    read_cases,
    search_text,
)
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case, CheckSpec
from tests.project.conftest import Folder

FULL = {
    "id": "T-1",
    "vars": {"shop": "Acme", "order": {"items": [1, 2.5, None, True]}},
    "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {"name": "f"}}]},
        {"role": "tool", "content": "3", "tool_call_id": "1"},
        {"role": "user", "content": [{"type": "text", "text": "Grüße"}]},
    ],
    "expected": {"category": "billing"},
    "checks": [{"type": "not-contains", "value": "x", "weight": 2}],
    "tags": ["german", "refund"],
    "critical": True,
}


def read(folder: Folder, name: str, content: str | bytes) -> list[Case]:
    return list(read_cases(folder.write(name, content), folder.path))


def said(folder: Folder, name: str, content: str | bytes) -> str:
    with pytest.raises(ProjectError) as caught:
        read(folder, name, content)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 600
    return str(caught.value)


YAML = """
- id: T-1
  vars: &v {shop: Acme, order: {items: [1, 2.5, null, true]}}
  messages:
    - {role: user, content: Hi}
    - {role: assistant, content: null, tool_calls: [{id: "1", function: {name: f}}]}
    - {role: tool, content: "3", tool_call_id: "1"}
    - {role: user, content: [{type: text, text: Grüße}]}
  expected: {category: billing}
  checks: [{type: not-contains, value: x, weight: 2}]
  tags: [german, refund]
  critical: true
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.jsonl", json.dumps(FULL) + "\n\n"),
        ("c.ndjson", "\ufeff" + json.dumps(FULL, ensure_ascii=False).replace('", "', '",\t "')),
        ("c.json", json.dumps([FULL], indent=2)),
        ("c.yaml", YAML),
        ("c.yml", YAML.replace("\n", "\r\n")),
    ],
    ids=["jsonl", "ndjson", "json", "yaml", "yml"],
)
def test_every_form_gives_the_same_case(folder: Folder, name: str, content: str) -> None:
    (case,) = read(folder, name, content)
    assert case.id == "T-1" and case.critical and list(case.tags) == ["german", "refund"]
    assert case.vars == FULL["vars"] and list(case.messages) == FULL["messages"]
    assert case.expected == FULL["expected"]
    assert case.checks == (CheckSpec("contains", "x", negated=True, weight=2.0),)
    assert case_from_json(json.loads(json.dumps(case_to_json(case)))) == case


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_columns(folder: Folder, delimiter: str) -> None:
    rows = [
        ["id", "shop", "ticket", "expected", "tags", "critical"],
        ["T-1", "Acme", '"two\r\nlines, and ""quotes"""', "billing", '"a; b"', "yes"],
        ["T-2", "Böse", '"line\u2028separator"', "", "", ""],
    ]
    text = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    one, two = read(folder, "c.csv", text)
    assert one.vars == {"shop": "Acme", "ticket": 'two\r\nlines, and "quotes"'}
    assert (one.expected, one.tags, one.critical) == ("billing", ("a", "b"), True)
    assert two.vars["ticket"] == "line\u2028separator" and two.expected is None and not two.critical


def test_csv_messages_and_long_cells(folder: Folder) -> None:
    messages = [{"role": "user", "content": "x" * 300_000}]
    cell = json.dumps(messages).replace('"', '""')
    (case,) = read(folder, "c.csv", f'messages\n"{cell}"\n')
    assert list(case.messages) == messages


GOOD = '{"vars": {"a": "b"}}\n'

MISTAKES = [
    ("c.jsonl", GOOD * 36 + '{"vars": {"a" "b"}}', "c.jsonl:37: not JSON: expecting ':' delimiter at column 15"),
    ("c.jsonl", '{"varz": {}}', 'c.jsonl:1: unknown key "varz"; did you mean "vars"?'),
    ("c.jsonl", '{"ticket": "x"}', 'c.jsonl:1: unknown key "ticket"; a variable goes inside "vars"'),
    ("c.jsonl", '{"assert": []}', 'c.jsonl:1: unknown key "assert"; write "checks"'),
    ("c.jsonl", "[]", "c.jsonl:1: a case must be a table with vars or messages, not a list"),
    ("c.jsonl", '{"id": "x"}', 'c.jsonl:1: a case needs "vars" or "messages"'),
    ("c.jsonl", '{"vars": []}', 'c.jsonl:1: "vars" must be a table, not a list'),
    ("c.jsonl", '{"vars": {"a": NaN}}', "c.jsonl:1: not JSON that can be read: NaN is not a JSON number"),
    ("c.jsonl", '{"vars": {"a": 1e999}}', "c.jsonl:1: not JSON that can be read: 1e999 is too large a number"),
    ("c.jsonl", '{"vars": {"a": ' + "9" * 5000 + "}}", "c.jsonl:1: not JSON that can be read: Exceeds"),
    ("c.jsonl", "[" * 200_000, "c.jsonl:1: not JSON that can be read: nested too deeply"),
    ("c.jsonl", '{"vars": {"a": ' + "[" * 200 + "]" * 200 + "}}", "c.jsonl:1: nested more than 64 deep"),
    (
        "c.jsonl",
        GOOD + '{"messages": [{"role": "usr", "content": ""}]}',
        'c.jsonl:2: message 1 has the role "usr"; did',
    ),
    ("c.jsonl", '{"messages": [{"role": "user"}]}', "c.jsonl:1: the content of message 1 must be text, not nothing"),
    ("c.jsonl", '{"vars": {"a": 1}, "critical": "yes"}', 'c.jsonl:1: "critical" must be true or false, not text'),
    ("c.jsonl", '{"vars": {"a": 1}, "checks": [{"typ": "x"}]}', 'c.jsonl:1: unknown key "typ" in the check'),
    ("c.jsonl", '{"vars": {"a": 1}, "id": true}', "c.jsonl:1: the id must be text or a whole number"),
    ("c.jsonl", '{"vars": {"a": 1}, "id": "\\ud800"}', 'c.jsonl:1: the id "\\ud800" holds a character'),
    ("c.jsonl", '{"vars": {"a": 1}, "id": "\\u001b]2;x\\u0007"}', 'c.jsonl:1: the id "\\x1b]2;x\\x07" holds'),
    ("c.jsonl", GOOD.encode() + b'{"a": "\xff"}', "c.jsonl:2: not UTF-8 (byte 0xff)"),
    ("c.jsonl", b"\0\0\0", "c.jsonl:1: not JSON"),
    ("c.json", "[\n\n" + GOOD + ",\n" + '{"vars": 3}]', 'c.json:5: "vars" must be a table'),
    ("c.json", "[\n" + GOOD + GOOD + "]", "c.json:3: not JSON: a comma or the list's end is missing"),
    ("c.json", GOOD, "c.json:1: the file must hold a list of cases"),
    ("c.json", "[" + GOOD.strip(), "c.json:1: not JSON: a comma or the list's end is missing"),
    ("c.csv", "a,b\n1,2\n\n1,2,3\n", "c.csv:4: 3 columns where the heading has 2"),
    ("c.csv", 'a,b\n"1\n2",2\n"3,4\n', "c.csv:4: not CSV"),
    ("c.csv", "a,a\n", 'c.csv:1: two columns are called "a"'),
    ("c.csv", "a,__expected\n", 'c.csv:1: unknown column "__expected"; did you mean "expected"?'),
    ("c.csv", "a,critical\n1,maybe\n", 'c.csv:2: critical must be true or false, not "maybe"'),
    ("c.csv", "messages\n[oops\n", "c.csv:2: not JSON"),
    ("c.yaml", "- vars: {a: 1}\n- vars: [\n", "c.yaml:3: not YAML"),
    ("c.yaml", "- vars: {a: 1}\n- varz: {a: 1}\n", 'c.yaml:2: unknown key "varz"'),
    ("c.yaml", "vars: {a: 1}\n", "c.yaml:1: the file must hold a list of cases"),
    ("c.yaml", "- vars: {a: 1, a: 2}\n", 'c.yaml:1: the key "a" stands twice'),
    ("c.yaml", "- vars:\n    a: !!python/object/apply:os.system [id]\n", "c.yaml:2: the tag"),
    ("c.yaml", "- vars: &a {x: *a}\n", "c.yaml:1: "),
    ("c.yaml", "[" * 100_000, "c.yaml:1: nested more than 64 deep"),
    ("c.yaml", "- vars: {a: \0}\n", "c.yaml:1: "),
    ("c.yaml", "- vars: {a: 1e999}\n", "c.yaml:1: infinite"),
    ("c.yaml", "- !!binary aGk=\n", 'c.yaml:1: the tag "!!binary" is not supported'),
]


@pytest.mark.parametrize(("name", "content", "expected"), MISTAKES, ids=[m[2][:60] for m in MISTAKES])
def test_mistake_names_file_and_line(folder: Folder, name: str, content: str | bytes, expected: str) -> None:
    assert said(folder, name, content).startswith(expected)


def test_yaml_words_mean_what_they_say(folder: Folder) -> None:
    text = "- vars: {a: no, b: 2024-01-01, c: yes, d: 0x1F, e: 010, f: 1e3, g: ~, h: true, i: '1', j: 1_000}\n"
    (case,) = read(folder, "c.yaml", text)
    assert case.vars == {
        "a": "no", "b": "2024-01-01", "c": "yes", "d": 31, "e": 10, "f": 1000.0, "g": None, "h": True, "i": "1",
        "j": "1_000",
    }  # fmt: skip


def test_yaml_aliases_and_merges(folder: Folder) -> None:
    text = "- vars: &a {shop: Acme, n: 1}\n- vars: {<<: *a, n: 2}\n- vars: *a\n"
    assert [case.vars for case in read(folder, "c.yaml", text)] == [
        {"shop": "Acme", "n": 1},
        {"shop": "Acme", "n": 2},
        {"shop": "Acme", "n": 1},
    ]


@pytest.mark.parametrize("kind", ["lists", "merges"])
def test_yaml_bomb_ends_at_once(folder: Folder, kind: str) -> None:
    lines = ["- vars: {a: &a0 [x, x, x, x, x, x, x, x, x, x]}"]
    if kind == "merges":
        lines = ["- vars: &a0 {k: &m {x: 1}, l: *m, m: *m, n: *m, o: *m, p: *m}"]
    for n in range(1, 40):
        many = ", ".join([f"*a{n - 1}"] * 10)
        lines.append(
            f"- vars: {{a: &a{n} [{many}]}}" if kind == "lists" else f"- vars: &a{n} {{<<: [{many}], z{n}: [{many}]}}"
        )
    began = time.monotonic()
    assert "aliases make more than" in said(folder, "bomb.yaml", "\n".join(lines))
    assert time.monotonic() - began < 5


def test_duplicate_id_names_both_places(folder: Folder) -> None:
    folder.write("cases/more.csv", "id,shop\nT-9,x\nT-2,x\n")
    folder.config('["cases/triage.jsonl"]', '["cases/triage.jsonl", "cases/more.csv"]')
    project = load_project(folder.path)
    with pytest.raises(ProjectError) as caught:
        load_cases(project, project.tasks[0])
    assert str(caught.value) == 'cases/more.csv:3: the id "T-2" is taken: cases/triage.jsonl:2 has it too'


def test_made_ids_are_stable_and_unique(folder: Folder) -> None:
    a, b = '{"vars": {"x": "1"}}', '{"vars": {"x": "2"}}'
    path = "cases/triage.jsonl"

    def ids(*lines: str) -> list[str]:
        folder.write(path, "\n".join(lines))
        project = load_project(folder.path)
        return [case.id for case in load_cases(project, project.tasks[0])]

    first, second = ids(a, b)
    assert ids(b, a) == [second, first]
    assert ids(a, '{"vars":   {"x":"1"}}', b) == [first, f"{first}-2", second]


def test_no_cases_is_said(folder: Folder) -> None:
    folder.write("cases/triage.jsonl", "\n\n")
    project = load_project(folder.path)
    with pytest.raises(ProjectError, match=r'cases/triage\.jsonl: no cases for task "triage"'):
        load_cases(project, project.tasks[0])


def test_hostile_text_arrives_unchanged(folder: Folder) -> None:
    nasty = "\x1b]2;x\x07 [/b] \x00 \ud800 \u202e" + "x" * 1_000_000
    (case,) = read(folder, "c.jsonl", json.dumps({"messages": [{"role": "user", "content": nasty}]}))
    assert case.messages[0]["content"] == nasty
    assert len(case_title(case)) <= 80 and "\n" not in case_title(case)
    search_text(case).encode()
    assert case_from_json(json.loads(json.dumps(case_to_json(case)))) == case


@pytest.mark.parametrize(
    ("case", "title"),
    [
        (Case("a", {"shop": "Acme", "ticket": "My   order\nis late"}), "My order is late"),
        (Case("a", {"n": 3}), "n: 3"),
        (Case("a", {"t": "x"}, [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]), "one"),
        (Case("a", {}, [{"role": "user", "content": "w" * 100}]), "w" * 79 + "…"),
        (Case("a", {"body": ""}), ""),
    ],
)
def test_title(case: Case, title: str) -> None:
    assert case_title(case) == title


def test_search_text_holds_id_tags_vars_and_messages() -> None:
    case = Case("T-1", {"Shop": "ACME", "n": [1]}, [{"role": "user", "content": "Straße"}], tags=["German"])
    text = search_text(case)
    assert all(word in text for word in ("t-1", "acme", "strasse", "german", "shop", "[1]"))


def test_a_hundred_thousand_cases_stream(folder: Folder) -> None:
    line = json.dumps({"id": "T-%d", "vars": {"ticket": "x" * 300}, "tags": ["a"]})
    path = folder.write("big.jsonl", "\n".join(line.replace("%d", str(n)) for n in range(100_000)))
    reading = read_cases(path, folder.path)
    assert next(reading).id == "T-0"
    assert sum(1 for _ in reading) == 99_999


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(variables=st.dictionaries(st.text(), plain, min_size=1, max_size=4), expected=plain, tags=st.lists(st.text()))
def test_json_round_trip(tmp_path_factory: Any, variables: dict[str, Any], expected: Any, tags: list[str]) -> None:
    folder: Path = tmp_path_factory.getbasetemp()
    file = folder / "round.jsonl"
    file.write_text(json.dumps({"vars": variables, "expected": expected, "tags": tags}))
    (case,) = read_cases(file, folder)
    assert case.vars == variables and case.expected == expected
    assert case_from_json(json.loads(json.dumps(case_to_json(case)))) == case
