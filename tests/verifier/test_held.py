"""Frames that are held are those that would be read again; nothing outlives its clip, and no file that was changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from support.media import MediaLibrary

from provenance.media.frames import read_frames
from provenance.media.probe import probe
from provenance.settings import Settings, load_settings
from verifier import held
from verifier.held import frames_of, let_go_after

SIZE = (160, 120)
START, END = Fraction(2, 5), Fraction(6, 5)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    with let_go_after():
        yield load_settings(tmp_path / "home")


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were decoded, in turn."""
    found: list[Path] = []

    def counted(path: Path, **how: object) -> object:
        found.append(path)
        return read_frames(path, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(held, "read_frames", counted)
    return found


def shown(
    path: Path, settings: Settings, start: Fraction = START, end: Fraction = END, *, colour: bool = False
) -> list[tuple[Fraction, bytes]]:
    return [(f.time, f.image.tobytes()) for f in frames_of(path, SIZE, start, end, settings, colour=colour)]


@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
@pytest.mark.parametrize("name", ["plain.mp4", "variable.mkv", "late_picture.mp4", "rotated.mp4", "late.ts"])
def test_any_stretch_of_a_held_film_is_what_reading_it_gives(
    media: MediaLibrary, settings: Settings, decodes: list[Path], name: str, colour: bool
) -> None:
    for start, end in ((Fraction(0), Fraction(1, 1000)), (START, END), (Fraction(1, 5), Fraction(99))):
        read = read_frames(
            media(name), width=SIZE[0], height=SIZE[1], colour=colour, start=start, end=end, limits=settings.limits
        )
        held_frames = shown(media(name), settings, start, end, colour=colour)
        assert held_frames == [(frame.time, frame.image.tobytes()) for frame in read]
    assert decodes == [media(name)]


def test_what_is_too_long_to_be_held_is_read_in_part_each_time(
    media: MediaLibrary, settings: Settings, decodes: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shown(media("plain.mp4"), settings)
    monkeypatch.setattr(held, "_MOST_BYTES", 49 * SIZE[0] * SIZE[1])
    assert [shown(media("plain.mp4"), settings) for _ in range(2)] == [whole, whole]
    assert len(decodes) == 3


def test_a_film_of_more_frames_than_its_header_says_is_not_held(
    media: MediaLibrary, settings: Settings, decodes: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shown(media("plain.mp4"), settings)
    lying = replace(probe(media("plain.mp4"), limits=settings.limits), duration=Fraction(1, 5))
    monkeypatch.setattr(held, "probe", lambda *_, **__: lying)
    monkeypatch.setattr(held, "_MOST_BYTES", 12 * SIZE[0] * SIZE[1])
    with let_go_after():
        pass
    assert [shown(media("plain.mp4"), settings) for _ in range(2)] == [whole, whole]
    assert len(decodes) == 4


def test_a_file_that_was_changed_is_read_anew_and_nothing_is_held_afterwards(
    media: MediaLibrary, settings: Settings, decodes: list[Path], tmp_path: Path
) -> None:
    film = media.copy_as("plain.mp4", tmp_path / "film.mp4")
    before = shown(film, settings)
    film.write_bytes(media("mirrored.mp4").read_bytes())
    assert shown(film, settings) != before
    with let_go_after():
        shown(film, settings)
    assert len(decodes) == 2
    shown(film, settings)
    assert len(decodes) == 3
