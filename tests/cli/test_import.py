"""`import` as its users call it: what it writes opens and runs, and what it does not write is not there."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.recordings import Recording
from tests.cli.conftest import ROOT, Call, environment

KEY = "sk-live-abcdef1234567890"
SYSTEM = {"role": "system", "content": "You sort tickets. Answer with JSON like {{ this }}."}


def chat(text: str, answer: str) -> dict[str, Any]:
    return {"messages": [SYSTEM, {"role": "user", "content": text}, {"role": "assistant", "content": answer}]}


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    rows = [chat(f"Where is order {n}? It weighs {n * n} kg.", f"Order {n} is on its way.") for n in range(1, 7)]
    rows.append(chat("Mail me: anna@mail.example", f"anna@mail.example, use {KEY}"))
    rows.append(rows[0])
    path = tmp_path / "chats.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"messages": [}\n', "utf-8")
    return path


def everything(folder: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.is_file())


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "importing" in path.name]


def test_a_project_of_chats_opens_and_runs_on_the_recorded_answers(call: Call, chats: Path, tmp_path: Path) -> None:
    out = tmp_path / "shop"
    code, said, err = call(
        "import", chats, "--output", out, "--yes", "--candidate", "simulated:bright-2", "--task", "triage"
    )
    assert code == 0, err
    assert "candidate proposed" not in said
    assert "line 9" in said and "1 broken" in said and "e-mail 1" in said and KEY not in said
    project = load_project(out)
    task = project.tasks[0]
    assert task.name == "triage"
    assert project.baseline.model == "recorded:outputs/baseline.jsonl"
    cases = load_cases(project, task)
    assert len(cases) == 7
    # What all of them began with is the prompt now, braces and all.
    assert [message["role"] for message in cases[0].messages] == ["user"]
    assert SYSTEM["content"] in task.prompt.read_text("utf-8")
    assert "anna@" not in everything(out) and KEY not in everything(out)
    recording = Recording.load(out / "outputs" / "baseline.jsonl")
    assert not recording.unmatched(cases)
    answer = recording.answer(cases[-1].id)
    assert answer is not None and answer.text == "[e-mail 1], use [key 1]"
    code, said, err = call("-C", out, "run", "--format", "json", "--no-gate")
    assert code == 0, err
    ran = json.loads(said)["tasks"][0]
    assert ran["cases"] == 7 and ran["baseline"]["errors"] == ran["candidates"][0]["errors"] == 0
    assert leftovers(tmp_path) == []


def test_without_yes_and_without_a_terminal_nothing_is_written(call: Call, chats: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said, err = call("import", chats, "--output", out)
    assert code == 2 and "cases/chats.jsonl" in said
    assert "! candidate proposed: " in said and "; --candidate names another" in said
    assert err.strip().splitlines()[-1] == "nothing was written; --yes writes"
    code, said, err = call("import", chats, "--output", out, "--dry-run", "--yes", "--format", "json")
    told = json.loads(said)
    assert code == 0 and told["written"] is False
    assert told["format"] == "openai-chat" and told["guessed"] and told["also_fits"] == ["table"]
    assert told["rows"] == {
        "read": 9,
        "kept": 7,
        "folded": 1,
        "similar": told["rows"]["similar"],
        "broken": 1,
        "left_out": 0,
        "renamed": 0,
    }
    assert not out.exists() and leftovers(tmp_path) == []


def test_mistakes_are_one_line(call: Call, chats: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    odd = tmp_path / "odd.jsonl"
    odd.write_text('{"a": [1]}\n{"a": [2]}\n')
    for words, hint in (
        (("import", chats), "--output is needed"),
        (("import", chats, "--output", full, "--yes"), "not empty"),
        (("import", tmp_path / "nowhere.csv", "--output", tmp_path / "x"), "no such file"),
        (("import", "langfus", chats, "--output", tmp_path / "x"), '"langfuse"'),
        (("import", chats, "--output", tmp_path / "x", "--map", "expected=a"), "no column"),
        (("import", "openai-chat", chats, "--output", tmp_path / "x", "--map", "id=a"), "for tables"),
        (("import", "otel", chats, "--output", tmp_path / "x", "--yes"), "can become a case"),
    ):
        code, said, err = call(*words)
        assert (code, said) == (2, ""), words
        assert len(err.strip().splitlines()) == 1 and hint in err, err
    assert not (tmp_path / "x").exists() and [p.name for p in full.iterdir()] == ["mine.txt"]


def test_a_sample_keeps_everything_else_as_production(call: Call, tmp_path: Path) -> None:
    source = tmp_path / "runs.csv"
    lines = ["id,question,response,tags,model"]
    for n in range(300):
        tag = "legal" if n == 123 else "japanese" if n == 200 else f"t{n % 3}"
        text = (
            "注文した商品がまだ届きません。いつ届くか教えてください。"
            if n == 200
            else f"Where did number {n * 7919} of lot {n} go?"
        )
        lines.append(f"r{n},{text},answer {n},{tag},gpt-4o")
    source.write_text("\n".join(lines), "utf-8")
    outs = []
    for name in ("a", "b"):
        code, _, err = call("import", source, "--output", tmp_path / name, "--yes", "--sample", "8", "--seed", "4")
        assert code == 0, err
        outs.append(everything(tmp_path / name).replace(f'"{name}"', ""))
    assert outs[0] == outs[1]
    project = load_project(tmp_path / "a")
    task = project.tasks[0]
    cases = load_cases(project, task)
    assert len(cases) == 8 and {"legal", "japanese"} <= {tag for case in cases for tag in case.tags}
    assert task.production is not None
    assert len(task.production.read_text("utf-8").splitlines()) == 300
    assert len((tmp_path / "a/outputs/gpt-4o.jsonl").read_text("utf-8").splitlines()) == 300
    assert "question" in task.prompt.read_text("utf-8")


def test_what_is_nearly_the_same_is_one_case_where_one_says_so(call: Call, tmp_path: Path) -> None:
    source = tmp_path / "q.csv"
    texts = [
        "Where is my parcel? I ordered it nine days ago",
        "where is my parcel?? I ordered it nine days ago!",
        "Cancel it",
    ]
    source.write_text("question,expected\n" + "".join(f"{text},x\n" for text in texts), "utf-8")
    assert call("import", source, "--output", tmp_path / "all", "--yes")[0] == 0
    assert len(load_cases(load_project(tmp_path / "all"), load_project(tmp_path / "all").tasks[0])) == 3
    code, said, err = call("import", source, "--output", tmp_path / "o", "--yes", "--fold")
    assert code == 0 and "nearly the same: folded" in said, err
    task = load_project(tmp_path / "o").tasks[0]
    assert [case.vars["question"] for case in load_cases(load_project(tmp_path / "o"), task)] == [texts[0], texts[2]]
    assert task.production is not None and len(task.production.read_text("utf-8").splitlines()) == 3


def test_a_project_that_is_there_gets_files_and_keeps_its_comments(call: Call, folder: Path, tmp_path: Path) -> None:
    config = folder / "migrator.toml"
    config.write_text(
        config.read_text("utf-8").replace('cases = ["triage.jsonl"]', 'cases = ["triage.jsonl"]  # mine'), "utf-8"
    )
    before = load_project(folder)
    source = tmp_path / "more.jsonl"
    rows = [{"messages": [{"role": "user", "content": text}], "output": "good"} for text in ("question 1", "another")]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    code, said, err = call("import", source, "--output", folder, "--yes")
    assert code == 0, err
    assert '+cases = ["triage.jsonl", "cases/triage.jsonl"]' in said.replace("  # mine", "")
    after = load_project(folder)
    assert "# mine" in config.read_text("utf-8")
    assert after.baseline == before.baseline and "--use-answers makes them the baseline" in said
    assert not (folder / "outputs").exists()  # nothing would name a file of answers
    assert "prompt needs" not in said
    # `question 1` is a case already.
    assert [case.messages[0]["content"] for case in load_cases(after, after.tasks[0])][-2:] == [
        "question 12",
        "another",
    ]
    (folder / "triage.md").write_text("Sort the ticket of {{ shop }}.\n", "utf-8")
    (tmp_path / "other.csv").write_text("question,expected\nhi,x\n")
    assert (
        "the task's prompt needs shop" in call("import", tmp_path / "other.csv", "--output", folder, "--dry-run")[1]
    )
    code, said, err = call("-C", folder, "import", source, "--yes", "--task", "new", "--use-answers")
    assert (code, said) == (2, "") and "would leave triage without a baseline" in err
    code, said, err = call("-C", folder, "import", source, "--yes", "--task", "new")
    assert code == 0 and "--use-answers" not in said, err
    after = load_project(folder)
    assert [task.name for task in after.tasks] == ["triage", "new"] and after.baseline == before.baseline
    assert len(load_cases(after, after.task("new"))) == 2
    assert leftovers(folder) == []


def test_answers_join_those_of_a_recorded_baseline(call: Call, tmp_path: Path) -> None:
    """Both tasks run on answers; nothing that is there is written over, and no id means two cases."""
    out = tmp_path / "p"
    out.mkdir()
    (out / "old.md").write_text("Sort.\n", "utf-8")
    cases = [{"id": f"c{n}", "messages": [{"role": "user", "content": f"old {n}"}]} for n in (1, 2, 3)]
    (out / "old.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), "utf-8")
    # c2 and c3 are joined by what they ask; `output` means something else in this file.
    rows = [{"nr": "c1", "said": "A1", "output": 7}, *({"asks": f"old {n}", "said": f"A{n}"} for n in (2, 3))]
    (out / "said.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (out / "migrator.toml").write_text(
        '[baseline]\nmodel = "recorded:said.jsonl"  # the answers of 2023\n'
        'columns = { id = "nr", input = "asks", output = "said" }\n\n'
        '[[candidates]]\nmodel = "simulated:bright-2"\n\n'
        '[[tasks]]\nname = "old"\nprompt = "old.md"\ncases = ["old.jsonl"]\n\n[gate]\nmargin = 0.1\n',
        "utf-8",
    )
    before = everything(out)
    source = tmp_path / "more.csv"
    source.write_text(
        "id,question,output,model\nc1,new 1,B1,gpt-4o\nc2,new 2,B2,gpt-4o\nc9,new 9,B9,gpt-4o\n", "utf-8"
    )
    code, said, err = call("import", source, "--output", out, "--yes", "--task", "new", "--use-answers")
    assert code == 0, err
    assert "3 answers, beside the 3 of said.jsonl" in said and "that file stays" in said
    config = (out / "migrator.toml").read_text("utf-8")
    assert "# those of said.jsonl, and the answers that gpt-4o gave" in config and "2023" not in config
    assert config.count("[[") == 3 == config.count("\n\n[[")
    assert "\n\n[gate]" in config and "\n\n\n" not in config
    assert (out / "said.jsonl").read_text("utf-8") in before
    project = load_project(out)
    assert project.baseline.model == "recorded:outputs/baseline.jsonl" and not project.baseline.columns
    recording = Recording.load(out / "outputs/baseline.jsonl")
    for task, answers in (("old", ["A1", "A2", "A3"]), ("new", ["B1", "B2", "B9"])):
        found = [
            recording.answer(case.id, case.messages[-1]["content"] if case.messages else "")
            for case in load_cases(project, project.task(task))
        ]
        assert [answer.text if answer else None for answer in found] == answers
    # Without the flag, too, and to a task that is there.
    (tmp_path / "again.csv").write_text("question,output\nnew 4,B4\n", "utf-8")
    code, said, err = call("import", tmp_path / "again.csv", "--output", out, "--yes", "--task", "new")
    assert code == 0 and "1 answer, beside the 6 of outputs/baseline.jsonl" in said, err
    code, said, err = call("-C", out, "run", "--format", "json", "--no-gate")
    assert code == 0, err
    assert [(task["cases"], task["baseline"]["errors"]) for task in json.loads(said)["tasks"]] == [(3, 0), (4, 0)]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_is_stopped_leaves_nothing(call: Call, tmp_path: Path, how: signal.Signals) -> None:
    source = tmp_path / "pipe.csv"
    source.write_text("q,expected\n" + "".join(f"question {n} about {n * n},{n}\n" for n in range(200_000)), "utf-8")
    command = [
        sys.executable,
        "-m",
        "migrator_tui",
        "import",
        str(source),
        "--output",
        str(tmp_path / "out"),
        "--yes",
    ]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd=ROOT
    )
    deadline = time.monotonic() + 60
    while not any((tmp_path / name / "rows").exists() for name in leftovers(tmp_path)):
        assert process.poll() is None and time.monotonic() < deadline
        os.sched_yield()
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert not (tmp_path / "out").exists()
    if how is signal.SIGINT:
        assert process.returncode == 3 and b"stopped" in err
        assert leftovers(tmp_path) == []
    small = tmp_path / "small.csv"
    small.write_text("q,expected\nhi,x\n")
    assert call("import", small, "--output", tmp_path / "out", "--yes")[0] == 0
    assert leftovers(tmp_path) == []  # what the killed one left is gone, too


def test_what_is_made_meanwhile_is_not_written_over(
    call: Call, chats: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from migrator_tui.project.importing.plan import Import

    out = tmp_path / "out"
    write = Import.write

    def later(self: Import) -> None:
        out.mkdir()
        (out / "mine").write_text("mine")
        write(self)

    monkeypatch.setattr(Import, "write", later)
    code, _, err = call("import", chats, "--output", out, "--yes")
    assert code == 2 and "no longer empty" in err
    assert [path.name for path in out.iterdir()] == ["mine"] and leftovers(tmp_path) == []


def test_traces_become_a_project_with_tools_and_production(call: Call, shared_data: Path, tmp_path: Path) -> None:
    traces = sorted((shared_data / "traces").glob("*.trace.json"))
    code, _, err = call(
        "import", "langfuse", *traces, "--output", tmp_path / "t", "--yes", "--candidate", "simulated:bright-2"
    )
    assert code == 0, err
    project = load_project(tmp_path / "t")
    task = project.tasks[0]
    assert len(load_cases(project, task)) == 6
    assert [tool["function"]["name"] for tool in task.tools] == ["get_weather", "getWeather"]
    assert task.production is not None
    code, said, err = call("-C", tmp_path / "t", "run", "--format", "json", "--no-gate")
    assert code == 0, err
    assert json.loads(said)["tasks"][0]["baseline"]["cost"] == pytest.approx(
        0.00024275 + 8.35e-05 + 0.000402 + 0.00023 + 0.0010375 + 0.000927499999
    )


def test_promptfoo_goes_to_its_own_readers(call: Call, shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "promptfoo" / "insurance-tickets"
    assert call("import", folder, "--output", tmp_path / "p", "--yes")[0] == 0
    assert len(load_cases(load_project(tmp_path / "p"), load_project(tmp_path / "p").tasks[0])) == 68
    code, said, err = call("import", folder / "results.csv", "--output", tmp_path / "r", "--yes", "--format", "json")
    assert code == 0, err
    assert json.loads(said)["format"] == "promptfoo-results" and len(json.loads(said)["models"]) == 15


def test_what_a_hostile_log_states_never_reaches_the_configuration(call: Call, tmp_path: Path) -> None:
    deep: Any = {"type": "object"}
    for _ in range(80):
        deep = {"type": "object", "properties": {"a": deep}}
    generation = {
        "id": "x" * 400,
        "type": "GENERATION",
        "model": "recorded:/etc/passwd",
        "input": [{"role": "user", "content": "hi \ud800 \x1b]0;x\x07"}],
        "output": "hello",
        "modelParameters": {"temperature": "1e999", "logit_bias": {"1": None}, "stop": ["\ud800"], "seed": 4},
        "metadata": json.dumps({"tools": [{"name": "bad", "parameters": deep}, {"name": "good", "parameters": {}}]}),
        "totalCost": -4,
        "inputUsage": "many",
    }
    source = tmp_path / "t.jsonl"
    rows = [{"trace": {"tags": ["ok", 5, "\n"]}, "observations": [generation]}]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    code, said, err = call("import", "langfuse", source, "--output", tmp_path / "o", "--yes")
    assert code == 0, err
    assert "\x1b" not in said + err
    project = load_project(tmp_path / "o", trusted=False)
    assert project.baseline.params == {"seed": 4}
    assert [tool["function"]["name"] for tool in project.tasks[0].tools] == ["good"]
    cases = load_cases(project, project.tasks[0])
    answer = Recording.load(tmp_path / "o" / "outputs" / "baseline.jsonl").answer(cases[0].id)
    assert answer is not None and answer.cost is None and answer.input_tokens is None


def test_a_column_for_each_way_to_name_a_task(call: Call, chats: Path, tmp_path: Path) -> None:
    for name in ("", "x" * 90, "a\nb"):
        code, _, err = call("import", chats, "--output", tmp_path / "o", "--yes", "--task", name)
        assert code == 2 and "no name for a task" in err
    code, _, err = call("import", chats, "--output", tmp_path / "o", "--yes", "--task", "a/b: c")
    assert code == 0, err
    assert load_project(tmp_path / "o").tasks[0].name == "a/b: c"


def test_the_form_of_answers_and_the_parameters_come_along(call: Call, tmp_path: Path) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "c", "schema": {"type": "object", "default": None}}}
    body: dict[str, Any] = {
        "model": "gpt-4o",
        "messages": [SYSTEM, {"role": "user", "content": "hi"}],
        "response_format": form,
    }
    asked: list[dict[str, Any]] = [
        {"custom_id": f"r{n}", "url": "/v1/chat/completions", "body": {**body, "seed": 3}} for n in (1, 2)
    ]
    asked[1]["body"]["messages"] = [{"role": "system", "content": "Other."}, {"role": "user", "content": "ho"}]
    source = tmp_path / "asked.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in asked), "utf-8")
    code, said, err = call("import", source, "--output", tmp_path / "o", "--yes")
    assert code == 0, err
    project = load_project(tmp_path / "o")
    # Nobody recorded answers: the model itself is the baseline.
    assert project.baseline.model == "gpt-4o" and project.baseline.params == {"seed": 3}
    assert project.tasks[0].response_format == form
    assert "different system messages" in said
    assert [case.messages[0]["content"] for case in load_cases(project, project.tasks[0])] == [
        SYSTEM["content"],
        "Other.",
    ]


def test_a_tool_that_is_called_and_not_defined_is_told(call: Call, tmp_path: Path) -> None:
    asked = {"role": "user", "content": "Rain in Rome?"}
    calls = [{"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}]
    generation = {"id": "g", "type": "GENERATION", "model": "gpt-4o", "input": [asked]}
    answer = {"output": {"role": "assistant", "content": None, "tool_calls": calls}}
    source = tmp_path / "t.jsonl"
    source.write_text(json.dumps({"trace": {}, "observations": [{**generation, **answer}]}), "utf-8")
    code, said, err = call("import", "langfuse", source, "--output", tmp_path / "o", "--dry-run")
    assert code == 0, err
    assert "! calls get_weather; no definition of it was exported: add it to the task's tools" in said
    assert "1 case\n" in said and "1 answer\n" in said and "1 row " in said and "1  row read" in said
    defined = [{"name": "get_weather", "parameters": {}}]
    generation["metadata"] = json.dumps({"tools": defined})
    source.write_text(json.dumps({"trace": {}, "observations": [{**generation, **answer}]}), "utf-8")
    code, said, err = call("import", "langfuse", source, "--output", tmp_path / "o", "--dry-run")
    assert code == 0 and "no definition" not in said and "1 tool: get_weather" in said, err


def test_what_is_mostly_broken_is_refused_unless_one_says_so(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "o"
    source = tmp_path / "t.csv"
    source.write_text("question,answer\n" + "a,b\n" * 3 + "".join(f"broken {n}\n" for n in range(4)), "utf-8")
    code, said, err = call("import", source, "--output", out, "--yes")
    assert (code, said) == (2, "") and len(err.strip().splitlines()) == 1
    assert "4 of 7 rows are broken or do not fit (line 5: 1 columns where the heading has 2)" in err
    assert "--allow-broken imports the others" in err and not out.exists() and leftovers(tmp_path) == []
    assert call("import", source, "--output", out, "--yes", "--allow-broken")[0] == 0
    # Answers of another batch; calls that failed, however many, are what a batch has.
    asked = [
        {"custom_id": f"r{n}", "body": {"model": "m", "messages": [{"role": "user", "content": f"q{n}"}]}}
        for n in range(6)
    ]
    reply = {"choices": [{"message": {"role": "assistant", "content": "yes"}}]}

    def answers(good: int, failed: int) -> str:
        lines = [{"custom_id": f"r{n}", "response": {"status_code": 200, "body": reply}} for n in range(good)]
        lines += [{"custom_id": f"r{n}", "response": {"status_code": 500}} for n in range(good, good + failed)]
        return "".join(json.dumps(line) + "\n" for line in lines)

    source = tmp_path / "asked.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in asked), "utf-8")
    given = tmp_path / "given.jsonl"
    given.write_text(answers(2, 0), "utf-8")
    words = ("import", source, "--answers", given, "--output", tmp_path / "b", "--dry-run")
    code, said, err = call(*words)
    assert code == 2 and "4 of 6 rows are broken or do not fit (line 3: without an answer)" in err
    given.write_text(answers(2, 4), "utf-8")
    assert call(*words)[0] == 0


def test_a_source_file_is_no_table_unless_one_says_so(call: Call, tmp_path: Path) -> None:
    source = tmp_path / "prompt.py"
    source.write_text("ask, told = 1, 2\nask, told = 3, 4\n", "utf-8")
    code, said, err = call("import", source, "--output", tmp_path / "o", "--yes")
    assert (code, said) == (2, "") and "is no table by its name (.py); `import table prompt.py`" in err
    assert call("import", "table", source, "--output", tmp_path / "o", "--yes")[0] == 0
