"""The ROC as a small SVG, in the style of the other benchmark's plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.identify import plots

_MARKS = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)


def receiver(title: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Detections over false alarms, both 0-1, false alarms by their square root: the left is what matters."""
    side, left, top = 320, 60, 40
    body = [f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" stroke="#8c959f"/>']

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return left + side * point[0] ** 0.5, top + side * (1 - point[1])

    for mark in _MARKS:
        x, _ = place((mark, 0))
        body.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + side}" stroke="#eaeef2"/>')
        body.append(plots._text(x, top + side + 15, f"{mark:.0%}", "middle"))
    for mark in (0, 0.25, 0.5, 0.75, 1):
        _, y = place((0, mark))
        body.append(f'<line x1="{left}" x2="{left + side}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eaeef2"/>')
        body.append(plots._text(left - 6, y + 4, f"{mark:.0%}", "end"))
    body.append(plots._text(left + side / 2, top + side + 32, "untouched clips called altered", "middle"))
    for number, (name, points) in enumerate(series.items()):
        colour = plots._COLOURS[number % len(plots._COLOURS)]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, points))
        body.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body.append(plots._text(left + side - 8, top + side - 12 - 16 * number, name, "end", colour))
    return plots._page(left + side + 20, top + side + 40, title, body)
