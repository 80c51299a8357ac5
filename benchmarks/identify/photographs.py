"""Photographs as assets: are copies of them found, and films that show them or were made out of them?"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2

from benchmarks.identify import photo_recipes
from benchmarks.identify.base import frame_times, generator
from benchmarks.identify.newsroom import ANSWERED_BY, Newsroom, code_version
from benchmarks.identify.ours import ask_report
from benchmarks.identify.pictures import frame_at
from benchmarks.identify.score import share
from provenance.files import sha256_file

SUFFIXES = {".jpg", ".jpeg", ".png"}
BRIDGE = "bridge.jpg"
"""The photograph of which the corpus holds copies that others made."""
ANIMATED = "still_animated"
TARGET_BENIGN, TARGET_ANIMATED = 0.98, 0.95
_FRAME_AT = 0.4
_PHOTOGRAPHS = ("astronaut", "camera", "chelsea", "coffee", "coins", "hubble_deep_field", "moon", "page", "rocket")


@dataclass(frozen=True, slots=True)
class Photograph:
    """What was said of a copy or film: originals matched with all registered, and without its own; kinds of finding."""

    photo: str
    recipe: str
    path: Path
    found: tuple[str, ...]
    kinds: tuple[str, ...]
    without: tuple[str, ...]
    wall: float

    @property
    def right(self) -> bool:
        return self.photo in self.found

    @property
    def animated(self) -> bool:
        return self.recipe.startswith("animated")


def originals(work: Path, clips: Sequence[Path], folder: Path | None) -> list[Path]:
    """Photographs of the folder, else scikit-image's, and one frame of each clip (one of a series)."""
    target = work / "originals"
    target.mkdir(parents=True, exist_ok=True)
    sources = {path.name: path for path in (_pictures(folder) if folder is not None else _scikit_image())}
    if folder is not None and bridge_copies(folder).is_dir():
        sources[BRIDGE] = bridge_copies(folder) / "original.jpg"
    found = []
    for name, source in sources.items():
        copy = target / name
        if not copy.exists():
            copy.write_bytes(source.read_bytes())
        found.append(copy)
    series = set[str]()
    for clip in clips:
        start = clip.stem[:9]
        copy = target / f"frame-{clip.stem}.jpg"
        if start not in series:
            series.add(start)
            if not copy.exists():
                picture = frame_at(clip, _FRAME_AT * frame_times(clip)[-1])
                cv2.imwrite(str(copy), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
            found.append(copy)
    return found


def bridge_copies(folder: Path) -> Path:
    """Where a corpus keeps the copies of one photograph that others made, seen from its photographs."""
    return folder.parent / "copies" / "pdq_bridge_photo"


def run(
    photos: Sequence[Path], film: Path, work: Path, room: Newsroom, jobs: int, folder: Path | None
) -> Iterator[Photograph]:
    """Every copy and every film of every photograph, in order; ``folder``: where the photographs came from."""
    names = [*photo_recipes.COPIES, *photo_recipes.FILMS]
    version = code_version(ANSWERED_BY)
    todo = [(photo, name, film, work, room, version) for photo in photos for name in names]
    for own in (photo for photo in photos if photo.name == BRIDGE and folder is not None):
        made = [path for path in _pictures(bridge_copies(folder or own)) if path.stem != "original"]
        todo += [(own, str(path), film, work, room, version) for path in made]
    if jobs == 1:
        yield from (_perform(*task) for task in todo)
        return
    with ProcessPoolExecutor(jobs) as workers:
        yield from workers.map(_perform, *zip(*todo, strict=True))


def _perform(photo: Path, name: str, film: Path, work: Path, room: Newsroom, version: str) -> Photograph:
    path = Path(name) if name not in photo_recipes.COPIES | photo_recipes.FILMS else _make(photo, name, film, work)
    folder = work / "answers" / version
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{photo.stem}-{path.stem}-{sha256_file(path)[:12]}-{len(room.names)}.json"
    if not note.exists():
        said = ask_report(path, room, [(), (photo.name,)])
        beside = note.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps([asdict(one) for one in said]))
        beside.replace(note)
    own, without = json.loads(note.read_text())
    label = name if path.parent != Path(name).parent else f"bridge: {path.stem}"
    return Photograph(
        photo.name, label, path, tuple(own["matches"]), tuple(own["kinds"]), tuple(without["matches"]), own["wall"]
    )


def _make(photo: Path, name: str, film: Path, work: Path) -> Path:
    folder = work / "copies" / _version()
    folder.mkdir(parents=True, exist_ok=True)
    moving = name in photo_recipes.FILMS
    target = folder / f"{photo.stem}--{name}{'.mp4' if moving else '.jpg'}"
    if not target.exists():
        picture = cv2.imread(str(photo), cv2.IMREAD_COLOR)
        beside = target.with_name(f"{os.getpid()}-{target.name}")
        rng = generator(photo.name, name)
        if moving:
            photo_recipes.write_film(picture, name, beside, rng, film)
        else:
            photo_recipes.write_copy(picture, name, beside, rng)
        beside.rename(target)
    return target


def line(one: Photograph) -> str:
    """One result for people."""
    word = "found " if one.right else "MISSED"
    extra = [f"WRONG {name}" for name in one.found if name != one.photo]
    extra += [f"ACCEPTED WITHOUT ITS ORIGINAL {name}" for name in one.without]
    return f"{word} {one.photo:32.32} {one.recipe:22} {' '.join(one.kinds)} {' '.join(extra)} {one.wall:.1f} s"


def section(results: Sequence[Photograph]) -> str:
    """The part of the page about photographs."""
    benign = [one for one in results if not one.animated]
    moved = [one for one in results if one.animated]
    false = sum(bool(one.without) for one in results)
    found, right = share([one.right for one in benign]), share([one.right for one in moved])
    called = share([ANIMATED in one.kinds for one in moved])
    wrongly = sum(ANIMATED in one.kinds for one in benign)
    lines = [
        "## Photographs",
        "",
        f"{len({one.photo for one in results})} photographs and frames of videos, registered as stills: copies of",
        "them as they go round, films that show them, and films made out of them by smooth, seeded warps.",
        "",
        "| target | measured | |",
        "|---|---|---|",
        f"| benign copies found ≥ {TARGET_BENIGN:.0%} | {found:.1%} of {len(benign)} "
        f"| {_met(found >= TARGET_BENIGN)} |",
        f"| animated ones found with the right photograph ≥ {TARGET_ANIMATED:.0%} | {right:.1%} of {len(moved)} "
        f"| {_met(right >= TARGET_ANIMATED)} |",
        f"| matched while their own was not registered: none | {false} of {len(results)} | {_met(not false)} |",
        "",
        f"`{ANIMATED}` is called for {called:.1%} of the animated ones, and for {wrongly} of {len(benign)} others.",
        "",
        f"| copy | n | found | also wrong | `{ANIMATED}` |",
        "|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(one.recipe for one in results):
        some = [one for one in results if one.recipe == name]
        wrong = sum(any(asset != one.photo for asset in one.found) for one in some)
        kinds = sum(ANIMATED in one.kinds for one in some)
        lines.append(f"| {name} | {len(some)} | {share([one.right for one in some]):.1%} | {wrong} | {kinds} |")
    missed = [f"{one.photo} ({one.recipe})" for one in results if not one.right]
    return "\n".join([*lines, "", f"Not found: {', '.join(missed) or 'none'}."])


def _met(met: bool) -> str:
    return "met" if met else "**short**"


def _pictures(folder: Path) -> list[Path]:
    return sorted((p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES), key=lambda p: p.name)


def _scikit_image() -> list[Path]:
    """The photographs that come in scikit-image's wheel."""
    import skimage

    return [path for path in _pictures(Path(skimage.__file__).parent / "data") if path.stem in _PHOTOGRAPHS]


def _version() -> str:
    return hashlib.sha256(Path(photo_recipes.__file__).read_bytes()).hexdigest()[:12]
