"""What the product says of a clip, up to the alignment: the only place that knows how to ask it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.identify.newsroom import Newsroom, Without
from provenance.catalog import Catalog
from provenance.settings import Settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry.catalog import LocalCatalog
from registry.store import open_registry
from verifier import pipeline
from verifier.align import Alignment
from verifier.clip import Clip, read_clip
from verifier.copies import Copies
from verifier.identify import identify
from verifier.laying import coverage, doubt, lay
from verifier.watch import UNWATCHED


@dataclass(frozen=True, slots=True)
class FoundPiece:
    """A stretch [start, end) of the clip laid at ``speed`` * clip time + ``offset``, all in seconds."""

    start: float
    end: float
    speed: float
    offset: float
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """An original on which the clip was laid. ``matrix``: original's frame to clip's, both from 0 to 1, by rows."""

    asset: str
    pieces: tuple[FoundPiece, ...]
    by_sound: bool = False
    matrix: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """``found``: originals accepted, the best first. ``scores``: every original that was looked at, for ranking.

    ``doubt``: why the verdict could only be *inconclusive*, or None. Times in seconds, of the whole process tree.
    """

    found: tuple[Found, ...]
    scores: dict[str, float]
    doubt: str | None
    wall: float
    cpu: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Answer:
        found = tuple(
            Found(
                one["asset"],
                tuple(FoundPiece(**piece) for piece in one["pieces"]),
                one["by_sound"],
                tuple(one["matrix"]) if one["matrix"] else None,
            )
            for one in said["found"]
        )
        return cls(found, said["scores"], said["doubt"], said["wall"], said["cpu"])


def ask(path: Path, room: Newsroom, hidden: Sequence[Sequence[str]]) -> tuple[float, float, list[Answer]]:
    """Read a clip once, then look for its original once for each of ``hidden``: file names that are not registered.

    Returns:
        wall and processor seconds of reading the clip, and an answer for each.
    """
    settings = room.settings
    with tempfile.TemporaryDirectory() as folder, open_registry(settings) as store:
        began = _clock()
        work = Path(folder) / "clip"
        work.mkdir()
        clip = read_clip(path, work, settings)
        wall, cpu = _since(began)
        answers = []
        for number, names in enumerate(hidden):
            into = Path(folder) / str(number)
            into.mkdir()
            catalog = LocalCatalog(store)
            seen: Catalog = Without(catalog, [room.ids[name] for name in names]) if names else catalog
            answers.append(_answer(clip, seen, into, room.names, settings))
    return wall, cpu, answers


@dataclass(frozen=True, slots=True)
class Said:
    """The whole report's part that is asked about: verdict, file names of matched originals, kinds of finding."""

    verdict: str
    matches: tuple[str, ...]
    kinds: tuple[str, ...]
    wall: float


def ask_report(path: Path, room: Newsroom, hidden: Sequence[Sequence[str]]) -> list[Said]:
    """Verify a file from beginning to end, once for each of ``hidden``: file names that are not registered."""
    settings = room.settings
    anchors = load_anchors(settings.anchors)
    policy = load_policy(settings, anchors)
    said = []
    with open_registry(settings) as store:
        for names in hidden:
            began = time.perf_counter()
            catalog = LocalCatalog(store)
            seen: Catalog = Without(catalog, [room.ids[name] for name in names]) if names else catalog
            report = pipeline.verify(
                path, catalog=seen, settings=settings, anchors=anchors, policy=policy, evidence=False
            )
            matches = tuple(room.names[match.asset_id] for match in report.matches)
            kinds = tuple(dict.fromkeys(judged.finding.kind.value for judged in report.findings))
            said.append(Said(report.verdict.value, matches, kinds, round(time.perf_counter() - began, 2)))
    return said


def _answer(clip: Clip, catalog: Catalog, work: Path, names: Mapping[str, str], settings: Settings) -> Answer:
    began = _clock()
    candidates = identify(clip, catalog)
    copies = Copies(catalog, work, settings)
    laid, _ = lay(clip, candidates, catalog, copies, settings, UNWATCHED)  # the very step that `verify` takes
    wall, cpu = _since(began)
    scores = {names[candidate.original.asset_id]: min(candidate.strength, 3.0) / 10 for candidate in candidates}
    for alignment in laid:
        covered = coverage(clip, [alignment])
        best = max((piece.score for piece in alignment.pieces), default=0.0)
        scores[names[alignment.candidate.original.asset_id]] = 1 + covered * best
    found = tuple(_found(alignment, names) for alignment in laid)
    return Answer(found, scores, doubt(clip, laid), round(wall, 3), round(cpu, 3))


def _found(alignment: Alignment, names: Mapping[str, str]) -> Found:
    pieces = tuple(
        FoundPiece(piece.start, piece.end, piece.speed, piece.offset, float(piece.score)) for piece in alignment.pieces
    )
    asset = names[alignment.candidate.original.asset_id]
    return Found(asset, pieces, alignment.by_sound, _matrix(alignment))


def _matrix(alignment: Alignment) -> tuple[float, ...] | None:
    """The geometry between frames measured from 0 to 1, whether the product holds it as (2, 3) or (3, 3)."""
    geometry = alignment.geometry
    if geometry is None:
        return None
    matrix = np.asarray(geometry.matrix, float)
    whole = matrix if matrix.shape == (3, 3) else np.vstack([matrix, [0, 0, 1]])
    inner = np.diag([*geometry.original_size, 1.0])
    outer = np.diag([1 / geometry.clip_size[0], 1 / geometry.clip_size[1], 1.0])
    whole = outer @ whole @ inner
    return tuple(float(number) for number in (whole / whole[2, 2]).ravel())


def _clock() -> tuple[float, os.times_result]:
    return time.perf_counter(), os.times()


def _since(began: tuple[float, os.times_result]) -> tuple[float, float]:
    now = os.times()
    spent = sum(now[:4]) - sum(began[1][:4])
    return time.perf_counter() - began[0], spent
