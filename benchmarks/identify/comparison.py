"""Ours and published tools side by side: scores of all pairs, thresholds from the other half, what that accepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.identify import tmk
from benchmarks.identify.peers import PEERS, Prints, fingerprint
from benchmarks.identify.relations import relation
from benchmarks.identify.run import Result
from benchmarks.identify.score import micro_average_precision, share, threshold
from provenance.files import sha256_file

OURS = "this project"
ACCEPTED = 1.0
"""Score from which ours has accepted an original: it decides by itself, on no threshold of this benchmark."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query and, for each tool, its score with each original by name.

    ``second``: it is of the second half. ``clip``: the original it was made from; ``assets``: those it shows.
    """

    clip: str
    recipe: str
    assets: tuple[str, ...]
    second: bool
    scores: Mapping[str, Mapping[str, float]]

    def of(self, tool: str, kind: str) -> list[float]:
        """The tool's scores with originals of one kind of relation."""
        known = self.scores[tool].items()
        return [value for name, value in known if relation(self.assets, self.clip, name) == kind]


@dataclass(frozen=True, slots=True)
class Standing:
    """One tool on one half: ``found``: share of true pairs above the threshold that the other half's false pairs set;
    ``false``: pairs of unrelated clips above it, of ``pairs``; ``hard``: share of hard pairs above it."""

    threshold: float
    found: float
    false: int
    pairs: int
    hard: float
    by_recipe: dict[str, float]
    precision: float


def standing(asked: Sequence[Asked], hard: Sequence[Asked], tool: str, *, second: bool) -> Standing:
    """Judge one half with the threshold of the other.

    Args:
        hard: queries of other moments, each against the registered half of its own clip.
    """
    others = [one for one in asked if one.second is not second]
    here = [one for one in asked if one.second is second]
    limit = threshold([value for one in others for value in one.of(tool, "other")])
    if tool == OURS:
        limit = ACCEPTED - 1e-9
    own = [(one.recipe, value > limit) for one in here for value in one.of(tool, "own")]
    false = [value > limit for one in here for value in one.of(tool, "other")]
    close = [value > limit for one in here for value in one.of(tool, "hard")]
    close += [value > limit for one in hard if one.second is second for value in one.scores[tool].values()]
    ranked = [
        (value, kind == "own") for one in here for kind in ("own", "other", "hard") for value in one.of(tool, kind)
    ]
    recipes = dict.fromkeys(recipe for recipe, _ in own)
    by_recipe = {name: share([hit for recipe, hit in own if recipe == name]) for name in recipes}
    return Standing(
        limit,
        share([hit for _, hit in own]),
        sum(false),
        len(false),
        share(close),
        by_recipe,
        micro_average_precision(ranked, sum(len(one.assets) for one in here)),
    )


def our_scores(result: Result, originals: Sequence[str]) -> dict[str, float]:
    """Ours of every original; what was not looked at has none.

    Once a clip is explained, ours looks no further. So that other originals are not spared by that, they get what they
    scored while the clip's own was left out, if that is more.
    """
    own, without = result.with_own.scores, result.without.scores
    return {name: max(own.get(name, 0.0), without.get(name, 0.0)) for name in originals}


def peer_scores(
    queries: Sequence[Path], originals: Mapping[str, Path], work: Path, jobs: int, programs: Path | None
) -> dict[Path, dict[str, dict[str, float]]]:
    """Each query's score with each original, by tool; fingerprints and scores are kept in the work folder."""
    folder = work / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    everything = list(dict.fromkeys([*originals.values(), *queries]))
    with ProcessPoolExecutor(jobs) as workers:
        arguments = [(path, folder, programs) for path in everything]
        list(workers.map(_fingerprint, *zip(*arguments, strict=True), chunksize=4))
        found = workers.map(_scores, queries, *([each] * len(queries) for each in (dict(originals), folder, programs)))
        return dict(zip(queries, found, strict=True))


def _key(path: Path) -> str:
    return f"{path.stem}-{sha256_file(path)[:12]}"


def _fingerprint(path: Path, folder: Path, programs: Path | None) -> None:
    held = folder / f"{_key(path)}.npz"
    if not held.exists():
        beside = held.with_suffix(".part.npz")
        fingerprint(path).save(beside)
        beside.rename(held)
    if programs is not None:
        tmk.fingerprint(programs, path, held.with_suffix(".tmk"))


_LOADED: dict[Path, Prints] = {}


def _scores(
    query: Path, originals: Mapping[str, Path], folder: Path, programs: Path | None
) -> dict[str, dict[str, float]]:
    ours = Prints.load(folder / f"{_key(query)}.npz")
    files = {name: folder / f"{_key(path)}.npz" for name, path in originals.items()}
    for path in files.values():
        if path not in _LOADED:
            _LOADED[path] = Prints.load(path)
    found = {tool: {name: score(ours, _LOADED[path]) for name, path in files.items()} for tool, score in PEERS.items()}
    if programs is not None:
        marks = {name: path.with_suffix(".tmk") for name, path in files.items()}
        found[tmk.NAME] = tmk.scores(programs, (folder / f"{_key(query)}.npz").with_suffix(".tmk"), marks)
    return found
