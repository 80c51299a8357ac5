"""What becomes of a credential on the way, and what is then said of the clip: state and verdict are told apart."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest
from support.media import ffmpeg
from verdict_desk import Desk

from provenance.errors import MediaError
from provenance.report import Kind, Report, Verdict
from registry.assets import withdraw
from registry.store import open_registry


def altering(report: Report) -> set[Kind]:
    return {item.finding.kind for item in report.findings if item.severity.value == "altering"}


def kinds(report: Report) -> set[Kind]:
    return {item.finding.kind for item in report.findings}


def titles(report: Report) -> list[str]:
    return [match.title for match in report.matches]


def boxes(data: bytes) -> dict[bytes, tuple[int, int]]:
    """Top-level boxes of an MP4 by type, the largest of each: [start, end) of their content."""
    found: dict[bytes, tuple[int, int]] = {}
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 1:
            size = struct.unpack_from(">Q", data, at + 8)[0]
        size = size or len(data) - at
        if kind not in found or size > found[kind][1] - found[kind][0]:
            found[kind] = (at + 8, at + size)
        at += size
    return found


def flipped(source: Path, target: Path, at: int) -> Path:
    data = bytearray(source.read_bytes())
    data[at] ^= 0xFF
    target.write_bytes(data)
    return target


def test_the_signed_file_itself_is_authentic_and_names_its_asset(desk: Desk) -> None:
    for name in ("bicycle.mp4", "cup.jpg", "tune.wav"):
        report = desk.verify(desk.signed(name))
        assert (report.verdict, report.credential.state) == (Verdict.AUTHENTIC, "authentic")
        assert (report.credential.signer, report.credential.codes) == ("Herald", ())
        assert titles(report) == [name.split(".")[0]]
        assert (report.matches[0].coverage, report.matches[0].score) == (1.0, 100)
        assert report.findings == ()


def test_a_stripped_manifest_leaves_a_match_and_nothing_to_disclose_but_itself(desk: Desk) -> None:
    report = desk.report("bicycle-stripped.mp4")
    assert (report.verdict, report.credential.state, report.credential.signer) == (Verdict.MATCH, "none", None)
    assert titles(report) == ["bicycle"]
    assert report.matches[0].signer == "Herald"
    assert report.findings == ()


def test_a_manifest_on_another_originals_picture_is_recognised_by_the_picture(desk: Desk, tmp_path: Path) -> None:
    """The box of one signed file's manifest behind another original's content."""
    donor, content = desk.signed("bunny.mp4").read_bytes(), desk.media("bicycle.mp4").read_bytes()
    start, end = boxes(donor)[b"uuid"]
    clip = tmp_path / "transplanted.mp4"
    # Samples are addressed from the beginning of the file, so the box goes where it moves nothing.
    clip.write_bytes(content + donor[start - 8 : end])
    report = desk.verify(clip)
    assert report.credential.state == "content_changed"
    assert report.credential.signer == "Herald"
    assert "assertion.bmffHash.mismatch" in report.credential.codes
    assert report.verdict is Verdict.MATCH
    assert titles(report) == ["bicycle"]


def test_a_sidecar_of_another_file_is_recognised_by_the_picture(desk: Desk, tmp_path: Path) -> None:
    signed = tmp_path / "bunny.webm"
    desk.sign(desk.media("bunny.webm"), signed)
    clip = tmp_path / "bicycle.webm"
    shutil.copyfile(desk.media("bicycle.webm"), clip)
    shutil.copyfile(tmp_path / "bunny.webm.c2pa", tmp_path / "bicycle.webm.c2pa")
    report = desk.verify(clip)
    assert report.credential.state == "content_changed"
    assert (report.verdict, titles(report)) == (Verdict.MATCH, ["bicycle"])


def test_a_flipped_byte_of_the_media_is_content_changed_and_the_picture_is_still_found(
    desk: Desk, tmp_path: Path
) -> None:
    signed = desk.signed("bicycle.mp4")
    _, end = boxes(signed.read_bytes())[b"mdat"]
    # The last packets are sound: the picture stays whole.
    report = desk.verify(flipped(signed, tmp_path / "flipped.mp4", end - 40))
    assert report.credential.state == "content_changed"
    assert report.credential.codes == ("assertion.bmffHash.mismatch",)
    assert report.verdict is Verdict.MATCH
    assert titles(report) == ["bicycle"]


def test_a_byte_flipped_in_the_picture_is_never_called_authentic(desk: Desk, tmp_path: Path) -> None:
    signed = desk.signed("bicycle.mp4")
    start, end = boxes(signed.read_bytes())[b"mdat"]
    report = desk.verify(flipped(signed, tmp_path / "flipped.mp4", (start + end) // 2))
    assert report.credential.state == "content_changed"
    assert report.verdict in (Verdict.MATCH, Verdict.ALTERED)
    assert titles(report) == ["bicycle"]


def test_a_flipped_byte_of_the_manifest_is_invalid_and_the_picture_is_still_found(desk: Desk, tmp_path: Path) -> None:
    signed = desk.signed("bicycle.mp4")
    data = signed.read_bytes()
    report = desk.verify(flipped(signed, tmp_path / "flipped.mp4", data.index(b"c2pa.created") + 5))
    assert report.credential.state in ("invalid", "broken")
    assert report.credential.codes
    assert (report.verdict, titles(report)) == (Verdict.MATCH, ["bicycle"])


def test_a_manifest_that_cannot_be_parsed_is_broken_and_the_picture_is_still_found(desk: Desk, tmp_path: Path) -> None:
    signed = desk.signed("bicycle.mp4")
    data = signed.read_bytes()
    report = desk.verify(flipped(signed, tmp_path / "flipped.mp4", data.index(b"jumb", boxes(data)[b"uuid"][0])))
    assert report.credential.state in ("broken", "invalid")
    assert (report.verdict, titles(report)) == (Verdict.MATCH, ["bicycle"])


def test_a_file_cut_off_is_content_changed_and_what_is_left_is_found(desk: Desk, tmp_path: Path) -> None:
    data = desk.signed("bicycle.mp4").read_bytes()
    clip = tmp_path / "cut_off.mp4"
    clip.write_bytes(data[: len(data) * 7 // 10])
    report = desk.verify(clip)
    assert report.credential.state == "content_changed"
    assert report.verdict in (Verdict.MATCH, Verdict.ALTERED)
    assert titles(report) == ["bicycle"]
    assert Kind.TRIMMED in kinds(report)


def test_a_file_cut_off_before_its_index_is_no_clip_any_more(desk: Desk, tmp_path: Path) -> None:
    data = desk.signed("bunny.mp4").read_bytes()
    assert data.index(b"moov") > data.index(b"mdat")
    clip = tmp_path / "headless.mp4"
    clip.write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError) as caught:
        desk.verify(clip)
    assert caught.value.hint


@pytest.mark.parametrize(("signer", "state"), [("courier", "authentic"), ("stranger", "untrusted")])
def test_another_signers_name_on_a_stripped_original_is_a_mismatch_and_altered(
    desk: Desk, tmp_path: Path, signer: str, state: str
) -> None:
    clip = tmp_path / "taken.mp4"
    desk.sign(desk.media("bicycle-stripped.mp4"), clip, signer)
    report = desk.verify(clip)
    assert (report.credential.state, report.credential.signer) == (state, signer.title())
    assert report.verdict is Verdict.ALTERED
    assert altering(report) == {Kind.CREDENTIAL_MISMATCH}
    assert [(match.title, match.signer) for match in report.matches] == [("bicycle", "Herald")]
    assert "Herald" in next(i.finding.explanation for i in report.findings if i.severity.value == "altering")


def test_an_untrusted_certificate_with_the_registered_signers_name_is_a_mismatch(desk: Desk, tmp_path: Path) -> None:
    clip = tmp_path / "taken.mp4"
    desk.sign(desk.media("bicycle-stripped.mp4"), clip, "impostor")
    report = desk.verify(clip)
    assert (report.credential.state, report.credential.signer) == ("untrusted", "Herald")
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.CREDENTIAL_MISMATCH})


def test_a_stranger_who_signs_over_a_trusted_signature_does_not_inherit_its_trust(desk: Desk, tmp_path: Path) -> None:
    clip = tmp_path / "over.mp4"
    desk.sign(desk.signed("bicycle.mp4"), clip, "stranger")
    report = desk.verify(clip)
    assert (report.credential.state, report.credential.signer) == ("untrusted", "Stranger")
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.CREDENTIAL_MISMATCH})
    assert [(match.title, match.signer) for match in report.matches] == [("bicycle", "Herald")]


def test_another_signers_name_on_a_copy_is_a_mismatch_too(desk: Desk, tmp_path: Path) -> None:
    clip = tmp_path / "taken.mp4"
    desk.sign(desk.media("bicycle-cropped.mp4"), clip, "courier")
    report = desk.verify(clip)
    assert report.verdict is Verdict.ALTERED
    assert altering(report) == {Kind.CREDENTIAL_MISMATCH}
    assert {Kind.CROPPED, Kind.RESIZED} <= kinds(report)


def test_another_signers_name_on_a_photograph_is_a_mismatch(desk: Desk, tmp_path: Path) -> None:
    clip = tmp_path / "taken.jpg"
    desk.sign(desk.media("cup-small.jpg"), clip, "courier")
    report = desk.verify(clip)
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.CREDENTIAL_MISMATCH})
    assert titles(report) == ["cup"]


def test_another_signers_name_on_a_recording_is_a_mismatch(desk: Desk, tmp_path: Path) -> None:
    clip = tmp_path / "taken.m4a"
    desk.sign(desk.media("tune-again.m4a"), clip, "courier")
    report = desk.verify(clip)
    assert (report.verdict, altering(report)) == (Verdict.ALTERED, {Kind.CREDENTIAL_MISMATCH})
    assert titles(report) == ["tune"]


def test_the_signers_own_second_signature_is_no_mismatch(desk: Desk, tmp_path: Path) -> None:
    clip = tmp_path / "again.mp4"
    desk.sign(desk.media("bicycle-stripped.mp4"), clip)
    report = desk.verify(clip)
    assert (report.verdict, report.credential.state) == (Verdict.AUTHENTIC, "authentic")
    assert altering(report) == set()
    assert titles(report) == ["bicycle"]


def test_a_trusted_signers_own_unregistered_footage_is_authentic_and_has_no_match(desk: Desk, tmp_path: Path) -> None:
    clip = tmp_path / "own.mp4"
    desk.sign(desk.media("stranger.mp4"), clip, "courier")
    report = desk.verify(clip)
    assert (report.verdict, report.credential.signer, report.matches) == (Verdict.AUTHENTIC, "Courier", ())


def test_an_untrusted_signers_own_footage_is_unknown(desk: Desk, tmp_path: Path) -> None:
    clip = tmp_path / "own.mp4"
    desk.sign(desk.media("stranger.mp4"), clip, "stranger")
    report = desk.verify(clip)
    assert (report.verdict, report.credential.state, report.matches) == (Verdict.UNKNOWN, "untrusted", ())


def test_a_picture_that_two_newsrooms_registered_is_no_mismatch_for_either(desk: Desk, tmp_path: Path) -> None:
    second = tmp_path / "second.mp4"
    desk.sign(desk.media("bicycle-stripped.mp4"), second, "courier")
    both = desk.registry(tmp_path / "home", desk.signed("bicycle.mp4"), second)
    for path, signer in ((desk.signed("bicycle.mp4"), "Herald"), (second, "Courier")):
        report = desk.verify(path, both)
        assert (report.verdict, report.credential.signer) == (Verdict.AUTHENTIC, signer)
        assert altering(report) == set()
        assert signer in {match.signer for match in report.matches}
    report = desk.verify(desk.media("bicycle-360p.mp4"), both)
    assert report.verdict is Verdict.MATCH
    assert {match.signer for match in report.matches} <= {"Herald", "Courier"}


def test_a_copy_of_what_was_cut_and_registered_is_no_cut_of_the_longer_original(desk: Desk, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    ffmpeg("-i", desk.media("street-cut.mp4"), "-c:v", "libx264", "-preset", "veryfast", "-crf", "28", clip)
    desk.sign(desk.media("street-cut.mp4"), tmp_path / "cut.mp4")
    report = desk.verify(clip, desk.registry(tmp_path / "home", desk.signed("street.mp4"), tmp_path / "cut.mp4"))
    assert report.verdict is Verdict.MATCH
    assert [match.title for match in report.matches] == ["street-cut"]
    assert desk.report("street-cut.mp4").verdict is Verdict.ALTERED


def test_a_copy_of_a_whole_talk_has_nothing_inserted_though_its_cut_is_registered(desk: Desk, tmp_path: Path) -> None:
    whole, cut = tmp_path / "talk.mp4", tmp_path / "talk-cut.mp4"
    shorter = "select='lt(t,1.4)+gt(t,2.2)',setpts=N/FRAME_RATE/TB"
    ffmpeg(
        "-i", desk.media("talker.mp4"), "-vf", shorter, "-c:v", "libx264", "-preset", "veryfast", tmp_path / "cut.mp4"
    )
    desk.sign(desk.media("talker.mp4"), whole)
    desk.sign(tmp_path / "cut.mp4", cut)
    settings = desk.registry(tmp_path / "home", whole, cut)
    copy = tmp_path / "copy.mp4"
    ffmpeg("-i", desk.media("talker.mp4"), "-c:v", "libx264", "-preset", "veryfast", "-crf", "26", copy)
    report = desk.verify(copy, settings)
    assert report.verdict is Verdict.MATCH
    assert [match.title for match in report.matches] == ["talker"]


def test_a_sidecar_beside_its_file_is_as_good_as_an_embedded_manifest(desk: Desk, tmp_path: Path) -> None:
    signed = tmp_path / "bicycle.webm"
    desk.sign(desk.media("bicycle.webm"), signed)
    home = desk.registry(tmp_path / "home", signed)
    report = desk.verify(signed, home)
    assert (report.verdict, report.credential.state, report.credential.signer) == (
        Verdict.AUTHENTIC, "authentic", "Herald"
    )  # fmt: skip
    assert titles(report) == ["bicycle"]
    (tmp_path / "bicycle.webm.c2pa").unlink()
    alone = desk.verify(signed, home)
    # The container cannot hold a manifest, so that there is none says nothing.
    assert (alone.credential.state, alone.credential.signer) == ("unsupported", None)
    assert (alone.verdict, titles(alone), alone.findings) == (Verdict.MATCH, ["bicycle"], ())


def test_under_embargo_nobody_but_the_owner_finds_it(desk: Desk, tmp_path: Path) -> None:
    home = desk.registry(tmp_path / "home", desk.signed("bicycle.mp4"), embargoed=True)
    stripped = desk.media("bicycle-stripped.mp4")
    hidden = desk.verify(stripped, home)
    assert (hidden.verdict, hidden.matches) == (Verdict.UNKNOWN, ())
    assert "bicycle" not in str(hidden.as_json()["not_checked"])
    own = desk.verify(stripped, home, viewer="organisation:Herald")
    assert (own.verdict, titles(own)) == (Verdict.MATCH, ["bicycle"])
    other = desk.verify(stripped, home, viewer="organisation:Courier")
    assert other.verdict is Verdict.UNKNOWN
    signed = desk.verify(desk.signed("bicycle.mp4"), home)
    assert (signed.verdict, signed.matches) == (Verdict.AUTHENTIC, ())


def test_a_withdrawn_original_is_no_longer_found(desk: Desk, tmp_path: Path) -> None:
    home = desk.registry(tmp_path / "home", desk.signed("bicycle.mp4"))
    asset_id = desk.verify(desk.signed("bicycle.mp4"), home).matches[0].asset_id
    with open_registry(home) as store:
        withdraw(store, asset_id, "the date is wrong", "a test")
    report = desk.verify(desk.media("bicycle-stripped.mp4"), home)
    assert (report.verdict, report.matches) == (Verdict.UNKNOWN, ())
    own = desk.verify(desk.signed("bicycle.mp4"), home)
    assert own.verdict is Verdict.AUTHENTIC
    assert own.summary.endswith("Its publisher has withdrawn it from the registry.")


def test_without_a_reference_copy_the_verdict_stays_open_and_says_why(desk: Desk, tmp_path: Path) -> None:
    signed = tmp_path / "withheld.mp4"
    desk.sign(desk.media("bicycle.mp4"), signed, withhold_reference=True)
    home = desk.registry(tmp_path / "home", signed)
    for name in ("bicycle-360p.mp4", "bicycle-dubbed.mp4"):
        report = desk.verify(desk.media(name), home)
        assert (report.verdict, titles(report)) == (Verdict.INCONCLUSIVE, ["bicycle"])
        assert any("reference copy" in line for line in report.not_checked)
        assert "reference copy" in report.summary
    assert desk.verify(signed, home).verdict is Verdict.AUTHENTIC


def test_a_withheld_reference_does_not_hide_what_hashes_can_tell(desk: Desk, tmp_path: Path) -> None:
    signed = tmp_path / "withheld.mp4"
    desk.sign(desk.media("bunny.mp4"), signed, withhold_reference=True)
    home = desk.registry(tmp_path / "home", signed)
    report = desk.verify(desk.media("bunny-trimmed.mp4"), home)
    assert report.verdict is Verdict.INCONCLUSIVE
    segment = report.matches[0].segments[0]
    assert abs(float(segment.original.start) - 1.2) <= 0.6
