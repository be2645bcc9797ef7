"""The tables of what happened when prompts were adapted. Appended, and shared by a team, like those of `tables`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from migrator_tui.history.columns import JsonText, RawText, UtcDateTime
from migrator_tui.history.schema_version import TABLE_PREFIX
from migrator_tui.history.tables import Base, IdType, id_column


class SearchRow(Base, table=True):
    """One search for a better prompt."""

    __tablename__ = f"{TABLE_PREFIX}search"
    __table_args__ = (Index(None, "project_id", "task", "candidate"),)
    id: str = Field(primary_key=True)
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText)
    candidate: str = Field(sa_type=RawText)
    base_version_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}prompt_version.id")
    state: str
    settings: dict[str, Any] = Field(sa_type=JsonText)
    calls: int
    assistant_calls: int
    cost: float | None
    result: dict[str, Any] | None = Field(sa_type=JsonText)
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class SearchTryRow(Base, table=True):
    """One prompt that a search tried, or that guards refused."""

    __tablename__ = f"{TABLE_PREFIX}search_try"
    search_id: str = Field(primary_key=True, foreign_key=f"{TABLE_PREFIX}search.id")
    number: int = Field(primary_key=True)
    details: dict[str, Any] = Field(sa_type=JsonText)


class ExchangeRow(Base, table=True):
    """What was sent to an assistant and what came back. Written before it is sent; the answer is put in after."""

    __tablename__ = f"{TABLE_PREFIX}exchange"
    __table_args__ = (Index(None, "project_id", "digest"), Index(None, "search_id"))
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    purpose: str
    task: str | None = Field(sa_type=RawText)
    candidate: str | None = Field(sa_type=RawText)
    search_id: str | None = Field(foreign_key=f"{TABLE_PREFIX}search.id")
    model: str = Field(sa_type=RawText)
    params: dict[str, Any] = Field(sa_type=JsonText)
    messages: list[Any] = Field(sa_type=JsonText)
    digest: str
    answer: str | None = Field(sa_type=RawText)
    error: str | None = Field(sa_type=RawText)
    cost: float | None
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)


class AdaptationRow(Base, table=True):
    """How a version came out of edits that were accepted. Never changed; the newest one of a version counts."""

    __tablename__ = f"{TABLE_PREFIX}adaptation"
    __table_args__ = (Index(None, "version_id"),)
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    version_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}prompt_version.id")
    details: dict[str, Any] = Field(sa_type=JsonText)
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)


class RejectedEditRow(Base, table=True):
    """An edit that somebody turned down, so that it is not proposed again."""

    __tablename__ = f"{TABLE_PREFIX}rejected_edit"
    __table_args__ = (Index(None, "project_id", "task", "candidate"),)
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText)
    candidate: str = Field(sa_type=RawText)
    edit: dict[str, Any] = Field(sa_type=JsonText)
    reason: str = Field(sa_type=RawText)
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)


class CasePartRow(Base, table=True):
    """Which part of its task a case belongs to: shown to the assistant, kept from it, or quoted as an example."""

    __tablename__ = f"{TABLE_PREFIX}case_part"
    __table_args__ = (UniqueConstraint("project_id", "task", "case_id"),)
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText)
    case_id: str = Field(sa_type=RawText)
    part: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class LookRow(Base, table=True):
    """The held-out cases of a task were counted for a prompt: each look makes them a little less of a test."""

    __tablename__ = f"{TABLE_PREFIX}look"
    __table_args__ = (UniqueConstraint("project_id", "task", "version_id"),)
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    task: str = Field(sa_type=RawText)
    candidate: str = Field(sa_type=RawText)
    version_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}prompt_version.id")
    purpose: str
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)
