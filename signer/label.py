"""A label that people see, burnt into the picture: laws begin to ask that what was edited or made by AI has one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from provenance.assets import CORNERS, Capture, Label
from provenance.errors import CredentialError
from provenance.media.burn import burn
from provenance.media.kinds import PNG
from provenance.media.probe import probe
from provenance.settings import Settings

MAX_CHARACTERS = 60
HEIGHT = 0.065
"""Height of the letters' line as a share of the frame's shorter side: on a phone held upright, 360 points wide, that is
13 points in a film of 16:9 and 23 in an upright one. Letters of 11 points are the least that is read with ease."""
_LEAST_PX = 10
_MARGIN = 0.5
"""Between label and the frame's edge, and around the letters, in heights of a line."""
_MISSING = "\uffff"


def check_label(label: Label) -> None:
    """Check text, corner and font.

    Raises:
        CredentialError: ``sign.label``.
    """
    if label.corner not in CORNERS:
        raise _refused(f"a corner: {', '.join(CORNERS)}", label.corner)
    if not label.text.strip() or len(label.text) > MAX_CHARACTERS or not label.text.isprintable():
        found = f"{len(label.text)} of them: {label.text}" if label.text.strip() else "none"
        raise _refused(f"1 to {MAX_CHARACTERS} printable characters", found)
    font = _font(label, 24)
    blank = _glyph(font, _MISSING)
    missing = sorted({char for char in label.text if not char.isspace() and _glyph(font, char) == blank})
    if missing:
        raise _refused("characters that the font has", " ".join(missing), "--label-font with a font that has them")


def labelled(capture: Capture, work: Path, settings: Settings) -> tuple[Path, Capture]:
    """The capture's file with its label, in ``work``, and the capture with the actions that say so.

    Raises:
        CredentialError: ``sign.label``: it does not fit into the picture.
        MediaError: nothing can be drawn over this kind of file.
    """
    if capture.label is None:
        return capture.path, capture
    limits = {"limits": settings.limits, "require_sandbox": settings.require_sandbox}
    info = probe(capture.path, **limits)  # type: ignore[arg-type]
    width, height = info.width or 1, info.height or 1
    picture = _drawn(capture.label, min(width, height))
    margin = round(_MARGIN * HEIGHT * min(width, height))
    free = (width - picture.width - 2 * margin, height - picture.height - 2 * margin)
    if info.has_video and min(free) < 0:
        much = f"{-free[0]} pixels too wide" if free[0] < 0 else f"{-free[1]} pixels too high"
        raise _refused(f"a label that fits into {width} x {height} pixels", much, "a shorter one")
    vertical, horizontal = capture.label.corner.split("-")
    at = (margin + (free[0] if horizontal == "right" else 0), margin + (free[1] if vertical == "bottom" else 0))
    # Chroma is stored for pairs of pixels.
    at = (at[0] & ~1, at[1] & ~1)
    path = work / "label.png"
    picture.save(path)
    burnt = burn(capture.path, path, at, work, **limits)  # type: ignore[arg-type]
    corner = {"x": _percent(at[0], width), "y": _percent(at[1], height)}
    size = {"width": _percent(picture.width, width), "height": _percent(picture.height, height)}
    shape: dict[str, Any] = {"type": "rectangle", "unit": "percent", "origin": corner, **size}
    added = {
        "action": "c2pa.addedText",
        "description": f"Label “{capture.label.text}”",
        "changes": [{"region": [{"type": "spatial", "shape": shape}]}],
    }
    again = () if info.kind == PNG else ({"action": "c2pa.transcoded"},)
    return burnt, replace(capture, actions=(*capture.actions, added, *again))


def _drawn(label: Label, side: int) -> Image.Image:
    """White letters on a dark ground."""
    size = max(_LEAST_PX, round(HEIGHT * side))
    font = _font(label, size)
    left, top, right, bottom = font.getbbox(label.text)
    rim = round(_MARGIN * size)
    box = (round(right - left) + 2 * rim, round(bottom - top) + 2 * rim)
    picture = Image.new("RGBA", ((box[0] + 1) & ~1, (box[1] + 1) & ~1), (0, 0, 0, 190))
    pen = ImageDraw.Draw(picture)
    pen.text((rim - left, rim - top), label.text, font=font, fill=(255, 255, 255, 255))
    return picture


def _font(label: Label, size: int) -> ImageFont.FreeTypeFont:
    try:
        if label.font is not None:
            return ImageFont.truetype(str(label.font), size)
        font = ImageFont.load_default(size)
    except OSError as error:
        raise _refused("a TrueType or OpenType font", f"{label.font}: {error}") from error
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise _refused("Pillow with FreeType", "Pillow without it")
    return font


def _glyph(font: ImageFont.FreeTypeFont, char: str) -> bytes:
    mask = font.getmask(char)
    return bytes(np.array(mask, np.uint8)) + repr(mask.size).encode()


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 4)


def _refused(expected: str, found: str, hint: str | None = None) -> CredentialError:
    message = "this label cannot be put into the picture"
    return CredentialError("sign.label", message, expected=expected, found=found[:200], hint=hint)
