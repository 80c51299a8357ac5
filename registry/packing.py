"""Fingerprints as rows: compact little-endian bytes with the algorithm beside them, and back."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np

from provenance.errors import RegistryError
from provenance.fingerprints.values import Algorithm, Features, Fingerprints, FrameFeatures, FrameHashes, SoundPrint
from registry.models import FingerprintRow

_ISCC = Algorithm("io.iscc.v0", "0")
_DIGEST = Algorithm("sha256", "1")
FRAMES = "frames"
"""Value of ``FingerprintRow.kind``."""


class Packed(Protocol):
    """What a fingerprint is unpacked from: a row, or what came over the network."""

    @property
    def kind(self) -> str:
        """Which fingerprint it is."""
        ...

    @property
    def algorithm(self) -> str:
        """What made it."""
        ...

    @property
    def version(self) -> str:
        """The algorithm's version."""
        ...

    @property
    def parameters(self) -> Mapping[str, str | int | float]:
        """The algorithm's parameters."""
        ...

    @property
    def value(self) -> bytes:
        """The bytes."""
        ...


def to_rows(asset_id: str, prints: Fingerprints) -> list[FingerprintRow]:
    """One row for each fingerprint there is."""
    rows = []
    if prints.frames is not None:
        f = prints.frames
        head = struct.pack("<II", len(f.times_ms), f.hashes.shape[1])
        parts = (f.times_ms.astype("<i8"), f.hashes, f.quality, f.phashes)
        rows.append(_row(asset_id, "frames", f.algorithm, head + b"".join(part.tobytes() for part in parts)))
    for kind, sound in (("sound", prints.sound), ("brief_sound", prints.brief_sound)):
        if sound is not None:
            head = struct.pack("<Id", len(sound.values), sound.step_s)
            packed = head + sound.values.astype("<u4").tobytes() + np.packbits(sound.loud).tobytes()
            rows.append(_row(asset_id, kind, sound.algorithm, packed))
    if prints.features is not None:
        rows.append(_row(asset_id, "features", prints.features.algorithm, _packed(prints.features)))
    if prints.frame_features is not None:
        times, pictures = prints.frame_features.times_ms, prints.frame_features.pictures
        head = struct.pack("<I", len(times)) + times.astype("<i8").tobytes()
        rows.append(_row(asset_id, "frame_features", pictures[0].algorithm, head + b"".join(map(_packed, pictures))))
    if prints.features_sha256 is not None:
        rows.append(_row(asset_id, "features_sha256", _DIGEST, bytes.fromhex(prints.features_sha256)))
    if prints.iscc is not None:
        rows.append(_row(asset_id, "iscc", _ISCC, prints.iscc.encode()))
    return rows


def from_rows(rows: Iterable[Packed]) -> Fingerprints:
    """The fingerprints that the rows of one asset hold.

    Raises:
        RegistryError: a row's bytes do not have the length they name (``registry.corrupt``).
    """
    by_kind = {row.kind: row for row in rows}
    try:
        return Fingerprints(
            frames=_frames(by_kind["frames"]) if "frames" in by_kind else None,
            sound=_sound(by_kind["sound"]) if "sound" in by_kind else None,
            features=_features(by_kind["features"]) if "features" in by_kind else None,
            features_sha256=by_kind["features_sha256"].value.hex() if "features_sha256" in by_kind else None,
            iscc=by_kind["iscc"].value.decode() if "iscc" in by_kind else None,
            frame_features=_frame_features(by_kind["frame_features"]) if "frame_features" in by_kind else None,
            brief_sound=_sound(by_kind["brief_sound"]) if "brief_sound" in by_kind else None,
        )
    except (ValueError, struct.error) as error:
        raise RegistryError(
            "registry.corrupt",
            "a stored fingerprint is damaged",
            found=str(error),
            hint="restore a backup (docs/backup.md)",
        ) from error


class _Reader:
    """Takes arrays off the front of bytes and insists that all of them are used."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def head(self, layout: str) -> tuple[int | float, ...]:
        values = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        return values

    def array(self, dtype: str, *shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        count = int(np.prod(shape, dtype=np.int64))
        values = np.frombuffer(self._data, dtype=dtype, count=count, offset=self._at).reshape(shape)
        self._at += values.nbytes
        return values

    def done(self) -> None:
        if self._at != len(self._data):
            raise ValueError(f"{len(self._data)} bytes where {self._at} were expected")


def _frames(row: Packed) -> FrameHashes:
    reader = _Reader(row.value)
    count, views = (int(v) for v in reader.head("<II"))
    frames = FrameHashes(
        _algorithm(row),
        times_ms=reader.array("<i8", count).astype(np.int64),
        hashes=reader.array("u1", count, views, 32).astype(np.uint8),
        quality=reader.array("u1", count, views).astype(np.uint8),
        phashes=reader.array("u1", count, 8).astype(np.uint8),
    )
    reader.done()
    return frames


def _sound(row: Packed) -> SoundPrint:
    reader = _Reader(row.value)
    count, step_s = reader.head("<Id")
    values = reader.array("<u4", int(count)).astype(np.uint32)
    loud = np.unpackbits(reader.array("u1", (int(count) + 7) // 8).astype(np.uint8), count=int(count)).astype(np.bool_)
    reader.done()
    return SoundPrint(_algorithm(row), values, loud, float(step_s))


def _features(row: Packed) -> Features:
    reader = _Reader(row.value)
    found = _picture(reader, _algorithm(row))
    reader.done()
    return found


def _frame_features(row: Packed) -> FrameFeatures:
    reader = _Reader(row.value)
    (count,) = reader.head("<I")
    times = reader.array("<i8", int(count)).astype(np.int64)
    pictures = tuple(_picture(reader, _algorithm(row)) for _ in range(int(count)))
    reader.done()
    return FrameFeatures(times, pictures)


def _picture(reader: _Reader, algorithm: Algorithm) -> Features:
    count, width, height = (int(v) for v in reader.head("<III"))
    points = reader.array("<f4", count, 2).astype(np.float32)
    descriptors = reader.array("u1", count, 128).astype(np.uint8)
    return Features(algorithm, width, height, points, descriptors)


def _packed(found: Features) -> bytes:
    head = struct.pack("<III", len(found.points), found.width, found.height)
    return head + found.points.astype("<f4").tobytes() + found.descriptors.tobytes()


def _row(asset_id: str, kind: str, algorithm: Algorithm, value: bytes) -> FingerprintRow:
    return FingerprintRow(
        asset_id=asset_id,
        kind=kind,
        algorithm=algorithm.id,
        version=algorithm.version,
        parameters=dict(algorithm.parameters),
        value=value,
    )


def _algorithm(row: Packed) -> Algorithm:
    return Algorithm(row.algorithm, row.version, row.parameters)
