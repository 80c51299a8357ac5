"""The C2PA library, for writing: the only module of the signer that imports it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import c2pa

from provenance.errors import CredentialError, OutputError, ProvenanceError
from provenance.files import disk_full, is_full
from provenance.media.values import MediaKind
from provenance.trust.anchors import AnchorList
from provenance.trust.purposes import CLAIM_SIGNING
from signer.keys import SigningKey
from signer.manifest import PARENT_ID, Parent, ParentForm, ingredient
from signer.tree_hash import PIECE_KB, Overlaid, long_header

# Any container can be bound by a sidecar when the library is told not to look inside.
_OPAQUE = "application/octet-stream"
_SPILL_MB = 16
MAX_DEFINITION_BYTES = 1 << 20
"""What the library takes of a manifest's description as JSON: its C interface refuses longer strings."""


class UnreadableParentError(Exception):
    """The library cannot take the input's own credential in; carries its words."""


def check_tsa(url: str) -> None:
    """Check the address of a time-stamp authority.

    Raises:
        CredentialError: ``sign.tsa_url``.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CredentialError(
            "sign.tsa_url",
            "this is not the address of a time-stamp authority",
            expected="http://… or https://…",
            found=url[:200],
        )


def write_signed(
    source: Path,
    target: Path,
    definition: dict[str, Any],
    *,
    kind: MediaKind,
    key: SigningKey,
    anchors: Sequence[AnchorList] = (),
    parent: Parent | None = None,
    parent_manifest: bytes | None = None,
    tsa_url: str | None = None,
) -> bytes:
    """Sign ``source`` into ``target``, an existing file of the caller's that is overwritten; returns the manifest.

    Where the kind cannot embed, the target becomes a plain copy and the returned bytes are for its sidecar.

    Raises:
        CredentialError: the library refused, with its words; ``sign.timestamp`` where the authority did not answer;
            ``sign.too_long`` where the fingerprints are more than the library takes.
        OutputError: ``output.full``.
        KeyFileError: the key failed.
        UnreadableParentError: the library does not take the parent's own manifest in.
    """
    described = json.dumps(definition)
    if len(described) > MAX_DEFINITION_BYTES:
        raise CredentialError(
            "sign.too_long",
            f"what is to be signed of {source.name} does not fit into a credential",
            expected=f"a description of at most {MAX_DEFINITION_BYTES} bytes",
            found=f"{len(described)} bytes",
            hint="sign it in parts, or with shorter texts",
        )
    signing = _Signing(key)
    with ExitStack() as stack:
        destination = _Watched(stack.enter_context(target.open("r+b")))
        file = stack.enter_context(source.open("rb"))
        header = long_header(file) if kind.embeddable else None
        origin = file if header is None else Overlaid(file, header)
        try:
            settings = _settings(anchors, tsa_url, tree=header is not None)
            context = stack.enter_context(c2pa.Context.from_json(json.dumps(settings)))
            builder = stack.enter_context(c2pa.Builder.from_json(described, context))
            if parent is not None:
                _add_parent(builder, parent, parent_manifest, kind, origin)
            if not kind.embeddable:
                builder.set_no_embed()
            algorithm = getattr(c2pa.C2paSigningAlg, key.algorithm.upper())
            signer = stack.enter_context(c2pa.Signer.from_callback(signing.sign, algorithm, key.chain_pem, tsa_url))
            manifest: bytes = builder.sign(signer, kind.media_type if kind.embeddable else _OPAQUE, origin, destination)
        except c2pa.C2paError.Verify as error:
            if parent is not None and parent.form is not ParentForm.UNREADABLE and "ingredient" in str(error):
                raise UnreadableParentError(str(error)[:300]) from error
            raise _translate(error, signing, destination, target, tsa_url) from error
        except c2pa.C2paError as error:
            raise _translate(error, signing, destination, target, tsa_url) from error
    return manifest


def _add_parent(
    builder: c2pa.Builder, parent: Parent, manifest: bytes | None, kind: MediaKind, origin: BinaryIO | Overlaid
) -> None:
    if parent.form is ParentForm.EMBEDDED:
        try:
            builder.add_ingredient(json.dumps(ingredient(parent.title)), kind.media_type, origin)
        except c2pa.C2paError as error:
            raise UnreadableParentError(str(error)[:300]) from error
        origin.seek(0)
    elif parent.form is ParentForm.SIDECAR and manifest is not None:
        builder.add_resource(PARENT_ID, io.BytesIO(manifest))


class _Signing:
    """Signs, and keeps the reason of a failure: the library would only say "COSE signature invalid"."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self.failure: Exception | None = None

    def sign(self, data: bytes) -> bytes:
        try:
            return self._key.sign(data)
        except Exception as error:
            self.failure = error
            raise


class _Watched(io.RawIOBase):
    """A file that keeps the reason of a failed write, which the library does not pass on."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self.failure: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)

    def write(self, data: Any) -> int:
        try:
            return self._stream.write(data)
        except OSError as error:
            self.failure = error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._stream.seek(offset, whence)
        except OSError as error:
            self.failure = error
            raise

    def tell(self) -> int:
        return self._stream.tell()

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self.failure = error
            raise


def _translate(
    error: c2pa.C2paError, signing: _Signing, destination: _Watched, target: Path, tsa_url: str | None
) -> ProvenanceError:
    words = str(error)[:500]
    if isinstance(signing.failure, ProvenanceError):
        return signing.failure
    if signing.failure is not None:
        return CredentialError("sign.key", "the key could not sign", found=str(signing.failure) or words)
    if destination.failure is not None:
        if is_full(destination.failure):
            return disk_full(target, destination.failure)
        return OutputError("output.unwritable", f"{target} cannot be written", found=str(destination.failure))
    if tsa_url is not None and isinstance(error, c2pa.C2paError.Signature):
        return CredentialError(
            "sign.timestamp",
            f"the time-stamp authority {tsa_url} gave no usable answer",
            expected="an RFC 3161 time-stamp",
            found=words,
            hint="check address and network, or sign without --tsa",
        )
    return CredentialError(
        "sign.refused",
        "the file could not be signed",
        found=words,
        hint="check that the file plays; damaged containers cannot hold a credential",
    )


def _settings(anchors: Sequence[AnchorList], tsa_url: str | None, *, tree: bool) -> dict[str, Any]:
    host = urlsplit(tsa_url).hostname if tsa_url else None
    return {
        "builder": {"thumbnail": {"enabled": False}},
        "core": {
            "allowed_network_hosts": [host] if host else [],
            "allow_redirects": False,
            "backing_store_memory_threshold_in_mb": _SPILL_MB,
            **({"merkle_tree_chunk_size_in_kb": PIECE_KB} if tree else {}),
        },
        "trust": {
            "trust_config": "\n".join(CLAIM_SIGNING),
            "anchors": [
                {"trust_anchors": a.pem.decode("ascii"), "trust_kind": a.kind.value, "trust_uri": a.uri}
                for a in anchors
                if a.pem
            ],
        },
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }
