"""PDQ stays near its reference implementation, and near itself under what circulation does."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage
from hypothesis import given
from hypothesis import strategies as st

from provenance.fingerprints import pdq

PICTURES = Path(skimage.__file__).parent / "data"

# Of grey pictures by pdqhash 0.2.8, which wraps Facebook's own code.
REFERENCE = {
    "astronaut.png": "2d6b1af3a956c529e79ca3d2526fa834d4196c81cedd04de0a26b855fc99b724",
    "camera.png": "dc9c9d3b746978f888f40ce6e5c3f70f7266623e8d989cb99f21f2010841e1c7",
    "coffee.png": "8c629e779a663698b9a33866c026726c21a679f61eb6e1f8c79ba7e23c8299e0",
    "chelsea.png": "5feb5321f01da156898e2b7629a5d3438412cdbd23f48942464526317db33ffd",
    "rocket.jpg": "8792786c87937064bf1bc0e43f1fc0e03f1cc2e33da4c2537cec821b2ce4f376",
}


def picture(name: str) -> np.ndarray:
    return cv2.imread(str(PICTURES / name), cv2.IMREAD_GRAYSCALE)


@pytest.mark.parametrize("name", REFERENCE)
def test_hash_is_within_a_few_bits_of_the_reference_implementation(name: str) -> None:
    hashes, quality = pdq.pdq(pdq.to_grid(picture(name))[None])
    expected = np.frombuffer(bytes.fromhex(REFERENCE[name]), np.uint8)
    assert pdq.hamming(hashes[0], expected) <= 20
    assert quality[0] == 100


def test_different_pictures_are_far_apart() -> None:
    hashes = np.stack([pdq.pdq(pdq.to_grid(picture(name))[None])[0][0] for name in REFERENCE])
    distance = pdq.hamming(hashes[:, None], hashes[None])
    assert distance[~np.eye(len(hashes), dtype=bool)].min() > 90


def test_recompression_and_scaling_move_few_bits() -> None:
    original = picture("astronaut.png")
    coded = cv2.imdecode(cv2.imencode(".jpg", original, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(coded, (160, 160), interpolation=cv2.INTER_AREA)
    a, b = pdq.hash_views(original)[0][0], pdq.hash_views(small)[0][0]
    assert pdq.hamming(a, b) <= 16


@pytest.mark.parametrize("view", [v for v in pdq.VIEWS if v.name != "full"], ids=lambda v: v.name)
def test_a_crop_of_the_picture_is_found_by_the_view_of_that_crop(view: pdq.View) -> None:
    original = picture("coffee.png")
    left, top, right, bottom = view.pixels(*original.shape[::-1])
    cropped = cv2.resize(original[top:bottom, left:right], (320, 240), interpolation=cv2.INTER_AREA)
    stored, _ = pdq.hash_views(original)
    asked, _ = pdq.hash_variants(cropped)
    distance = pdq.hamming(stored, asked[0][None])
    assert pdq.VIEWS[int(distance.argmin())] == view
    assert distance.min() <= 31


def test_a_mirrored_picture_is_found_by_the_mirrored_reading() -> None:
    original = picture("rocket.jpg")
    asked, _ = pdq.hash_variants(np.ascontiguousarray(original[:, ::-1]))
    stored = pdq.hash_views(original)[0][0]
    assert pdq.hamming(asked[1], stored) <= 8 < pdq.hamming(asked[0], stored)


def test_letterbox_is_stripped_for_the_third_reading() -> None:
    original = picture("coffee.png")
    boxed = np.pad(original, ((90, 90), (0, 0)))
    asked, quality = pdq.hash_variants(boxed)
    assert quality[2] > 0
    assert pdq.hamming(asked[2], pdq.hash_views(original)[0][0]) <= 16


def test_a_flat_picture_has_no_quality_and_no_border() -> None:
    flat = np.full((90, 160), 40, np.uint8)
    assert pdq.strip_borders(flat).shape == flat.shape
    assert pdq.hash_views(flat)[1].max() == 0
    assert pdq.hash_variants(flat)[1].tolist() == [0, 0, 0, 0]


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_hamming_counts_differing_bits(a: bytes, b: bytes) -> None:
    expected = bin(int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).count("1")
    x, y = np.frombuffer(a, np.uint8), np.frombuffer(b, np.uint8)
    assert pdq.hamming(x, y) == pdq.hamming(y, x) == expected
