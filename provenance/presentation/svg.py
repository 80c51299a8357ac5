"""Drawings of a report as inline SVG: the clip over time, clip time against original time, and where in the frame.

Positions along time are percentages, so that a drawing takes the width of its column while its text keeps its
size. Only presentation attributes and classes are used: the page's policy forbids inline styles. All text is
escaped by ``markupsafe``; numbers are formatted here and never come from strings.
"""

from __future__ import annotations

from fractions import Fraction

from markupsafe import Markup

from provenance.console import safe
from provenance.presentation import words
from provenance.report import Match, Region, Report, Severity
from provenance.times import Interval

_BAR = 16
_LANE = 40
_MOST_LANES = 12
_PLOT = (420, 280)
_PLOT_MARGIN = (64, 14, 16, 40)  # left, top, right, bottom
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_MOST_TICKS = 6


def timeline(report: Report) -> Markup:
    """The clip from start to end: a lane per original, then a lane per altering finding; empty where neither is."""
    total = length(report)
    if not total:
        return Markup("")
    lanes = [
        _original_lane(index, match, total)
        for index, match in enumerate(report.matches[:_MOST_LANES])
        if match.segments
    ]
    for number, _, judged in words.in_order(report):
        finding = judged.finding
        if finding.clip is None or len(lanes) >= 2 * _MOST_LANES:
            continue
        if judged.severity is Severity.ALTERING or finding.clip.length < total:
            label = f"{number}. {words.KINDS[finding.kind]}"
            title = f"{label}, {words.span(finding.clip)}: {finding.explanation}"
            lanes.append(_lane(label, [(finding.clip, title)], f"bar {judged.severity.value}", total))
    if not lanes:
        return Markup("")
    height = len(lanes) * _LANE
    body = Markup("").join(
        Markup('<svg y="{}" height="{}">{}</svg>').format(n * _LANE, _LANE, lane) for n, lane in enumerate(lanes)
    )
    grid, axis = _axis(total, height)
    label = f"The clip from {words.clock(0)} to {words.clock(total)}; the same in words is below."
    return Markup('<svg class="timeline" role="img" aria-label="{}" width="100%" height="{}">{}{}{}</svg>').format(
        label, height + 28, grid, body, axis
    )


def offsets(match: Match) -> Markup:
    """Clip time (across) against original time (up), one line per segment; empty without segments.

    A straight line at 45 degrees of scale is an untouched passage; a kink is a cut, another slope another speed.
    """
    if not match.segments:
        return Markup("")
    width, height = _PLOT
    left, top, right, bottom = _PLOT_MARGIN
    clip_from = min(s.clip.start for s in match.segments)
    clip_to = max(s.clip.end for s in match.segments)
    orig_from = min(s.original.start for s in match.segments)
    orig_to = max(s.original.end for s in match.segments)

    def x(time: float | Fraction) -> float:
        return left + (width - left - right) * float((time - clip_from) / ((clip_to - clip_from) or 1))

    def y(time: float | Fraction) -> float:
        return height - bottom - (height - top - bottom) * float((time - orig_from) / ((orig_to - orig_from) or 1))

    parts = [
        Markup('<rect class="frame" x="{}" y="{}" width="{}" height="{}"/>').format(
            left, top, width - left - right, height - top - bottom
        )
    ]
    for tick in _ticks(clip_from, clip_to):
        parts.append(
            Markup('<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
                x(tick), top, height - bottom
            )
        )
        parts.append(
            Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                x(tick), height - bottom + 16, words.clock(tick)
            )
        )
    for tick in _ticks(orig_from, orig_to):
        parts.append(
            Markup('<line class="grid" x1="{1}" x2="{2}" y1="{0:.1f}" y2="{0:.1f}"/>').format(
                y(tick), left, width - right
            )
        )
        parts.append(
            Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                left - 7, y(tick) + 4, words.clock(tick)
            )
        )
    parts.append(
        Markup('<text class="axis" x="{}" y="{}" text-anchor="middle">time in the clip</text>').format(
            (left + width - right) / 2, height - 6
        )
    )
    middle = (top + height - bottom) / 2
    parts.append(
        Markup(
            '<text class="axis" x="12" y="{0}" text-anchor="middle" transform="rotate(-90 12 {0})">'
            "time in the original</text>"
        ).format(middle)
    )
    for segment in match.segments:
        start, end = segment.original.start, segment.original.end
        if segment.speed < 0:
            start, end = end, start
        title = f"{words.span(segment.clip)} shows {words.span(segment.original)}, speed {words.times(segment.speed)}"
        parts.append(
            Markup(
                '<line class="path" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"><title>{}</title></line>'
            ).format(x(segment.clip.start), y(start), x(segment.clip.end), y(end), title)
        )
    label = "Clip time against original time; the segments are listed beside it."
    return Markup('<svg class="offsets" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        label, width, height, Markup("").join(parts)
    )


def frame(region: Region, aspect: float, severity: Severity) -> Markup:
    """A small outline of the clip's frame with the region filled in."""
    aspect = min(max(aspect, 0.3), 3.0)
    height = 54
    width = round(height * aspect)
    x, y = _clamp(region.x), _clamp(region.y)
    w, h = min(_clamp(region.w), 1 - x), min(_clamp(region.h), 1 - y)
    label = f"Region: {words.where(region)}"
    return Markup(
        '<svg class="where" role="img" aria-label="{}" width="{}" height="{}"><title>{}</title>'
        '<rect class="frame" x="0.5" y="0.5" width="{}" height="{}"/>'
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/></svg>'
    ).format(
        label,
        width + 1,
        height + 1,
        label,
        width,
        height,
        severity.value,
        x * width,
        y * height,
        max(w * width, 2),
        max(h * height, 2),
    )


def _original_lane(index: int, match: Match, total: Fraction) -> Markup:
    bars = [
        (
            segment.clip,
            f"{words.span(segment.clip)} shows {words.span(segment.original)}, speed {words.times(segment.speed)}",
        )
        for segment in match.segments
    ]
    return _lane(f"Original: {match.title}", bars, f"bar original o{index % 4}", total)


def _lane(label: str, bars: list[tuple[Interval, str]], css: str, total: Fraction) -> Markup:
    start = _clamp(float(min(interval.start for interval, _ in bars) / total)) * 100
    end = _clamp(float(max(interval.end for interval, _ in bars) / total)) * 100
    # A label that starts far right would run out of the drawing: let it end with its bar instead.
    anchor, at = ("end", end) if start > 55 else ("start", start)
    parts = [
        Markup('<text class="lane" x="{:.2f}%" y="12" text-anchor="{}">{}</text>').format(
            at, anchor, safe(label, limit=64)
        )
    ]
    for interval, title in bars:
        left = _clamp(float(interval.start / total)) * 100
        right = _clamp(float(interval.end / total)) * 100
        parts.append(
            Markup(
                '<rect class="{}" x="{:.2f}%" y="18" width="{:.2f}%" height="{}" rx="3"><title>{}</title></rect>'
            ).format(css, left, max(right - left, 0.4), _BAR, safe(title))
        )
    return Markup("").join(parts)


def _axis(total: Fraction, height: int) -> tuple[Markup, Markup]:
    lines, labels = [], []
    for tick in _ticks(Fraction(0), total):
        at = float(Fraction(tick) / total) * 100
        anchor = "start" if at < 3 else "end" if at > 97 else "middle"
        lines.append(Markup('<line class="grid" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="{1}"/>').format(at, height + 4))
        labels.append(
            Markup('<text class="tick" x="{:.2f}%" y="{}" text-anchor="{}">{}</text>').format(
                at, height + 20, anchor, words.clock(tick)
            )
        )
    return Markup("").join(lines), Markup("").join(labels)


def _ticks(start: Fraction, end: Fraction) -> list[Fraction]:
    """Round moments within [start, end], at most six."""
    span = float(end - start)
    step = next((s for s in _STEPS if span / s <= _MOST_TICKS), span / _MOST_TICKS)
    size = Fraction(str(step)) or Fraction(1)
    first = -(-start // size)
    return [n * size for n in range(first, int(end // size) + 1)][: _MOST_TICKS + 1]


def length(report: Report) -> Fraction:
    """The clip's length in seconds; where it is not known, the end of the last thing seen in it."""
    ends = [segment.clip.end for match in report.matches for segment in match.segments]
    ends += [judged.finding.clip.end for judged in report.findings if judged.finding.clip]
    if report.clip.duration:
        ends.append(Fraction(round(report.clip.duration * 1000), 1000))
    return max(ends, default=Fraction(0))


def _clamp(value: float) -> float:
    return min(max(value, 0.0), 1.0)
