"""Crops of pictures without a feature to hold on to are laid where they were cut out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.fingerprints.pdq import within_borders
from provenance.fingerprints.readings import AS_SHOWN, MIRRORED, Reading
from verifier.geometry import estimate, refine, whole_frame
from verifier.part_shown import between_borders, cut_by_borders, part_shown, share_shown

SIZE = (480, 270)


def dusk(seed: int) -> NDArray[np.uint8]:
    """A dark, smooth picture: few grey levels, no corner anywhere."""
    noise = np.random.default_rng(seed).normal(size=(SIZE[1], SIZE[0])).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 18)
    return np.clip(20 + 14 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def cut(picture: NDArray[np.uint8], left: int, width: int, height: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    part = picture[(SIZE[1] - height) // 2 :][:height, left : left + width]
    coded = cv2.imencode(".jpg", cv2.resize(part, size), [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    ("left", "width", "height", "size"), [(170, 152, 270, (202, 360)), (60, 270, 270, (360, 360)), (90, 320, 180, SIZE)]
)
def test_a_crop_of_a_dark_picture_is_laid_where_it_was_cut(
    left: int, width: int, height: int, size: tuple[int, int], mirrored: bool
) -> None:
    pairs = [(dusk(seed), cut(dusk(seed), left, width, height, size)) for seed in range(3)]
    if mirrored:
        pairs = [(original, clip[:, ::-1].copy()) for original, clip in pairs]
    assert estimate(pairs) is None, "were there features, nothing else would be needed"
    found = part_shown(pairs, mirrored)
    assert found is not None
    assert found.mirrored is mirrored
    closer = refine(found, pairs)
    crop = closer.crop
    wanted = left / SIZE[0], (SIZE[1] - height) / 2 / SIZE[1], width / SIZE[0], height / SIZE[1]
    assert (crop.x, crop.y, crop.w, crop.h) == pytest.approx(wanted, abs=0.03)


def test_other_pictures_are_laid_nowhere() -> None:
    pairs = [(dusk(seed), cut(dusk(seed + 100), 170, 152, 270, (202, 360))) for seed in range(4)]
    assert part_shown(pairs, False) is None
    assert part_shown([], False) is None


def test_borders_are_found_and_a_dark_frame_is_not_taken_for_one() -> None:
    lively = np.random.default_rng(1).integers(0, 255, (90, 160)).astype(np.uint8)
    framed = np.full((270, 480), 16, np.uint8)
    framed[100:190, 40:200] = lively
    assert within_borders(framed) == (40, 100, 200, 190)
    assert within_borders(np.full((270, 480), 16, np.uint8)) == (0, 0, 480, 270)


def test_a_picture_set_into_plain_ground_is_looked_for_within_its_borders() -> None:
    lively = np.random.default_rng(2).integers(0, 255, (90, 160)).astype(np.uint8)
    framed = np.full((270, 480), 16, np.uint8)
    framed[90:180, 48:208] = lively
    darker = framed.copy()
    darker[90:105] = 16  # what is dark for a while is no border
    pairs = [(lively, darker), (lively, framed), (lively, np.full_like(framed, 16))]
    for reading in (AS_SHOWN, MIRRORED):
        narrowed = between_borders(reading, pairs)
        assert narrowed.part == pytest.approx((0.1, 1 / 3, 1 / 3, 1 / 3))
        assert narrowed.mirrored is reading.mirrored
    part = Reading("a part of it", (0.5, 0.5, 0.5, 0.5))
    assert between_borders(part, pairs) == part
    assert between_borders(AS_SHOWN, []) == AS_SHOWN


def test_borders_that_hide_some_of_a_cropped_picture_are_no_part_of_it() -> None:
    original = np.random.default_rng(3).integers(0, 255, (180, 320)).astype(np.uint8)
    framed = np.full((180, 320), 16, np.uint8)
    framed[18:162, 32:288] = original[18:162, 32:288]
    laid = whole_frame((320, 180), (320, 180))
    within = cut_by_borders(laid, [(original, framed)])
    assert within.mask().mean() == pytest.approx(0.64, abs=0.01)
    for part in (within.crop, within.shown):
        assert (part.x, part.y, part.w, part.h) == pytest.approx((0.1, 0.1, 0.8, 0.8), abs=0.005)
    dark_edged = framed  # the scene itself is dark there
    assert cut_by_borders(laid, [(dark_edged, framed)]) is laid
    assert cut_by_borders(laid, [(original, original)]) is laid
    assert cut_by_borders(laid, []) is laid


def test_how_much_of_a_picture_is_the_originals_is_told_block_by_block() -> None:
    laid = whole_frame(SIZE, SIZE)

    def moments(seed: int) -> list[NDArray[np.uint8]]:
        rng = np.random.default_rng(seed)
        fields = (cv2.GaussianBlur(rng.normal(size=SIZE[::-1]).astype(np.float32), (0, 0), 4) for _ in range(3))
        return [np.clip(110 + 40 * field / field.std(), 0, 255).astype(np.uint8) for field in fields]

    ours, others = moments(1), moments(2)
    coded = [
        cv2.imdecode(cv2.imencode(".jpg", p, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_GRAYSCALE) for p in ours
    ]
    behind = [other.copy() for other in others]
    for new, old in zip(behind, coded, strict=True):
        new[90:180, 160:320] = old[90:180, 160:320]
    assert share_shown(laid, list(zip(ours, coded, strict=True))) > 0.95
    assert 0.05 < share_shown(laid, list(zip(ours, behind, strict=True))) < 0.15
    assert share_shown(laid, list(zip(ours, others, strict=True))) == 0
    assert share_shown(laid, list(zip(ours, [np.full_like(p, 90) for p in ours], strict=True))) == 0
    assert share_shown(laid, []) == 0


def test_a_stations_sign_is_no_part_of_the_picture_that_is_left() -> None:
    laid = whole_frame(SIZE, SIZE)
    rng = np.random.default_rng(6)
    moments = [np.clip(cv2.GaussianBlur(rng.normal(120, 200, SIZE[::-1]), (0, 0), 3), 0, 255) for _ in range(4)]
    sign = np.clip(cv2.GaussianBlur(rng.normal(120, 300, (90, 160)), (0, 0), 3), 0, 255)
    ours, others = ([np.asarray(m, np.uint8) for m in moments[:3]], [np.asarray(moments[3], np.uint8)] * 3)
    ours, others = ([m.copy() for m in side] for side in (ours, others))
    for picture in (*ours, *others):
        picture[:90, :160] = sign.astype(np.uint8)
    pairs = list(zip(ours, others, strict=True))
    assert share_shown(laid, pairs) > 0.05
    assert share_shown(laid, pairs, changing=True) == 0
    assert share_shown(laid, list(zip(ours, ours, strict=True)), changing=True) > 0.8
