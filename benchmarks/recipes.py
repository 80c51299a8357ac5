"""Crude, seeded ways in which a clip gets about: re-encoded, trimmed, repainted, slowed down, stripped.

Each recipe takes a source and a target path and writes an MP4. The same arguments give the same pictures.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from provenance.report import Region

REPAINT_CRF = 18


@dataclass(frozen=True, slots=True)
class Stream:
    """What a recipe must know of its source."""

    width: int
    height: int
    fps: Fraction
    audio: bool


def platform_copy(
    source: Path, target: Path, *, height: int = 360, crf: int = 30, trim: tuple[float, float] | None = None
) -> None:
    """Re-encode as platforms do, at ``height`` lines; ``trim`` keeps [start, end) seconds only."""
    cut = ["-ss", f"{trim[0]}", "-to", f"{trim[1]}"] if trim else []
    size = ["-vf", f"scale=-2:{height}"]
    ffmpeg([*cut, "-i", str(source), "-map_metadata", "-1", *size, *_h264(crf), "-c:a", "aac", "-b:a", "96k"], target)


def strip_manifest(source: Path, target: Path) -> None:
    """Copy the streams into a new container, which leaves the manifest behind."""
    ffmpeg(["-i", str(source), "-map", "0:v?", "-map", "0:a?", "-map_metadata", "-1", "-c", "copy"], target)


def slow_down(source: Path, target: Path, *, rate: float = 0.75, height: int = 360, crf: int = 26) -> None:
    """Play at ``rate`` of the speed, sound stretched without changing its pitch."""
    options = ["-i", str(source), "-map_metadata", "-1", "-vf", f"setpts=PTS/{rate},scale=-2:{height}"]
    sound = ["-af", f"atempo={rate}", "-c:a", "aac", "-b:a", "96k"] if stream_of(source).audio else []
    ffmpeg([*options, *sound, *_h264(crf)], target)


def repaint_region(
    source: Path,
    target: Path,
    *,
    start: float,
    seconds: float = 2.0,
    region: Region,
    seed: int = 0,
    height: int = 360,
    crf: int = 28,
) -> None:
    """Paint over ``region`` from ``start`` on, softly blended, then send it round as a platform copy.

    The paint is what lies to the left or right of the region at that moment (the seed says which), slightly toned,
    as a retoucher would clone it; what was in the region disappears. Sound is left as it was.
    """
    stream = stream_of(source)
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        silent = Path(folder) / "repainted.mp4"
        frames = _read(source, stream)
        shift, tone = _clone(stream, region, rng)
        mask = _soft_mask(stream, region)
        first = round(start * stream.fps)
        last = round((start + seconds) * stream.fps)
        painted = [
            _blend(frame, np.roll(frame, shift, axis=1) * tone, mask) if first <= number < last else frame
            for number, frame in enumerate(frames)
        ]
        _write(painted, silent, stream)
        joined = ["-i", str(silent), "-i", str(source), "-map", "0:v", "-map", "1:a?", "-map_metadata", "-1"]
        ffmpeg([*joined, "-vf", f"scale=-2:{height}", *_h264(crf), "-c:a", "aac", "-b:a", "96k"], target)


def ffmpeg(arguments: Sequence[str], target: Path) -> None:
    """Run FFmpeg into ``target``, replacing it.

    Raises:
        RuntimeError: FFmpeg failed; the message holds what it said.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [binary(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *arguments, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"FFmpeg could not write {target.name}: {done.stderr.strip()}")


def binary() -> str:
    """The FFmpeg that the project's own decoder ships with."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def stream_of(source: Path) -> Stream:
    """Size, frame rate and whether there is sound, as FFmpeg tells them.

    Raises:
        RuntimeError: there is no video in the file.
    """
    said = subprocess.run([binary(), "-hide_banner", "-i", str(source)], capture_output=True, text=True, check=False)
    found = re.search(r"Video: .*?, (\d+)x(\d+)\b.*?([\d.]+) fps", said.stderr)
    if not found:
        raise RuntimeError(f"{source.name} has no video")
    rate = Fraction(found[3])
    # FFmpeg prints 29.97 for 30000/1001.
    exact = Fraction(round(rate) * 1000, 1001) if rate.denominator != 1 else rate
    return Stream(int(found[1]), int(found[2]), exact, "Audio:" in said.stderr)


def _h264(crf: int) -> list[str]:
    return ["-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), "-pix_fmt", "yuv420p"]


def _read(source: Path, stream: Stream) -> NDArray[np.uint8]:
    """All frames, (n, height, width, 3) BGR: recipes are for short clips."""
    command = [binary(), "-nostdin", "-loglevel", "error", "-i", str(source), "-vf", f"fps={stream.fps}"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"], capture_output=True, check=True)
    return np.frombuffer(raw.stdout, np.uint8).reshape(-1, stream.height, stream.width, 3)


def _write(frames: Sequence[NDArray[np.uint8]], target: Path, stream: Stream) -> None:
    command = [binary(), "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24"]
    command += ["-s", f"{stream.width}x{stream.height}", "-r", str(stream.fps), "-i", "-", *_h264(REPAINT_CRF)]
    raw = b"".join(frame.tobytes() for frame in frames)
    subprocess.run([*command, str(target)], input=raw, check=True)


def _clone(stream: Stream, region: Region, rng: np.random.Generator) -> tuple[int, float]:
    """How far to the side the paint is taken from, in pixels, and by how much it is lightened or darkened."""
    side = int(rng.choice([-1, 1]))
    return side * round(stream.width * region.w * rng.uniform(0.95, 1.1)), float(rng.uniform(0.96, 1.04))


def _soft_mask(stream: Stream, region: Region) -> NDArray[np.float32]:
    mask = np.zeros((stream.height, stream.width, 1), np.float32)
    top, left = round(region.y * stream.height), round(region.x * stream.width)
    bottom, right = round((region.y + region.h) * stream.height), round((region.x + region.w) * stream.width)
    mask[top:bottom, left:right] = 1
    return cv2.GaussianBlur(mask, (0, 0), max(stream.width / 160, 1))[..., np.newaxis].astype(np.float32)


def _blend(frame: NDArray[np.uint8], paint: NDArray[np.float64], mask: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(frame * (1 - mask) + paint * mask, 0, 255).round().astype(np.uint8)


def copy_as_is(source: Path, target: Path) -> None:
    """The same bytes under another name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
