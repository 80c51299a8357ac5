"""Pictures and sound of a base in memory, where recipes change them, and back into a lossless file."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.identify.base import Base
from benchmarks.identify.graph import even
from benchmarks.recipes import binary, ffmpeg

Picture = NDArray[np.uint8]
"""(height, width, 3) BGR."""
Sound = NDArray[np.float32]
"""(samples, 2), -1 to 1, ``RATE`` a second."""
RATE = 48_000
_BT709, _FULL = 1, 2
"""FFmpeg's numbers of that matrix and of full levels."""
AREA = 960 * 540
"""Most pixels of a frame that is worked on: what is published is seldom larger, and memory is finite."""


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """Frames at a steady ``fps`` and the sound beside them; ``start``: second of the original of the first frame.

    ``matrix`` and ``levels``: how the original's file codes colours and brightness, by FFmpeg's names: coded otherwise,
    full colours would be clipped, which is not what is asked about. Frames are shared between footages and must not be
    written to.
    """

    asset: str
    start: float
    frames: tuple[Picture, ...]
    fps: Fraction
    sound: Sound
    matrix: str = "bt601"
    levels: str = "tv"

    @property
    def width(self) -> int:
        return int(self.frames[0].shape[1])

    @property
    def height(self) -> int:
        return int(self.frames[0].shape[0])

    @property
    def seconds(self) -> float:
        return float(len(self.frames) / self.fps)

    def time(self, frame: int) -> float:
        """The clip's second at which a frame begins."""
        return float(frame / self.fps)

    def sample(self, frame: int) -> int:
        """The sample at which a frame begins."""
        return round(self.time(frame) * RATE)


def read(base: Base, *, like: Footage | None = None, area: int = AREA) -> Footage:
    """A base's frames and sound, shrunk to at most ``area`` pixels, or of the size and frame rate of ``like``.

    Sound is as long as the picture; silence where the base has none.
    """
    factor = min(1.0, (area / (base.width * base.height)) ** 0.5)
    width, height = even(base.width * factor), even(base.height * factor)
    shape, fps = f"scale={width}:{height}", base.fps
    if like is not None:
        width, height, fps = like.width, like.height, like.fps
        fill = f"scale={width}:{height}:force_original_aspect_ratio=increase"
        shape = f"fps={fps},{fill},crop={width}:{height}"
    matrix, levels = _coding(base.path)
    chain = f"{shape},scale=in_color_matrix={matrix}:in_range={levels},format=bgr24"
    raw = _output(base.path, ["-vf", chain, "-f", "rawvideo", "-"])
    frames = tuple(np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3))
    length = round(float(len(frames) / fps) * RATE)
    heard = np.zeros((length, 2), np.float32)
    if base.audio:
        pcm = _output(base.path, ["-vn", "-f", "f32le", "-ac", "2", "-ar", f"{RATE}", "-"])
        samples = np.frombuffer(pcm, np.float32).reshape(-1, 2)[:length]
        heard[: len(samples)] = samples
    return Footage(base.asset, base.start, frames, fps, heard, matrix, levels)


def write(footage: Footage, target: Path) -> Base:
    """Into a file that loses nothing but colour resolution; returns it as a base that graphs can start from."""
    pcm = target.with_suffix(".f32")
    pcm.write_bytes(footage.sound.astype("<f4").tobytes())
    size = f"{footage.width}x{footage.height}"
    command = [binary(), "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", size]
    command += ["-r", f"{footage.fps}", "-i", "-", "-f", "f32le", "-ac", "2", "-ar", f"{RATE}", "-i", str(pcm)]
    coded = f"scale=out_color_matrix={footage.matrix}:out_range={footage.levels},format=yuv420p"
    command += ["-vf", coded, "-c:v", "libx264"]
    command += ["-preset", "ultrafast", "-qp", "0", "-c:a", "pcm_s16le", "-video_track_timescale", "90000", str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        if process.stdin is None or process.stderr is None:
            raise RuntimeError("FFmpeg was started without its pipes")
        for frame in footage.frames:
            process.stdin.write(np.ascontiguousarray(frame).data)
        process.stdin.close()
        said = process.stderr.read().decode()
    pcm.unlink()
    if process.returncode:
        raise RuntimeError(f"FFmpeg could not write {target.name}: {said.strip()}")
    shape = (len(footage.frames), footage.fps, footage.width, footage.height)
    return Base(target, footage.asset, footage.start, *shape, audio=True, heard=True)


def filtered(sound: Sound, filters: str, folder: Path) -> Sound:
    """Sound after FFmpeg's filters, which may change its length."""
    before, after = folder / "before.f32", folder / "after.f32"
    before.write_bytes(sound.astype("<f4").tobytes())
    form = ["-f", "f32le", "-ac", "2", "-ar", f"{RATE}"]
    ffmpeg([*form, "-i", str(before), "-af", f"{filters},aresample={RATE}", *form], after)
    return np.frombuffer(after.read_bytes(), np.float32).reshape(-1, 2)


def with_frames(footage: Footage, changed: Sequence[Picture], first: int) -> Footage:
    """``changed`` in place of as many frames from ``first`` on."""
    frames = (*footage.frames[:first], *changed, *footage.frames[first + len(changed) :])
    return replace(footage, frames=frames)


def fitted(sound: Sound, samples: int) -> Sound:
    """Cut off, or silence added, to that many samples."""
    whole = np.zeros((samples, 2), np.float32)
    whole[: len(sound)] = sound[:samples]
    return whole


def _coding(path: Path) -> tuple[str, str]:
    """Matrix and levels that a file names, else those of standard definition, as FFmpeg has it where none are named."""
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context
        return "bt709" if codec.colorspace == _BT709 else "bt601", "pc" if codec.color_range == _FULL else "tv"


def _output(source: Path, options: Sequence[str]) -> bytes:
    command = [binary(), "-nostdin", "-loglevel", "error", "-i", str(source), *options]
    return subprocess.run(command, capture_output=True, check=True).stdout
