"""Checks that ask judges, embeddings and code, from outside: the whole program, its worker and its simulator."""

import json
from pathlib import Path

import pytest

from migrator_tui.project.trust import trust_config
from tests.cli.conftest import CANARY, Call, CountingServer, completion, run
from tests.cli.test_run import found_anywhere

CONFIG = """\
[project]
name = "letters"

[baseline]
model = "simulated:classic-1"
params = { max_tokens = 100 }

[[candidates]]
name = "bright"
model = "simulated:bright-2"
params = { max_tokens = 100 }

[judge]
model = "simulated:judge-1"

[embeddings]
model = "simulated:embedding-1"

[[tasks]]
name = "reply"
prompt = "reply.md"
cases = ["cases.jsonl"]
checks = [
  { type = "llm-rubric", value = "At most {{ most }} words", threshold = 0.5 },
  { type = "select-best", value = "At most 40 words" },
  { type = "similar", to = "baseline", threshold = 0.1, weight = 0 },
]
"""
TICKETS = [("Where is my parcel? Order 88231", 60), ("I was charged twice", 60), ("My lamp is broken", 3)]


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "migrator.toml").write_text(CONFIG)
    (folder / "reply.md").write_text("You answer customers of a shop in plain words.\n")
    lines = [
        {"id": f"c{n}", "vars": {"most": most}, "messages": [{"role": "user", "content": ticket}]}
        for n, (ticket, most) in enumerate(TICKETS, 1)
    ]
    (folder / "cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_a_run_judges_with_the_real_worker_and_asks_nothing_twice(letters: Path, call: Call) -> None:
    code, out, err = run("-C", letters, "run", "--no-gate", "--format", "json")
    assert code == 0, err
    # Both models' six answers, six rubrics, three comparisons in both orders less those of equal answers, similar.
    assert "calls to make" in err and "of them for checks" in err
    task = json.loads(out)["tasks"][0]
    assert (task["baseline"]["passed"], task["baseline"]["failed"], task["baseline"]["errors"]) == (2, 1, 0)
    candidate = task["candidates"][0]
    assert candidate["failed"] >= 1 and candidate["errors"] == candidate["unjudged"] == 0
    code, again, err = call("-C", letters, "run", "--no-gate", "--format", "json")
    assert "0 calls to make" in err
    assert json.loads(again)["tasks"][0]["candidates"][0]["passed"] == candidate["passed"]


def test_a_cap_leaves_checks_open_and_the_next_run_asks_them(letters: Path, call: Call) -> None:
    # A verdict may cost $0.0082 by the length that a judge is allowed: enough for the answers and few of those.
    capped = ("--max-cost", "0.0088", "--concurrency", "1", "--approve")
    code, out, err = call("-C", letters, "run", *capped, "--format", "json")
    assert code == 3 and "not asked yet" in err and "not approved: the run is not complete" in err
    task = json.loads(out)["tasks"][0]
    assert task["candidates"][0]["unjudged"] + task["baseline"]["unjudged"] > 0
    assert task["candidates"][0]["gate"]["decision"] != "ready"
    code, out, err = call("-C", letters, "run", "--resume", "--no-gate", "--format", "json")
    assert code == 0, err
    task = json.loads(out)["tasks"][0]
    assert task["candidates"][0]["unjudged"] == task["baseline"]["unjudged"] == 0


def test_a_judges_key_goes_to_the_judge_alone_and_reaches_no_disk(
    server: CountingServer, folder: Path, own_home: Path, call: Call
) -> None:
    def reply(question: str) -> tuple[int, dict[str, object]]:
        if question.startswith("judge"):
            return (
                (401, {"error": {"message": f"wrong key {CANARY}"}})
                if "question 3" in question
                else (200, completion('{"pass": true}'))
            )
        return 200, completion(f"good {question}")

    server.reply = reply
    config = (folder / "migrator.toml").read_text("utf-8")
    config = config.replace('{ type = "contains", value = "good" }', '{ type = "llm-rubric", value = "is good" }')
    config += f'\n[judge]\nmodel = "openai/judge"\napi_base = "{server.base}"\napi_key_env = "OPENAI_API_KEY"\n'
    (folder / "migrator.toml").write_text(config, "utf-8")
    trust_config(folder / "migrator.toml")
    code, out, err = call("-C", folder, "run", "--case", "c1", "--case", "c3", "--format", "json")
    assert code == 3
    task = json.loads(out)["tasks"][0]
    assert (task["baseline"]["passed"], task["baseline"]["errors"]) == (1, 1)
    assert "case c3: llm-rubric: openai/judge:" in err
    assert "checks made 2 calls of their own, of unknown price" in err
    assert CANARY not in out + err and found_anywhere(CANARY, folder, own_home) == []
    assert sum(question.startswith("judge") for question in server.asked.elements()) == 4


def test_code_runs_in_a_trusted_folder_only(letters: Path, call: Call) -> None:
    note = letters / "ran"
    (letters / "tone.py").write_text(
        f"def get_assert(output, context):\n    open({str(note)!r}, 'a').write('x')\n    return True\n"
    )
    config = (letters / "migrator.toml").read_text()
    (letters / "migrator.toml").write_text(
        config.replace("checks = [", 'checks = [\n  { type = "python", value = "file://tone.py" },')
    )
    code, out, err = call("-C", letters, "run")
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert "not trusted yet and runs Python code on this machine, with your rights: tone.py" in err
    assert not note.exists()
    code, out, err = call("-C", letters, "run", "--trust", "--no-gate", "--format", "json")
    assert code == 0, err
    assert note.read_text() == "x" * 6
    code, out, err = call("-C", letters, "trust")
    assert code == 0 and "it may now: runs Python code" in out


def test_code_in_a_case_file_is_refused_before_anything_runs(letters: Path, call: Call) -> None:
    (letters / "cases.jsonl").write_text(
        '{"id": "c1", "vars": {"most": 1}, "checks": [{"type": "python", "value": "1"}]}\n'
    )
    code, out, err = call("-C", letters, "run", "--trust")
    assert (code, out) == (2, "") and "case c1: a python check stands in migrator.toml" in err


def test_a_missing_judge_is_told_before_anything_runs(letters: Path, call: Call) -> None:
    config = (letters / "migrator.toml").read_text()
    (letters / "migrator.toml").write_text(config.replace('[judge]\nmodel = "simulated:judge-1"\n', ""))
    code, out, err = call("-C", letters, "run")
    assert (code, out) == (2, "")
    assert "task reply: check llm-rubric: needs a model to ask: add a [judge] table" in err
