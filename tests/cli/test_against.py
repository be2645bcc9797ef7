"""A model asked again, against what it answered in a run that somebody approved."""

import json
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.history.records import Mark
from migrator_tui.history.store import History
from migrator_tui.models.pool import ModelPool
from migrator_tui.models.requests import Answer, Event, Finished, Lane, ModelRequest
from migrator_tui.project.config import load_project
from tests.cli.conftest import CANARY, Call, CountingServer, completion, run, start
from tests.cli.test_verdicts import written

ANSWERS = {f"c{n}": f"fine {n}" for n in range(1, 9)}
CHECK = 'checks = [{ type = "contains", value = "fine" }]\n'


def decided(out: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole JSON, and its only candidate."""
    found = json.loads(out)
    (task,) = found["tasks"]
    (candidate,) = task["candidates"]
    return found, candidate


def answered(folder: Path, answers: Mapping[str, str], name: str = "new.jsonl") -> None:
    """Let the recorded model answer so from now on."""
    lines = [json.dumps({"id": id_, "output": text}) + "\n" for id_, text in answers.items()]
    (folder / name).write_text("".join(lines), "utf-8")


@pytest.fixture
def folder(tmp_path: Path, call: Call) -> Path:
    """Eight cases that pass on both recorded models; the run is approved."""
    made = written(tmp_path / "recorded", ANSWERS, config=CHECK)
    answered(made, ANSWERS, "old.jsonl")
    code, _, err = call("-C", made, "run", "--approve", "--no-gate")
    assert code == 0 and "`run --against approved` compares with this run" in err
    return made


def test_a_model_that_moved_is_found_out(
    server: CountingServer, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = served(tmp_path, server)
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    code, out, err = call("-C", folder, "run", "--approve", "--no-gate", "--format", "json")
    assert code == 0 and "approved" in err, err
    approved = json.loads(out)["run_id"]
    server.asked.clear()
    fenced = completion("```\ngood\n```, or bad")
    moved = {f"new: question {n}" for n in range(1, 11)}
    server.reply = lambda question: (200, fenced if question in moved else completion("good"))
    code, out, err = run("-C", folder, "run", "--against", "approved", "--format", "json")
    assert code == 1, err
    assert server.asked == {f"new: question {n}": 1 for n in range(1, 13)}, "only the candidate, and all of it again"
    assert "nothing is answered from the cache" in err
    found, candidate = decided(out)
    assert list(found) == ["project", "run_id", "against", "gate", "tasks"]
    assert found["against"] == approved != found["run_id"] and found["gate"]["decision"] == "not-ready"
    baseline = found["tasks"][0]["baseline"]
    assert (baseline["name"], baseline["model"], baseline["run_id"]) == ("baseline", "openai/new", approved)
    assert (baseline["passed"], baseline["calls"]) == (12, {"made": 0, "cached": 12})
    assert (candidate["name"], candidate["passed"], candidate["calls"]) == ("newer", 2, {"made": 12, "cached": 0})
    assert len(candidate["regressions"]) == 10 and candidate["paired"]["both_pass"] == 2
    drift = {row["name"]: row["candidate"] for row in candidate["drift"]}
    assert drift["fences"] == 10
    assert candidate["cost"] == pytest.approx(12 * 0.00002) == baseline["cost"]
    # It is the newest answer now: `run` takes it from the cache, and what was approved stays approved.
    _, out, _ = call("-C", folder, "run", "--no-gate", "--format", "json")
    assert decided(out)[1]["calls"] == {"made": 0, "cached": 12} and len(decided(out)[1]["regressions"]) == 10
    with History.open(load_project(folder)) as history:
        assert [approval.run_id for approval in history.approvals()] == [approved]


def served(tmp_path: Path, server: CountingServer) -> Path:
    """Twelve cases on two models of the counting server; its answers pass where they hold no `bad`."""
    from migrator_tui.project.trust import trust_config

    folder = tmp_path / "shop"
    folder.mkdir()
    model = (
        f'api_base = "{server.base}"\napi_key_env = "OPENAI_API_KEY"\n'
        "price = { input = 1.0, output = 2.0 }\nparams = { max_tokens = 50 }\n"
    )
    (folder / "migrator.toml").write_text(
        f'[project]\nname = "shop"\n\n[baseline]\nmodel = "openai/old"\n{model}\n'
        f'[[candidates]]\nname = "newer"\nmodel = "openai/new"\n{model}\n'
        '[[tasks]]\nname = "triage"\nprompt = "triage.md"\ncases = ["triage.jsonl"]\n'
        'checks = [{ type = "not-contains", value = "bad" }]\n',
        "utf-8",
    )
    trust_config(folder / "migrator.toml")
    (folder / "triage.md").write_text("Sort the ticket.\n", "utf-8")
    cases = [{"id": f"c{n}", "messages": [{"role": "user", "content": f"question {n}"}]} for n in range(1, 13)]
    (folder / "triage.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), "utf-8")
    return folder


def test_stopped_and_resumed_it_still_knows_what_it_is_compared_with(
    server: CountingServer, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = served(tmp_path, server)

    async def good(pool: ModelPool, request: ModelRequest, lane: Lane = Lane.BULK) -> AsyncIterator[Event]:
        """The answer to all that was asked earlier: no worker is needed for the past."""
        yield Finished(request.id, Answer("good"))

    with monkeypatch.context() as patched:
        patched.setattr(ModelPool, "call", good)
        assert call("-C", folder, "run", "--approve", "--no-gate")[0] == 0
    assert not server.asked
    server.hold_after = 5
    process = start("-C", folder, "run", "--against", "approved", "--concurrency", "2", "--format", "json")
    server.wait_for(lambda: server.held == 2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3 and "7 of 12 calls are left" in err, err
    assert decided(out)[1]["unjudged"] == 7
    before = dict(server.answered)
    server.hold_after = None
    server.release.set()
    code, out, err = run("-C", folder, "run", "--resume", "--no-gate", "--format", "json")
    assert code == 0, err
    found, candidate = decided(out)
    assert found["against"] and candidate["passed"] == 12 and candidate["paired"]["both_pass"] == 12
    assert all(
        server.asked[question] == 1 for question in before if question.startswith("new: ") and before[question] > 1
    )
    assert server.asked.total() == 12 + 2, "the two in flight were asked twice"


def test_the_old_model_can_be_watched_too(call: Call, folder: Path) -> None:
    answered(folder, ANSWERS | {"c3": "no"}, "old.jsonl")
    code, out, err = call("-C", folder, "run", "--against", "approved", "--candidate", "baseline", "--format", "json")
    assert code == 1, err
    found, candidate = decided(out)
    assert (candidate["name"], candidate["model"]) == ("baseline", "recorded:old.jsonl")
    assert candidate["regressions"] == ["c3"] and found["tasks"][0]["baseline"]["passed"] == 8
    with History.open(load_project(folder)) as history:
        assert history.standings("t", "newer")["c3"].baseline is Mark.FAILED, "and the candidate's list knows"


def test_cases_that_are_not_in_both_are_named(call: Call, folder: Path) -> None:
    cases = [json.loads(line) for line in (folder / "t.jsonl").read_text("utf-8").splitlines()]
    cases[1]["messages"][0]["content"] = "say something else"
    kept = [*cases[:-1], {"id": "c9", "messages": [{"role": "user", "content": "more"}]}]
    (folder / "t.jsonl").write_text("".join(json.dumps(case) + "\n" for case in kept), "utf-8")
    code, out, err = call("-C", folder, "run", "--against", "approved", "--no-gate", "--format", "json")
    assert code == 0, err
    found, candidate = decided(out)
    task = found["tasks"][0]
    assert task["left_out"] == {"added": ["c9"], "gone": ["c8"], "edited": ["c2"], "unanswered": []}
    assert task["cases"] == candidate["passed"] == 6
    assert "t: 1 case edited since the earlier run, left out: c2" in err
    assert "t: 1 case not in the project any more, left out: c8" in err
    assert "not all is as it was" not in err


def test_a_chosen_case_that_was_edited_is_left_out_though_no_other_was_chosen(call: Call, folder: Path) -> None:
    lines = (folder / "t.jsonl").read_text("utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    cases[1]["messages"][-1]["content"] += " (edited)"
    (folder / "t.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), "utf-8")
    code, out, err = call("-C", folder, "run", "--against", "approved", "--case", "c2")
    assert (code, out) == (2, "") and "there is nothing to compare" in err
    chosen = ("--case", "c2", "--case", "c3")
    code, out, err = call("-C", folder, "run", "--against", "approved", *chosen, "--no-gate", "--format", "json")
    assert code == 0 and decided(out)[0]["tasks"][0]["left_out"]["edited"] == ["c2"]
    assert "not all is as it was" not in err


def test_what_goes_with_every_call_is_told_and_compared(call: Call, folder: Path) -> None:
    answered(folder, ANSWERS | {"c1": "other"})
    code, out, err = call("-C", folder, "run", "--against", "last", "--no-gate")
    assert code == 0 and "not all is as it was in the earlier run" in err and "1 regression: c1" in out
    assert out.startswith("newer, asked again; baseline: its answers of ")


def test_the_prompt_version_is_that_of_the_earlier_run(call: Call, folder: Path) -> None:
    (folder / "t.md").write_text("Answer better.\n", "utf-8")
    code, out, err = call("-C", folder, "run", "--against", "approved", "--no-gate", "--format", "json")
    assert code == 0 and "t: v1 is asked as in the earlier run; the files now say v2" in err
    assert decided(out)[1]["version"] == "v1"


def test_answers_that_nobody_judges_count_while_they_stay_the_same(call: Call, tmp_path: Path) -> None:
    folder = written(tmp_path / "unjudged", ANSWERS)
    call("-C", folder, "run", "--approve", "--no-gate")
    answered(folder, ANSWERS | {"c1": "```\nfine 1\n```"})
    _, out, _ = call("-C", folder, "run", "--against", "approved", "--format", "json")
    found, candidate = decided(out)
    assert (candidate["assumed"], candidate["unjudged"], candidate["paired"]["both_pass"]) == (7, 1, 7)
    assert found["gate"]["decision"] == "not-enough-evidence"
    assert [(row["name"], row["cases"]) for row in candidate["drift"]] == [("fences", ["c1"])]


def test_repeats_are_asked_as_often_as_then(call: Call, tmp_path: Path) -> None:
    folder = written(tmp_path / "repeated", ANSWERS, config=CHECK)
    call("-C", folder, "run", "--approve", "--no-gate", "--repeat", "3", "--case", "c1", "--case", "c2")
    _, out, err = call("-C", folder, "run", "--against", "approved", "--format", "json")
    found, candidate = decided(out)
    assert candidate["calls"] == {"made": 6, "cached": 0} and found["tasks"][0]["cases"] == 2
    assert "t: 6 cases not in the earlier run, left out: c3, c4" in err
    _, out, _ = call("-C", folder, "run", "--against", "approved", "--case", "c2", "--format", "json")
    assert decided(out)[0]["tasks"][0]["cases"] == 1


def test_an_earlier_run_is_approved_without_asking_again(call: Call, tmp_path: Path) -> None:
    folder = written(tmp_path / "later", ANSWERS, config=CHECK)
    code, _, err = call("-C", folder, "run", "--against", "approved")
    assert code == 2 and "no run has been approved yet" in err
    code, _, err = call("-C", folder, "run", "--against", "last")
    assert code == 2 and "nothing has been run" in err
    _, out, _ = call("-C", folder, "run", "--no-gate", "--format", "json")
    code, again, err = call("-C", folder, "run", "--resume", "--approve", "--no-gate", "--format", "json")
    assert code == 0 and "approved" in err and json.loads(again) == json.loads(out)
    (folder / "new.jsonl").write_text('{"id": "c1", "output": "fine"}\n', "utf-8")
    code, _, err = call("-C", folder, "run", "--against", "approved", "--approve")
    assert code == 2 and "look at what differs first" in err
    code, _, err = call("-C", folder, "run", "--approve", "--no-cache")
    assert code == 3 and "not approved: the run is not complete" in err
    with History.open(load_project(folder)) as history:
        assert [approval.run_id for approval in history.approvals()] == [json.loads(out)["run_id"]]
        name = json.loads(out)["run_id"][:22]
    code, out, _ = call("-C", folder, "run", "--against", name, "--case", "c1", "--no-gate", "--format", "json")
    assert code == 0 and decided(out)[0]["against"].startswith(name)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ["approved", "--prompt", "t.md"],
            "does not go together with --prompt: the prompt is that of the earlier run",
        ),
        (["approved", "--repeat", "2"], "does not go together with --repeat"),
        (["approved", "--resume"], "--against does not go together with --resume"),
        (["approved", "--candidate", "nwer"], 'did you mean "newer"?'),
        (["approved", "--candidate", "newer", "--candidate", "baseline"], "one --candidate at a time"),
        (["2019"], 'no run "2019"; the last ones are 20'),
        (["approved", "--task", "u"], 'no task "u"'),
        (["approved", "--case", "c99"], 'no case "c99"'),
    ],
)
def test_mistakes_end_in_one_line(call: Call, folder: Path, options: list[str], says: str) -> None:
    code, out, err = call("-C", folder, "run", "--against", *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err


def test_another_model_under_the_same_name_is_refused(call: Call, folder: Path) -> None:
    config = (folder / "migrator.toml").read_text("utf-8")
    (folder / "migrator.toml").write_text(config.replace("new.jsonl", "old.jsonl"), "utf-8")
    code, _, err = call("-C", folder, "run", "--against", "approved")
    assert code == 2 and 'asked "recorded:new.jsonl" as newer, which is "recorded:old.jsonl" now' in err
    (folder / "migrator.toml").write_text(
        config + '[[candidates]]\nname = "x"\nmodel = "recorded:old.jsonl"\n', "utf-8"
    )
    code, _, err = call("-C", folder, "run", "--against", "approved")
    assert code == 2 and "--candidate is needed" in err
    code, _, err = call("-C", folder, "run", "--against", "approved", "--candidate", "x")
    assert code == 2 and "no approved run asked x; the newest, of " in err and "asked baseline, newer" in err
    code, _, err = call("-C", folder, "run", "--against", "last", "--candidate", "x")
    assert code == 2 and "no finished run asked x yet" in err


def compared(call: Call, folder: Path, *options: str) -> tuple[dict[str, Any], str]:
    """The JSON of a comparison and what it said."""
    code, out, err = call("-C", folder, "run", "--against", *options, "--no-gate", "--format", "json")
    assert code == 0, err
    return decided(out)[0], err


def test_last_is_the_last_run_that_asked_the_model_and_no_comparison(call: Call, folder: Path) -> None:
    with History.open(load_project(folder)) as history:
        (first,) = history.runs()
    for model in ("newer", "baseline", "newer", "baseline"):
        found, err = compared(call, folder, "last", "--candidate", model)
        assert found["against"] == first.id != found["run_id"]
        assert f"the last run that asked {model}: {first.created_at:%Y-%m-%d %H:%M} UTC, {first.id}" in err
    _, out, _ = call("-C", folder, "run", "--no-gate", "--format", "json")
    second = json.loads(out)["run_id"]
    assert compared(call, folder, "last")[0]["against"] == second
    _, out, _ = call("-C", folder, "run", "--against", "approved", "--candidate", "baseline", "--format", "json")
    comparison = json.loads(out)["run_id"]
    assert compared(call, folder, comparison, "--candidate", "baseline")[0]["against"] == comparison, (
        "by its id it is"
    )


def test_a_run_that_was_stopped_is_not_the_last_one(call: Call, folder: Path) -> None:
    with History.open(load_project(folder)) as history:
        (first,) = history.runs()
        stopped = history.start_run(first.settings, history.run_items(first.id), "ann")
        history.finish_run(stopped.id, "stopped")
    assert compared(call, folder, "last")[0]["against"] == first.id


def test_a_comparison_is_approved_for_its_model_alone(call: Call, folder: Path) -> None:
    with History.open(load_project(folder)) as history:
        (first,) = history.runs()
    answered(folder, ANSWERS | {"c1": "bad", "c2": "bad"})
    found, _ = compared(call, folder, "approved")
    accepted = found["run_id"]
    assert decided(json.dumps(found))[1]["regressions"] == ["c1", "c2"]
    code, out, err = call("-C", folder, "run", "--resume", "--approve", "--no-gate", "--format", "json")
    assert code == 0 and json.loads(out)["run_id"] == accepted
    assert "newer on 8 cases; `run --against approved` compares with this run" in err
    assert "of other models, what was approved before stays" in err
    found, err = compared(call, folder, "approved", "--candidate", "newer")
    assert found["against"] == accepted and decided(json.dumps(found))[1]["regressions"] == []
    assert f"the newest approved run that asked newer: {accepted[:4]}" in err
    found, _ = compared(call, folder, "approved", "--candidate", "baseline")
    assert found["against"] == first.id
    code, _, err = call("-C", folder, "run", "--approve", "--no-gate")
    assert code == 0 and "baseline, newer on 8 cases; `run --against approved`" in err and "stays" not in err
    again, _ = compared(call, folder, "approved", "--candidate", "baseline")
    assert again["against"] not in (first.id, accepted, found["run_id"]), "the newest counts"
