"""Which original is it? Nominations from the registry, each verified against the original's whole sequence.

1. Ask the catalog with every informative hash of picture and sound: of whole frames, and of pictures set into them.
2. For each nominated original, measure the distance between every sampled frame of the clip and of the original.
3. Keep the originals that explain enough of the clip's picture, or enough of its sound.
4. Where they leave most of the picture unexplained, ask again with frames turned and cut in further ways, and with
   local features.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from provenance.assets import Original
from provenance.catalog import Catalog, Nomination
from provenance.fingerprints.frames import Looks
from provenance.fingerprints.readings import AS_SHOWN, Reading
from provenance.fingerprints.values import Fingerprints
from verifier.asked import CLOSE_BITS, Asked, Heard, by_all_means, by_pictures_in_it, heard, plainly
from verifier.brief_runs import same_briefly
from verifier.clip import Clip
from verifier.shared_features import glimpses
from verifier.sound_runs import SoundRun, same_sound, same_throughout
from verifier.watch import UNWATCHED, Watch

MIN_PICTURE_SHARE = 0.12
"""Share of the clip's informative frames that an original must explain to be a candidate by its picture."""
FEW_MOMENTS = 5
"""Moments asked about when nothing was found."""
_AS_MUCH, _AS_CLOSE = 0.01, 0.1
"""Share of the clip and strength by which an original may be less than the best, if both hold the same pictures."""
ENOUGH_SHARE = 0.5
"""Share of the clip's informative frames that must be explained for no further readings to be tried."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An original that explains part of the clip.

    ``reading``: the way to look at the clip's frames that comes closest to it. ``distance``: uint16 (n, m), the least
    Hamming distance between clip frame and original frame over views and such readings; ``clip_times`` float64 (n,)
    and ``original_times`` float64 (m,) in seconds, of informative frames. ``picture_share``: 0-1 of the clip's
    informative frames with a close one in the original. ``sound``: stretches with the original's sound, in clip order,
    not overlapping. ``pairs``: clip and original seconds of frames that share local features, where hashes found none.
    """

    original: Original
    reading: Reading
    clip_times: NDArray[np.float64]
    original_times: NDArray[np.float64]
    distance: NDArray[np.uint16]
    picture_share: float
    sound: tuple[SoundRun, ...]
    pairs: tuple[tuple[float, float], ...] = ()

    @property
    def mirrored(self) -> bool:
        """Whether left and right are exchanged."""
        return self.reading.mirrored

    @property
    def strength(self) -> float:
        """For ranking: closeness of the picture where it is close, and a little for the sound."""
        if not self.distance.size:
            return self.picture_share + (0.3 if self.sound else 0.0)
        best = self.distance.min(axis=1)
        closeness = float(np.clip(1 - best / CLOSE_BITS, 0, 1).mean())
        return self.picture_share + closeness + (0.3 if self.sound else 0.0)


def identify(clip: Clip, catalog: Catalog, *, limit: int = 8, watch: Watch = UNWATCHED) -> list[Candidate]:
    """The originals that the clip may come from, best first; empty if none explains enough of it.

    Args:
        limit: nominations examined of each question.

    Raises:
        RegistryError: the registry cannot be asked.
        TimeSpentError: the time budget ran out before all of it was asked and examined.
    """
    found: dict[str, Candidate] = {}
    looks = clip.looks
    _add(found, _nominated(plainly(clip.prints), heard(clip), catalog, limit, watch.part(0.0, 0.2)))
    _add(found, _nominated(by_pictures_in_it(looks), None, catalog, limit, watch.part(0.2, 0.4)))
    if max((candidate.picture_share for candidate in found.values()), default=0.0) < ENOUGH_SHARE:
        further = by_all_means(looks)
        _add(found, _nominated(further, None, catalog, limit, watch.part(0.4, 0.6)))
        watch.step(0.6)
        _add(found, _glimpsed(looks, catalog))
        if not found:
            # Few hashes are looked up more thoroughly: under keys that are only near to theirs, too.
            _add(found, _nominated(further, None, catalog, limit, watch.part(0.8, 1.0), moments=FEW_MOMENTS))
    return ranked(list(found.values()))


def ranked(candidates: list[Candidate]) -> list[Candidate]:
    """Best first. Of those that come as close as the best one the shortest: what was made of a longer original, cut and
    shortened, may be registered itself, and a copy of it is then no cut of the longer one.
    """
    best_first = sorted(candidates, key=_strength, reverse=True)
    close = [candidate for candidate in best_first if as_close(candidate, best_first[0])]
    if not close or any(candidate.original.duration is None for candidate in close):
        return best_first
    rest = [candidate for candidate in best_first if candidate not in close]
    return [*sorted(close, key=lambda candidate: candidate.original.duration or 0.0), *rest]


def as_close(candidate: Candidate, best: Candidate) -> bool:
    """Whether the pictures of both may be the same, as far as hashes tell."""
    less = best.picture_share - candidate.picture_share
    seen = candidate.picture_share >= MIN_PICTURE_SHARE
    return seen and less <= _AS_MUCH and best.strength - candidate.strength <= _AS_CLOSE


def identify_further(looks: Looks, catalog: Catalog, *, limit: int = 8, watch: Watch = UNWATCHED) -> list[Candidate]:
    """Every film that local features or any further reading nominate, those by features first.

    For where the originals that come closest by plain readings turn out to show another moment: of a series before the
    same wall, or of footage as dark, one hides the other. An original may be named twice, in two geometries.

    Raises:
        RegistryError: the registry cannot be asked.
        TimeSpentError: the time budget ran out before all of it was asked and examined.
    """
    watch.step(0.0)
    glimpsed = _glimpsed(looks, catalog)
    read = _nominated(by_all_means(looks), None, catalog, limit, watch.part(0.3, 1.0))
    found = [*sorted(glimpsed, key=_strength, reverse=True), *sorted(read, key=_strength, reverse=True)]
    return [candidate for candidate in found if candidate.original.duration is not None]


def _strength(candidate: Candidate) -> float:
    return candidate.strength


def _glimpsed(looks: Looks, catalog: Catalog) -> list[Candidate]:
    none = np.zeros(0)
    return [
        Candidate(g.original, g.reading, none, none, np.zeros((0, 0), np.uint16), g.share, (), g.pairs)
        for g in glimpses(looks, catalog)
    ]


def _add(found: dict[str, Candidate], candidates: list[Candidate]) -> None:
    """Keep the stronger of two candidates for one original, and the sound of the first."""
    for candidate in candidates:
        known = found.setdefault(candidate.original.asset_id, candidate)
        if candidate.strength > replace(known, sound=()).strength:
            found[candidate.original.asset_id] = replace(candidate, sound=known.sound)


def _nominated(
    asked: Asked | None,
    sound: Heard | None,
    catalog: Catalog,
    limit: int,
    watch: Watch,
    moments: int | None = None,
) -> list[Candidate]:
    if asked is None:
        return []
    watch.step(0.0)
    query = asked.query(sound, moments)
    candidates = []
    for number, nomination in enumerate(catalog.nominate(query, limit), start=1):
        watch.step(number / (limit + 1))
        original = catalog.original(nomination.asset_id)
        if original is None:
            continue
        candidate = _assessed(asked, asked.best_readings(query, nomination), sound, original, nomination)
        if candidate is not None:
            candidates.append(candidate)
    return candidates


def _assessed(
    asked: Asked, readings: list[int], sound: Heard | None, original: Original, nomination: Nomination
) -> Candidate | None:
    """Measure a nominated original against the whole clip; None if it explains too little of it."""
    clip_times, original_times, distance = np.zeros(0), np.zeros(0), np.zeros((0, 0), np.uint16)
    share = 0.0
    if readings and original.fingerprints.frames is not None:
        clip_times, original_times, distance = asked.distances(original.fingerprints.frames, readings)
        if distance.size:
            share = float((distance.min(axis=1) <= CLOSE_BITS).mean())
    runs = _same(sound, original.fingerprints, nomination, seen=share >= MIN_PICTURE_SHARE) if sound is not None else ()
    if share < MIN_PICTURE_SHARE and not runs:
        return None
    reading = asked.readings[readings[0]] if readings else AS_SHOWN
    return Candidate(original, reading, clip_times, original_times, distance, share, runs)


def _same(heard: Heard, original: Fingerprints, nomination: Nomination, *, seen: bool) -> tuple[SoundRun, ...]:
    """Stretches whose sound is the original's. ``seen``: its picture is known to be, so that more can be tried."""
    runs: tuple[SoundRun, ...] = ()
    if heard.print is not None and original.sound is not None:
        runs = same_sound(heard.print, original.sound, nomination)
        if not runs and seen:
            runs = same_throughout(heard.print, original.sound)
    if not runs and heard.brief is not None and original.brief_sound is not None:
        runs = same_briefly(heard.brief, original.brief_sound)
    return runs
