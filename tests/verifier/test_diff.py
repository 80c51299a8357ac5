"""Two files compared as the verifier would: the first is the original, signed or not, and no registry is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from test_declared_edits import declared
from test_verdicts_credentials import altering, kinds
from verdict_contract import check_contract
from verdict_desk import Desk

from provenance.assets import Capture
from provenance.catalog import Query
from provenance.cli import main
from provenance.fingerprints.extract import fingerprint
from provenance.fingerprints.pdq import HASH_BYTES
from provenance.report import Declared, Kind, Region, Report, Verdict
from provenance.trust.policy import SignedUnder
from signer.actions import actions_of
from signer.sign import sign_file
from verifier.diff import diff, original_of
from verifier.one_original import OneOriginal

STAIN = Region(0.1, 0.55, 0.2, 0.3)


@pytest.fixture
def compare(desk: Desk) -> Callable[..., Report]:
    def run(first: Path, second: Path) -> Report:
        trusted = {"anchors": desk.anchors, "policy": SignedUnder(desk.anchors)}
        report = diff(first, second, settings=desk.settings, evidence=False, **trusted)
        check_contract(report.as_json())
        return report

    return run


Compare = Callable[..., Report]


@pytest.fixture(scope="module")
def stained(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    picture = cv2.imread(str(desk.media("cup.jpg")))
    assert picture is not None
    height, width = picture.shape[:2]
    top, left = round(STAIN.y * height), round(STAIN.x * width)
    picture[top : top + round(STAIN.h * height), left : left + round(STAIN.w * width)] = (90, 140, 60)
    path = tmp_path_factory.mktemp("stained") / "stained.jpg"
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return path


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ("cup.jpg", "cup-mirrored.jpg", Verdict.MATCH),
        ("cup-small.png", "cup.jpg", Verdict.MATCH),
        ("cup.jpg", "cat.jpg", Verdict.UNKNOWN),
        ("tune.wav", "tune-again.m4a", Verdict.MATCH),
        ("bicycle.mp4", "bicycle-cropped.mp4", Verdict.MATCH),
    ],
)
def test_unsigned_files_are_compared(first: str, second: str, verdict: Verdict, desk: Desk, compare: Compare) -> None:
    report = compare(desk.media(first), desk.media(second))
    assert report.verdict is verdict
    assert [(match.title, match.signer) for match in report.matches] == (
        [] if verdict is Verdict.UNKNOWN else [(first, "not signed")]
    )
    assert any(f"whether {first} is genuine" in line for line in report.not_checked)
    if verdict is Verdict.UNKNOWN:
        assert report.summary == f"Nothing of “{first}” was found in the clip."


def test_what_was_changed_is_found_where_it_is(desk: Desk, stained: Path, compare: Compare) -> None:
    report = compare(desk.media("cup.jpg"), stained)
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.REGION})


def test_an_edit_that_its_signer_declares_is_a_match(
    desk: Desk, stained: Path, compare: Compare, tmp_path: Path
) -> None:
    original, edit = desk.signed("cup.jpg"), tmp_path / "edit.jpg"
    where = f"region={STAIN.x},{STAIN.y},{STAIN.w},{STAIN.h}"
    capture = Capture(stained, "edit", parent=original, actions=actions_of([f"edited;{where}"], 0))
    sign_file(capture, edit, key=desk.key("herald"), settings=desk.settings, anchors=desk.anchors)
    report = compare(original, edit)
    assert report.verdict is Verdict.MATCH
    assert declared(report)[Kind.REGION] == Declared("Herald", ("c2pa.edited",))
    # Held against the unsigned picture, nothing says that this is the parent; and nobody has been impersonated.
    report = compare(desk.media("cup.jpg"), edit)
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.REGION})


def test_a_credential_of_the_second_file_alone_is_no_answer(desk: Desk, compare: Compare) -> None:
    signed = desk.signed("cup.jpg")
    assert compare(signed, signed).verdict is Verdict.AUTHENTIC
    assert compare(desk.media("cat.jpg"), signed).verdict is Verdict.UNKNOWN
    report = compare(desk.media("cup-small.jpg"), signed)
    assert (report.verdict, Kind.CREDENTIAL_MISMATCH in kinds(report)) == (Verdict.MATCH, False)


def test_a_stranger_who_signs_the_first_file_anew_is_a_mismatch(desk: Desk, compare: Compare, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jpg"
    sign_file(
        Capture(desk.media("cup-small.jpg"), "t"),
        copy,
        key=desk.key("stranger"),
        settings=desk.settings,
        anchors=desk.anchors,
    )
    assert altering(compare(desk.signed("cup.jpg"), copy)) == {Kind.CREDENTIAL_MISMATCH}


def test_the_command_answers_as_verify_does(desk: Desk, stained: Path, tmp_path: Path) -> None:
    def run(*words: object) -> Result:
        return CliRunner().invoke(main, ["--home", str(desk.settings.home), "diff", *map(str, words)])

    page = tmp_path / "report.html"
    result = run(desk.media("cup.jpg"), stained, "--json", "--report", page)
    assert result.exit_code == 3
    assert json.loads(result.stdout)["matches"][0]["title"] == "cup.jpg"
    assert "cup.jpg" in page.read_text()
    assert run(desk.media("cup.jpg"), stained, "--report", page).exit_code == 1
    before = stained.read_bytes()
    assert run(desk.media("cup.jpg"), stained, "--report", stained, "--force").exit_code == 1
    assert stained.read_bytes() == before
    assert run(desk.media("cup.jpg"), tmp_path / "missing.jpg").exit_code == 1
    assert run(desk.media("cup.jpg")).exit_code == 2


def test_hits_are_those_of_brute_force_and_bounded(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = desk.media("bicycle.mp4")
    prints, extraction = fingerprint(path, tmp_path, limits=desk.settings.limits, reference=False)
    frames = prints.frames
    assert frames is not None
    catalog = OneOriginal(original_of(path, None, prints, extraction), None)
    count, views = frames.hashes.shape[:2]
    noise = np.random.default_rng(1).integers(0, 256, (20, HASH_BYTES), dtype=np.uint8)
    asked = np.concatenate([frames.hashes[:, 0], noise])
    times = np.arange(len(asked), dtype=np.int64) * 100
    nothing = np.zeros(0, np.uint32), np.zeros(0, np.int64)
    query = Query(asked, times, np.zeros(len(asked), np.uint8), *nothing)
    (nomination,) = catalog.nominate(query)
    expected = {
        (row, int(frames.times_ms[frame]), view, distance)
        for row in range(len(asked))
        for frame in range(count)
        for view in range(views)
        if (distance := int(np.bitwise_count(asked[row] ^ frames.hashes[frame, view]).sum())) <= 72
        and frames.quality[frame, view] >= 20
    }
    assert {(*map(int, hit[:4]),) for hit in nomination.hits} == expected
    monkeypatch.setattr("verifier.one_original._MAX_PAIRS", 200)
    (fewer,) = catalog.nominate(query)
    assert 0 < len(fewer.hits) < len(nomination.hits)
