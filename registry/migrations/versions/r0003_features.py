"""Stills can be found by their local features.

Both slots get a table of feature keys. What was registered before enters it as the index is built anew, which
``create_registry`` sees to.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables; a registry that holds assets waits for its index."""
    for slot in (0, 1):
        op.create_table(
            f"feature_keys_{slot}",
            sa.Column("feature_key", sa.Integer, nullable=False, autoincrement=False),
            sa.Column("asset_no", sa.Integer, nullable=False, autoincrement=False),
            sa.PrimaryKeyConstraint("feature_key", "asset_no", name=f"pk_feature_keys_{slot}"),
            sqlite_with_rowid=False,
        )
        for table in ("frames", "bands", "sound_keys", "stopped_keys"):
            op.execute(f"DELETE FROM {table}_{slot} WHERE EXISTS (SELECT 1 FROM indexed_assets)")  # noqa: S608
    # (Where the revision before has only just begun to build one, that is the one to go on with.)
    op.execute(
        "DELETE FROM index_versions WHERE state <> 'current' AND EXISTS (SELECT 1 FROM indexed_assets) "
        "AND EXISTS (SELECT 1 FROM index_versions WHERE state = 'current')"
    )
    op.execute(
        "UPDATE index_versions SET state = 'building', built_to = 0, "
        "goal = (SELECT max(asset_no) FROM indexed_assets) WHERE EXISTS (SELECT 1 FROM indexed_assets)"
    )
