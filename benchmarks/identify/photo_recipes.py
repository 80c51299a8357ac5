"""What circulation does to a photograph: copies of it, films that show it, and films made out of it. Crude, seeded."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.recipes import binary

Picture = NDArray[np.uint8]
Rng = np.random.Generator
FPS = 25
SECONDS = 4
_SIDE = 640
_ZOOM = 0.1
_SWAY = 0.035
"""How far the subject moves at most, as a share of the picture's shorter side."""


def fitted(picture: Picture, side: int = _SIDE) -> Picture:
    """Shrunk so that the longer side has at most ``side`` pixels, to even numbers."""
    factor = min(1.0, side / max(picture.shape[:2]))
    size = tuple(max(2, 2 * round(n * factor / 2)) for n in (picture.shape[1], picture.shape[0]))
    return _same(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def smaller(picture: Picture, _: Rng) -> Picture:
    return _same(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def as_it_is(picture: Picture, _: Rng) -> Picture:
    return picture


def cropped(off: float) -> Callable[[Picture, Rng], Picture]:
    """``off`` of width and of height cut away, unevenly from both sides."""

    def copy(picture: Picture, rng: Rng) -> Picture:
        h, w = picture.shape[:2]
        y, x = int(h * off * rng.uniform(0.2, 0.8)), int(w * off * rng.uniform(0.2, 0.8))
        return picture[y : y + round(h * (1 - off)), x : x + round(w * (1 - off))]

    return copy


def mirrored(picture: Picture, _: Rng) -> Picture:
    return picture[:, ::-1]


def quarter_turn(picture: Picture, rng: Rng) -> Picture:
    return np.rot90(picture, int(rng.choice([1, 3])))


def captioned(picture: Picture, rng: Rng) -> Picture:
    """A band with words over a fifth of the height, at the bottom."""
    copy = picture.copy()
    h, w = copy.shape[:2]
    copy[-h // 5 :] = (16, 16, 16) if rng.random() < 0.5 else (245, 245, 245)
    place = (w // 20, h - h // 14)
    cv2.putText(copy, "as seen on the news", place, cv2.FONT_HERSHEY_DUPLEX, w / 500, (90, 120, 230), max(1, w // 300))
    return copy


def graded(picture: Picture, rng: Rng) -> Picture:
    """Contrast, brightness and a colour cast."""
    cast = rng.uniform(0.85, 1.15, 3)
    toned = (picture.astype(float) - 128) * rng.uniform(1.1, 1.35) * cast + 128 + rng.uniform(-20, 20)
    return np.clip(toned, 0, 255).astype(np.uint8)


def grey(picture: Picture, _: Rng) -> Picture:
    return _same(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))


def screenshot(picture: Picture, rng: Rng) -> Picture:
    """As a telephone shows a post: bars above and below, the picture over the whole width."""
    inner = fitted(picture, 720)
    h, w = inner.shape[:2]
    above, below = int(rng.uniform(0.15, 0.4) * w), int(rng.uniform(0.2, 0.5) * w)
    page = np.full((above + h + below, w, 3), 250 if rng.random() < 0.5 else 24, np.uint8)
    page[above : above + h] = inner
    cv2.circle(page, (w // 14, above // 2), w // 24, (200, 140, 60), -1, cv2.LINE_AA)
    ink = (120, 120, 120)
    cv2.putText(page, "somebody", (w // 7, above // 2 + 6), cv2.FONT_HERSHEY_DUPLEX, w / 900, ink, 1, cv2.LINE_AA)
    for row in range(3):
        y = above + h + below * (row + 1) // 4
        page[y : y + 4, w // 20 : int(w * rng.uniform(0.5, 0.95))] = 128
    return page


COPIES: dict[str, tuple[Callable[[Picture, Rng], Picture], ...]] = {
    "jpeg-40": (as_it_is,),
    "scale-50": (smaller,),
    "crop-10": (cropped(0.1),),
    "crop-25": (cropped(0.25),),
    "mirror": (mirrored,),
    "rotate-90": (quarter_turn,),
    "caption": (captioned,),
    "grade": (graded,),
    "grey": (grey,),
    "screenshot": (screenshot,),
    "three": (cropped(0.1), graded, captioned),
}
"""Copies that are photographs again; each ends as a JPEG of quality 40 (``jpeg-40``) or 70."""


def held(picture: Picture, _: Rng, __: Path) -> Iterator[Picture]:
    """The photograph on screen for the whole time."""
    still = fitted(picture)
    yield from (still for _ in range(FPS * SECONDS))


def panned(picture: Picture, rng: Rng, _: Path) -> Iterator[Picture]:
    """The camera glides over it, closer and closer."""
    still = fitted(picture)
    h, w = still.shape[:2]
    goal = rng.uniform(0.3, 0.7, 2) * (w, h)
    for number in range(FPS * SECONDS):
        yield _look(still, goal, 1 + 0.35 * number / (FPS * SECONDS))


def in_picture(picture: Picture, rng: Rng, film: Path) -> Iterator[Picture]:
    """Over another film, at 40 % of its width or as high as fits."""
    capture = cv2.VideoCapture(str(film))
    inner = None
    for _ in range(FPS * SECONDS):
        more, frame = capture.read()
        if not more:
            capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            more, frame = capture.read()
        page = fitted(frame)
        if inner is None:
            h, w = page.shape[:2]
            factor = min(0.4 * w / picture.shape[1], 0.9 * h / picture.shape[0])
            inner = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            x, y = (int(rng.uniform(0.1, 0.9) * room) for room in (w - inner.shape[1], h - inner.shape[0]))
        page[y : y + inner.shape[0], x : x + inner.shape[1]] = inner
        yield page
    capture.release()


def animated(picture: Picture, rng: Rng, _: Path) -> Iterator[Picture]:
    """Brought to life: the subject sways, a part of it opens and closes like a mouth, the camera glides."""
    still = fitted(picture)
    h, w = still.shape[:2]
    side = min(h, w)
    centre = _subject(still)
    rows, columns = np.mgrid[0:h, 0:w].astype(np.float32)
    body = np.exp(-(((columns - centre[0]) ** 2 + (rows - centre[1]) ** 2) / (2 * (0.24 * side) ** 2)))
    mouth_at = centre + rng.uniform(-0.06, 0.06, 2) * side + (0, 0.08 * side)
    mouth = np.exp(-(((columns - mouth_at[0]) ** 2 + (rows - mouth_at[1]) ** 2) / (2 * (0.06 * side) ** 2)))
    phases, rates = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0.35, 0.8, 3)
    goal = np.array([w, h]) / 2 + rng.uniform(-0.1, 0.1, 2) * (w, h)
    for number in range(FPS * SECONDS):
        time = number / FPS
        across = _SWAY * side * np.sin(2 * np.pi * rates[0] * time + phases[0])
        down = 0.6 * _SWAY * side * np.sin(2 * np.pi * rates[1] * time + phases[1])
        tilt = 0.05 * np.sin(2 * np.pi * rates[2] * time + phases[2])
        opened = 0.5 * (1 + np.sin(2 * np.pi * 2.3 * time + phases[3]))
        x = columns + body * (across + tilt * (rows - centre[1]))
        y = rows + body * (down - tilt * (columns - centre[0])) - mouth * opened * 0.35 * (rows - mouth_at[1])
        places = x.astype(np.float32), y.astype(np.float32)
        moved = _same(cv2.remap(still, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))
        yield _look(moved, goal, 1 + _ZOOM * number / (FPS * SECONDS))


FILMS: dict[str, Callable[[Picture, Rng, Path], Iterator[Picture]]] = {
    "held": held,
    "panned": panned,
    "picture-in-picture": in_picture,
    "animated-1": animated,
    "animated-2": animated,
}
"""Films that show the photograph; the last argument is another film. Only the animated ones alter it."""


def write_copy(picture: Picture, name: str, target: Path, rng: Rng) -> None:
    for step in COPIES[name]:
        picture = step(picture, rng)
    cv2.imwrite(str(target), np.ascontiguousarray(picture), [cv2.IMWRITE_JPEG_QUALITY, 40 if name == "jpeg-40" else 70])


def write_film(picture: Picture, name: str, target: Path, rng: Rng, film: Path) -> None:
    frames = [np.ascontiguousarray(frame) for frame in FILMS[name](picture, rng, film)]
    h, w = frames[0].shape[:2]
    command = [binary(), "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{w}x{h}"]
    command += ["-r", str(FPS), "-i", "-", "-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-threads", "1"]
    raw = b"".join(frame.tobytes() for frame in frames)
    subprocess.run([*command, "-pix_fmt", "yuv420p", str(target)], input=raw, check=True)


def _look(still: Picture, goal: NDArray[np.float64], zoom: float) -> Picture:
    """The picture seen ``zoom`` times closer, moved towards the goal as far as it fills the frame."""
    h, w = still.shape[:2]
    inner_w, inner_h = w / zoom, h / zoom
    x = float(np.clip(goal[0] - inner_w / 2, 0, w - inner_w))
    y = float(np.clip(goal[1] - inner_h / 2, 0, h - inner_h))
    matrix = np.array([[zoom, 0, -x * zoom], [0, zoom, -y * zoom]])
    return _same(cv2.warpAffine(still, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _subject(still: Picture) -> NDArray[np.float64]:
    """Where most is to be seen, but not at the edge: a crude stand-in for a face."""
    light = cv2.cvtColor(still, cv2.COLOR_BGR2GRAY).astype(np.float32)
    edges = cv2.magnitude(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    h, w = light.shape
    spread = cv2.GaussianBlur(edges, (0, 0), min(h, w) / 8)
    rows, columns = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    row, column = np.unravel_index(int(np.argmax(spread * np.exp(-2 * (rows**2 + columns**2)))), light.shape)
    return np.array([column, row], float)


def _same(picture: object) -> Picture:
    return np.asarray(picture, np.uint8)
