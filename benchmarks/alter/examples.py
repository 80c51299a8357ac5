"""Pages of misses and of false alarms: what was said of each, and what some of them look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.alter.run import Result
from benchmarks.alter.score import score
from benchmarks.alter.truth import Box
from benchmarks.identify.page import LICENCES
from benchmarks.identify.pictures import frame_at

MOST_PICTURES = 8
_HEIGHT = 200
_TRUE, _SAID = (60, 180, 40), (50, 50, 220)
"""Colours (BGR) of boxes: where the change is, and where it was said to be."""


def misses(results: Sequence[Result]) -> list[Result]:
    """Altered clips that were not called so."""
    asked = [r for r in results if r.truth.altered and r.said is not None]
    return [r for r in asked if r.said is not None and not score(r.truth, r.said).called]


def false_alarms(results: Sequence[Result]) -> list[Result]:
    """Untouched clips that were called altered."""
    asked = [r for r in results if r.truth.altered is False and r.said is not None]
    return [r for r in asked if r.said is not None and score(r.truth, r.said).called]


def write(title: str, words: str, some: Sequence[Result], clips: Mapping[str, Path], page: Path) -> None:
    """A page with its pictures beside it: at most one of a class and laundering, of footage that may be shown."""
    lines = [f"# {title}", "", words, ""]
    shown = set[str]()
    table = ["| clip | class | strength | laundering | verdict | altering findings |", "|" + "---|" * 6]
    for result in some:
        said = result.said
        if said is None:
            continue
        findings = "; ".join(f"{one.kind} {_when(one.clip)} ({one.score:.2f})" for one in said.altering)
        cells = (result.clip, result.label, result.strength, result.laundering, said.verdict, findings)
        table.append("| " + " | ".join(cells) + " |")
        credit = next((credit for start, credit in LICENCES.items() if result.clip.startswith(start)), None)
        # What was done to sound or time is not seen in one frame.
        about_pictures = result.truth.box is not None or result.truth.altered is False
        group = result.label if result.truth.altered else result.laundering
        if credit and about_pictures and group not in shown and len(shown) < MOST_PICTURES:
            shown.add(group)
            name = f"{page.stem}-{result.path.stem}.jpg"
            picture(result, clips[result.clip], page.with_name(name))
            about = f"{result.clip}, {result.label} ({result.strength}), {result.laundering}"
            lines += [f"![{about}]({name})", "", f"*{about}. Clip left, original right. {credit}.*", ""]
    page.write_text("\n".join([*lines, *(table if len(table) > 2 else ["Nothing in this run."])]) + "\n")


def picture(result: Result, original: Path, target: Path) -> None:
    """A small JPEG: the clip at the middle of its change, with boxes, beside the original at that moment."""
    findings = result.said.altering if result.said is not None else ()
    stretches = result.truth.readings[0] if result.truth.readings else [f.clip for f in findings if f.clip]
    moment = sum(stretches[0]) / 2 if stretches else 0.5
    clip, beside = frame_at(result.path, moment), frame_at(original, result.start + moment)
    pair = [cv2.resize(one, (round(one.shape[1] * _HEIGHT / one.shape[0]), _HEIGHT)) for one in (clip, beside)]
    for finding in findings:
        if finding.region is not None:
            _draw(pair[0], finding.region, _SAID)
    if result.truth.box is not None:
        _draw(pair[0], result.truth.box, _TRUE)
    gap = np.full((_HEIGHT, 8, 3), 255, np.uint8)
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), np.hstack([pair[0], gap, pair[1]]), [cv2.IMWRITE_JPEG_QUALITY, 75])


def _draw(frame: np.ndarray, box: Box, colour: tuple[int, int, int]) -> None:
    height, width = frame.shape[:2]
    corners = (box[0] * width, box[1] * height), ((box[0] + box[2]) * width, (box[1] + box[3]) * height)
    (left, top), (right, bottom) = ((round(x), round(y)) for x, y in corners)
    cv2.rectangle(frame, (left, top), (right, bottom), colour, 2)


def _when(stretch: tuple[float, float] | None) -> str:
    return "" if stretch is None else f"{stretch[0]:.1f}–{stretch[1]:.1f} s"
