"""What was done to a file, as its editor writes it down, made into C2PA actions. Pure.

On a command line an action is its name and ``key=value`` after semicolons, such as
``c2pa.redacted;region=0.4,0.1,0.2,0.2;time=3-7.5``; in a JSON file it is an object with the same keys. What cannot be
read is refused here: a verifier would take it for a place that is not understood, and excuse nothing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from provenance.credentials.actions import MAX_ACTIONS, read_actions
from provenance.errors import CredentialError
from signer.manifest import IPTC, MAX_TEXT, SOURCE_TYPES, is_time
from signer.sources import component_id

NAMES = (
    "addedText", "adjustedColor", "changedSpeed", "color_adjustments", "converted", "cropped", "deleted", "drawing",
    "dubbed", "edited", "edited.metadata", "enhanced", "filtered", "mastered", "mixed", "orientation", "placed",
    "published", "redacted", "remixed", "removed", "repackaged", "resized", "resized.proportional", "transcoded",
    "translated", "trimmed", "unknown", "watermarked", "watermarked.bound", "watermarked.unbound",
)  # fmt: skip
"""Actions of C2PA 2.4 (18.15) but for ``created`` and ``opened``, which signing itself writes first."""
REASONS = ("c2pa.PII.present", "c2pa.invalid.data", "c2pa.trade-secret.present", "c2pa.government.confidential")

_OWN = re.compile(r"[a-z][a-z0-9-]*(?:\.[A-Za-z0-9_-]+)+", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", re.ASCII)
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?([0-5]?\d):)?(\d{1,6}(?:\.\d{1,3})?)", re.ASCII)
_NEEDS_INGREDIENT = ("c2pa.placed", "c2pa.removed")
_TRANSLATED = "c2pa.translated"
_FILE, _LIST = "the file of actions", "the list of actions"


def actions_of(texts: Iterable[str], components: int) -> tuple[dict[str, Any], ...]:
    """The actions of a command line. ``components``: how many ingredients they can refer to.

    Raises:
        CredentialError: ``sign.action``.
    """
    return _checked([_action(_entry(text), components) for text in texts])


def actions_in(document: str, components: int) -> tuple[dict[str, Any], ...]:
    """The actions of a JSON file: a list of objects with ``action`` and the keys of the command line.

    ``region`` and ``time`` may also be lists of numbers, or several of them in a list; ``changes`` is taken as C2PA's
    own, for circles, polygons and frames.

    Raises:
        CredentialError: ``sign.action``.
    """
    try:
        entries = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise _refused(_FILE, "a list of objects in JSON", str(error)) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _refused(_FILE, "a list of objects in JSON", document.strip())
    return _checked([_action(entry, components) for entry in entries])


def _entry(text: str) -> dict[str, Any]:
    name, *parts = (part.strip() for part in text.split(";"))
    entry: dict[str, Any] = {"action": name}
    for part in filter(None, parts):
        key, equals, value = part.partition("=")
        key = key.strip()
        if not equals:
            raise _refused(name, "key=value after each semicolon", part)
        if key in ("region", "time", "ingredient"):
            entry.setdefault(key, []).append(value.strip())
        elif key in entry or key == "changes":
            raise _refused(name, f"{key} once, and no changes but in a file", text)
        else:
            entry[key] = value.strip()
    return entry


def _action(entry: Mapping[str, Any], components: int) -> dict[str, Any]:
    name = _name(entry.get("action"))
    unknown = entry.keys() - {"action", "region", "time", "changes", "ingredient", "from", "to", *_SIMPLE}
    if unknown:
        keys = ("region", "time", "ingredient", "from", "to", *_SIMPLE)
        raise _refused(name, f"keys among {', '.join(keys)}", ", ".join(sorted(map(str, unknown))))
    action: dict[str, Any] = {"action": name}
    for key, (field, read) in _SIMPLE.items():
        if key in entry:
            action[field] = read(name, entry[key])
    if name == "c2pa.redacted" and action.get("reason", REASONS[0]) not in REASONS:
        raise _refused(name, f"a reason among {', '.join(REASONS)}", action["reason"])
    parameters = _parameters(name, entry, components)
    if parameters:
        action["parameters"] = parameters
    places = [_rectangle(name, given) for given in _things(entry.get("region"))]
    times = [_stretch(name, given) for given in _things(entry.get("time"))]
    if "changes" in entry and (places or times):
        raise _refused(name, "changes, or region and time", "both")
    if "changes" in entry:
        action["changes"] = entry["changes"]
    elif places or times:
        action["changes"] = [{"region": [*places, *times]}]
    return action


def _name(given: object) -> str:
    name = given if isinstance(given, str) else ""
    full = f"c2pa.{name}" if name in NAMES else name
    if full.removeprefix("c2pa.") in NAMES and full.startswith("c2pa."):
        return full
    if _OWN.fullmatch(full) and not full.startswith("c2pa.") and len(full) <= MAX_TEXT:
        return full
    raise _refused(str(given), f"an action of C2PA ({', '.join(NAMES)}), or one in reverse-DNS of your own", str(given))


def _parameters(name: str, entry: Mapping[str, Any], components: int) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    numbers = [_number(name, given) for given in _several(entry.get("ingredient"))]
    if numbers:
        if not all(number.is_integer() and 1 <= number <= components for number in numbers):
            raise _refused(name, f"the number of an ingredient, from 1 to {components}", str(entry["ingredient"]))
        parameters["ingredientIds"] = [component_id(int(number)) for number in numbers]
    elif name in _NEEDS_INGREDIENT:
        raise _refused(name, "which ingredient was placed or removed, such as ingredient=1", "none")
    for key, field in (("from", "sourceLanguage"), ("to", "targetLanguage")):
        given = entry.get(key)
        if given is None and name != _TRANSLATED:
            continue
        if name != _TRANSLATED or not isinstance(given, str) or not _LANGUAGE.fullmatch(given):
            raise _refused(name, f"for {_TRANSLATED} only: {key}= a language, such as from=de;to=en", str(given))
        parameters[field] = given
    return parameters


def _text(name: str, given: object) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > MAX_TEXT or not given.isprintable():
        found = f"{len(given)} of them: {given}" if isinstance(given, str) else str(given)
        raise _refused(name, f"a text of 1 to {MAX_TEXT} printable characters", found)
    return given


def _moment(name: str, given: object) -> str:
    if not isinstance(given, str) or not is_time(given):
        raise _refused(name, "when=, RFC 3339 with a zone, such as 2026-03-01T14:05:00+01:00", str(given))
    return given


def _source_type(name: str, given: object) -> str:
    if given not in SOURCE_TYPES:
        raise _refused(name, f"a digital source type: {', '.join(SOURCE_TYPES)}", str(given))
    return IPTC + str(given)


def _software(name: str, given: object) -> dict[str, str]:
    return {"name": _text(name, given)}


_SIMPLE: Mapping[str, tuple[str, Callable[[str, object], object]]] = {
    "description": ("description", _text),
    "reason": ("reason", _text),
    "when": ("when", _moment),
    "source-type": ("digitalSourceType", _source_type),
    "software": ("softwareAgent", _software),
}


def _rectangle(name: str, given: object) -> dict[str, Any]:
    numbers = [_number(name, part) for part in (given.split(",") if isinstance(given, str) else _several(given))]
    expected = "region=x,y,w,h in fractions of the frame, from its top left corner, within it"
    if len(numbers) != 4 or min(numbers) < 0 or min(numbers[2:], default=0) <= 0:
        raise _refused(name, expected, str(given))
    x, y, w, h = (round(100 * number, 4) for number in numbers)
    if x + w > 100.01 or y + h > 100.01:
        raise _refused(name, expected, str(given))
    shape = {"type": "rectangle", "unit": "percent", "origin": {"x": x, "y": y}, "width": w, "height": h}
    return {"type": "spatial", "shape": shape}


def _stretch(name: str, given: object) -> dict[str, Any]:
    ends = given.split("-") if isinstance(given, str) else _several(given)
    if len(ends) != 2 or not any(end not in (None, "") for end in ends):
        raise _refused(name, "time=START-END in seconds or h:mm:ss; one of the two may be missing", str(given))
    start, end = (None if end in (None, "") else _seconds(name, end) for end in ends)
    if start is not None and end is not None and end <= start:
        raise _refused(name, "a time that ends after it starts", str(given))
    told = {"start": start or 0.0} | ({} if end is None else {"end": end})
    return {"type": "temporal", "time": {"type": "npt"} | {key: f"{value:.3f}" for key, value in told.items()}}


def _seconds(name: str, given: object) -> float:
    found = _CLOCK.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        number = _number(name, given)
        if number < 0:
            raise _refused(name, "a time from 0 on", str(given))
        return number
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)


def _number(name: str, given: object) -> float:
    try:
        number = float(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not abs(number) < 1e9:
        raise _refused(name, "a number", str(given))
    return number


def _several(given: object) -> list[Any]:
    """A list of what stands for one or more."""
    if given is None:
        return []
    return given if isinstance(given, list) else [given]


def _things(given: object) -> list[Any]:
    """The same where each is a list of numbers itself; None is an end that is missing."""
    numbers = isinstance(given, list) and all(part is None or isinstance(part, int | float) for part in given)
    return [given] if numbers else _several(given)


def _checked(actions: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The actions, if those who verify them will understand all that they say."""
    if len(actions) >= MAX_ACTIONS:
        raise _refused(_LIST, f"fewer than {MAX_ACTIONS}", str(len(actions)))
    for action in actions:
        if not read_actions([action])[1]:
            raise _refused(
                action["action"], "places and times as C2PA 2.4 has regions of interest", json.dumps(action["changes"])
            )
    if not read_actions(actions)[1]:
        raise _refused(_LIST, "fewer places and times", "too many")
    return tuple(actions)


def _refused(name: str, expected: str, found: str) -> CredentialError:
    what = name if name in (_FILE, _LIST) else f"the action {name[:100]}"
    return CredentialError(
        "sign.action",
        f"{what} cannot be declared",
        expected=expected,
        found=found[:200],
        hint="provenance sign --help, or docs/edits.md",
    )
