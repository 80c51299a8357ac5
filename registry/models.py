"""The registry's tables. Rows stay inside this package; what leaves it are the values of ``provenance``.

Facts about assets are keyed on ``asset_id`` first, so that a database of several machines can be split by it. The
last four tables are the search index: derived from ``fingerprints``, keyed on small numbers, replaceable as a whole.
Times of events are RFC 3339 in UTC, times in footage are milliseconds.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

REVISIONS = ("0001",)
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

    asset_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    signer: Mapped[str] = mapped_column(Text)
    signer_fingerprint: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(Text, index=True)
    trust_list: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[str | None] = mapped_column(String(40))
    registered_at: Mapped[str] = mapped_column(String(40), index=True)
    media_type: Mapped[str] = mapped_column(String(100))
    duration: Mapped[str | None] = mapped_column(String(50))
    width: Mapped[int | None]
    height: Mapped[int | None]
    fps: Mapped[float | None] = mapped_column(Float)
    has_audio: Mapped[bool] = mapped_column(Boolean)
    manifest_label: Mapped[str] = mapped_column(Text)
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
    """One fingerprint of an asset: ``kind`` is frames, sound, features or iscc; ``value`` as in ``packing``."""

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
    """The parameters that index entries were made with; entries of different versions never mix."""

    __tablename__ = "index_versions"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bands: Mapped[int]
    band_bits: Mapped[int]
    seed: Mapped[str] = mapped_column(String(100))
    min_quality: Mapped[int]
    max_runs: Mapped[int]


class IndexedAssetRow(Base):
    """The small number that stands for an asset in the index."""

    __tablename__ = "indexed_assets"

    asset_no: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.asset_id"), unique=True)
    index_version: Mapped[int] = mapped_column(ForeignKey("index_versions.version"))


class FrameRow(Base):
    """The hash of one view of one frame. ``frame_id`` packs asset number, view and position: see ``bands``."""

    __tablename__ = "frames"

    frame_id: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    time_ms: Mapped[int] = mapped_column(NUMBER)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class BandRow(Base):
    """One band of a hash -> the first of ``run`` frames in a row (consecutive ids) that share it."""

    __tablename__ = "bands"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own form

    band_key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    frame_id: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    run: Mapped[int]


class SoundKeyRow(Base):
    """One loud 32-bit sub-fingerprint -> where in which asset it sounds."""

    __tablename__ = "sound_keys"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own form

    sound_key: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    asset_no: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    time_ms: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
