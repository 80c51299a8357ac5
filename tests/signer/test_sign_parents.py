"""A file that was signed before never loses its history, whatever state that history is in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from signing_bench import Bench

from provenance.credentials.values import CredentialState
from provenance.files import sha256_file


@pytest.fixture
def sign(bench: Bench) -> Callable[[Path, str], Path]:
    def run(source: Path, name: str) -> Path:
        return bench.sign(source, bench.settings.home / name, f"title of {name}").path

    return run


Sign = Callable[[Path, str], Path]


@pytest.mark.parametrize("kind", ["mp4", "jpg", "webm"])
def test_a_signed_input_becomes_the_parent(kind: str, bench: Bench, media: Callable[[str], Path], sign: Sign) -> None:
    first = sign(media(kind), f"first.{kind}")
    second = sign(first, f"second.{kind}")
    parent, child = bench.read(first), bench.read(second)
    assert child.state is CredentialState.AUTHENTIC
    assert [action["action"] for action in child.actions] == ["c2pa.opened"]
    assert [(i.relationship, i.manifest_label, i.failures) for i in child.ingredients] == [
        ("parentOf", parent.manifest_label, ())
    ]


@pytest.mark.parametrize(
    ("kind", "code"), [("mp4", "assertion.bmffHash.mismatch"), ("jpg", "assertion.dataHash.mismatch")]
)
def test_a_parent_whose_content_was_changed_is_kept_with_its_failure(
    kind: str, code: str, bench: Bench, media: Callable[[str], Path], sign: Sign, tmp_path: Path
) -> None:
    first = sign(media(kind), f"first.{kind}")
    data = bytearray(first.read_bytes())
    data[_inside_the_media(kind, data)] ^= 1
    changed = tmp_path / f"changed.{kind}"
    changed.write_bytes(data)
    assert bench.read(changed).state is CredentialState.CONTENT_CHANGED

    child = bench.read(sign(changed, f"second.{kind}"))

    assert child.state is CredentialState.AUTHENTIC
    assert [action["action"] for action in child.actions] == ["c2pa.opened"]
    assert child.ingredients[0].manifest_label == bench.read(first).manifest_label
    assert child.ingredients[0].failures == (code,)


@pytest.mark.parametrize("kind", ["mp4", "jpg", "webp"])
def test_a_parent_that_cannot_be_read_is_recorded_as_such(
    kind: str, bench: Bench, media: Callable[[str], Path], sign: Sign, tmp_path: Path
) -> None:
    first = sign(media(kind), f"first.{kind}")
    data = bytearray(first.read_bytes())
    at = data.index(b"c2pa.assertions")
    data[at + 15 : at + 200] = b"\xa5" * 185
    broken = tmp_path / f"broken.{kind}"
    broken.write_bytes(data)
    assert bench.read(broken).state is CredentialState.BROKEN

    child = bench.read(sign(broken, f"second.{kind}"))

    assert child.state is CredentialState.AUTHENTIC
    assert [action["action"] for action in child.actions] == ["c2pa.opened"]
    assert [(i.relationship, i.manifest_label, i.failures) for i in child.ingredients] == [
        ("parentOf", None, ("claim.malformed",))
    ]


def test_a_parent_in_a_sidecar_over_changed_media_is_kept_with_its_failure(
    bench: Bench, media: Callable[[str], Path], sign: Sign, tmp_path: Path
) -> None:
    first = sign(media("mkv"), "first.mkv")
    changed = tmp_path / "changed.mkv"
    data = bytearray(first.read_bytes())
    data[-100] ^= 1
    changed.write_bytes(data)
    (tmp_path / "changed.mkv.c2pa").write_bytes(first.with_name("first.mkv.c2pa").read_bytes())
    label = bench.read(first).manifest_label

    child = bench.read(sign(changed, "second.mkv"))

    assert child.state is CredentialState.AUTHENTIC
    assert child.ingredients[0].manifest_label == label
    assert "assertion.dataHash.mismatch" in child.ingredients[0].failures


@pytest.mark.parametrize("kind", ["jpg", "webm"])
def test_a_parent_that_was_tampered_with_is_recorded_with_what_fails(
    kind: str, bench: Bench, media: Callable[[str], Path], sign: Sign, tmp_path: Path
) -> None:
    first = sign(media(kind), f"first.{kind}")
    forged = tmp_path / f"forged.{kind}"
    forged.write_bytes(first.read_bytes().replace(b"title of first", b"title of FIRST"))
    sidecar = first.with_name(f"first.{kind}.c2pa")
    if sidecar.exists():
        forged.with_name(f"forged.{kind}.c2pa").write_bytes(
            sidecar.read_bytes().replace(b"title of first", b"title of FIRST")
        )
    assert bench.read(forged).state is CredentialState.INVALID

    child = bench.read(sign(forged, f"second.{kind}"))

    assert child.state is CredentialState.AUTHENTIC
    assert [action["action"] for action in child.actions] == ["c2pa.opened"]
    assert child.ingredients[0].relationship == "parentOf"
    assert {"claimSignature.mismatch", "assertion.hashedURI.mismatch"} <= set(child.ingredients[0].failures)


def test_three_generations_keep_all_three_manifests(bench: Bench, media: Callable[[str], Path], sign: Sign) -> None:
    first = sign(media("png"), "first.png")
    second = sign(first, "second.png")
    third = sign(second, "third.png")
    assert bench.read(third).ingredients[0].manifest_label == bench.read(second).manifest_label
    assert bench.read(first).manifest_label is not None
    assert str(bench.read(first).manifest_label).encode() in third.read_bytes()
    assert sha256_file(first) != sha256_file(second)


def _inside_the_media(kind: str, data: bytearray) -> int:
    return data.index(b"mdat") + 200 if kind == "mp4" else len(data) - 100
