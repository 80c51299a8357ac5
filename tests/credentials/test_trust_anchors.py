"""Trust lists hold certificates of authorities and nothing else: what the library would skip is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pki
import pytest
from credential_world import World

from provenance.errors import TrustError
from provenance.trust.anchors import AnchorKind, add_anchors, load_anchors, remove_anchors


def refusal(folder: Path, name: str, pem: bytes, **options: AnchorKind) -> str:
    with pytest.raises(TrustError) as caught:
        add_anchors(folder, name, pem, **options)
    assert not folder.exists() or not list(folder.iterdir()), "nothing is kept of what was refused"
    return caught.value.code


def test_a_list_is_kept_and_found_again(world: World, tmp_path: Path) -> None:
    added = add_anchors(tmp_path / "trust", "newsrooms", b"a comment\n" + world.root.pem + world.intermediate.pem)
    assert load_anchors(tmp_path / "trust") == (added,)
    assert added.uri == "urn:provenance-toolkit:trust:newsrooms"
    assert added.certificates == (world.root.certificate, world.intermediate.certificate)
    assert b"comment" not in added.pem


def test_no_folder_is_no_lists(tmp_path: Path) -> None:
    assert load_anchors(tmp_path / "absent") == ()


def test_a_list_for_timestamps_keeps_its_kind(world: World, tmp_path: Path) -> None:
    add_anchors(tmp_path, "times", world.tsa_root.pem, kind=AnchorKind.TSA)
    assert [(a.name, a.kind) for a in load_anchors(tmp_path)] == [("times", AnchorKind.TSA)]


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        (b"", "trust.anchor_none"),
        (b"no certificate here", "trust.anchor_none"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "trust.anchor_unreadable"),
        (b"-----BEGIN CERTIFICATE-----\n\xff\xfe\n-----END CERTIFICATE-----\n", "trust.anchor_unreadable"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "trust.anchor_unreadable"),
    ],
)
def test_garbage_is_refused(tmp_path: Path, pem: bytes, code: str) -> None:
    assert refusal(tmp_path / "trust", "bad", pem) == code


def test_garbage_after_a_good_certificate_is_refused(world: World, tmp_path: Path) -> None:
    half = world.root.pem[: len(world.root.pem) // 2]
    assert refusal(tmp_path / "trust", "bad", world.root.pem + half) == "trust.anchor_unreadable"


def test_a_damaged_certificate_is_refused_at_any_byte(world: World, tmp_path: Path) -> None:
    lines = world.root.pem.splitlines()
    for number in range(1, len(lines) - 1):
        damaged = [*lines[:number], lines[number][:-4] + b"!!!!", *lines[number + 1 :]]
        assert refusal(tmp_path / "trust", "bad", b"\n".join(damaged)) == "trust.anchor_unreadable"


def test_a_leaf_is_no_authority(world: World, tmp_path: Path) -> None:
    assert refusal(tmp_path / "trust", "bad", world.newsroom.pem) == "trust.anchor_not_authority"


def test_an_expired_authority_is_refused_and_left_out_once_expired(world: World, tmp_path: Path) -> None:
    old = pki.authority("Old", not_after=pki.NOW + pki.DAY)
    later = pki.NOW + 2 * pki.DAY
    with pytest.raises(TrustError) as caught:
        add_anchors(tmp_path, "old", old.pem, now=later)
    assert caught.value.code == "trust.anchor_expired"
    add_anchors(tmp_path, "mixed", old.pem + world.root.pem, now=pki.NOW)
    (mixed,) = load_anchors(tmp_path, now=later)
    assert mixed.certificates == (world.root.certificate,)


@pytest.mark.parametrize("name", ["", "../escape", "a/b", "UPPER", "a.b", "-x", "x" * 65, "a\x1b[31m"])
def test_a_name_that_could_leave_the_folder_is_refused(world: World, tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path / "trust", name, world.root.pem) == "trust.name"


def test_adding_the_same_again_changes_nothing_and_another_list_of_that_name_is_refused(
    world: World, tmp_path: Path
) -> None:
    first = add_anchors(tmp_path, "one", world.root.pem)
    assert add_anchors(tmp_path, "one", world.root.pem) == first
    for pem, kind in ((world.tsa_root.pem, AnchorKind.MANIFEST), (world.root.pem, AnchorKind.TSA)):
        with pytest.raises(TrustError) as caught:
            add_anchors(tmp_path, "one", pem, kind=kind)
        assert caught.value.code == "trust.name_taken"
    assert load_anchors(tmp_path) == (first,)


def test_a_removed_list_is_gone(world: World, tmp_path: Path) -> None:
    add_anchors(tmp_path, "one", world.root.pem)
    remove_anchors(tmp_path, "one")
    assert load_anchors(tmp_path) == ()
    with pytest.raises(TrustError, match="no trust list one"):
        remove_anchors(tmp_path, "one")


def test_a_file_put_into_the_folder_by_hand_is_checked_too(world: World, tmp_path: Path) -> None:
    (tmp_path / "leaf.pem").write_bytes(world.newsroom.pem)
    with pytest.raises(TrustError) as caught:
        load_anchors(tmp_path)
    assert caught.value.code == "trust.anchor_not_authority"


def test_the_clock_is_the_present_where_none_is_given(world: World, tmp_path: Path) -> None:
    assert world.root.certificate.not_valid_after_utc > dt.datetime.now(dt.UTC)
    assert add_anchors(tmp_path, "one", world.root.pem).certificates
