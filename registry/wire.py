"""What server and client say to each other under ``/v1``. Arrays travel as base64 of their little-endian bytes."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from registry.checks.values import State

Status = Literal["registered", "withdrawn", "superseded"]

MAX_HASHES = 200_000
"""Frame hashes of one query: those of three hours."""
MAX_SOUNDS = 400_000
MAX_FEATURES = 20_000
MAX_NOMINATIONS = 50
HIT_COLUMNS = 5
SOUND_HIT_COLUMNS = 2


class AssetSummary(BaseModel):
    """A registered original."""

    asset_id: str = Field(description="The registry's key: 26 letters and digits, made of manifest label and hash.")
    title: str = Field(description="Its title; the signer's text.")
    signer: str = Field(description="Who signed it.")
    signer_fingerprint: str = Field(description="SHA-256 of the signing certificate, hex.")
    owner: str = Field(description="Whose asset it is: organisation:NAME, or certificate:SHA-256.")
    signed_at: str | None = Field(description="When it was signed, RFC 3339.")
    registered_at: str = Field(description="When it was registered, RFC 3339 in UTC.")
    media_type: str = Field(description="Media type of the signed file.")
    duration: float | None = Field(description="Seconds; null for a picture.")
    duration_exact: str | None = Field(description="The same as a fraction, such as 301/25.")
    width: int | None = Field(description="Pixels, as shown.")
    height: int | None = Field(description="Pixels, as shown.")
    fps: float | None = Field(description="Frames per second.")
    has_audio: bool = Field(description="Whether it has sound.")
    manifest_label: str = Field(description="Label of its C2PA manifest.")
    hard_binding: str = Field(description="Content hash in its manifest: algorithm:hex.")
    reference_sha256: str | None = Field(description="SHA-256 of the reference copy held; null where it is withheld.")
    status: Status = Field(description="What became of it.")
    embargoed: bool = Field(description="Whether only its owner sees it.")
    embargoed_until: str | None = Field(description="When the embargo ends by itself, RFC 3339 in UTC.")


class AssetEvent(BaseModel):
    """Something that happened to an asset."""

    number: int = Field(description="Counted from 1.")
    kind: str = Field(description="registered, withdrawn, superseded, released, reference_added, …")
    at: str = Field(description="When, RFC 3339 in UTC.")
    actor: str | None = Field(description="Who did it; for the owner only.")
    detail: dict[str, Any] = Field(description="More on it; for strangers the reason, or what replaces it.")


class RevokedCertificate(BaseModel):
    """That the signer's certificate was revoked."""

    since: str = Field(description="From when it is not to be trusted, RFC 3339 in UTC.")
    recorded_at: str = Field(description="When that was recorded, RFC 3339 in UTC.")
    reason: str = Field(description="Why.")


class Asset(AssetSummary):
    """A registered original with its history."""

    revoked: RevokedCertificate | None = Field(default=None, description="Of its signer's certificate.")

    claims: list[str] = Field(description="What the manifest says of making and editing, in words.")
    events: list[AssetEvent] = Field(description="What happened to it, in order.")


class LogReceipt(BaseModel):
    """That an event is in the registry's log (docs/log.md)."""

    leaf: str = Field(description="The entry.")
    leaf_index: int = Field(description="Its place in the log, from 0.")
    tree_size: int = Field(description="Entries of the tree that the proof is for.")
    proof: list[str] = Field(description="Inclusion proof of RFC 9162: hashes in base64, from the leaf upwards.")
    checkpoint: str = Field(description="The signed note with that tree's root.")


class Registration(BaseModel):
    """The answer to a registration."""

    asset_id: str = Field(description="The id of the asset.")
    owner: str = Field(description="Whose asset it is.")
    created: bool = Field(description="False where it had been registered before.")
    receipt: LogReceipt | None = Field(default=None, description="That it is in the log; null while it waits.")
    same_picture_as: list[str] = Field(
        default=[], description="Assets of other owners that show the same and were there before.", max_length=1000
    )


class LogConsistency(BaseModel):
    """That the log's newer tree begins with its older one."""

    old: int = Field(description="Entries of the older tree.")
    new: int = Field(description="Entries of the newer tree.")
    proof: list[str] = Field(description="Consistency proof of RFC 9162: hashes in base64.")


class AssetPage(BaseModel):
    """A page of a list."""

    assets: list[AssetSummary] = Field(description="Newest first.")
    next: str | None = Field(description="The cursor of the next page; null where there is none.")


class FingerprintPart(BaseModel):
    """One fingerprint, packed as docs/api.md says."""

    kind: str = Field(description="frames, sound, features, features_sha256, frame_features, brief_sound or iscc.")
    algorithm: str = Field(description="What made it.")
    version: str = Field(description="The algorithm's version.")
    parameters: dict[str, str | int | float] = Field(description="The algorithm's parameters.")
    value: str = Field(description="Base64.")


class FingerprintSet(BaseModel):
    """The fingerprints of an asset."""

    asset_id: str
    fingerprints: list[FingerprintPart]


class NominationQuery(BaseModel):
    """Hashes of a clip; all arrays in base64. Only what is known needs to be given."""

    frames: str = Field(default="", description="Hashes of frames: 32 bytes each.")
    frame_times_ms: str = Field(default="", description="When each is, int32 of milliseconds.")
    frame_variants: str = Field(default="", description="Which reading of the frame each is, uint8.")
    sound: str = Field(default="", description="Loud Chromaprint sub-fingerprints, uint32.")
    sound_times_ms: str = Field(default="", description="When each is, int32 of milliseconds.")
    features: str = Field(default="", description="RootSIFT descriptors, 128 bytes each.")
    feature_pictures: str = Field(default="", description="Which picture each is of, uint8.")
    brief: str = Field(default="", description="Sub-fingerprints of brief sound and what they may have been, uint32.")
    brief_times_ms: str = Field(default="", description="When each is, int32 of milliseconds.")
    limit: int = Field(default=10, ge=1, le=MAX_NOMINATIONS, description="Most originals wanted.")


class NominatedOriginal(BaseModel):
    """An original that may hold the clip; arrays in base64."""

    asset_id: str
    votes: float = Field(description="For ranking only.")
    hits: str = Field(
        description="Rows of five int32: index of the hash, original time in ms, view, distance in bits, rarity."
    )
    sound_hits: str = Field(description="Rows of two int32: index of the sub-fingerprint, original time in ms.")


class NominationList(BaseModel):
    """Originals, best first."""

    nominations: list[NominatedOriginal]


class CheckBody(BaseModel):
    """A check, as its asker sees it. Times are RFC 3339 in UTC; ``share`` is 0-1."""

    id: str
    state: State
    ahead: int = Field(description="How many clips are examined before this one")
    share: float
    doing: str = Field(description="What is being done, in words")
    clip_sha256: str
    created_at: str
    finished_at: str | None
    expires_at: str | None
    error: dict[str, str | None] | None
    links: dict[str, str]


def pack(values: NDArray[Any], dtype: str) -> str:
    """An array in base64; ``dtype`` such as ``<i4``."""
    return base64.b64encode(np.ascontiguousarray(values).astype(dtype).tobytes()).decode("ascii")


def unpack(text: str, dtype: str, *, columns: int = 0, most: int | None = None) -> NDArray[Any]:
    """The array that was packed: one-dimensional, or rows of ``columns``; at most ``most`` of them.

    Raises:
        ValueError: it is not base64, of another length, or longer.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    values = np.frombuffer(data, dtype=np.dtype(dtype))
    rows = values.reshape(-1, columns) if columns else values
    if most is not None and len(rows) > most:
        raise ValueError(f"{len(rows)} entries where at most {most} are taken")
    return rows
