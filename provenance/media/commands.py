"""The FFmpeg commands: everything from a file in one decode, frames alone, sound alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from provenance.errors import MediaError
from provenance.media import ffmpeg, nut
from provenance.media.examined import Examined
from provenance.media.fence import FencedProcess
from provenance.media.geometry import bounded_size, copy_size
from provenance.media.values import PCM_RATE, Limits

HASH_STREAM = 0
TICK_STREAM = 1
SIGNATURE = "signature.bin"
CHROMAPRINT = "chromaprint.raw"
PCM = "sound.pcm"

STILL_HASH_SIDE = 1024
STILL_REFERENCE_SIDE = 960

_SIGNATURE_RATE = 5
_SOUND_RATE = 48_000
# Demuxers whose seeking lands where it was asked to; others are read from their start.
_SEEKABLE = ("mov", "matroska")
_CLEAN = ("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact")
# One thread: x264's output depends on the number, and two machines must make the same reference copy. It costs a tenth
# less than two, and decoding keeps the other cores busy.
_X264_THREADS = ("-threads", "1")
# Over 30 s of two films, at crf 26: veryfast 1.24 CPU s, 849 KB, SSIM .9685; with subme=1 0.99 CPU s, 924 KB, .9675;
# with these 0.85 CPU s, 930 KB, .9674. superfast itself takes 1257 KB, since it does without macroblock trees.
_X264_REFERENCE = ("-preset", "veryfast", "-crf", "26", "-x264-params", "subme=1:me=dia:partitions=i8x8,i4x4")


@dataclass(frozen=True, slots=True)
class Files:
    """Names of the copies within the work folder."""

    reference: str
    working: str


VIDEO_FILES = Files("reference.mp4", "working.mov")
STILL_FILES = Files("reference.jpg", "working.png")
SOUND_FILES = Files("reference.m4a", "working.m4a")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted of a decode. ``hash_rate``: frames per second handed to ``on_frame``."""

    hash_rate: Fraction
    reference: bool = False
    working: bool = False
    signature: bool = False
    sound: bool = True


def extraction(examined: Examined, plan: Plan, fd: int, limits: Limits) -> list[str]:
    """The command, to be run in the work folder; pictures arrive on stdout as ``nut.read_pictures`` reads them."""
    if examined.info.still:
        return _still(examined, plan, fd, limits)
    pictures: list[str] = []
    sounds: list[str] = []
    outputs: list[str] = []
    sound = examined.info.has_audio and plan.sound
    video = examined.info.has_video
    if video:
        _add_video(examined, plan, pictures, outputs)
    if sound:
        _add_sound(examined, plan, sounds)
    if video and plan.reference:
        outputs += _reference(sound)
    elif sound and plan.reference:
        outputs += [*_reference_sound(), *_CLEAN, "-f", "ipod", f"file:{SOUND_FILES.reference}"]
    if video and plan.working:
        outputs += _working(sound)
    if sound:
        outputs += [
            "-map",
            "[print]",
            "-f",
            "chromaprint",
            "-fp_format",
            "raw",
            "-algorithm",
            "1",
            f"file:{CHROMAPRINT}",
        ]
        outputs += ["-map", "[pcm]", "-c:a", "pcm_s16le", "-f", "s16le", f"file:{PCM}"]
    # A picture that changes size in mid-stream must not restart the graph: that would lose the signature.
    steady = ["-reinit_filter:v", "0", "-noautorotate"] if video else []
    command = [ffmpeg.binary(), *ffmpeg.global_options(), *steady]
    command += ffmpeg.input_options(examined.info.kind.demuxer, fd, limits)
    # A graph each: FFmpeg runs one graph in one thread, and sound need not wait for pictures.
    for graph in filter(None, (pictures, sounds)):
        command += ["-filter_complex", ";".join(graph)]
    return [str(part) for part in (*command, *outputs)]


def frames(
    examined: Examined, fd: int, limits: Limits, width: int, height: int, *, colour: bool, start: Fraction | None
) -> list[str]:
    """All frames from ``start`` or somewhat before, at one size; times count from the container's own start."""
    info = examined.info
    shrinks = width * height <= (info.width or 0) * (info.height or 0)
    turned = info.rotation in (90, 270) and not info.still
    size = f"{height}:{width}" if turned else f"{width}:{height}"
    kept = "" if colour else ":out_range=pc"
    chain = [f"scale={size}:flags={'area' if shrinks else 'bicubic'}{kept}", f"format={'bgr24' if colour else 'gray'}"]
    chain += examined.orientation
    steady = [] if info.still else ["-reinit_filter:v", "0", "-noautorotate"]
    seek = _seek(examined, start, examined.clock.lead(video=True, audio=False))
    command = [ffmpeg.binary(), *ffmpeg.global_options(), *steady]
    command += [*seek, "-copyts", "-start_at_zero"] if seek else []
    command += ffmpeg.input_options(info.kind.demuxer, fd, limits)
    graph = f"[{examined.picture}]{','.join(chain)}[out]"
    one = ["-frames:v", "1"] if info.still else []
    return [str(part) for part in (*command, "-filter_complex", graph, "-map", "[out]", *one, *nut.OUTPUT)]


def sound(examined: Examined, fd: int, limits: Limits, *, start: Fraction) -> list[str]:
    """Raw mono samples from exactly ``start`` on, on stdout."""
    info = examined.info
    lead = examined.clock.lead(video=False, audio=True)
    seek = _seek(examined, start, lead)
    # Without -copyts the sought moment becomes zero; where seeking cannot be trusted all is decoded and cut.
    cut = [f"atrim=start={float(start):.6f}", *_shift("asetpts", start)]
    chain = [
        *([] if seek else [*_shift("asetpts", lead), *cut]),
        f"aresample={PCM_RATE}:async=1:first_pts=0",
        "aformat=sample_fmts=s16:channel_layouts=mono",
    ]
    command = [ffmpeg.binary(), *ffmpeg.global_options(), *seek]
    command += ffmpeg.input_options(info.kind.demuxer, fd, limits)
    graph = f"[0:{info.audio_index}]{','.join(chain)}[out]"
    return [str(part) for part in (*command, "-filter_complex", graph, "-map", "[out]", "-f", "s16le", "pipe:1")]


def _seek(examined: Examined, start: Fraction | None, lead: Fraction) -> list[str]:
    if not start or examined.info.still or examined.info.kind.demuxer not in _SEEKABLE or start + lead <= 0:
        return []
    return ["-ss", f"{float(start + lead):.6f}"]


def _add_video(examined: Examined, plan: Plan, graph: list[str], outputs: list[str]) -> None:
    info = examined.info
    width, height = copy_size(info.width or 0, info.height or 0)
    quarter = info.rotation in (90, 270)
    coded = (height, width) if quarter else (width, height)
    chain = [
        f"scale={coded[0]}:{coded[1]}:flags=area:out_range=tv",
        "format=yuv420p",
        *examined.orientation,
        "setsar=1",
        "sidedata=mode=delete:type=DISPLAYMATRIX",
        *_shift("setpts", examined.clock.lead(video=True, audio=plan.sound)),
    ]
    labels = ["toh", "tot"] + [
        label for label, wanted in (("ref", plan.reference), ("work", plan.working), ("tos", plan.signature)) if wanted
    ]
    split = "".join(f"[{label}]" for label in labels)
    graph.append(f"[{examined.picture}]{','.join(chain)},split={len(labels)}{split}")
    rate = f"{plan.hash_rate.numerator}/{plan.hash_rate.denominator}"
    # Not the fps filter: it rewrites times. This keeps the first picture of every 1/rate seconds as it is.
    graph.append(
        f"[toh]select='isnan(prev_t)+gt(floor(t*{rate}),floor(prev_t*{rate}))',scale=in_range=tv:out_range=pc,format=gray[hash]"
    )
    # A corner of every picture, for its time alone.
    graph.append("[tot]crop='min(iw,16)':'min(ih,16)':0:0,format=gray[tick]")
    outputs += ["-map", "[hash]", "-map", "[tick]", *nut.OUTPUT]
    if plan.signature:
        # Under 0.1 s of video, fps would pass nothing on, and the signature of nothing crashes FFmpeg.
        graph.append(f"[tos]fps={_SIGNATURE_RATE}:eof_action=pass,signature=format=binary:filename={SIGNATURE}[sig]")
        outputs += ["-map", "[sig]", "-f", "null", "-"]


def _add_sound(examined: Examined, plan: Plan, graph: list[str]) -> None:
    # Gaps and a late start become silence, so that a sample's place in the file is its time.
    chain = [
        *_shift("asetpts", examined.clock.lead(video=True, audio=True)),
        f"aresample={_SOUND_RATE}:async=1:first_pts=0",
        "aformat=sample_fmts=fltp:channel_layouts=mono",
    ]
    video = examined.info.has_video
    head = f"[0:{examined.info.audio_index}]{','.join(chain)}"
    if plan.reference:
        graph.append(f"{head},asplit=2[refa][tol]")
        head = "[tol]anull"
    tail = ["[print]", "[pcm]"] + (["[worka]"] if video and plan.working else [])
    low = f"aresample={PCM_RATE},aformat=sample_fmts=s16:channel_layouts=mono"
    graph.append(f"{head},{low},asplit={len(tail)}{''.join(tail)}")


def _reference(sound: bool) -> list[str]:
    audio = _reference_sound() if sound else []
    return [
        "-map", "[ref]", "-c:v", "libx264", *_X264_REFERENCE, *_X264_THREADS, "-pix_fmt", "yuv420p",
        "-force_key_frames", "expr:gte(t,n_forced*2)", "-flags:v", "+bitexact",
        "-fps_mode", "passthrough", "-enc_time_base", "filter",
        *audio, *_CLEAN, "-f", "mp4", f"file:{VIDEO_FILES.reference}",
    ]  # fmt: skip


def _reference_sound() -> list[str]:
    return ["-map", "[refa]", "-c:a", "aac", "-aac_coder", "fast", "-b:a", "48k", "-flags:a", "+bitexact"]


def _working(sound: bool) -> list[str]:
    audio = ["-map", "[worka]", "-c:a", "pcm_s16le"] if sound else []
    return [
        "-map", "[work]", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", *_X264_THREADS, "-pix_fmt", "yuv420p",
        "-force_key_frames", "expr:gte(t,n_forced*2)",
        "-fps_mode", "passthrough", "-enc_time_base", "filter",
        *audio, *_CLEAN, "-f", "mov", f"file:{VIDEO_FILES.working}",
    ]  # fmt: skip


def _still(examined: Examined, plan: Plan, fd: int, limits: Limits) -> list[str]:
    info = examined.info
    large = bounded_size(info.width or 0, info.height or 0, STILL_HASH_SIDE)
    small = bounded_size(info.width or 0, info.height or 0, STILL_REFERENCE_SIDE)
    labels = ["toh"] + [label for label, wanted in (("tor", plan.reference), ("tow", plan.working)) if wanted]
    split = f"split={len(labels)}" + "".join(f"[{label}]" for label in labels)
    graph = [
        f"[{examined.picture}]{_to(large)},setsar=1,sidedata=mode=delete:type=DISPLAYMATRIX,{split}",
        "[toh]scale=out_range=pc,format=gray[hash]",
    ]
    outputs = ["-map", "[hash]", "-frames:v", "1", *nut.OUTPUT]
    image = ["-frames:v", "1", *_CLEAN, "-flags:v", "+bitexact", "-threads", "1", "-f", "image2", "-update", "1"]
    if plan.reference:
        graph.append(f"[tor]{_to(small)}:out_range=pc,format=yuvj420p[ref]")
        outputs += ["-map", "[ref]", "-c:v", "mjpeg", "-q:v", "3", *image, f"file:{STILL_FILES.reference}"]
    if plan.working:
        graph.append(f"[tow]{_to(small)},format=rgb24[work]")
        outputs += ["-map", "[work]", "-c:v", "png", *image, f"file:{STILL_FILES.working}"]
    command = [ffmpeg.binary(), *ffmpeg.global_options(), *ffmpeg.input_options(info.kind.demuxer, fd, limits)]
    return [str(part) for part in (*command, "-filter_complex", ";".join(graph), *outputs)]


def _to(size: tuple[int, int]) -> str:
    return f"scale={size[0]}:{size[1]}:flags=area"


def _shift(setpts: str, lead: Fraction) -> list[str]:
    return [f"{setpts}=PTS-{float(lead):.9f}/TB"] if lead else []


def require_success(path: Path, child: FencedProcess) -> None:
    """Wait for the child and refuse what it brought if it failed.

    Raises:
        MediaError: ``media.decode_failed`` or ``media.timeout``.
    """
    code = child.finish()
    if code == 0:
        return
    lines = child.errors.splitlines()
    raise MediaError(
        "media.decode_failed",
        f"{path.name} could not be decoded",
        expected="a file that decodes within its limits, and room to write the results",
        found=f"signal {-code}" if code < 0 else (lines[-1][:300] if lines else f"exit code {code}"),
        hint="check that the file plays and that the disk is not full",
    )
