"""A photograph within a clip: when it is shown and how, and whether it was set in motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from provenance.report import Finding, Kind, Region
from provenance.times import Interval
from verifier.clip import Clip
from verifier.comparers.framing import CROP_SHARE, TURN_DEGREES
from verifier.comparers.liveliness import Liveliness, liveliness
from verifier.copies import NOTHING_TO_COMPARE_WITH
from verifier.geometry import Geometry
from verifier.still_fit import moved
from verifier.still_motion import block_centres, block_side
from verifier.stills import Sighting, StillTrack

STILL_PX = 1.5
"""Pixels of the working copy by which a held photograph may seem to move."""
_GAP_STEPS = 1.5
MIN_FILM_SHARE = 0.8
"""Share of a film's moments that must show the photograph for its motion to be called made: a drive showed 0.17."""
LIVELY = (
    "it moves in ways that a photograph cannot be made to, as if the photograph were one moment of this footage, "
    "which itself is not registered"
)


@dataclass(frozen=True, slots=True, eq=False)
class Showing:
    """What a clip shows of one photograph. ``runs``: stretches of the clip.

    ``lively``: what moves within the photograph, None where nothing does. ``doubt``: why nothing can be said of it.
    """

    track: StillTrack
    runs: tuple[Interval, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    lively: Liveliness | None
    doubt: str | None

    @property
    def crop(self) -> Region:
        """The part of the photograph seen, over all frames."""
        crops = [geometry_of(self.track, sighting).crop for sighting in self.track.sightings]
        left, top = min(c.x for c in crops), min(c.y for c in crops)
        right, bottom = max(c.x + c.w for c in crops), max(c.y + c.h for c in crops)
        return Region(left, top, right - left, bottom - top)

    @property
    def score(self) -> int:
        """0-100: how well what is seen of it agrees."""
        supports = [s.laid.support for s in self.track.sightings if s.laid is not None]
        return round(100 * float(np.mean(supports))) if supports else 50


def compare_still(clip: Clip, track: StillTrack) -> Showing:
    """Say how the photograph is shown, and whether it moves by itself."""
    runs = _runs(track, clip.duration)
    asset_id = track.original.asset_id
    findings: list[Finding] = []
    not_checked = ["changes within the photograph that leave most of it in its place"]
    doubt: str | None = None
    lively: Liveliness | None = None
    if track.canvas is None:
        not_checked = [f"whether the photograph was set in motion: {NOTHING_TO_COMPARE_WITH}"]
        doubt = NOTHING_TO_COMPARE_WITH
    else:
        laid = [sighting.laid for sighting in track.sightings if sighting.laid is not None]
        lively = liveliness(laid, max(track.canvas.shape))
    if lively is not None and lively.only_the_photograph and _fills(track):
        findings.append(_animated(clip, track, lively))
    elif lively is not None:
        doubt = LIVELY
    findings += _framing(clip, track)
    text = f"The {_what(track)} was made part of a film."
    findings.append(Finding(Kind.REENCODED, 1.0, text, asset_id=asset_id))
    return Showing(track, runs, tuple(findings), tuple(not_checked), lively, doubt)


def geometry_of(track: StillTrack, sighting: Sighting) -> Geometry:
    """The photograph's place in a frame: from the pixels of the canvas where there is one, else of the features."""
    photo = track.original.fingerprints.features
    if sighting.laid is not None and track.canvas is not None:
        matrix, size = sighting.laid.matrix, (track.canvas.shape[1], track.canvas.shape[0])
    else:
        matrix, size = sighting.fit.matrix, ((photo.width, photo.height) if photo else (1, 1))
    frame = sighting.frame.image
    return Geometry(matrix, size, (frame.shape[1], frame.shape[0]), len(sighting.fit.photo))


def moving_region(track: StillTrack, sighting: Sighting, lively: Liveliness) -> Region:
    """Where the moving part lies in that frame."""
    canvas, laid = track.canvas, sighting.laid
    if canvas is None or laid is None:
        return Region(0.0, 0.0, 1.0, 1.0)
    half = block_side(canvas.shape) / 2
    centres = block_centres(canvas.shape)[lively.blocks].astype(np.float64)
    ends = moved(laid.matrix, np.concatenate([centres - half, centres + half]))
    size = np.array(sighting.frame.image.shape[1::-1], dtype=np.float64)
    low, high = np.clip(ends.min(axis=0) / size, 0, 1), np.clip(ends.max(axis=0) / size, 0, 1)
    return Region(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def _animated(clip: Clip, track: StillTrack, lively: Liveliness) -> Finding:
    moments = [track.sightings[n] for n in _numbers(track, lively)]
    stretch = Interval.of(
        max(0.0, moments[0].time - track.step / 2), min(clip.duration, moments[-1].time + track.step / 2)
    )
    ratio = lively.shift / max(lively.noise, 0.0005)
    source, moment = "photograph", None
    if track.moment is not None:
        source, moment = f"original's frame at {track.moment:.1f} s", Interval.of(track.moment, track.moment)
    text = (
        f"Parts of the {source} move by up to {lively.shift:.1%} of its size against the rest of it, and all that "
        f"moves is its own: the clip was made from the {source}."
    )
    return Finding(
        Kind.STILL_ANIMATED,
        float(np.clip(1 - 3 / ratio, 0.5, 0.99)),
        text,
        clip=stretch,
        original=moment,
        region=moving_region(track, moments[len(moments) // 2], lively),
        asset_id=track.original.asset_id,
    )


def _numbers(track: StillTrack, lively: Liveliness) -> list[int]:
    """Indices of sightings in which it moves; ``moments`` count only those that were laid."""
    laid = [number for number, sighting in enumerate(track.sightings) if sighting.laid is not None]
    return [laid[moment] for moment in lively.moments.tolist()]


def most_moved(track: StillTrack, lively: Liveliness) -> Sighting:
    """The sighting in which the moving part is furthest from its place."""

    def shift(number: int) -> float:
        laid = track.sightings[number].laid
        return 0.0 if laid is None else float(np.linalg.norm(laid.shift[lively.blocks], axis=-1).mean())

    return track.sightings[max(_numbers(track, lively), key=shift)]


def _fills(track: StillTrack) -> bool:
    """Whether the film shows the photograph and little else: footage goes on to what its one frame does not hold."""
    return len(track.sightings) >= MIN_FILM_SHARE * len(track.looked)


def _runs(track: StillTrack, duration: float) -> tuple[Interval, ...]:
    if track.step == 0.0:
        return (Interval.of(0.0, max(duration, 0.0)),)
    times = [sighting.time for sighting in track.sightings]
    groups = np.split(np.array(times), np.flatnonzero(np.diff(times) > 2 * _GAP_STEPS * track.step) + 1)
    runs = []
    for group in groups:
        start, end = float(group[0]) - track.step / 2, float(group[-1]) + track.step / 2
        start = 0.0 if group[0] <= track.looked[0] else start
        end = duration if group[-1] >= track.looked[-1] else end
        runs.append(Interval.of(max(0.0, start), min(duration, max(start, end))))
    return tuple(runs)


def _what(track: StillTrack) -> str:
    return "photograph" if track.moment is None else "frame"


def _framing(clip: Clip, track: StillTrack) -> list[Finding]:
    laid = [geometry_of(track, sighting) for sighting in track.sightings]
    crops, shown = [g.crop for g in laid], [g.shown for g in laid]
    facts, original = clip.facts, track.original
    what = _what(track)
    found: list[tuple[Kind, str, Region | None]] = []
    sizes = [min(c.w, c.h) for c in crops]
    corners = np.array([[c.x * g.original_size[0], c.y * g.original_size[1]] for c, g in zip(crops, laid, strict=True)])
    travelling = float(np.ptp(corners, axis=0).max()) > 2 * STILL_PX
    if min(sizes) < CROP_SHARE:
        how = f" The view moves over the {what}." if travelling else ""
        found.append((Kind.CROPPED, f"As little as {min(sizes):.0%} of the {what}'s side is seen.{how}", None))
    if min(min(s.w, s.h) for s in shown) < CROP_SHARE:
        least = min(shown, key=lambda s: s.w * s.h)
        text = f"The {what} fills {least.w:.0%} x {least.h:.0%} of the frame; borders or other pictures the rest."
        found.append((Kind.PADDED, text, least))
    if sum(g.mirrored for g in laid) > len(laid) / 2:
        found.append((Kind.MIRRORED, f"The {what} is mirrored.", None))
    turn = float(np.median([abs(g.rotation) for g in laid]))
    if turn > TURN_DEGREES:
        found.append((Kind.ROTATED, f"The {what} is turned by {turn:.1f} degrees.", None))
    if (facts.width, facts.height) != (original.width, original.height):
        text = f"{original.width} x {original.height} pixels became part of {facts.width} x {facts.height}."
        found.append((Kind.RESIZED, text, None))
    return [Finding(kind, 1.0, text, region=region, asset_id=original.asset_id) for kind, text, region in found]
