"""The schema: created at once or by migrations it is the same, and no database is harmed on the way."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from migrator_tui.history import schema, schema_version
from migrator_tui.history.database import Database
from migrator_tui.history.errors import DatabaseTooNewError, HistoryError, NotOurDatabaseError
from migrator_tui.history.schema import upgrade
from migrator_tui.history.schema_version import HEAD
from migrator_tui.history.store import History
from migrator_tui.history.tables import Base
from migrator_tui.project.schema import Project
from tests.history.conftest import MakeProject, a_version, an_output

MIGRATIONS = Path(schema.__file__).parent / "migrations"


def described(file: Path) -> dict[str, Any]:
    """What SQLite says of each table: columns, keys and indexes, without the order in which they were made."""
    with sqlite3.connect(file) as plain:
        tables = [row[0] for row in plain.execute("select name from sqlite_master where type = 'table'")]
        found: dict[str, Any] = {}
        for name in sorted(tables):
            if name == schema_version.VERSION_TABLE:
                continue
            indexes = [
                (unique, origin, [row[2] for row in plain.execute(f"pragma index_info('{index}')")])
                for _, index, unique, origin, _ in plain.execute(f"pragma index_list('{name}')")
            ]
            found[name] = (
                [row[1:] for row in plain.execute(f"pragma table_info('{name}')")],
                sorted(indexes),
                sorted(row[2:5] for row in plain.execute(f"pragma foreign_key_list('{name}')")),
            )
        return found


def test_a_fresh_database_equals_a_migrated_one(project: Project, tmp_path: Path) -> None:
    with History.open(project) as history:
        fresh = described(Path(history.location))
    migrated = tmp_path / "migrated.sqlite3"
    database = Database(URL.create("sqlite", database=str(migrated)))
    with database.writing() as connection:
        upgrade(connection)
    database.close()
    assert described(migrated) == fresh
    assert set(fresh) == set(Base.metadata.tables)


def test_alembic_agrees_that_nothing_is_left_to_migrate(history: History) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with history._history.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": schema_version.VERSION_TABLE}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_script_is_the_version_we_write() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_opening_what_is_up_to_date_imports_no_alembic(project: Project) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.history.writer import project_at;"
        "from migrator_tui.history.store import History; History.open(project_at(Path(sys.argv[1]))).close();"
        "History.open(project_at(Path(sys.argv[1]))).close(); assert 'alembic' not in sys.modules"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code, str(project.folder)], check=True, cwd=root, env=dict(os.environ))


@pytest.fixture
def next_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program whose schema is one step newer than ours: its folder of migrations, the last one still empty."""
    scripts = tmp_path / "migrations"
    (scripts / "versions").mkdir(parents=True)
    for file in MIGRATIONS.rglob("*.py"):
        (scripts / file.relative_to(MIGRATIONS)).write_text(file.read_text("utf-8"), "utf-8")
    original = schema.upgrade
    monkeypatch.setattr(schema, "HEAD", "0006")
    monkeypatch.setattr("migrator_tui.history.database.HEAD", "0006")
    monkeypatch.setattr(
        schema, "upgrade", lambda connection: original(connection, scripts=scripts, to="0006"), raising=True
    )
    return scripts / "versions" / "v0006_next.py"


_NEXT = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0006", "0005", None, None

def upgrade():
    op.create_table("migrator_extra", sa.Column("id", sa.Integer, primary_key=True))
    with op.batch_alter_table("migrator_output") as batch:
        batch.alter_column("attempts", nullable=True)
        batch.add_column(sa.Column("seed", sa.Integer))
    op.execute("update migrator_output set text = text || '!'")
"""


def test_an_older_database_is_backed_up_and_migrated(project: Project, next_schema: Path) -> None:
    with pytest.MonkeyPatch.context() as old_program:
        old_program.setattr(schema, "HEAD", HEAD)
        with History.open(project) as history:
            version = a_version(history)
            stored = history.add_outputs([an_output(version, text="hello")])
            history.judge(stored, True, author="ann")
            file = Path(history.location)
    next_schema.write_text(_NEXT, "utf-8")
    with History.open(project) as history:
        assert history.current_outputs("triage", "new", "simulated:new")["a"][0].text == "hello!"
        assert len(history.verdicts("triage", "new")) == 1  # what points at a rebuilt table is still there
        assert history.version(version.id) == version
    with sqlite3.connect(file) as plain:
        assert plain.execute("select seed from migrator_output").fetchall() == [(None,)]
        assert plain.execute("select version_num from migrator_version").fetchall() == [("0006",)]
        assert plain.execute("pragma foreign_key_check").fetchall() == []
    (backup,) = file.parent.glob("history.schema-0005.*.sqlite3")
    with sqlite3.connect(backup) as plain:
        assert plain.execute("select text from migrator_output").fetchall() == [("hello",)]
        assert plain.execute("select version_num from migrator_version").fetchall() == [("0005",)]
    assert backup.stat().st_mode & 0o077 == 0


def test_a_migration_that_fails_changes_nothing(project: Project, next_schema: Path) -> None:
    with pytest.MonkeyPatch.context() as old_program:
        old_program.setattr(schema, "HEAD", HEAD)
        with History.open(project) as history:
            history.add_outputs([an_output(a_version(history), text="hello")])
            file = Path(history.location)
    before = described(file)
    next_schema.write_text(_NEXT + "    raise RuntimeError('half way')\n", "utf-8")
    with pytest.raises(RuntimeError, match="half way"):
        History.open(project)
    assert described(file) == before
    with sqlite3.connect(file) as plain:
        assert plain.execute("select text from migrator_output").fetchall() == [("hello",)]
        assert plain.execute("select version_num from migrator_version").fetchall() == [("0005",)]


def test_a_newer_database_is_refused_in_one_line(project: Project) -> None:
    with History.open(project) as history:
        file = history.location
    with sqlite3.connect(file) as plain:
        plain.execute("update migrator_version set version_num = '0042'")
    with pytest.raises(
        DatabaseTooNewError, match=r"newer migrator-tui \(schema 0042, this one knows 0005\)"
    ) as error:
        History.open(project)
    assert "\n" not in str(error.value) and file in str(error.value)


def test_what_is_not_ours_is_left_alone(make_project: MakeProject, tmp_path: Path) -> None:
    project = make_project()
    text = project.folder / "text.db"
    text.write_text("this is no database, but a text that is long enough to be looked at " * 20)
    other = project.folder / "other.db"
    with sqlite3.connect(other) as plain:
        plain.execute("create table output (id integer)")
    for name in ("text.db", "other.db"):
        before = (project.folder / name).read_bytes()[100:]
        with pytest.raises(NotOurDatabaseError) as error:
            History.open(project, database=f"sqlite:///{name}")
        assert "\n" not in str(error.value)
        assert (project.folder / name).read_bytes()[100:] == before


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://ann:hunter2-secret@host/db", "not supported|driver"),
        ("hunter2-secret", "is no URL"),
        ("nosuch://ann:hunter2-secret@host/db", "."),
        ("postgresql://ann:hunter2-secret@127.0.0.1:1/db", "."),
        ("postgres://ann:hunter2-secret@127.0.0.1:1/db", "refused"),
        ("postgresql+asyncpg://ann:hunter2-secret@127.0.0.1:1/db", "names a driver"),
        ("postgresql://ann@127.0.0.1:1/db?password=hunter2-secret", "refused.*ann@127.0.0.1:1/db"),
        ("postgresql://ann:hunter2-secret@127.0.0.1:1/db?nonsense=1", "nonsense"),
        ("sqlite:////proc/nowhere/hunter2.sqlite3", "."),
    ],
)
def test_a_database_that_cannot_be_had_is_told_in_one_line(project: Project, url: str, says: str) -> None:
    with pytest.raises(HistoryError, match=says) as error:
        History.open(project, database=url)
    assert "\n" not in str(error.value) and "hunter2-secret" not in str(error.value)


def test_a_damaged_file_is_told_in_one_line(project: Project) -> None:
    with History.open(project) as history:
        file = Path(history.location)
        history.add_outputs([an_output(a_version(history), f"c{n}", "x" * 3_000) for n in range(200)])
    with file.open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(b"\xff" * (file.stat().st_size - 4096))
    with pytest.raises(HistoryError) as error, History.open(project) as history:
        history.current_outputs("triage", "new", "simulated:new")
    assert "\n" not in str(error.value) and "malformed" in str(error.value)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_goes_while_it_is_open_is_missed(project: Project, replaced: bool) -> None:
    with History.open(project) as history:
        file = Path(history.location)
        assert history.take_lease("one", 6.0)
        aside = file.with_name("aside.sqlite3")
        file.rename(aside)
        if replaced:
            file.write_bytes(aside.read_bytes())
        for use in (history.lease, lambda: history.take_lease("one", 6.0)):
            with pytest.raises(HistoryError, match="was replaced" if replaced else "has gone") as error:
                use()
            assert "\n" not in str(error.value)
        assert file.exists() is replaced
        aside.replace(file)  # put back, all is as it was
        assert history.take_lease("one", 6.0)


def test_the_files_are_the_owners_alone(history: History) -> None:
    file = Path(history.location)
    assert file.stat().st_mode & 0o077 == 0 and file.parent.stat().st_mode & 0o077 == 0


def test_a_named_file_may_hold_several_projects(make_project: MakeProject, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.sqlite3'}"
    with History.open(make_project(database=url)) as history:
        assert history.location == str(tmp_path / "shared.sqlite3")
        a_version(history)
        with History.open(make_project(tmp_path / "b", name="b", database=url)) as other:
            assert other.versions("triage", "new") == []
