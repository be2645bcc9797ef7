"""What a plan covers, which keys it gives its items, and what it refuses before a call is made."""

from dataclasses import replace
from pathlib import Path

import pytest

from migrator_tui.history.records import Judged, Mark, Origin, Section, Standing
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Project
from migrator_tui.running.cache import call_key, source_digest
from migrator_tui.running.selection import Which
from migrator_tui.running.unused import unused_variables
from tests.running.conftest import CONFIG, Rig, write_project


def test_goes_case_by_case_baseline_first(rig: Rig) -> None:
    items = rig.plan(case_ids=["c2", "c1"], repeat=2).items
    assert [(i.no, i.case_id, i.model_name, i.repeat) for i in items] == [
        (1, "c1", "baseline", 1),
        (2, "c1", "newer", 1),
        (3, "c1", "baseline", 2),
        (4, "c1", "newer", 2),
        (5, "c2", "baseline", 1),
        (6, "c2", "newer", 1),
        (7, "c2", "baseline", 2),
        (8, "c2", "newer", 2),
    ]
    assert len({item.call_key for item in items}) == 8


def test_request_holds_prompt_case_and_parameters(rig: Rig) -> None:
    plan = rig.plan(case_ids=["c3"])
    request = plan.request_for(plan.items[1])
    assert request.model == "openai/new-model"
    assert [m["role"] for m in request.messages] == ["system", "user"]
    assert request.messages[0]["content"].strip() == "Sort for Lamps."
    assert request.messages[1]["content"] == "question 3"
    assert request.params == {"max_tokens": 100}
    assert not request.stream and request.case_id == "c3"


@pytest.mark.parametrize(
    ("selection", "line"),
    [
        ({"tasks": ["triag"]}, 'migrator.toml: no task "triag"; did you mean "triage"?'),
        ({"candidates": ["newr"]}, 'migrator.toml: no candidate "newr"; did you mean "newer"?'),
        ({"case_ids": ["c1", "c11x"]}, 'no case "c11x"; did you mean "c1"?'),
        ({"version": "v9"}, 'no version "v9" of task "triage" for newer; none has been recorded yet'),
    ],
)
def test_unknown_names_are_told_with_the_nearest(rig: Rig, selection: dict[str, object], line: str) -> None:
    with pytest.raises(ProjectError) as caught:
        rig.plan(**selection)
    assert str(caught.value).startswith(line.partition(";")[0])
    assert "\n" not in str(caught.value)


def test_a_variable_without_value_is_found_before_any_call(rig: Rig, folder: Path) -> None:
    (folder / "triage.md").write_text("Sort for {{ shoop }}.", "utf-8")
    with pytest.raises(ProjectError, match="shoop"):
        rig.plan()


def test_a_check_written_wrongly_is_found_before_any_call(tmp_path: Path, rig: Rig) -> None:
    folder = write_project(tmp_path / "other", config=CONFIG.replace('"contains"', '"containz"'))
    rig.project = load_project(folder)
    with pytest.raises(ProjectError, match="contains"):
        rig.plan()


def test_a_file_edited_outside_becomes_a_version_with_its_parent(rig: Rig, folder: Path) -> None:
    first = rig.plan().versions["triage", "newer"]
    assert rig.plan().versions["triage", "newer"] == first, "the same file is the same version"
    (folder / "triage.md").write_text("Sort again for {{ shop }}.\n", "utf-8")
    second = rig.plan().versions["triage", "newer"]
    assert (second.number, second.parent_id, second.origin, second.author) == (2, first.id, Origin.FILE, "tester")
    (folder / "triage.md").write_text("Sort for {{ shop }}.\n", "utf-8")
    assert rig.plan().versions["triage", "newer"].id == first.id


def test_a_prompt_file_is_for_the_candidates_alone(rig: Rig, tmp_path: Path) -> None:
    other = tmp_path / "improved.md"
    other.write_text("Better, for {{ shop }}.", "utf-8")
    plan = rig.plan(prompt=other)
    assert plan.versions["triage", "newer"].template.strip() == "Better, for {{ shop }}."
    assert plan.versions["triage", BASELINE].template.strip() == "Sort for {{ shop }}."
    label = plan.versions["triage", "newer"].label
    assert rig.plan(version=label).versions["triage", "newer"].id == plan.versions["triage", "newer"].id


def test_a_prompt_file_needs_a_task_where_there_are_several(tmp_path: Path, rig: Rig) -> None:
    more = '\n[[tasks]]\nname = "reply"\nprompt = "triage.md"\ncases = ["triage.jsonl"]\n'
    rig.project = load_project(write_project(tmp_path / "two", config=CONFIG + more))
    with pytest.raises(ProjectError, match="--prompt needs --task"):
        rig.plan(prompt=tmp_path / "two" / "triage.md")
    assert {task.name for task in rig.plan(prompt=tmp_path / "two" / "triage.md", tasks=["reply"]).tasks} == {"reply"}


def test_a_task_without_any_of_the_cases_is_left_out(tmp_path: Path, rig: Rig) -> None:
    more = '\n[[tasks]]\nname = "reply"\nprompt = "triage.md"\ncases = ["reply.jsonl"]\n'
    folder = write_project(tmp_path / "two", config=CONFIG + more)
    (folder / "reply.jsonl").write_text('{"id": "r1", "vars": {"shop": "x"}}\n', "utf-8")
    rig.project = load_project(folder)
    assert [task.name for task in rig.plan(case_ids=["r1"]).tasks] == ["reply"]
    assert [task.name for task in rig.plan().tasks] == ["triage", "reply"]


def test_failing_and_unjudged_cases_can_be_run_alone(rig: Rig) -> None:
    def standing(case_id: str, section: Section, mark: Mark) -> Standing:
        return Standing(case_id, section, Mark.PASSED, mark, Judged.NO)

    rig.history.write_standings(
        "triage",
        "newer",
        [
            standing("c1", Section.REGRESSION, Mark.FAILED),
            standing("c2", Section.TO_JUDGE, Mark.UNJUDGED),
            standing("c3", Section.SAME, Mark.PASSED),
        ],
    )
    assert list(rig.plan(which=Which.FAILING).cases["triage"]) == ["c1"]
    assert list(rig.plan(which=Which.TO_JUDGE).cases["triage"]) == ["c2", "c4"], "c4 was never run"


def test_every_part_of_a_call_is_part_of_its_key(rig: Rig) -> None:
    plan = rig.plan()
    task, spec = plan.tasks[0], plan.candidates[0]
    case = plan.cases["triage"]["c1"]

    def key(**changed: object) -> str:
        parts: dict[str, object] = {
            "task": task,
            "spec": spec,
            "version_digest": "d",
            "messages": [{"role": "user", "content": "hi"}],
            "params": {"a": 1, "b": 2},
            "case": case,
            "repeat": 1,
            "source": None,
        }
        return call_key(**(parts | changed))  # type: ignore[arg-type]

    assert key() == key(params={"b": 2, "a": 1}), "the order of parameters means nothing"
    others = [
        key(task=replace(task, name="x")),
        key(task=replace(task, tools=[{"type": "function"}])),
        key(task=replace(task, response_format={"type": "json_object"})),
        key(spec=replace(spec, model="m")),
        key(spec=replace(spec, api_base="http://127.0.0.1:1")),
        key(version_digest="e"),
        key(messages=[{"role": "user", "content": "ho"}]),
        key(messages=[{"role": "user", "content": "\ud800"}]),
        key(params={"a": 1}),
        key(case=replace(case, id="c9")),
        key(repeat=2),
        key(source="f"),
    ]
    assert len({key(), *others}) == len(others) + 1
    assert key(spec=replace(spec, concurrency=3, requests_per_minute=9)) == key(), "pace does not change an answer"


def test_a_recording_made_anew_is_asked_anew(project: Project, folder: Path) -> None:
    spec = replace(project.baseline, model="recorded:old.jsonl")
    (folder / "old.jsonl").write_text('{"id": "c1", "output": "a"}\n', "utf-8")
    before = source_digest(project, spec)
    (folder / "old.jsonl").write_text('{"id": "c1", "output": "bc"}\n', "utf-8")
    assert before is not None and source_digest(project, spec) != before
    assert source_digest(project, project.baseline) is None
    assert source_digest(project, replace(spec, model="simulated:classic-1")) is not None


def test_variables_that_nothing_reads_are_named_with_the_likely_word(rig: Rig) -> None:
    assert unused_variables(rig.plan()) == []
    plan = rig.plan(case_ids=["c1"])
    cases = plan.cases["triage"]
    case = replace(cases["c1"], vars={**cases["c1"].vars, "mesages": "where is it?"})
    [line] = unused_variables(replace(plan, cases={"triage": {"c1": case}}))
    assert line == 'task triage: no prompt and no check uses "mesages" of the cases; did you mean "messages"?'
