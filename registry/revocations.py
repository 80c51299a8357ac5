"""Certificates that are not to be relied on any more: recorded by an operator, for the whole registry, and for good."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from provenance.errors import RegistryError, TrustError
from provenance.revocation import Revocation
from provenance.settings import Settings
from registry.log.leaves import key_leaf
from registry.log.models import LeafRow
from registry.log.sequencing import recording
from registry.models import Base
from registry.store import Registry, open_registry, stamp

MAX_REASON = 500
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class RevocationRow(Base):
    """A revoked certificate, by its SHA-256. Its leaf in the log is number 1 under that fingerprint."""

    __tablename__ = "key_revocations"

    certificate: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[str] = mapped_column(String(40))
    recorded_at: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)


def revoke_key(registry: Registry, certificate: str, since: datetime, reason: str, actor: str) -> None:
    """Record that a certificate was revoked. What it signed stays registered; every match with it says so from now on.

    ``certificate``: SHA-256 of its DER, hex, with or without colons.

    Raises:
        RegistryError: ``revocation.fingerprint``, ``revocation.reason``, ``revocation.known``.
    """
    fingerprint = certificate.replace(":", "").lower()
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise RegistryError(
            "revocation.fingerprint",
            "this is not the fingerprint of a certificate",
            expected="SHA-256, 64 hexadecimal digits",
            found=certificate[:100] or "nothing",
            hint="`provenance assets show` prints it as signer fingerprint",
        )
    if not 0 < len(reason) <= MAX_REASON:
        raise RegistryError(
            "revocation.reason", "a reason is wanted", expected=f"1 to {MAX_REASON} characters", found=f"{len(reason)}"
        )
    with recording(registry) as session:
        present = session.get(RevocationRow, fingerprint)
        if present is not None:
            raise RegistryError(
                "revocation.known",
                "this certificate is recorded as revoked already; what was recorded stays",
                found=f"as of {present.since}: {present.reason}",
                hint="nothing needs to be done",
            )
        now, moment = registry.now(), stamp(since)
        session.add(RevocationRow(certificate=fingerprint, since=moment, recorded_at=now, reason=reason, actor=actor))
        leaf = key_leaf(fingerprint, now, moment, {"reason": reason})
        session.add(LeafRow(subject=fingerprint, number=1, at=now, data=leaf))


def recorded(settings: Settings) -> dict[str, Revocation]:
    """All that the registry of the settings has on record, by the fingerprint of the certificate.

    Raises:
        RegistryError: there is no registry, or it cannot be read.
    """
    with open_registry(settings) as registry, registry.reading() as session:
        rows = session.scalars(select(RevocationRow))
        return {row.certificate: Revocation(row.since, row.recorded_at, row.reason) for row in rows}


def revocation_of(session: Session, certificate: str) -> Revocation | None:
    """What was recorded of a certificate, by its fingerprint; None where it was not revoked."""
    row = session.get(RevocationRow, certificate)
    return Revocation(row.since, row.recorded_at, row.reason) if row else None


def require_not_revoked(session: Session, certificate: str, timestamp: str | None) -> None:
    """Refuse what a revoked certificate signed, unless a trusted time stamp is older than the revocation.

    ``certificate``: its fingerprint; ``timestamp``: of the credential, as ``Credential.timestamp``.

    Raises:
        TrustError: ``registry.certificate_revoked``.
    """
    revoked = revocation_of(session, certificate)
    if revoked is None or revoked.spares(timestamp):
        return
    seen = f"a time stamp from {timestamp}" if timestamp else "no trusted time stamp"
    raise TrustError(
        "registry.certificate_revoked",
        "the certificate of its signer was revoked, and nothing shows that it was signed before",
        expected=f"a certificate that holds, or a trusted time stamp from before {revoked.since}",
        found=f"{seen}; {revoked.words}",
        hint="sign the source again with a certificate that holds; where the file bears a time stamp from before, the "
        "registry needs its authority: `provenance trust add --tsa`",
    )
