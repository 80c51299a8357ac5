"""Where the sound alone places a clip: to an eighth of a second by its fingerprint, to a fiftieth by its spectra."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from provenance.settings import Settings
from verifier.clip import Clip
from verifier.identify import Candidate
from verifier.listening import listen
from verifier.sound_runs import SoundRun
from verifier.timing import Piece

SOUND_EDGE_S = 3.0
_SAME_OFFSET_S = 0.2
_BORNE_OUT = 0.55
"""Median correlation (-1 to 1) of spectra above which it is the same sound: 0.85 and more of copies, 0.22 of others."""


def pieces_by_sound(clip: Clip, candidate: Candidate, reference: Path | None, settings: Settings) -> tuple[Piece, ...]:
    """The stretches whose sound is the original's: good to about an eighth of a second.

    What an unsigned fingerprint tells counts only where the original's copy, whose hash is signed, bears it out.

    Sub-fingerprints need a few seconds around them, so the first and last ones of a stretch are not seen: neighbours
    meet half-way, and stretches at one offset are one, with what lies between left to the comparison.
    """
    pieces: list[Piece] = []
    for run in candidate.sound:
        if not run.signed and not _borne_out(run, clip, reference, settings):
            continue
        piece = Piece(run.start, run.end, 1.0, run.offset, 1 - 2 * run.error)
        before = pieces[-1] if pieces else None
        if before is not None and abs(before.offset - piece.offset) < _SAME_OFFSET_S:
            pieces[-1] = replace(before, end=piece.end)
        elif before is not None and piece.start - before.end <= 2 * SOUND_EDGE_S:
            middle = (before.end + piece.start) / 2
            pieces[-1:] = [replace(before, end=middle), replace(piece, start=middle)]
        else:
            pieces.append(piece)
    if pieces and pieces[0].start < SOUND_EDGE_S:
        pieces[0] = replace(pieces[0], start=0.0)
    if pieces and pieces[-1].end + SOUND_EDGE_S > clip.duration:
        pieces[-1] = replace(pieces[-1], end=clip.duration)
    return tuple(pieces)


def _borne_out(run: SoundRun, clip: Clip, reference: Path | None, settings: Settings) -> bool:
    pcm = clip.extraction.pcm
    if pcm is None or reference is None:
        return False
    hearing = listen(pcm, reference, Piece(run.start, run.end, 1.0, run.offset, 1 - 2 * run.error), settings)
    comparable = hearing.same[np.isfinite(hearing.same)] if hearing is not None else np.zeros(0)
    return bool(comparable.size) and float(np.median(comparable)) > _BORNE_OUT


def exactly(clip: Clip, pieces: tuple[Piece, ...], reference: Path | None, settings: Settings) -> tuple[Piece, ...]:
    """The pieces with the offsets at which the sound is most like that of the original's copy, where both have some."""
    pcm = clip.extraction.pcm
    if pcm is None or reference is None:
        return pieces
    heard = [(piece, listen(pcm, reference, piece, settings)) for piece in pieces]
    return tuple(replace(p, offset=p.offset + h.shift) if h is not None else p for p, h in heard)
