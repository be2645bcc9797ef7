"""What happens when traffic moves over: rollouts and their events, the gateway's rows, and what they sum up to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "migrator_rollout",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("baseline_version_id", _ID, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("percentage", sa.Float(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("first_revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_project("rollout"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["migrator_prompt_version.id"], name="fk_migrator_rollout_version_id"
        ),
        sa.ForeignKeyConstraint(
            ["baseline_version_id"], ["migrator_prompt_version.id"], name="fk_migrator_rollout_baseline_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_rollout"),
        sa.UniqueConstraint("name", "first_revision", name="uq_migrator_rollout_name_first_revision"),
    )
    op.create_index("ix_migrator_rollout_project_id_task", "migrator_rollout", ["project_id", "task"])
    op.create_table(
        "migrator_rollout_event",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("rollout_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("percentage", sa.Float(), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rollout_id"], ["migrator_rollout.id"], name="fk_migrator_rollout_event_rollout_id"),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_rollout_event"),
    )
    op.create_index("ix_migrator_rollout_event_rollout_id", "migrator_rollout_event", ["rollout_id"])
    op.create_table(
        "migrator_gateway_rollout",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("schema_number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("percentage", sa.Float(), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("hold_back", sa.Float(), nullable=False),
        sa.Column("sample_answers", sa.Float(), nullable=False),
        sa.Column("arms", sa.JSON(), nullable=False),
        sa.Column("updated_ts", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_migrator_gateway_rollout"),
    )
    op.create_table(
        "migrator_traffic",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("row_id", sa.String(), nullable=False),
        sa.Column("ts", sa.Float(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("response_id", sa.Text(), nullable=True),
        sa.Column("key_digest", sa.String(), nullable=False),
        sa.Column("keyed", sa.Boolean(), nullable=False),
        sa.Column("assigned", sa.String(), nullable=False),
        sa.Column("served", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("client_error", sa.Boolean(), nullable=False),
        sa.Column("latency_ms", sa.Float(), nullable=True),
        sa.Column("first_token_ms", sa.Float(), nullable=True),
        sa.Column("stream", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("sampled_input", sa.Text(), nullable=True),
        sa.Column("sampled_output", sa.Text(), nullable=True),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_traffic"),
        sa.UniqueConstraint("row_id", name="uq_migrator_traffic_row_id"),
    )
    op.create_index("ix_migrator_traffic_name_ts", "migrator_traffic", ["name", "ts"])
    op.create_index("ix_migrator_traffic_request_id", "migrator_traffic", ["request_id"])
    op.create_index("ix_migrator_traffic_response_id", "migrator_traffic", ["response_id"])
    op.create_table(
        "migrator_feedback",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("ts", sa.Float(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("traffic_id", _ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_migrator_feedback"),
    )
    op.create_index("ix_migrator_feedback_reference_signal", "migrator_feedback", ["reference", "signal"])
    op.create_index("ix_migrator_feedback_traffic_id_signal", "migrator_feedback", ["traffic_id", "signal"])
    op.create_table(
        "migrator_traffic_conversation",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("key_digest", sa.String(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("unkeyed", sa.Integer(), nullable=False),
        sa.Column("client_errors", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("fallbacks", sa.Integer(), nullable=False),
        sa.Column("latency_n", sa.Integer(), nullable=False),
        sa.Column("latency_sum", sa.Float(), nullable=False),
        sa.Column("first_token_n", sa.Integer(), nullable=False),
        sa.Column("first_token_sum", sa.Float(), nullable=False),
        sa.Column("cost_n", sa.Integer(), nullable=False),
        sa.Column("cost_sum", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "stage", "arm", "key_digest", name="pk_migrator_traffic_conversation"),
    )
    op.create_table(
        "migrator_traffic_conversation_signal",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("key_digest", sa.String(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(
            "name", "stage", "arm", "key_digest", "signal", name="pk_migrator_traffic_conversation_signal"
        ),
    )
    op.create_table(
        "migrator_traffic_measure",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("units", _ID, nullable=False),
        sa.Column("n", _ID, nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("squares", sa.Float(), nullable=False),
        sa.Column("n_squares", _ID, nullable=False),
        sa.Column("products", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "stage", "arm", "measure", name="pk_migrator_traffic_measure"),
    )
    op.create_table(
        "migrator_traffic_latency",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "stage", "arm", "what", "bucket", name="pk_migrator_traffic_latency"),
    )
    op.create_table(
        "migrator_traffic_slice",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("fallbacks", sa.Integer(), nullable=False),
        sa.Column("latency_n", sa.Integer(), nullable=False),
        sa.Column("latency_sum", sa.Float(), nullable=False),
        sa.Column("cost_n", sa.Integer(), nullable=False),
        sa.Column("cost_sum", sa.Float(), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("last_ts", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "minute", "arm", "stage", name="pk_migrator_traffic_slice"),
    )
    op.create_table(
        "migrator_traffic_mark",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("traffic_id", _ID, nullable=False),
        sa.Column("gap_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("purpose", name="pk_migrator_traffic_mark"),
    )
    op.create_table(
        "migrator_monitor_lease",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        _of_project("monitor_lease"),
        sa.PrimaryKeyConstraint("project_id", name="pk_migrator_monitor_lease"),
    )


def _of_project(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_migrator_{table}_project_id"
    return sa.ForeignKeyConstraint(["project_id"], ["migrator_project.id"], name=name)
