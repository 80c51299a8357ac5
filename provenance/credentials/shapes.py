"""Taking values out of foreign JSON: what is not of the expected shape is as if it were not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LARGEST = 1e12


def mapping(value: object, *path: str) -> Mapping[str, Any]:
    """The object at ``path`` inside ``value``, or an empty one."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[object]:
    """What a list holds, of whatever shape, or nothing."""
    return value if isinstance(value, list) else []


def number(value: object) -> float | None:
    """The number, or None where it is none, or of no use: not finite, or beyond all sizes and times."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _LARGEST else None


def items(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list, or none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object, limit: int = 10_000) -> str | None:
    """The string, cut to ``limit`` characters, or None where it is empty or no string."""
    return value[:limit] if isinstance(value, str) and value else None


def codes(value: object) -> tuple[str, ...]:
    """The ``code`` of each status in a list, each code once, in order."""
    found = (text(item.get("code"), 200) for item in items(value))
    return tuple(dict.fromkeys(code for code in found if code))
