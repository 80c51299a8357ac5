"""Local features (RootSIFT) and what they say about the geometry between two pictures."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np

from provenance.fingerprints.values import Algorithm, Features
from provenance.media.values import GreyImage

STILL_POINTS = 600
ALGORITHM = Algorithm(
    "org.provenance-toolkit.rootsift", "1", {"points": STILL_POINTS, "long_side": 1024, "opencv": cv2.__version__}
)


def features(picture: GreyImage, points: int = STILL_POINTS) -> Features | None:
    """The strongest local features of a picture, or None where it has fewer than eight (a flat or tiny one).

    Descriptors are RootSIFT (Arandjelovic and Zisserman, 2012) scaled to uint8, so that Euclidean distance
    between them is Hellinger distance between gradient histograms.
    """
    keypoints, raw = cv2.SIFT.create(nfeatures=points).detectAndCompute(picture, None)
    if raw is None or len(keypoints) < 8:
        return None
    root = np.sqrt(raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-6))
    height, width = picture.shape
    return Features(
        ALGORITHM,
        width,
        height,
        np.array([k.pt for k in keypoints], dtype=np.float32),
        np.round(root * 255).astype(np.uint8),
    )


def digest(found: Features) -> str:
    """SHA-256 (hex) over size, points to a quarter of a pixel, and descriptors, in the detector's order."""
    state = hashlib.sha256(f"{found.width}x{found.height}".encode())
    state.update(np.round(found.points * 4).astype("<i4").tobytes())
    state.update(found.descriptors.tobytes())
    return state.hexdigest()
