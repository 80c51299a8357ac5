"""A picture drawn over all of a file, which is encoded anew for it, in the fence, at a quality that shows no loss."""

from __future__ import annotations

from pathlib import Path

from provenance.errors import MediaError
from provenance.media import commands, ffmpeg
from provenance.media.examined import Examined
from provenance.media.fence import fenced
from provenance.media.kinds import ANIMATED_WEBP, APNG, JPEG, MKV, MOV, MP4, PNG, WEBP
from provenance.media.probe import examine
from provenance.media.source import open_media
from provenance.media.values import Limits, MediaKind

_H264 = ("-c:v", "libx264", "-preset", "medium", "-crf", "16", "-pix_fmt", "yuv420p", "-fps_mode", "passthrough")
_FAST = ("-movflags", "+faststart")
_ONE = ("-frames:v", "1", "-update", "1")
_OUTPUTS: dict[MediaKind, tuple[str, ...]] = {
    MP4: (*_H264, *_FAST, "-f", "mp4"),
    MOV: (*_H264, *_FAST, "-f", "mov"),
    MKV: (*_H264, "-f", "matroska"),
    JPEG: ("-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj444p", *_ONE, "-f", "image2"),
    PNG: ("-c:v", "png", *_ONE, "-f", "image2"),
    WEBP: ("-c:v", "libwebp", "-quality", "92", *_ONE, "-f", "image2"),
}


def burn(
    path: Path,
    picture: Path,
    at: tuple[int, int],
    work: Path,
    *,
    limits: Limits,
    require_sandbox: bool = False,
) -> Path:
    """The file with a picture (PNG) over every frame of it, in a new file of the same kind in ``work``.

    ``at``: where the picture's top left corner goes, in pixels of the frame as it is shown. Sound is copied as it is.

    Raises:
        MediaError: ``media.no_burning``: nothing can be drawn over this kind of file; else see ``probe``.
        SandboxError: no fence, and ``require_sandbox``.
    """
    examined = examine(path, limits=limits, require_sandbox=require_sandbox)
    output = _OUTPUTS.get(examined.info.kind)
    if output is None or not examined.info.has_video:
        raise MediaError(
            "media.no_burning",
            f"nothing can be drawn over {path.name}",
            expected="a video in MP4, MOV or MKV, or a photograph in JPEG, PNG or WebP",
            found=_found(examined.info.kind) if examined.info.has_video else "no picture",
            hint="convert it first",
        )
    name = f"burnt{examined.info.kind.suffixes[0]}"
    with open_media(path) as media, open_media(picture) as drawn:
        inputs = [*ffmpeg.input_options(examined.info.kind.demuxer, media.fd, limits)]
        inputs += ffmpeg.input_options("png_pipe", drawn.fd, limits)
        command = [ffmpeg.binary(), *ffmpeg.global_options(), *_steady(examined), *inputs]
        command += ["-filter_complex", _graph(examined, at), "-map", "[out]"]
        if examined.info.has_audio:
            command += ["-map", f"0:{examined.info.audio_index}", "-c:a", "copy"]
        command += ["-map_metadata", "-1", "-fflags", "+bitexact", *output, f"file:{name}"]
        fds = [media.fd, drawn.fd]
        words = [str(part) for part in command]
        with fenced(words, limits=limits, require_sandbox=require_sandbox, fds=fds, cwd=work) as child:
            child.answer(1)
            commands.require_success(path, child)
    return work / name


def _found(kind: MediaKind) -> str:
    return f"an animation, {kind.media_type}" if kind in (APNG, ANIMATED_WEBP) else kind.media_type


def _steady(examined: Examined) -> list[str]:
    return [] if examined.info.still else ["-reinit_filter:v", "0", "-noautorotate"]


def _graph(examined: Examined, at: tuple[int, int]) -> str:
    info = examined.info
    width, height = info.width or 0, info.height or 0
    if info.still:
        chain = [f"scale={width}:{height}", "setsar=1"]
    else:
        # H.264 takes even sizes only; without that, and with square pixels, nothing is scaled.
        coded = (height, width) if info.rotation in (90, 270) else (width, height)
        chain = [f"scale={coded[0] & ~1}:{coded[1] & ~1}:flags=lanczos", *examined.orientation, "setsar=1"]
    chain.append("sidedata=mode=delete:type=DISPLAYMATRIX")
    form = "rgb" if info.kind in (PNG, WEBP) else "yuv444" if info.still else "yuv420"
    return f"[{examined.picture}]{','.join(chain)}[shown];[shown][1:0]overlay={at[0]}:{at[1]}:format={form}[out]"
