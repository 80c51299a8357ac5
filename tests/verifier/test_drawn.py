"""What is drawn over a picture is told from what is painted into it, by the pixels alone."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage
from numpy.typing import NDArray

from provenance.report import Region
from verifier.comparers.drawn import look
from verifier.comparers.layer import MOST_COVERED, Layer
from verifier.comparers.pairs import RATE, Pairs
from verifier.comparers.veil import find_veil

WIDTH, HEIGHT, FRAMES = 480, 272, 14
MASK = np.full((HEIGHT, WIDTH), True)
WHERE = Region(0.35, 0.3, 0.25, 0.4)
"""The part that is looked at; what is put there lies within it."""
LEFT, TOP, SIDE = 180, 95, 84

DATA = Path(skimage.__file__).parent / "data"
CUP, CAT = (np.asarray(cv2.imread(str(DATA / name)), np.uint8) for name in ("coffee.png", "chelsea.png"))

Picture = NDArray[np.uint8]
Change = Callable[[int, Picture], Picture]


def scene(pan: int) -> list[Picture]:
    """A photograph, as soft and of as little contrast as most footage, passing by at so many pixels a frame."""
    photograph = cv2.resize(CUP, (WIDTH + FRAMES * 6, HEIGHT))
    photograph = np.asarray(cv2.GaussianBlur(photograph, (0, 0), 2) * 0.5 + 50, np.uint8)
    return [np.ascontiguousarray(photograph[:, n * pan : n * pan + WIDTH]) for n in range(FRAMES)]


def encoded(picture: Picture) -> Picture:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def seen(originals: list[Picture], change: Change, first: int = 0) -> Layer | None:
    clip = [encoded(change(n, frame.copy()) if n >= first else frame) for n, frame in enumerate(originals)]
    return look([Pairs(np.arange(len(clip)) / RATE, np.stack(clip), np.stack(originals))], WHERE, MASK)


def layer_of(change: Change, pan: int, first: int = 0) -> Layer:
    found = seen(scene(pan), change, first)
    assert found is not None
    return found


def sticker(_: int, frame: Picture) -> Picture:
    middle = LEFT + SIDE // 2, TOP + SIDE // 2
    cv2.circle(frame, middle, SIDE // 2, (40, 200, 250), -1, cv2.LINE_AA)
    cv2.ellipse(frame, middle, (SIDE // 4, SIDE // 4), 0, 20, 160, (20, 20, 20), 4, cv2.LINE_AA)
    return frame


def lines(number: int, frame: Picture) -> Picture:
    """Subtitles, another one every second."""
    words = "no, wait" if number < FRAMES // 2 else "too late"
    cv2.putText(frame, words, (LEFT, TOP + 40), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 4, cv2.LINE_AA)
    return frame


def quick_lines(number: int, frame: Picture) -> Picture:
    """Others three times a second."""
    words = ("no, wait", "too late", "why me?")[number // 3 % 3]
    cv2.putText(frame, words, (LEFT, TOP + 40), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 4, cv2.LINE_AA)
    return frame


def mark(_: int, frame: Picture) -> Picture:
    """White letters, not quite opaque, without a rim."""
    inked = cv2.putText(
        frame.copy(), "@user7", (LEFT, TOP + 40), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255,) * 3, 3, cv2.LINE_AA
    )
    return cv2.addWeighted(inked, 0.85, frame, 0.15, 0).astype(np.uint8)


def busy() -> list[Picture]:
    """A ground full of edges that stands still."""
    rng = np.random.default_rng(5)
    ground = cv2.resize(
        rng.integers(0, 2, (HEIGHT // 8, WIDTH // 8), np.uint8) * 110 + 40, (WIDTH, HEIGHT), interpolation=0
    )
    return [np.ascontiguousarray(np.repeat(ground[..., None], 3, axis=-1))] * FRAMES


def bar(number: int, frame: Picture) -> Picture:
    """Filling as time passes."""
    cv2.rectangle(frame, (LEFT, TOP + 40), (LEFT + 5 + 5 * number, TOP + 54), (245, 245, 245), -1)
    return frame


def photograph(_: int, frame: Picture) -> Picture:
    """As still, and cut out as sharply, as a sticker."""
    frame[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = cv2.resize(CAT[60:220, 120:280], (SIDE, SIDE))
    return frame


def painted_out(_: int, frame: Picture) -> Picture:
    hole = np.zeros(frame.shape[:2], np.uint8)
    hole[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = 255
    return np.asarray(cv2.inpaint(frame, hole, 3, cv2.INPAINT_TELEA), np.uint8)


def blended(_: int, frame: Picture) -> Picture:
    """A flat thing whose rim fades, as forgers have it."""
    disc = cv2.circle(np.zeros(frame.shape[:2], np.float32), (LEFT + SIDE // 2, TOP + SIDE // 2), SIDE // 3, 1.0, -1)
    share = cv2.GaussianBlur(disc, (0, 0), 7)[..., None]
    return np.asarray(frame * (1 - share) + np.array([40, 200, 250]) * share, np.uint8)


def rewritten(pan: int) -> Change:
    """A sign that says something else, on the surface of what is shown, moving with it."""

    def change(number: int, frame: Picture) -> Picture:
        left = LEFT + 20 - pan * number + pan * FRAMES // 2
        back = frame[TOP : TOP + 40, left : left + SIDE].reshape(-1, 3).mean(axis=0)
        cv2.rectangle(frame, (left, TOP), (left + SIDE, TOP + 40), back.tolist(), -1)
        cv2.putText(frame, "SOLD", (left + 4, TOP + 30), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (back * 0.4).tolist(), 2)
        return frame

    return change


@pytest.mark.parametrize("pan", [0, 4], ids=["camera still", "camera moving"])
@pytest.mark.parametrize("change", [sticker, lines, quick_lines, bar])
def test_what_is_flat_and_outlined_and_stays_was_drawn(change: Change, pan: int) -> None:
    found = layer_of(change, pan)
    assert found.drawn, found
    assert 0 < found.covered < 0.1


def test_a_sticker_may_come_late() -> None:
    assert layer_of(sticker, 4, first=FRAMES // 2).drawn


@pytest.mark.parametrize("change", [sticker, mark])
def test_what_was_drawn_over_busy_ground_is_known_by_its_steep_edges(change: Change) -> None:
    found = seen(busy(), change)
    assert found is not None
    assert found.outlined < 0.9, found
    assert found.drawn, found


def painted(_: int, frame: Picture) -> Picture:
    """A flat thing of another colour; its edges are where they were."""
    frame[TOP : TOP + 80, LEFT : LEFT + 80][frame[TOP : TOP + 80, LEFT : LEFT + 80, 0] > 100] = (40, 60, 220)
    return frame


def written_over(_: int, frame: Picture) -> Picture:
    """As sharp as a mark, but what stood there before is gone."""
    frame[TOP + 8 : TOP + 56, LEFT : LEFT + 80] = (150, 150, 150)
    return np.asarray(
        cv2.putText(frame, "SOLD", (LEFT + 4, TOP + 44), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (20,) * 3, 3), np.uint8
    )


@pytest.mark.parametrize("change", [painted, written_over])
def test_what_has_the_edges_of_busy_ground_or_takes_them_away_was_not_drawn(change: Change) -> None:
    found = seen(busy(), change)
    assert found is not None
    assert not found.drawn, found


@pytest.mark.parametrize("pan", [1, 2, 4])
@pytest.mark.parametrize("change", [sticker, mark])
def test_what_is_as_flat_and_sharp_but_moves_with_the_scene_was_not_drawn(change: Change, pan: int) -> None:
    def moving(number: int, frame: Picture) -> Picture:
        left = pan * (FRAMES // 2 - number)
        return np.roll(change(number, np.roll(frame, -left, axis=1)), left, axis=1)

    found = seen(scene(pan), moving)
    assert found is None or not found.drawn, found


def narrow_sticker(_: int, frame: Picture) -> Picture:
    """In the left half of the part."""
    middle = LEFT + 20, TOP + SIDE // 2
    return np.asarray(cv2.ellipse(frame, middle, (20, SIDE // 2), 0, 0, 360, (40, 200, 250), -1, cv2.LINE_AA), np.uint8)


def pasted(_: int, frame: Picture) -> Picture:
    frame[TOP : TOP + SIDE, LEFT + 43 : LEFT + SIDE] = cv2.resize(CAT[60:220, 120:280], (SIDE - 43, SIDE))
    return frame


def removed(_: int, frame: Picture) -> Picture:
    hole = np.zeros(frame.shape[:2], np.uint8)
    hole[TOP : TOP + SIDE, LEFT + 43 : LEFT + SIDE] = 255
    return np.asarray(cv2.inpaint(frame, hole, 3, cv2.INPAINT_TELEA), np.uint8)


@pytest.mark.parametrize("change", [pasted, removed])
def test_what_is_put_right_beside_a_sticker_is_not_excused_by_its_outline(change: Change) -> None:
    def both(number: int, frame: Picture) -> Picture:
        return narrow_sticker(number, change(number, frame))

    assert layer_of(narrow_sticker, 0).drawn
    found = layer_of(both, 0)
    assert found.explained > 0.9, found
    assert not found.drawn, found


def board(_: int, frame: Picture) -> Picture:
    """A speaker's name on blue."""
    frame[TOP : TOP + SIDE, LEFT : LEFT + 110] = (120, 60, 40)
    where = LEFT + 10, TOP + SIDE // 2
    return np.asarray(cv2.putText(frame, "J. Doe", where, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255,) * 3, 2), np.uint8)


def test_a_board_is_known_by_its_two_colours_though_edges_end_at_it() -> None:
    found = seen(busy(), board)
    assert found is not None
    assert found.erased > 0.07, found
    assert found.drawn, found


@pytest.mark.parametrize("first", [pasted, removed])
def test_a_board_excuses_nothing_that_is_put_beside_it(first: Change) -> None:
    def small_board(_: int, frame: Picture) -> Picture:
        frame[TOP : TOP + SIDE, LEFT : LEFT + 41] = (70, 40, 30)
        return frame

    assert layer_of(small_board, 0).drawn
    found = layer_of(lambda number, frame: small_board(number, first(number, frame)), 0)
    assert found.explained > 0.9, found
    assert not found.drawn, found


def sign(_: int, frame: Picture) -> Picture:
    """A player's, at half strength, with an arrow that is not."""
    middle = LEFT + SIDE // 2, TOP + SIDE // 2
    disc = cv2.circle(np.zeros(frame.shape[:2], np.float32), middle, SIDE // 2, 0.6, -1, cv2.LINE_AA)
    shaded = np.asarray(frame * (1 - disc[..., None]), np.uint8)
    arrow = np.array([[-9, -14], [-9, 14], [15, 0]]) + np.array(middle)
    return np.asarray(cv2.fillPoly(shaded, [arrow], (250, 250, 250), cv2.LINE_AA), np.uint8)


def shade(_: int, frame: Picture) -> Picture:
    """Behind controls: deeper towards the bottom, with no edge anywhere but there."""
    depth = np.zeros(frame.shape[:2], np.float32)
    depth[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = np.linspace(0, 0.7, SIDE)[:, None]
    return np.asarray(frame * (1 - depth[..., None]), np.uint8)


def shaken(_: int, frame: Picture) -> Picture:
    """A part of the scene, darker and elsewhere: nothing of what was there is seen through it."""
    moved = frame[TOP + 9 : TOP + 9 + SIDE, LEFT + 11 : LEFT + 11 + SIDE] * 0.6
    frame[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = moved.astype(np.uint8)
    return frame


def shaded(number: int, frame: Picture) -> Picture:
    """All alike, with a photograph let into it."""
    frame[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = (frame[TOP : TOP + SIDE, LEFT : LEFT + SIDE] * 0.4).astype(np.uint8)
    side = SIDE // 2
    frame[TOP + 20 : TOP + 20 + side, LEFT + 20 : LEFT + 20 + side] = cv2.resize(CAT[60:220, 120:280], (side, side))
    return frame


def tinted(number: int, frame: Picture) -> Picture:
    """A thing recoloured, which passes by with what else is shown when the camera moves."""
    left = LEFT + 40 - 4 * number
    part = frame[TOP : TOP + SIDE, left : left + SIDE // 2]
    frame[TOP : TOP + SIDE, left : left + SIDE // 2] = (part * 0.5 + np.array([20, 20, 110])).astype(np.uint8)
    return frame


@pytest.mark.parametrize(("change", "pan"), [(shaded, 0), (shaded, 4), (tinted, 4)])
def test_a_shade_excuses_neither_what_was_let_into_it_nor_what_moves_with_the_scene(change: Change, pan: int) -> None:
    found = layer_of(change, pan)
    assert not found.drawn, found


@pytest.mark.parametrize("pan", [0, 4], ids=["camera still", "camera moving"])
@pytest.mark.parametrize("change", [sign, shade])
def test_what_the_original_shows_through_was_drawn(change: Change, pan: int) -> None:
    found = layer_of(change, pan)
    assert found.through > 0.6, found
    assert found.drawn, found


@pytest.mark.parametrize("pan", [0, 4], ids=["camera still", "camera moving"])
@pytest.mark.parametrize("change", [photograph, painted_out, blended, shaken])
def test_what_hides_the_original_is_not_seen_through(change: Change, pan: int) -> None:
    assert layer_of(change, pan).through == 0


@pytest.mark.parametrize("pan", [0, 4], ids=["camera still", "camera moving"])
@pytest.mark.parametrize("change", [photograph, painted_out, blended, shaken])
def test_what_may_feign_something_was_not_drawn(change: Change, pan: int) -> None:
    assert not layer_of(change, pan).drawn


@pytest.mark.parametrize("pan", [0, 2])
def test_a_sign_of_the_scene_that_says_something_else_was_not_drawn(pan: int) -> None:
    assert not layer_of(rewritten(pan), pan).drawn


def test_who_hides_most_of_the_picture_is_not_excused() -> None:
    def board(_: int, frame: Picture) -> Picture:
        cv2.rectangle(frame, (60, 30), (420, 240), (240, 60, 200), -1)
        return frame

    originals = scene(4)
    clip = [encoded(board(0, frame.copy())) for frame in originals]
    pairs = Pairs(np.arange(FRAMES) / RATE, np.stack(clip), np.stack(originals))
    found = look([pairs], Region(0.1, 0.05, 0.8, 0.9), MASK)
    assert found is not None
    assert found.covered > MOST_COVERED
    assert not found.drawn


def test_nothing_changed_is_no_layer() -> None:
    originals = scene(4)
    clip = np.stack([encoded(frame) for frame in originals])
    assert look([Pairs(np.arange(FRAMES) / RATE, clip, np.stack(originals))], WHERE, MASK) is None


def test_a_change_of_the_whole_frame_takes_about_as_much_memory_as_its_pictures() -> None:
    originals = np.stack(scene(4)).astype(np.float32)
    clip = originals * np.float32(0.5)
    tracemalloc.start()
    try:
        found = find_veil(clip, originals, np.full(clip.shape[:3], True))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found is not None
    assert found.alike == 1
    assert most < 2 * clip.nbytes
