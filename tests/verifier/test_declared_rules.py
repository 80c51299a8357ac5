"""Which findings a declaration covers, and what a declaration may be taken from: pure rules, without media."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from provenance.assets import asset_id_of
from provenance.credentials.actions import read_actions
from provenance.credentials.values import Action, Change, Credential, CredentialState, Ingredient, Shape, Signer, Span
from provenance.report import ClipFacts, Declared, Finding, Kind, Region, Severity, Verdict
from provenance.times import Interval
from verifier.declarable import DECLARABLE
from verifier.declared import Declaration, covered, declaration_of
from verifier.judge import DEFAULT_SEVERITIES, Facts, decide, judge

CLIP = ClipFacts("c.mp4", "00" * 32, "video/mp4", 10.0, 640, 360, 25.0, True)
PLACE = Region(0.3, 0.25, 0.2, 0.4)
PAINTED = Finding(Kind.REGION, 0.9, "x", clip=Interval.of(2, 4), region=PLACE, asset_id="a")


def box(x: float, y: float, w: float, h: float, **more: Any) -> Shape:
    return Shape(((x, y), (x + w, y), (x + w, y + h), (x, y + h)), **more)


def edited(*changes: Change) -> Action:
    return Action("c2pa.edited", changes=changes)


def covers(finding: Finding, *actions: Action, clip: ClipFacts = CLIP) -> bool:
    return finding in covered(Declaration("Herald", "a", actions), [finding], clip)


THERE, THEN = box(0.3, 0.25, 0.2, 0.4), Span(2, 4)
WITHIN = {
    "said without a place": Action("c2pa.edited"),
    "there": edited(Change((THERE,))),
    "then": edited(Change(spans=(THEN,))),
    "there and then": edited(Change((THERE,), (THEN,))),
    "in pixels and frames": edited(Change((box(192, 90, 128, 144, pixels=True),), (Span(50, 101, frames=True),))),
    "a margin off": edited(Change((box(0.33, 0.3, 0.14, 0.3),), (Span(2.4, 3.6),))),
    "two halves side by side": edited(Change((box(0.3, 0.25, 0.1, 0.4), box(0.4, 0.25, 0.1, 0.4)))),
    "two halves of the time": edited(Change((THERE,), (Span(2, 3),)), Change((THERE,), (Span(3, 4),))),
    "outside of a place beside": edited(Change((box(0.7, 0.0, 0.3, 1.0, inside=False),))),
    "to the end": edited(Change(spans=(Span(1, None),))),
}
OUTSIDE = {
    "a place not understood": edited(),
    "beside": edited(Change((box(0.7, 0.25, 0.2, 0.4),))),
    "half of the place": edited(Change((box(0.3, 0.25, 0.2, 0.15),))),
    "a place inside the finding": edited(Change((box(0.39, 0.44, 0.02, 0.02),))),
    "before": edited(Change(spans=(Span(0, 1.4),))),
    "half of the time": edited(Change(spans=(Span(2, 3),))),
    "with a gap": edited(Change(spans=(Span(1, 1.6), Span(3.5, 5)))),
    "there at another time, then elsewhere": edited(
        Change((THERE,), (Span(7, 9),)), Change((box(0.7, 0, 0.3, 1),), (THEN,))
    ),
    "outside of the place": edited(Change((box(0.2, 0.1, 0.5, 0.7, inside=False),))),
    "a span that ends before it starts": edited(Change(spans=(Span(9, 1),))),
    "far outside of the frame": edited(Change((box(1e11, -1e11, 1e11, 1e10, pixels=True),))),
}


@pytest.mark.parametrize("action", WITHIN.values(), ids=WITHIN)
def test_a_finding_within_what_is_declared_is_covered(action: Action) -> None:
    assert covers(PAINTED, action)


@pytest.mark.parametrize("action", OUTSIDE.values(), ids=OUTSIDE)
def test_a_finding_that_goes_beyond_is_not(action: Action) -> None:
    assert not covers(PAINTED, action)


def test_frames_of_a_clip_without_a_frame_rate_are_no_place() -> None:
    action = edited(Change(spans=(Span(0, 500, frames=True),)))
    assert covers(PAINTED, action)
    assert not covers(PAINTED, action, clip=dataclasses.replace(CLIP, fps=None))


def test_findings_about_another_original_are_never_covered() -> None:
    assert not covers(dataclasses.replace(PAINTED, asset_id="b"), Action("c2pa.edited"))


def test_a_place_in_the_picture_says_nothing_of_the_sound() -> None:
    spoken = Finding(Kind.AUDIO_EDITED, 0.9, "x", clip=Interval.of(2, 4), asset_id="a")
    assert covers(spoken, edited(Change(spans=(THEN,))))
    assert not covers(spoken, edited(Change((box(0, 0, 1, 1),))))


def test_a_finding_without_time_or_place_needs_all_of_both() -> None:
    replaced = Finding(Kind.AUDIO_REPLACED, 0.9, "x", asset_id="a")
    assert covers(replaced, edited(Change(spans=(Span(0, 10),))))
    assert not covers(replaced, edited(Change(spans=(Span(0, 5),))))
    graded = Finding(Kind.GRADED, 0.9, "x", asset_id="a")
    assert not covers(graded, Action("c2pa.adjustedColor", changes=(Change((THERE,)),)))


def test_a_cut_is_one_moment() -> None:
    cut = Finding(Kind.CUT, 0.9, "x", clip=Interval.of(3, 3), asset_id="a")
    assert covers(cut, Action("c2pa.trimmed"))
    assert covers(cut, Action("c2pa.trimmed", changes=(Change(spans=(Span(3, 3),)),)))
    assert not covers(cut, Action("c2pa.trimmed", changes=(Change(spans=(Span(5, 6),)),)))


@pytest.mark.parametrize(
    ("label", "kinds"),
    {
        "c2pa.cropped": {Kind.CROPPED},
        "c2pa.changedSpeed": {Kind.SPEED, Kind.FRAME_RATE},
        "c2pa.orientation": {Kind.ROTATED, Kind.MIRRORED},
        "c2pa.trimmed": {Kind.TRIMMED, Kind.CUT},
        "c2pa.dubbed": {Kind.AUDIO_EDITED, Kind.AUDIO_REPLACED, Kind.MUTED},
        "c2pa.adjustedColor": {Kind.GRADED},
        "c2pa.redacted": set(),
        "c2pa.unknown": set(),
        "c2pa.published": set(),
        "com.example.edited": set(),
    }.items(),
)
def test_an_action_without_a_place_declares_these_kinds(label: str, kinds: set[Kind]) -> None:
    assert {kind for kind in Kind if covers(Finding(kind, 1, "x", asset_id="a"), Action(label))} == kinds


def test_redaction_and_colour_declare_a_part_of_the_picture_only_where_they_say_which() -> None:
    for label in ("c2pa.redacted", "c2pa.filtered", "c2pa.adjustedColor"):
        assert not covers(PAINTED, Action(label))
        assert covers(PAINTED, Action(label, changes=(Change((THERE,)),)))


def test_nothing_declares_another_signers_name_or_a_photograph_set_in_motion() -> None:
    declarable = {kind for kinds in DECLARABLE.values() for kind in kinds.anywhere | kinds.where_said}
    assert set(Kind) - declarable == {Kind.CREDENTIAL_MISMATCH, Kind.STILL_ANIMATED}


def test_the_most_that_is_read_is_judged_quickly() -> None:
    region = {"region": [{"type": "temporal", "time": {"start": "1", "end": "9"}}]}
    actions, complete = read_actions([{"action": "c2pa.edited", "changes": [region] * 10_000}] * 1000)
    assert (len(actions), complete) == (200, False)
    assert sum(len(action.changes or ()) for action in actions) <= 300
    assert covers(PAINTED, *actions)


INTACT = Ingredient("x", "parentOf", "urn:c2pa:1", (), "sha256:00", "xmp:1", "c2pa.ingredient.v3")
TRUSTED = Credential(
    CredentialState.AUTHENTIC,
    signer=Signer("Desk", "Herald", "00", "1", None),
    stated=(Action("c2pa.opened", ingredients=("c2pa.ingredient.v3",)), Action("c2pa.edited")),
    ingredients=(INTACT,),
)


def test_a_declaration_names_its_signer_and_the_parents_id_in_a_registry() -> None:
    assert declaration_of(TRUSTED) == Declaration("Herald", asset_id_of("urn:c2pa:1", "sha256:00"), TRUSTED.stated)


@pytest.mark.parametrize(
    "changes",
    [
        *({"state": state} for state in CredentialState if state is not CredentialState.AUTHENTIC),
        {"signer": None},
        {"ingredients": ()},
        {"ingredients": (INTACT, INTACT)},
        {"ingredients": (dataclasses.replace(INTACT, relationship="componentOf"),)},
        {"ingredients": (dataclasses.replace(INTACT, failures=("assertion.dataHash.mismatch",)),)},
        {"ingredients": (dataclasses.replace(INTACT, hard_binding=None),)},
        {"ingredients": (dataclasses.replace(INTACT, manifest_label=None),)},
    ],
    ids=str,
)
def test_a_credential_that_leaves_doubt_declares_nothing(changes: dict[str, Any]) -> None:
    assert declaration_of(dataclasses.replace(TRUSTED, **changes)) is None


def test_what_was_done_to_the_whole_is_not_said_to_be_made_by_ai_where_a_part_was() -> None:
    source = "compositeWithTrainedAlgorithmicMedia"
    part = dataclasses.replace(edited(Change((THERE,), (THEN,))), source_type=source)
    whole = Finding(Kind.REENCODED, 1.0, "x", asset_id="a")
    found = covered(Declaration("Herald", "a", (Action("c2pa.transcoded"), part)), [PAINTED, whole], CLIP)
    assert found[whole] == Declared("Herald", ("c2pa.transcoded",))
    assert found[PAINTED] == Declared("Herald", ("c2pa.edited",), (source,))


def test_an_action_with_an_ingredient_that_failed_declares_nothing() -> None:
    insert = Ingredient("y", "componentOf", None, ("manifest.inaccessible",), label="c2pa.ingredient.v3__1")
    placed = Action("c2pa.placed", ingredients=("c2pa.ingredient.v3__1",))
    found = declaration_of(dataclasses.replace(TRUSTED, stated=(*TRUSTED.stated, placed), ingredients=(INTACT, insert)))
    assert found is not None
    assert found.actions == TRUSTED.stated


def test_what_is_declared_is_disclosed_under_any_policy_and_the_verdict_follows() -> None:
    facts = Facts(CredentialState.AUTHENTIC, found=True, same_manifest=False, coverage=1.0, compared=True, derived=True)
    other = dataclasses.replace(PAINTED, clip=Interval.of(6, 7))
    both = judge([PAINTED, other], DEFAULT_SEVERITIES, {PAINTED: Declared("Herald", ("c2pa.edited",))})
    assert [(item.severity, item.declared is None) for item in both] == [
        (Severity.ALTERING, True), (Severity.DISCLOSED, False)
    ]  # fmt: skip
    assert decide(facts, both) is Verdict.ALTERED
    assert decide(facts, both[1:]) is Verdict.MATCH
    assert decide(facts, ()) is Verdict.AUTHENTIC
    assert decide(dataclasses.replace(facts, derived=False), both[1:]) is Verdict.AUTHENTIC


def part(number: int, **changes: Any) -> Ingredient:
    whole = Ingredient(
        f"part {number}", "componentOf", f"urn:c2pa:p{number}", hard_binding=f"sha256:{number:02}", label=f"i{number}"
    )
    return dataclasses.replace(whole, **changes)


def placed(*labels: str) -> Action:
    return Action("c2pa.placed", ingredients=labels)


def test_parts_of_a_compilation_are_told_by_the_others_that_were_placed() -> None:
    first = asset_id_of("urn:c2pa:p1", "sha256:01")
    other = Finding(Kind.FOREIGN_FOOTAGE, 0.8, "x", clip=Interval.of(3, 6), asset_id=first)
    painted = dataclasses.replace(PAINTED, asset_id=first)

    def told(*actions: Action, parts: tuple[Ingredient, ...]) -> set[Kind]:
        credential = dataclasses.replace(TRUSTED, ingredients=parts, stated=actions)
        return {finding.kind for finding in covered(declaration_of(credential), [other, painted], CLIP)}

    both = part(1), part(2)
    assert told(placed("i1"), placed("i2"), parts=both) == {Kind.FOREIGN_FOOTAGE}
    assert told(placed("i1", "i2"), parts=both) == {Kind.FOREIGN_FOOTAGE}
    # What came from elsewhere must have been placed, too, and from a file that holds if it has a credential.
    assert told(placed("i1"), parts=both) == set()
    assert told(placed("i1"), placed("i2"), parts=(part(1), part(2, failures=("x",)))) == set()
    assert told(placed("i1"), placed("i2"), parts=(part(1, failures=("x",)), part(2))) == set()
    assert told(placed("i2"), Action("c2pa.edited"), parts=both) == set()
    assert told(placed("i1"), placed("i3"), parts=(part(1), part(1, label="i3"))) == set()
    assert told(placed("i1"), placed("i2"), parts=(part(1), part(2, manifest_label=None))) == {Kind.FOREIGN_FOOTAGE}
    # A parent that fails is not got rid of by naming parts as well.
    failed = Ingredient("p", "parentOf", "urn:c2pa:9", failures=("x",), hard_binding="sha256:09", label="p")
    assert told(placed("i1"), placed("i2"), parts=(*both, failed)) == set()
