"""From a file to its fingerprints: one decode, hashed as the frames come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from provenance.fingerprints import brief_sound, features, iscc, pdq, sound
from provenance.fingerprints.frames import MOST_LOOKS, FrameHasher, Hasher, Looks
from provenance.fingerprints.values import Fingerprints, FrameFeatures
from provenance.media.extract import Plan, extract
from provenance.media.sound import samples_of
from provenance.media.values import Extraction, Frame, GreyImage, Limits

ORIGINAL_RATE = Fraction(2)
"""Hashed frames per second of an original."""
FEATURES_STEP_S = 2.0
"""Least seconds between frames of a film of which local features are taken; long films have no more frames for it."""
FRAME_POINTS = 250
CLIP_RATE = Fraction(8)
"""Hashed frames per second of a clip: denser, so that one falls within a sixteenth of a second of each original one."""


def fingerprint(
    path: Path,
    work: Path,
    *,
    limits: Limits,
    reference: bool,
    for_search: bool = False,
    require_sandbox: bool = False,
    on_progress: Callable[[float], None] | None = None,
) -> tuple[Fingerprints, Extraction]:
    """Fingerprint an original, to be signed or checked against what was signed.

    Args:
        work: an empty folder of the caller's for what the decode leaves, such as the reference copy.
        reference: make the reference copy too.
        for_search: take what is not signed, too, and by which a registry finds it: local features of some of a film's
            frames, and sub-fingerprints of brief sound.

    Raises:
        MediaError: the file is not media, or over a limit.
        SandboxError: no fence could be had and ``require_sandbox`` is set.
    """
    plan = Plan(hash_rate=ORIGINAL_RATE, reference=reference, signature=True)
    looks = Looks(MOST_LOOKS if for_search else 1)
    prints, extraction = _run(path, work, plan, pdq.hash_views, looks, limits, require_sandbox, on_progress)
    if for_search and not extraction.info.still:
        brief = None if extraction.pcm is None else brief_sound.of_original(samples_of(extraction.pcm))
        prints = replace(prints, frame_features=_frame_features(looks), brief_sound=brief)
    return prints, extraction


def fingerprint_clip(
    path: Path,
    work: Path,
    *,
    limits: Limits,
    reference: bool = False,
    require_sandbox: bool = False,
    on_progress: Callable[[float], None] | None = None,
) -> tuple[Fingerprints, Extraction, Looks]:
    """Fingerprint a circulating clip to search with, and make its working copy to compare.

    The frame hashes hold ``pdq.VARIANTS`` where an original's hold ``pdq.VIEWS``. ``reference``: make a copy as the
    registry has it of originals, too, to be played beside theirs. Raises as ``fingerprint``.
    """
    plan = Plan(hash_rate=CLIP_RATE, reference=reference, working=True)
    looks = Looks()
    return *_run(path, work, plan, pdq.hash_variants, looks, limits, require_sandbox, on_progress), looks


def fingerprint_to_search(path: Path, work: Path, *, limits: Limits, require_sandbox: bool = False) -> Fingerprints:
    """Fingerprint a circulating clip to search with, and no more: hashes as of ``fingerprint_clip``, and the ISCC.

    Raises as ``fingerprint``.
    """
    plan = Plan(hash_rate=CLIP_RATE, signature=True)
    prints, _ = _run(path, work, plan, pdq.hash_variants, Looks(1), limits, require_sandbox, None)
    return prints


def _run(
    path: Path,
    work: Path,
    plan: Plan,
    hasher: Hasher,
    looks: Looks,
    limits: Limits,
    require_sandbox: bool,
    on_progress: Callable[[float], None] | None,
) -> tuple[Fingerprints, Extraction]:
    frames = FrameHasher(hasher)

    def on_frame(frame: Frame) -> None:
        frames.add(frame)
        looks.add(frame)

    extraction = extract(
        path,
        plan,
        work,
        limits=limits,
        require_sandbox=require_sandbox,
        on_frame=on_frame,
        on_progress=on_progress,
    )
    shown = looks.spaced(0)
    still = shown[0].image if extraction.info.still and shown else None
    found = features.features(still) if still is not None else None
    chromaprint = extraction.chromaprint
    prints = Fingerprints(
        frames=frames.result(),
        sound=sound.sound_print(chromaprint) if chromaprint is not None else None,
        features=found,
        features_sha256=features.digest(found) if found else None,
        iscc=_iscc(extraction, still) if plan.signature else None,
    )
    return prints, extraction


def _frame_features(looks: Looks) -> FrameFeatures | None:
    found = [
        (round(frame.time * 1000), taken)
        for frame in looks.spaced(FEATURES_STEP_S)
        if (taken := features.features(frame.image, FRAME_POINTS)) is not None
    ]
    if not found:
        return None
    return FrameFeatures(np.array([time for time, _ in found], np.int64), tuple(taken for _, taken in found))


def _iscc(extraction: Extraction, still: GreyImage | None) -> str | None:
    if still is not None:
        return iscc.image_iscc(still)
    if extraction.signature is not None:
        return iscc.video_iscc(extraction.signature)
    return iscc.audio_iscc(extraction.chromaprint) if extraction.chromaprint is not None else None
