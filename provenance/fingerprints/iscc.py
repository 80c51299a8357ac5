"""ISCC Content-Codes (ISO 24138), the soft binding other tools can look up (``io.iscc.v0``).

``iscc_core`` is imported where it is used: it is slow to import and only signing wants it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.errors import MediaError
from provenance.media.values import GreyImage

SOFT_BINDING_ALGORITHM = "io.iscc.v0"
CODE_BYTES = 32
MAX_CODES = 100
"""Codes read from one soft binding."""

_BITS = 256
_FRAME_ELEMENTS = 380
_FRAME_BITS = 1 + 32 + 8 + 5 * 8 + _FRAME_ELEMENTS // 5 * 8
_SEGMENT_BITS = 32 + 32 + 1 + 32 + 32 + 5 * 243
_HEADER_BITS = 32 + 1 + 32 + 16 + 16 + 32 + 32 + 16 + 1 + 32 + 32
_BLOCK_FRAMES = 1024
_FRAME_COUNT_AT = 32 + 1 + 32 + 16 + 16 + 32


def video_iscc(signature: Path) -> str | None:
    """ISCC of moving pictures from FFmpeg's binary MPEG-7 signature; None where it holds no frame."""
    from iscc_core import gen_video_code_v0

    packed = np.unique(_packed_frames(signature.read_bytes()), axis=0)
    if not len(packed):
        return None
    # The code is made of the distinct frames' sum alone: handed over as one frame, an hour takes no more memory.
    blocks = (packed[at : at + _BLOCK_FRAMES] for at in range(0, len(packed), _BLOCK_FRAMES))
    total = sum(_elements(block).sum(axis=0, dtype=np.int64) for block in blocks)
    return str(gen_video_code_v0([tuple(np.asarray(total).tolist())], bits=_BITS)["iscc"])


def audio_iscc(chromaprint: NDArray[np.uint32]) -> str | None:
    """ISCC of sound from raw Chromaprint values; None where there are none."""
    from iscc_core import gen_audio_code_v0

    if not chromaprint.size:
        return None
    return str(gen_audio_code_v0(chromaprint.view(np.int32).tolist(), bits=_BITS)["iscc"])


def image_iscc(picture: GreyImage) -> str:
    """ISCC of a still: 32 x 32 grey, as the standard's image code wants it."""
    from iscc_core import gen_image_code_v0

    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    return str(gen_image_code_v0(small.reshape(-1).tolist(), bits=_BITS)["iscc"])


@dataclass(frozen=True, slots=True)
class ContentCode:
    """A Content-Code of 256 bits. ``kind``: the standard's number of what it is of; ``body``: 32 bytes."""

    kind: int
    body: bytes


def content_codes(value: bytes) -> list[ContentCode]:
    """The Content-Codes in a soft binding's value: ISCC units one after the other as IEP-0020 has it, or one as text.

    Units of other kinds and lengths say nothing that could be searched for, and are left out.

    Raises:
        ValueError: it is neither, or no unit in it can be used.
    """
    from iscc_core import MT, VS, decode_seq, iscc_decode

    units = [value.decode("ascii")] if value[:5].upper() == b"ISCC:" else decode_seq(value)
    found = []
    for unit in units[:MAX_CODES]:
        try:
            main, kind, version, _, body = iscc_decode(unit)
        except (ValueError, IndexError):
            continue
        if main == MT.CONTENT and version == VS.V0 and len(body) == CODE_BYTES:
            found.append(ContentCode(int(kind), bytes(body)))
    if not found:
        raise ValueError("no Content-Code of 256 bits")
    return list(dict.fromkeys(found))


def read_mpeg7_frames(data: bytes) -> NDArray[np.uint8]:
    """Frame signatures of an MPEG-7 video signature (ISO 15938-3, as FFmpeg's ``signature`` filter writes it).

    Returns:
        uint8 (frames, 380), each element 0, 1 or 2.

    Raises:
        MediaError: the bit stream is shorter than its own counts say.
    """
    return _elements(_packed_frames(data))


def _packed_frames(data: bytes) -> NDArray[np.uint8]:
    """The frames as they are stored, five elements a byte: uint8 (frames, 76). Raises as ``read_mpeg7_frames``."""
    octets = np.frombuffer(data, dtype=np.uint8)
    if octets.size * 8 < _HEADER_BITS + 32:
        return np.zeros((0, _FRAME_ELEMENTS // 5), dtype=np.uint8)
    frames = _number(octets, _FRAME_COUNT_AT)
    segments = _number(octets, _HEADER_BITS)
    start = _HEADER_BITS + 32 + segments * _SEGMENT_BITS + 1
    # FFmpeg counts the frames from zero, so the count may be one short of what is there.
    frames = min(frames + 1, (octets.size * 8 - start) // _FRAME_BITS)
    if frames < 0:
        raise MediaError(
            "media.signature", "the MPEG-7 signature is cut short", expected=f"{segments} segments", found="fewer"
        )
    packed = np.empty((frames, _FRAME_ELEMENTS // 5), dtype=np.uint8)
    for first in range(0, frames, _BLOCK_FRAMES):
        count = min(_BLOCK_FRAMES, frames - first)
        table = _bits(octets, start + first * _FRAME_BITS, count * _FRAME_BITS).reshape(count, _FRAME_BITS)
        packed[first : first + count] = np.packbits(table[:, -_FRAME_ELEMENTS // 5 * 8 :], axis=1)
    return packed


def _elements(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The elements, 0 to 2, of frames as they are stored: uint8 (frames, 380)."""
    powers = np.array([81, 27, 9, 3, 1], dtype=np.uint8)
    trits: NDArray[np.uint8] = packed[:, :, None] // powers % 3
    return trits.reshape(len(packed), _FRAME_ELEMENTS)


def _bits(octets: NDArray[np.uint8], at: int, count: int) -> NDArray[np.uint8]:
    """``count`` bits from bit ``at`` on, one an entry."""
    return np.unpackbits(octets[at // 8 : (at + count + 7) // 8])[at % 8 :][:count]


def _number(octets: NDArray[np.uint8], at: int) -> int:
    return int.from_bytes(np.packbits(_bits(octets, at, 32)).tobytes(), "big")
