"""How keys stand: how long their certificates last, whether they were revoked, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes

from provenance.errors import KeyFileError, RegistryError
from provenance.revocation import Revocation
from provenance.settings import Settings
from signer.algorithms import algorithm_of
from signer.key_choice import default_or_none
from signer.key_folder import KeyEntry, entry_of, key_names, place_of

SOON_DAYS = 30
"""Days before the end of a certificate from which on it is high time: authorities take weeks."""

Revoked = Callable[[str], Revocation | None]
"""Says of a certificate's SHA-256 (hex) what is recorded of it."""


class State(StrEnum):
    """How a key stands, best first. RETIRED: another took its place. UNCERTIFIED: its certificate is to come."""

    GOOD = "good"
    RETIRED = "retired"
    UNCERTIFIED = "uncertified"
    EXPIRING = "expiring"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNUSABLE = "unusable"


_CALM = {State.GOOD, State.RETIRED, State.UNCERTIFIED}


@dataclass(frozen=True, slots=True)
class Standing:
    """One key. ``days``: whole days until the first certificate of its chain ends; ``next``: what to do, in words.

    ``revocation``: good, revoked, or unknown where no registry can be asked; ``revoked``: what is recorded.
    """

    name: str
    state: State
    default: bool
    held: str
    development: bool
    algorithm: str | None
    subject: str | None
    fingerprint: str | None
    valid_until: datetime | None
    days: int | None
    revocation: str
    revoked: Revocation | None
    next: str | None

    @property
    def calls(self) -> bool:
        """Whether somebody should do something now."""
        return self.state not in _CALM

    def as_json(self) -> dict[str, Any]:
        """The standing for programs."""
        return {
            "name": self.name,
            "state": self.state.value,
            "default": self.default,
            "held": self.held,
            "development": self.development,
            "algorithm": self.algorithm,
            "subject": self.subject,
            "fingerprint": self.fingerprint,
            "valid_until": f"{self.valid_until:%Y-%m-%dT%H:%M:%SZ}" if self.valid_until else None,
            "days": self.days,
            "revocation": self.revocation,
            "revoked": self.revoked.as_json() if self.revoked else None,
            "next": self.next,
        }


def standings(folder: Path, now: datetime, revoked: Revoked | None, soon_days: int = SOON_DAYS) -> Iterator[Standing]:
    """Every key of the folder, by name. Opens none of them.

    Args:
        revoked: None where no registry can be asked.
        soon_days: fewer days than these are few.
    """
    default = default_or_none(folder)
    for name in key_names(folder):
        try:
            entry = entry_of(folder, name)
            yield _standing(entry, now, revoked, soon_days, default=name == default)
        except KeyFileError as error:
            yield Standing(
                name, State.UNUSABLE, name == default, place_of(folder, name), False, None, None, None, None, None,
                "unknown", None, problem(error),
            )  # fmt: skip


def problem(error: KeyFileError) -> str:
    """Why a key cannot be used, in a line."""
    return f"{error.message.removesuffix(':')}: {error.hint or error.found}"


def days_left(entry: KeyEntry, now: datetime) -> int:
    """Whole days until the first certificate of the chain ends; negative once it has."""
    return (min(certificate.not_valid_after_utc for certificate in entry.chain) - now).days


def revocations_of(settings: Settings) -> Callable[[str], Revocation | None] | None:
    """What the home's registry has on record; None where there is none, or it cannot be read."""
    # Here and not at the top: it brings in the database.
    from registry.revocations import recorded

    try:
        known = recorded(settings)
    except RegistryError:
        return None
    return known.get


def _standing(entry: KeyEntry, now: datetime, revoked: Revoked | None, soon_days: int, *, default: bool) -> Standing:
    leaf = entry.chain[0] if entry.chain else None
    fingerprint = leaf.fingerprint(hashes.SHA256()).hex() if leaf else None
    record = revoked(fingerprint) if revoked is not None and fingerprint is not None else None
    unknown = revoked is None or fingerprint is None
    state = _state(entry, now, record, soon_days)
    return Standing(
        name=entry.name,
        state=state,
        default=default,
        held=entry.place,
        development=entry.development,
        algorithm=algorithm_of(leaf.public_key()) if leaf else None,
        subject=leaf.subject.rfc4514_string() if leaf else None,
        fingerprint=fingerprint,
        valid_until=min(c.not_valid_after_utc for c in entry.chain) if leaf else None,
        days=days_left(entry, now) if leaf else None,
        revocation="unknown" if unknown else "revoked" if record else "good",
        revoked=record,
        next=_next(entry, state),
    )


def _state(entry: KeyEntry, now: datetime, record: Revocation | None, soon_days: int) -> State:
    if entry.retired:
        return State.RETIRED
    if not entry.chain:
        return State.UNCERTIFIED
    if record is not None:
        return State.REVOKED
    if days_left(entry, now) < 0:
        return State.EXPIRED
    if any(certificate.not_valid_before_utc > now for certificate in entry.chain):
        return State.NOT_YET_VALID
    return State.EXPIRING if days_left(entry, now) < soon_days else State.GOOD


def _next(entry: KeyEntry, state: State) -> str | None:
    name = entry.name
    certify = f"provenance keys request {name}, then provenance keys import {name} --chain FILE"
    if entry.development and state in (State.EXPIRING, State.EXPIRED):
        return "provenance init makes a new one once it has expired"
    return {
        State.UNCERTIFIED: certify,
        State.EXPIRING: f"{certify}; or provenance keys rotate {name} ANOTHER",
        State.EXPIRED: f"{certify}; or provenance keys rotate {name} ANOTHER",
        State.NOT_YET_VALID: "check this machine's clock",
        State.REVOKED: f"make another key, then provenance keys rotate {name} ANOTHER",
    }.get(state)
