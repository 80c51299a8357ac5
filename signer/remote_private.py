"""A key that is held elsewhere, in the shape that the cryptography library wants to make a certificate request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from provenance.errors import KeyFileError
from signer.algorithms import PrivateKey, algorithm_of, checked_signature
from signer.key_folder import KeyEntry
from signer.key_stores import Held, store_for
from signer.signing import Signing


def private_elsewhere(entry: KeyEntry, secret: str | None, public_pem: bytes | None) -> PrivateKey:
    """Open a key that is held elsewhere, to sign a certificate request with.

    ``public_pem``: its public key (PEM), where no certificate says it.

    Raises:
        KeyFileError: ``keys.public``: nothing says what its public key is; or it cannot be opened.
    """
    public = entry.chain[0].public_key() if public_pem is None and entry.chain else _read_public(public_pem or b"")
    held = Held(entry.name, entry.uri or "", algorithm_of(public), ())
    return as_private(store_for(held.uri).open(held, secret), public)


def _read_public(pem: bytes) -> object:
    try:
        return serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            "keys.public",
            "the public key of the key cannot be read",
            expected="a public key in PEM, as what holds the key gives it out",
            found=str(error) if pem else "none",
            hint="--public-key FILE",
        ) from error


def as_private(key: Signing, public: object) -> PrivateKey:
    """A private key that signs by asking ``key``, and refuses what ``public`` does not verify."""
    kinds: dict[str, Callable[[Signing, object], PrivateKey]] = {"es": _Curve, "ps": _Rsa, "ed": _Edwards}
    return kinds[key.algorithm[:2]](key, public)


class _Remote:
    """What all kinds share. The digest and the padding that the library names are those of the key's algorithm."""

    def __init__(self, key: Signing, public: Any) -> None:
        self._key = key
        self._public = public

    def public_key(self) -> Any:
        return self._public

    @property
    def key_size(self) -> int:
        size: int = self._public.key_size
        return size

    def sign(self, data: bytes, *_how: object) -> bytes:
        signature = self._key.sign(data)
        checked = checked_signature(self._public, self._key.algorithm, data, signature)
        if checked is None:
            raise KeyFileError(
                "keys.wrong_signature",
                f"what the key {self._key.name} signed is not verified by the public key that was given",
                expected=f"an {self._key.algorithm} signature by that key",
                found=f"{len(signature)} bytes that are none: another key, or another algorithm",
                hint="check that address and public key belong together",
            )
        return checked

    def private_numbers(self) -> NoReturn:
        raise NotImplementedError

    def private_bytes(self, *_how: object, **_more: object) -> NoReturn:
        raise NotImplementedError

    def private_bytes_raw(self) -> NoReturn:
        raise NotImplementedError

    def exchange(self, *_how: object) -> NoReturn:
        raise NotImplementedError

    def decrypt(self, *_how: object) -> NoReturn:
        raise NotImplementedError

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _memo: object) -> Any:
        return self


class _Curve(_Remote, ec.EllipticCurvePrivateKey):  # type: ignore[misc]  # a signature of wider arguments
    @property
    def curve(self) -> ec.EllipticCurve:
        curve: ec.EllipticCurve = self._public.curve
        return curve


class _Rsa(_Remote, rsa.RSAPrivateKey):
    pass


class _Edwards(_Remote, ed25519.Ed25519PrivateKey):  # type: ignore[misc]  # as above
    pass
