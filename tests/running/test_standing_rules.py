"""Standings are made anew when what they follow from has changed, also where only single cases look at it."""

import json
from dataclasses import replace
from pathlib import Path

from migrator_tui.history.records import Mark
from migrator_tui.history.store import History
from migrator_tui.models.requests import Answer, ModelRequest, ToolCall
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import ModelSpec, Project
from migrator_tui.running.judging import bring_up_to_date
from tests.running.conftest import CONFIG, FakePool, Reply, Rig, good, write_project

JUDGE = '\n[judge]\nmodel = "openai/a-judge"\n'


def brought(rig: Rig, project: Project) -> int | None:
    return bring_up_to_date(project, rig.history, project.tasks[0], "newer")


async def test_another_judge_of_a_single_case(rig: Rig, folder: Path) -> None:
    def reply(request: ModelRequest) -> Reply:
        judged = Answer(json.dumps({"reason": "because", "pass": True}), latency_ms=1.0)
        return judged if request.model == "openai/a-judge" else good(request)

    write_project(folder, config=CONFIG + JUDGE)
    lines = [json.loads(line) for line in (folder / "triage.jsonl").read_text("utf-8").splitlines()]
    lines[0]["checks"] = [{"type": "llm-rubric", "value": "is good"}]
    (folder / "triage.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    rig.project = load_project(folder, trusted=True)
    rig.pool = FakePool(reply)
    await rig.run()
    brought(rig, rig.project)
    assert rig.history.standings("triage", "newer")["c1"].candidate is Mark.PASSED
    task = rig.project.tasks[0]
    setup = replace(task.check_setup, judge=ModelSpec("judge", "openai/another"))
    assert brought(rig, replace(rig.project, tasks=[replace(task, check_setup=setup)])) == 4
    standing = rig.history.standings("triage", "newer")["c1"]
    assert standing.candidate is Mark.UNJUDGED, "nobody has asked the new judge yet"


async def test_other_tools(tmp_path: Path) -> None:
    check = 'checks = [{ type = "is-valid-openai-tools-call" }]\n'
    old = 'checks = [{ type = "contains", value = "good" }]\n'
    project = load_project(write_project(tmp_path / "p", config=CONFIG.replace(old, check)))
    tool = {"type": "function", "function": {"name": "look_up"}}
    with_tool = replace(project, tasks=[replace(project.tasks[0], tools=[tool])])
    with History.open(with_tool) as history:
        rig = Rig(with_tool, history)
        rig.pool = FakePool(lambda _: Answer("", tool_calls=(ToolCall("1", "look_up", "{}"),), latency_ms=1.0))
        await rig.run()
        brought(rig, with_tool)
        assert history.standings("triage", "newer")["c1"].candidate is Mark.PASSED
        assert brought(rig, project) == 4
        assert history.standings("triage", "newer")["c1"].candidate is Mark.FAILED
