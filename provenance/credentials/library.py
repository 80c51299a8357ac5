"""The C2PA library, for reading: the only module that imports it for that.

Everything is set here that its defaults leave open: no network whatsoever, hashes and trust checked (but for the one
reading that says otherwise), memory bounded. Each call makes its own context, so calls from several threads share
nothing.

Memory: the library hashes flat content in pieces of 256 MB, whatever its settings; reading a 300 MB file peaks at
350 MB, and it does not grow beyond two such pieces. What was hashed as a tree it reads in the pieces of that tree.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO

import c2pa

from provenance.trust.anchors import AnchorList
from provenance.trust.purposes import CLAIM_SIGNING

MAX_JSON_CHARACTERS = 128 * 2**20
MAX_MANIFEST_BYTES = 64 * 2**20
_SPILL_MB = 16
_REMOTE = re.compile(r"^Remote(?:Manifest)?: .*?(\w+://\S{1,2000})")


class AccountError(ValueError):
    """The library's account of a manifest is too large, or not what it should be."""


class Outcome(StrEnum):
    """What came of asking the library for a manifest."""

    READ = "read"
    NONE = "none"
    REMOTE_ONLY = "remote_only"
    UNSUPPORTED = "unsupported"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class StoreReading:
    """The library's answer. ``summary`` and ``details`` are its two JSON forms, ``manifest`` the JUMBF bytes.

    ``problem`` is the library's own message, which may quote the file: escape it.
    """

    outcome: Outcome
    summary: dict[str, Any] | None = None
    details: dict[str, Any] | None = None
    manifest: bytes | None = None
    problem: str | None = None
    remote_url: str | None = None


def read_store(stream: BinaryIO, anchors: Sequence[AnchorList], manifest: bytes | None = None) -> StoreReading:
    """Read and validate the manifest store in a file, or ``manifest`` (a sidecar's bytes) against the file."""
    return _read(stream, manifest, _settings(anchors))


def read_unverified_store(stream: BinaryIO, manifest: bytes | None = None) -> StoreReading:
    """What a file claims, taken at its word: its content is not hashed, its signature not checked. Takes 3 ms."""
    return _read(stream, manifest, _settings((), verify=False))


def _read(stream: BinaryIO, manifest: bytes | None, settings: str) -> StoreReading:
    with c2pa.Context.from_json(settings) as context:
        try:
            # No format is given: the library then goes by the bytes, never by the name.
            with c2pa.Reader(None, stream, manifest, context=context) as reader:
                return _reading(reader, manifest)
        except c2pa.C2paError as error:
            return _failure(error)


def read_alone(manifest: bytes, anchors: Sequence[AnchorList]) -> StoreReading:
    """Read and validate a manifest store without its asset; that the content does not match says nothing then."""
    with c2pa.Context.from_json(_settings(anchors)) as context:
        try:
            with c2pa.Reader("application/c2pa", io.BytesIO(manifest), context=context) as reader:
                return _reading(reader, manifest)
        except c2pa.C2paError as error:
            return _failure(error)


def read_trust(manifest: bytes, anchors: Sequence[AnchorList]) -> dict[str, Any]:
    """The short account of a manifest store without its asset: of use for what does not depend on the content."""
    with c2pa.Context.from_json(_settings(anchors)) as context:
        try:
            with c2pa.Reader("application/c2pa", io.BytesIO(manifest), context=context) as reader:
                return _parsed(reader.json())
        except (c2pa.C2paError, AccountError):
            return {}


def library_version() -> str:
    """Version of the C2PA library."""
    return str(c2pa.sdk_version())


def _reading(reader: c2pa.Reader, given: bytes | None) -> StoreReading:
    try:
        summary, details = _parsed(reader.json()), _parsed(reader.detailed_json())
    except AccountError as error:
        return StoreReading(Outcome.BROKEN, problem=str(error))
    return StoreReading(
        Outcome.READ,
        summary=summary,
        details=details,
        manifest=given if given is not None else _jumbf(reader, summary.get("active_manifest")),
        remote_url=reader.get_remote_url(),
    )


def _parsed(account: str) -> dict[str, Any]:
    if len(account) > MAX_JSON_CHARACTERS:
        raise AccountError(f"the manifest is larger than {MAX_JSON_CHARACTERS} characters")
    try:
        value = json.loads(account)
    except (ValueError, RecursionError) as error:
        raise AccountError(f"the account of the manifest cannot be parsed: {error}") from error
    if not isinstance(value, dict):
        raise AccountError("the account of the manifest is no object")
    return value


def _jumbf(reader: c2pa.Reader, label: object) -> bytes | None:
    # Asked for any box inside the active manifest, this release answers with the bytes of the whole store.
    stream = io.BytesIO()
    try:
        reader.resource_to_stream(f"self#jumbf=/c2pa/{label}/c2pa.signature", stream)
    except c2pa.C2paError:
        return None
    data = stream.getvalue()
    return data if len(data) <= MAX_MANIFEST_BYTES else None


def _failure(error: c2pa.C2paError) -> StoreReading:
    message = str(error)[:1000]
    if isinstance(error, c2pa.C2paError.ManifestNotFound):
        return StoreReading(Outcome.NONE)
    if isinstance(error, c2pa.C2paError.NotSupported):
        return StoreReading(Outcome.UNSUPPORTED, problem=message)
    if found := _REMOTE.match(message):
        return StoreReading(Outcome.REMOTE_ONLY, problem=message, remote_url=found[1])
    return StoreReading(Outcome.BROKEN, problem=message)


def _settings(anchors: Sequence[AnchorList], *, verify: bool = True) -> str:
    return json.dumps(
        {
            "verify": {
                "verify_after_reading": verify,
                "verify_trust": verify,
                "verify_timestamp_trust": verify,
                "ocsp_fetch": False,
                "remote_manifest_fetch": False,
            },
            "core": {
                "allowed_network_hosts": [],
                "allow_redirects": False,
                "backing_store_memory_threshold_in_mb": _SPILL_MB,
                "max_decompressed_manifest_size_in_mb": MAX_MANIFEST_BYTES >> 20,
            },
            "trust": {
                "trust_config": "\n".join(CLAIM_SIGNING),
                "anchors": [
                    {"trust_anchors": a.pem.decode("ascii"), "trust_kind": a.kind.value, "trust_uri": a.uri}
                    for a in anchors
                    if a.pem
                ],
            },
        }
    )
