"""The files that begin a run of the tests: one that was renamed would drop out and be waited for alone."""

from pathlib import Path

from tests.conftest import LONGEST


def test_the_files_that_begin_are_there_and_named_once() -> None:
    here = Path(__file__).parent
    assert [name for name in LONGEST if not (here / name).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)
