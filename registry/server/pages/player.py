"""What plays original and clip beside each other, and in step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provenance.assets import Original
from provenance.console import safe
from provenance.presentation import svg
from provenance.report import Match, Report
from registry.checks.values import Check

_MOST_MATCHES = 8
_MOST_SEGMENTS = 500
_FRAME_S = 0.04


@dataclass(frozen=True, slots=True)
class Copy:
    """Something that is played: where, and of which media type."""

    address: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Player:
    """What the page's player is given.

    ``total``: the clip's length in seconds, 0 for a photograph; ``step``: of one picture. ``matches``: originals with
    their segments, as ``report.js`` takes them. ``pictures``: both can be laid on each other; ``sound``: either sounds;
    ``heat``: there are heatmaps.
    """

    original: Copy
    clip: Copy
    total: float
    step: float
    matches: list[dict[str, Any]]
    pictures: bool
    sound: bool
    heat: bool


def player_of(report: Report, check: Check, origins: Mapping[str, Original], *, heat: bool) -> Player | None:
    """What to play, or None where the clip's copy or every original's is not there.

    ``origins``: the originals that everybody may see, by id.
    """
    matches = [match for match in report.matches if match.segments and _has_copy(origins.get(match.asset_id))]
    if check.preview is None or not matches:
        return None
    # One element of the page plays them all, so that a photograph does not take the place of a film.
    kind = _kind(origins[matches[0].asset_id])
    matches = [match for match in matches if _kind(origins[match.asset_id]) == kind][:_MOST_MATCHES]
    here = f"/v1/checks/{check.check_id}"
    clip = Copy(f"{here}/preview", check.preview)
    original = Copy(f"{here}/originals/{matches[0].asset_id}", f"{kind}/*")
    still = check.preview.startswith("image/")
    return Player(
        original=original,
        clip=clip,
        total=0.0 if still else round(float(svg.length(report)), 3),
        step=round(1 / report.clip.fps, 4) if report.clip.fps else _FRAME_S,
        matches=[_match(match, here) for match in matches],
        pictures=not check.preview.startswith("audio/"),
        sound=report.clip.audio and not still,
        heat=heat,
    )


def _has_copy(origin: Original | None) -> bool:
    return origin is not None and origin.reference_sha256 is not None


def _kind(origin: Original) -> str:
    return origin.media_type.partition("/")[0]


def _match(match: Match, here: str) -> dict[str, Any]:
    return {
        "title": safe(match.title, limit=120),
        "address": f"{here}/originals/{match.asset_id}",
        "segments": [segment.as_json() for segment in match.segments[:_MOST_SEGMENTS]],
    }
