"""The version of the database's schema that this program writes.

Apart from the tables so that the first page of the case list can be read without importing SQLAlchemy.
"""

HEAD = "0005"
"""Newest revision under `migrations/versions`; padded with zeros, so that `<` orders them."""

VERSION_TABLE = "migrator_version"
"""Where the revision is kept. Not Alembic's default name: a PostgreSQL database may be shared with other programs."""

TABLE_PREFIX = "migrator_"
"""What every table's name begins with, for the same reason."""
