"""The tables. Two families: what happened (appended, shared by a team where the database is PostgreSQL), and what
belongs to this machine (index of its case files, standings, drafts, reviews, session), which always lies in SQLite.

Both families are created in every database; with SQLite, the default, they are one file. The tables of adaptation
lie in `adaptation_tables`, those of rollouts in `rollout_tables`.
"""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

from migrator_tui.history.columns import JsonText, RawText, UtcDateTime, now
from migrator_tui.history.schema_version import TABLE_PREFIX

# SQLite counts by itself only in a column declared INTEGER; PostgreSQL's INTEGER ends at two billion.
IdType = BigInteger().with_variant(Integer, "sqlite")


def id_column() -> Any:
    """A number that the database counts by itself."""
    return Field(default=None, sa_column=Column(IdType, primary_key=True, autoincrement=True))


class Base(SQLModel):
    """Our tables have a MetaData of their own, with predictable names for what migrations may have to drop."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def table(model: type[SQLModel]) -> Table:
    """The SQLAlchemy table of a model, for column selects and batched inserts."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


class ProjectRow(Base, table=True):
    """A project; a PostgreSQL database may hold several. `key` is what recognises it again."""

    __tablename__ = f"{TABLE_PREFIX}project"
    id: int = id_column()
    key: str = Field(sa_type=RawText, unique=True)
    name: str = Field(sa_type=RawText)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class VersionRow(Base, table=True):
    """A prompt version."""

    __tablename__ = f"{TABLE_PREFIX}prompt_version"
    __table_args__ = (
        UniqueConstraint("project_id", "task", "model_name", "number"),
        UniqueConstraint("project_id", "task", "model_name", "digest"),
    )
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText)
    model_name: str = Field(sa_type=RawText)
    number: int
    template: str = Field(sa_type=RawText)
    params: dict[str, Any] = Field(sa_type=JsonText)
    digest: str
    parent_id: int | None = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}prompt_version.id")
    origin: str
    kept: bool
    name: str | None = Field(sa_type=RawText)
    note: str | None = Field(sa_type=RawText)
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)


class RunRow(Base, table=True):
    """One pass over some cases. `owner` names the process that is at it, so that nobody resumes a living run."""

    __tablename__ = f"{TABLE_PREFIX}run"
    id: str = Field(primary_key=True)
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    state: str
    settings: dict[str, Any] = Field(sa_type=JsonText)
    items: int
    owner: str = Field(sa_type=RawText)
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(sa_type=UtcDateTime)


class RunItemRow(Base, table=True):
    """One planned call of a run."""

    __tablename__ = f"{TABLE_PREFIX}run_item"
    run_id: str = Field(primary_key=True, foreign_key=f"{TABLE_PREFIX}run.id")
    no: int = Field(primary_key=True)
    task: str = Field(sa_type=RawText)
    model_name: str = Field(sa_type=RawText)
    case_id: str = Field(sa_type=RawText)
    version_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}prompt_version.id")
    repeat: int
    call_key: str
    output_id: int | None = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}output.id")
    cached: bool


class OutputRow(Base, table=True):
    """What a model answered, or why it did not. (`run_id`, `item_no`) is written once, whoever computes it."""

    __tablename__ = f"{TABLE_PREFIX}output"
    __table_args__ = (
        UniqueConstraint("run_id", "item_no"),
        Index(None, "project_id", "call_key"),
        # All that the money of a day needs, so that the rows with their long texts are not read.
        Index(f"ix_{TABLE_PREFIX}output_money", "project_id", "created_at", "model", "error_kind", "cost"),
    )
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    call_key: str
    task: str = Field(sa_type=RawText)
    model_name: str = Field(sa_type=RawText)
    model: str = Field(sa_type=RawText)
    case_id: str = Field(sa_type=RawText)
    version_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}prompt_version.id")
    repeat: int
    text: str = Field(sa_type=RawText)
    reasoning: str = Field(sa_type=RawText)
    tool_calls: list[Any] = Field(sa_type=JsonText)
    finish_reason: str | None = Field(sa_type=RawText)
    error_kind: str | None
    error: str | None = Field(sa_type=RawText)
    error_status: int | None
    attempts: int
    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    first_token_ms: float | None
    latency_ms: float | None
    cost: float | None
    price_input: float | None
    price_output: float | None
    imported_passed: bool | None
    run_id: str | None = Field(foreign_key=f"{TABLE_PREFIX}run.id")
    item_no: int | None
    created_at: datetime = Field(sa_type=UtcDateTime)


class CaseOutputRow(Base, table=True):
    """Which output stands for a case: a row each time one arrives or is taken from the cache; the newest counts.

    An output taken from the cache may have been made for another version, case or model that sent the same call.
    """

    __tablename__ = f"{TABLE_PREFIX}case_output"
    __table_args__ = (
        # Holds every column that finding the newest needs, so that the rows themselves are not read.
        Index(
            f"ix_{TABLE_PREFIX}case_output_case",
            *("project_id", "task", "model_name", "model", "case_id", "version_id", "repeat", "id", "output_id"),
        ),
        Index(f"ix_{TABLE_PREFIX}case_output_version", "version_id", "model", "case_id", "repeat", "id", "output_id"),
    )
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText)
    model_name: str = Field(sa_type=RawText)
    model: str = Field(sa_type=RawText)
    case_id: str = Field(sa_type=RawText)
    version_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}prompt_version.id")
    repeat: int
    output_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}output.id")


class CheckRow(Base, table=True):
    """What one check found on one output."""

    __tablename__ = f"{TABLE_PREFIX}check_result"
    output_id: int = Field(sa_type=IdType, primary_key=True, foreign_key=f"{TABLE_PREFIX}output.id")
    check_key: str = Field(primary_key=True)
    label: str = Field(sa_type=RawText)
    passed: bool
    score: float
    weight: float
    reason: str = Field(sa_type=RawText)
    error: bool


class VerdictRow(Base, table=True):
    """A person's verdict, or (`passed` is null) the taking back of one. Never changed, never deleted."""

    __tablename__ = f"{TABLE_PREFIX}verdict"
    __table_args__ = (Index(None, "project_id", "task", "model_name", "case_id"), Index(None, "undoes"))
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText)
    model_name: str = Field(sa_type=RawText)
    case_id: str = Field(sa_type=RawText)
    output_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}output.id")
    text_digest: str
    passed: bool | None
    undoes: int | None = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}verdict.id")
    group: str | None
    note: str | None = Field(sa_type=RawText)
    blind: bool
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)


class VerdictNoteRow(Base, table=True):
    """A note put on a verdict later; the newest is the one that shows."""

    __tablename__ = f"{TABLE_PREFIX}verdict_note"
    __table_args__ = (Index(None, "verdict_id"),)
    id: int = id_column()
    verdict_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}verdict.id")
    note: str = Field(sa_type=RawText)
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)


class RunApprovalRow(Base, table=True):
    """A run that was approved as the one that later runs are compared with; the newest approval counts."""

    __tablename__ = f"{TABLE_PREFIX}run_approval"
    __table_args__ = (Index(None, "project_id"),)
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    run_id: str = Field(foreign_key=f"{TABLE_PREFIX}run.id")
    note: str | None = Field(sa_type=RawText)
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)


class DecisionRow(Base, table=True):
    """A signed decision about a candidate on a task. Never changed, never deleted; the newest one counts."""

    __tablename__ = f"{TABLE_PREFIX}decision"
    __table_args__ = (Index(None, "project_id", "task", "candidate"),)
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText)
    candidate: str = Field(sa_type=RawText)
    version_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}prompt_version.id")
    go: bool
    gate: str
    reason: str = Field(sa_type=RawText)
    figures: dict[str, Any] = Field(sa_type=JsonText)
    run_id: str | None = Field(foreign_key=f"{TABLE_PREFIX}run.id")
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)


class SideCallRow(Base, table=True):
    """A call that answers no case (a judge's, embeddings, the assistant's): what it cost."""

    __tablename__ = f"{TABLE_PREFIX}side_call"
    __table_args__ = (Index(None, "project_id", "created_at"),)
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    purpose: str
    model: str = Field(sa_type=RawText)
    cost: float | None
    input_tokens: int | None
    output_tokens: int | None
    error_kind: str | None
    output_id: int | None = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}output.id")
    created_at: datetime = Field(sa_type=UtcDateTime)


class DraftRow(Base, table=True):
    """Unsaved editor text of one program window."""

    __tablename__ = f"{TABLE_PREFIX}draft"
    project_id: int = Field(sa_type=IdType, primary_key=True, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText, primary_key=True)
    model_name: str = Field(sa_type=RawText, primary_key=True)
    window: str = Field(primary_key=True)
    template: str = Field(sa_type=RawText)
    params_text: str = Field(sa_type=RawText)
    base_version_id: int | None = Field(sa_type=IdType)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class ReviewRow(Base, table=True):
    """A suggestion under review, with what was made of it."""

    __tablename__ = f"{TABLE_PREFIX}review"
    project_id: int = Field(sa_type=IdType, primary_key=True, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText, primary_key=True)
    candidate: str = Field(sa_type=RawText, primary_key=True)
    details: dict[str, Any] = Field(sa_type=JsonText)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class SessionRow(Base, table=True):
    """Where the user was."""

    __tablename__ = f"{TABLE_PREFIX}session"
    project_id: int = Field(sa_type=IdType, primary_key=True, foreign_key=f"{TABLE_PREFIX}project.id")
    data: dict[str, Any] = Field(sa_type=JsonText)


class IndexBuildRow(Base, table=True):
    """One reading of a task's case files. The newest finished one is the index; its rows are swapped in whole."""

    __tablename__ = f"{TABLE_PREFIX}index_build"
    __table_args__ = (Index(None, "project_id", "task"),)
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText)
    files_digest: str
    cases: int
    finished: bool
    created_at: datetime = Field(sa_type=UtcDateTime)


class CaseIndexRow(Base, table=True):
    """One case as list and filter need it. The whole case lies elsewhere, so that this table stays narrow."""

    __tablename__ = f"{TABLE_PREFIX}case_index"
    __table_args__ = (UniqueConstraint("build_id", "case_id"),)
    build_id: int = Field(sa_type=IdType, primary_key=True)
    no: int = Field(primary_key=True)
    case_id: str = Field(sa_type=RawText)
    title: str = Field(sa_type=RawText)
    tags: str = Field(sa_type=RawText)
    critical: bool
    search: str = Field(sa_type=RawText)


class CaseBodyRow(Base, table=True):
    """One case whole, as JSON text."""

    __tablename__ = f"{TABLE_PREFIX}case_body"
    build_id: int = Field(sa_type=IdType, primary_key=True)
    no: int = Field(primary_key=True)
    body: str


class StandingRow(Base, table=True):
    """Where a case stands for one candidate. `no` follows the index; 0 where the case is no longer in the files."""

    __tablename__ = f"{TABLE_PREFIX}standing"
    __table_args__ = (Index(f"ix_{TABLE_PREFIX}standing_order", "project_id", "task", "candidate", "section", "no"),)
    project_id: int = Field(sa_type=IdType, primary_key=True, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText, primary_key=True)
    candidate: str = Field(sa_type=RawText, primary_key=True)
    case_id: str = Field(sa_type=RawText, primary_key=True)
    no: int
    section: int
    baseline: int
    candidate_mark: int
    judged: int
    changed: str = Field(sa_type=RawText)
    same: float | None
    baseline_output_id: int | None = Field(sa_type=IdType)
    candidate_output_id: int | None = Field(sa_type=IdType)
    drift: str
    baseline_source: str
    candidate_source: str
    baseline_passed: int
    baseline_judged: int
    candidate_passed: int
    candidate_judged: int
    baseline_words: int | None
    candidate_words: int | None


class StandingBasisRow(Base, table=True):
    """What the standings of a task and candidate were made from, so that opening a project makes them anew seldom."""

    __tablename__ = f"{TABLE_PREFIX}standing_basis"
    project_id: int = Field(sa_type=IdType, primary_key=True, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText, primary_key=True)
    candidate: str = Field(sa_type=RawText, primary_key=True)
    rules: str
    last_output: int = Field(sa_type=IdType)
    last_verdict: int = Field(sa_type=IdType)
