"""The distortions of ``benchmarks.identify``: what they say is true must be what their clips show."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.identify import effects
from benchmarks.identify.base import Base, cut_base, frame_times, generator
from benchmarks.identify.catalogue import BY_NAME, Job, Recipe
from benchmarks.identify.truth import Truth
from benchmarks.recipes import ffmpeg

Frames = list[tuple[float, NDArray[np.uint8]]]
"""Seconds and grey picture of every frame."""
LIKE = 0.85
"""Correlation of a clip's frame with the original's, warped as is said, where nothing lies over it."""
COVERED = ("caption-20", "logo", "screen")
SHARP = 8.0
"""Mean difference in grey levels that tells one frame from another at 160 pixels."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("identify")


@pytest.fixture(scope="module")
def base(folder: Path, footage: Path) -> Base:
    return cut_base(footage, folder)


@pytest.fixture(scope="module")
def short(folder: Path, silent: Path) -> Base:
    return cut_base(silent, folder, most=2.4)


@pytest.fixture(scope="module")
def foreign(folder: Path, silent: Path) -> Base:
    return cut_base(silent, folder)


@pytest.fixture(scope="module")
def base_frames(footage: Path) -> Frames:
    return grey_frames(footage)


@pytest.fixture(scope="module")
def silent_frames(silent: Path) -> Frames:
    return grey_frames(silent)


def make(recipe: Recipe, base: Base, foreign: Base, folder: Path, other: Base | None = None) -> tuple[Path, Truth]:
    target = folder / f"{recipe.name}.mp4"
    seeded = generator(base.asset, recipe.name)
    return target, recipe.make(Job(base, other or foreign, foreign, seeded, target, folder))


def grey_frames(path: Path) -> Frames:
    with av.open(str(path)) as container:
        return [(float(frame.time or 0), frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


def shown(frames: Frames, moment: float) -> NDArray[np.uint8]:
    return [image for time, image in frames if time <= moment + 1e-3][-1]


BENIGN = [name for name, recipe in BY_NAME.items() if recipe.group == "benign" and recipe.least_seconds < 2.4]


@pytest.mark.parametrize("name", BENIGN)
def test_pixels_and_moments_are_where_the_truth_says(
    name: str, short: Base, base: Base, folder: Path, silent_frames: Frames
) -> None:
    path, truth = make(BY_NAME[name], short, base, folder)
    clip, original = grey_frames(path), silent_frames
    (piece,) = truth.pieces
    assert clip[-1][0] == pytest.approx(piece.end, abs=0.11)
    assert truth.matrix is not None
    for share in (0.35, 0.7):
        moment = piece.start + share * (piece.end - piece.start)
        ours, theirs = shown(clip, moment), shown(original, piece.original_time(moment))
        like = _correlation(ours, theirs, np.array(truth.matrix).reshape(3, 3))
        # Under a caption or a logo the original cannot be seen, and three at once may hold one.
        assert like > (0.4 if name in COVERED or name.startswith("three") else LIKE)


def _correlation(ours: NDArray[np.uint8], theirs: NDArray[np.uint8], matrix: NDArray[np.float64]) -> float:
    height, width = ours.shape
    to_pixels = np.diag([width, height, 1.0]) @ matrix @ np.diag([1 / theirs.shape[1], 1 / theirs.shape[0], 1.0])
    warped = cv2.warpPerspective(theirs, to_pixels, (width, height), flags=cv2.INTER_AREA)
    inside = cv2.warpPerspective(np.full_like(theirs, 255), to_pixels, (width, height)) > 250
    a, b = (cv2.GaussianBlur(image, (0, 0), 2)[inside].astype(float) for image in (warped, ours))
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.parametrize("name", [name for name, recipe in BY_NAME.items() if recipe.group == "edit"])
def test_each_stretch_shows_the_moments_that_the_truth_says(
    name: str, base: Base, foreign: Base, folder: Path, base_frames: Frames, silent_frames: Frames
) -> None:
    path, truth = make(BY_NAME[name], base, foreign, folder)
    clip = grey_frames(path)
    originals = {base.asset: base_frames, foreign.asset: silent_frames}
    assert clip[-1][0] == pytest.approx(truth.pieces[-1].end, abs=0.09)
    for piece in truth.pieces:
        middle = (piece.start + piece.end) / 2
        ours = shown(clip, middle)
        if piece.asset is None:
            assert min(_apart(ours, image) for _, image in originals[base.asset][::5]) > SHARP
            continue
        frames = originals[piece.asset]
        meant = _apart(ours, shown(frames, piece.original_time(middle) + 0.02))
        # A second away the picture is another one, or it does not move there at all.
        assert meant <= min(_apart(ours, shown(frames, max(0, piece.original_time(middle) + s))) for s in (-1, 1)) + 1


def _apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    small = [cv2.resize(image, (160, 90), interpolation=cv2.INTER_AREA).astype(float) for image in (one, other)]
    return float(np.abs(small[0] - small[1]).mean())


def test_the_same_seed_makes_the_same_clip(short: Base, base: Base, tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path, truth = make(BY_NAME["three-1"], short, base, tmp_path / name)
        made.append((path.read_bytes(), truth))
    assert made[0] == made[1]


def test_a_picture_replaced_keeps_only_the_sound(base: Base, foreign: Base, folder: Path) -> None:
    path, truth = make(BY_NAME["picture-replaced"], base, foreign, folder)
    assert (truth.picture, truth.sound) == (False, True)
    assert min(_apart(shown(grey_frames(path), 2.0), image) for _, image in grey_frames(base.path)[::5]) > SHARP


def test_a_sound_replaced_keeps_only_the_picture(base: Base, foreign: Base, folder: Path) -> None:
    path, truth = make(BY_NAME["sound-replaced"], base, foreign, folder)
    assert (truth.picture, truth.sound) == (True, False)
    with av.open(str(path)) as clip, av.open(str(base.path)) as original:
        heard, meant = (
            np.concatenate([frame.to_ndarray().mean(axis=0)[:1000] for frame in file.decode(audio=0)])[:40_000]
            for file in (clip, original)
        )
    size = min(len(heard), len(meant))
    assert abs(np.corrcoef(heard[:size], meant[:size])[0, 1]) < 0.3


def test_a_base_begins_at_a_frame_of_its_original(folder: Path, silent: Path) -> None:
    part = cut_base(silent, folder, part=(0.5, 1.0), most=2.0)
    assert min(abs(time - part.start) for time in frame_times(silent)) < 1e-6
    assert part.fps == Fraction(25)
    assert part.frames == 50
    assert 5.0 <= part.start <= 8.0
    ours, theirs = grey_frames(part.path)[10][1], shown(grey_frames(silent), part.start + 10 / 25)
    assert _apart(ours, theirs) < 1


def test_recipes_that_need_sound_are_left_out_without_it(foreign: Base, base: Base) -> None:
    assert not BY_NAME["picture-replaced"].applies(foreign)
    assert BY_NAME["picture-replaced"].applies(base)


def test_an_empty_sound_track_is_no_sound(folder: Path, silent: Path) -> None:
    quiet = folder / "quiet.mp4"
    ffmpeg(["-i", str(silent), "-f", "lavfi", "-i", "anullsrc", "-t", "5", "-c:v", "copy", "-c:a", "aac"], quiet)
    cut = cut_base(quiet, folder)
    assert (cut.audio, cut.heard) == (True, False)
    assert not BY_NAME["picture-replaced"].applies(cut)


def test_three_at_once_are_three_different_effects() -> None:
    assert len(set(effects.MIXED)) == len(effects.MIXED)
    assert set(effects.MIXED) <= set(effects.ALONE)
