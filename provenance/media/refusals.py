"""Why a file is not decoded: over a limit, empty, cut off or damaged."""

from __future__ import annotations

from typing import Any

from provenance.errors import MediaError
from provenance.media.examined import Asked
from provenance.media.values import MediaInfo

_SMALLEST_SIDE = 16


def require_pixels(asked: Asked, width: int, height: int) -> None:
    """Require a picture of so many pixels to be within the limit.

    Raises:
        MediaError: ``media.too_large``.
    """
    if width * height > asked.limits.max_pixels:
        raise over(
            "media.too_large", asked.path.name, f"at most {asked.limits.max_pixels} pixels a picture",
            f"{width} x {height}", "pixels",
        )  # fmt: skip


def require_sides(asked: Asked, info: MediaInfo) -> None:
    """Require a picture, where there is one, to be large enough to be recognised.

    Raises:
        MediaError: ``media.too_small``.
    """
    if info.width is None or info.height is None or min(info.width, info.height) >= _SMALLEST_SIDE:
        return
    raise MediaError(
        "media.too_small",
        f"the picture in {asked.path.name} is too small to be recognised again",
        expected=f"at least {_SMALLEST_SIDE} pixels on each side",
        found=f"{info.width} x {info.height}",
        hint="use the picture at its original size",
    )


def over(code: str, name: str, expected: str, found: str, what: str) -> MediaError:
    """The error for a file of this name that is over the limit on bytes, pixels, seconds or frames."""
    return MediaError(
        code,
        f"{name} is over the limit on {what}",
        expected=expected,
        found=found,
        hint="cut or shrink it, or raise the limit in the settings if you trust the file",
    )


def empty(asked: Asked, found: str) -> MediaError:
    """The error for a file with neither picture nor sound that decodes."""
    return MediaError(
        "media.no_frames",
        f"there is nothing to decode in {asked.path.name}",
        expected="a picture or sound",
        found=found,
        hint="check that the file plays, and fetch or export it again",
    )


def damaged(asked: Asked, found: str) -> MediaError:
    """The error for a file that no decoder takes."""
    return MediaError(
        "media.damaged",
        f"{asked.path.name} starts like {asked.kind.media_type} and cannot be decoded",
        expected=f"a whole {asked.kind.media_type} file",
        found=found,
        hint="fetch or export the file again",
    )


def refusal(asked: Asked, answer: dict[str, Any]) -> MediaError:
    """The error for what the child says it cannot do."""
    if answer.get("headless"):
        return MediaError(
            "media.truncated",
            f"{asked.path.name} is cut off: the index at its end is missing",
            expected="a file with a complete moov box",
            found=f"{asked.media.size} bytes without one",
            hint="copy or download the file again; an interrupted recording needs the camera's repair function",
        )
    if answer["error"] == "memory":
        return damaged(asked, "claims that need more memory than a decoder is given")
    return damaged(asked, str(answer.get("detail", "data that no decoder accepts"))[:300])
