"""Known crops, turns and mirrorings of a real picture are found again to a fraction of a pixel."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage

from provenance.fingerprints.readings import MIRRORED
from verifier.geometry import Geometry, estimate, refine, whole_frame

PICTURES = Path(skimage.__file__).parent / "data"
SIZE = (480, 270)


def picture(name: str = "coffee.png") -> np.ndarray:
    grey = cv2.imread(str(PICTURES / name), cv2.IMREAD_GRAYSCALE)
    return cv2.resize(grey, SIZE, interpolation=cv2.INTER_AREA)


def shown(original: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    warped = cv2.warpPerspective(original, matrix, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    coded = cv2.imencode(".jpg", warped, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)


def crop(x: float, y: float, share: float) -> np.ndarray:
    scale = 1 / share
    return np.array([[scale, 0, -x * SIZE[0] * scale], [0, scale, -y * SIZE[1] * scale], [0, 0, 1]])


def turn(degrees: float) -> np.ndarray:
    return np.vstack([cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), degrees, 1.0), [0, 0, 1]])


def inset(share: float) -> np.ndarray:
    return np.array([[share, 0, 60.0], [0, share, 40.0], [0, 0, 1]])


def slant() -> np.ndarray:
    seen = np.array([[18, 12], [470, 2], [462, 262], [6, 250]], np.float32)
    whole = np.array([[0, 0], [SIZE[0], 0], [SIZE[0], SIZE[1]], [0, SIZE[1]]], np.float32)
    return cv2.getPerspectiveTransform(whole, seen)


CASES = {
    "slanted": slant(),
    "crop 90": crop(0.05, 0.05, 0.9),
    "crop 70": crop(0.2, 0.1, 0.7),
    "turned": turn(5),
    "inset": inset(0.5),
}


def corners(matrix: np.ndarray) -> np.ndarray:
    points = np.array([[0, 0], [SIZE[0], 0], [SIZE[0], SIZE[1]], [0, SIZE[1]]], float)
    return cv2.perspectiveTransform(points[None], matrix)[0]


@pytest.mark.parametrize("matrix", CASES.values(), ids=CASES)
def test_geometry_is_found_to_sub_pixel(matrix: np.ndarray) -> None:
    original = picture()
    pair = (original, shown(original, matrix))
    found = estimate([pair])
    assert found is not None
    better = refine(found, [pair])
    assert np.abs(corners(better.matrix) - corners(matrix)).max() < 0.6
    assert not better.mirrored


def test_a_mirrored_picture_is_found_mirrored() -> None:
    original = picture()
    found = estimate([(original, np.ascontiguousarray(original[:, ::-1]))], MIRRORED)
    assert found is not None
    assert found.mirrored
    assert np.abs(found.warp(original).astype(int) - original[:, ::-1]).mean() < 3


def test_crop_and_borders_are_told_as_fractions() -> None:
    cropped = Geometry(crop(0.2, 0.1, 0.7), SIZE, SIZE, 50)
    assert cropped.crop.as_list() == pytest.approx([0.2, 0.1, 0.7, 0.7], abs=0.005)
    boxed = Geometry(inset(0.5), SIZE, SIZE, 50)
    assert boxed.shown.as_list() == pytest.approx([60 / 480, 40 / 270, 0.5, 0.5], abs=0.005)
    assert Geometry(turn(-4), SIZE, SIZE, 50).rotation == pytest.approx(4, abs=0.01)


def test_unrelated_pictures_have_no_geometry() -> None:
    assert estimate([(picture("coffee.png"), picture("rocket.jpg"))]) is None


def test_noise_does_not_tilt_a_plain_resize() -> None:
    original = picture("astronaut.png")
    small = cv2.resize(original, (240, 136), interpolation=cv2.INTER_AREA)
    clip = cv2.resize(small, SIZE, interpolation=cv2.INTER_CUBIC)
    found = estimate([(original, clip)])
    assert found is not None
    better = refine(found, [(original, clip)])
    assert np.array_equal(better.matrix, whole_frame(SIZE, SIZE).matrix)
