"""Sightings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table; nothing was seen yet."""
    op.create_table(
        "sightings",
        sa.Column("sighting_id", sa.String(32), nullable=False),
        sa.Column("key_sha256", sa.String(64), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("asset_id", sa.String(26)),
        sa.Column("owner", sa.Text),
        sa.Column("check_id", sa.String(64)),
        sa.Column("times_filed", sa.Integer, nullable=False),
        sa.Column("filed_at", sa.String(40), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("answer", sa.String(16)),
        sa.Column("answer_text", sa.Text, nullable=False),
        sa.Column("answered_at", sa.String(40)),
        sa.Column("changed_at", sa.String(40)),
        sa.PrimaryKeyConstraint("sighting_id", name="pk_sightings"),
        sa.UniqueConstraint("key_sha256", name="uq_sightings_key_sha256"),
    )
    for columns in (
        ["asset_id"],
        ["state", "answered_at", "sighting_id"],
        ["owner", "state", "filed_at", "sighting_id"],
    ):
        op.create_index(f"ix_sightings_{'_'.join(columns)}", "sightings", columns)
