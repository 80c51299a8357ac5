"""The first schema: assets, manifests, fingerprints, events, blobs and the search index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make every table of the first schema."""
    _facts()
    _index()
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events "
                "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
            )


def _facts() -> None:
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_blobs"),
    )
    op.create_table(
        "assets",
        sa.Column("asset_id", sa.String(26), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("signer", sa.Text, nullable=False),
        sa.Column("signer_fingerprint", sa.String(64), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("trust_list", sa.Text),
        sa.Column("signed_at", sa.String(40)),
        sa.Column("registered_at", sa.String(40), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("duration", sa.String(50)),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("fps", sa.Float),
        sa.Column("has_audio", sa.Boolean, nullable=False),
        sa.Column("manifest_label", sa.Text, nullable=False),
        sa.Column("hard_binding", sa.Text, nullable=False),
        sa.Column("signed_reference_sha256", sa.String(64)),
        sa.Column("reference_sha256", sa.String(64)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("embargoed", sa.Boolean, nullable=False),
        sa.Column("embargoed_until", sa.String(40)),
        sa.Column("claims", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("asset_id", name="pk_assets"),
        sa.ForeignKeyConstraint(["reference_sha256"], ["blobs.sha256"], name="fk_assets_reference_sha256"),
    )
    op.create_index("ix_assets_owner", "assets", ["owner"])
    op.create_index("ix_assets_registered_at", "assets", ["registered_at"])
    op.create_table(
        "manifests",
        sa.Column("asset_id", sa.String(26), nullable=False),
        sa.Column("blob_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("asset_id", name="pk_manifests"),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.asset_id"], name="fk_manifests_asset_id"),
        sa.ForeignKeyConstraint(["blob_sha256"], ["blobs.sha256"], name="fk_manifests_blob_sha256"),
    )
    op.create_table(
        "fingerprints",
        sa.Column("asset_id", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("algorithm", sa.String(200), nullable=False),
        sa.Column("version", sa.String(50), nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("asset_id", "kind", name="pk_fingerprints"),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.asset_id"], name="fk_fingerprints_asset_id"),
    )
    op.create_table(
        "events",
        sa.Column("asset_id", sa.String(26), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("asset_id", "number", name="pk_events"),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.asset_id"], name="fk_events_asset_id"),
    )


def _index() -> None:
    op.create_table(
        "index_versions",
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("bands", sa.Integer, nullable=False),
        sa.Column("band_bits", sa.Integer, nullable=False),
        sa.Column("seed", sa.String(100), nullable=False),
        sa.Column("min_quality", sa.Integer, nullable=False),
        sa.Column("max_runs", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_index_versions"),
    )
    op.create_table(
        "indexed_assets",
        sa.Column("asset_no", NUMBER, nullable=False),
        sa.Column("asset_id", sa.String(26), nullable=False),
        sa.Column("index_version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("asset_no", name="pk_indexed_assets"),
        sa.UniqueConstraint("asset_id", name="uq_indexed_assets_asset_id"),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.asset_id"], name="fk_indexed_assets_asset_id"),
        sa.ForeignKeyConstraint(["index_version"], ["index_versions.version"], name="fk_indexed_assets_index_version"),
    )
    op.create_table(
        "frames",
        sa.Column("frame_id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("time_ms", NUMBER, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("frame_id", name="pk_frames"),
    )
    op.create_table(
        "bands",
        sa.Column("band_key", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("frame_id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("band_key", "frame_id", name="pk_bands"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sound_keys",
        sa.Column("sound_key", NUMBER, nullable=False, autoincrement=False),
        sa.Column("asset_no", NUMBER, nullable=False, autoincrement=False),
        sa.Column("time_ms", NUMBER, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("sound_key", "asset_no", "time_ms", name="pk_sound_keys"),
        sqlite_with_rowid=False,
    )
