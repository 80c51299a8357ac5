"""Recording: what it costs beside plain recording, whether it keeps up, what a kill leaves, and many components.

``python -m benchmarks.capture [--seconds N] [--kills N] [--components N] [--page FILE]``. The source is made here:
1920 x 1080 at 30 pictures a second, H.264 and AAC, sent through a pipe at its own speed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from benchmarks import recipes
from benchmarks.machine import describe
from provenance.assets import Capture
from provenance.credentials.reader import read_credential
from provenance.credentials.values import CredentialState
from provenance.media.kinds import sniff
from provenance.settings import Settings, load_settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy import SignedUnder
from signer.home import make_development_home
from signer.key_choice import default_key
from signer.keys import load_key
from signer.manifest import IPTC
from signer.sign import sign_file
from signer.writer import write_signed

_LOOP_S = 20
_KEY_S = 1
_QUIET_LOAD = 3.5
_READABLE_S = 0.5
"""From when on something of a recording can be read; one that is killed before may leave nothing."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one recording: s of wall and processor time, until it was recorded and until all was done."""

    wall: float
    cpu: float


def make_source(path: Path, size: str, rate: int, seconds: int) -> Path:
    """Moving pictures with noise, so that they have the bit rate of a camera's."""
    picture = f"testsrc2=size={size}:rate={rate}:duration={seconds},noise=alls=12:allf=t"
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "8M", "-maxrate", "8M", "-bufsize", "8M"]
    shape = ["-g", str(rate * _KEY_S), "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"]
    sound = ["-f", "lavfi", "-i", f"sine=duration={seconds}"]
    recipes.ffmpeg(["-f", "lavfi", "-i", picture, *sound, *coding, *shape, "-f", "mpegts"], path)
    return path


def live(source: Path, seconds: float, command: list[str]) -> tuple[Cost, str]:
    """Run a command on the source, sent at its own speed for so long; what it cost, and what it printed."""
    sender = [recipes.binary(), "-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i", str(source)]
    sender += ["-t", str(seconds), "-c", "copy", "-f", "mpegts", "pipe:1"]
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said, subprocess.Popen(sender, stdout=subprocess.PIPE) as sending:
        process = subprocess.Popen(command, stdin=sending.stdout, stdout=said, stderr=subprocess.DEVNULL)
        if sending.stdout is not None:
            sending.stdout.close()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{command[:6]} failed with {process.returncode}")
        said.seek(0)
        printed = said.read().decode()
    return Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime), printed


def capture(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "provenance.cli", "--home", str(home), "capture", *words]


def costs(home: Path, folder: Path, seconds: int) -> list[str]:
    """Rows on plain recording and on ours."""
    source = make_source(folder / "1080p30.ts", "1920x1080", 30, _LOOP_S)
    plain = [recipes.binary(), "-nostdin", "-v", "error", "-i", "pipe:0", "-c", "copy", str(folder / "plain.mp4")]
    bare, _ = live(source, seconds, plain)
    decoding = [recipes.binary(), "-nostdin", "-v", "error", "-i", "pipe:0", "-f", "null", "-"]
    decoded, _ = live(source, seconds, decoding)
    ours, printed = live(source, seconds, capture(home, "-", "-o", str(folder / "rec"), "--json-lines"))
    lines = [json.loads(line) for line in printed.splitlines()]
    lags = [line["segment"]["lag_s"] for line in lines if "segment" in line]
    frames = sum(line["segment"]["frames"] for line in lines if "segment" in line)
    rows = [
        f"| {name} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.cpu / seconds:.3f} | {cost.cpu / bare.cpu:.1f} |"
        for name, cost in (("plain recording (FFmpeg, `-c copy`)", bare), ("decoding it once", decoded),
                           ("`provenance capture`, to the signed asset", ours))
    ]  # fmt: skip
    with av.open(str(folder / "plain.mp4")) as recorded:
        sent = recorded.streams.video[0].frames
    size = (folder / "plain.mp4").stat().st_size * 8 / seconds / 1e6
    return [
        f"{seconds} s of 1080p at 30 pictures a second, {size:.1f} Mbit/s, segments of 10 s:",
        "",
        "| | wall s | processor s | processor s per s | ratio to plain recording |",
        "|---|---|---|---|---|",
        *rows,
        "",
        f"{frames} pictures recorded, {sent} by plain recording. A segment waited for its signature for"
        f" {max(lags):.1f} s at most after its end, the median {sorted(lags)[len(lags) // 2]:.1f} s:"
        f" {'it keeps up' if max(lags) < 10 else '**it does not keep up**'}. The last wall time holds assembling and"
        " signing the whole, and the program's start.",
    ]


def kill_once(home: Path, source: Path, root: Path, after: float) -> dict[str, Any]:
    """Kill a recording after so long, finish it, and say what there is."""
    sender = [recipes.binary(), "-nostdin", "-v", "quiet", "-re", "-i", str(source), "-c", "copy", "-f", "mpegts", "-"]
    words = ["-", "-o", str(root), "--segment", "1s", "--withhold-reference"]
    with subprocess.Popen(sender, stdout=subprocess.PIPE) as sending:
        recording = subprocess.Popen(
            capture(home, *words), stdin=sending.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not (root / "recorded" / "000001.part").exists():
            time.sleep(0.02)
        time.sleep(after)
        recording.kill()
        recording.wait()
        sending.kill()
    signed = list((root / "segments").glob("0*.mp4"))
    anchors = load_anchors(home / "trust")
    policy = SignedUnder(anchors)
    sound = sum(read_credential(p, anchors=anchors, policy=policy).state is CredentialState.AUTHENTIC for p in signed)
    finished = subprocess.run(capture(home, "finish", str(root)), capture_output=True, text=True, check=False)
    if "capture.empty" in finished.stderr and after < _READABLE_S:
        return {"signed": 0, "sound": 0, "right": True, "set_aside": 1, "recorded": 0.0, "after": after}
    if finished.returncode:
        print(finished.stderr)
        return {"signed": len(signed), "sound": sound, "right": False, "set_aside": 0, "recorded": 0.0, "after": after}
    checked = subprocess.run(capture(home, "check", str(root), "--json"), capture_output=True, text=True, check=False)
    chain = json.loads(checked.stdout)
    whole = read_credential(root / "recording.mp4", anchors=anchors, policy=policy).state
    return {
        "signed": len(signed),
        "sound": sound,
        "right": chain["holds"] and whole is CredentialState.AUTHENTIC,
        "set_aside": chain["set_aside"],
        "recorded": chain["segments"][-1]["end_us"] / 1e6,
        "after": after,
    }


def kills(home: Path, folder: Path, count: int) -> tuple[list[str], bool]:
    """Lines on recordings that were killed at random moments, and whether all was as it should be."""
    source = make_source(folder / "small.ts", "160x120", 25, 12)
    moments = random.Random(6)
    runs = [kill_once(home, source, folder / f"killed-{n}", moments.uniform(0.1, 6.0)) for n in range(count)]
    right = all(run["right"] and run["signed"] == run["sound"] for run in runs)
    shortfall = [run["after"] - run["recorded"] for run in runs]
    return [
        f"{count} recordings with segments of 1 s, killed (SIGKILL) at random moments, then `capture finish`:"
        f" {sum(run['sound'] for run in runs)} of {sum(run['signed'] for run in runs)} segments signed at the kill"
        f" are authentic, {sum(run['right'] for run in runs)} of {count} chains hold and became an authentic asset."
        f" {sum(run['set_aside'] for run in runs)} beginnings of a segment could not be read and were set aside. Of"
        f" what was recorded at the kill, {max(max(shortfall), 0):.2f} s are missing at most. "
        + ("As it should be." if right else "**Wrong.**")
    ], right


def components(settings: Settings, folder: Path, count: int) -> list[str]:
    """A line on one asset that is made of so many."""
    anchors = load_anchors(settings.anchors)
    policy = SignedUnder(anchors)
    key = load_key(settings.keys, default_key(settings.keys), None)
    source = folder / "ten.mp4"
    recipes.ffmpeg(["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30:duration=10", "-c:v", "libx264"], source)
    real = sign_file(Capture(source, "one"), folder / "one.mp4", key=key, settings=settings, anchors=anchors)
    credential = read_credential(real.path, anchors=anchors, policy=policy)
    carried = [
        {"label": label, "created": True, "data": data}
        for label, data in credential.assertions.items()
        if label.startswith("org.")
    ]
    made = []
    for number in range(count):
        target = folder / f"component-{number}.mp4"
        target.touch()
        origin = {
            "action": "c2pa.created",
            "digitalSourceType": IPTC + "digitalCapture",
        }
        actions = {"label": "c2pa.actions.v2", "created": True, "data": {"actions": [origin]}}
        described = {"claim_version": 2, "claim_generator_info": [{"name": "benchmark", "version": "1"}],
                     "title": f"{number}", "format": "video/mp4", "assertions": [actions, *carried]}  # fmt: skip
        write_signed(source, target, described, kind=sniff(source), key=key, anchors=anchors, sources=())
        made.append(target)
    ids = [f"component-{number}" for number in range(1, count + 1)]
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": ids}}
    whole = Capture(source, "all", components=tuple(made), actions=(placed,))
    began = time.perf_counter()
    signed = sign_file(whole, folder / "all.mp4", key=key, settings=settings, anchors=anchors)
    signing = time.perf_counter() - began
    began = time.perf_counter()
    read = read_credential(signed.path, anchors=anchors, policy=policy)
    reading = time.perf_counter() - began
    return [
        f"One asset of {count} components, each with the fingerprints of 10 s: {len(read.manifest or b'') / 1e6:.1f} MB"
        f" of credential, signed in {signing:.1f} s, read and checked in {reading:.1f} s, with {len(read.ingredients)}"
        f" components and {len(read.codes)} failures ({read.state.value}). More segments become several assets."
    ]


def main() -> int:
    """Measure and write the page; 1 where a kill cost a signed segment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--components", type=int, default=400)
    parser.add_argument("--page", type=Path, default=Path("docs/benchmarks/capture.md"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = load_settings(folder / "home")
        make_development_home(settings)
        cost = costs(settings.home, folder, options.seconds)
        load = os.getloadavg()[1]
        many = components(settings, folder, options.components)
        killed, right = kills(settings.home, folder, options.kills)
    busy = " Others kept it busy: times say little." if load > _QUIET_LOAD else ""
    lines = [
        "# Recording",
        "",
        "Written by `python -m benchmarks.capture`.",
        "",
        describe(),
        f"Load of the machine while costs were measured: {load:.1f} over five minutes.{busy}",
        "",
        "## Costs",
        "",
        *cost,
        "",
        "## Many components",
        "",
        *many,
        "",
        "## Killed",
        "",
        *killed,
        "",
    ]
    options.page.write_text("\n".join(lines))
    print("\n".join(lines))
    return int(not right)


if __name__ == "__main__":
    sys.exit(main())
