"""Actions of a manifest as values: what was done, where and when. Pure; every value in them is foreign.

The forms are those of the C2PA specification 2.4, "Actions" (18.15) and "Regions of interest" (18.2). What cannot be
understood never widens what an action says: a place that is given but unreadable is no place at all, not everywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from provenance.credentials.shapes import entries, items, mapping, number, text
from provenance.credentials.values import Action, Change, Shape, Span

AI_SOURCES = frozenset(
    {
        "trainedAlgorithmicMedia",
        "compositeWithTrainedAlgorithmicMedia",
        "compositeSynthetic",
        "trainedAlgorithmicData",
    }
)
"""Digital source types, by their short names, of what generative AI made or had a part in."""
MAX_ACTIONS = 200
MAX_RANGES = 300
"""Places and times of all actions together."""
MAX_POINTS = 100
"""Of one polygon."""
_MAX_INGREDIENTS = 100
_CIRCLE_POINTS = 32
_NPT = re.compile(r"(?:npt=)?(?:(\d{1,6}):([0-5]?\d):)?(\d{1,9}(?:\.\d{0,9})?)", re.ASCII)
"""Normal play time (RFC 2326, 3.6): seconds, or hours:minutes:seconds."""


def read_actions(raw: Iterable[object]) -> tuple[tuple[Action, ...], bool]:
    """The actions in the manifest's order, and whether nothing had to be left out of them."""
    reader = _Reader()
    actions: list[Action] = []
    for value in raw:
        label = text(mapping(value).get("action"), 200)
        if len(actions) == MAX_ACTIONS or label is None:
            reader.complete = False
        else:
            actions.append(reader.action(label, mapping(value)))
    return tuple(actions), reader.complete


def source_type(action: Mapping[str, object]) -> str | None:
    """The digital source type of an action by its short name, such as ``digitalCapture``."""
    return (text(action.get("digitalSourceType"), 300) or "").rsplit("/", 1)[-1] or None


class _UnreadableError(ValueError):
    """This says where something was changed, but not in a way that is understood here."""


class _Reader:
    def __init__(self) -> None:
        self.complete = True
        self.ranges = 0

    def action(self, label: str, value: Mapping[str, object]) -> Action:
        parameters = mapping(value.get("parameters"))
        told = [where["changes"] for where in (value, parameters) if "changes" in where]
        # Version 1 names one ingredient, version 2 several.
        used = [*items(parameters.get("ingredients")), *items([parameters.get("ingredient")])]
        addresses = (text(reference.get("url"), 1000) for reference in used[:_MAX_INGREDIENTS])
        return Action(
            label,
            text(value.get("description"), 1000),
            text(value.get("reason"), 1000),
            self.changes_of(told[0]) if told else None,
            tuple(address.rsplit("/", 1)[-1] for address in addresses if address),
            source_type(value),
        )

    def changes_of(self, told: object) -> tuple[Change, ...]:
        changes = []
        for region in entries(told) or [None]:
            ranges = entries(mapping(region).get("region"))
            self.ranges += max(1, len(ranges))
            if self.ranges > MAX_RANGES:
                self.complete = False
                break
            try:
                changes.append(_change(ranges))
            except _UnreadableError:
                self.complete = False
        return tuple(changes)


def _change(ranges: Sequence[object]) -> Change:
    if not ranges:
        raise _UnreadableError
    shapes, spans = [], []
    for given in map(mapping, ranges):
        match given.get("type"):
            case "spatial":
                shapes.append(_shape(mapping(given.get("shape"))))
            case "temporal":
                spans.append(_time(mapping(given.get("time"))))
            case "frame":
                spans.append(_frames(mapping(given.get("frame"))))
            case _:
                raise _UnreadableError
    return Change(tuple(shapes), tuple(spans))


def _shape(shape: Mapping[str, object]) -> Shape:
    unit, inside = shape.get("unit"), shape.get("inside", True)
    if unit not in ("pixel", "percent") or not isinstance(inside, bool):
        raise _UnreadableError
    # The origin is a rectangle's top left corner and a circle's centre.
    match shape.get("type"):
        case "rectangle":
            x, y = _point(shape.get("origin"))
            w, h = _number(shape.get("width")), _number(shape.get("height"))
            points = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
        case "circle":
            x, y = _point(shape.get("origin"))
            radius = _number(shape.get("width")) / 2
            angles = [2 * math.pi * n / _CIRCLE_POINTS for n in range(_CIRCLE_POINTS)]
            points = [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]
        case "polygon" if 3 <= len(entries(shape.get("vertices"))) <= MAX_POINTS:
            points = [_point(vertex) for vertex in entries(shape.get("vertices"))]
        case _:
            raise _UnreadableError
    scale = 1.0 if unit == "pixel" else 0.01
    return Shape(tuple((x * scale, y * scale) for x, y in points), unit == "pixel", inside)


def _time(time: Mapping[str, object]) -> Span:
    if time.get("type", "npt") != "npt":
        raise _UnreadableError
    start = 0.0 if time.get("start") is None else _play_time(time["start"])
    return Span(start, None if time.get("end") is None else _play_time(time["end"]))


def _frames(frame: Mapping[str, object]) -> Span:
    start = 0.0 if frame.get("start") is None else _number(frame["start"])
    # The last frame is named, and belongs to it.
    return Span(start, None if frame.get("end") is None else _number(frame["end"]) + 1, frames=True)


def _play_time(value: object) -> float:
    found = _NPT.fullmatch(text(value, 40) or "")
    if found is None:
        raise _UnreadableError
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)


def _point(value: object) -> tuple[float, float]:
    return _number(mapping(value).get("x")), _number(mapping(value).get("y"))


def _number(value: object) -> float:
    found = number(value)
    if found is None:
        raise _UnreadableError
    return found
