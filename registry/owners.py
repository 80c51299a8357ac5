"""Owners in words: ``organisation:Herald`` is the Herald."""

from __future__ import annotations

_ORGANISATION = "organisation:"
_CERTIFICATE = "certificate:"


def owner_named(name: str | None) -> str | None:
    """The owner whom people call this; what is an owner already stays, and nothing is None."""
    if not name or name.startswith((_ORGANISATION, _CERTIFICATE)):
        return name or None
    return _ORGANISATION + name


def name_of(owner: str) -> str:
    """What people call an owner."""
    return owner.removeprefix(_ORGANISATION)
