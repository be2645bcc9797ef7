"""Column types that behave alike on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

from migrator_tui.history.escapes import raw_text, stored_text


class RawText(TypeDecorator[str]):
    """Text of any content, given back as it came: names and ids from files too may hold what UTF-8 cannot."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else stored_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else raw_text(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both sides. SQLite has no time zones: there it is stored without, in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """JSON on both databases, ASCII inside: NUL and lone surrogates are escapes of JSON itself there.

    PostgreSQL's `jsonb` would refuse them, its `json` keeps them. What JSON does not know
    (a date of TOML) becomes text.
    """

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(json.dumps(value, default=str))


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)
