"""Is the sound the original's? Where the loud parts of the two do not correlate, something else is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from provenance.media.sound import samples_of
from provenance.media.values import PCM_RATE
from provenance.report import Finding, Kind
from provenance.times import Interval
from verifier.comparers.order import original_interval
from verifier.listening import HOP_S, SILENCE_DB, SOME, Hearing, spectrogram
from verifier.stretches import stretches
from verifier.timing import Piece

SAME = 0.55
"""Correlation (-1 to 1) above which it is the same sound. On the tuning half: untouched sound at 64 kb/s stays above
0.85 throughout, half a second of other speech lies under 0.3, music under a voice mostly above 0.6."""
MIN_EDIT_S = 0.3
"""Seconds that must differ: what is left of a replaced half second between the windows that see both."""
REPLACED_SHARE = 0.65
"""Share of the comparable sound that differs above which it was replaced as a whole."""


def compare_hearing(piece: Piece, hearing: Hearing, asset_id: str) -> list[Finding]:
    """Findings about the sound of one piece."""
    loud_there = hearing.original_bands[:, -1] > SILENCE_DB
    loud_here = hearing.clip_bands[:, -1] > SILENCE_DB
    if loud_there.mean() > SOME and loud_here.mean() < 0.01:
        text = "The original has sound here, the clip is silent."
        return [_finding(Kind.MUTED, piece, piece.start, piece.end, 1.0, text, asset_id)]
    differs = hearing.same < SAME
    comparable = np.isfinite(hearing.same)
    findings = []
    runs = [(s, e) for s, e in stretches(differs) if (e - s) * HOP_S >= MIN_EDIT_S]
    total = sum(e - s for s, e in runs)
    if comparable.any() and total / comparable.sum() >= REPLACED_SHARE:
        score = float(1 - np.clip(np.nanmedian(hearing.same[differs]), 0, 1))
        text = "The sound is not the original's, while the picture is."
        return [_finding(Kind.AUDIO_REPLACED, piece, piece.start, piece.end, score, text, asset_id)]
    for start, end in runs:
        score = float(1 - np.clip(np.nanmedian(hearing.same[start:end]), 0, 1))
        text = f"{(end - start) * HOP_S:.1f} s of the sound are not the original's."
        left, right = hearing.times[start], hearing.times[end - 1] + HOP_S
        findings.append(_finding(Kind.AUDIO_EDITED, piece, left, right, score, text, asset_id))
    return findings


def compare_with_silence(pcm: Path, piece: Piece, asset_id: str) -> list[Finding]:
    """What is heard along a piece of an original that has no sound."""
    samples = samples_of(pcm)
    bands = spectrogram(samples[round(piece.start * PCM_RATE) : round(piece.end * PCM_RATE)])
    if not len(bands) or (bands[:, -1] > SILENCE_DB).mean() <= SOME:
        return []
    text = "The original has no sound: what is heard was added."
    return [_finding(Kind.AUDIO_REPLACED, piece, piece.start, piece.end, 1.0, text, asset_id)]


def _finding(kind: Kind, piece: Piece, start: float, end: float, score: float, text: str, asset_id: str) -> Finding:
    return Finding(
        kind,
        score,
        text,
        clip=Interval.of(start, end),
        original=original_interval(piece, start, end),
        asset_id=asset_id,
    )
