"""Films made of one photograph: held, panned over, set into others, faded, and set in motion by crude smooth warps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray
from support.media import ffmpeg

Colour = NDArray[np.uint8]

SIZE = (640, 360)
RATE = 12
SECONDS = 2.0
PICTURES = Path(skimage.__file__).parent / "data"
NUMBER = round(SECONDS * RATE)


def photograph(name: str) -> Colour:
    return np.asarray(cv2.imread(str(PICTURES / name)), np.uint8)


def view(picture: Colour, zoom: float, x: float, y: float) -> Colour:
    """What a camera over the picture sees: ``zoom`` 1 fills the frame, ``x`` and ``y`` (0-1) say where it is."""
    height, width = picture.shape[:2]
    scale = max(SIZE[0] / width, SIZE[1] / height) * zoom
    left, top = (width - SIZE[0] / scale) * x, (height - SIZE[1] / scale) * y
    return np.asarray(cv2.warpAffine(picture, np.array([[scale, 0, -scale * left], [0, scale, -scale * top]]), SIZE))


def held(picture: Colour) -> Iterator[Colour]:
    return (view(picture, 1.0, 0.5, 0.5) for _ in range(NUMBER))


def panned(picture: Colour) -> Iterator[Colour]:
    return (view(picture, 1.1 + 0.3 * share, 0.2 + 0.5 * share, 0.5) for share in np.linspace(0, 1, NUMBER))


def animated(picture: Colour, seed: int) -> Iterator[Colour]:
    """A part in the middle sways while the view wanders."""
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bump = np.exp(-(((x / width - 0.5) / 0.15) ** 2 + ((y / height - 0.45) / 0.2) ** 2) / 2)
    speeds, phases = rng.uniform(0.4, 0.9, 2), rng.uniform(0, 2 * np.pi, 2)
    for number in range(NUMBER):
        sway = 0.02 * width * np.sin(2 * np.pi * speeds * number / RATE + phases)
        moved = cv2.remap(
            picture,
            (x + sway[0] * bump).astype(np.float32),
            (y + sway[1] * bump).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        yield view(np.asarray(moved, np.uint8), 1.05, 0.4 + 0.2 * number / NUMBER, 0.5)


def rippled(picture: Colour) -> Iterator[Colour]:
    """Waves run over all of it: no part stays where it was."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for number in range(NUMBER):
        time = number / RATE
        across = x + 0.027 * width * np.sin(16 * y / height + 2 * time)
        down = y + 0.02 * width * np.sin(16 * x / width + 3 * time)
        moved = cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        yield view(np.asarray(moved, np.uint8), 1.0, 0.5, 0.5)


def faded(picture: Colour, other: Colour) -> Iterator[Colour]:
    """From one picture to the other, both panned over."""
    for number, (a, b) in enumerate(zip(panned(picture), panned(other), strict=True)):
        share = float(np.clip((number / RATE - 0.9) / 0.6, 0, 1))
        yield np.asarray(cv2.addWeighted(a, 1 - share, b, share, 0), np.uint8)


def inset(picture: Colour, around: Iterable[Colour]) -> Iterator[Colour]:
    """A third of the width, in a corner of a film."""
    width = SIZE[0] // 3
    small = cv2.resize(picture, (width, round(width * picture.shape[0] / picture.shape[1])))
    for frame in around:
        film = frame.copy()
        film[20 : 20 + small.shape[0], SIZE[0] - width - 20 : SIZE[0] - 20] = small
        yield film


def encode(frames: Iterable[Colour], path: Path) -> Path:
    raw = path.with_suffix(".raw")
    raw.write_bytes(b"".join(np.ascontiguousarray(frame).tobytes() for frame in frames))
    ffmpeg("-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(RATE), "-i", raw,
           "-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-pix_fmt", "yuv420p", path)  # fmt: skip
    raw.unlink()
    return path
