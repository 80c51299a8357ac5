"""Small SVG plots: a map of shares, distributions, bars. No library, no script, legible on white and on dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

_COLOURS = ("#1f6feb", "#d29922", "#2da44e", "#cf222e", "#8250df", "#57606a", "#bf3989", "#0a7ea4")
_FONT = 'font-family="sans-serif" font-size="12"'


def _page(width: float, height: float, title: str, body: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" {_FONT}>'
    back = f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'
    name = f'<text x="10" y="20" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, f"<title>{escape(title)}</title>", back, name, *body, "</svg>"]) + "\n"


def heat_map(title: str, rows: Sequence[str], columns: Sequence[str], value: Mapping[tuple[str, str], float]) -> str:
    """Shares, 0-1, by row and column: red where low, white in the middle, green where high."""
    left, top, cell_w, cell_h = 150, 60, 104, 20
    body = []
    for i, column in enumerate(columns):
        for j, word in enumerate(_two_lines(column)):
            body.append(_text(left + i * cell_w + cell_w / 2, top - 20 + 14 * j, word, "middle"))
    for j, row in enumerate(rows):
        y = top + j * cell_h
        body.append(_text(left - 8, y + 14, row, "end"))
        for i, column in enumerate(columns):
            share = value.get((row, column))
            if share is None or np.isnan(share):
                continue
            box = f'x="{left + i * cell_w + 1}" y="{y + 1}" width="{cell_w - 2}" height="{cell_h - 2}"'
            body.append(f'<rect {box} fill="{_shade(share)}"/>')
            body.append(_text(left + i * cell_w + cell_w / 2, y + 14, f"{share:.0%}", "middle"))
    return _page(left + cell_w * len(columns) + 10, top + cell_h * len(rows) + 10, title, body)


def distributions(
    title: str, unit: str, series: Mapping[str, Sequence[float]], marks: Sequence[float], end: float
) -> str:
    """Share of values that are at most x, for each series, x from 0 to ``end``; ``marks`` are upright lines."""
    width, height, left, top, bottom = 640, 300, 50, 36, 40
    across, down = width - left - 20, height - top - bottom
    body = [f'<rect x="{left}" y="{top}" width="{across}" height="{down}" fill="none" stroke="#8c959f"/>']
    for share in (0, 0.25, 0.5, 0.75, 0.9, 1):
        y = top + down * (1 - share)
        body.append(f'<line x1="{left}" x2="{left + across}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eaeef2"/>')
        body.append(_text(left - 6, y + 4, f"{share:.0%}", "end"))
    for mark in marks:
        x = left + across * mark / end
        body.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + down}" stroke="#cf222e" stroke-dasharray="4"/>'
        )
        body.append(_text(x, top + down + 15, f"{mark:g}", "middle"))
    body.append(_text(left + across, top + down + 15, f"{end:g} {unit}", "end"))
    for number, (name, values) in enumerate(series.items()):
        if not len(values):
            continue
        ordered = np.sort(np.asarray(values, float))
        shares = np.arange(1, len(ordered) + 1) / len(ordered)
        places = [(left, top + down)]
        places += [
            (left + across * min(x, end) / end, top + down * (1 - s)) for x, s in zip(ordered, shares, strict=True)
        ]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        colour = _COLOURS[number % len(_COLOURS)]
        body.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body.append(_text(left + across - 8, top + down - 12 - 16 * number, f"{name} ({len(ordered)})", "end", colour))
    return _page(width, height, title, body)


def bars(title: str, series: Mapping[str, float]) -> str:
    """Shares, 0-1, one bar each."""
    left, top, room, step = 190, 36, 380, 24
    body = []
    for number, (name, share) in enumerate(series.items()):
        y = top + number * step
        filled = 0.0 if np.isnan(share) else share
        body.append(_text(left - 8, y + 14, name, "end"))
        body.append(f'<rect x="{left}" y="{y}" width="{room}" height="{step - 6}" fill="#eaeef2"/>')
        colour = _COLOURS[0] if number == 0 else _COLOURS[5]
        body.append(f'<rect x="{left}" y="{y}" width="{room * filled:.1f}" height="{step - 6}" fill="{colour}"/>')
        body.append(_text(left + room + 8, y + 14, f"{share:.1%}", "start"))
    return _page(left + room + 70, top + step * len(series) + 6, title, body)


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#1f2328") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def _shade(share: float) -> str:
    low, middle, high = np.array([244, 143, 133]), np.array([255, 248, 220]), np.array([130, 207, 145])
    mixed = low + (middle - low) * share * 2 if share < 0.5 else middle + (high - middle) * (share - 0.5) * 2
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


def _two_lines(words: str) -> list[str]:
    """Broken at the space nearest the middle."""
    spaces = [place for place, sign in enumerate(words) if sign == " "]
    if not spaces:
        return [words]
    at = min(spaces, key=lambda place: abs(place - len(words) / 2))
    return [words[:at], words[at + 1 :]]
