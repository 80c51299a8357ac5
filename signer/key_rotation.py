"""One key taking the place of another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from provenance.errors import KeyFileError
from signer.key_choice import choose_default, default_or_none, mark_retired
from signer.key_folder import entry_of
from signer.keys import load_key


@dataclass(frozen=True, slots=True)
class Rotated:
    """``default``: whether the new key signs by default now; ``other_issuer``: whose its chain is, if another's."""

    default: bool
    other_issuer: str | None


def rotate_key(folder: Path, old: str, new: str, secret: str | None, *, now: datetime | None = None) -> Rotated:
    """Retire ``old`` in favour of ``new``, which must be able to sign now. Killed at any point, one of them signs.

    Raises:
        KeyFileError: there is no such key, they are one and the same, or the new one cannot sign.
    """
    before = entry_of(folder, old)
    if old == new:
        raise KeyFileError("keys.same", "a key cannot take its own place", expected="two keys", found=old)
    retired = entry_of(folder, new).retired
    mark_retired(folder, new, retired=False)
    try:
        key = load_key(folder, new, secret, now=now)
    except KeyFileError:
        mark_retired(folder, new, retired=retired)
        raise
    was_default = default_or_none(folder) == old
    if was_default:
        choose_default(folder, new)
    mark_retired(folder, old, retired=True)
    other = bool(before.chain) and _issuer(before.chain[-1]) != _issuer(key.chain[-1])
    return Rotated(was_default, key.chain[-1].issuer.rfc4514_string() if other else None)


def _issuer(certificate: x509.Certificate) -> tuple[x509.Name, bytes | None]:
    """Who issued a certificate: two authorities may have one name."""
    try:
        key = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        key = None
    return certificate.issuer, key
