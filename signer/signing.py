"""The port through which everything that signs reaches a key, wherever that is held."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from provenance.errors import KeyFileError
from signer.algorithms import PrivateKey, checked_signature, sign_in_process

# Nothing that COSE asks to be signed begins like this: the proof can never pass for a signature on a claim.
_PROOF = b"provenance-toolkit: proof that this key is that of its certificate\n"


class Signing(Protocol):
    """A key that can sign, with the certificates that vouch for it. Used by one thread at a time."""

    @property
    def name(self) -> str:
        """What people call it; may be shown."""

    @property
    def algorithm(self) -> str:
        """One of ``algorithms.ALGORITHMS``."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificates, leaf first."""

    def sign(self, data: bytes) -> bytes:
        """Sign a COSE structure (about 1.5 KB): ECDSA as DER or raw r||s, RSA as PSS with a salt of the digest's size.

        Raises:
            KeyFileError: the key cannot be used, and why.
        """


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key in this process. Where it comes from it was checked that it belongs to its chain."""

    name: str
    algorithm: str
    chain: tuple[x509.Certificate, ...]
    private: PrivateKey = field(repr=False)
    development: bool = False

    @property
    def organisation(self) -> str | None:
        """The organisation the certificate is issued to."""
        names = self.chain[0].subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
        return str(names[0].value) if names else None

    def sign(self, data: bytes) -> bytes:
        """Sign with the algorithm of the key."""
        return sign_in_process(self.private, self.algorithm, data)


def chain_pem(chain: tuple[x509.Certificate, ...]) -> str:
    """Certificates in PEM, in their order."""
    return "".join(c.public_bytes(serialization.Encoding.PEM).decode("ascii") for c in chain)


def sign_checked(key: Signing, data: bytes) -> bytes:
    """Sign, and give the signature out only if the leaf certificate verifies it.

    Raises:
        KeyFileError: the key failed, or ``keys.wrong_signature``: the signature is not one by the certificate's key.
    """
    signature = key.sign(data)
    leaf = key.chain[0]
    checked = checked_signature(leaf.public_key(), key.algorithm, data, signature)
    if checked is None:
        raise KeyFileError(
            "keys.wrong_signature",
            f"what the key {key.name} signed is not verified by its certificate",
            expected=f"an {key.algorithm} signature by the key of {leaf.subject.rfc4514_string()}",
            found=f"{len(signature)} bytes that are none: another key, or another algorithm",
            hint="check that key and certificate chain belong together",
        )
    return checked


def prove(key: Signing) -> None:
    """Have the key sign something of no meaning, so that what is wrong with it shows before there is work to lose.

    Raises:
        KeyFileError: see ``sign_checked``.
    """
    sign_checked(key, _PROOF + secrets.token_bytes(32))
