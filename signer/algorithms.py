"""The signature algorithms of C2PA: which key goes with which, signing in process, and checking a signature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from provenance.errors import KeyFileError

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Digest: TypeAlias = hashes.SHA256 | hashes.SHA384 | hashes.SHA512

ALGORITHMS = ("es256", "es384", "es512", "ps256", "ps384", "ed25519")

_CURVES: dict[str, ec.EllipticCurve] = {"es256": ec.SECP256R1(), "es384": ec.SECP384R1(), "es512": ec.SECP521R1()}
_HASHES: dict[str, Digest] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_RSA_BITS = {"ps256": 3072, "ps384": 4096}


def new_private_key(algorithm: str) -> PrivateKey:
    """A fresh key for one of ``ALGORITHMS``; an RSA key's length says which of the two it is for."""
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    if algorithm in _RSA_BITS:
        return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS[algorithm])
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    raise KeyFileError(
        "keys.algorithm", "this is not a signing algorithm we use", expected=", ".join(ALGORITHMS), found=algorithm
    )


def algorithm_of(key: object) -> str:
    """The C2PA algorithm that goes with a key, private or public.

    Raises:
        KeyFileError: no C2PA algorithm goes with such a key.
    """
    if isinstance(key, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        for algorithm, curve in _CURVES.items():
            if key.curve.name == curve.name:
                return algorithm
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey) and key.key_size >= 2048:
        return "ps384" if key.key_size >= _RSA_BITS["ps384"] else "ps256"
    raise KeyFileError(
        "keys.algorithm",
        "C2PA has no signature algorithm for this kind of key",
        expected="EC P-256, P-384 or P-521, RSA of 2048 bits or more, or Ed25519",
        found=type(key).__name__,
    )


def digest_of(algorithm: str) -> Digest:
    """The digest that an algorithm signs; not for ed25519, which signs the message itself."""
    return _HASHES[algorithm[2:]]


def sign_in_process(private: PrivateKey, algorithm: str, data: bytes) -> bytes:
    """Sign with a private key that we hold."""
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(data)
    digest = digest_of(algorithm)
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(data, pss_of(digest), digest)
    return private.sign(data, ec.ECDSA(digest))


def checked_signature(public: object, algorithm: str, data: bytes, signature: bytes) -> bytes | None:
    """The signature as the C2PA library takes it, if it is one by this key over the data; else None.

    ECDSA signatures may come as DER or as raw r||s, which is how hardware gives them.
    """
    for form in _forms(public, signature):
        try:
            if isinstance(public, ed25519.Ed25519PublicKey):
                public.verify(form, data)
            elif isinstance(public, rsa.RSAPublicKey):
                public.verify(form, data, pss_of(digest_of(algorithm)), digest_of(algorithm))
            elif isinstance(public, ec.EllipticCurvePublicKey):
                public.verify(form, data, ec.ECDSA(digest_of(algorithm)))
            else:
                return None
        except InvalidSignature:
            continue
        return form
    return None


def _forms(public: object, signature: bytes) -> Iterator[bytes]:
    """What the bytes could be: a DER signature may by chance be as long as a raw one."""
    if isinstance(public, ec.EllipticCurvePublicKey):
        size = (public.key_size + 7) // 8
        if len(signature) == 2 * size:
            yield encode_dss_signature(int.from_bytes(signature[:size]), int.from_bytes(signature[size:]))
    yield signature


def pss_of(digest: hashes.HashAlgorithm) -> padding.PSS:
    """The padding of RSA signatures: C2PA's, with a salt as long as the digest."""
    return padding.PSS(padding.MGF1(digest), digest.digest_size)
