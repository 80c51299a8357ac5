"""The few bytes of coded media that must be looked into: where a segment may begin, and AAC's header."""

from __future__ import annotations

from collections.abc import Iterator

_H264_IDR = 5
_HEVC_IDR = (19, 20)
_HEVC_BLA = (16, 17, 18)
_ADTS_HEADER = 7


def is_closed(codec: str, data: bytes) -> bool:
    """Whether a packet marked as a key picture lets no later one refer to what was before it.

    True for codecs whose key pictures always do.
    """
    if codec == "h264":
        return any(nal[0] & 0x1F == _H264_IDR for nal in _units(data))
    if codec == "hevc":
        return any((nal[0] >> 1) & 0x3F in (*_HEVC_IDR, *_HEVC_BLA) for nal in _units(data))
    return True


def _units(data: bytes) -> Iterator[bytes]:
    """The first bytes of each NAL unit, whichever way they are packed: start codes, or lengths of four bytes."""
    if data.startswith((b"\0\0\0\1", b"\0\0\1")):
        at = data.find(b"\0\0\1")
        while at >= 0 and at + 3 < len(data):
            yield data[at + 3 : at + 5]
            at = data.find(b"\0\0\1", at + 3)
        return
    at = 0
    while at + 5 <= len(data):
        yield data[at + 4 : at + 6]
        at += 4 + int.from_bytes(data[at : at + 4], "big")


def audio_config(packet: bytes) -> bytes | None:
    """The AudioSpecificConfig of an AAC packet that carries an ADTS header; None where it has none."""
    if len(packet) < _ADTS_HEADER or packet[0] != 0xFF or packet[1] & 0xF6 != 0xF0:
        return None
    kind = (packet[2] >> 6) + 1
    rate = (packet[2] >> 2) & 0xF
    channels = (packet[2] & 1) << 2 | packet[3] >> 6
    return bytes([kind << 3 | rate >> 1, (rate & 1) << 7 | channels << 3])
