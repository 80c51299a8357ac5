"""What signing declares of an edit is what verifying honours: that is disclosed, and all else stays altered."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from test_declared_edits import declared
from test_verdicts_credentials import altering
from verdict_desk import Desk

from provenance.assets import Capture, Label
from provenance.report import Declared, Kind, Region, Verdict
from signer.actions import actions_of
from signer.redactions import redactions_of
from signer.sign import sign_file

AI = "compositeWithTrainedAlgorithmicMedia"
SAUCER, SPOON = Region(0.1, 0.55, 0.2, 0.3), Region(0.7, 0.1, 0.2, 0.3)


def sign(desk: Desk, source: Path, target: Path, *actions: str, parent: str) -> Path:
    capture = Capture(
        source,
        source.name,
        parent=desk.signed(parent),
        actions=actions_of(actions, 0),
        redactions=redactions_of(["cawg.metadata"]),
    )
    sign_file(capture, target, key=desk.key("courier"), settings=desk.settings, anchors=desk.anchors)
    return target


def where(region: Region) -> str:
    return f"region={region.x},{region.y},{region.w},{region.h}"


@pytest.fixture(scope="module")
def painted(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registered cup with two parts of it painted over."""
    picture = cv2.imread(str(desk.media("cup.jpg")))
    assert picture is not None
    height, width = picture.shape[:2]
    for region in (SAUCER, SPOON):
        top, left = round(region.y * height), round(region.x * width)
        picture[top : top + round(region.h * height), left : left + round(region.w * width)] = (90, 140, 60)
    path = tmp_path_factory.mktemp("painted") / "painted.jpg"
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return path


def test_another_voice_is_declared_when_it_speaks(desk: Desk, tmp_path: Path) -> None:
    said = "dubbed;time=0-2;description=The voice of an actor"
    edit = sign(desk, desk.media("bicycle-dubbed.mp4"), tmp_path / "e.mp4", said, parent="bicycle.mp4")
    report = desk.verify(edit)
    assert (report.verdict, report.credential.state) == (Verdict.MATCH, "authentic")
    assert declared(report)[Kind.AUDIO_REPLACED] == Declared("Courier", ("c2pa.dubbed",))
    assert report.summary.endswith("is declared by its signer, Courier.")


@pytest.mark.parametrize(
    ("actions", "verdict", "told"),
    [
        ([f"edited;{where(SAUCER)};{where(SPOON)};source-type={AI}"], Verdict.MATCH, {("c2pa.edited",)}),
        ([f"drawing;{where(SAUCER)}", "redacted"], Verdict.ALTERED, {("c2pa.drawing",)}),
    ],
    ids=["both", "one of two"],
)
def test_a_part_of_a_picture_that_was_not_declared_stays_altered(
    actions: list[str], verdict: Verdict, told: set[tuple[str]], desk: Desk, painted: Path, tmp_path: Path
) -> None:
    report = desk.verify(sign(desk, painted, tmp_path / "e.jpg", *actions, parent="cup.jpg"))
    assert (report.verdict, report.credential.made_from) == (verdict, report.matches[0].asset_id)
    assert altering(report) == (set() if verdict is Verdict.MATCH else {Kind.REGION})
    said = {item.declared.actions for item in report.findings if item.declared and item.finding.kind is Kind.REGION}
    assert said == told
    made = {item.declared.ai for item in report.findings if item.declared and item.finding.kind is Kind.REGION}
    assert made == ({(AI,)} if verdict is Verdict.MATCH else {()})


def test_a_label_that_was_burnt_in_is_declared_and_nothing_else_is(desk: Desk, painted: Path, tmp_path: Path) -> None:
    capture = Capture(painted, "labelled", parent=desk.signed("cup.jpg"), label=Label("Edited"))
    edit = tmp_path / "edit.jpg"
    sign_file(capture, edit, key=desk.key("courier"), settings=desk.settings, anchors=desk.anchors)
    report = desk.verify(edit)
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.REGION})
    assert [
        item.declared.actions for item in report.findings if item.declared and item.finding.kind is not Kind.REENCODED
    ] == [("c2pa.addedText",)]
