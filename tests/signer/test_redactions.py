"""What is redacted is gone from the bytes of the new file, and the new file says that it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from signing_bench import Bench

from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError
from signer.redactions import redactions_of
from signer.sign import sidecar_path

METADATA = "cawg.metadata"
NAMES = (b"Jane Whistle", b"Back Alley 7")


@pytest.fixture
def sign(bench: Bench) -> Callable[..., Path]:
    def run(source: Path, name: str, *redacted: str, parent: Path | None = None, author: str | None = None) -> Path:
        target = bench.settings.home / name
        place = None if author is None else "Back Alley 7"
        said = {"parent": parent, "author": author, "place": place, "redactions": redactions_of(redacted)}
        return bench.sign(source, target, **said).path

    return run


Sign = Callable[..., Path]


def all_bytes(path: Path) -> bytes:
    sidecar = sidecar_path(path)
    return path.read_bytes() + (sidecar.read_bytes() if sidecar.exists() else b"")


def redacted(actions: tuple[Mapping[str, object], ...]) -> list[tuple[object, object]]:
    return [
        (action.get("reason"), action.get("parameters")) for action in actions if action["action"] == "c2pa.redacted"
    ]


@pytest.mark.parametrize("kind", ["mp4", "jpg", "webm"])
def test_author_and_place_of_the_parent_are_gone_from_the_bytes(
    kind: str, bench: Bench, media: Callable[[str], Path], sign: Sign
) -> None:
    original = sign(media(kind), f"original.{kind}", author="Jane Whistle")
    assert all(name in all_bytes(original) for name in NAMES)
    kept = sign(media(kind), f"kept.{kind}", parent=original)
    assert all(name in all_bytes(kept) for name in NAMES)

    edit = sign(media(kind), f"edit.{kind}", METADATA, parent=original)

    assert not any(name in all_bytes(edit) for name in NAMES)
    read, parent = bench.read(edit), bench.read(original)
    assert (read.state, read.codes) == (CredentialState.AUTHENTIC, ())
    assert [(i.manifest_label, i.hard_binding, i.failures) for i in read.ingredients] == [
        (parent.manifest_label, parent.hard_binding, ())
    ]
    address = f"self#jumbf=/c2pa/{parent.manifest_label}/c2pa.assertions/{METADATA}"
    assert redacted(read.actions) == [("c2pa.PII.present", {"redacted": address})]


def test_what_an_input_that_is_signed_already_says_can_be_redacted(
    bench: Bench, media: Callable[[str], Path], sign: Sign
) -> None:
    again = sign(sign(media("jpg"), "original.jpg", author="Jane Whistle"), "again.jpg", METADATA)
    assert not any(name in again.read_bytes() for name in NAMES)
    assert bench.read(again).state is CredentialState.AUTHENTIC


def test_an_earlier_generation_is_redacted_by_its_address(
    bench: Bench, media: Callable[[str], Path], sign: Sign
) -> None:
    first = sign(media("png"), "first.png", author="Jane Whistle")
    second = sign(first, "second.png")
    label = bench.read(first).manifest_label
    address = f"self#jumbf=/c2pa/{label}/c2pa.assertions/{METADATA};reason=c2pa.trade-secret.present"
    again = bench.sign(second, bench.settings.home / "again.png", redactions=redactions_of([METADATA]))
    assert NAMES[0] in again.path.read_bytes()
    assert [address.split(";")[0] in note for note in again.notes] == [True]
    third = sign(second, "third.png", address)
    assert NAMES[0] in second.read_bytes()
    assert not any(name in third.read_bytes() for name in NAMES)
    read = bench.read(third)
    assert (read.state, read.ingredients[0].failures) == (CredentialState.AUTHENTIC, ())
    assert redacted(read.actions)[0][0] == "c2pa.trade-secret.present"


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("stds.exif", "an assertion of the parent: c2pa.actions.v2"),
        ("c2pa.actions.v2", "other than actions"),
        ("c2pa.hash.data", "other than actions"),
        ("self#jumbf=/c2pa/urn:c2pa:1/c2pa.assertions/c2pa.actions", "other than actions"),
        ("cawg.metadata;reason=because", "c2pa.PII.present"),
    ],
)
def test_what_cannot_be_redacted_is_refused(
    label: str, expected: str, bench: Bench, media: Callable[[str], Path], sign: Sign
) -> None:
    original = sign(media("png"), "original.png")
    with pytest.raises(CredentialError) as refused:
        sign(original, "edit.png", label)
    assert refused.value.code == "sign.redaction"
    assert expected in (refused.value.expected or "")
    assert not (bench.settings.home / "edit.png").exists()


def test_an_assertion_of_a_manifest_that_is_not_there_is_not_redacted_in_silence(
    media: Callable[[str], Path], sign: Sign
) -> None:
    original = sign(media("png"), "original.png")
    with pytest.raises(CredentialError) as refused:
        sign(original, "edit.png", f"self#jumbf=/c2pa/urn:c2pa:1/c2pa.assertions/{METADATA}")
    assert refused.value.code == "sign.refused"
    with pytest.raises(CredentialError) as refused:
        sign(media("png"), "edit.png", METADATA)
    assert (refused.value.code, refused.value.found) == ("sign.redaction", "none")
