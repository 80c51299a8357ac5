"""Assets are listed a page at a time, and found by their manifest's label and by their ISCC.

The codes that are stored enter the new index here, as those of new assets do in ``registry.iscc_index``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from registry.iscc_index import code_of, keys_of

revision = "0006"
down_revision = "0005"

_AT_ONCE = 500


def upgrade() -> None:
    """Add the indexes and the two tables, and fill these."""
    op.drop_index("ix_assets_owner", "assets")
    op.drop_index("ix_assets_registered_at", "assets")
    for first in ("", "owner", "status"):
        columns = [*([first] if first else []), "registered_at", "asset_id"]
        op.create_index(f"ix_assets_{'_'.join(columns)}", "assets", columns)
    op.create_index("ix_assets_manifest_label", "assets", ["manifest_label"])
    op.create_table(
        "iscc_codes",
        sa.Column("asset_no", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("asset_no", name="pk_iscc_codes"),
    )
    op.create_table(
        "iscc_bands",
        sa.Column("band_key", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("asset_no", sa.Integer, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("band_key", "asset_no", name="pk_iscc_bands"),
        sqlite_with_rowid=False,
    )
    last = 0
    while part := _stored(last):
        for last, value in part:
            _enter(last, bytes(value).decode("utf-8", errors="replace"))


def _stored(after: int) -> list[tuple[int, bytes]]:
    found = op.get_bind().execute(
        sa.text(
            "SELECT i.asset_no, f.value FROM indexed_assets AS i JOIN fingerprints AS f ON f.asset_id = i.asset_id "
            "WHERE f.kind = 'iscc' AND i.asset_no > :after ORDER BY i.asset_no LIMIT :most"
        ),
        {"after": after, "most": _AT_ONCE},
    )
    return [(row[0], row[1]) for row in found]


def _enter(asset_no: int, iscc: str) -> None:
    code = code_of(iscc)
    if code is None:
        return
    bind = op.get_bind()
    bind.execute(
        sa.text("INSERT INTO iscc_codes VALUES (:no, :kind, :body)"),
        {"no": asset_no, "kind": code.kind, "body": code.body},
    )
    bind.execute(
        sa.text("INSERT INTO iscc_bands VALUES (:key, :no)"), [{"key": key, "no": asset_no} for key in keys_of(code)]
    )
