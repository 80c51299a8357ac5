"""Published tools on the same clips, each as its authors describe it; a score per query and original, higher is nearer.

Frames come from one decode: 2 a second for ImageHash and PDQ, every second one of them for vPDQ, 5 a second for
FFmpeg's MPEG-7 signature, from which the ISCC video code is made.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.recipes import binary, stream_of
from provenance.fingerprints.iscc import read_mpeg7_frames

RATE = 2
SIDE = 512
"""Longer side in pixels of the frames that are hashed."""
VPDQ_DISTANCE = 31
VPDQ_QUALITY = 50
"""Meta's own defaults: bits under which two hashes match, and quality from which one counts."""
_MPEG7_RATE = 5
_LEAST_OVERLAP_S = 1.6


@dataclass(frozen=True, slots=True, eq=False)
class Prints:
    """``phash``: bool (n, 64); ``pdq``: bool (n, 256) with ``quality`` (n,); ``mpeg7``: uint8 (m, 380) of 0, 1, 2;
    ``iscc``: bool (256,)."""

    phash: NDArray[np.bool_]
    pdq: NDArray[np.bool_]
    quality: NDArray[np.int64]
    mpeg7: NDArray[np.uint8]
    iscc: NDArray[np.bool_]

    def save(self, path: Path) -> None:
        np.savez_compressed(path, **{name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def load(cls, path: Path) -> Prints:
        with np.load(path) as held:
            return cls(**{name: held[name] for name in cls.__slots__})


def fingerprint(path: Path) -> Prints:
    """All peers' fingerprints of a video."""
    import pdqhash  # the ``bench`` extra brings it

    stream = stream_of(path)
    factor = min(1.0, SIDE / max(stream.width, stream.height))
    width, height = max(2, round(stream.width * factor)), max(2, round(stream.height * factor))
    with tempfile.TemporaryDirectory() as folder:
        graph = f"[0:v]split[a][b];[a]fps={RATE},scale={width}:{height}:flags=area[f];"
        graph += f"[b]fps={_MPEG7_RATE},signature=format=binary:filename=sig.bin[s]"
        command = [binary(), "-nostdin", "-loglevel", "error", "-i", str(path.absolute()), "-filter_complex", graph]
        command += ["-map", "[f]", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1", "-map", "[s]", "-f", "null", "-"]
        raw = subprocess.run(command, capture_output=True, check=True, cwd=folder).stdout
        mpeg7 = read_mpeg7_frames((Path(folder) / "sig.bin").read_bytes())
    frames = np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)
    phash = [imagehash.phash(Image.fromarray(frame)).hash.ravel() for frame in frames]
    pdq = [pdqhash.compute(frame) for frame in frames]
    return Prints(
        np.array(phash, bool).reshape(-1, 64),
        np.array([bits for bits, _ in pdq], bool).reshape(-1, 256),
        np.array([quality for _, quality in pdq], np.int64),
        mpeg7,
        _iscc(mpeg7),
    )


def _iscc(frames: NDArray[np.uint8]) -> NDArray[np.bool_]:
    from iscc_core import gen_video_code_v0, iscc_decode

    if not len(frames):
        return np.zeros(256, bool)
    code = gen_video_code_v0([tuple(row) for row in frames.tolist()], bits=256)["iscc"]
    return np.unpackbits(np.frombuffer(iscc_decode(code)[-1], np.uint8)).astype(bool)


def phash_score(query: Prints, original: Prints) -> float:
    """Mean over the query's frames of how near the nearest frame is."""
    return _nearness(query.phash, original.phash)


def pdq_score(query: Prints, original: Prints) -> float:
    """The same with PDQ, one view, of frames rich enough."""
    return _nearness(query.pdq[query.quality >= VPDQ_QUALITY], original.pdq[original.quality >= VPDQ_QUALITY])


def vpdq_score(query: Prints, original: Prints) -> float:
    """Share of the query's frames, one a second, that match one of the original's, as Meta's vPDQ counts."""
    step = slice(None, None, RATE)
    ours = query.pdq[step][query.quality[step] >= VPDQ_QUALITY]
    theirs = original.pdq[step][original.quality[step] >= VPDQ_QUALITY]
    if not len(ours) or not len(theirs):
        return 0.0
    return float((hamming(ours, theirs).min(axis=1) < VPDQ_DISTANCE).mean())


def iscc_score(query: Prints, original: Prints) -> float:
    """Share of equal bits of the two video codes."""
    return float((query.iscc == original.iscc).mean())


def mpeg7_score(query: Prints, original: Prints) -> float:
    """Nearness of frame signatures (L1) at the best constant offset: what the standard compares in the end."""
    ours, theirs = query.mpeg7, original.mpeg7
    least = min(len(ours), len(theirs), round(_LEAST_OVERLAP_S * _MPEG7_RATE))
    if not least:
        return 0.0
    # |a - b| of 0, 1, 2 is the number of thermometer bits that differ.
    apart = hamming(_thermometer(ours), _thermometer(theirs))
    worst = 2.0 * ours.shape[1]
    lines = (np.diagonal(apart, lag) for lag in range(-len(ours) + least, len(theirs) - least + 1))
    # A line that leaves part of the query over is held to what it covers, but not to less than half of it.
    needed = max(least, len(ours) // 2) if len(theirs) >= len(ours) // 2 else least
    return 1 - min((float(line.mean()) for line in lines if len(line) >= needed), default=worst) / worst


def _thermometer(trits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.concatenate([trits >= 1, trits >= 2], axis=1)


def _nearness(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> float:
    if not len(ours) or not len(theirs):
        return 0.0
    return 1 - float(hamming(ours, theirs).min(axis=1).mean()) / ours.shape[1]


def hamming(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Number of bits that differ, (n, m)."""
    a, b = ours.astype(np.float32), theirs.astype(np.float32)
    return np.asarray(a.sum(1)[:, None] + b.sum(1)[None, :] - 2 * a @ b.T)


PEERS: dict[str, Callable[[Prints, Prints], float]] = {
    "ImageHash phash, 2 fps": phash_score,
    "PDQ, one view, 2 fps": pdq_score,
    "vPDQ (Meta's algorithm)": vpdq_score,
    "ISCC video code, 256 bits": iscc_score,
    "MPEG-7 signature (FFmpeg)": mpeg7_score,
}
