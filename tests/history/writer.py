"""A program of its own that writes into a history, for tests of two at once and of one that is killed.

`python -m tests.history.writer FOLDER NAME COUNT [URL]` waits for a line on stdin, then writes COUNT batches and
says so after each: by the time a number is printed, that batch has been committed.
"""

import sys
from pathlib import Path

from migrator_tui.history.records import CheckRecord, Draft, RunItem
from migrator_tui.history.store import History
from migrator_tui.project.schema import ModelSpec, Project, Task
from tests.history.conftest import a_version, an_output

BATCH = 7


def project_at(folder: Path, database: str | None = None) -> Project:
    """The project that `make_project` writes."""
    return Project(
        folder=folder,
        config_file=folder / "migrator.toml",
        name="shop",
        baseline=ModelSpec("baseline", "simulated:old"),
        candidates=[ModelSpec("new", "simulated:new")],
        tasks=[Task("triage", folder / "prompt.md", [folder / "cases.jsonl"])],
        database=database,
    )


def main(folder: str, name: str, count: str, database: str | None = None) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    with History.open(project_at(Path(folder).resolve(), database)) as history:
        shared = a_version(history, "the same everywhere")
        items = [
            RunItem(no, "triage", "new", f"{name}-{no}", shared.id, 0, f"{name}-{no}")
            for no in range(int(count) * BATCH)
        ]
        run = history.start_run({"writer": name}, items, name)
        for batch in range(int(count)):
            version = a_version(history, f"{name} {batch}")
            outputs = history.add_outputs(
                [
                    an_output(version, item.case_id, f"{name} {batch} " + "x" * 2_000, run_id=run.id, item_no=item.no)
                    for item in items[batch * BATCH : (batch + 1) * BATCH]
                ]
            )
            history.add_checks({o.id: [CheckRecord("k", "is-json", True, 1, 1, "")] for o in outputs})
            history.judge(outputs, True, author=name)
            history.undo_last(name)
            history.judge(outputs[:1], False, author=name)
            history.save_draft(Draft("triage", "new", f"draft {batch}", "", None, name, version.created_at))
            print(batch, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
