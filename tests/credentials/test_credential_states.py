"""What is said of a file after something was done to it: stripped, transplanted, flipped, truncated, re-signed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import c2pa
import pytest
from credential_world import World, ffmpeg, sign

from provenance.assets import asset_id_of
from provenance.credentials.values import CredentialState
from provenance.errors import MediaError

Signed = Callable[[str], Path]
NAMES = ("a.mp4", "a.jpg", "a.png", "a.wav")


def manifest_block(data: bytes, suffix: str) -> tuple[int, int]:
    """Where the box, segment or chunk that carries the manifest starts and ends."""
    if suffix == ".mp4":
        start = data.index(b"uuid\xd8\xfe\xc3\xd6") - 4
        return start, start + int.from_bytes(data[start : start + 4], "big")
    if suffix == ".jpg":
        start = data.index(b"\xff\xeb")
        return start, start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    start = data.index(b"caBX") - 4
    return start, start + 12 + int.from_bytes(data[start : start + 4], "big")


@pytest.mark.parametrize("name", NAMES)
def test_an_intact_file_of_a_trusted_signer_is_authentic(world: World, signed: Signed, name: str) -> None:
    credential = world.read(signed(name))
    assert credential.state is CredentialState.AUTHENTIC
    assert credential.codes == ()
    assert credential.trust_list == "urn:test:newsrooms"
    assert credential.revocation == "unknown", "nobody was asked"
    assert credential.timestamp is None
    assert credential.title == "A title"
    assert credential.claim_generator == "tests 1"
    assert credential.manifest_label is not None
    assert credential.manifest_label.startswith("urn:c2pa:")
    assert [action["action"] for action in credential.actions] == ["c2pa.created"]


@pytest.mark.parametrize("name", NAMES)
def test_the_signer_is_described_by_the_certificate_that_was_verified(world: World, signed: Signed, name: str) -> None:
    signer = world.read(signed(name)).signer
    assert signer is not None
    assert signer.fingerprint == world.newsroom.fingerprint
    assert (signer.organisation, signer.common_name, signer.issuer) == (
        "Test Newsroom",
        "Test Desk",
        "Test Intermediate",
    )
    assert int(signer.serial, 16) == world.newsroom.certificate.serial_number
    assert signer.name == "Test Newsroom"


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_bytes_are_the_store_that_was_signed(world: World, media: Path, tmp_path: Path, name: str) -> None:
    store = sign(media / name, tmp_path / name, world.newsroom)
    assert world.read(tmp_path / name).manifest == store


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_byte_of_content_is_content_changed(world: World, signed: Signed, tmp_path: Path, name: str) -> None:
    data = bytearray(signed(name).read_bytes())
    content = {"a.mp4": data.find(b"mdat") + 400, "a.wav": data.find(b"data") + 400}
    data[content.get(name, -100)] ^= 1
    path = tmp_path / name
    path.write_bytes(data)
    credential = world.read(path)
    assert credential.state is CredentialState.CONTENT_CHANGED
    assert any(code.endswith("Hash.mismatch") for code in credential.codes)
    assert credential.signer is not None, "the signature is sound, so its signer is known"


@pytest.mark.parametrize("name", ["a.mp4", "a.jpg"])
def test_a_truncated_file_is_content_changed(world: World, signed: Signed, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    data = signed(name).read_bytes()
    # An MP4 is cut between two of its boxes, as a download is that stopped when it looked complete.
    path.write_bytes(data[: data.index(b"moov") - 4] if name == "a.mp4" else data[:-700])
    assert world.read(path).state is CredentialState.CONTENT_CHANGED


@pytest.mark.parametrize("name", ["a.mp4", "a.jpg"])
def test_a_file_truncated_inside_its_manifest_is_broken(
    world: World, signed: Signed, tmp_path: Path, name: str
) -> None:
    data = signed(name).read_bytes()
    start, _ = manifest_block(data, Path(name).suffix)
    path = tmp_path / name
    path.write_bytes(data[: start + 1000])
    credential = world.read(path)
    assert credential.state is CredentialState.BROKEN
    assert credential.codes == ("provenance.manifest.unreadable",)
    assert credential.problem


@pytest.mark.parametrize("name", ["a.mp4", "a.jpg"])
def test_a_damaged_file_that_never_had_a_credential_has_none(
    world: World, media: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes((media / name).read_bytes()[:300])
    assert world.read(path).state is CredentialState.NONE


@pytest.mark.parametrize("name", ["a.mp4", "a.jpg", "a.png"])
def test_a_transplanted_manifest_is_content_changed(
    world: World, media: Path, signed: Signed, tmp_path: Path, name: str
) -> None:
    donor, host = signed(name).read_bytes(), (media / name.replace("a.", "b.")).read_bytes()
    start, end = manifest_block(donor, Path(name).suffix)
    path = tmp_path / name
    path.write_bytes(host[:start] + donor[start:end] + host[start:])
    credential = world.read(path)
    assert credential.state is CredentialState.CONTENT_CHANGED
    assert credential.manifest_label == world.read(signed(name)).manifest_label


def test_a_stripped_file_has_no_credential(world: World, signed: Signed, tmp_path: Path) -> None:
    ffmpeg("-i", signed("a.mp4"), "-c", "copy", tmp_path / "stripped.mp4")
    credential = world.read(tmp_path / "stripped.mp4")
    assert credential.state is CredentialState.NONE
    assert credential.signer is None


def test_a_file_signed_again_by_a_stranger_is_untrusted(world: World, media: Path, tmp_path: Path) -> None:
    sign(media / "a.mp4", tmp_path / "a.mp4", world.stranger)
    credential = world.read(tmp_path / "a.mp4")
    assert credential.state is CredentialState.UNTRUSTED
    assert "signingCredential.untrusted" in credential.codes
    assert credential.signer is not None
    assert credential.signer.name == "Strange News"
    assert credential.trust_code == "trust.no_anchor"


def test_content_changed_under_a_stranger_is_still_content_changed(world: World, media: Path, tmp_path: Path) -> None:
    sign(media / "a.jpg", tmp_path / "a.jpg", world.stranger)
    data = bytearray((tmp_path / "a.jpg").read_bytes())
    data[-100] ^= 1
    (tmp_path / "a.jpg").write_bytes(data)
    assert world.read(tmp_path / "a.jpg").state is CredentialState.CONTENT_CHANGED


def test_an_assertion_changed_after_signing_is_invalid(world: World, signed: Signed, tmp_path: Path) -> None:
    data = signed("a.jpg").read_bytes()
    assert data.count(b"digitalCapture") == 1
    (tmp_path / "a.jpg").write_bytes(data.replace(b"digitalCapture", b"digitalCreatur"))
    credential = world.read(tmp_path / "a.jpg")
    assert credential.state is CredentialState.INVALID
    assert "assertion.hashedURI.mismatch" in credential.codes


def test_a_changed_claim_is_invalid(world: World, signed: Signed, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(signed("a.jpg").read_bytes().replace(b"A title", b"B title"))
    credential = world.read(tmp_path / "a.jpg")
    assert credential.state is CredentialState.INVALID
    assert "claimSignature.mismatch" in credential.codes


def test_no_flip_in_the_manifest_makes_a_signer_of_somebody_else(world: World, signed: Signed, tmp_path: Path) -> None:
    data = signed("a.jpg").read_bytes()
    start, end = manifest_block(data, ".jpg")
    path = tmp_path / "a.jpg"
    seen = set()
    for at in itertools.islice(range(start, end), 0, None, 37):
        changed = bytearray(data)
        changed[at] ^= 0x10
        path.write_bytes(changed)
        credential = world.read(path)
        seen.add(credential.state)
        if credential.state is CredentialState.AUTHENTIC:
            assert credential.signer is not None
            assert credential.signer.fingerprint == world.newsroom.fingerprint
    assert CredentialState.INVALID in seen


def test_bytes_hidden_where_the_hash_does_not_look_are_noted_and_keep_the_key(
    world: World, signed: Signed, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(signed("a.mp4").read_bytes() + (5008).to_bytes(4, "big") + b"free" + b"x" * 5000)
    credential, original = world.read(path), world.read(signed("a.mp4"))
    assert credential.state is CredentialState.AUTHENTIC
    assert "assertion.bmffHash.additionalExclusionsPresent" in credential.notes
    assert (credential.manifest_label, credential.hard_binding) == (original.manifest_label, original.hard_binding)


def test_the_registry_key_differs_for_two_signings_of_one_file(world: World, media: Path, tmp_path: Path) -> None:
    keys = set()
    for name in ("one.jpg", "two.jpg"):
        sign(media / "a.jpg", tmp_path / name, world.newsroom)
        credential = world.read(tmp_path / name)
        assert credential.manifest_label is not None
        assert credential.hard_binding is not None
        algorithm, _, digest = credential.hard_binding.partition(":")
        assert (algorithm, len(bytes.fromhex(digest))) == ("sha256", 32)
        keys.add(asset_id_of(credential.manifest_label, credential.hard_binding))
    assert len(keys) == 2


def test_the_key_of_a_tree_of_hashes_covers_the_leaves(world: World, media: Path, tmp_path: Path) -> None:
    bindings = set()
    for name in ("a.mp4", "b.mp4"):
        sign(media / name, tmp_path / name, world.newsroom, core={"merkle_tree_chunk_size_in_kb": 1})
        credential = world.read(tmp_path / name)
        assert credential.state is CredentialState.AUTHENTIC
        assert "merkle" in credential.assertions["c2pa.hash.bmff.v3"]
        bindings.add(credential.hard_binding)
    assert len(bindings) == 2
    assert all(binding and binding.startswith("sha256:") for binding in bindings)


def test_an_update_manifest_keeps_the_binding_of_its_parent(world: World, signed: Signed, tmp_path: Path) -> None:
    sign(signed("a.jpg"), tmp_path / "u.jpg", world.newsroom, assertions=[], intent=c2pa.C2paBuilderIntent.UPDATE)
    credential, parent = world.read(tmp_path / "u.jpg"), world.read(signed("a.jpg"))
    assert credential.state is CredentialState.AUTHENTIC
    assert credential.hard_binding == parent.hard_binding
    assert credential.manifest_label != parent.manifest_label


def test_an_update_manifest_over_changed_content_is_content_changed(
    world: World, signed: Signed, tmp_path: Path
) -> None:
    data = bytearray(signed("a.jpg").read_bytes())
    data[-100] ^= 1
    (tmp_path / "c.jpg").write_bytes(data)
    sign(tmp_path / "c.jpg", tmp_path / "u.jpg", world.newsroom, assertions=[], intent=c2pa.C2paBuilderIntent.UPDATE)
    assert world.read(tmp_path / "u.jpg").state is CredentialState.CONTENT_CHANGED


def test_the_first_segment_of_a_stream_signed_alone_is_refused(world: World, media: Path, tmp_path: Path) -> None:
    path = tmp_path / "init.mp4"
    sign(media / "init.mp4", path, world.newsroom)
    credential = world.read(path)
    assert credential.state is CredentialState.INVALID
    assert credential.codes == ("provenance.media.absent",)
    path.write_bytes(path.read_bytes() + (media / "segment1.m4s").read_bytes())
    assert world.read(path).state is CredentialState.CONTENT_CHANGED


def test_a_manifest_that_claims_gigabytes_is_refused_before_it_takes_memory(
    world: World, media: Path, tmp_path: Path
) -> None:
    data = (media / "a.mp4").read_bytes()
    first = int.from_bytes(data[:4], "big")
    box = bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + bytes(4) + b"manifest\0" + bytes(8)
    length = 3 * 2**30
    path = tmp_path / "huge.mp4"
    with path.open("wb") as stream:
        stream.write(data[:first] + (8 + length).to_bytes(4, "big") + b"uuid" + box)
        stream.seek(first + 8 + length)
        stream.write(data[first:])
    credential = world.read(path)
    assert credential.state is CredentialState.BROKEN
    assert credential.problem is not None
    assert "more than" in credential.problem


@pytest.mark.parametrize(("name", "code"), [("absent.mp4", "media.missing"), ("empty.mp4", "media.empty")])
def test_what_is_no_file_with_content_is_an_error(world: World, tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(MediaError) as caught:
        world.read(tmp_path / name)
    assert caught.value.code == code


def test_a_folder_is_an_error(world: World, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is a directory"):
        world.read(tmp_path)


def test_what_is_no_media_is_unsupported(world: World, tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("only words\n" * 100)
    assert world.read(path).state is CredentialState.UNSUPPORTED
