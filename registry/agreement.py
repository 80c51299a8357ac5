"""Whether the fingerprints signed into an asset are those of its content, and say the same as its soft binding."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path

from provenance.credentials.values import Credential
from provenance.errors import CredentialError, RegistryError
from provenance.fingerprints.codec import ASSERTION_LABEL, agree, from_assertion
from provenance.fingerprints.iscc import SOFT_BINDING_ALGORITHM, ContentCode, content_codes
from provenance.fingerprints.values import Fingerprints

_SOFT_BINDING = "c2pa.soft-binding"
"""Label of the assertion; further ones have a number behind it."""


def signed_fingerprints(credential: Credential, path: Path) -> tuple[Fingerprints, str | None]:
    """The fingerprints that a credential binds, and the SHA-256 of the reference copy that it names.

    Raises:
        CredentialError: it holds none (``registry.no_fingerprints``), or they cannot be used.
    """
    data = credential.assertions.get(ASSERTION_LABEL)
    if not isinstance(data, dict):
        raise CredentialError(
            "registry.no_fingerprints",
            f"the credential of {path.name} holds no fingerprints",
            expected=f"an assertion {ASSERTION_LABEL}",
            hint="sign it with `provenance sign`, which keeps the present credential as its parent",
        )
    return from_assertion(data)


def require_agreement(signed: Fingerprints, found: Fingerprints, path: Path, *, reduced: bool) -> None:
    """Hold the signed fingerprints against those of the content. ``reduced``: of its reference copy.

    Raises:
        RegistryError: they are of something else (``registry.fingerprints_differ``).
    """
    difference = agree(signed, found, reduced=reduced)
    if difference is not None:
        raise RegistryError(
            "registry.fingerprints_differ",
            f"the fingerprints signed into {path.name} are not those of its content",
            expected="the same picture and sound",
            found=difference,
            hint="sign it again; if it was signed elsewhere, ask the signer",
        )


def require_same_iscc(credential: Credential, signed: Fingerprints, path: Path) -> None:
    """What other software looks the asset up by must be what the registry finds it by, where both are signed.

    Raises:
        RegistryError: the soft bindings are of another ISCC (``registry.soft_binding_differs``).
    """
    codes = set(_soft_bindings(credential))
    if signed.iscc is None or not codes or codes & set(_codes(signed.iscc)):
        return
    raise RegistryError(
        "registry.soft_binding_differs",
        f"the soft binding signed into {path.name} is not the ISCC among its fingerprints",
        expected=signed.iscc[:100],
        found="another ISCC",
        hint="sign it again; if it was signed elsewhere, ask the signer",
    )


def _soft_bindings(credential: Credential) -> Iterator[ContentCode]:
    """The ISCCs in all soft bindings of the active manifest; what cannot be read says nothing."""
    for label, data in credential.assertions.items():
        if label.partition("__")[0] != _SOFT_BINDING or not isinstance(data, dict):
            continue
        blocks = data.get("blocks")
        if data.get("alg") == SOFT_BINDING_ALGORITHM and isinstance(blocks, list):
            for block in blocks:
                yield from _codes(block.get("value") if isinstance(block, dict) else None)


def _codes(value: object) -> list[ContentCode]:
    """The codes in a value: ISCC text, or bytes, which the library hands out in base64."""
    if not isinstance(value, str):
        return []
    try:
        data = value.encode("ascii")
        return content_codes(data if value.startswith("ISCC:") else base64.b64decode(data, validate=True))
    except (ValueError, binascii.Error):
        return []
