"""What happens when prompts are adapted: searches, exchanges with assistants, edits taken and turned down, looks."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "migrator_search",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("base_version_id", _ID, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("assistant_calls", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of_project("search"),
        sa.ForeignKeyConstraint(
            ["base_version_id"], ["migrator_prompt_version.id"], name="fk_migrator_search_base_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_search"),
    )
    op.create_index(
        "ix_migrator_search_project_id_task_candidate", "migrator_search", ["project_id", "task", "candidate"]
    )
    op.create_table(
        "migrator_search_try",
        sa.Column("search_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["search_id"], ["migrator_search.id"], name="fk_migrator_search_try_search_id"),
        sa.PrimaryKeyConstraint("search_id", "number", name="pk_migrator_search_try"),
    )
    op.create_table(
        "migrator_exchange",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("task", sa.Text(), nullable=True),
        sa.Column("candidate", sa.Text(), nullable=True),
        sa.Column("search_id", sa.String(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_project("exchange"),
        sa.ForeignKeyConstraint(["search_id"], ["migrator_search.id"], name="fk_migrator_exchange_search_id"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_exchange"),
    )
    op.create_index("ix_migrator_exchange_project_id_digest", "migrator_exchange", ["project_id", "digest"])
    op.create_index("ix_migrator_exchange_search_id", "migrator_exchange", ["search_id"])
    op.create_table(
        "migrator_adaptation",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_project("adaptation"),
        _of_version("adaptation"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_adaptation"),
    )
    op.create_index("ix_migrator_adaptation_version_id", "migrator_adaptation", ["version_id"])
    op.create_table(
        "migrator_rejected_edit",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("edit", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_project("rejected_edit"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_rejected_edit"),
    )
    op.create_index(
        "ix_migrator_rejected_edit_project_id_task_candidate",
        "migrator_rejected_edit",
        ["project_id", "task", "candidate"],
    )
    op.create_table(
        "migrator_case_part",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_project("case_part"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_case_part"),
        sa.UniqueConstraint("project_id", "task", "case_id", name="uq_migrator_case_part_project_id_task_case_id"),
    )
    op.create_table(
        "migrator_look",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_project("look"),
        _of_version("look"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_look"),
        sa.UniqueConstraint("project_id", "task", "version_id", name="uq_migrator_look_project_id_task_version_id"),
    )


def _of_project(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_migrator_{table}_project_id"
    return sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name=name)


def _of_version(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_migrator_{table}_version_id"
    return sa.ForeignKeyConstraint(["version_id"], ["migrator_prompt_version.id"], name=name)
