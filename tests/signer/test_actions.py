"""What an editor writes down is what a verifier will read, and what a verifier would not understand is refused."""

from __future__ import annotations

import json

import pytest

from provenance.credentials.actions import read_actions
from provenance.credentials.values import Action, Change, Shape, Span
from provenance.errors import CredentialError
from signer.actions import NAMES, actions_in, actions_of
from verifier.declarable import DECLARABLE

BOX = Shape(((0.4, 0.1), (0.6, 0.1), (0.6, 0.3), (0.4, 0.3)))


def read(text: str) -> Action:
    actions, complete = read_actions(actions_of([text], 2))
    assert complete
    return actions[0]


def rounded(changes: tuple[Change, ...] | None) -> list[Change]:
    return [
        Change(
            tuple(Shape(tuple((round(x, 6), round(y, 6)) for x, y in s.points)) for s in change.shapes), change.spans
        )
        for change in changes or ()
    ]


def test_every_action_that_a_verifier_honours_can_be_declared() -> None:
    assert {label.removeprefix("c2pa.") for label in DECLARABLE} <= set(NAMES)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("c2pa.redacted;region=0.4,0.1,0.2,0.2;time=3-7.5", Change((BOX,), (Span(3, 7.5),))),
        ("redacted; region=.4,.1,.2,.2 ; region=0.4,0.1,0.2,0.2", Change((BOX, BOX))),
        ("edited;time=1:02:03-;time=-0:01.25", Change((), (Span(3723, None), Span(0, 1.25)))),
        ("org.example.look;time=0.1-0.2", Change((), (Span(0.1, 0.2),))),
    ],
)
def test_places_and_times_are_read_as_they_were_meant(text: str, change: Change) -> None:
    assert rounded(read(text).changes) == [change]


def test_an_action_without_a_place_holds_everywhere() -> None:
    assert read("cropped") == Action("c2pa.cropped")


def test_what_else_is_said_of_an_action_is_kept() -> None:
    said = "edited;description=Sky replaced;reason=Layout;software=Suite 3;when=2026-03-01T14:05:00+01:00"
    (action,) = actions_of([f"{said};source-type=compositeWithTrainedAlgorithmicMedia;ingredient=2;ingredient=1"], 2)
    assert action == {
        "action": "c2pa.edited",
        "description": "Sky replaced",
        "reason": "Layout",
        "softwareAgent": {"name": "Suite 3"},
        "when": "2026-03-01T14:05:00+01:00",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
        "parameters": {"ingredientIds": ["component-2", "component-1"]},
    }
    (translated,) = actions_of(["translated;from=de;to=en-GB"], 0)
    assert translated["parameters"] == {"sourceLanguage": "de", "targetLanguage": "en-GB"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2pa.created",
        "opened",
        "c2pa.bogus",
        "bogus",
        "org",
        "edited;region",
        "edited;region=0.4,0.1,0.2",
        "edited;region=0.4,0.1,0,0.2",
        "edited;region=0.9,0.1,0.2,0.2",
        "edited;region=-0.1,0,1,1",
        "edited;region=nan,0,1,1",
        "edited;time=7-3",
        "edited;time=-",
        "edited;time=5",
        "edited;time=1-2-3",
        "edited;time=soon-later",
        "edited;colour=red",
        "edited;changes=[]",
        "edited;description=",
        "edited;description=\x1b[2J",
        "edited;description=a;description=b",
        "edited;when=yesterday",
        "edited;source-type=bogus",
        "edited;ingredient=3",
        "edited;ingredient=0",
        "edited;ingredient=1.5",
        "edited;from=de",
        "placed",
        "removed",
        "translated",
        "translated;from=de",
        "redacted;reason=because",
    ],
)
def test_what_cannot_be_declared_is_refused_with_what_could(text: str) -> None:
    with pytest.raises(CredentialError) as refused:
        actions_of([text], 2)
    assert refused.value.code == "sign.action"
    assert refused.value.expected


def test_a_file_of_actions_takes_numbers_lists_and_the_shapes_of_c2pa() -> None:
    circle = {"type": "circle", "unit": "percent", "origin": {"x": 50, "y": 50}, "width": 10}
    entries = [
        {"action": "edited", "region": [0.4, 0.1, 0.2, 0.2], "time": [[3, 7.5], [9, None]]},
        {"action": "edited", "region": ["0.4,0.1,0.2,0.2"], "time": "3-7.5"},
        {"action": "edited", "changes": [{"region": [{"type": "spatial", "shape": circle}]}]},
    ]
    actions, complete = read_actions(actions_in(json.dumps(entries), 0))
    assert complete
    first, second, third = actions
    assert rounded(first.changes) == [Change((BOX,), (Span(3, 7.5), Span(9, None)))]
    assert rounded(second.changes) == [Change((BOX,), (Span(3, 7.5),))]
    assert third.changes is not None
    assert len(third.changes[0].shapes[0].points) > 8


@pytest.mark.parametrize(
    "document",
    [
        "no json",
        "{}",
        "[1]",
        "[[]]",
        "[" * 100_000,
        '[{"region": [0, 0, 1, 1]}]',
        '[{"action": ["edited"]}]',
        '[{"action": "edited", "changes": [{"region": [{"type": "identified"}]}]}]',
        '[{"action": "edited", "changes": []}]',
        '[{"action": "edited", "changes": [], "time": "1-2"}]',
        '[{"action": "edited", "region": [true, 0, 1, 1]}]',
        '[{"action": "edited", "region": {"x": 1}}]',
        '[{"action": "edited", "time": [1]}]',
        '[{"action": "edited", "time": [-2, 1]}]',
        '[{"action": "edited", "description": 7}]',
        json.dumps([{"action": "edited"}] * 250),
        json.dumps([{"action": "edited", "time": "1-2"}] * 150 + [{"action": "edited", "time": [[1, 2]] * 299}]),
    ],
)
def test_a_file_of_actions_that_would_not_be_understood_is_refused(document: str) -> None:
    with pytest.raises(CredentialError) as refused:
        actions_in(document, 0)
    assert refused.value.code == "sign.action"
