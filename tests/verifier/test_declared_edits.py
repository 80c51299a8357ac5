"""Edits that a trusted signer declares, over the original that he names as parent, are disclosed; no others are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import footage
import pytest
from derivatives import frames, place, rectangle, seconds, sign_edit
from test_verdicts_credentials import altering, boxes, flipped, kinds
from verdict_desk import Desk

from provenance.report import Declared, Kind, Report, Verdict

REPAINT = rectangle(*(100 * value for value in footage.REPAINT.as_list()))
WHEN = (footage.PAINT_FROM, footage.PAINT_FROM + footage.PAINT_S)


def edited(**where: Any) -> dict[str, Any]:
    return {"action": "c2pa.edited", **where}


def declared(report: Report) -> dict[Kind, Declared]:
    return {item.finding.kind: item.declared for item in report.findings if item.declared}


def test_a_declared_crop_is_a_match_that_says_by_whom(desk: Desk, tmp_path: Path) -> None:
    actions = [{"action": "c2pa.cropped"}, {"action": "c2pa.transcoded"}]
    clip = sign_edit(
        desk, desk.media("bicycle-cropped.mp4"), tmp_path / "e.mp4", actions, parent=desk.signed("bicycle.mp4")
    )
    report = desk.verify(clip)
    assert (report.verdict, report.credential.state) == (Verdict.MATCH, "authentic")
    assert declared(report)[Kind.CROPPED] == Declared("Herald", ("c2pa.cropped",))
    assert declared(report)[Kind.REENCODED] == Declared("Herald", ("c2pa.transcoded",))
    assert report.credential.made_from == report.matches[0].asset_id
    assert report.summary.endswith("is declared by its signer, Herald.")
    found = {finding["kind"]: finding for finding in report.as_json()["findings"]}
    assert found["cropped"]["declared_by"] == "Herald"
    assert found["cropped"]["declared_as"] == ["c2pa.cropped"]


@pytest.mark.parametrize(
    "changes", [None, [place(REPAINT, frames(round(25 * WHEN[0]), round(25 * WHEN[1]) - 1))]], ids=["anywhere", "there"]
)
def test_a_region_painted_over_and_declared_is_a_match(desk: Desk, tmp_path: Path, changes: Any) -> None:
    where = {} if changes is None else {"changes": changes}
    repainted, original = desk.media("bicycle-painted.mp4"), desk.signed("bicycle.mp4")
    report = desk.verify(sign_edit(desk, repainted, tmp_path / "e.mp4", [edited(**where)], parent=original))
    assert (report.verdict, altering(report)) == (Verdict.MATCH, set())
    assert declared(report)[Kind.REGION] == Declared("Herald", ("c2pa.edited",))


@pytest.mark.parametrize(
    "actions",
    [
        [{"action": "c2pa.cropped"}],
        [edited(changes=[place(seconds(1.6, 2.0))])],
        [edited(changes=[place(rectangle(70, 10, 25, 80))])],
    ],
    ids=["another action", "later", "beside"],
)
def test_a_region_painted_over_that_is_not_declared_is_altered(
    desk: Desk, tmp_path: Path, actions: list[dict[str, Any]]
) -> None:
    repainted, original = desk.media("bicycle-painted.mp4"), desk.signed("bicycle.mp4")
    report = desk.verify(sign_edit(desk, repainted, tmp_path / "e.mp4", actions, parent=original))
    assert report.credential.made_from == report.matches[0].asset_id
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.REGION})


def test_another_trusted_signers_declared_edit_is_no_mismatch(desk: Desk, tmp_path: Path) -> None:
    repainted, original = desk.media("bicycle-painted.mp4"), desk.signed("bicycle.mp4")
    report = desk.verify(sign_edit(desk, repainted, tmp_path / "e.mp4", [edited()], parent=original, key="courier"))
    assert (report.verdict, kinds(report) & {Kind.CREDENTIAL_MISMATCH}) == (Verdict.MATCH, set())
    assert declared(report)[Kind.REGION].by == "Courier"
    assert [(match.title, match.signer) for match in report.matches] == [("bicycle", "Herald")]


def test_what_an_untrusted_signer_declares_excuses_nothing(desk: Desk, tmp_path: Path) -> None:
    repainted, original = desk.media("bicycle-painted.mp4"), desk.signed("bicycle.mp4")
    report = desk.verify(sign_edit(desk, repainted, tmp_path / "e.mp4", [edited()], parent=original, key="stranger"))
    assert (report.credential.state, report.credential.made_from) == ("untrusted", None)
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.REGION, Kind.CREDENTIAL_MISMATCH})
    assert declared(report) == {}


def test_a_declaration_that_no_longer_covers_the_bytes_excuses_nothing(desk: Desk, tmp_path: Path) -> None:
    repainted, original = desk.media("bicycle-painted.mp4"), desk.signed("bicycle.mp4")
    clip = sign_edit(desk, repainted, tmp_path / "e.mp4", [edited()], parent=original)
    _, end = boxes(clip.read_bytes())[b"mdat"]
    report = desk.verify(flipped(clip, tmp_path / "f.mp4", end - 40))
    assert report.credential.state == "content_changed"
    assert report.verdict is Verdict.ALTERED
    assert declared(report) == {}


def test_a_declared_edit_of_another_original_excuses_nothing(desk: Desk, tmp_path: Path) -> None:
    repainted, other = desk.media("bicycle-painted.mp4"), desk.signed("bunny.mp4")
    report = desk.verify(sign_edit(desk, repainted, tmp_path / "e.mp4", [edited()], parent=other))
    assert (report.credential.state, report.credential.made_from) == ("authentic", None)
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.REGION})


def test_the_original_as_a_mere_component_is_no_parent(desk: Desk, tmp_path: Path) -> None:
    repainted, other = desk.media("bicycle-painted.mp4"), desk.signed("bunny.mp4")
    named = {"components": {"bicycle": desk.signed("bicycle.mp4")}}
    report = desk.verify(sign_edit(desk, repainted, tmp_path / "e.mp4", [edited()], parent=other, **named))
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.REGION})


@pytest.mark.parametrize("key", ["herald", "courier"])
def test_a_parent_that_had_been_tampered_with_excuses_nothing(desk: Desk, tmp_path: Path, key: str) -> None:
    signed = desk.signed("bicycle.mp4")
    _, end = boxes(signed.read_bytes())[b"mdat"]
    parent = flipped(signed, tmp_path / "parent.mp4", end - 40)
    repainted = desk.media("bicycle-painted.mp4")
    report = desk.verify(sign_edit(desk, repainted, tmp_path / "e.mp4", [edited()], parent=parent, key=key))
    assert (report.credential.state, report.credential.codes) == ("authentic", ("assertion.bmffHash.mismatch",))
    assert report.verdict is Verdict.ALTERED
    assert altering(report) == {Kind.REGION} | ({Kind.CREDENTIAL_MISMATCH} if key == "courier" else set())
    assert declared(report) == {}


def test_actions_that_are_only_carried_along_excuse_nothing_and_that_is_said(desk: Desk, tmp_path: Path) -> None:
    repainted, original = desk.media("bicycle-painted.mp4"), desk.signed("bicycle.mp4")
    clip = sign_edit(desk, repainted, tmp_path / "e.mp4", [edited()], parent=original, created=False)
    report = desk.verify(clip)
    assert report.verdict is Verdict.ALTERED
    assert any("carries" in line for line in report.not_checked)


def test_another_voice_is_declared_by_a_dub_and_not_by_a_crop(desk: Desk, tmp_path: Path) -> None:
    dubbed, original = desk.media("bicycle-dubbed.mp4"), desk.signed("bicycle.mp4")
    report = desk.verify(sign_edit(desk, dubbed, tmp_path / "a.mp4", [{"action": "c2pa.dubbed"}], parent=original))
    assert (report.verdict, declared(report)[Kind.AUDIO_REPLACED].actions) == (Verdict.MATCH, ("c2pa.dubbed",))
    report = desk.verify(sign_edit(desk, dubbed, tmp_path / "b.mp4", [{"action": "c2pa.cropped"}], parent=original))
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.AUDIO_REPLACED})


def test_inserted_footage_is_declared_by_placing_it_and_not_by_editing(desk: Desk, tmp_path: Path) -> None:
    spliced, original = desk.media("bunny-spliced.mp4"), desk.signed("bunny.mp4")
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": ["train"]}}
    named = {"components": {"train": desk.media("stranger.mp4")}, "parent": original}
    report = desk.verify(sign_edit(desk, spliced, tmp_path / "a.mp4", [placed], **named))
    assert (report.verdict, declared(report)[Kind.FOREIGN_FOOTAGE].actions) == (Verdict.MATCH, ("c2pa.placed",))
    report = desk.verify(sign_edit(desk, spliced, tmp_path / "b.mp4", [edited()], **named))
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.FOREIGN_FOOTAGE})


def test_a_registered_edit_is_authentic_itself(desk: Desk, tmp_path: Path) -> None:
    """The registry holds what its publisher stands for: there is nothing to compare it with."""
    again = tmp_path / "again.mp4"
    desk.sign(desk.signed("bicycle.mp4"), again)
    report = desk.verify(again, desk.registry(tmp_path / "home", again))
    assert (report.verdict, report.findings) == (Verdict.AUTHENTIC, ())


def test_a_second_signature_over_an_unchanged_parent_stays_authentic(desk: Desk, tmp_path: Path) -> None:
    again = tmp_path / "again.mp4"
    desk.sign(desk.signed("bicycle.mp4"), again)
    report = desk.verify(again)
    assert (report.verdict, report.findings) == (Verdict.AUTHENTIC, ())
    assert report.credential.made_from == report.matches[0].asset_id


def test_the_named_parent_is_compared_where_two_have_the_same_picture(desk: Desk, tmp_path: Path) -> None:
    second = tmp_path / "second.mp4"
    desk.sign(desk.media("bicycle-stripped.mp4"), second, "courier")
    both = desk.registry(tmp_path / "home", desk.signed("bicycle.mp4"), second)
    for parent, signer in ((desk.signed("bicycle.mp4"), "Herald"), (second, "Courier")):
        actions = [{"action": "c2pa.dubbed"}]
        clip = sign_edit(desk, desk.media("bicycle-dubbed.mp4"), tmp_path / f"{signer}.mp4", actions, parent=parent)
        report = desk.verify(clip, both)
        assert (report.verdict, report.matches[0].signer) == (Verdict.MATCH, signer)
        assert set(declared(report)) == {Kind.AUDIO_REPLACED}


def test_more_than_can_be_read_is_left_out_and_told(desk: Desk, tmp_path: Path) -> None:
    hostile: list[dict[str, Any]] = [
        {"action": f"com.example.{n}", "description": "<script>\x1b[2J"} for n in range(250)
    ]
    cropped, original = desk.media("bicycle-cropped.mp4"), desk.signed("bicycle.mp4")
    first, last = [{"action": "c2pa.cropped"}, *hostile], [*hostile, {"action": "c2pa.cropped"}]
    for name, actions, known in (("a.mp4", first, True), ("b.mp4", last, False)):
        report = desk.verify(sign_edit(desk, cropped, tmp_path / name, actions, parent=original))
        assert report.verdict is Verdict.MATCH
        assert (Kind.CROPPED in declared(report)) is known
        assert any("what the credential says was done" in line for line in report.not_checked)
