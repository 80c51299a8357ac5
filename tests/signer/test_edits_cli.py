"""``provenance sign`` of edits: the options as a person types them, and a batch of edits that is gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from batch_bench import pictures
from click.testing import CliRunner, Result

from provenance.cli import main
from provenance.credentials.reader import read_credential
from provenance.credentials.values import Credential
from provenance.settings import load_settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy import SignedUnder
from signer.home import make_development_home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    make_development_home(load_settings(folder))
    return folder


@pytest.fixture(scope="module")
def run(home: Path) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(main, ["--home", str(home), "sign", *map(str, words)])


@pytest.fixture(scope="module")
def signed_once(run: Callable[..., Result], media: Callable[[str], Path], home: Path) -> bytes:
    path = home / "original.png"
    assert run(media("png"), "-o", path, "--author", "Jane Whistle").exit_code == 0
    return path.read_bytes()


@pytest.fixture
def original(signed_once: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "original.png"
    path.write_bytes(signed_once)
    return path


@pytest.fixture
def edit(media: Callable[[str], Path], tmp_path: Path) -> Path:
    path = tmp_path / "edit.png"
    picture = cv2.imread(str(media("png")))
    assert picture is not None
    cv2.imwrite(str(path), picture[10:90])
    return path


def read(home: Path, path: Path) -> Credential:
    anchors = load_anchors(home / "trust")
    return read_credential(path, anchors=anchors, policy=SignedUnder(anchors))


def test_all_that_can_be_said_of_an_edit_is_in_its_credential(
    run: Callable[..., Result], home: Path, original: Path, edit: Path, media: Callable[[str], Path], tmp_path: Path
) -> None:
    listed = tmp_path / "actions.json"
    listed.write_text(json.dumps([{"action": "published", "description": "front page"}]))
    signed = tmp_path / "signed.png"
    words = ["--edit-of", original, "--action", "cropped", "--actions", listed, "--redact", "cawg.metadata"]
    placed = ["--ingredient", media("jpg"), "--action", "placed;ingredient=1;region=0,0,0.5,0.5"]
    result = run(edit, "-o", signed, *words, *placed)
    assert result.exit_code == 0, result.output
    credential = read(home, signed)
    labels = [action.label.removeprefix("c2pa.") for action in credential.stated]
    assert labels == ["opened", "cropped", "placed", "published", "redacted"]
    assert {i.title: i.relationship for i in credential.ingredients} == {
        "original.png": "parentOf",
        "clip.jpg": "componentOf",
    }
    assert b"Jane Whistle" not in signed.read_bytes()


def test_a_compilation_is_no_capture(
    run: Callable[..., Result], home: Path, original: Path, media: Callable[[str], Path], tmp_path: Path
) -> None:
    signed = tmp_path / "signed.jpg"
    assert run(media("jpg"), "-o", signed, "--ingredient", original).exit_code == 0
    assert [action.get("digitalSourceType", "").rsplit("/", 1)[-1] for action in read(home, signed).actions] == [
        "composite",
        "",
    ]


def test_a_parent_that_does_not_hold_is_recorded_and_told(
    run: Callable[..., Result], home: Path, original: Path, edit: Path, tmp_path: Path
) -> None:
    data = bytearray(original.read_bytes())
    data[-30] ^= 1
    original.write_bytes(data)
    signed = tmp_path / "signed.png"
    result = run(edit, "-o", signed, "--edit-of", original, "--json")
    assert result.exit_code == 0
    assert "the credential of original.png does not hold (assertion.dataHash.mismatch)" in result.stderr
    assert read(home, signed).ingredients[0].failures == ("assertion.dataHash.mismatch",)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--action", "bogus"], 1, "sign.action"),
        (["--actions", "missing.json"], 1, "sign.actions_file"),
        (["--edit-of", "missing.png"], 1, "media.missing"),
        (["--edit-of", "missing.png", "--source-type", "composite"], 2, "an edit is no source"),
        (["--edit-of", "missing.png", "--edit-of", "other.png"], 2, "an edit has one parent"),
        (["--label-font", "font.ttf"], 2, "--label-font needs --label"),
        (["--label-corner", "top-left"], 2, "--label-corner needs --label"),
        (["--label", "x" * 61], 1, "61 of them"),
        (["--label", "Geändert"], 1, "sign.label"),
        (["--label", "Edited", "--label-corner", "middle"], 2, "--label-corner"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    words: list[str], code: int, said: str, run: Callable[..., Result], edit: Path, tmp_path: Path
) -> None:
    result = run(edit, "-o", tmp_path / "signed.png", *words)
    assert (result.exit_code, said in result.output) == (code, True), result.output
    assert not (tmp_path / "signed.png").exists()


def test_a_batch_of_edits_goes_on_where_it_was_and_notices_another_original(
    run: Callable[..., Result], original: Path, tmp_path: Path
) -> None:
    footage = pictures(tmp_path / "in", 2)

    def results(action: str, *words: str) -> list[str]:
        asked = ["--edit-of", original, "--action", action, "-o", tmp_path / "out", "--json-lines", *words]
        *files, _ = map(json.loads, run(footage, *asked).stdout.splitlines())
        return [file["error"]["code"] if file["error"] else file["result"] for file in files]

    assert results("cropped") == ["signed", "signed"]
    assert results("cropped", "--dry-run") == ["done_before", "done_before"]
    assert results("resized", "--dry-run") == ["output.outdated", "output.outdated"]
    again = original.read_bytes()
    original.unlink()
    original.write_bytes(again)
    assert results("cropped", "--dry-run") == ["output.outdated", "output.outdated"]
