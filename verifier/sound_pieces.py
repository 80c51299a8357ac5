"""Where the sound alone places a clip: good to about an eighth of a second."""

from __future__ import annotations

from dataclasses import replace

from verifier.clip import Clip
from verifier.identify import Candidate
from verifier.timing import Piece

SOUND_EDGE_S = 3.0
_SAME_OFFSET_S = 0.2


def pieces_by_sound(clip: Clip, candidate: Candidate) -> tuple[Piece, ...]:
    """The stretches whose sound is the original's: good to about an eighth of a second.

    Sub-fingerprints need a few seconds around them, so the first and last ones of a stretch are not seen: neighbours
    meet half-way, and stretches at one offset are one, with what lies between left to the comparison.
    """
    pieces: list[Piece] = []
    for run in candidate.sound:
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
