"""What decoding hands on: the kind of a file, what is in it, and raw frames with exact times."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

GreyImage = NDArray[np.uint8]
"""Shape (height, width), luma 0-255 (full range)."""


class Family(StrEnum):
    """What a kind of file mainly holds; whether it is one picture or moves, ``MediaInfo.still`` says."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class MediaKind:
    """What a file is by its first bytes, never by its name.

    ``demuxer`` is the only FFmpeg demuxer that may open it; ``embeddable`` says whether the C2PA library
    can write a manifest into it (else it gets a sidecar).
    """

    media_type: str
    family: Family
    demuxer: str
    embeddable: bool
    suffixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on hostile input; each is an operator's setting."""

    max_bytes: int = 64 * 2**30
    max_pixels: int = 16384 * 8192
    max_frames: int = 6 * 3600 * 60
    max_seconds: int = 6 * 3600
    decode_timeout_s: int = 3 * 3600
    memory_bytes: int = 4 * 2**30


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a file holds. ``width`` and ``height`` are as shown: rotated, with square pixels.

    ``duration`` is what the container claims; the decoded truth is in ``Extraction.duration``.
    ``still`` is true for one picture (also inside a container that could hold more).
    """

    kind: MediaKind
    size_bytes: int
    duration: Fraction | None
    width: int | None = None
    height: int | None = None
    fps: Fraction | None = None
    rotation: int = 0
    video_index: int | None = None
    video_codec: str | None = None
    audio_index: int | None = None
    audio_codec: str | None = None
    sample_rate: int | None = None
    still: bool = False

    @property
    def has_video(self) -> bool:
        """Whether there is a picture track, or a still."""
        return self.video_index is not None

    @property
    def has_audio(self) -> bool:
        """Whether there is a sound track."""
        return self.audio_index is not None


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture: time in seconds from the file's first presented moment, and its pixels.

    ``image`` is (h, w) grey or (h, w, 3) BGR, uint8.
    """

    time: Fraction
    image: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that one decode of a file brought. Paths lie in the work folder the caller gave and owns.

    ``frame_times``: seconds of every picture, float64, shape (frames,). ``reference``: low-resolution copy
    (MP4; JPEG for a still, M4A for sound alone). ``working``: visually lossless copy of a picture at the reference's
    size, every frame with its time, mono sound at ``PCM_RATE``. ``signature``: MPEG-7 video signature (binary).
    ``chromaprint``: raw 32-bit sub-fingerprints, uint32. ``pcm``: mono 16-bit little-endian samples.
    """

    info: MediaInfo
    duration: Fraction
    frame_times: NDArray[np.float64]
    reference: Path | None = None
    working: Path | None = None
    signature: Path | None = None
    chromaprint: NDArray[np.uint32] | None = None
    pcm: Path | None = None
    fenced: bool = True
    notes: tuple[str, ...] = ()


PCM_RATE = 16_000
"""Samples per second of ``Extraction.pcm``."""

REFERENCE_WIDTH = 480
"""Width in pixels of reference and working copies: measured to lose nothing where 320 does."""
