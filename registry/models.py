"""The registry's tables. Rows stay inside this package; what leaves it are the values of ``provenance``.

Facts about assets are keyed on ``asset_id``, the search index on the small number that stands for it, so that a
database of several machines can be split by either (docs/scale.md). The index is derived from ``fingerprints`` and lies
in two slots: one is read while the other is built. Times of events are RFC 3339 in UTC, times in footage milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
"""Every schema revision this version knows, oldest first; the last is the one it works with."""

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite's INTEGER is that, and only under that name numbers itself."""


class Base(DeclarativeBase):
    """The declarative base; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class BlobRow(Base):
    """A blob that rows refer to; its bytes lie in the blob store under the same SHA-256."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(NUMBER)
    media_type: Mapped[str] = mapped_column(String(100))


class AssetRow(Base):
    """A registered signed asset.

    ``duration`` is an exact fraction (``301/25``) of seconds. ``signed_reference_sha256`` is what the assertion
    names, ``reference_sha256`` the copy that is held: None where it was withheld.
    """

    __tablename__ = "assets"
    __table_args__ = (
        # Pages of a list, newest first, of all or of some.
        Index(None, "registered_at", "asset_id"),
        Index(None, "owner", "registered_at", "asset_id"),
        Index(None, "status", "registered_at", "asset_id"),
    )

    asset_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    signer: Mapped[str] = mapped_column(Text)
    signer_fingerprint: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(Text)
    trust_list: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[str | None] = mapped_column(String(40))
    registered_at: Mapped[str] = mapped_column(String(40))
    media_type: Mapped[str] = mapped_column(String(100))
    duration: Mapped[str | None] = mapped_column(String(50))
    width: Mapped[int | None]
    height: Mapped[int | None]
    fps: Mapped[float | None] = mapped_column(Float)
    has_audio: Mapped[bool] = mapped_column(Boolean)
    manifest_label: Mapped[str] = mapped_column(Text, index=True)
    hard_binding: Mapped[str] = mapped_column(Text)
    signed_reference_sha256: Mapped[str | None] = mapped_column(String(64))
    reference_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    status: Mapped[str] = mapped_column(String(16))
    embargoed: Mapped[bool] = mapped_column(Boolean)
    embargoed_until: Mapped[str | None] = mapped_column(String(40))
    claims: Mapped[list[str]] = mapped_column(JSON)


class ManifestRow(Base):
    """The signed manifest of an asset: its JUMBF bytes are a blob."""

    __tablename__ = "manifests"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.asset_id"), primary_key=True)
    blob_sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))


class FingerprintRow(Base):
    """One fingerprint of an asset: ``kind`` is frames, sound, features, iscc, …; see ``packing``."""

    __tablename__ = "fingerprints"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.asset_id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(50))
    parameters: Mapped[dict[str, str | int | float]] = mapped_column(JSON)
    value: Mapped[bytes] = mapped_column(LargeBinary)


class EventRow(Base):
    """What happened to an asset, by whom and when. Triggers refuse to change or delete a row."""

    __tablename__ = "events"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.asset_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(24))
    at: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, object]] = mapped_column(JSON)


class IndexVersionRow(Base):
    """What the entries of one slot were made with. ``state``: building, current or retired (see ``versions``).

    While it is being built, the assets numbered up to ``built_to`` are in it, and those up to ``goal`` shall be; later
    ones enter it as they are registered.
    """

    __tablename__ = "index_versions"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(String(16))
    built_to: Mapped[int]
    goal: Mapped[int]
    bands: Mapped[int]
    band_bits: Mapped[int]
    seed: Mapped[str] = mapped_column(String(100))
    min_quality: Mapped[int]
    max_runs: Mapped[int]
    max_key_rows: Mapped[int]


class IndexedAssetRow(Base):
    """The small number that stands for an asset in the index. No foreign key: it could not be split with the assets."""

    __tablename__ = "indexed_assets"

    asset_no: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(String(26), unique=True)


@dataclass(frozen=True, slots=True)
class IndexTables:
    """The tables of one slot of the index. How ``frame``, ``place`` and ``sketch`` are packed: see ``bands``.

    ``frames``: the hash of one view of one frame. ``bands``: one band of a hash -> a run of frames that share it.
    ``sound_keys``: one loud sub-fingerprint, of brief sound from 2**32 on -> where it sounds. ``stopped_keys``: keys
    that became too frequent to say anything, by the table they are of; nothing more is entered under them.
    ``feature_keys``: one key of a local feature -> the stills, and the films with a frame, that have it.
    """

    slot: int
    frames: Table
    bands: Table
    sound_keys: Table
    stopped_keys: Table
    feature_keys: Table

    @property
    def all(self) -> tuple[Table, ...]:
        """Every table of the slot."""
        return self.frames, self.bands, self.sound_keys, self.stopped_keys, self.feature_keys


def _number(name: str, kind: type[Integer] = Integer) -> Column[int]:
    return Column(name, kind, nullable=False, autoincrement=False)


def _index_tables(slot: int) -> IndexTables:
    # The key holds all that a query wants, so that PostgreSQL answers it from the key's index alone.
    def table(name: str, *columns: Column[int] | Column[bytes], key: tuple[str, ...], include: str = "") -> Table:
        primary = PrimaryKeyConstraint(*key, name=f"pk_{name}_{slot}", postgresql_include=[include] if include else [])
        return Table(f"{name}_{slot}", Base.metadata, *columns, primary, sqlite_with_rowid=False)

    return IndexTables(
        slot,
        frames=table(
            "frames",
            _number("asset_no"),
            _number("frame"),
            _number("time_ms"),
            Column("hash", LargeBinary(32), nullable=False),
            key=("asset_no", "frame"),
        ),
        bands=table(
            "bands",
            _number("band_key"),
            _number("asset_no"),
            _number("place"),
            _number("sketch"),
            key=("band_key", "asset_no", "place"),
            include="sketch",
        ),
        sound_keys=table(
            "sound_keys",
            _number("sound_key", BigInteger),
            _number("asset_no"),
            _number("time_ms"),
            key=("sound_key", "asset_no", "time_ms"),
        ),
        stopped_keys=table(
            "stopped_keys", _number("kind"), _number("stopped_key", BigInteger), key=("kind", "stopped_key")
        ),
        feature_keys=table(
            "feature_keys", _number("feature_key"), _number("asset_no"), key=("feature_key", "asset_no")
        ),
    )


SLOTS = (_index_tables(0), _index_tables(1))
