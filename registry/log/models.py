"""The tables of the log. What is in them is only ever added to; a checkpoint never comes before its tiles and leaves.

All of it is written in the transaction that signs the checkpoint, so a database is always that of one checkpoint.
"""

from __future__ import annotations

from sqlalchemy import Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import NUMBER, Base


class LeafRow(Base):
    """One event as the log has it. ``subject``: an asset's id, or a certificate's fingerprint.

    ``leaf_index`` is None until the event is in the tree. Triggers refuse to change a leaf that is.
    """

    __tablename__ = "log_leaves"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(40))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_index: Mapped[int | None] = mapped_column(NUMBER, unique=True)


class TileRow(Base):
    """A tile of the tree, full or still growing: a partial one is what a full one begins with."""

    __tablename__ = "log_tiles"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class CheckpointRow(Base):
    """Every checkpoint that was signed; the one with the highest number counts."""

    __tablename__ = "log_checkpoints"

    number: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(NUMBER)
    note: Mapped[str] = mapped_column(Text)


class LogKeyRow(Base):
    """The public keys that have signed checkpoints, by the number of the first; the last one signs."""

    __tablename__ = "log_keys"

    first_checkpoint: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    vkey: Mapped[str] = mapped_column(Text)
