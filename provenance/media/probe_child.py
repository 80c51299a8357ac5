"""Runs inside the fence: opens one foreign file and prints what it claims to hold, as one JSON object.

A script of its own (``probe_child.py FD DEMUXER MAX_PIXELS``, run by ``launcher.py``): it parses hostile bytes, so it
imports nothing of ours and its answer is checked by ``probe``.
"""

import json
import os
import struct
import sys
from fractions import Fraction
from typing import Any

_MAX_STREAMS = 64
_MAX_PACKETS = 4000
_TOP_LEVEL_BOXES = 4096
_MICROSECOND = Fraction(1, 1_000_000)
_DISPLAY_MATRIX = 36  # nine 32-bit numbers
_TS_DISCONT = 0x0200  # AVFMT_TS_DISCONT
_ONE = 1 << 16
_QUARTERS = {  # counter-clockwise degrees to shown, as PyAV counts
    90: [0, -_ONE, 0, _ONE, 0, 0, 0, 0, 1 << 30],
    180: [-_ONE, 0, 0, 0, -_ONE, 0, 0, 0, 1 << 30],
    270: [0, _ONE, 0, -_ONE, 0, 0, 0, 0, 1 << 30],
}


def main() -> None:
    """Answer for the file open on the descriptor given."""
    fd, demuxer, max_pixels = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    pictures = demuxer in ("jpeg_pipe", "png_pipe", "webp_pipe", "webp_anim", "bmp_pipe", "tiff_pipe", "gif", "apng")
    try:
        answer = _picture(fd) if pictures else _streams(fd, demuxer, max_pixels)
    except MemoryError:
        answer = {"error": "memory"}
    except Exception as error:
        answer = {"error": "damaged", "detail": f"{type(error).__name__}: {error}"[:300]}
    if "error" in answer and demuxer == "mov":
        answer["headless"] = _lacks_index(fd)
    sys.stdout.write(json.dumps(answer))


def _picture(fd: int) -> dict[str, Any]:
    """Size and number of frames from the header alone; nothing is decoded."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    with os.fdopen(os.dup(fd), "rb") as stream, Image.open(stream) as picture:
        return {
            "picture": {
                "codec": str(picture.format).lower(),
                "width": picture.width,
                "height": picture.height,
                "animated": bool(getattr(picture, "is_animated", False)),
            }
        }


def _streams(fd: int, demuxer: str, max_pixels: int) -> dict[str, Any]:
    import av

    av.logging.set_level(None)
    options = {"fd": str(fd), "protocol_whitelist": "fd"}
    with av.open("fd:", format=demuxer, options=options, metadata_errors="ignore") as container:
        streams = [_facts(stream) for stream in tuple(container.streams)[:_MAX_STREAMS]]
        answer: dict[str, Any] = {
            "duration": _ratio(container.duration, _MICROSECOND),
            "start": _ratio(container.start_time, _MICROSECOND),
            "streams": streams,
            "discontinuous": bool(int(container.format.flags) & _TS_DISCONT),
        }
        pictures = [s for s in streams if s["type"] == "video" and not s["attached"]]
        # An AVIF sequence carries its cover as a stream of one frame in front.
        moving = [s for s in pictures if s["frames"] > 1] if demuxer == "mov" else []
        chosen = next(iter(moving or pictures), None)
        answer["chosen"] = chosen and chosen["index"]
        if chosen and chosen["width"] * chosen["height"] <= max_pixels and demuxer != "jpegxl_pipe":
            answer["first"] = _first_frame(container, chosen["index"])
        return answer


def _facts(stream: Any) -> dict[str, Any]:
    import av.stream

    facts: dict[str, Any] = {
        "index": stream.index,
        "type": stream.type,
        "attached": bool(stream.disposition & av.stream.Disposition.attached_pic),
        "frames": stream.frames,
        "duration": _ratio(stream.duration, stream.time_base),
        "start": _ratio(stream.start_time, stream.time_base),
    }
    context = getattr(stream, "codec_context", None)
    facts["codec"] = context.name if context is not None else None
    if stream.type == "video" and context is not None:
        facts |= {
            "width": context.width,
            "height": context.height,
            "sar": _pair(stream.sample_aspect_ratio),
            "rate": _pair(stream.average_rate or stream.base_rate),
        }
    elif stream.type == "video":
        facts |= {"width": 0, "height": 0, "sar": None, "rate": None}
    if stream.type == "audio" and context is not None:
        facts |= {"sample_rate": context.sample_rate}
    return facts


def _first_frame(container: Any, index: int) -> dict[str, Any] | None:
    """The first picture that decodes: its real size, pixel shape and the matrix it is to be shown through."""
    import av

    stream = container.streams[index]
    stream.codec_context.thread_count = 1
    # The first picture as soon as it is decoded: its place in the order is of no interest here.
    stream.codec_context.flags |= int(av.codec.context.Flags.low_delay)
    try:
        for count, packet in enumerate(container.demux(stream)):
            if count >= _MAX_PACKETS:
                return None
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                continue
            for frame in frames:
                return {"width": frame.width, "height": frame.height, "matrix": _matrix(frame)}
    except av.FFmpegError:
        return None
    return None


def _matrix(frame: Any) -> list[int] | None:
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # Side data of a type this PyAV has no name for makes all of it unreadable; the angle is read another way.
        return _QUARTERS.get(frame.rotation % 360)
    raw = bytes(data) if data is not None else b""
    return list(struct.unpack("=9i", raw)) if len(raw) == _DISPLAY_MATRIX else None


def _pair(value: Any) -> tuple[int, int] | None:
    return (value.numerator, value.denominator) if value else None


def _ratio(ticks: int | None, tick: Any) -> tuple[int, int] | None:
    return None if ticks is None or not tick else (ticks * tick.numerator, tick.denominator)


def _lacks_index(fd: int) -> bool:
    """Whether an MP4 ends before its ``moov`` box, as an interrupted recording or download does."""
    size = os.fstat(fd).st_size
    offset = 0
    for _ in range(_TOP_LEVEL_BOXES):
        header = os.pread(fd, 16, offset)
        if len(header) < 8 or header[4:8] in (b"moov", b"meta"):
            return len(header) < 8
        length = int.from_bytes(header[:4], "big")
        if length == 1 and len(header) == 16:
            length = int.from_bytes(header[8:16], "big")
        if length < 8 or offset + length > size:
            return True
        offset += length
    return False


main()
