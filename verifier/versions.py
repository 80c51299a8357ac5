"""What made a report, so that it can be made again."""

from __future__ import annotations

import cv2

import provenance
from provenance.fingerprints import pdq, sound


def versions() -> dict[str, str]:
    """Names and versions of the toolkit and of what its measurements depend on."""
    return {
        "provenance-toolkit": provenance.__version__,
        pdq.ALGORITHM.id: pdq.ALGORITHM.version,
        sound.ALGORITHM.id: sound.ALGORITHM.version,
        "opencv": cv2.__version__,
    }
