"""What made a report, so that it can be made again."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import cv2

import provenance
from provenance.fingerprints import brief_sound, pdq, sound
from verifier.face_detector import DISTRIBUTION


def versions() -> dict[str, str]:
    """Names and versions of the toolkit and of what its measurements depend on."""
    return {
        "provenance-toolkit": provenance.__version__,
        pdq.ALGORITHM.id: pdq.ALGORITHM.version,
        sound.ALGORITHM.id: sound.ALGORITHM.version,
        brief_sound.ALGORITHM.id: brief_sound.ALGORITHM.version,
        "opencv": cv2.__version__,
    } | _face_detector()


def _face_detector() -> dict[str, str]:
    """What labels faces, where it is installed."""
    try:
        return {DISTRIBUTION: version(DISTRIBUTION)}
    except PackageNotFoundError:
        return {}
