"""The search index in two slots, so that one can be built while the other is read; history append-only everywhere.

What was indexed before is derived from the fingerprints and is built anew: an upgraded registry that holds assets has
an index version that waits to be built, which ``create_registry`` sees to.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Replace the tables of the index; the numbers of indexed assets stay."""
    op.execute("CREATE TABLE numbered AS SELECT asset_no, asset_id FROM indexed_assets")
    for table in ("frames", "bands", "sound_keys", "indexed_assets", "index_versions"):
        op.drop_table(table)
    op.create_table(
        "indexed_assets",
        sa.Column("asset_no", sa.Integer, nullable=False),
        sa.Column("asset_id", sa.String(26), nullable=False),
        sa.PrimaryKeyConstraint("asset_no", name="pk_indexed_assets"),
        sa.UniqueConstraint("asset_id", name="uq_indexed_assets_asset_id"),
    )
    op.execute("INSERT INTO indexed_assets (asset_no, asset_id) SELECT asset_no, asset_id FROM numbered")
    op.drop_table("numbered")
    op.create_table(
        "index_versions",
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("built_to", sa.Integer, nullable=False),
        sa.Column("goal", sa.Integer, nullable=False),
        sa.Column("bands", sa.Integer, nullable=False),
        sa.Column("band_bits", sa.Integer, nullable=False),
        sa.Column("seed", sa.String(100), nullable=False),
        sa.Column("min_quality", sa.Integer, nullable=False),
        sa.Column("max_runs", sa.Integer, nullable=False),
        sa.Column("max_key_rows", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_index_versions"),
        sa.UniqueConstraint("slot", name="uq_index_versions_slot"),
    )
    for slot in (0, 1):
        _index(slot)
    op.execute(
        "INSERT INTO index_versions SELECT 2, 0, CASE WHEN count(*) = 0 THEN 'current' ELSE 'building' END, 0, "
        "coalesce(max(asset_no), 0), 16, 20, 'org.provenance-toolkit.bands/1', 20, 32, 4096 FROM indexed_assets"
    )
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()


def _index(slot: int) -> None:
    def table(name: str, *columns: sa.Column[object], key: tuple[str, ...], include: tuple[str, ...] = ()) -> None:
        primary = sa.PrimaryKeyConstraint(*key, name=f"pk_{name}_{slot}", postgresql_include=list(include))
        op.create_table(f"{name}_{slot}", *columns, primary, sqlite_with_rowid=False)

    def number(name: str, kind: type[sa.Integer] = sa.Integer) -> sa.Column[object]:
        return sa.Column(name, kind, nullable=False, autoincrement=False)

    table(
        "frames",
        number("asset_no"),
        number("frame"),
        number("time_ms"),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        key=("asset_no", "frame"),
    )
    table(
        "bands",
        number("band_key"),
        number("asset_no"),
        number("place"),
        number("sketch"),
        key=("band_key", "asset_no", "place"),
        include=("sketch",),
    )
    table(
        "sound_keys",
        number("sound_key", sa.BigInteger),
        number("asset_no"),
        number("time_ms"),
        key=("sound_key", "asset_no", "time_ms"),
    )
    table("stopped_keys", number("kind"), number("stopped_key", sa.BigInteger), key=("kind", "stopped_key"))


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events "
        "FOR EACH ROW EXECUTE FUNCTION events_append_only()"
    )
    op.execute(
        "CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()"
    )
