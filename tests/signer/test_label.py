"""A visible label is where it is said to be, can be read on a phone, and changes nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import ImageFont
from signing_bench import Bench
from support.media import MediaLibrary

from provenance.assets import CORNERS, Capture, Label
from provenance.credentials.actions import read_actions
from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError, MediaError
from provenance.files import sha256_file
from provenance.media.kinds import sniff
from provenance.media.probe import probe
from signer.label import HEIGHT, check_label, labelled


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = np.random.default_rng(3).integers(60, 200, (45, 80, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    cv2.imwrite(str(path), cv2.resize(noise, (640, 360)))
    return path


def pixels(path: Path) -> Any:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture.astype(int)


def declared_box(capture: Capture, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is declared, in pixels."""
    (action, *_), complete = read_actions(capture.actions)
    assert complete
    assert action.label == "c2pa.addedText"
    assert action.changes
    (left, top), _, (right, bottom), _ = action.changes[0].shapes[0].points
    return round(left * width), round(top * height), round(right * width), round(bottom * height)


@pytest.mark.parametrize("corner", CORNERS)
def test_the_label_is_where_it_is_declared_and_nowhere_else(
    corner: str, photo: Path, bench: Bench, tmp_path: Path
) -> None:
    burnt, capture = labelled(Capture(photo, "t", label=Label("Edited", corner)), tmp_path, bench.settings)
    before, after = pixels(photo), pixels(burnt)
    left, top, right, bottom = declared_box(capture, 640, 360)
    changed = np.abs(before - after).max(axis=2) > 0
    assert changed[top:bottom, left:right].mean() > 0.9
    changed[top:bottom, left:right] = False
    assert not changed.any()
    assert (left < 320, top < 180) == ("left" in corner, "top" in corner)
    # Letters of a phone's size on a ground that they stand out from.
    box = after[top:bottom, left:right].mean(axis=2)
    assert box.max() > 240
    assert np.median(box) < 70
    lines = np.flatnonzero((box > 200).any(axis=1))
    assert lines[-1] - lines[0] > 0.6 * HEIGHT * 360
    assert [action["action"] for action in capture.actions] == ["c2pa.addedText"]


def test_a_film_keeps_its_length_its_pictures_and_its_sound(
    media: Callable[[str], Path], bench: Bench, tmp_path: Path
) -> None:
    source = media("mp4")
    burnt, capture = labelled(Capture(source, "t", label=Label("Edited")), tmp_path, bench.settings)
    was, now = (probe(path, limits=bench.settings.limits) for path in (source, burnt))
    assert sniff(burnt) == sniff(source)
    assert (now.width, now.height, now.fps, now.audio_codec) == (was.width, was.height, was.fps, was.audio_codec)
    assert was.duration is not None
    assert now.duration is not None
    assert abs(now.duration - was.duration) < 0.1
    assert [action["action"] for action in capture.actions] == ["c2pa.addedText", "c2pa.transcoded"]


def test_a_film_that_is_stored_lying_down_is_labelled_as_it_is_shown(bench: Bench, tmp_path: Path) -> None:
    source = MediaLibrary(tmp_path)("rotated.mp4")
    burnt, _ = labelled(Capture(source, "t", label=Label("No", "bottom-left")), tmp_path, bench.settings)
    was, now = (probe(path, limits=bench.settings.limits) for path in (source, burnt))
    assert (now.width, now.height, now.rotation) == (was.width, was.height, 0)
    read, frame = cv2.VideoCapture(str(burnt)).read()
    assert read
    where = np.argwhere(frame[frame.shape[0] // 2 :].max(axis=2) > 200)
    assert len(where) > 20
    assert where[:, 1].max() < frame.shape[1] / 2


def test_a_labelled_file_is_signed_with_its_history(media: Callable[[str], Path], bench: Bench, tmp_path: Path) -> None:
    def sign(source: Path, name: str, **said: Any) -> Path:
        return bench.sign(source, tmp_path / name, **said).path

    original = sign(media("jpg"), "original.jpg")
    digest = sha256_file(original)
    edit = bench.read(sign(original, "edit.jpg", label=Label("Edited")))
    assert edit.state is CredentialState.AUTHENTIC
    assert [action.label for action in edit.stated] == ["c2pa.opened", "c2pa.addedText", "c2pa.transcoded"]
    assert edit.ingredients[0].manifest_label == bench.read(original).manifest_label
    assert sha256_file(original) == digest
    # A label does not wash off a credential that the parent is to replace.
    with pytest.raises(CredentialError) as refused:
        sign(original, "other.jpg", label=Label("Edited"), parent=sign(media("png"), "other.png"))
    assert refused.value.code == "sign.two_parents"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (Label(""), "1 to 60"),
        (Label("x" * 61), "1 to 60"),
        (Label("a\nb"), "1 to 60"),
        (Label("Edited", "middle"), "a corner"),
        (Label("Geändert 編"), "characters that the font has"),
        (Label("Edited", font=Path(__file__)), "TrueType"),
        (Label("Edited", font=Path("missing.ttf")), "TrueType"),
    ],
)
def test_a_label_that_cannot_be_drawn_is_refused(label: Label, said: str) -> None:
    with pytest.raises(CredentialError) as refused:
        check_label(label)
    assert refused.value.code == "sign.label"
    assert said in (refused.value.expected or "")


def test_a_font_of_ones_own_is_taken(photo: Path, bench: Bench, tmp_path: Path) -> None:
    font = ImageFont.load_default(20)
    assert isinstance(font, ImageFont.FreeTypeFont)
    path = tmp_path / "own.ttf"
    path.write_bytes(font.font_bytes)
    label = Label("Edited", font=path)
    check_label(label)
    burnt, capture = labelled(Capture(photo, "t", label=label), tmp_path, bench.settings)
    left, top, right, bottom = declared_box(capture, 640, 360)
    letters = (pixels(burnt)[top:bottom, left:right] > 240).all(axis=2)
    assert 0.03 < letters.mean() < 0.4


def test_what_has_no_room_for_it_is_refused(media: Callable[[str], Path], bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="cannot be put"):
        labelled(Capture(media("png"), "t", label=Label("w" * 60)), tmp_path, bench.settings)
    for kind in ("wav", "gif"):
        with pytest.raises(MediaError) as refused:
            labelled(Capture(media(kind), "t", label=Label("Edited")), tmp_path, bench.settings)
        assert refused.value.code == "media.no_burning"
