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
from signer.signing import Signing, chain_pem, sign_checked
from signer.sources import Form, Source, description
from signer.tree_hash import PIECE_KB, Overlaid, long_header

# Any container can be bound by a sidecar when the library is told not to look inside.
_OPAQUE = "application/octet-stream"
_SPILL_MB = 16
MAX_DEFINITION_BYTES = 1 << 20
"""What the library takes of a manifest's description as JSON: its C interface refuses longer strings."""


class UnreadableSourceError(Exception):
    """The library cannot take the credential of a source in; carries its words.

    ``source_id``: of which, where the library says so.
    """

    def __init__(self, words: str, source_id: str | None) -> None:
        super().__init__(words)
        self.source_id = source_id


def write_signed(
    source: Path,
    target: Path,
    definition: dict[str, Any],
    *,
    kind: MediaKind,
    key: Signing,
    anchors: Sequence[AnchorList] = (),
    sources: Sequence[Source] = (),
    tsa_url: str | None = None,
    becoming: Path | None = None,
) -> bytes:
    """Sign ``source`` into ``target``, an existing file of the caller's that is overwritten; returns the manifest.

    ``becoming``: the name that the target is to have in the end, to speak of it by.

    Where the kind cannot embed, the target becomes a plain copy and the returned bytes are for its sidecar.

    Raises:
        CredentialError: the library refused, with its words; ``sign.timestamp`` where the authority did not answer;
            ``sign.too_long`` where the fingerprints are more than the library takes.
        OutputError: ``output.full``.
        KeyFileError: the key failed, or signed what its certificate does not verify.
        UnreadableSourceError: the library does not take a source's own manifest in.
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
            for taken in sources:
                _add(builder, taken, origin if taken.path == source else None)
            if not kind.embeddable:
                builder.set_no_embed()
            algorithm = getattr(c2pa.C2paSigningAlg, key.algorithm.upper())
            signer = stack.enter_context(
                c2pa.Signer.from_callback(signing.sign, algorithm, chain_pem(key.chain), tsa_url)
            )
            manifest: bytes = builder.sign(signer, kind.media_type if kind.embeddable else _OPAQUE, origin, destination)
        except c2pa.C2paError.Verify as error:
            if any(taken.form in (Form.EMBEDDED, Form.SIDECAR) for taken in sources) and "ingredient" in str(error):
                raise UnreadableSourceError(str(error)[:300], None) from error
            raise _translate(error, signing, destination, becoming or target, tsa_url) from error
        except c2pa.C2paError as error:
            raise _translate(error, signing, destination, becoming or target, tsa_url) from error
    return manifest


def _add(builder: c2pa.Builder, source: Source, origin: BinaryIO | Overlaid | None) -> None:
    """Hand the credential of a source over; ``origin``: where it is the file that is being signed."""
    if source.form is Form.SIDECAR and source.manifest is not None:
        builder.add_resource(source.id, io.BytesIO(source.manifest))
    if source.form is not Form.EMBEDDED:
        return
    with ExitStack() as stack:
        stream = origin if origin is not None else stack.enter_context(source.path.open("rb"))
        try:
            builder.add_ingredient(json.dumps(description(source)), source.kind.media_type, stream)
        except c2pa.C2paError as error:
            raise UnreadableSourceError(str(error)[:300], source.id) from error
        stream.seek(0)


class _Signing:
    """Signs, and keeps the reason of a failure: the library would only say "COSE signature invalid"."""

    def __init__(self, key: Signing) -> None:
        self._key = key
        self.failure: Exception | None = None

    def sign(self, data: bytes) -> bytes:
        try:
            return sign_checked(self._key, data)
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
            "the library did not take the time-stamp authority's answer",
            expected="an RFC 3161 time-stamp",
            found=words,
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
