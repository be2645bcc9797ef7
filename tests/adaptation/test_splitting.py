"""Cases are split once, fairly, and stay where they are; what is held out is counted and never listed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from migrator_tui.adaptation.flips import counted_flips, flips
from migrator_tui.adaptation.splitting import mark_example, parts_of, sample
from migrator_tui.adaptation.values import Flips, Parts
from migrator_tui.history.records import NewOutput, Origin
from migrator_tui.history.store import History
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import Case, Project
from tests.running.conftest import write_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(write_project(tmp_path / "shop"))


@pytest.fixture
def history(project: Project) -> Iterator[History]:
    with History.open(project) as opened:
        yield opened


def some_cases(count: int, start: int = 0) -> list[Case]:
    return [
        Case(f"c{n}", tags=("long",) if n % 5 == 0 else ("short",), critical=n < 20)
        for n in range(start, start + count)
    ]


def split(history: History, project: Project, cases: list[Case]) -> Parts:
    return parts_of(history, project, project.tasks[0], cases)


def answer(history: History, cases: list[Case], failing: int) -> None:
    """The first so many cases fail."""
    version = history.record_version(
        task="triage",
        model_name="newer",
        template="x",
        params={},
        parent_id=None,
        origin=Origin.FILE,
        author="ann",
    )
    history.add_outputs(
        [
            NewOutput(
                case.id,
                "triage",
                "newer",
                "openai/new-model",
                case.id,
                version.id,
                1,
                "bad" if n < failing else "good",
            )
            for n, case in enumerate(cases)
        ]
    )


def test_the_split_is_fair_stable_and_everywhere_the_same(history: History, project: Project, tmp_path: Path) -> None:
    cases = some_cases(50)
    answer(history, cases, failing=20)
    parts = split(history, project, cases)
    assert (
        parts.split
        and len(parts.held_out) == 20
        and sorted([*parts.learn, *parts.held_out]) == sorted(case.id for case in cases)
    )
    held = set(parts.held_out)
    kinds = Counter((case.critical, case.tags, case.id in held) for case in cases)
    for critical, size in ((True, 20), (False, 30)):
        for tags, share in ((("long",), size // 5), (("short",), size - size // 5)):
            assert abs(kinds[critical, tags, True] - 0.4 * share) < 1, "of each kind the same share, in whole cases"
    assert split(history, project, cases) == parts
    elsewhere = load_project(write_project(tmp_path / "elsewhere"))
    with History.open(elsewhere) as other:
        assert split(other, elsewhere, cases) == parts, "whatever was run here or there"
        another = replace(elsewhere, adaptation=replace(elsewhere.adaptation, seed=1))
    with History.open(load_project(write_project(tmp_path / "third"))) as third:
        assert split(third, another, cases).held_out != parts.held_out


def test_new_cases_join_and_removed_ones_vanish(history: History, project: Project) -> None:
    before = split(history, project, some_cases(20))
    grown = split(history, project, some_cases(120))
    assert set(before.held_out) <= set(grown.held_out) and set(before.learn) <= set(grown.learn)
    joined = set(grown.held_out) - set(before.held_out)
    assert 20 < len(joined) < 60
    one_by_one = [c for n in range(20, 120) if (c := f"c{n}") in split(history, project, some_cases(n + 1)).held_out]
    assert set(one_by_one) == joined
    shrunk = split(history, project, some_cases(15))
    assert len(shrunk.learn) + len(shrunk.held_out) == 15


def test_too_few_cases_are_not_split_and_what_was_seen_is_never_held_out(history: History, project: Project) -> None:
    few = split(history, project, some_cases(11))
    assert not few.split and len(few.learn) == 11
    more = split(history, project, some_cases(40))
    assert more.split and not set(more.held_out) & set(few.learn)


def test_a_case_quoted_as_an_example_is_in_neither_part(history: History, project: Project) -> None:
    cases = some_cases(20)
    parts = split(history, project, cases)
    quoted = parts.held_out[0], parts.learn[0]
    mark_example(history, project.tasks[0], quoted)
    after = split(history, project, cases)
    assert set(after.example) == set(quoted)
    assert len(after.learn) == len(parts.learn) - 1 and len(after.held_out) == len(parts.held_out) - 1


def test_a_sample_keeps_order_and_what_must_be_in_it(project: Project) -> None:
    ids = [f"c{n}" for n in range(100)]
    drawn = sample(project, project.tasks[0], ids, 10, always={"c99", "c3"})
    assert len(drawn) == 10 and {"c3", "c99"} <= set(drawn) and drawn == sorted(drawn, key=lambda c: int(c[1:]))
    assert drawn == sample(project, project.tasks[0], ids, 10, always={"c99", "c3"})
    assert sample(project, project.tasks[0], ids, 100) == ids


def test_flips_leave_nothing_out() -> None:
    before = {"a": Outcome.FAIL, "b": Outcome.FLAKY, "c": Outcome.PASS, "d": Outcome.ASSUMED, "e": Outcome.ERROR}
    after = {"a": Outcome.PASS, "b": Outcome.FAIL, "c": Outcome.FAIL, "d": Outcome.PASS, "e": Outcome.PASS}
    found = flips(before, after, "abcdef")
    assert found == Flips(("a",), ("b",), ("c",), ("d",), ("e", "f"))
    assert counted_flips(found) == {"fixed": 1, "still_failing": 1, "broken": 1, "kept": 1, "open": 2}
