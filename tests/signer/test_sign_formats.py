"""What every container that is signed must keep: a sound credential that says what was meant, over untouched media."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from signing_bench import EMBEDDED, SIDECAR, Bench

from provenance.assets import Capture
from provenance.credentials.values import CredentialState
from provenance.errors import MediaError
from provenance.files import sha256_file
from provenance.fingerprints.codec import ASSERTION_LABEL, agree, from_assertion
from signer.sign import sign_file


@pytest.mark.parametrize("kind", [*EMBEDDED, "fragmented.mp4"])
def test_what_can_embed_is_signed_within_the_file(kind: str, bench: Bench, media: Callable[[str], Path]) -> None:
    source = media(kind)
    before = sha256_file(source)
    target = bench.settings.home / f"signed.{kind}"

    signed = sign_file(
        Capture(source, "A title"), target, key=bench.key, settings=bench.settings, anchors=bench.anchors
    )

    credential = bench.read(target)
    assert (credential.state, credential.sidecar, signed.sidecar) == (CredentialState.AUTHENTIC, False, None)
    assert (credential.title, credential.manifest_label) == ("A title", signed.manifest_label)
    assert credential.hard_binding == signed.hard_binding
    assert sha256_file(source) == before
    prints, reference = from_assertion(credential.assertions[ASSERTION_LABEL])
    assert agree(prints, signed.fingerprints) is None
    assert reference == (signed.reference.sha256 if signed.reference else None)


@pytest.mark.parametrize("kind", SIDECAR)
def test_what_cannot_embed_is_signed_beside_an_identical_copy(
    kind: str, bench: Bench, media: Callable[[str], Path]
) -> None:
    source = media(kind)
    target = bench.settings.home / f"signed.{kind}"

    signed = sign_file(
        Capture(source, "A title"), target, key=bench.key, settings=bench.settings, anchors=bench.anchors
    )

    assert signed.sidecar == target.with_name(f"signed.{kind}.c2pa")
    assert target.read_bytes() == source.read_bytes()
    credential = bench.read(target)
    assert (credential.state, credential.sidecar) == (CredentialState.AUTHENTIC, True)
    assert credential.manifest_label == signed.manifest_label


def test_the_manifest_says_who_what_when_and_where(bench: Bench, media: Callable[[str], Path]) -> None:
    capture = Capture(
        media("mp4"),
        "Flood in the old town",
        source_type="computationalCapture",
        author="Ana Petrović",
        organisation="City Courier",
        captured_at="2026-03-01T14:05:00+01:00",
        place="Novi Sad",
    )
    target = bench.settings.home / "signed.mp4"

    signed = sign_file(capture, target, key=bench.key, settings=bench.settings, anchors=bench.anchors)

    credential = bench.read(target)
    assert credential.title == "Flood in the old town"
    assert [action["action"] for action in credential.actions] == ["c2pa.created"]
    action = credential.actions[0]
    assert action["digitalSourceType"].endswith("/digitalsourcetype/computationalCapture")
    assert action["when"] == "2026-03-01T14:05:00+01:00"
    metadata = credential.assertions["cawg.metadata"]
    assert metadata["dc:creator"] == ["Ana Petrović"]
    assert metadata["dc:publisher"] == ["City Courier"]
    assert metadata["Iptc4xmpExt:LocationCreated"] == [{"Iptc4xmpExt:LocationName": "Novi Sad"}]
    binding = credential.assertions["c2pa.soft-binding"]
    assert binding["alg"] == "io.iscc.v0"
    assert binding["blocks"][0]["value"] == signed.fingerprints.iscc
    assert 1400 <= binding["blocks"][0]["scope"]["timespan"]["end"] <= 1600
    assert not any("thumbnail" in label for label in credential.assertions)


def test_the_reference_copy_is_kept_under_the_hash_that_was_signed(bench: Bench, media: Callable[[str], Path]) -> None:
    target = bench.settings.home / "signed.mp4"
    signed = sign_file(
        Capture(media("mp4"), "t"), target, key=bench.key, settings=bench.settings, anchors=bench.anchors
    )
    assert signed.reference is not None
    assert signed.reference.path.parent == bench.settings.references
    assert sha256_file(signed.reference.path) == signed.reference.sha256
    assert bench.read(target).assertions[ASSERTION_LABEL]["reference"] == signed.reference.sha256


def test_a_withheld_reference_copy_is_neither_kept_nor_signed(bench: Bench, media: Callable[[str], Path]) -> None:
    target = bench.settings.home / "signed.mp4"
    signed = sign_file(
        Capture(media("mp4"), "t"),
        target,
        key=bench.key,
        settings=bench.settings,
        anchors=bench.anchors,
        withhold_reference=True,
    )
    assert signed.reference is None
    assert not bench.settings.references.exists()
    assert bench.read(target).assertions[ASSERTION_LABEL]["reference"] is None


def test_an_init_segment_without_media_is_refused(bench: Bench, media: Callable[[str], Path], tmp_path: Path) -> None:
    whole = media("fragmented.mp4").read_bytes()
    segment = tmp_path / "init.mp4"
    segment.write_bytes(whole[: whole.index(b"moof") - 4])
    target = tmp_path / "signed.mp4"
    with pytest.raises(MediaError):
        sign_file(Capture(segment, "t"), target, key=bench.key, settings=bench.settings, anchors=bench.anchors)
    assert not target.exists()
