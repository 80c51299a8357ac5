"""Signing that is refused or fails leaves the source, the target and the home as they were, and says why."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from signing_bench import Bench

from provenance.assets import Capture
from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError, ProvenanceError
from provenance.files import sha256_file
from provenance.media.kinds import sniff
from signer.authority import issue_authority, issue_leaf
from signer.manifest import IPTC, SOURCE_TYPES
from signer.sign import sign_file
from signer.signing import SigningKey
from signer.writer import MAX_DEFINITION_BYTES, write_signed

NOW = datetime.now(UTC)


@pytest.fixture
def source(media: Callable[[str], Path], tmp_path: Path) -> Path:
    """A file of the test's own, to be endangered."""
    path = tmp_path / "source.png"
    path.write_bytes(media("png").read_bytes())
    return path


def refused(bench: Bench, source: Path, target: Path, **changes: Any) -> ProvenanceError:
    """Sign what cannot be signed; returns the error, having checked that nothing else changed."""
    key = changes.pop("key", bench.key)
    replace = changes.pop("replace", False)
    now = changes.pop("now", None)
    capture = Capture(source, changes.pop("title", "t"), **changes)
    before = sha256_file(source)
    there = target.read_bytes() if target.exists() else None
    files = {path.name for path in target.parent.iterdir()}

    with pytest.raises(ProvenanceError) as caught:
        sign_file(
            capture,
            target,
            key=key,
            settings=bench.settings,
            anchors=bench.anchors,
            replace=replace,
            now=now,
        )

    assert sha256_file(source) == before
    assert (target.read_bytes() if target.exists() else None) == there
    assert {path.name for path in target.parent.iterdir()} - {"home"} == files - {"home"}
    work = bench.settings.home / "work"
    assert not work.exists() or list(work.iterdir()) == []
    return caught.value


@pytest.fixture
def small_files() -> Iterator[Callable[[int], None]]:
    """A function that lets no file grow beyond so many bytes: what a full disk does, without filling one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_existing_target_is_kept_without_force(bench: Bench, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "signed.png"
    target.write_bytes(b"precious")
    error = refused(bench, source, target)
    assert error.code == "output.exists"
    assert "--force" in str(error.hint)


def test_an_existing_sidecar_is_kept_without_force(bench: Bench, media: Callable[[str], Path], tmp_path: Path) -> None:
    sidecar = tmp_path / "signed.webm.c2pa"
    sidecar.write_bytes(b"precious")
    assert refused(bench, media("webm"), tmp_path / "signed.webm").code == "output.exists"
    assert sidecar.read_bytes() == b"precious"


def test_the_source_is_never_the_target_under_any_name(bench: Bench, source: Path, tmp_path: Path) -> None:
    link, hard = tmp_path / "link.png", tmp_path / "hard.png"
    link.symlink_to(source)
    os.link(source, hard)
    detour = tmp_path / "home" / ".." / "source.png"
    for target in (source, link, hard, detour):
        assert refused(bench, source, target, replace=True).code == "output.is_source"
    assert refused(bench, link, source, replace=True).code == "output.is_source"


def test_a_source_behind_a_link_is_signed_and_the_link_stays(bench: Bench, source: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.png"
    link.symlink_to(source)
    target = tmp_path / "signed.png"
    sign_file(Capture(link, "t"), target, key=bench.key, settings=bench.settings, anchors=bench.anchors)
    assert link.is_symlink()
    assert bench.read(target).title == "t"


def test_replacing_is_complete(bench: Bench, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "signed.png"
    target.write_bytes(b"old" * 1_000_000)
    sign_file(Capture(source, "t"), target, key=bench.key, settings=bench.settings, anchors=bench.anchors, replace=True)
    assert bench.read(target).title == "t"


@pytest.mark.parametrize("kind", ["wav", "webm"])
def test_a_full_disk_leaves_the_old_target(
    kind: str,
    bench: Bench,
    media: Callable[[str], Path],
    tmp_path: Path,
    small_files: Callable[[int], None],
) -> None:
    target = tmp_path / f"signed.{kind}"
    target.write_bytes(b"old")
    # Enough for fingerprints and reference copy, too little for the signed file.
    small_files(media(kind).stat().st_size - 1000)
    full = refused(bench, media(kind), target, replace=True)
    assert full.code == "output.full"
    assert full.message.startswith(f"no room to write {target}")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"source_type": "digitalArt"}, "sign.source_type"),
        ({"source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}, "sign.source_type"),
        ({"captured_at": "yesterday"}, "sign.captured_at"),
        ({"captured_at": "2026-03-01T14:05:00"}, "sign.captured_at"),
        ({"captured_at": "2026-02-30T14:05:00Z"}, "sign.captured_at"),
        ({"title": ""}, "sign.text"),
        ({"author": "a\x1b[31mb"}, "sign.text"),
        ({"place": "x" * 501}, "sign.text"),
    ],
)
def test_what_cannot_be_said_is_refused_before_any_work(
    changes: dict[str, str], code: str, bench: Bench, source: Path, tmp_path: Path
) -> None:
    assert refused(bench, source, tmp_path / "signed.png", **changes).code == code
    assert not (bench.settings.home / "work").exists()


def test_every_source_type_that_is_offered_is_taken(bench: Bench) -> None:
    from signer.manifest import check_capture

    for name in SOURCE_TYPES:
        check_capture(Capture(Path("x"), "t", source_type=name))
    assert len(set(SOURCE_TYPES)) == 17


def test_an_expired_certificate_signs_nothing(bench: Bench, source: Path, tmp_path: Path) -> None:
    error = refused(bench, source, tmp_path / "signed.png", now=NOW + timedelta(days=1000))
    assert error.code == "keys.expired"
    assert "valid until" in str(error.found)


def test_a_certificate_for_web_servers_signs_nothing(bench: Bench, source: Path, tmp_path: Path) -> None:
    root = issue_authority("Root", None, NOW, 100, path_length=1)
    leaf = issue_leaf("Signer", "O", root, NOW, 30, purposes=("1.3.6.1.5.5.7.3.1",))
    key = SigningKey("web", "es256", (leaf.certificate, root.certificate), leaf.private)
    assert refused(bench, source, tmp_path / "signed.png", key=key).code == "keys.eku"


def test_a_key_that_fails_is_named_as_the_cause(bench: Bench, source: Path, tmp_path: Path) -> None:
    class Unplugged(SigningKey):
        def sign(self, data: bytes) -> bytes:
            raise RuntimeError("the security module was unplugged")

    key = Unplugged("hsm", "es256", bench.key.chain, bench.key.private)
    error = refused(bench, source, tmp_path / "signed.png", key=key)
    assert (error.code, error.found) == ("sign.key", "the security module was unplugged")


def test_a_wrong_signature_is_thrown_away(bench: Bench, source: Path, tmp_path: Path) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())

    class Swapped(SigningKey):
        def sign(self, data: bytes) -> bytes:
            return SigningKey("x", "es256", self.chain, stranger).sign(data)

    key = Swapped("swapped", "es256", bench.key.chain, bench.key.private)
    assert refused(bench, source, tmp_path / "signed.png", key=key).code == "keys.wrong_signature"


def test_fingerprints_may_be_as_long_as_the_library_takes_and_no_longer(
    bench: Bench, source: Path, tmp_path: Path
) -> None:
    def write(length: int) -> Path:
        action = {"action": "c2pa.created", "digitalSourceType": IPTC + "digitalCapture"}
        long: dict[str, Any] = {"label": "org.provenance-toolkit.test", "data": {"long": ""}}
        described = {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}, long]}
        long["data"]["long"] = "x" * (length - len(json.dumps(described)))
        target = tmp_path / f"{length}.png"
        target.touch()
        write_signed(source, target, described, kind=sniff(source), key=bench.key)
        return target

    assert bench.read(write(MAX_DEFINITION_BYTES)).state is CredentialState.AUTHENTIC
    with pytest.raises(CredentialError) as caught:
        write(MAX_DEFINITION_BYTES + 1)
    assert caught.value.code == "sign.too_long"


def test_a_source_that_changes_meanwhile_is_not_signed(bench: Bench, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "signed.png"

    def grow(share: float) -> None:
        with source.open("ab") as stream:
            stream.write(b"\0")

    with pytest.raises(ProvenanceError) as caught:
        sign_file(
            Capture(source, "t"),
            target,
            key=bench.key,
            settings=bench.settings,
            anchors=bench.anchors,
            on_progress=grow,
        )
    assert caught.value.code == "media.changed"
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "media.missing"), (b"", "media.empty"), (b"not media at all", "media.unrecognised")],
)
def test_what_is_no_media_is_refused(content: bytes | None, code: str, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "input.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ProvenanceError) as caught:
        sign_file(
            Capture(path, "t"), tmp_path / "out.mp4", key=bench.key, settings=bench.settings, anchors=bench.anchors
        )
    assert caught.value.code == code
    assert not (tmp_path / "out.mp4").exists()
