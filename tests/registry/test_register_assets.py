"""Registration: what is refused, what is kept, and that repeating it is harmless."""

from __future__ import annotations

import dataclasses
import hashlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from newsroom import Newsroom, filled_tables, make_clip, make_photo, sign_claiming
from sqlalchemy import text

from provenance.assets import asset_id_of
from provenance.credentials.reader import read_credential
from provenance.errors import CredentialError, MediaError, ProvenanceError, RegistryError, TrustError
from provenance.fingerprints.codec import ASSERTION_LABEL, to_assertion
from provenance.fingerprints.extract import fingerprint
from provenance.settings import Settings
from provenance.trust.policy import AllOf, SignedUnder
from provenance.workspace import work_folder
from registry.assets import list_assets, show_asset
from registry.backup import faults
from registry.register import Registered
from registry.store import Registry


def rows(registry: Registry) -> dict[str, int]:
    with registry.reading() as session:
        return {table: session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in filled_tables()}


def nothing(registry: Registry) -> bool:
    return not any(rows(registry).values())


def test_a_clip_is_registered_with_all_its_facts(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    signed = newsroom.clip
    done = newsroom.register(registry, signed.path, settings)
    assert done == Registered(signed.asset_id, created=True)
    record = show_asset(registry, done.asset_id)
    original = record.original
    assert original.asset_id == asset_id_of(original.manifest_label, original.hard_binding)
    assert (original.manifest_label, original.hard_binding) == (signed.manifest_label, signed.hard_binding)
    assert (original.title, original.signer, record.owner) == ("A wandering camera", "Herald", "organisation:Herald")
    assert original.media_type == "video/mp4"
    assert original.duration is not None
    assert abs(original.duration - 4) < Fraction(1, 5)
    assert (original.width, original.height, original.fps, original.has_audio) == (320, 240, 25.0, True)
    assert original.status == "registered"
    assert original.claims
    assert "digitalCapture" in original.claims[0]
    frames = original.fingerprints.frames
    assert frames is not None
    assert signed.fingerprints.frames is not None
    assert (frames.hashes == signed.fingerprints.frames.hashes).all()
    assert frames.algorithm == signed.fingerprints.frames.algorithm
    assert original.fingerprints.sound is not None
    assert original.fingerprints.iscc == signed.fingerprints.iscc
    assert list(faults(registry)) == []


def test_a_photo_is_registered_with_its_local_features(
    newsroom: Newsroom, registry: Registry, settings: Settings
) -> None:
    done = newsroom.register(registry, newsroom.photo.path, settings)
    original = show_asset(registry, done.asset_id).original
    assert (original.media_type, original.duration, original.fps) == ("image/jpeg", None, None)
    assert original.fingerprints.features is not None
    assert original.fingerprints.features.descriptors.shape[1] == 128
    assert original.fingerprints.features_sha256 is not None
    assert list(faults(registry)) == []


def test_registering_again_changes_nothing(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    first = newsroom.register(registry, newsroom.photo.path, settings)
    before = rows(registry)
    again = newsroom.register(registry, newsroom.photo.path, settings)
    assert again == Registered(first.asset_id, created=False)
    assert rows(registry) == before


def test_bytes_that_a_signature_leaves_out_make_no_second_asset(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    first = newsroom.register(registry, newsroom.clip.path, settings)
    padded = tmp_path / "padded.mp4"
    padded.write_bytes(newsroom.clip.path.read_bytes() + b"\x00\x00\x00\x10free" + b"\x00" * 8)
    assert hashlib.sha256(padded.read_bytes()).digest() != hashlib.sha256(newsroom.clip.path.read_bytes()).digest()
    assert newsroom.register(registry, padded, settings) == Registered(first.asset_id, created=False)


def refused(
    newsroom: Newsroom, registry: Registry, path: Path, settings: Settings, **options: object
) -> ProvenanceError:
    with pytest.raises(ProvenanceError) as caught:
        newsroom.register(registry, path, settings, **options)
    assert nothing(registry)
    assert caught.value.hint
    return caught.value


def test_an_unsigned_file_is_refused(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    error = refused(newsroom, registry, make_clip(tmp_path / "plain.mp4", seconds=1), settings)
    assert isinstance(error, TrustError)
    assert error.code == "registry.not_authentic"
    assert "none" in str(error.found)
    assert "provenance sign" in str(error.hint)


def test_a_file_changed_after_signing_is_refused(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    data = bytearray(newsroom.clip.path.read_bytes())
    data[data.rindex(b"mdat") + 2000] ^= 1
    changed = tmp_path / "changed.mp4"
    changed.write_bytes(data)
    error = refused(newsroom, registry, changed, settings)
    assert isinstance(error, TrustError)
    assert "content_changed" in str(error.found)


def test_a_signer_whom_nobody_vouches_for_is_refused(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    signed = newsroom.sign(make_clip(tmp_path / "a.mp4", seconds=1), tmp_path / "signed.mp4", newsroom.stranger)
    error = refused(newsroom, registry, signed.path, settings)
    assert isinstance(error, TrustError)
    assert "untrusted" in str(error.found)
    assert "trust add" in str(error.hint)


@pytest.mark.parametrize("policy", [AllOf(), SignedUnder(())])
def test_an_empty_policy_registers_nothing(
    newsroom: Newsroom, registry: Registry, settings: Settings, policy: object
) -> None:
    assert isinstance(refused(newsroom, registry, newsroom.photo.path, settings, policy=policy), TrustError)


def test_a_credential_without_fingerprints_is_refused(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    source = make_clip(tmp_path / "a.mp4", seconds=1)
    signed = sign_claiming(source, tmp_path / "signed.mp4", newsroom.herald, [])
    error = refused(newsroom, registry, signed, settings)
    assert isinstance(error, CredentialError)
    assert error.code == "registry.no_fingerprints"


def test_fingerprints_of_another_picture_are_refused(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    """A trusted signer who signs the hashes of another's footage would otherwise take its place in every search."""
    frames = newsroom.clip.fingerprints.frames
    assert frames is not None
    foreign = dataclasses.replace(frames, hashes=np.ascontiguousarray(frames.hashes[::-1]))
    prints = dataclasses.replace(newsroom.clip.fingerprints, frames=foreign)
    data = {"label": ASSERTION_LABEL, "created": True, "data": to_assertion(prints, None)}
    source = make_clip(tmp_path / "a.mp4")
    signed = sign_claiming(source, tmp_path / "signed.mp4", newsroom.herald, [data])
    error = refused(newsroom, registry, signed, settings)
    assert error.code == "registry.fingerprints_differ"


def test_the_iscc_of_another_picture_is_refused(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    """It is what others look originals up by: a trusted signer could stand in the place of somebody else's."""
    data = to_assertion(newsroom.photo.fingerprints, None)
    source, other = make_photo(tmp_path / "a.jpg"), make_photo(tmp_path / "other.jpg", "astronaut.png")
    with work_folder(tmp_path / "work") as work:
        foreign, _ = fingerprint(other, work, limits=settings.limits, reference=False)
    for code, words in (
        (foreign.iscc, "ISCC differs by"),
        (newsroom.clip.fingerprints.iscc, "another kind"),
        ("ISCC:EMAQ", "none that the content has"),
    ):
        data["iscc"] = code
        claimed = {"label": ASSERTION_LABEL, "created": True, "data": data}
        signed = sign_claiming(source, tmp_path / f"{words}.jpg", newsroom.herald, [claimed])
        error = refused(newsroom, registry, signed, settings)
        assert error.code == "registry.fingerprints_differ"
        assert words in str(error.found)


def test_a_soft_binding_of_another_iscc_than_the_indexed_one_is_refused(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    """Otherwise software that knows only C2PA would be led elsewhere than ours."""
    source = make_photo(tmp_path / "a.jpg")
    data = {"label": ASSERTION_LABEL, "created": True, "data": to_assertion(newsroom.photo.fingerprints, None)}

    def bound(*codes: str | None) -> dict[str, Any]:
        blocks = [{"scope": {}, "value": code} for code in codes]
        return {
            "label": "c2pa.soft-binding",
            "created": True,
            "data": {"alg": "io.iscc.v0", "pad": [0], "blocks": blocks},
        }

    own, foreign = newsroom.photo.fingerprints.iscc, newsroom.clip.fingerprints.iscc
    signed = sign_claiming(source, tmp_path / "foreign.jpg", newsroom.herald, [data, bound(foreign)])
    error = refused(newsroom, registry, signed, settings)
    assert (error.code, error.expected) == ("registry.soft_binding_differs", own)
    both = sign_claiming(source, tmp_path / "both.jpg", newsroom.herald, [data, bound(foreign), bound("x", own)])
    assert newsroom.register(registry, both, settings).created


@pytest.mark.parametrize("kind", ["clip", "photo"])
def test_the_iscc_of_a_file_that_is_kept_must_be_that_of_its_reference_copy(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path, kind: str
) -> None:
    signed = newsroom.clip if kind == "clip" else newsroom.photo
    assert signed.reference is not None
    with work_folder(tmp_path / "work") as work:
        path, picture = tmp_path / f"other{signed.path.suffix}", "astronaut.png" if kind == "photo" else "coffee.png"
        other = (make_photo if kind == "photo" else make_clip)(path, picture)
        foreign, _ = fingerprint(other, work, limits=settings.limits, reference=False)
    prints = dataclasses.replace(signed.fingerprints, iscc=foreign.iscc)
    data = {"label": ASSERTION_LABEL, "created": True, "data": to_assertion(prints, signed.reference.sha256)}
    claimed = sign_claiming(signed.path, tmp_path / signed.path.name, newsroom.herald, [data])
    manifest = read_credential(claimed, anchors=newsroom.anchors, policy=newsroom.policy).manifest
    error = refused(newsroom, registry, signed.reference.path, settings, manifest=manifest)
    assert (error.code, "ISCC differs by" in str(error.found)) == ("registry.fingerprints_differ", True)


@pytest.mark.parametrize("damage", [{"version": 99}, {"frames": "not an object"}, {"reference": "../../etc/passwd"}])
def test_a_hostile_fingerprint_assertion_is_refused(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path, damage: dict[str, object]
) -> None:
    data = {
        "label": ASSERTION_LABEL,
        "created": True,
        "data": to_assertion(newsroom.clip.fingerprints, None) | damage,
    }
    source = make_clip(tmp_path / "a.mp4", seconds=1)
    signed = sign_claiming(source, tmp_path / "signed.mp4", newsroom.herald, [data])
    assert isinstance(refused(newsroom, registry, signed, settings), CredentialError)


def test_a_missing_file_is_refused(newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path) -> None:
    assert isinstance(refused(newsroom, registry, tmp_path / "nowhere.mp4", settings), MediaError)


def held(registry: Registry, asset_id: str) -> str | None:
    return show_asset(registry, asset_id).original.reference_sha256


def test_the_copy_that_the_signer_kept_is_stored(newsroom: Newsroom, registry: Registry) -> None:
    assert newsroom.clip.reference is not None
    settings = newsroom.settings.model_copy(update={"blobs_url": None})
    done = newsroom.register(registry, newsroom.clip.path, settings)
    assert held(registry, done.asset_id) == newsroom.clip.reference.sha256
    assert registry.blobs.get(newsroom.clip.reference.sha256) == newsroom.clip.reference.path.read_bytes()


def test_without_the_kept_copy_it_is_made_again(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    assert newsroom.clip.reference is not None
    assert not settings.references.exists()
    done = newsroom.register(registry, newsroom.clip.path, settings)
    assert held(registry, done.asset_id) == newsroom.clip.reference.sha256


def test_a_named_copy_must_have_the_signed_hash(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    other = make_clip(tmp_path / "other.mp4", seconds=1)
    assert refused(newsroom, registry, newsroom.clip.path, settings, reference=other).code == "reference.differs"
    gone = tmp_path / "gone.mp4"
    assert isinstance(refused(newsroom, registry, newsroom.clip.path, settings, reference=gone), MediaError)
    assert newsroom.clip.reference is not None
    done = newsroom.register(registry, newsroom.clip.path, settings, reference=newsroom.clip.reference.path)
    assert held(registry, done.asset_id) == newsroom.clip.reference.sha256


def test_a_damaged_kept_copy_is_not_taken(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    assert newsroom.clip.reference is not None
    settings.references.mkdir(parents=True)
    (settings.references / f"{newsroom.clip.reference.sha256}.mp4").write_bytes(b"damaged")
    done = newsroom.register(registry, newsroom.clip.path, settings)
    assert registry.blobs.get(newsroom.clip.reference.sha256) == newsroom.clip.reference.path.read_bytes()
    assert held(registry, done.asset_id) == newsroom.clip.reference.sha256


def test_a_withheld_copy_stays_withheld(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    source = make_clip(tmp_path / "a.mp4", seconds=1)
    signed = newsroom.sign(source, tmp_path / "signed.mp4", withhold_reference=True)
    assert refused(newsroom, registry, signed.path, settings, reference=source).code == "reference.withheld"
    done = newsroom.register(registry, signed.path, settings)
    assert held(registry, done.asset_id) is None
    assert rows(registry)["blobs"] == 1


def test_a_copy_that_turns_up_later_is_added(
    newsroom: Newsroom, registry: Registry, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine with another encoder the copy made again has another hash: registered without, completed later."""
    assert newsroom.clip.reference is not None
    with monkeypatch.context() as patch:
        patch.setattr("registry.register.has_hash", lambda path, sha256: False)
        done = newsroom.register(registry, newsroom.clip.path, settings)
    assert held(registry, done.asset_id) is None
    again = newsroom.register(registry, newsroom.clip.path, settings, reference=newsroom.clip.reference.path)
    assert not again.created
    assert held(registry, done.asset_id) == newsroom.clip.reference.sha256
    assert [event.kind for event in show_asset(registry, done.asset_id).events] == ["registered", "reference_added"]


def test_lost_blobs_come_back_when_registered_again(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    assert newsroom.clip.reference is not None
    newsroom.register(registry, newsroom.clip.path, settings)
    blobs = sorted(path for path in Path(settings.blobs).rglob("*") if path.is_file())
    assert len(blobs) == 2
    blobs[0].unlink()
    blobs[1].write_bytes(b"torn")
    assert len(list(faults(registry))) == 2
    newsroom.register(registry, newsroom.clip.path, settings, reference=newsroom.clip.reference.path)
    assert list(faults(registry)) == []


def test_the_same_picture_of_another_signer_is_noted_not_refused(
    newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    first = newsroom.register(registry, newsroom.clip.path, settings)
    plain = make_clip(tmp_path / "a.mp4")
    second = newsroom.register(registry, newsroom.sign(plain, tmp_path / "b.mp4", newsroom.courier).path, settings)
    own = newsroom.register(registry, newsroom.sign(plain, tmp_path / "c.mp4").path, settings)
    other = newsroom.register(
        registry, newsroom.sign(make_clip(tmp_path / "d.mp4", "coffee.png"), tmp_path / "e.mp4").path, settings
    )
    noted = {
        asset.asset_id: show_asset(registry, asset.asset_id).events[0].detail.get("same_picture_as")
        for asset in (first, second, own, other)
    }
    assert noted == {
        first.asset_id: None,
        second.asset_id: [first.asset_id],
        own.asset_id: [second.asset_id],
        other.asset_id: None,
    }
    assert len(list_assets(registry, 10)) == 4


def test_a_failure_in_the_last_step_leaves_no_row(
    newsroom: Newsroom, registry: Registry, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with registry.writing() as session:
        # A real failure of the database in the very last table that is written.
        session.execute(
            text("CREATE TRIGGER broken BEFORE INSERT ON sound_keys_0 BEGIN SELECT RAISE(ABORT, 'no more'); END")
        )
    with pytest.raises(RegistryError):
        newsroom.register(registry, newsroom.clip.path, settings)
    assert nothing(registry)
    with registry.writing() as session:
        session.execute(text("DROP TRIGGER broken"))
    assert newsroom.register(registry, newsroom.clip.path, settings).created
    assert list(faults(registry)) == []


def test_a_blob_store_that_refuses_leaves_no_row(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    Path(settings.blobs).write_text("a file where the folder should be")
    with pytest.raises(RegistryError) as caught:
        newsroom.register(registry, newsroom.photo.path, settings)
    assert caught.value.code in {"blobs.write", "blobs.read"}
    assert nothing(registry)
