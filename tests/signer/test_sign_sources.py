"""A file that is made from other signed files brings their histories along, sound or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest
from signing_bench import Bench

from provenance.assets import Capture
from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError, OutputError
from signer.order import Order, pinned
from signer.sign import sign_file


@pytest.fixture
def sign(bench: Bench) -> Callable[..., Path]:
    def run(source: Path, name: str, **said: Any) -> Path:
        return bench.sign(source, bench.settings.home / name, f"title of {name}", **said).path

    return run


@pytest.fixture
def cropped(media: Callable[[str], Path], tmp_path: Path) -> Path:
    path = tmp_path / "cropped.png"
    picture = cv2.imread(str(media("png")))
    assert picture is not None
    cv2.imwrite(str(path), picture[:80])
    return path


Sign = Callable[..., Path]


def test_an_edit_names_the_file_it_was_made_from(
    bench: Bench, media: Callable[[str], Path], sign: Sign, cropped: Path
) -> None:
    original = sign(media("png"), "original.png")
    edit = bench.read(sign(cropped, "edit.png", parent=original, actions=({"action": "c2pa.cropped"},)))
    assert edit.state is CredentialState.AUTHENTIC
    assert [action.label for action in edit.stated] == ["c2pa.opened", "c2pa.cropped"]
    parent = bench.read(original)
    assert [(i.relationship, i.manifest_label, i.hard_binding, i.failures) for i in edit.ingredients] == [
        ("parentOf", parent.manifest_label, parent.hard_binding, ())
    ]


@pytest.mark.parametrize("target", ["all.mp4", "all.webm"])
def test_a_compilation_names_all_its_parts_whether_signed_or_not(
    bench: Bench, media: Callable[[str], Path], sign: Sign, target: str
) -> None:
    parts = (sign(media("mp4"), "one.mp4"), sign(media("webm"), "two.webm"), media("png"))
    made = bench.read(sign(media(target[4:]), target, components=parts, source_type="composite"))
    assert made.state is CredentialState.AUTHENTIC
    assert {(i.relationship, i.failures) for i in made.ingredients} == {("componentOf", ())}
    created, *placed = made.stated
    assert [action.label for action in (created, *placed)] == ["c2pa.created", *["c2pa.placed"] * 3]
    named = {ingredient.label: ingredient for ingredient in made.ingredients}
    in_order = [named[action.ingredients[0]] for action in placed]
    assert [(i.title, i.manifest_label) for i in in_order] == [
        (path.name, bench.read(path).manifest_label) for path in parts
    ]
    assert in_order[2].manifest_label is None


def test_parts_with_a_parent_are_told_apart_by_the_actions_of_the_caller(
    bench: Bench, media: Callable[[str], Path], sign: Sign, cropped: Path
) -> None:
    original = sign(media("png"), "original.png")
    mixed = {"action": "c2pa.mixed", "parameters": {"ingredientIds": ["component-2"]}}
    edit = bench.read(
        sign(cropped, "edit.png", parent=original, components=(media("jpg"), media("webp")), actions=(mixed,))
    )
    assert [(action.label, len(action.ingredients)) for action in edit.stated] == [
        ("c2pa.opened", 1),
        ("c2pa.placed", 1),
        ("c2pa.mixed", 1),
    ]
    assert len({name for action in edit.stated for name in action.ingredients}) == 3


def test_a_changed_part_keeps_its_failure(
    bench: Bench, media: Callable[[str], Path], sign: Sign, tmp_path: Path
) -> None:
    part = sign(media("jpg"), "part.jpg")
    changed = tmp_path / "changed.jpg"
    data = bytearray(part.read_bytes())
    data[-100] ^= 1
    changed.write_bytes(data)
    made = bench.read(sign(media("png"), "made.png", components=(media("jpg"), changed)))
    assert [i.failures for i in made.ingredients] == [(), ("assertion.dataHash.mismatch",)]


def test_an_assertion_of_the_caller_is_stated_by_the_signer(
    bench: Bench, media: Callable[[str], Path], sign: Sign
) -> None:
    path = sign(media("png"), "chained.png", assertions={"org.example.chain": {"before": "ab" * 32, "number": 7}})
    assert bench.read(path).assertions["org.example.chain"] == {"before": "ab" * 32, "number": 7}


def test_an_unsigned_file_is_no_parent(media: Callable[[str], Path], sign: Sign, cropped: Path) -> None:
    with pytest.raises(CredentialError, match="cannot be the parent") as refused:
        sign(cropped, "edit.png", parent=media("png"))
    assert refused.value.code == "sign.parent_unsigned"


def test_the_own_history_of_an_edit_is_not_dropped_for_another_one(
    bench: Bench, media: Callable[[str], Path], sign: Sign, tmp_path: Path
) -> None:
    original, other = sign(media("jpg"), "original.jpg"), sign(media("png"), "other.png")
    with pytest.raises(CredentialError) as refused:
        sign(original, "edit.jpg", parent=other)
    assert refused.value.code == "sign.two_parents"

    # The credential of the original in an edit of it, as tools leave it there that keep what they do not know.
    edited = tmp_path / "edited.jpg"
    data = bytearray(original.read_bytes())
    data[-100] ^= 1
    edited.write_bytes(data)
    edit = bench.read(sign(edited, "edit.jpg", parent=original))
    assert [(i.manifest_label, i.failures) for i in edit.ingredients] == [(bench.read(original).manifest_label, ())]


@pytest.mark.parametrize("role", ["parent", "components"])
def test_a_source_is_never_overwritten(
    role: str, bench: Bench, media: Callable[[str], Path], sign: Sign, cropped: Path
) -> None:
    original = sign(media("png"), "original.png")
    before = original.read_bytes()
    with pytest.raises(OutputError) as refused:
        sign(cropped, "original.png", **{role: original if role == "parent" else (original,)})
    assert refused.value.code == "output.is_source"
    assert original.read_bytes() == before


def test_an_order_is_another_one_when_a_file_that_it_names_is(media: Callable[[str], Path], tmp_path: Path) -> None:
    named = tmp_path / "named.png"
    named.write_bytes(media("png").read_bytes())
    order = Order("key", components=(str(named),))
    first = pinned(order)
    assert pinned(order).digest == first.digest
    named.write_bytes(media("jpg").read_bytes())
    assert pinned(order).digest != first.digest
    assert replace(order, components=()).digest == Order("key").digest


def test_a_part_that_was_tampered_with_costs_the_others_nothing(
    bench: Bench, media: Callable[[str], Path], sign: Sign, tmp_path: Path
) -> None:
    part, good = sign(media("jpg"), "part.jpg"), sign(media("png"), "good.png")
    forged = tmp_path / "forged.jpg"
    forged.write_bytes(part.read_bytes().replace(b"title of part", b"title of PART"))
    made = bench.read(sign(media("webp"), "made.webp", parent=good, components=(forged,)))
    assert made.state is CredentialState.AUTHENTIC
    found = {ingredient.title: ingredient for ingredient in made.ingredients}
    assert (found["good.png"].manifest_label, found["good.png"].failures) == (bench.read(good).manifest_label, ())
    assert "claimSignature.mismatch" in found["forged.jpg"].failures


@pytest.mark.parametrize("kind", ["jpg", "webm"])
def test_distrust_of_a_source_concerns_only_those_who_share_it(
    kind: str, bench: Bench, media: Callable[[str], Path], sign: Sign, tmp_path: Path
) -> None:
    part = sign(media(kind), f"part.{kind}")
    asked = {"key": bench.key, "settings": bench.settings, "withhold_reference": True}
    made = sign_file(Capture(media("png"), "t", components=(part,)), tmp_path / "made.png", anchors=(), **asked)  # type: ignore[arg-type]
    assert made.notes == (
        f"who signed part.{kind} is not trusted here (signingCredential.untrusted): the new credential says so",
    )
    assert bench.read(made.path).ingredients[0].failures == ()
    other = replace(bench, anchors=())
    assert other.read(made.path).ingredients[0].failures == ("signingCredential.untrusted",)
