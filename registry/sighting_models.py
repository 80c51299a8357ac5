"""The table of sightings: where a clip goes round, and what its owner says of it. Of who told us, nothing is kept."""

from __future__ import annotations

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import Base


class SightingRow(Base):
    """A circulating clip's address, and the answer to it.

    ``key_sha256``: of the address and what it was filed for, so that the same sighting is one row. ``asset_id``: not a
    foreign key, since sightings of unknown clips cannot be split with the assets; assets are never deleted.
    ``owner``: the organisation that it concerns and that answers; None while nobody has claimed it. ``answered_at``
    stays when an answer is corrected, which is at ``changed_at``.
    """

    __tablename__ = "sightings"

    sighting_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    asset_id: Mapped[str | None] = mapped_column(String(26), index=True)
    owner: Mapped[str | None] = mapped_column(Text)
    check_id: Mapped[str | None] = mapped_column(String(64))
    times_filed: Mapped[int]
    filed_at: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))
    answer: Mapped[str | None] = mapped_column(String(16))
    answer_text: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[str | None] = mapped_column(String(40))
    changed_at: Mapped[str | None] = mapped_column(String(40))

    __table_args__ = (
        Index(None, "state", "answered_at", "sighting_id"),
        Index(None, "owner", "state", "filed_at", "sighting_id"),
    )
