"""What a manifest says was done becomes values: bounded, and never wider than what was said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import c2pa
import pytest
from credential_world import World, sign
from hypothesis import given
from hypothesis import strategies as st

from provenance.credentials.actions import MAX_ACTIONS, MAX_POINTS, MAX_RANGES, read_actions
from provenance.credentials.store import ACTIONS_GATHERED, ACTIONS_UNREAD
from provenance.credentials.values import Action, Change, Shape, Span

SQUARE = {"type": "rectangle", "unit": "percent", "origin": {"x": 10, "y": 20}, "width": 30, "height": 40}


def edited(*regions: Any) -> dict[str, Any]:
    return {"action": "c2pa.edited", "changes": list(regions)}


def region(*ranges: Any) -> dict[str, Any]:
    return {"region": list(ranges)}


def spatial(**shape: Any) -> dict[str, Any]:
    return {"type": "spatial", "shape": {**SQUARE, **shape}}


def temporal(**time: Any) -> dict[str, Any]:
    return {"type": "temporal", "time": time}


def test_actions_are_read_from_a_signed_file_with_their_places_and_ingredients(
    world: World, media: Path, tmp_path: Path
) -> None:
    sign(media / "a.mp4", tmp_path / "o.mp4", world.newsroom)
    ranges = [spatial(), temporal(type="npt", start="0.5", end="1"), {"type": "frame", "frame": {"start": 3, "end": 5}}]
    told = {**edited(region(*ranges)), "description": "a face blurred", "reason": "a source"}
    stated = {"label": "c2pa.actions.v2", "created": True, "data": {"actions": [told]}}
    edit = {"assertions": [stated], "parent": tmp_path / "o.mp4", "intent": c2pa.C2paBuilderIntent.EDIT}
    sign(media / "b.mp4", tmp_path / "e.mp4", world.newsroom, **edit)
    original, credential = world.read(tmp_path / "o.mp4"), world.read(tmp_path / "e.mp4")
    (parent,) = credential.ingredients
    assert (parent.manifest_label, parent.hard_binding) == (original.manifest_label, original.hard_binding)
    shape = Shape(((0.1, 0.2), (0.4, 0.2), (0.4, 0.6), (0.1, 0.6)))
    (change,) = credential.stated[1].changes or ()
    assert change.spans == (Span(0.5, 1.0), Span(3, 6, frames=True))
    assert [(round(x, 6), round(y, 6)) for x, y in change.shapes[0].points] == list(shape.points)
    assert (credential.stated[1].description, credential.stated[1].reason) == ("a face blurred", "a source")
    assert credential.stated[0] == Action("c2pa.opened", ingredients=(parent.label or "",))
    assert not {ACTIONS_UNREAD, ACTIONS_GATHERED} & set(credential.notes)


def test_actions_that_are_carried_along_are_told_apart(world: World, media: Path, tmp_path: Path) -> None:
    carried = {"label": "c2pa.actions.v2", "created": False, "data": {"actions": [{"action": "c2pa.edited"}]}}
    created = {"action": "c2pa.created", "digitalSourceType": "http://c2pa.org/digitalsourcetype/empty"}
    own = {"label": "c2pa.actions.v2", "created": True, "data": {"actions": [created]}}
    sign(media / "a.jpg", tmp_path / "a.jpg", world.newsroom, assertions=[own, carried])
    credential = world.read(tmp_path / "a.jpg")
    assert [action["action"] for action in credential.actions] == ["c2pa.created", "c2pa.edited"]
    assert [action.label for action in credential.stated] == ["c2pa.created"]
    assert ACTIONS_GATHERED in credential.notes


@pytest.mark.parametrize(
    ("told", "span"),
    [
        ({"start": "12.5"}, Span(12.5, None)),
        ({"end": "0:01:02.5"}, Span(0, 62.5)),
        ({"type": "npt", "start": "npt=10:00:00", "end": "36001"}, Span(36000, 36001)),
        ({}, Span(0, None)),
    ],
)
def test_normal_play_time_is_read(told: dict[str, Any], span: Span) -> None:
    (action,), complete = read_actions([edited(region(temporal(**told)))])
    assert (action.changes, complete) == ((Change((), (span,)),), True)


def test_circles_and_polygons_and_their_outside_are_places() -> None:
    circle = spatial(type="circle", unit="pixel", origin={"x": 100, "y": 50}, width=20)
    corners = [{"x": 0, "y": 0}, {"x": 100, "y": 0}, {"x": 0, "y": 100}]
    polygon = spatial(type="polygon", vertices=corners, inside=False)
    (action,), complete = read_actions([edited(region(circle, polygon))])
    ((round_one, triangle),) = [change.shapes for change in action.changes or ()]
    assert all(abs(((x - 100) ** 2 + (y - 50) ** 2) ** 0.5 - 10) < 1e-9 for x, y in round_one.points)
    assert (round_one.pixels, triangle) == (True, Shape(((0, 0), (1, 0), (0, 1)), inside=False))
    assert complete


UNREADABLE = {
    "no list": {"region": [temporal()]},
    "an empty list": [],
    "nothing": None,
    "a word": "everywhere",
    "an empty region": [region()],
    "no region": [{"description": "everywhere"}],
    "a track": [region({"type": "identified", "item": {"identifier": "track_id", "value": "1"}})],
    "a track then": [region(temporal(start="1", end="2"), {"type": "identified"})],
    "text": [region({"type": "textual", "text": {"selectors": []}})],
    "the time of day": [region(temporal(type="wallClock", start="2026-01-01T00:00:00Z"))],
    "a time in another form": [region(temporal(start="soon"))],
    "a time as a number": [region(temporal(start=3))],
    "an endless time": [region(temporal(start="9" * 10_000))],
    "a shape without a unit": [region(spatial(unit="em"))],
    "not a number": [region(spatial(width=float("nan")))],
    "an endless width": [region(spatial(width=float("inf")))],
    "a huge integer": [region(spatial(width=10**400))],
    "a truth for a width": [region(spatial(width=True))],
    "a line": [region(spatial(type="polygon", vertices=[{"x": 0, "y": 0}, {"x": 1, "y": 1}]))],
    "too many corners": [region(spatial(type="polygon", vertices=[{"x": 0, "y": 0}] * (MAX_POINTS + 1)))],
    "too many ranges": [region(*[temporal()] * (MAX_RANGES + 1))],
    "deep nesting": [region([[[[[[]]]]]])],
}


@pytest.mark.parametrize("told", UNREADABLE.values(), ids=UNREADABLE)
def test_a_place_that_cannot_be_understood_is_no_place_and_that_is_told(told: Any) -> None:
    (action,), complete = read_actions([{"action": "c2pa.edited", "changes": told}])
    assert (action.changes, complete) == ((), False)


def test_what_can_be_understood_is_kept_beside_what_cannot() -> None:
    (action,), complete = read_actions([edited(region(temporal(start="soon")), region(temporal(start="1")))])
    assert (action.changes, complete) == ((Change((), (Span(1, None),)),), False)


def test_there_is_an_end_to_what_is_read() -> None:
    actions, complete = read_actions([{"action": "c2pa.edited"}] * 100_000)
    assert (len(actions), complete) == (MAX_ACTIONS, False)
    actions, complete = read_actions([edited(*[region(temporal())] * 10_000), edited(region(temporal()))])
    assert [len(action.changes or ()) for action in actions] == [MAX_RANGES, 0]
    assert not complete
    (action,), _ = read_actions([{"action": "a" * 10**6, "description": "b" * 10**6}])
    assert len(action.label) + len(action.description or "") < 2000


_ANY: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["spatial", "temporal", "rectangle", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["action", "changes", "region", "type", "shape", "time", "origin", "x", "parameters"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.lists(_ANY | st.fixed_dictionaries({"action": st.just("c2pa.edited"), "changes": _ANY}), max_size=4))
def test_actions_of_any_shape_are_read_without_error_or_left_out(raw: list[Any]) -> None:
    actions, complete = read_actions(raw)
    assert len(actions) == len(raw) or not complete
    for action in actions:
        assert isinstance(action.label, str)
