"""What a file is, by its first bytes alone: a name or suffix is never believed.

The kind names the one FFmpeg demuxer that may open the file, so that a playlist or a concat script called
``clip.mp4`` is refused here and could not be followed later.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from provenance.errors import MediaError
from provenance.media.source import open_media
from provenance.media.values import Family, MediaKind

_HEAD = 4096
_READABLE = "MP4, MOV, WebM, MKV, AVI, TS, FLV, ASF, GIF, MP3, M4A, WAV, FLAC, Ogg, AAC, or a picture"

SUFFIXES: set[str] = set()
"""How the names of media end. What a file is, is told from its content all the same."""


def _kind(media_type: str, family: Family, demuxer: str, embeddable: bool, *suffixes: str) -> MediaKind:
    SUFFIXES.update(suffixes)
    return MediaKind(media_type, family, demuxer, embeddable, suffixes)


MP4 = _kind("video/mp4", Family.VIDEO, "mov", True, ".mp4")
MOV = _kind("video/quicktime", Family.VIDEO, "mov", True, ".mov", ".qt")
M4V = _kind("video/x-m4v", Family.VIDEO, "mov", True, ".m4v")
M4A = _kind("audio/mp4", Family.AUDIO, "mov", True, ".m4a", ".m4b")
THREE_GP = _kind("video/3gpp", Family.VIDEO, "mov", False, ".3gp", ".3g2")
HEIC = _kind("image/heic", Family.IMAGE, "mov", True, ".heic", ".heif")
AVIF = _kind("image/avif", Family.IMAGE, "mov", True, ".avif")
AVI = _kind("video/x-msvideo", Family.VIDEO, "avi", True, ".avi")
MKV = _kind("video/x-matroska", Family.VIDEO, "matroska", False, ".mkv", ".mka")
WEBM = _kind("video/webm", Family.VIDEO, "matroska", False, ".webm")
MPEG_TS = _kind("video/mp2t", Family.VIDEO, "mpegts", False, ".ts", ".m2ts", ".mts")
FLV = _kind("video/x-flv", Family.VIDEO, "flv", False, ".flv")
ASF = _kind("video/x-ms-asf", Family.VIDEO, "asf", False, ".wmv", ".wma", ".asf")
OGG_VIDEO = _kind("video/ogg", Family.VIDEO, "ogg", False, ".ogv", ".ogg")
OGG_AUDIO = _kind("audio/ogg", Family.AUDIO, "ogg", False, ".ogg", ".oga", ".opus")
WAV = _kind("audio/wav", Family.AUDIO, "wav", True, ".wav")
MP3 = _kind("audio/mpeg", Family.AUDIO, "mp3", True, ".mp3")
FLAC = _kind("audio/flac", Family.AUDIO, "flac", True, ".flac")
AAC = _kind("audio/aac", Family.AUDIO, "aac", False, ".aac")
JPEG = _kind("image/jpeg", Family.IMAGE, "jpeg_pipe", True, ".jpg", ".jpeg")
PNG = _kind("image/png", Family.IMAGE, "png_pipe", True, ".png")
APNG = _kind("image/png", Family.IMAGE, "apng", True, ".png", ".apng")
WEBP = _kind("image/webp", Family.IMAGE, "webp_pipe", True, ".webp")
ANIMATED_WEBP = _kind("image/webp", Family.IMAGE, "webp_anim", True, ".webp")
GIF = _kind("image/gif", Family.IMAGE, "gif", True, ".gif")
BMP = _kind("image/bmp", Family.IMAGE, "bmp_pipe", False, ".bmp")
TIFF = _kind("image/tiff", Family.IMAGE, "tiff_pipe", True, ".tif", ".tiff")
JXL = _kind("image/jxl", Family.IMAGE, "jpegxl_pipe", True, ".jxl")

_PREFIXES: tuple[tuple[bytes, MediaKind], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"\xff\x0a", JXL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", JXL),
    (b"fLaC", FLAC),
    (b"FLV\x01", FLV),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), ASF),
)

_QUICKTIME_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


def sniff(path: Path) -> MediaKind:
    """The kind of the file at ``path`` by its content.

    Raises:
        MediaError: ``media.missing``, ``media.directory``, ``media.unreadable``, ``media.empty`` or
            ``media.unrecognised``.
    """
    with open_media(path) as descriptor:
        head = os.pread(descriptor.fd, _HEAD, 0)
        kind = _recognise(head, lambda offset: os.pread(descriptor.fd, _HEAD, offset))
    if kind is None:
        raise MediaError(
            "media.unrecognised",
            f"{path.name} is not media that can be read",
            expected=_READABLE,
            found=f"a file starting with {head[:8].hex(' ')}",
            hint="pass the media file itself; playlists and archives are not followed",
        )
    return kind


def _recognise(head: bytes, read_at: Callable[[int], bytes]) -> MediaKind | None:
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    if head[4:8] in _QUICKTIME_BOXES:
        return MOV
    if head[:4] in (b"RIFF", b"RF64"):
        return _riff(head)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return APNG if _is_apng(read_at) else PNG
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _matroska(head)
    if head.startswith(b"OggS"):
        return OGG_VIDEO if b"\x80theora" in head[:512] else OGG_AUDIO
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124):
        return BMP
    if _is_mpegts(head):
        return MPEG_TS
    return _elementary_audio(head, read_at)


def _by_brands(head: bytes) -> MediaKind | None:
    size = min(int.from_bytes(head[:4], "big"), len(head))
    major = head[8:12]
    brands = {major} | {head[i : i + 4] for i in range(16, size - 3, 4)}
    if major in (b"avif", b"avis") or (major in (b"mif1", b"msf1") and brands & {b"avif", b"avis"}):
        return AVIF
    if major in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"):
        return HEIC
    if major == b"qt  ":
        return MOV
    if major in (b"M4A ", b"M4B "):
        return M4A
    if major.startswith(b"M4V"):
        return M4V
    if major[:3] in (b"3gp", b"3g2", b"3gg", b"3ge"):
        return THREE_GP
    return None if major in (b"crx ", b"jp2 ", b"jpx ") else MP4


def _riff(head: bytes) -> MediaKind | None:
    form = head[8:12]
    if form == b"AVI ":
        return AVI
    if form == b"WAVE":
        return WAV
    if form == b"WEBP":
        animated = head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 0x02)
        return ANIMATED_WEBP if animated else WEBP
    return None


def _matroska(head: bytes) -> MediaKind | None:
    # DocType (element 0x4282) is one of the first few elements of the EBML header.
    found = re.search(rb"\x42\x82[\x81-\x8a]([a-z]+)", head[:128])
    if found is None:
        return None
    return {b"webm": WEBM, b"matroska": MKV}.get(found[1])


def _is_apng(read_at: Callable[[int], bytes]) -> bool:
    """Whether an animation control chunk with two or more frames precedes the picture data."""
    offset = 8
    for _ in range(64):
        chunk = read_at(offset)[:16]
        if len(chunk) < 12 or chunk[4:8] == b"IDAT":
            return False
        if chunk[4:8] == b"acTL":
            return int.from_bytes(chunk[8:12], "big") > 1
        offset += 12 + int.from_bytes(chunk[:4], "big")
    return False


def _is_mpegts(head: bytes) -> bool:
    # Plain packets, with a 4-byte arrival time in front (Blu-ray, cameras), or with error correction behind.
    for first, step in ((0, 188), (4, 192), (0, 204)):
        marks = [head[i] for i in range(first, len(head), step)][:5]
        if len(marks) >= 3 and all(mark == 0x47 for mark in marks):
            return True
    return False


def _elementary_audio(head: bytes, read_at: Callable[[int], bytes]) -> MediaKind | None:
    tagged = False
    offset = 0
    # An ID3 tag can precede MP3, AAC and FLAC, and can be followed by another.
    for _ in range(4):
        if head[:3] != b"ID3" or len(head) < 10:
            break
        tagged = True
        offset += 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        head = read_at(offset)
    if head.startswith(b"fLaC"):
        return FLAC
    if len(head) < 7:
        return None
    if head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        length = (head[3] & 0x03) << 11 | head[4] << 3 | head[5] >> 5
        return AAC if length >= 7 and _repeats(head, length, 0xF6, 0xF0) else None
    if head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        length = _mpeg_audio_frame(head)
        return MP3 if tagged or (length and _repeats(head, length, 0xFE, head[1] & 0xFE)) else None
    return MP3 if tagged and not any(head[:4]) else None


def _repeats(head: bytes, length: int, mask: int, mark: int) -> bool:
    """Whether the next frame starts where this one ends: two bytes of sync alone say little."""
    return len(head) <= length + 1 or (head[length] == 0xFF and head[length + 1] & mask == mark)


_MPEG1_LAYER3 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_LAYER3 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def _mpeg_audio_frame(head: bytes) -> int:
    """Length in bytes of the layer III frame that starts here; 0 where its header is not one."""
    version, layer, rate, frequency = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or not 0 < rate < 15 or frequency == 3:
        return 0
    hertz = (44100, 48000, 32000)[frequency] // {3: 1, 2: 2, 0: 4}[version]
    kilobits = (_MPEG1_LAYER3 if version == 3 else _MPEG2_LAYER3)[rate]
    return (144 if version == 3 else 72) * kilobits * 1000 // hertz + (head[2] >> 1 & 1)
