"""What a file holds, asked of a fenced child, and refused here when over a limit: before it is decoded in earnest."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from provenance.media import ffmpeg, geometry
from provenance.media.examined import Asked, Clock, Examined
from provenance.media.fence import fenced
from provenance.media.kinds import sniff
from provenance.media.refusals import damaged, empty, over, refusal, require_pixels, require_sides
from provenance.media.source import open_media
from provenance.media.values import Family, Limits, MediaInfo, MediaKind

_CHILD = Path(__file__).with_name("probe_child.py")
_ANSWER_BYTES = 256 * 1024
_PROBE_TIMEOUT_S = 60
_EMPTY_START_S = 60

_ANIMATIONS = {"gif", "apng", "webp_anim"}


def probe(path: Path, *, limits: Limits, require_sandbox: bool = False) -> MediaInfo:
    """What the file holds, as claimed by its container and shown by its first picture.

    Raises:
        MediaError: not media, over a limit (``media.too_large``, ``media.too_long``, ``media.too_small``), nothing in
            it (``media.no_frames``), ``media.truncated`` or ``media.damaged``.
        SandboxError: no fence, and ``require_sandbox``.
    """
    return examine(path, limits=limits, require_sandbox=require_sandbox).info


def examine(path: Path, *, limits: Limits, require_sandbox: bool = False) -> Examined:
    """As ``probe``, with what a decoder needs besides. An unchanged file is asked once."""
    kind = sniff(path)
    with open_media(path) as media:
        if media.size > limits.max_bytes:
            raise over(
                "media.too_large", path.name, f"at most {limits.max_bytes} bytes", f"{media.size} bytes", "bytes"
            )
        status = os.fstat(media.fd)
        identity = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
        return _examine_once(Asked(path, kind, media, limits, require_sandbox, identity))


@functools.cache
def _imports() -> tuple[Path, ...]:
    """Where the packages are that the child imports: without ``site``, which takes its time, Python does not know."""
    found = (importlib.util.find_spec(name) for name in ("av", "PIL"))
    return tuple(dict.fromkeys(Path(spec.origin).parents[1] for spec in found if spec is not None and spec.origin))


@functools.lru_cache(maxsize=64)
def _examine_once(asked: Asked) -> Examined:
    command: list[str | Path] = [
        _CHILD,
        str(asked.media.fd),
        asked.kind.demuxer,
        str(asked.limits.max_pixels),
    ]
    quick = replace(asked.limits, decode_timeout_s=min(asked.limits.decode_timeout_s, _PROBE_TIMEOUT_S))
    with fenced(
        command, limits=quick, require_sandbox=asked.require_sandbox, fds=[asked.media.fd], imports=_imports()
    ) as child:
        raw = child.answer(_ANSWER_BYTES)
        code = child.finish()
        notes = (child.report.note,) if child.report.note else ()
    try:
        answer: dict[str, Any] = json.loads(raw)
    except ValueError as error:
        raise damaged(asked, f"the demuxer ended with code {code}") from error
    if "error" in answer:
        raise refusal(asked, answer)
    examined = _of_picture(asked, answer["picture"]) if "picture" in answer else _of_streams(asked, answer)
    examined = replace(examined, fenced=not notes, notes=notes)
    if examined.info.still:
        info = _shown(asked, examined.info)
        examined = replace(examined, info=info, picture=_still_source(info, answer.get("streams", [])))
    require_sides(asked, examined.info)
    return examined


def _of_picture(asked: Asked, picture: dict[str, Any]) -> Examined:
    """GIF, PNG, WebP, JPEG, BMP and TIFF: one stream, and a header that says all."""
    require_pixels(asked, int(picture["width"]), int(picture["height"]))
    info = MediaInfo(
        kind=asked.kind,
        size_bytes=asked.media.size,
        duration=None,
        width=int(picture["width"]),
        height=int(picture["height"]),
        video_index=0,
        video_codec=str(picture["codec"])[:32],
        still=not (asked.kind.demuxer in _ANIMATIONS and picture["animated"]),
    )
    return Examined(info)


def _of_streams(asked: Asked, answer: dict[str, Any]) -> Examined:
    streams: list[dict[str, Any]] = answer["streams"]
    video = next((s for s in streams if s["index"] == answer["chosen"]), None)
    audio = next((s for s in streams if s["type"] == "audio" and s.get("sample_rate")), None)
    if asked.kind.family is Family.AUDIO:
        video = None
    if video is None and audio is None:
        raise empty(asked, "no picture and no sound")
    still = asked.kind.family is Family.IMAGE and (video or {}).get("frames", 0) <= 1
    duration = _fraction(answer["duration"])
    lengths = [d for d in (duration, *(_fraction(s["duration"]) for s in (video, audio) if s)) if d is not None]
    if not still and lengths and max(lengths) > asked.limits.max_seconds:
        raise over(
            "media.too_long", asked.path.name, f"at most {asked.limits.max_seconds} s", f"{float(max(lengths)):.0f} s",
            "seconds",
        )  # fmt: skip
    info = MediaInfo(
        kind=asked.kind,
        size_bytes=asked.media.size,
        duration=None if still or not lengths or max(lengths) <= 0 else (duration or max(lengths)),
        audio_index=audio["index"] if audio else None,
        audio_codec=_name(audio["codec"]) if audio else None,
        sample_rate=int(audio["sample_rate"]) if audio else None,
        still=still,
    )
    clock = _clock(asked.kind, answer, video, audio)
    return Examined(info, clock=clock) if video is None else _with_video(asked, info, video, answer.get("first"), clock)


def _clock(
    kind: MediaKind, answer: dict[str, Any], video: dict[str, Any] | None, audio: dict[str, Any] | None
) -> Clock:
    """Zero is the first picture or sound.

    An MP4 has a timeline that begins at 0, and an edit list may leave its start empty; a copy of a video without sound
    whose first picture comes late must keep that. A later start is that of a stream cut out of a longer one.
    """
    begin = _fraction(answer["start"])
    first_video, first_audio = (_fraction(s["start"]) if s else None for s in (video, audio))
    starts = [s for s in (first_video, first_audio) if s is not None]
    if begin is None or not starts:
        return Clock()
    first = min(starts)
    zero = Fraction(0) if kind.demuxer == "mov" and 0 < first < _EMPTY_START_S else first
    return Clock(zero, begin, first_video, first_audio, bool(answer["discontinuous"]))


def _with_video(
    asked: Asked, info: MediaInfo, video: dict[str, Any], first: dict[str, Any] | None, clock: Clock
) -> Examined:
    if video["frames"] > asked.limits.max_frames:
        raise over(
            "media.too_long", asked.path.name, f"at most {asked.limits.max_frames} frames",
            f"a claim of {video['frames']} frames", "frames",
        )  # fmt: skip
    width, height = int((first or video)["width"]), int((first or video)["height"])
    require_pixels(asked, int(video["width"]), int(video["height"]))
    require_pixels(asked, width, height)
    if first is None and not info.still:
        raise empty(asked, "a video track without a picture that decodes")
    turned = geometry.orientation(None if first is None or info.still else first["matrix"])
    shown = geometry.shown_size(width, height, _fraction(video["sar"]), turned.quarter)
    rate = _fraction(video["rate"])
    info = replace(
        info,
        width=shown[0],
        height=shown[1],
        fps=None if info.still or not rate or rate > 1000 else rate,
        rotation=turned.degrees,
        video_index=video["index"],
        video_codec=_name(video["codec"]),
    )
    return Examined(info, turned.filters, clock, f"0:{video['index']}")


def _shown(asked: Asked, info: MediaInfo) -> MediaInfo:
    """The size a still is shown at: FFmpeg turns it by its EXIF or its box, and stitches the tiles of an HEIC."""
    command: list[str | Path] = [
        ffmpeg.binary(), *ffmpeg.global_options(),
        *ffmpeg.input_options(asked.kind.demuxer, asked.media.fd, asked.limits),
        "-frames:v", "1", "-an", "-f", "framecrc", "pipe:1",
    ]  # fmt: skip
    with fenced(command, limits=asked.limits, require_sandbox=asked.require_sandbox, fds=[asked.media.fd]) as child:
        answer = child.answer(_ANSWER_BYTES).decode("ascii", "replace")
        child.finish()
    lines = answer.splitlines()
    sizes = [line.split(": ", 1)[1] for line in lines if line.startswith("#dimensions 0: ")]
    if not sizes or not any(line and not line.startswith("#") for line in lines):
        raise damaged(asked, "a picture that does not decode")
    width, height = (int(side) for side in sizes[0].split("x"))
    require_pixels(asked, width, height)
    return replace(info, width=width, height=height)


def _still_source(info: MediaInfo, streams: list[dict[str, Any]]) -> str:
    """The stream as large as what FFmpeg shows; where there is none, it has put tiles together."""
    if len(streams) <= 1:
        return "0:0"
    shown = {info.width, info.height}
    same = (s["index"] for s in streams if s["type"] == "video" and {s["width"], s["height"]} == shown)
    return next((f"0:{index}" for index in same), "0:g:0")


def _fraction(pair: list[int] | None) -> Fraction | None:
    return Fraction(pair[0], pair[1]) if pair and pair[1] else None


def _name(codec: Any) -> str | None:
    return str(codec)[:32] if codec else None
