"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "migrator_case_body",
        sa.Column("build_id", _ID, nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("build_id", "no", name="pk_migrator_case_body"),
    )
    op.create_table(
        "migrator_case_index",
        sa.Column("build_id", _ID, nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("build_id", "no", name="pk_migrator_case_index"),
        sa.UniqueConstraint("build_id", "case_id", name="uq_migrator_case_index_build_id_case_id"),
    )
    op.create_table(
        "migrator_project",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_project"),
        sa.UniqueConstraint("key", name="uq_migrator_project_key"),
    )
    op.create_table(
        "migrator_draft",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("params_text", sa.Text(), nullable=False),
        sa.Column("base_version_id", _ID, nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_draft_project_id"),
        sa.PrimaryKeyConstraint("project_id", "task", "model_name", "window", name="pk_migrator_draft"),
    )
    op.create_table(
        "migrator_index_build",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("files_digest", sa.String(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_index_build_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_index_build"),
    )
    op.create_index("ix_migrator_index_build_project_id_task", "migrator_index_build", ["project_id", "task"])
    op.create_table(
        "migrator_prompt_version",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("parent_id", _ID, nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["migrator_prompt_version.id"], name="fk_migrator_prompt_version_parent_id"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["migrator_project.id"], name="fk_migrator_prompt_version_project_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_prompt_version"),
        sa.UniqueConstraint(
            "project_id",
            "task",
            "model_name",
            "digest",
            name="uq_migrator_prompt_version_project_id_task_model_name_digest",
        ),
        sa.UniqueConstraint(
            "project_id",
            "task",
            "model_name",
            "number",
            name="uq_migrator_prompt_version_project_id_task_model_name_number",
        ),
    )
    op.create_table(
        "migrator_run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_run_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_run"),
    )
    op.create_table(
        "migrator_session",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_session_project_id"),
        sa.PrimaryKeyConstraint("project_id", name="pk_migrator_session"),
    )
    op.create_table(
        "migrator_standing",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("section", sa.Integer(), nullable=False),
        sa.Column("baseline", sa.Integer(), nullable=False),
        sa.Column("candidate_mark", sa.Integer(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("same", sa.Float(), nullable=True),
        sa.Column("baseline_output_id", _ID, nullable=True),
        sa.Column("candidate_output_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_standing_project_id"),
        sa.PrimaryKeyConstraint("project_id", "task", "candidate", "case_id", name="pk_migrator_standing"),
    )
    op.create_table(
        "migrator_standing_basis",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("last_output", _ID, nullable=False),
        sa.Column("last_verdict", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["migrator_project.id"], name="fk_migrator_standing_basis_project_id"
        ),
        sa.PrimaryKeyConstraint("project_id", "task", "candidate", name="pk_migrator_standing_basis"),
    )
    op.create_index(
        "ix_migrator_standing_order", "migrator_standing", ["project_id", "task", "candidate", "section", "no"]
    )
    op.create_table(
        "migrator_output",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("call_key", sa.String(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reasoning", sa.Text(), nullable=False),
        sa.Column("tool_calls", sa.JSON(), nullable=False),
        sa.Column("finish_reason", sa.Text(), nullable=True),
        sa.Column("error_kind", sa.String(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_status", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=True),
        sa.Column("first_token_ms", sa.Float(), nullable=True),
        sa.Column("latency_ms", sa.Float(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("price_input", sa.Float(), nullable=True),
        sa.Column("price_output", sa.Float(), nullable=True),
        sa.Column("imported_passed", sa.Boolean(), nullable=True),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("item_no", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_output_project_id"),
        sa.ForeignKeyConstraint(["run_id"], ["migrator_run.id"], name="fk_migrator_output_run_id"),
        sa.ForeignKeyConstraint(["version_id"], ["migrator_prompt_version.id"], name="fk_migrator_output_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_output"),
        sa.UniqueConstraint("run_id", "item_no", name="uq_migrator_output_run_id_item_no"),
    )
    op.create_index(
        "ix_migrator_output_money", "migrator_output", ["project_id", "created_at", "model", "error_kind", "cost"]
    )
    op.create_index("ix_migrator_output_project_id_call_key", "migrator_output", ["project_id", "call_key"])
    op.create_table(
        "migrator_case_output",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("output_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["output_id"], ["migrator_output.id"], name="fk_migrator_case_output_output_id"),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_case_output_project_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["migrator_prompt_version.id"], name="fk_migrator_case_output_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_case_output"),
    )
    op.create_index(
        "ix_migrator_case_output_case",
        "migrator_case_output",
        ["project_id", "task", "model_name", "model", "case_id", "version_id", "repeat", "id", "output_id"],
    )
    op.create_index(
        "ix_migrator_case_output_version",
        "migrator_case_output",
        ["version_id", "model", "case_id", "repeat", "id", "output_id"],
    )
    op.create_table(
        "migrator_check_result",
        sa.Column("output_id", _ID, nullable=False),
        sa.Column("check_key", sa.String(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["output_id"], ["migrator_output.id"], name="fk_migrator_check_result_output_id"),
        sa.PrimaryKeyConstraint("output_id", "check_key", name="pk_migrator_check_result"),
    )
    op.create_table(
        "migrator_run_item",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("call_key", sa.String(), nullable=False),
        sa.Column("output_id", _ID, nullable=True),
        sa.Column("cached", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["output_id"], ["migrator_output.id"], name="fk_migrator_run_item_output_id"),
        sa.ForeignKeyConstraint(["run_id"], ["migrator_run.id"], name="fk_migrator_run_item_run_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["migrator_prompt_version.id"], name="fk_migrator_run_item_version_id"
        ),
        sa.PrimaryKeyConstraint("run_id", "no", name="pk_migrator_run_item"),
    )
    op.create_table(
        "migrator_verdict",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("output_id", _ID, nullable=False),
        sa.Column("text_digest", sa.String(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("undoes", _ID, nullable=True),
        sa.Column("group", sa.String(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["output_id"], ["migrator_output.id"], name="fk_migrator_verdict_output_id"),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_verdict_project_id"),
        sa.ForeignKeyConstraint(["undoes"], ["migrator_verdict.id"], name="fk_migrator_verdict_undoes"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_verdict"),
    )
    op.create_index(
        "ix_migrator_verdict_project_id_task_model_name_case_id",
        "migrator_verdict",
        ["project_id", "task", "model_name", "case_id"],
    )
    op.create_index("ix_migrator_verdict_undoes", "migrator_verdict", ["undoes"])
    op.create_table(
        "migrator_verdict_note",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("verdict_id", _ID, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["verdict_id"], ["migrator_verdict.id"], name="fk_migrator_verdict_note_verdict_id"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_verdict_note"),
    )
    op.create_index("ix_migrator_verdict_note_verdict_id", "migrator_verdict_note", ["verdict_id"])
