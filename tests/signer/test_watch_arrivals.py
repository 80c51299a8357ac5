"""When a file has arrived: never while it grows, never without its end, at once when it was renamed into place."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from batch_bench import damaged, picture
from support.media import MediaLibrary

from provenance.errors import MediaError
from signer.watch import Arrivals, Pace, is_temporary
from signer.watch_letters import Letters
from signer.whole import missing_end


@dataclass
class Time:
    """Seconds that pass when the test says so; the time of day is that of the files."""

    seconds: float = 0.0
    day: float = field(default_factory=lambda: 2e9)

    def clock(self) -> float:
        return self.seconds

    def now(self) -> float:
        return self.day + self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def arrivals(tmp_path: Path, time: Time) -> Arrivals:
    (tmp_path / "in" / "failed").mkdir(parents=True)
    return Arrivals(tmp_path / "in", [tmp_path / "in" / "failed"], Pace(1, 5, 60), time.clock, time.now)


@pytest.fixture
def look(arrivals: Arrivals, time: Time) -> Callable[[float], list[str]]:
    def look(after: float) -> list[str]:
        time.seconds += after
        return [what.path.name for what in arrivals.look()]

    return look


def fresh(path: Path, time: Time) -> Path:
    """The file, written just now."""
    os.utime(path, (time.now(), time.now()))
    return path


def test_a_file_counts_once_after_it_stood_still_and_not_while_it_grows(
    arrivals: Arrivals, look: Callable[[float], list[str]], time: Time
) -> None:
    whole = picture(arrivals.folder / "whole.jpg", 1).read_bytes()
    (arrivals.folder / "whole.jpg").unlink()
    growing = arrivals.folder / "a.jpg"
    for part in (len(whole) // 2, len(whole)):
        growing.write_bytes(whole[:part])
        fresh(growing, time)
        assert [look(step) for step in (0, 2, 2)] == [[], [], []]
    assert look(2) == ["a.jpg"]
    assert look(100) == []
    growing.write_bytes(whole + b"more")
    fresh(growing, time)
    assert [look(0), look(5)] == [[], ["a.jpg"]]


@pytest.mark.parametrize("name", ["a.jpg.part", "a.jpg.crdownload", "a.tmp", ".a.jpg", "A.JPG.PART"])
def test_temporary_names_are_waited_for_and_a_rename_counts_at_the_next_look(
    arrivals: Arrivals, look: Callable[[float], list[str]], time: Time, name: str
) -> None:
    part = fresh(picture(arrivals.folder / "x.jpg", 1).rename(arrivals.folder / name), time)
    assert is_temporary(name)
    assert [look(step) for step in (0, 10, 10)] == [[], [], []]
    fresh(part, time)
    assert look(0) == []
    part.rename(arrivals.folder / "a.jpg")
    assert [look(0.1), look(0.1)] == [[], ["a.jpg"]]


def test_what_was_written_long_ago_counts_at_the_second_look_and_dead_letters_are_not_looked_at(
    arrivals: Arrivals, look: Callable[[float], list[str]]
) -> None:
    os.utime(picture(arrivals.folder / "old.jpg", 1), (1e9, 1e9))
    os.utime(picture(arrivals.folder / "failed" / "dead.jpg", 2), (1e9, 1e9))
    assert [look(0), look(0.1)] == [[], ["old.jpg"]]


def test_what_lacks_its_end_is_waited_for_and_then_told_with_a_reason(
    arrivals: Arrivals, media: Callable[[str], Path], time: Time
) -> None:
    data = media("mp4").read_bytes()
    path = arrivals.folder / "clip.mp4"
    path.write_bytes(data[:-100])
    fresh(path, time)
    assert arrivals.look() == []
    time.seconds = 59
    assert (arrivals.look(), arrivals.waiting) == ([], 1)
    time.seconds = 61
    (told,) = arrivals.look()
    assert told.error is not None
    assert told.error.code == "media.truncated"
    path.write_bytes(data)
    fresh(path, time)
    arrivals.look()
    time.seconds = 67
    (told,) = arrivals.look()
    assert (told.error, told.skipped) == (None, None)


def test_what_is_no_media_is_passed_over_with_the_reason_and_what_is_empty_is_waited_for(
    arrivals: Arrivals, time: Time
) -> None:
    (arrivals.folder / "empty.mp4").touch()
    fresh(arrivals.folder / "empty.mp4", time)
    (arrivals.folder / "notes.txt").write_text("words")
    picture(arrivals.folder / "b.signed.jpg", 3)
    arrivals.look()
    time.seconds = 10
    assert {what.path.name: what.skipped for what in arrivals.look()} == {
        "notes.txt": "not media",
        "b.signed.jpg": "named as an output of signing",
    }
    assert arrivals.waiting == 1


def test_what_is_named_as_media_and_is_none_is_not_passed_over(arrivals: Arrivals, time: Time) -> None:
    (arrivals.folder / "damaged.JPG").write_bytes(bytes(1000))
    arrivals.look()
    time.seconds = 10
    (told,) = arrivals.look()
    assert (told.path.name, told.error, told.skipped) == ("damaged.JPG", None, None)


def test_what_lacked_its_end_long_before_anybody_looked_is_told_once_it_stands_still(
    arrivals: Arrivals, media: Callable[[str], Path], time: Time
) -> None:
    path = arrivals.folder / "clip.mp4"
    path.write_bytes(media("mp4").read_bytes()[:-100])
    os.utime(path, (1e9, 1e9))
    arrivals.look()
    time.seconds = 4
    assert (arrivals.look(), list(arrivals.on_their_way)) == ([], [path])
    assert arrivals.on_their_way[path].endswith("lacks 100 bytes")
    time.seconds = 6
    (told,) = arrivals.look()
    assert told.error is not None
    assert told.error.code == "media.truncated"
    assert told.error.message.endswith(" days")
    assert arrivals.on_their_way == {}


def test_a_link_has_nothing_signed_that_lies_elsewhere(arrivals: Arrivals, tmp_path: Path, time: Time) -> None:
    inside = picture(arrivals.folder / "a.jpg", 1)
    (arrivals.folder / "inside.jpg").symlink_to(inside)
    (arrivals.folder / "outside.jpg").symlink_to(picture(tmp_path / "private.jpg", 2))
    arrivals.look()
    time.seconds = 10
    skipped = {what.path.name: what.skipped for what in arrivals.look()}
    assert skipped == {"a.jpg": None, "inside.jpg": None, "outside.jpg": "a link that leads out of the folder"}


def test_the_reason_goes_when_the_file_was_signed_after_all_and_stays_where_it_was_moved(tmp_path: Path) -> None:
    error = MediaError("media.truncated", "cut off")
    for move, there in ((False, False), (True, True)):
        source = picture(tmp_path / "in" / "a.jpg", 1)
        letters = Letters(tmp_path / f"failed-{move}", tmp_path / "in", move=move)
        reason = letters.write(source, error, 1)
        letters.withdraw(source)
        assert reason.exists() is there


KINDS = ("mp4", "mov", "m4a", "avi", "wav", "jpg", "png", "webp", "heic", "avif", "webm", "mkv")


@pytest.mark.parametrize("kind", KINDS)
def test_containers_that_know_their_length_tell_a_file_that_is_cut_off(
    media: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    whole = media(kind)
    assert missing_end(whole) is None
    cut = tmp_path / whole.name
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    assert missing_end(cut)


def test_damage_is_not_taken_for_a_missing_end_where_the_container_does_not_say(tmp_path: Path) -> None:
    stream = MediaLibrary(tmp_path)("tone.aac")
    stream.write_bytes(stream.read_bytes()[:-50])
    assert missing_end(stream) is None
    assert missing_end(damaged(tmp_path / "bad.png"))
