"""The store on PostgreSQL: the same tests, and what only a shared database can show."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url
from sqlalchemy import text as sql

from migrator_tui.history.database import Database, parse_url
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.schema import upgrade
from migrator_tui.history.schema_version import VERSION_TABLE
from migrator_tui.history.store import History
from migrator_tui.history.tables import Base
from migrator_tui.project.schema import Project
from tests.history import test_adaptations, test_rollouts, test_store, test_traffic
from tests.history.conftest import MakeProject, a_version, an_output

pytestmark = pytest.mark.usefixtures("postgres")


@pytest.fixture
def project(make_project: MakeProject, postgres: str) -> Project:
    return make_project(database=postgres)


@pytest.fixture
def history(project: Project) -> Iterator[History]:
    with History.open(project) as opened:
        assert opened.location.startswith("postgresql+psycopg://")
        yield opened


_SQLITE_ONLY = {
    "test_clean_text_lies_in_the_database_as_it_is",
    "test_a_run_that_a_living_process_is_at_is_not_offered",
    "test_a_verdict_is_taken_back_by_a_row_of_its_own",
    "test_money_spent_today",
    "test_known_keys_do_not_reach_the_database",
    "test_known_keys_do_not_reach_the_file",
}
"""They look into the file."""

globals().update(
    {
        name: value
        for module in (test_store, test_adaptations, test_rollouts, test_traffic)
        for name, value in vars(module).items()
        if name.startswith("test_") and name not in _SQLITE_ONLY
    }
)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("-csearch_path=nowhere", "no schema has been selected"),
        ("-cdefault_transaction_read_only=on", "read-only transaction"),
    ],
)
def test_a_server_that_refuses_is_told_in_one_line(
    make_project: MakeProject, postgres: str, option: str, says: str
) -> None:
    said = str(make_url(postgres).query["options"])
    url = make_url(postgres).update_query_dict({"options": f"{said} {option}"}).render_as_string(False)
    with pytest.raises(HistoryError, match=says) as error:
        History.open(make_project(database=url))
    assert "\n" not in str(error.value)


def test_a_user_without_rights_is_told_so_in_one_line(project: Project, postgres: str) -> None:
    """From PostgreSQL 15 on this is what a database is like that somebody else has created."""
    role = f"migrator_{secrets.token_hex(6)}"
    with History.open(project) as history:
        a_version(history)
    server = create_engine(make_url(postgres).set(drivername="postgresql+psycopg"))
    with server.begin() as connection:
        schema = connection.execute(sql("select current_schema()")).scalar_one()
        connection.execute(sql(f"create role {role}"))
        connection.execute(sql(f"grant usage on schema {schema} to {role}"))
    try:
        said = str(make_url(postgres).query["options"])
        url = make_url(postgres).update_query_dict({"options": f"{said} -crole={role}"}).render_as_string(False)
        with pytest.raises(HistoryError, match="permission denied") as error:
            History.open(project, database=url)
        assert "\n" not in str(error.value)
    finally:
        with server.begin() as connection:
            connection.execute(sql(f"drop owned by {role}"))
            connection.execute(sql(f"drop role {role}"))
        server.dispose()


def test_a_network_that_is_cut_is_noticed_soon_unless_the_url_says_otherwise(
    make_project: MakeProject, postgres: str
) -> None:
    """Only the settings: TCP keeps the promise."""
    for stated, milliseconds in ({}, "10000"), ({"tcp_user_timeout": "90000"}, "90000"):
        url = make_url(postgres).update_query_dict(stated).render_as_string(False)
        with (
            History.open(make_project(database=url)) as history,
            history._history.reading() as connection,
        ):
            driver = connection.connection.driver_connection
            assert driver is not None
            said = driver.info.get_parameters()
            assert said["tcp_user_timeout"] == milliseconds
            assert int(said["keepalives_idle"]) + 3 * int(said["keepalives_interval"]) < 15


def test_money_on_postgresql(history: History) -> None:
    version = a_version(history)
    history.add_outputs([an_output(version, cost=0.5), an_output(version, model="openai/x")])
    assert history.spent_today() == (0.5, True)


def test_undo_on_postgresql(history: History) -> None:
    outputs = history.add_outputs([an_output(a_version(history), case) for case in "ab"])
    group = history.judge(outputs, True, author="ann")
    assert {v.id for v in history.undo_last("ann")} == {v.id for v in group}
    assert history.verdicts("triage", "new") == {} and history.undo_last("ann") == []


def test_projects_in_one_database_see_only_their_own(
    make_project: MakeProject, tmp_path: Path, postgres: str, history: History
) -> None:
    version = a_version(history)
    (output,) = history.add_outputs([an_output(version)])
    history.judge([output], True, author="ann")
    with History.open(make_project(tmp_path / "other", name="other", database=postgres)) as other:
        assert other.versions("triage", "new") == [] and other.verdicts("triage", "new") == {}
        assert other.outputs([output.id]) == {} and other.cached([output.call_key]) == {}
        assert other.undo_last("ann") == [] and a_version(other).number == 1
        with pytest.raises(KeyError):
            other.version(version.id)
    with History.open(make_project(tmp_path / "elsewhere", database=postgres)) as same:  # a colleague's clone
        assert [v.id for v in same.versions("triage", "new")] == [version.id]


def test_what_belongs_to_this_machine_stays_on_it(history: History, project: Project) -> None:
    from migrator_tui.history.first_page import first_page
    from migrator_tui.history.records import SessionState
    from migrator_tui.project.schema import Case

    history.index_cases(project.tasks[0], [Case("a", {"x": "1"})])
    history.save_session(SessionState(case_id="a"))
    page = first_page(project, "triage", "new")
    assert page is not None and page.total == 1 and page.session.case_id == "a"


def test_a_schema_made_by_migrations_serves_as_well(project: Project, postgres: str) -> None:
    empty = Database(parse_url(postgres, project.folder))
    with empty.writing() as connection:
        upgrade(connection)
    with empty.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "version_table": VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []
    empty.close()
    with History.open(project) as history:
        assert history.add_outputs([an_output(a_version(history))])[0].id == 1
