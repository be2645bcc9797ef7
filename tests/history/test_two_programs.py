"""Two programs on one project lose nothing of each other, and one that is killed leaves whole rows behind."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from migrator_tui.history.store import History
from migrator_tui.project.schema import Project
from tests.history.conftest import a_version, an_output
from tests.history.writer import BATCH, project_at

ROOT = Path(__file__).resolve().parents[2]


def start(project: Project, name: str, count: int) -> "subprocess.Popen[str]":
    arguments = [str(project.folder), name, str(count), *([project.database] if project.database else [])]
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.history.writer", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=dict(os.environ),
    )
    assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
    return writer


def go(writer: "subprocess.Popen[str]") -> None:
    assert writer.stdin is not None
    writer.stdin.write("\n")
    writer.stdin.flush()


def finish(writer: "subprocess.Popen[str]") -> None:
    output, _ = writer.communicate(timeout=100)
    assert writer.returncode == 0, output


def check_everything_is_there(history: History, names: list[str], batches: int) -> None:
    versions = history.versions("triage", "new")
    assert sorted(v.number for v in versions) == list(range(1, len(names) * batches + 2))
    assert Counter(v.template for v in versions)["the same everywhere"] == 1
    assert len(history.current_outputs("triage", "new", "simulated:new")) == len(names) * batches * BATCH
    verdicts = [v for some in history.verdicts("triage", "new").values() for v in some]
    assert Counter((v.author, v.passed) for v in verdicts) == {(name, False): batches for name in names}
    assert {(d.window, d.template) for d in history.drafts("triage", "new")} == {
        (name, f"draft {batches - 1}") for name in names
    }
    runs = history.runs()
    assert sorted(run.author for run in runs) == names
    for run in runs:
        assert run.done == run.items == batches * BATCH
        ids = [item.output_id for item in history.run_items(run.id) if item.output_id is not None]
        outputs = history.outputs(ids)
        assert {output.text.split()[0] for output in outputs.values()} == {run.author}
        assert all(len(found) == 1 for found in history.checks(ids).values()) and len(history.checks(ids)) == len(ids)


def test_two_programs_that_create_and_write_at_once(project: Project) -> None:
    names = ["ann", "bob"]
    writers = [start(project, name, 15) for name in names]
    for writer in writers:
        go(writer)
    for writer in writers:
        finish(writer)
    with History.open(project) as history:
        check_everything_is_there(history, names, 15)


def test_what_a_killed_program_had_said_is_there_and_nothing_is_half_there(project: Project) -> None:
    writer = start(project, "ann", 2_000)
    go(writer)
    assert writer.stdout is not None
    said = [int(writer.stdout.readline()) for _ in range(12)][-1]
    writer.kill()
    writer.wait()
    with History.open(project) as history:
        outputs = history.current_outputs("triage", "new", "simulated:new")
        batches = Counter(int(o.text.split()[1]) for some in outputs.values() for o in some)
        assert len(batches) > said and set(batches.values()) == {BATCH}
        assert all(len(o.text) > 2_000 for some in outputs.values() for o in some)
        run = history.unfinished_run()
        assert run is not None and run.state == "running" and run.done == len(outputs) < run.items
        answered = [item for item in history.run_items(run.id) if item.output_id is not None]
        assert [item.case_id for item in answered] == list(outputs)
        assert history.drafts("triage", "new")[0].template in {f"draft {said + n}" for n in range(3)}
        with sqlite3.connect(history.location) as plain:
            assert plain.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert plain.execute("pragma foreign_key_check").fetchall() == []


def test_threads_share_one_history(history: History) -> None:
    version = a_version(history)
    errors: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for n in range(30):
                history.judge(history.add_outputs([an_output(version, f"{name}{n}")]), True, author=name)
                history.current_outputs("triage", "new", "simulated:new", [f"{name}{n}"])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(history.verdicts("triage", "new")) == 180


def test_a_reader_is_not_held_up_by_a_writer(history: History, project: Project) -> None:
    a_version(history)
    with sqlite3.connect(history.location, isolation_level=None) as plain:
        plain.execute("begin immediate")
        assert len(history.versions("triage", "new")) == 1
        assert history.record_version(**_again()).number == 1  # known already: nothing to write
        plain.execute("rollback")


def _again() -> dict[str, object]:
    from migrator_tui.history.records import Origin

    return {
        "task": "triage",
        "model_name": "new",
        "template": "Sort the ticket.",
        "params": {"temperature": 0},
        "parent_id": None,
        "origin": Origin.FILE,
        "author": "ann",
    }


POSTGRES = os.environ.get("MIGRATOR_TEST_POSTGRES")


@pytest.mark.skipif(not POSTGRES, reason="MIGRATOR_TEST_POSTGRES names no database")
def test_two_programs_on_postgresql(project: Project, postgres: str) -> None:
    there = project_at(project.folder, postgres)
    names = ["ann", "bob"]
    writers = [start(there, name, 10) for name in names]
    for writer in writers:
        go(writer)
    for writer in writers:
        finish(writer)
    with History.open(there) as history:
        check_everything_is_there(history, names, 10)
