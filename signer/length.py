"""Refusing footage that is too long for a credential before it is decoded, not after an hour of doing so."""

from __future__ import annotations

import numpy as np

from provenance.fingerprints import pdq, sound
from provenance.fingerprints.codec import to_assertion
from provenance.fingerprints.extract import ORIGINAL_RATE
from provenance.fingerprints.values import Fingerprints, FrameHashes
from provenance.media.values import MediaInfo

_CERTAIN = 0.9
"""Share of the length claimed by a container that is taken to be there; what is near the limit is decoded and seen."""


def require_fitting_length(info: MediaInfo) -> None:
    """Check that the fingerprints of footage as long as its container says will fit into a credential.

    Raises:
        CredentialError: ``fingerprints.too_long``.
    """
    if info.duration is None:
        return
    seconds = float(info.duration) * _CERTAIN
    rate = min(float(info.fps), float(ORIGINAL_RATE)) if info.fps else 0.0
    frames = int(seconds * rate) if info.has_video else 0
    sounds = int(seconds / sound.STEP_S) if info.has_audio else 0
    # The codec itself is asked, with fingerprints of that size: it alone knows what fits.
    to_assertion(
        Fingerprints(
            frames=_blank(frames) if frames else None,
            sound=sound.sound_print(np.zeros(sounds, np.uint32)),
        ),
        None,
    )


def _blank(frames: int) -> FrameHashes:
    views = len(pdq.VIEWS)
    return FrameHashes(
        pdq.ALGORITHM,
        np.arange(frames, dtype=np.int64),
        np.zeros((frames, views, pdq.HASH_BYTES), np.uint8),
        np.zeros((frames, views), np.uint8),
        np.zeros((frames, 8), np.uint8),
    )
