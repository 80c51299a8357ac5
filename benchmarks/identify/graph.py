"""A filter graph that keeps account of where the original's pixels go."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from benchmarks.identify.base import Base
from benchmarks.identify.truth import Matrix
from benchmarks.recipes import ffmpeg

LONG_SIDE = 640


class Graph:
    """Filters on the picture of a base, one after the other; ``width`` and ``height`` are those after the last one.

    ``matrix`` takes pixels of the base to pixels of what is shown now. Sound goes along unless it is dropped.
    """

    def __init__(self, base: Base, folder: Path) -> None:
        self.base = base
        self.folder = folder
        self.width, self.height = base.width, base.height
        self.matrix: Matrix = np.eye(3)
        self.sound = base.audio
        self.sound_filters: list[str] = []
        self._inputs: list[str] = ["-i", str(base.path)]
        self._count = 1
        self._chains: list[str] = []
        self._picture = "0:v"
        self._labels = 0

    def add_input(self, *arguments: str) -> str:
        """Another input; returns its number."""
        self._inputs += arguments
        self._count += 1
        return str(self._count - 1)

    def draw(self, picture: np.ndarray, name: str, x: int, y: int) -> None:
        """Lay a BGRA picture over what is shown."""
        path = self.folder / f"{name}.png"
        cv2.imwrite(str(path), picture)
        number = self.add_input("-i", str(path))
        self.chain(f"[{self._picture}][{number}:v]overlay={x}:{y}:format=auto")

    def filter(self, text: str) -> None:
        """Filters that move no pixel."""
        self.chain(f"[{self._picture}]{text}")

    def chain(self, text: str) -> None:
        """A chain, written with its inputs; its output is what is shown from now on."""
        self._picture = self.label()
        self._chains.append(f"{text}[{self._picture}]")

    def side_chain(self, text: str) -> None:
        """A chain that names its own outputs."""
        self._chains.append(text)

    @property
    def picture(self) -> str:
        return self._picture

    def label(self) -> str:
        """A label that nothing has yet."""
        self._labels += 1
        return f"s{self._labels}"

    def move(self, step: Matrix, width: int, height: int) -> None:
        """Note that pixels went from where they were by ``step`` into a frame of that size."""
        self.matrix = step @ self.matrix
        self.width, self.height = width, height

    def scale(self, width: int, height: int) -> None:
        self.filter(f"scale={width}:{height}:flags=bicubic,setsar=1")
        self.move(np.diag([width / self.width, height / self.height, 1.0]), width, height)

    def fit(self, side: int = LONG_SIDE) -> None:
        """Shrink, if need be, so that the longer side has at most ``side`` pixels."""
        factor = min(1.0, side / max(self.width, self.height))
        self.scale(even(self.width * factor), even(self.height * factor))

    def crop(self, width: int, height: int, x: int, y: int) -> None:
        self.filter(f"crop={width}:{height}:{x}:{y}:exact=1")
        self.move(shift(-x, -y), width, height)

    def pad(self, width: int, height: int, x: int, y: int, colour: str = "black") -> None:
        self.filter(f"pad={width}:{height}:{x}:{y}:color={colour}")
        self.move(shift(x, y), width, height)

    @property
    def normalised(self) -> tuple[float, ...]:
        """The matrix between frames measured from 0 to 1."""
        whole = np.diag([1 / self.width, 1 / self.height, 1.0]) @ self.matrix
        whole = whole @ np.diag([self.base.width, self.base.height, 1.0])
        return tuple(float(number) for number in (whole / whole[2, 2]).ravel())

    def write(self, target: Path, *, crf: int = 28, fps: Fraction | None = None, options: Sequence[str] = ()) -> None:
        """Run it into a lossy MP4."""
        self.filter("format=yuv420p,setsar=1")
        chains, maps = list(self._chains), ["-map", f"[{self._picture}]"]
        if self.sound:
            chains.append(f"[0:a]{','.join(self.sound_filters) or 'anull'}[sound]")
            maps += ["-map", "[sound]"]
        encode(self._inputs, chains, maps, target, crf=crf, sound=self.sound, fps=fps, options=options)


def encode(
    inputs: Sequence[str],
    chains: Sequence[str],
    maps: Sequence[str],
    target: Path,
    *,
    crf: int,
    sound: bool,
    fps: Fraction | None = None,
    options: Sequence[str] = (),
) -> None:
    """Write H.264 and AAC as platforms do."""
    audio = ["-c:a", "aac", "-b:a", "96k"] if sound else ["-an"]
    rate = ["-r", str(fps)] if fps else []
    video = ["-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), "-threads", "1", "-map_metadata", "-1"]
    ffmpeg([*inputs, "-filter_complex", ";".join(chains), *maps, *video, *rate, *audio, *options], target)


def shift(x: float, y: float) -> Matrix:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def even(number: float) -> int:
    """The nearest even number, which 4:2:0 needs."""
    return max(2, 2 * round(number / 2))
