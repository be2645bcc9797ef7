"""Texts into cells and back: nothing a spreadsheet takes for a formula, nothing lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.project.errors import ProjectError
from migrator_tui.reports.spreadsheet import CELL_LIMIT, cell, plain_name, read_csv, restored, rows_as_csv

TEXTS = st.text(st.sampled_from("=+-@'\t\n\r ab\"; ,😀＝") | st.characters(exclude_categories=("Cs",)), max_size=12)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(TEXTS)
def test_no_cell_begins_like_a_formula_and_every_text_comes_back(text: str) -> None:
    written, cut = cell(text)
    assert not cut
    assert written.lstrip(" ")[:1] not in tuple("=+-@\t\r\n＝＋－＠") or not written.strip(" ")
    assert restored(written) == text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5), st.sampled_from(",;\t"))
def test_rows_come_back_from_csv(rows: list[tuple[str, str]], separator: str) -> None:
    cells = [[f"row {no}", *(cell(text)[0] for text in row)] for no, row in enumerate(rows, 2)]
    data = b"".join(rows_as_csv([["no", "task", "case"], *cells], separator))
    assert data.startswith(b"\xef\xbb\xbf")
    found, guessed = read_csv(data, "q.csv", ("task", "case"))
    assert not guessed
    wanted = [[text.replace("\r\n", "\n").replace("\r", "\n") for text in row] for row in rows]
    assert [list(row.cells[1:]) for row in found[1:]] == wanted
    lines = data.decode("utf-8-sig").split("\n")
    assert all(lines[row.line - 1].startswith(f"row {row.number}") for row in found[1:])


@given(st.sampled_from(("", "=", "'")), st.integers(-60, 60), st.sampled_from(("x", "😀", "x😀", "=😀x")))
def test_a_cell_never_holds_more_than_a_spreadsheet_does(first: str, over: int, unit: str) -> None:
    text = first + unit * (CELL_LIMIT // utf16(unit)) + "z" * over if over > 0 else first + unit * (CELL_LIMIT + over)
    written, cut = cell(text)
    assert utf16(written) <= CELL_LIMIT
    assert cut == (utf16(text) > CELL_LIMIT - 1)
    assert cut or restored(written) == text
    if cut:
        kept, _, more = restored(written).rpartition(" [… ")
        assert text.startswith(kept) and len(kept) + int(more.split()[0].replace(",", "")) == len(text)


def test_halves_of_surrogate_pairs_are_written_as_escapes() -> None:
    assert b"".join(rows_as_csv([["a\ud800b"]])) == b"\xef\xbb\xbfa\\ud800b\r\n"


@pytest.mark.parametrize("name", ["output_id", "Output ID", " output-id ", '"OUTPUT.ID"'])
def test_names_of_columns(name: str) -> None:
    assert plain_name(name) == "output_id"


def test_a_file_without_rows_is_refused() -> None:
    with pytest.raises(ProjectError, match=r"q\.csv:1: is empty"):
        read_csv(b"\xef\xbb\xbf", "q.csv", ("task",))
