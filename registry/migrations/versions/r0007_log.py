"""Every event is a leaf of an append-only log; what happened before waits to be entered first."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from registry.log.leaves import asset_leaf

revision = "0007"
down_revision = "0006"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the tables, and a leaf for each event there is."""
    leaves = op.create_table(
        "log_leaves",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("leaf_index", NUMBER),
        sa.PrimaryKeyConstraint("subject", "number", name="pk_log_leaves"),
        sa.UniqueConstraint("leaf_index", name="uq_log_leaves_leaf_index"),
    )
    op.create_table(
        "log_tiles",
        sa.Column("level", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name="pk_log_tiles"),
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_log_checkpoints"),
    )
    op.create_table(
        "log_keys",
        sa.Column("first_checkpoint", NUMBER, nullable=False, autoincrement=False),
        sa.Column("vkey", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("first_checkpoint", name="pk_log_keys"),
    )
    _enter_present(leaves)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER log_leaves_no_update BEFORE UPDATE ON log_leaves WHEN OLD.leaf_index IS NOT NULL "
            "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        )
        op.execute(
            "CREATE TRIGGER log_leaves_no_delete BEFORE DELETE ON log_leaves "
            "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        )


def _enter_present(leaves: sa.Table) -> None:
    bind = op.get_bind()
    events = bind.execute(
        sa.text(
            "SELECT e.asset_id, e.number, e.kind, e.at, e.detail, m.blob_sha256 "
            "FROM events e LEFT JOIN manifests m ON m.asset_id = e.asset_id"
        )
    ).all()
    rows = [
        {
            "subject": asset_id,
            "number": number,
            "at": at,
            # SQLite keeps JSON as text, PostgreSQL's driver has read it already.
            "data": asset_leaf(
                asset_id, number, kind, at, json.loads(detail) if isinstance(detail, str) else detail, manifest
            ),
        }
        for asset_id, number, kind, at, detail, manifest in events
    ]
    if rows:
        bind.execute(leaves.insert(), rows)
