"""The index of cases, the order of the list, its filter and its first page."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from migrator_tui.history.case_list import SearchStopped
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.filters import STATES, parse_filter
from migrator_tui.history.first_page import first_page
from migrator_tui.history.records import Judged, Mark, Section, SessionState, Standing
from migrator_tui.history.store import History
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case, CheckSpec, Project

CASES = [
    Case("T-1", {"ticket": "My refund is LATE"}, tags=("vip", "angry"), critical=True),
    Case("T-2", {"ticket": "Straße 5, 100% wrong_name"}, tags=("geo",)),
    Case("T-3", {"ticket": "Refund please"}, expected={"a": [1]}, checks=(CheckSpec("contains", "x", negated=True),)),
    Case("T-4", messages=({"role": "user", "content": "half \ud800 \x00 done"},)),
    Case("T-5", {"ticket": "last one"}, tags=("vip",)),
]


def standing(case_id: str, section: Section, candidate: Mark = Mark.PASSED, **more: object) -> Standing:
    return Standing(case_id, section, Mark.PASSED, candidate, Judged.NO, **more)  # type: ignore[arg-type]


@pytest.fixture
def indexed(history: History, project: Project) -> History:
    """Five cases: T-4 a regression, T-2 drift, T-5 and T-1 the same, T-3 not run."""
    assert history.index_cases(project.tasks[0], iter(CASES)) == 5
    history.write_standings(
        "triage",
        "new",
        [
            standing("T-1", Section.SAME),
            standing("T-5", Section.SAME, same=1.0),
            standing("T-4", Section.REGRESSION, Mark.FAILED, changed="fences, longer ×2.3"),
            standing("T-2", Section.DRIFT, changed="longer ×2", baseline_output_id=3, candidate_output_id=4),
        ],
    )
    return history


def numbers(history: History, query: str, limit: int | None = None) -> list[int]:
    return list(history.search("triage", "new", parse_filter(query), limit))


def test_cases_come_back_whole(indexed: History) -> None:
    assert indexed.cases("triage", ["T-4", "zzz", "T-3", "T-4"]) == [CASES[3], CASES[2]]
    assert [indexed.case_at("triage", no) for no in range(1, 6)] == CASES
    assert indexed.case_count("triage") == 5
    with pytest.raises(KeyError):
        indexed.case_at("triage", 6)
    assert indexed.case_count("other") == 0 and indexed.cases("other", ["T-1"]) == []


def test_the_list_is_ordered_worst_first(indexed: History) -> None:
    order, sections = indexed.order("triage", "new")
    assert list(order) == [4, 2, 1, 5, 3]
    assert list(sections) == [Section.REGRESSION, Section.DRIFT, Section.SAME, Section.SAME, Section.NOT_RUN]
    assert list(indexed.order("triage", "other")[0]) == [1, 2, 3, 4, 5]
    counts = indexed.section_counts("triage", "new")
    assert [counts[section] for section in Section] == [1, 1, 0, 0, 0, 2, 1]


def test_rows_say_what_the_list_draws(indexed: History) -> None:
    two, three, one = indexed.rows("triage", "new", [2, 3, 1, 77])
    assert (two.no, two.case_id, two.tags, two.critical) == (2, "T-2", ("geo",), False)
    assert two.standing == standing(
        "T-2", Section.DRIFT, changed="longer ×2", baseline_output_id=3, candidate_output_id=4
    )
    assert three.standing is None
    assert one.critical and one.tags == ("vip", "angry") and one.title == "My refund is LATE"


def test_a_standing_is_replaced_and_found_by_case(indexed: History) -> None:
    fixed = standing("T-4", Section.FIXED, same=0.5)
    indexed.write_standings("triage", "new", [fixed, standing("gone", Section.DRIFT)])
    assert indexed.standings("triage", "new", ["T-4", "T-3"]) == {"T-4": fixed}
    assert set(indexed.standings("triage", "new")) == {"T-1", "T-2", "T-4", "T-5", "gone"}
    assert list(indexed.order("triage", "new")[0]) == [2, 4, 1, 5, 3]  # what is in no file is not in the list


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("refund", [1, 3]),
        ("REFUND late", [1]),
        ("-refund", [4, 2, 5]),
        ("straße", [2]),
        ("STRASSE", [2]),
        ("100%", [2]),
        ("0%w", []),
        ('"refund please"', [3]),
        ("tag:VIP", [1, 5]),
        ("tag:vi", []),
        ("tag:vip -tag:angry", [5]),
        ("is:regression", [4]),
        ("is:same is:critical", [1]),
        ("-is:same", [4, 2, 3]),
        ("is:not-run", [3]),
        ("-is:not-run", [4, 2, 1, 5]),
        ("is:failed", [4]),
        ("-is:critical", [4, 2, 5, 3]),
        ("changed:longer", [4, 2]),
        ("-changed:fences", [2, 1, 5, 3]),
        ("is:changed refund", []),
        ("T-2", [2]),
        ("", [4, 2, 1, 5, 3]),
        ("- is:", [4, 2, 1, 5, 3]),
        ("tag:", [4, 2, 1, 5, 3]),
    ],
)
def test_filters(indexed: History, query: str, found: list[int]) -> None:
    assert numbers(indexed, query) == found
    assert numbers(indexed, query, limit=2) == found[:2]


def test_every_state_is_sql_that_sqlite_knows(indexed: History) -> None:
    for name in STATES:
        both = numbers(indexed, f"is:{name}") + numbers(indexed, f"-is:{name}")
        assert sorted(both) == [1, 2, 3, 4, 5], name


def test_an_unknown_state_names_the_nearest() -> None:
    with pytest.raises(ProjectError, match=r"^nothing is:regresion; did you mean is:regression\?$"):
        parse_filter("is:regresion")
    assert parse_filter("is:reg") == parse_filter("IS:regression")


def test_a_search_that_nobody_waits_for_any_more_is_given_up(history: History, project: Project) -> None:
    history.index_cases(project.tasks[0], (Case(f"c{n}", {"x": "word"}) for n in range(20_000)))
    with pytest.raises(SearchStopped):
        history.search("triage", "new", parse_filter("nothing"), stop=lambda: True)
    assert len(history.search("triage", "new", parse_filter("word"), stop=lambda: False)) == 20_000
    assert numbers(history, "nothing") == []


def test_the_index_is_out_of_date_when_a_file_changes(history: History, project: Project) -> None:
    task = project.tasks[0]
    assert not history.index_current(task)
    history.index_cases(task, CASES)
    assert history.index_current(task)
    Path(task.cases[0]).write_text('{"id": "b"}\n{"id": "c"}\n', "utf-8")
    assert not history.index_current(task)


def test_standings_follow_their_cases_into_a_new_index(indexed: History, project: Project) -> None:
    task = project.tasks[0]
    indexed.index_cases(task, [CASES[4], CASES[3], Case("new", {"x": 1})])
    assert [row.case_id for row in indexed.rows("triage", "new", indexed.order("triage", "new")[0])] == [
        "T-4",
        "T-5",
        "new",
    ]
    assert sum(indexed.section_counts("triage", "new").values()) == 3
    indexed.index_cases(task, CASES)
    assert list(indexed.order("triage", "new")[0]) == [4, 2, 1, 5, 3]
    with sqlite3.connect(indexed.location) as plain:
        assert plain.execute("select count(*), count(distinct build_id) from migrator_case_index").fetchone() == (
            5,
            1,
        )


def test_an_index_that_cannot_be_finished_leaves_the_old_one(indexed: History, project: Project) -> None:
    def broken() -> Sequence[Case]:
        for n in range(5_000):
            yield Case(f"n{n}")
        raise ProjectError("bad line", file="cases.jsonl", line=5_001)

    progress: list[int] = []
    with pytest.raises(ProjectError, match="bad line"):
        indexed.index_cases(project.tasks[0], broken(), progress.append)
    assert progress == [2_000, 4_000]
    with pytest.raises(HistoryError, match="same id"):
        indexed.index_cases(project.tasks[0], [CASES[0], CASES[0]])
    assert indexed.case_count("triage") == 5
    with sqlite3.connect(indexed.location) as plain:
        assert plain.execute("select count(*) from migrator_index_build").fetchone() == (1,)


def test_what_a_killed_indexing_left_is_never_seen_and_cleared_away(indexed: History, project: Project) -> None:
    build = indexed._new_build("triage", "digest")
    indexed._add_cases(build, 0, [Case("half", {"x": "refund"})])
    assert indexed.case_count("triage") == 5 and numbers(indexed, "refund") == [1, 3]
    indexed.index_cases(project.tasks[0], CASES[:3])
    with sqlite3.connect(indexed.location) as plain:
        assert plain.execute("select count(*), sum(finished) from migrator_index_build").fetchone() == (1, 1)
        assert plain.execute("select count(*) from migrator_case_body").fetchone() == (3,)


def test_of_two_programs_that_index_at_once_one_index_stays_whole(history: History, project: Project) -> None:
    task = project.tasks[0]

    def slow() -> Sequence[Case]:
        yield from (Case(f"a{n}") for n in range(2_500))
        with History.open(project) as other:
            other.index_cases(task, CASES)
        yield from (Case(f"b{n}") for n in range(2_500))

    history.index_cases(task, slow())
    assert history.case_count("triage") == 5
    assert [history.case_at("triage", no).id for no in range(1, 6)] == [case.id for case in CASES]
    with sqlite3.connect(history.location) as plain:
        assert plain.execute("select count(*) from migrator_case_body").fetchone() == (5,)


def test_session(history: History) -> None:
    assert history.load_session() == SessionState()
    state = SessionState("scorecard", "triage", "new", "T-1\ud800", {"theme": "dark", "list": 40})
    history.save_session(replace(state, screen="versions"))
    history.save_session(state)
    assert history.load_session() == state


def test_the_first_page_says_what_the_list_will(indexed: History, project: Project) -> None:
    indexed.save_session(SessionState(task="triage", case_id="T-2"))
    page = first_page(project, "triage", "new")
    assert page is not None
    assert page.rows == indexed.rows("triage", "new", indexed.order("triage", "new")[0])
    assert page.counts == indexed.section_counts("triage", "new")
    assert (page.total, page.session, page.current) == (5, SessionState(task="triage", case_id="T-2"), True)
    Path(project.tasks[0].cases[0]).write_text("{}", "utf-8")
    short = first_page(project, "triage", "new", limit=3)
    assert short is not None and short.rows == page.rows[:3] and not short.current


def test_the_first_page_is_there_at_the_next_start(indexed: History, project: Project) -> None:
    expected = indexed.rows("triage", "new", indexed.order("triage", "new")[0])
    file = Path(indexed.location)
    indexed.close()
    assert [path.name for path in file.parent.glob("history.sqlite3*")] == [file.name]
    page = first_page(project, "triage", "new")
    assert page is not None and page.rows == expected


def test_there_is_no_first_page_without_a_history_or_of_another_schema(project: Project) -> None:
    assert first_page(project, "triage", "new") is None
    with History.open(project) as history:
        empty = first_page(project, "triage", "new")
        assert empty is not None and empty.rows == [] and empty.total == 0
        with sqlite3.connect(history.location) as plain:
            plain.execute("update migrator_version set version_num = '9999'")
        assert first_page(project, "triage", "new") is None
        Path(history.location).write_bytes(b"not a database at all" * 100)
    assert first_page(project, "triage", "new") is None


def test_the_first_page_imports_no_database_library() -> None:
    code = "import sys, json; import migrator_tui.history.first_page; print(json.dumps(sorted(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=dict(os.environ)).stdout
    modules = {name.split(".")[0] for name in json.loads(found)}
    assert not modules & {
        "sqlmodel",
        "sqlalchemy",
        "alembic",
        "pydantic",
        "textual",
        "litellm",
        "rapidfuzz",
        "jinja2",
    }
