"""Our fingerprint assertion: fingerprints as JSON inside a signed manifest, and back, without believing anything."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from provenance.errors import CredentialError
from provenance.fingerprints import features as local
from provenance.fingerprints import iscc, pdq, sound
from provenance.fingerprints.values import Algorithm, Fingerprints, FrameHashes, SoundPrint

ASSERTION_LABEL = "org.provenance-toolkit.fingerprints"
ASSERTION_VERSION = 1

_BUDGET_BYTES = 740_000
"""Bytes of fingerprints that, in base64 and with the rest of a manifest, stay under 1 MiB."""
_WHOLE_FRAME_BYTES = 4 + pdq.HASH_BYTES + 1 + 8
_MAX_FRAMES = 400_000
_MAX_SOUND = 2_000_000

SAME_FRAME_BITS = 16
"""Mean bits (of 256) by which two decodes of one file may differ; 0 with one FFmpeg, builds round differently."""
SAME_SOUND_ERROR = 0.05
"""Mean bit error (0-1) between two decodes of one sound track."""
SAME_ISCC_BITS = 16
"""Bits of 256 by which the ISCCs of two decodes of one file may differ: 0 with one FFmpeg. Another build rounds a few
samples otherwise, which turns only those bits that were undecided; codes of other content differ by about 128."""
REDUCED_ISCC_BITS = 64
"""The same between a file and its reference copy. Measured on 28 films, pictures and tracks: 0 to 20, and 39 of white
noise; with another film's or picture's copy 92 and more."""


def to_assertion(prints: Fingerprints, reference_sha256: str | None) -> dict[str, Any]:
    """The assertion's JSON: every fingerprint with its algorithm, and the SHA-256 of the reference copy.

    The C2PA library takes a manifest of at most 1 MiB of JSON. Of footage over about twenty minutes, the views of
    parts of the frame are therefore kept of every second, third, ... sampled frame only; the whole frame's of all.

    Raises:
        CredentialError: the fingerprints do not fit even so, which is from about two hours on.
    """
    data: dict[str, Any] = {"version": ASSERTION_VERSION, "reference": reference_sha256}
    if prints.frames is not None:
        frames = prints.frames
        every = _views_every(len(frames.times_ms), len(prints.sound.values) if prints.sound else 0)
        data["frames"] = _describe(frames.algorithm) | {
            "count": len(frames.times_ms),
            "times_ms": _pack(frames.times_ms.astype("<u4")),
            "hashes": _pack(frames.hashes[:, 0]),
            "quality": _pack(frames.quality[:, 0]),
            "views_every": every,
            "view_hashes": _pack(frames.hashes[::every, 1:]),
            "view_quality": _pack(frames.quality[::every, 1:]),
            "phashes": _pack(frames.phashes),
        }
    if prints.sound is not None:
        track = prints.sound
        data["sound"] = _describe(track.algorithm) | {
            "count": len(track.values),
            "values": _pack(track.values.astype("<u4")),
        }
    digest = prints.features_sha256 or (local.digest(prints.features) if prints.features else None)
    if digest is not None:
        data["features"] = _describe(local.ALGORITHM) | {"sha256": digest}
    if prints.iscc is not None:
        data["iscc"] = prints.iscc
    return data


def from_assertion(data: Mapping[str, Any]) -> tuple[Fingerprints, str | None]:
    """Read an assertion back: the fingerprints (features as a digest only) and the reference copy's SHA-256.

    Raises:
        CredentialError: a field is missing, of another type, longer than a limit, or of an unknown algorithm.
    """
    try:
        if data["version"] != ASSERTION_VERSION:
            raise _unusable(f"assertion version {ASSERTION_VERSION}", f"{data['version']!r}")
        reference = data.get("reference")
        prints = Fingerprints(
            frames=_frames(data["frames"]) if "frames" in data else None,
            sound=_sound(data["sound"]) if "sound" in data else None,
            features_sha256=_sha256(data["features"]["sha256"]) if _comparable_features(data) else None,
            iscc=_short_text(data["iscc"]) if "iscc" in data else None,
        )
        return prints, None if reference is None else _sha256(reference)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise _unusable("the fields of a fingerprint assertion", f"{type(error).__name__}: {error}") from error


def agree(signed: Fingerprints, found: Fingerprints, *, reduced: bool = False) -> str | None:
    """Compare what was signed with what was computed again; None if they are of the same content, else what differs.

    ``reduced``: what was computed is of the reference copy. It has other local features, which are then not compared.
    """
    if (signed.frames is None) != (found.frames is None):
        return "one has a picture, the other has none"
    if signed.frames is not None and found.frames is not None:
        if len(signed.frames.times_ms) != len(found.frames.times_ms):
            return f"{len(signed.frames.times_ms)} frames were signed, {len(found.frames.times_ms)} are there"
        # Flat views have no stable hash, so they cannot disagree.
        rich = (signed.frames.quality > 0) & (found.frames.quality > 0)
        bits = pdq.hamming(signed.frames.hashes, found.frames.hashes)[rich]
        if bits.size and bits.mean() > SAME_FRAME_BITS:
            return f"the picture's hashes differ by {bits.mean():.0f} bits of 256"
    if (signed.sound is None) != (found.sound is None):
        return "one has sound, the other has none"
    if signed.sound is not None and found.sound is not None:
        if abs(len(signed.sound.values) - len(found.sound.values)) > 2:
            return "the sound tracks differ in length"
        shared = min(len(signed.sound.values), len(found.sound.values))
        error = sound.bit_error(signed.sound.values[:shared], found.sound.values[:shared])
        if error.size and error.mean() > SAME_SOUND_ERROR:
            return f"the sound's fingerprints differ by {error.mean():.0%}"
    if not reduced and signed.features_sha256 and found.features_sha256 not in (None, signed.features_sha256):
        return "the local features differ"
    if signed.iscc is not None and signed.iscc != found.iscc:
        return _iscc_difference(signed.iscc, found.iscc, REDUCED_ISCC_BITS if reduced else SAME_ISCC_BITS)
    return None


def _iscc_difference(signed: str, found: str | None, most: int) -> str | None:
    try:
        theirs, ours = (iscc.content_codes(code.encode("ascii"))[0] for code in (signed, found or ""))
    except ValueError:
        return "the ISCC is none that the content has"
    if theirs.kind != ours.kind:
        return "the ISCC is of another kind of content"
    bits = (int.from_bytes(theirs.body, "big") ^ int.from_bytes(ours.body, "big")).bit_count()
    return f"the ISCC differs by {bits} bits of 256" if bits > most else None


def _frames(data: Mapping[str, Any]) -> FrameHashes:
    _require_algorithm(data, pdq.ALGORITHM)
    count, views = _count(data, _MAX_FRAMES), len(pdq.VIEWS)
    times = _unpack(data["times_ms"], np.dtype("<u4"), (count,)).astype(np.int64)
    if (np.diff(times) <= 0).any():
        raise ValueError("frame times do not rise")
    every = data["views_every"]
    if not isinstance(every, int) or isinstance(every, bool) or not 0 < every <= count:
        raise ValueError(f"views of every {every!r} frames")
    kept = -(-count // every)
    hashes, quality = np.zeros((count, views, pdq.HASH_BYTES), np.uint8), np.zeros((count, views), np.uint8)
    hashes[:, 0] = _unpack(data["hashes"], np.dtype(np.uint8), (count, pdq.HASH_BYTES))
    quality[:, 0] = _unpack(data["quality"], np.dtype(np.uint8), (count,))
    # A view that was left out has quality 0, as a flat one has: nothing is looked up by it.
    hashes[::every, 1:] = _unpack(data["view_hashes"], np.dtype(np.uint8), (kept, views - 1, pdq.HASH_BYTES))
    quality[::every, 1:] = _unpack(data["view_quality"], np.dtype(np.uint8), (kept, views - 1))
    return FrameHashes(pdq.ALGORITHM, times, hashes, quality, _unpack(data["phashes"], np.dtype(np.uint8), (count, 8)))


def _views_every(frames: int, sounds: int) -> int:
    """Of every how many frames the views of parts are kept, so that all of it fits the budget."""
    views = len(pdq.VIEWS) - 1
    left = _BUDGET_BYTES - 4 * sounds - frames * _WHOLE_FRAME_BYTES
    if left < views * (pdq.HASH_BYTES + 1):
        raise CredentialError(
            "fingerprints.too_long",
            "the fingerprints do not fit into a credential",
            expected=f"at most {_BUDGET_BYTES} bytes, about two hours of footage",
            found=f"{_BUDGET_BYTES - left} bytes",
            hint="sign it in parts",
        )
    return max(1, -(-frames // max(1, left // (views * (pdq.HASH_BYTES + 1)))))


def _sound(data: Mapping[str, Any]) -> SoundPrint | None:
    _require_algorithm(data, sound.ALGORITHM)
    values = _unpack(data["values"], np.dtype("<u4"), (_count(data, _MAX_SOUND),))
    return sound.sound_print(values.astype(np.uint32))


def _comparable_features(data: Mapping[str, Any]) -> bool:
    # Another OpenCV finds slightly other points: then the digest says nothing, and the hashes must do.
    return "features" in data and dict(data["features"]["parameters"]) == dict(local.ALGORITHM.parameters)


def _describe(algorithm: Algorithm) -> dict[str, Any]:
    return {"algorithm": algorithm.id, "version": algorithm.version, "parameters": dict(algorithm.parameters)}


def _require_algorithm(data: Mapping[str, Any], known: Algorithm) -> None:
    found = (data["algorithm"], data["version"], dict(data["parameters"]))
    if found != (known.id, known.version, dict(known.parameters)):
        raise _unusable(f"{known.id} version {known.version}", f"{found[0]!r} version {found[1]!r}")


def _count(data: Mapping[str, Any], limit: int) -> int:
    count = data["count"]
    if not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= limit:
        raise ValueError(f"count {count!r} is not between 1 and {limit}")
    return count


def _pack(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _unpack(text: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    raw = base64.b64decode(text, validate=True)
    return np.frombuffer(raw, dtype=dtype).reshape(shape)


def _sha256(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise ValueError("not a SHA-256 in lower-case hexadecimal")
    return value


def _short_text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError("not a short text")
    return value


def _unusable(expected: str, found: str) -> CredentialError:
    return CredentialError(
        "fingerprints.unusable",
        "the fingerprint assertion cannot be used",
        expected=expected,
        found=found[:200],
        hint="sign the asset again with this version of the toolkit",
    )
