"""An original that repeats itself: its untouched copy is a match, and what was cut out of it is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from footage import AAC, RATE, X264, source
from support.media import ffmpeg, recipe
from verdict_desk import Desk

from provenance.report import Kind, Report, Severity, Verdict
from provenance.trust.policy import SignedUnder
from verifier import spans
from verifier.diff import diff

LOOP_S, TIMES, LONG_S = 4, 3, 4.0
CUT_FROM, CUT_TO = 6.0, 7.5


@recipe("carousel.mp4")
def _carousel(path: Path) -> None:
    """Four seconds of the street, with its voice, three times."""
    frames, samples = round(LOOP_S * 25), LOOP_S * RATE
    ffmpeg("-i", source(path, "street.mp4"), "-vf", f"fps=25,scale=192:-2,loop={TIMES - 1}:{frames}",
           "-af", f"aresample={RATE},aloop={TIMES - 1}:{samples}", "-t", LOOP_S * TIMES, *X264, "20", *AAC,
           path)  # fmt: skip


@recipe("carousel-again.mp4", "carousel-cut.mp4")
def _copied(path: Path) -> None:
    """A poor copy, whole or without a second and a half."""
    kept = f"not(between(t,{CUT_FROM},{CUT_TO - 0.01}))" if "cut" in path.name else "1"
    ffmpeg("-i", source(path, "carousel.mp4"), "-vf", f"select='{kept}',setpts=N/25/TB", "-af",
           f"aselect='{kept}',asetpts=N/SR/TB", *X264, "30", *AAC, path)  # fmt: skip


def report(desk: Desk, name: str) -> Report:
    trusted = {"anchors": desk.anchors, "policy": SignedUnder(desk.anchors)}
    return diff(desk.media("carousel.mp4"), desk.media(name), settings=desk.settings, evidence=False, **trusted)


@pytest.fixture(autouse=True)
def short_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a clip of many minutes is laid."""
    monkeypatch.setattr(spans, "SPAN_S", LONG_S)


def test_an_untouched_copy_of_a_loop_is_a_match(desk: Desk) -> None:
    found = report(desk, "carousel-again.mp4")
    assert found.verdict is Verdict.MATCH
    (segment,) = found.matches[0].segments
    assert segment.original.as_seconds() == pytest.approx([0, LOOP_S * TIMES], abs=0.1)


def test_what_was_cut_out_of_a_loop_is_found(desk: Desk) -> None:
    found = report(desk, "carousel-cut.mp4")
    (cut,) = (f.finding for f in found.findings if f.severity is Severity.ALTERING)
    assert cut.kind is Kind.CUT
    assert cut.clip is not None
    assert cut.original is not None
    assert cut.clip.as_seconds()[0] == pytest.approx(CUT_FROM, abs=0.2)
    assert cut.original.as_seconds() == pytest.approx([CUT_FROM, CUT_TO], abs=0.2)
