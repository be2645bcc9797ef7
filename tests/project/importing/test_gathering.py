"""Rows on their way into a project: folded, renamed, bounded."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from migrator_tui.project.formats.rows import LeftOut, Row
from migrator_tui.project.importing.gathering import Gathering, Options


def gathered(folder: Path, rows: Iterator[Any] | list[Any], options: Options | None = None) -> Gathering:
    folder.mkdir(exist_ok=True)
    made = Gathering(folder, options or Options())
    made.take(rows)
    return made


def row(place: int, text: str, **case: Any) -> Row:
    return Row(place, {"vars": {"t": text}, **case}, {"output": f"re: {text}"})


def test_rows_that_ask_the_same_are_one_and_the_first_answer_stays(tmp_path: Path) -> None:
    rows = [row(1, "a", id="x"), row(2, "a", id="y", tags=["t"]), row(3, "b", id="x"), row(4, "mail me: p@q.example")]
    rows.append(row(5, "mail me: r@s.example"))  # the same, once masked
    made = gathered(tmp_path, rows)
    assert (made.found.read, made.found.kept, made.found.folded, made.found.renamed) == (5, 3, 2, 1)
    assert [each["case"]["id"] for each in made.rows.values(range(len(made.rows)))][:2] == ["x", "x-2"]
    assert made.rows.value(2)["case"]["vars"] == {"t": "mail me: [e-mail 1]"}
    assert made.rows.value(2)["answer"] == {"output": "re: mail me: [e-mail 1]"}
    made.close()


def test_an_id_that_is_personal_is_made_anew_and_rows_that_are_no_cases_are_named(tmp_path: Path) -> None:
    broken = Row(3, {"messages": [{"role": "wizard a@b.example", "content": "x"}]})
    made = gathered(tmp_path, [row(1, "a", id="p@q.example"), LeftOut(2, "not JSON"), broken, row(4, "x\ud800y")])
    assert [each.place for each in made.found.named] == [2, 3]
    assert "wizard [e-mail 1]" in made.found.named[1].why
    assert made.rows.value(0)["case"]["id"].startswith("case-")
    assert made.rows.value(1)["case"]["vars"] == {"t": "x\ud800y"}
    made.close()


def test_memory_does_not_grow_as_the_rows_do(tmp_path: Path) -> None:
    """What is kept of a row is some hundred bytes, however long it is."""

    def many(count: int) -> Iterator[Row]:
        for number in range(count):
            text = " ".join(f"w{(number * 7919 + n * n) % 5003}" for n in range(250))
            yield Row(
                number + 1, {"vars": {"t": text}, "tags": [f"own tag {number}"]}, {"output": text}, model=f"m{number}"
            )

    peaks = []
    gathered(tmp_path / "warm", many(10)).close()
    for count in (100, 500):
        tracemalloc.start()
        made = gathered(tmp_path / str(count), many(count), Options(sample=20))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(made.chosen() or ()) == 20
        made.close()
    a_row = len(next(many(1)).case["vars"]["t"]) * 2
    assert (peaks[1] - peaks[0]) / 400 < 0.4 * a_row
