"""A credential as read from a file: facts about signature, binding and signer on separate axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SIDECAR_SUFFIX = ".c2pa"
"""Of the file beside an asset that holds its credential."""


class CredentialState(StrEnum):
    """What the whole of it amounts to.

    NONE: no manifest. AUTHENTIC: intact, content bound, signer trusted by the policy. UNTRUSTED: intact and
    bound, the policy does not accept the signer. CONTENT_CHANGED: a sound signature over other content.
    INVALID: signature, certificate or assertions do not hold. BROKEN: cannot be parsed. UNSUPPORTED: the
    container cannot hold one, or the manifest is only named by a remote address (never fetched).
    """

    NONE = "none"
    AUTHENTIC = "authentic"
    UNTRUSTED = "untrusted"
    CONTENT_CHANGED = "content_changed"
    INVALID = "invalid"
    BROKEN = "broken"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, from the leaf certificate. ``fingerprint``: SHA-256 of its DER, hex; ``serial``: hex.

    ``not_before`` and ``not_after`` are RFC 3339.
    """

    common_name: str | None
    organisation: str | None
    fingerprint: str
    serial: str
    issuer: str | None
    not_before: str | None = None
    not_after: str | None = None

    @property
    def name(self) -> str:
        """The name for people: organisation, else common name, else the start of the fingerprint."""
        return self.organisation or self.common_name or f"certificate {self.fingerprint[:16]}"


@dataclass(frozen=True, slots=True)
class Ingredient:
    """Something this asset was made from. ``failures`` are the status codes its own validation failed with.

    ``hard_binding``: ``<alg>:<hex>`` of the content hash in the manifest that came with it. ``label``: of the assertion
    that describes it, by which actions refer to it.
    """

    title: str | None
    relationship: str
    manifest_label: str | None
    failures: tuple[str, ...] = ()
    hard_binding: str | None = None
    instance_id: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """A part of the picture: a polygon of at least three (x, y) from the top left, in fractions of the frame or, where
    ``pixels``, in its pixels. ``inside``: False where all but the polygon is meant."""

    points: tuple[tuple[float, float], ...]
    pixels: bool = False
    inside: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time [start, end) in seconds, or where ``frames``, in frames from 0. ``end`` None: to the end."""

    start: float
    end: float | None
    frames: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Where and when something was changed: C2PA's region of interest, in frame and time of the signed asset.

    Several shapes, or several spans, add up; shapes and spans narrow each other. Without shapes: the whole frame, and
    sound; without spans: all along.
    """

    shapes: tuple[Shape, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """Something that the signer states to have done, by its C2PA label.

    ``changes``: where; None where that is not said, empty where what is said cannot be understood. ``ingredients``:
    labels of the ingredients that it refers to. ``source_type``: of what it brought in, by its short name.
    """

    label: str
    description: str | None = None
    reason: str | None = None
    changes: tuple[Change, ...] | None = None
    ingredients: tuple[str, ...] = ()
    source_type: str | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """The active manifest and its validation. Every string from the manifest is attacker text: escape it.

    ``codes``: failure status codes of manifest and ingredients, in order; ``notes``: informational ones.
    ``hard_binding``: ``<alg>:<hex>`` of the content hash. ``timestamp``: RFC 3339 of a trusted timestamp,
    ``claimed_time``: what the signer says. ``trust_lists``: the URIs of the anchor lists that vouch for the
    signer. ``actions``: all that the manifest tells, as it tells it; ``stated``: those that are the signer's own
    statement, as values. ``manifest``: the JUMBF bytes. ``sidecar``: read from a file beside the asset.
    ``trust_code`` and ``trust_reason``: what the trust policy said of the signer. ``problem``: why there is
    nothing to show, where it is broken or unsupported.
    """

    state: CredentialState
    signer: Signer | None = None
    codes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    timestamp: str | None = None
    claimed_time: str | None = None
    revocation: str = "unknown"
    trust_lists: tuple[str, ...] = ()
    title: str | None = None
    manifest_label: str | None = None
    hard_binding: str | None = None
    claim_generator: str | None = None
    assertions: Mapping[str, Any] = field(default_factory=dict)
    actions: tuple[Mapping[str, Any], ...] = ()
    stated: tuple[Action, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()
    manifest: bytes | None = field(default=None, repr=False)
    sidecar: bool = False
    remote_url: str | None = None
    trust_code: str | None = None
    trust_reason: str | None = None
    problem: str | None = None

    @property
    def trust_list(self) -> str | None:
        """One of the lists that vouch for the signer, or None."""
        return self.trust_lists[0] if self.trust_lists else None
