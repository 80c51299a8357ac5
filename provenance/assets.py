"""Signed assets and registered originals: the values that travel from signer to registry to verifier."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from provenance.fingerprints.values import Fingerprints
from provenance.revocation import Revocation


def asset_id_of(manifest_label: str, hard_binding: str) -> str:
    """The registry's key of a signed asset, from what the signature covers.

    Not the file's SHA-256: boxes that a signature leaves out can be changed without breaking it.

    ``hard_binding`` is ``<alg>:<hex>`` as in ``Credential.hard_binding``. Returns 26 lower-case base32 characters.
    """
    digest = hashlib.sha256(f"{manifest_label}\0{hard_binding}".encode()).digest()
    return base64.b32encode(digest[:16]).decode("ascii").rstrip("=").lower()


@dataclass(frozen=True, slots=True)
class ReferenceCopy:
    """A low-resolution copy kept so that alterations can be localised; its hash is in the signed assertion."""

    path: Path
    sha256: str
    media_type: str


CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")


@dataclass(frozen=True, slots=True)
class Label:
    """Words that are burnt into the picture, in one of its ``CORNERS``. ``font``: a font file of one's own."""

    text: str
    corner: str = "top-left"
    font: Path | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """What is to be signed and what its publisher says of it. Times are RFC 3339, place is free text.

    ``source_type`` is an IPTC digital source type by its short name, such as ``digitalCapture``. ``parent``: the signed
    file that this is an edit of; ``components``: files that were put into it. Both bring their credentials along, and
    ``actions`` refer to them as "parent", "component-1", "component-2"…: what was done after it was created or opened,
    as C2PA actions. ``assertions``: further ones by their labels. ``redactions``: assertions of the parent, by label or
    address, that are to be taken out of what comes along, and why. ``label``: what is signed is the file with that.
    """

    path: Path
    title: str
    source_type: str = "digitalCapture"
    author: str | None = None
    organisation: str | None = None
    captured_at: str | None = None
    place: str | None = None
    parent: Path | None = None
    components: tuple[Path, ...] = ()
    actions: tuple[Mapping[str, Any], ...] = ()
    assertions: Mapping[str, Any] = field(default_factory=dict)
    redactions: Mapping[str, str] = field(default_factory=dict)
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which time-stamp authority vouches for when it was signed; None: none does. ``failures``: others, and why not."""

    authority: str | None
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedAsset:
    """The signer's result. ``sidecar`` is set where the container cannot embed a manifest.

    ``notes``: what its publisher should know of the input, in words: damage, a misleading name. ``stamp``: None where
    no time-stamp authority was to be asked.
    """

    path: Path
    sidecar: Path | None
    manifest_label: str
    hard_binding: str
    fingerprints: Fingerprints
    reference: ReferenceCopy | None
    notes: tuple[str, ...] = ()
    stamp: Stamp | None = None

    @property
    def asset_id(self) -> str:
        """The registry's key, see ``asset_id_of``."""
        return asset_id_of(self.manifest_label, self.hard_binding)


@dataclass(frozen=True, slots=True)
class Original:
    """A registered signed asset as the registry knows it. ``reference_sha256`` is None where it was withheld.

    ``signer_fingerprint``: SHA-256 of the signing certificate, hex. ``status``: registered, withdrawn, superseded.
    ``claims``: what the manifest says of making and editing, in words, in order. ``revoked``: of the signer's
    certificate, where the registry has that on record.
    """

    asset_id: str
    title: str
    signer: str
    signer_fingerprint: str
    signed_at: str | None
    registered_at: str
    media_type: str
    duration: Fraction | None
    width: int | None
    height: int | None
    fps: float | None
    has_audio: bool
    manifest_label: str
    hard_binding: str
    reference_sha256: str | None
    status: str
    claims: tuple[str, ...]
    fingerprints: Fingerprints
    revoked: Revocation | None = None
