"""The alterations of ``benchmarks.alter``: what they say is true must be what their clips show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.alter import laundering
from benchmarks.alter.catalogue import ALTERATIONS, BY_NAME, EDIT_SECONDS, UNTOUCHED, strength_of
from benchmarks.alter.footage import RATE, Footage, read, write
from benchmarks.alter.job import LASTS, STRENGTHS, Altered, Job
from benchmarks.alter.local import InvisibleError
from benchmarks.alter.run import tasks
from benchmarks.alter.score import overlap
from benchmarks.alter.sounds import spliced
from benchmarks.alter.truth import Truth
from benchmarks.alter.voice import music, speech, voiced
from benchmarks.identify.base import Base, cut_base, generator
from benchmarks.recipes import ffmpeg

SMALL = 192 * 108
LOCAL = ("lip-sync", "reenactment", "face-swap", "body", "added", "removed", "recoloured", "text")
ALIKE = ("reversed", "held", "dropped")
"""Alterations of time that leave the clip as long as it was, and everything outside their stretch alone."""
HEARD = ("dub-stretch", "silenced", "noise")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alter")


@pytest.fixture(scope="module")
def base(folder: Path, footage: Path) -> Base:
    return cut_base(footage, folder, most=3.2)


@pytest.fixture(scope="module")
def other(folder: Path, silent: Path) -> Base:
    return cut_base(silent, folder, most=3.2)


@pytest.fixture(scope="module")
def small(base: Base) -> Footage:
    return read(base, area=SMALL)


@pytest.fixture(scope="module")
def beside(other: Base, small: Footage) -> Footage:
    return read(other, like=small)


def alter(name: str, strength: str, small: Footage, other: Base, beside: Footage, folder: Path) -> Altered:
    job = Job(small, other, other, strength, generator(small.asset, name, strength), folder)
    # Read once for all recipes.
    job.__dict__.update(other_footage=beside, foreign_footage=beside)
    return BY_NAME[name].make(job)


def sounding(footage: Footage, stretch: tuple[float, float]) -> np.ndarray:
    """Which samples lie well outside a stretch."""
    times = np.arange(len(footage.sound)) / RATE
    return (times < stretch[0] - 0.001) | (times >= stretch[1] + 0.001)


@pytest.mark.parametrize("strength", ["plain", "hard"])
@pytest.mark.parametrize("name", LOCAL)
def test_outside_its_stretch_and_region_a_clip_is_as_it_was(
    name: str, strength: str, small: Footage, other: Base, beside: Footage, folder: Path
) -> None:
    got = alter(name, strength, small, other, beside, folder)
    ((start, end),) = got.truth.readings[0]
    assert got.truth.box is not None
    x, y, w, h = (round(v * side) for v, side in zip(got.truth.box, (small.width, small.height) * 2, strict=True))
    assert len(got.footage.frames) == len(small.frames)
    seen = []
    for number, (before, after) in enumerate(zip(small.frames, got.footage.frames, strict=True)):
        outside = np.ones(before.shape[:2], bool)
        if start <= small.time(number) < end:
            outside[y : y + h, x : x + w] = False
            seen.append(float(np.abs(before.astype(int) - after)[~outside].mean()))
        assert np.array_equal(before[outside], after[outside])
    assert np.mean(seen) > 1
    assert got.truth.box[2] * got.truth.box[3] >= 0.0195
    assert end - start >= 0.499


@pytest.mark.parametrize("name", ALIKE)
def test_outside_its_stretch_the_pictures_are_those_that_were(
    name: str, small: Footage, other: Base, beside: Footage, folder: Path
) -> None:
    got = alter(name, "middle", small, other, beside, folder)
    ((start, end),) = got.truth.readings[0]
    inside = [start <= small.time(number) < end for number in range(len(small.frames))]
    same = [np.array_equal(a, b) for a, b in zip(small.frames, got.footage.frames, strict=True)]
    assert all(s for s, i in zip(same, inside, strict=True) if not i)
    assert sum(not s for s in same) > 0.6 * sum(inside)


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("name", HEARD)
def test_outside_its_stretch_the_sound_is_what_it_was(
    name: str, strength: str, small: Footage, other: Base, beside: Footage, folder: Path
) -> None:
    got = alter(name, strength, small, other, beside, folder)
    (stretch,) = got.truth.readings[0]
    outside = sounding(small, stretch)
    assert np.array_equal(got.footage.sound[outside], small.sound[outside])
    assert not np.allclose(got.footage.sound[~outside], small.sound[~outside], atol=1e-3)
    assert stretch[1] - stretch[0] == pytest.approx(min(LASTS[strength], 0.6 * small.seconds), abs=0.04)


def test_lips_that_say_something_else_are_heard_to(small: Footage, other: Base, beside: Footage, folder: Path) -> None:
    got = alter("lip-sync", "hard", small, other, beside, folder)
    (stretch,) = got.truth.readings[0]
    outside = sounding(small, stretch)
    assert np.array_equal(got.footage.sound[outside], small.sound[outside])
    assert not np.allclose(got.footage.sound[~outside], small.sound[~outside], atol=1e-3)


def test_a_cut_leaves_out_what_it_says(small: Footage, other: Base, beside: Footage, folder: Path) -> None:
    got = alter("cut", "middle", small, other, beside, folder)
    ((start, end),) = got.truth.missing
    first, last = (round((moment - small.start) * float(small.fps)) for moment in (start, end))
    expected = (*small.frames[:first], *small.frames[last:])
    assert all(a is b for a, b in zip(expected, got.footage.frames, strict=True))
    assert len(got.footage.sound) == pytest.approx(len(expected) / small.fps * RATE, abs=1)


def test_what_changed_places_is_there_in_the_order_that_is_said(
    small: Footage, other: Base, beside: Footage, folder: Path
) -> None:
    got = alter("reordered", "middle", small, other, beside, folder)
    later, earlier = (frames_of(got, reading[0]) for reading in got.truth.readings[:2])
    places = {id(frame): number for number, frame in enumerate(small.frames)}
    assert [places[id(frame)] for frame in (*later, *earlier)] == sorted(
        places[id(frame)] for frame in (*later, *earlier)
    )
    assert {id(frame) for frame in got.footage.frames} == set(places)


def test_a_loop_shows_the_same_frames_again(small: Footage, other: Base, beside: Footage, folder: Path) -> None:
    got = alter("looped", "plain", small, other, beside, folder)
    again, whole, _ = (frames_of(got, reading[0]) for reading in got.truth.readings)
    count = len(whole) - len(again)
    assert [id(frame) for frame in again[:count]] == [id(frame) for frame in whole[:count]]
    assert len(again) == 2 * count


@pytest.mark.parametrize("name", ["inserted", "merged"])
def test_foreign_frames_are_where_they_are_said_to_be(
    name: str, small: Footage, other: Base, beside: Footage, folder: Path
) -> None:
    got = alter(name, "hard", small, other, beside, folder)
    own = {id(frame) for frame in small.frames}
    strange = frames_of(got, got.truth.readings[0][0])
    assert not any(id(frame) in own for frame in strange)
    assert sum(id(frame) not in own for frame in got.footage.frames) == len(strange)


def frames_of(got: Altered, stretch: tuple[float, float]) -> tuple[np.ndarray, ...]:
    first, last = (round(moment * float(got.footage.fps)) for moment in stretch)
    return got.footage.frames[first:last]


@pytest.mark.parametrize("name", [alteration.name for alteration in ALTERATIONS])
def test_pictures_and_sound_are_equally_long_and_seeds_repeat(
    name: str, small: Footage, other: Base, beside: Footage, folder: Path
) -> None:
    one, two = (alter(name, "hard", small, other, beside, folder) for _ in range(2))
    assert one.truth == two.truth
    assert all(np.array_equal(a, b) for a, b in zip(one.footage.frames, two.footage.frames, strict=True))
    assert np.array_equal(one.footage.sound, two.footage.sound)
    assert len(one.footage.sound) == pytest.approx(one.footage.seconds * RATE, abs=2)
    assert (one.truth.altered is True) == (name not in (UNTOUCHED, "music"))


def test_what_nobody_could_see_is_not_made(small: Footage, other: Base, beside: Footage, folder: Path) -> None:
    flat = tuple(np.full_like(frame, 128) for frame in small.frames)
    with pytest.raises(InvisibleError):
        alter("reenactment", "plain", replace(small, frames=flat), other, beside, folder)


def test_a_lossless_file_holds_the_pictures_and_the_sound(small: Footage, folder: Path) -> None:
    base = write(small, folder / "lossless.mov")
    again = read(base, area=SMALL)
    apart = [np.abs(a.astype(int) - b).mean() for a, b in zip(small.frames, again.frames, strict=True)]
    assert max(apart) < 2
    assert np.abs(again.sound - small.sound).max() < 1e-3
    assert (base.frames, base.fps, base.width) == (len(small.frames), small.fps, small.width)


@pytest.mark.parametrize(("matrix", "levels"), [("bt709", "tv"), ("bt601", "tv"), ("bt601", "pc")])
def test_full_colours_are_as_bright_after_as_before(matrix: str, levels: str, tmp_path: Path) -> None:
    source, bars = tmp_path / "bars.mov", ["-f", "lavfi", "-i", "rgbtestsrc=s=96x64:d=0.2"]
    chain = f"scale=out_color_matrix={matrix}:out_range={levels},format=yuv420p"
    ffmpeg([*bars, "-vf", chain, "-c:v", "libx264", "-qp", "0"], source)
    base = cut_base(source, tmp_path)
    footage = read(base)
    assert (footage.matrix, footage.levels) == (matrix, levels)
    before, after = (brightness(path) for path in (base.path, write(footage, tmp_path / "again.mov").path))
    assert np.abs(before - after).mean() < 1


def brightness(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray()[:64].astype(int)


@pytest.mark.parametrize("name", list(laundering.BY_NAME))
def test_every_laundering_makes_a_clip_of_the_same_length(name: str, small: Footage, folder: Path) -> None:
    base = write(replace(small, frames=small.frames[:30], sound=small.sound[: small.sample(30)]), folder / "short.mov")
    target = folder / f"{name}.mp4"
    matrix = laundering.BY_NAME[name].write(base, target, folder, generator(name))
    assert len(matrix) == 9
    with av.open(str(target)) as container:
        assert len(container.streams.audio) == (name != "muted")
        *_, last = (float(frame.time or 0) for frame in container.decode(video=0))
    assert last == pytest.approx(29 / 25, abs=0.09)


@pytest.mark.parametrize("name", ["studio", "crop", "letterbox", "mirror", "screen"])
def test_a_box_is_where_its_laundering_took_it(name: str, small: Footage, folder: Path) -> None:
    black = np.zeros_like(small.frames[0])
    box = (0.4, 0.5, 0.2, 0.2)
    x, y, w, h = (round(v * side) for v, side in zip(box, (small.width, small.height) * 2, strict=True))
    black[y : y + h, x : x + w] = 255
    base = write(replace(small, frames=(black,) * 5, sound=small.sound[: small.sample(5)]), folder / "marked.mov")
    target = folder / f"marked-{name}.mp4"
    matrix = laundering.BY_NAME[name].write(base, target, folder, generator(name))
    with av.open(str(target)) as container:
        grey = next(container.decode(video=0)).to_ndarray(format="gray")
    rows, columns = np.nonzero(grey > 128)
    height, width = grey.shape
    left, top = columns.min() / width, rows.min() / height
    seen = left, top, (columns.max() + 1) / width - left, (rows.max() + 1) / height - top
    said = Truth(True, (("region",),), box=box).seen_through(matrix).box
    assert said is not None
    assert overlap(said, seen) > 0.8


def test_a_change_out_of_frame_or_under_a_caption_is_not_asked_about() -> None:
    truth = Truth(True, (("region",),), box=(0.1, 0.4, 0.1, 0.2))
    assert not laundering.BY_NAME["studio"].hides(truth)
    assert laundering.BY_NAME["vertical"].hides(replace(truth, box=(-0.4, 0.4, 0.5, 0.2)))
    assert laundering.BY_NAME["caption"].hides(replace(truth, box=(0.1, 0.85, 0.1, 0.1)))
    assert not laundering.BY_NAME["caption"].hides(truth)


def test_made_up_voices_differ_and_repeat() -> None:
    one, two, again = (speech(1.0, generator(name)) for name in ("a", "b", "a"))
    assert one.shape == (RATE, 2)
    assert np.array_equal(one, again)
    assert abs(np.corrcoef(one[:, 0], two[:, 0])[0, 1]) < 0.2
    assert music(1.0, generator("a")).shape == (RATE, 2)


def test_a_clip_without_sound_gets_some_and_keeps_its_pictures(silent: Path, footage: Path, tmp_path: Path) -> None:
    given = voiced(silent, tmp_path)
    with av.open(str(given)) as ours, av.open(str(silent)) as theirs:
        assert [len(bytes(p)) for p in ours.demux(video=0)] == [len(bytes(p)) for p in theirs.demux(video=0)]
    assert cut_base(given, tmp_path, most=1.0).heard
    assert voiced(footage, tmp_path) == footage


def test_splicing_fades_over_inside_the_stretch() -> None:
    sound = np.full((RATE, 2), 0.5, np.float32)
    mixed = spliced(sound, (0.25, 0.75), np.zeros((RATE // 2, 2), np.float32))
    assert np.all(mixed[: RATE // 4] == 0.5)
    assert np.all(mixed[RATE // 2 - 10 : RATE // 2 + 10] == 0)
    assert np.all(mixed[3 * RATE // 4 :] == 0.5)


def test_every_clip_gets_every_strength_of_something_and_tasks_hold_what_is_asked(
    footage: Path, silent: Path, tmp_path: Path
) -> None:
    assert {strength_of("a.mp4", name) for name in BY_NAME} == set(STRENGTHS)
    found = tasks([footage], [footage, silent], silent, tmp_path, list(BY_NAME), list(laundering.BY_NAME))
    by_name = {task.alteration: task.launderings for task in found}
    assert set(by_name[UNTOUCHED]) == set(laundering.BY_NAME)
    assert by_name["resigned"] == ("studio",)
    assert all(set(laundering.ALWAYS) <= set(by_name[name]) for name in by_name if name != "resigned")
    extra = [one for name, some in by_name.items() if name != UNTOUCHED for one in some]
    assert all(extra.count(name) == 1 for name in ("crop", "vertical", "screen"))
    assert "muted" not in extra
    short = replace(cut_base(footage, tmp_path), frames=30)
    assert short.seconds < EDIT_SECONDS
    assert not BY_NAME["cut"].applies(short)
