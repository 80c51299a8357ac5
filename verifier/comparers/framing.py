"""What was done to the frame as a whole: size, crop, borders, mirroring, rotation, tone, frame rate."""

from __future__ import annotations

import numpy as np

from provenance.report import Finding, Kind, Region
from verifier.align import Alignment
from verifier.clip import Clip

CROP_SHARE = 0.975
"""Share of the original's width or height below which the rest was cropped away."""
FILLED_SHARE = 0.95
"""Share of the clip's pixels that show the original below which it has borders."""
TURN_DEGREES = 0.7
SLANT_PX = 3.0
"""Pixels by which perspective moves a corner above which the picture is seen at a slant."""
TONE_LEVELS = 6.0
"""Root mean square change of tone (grey levels) above which the picture was graded."""


def compare_framing(clip: Clip, alignment: Alignment, toned: float) -> list[Finding]:
    """Findings about the frame as a whole. ``toned``: root mean square change of tone (grey levels)."""
    geometry, original = alignment.geometry, alignment.candidate.original
    facts = clip.facts
    found: list[tuple[Kind, str, Region | None]] = []
    if geometry is not None:
        crop, shown = geometry.crop, geometry.shown
        if min(crop.w, crop.h) < CROP_SHARE:
            found.append((Kind.CROPPED, f"Only {crop.w:.0%} x {crop.h:.0%} of the original's frame is shown.", None))
        filled = float(geometry.mask().mean())
        if min(shown.w, shown.h) < CROP_SHARE or filled < FILLED_SHARE:
            text = f"The original fills {filled:.0%} of the frame; borders or other pictures the rest."
            found.append((Kind.PADDED, text, shown))
        if geometry.mirrored:
            found.append((Kind.MIRRORED, "The picture is mirrored.", None))
        if abs(geometry.rotation) > TURN_DEGREES:
            found.append((Kind.ROTATED, f"The picture is turned by {geometry.rotation:.1f} degrees.", None))
        elif geometry.slant > SLANT_PX:
            found.append((Kind.ROTATED, "The picture is seen at a slant, as where a screen was filmed.", None))
    if (facts.width, facts.height) != (original.width, original.height) and facts.width:
        text = f"{original.width} x {original.height} pixels became {facts.width} x {facts.height}."
        found.append((Kind.RESIZED, text, None))
    if facts.fps and original.fps and abs(facts.fps / original.fps - 1) > 0.02:
        found.append((Kind.FRAME_RATE, f"{original.fps:.3g} frames a second became {facts.fps:.3g}.", None))
    if toned > TONE_LEVELS:
        found.append((Kind.GRADED, "Brightness or contrast was changed over the whole picture.", None))
    if original.has_audio and facts.duration and not facts.audio:
        found.append((Kind.MUTED, "The sound track was left out.", None))
    if not same_decode(clip, alignment):
        found.append((Kind.REENCODED, "Picture or sound was compressed again.", None))
    return [Finding(kind, 1.0, text, region=region, asset_id=original.asset_id) for kind, text, region in found]


def same_decode(clip: Clip, alignment: Alignment) -> bool:
    """Whether the hashes of shared frames and all of the sound are bit for bit those that were signed."""
    ours, theirs = clip.prints, alignment.candidate.original.fingerprints
    if ours.frames is not None and theirs.frames is not None:
        shared, mine, signed = np.intersect1d(ours.frames.times_ms, theirs.frames.times_ms, return_indices=True)
        if len(shared) < min(len(ours.frames.times_ms), len(theirs.frames.times_ms)):
            return False
        if not np.array_equal(ours.frames.hashes[mine, 0], theirs.frames.hashes[signed, 0]):
            return False
    if (ours.sound is None) != (theirs.sound is None):
        return False
    if ours.sound is not None and theirs.sound is not None:
        return np.array_equal(ours.sound.values, theirs.sound.values)
    return True
