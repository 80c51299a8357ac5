"""What is drawn over a picture on its way round, crude, seeded, and harmless: it hides, and feigns nothing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.alter.footage import Picture
from benchmarks.identify.effects import Rng
from benchmarks.identify.graph import Graph

_INK, _RIM = (255, 255, 255, 255), (0, 0, 0, 255)
_RED, _DARK = (40, 40, 230, 255), (30, 30, 30, 255)
_LINES = (
    *("and then he said it again", "nobody knows what happened", "we were there that day", "look at this", "no!"),
    *("I never wanted to come here", "it was the last time", "you would not believe it", "what did she say to him?"),
)
_BOARDS = ((128, 48, 32, 255), (30, 30, 180, 255), (240, 240, 240, 255), (20, 20, 20, 255))
_NAMES = ("Dr Jane Doe", "Mayor of Northtown", "Live from the harbour")
_LINE_S = 1.4
"""How long a line of subtitles stays, on average."""
_JUMP_S = 2.5
"""How long a wandering mark stays where it is."""
_SHOWN = (0.25, 0.75)
"""Share of the clip in which a passing sticker or a board is there."""


def sticker(graph: Graph, rng: Rng) -> None:
    """A round face laid over the picture for good, anywhere."""
    face = _face(max(32, graph.height // 5))
    x, y = (int(rng.uniform(0.1, 0.9) * (room - len(face))) for room in (graph.width, graph.height))
    graph.draw(face, "sticker", x, y)


def passing_sticker(graph: Graph, rng: Rng) -> None:
    """A heart, a star or a round face near the middle of the frame, there at once and gone at once."""
    drawn = (_face, _heart, _star)[int(rng.integers(3))](max(32, int(graph.height * rng.uniform(0.18, 0.3))))
    x, y = (int(rng.uniform(0.3, 0.7) * (room - len(drawn))) for room in (graph.width, graph.height))
    first, last = (share * graph.base.seconds for share in _SHOWN)
    _lay(graph, drawn, "passing", f"{x}", f"{y}", (first, last))


def progress_bar(graph: Graph, _: Rng) -> None:
    """A player's bar near the lower edge, filling as time passes."""
    height, seconds = max(4, graph.height // 60), max(graph.base.seconds, 0.1)
    bar = np.full((height, graph.width, 4), _RED, np.uint8)
    _lay(graph, bar, "bar", f"-W+W*t/{seconds:.3f}", f"{graph.height - 3 * height}")


def subtitles(graph: Graph, rng: Rng) -> None:
    """White letters with dark rims at the lower edge, no band behind them."""
    words = str(rng.choice(_LINES[:3]))
    graph.draw(_lettered(words, graph.width, graph.height // 8), "subtitles", 0, graph.height - graph.height // 7)


def changing_subtitles(graph: Graph, rng: Rng) -> None:
    """Such lines, each for a second or two, one or two at once, sometimes none."""
    height, start, number = graph.height // 9, 0.0, 0
    while start < graph.base.seconds:
        end = start + _LINE_S * float(rng.uniform(0.7, 1.4))
        for row in range(int(rng.choice([0, 1, 1, 2]))):
            words = str(rng.choice(_LINES))
            y = graph.height - height * (row + 1) - graph.height // 30
            _lay(graph, _lettered(words, graph.width, height), f"line{number}", "0", f"{y}", (start, end))
            number += 1
        start = end


def player(graph: Graph, rng: Rng) -> None:
    """A player's controls: a shade over the lower part, a bar that fills, its knob and the time, a sign for a start."""
    width, height, seconds = graph.width, graph.height, max(graph.base.seconds, 0.1)
    deep, thick = height // 5, max(3, height // 90)
    shade = np.zeros((deep, width, 4), np.uint8)
    shade[..., 3] = np.linspace(0, 170, deep).astype(np.uint8)[:, None]
    graph.draw(shade, "shade", 0, height - deep)
    left, right, y = width // 30, width - width // 30, height - deep // 2
    length = right - left
    graph.draw(np.full((thick, length, 4), (200, 200, 200, 150), np.uint8), "rail", left, y)
    tile = np.full((thick, max(2, length // 40), 4), _RED, np.uint8)
    for number in range(40):  # filled in steps, as the frame's width allows no smaller ones
        shown = (seconds * number / 40, seconds + 1)
        _lay(graph, tile, "tile", f"{left + number * length // 40}", f"{y}", shown)
    knob = np.zeros((4 * thick, 4 * thick, 4), np.uint8)
    cv2.circle(knob, (2 * thick, 2 * thick), 2 * thick - 1, _RED, -1, cv2.LINE_AA)
    _lay(graph, knob, "knob", f"{left - 2 * thick}+{length}*t/{seconds:.3f}", f"{y - 2 * thick + thick // 2}")
    for second in range(int(seconds) + 1):
        time = _lettered(f"0:{second:02d} / 0:{int(seconds):02d}", width // 3, deep // 2, rim=False)
        _lay(graph, time, f"time{second}", f"{left - width // 24}", f"{height - deep * 4 // 9}", (second, second + 1))
    side = height // 6
    start = np.zeros((side, side, 4), np.uint8)
    cv2.circle(start, (side // 2, side // 2), side // 2 - 1, (0, 0, 0, 150), -1, cv2.LINE_AA)
    arrow = np.array([[side * 2 // 5, side // 4], [side * 2 // 5, side * 3 // 4], [side * 3 // 4, side // 2]])
    cv2.fillPoly(start, [arrow], _INK, cv2.LINE_AA)
    end = min(seconds / 3, float(rng.uniform(0.8, 1.6)))
    _lay(graph, start, "start", f"{(width - side) // 2}", f"{(height - side) // 2}", (0, end))


def lower_third(graph: Graph, rng: Rng) -> None:
    """A board with a name on it, an eighth of the frame or less, for half of the clip."""
    width, height = int(graph.width * rng.uniform(0.5, 0.8)), int(graph.height * rng.uniform(0.1, 0.16))
    board = np.full((height, width, 4), _BOARDS[int(rng.integers(len(_BOARDS)))], np.uint8)
    letters = _lettered(str(rng.choice(_NAMES)), width, height, rim=False)
    if board[0, 0, :3].min() > 200:
        letters[..., :3] = _DARK[:3]
    inked = letters[..., 3:] / 255
    board[..., :3] = (letters[..., :3] * inked + board[..., :3] * (1 - inked)).astype(np.uint8)
    first, last = (share * graph.base.seconds for share in _SHOWN)
    x, y = int(rng.uniform(0, 1) * (graph.width - width)), int(graph.height * rng.uniform(0.68, 0.8))
    _lay(graph, board, "board", f"{x}", f"{y}", (first, last))


def wandering_mark(graph: Graph, rng: Rng) -> None:
    """A network's sign and a user's name, see-through, that change corners now and then."""
    width, height = graph.width * 2 // 5, graph.height // 8
    mark = _lettered(f"@user{rng.integers(100, 1000)}", width, height, rim=False)
    cv2.circle(mark, (height // 2, height // 2), height // 3, (200, 60, 250, 255), -1, cv2.LINE_AA)
    mark[..., 3] = (mark[..., 3] * 0.85).astype(np.uint8)
    edge = graph.width // 40
    places = [(x, y) for x in (edge, graph.width - width - edge) for y in (edge * 2, graph.height - height - edge * 2)]
    for number in range(int(graph.base.seconds / _JUMP_S) + 1):
        x, y = places[(number + int(rng.integers(1, 4))) % 4]
        _lay(graph, mark, "mark", f"{x}", f"{y}", (number * _JUMP_S, (number + 1) * _JUMP_S))


def _lay(graph: Graph, drawn: Picture, name: str, x: str, y: str, shown: tuple[float, float] | None = None) -> None:
    """Lay a BGRA picture over what is shown, at a place that may depend on the time ``t``, for some seconds."""
    path = graph.folder / f"{name}.png"
    cv2.imwrite(str(path), drawn)
    number = graph.add_input("-i", str(path))
    lasts = f":enable='gte(t,{shown[0]:.3f})*lt(t,{shown[1]:.3f})'" if shown else ""
    graph.chain(f"[{graph.picture}][{number}:v]overlay=x={x}:y={y}:eval=frame{lasts}")


def _lettered(words: str, width: int, height: int, *, rim: bool = True) -> NDArray[np.uint8]:
    """White letters, with dark rims, on nothing: (height, width, 4) BGRA."""
    line = np.zeros((height, width, 4), np.uint8)
    (wide, high), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_DUPLEX, 1.0, 2)
    size = min(0.8 * width / wide, 0.6 * height / high)
    place = int((width - wide * size) / 2), int((height + high * size) / 2)
    for colour, thick in ((_RIM, 5), (_INK, 2)) if rim else ((_INK, 2),):
        cv2.putText(line, words, place, cv2.FONT_HERSHEY_DUPLEX, size, colour, thick, cv2.LINE_AA)
    return line


def _face(size: int) -> NDArray[np.uint8]:
    face = np.zeros((size, size, 4), np.uint8)
    middle = (size // 2, size // 2)
    cv2.circle(face, middle, size // 2 - 1, (40, 200, 250, 255), -1, cv2.LINE_AA)
    for x in (size // 3, size * 2 // 3):
        cv2.circle(face, (x, size * 2 // 5), size // 12, _DARK, -1, cv2.LINE_AA)
    cv2.ellipse(face, middle, (size // 4, size // 4), 0, 20, 160, _DARK, max(2, size // 24), cv2.LINE_AA)
    return face


def _heart(size: int) -> NDArray[np.uint8]:
    turn = np.linspace(0, 2 * np.pi, 80)
    x = 16 * np.sin(turn) ** 3
    y = -(13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn))
    return _outlined(np.stack([x, y + 2], axis=1) / 36 + 0.5, size, (60, 20, 225, 255))


def _star(size: int) -> NDArray[np.uint8]:
    turn = np.pi * np.arange(10) / 5
    far = np.where(np.arange(10) % 2, 0.2, 0.47)
    return _outlined(np.stack([far * np.sin(turn), -far * np.cos(turn)], axis=1) + 0.5, size, (30, 215, 255, 255))


def _outlined(shape: NDArray[np.float64], size: int, colour: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A plain polygon, given from 0 to 1, with a white rim."""
    drawn = np.zeros((size, size, 4), np.uint8)
    corners = [(shape * size).round().astype(np.int32)]
    cv2.fillPoly(drawn, corners, colour, cv2.LINE_AA)
    cv2.polylines(drawn, corners, True, _INK, max(2, size // 30), cv2.LINE_AA)
    return drawn
