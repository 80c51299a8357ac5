"""How pages say what the registry stores: owners, times, kinds of files and what happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

_EVENTS = {
    "registered": "Registered",
    "withdrawn": "Withdrawn",
    "superseded": "Replaced by another",
    "released": "Released from its embargo",
    "reference_added": "Reference copy added",
    "conflict": "The same picture registered by another",
}


def organisation(owner: str) -> str:
    """The name by which people know an owner."""
    kind, _, name = owner.partition(":")
    return f"certificate {name[:16]}" if kind == "certificate" else name or owner


def day(stamp: str) -> str:
    """An RFC 3339 time as ``1 March 2026``; what is none stays as it is."""
    return _said(stamp, "{0.day} {0:%B} {0.year}")


def moment(stamp: str) -> str:
    """An RFC 3339 time as ``1 March 2026, 06:12 UTC``; what is none stays as it is."""
    return _said(stamp, "{0.day} {0:%B} {0.year}, {0:%H:%M} UTC")


def medium(media_type: str) -> str:
    """``film``, ``photograph`` or ``sound``."""
    return {"video": "film", "image": "photograph", "audio": "sound"}.get(media_type.partition("/")[0], media_type)


def happened(kind: str) -> str:
    """An event of an asset, in words."""
    return _EVENTS.get(kind, kind.replace("_", " ").capitalize())


def _said(stamp: str, form: str) -> str:
    try:
        return form.format(datetime.fromisoformat(stamp).astimezone(UTC))
    except (ValueError, OverflowError):
        return stamp


FILTERS: dict[str, Callable[[str], str]] = {
    "organisation": organisation,
    "day": day,
    "moment": moment,
    "medium": medium,
    "happened": happened,
}
"""By the names that templates know them under."""
