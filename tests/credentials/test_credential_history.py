"""What an asset was made from: failures of ingredients are told, however deep, and the policy may refuse them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import c2pa
from credential_world import World, sign

from provenance.credentials.states import UNTRUSTED_CODE
from provenance.credentials.values import CredentialState
from provenance.trust.anchors import AnchorKind, AnchorList
from provenance.trust.policy import AllOf, SignedUnder, SoundHistory

Signed = Callable[[str], Path]
EDIT = c2pa.C2paBuilderIntent.EDIT


def changed(source: Path, target: Path) -> Path:
    data = bytearray(source.read_bytes())
    data[-100] ^= 1
    target.write_bytes(data)
    return target


def test_a_sound_parent_is_told_with_no_failure(world: World, media: Path, signed: Signed, tmp_path: Path) -> None:
    sign(media / "b.jpg", tmp_path / "e.jpg", world.newsroom, assertions=[], parent=signed("a.jpg"), intent=EDIT)
    policy = AllOf(SignedUnder(world.anchors), SoundHistory())
    credential = world.read(tmp_path / "e.jpg", policy=policy)
    assert credential.state is CredentialState.AUTHENTIC
    assert credential.codes == ()
    (parent,) = credential.ingredients
    assert (parent.title, parent.relationship, parent.failures) == ("The parent", "parentOf", ())
    assert parent.manifest_label == world.read(signed("a.jpg")).manifest_label
    assert [action["action"] for action in credential.actions] == ["c2pa.opened"]


def test_a_parent_whose_content_had_changed_is_told(world: World, media: Path, signed: Signed, tmp_path: Path) -> None:
    parent = changed(signed("a.jpg"), tmp_path / "p.jpg")
    sign(media / "b.jpg", tmp_path / "e.jpg", world.newsroom, assertions=[], parent=parent, intent=EDIT)
    credential = world.read(tmp_path / "e.jpg")
    assert credential.ingredients[0].failures == ("assertion.dataHash.mismatch",)
    assert credential.codes == ("assertion.dataHash.mismatch",)
    assert credential.state is CredentialState.AUTHENTIC, (
        "the trusted signer says of these bytes what they were made from"
    )
    strict = world.read(tmp_path / "e.jpg", policy=AllOf(SignedUnder(world.anchors), SoundHistory()))
    assert (strict.state, strict.trust_code) == (CredentialState.UNTRUSTED, "trust.unsound_history")


def test_a_grandparent_whose_content_had_changed_is_told(
    world: World, media: Path, signed: Signed, tmp_path: Path
) -> None:
    parent = changed(signed("a.jpg"), tmp_path / "p.jpg")
    sign(media / "b.jpg", tmp_path / "e.jpg", world.newsroom, assertions=[], parent=parent, intent=EDIT)
    edited = tmp_path / "e.jpg"
    sign(media / "a.jpg", tmp_path / "f.jpg", world.newsroom, assertions=[], parent=edited, intent=EDIT)
    credential = world.read(tmp_path / "f.jpg")
    assert "assertion.dataHash.mismatch" in credential.ingredients[0].failures
    assert "assertion.dataHash.mismatch" in credential.codes


def test_a_strangers_parent_is_told_as_untrusted(world: World, media: Path, tmp_path: Path) -> None:
    sign(media / "a.jpg", tmp_path / "p.jpg", world.stranger)
    sign(media / "b.jpg", tmp_path / "e.jpg", world.newsroom, assertions=[], parent=tmp_path / "p.jpg", intent=EDIT)
    credential = world.read(tmp_path / "e.jpg")
    assert credential.state is CredentialState.AUTHENTIC
    assert credential.ingredients[0].failures == (UNTRUSTED_CODE,)


def test_a_trusted_parent_does_not_vouch_for_the_stranger_who_signs_over_it(
    world: World, media: Path, signed: Signed, tmp_path: Path
) -> None:
    sign(media / "b.jpg", tmp_path / "e.jpg", world.stranger, assertions=[], parent=signed("a.jpg"), intent=EDIT)
    credential = world.read(tmp_path / "e.jpg")
    assert (credential.state, credential.trust_lists) == (CredentialState.UNTRUSTED, ())
    assert UNTRUSTED_CODE in credential.codes
    assert credential.ingredients[0].failures == ()


def test_a_list_for_timestamps_does_not_vouch_for_the_signer_of_a_parent(
    world: World, media: Path, tmp_path: Path
) -> None:
    sign(media / "a.jpg", tmp_path / "p.jpg", world.stranger)
    sign(media / "b.jpg", tmp_path / "e.jpg", world.newsroom, assertions=[], parent=tmp_path / "p.jpg", intent=EDIT)
    issuer = world.stranger_root
    with_times = (*world.anchors, AnchorList("urn:test:more", "more", issuer.pem, AnchorKind.TSA))
    assert world.read(tmp_path / "e.jpg", anchors=with_times).ingredients[0].failures == (UNTRUSTED_CODE,)
    with_signers = (*world.anchors, AnchorList("urn:test:more", "more", issuer.pem))
    assert world.read(tmp_path / "e.jpg", anchors=with_signers).ingredients[0].failures == ()


def test_a_parents_manifest_changed_after_signing_is_invalid(
    world: World, media: Path, signed: Signed, tmp_path: Path
) -> None:
    path = tmp_path / "e.jpg"
    sign(media / "b.jpg", path, world.newsroom, title="Edited", assertions=[], parent=signed("a.jpg"), intent=EDIT)
    data = path.read_bytes()
    assert data.count(b"A title") == 1
    path.write_bytes(data.replace(b"A title", b"B title"))
    credential = world.read(path)
    assert credential.state is CredentialState.INVALID
    assert "ingredient.manifest.mismatch" in credential.codes
    assert "ingredient.manifest.mismatch" in credential.ingredients[0].failures
