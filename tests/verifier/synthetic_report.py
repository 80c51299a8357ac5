"""Reports made by hand for the tests of the page and the terminal."""

from __future__ import annotations

import cv2
import numpy as np

from provenance.report import (
    ClipFacts,
    ComparedWith,
    CredentialFacts,
    Declared,
    Evidence,
    Finding,
    Judged,
    Kind,
    Match,
    Region,
    Report,
    Segment,
    Severity,
    Verdict,
)
from provenance.times import Interval

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202egpj.exe\x07\" onload='x' [bold]&\u2066{{7*7}}\x9b2J\ud800"
"""Markup, escapes, an override, quotes, rich markup, a template and an unpaired surrogate."""


def picture(seed: int, width: int = 320, height: int = 180) -> bytes:
    """A PNG of smooth noise."""
    noise = np.random.default_rng(seed).integers(0, 255, (9, 16, 3), dtype=np.uint8)
    ok, data = cv2.imencode(".png", cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC))
    if not ok:
        raise RuntimeError("OpenCV could not write a PNG")
    return data.tobytes()


def altered(text: str | None = None) -> Report:
    """An altered clip with a bit of everything. ``text`` replaces every foreign string."""

    def say(words: str) -> str:
        return text if text is not None else words

    findings = (
        Judged(
            Finding(Kind.REENCODED, 0.99, say("H.264 at about 410 kbit/s, a tenth of the original's data rate")),
            Severity.DISCLOSED,
        ),
        Judged(
            Finding(
                Kind.REGION,
                0.97,
                say("a part of the picture differs from the original by far more than encoding explains"),
                clip=Interval.of(3.1, 5.1),
                original=Interval.of(34.3, 36.3),
                region=Region(0.41, 0.2, 0.22, 0.34),
            ),
            Severity.ALTERING,
        ),
        Judged(
            Finding(
                Kind.CUT,
                0.91,
                say("2.4 s of the original are missing here"),
                clip=Interval.of(8.0, 8.04),
                original=Interval.of(39.2, 41.6),
            ),
            Severity.ALTERING,
        ),
        Judged(
            Finding(Kind.TRIMMED, 1.0, say("the clip starts 31.2 s into the original and ends 14 s before its end")),
            Severity.DISCLOSED,
        ),
        Judged(
            Finding(
                Kind.OVERLAY,
                0.88,
                say("a still mark covers the top right corner"),
                clip=Interval.of(1, 6),
                region=Region(0.8, 0.05, 0.15, 0.1),
            ),
            Severity.DISCLOSED,
            Declared(say("Example Agency"), (say("c2pa.addedText"), say("c2pa.placed"))),
        ),
    )
    segments = (
        Segment(Interval.of(0, 8.02), Interval.of(31.2, 39.22)),
        Segment(Interval.of(8.02, 12.04), Interval.of(41.6, 45.62)),
    )
    evidence = (
        Evidence("strip", say("one frame a second, original above, clip below"), "image/png", picture(1, 960, 160)),
        Evidence(
            "pair",
            say("the same moment, 0:04.1 of the clip: original left, clip right"),
            "image/png",
            picture(2, 960, 270),
            1,
        ),
        Evidence("heatmap", say("how much more than expected it differs"), "image/png", picture(3), 1),
        Evidence("crop", say("the region, original above, clip below"), "image/png", picture(4), 1),
    )
    return Report(
        Verdict.ALTERED,
        say(
            "The clip comes from “Harbour at dawn”, signed by Example News, "
            "and a part of the picture was changed from 0:03.1 to 0:05.1."
        ),
        ClipFacts(say("harbour_viral_FINAL.mp4"), say("9f" * 32), say("video/mp4"), 12.04, 640, 360, 29.97, True),
        CredentialFacts(
            say("content_changed"),
            say("Example News"),
            (say("assertion.bmffHash.mismatch"),),
            say("2026-03-01T06:12:00Z"),
            say("good"),
            say("mzxw6ytboi5gk3dmn5qw4y3fna"),
        ),
        (
            Match(
                say("mzxw6ytboi5gk3dmn5qw4y3fna"),
                say("Harbour at dawn"),
                say("Example News"),
                say("2026-03-01T06:12:00Z"),
                0.97,
                93,
                segments,
                ComparedWith.FULL,
            ),
        ),
        findings,
        (say("Changes smaller than about 6 % of the frame's width."), say("Lip movement against speech.")),
        {"provenance-toolkit": say("0.1.0"), say("FFmpeg"): say("9.0.2")},
        {"trust": say("signed under the development list"), say("severity"): say("default")},
        say("2026-03-02T10:00:00Z"),
        evidence,
    )


def bare(verdict: Verdict = Verdict.UNKNOWN) -> Report:
    """The least a report can hold."""
    return Report(
        verdict,
        "No registered original was found for this clip.",
        ClipFacts("clip.wav", "00" * 32, "audio/wav", None, None, None, None, True),
        CredentialFacts("none"),
        (),
        (),
        (),
        {},
        {},
        "2026-03-02T10:00:00Z",
    )
