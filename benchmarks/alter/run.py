"""Make altered and laundered clips and ask about them, in several processes; what was done before is kept."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.alter import catalogue, laundering, stranger
from benchmarks.alter.ask import Said, ask
from benchmarks.alter.footage import read, write
from benchmarks.alter.job import Job
from benchmarks.alter.local import InvisibleError
from benchmarks.alter.truth import Truth
from benchmarks.identify.base import cut_base, generator
from benchmarks.identify.newsroom import ANSWERED_BY, Newsroom, code_version
from benchmarks.identify.run import same_film
from provenance.files import sha256_file

_ROOT = Path(__file__).parents[1]
_MADE_BY = ("base", "graph", "effects", "photo_recipes")
_UNDRAWN = (catalogue.UNTOUCHED, catalogue.AMBIGUOUS)
_NOT_MADE_BY = ("__main__", "ask", "score", "figures", "page", "examples", "plot", "cost", "verifying", "reports")


@dataclass(frozen=True, slots=True)
class Task:
    """One clip altered once, and laundered in several ways."""

    source: Path
    other: Path
    foreign: Path
    alteration: str
    launderings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One clip that was asked about. ``start``: second of the original at which its footage begins.

    ``said``: None where too little of the change was left to be asked about.
    """

    clip: str
    alteration: str
    strength: str
    laundering: str
    path: Path
    start: float
    truth: Truth
    said: Said | None

    @property
    def label(self) -> str:
        return catalogue.BY_NAME[self.alteration].label


def tasks(
    clips: Sequence[Path],
    originals: Sequence[Path],
    foreign: Path,
    bases: Path,
    alterations: Sequence[str],
    launderings: Sequence[str],
) -> list[Task]:
    """Every alteration of every clip: always the three encoders, each other laundering for one seeded alteration.

    Args:
        clips: those asked about; ``originals``: all that are registered, the same paths.
    """
    found = []
    names = [path.name for path in originals]
    for clip in clips:
        base = cut_base(clip, bases)
        own = same_film(clip.name, names)
        others = [path for path in originals if path.name not in own] or [clip]
        other = others[names.index(clip.name) % len(others)]
        possible = [a for a in catalogue.ALTERATIONS if a.applies(base)]
        drawn = _drawn(clip.name, [a.name for a in possible if a.label not in _UNDRAWN and not a.signed])
        for alteration in (a for a in possible if a.name in alterations):
            wanted = tuple(
                one.name
                for one in laundering.LAUNDERINGS
                if one.name in launderings and _meets(alteration, one, drawn.get(one.name))
            )
            if wanted:
                found.append(Task(clip, other, foreign, alteration.name, wanted))
    return found


def _meets(alteration: catalogue.Alteration, one: laundering.Laundering, drawn: str | None) -> bool:
    if alteration.signed:
        return one.name == "studio"
    if alteration.name == catalogue.UNTOUCHED or one.name in laundering.ALWAYS:
        return alteration.name == catalogue.UNTOUCHED or not one.untouched_only
    return drawn == alteration.name


def _drawn(clip: str, alterations: Sequence[str]) -> dict[str, str]:
    """The alteration of a clip that goes through each laundering that not all go through."""
    rng = generator("laundering", clip)
    rest = [one.name for one in laundering.LAUNDERINGS if one.name not in laundering.ALWAYS and not one.untouched_only]
    return dict(zip(rest, (str(name) for name in rng.choice(alterations, len(rest), replace=False)), strict=True))


def perform(task: Task, work: Path, room: Newsroom, version: str) -> list[Result]:
    """Alter a clip, launder it in all ways, ask about each."""
    results = []
    strength = catalogue.strength_of(task.source.name, task.alteration)
    start = cut_base(task.source, work / "bases").start
    for name, path, truth in make(task, work):
        said = None if truth.altered and _hidden(name, truth) else _answer(path, work, room, version)
        results.append(Result(task.source.name, task.alteration, strength, name, path, start, truth, said))
    return results


def make(task: Task, work: Path) -> list[tuple[str, Path, Truth]]:
    """Name of the laundering, clip and truth as seen in it, made unless they are there; none where nothing shows."""
    folder = work / "clips" / _version()
    folder.mkdir(parents=True, exist_ok=True)
    alteration = catalogue.BY_NAME[task.alteration]
    stem = f"{task.source.stem}--{task.alteration}--"
    targets = {name: folder / f"{stem}{name.replace(' ', '-')}.mp4" for name in task.launderings}
    invisible = folder / f"{stem}invisible"
    if invisible.exists():
        return []
    if not all(target.with_suffix(".json").exists() for target in targets.values()):
        bases = work / "bases"
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            inner = Path(scratch)
            base = cut_base(task.source, bases)
            strength = catalogue.strength_of(task.source.name, task.alteration)
            rng = generator(task.source.name, task.alteration)
            others = cut_base(task.other, bases), cut_base(task.foreign, bases)
            try:
                altered = alteration.make(Job(read(base), *others, strength, rng, inner))
            except InvisibleError:
                invisible.touch()
                return []
            lossless = write(altered.footage, inner / "altered.mov")
            for name, target in targets.items():
                made = inner / target.name
                seeded = generator(task.source.name, task.alteration, name)
                matrix = laundering.BY_NAME[name].write(lossless, made, inner, seeded)
                if alteration.signed:
                    stranger.sign(made, work / "stranger", strength)
                made.replace(target)
                truth = altered.truth.seen_through(matrix)
                target.with_suffix(".json").write_text(json.dumps(truth.as_json()))
    truths = {name: json.loads(target.with_suffix(".json").read_text()) for name, target in targets.items()}
    return [(name, target, Truth.from_json(truths[name])) for name, target in targets.items()]


def _hidden(name: str, truth: Truth) -> bool:
    return laundering.BY_NAME[name].hides(truth)


def _answer(path: Path, work: Path, room: Newsroom, version: str) -> Said:
    folder = work / "answers" / version
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{path.stem}-{sha256_file(path)[:12]}-{len(room.names)}.json"
    if not note.exists():
        beside = note.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(ask(path, room).as_json()))
        beside.replace(note)
    return Said.from_json(json.loads(note.read_text()))


def run(todo: Sequence[Task], work: Path, room: Newsroom, jobs: int) -> Iterator[Result]:
    """All results, in the order in which they are ready."""
    version = code_version(ANSWERED_BY)
    _version()  # before the workers are forked: an edit during a run must not split it
    if jobs == 1:
        for task in todo:
            yield from perform(task, work, room, version)
        return
    with ProcessPoolExecutor(jobs) as workers:
        for done in as_completed([workers.submit(perform, task, work, room, version) for task in todo]):
            yield from done.result()


@cache
def _version() -> str:
    """Altered clips are kept as long as the code that makes them."""
    own = sorted(path for path in Path(__file__).parent.glob("*.py") if path.stem not in _NOT_MADE_BY)
    made_by = [*own, *(_ROOT / "identify" / f"{name}.py" for name in _MADE_BY)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in made_by)).hexdigest()[:12]
