"""Which frames are held against each other, and what an encoder would leave: the same each time."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from support.media import MediaLibrary

from provenance.settings import load_settings
from verifier.comparers.pairs import aligned_pairs, load
from verifier.comparers.synthesis import recode, tone_curve
from verifier.geometry import whole_frame
from verifier.timing import Piece

SIZE = (320, 240)


def test_a_moment_that_is_half_a_frame_off_pairs_no_frame_with_its_neighbour(
    media: MediaLibrary, tmp_path: Path
) -> None:
    clip, settings = media("plain.mp4"), load_settings(tmp_path)
    _, frames = load(clip, 0.0, 2.0, SIZE, settings)
    assert len(frames) == 50
    for off in (-0.55, 0.0, 0.55):
        piece = Piece(0.0, 2.0, 1.0, off / 25, 1.0)
        pairs = aligned_pairs(clip, clip, piece, (0.0, 2.0), whole_frame(SIZE, SIZE), settings)
        assert len(pairs.times) == 20
        assert (pairs.clip == pairs.original).all()


def test_an_original_is_encoded_to_the_same_bits_each_time() -> None:
    rng = np.random.default_rng(4)
    ground = cv2.GaussianBlur(rng.integers(0, 255, (270, 480)).astype(np.float32), (0, 0), 3)
    pictures = np.stack([np.roll(ground, 3 * n, axis=1) for n in range(40)]).astype(np.uint8)
    first = recode(pictures, (480, 270), 34, 10.0)
    assert 0 < np.abs(first.astype(int) - pictures).mean() < 20
    assert all((recode(pictures, (480, 270), 34, 10.0) == first).all() for _ in range(4))


def test_a_few_bright_pixels_keep_their_tone_and_lost_highlights_are_a_limit() -> None:
    rng = np.random.default_rng(5)
    ground = np.clip(rng.normal(110, 12, (10, 200, 300)), 60, 160).astype(np.uint8)
    everything = np.full(ground.shape[1:], True)
    ground[:, 40, 50:80] = 235  # a thin line: 0.05 % of the picture
    noisy = np.clip(ground + rng.normal(0, 1, ground.shape), 0, 255).astype(np.uint8)
    assert abs(tone_curve(ground, noisy, everything)[235] - 235) < 6
    ramp = np.broadcast_to(np.linspace(40, 250, 300).astype(np.uint8), ground.shape).copy()
    driven = np.minimum(ramp, 200)
    curve = tone_curve(ramp, driven, everything)
    assert abs(curve[120] - 120) < 3
    assert 195 < curve[250] <= 200
