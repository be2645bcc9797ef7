"""What the filter of the case list says about drift and about both sides' outcomes."""

import pytest

from migrator_tui.history.drift_names import DRIFT_NAMES
from migrator_tui.history.filters import parse_filter
from migrator_tui.history.records import DriftMark, Judged, Mark, Section, Standing
from migrator_tui.history.store import History
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case, Project


def mark(name: str, baseline: bool = False, candidate: bool = True) -> DriftMark:
    return DriftMark(name, baseline, candidate)


@pytest.fixture
def judged(history: History, project: Project) -> History:
    """Six cases; the last was never run."""
    cases = [Case(f"T-{n}", {"ticket": "refund" if n % 2 else "parcel"}) for n in range(1, 7)]
    history.index_cases(project.tasks[0], cases)
    rows: list[tuple[Section, Mark, Mark, tuple[DriftMark, ...]]] = [
        (Section.REGRESSION, Mark.PASSED, Mark.FAILED, (mark("fences"), mark("json-keys"))),
        (Section.FIXED, Mark.FAILED, Mark.PASSED, (mark("fences", True, False), mark("markdown", True, True))),
        (Section.SAME, Mark.FLAKY, Mark.FLAKY, (mark("fences", True, True), mark("json"))),
        (Section.TO_JUDGE, Mark.ASSUMED, Mark.UNJUDGED, (mark("wording"),)),
        (Section.TO_JUDGE, Mark.ERROR, Mark.PASSED, ()),
    ]
    standings = [
        Standing(f"T-{n}", section, old, new, Judged.NO, drift=drift)
        for n, (section, old, new, drift) in enumerate(rows, 1)
    ]
    history.write_standings("triage", "new", standings)
    return history


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("drift:fences", {1, 2}),
        ("drift:FENCES refund", {1}),
        ("-drift:fences", {3, 4, 5, 6}),
        ("drift:markdown", set()),
        ("drift:json", {3}),
        ("drift:json-keys", {1}),
        ("drift:keys", {1}),
        ("drift:json-k", {1}),
        ("drift:wording", {4}),
        ("drift:fences drift:json-keys", {1}),
        ("drift:fences is:regression", {1}),
        ("drift:", {1, 2, 3, 4, 5, 6}),
        ("is:baseline-passed", {1, 4}),
        ("is:baseline-failed", {2, 3}),
        ("is:baseline-failed is:failed", {3}),
        ("-is:baseline-failed", {1, 4, 5, 6}),
        ("is:baseline-flaky", {3}),
        ("is:flaky", {3}),
        ("is:assumed", {4}),
        ("is:open", {4, 5, 6}),
        ("is:open parcel", {4, 6}),
        ("-is:open", {1, 2, 3}),
    ],
)
def test_filters(judged: History, query: str, found: set[int]) -> None:
    assert set(judged.search("triage", "new", parse_filter(query))) == found


def test_every_drift_can_be_asked_for_and_comes_back(judged: History) -> None:
    marks = tuple(mark(name, baseline=n % 2 == 0, candidate=n % 2 == 1) for n, name in enumerate(DRIFT_NAMES))
    judged.write_standings(
        "triage", "new", [Standing("T-6", Section.DRIFT, Mark.PASSED, Mark.PASSED, Judged.NO, drift=marks)]
    )
    assert judged.standings("triage", "new", ["T-6"])["T-6"].drift == marks
    for name in DRIFT_NAMES:
        assert 6 in judged.search("triage", "new", parse_filter(f"drift:{name}")), name


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("drift:fenses", r"^no drift is called fenses; did you mean drift:fences\?$"),
        ("drift:json-", r"^no drift is called json-; there are json-broken, json-keys, json-types, json-values$"),
        ("drift:zzzz", r"^no drift is called zzzz; there are empty, refusal, "),
        ("is:baseline", r"^nothing is:baseline; there are baseline-passed, baseline-failed, baseline-flaky$"),
    ],
)
def test_a_wrong_name_gets_the_nearest_right_ones(query: str, problem: str) -> None:
    with pytest.raises(ProjectError, match=problem):
        parse_filter(query)
