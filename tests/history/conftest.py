"""A small project on disk and its history."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy import text as sql

from migrator_tui.history.digests import digest_of
from migrator_tui.history.records import NewOutput, Origin, Version
from migrator_tui.history.store import History
from migrator_tui.project.schema import ModelSpec, Project, Task

MakeProject = Callable[..., Project]


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Write a project folder and say what `project.config` would say of it."""

    def make(folder: Path | None = None, *, name: str = "shop", database: str | None = None) -> Project:
        folder = (folder or tmp_path / "shop").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "migrator.toml"
        cases = folder / "cases.jsonl"
        if not config.exists():
            config.write_text(f'[project]\nname = "{name}"\n', "utf-8")
            cases.write_text('{"id": "a"}\n', "utf-8")
        return Project(
            folder=folder,
            config_file=config,
            name=name,
            baseline=ModelSpec("baseline", "simulated:old"),
            candidates=[ModelSpec("new", "simulated:new")],
            tasks=[Task("triage", folder / "prompt.md", [cases])],
            database=database,
        )

    return make


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project()


@pytest.fixture
def history(project: Project) -> Iterator[History]:
    with History.open(project) as opened:
        yield opened


def a_version(history: History, template: str = "Sort the ticket.", model_name: str = "new") -> Version:
    """A version of the task `triage`."""
    return history.record_version(
        task="triage",
        model_name=model_name,
        template=template,
        params={"temperature": 0},
        parent_id=None,
        origin=Origin.FILE,
        author="ann",
    )


def an_output(version: Version, case_id: str = "a", text: str = "fine", **more: object) -> NewOutput:
    """An answer of that version for a case."""
    values: dict[str, object] = {
        "call_key": digest_of([version.id, case_id, more.get("repeat", 0)]),
        "task": version.task,
        "model_name": version.model_name,
        "model": "simulated:new",
        "case_id": case_id,
        "version_id": version.id,
        "repeat": 0,
        "text": text,
    }
    return NewOutput(**(values | more))  # type: ignore[arg-type]


@pytest.fixture
def postgres() -> Iterator[str]:
    """An empty schema of its own on the PostgreSQL server that MIGRATOR_TEST_POSTGRES names."""
    stated = os.environ.get("MIGRATOR_TEST_POSTGRES")
    if not stated:
        pytest.skip("MIGRATOR_TEST_POSTGRES names no database")
    name = f"test_{secrets.token_hex(6)}"
    server = create_engine(make_url(stated).set(drivername="postgresql+psycopg"))
    with server.begin() as connection:
        connection.execute(sql(f"create schema {name}"))
    yield make_url(stated).update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(False)
    with server.begin() as connection:
        connection.execute(sql(f"drop schema {name} cascade"))
    server.dispose()
