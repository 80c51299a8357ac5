"""Frames that are held are shown below the original as it goes on; what shows nothing is left out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from footage import AAC, X264, source
from support.media import ffmpeg, recipe
from verdict_desk import Desk

from provenance.report import Evidence, Kind
from provenance.trust.policy import SignedUnder
from verifier.diff import diff

COLUMNS, ROW, GAP = 6, 140, 4
"""Of a strip: pictures in a row, pixels that they are high, and pixels between the rows."""


@recipe("bunny-sparse.mp4")
def _sparse(path: Path) -> None:
    """No picture sent for two and a half seconds."""
    ffmpeg("-i", source(path, "bunny.mp4"), "-vf", "select='not(between(t,1.5,4))'", "-fps_mode", "vfr", *X264, "30",
           *AAC, path)  # fmt: skip


def shown(desk: Desk, original: str, name: str) -> dict[str, Evidence]:
    """What is shown of the one finding of repeated frames, by its role."""
    trusted = {"anchors": desk.anchors, "policy": SignedUnder(desk.anchors)}
    report = diff(desk.media(original), desk.media(name), settings=desk.settings, **trusted)
    (index,) = [n for n, item in enumerate(report.findings) if item.finding.kind is Kind.FRAMES_REPEATED]
    return {picture.role: picture for picture in report.evidence if picture.finding == index}


@pytest.mark.parametrize("name", ["bunny-frozen.mp4", "bunny-briefly-held.mp4", "bunny-sparse.mp4"])
def test_the_clip_rests_below_the_original_that_goes_on(desk: Desk, name: str) -> None:
    pictures = shown(desk, "bunny.mp4", name)
    assert sorted(pictures) == ["pair", "strip"]
    sheet = cv2.imdecode(np.frombuffer(pictures["strip"].data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert sheet is not None
    rows = sheet[:ROW].astype(np.float32), sheet[ROW + GAP :].astype(np.float32)
    goes_on, held = (np.split(row, COLUMNS, axis=1) for row in rows)
    moves, rests = (float(np.abs(cells[-1] - cells[0]).mean()) for cells in (goes_on, held))
    assert moves > 3 * rests, (moves, rests)


def test_no_strip_is_drawn_where_both_move(desk: Desk) -> None:
    assert sorted(shown(desk, "street.mp4", "street-looped.mp4")) == ["pair"]
