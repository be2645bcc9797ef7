"""Signed decisions, approved runs, money of calls beside the outputs; standings that hold drift and repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # Standings are made from outputs and verdicts: without a basis they are all made anew when a project opens.
    op.drop_table("migrator_standing")
    op.execute("delete from migrator_standing_basis")
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
        sa.Column("drift", sa.String(), nullable=False),
        sa.Column("baseline_source", sa.String(), nullable=False),
        sa.Column("candidate_source", sa.String(), nullable=False),
        sa.Column("baseline_passed", sa.Integer(), nullable=False),
        sa.Column("baseline_judged", sa.Integer(), nullable=False),
        sa.Column("candidate_passed", sa.Integer(), nullable=False),
        sa.Column("candidate_judged", sa.Integer(), nullable=False),
        sa.Column("baseline_words", sa.Integer(), nullable=True),
        sa.Column("candidate_words", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_standing_project_id"),
        sa.PrimaryKeyConstraint("project_id", "task", "candidate", "case_id", name="pk_migrator_standing"),
    )
    op.create_index(
        "ix_migrator_standing_order", "migrator_standing", ["project_id", "task", "candidate", "section", "no"]
    )
    op.create_table(
        "migrator_run_approval",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_run_approval_project_id"),
        sa.ForeignKeyConstraint(["run_id"], ["migrator_run.id"], name="fk_migrator_run_approval_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_run_approval"),
    )
    op.create_index("ix_migrator_run_approval_project_id", "migrator_run_approval", ["project_id"])
    op.create_table(
        "migrator_decision",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("go", sa.Boolean(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_decision_project_id"),
        sa.ForeignKeyConstraint(["run_id"], ["migrator_run.id"], name="fk_migrator_decision_run_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["migrator_prompt_version.id"], name="fk_migrator_decision_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_decision"),
    )
    op.create_index(
        "ix_migrator_decision_project_id_task_candidate", "migrator_decision", ["project_id", "task", "candidate"]
    )
    op.create_table(
        "migrator_side_call",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("error_kind", sa.String(), nullable=True),
        sa.Column("output_id", _ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name="fk_migrator_side_call_project_id"),
        sa.ForeignKeyConstraint(["output_id"], ["migrator_output.id"], name="fk_migrator_side_call_output_id"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_side_call"),
    )
    op.create_index("ix_migrator_side_call_project_id_created_at", "migrator_side_call", ["project_id", "created_at"])
