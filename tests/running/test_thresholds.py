"""A task's or a case's threshold: what the folder says, and what comes of it all the way to standings and results."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from migrator_tui.history.records import Mark
from migrator_tui.parity.outcomes import Outcome, Source, outcome_of
from migrator_tui.project.case_values import case_from_json, case_from_values, case_to_json
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case, Task
from migrator_tui.project.tables import Misfit
from migrator_tui.running.judging import bring_up_to_date, refresh_standings
from tests.parity.builders import check, output
from tests.running.conftest import CONFIG, Rig, write_project


def test_a_case_says_its_own_and_the_task_speaks_for_the_rest() -> None:
    case, _ = case_from_values({"id": "a", "vars": {"x": 1}, "threshold": 0.5})
    assert case.threshold == 0.5
    assert case_from_json(json.loads(json.dumps(case_to_json(case)))) == case
    task = Task("t", Path("p"), (), threshold=0.8)
    assert task.threshold_for(case) == 0.5
    assert task.threshold_for(Case("b")) == 0.8
    assert task.threshold_for(Case("b", threshold=0.0)) == 0.0
    assert replace(task, threshold=None).threshold_for(Case("b")) is None


@pytest.mark.parametrize("value", [1.5, -0.1, "0.5", True, [0.5]])
def test_a_threshold_is_a_number_from_0_to_1(value: object, tmp_path: Path) -> None:
    with pytest.raises(Misfit, match='"threshold" must be a number from 0 to 1'):
        case_from_values({"vars": {"x": 1}, "threshold": value})
    folder = write_project(tmp_path / "p", config=f"{CONFIG}\nthreshold = {json.dumps(value)}\n")
    with pytest.raises(ProjectError, match="threshold must be"):
        load_project(folder)


def decided(*records: object, threshold: float | None) -> tuple[Outcome, str]:
    found = outcome_of([output(1)], {1: list(records)}, [], is_baseline=False, threshold=threshold)  # type: ignore[arg-type]
    assert found.source is Source.CHECKS
    return found.outcome, found.reason


def test_the_mean_by_weight_decides() -> None:
    passed, failed = check(True), check(False, "contains", "x missing")
    assert decided(passed, failed, threshold=0.5) == (Outcome.PASS, "")
    assert decided(passed, failed, threshold=0.6) == (
        Outcome.FAIL,
        "score 0.50 of at least 0.6; contains: x missing",
    )
    assert decided(replace(passed, weight=3.0), failed, threshold=0.75)[0] is Outcome.PASS
    assert decided(replace(passed, weight=0.0), failed, threshold=0.5)[0] is Outcome.FAIL
    assert decided(replace(failed, passed=True, score=0.4), threshold=0.5) == (
        Outcome.FAIL,
        "score 0.40 of at least 0.5",
    )


def test_what_is_not_known_counts_only_where_it_could_turn_it() -> None:
    passed, failed, broken = check(True), check(False), check(False, "cost", "not known", error=True)
    waiting = check(False, "llm-rubric", waiting=True)
    assert decided(passed, broken, threshold=0.5)[0] is Outcome.PASS
    assert decided(passed, broken, threshold=0.6) == (Outcome.ERROR, "cost: not known")
    assert decided(passed, waiting, threshold=0.6) == (Outcome.UNJUDGED, "llm-rubric: not asked yet")
    assert decided(failed, failed, waiting, threshold=0.6)[0] is Outcome.FAIL
    assert decided(failed, broken, threshold=None)[0] is Outcome.FAIL
    assert decided(passed, broken, waiting, threshold=None)[0] is Outcome.ERROR


async def test_standings_and_results_follow_the_threshold(rig: Rig, folder: Path) -> None:
    checks = 'checks = [{ type = "contains", value = "good" }, { type = "contains", value = "absent" }]\n'
    old = 'checks = [{ type = "contains", value = "good" }]\n'
    result = await rig.run()
    assert result.run_id

    def marks(config: str) -> set[tuple[Mark, Mark]]:
        (folder / "migrator.toml").write_text(config, "utf-8")
        project = load_project(folder, trusted=True)
        task = project.tasks[0]
        assert bring_up_to_date(project, rig.history, task, "newer") is not None
        rows = refresh_standings(project, rig.history, task, "newer")
        return {(row.baseline, row.candidate) for row in rows}

    assert marks(CONFIG) == {(Mark.PASSED, Mark.PASSED)}
    assert marks(CONFIG.replace(old, checks)) == {(Mark.FAILED, Mark.FAILED)}
    assert marks(CONFIG.replace(old, checks + "threshold = 0.5\n")) == {(Mark.PASSED, Mark.PASSED)}
    assert marks(CONFIG.replace(old, checks + "threshold = 0.51\n")) == {(Mark.FAILED, Mark.FAILED)}


async def test_a_new_threshold_makes_standings_anew(rig: Rig, folder: Path) -> None:
    await rig.run()
    task = rig.project.tasks[0]
    bring_up_to_date(rig.project, rig.history, task, "newer")
    assert bring_up_to_date(rig.project, rig.history, task, "newer") == 0
    changed = replace(task, threshold=0.5)
    assert bring_up_to_date(rig.project, rig.history, changed, "newer") == 4


async def test_checks_against_the_baseline_judge_the_candidate_alone(rig: Rig, folder: Path) -> None:
    old = 'checks = [{ type = "contains", value = "good" }]\n'
    ratio = 'checks = [{ type = "max-length-ratio", value = 0.5 }]\n'
    await rig.run()
    (folder / "migrator.toml").write_text(CONFIG.replace(old, ratio), "utf-8")
    project = load_project(folder, trusted=True)
    rows = refresh_standings(project, rig.history, project.tasks[0], "newer")
    assert {(row.baseline, row.candidate) for row in rows} == {(Mark.ASSUMED, Mark.FAILED)}
