"""Examinations of clips as jobs, and the checks of those who wait for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "examinations",
        sa.Column("examination_id", sa.String(32), nullable=False),
        sa.Column("clip_sha256", sa.String(64), nullable=False),
        sa.Column("budget", sa.Float, nullable=False),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("share", sa.Float, nullable=False),
        sa.Column("doing", sa.Text, nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True)),
        sa.Column("report", sa.Text),
        sa.Column("page", sa.LargeBinary),
        sa.Column("preview", sa.String(40)),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.Column("started_at", sa.String(40)),
        sa.Column("heartbeat_at", sa.String(40)),
        sa.Column("finished_at", sa.String(40)),
        sa.PrimaryKeyConstraint("examination_id", name="pk_examinations"),
    )
    op.create_index("ix_examinations_question", "examinations", ["question"])
    op.create_index("ix_examinations_state", "examinations", ["state"])
    op.create_table(
        "checks",
        sa.Column("check_id", sa.String(32), nullable=False),
        sa.Column("examination_id", sa.String(32), nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.Column("expires_at", sa.String(40)),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("check_id", name="pk_checks"),
        sa.ForeignKeyConstraint(["examination_id"], ["examinations.examination_id"], name="fk_checks_examination_id"),
    )
    op.create_index("ix_checks_examination_id", "checks", ["examination_id"])
    op.create_index("ix_checks_expires_at", "checks", ["expires_at"])
