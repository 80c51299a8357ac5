"""The photograph beside a frame of the clip, with the points that match, and those that moved, drawn."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.media.values import GreyImage
from provenance.report import Evidence, Judged, Kind
from verifier.comparers.still import Showing, most_moved
from verifier.still_fit import moved
from verifier.still_motion import block_centres
from verifier.stills import Sighting

_MOST_POINTS = 60
_HEIGHT = 360
_SAME, _MOVED = (90, 170, 40), (40, 40, 230)


def draw_still_evidence(showings: Sequence[Showing], judged: Sequence[Judged]) -> tuple[Evidence, ...]:
    """One picture for each photograph: of the moment at which it is furthest out of shape, else of a middle one."""
    pictures = []
    for showing in showings:
        index = next(
            (n for n, item in enumerate(judged) if item.finding in showing.findings and _about_motion(item)), None
        )
        sightings = showing.track.sightings
        sighting = sightings[len(sightings) // 2]
        if showing.lively is not None:
            sighting = most_moved(showing.track, showing.lively)
        if showing.track.canvas is not None:
            pictures.append(_points(showing, sighting, showing.track.canvas, index))
    return tuple(pictures)


def _about_motion(item: Judged) -> bool:
    return item.finding.kind is Kind.STILL_ANIMATED


def _points(showing: Showing, sighting: Sighting, canvas: GreyImage, index: int | None) -> Evidence:
    photo = showing.track.original.fingerprints.features
    frame = sighting.frame.image
    left, right = (cv2.cvtColor(_to_height(picture), cv2.COLOR_GRAY2BGR) for picture in (canvas, frame))
    sheet = np.hstack([left, np.full((_HEIGHT, 6, 3), 255, np.uint8), right])
    offset = left.shape[1] + 6
    scale_left, scale_right = _HEIGHT / canvas.shape[0], _HEIGHT / frame.shape[0]
    if photo is not None:
        to_canvas = np.array([canvas.shape[1] / photo.width, canvas.shape[0] / photo.height])
        chosen = np.linspace(0, len(sighting.fit.photo) - 1, min(_MOST_POINTS, len(sighting.fit.photo))).astype(int)
        for here, there in zip(sighting.fit.photo[chosen] * to_canvas, sighting.fit.shown[chosen], strict=True):
            start, end = _pixel(here * scale_left), _pixel(there * scale_right, offset)
            cv2.line(sheet, start, end, _SAME, 1, cv2.LINE_AA)
            cv2.circle(sheet, start, 3, _SAME, 1, cv2.LINE_AA)
            cv2.circle(sheet, end, 3, _SAME, 1, cv2.LINE_AA)
    moment = showing.track.moment
    source = "The photograph" if moment is None else f"The original at {moment:.2f} s"
    caption = f"{source} (left) and the clip at {sighting.time:.2f} s, with points that match."
    lively, laid = showing.lively, sighting.laid
    if lively is not None and laid is not None:
        centres = block_centres(canvas.shape)[lively.blocks].astype(np.float64)
        rest = moved(laid.matrix, centres)
        shifted = moved(laid.matrix, centres + laid.shift[lively.blocks])
        for centre, at, to in zip(centres, rest, shifted, strict=True):
            cv2.circle(sheet, _pixel(centre * scale_left), 2, _MOVED, -1, cv2.LINE_AA)
            cv2.arrowedLine(
                sheet, _pixel(at * scale_right, offset), _pixel(to * scale_right, offset), _MOVED, 1, cv2.LINE_AA
            )
        caption += " Arrows: parts that moved against the rest."
    data = bytes(cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])
    return Evidence("points", caption, "image/jpeg", data, index)


def _to_height(picture: GreyImage) -> GreyImage:
    width = max(8, round(picture.shape[1] * _HEIGHT / picture.shape[0]))
    return np.asarray(cv2.resize(picture, (width, _HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _pixel(point: NDArray[np.floating], right: int = 0) -> tuple[int, int]:
    return round(float(point[0])) + right, round(float(point[1]))
