"""A registry under load: fifty readers and a writer over HTTP, then the same while workers are killed.

``python -m benchmarks.serving [--hashes N] [--seconds N] [--readers N] [--postgresql] [--page FILE]``. The server is
the command in a process of its own; the load is one other process on the same machine. The registry is kept in
``bench-output/serving`` and copied for each run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import serving_home
from benchmarks.serving_load import Sample, client, have_checked, outcomes, questions, read, rows, summarise, turns
from benchmarks.serving_load import write as register_all
from benchmarks.serving_page import Bounds, Checked, Phase, page, wrong
from provenance.settings import Settings
from registry.log.local import LocalLog
from registry.store import open_registry

KEPT = Path("bench-output/serving")
_CHECK_EVERY_S = 4.0
_DRAIN_S = 60.0


@contextmanager
def command(settings: Settings, log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process of its own, ended in good order if it still runs; what it says is in ``log``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVENANCE_")}
    line = [sys.executable, "-m", "provenance.cli", "--home", str(settings.home), *words]
    if settings.database_url:
        line += ["--database-url", settings.database_url]
    with log.open("ab") as said:
        process = subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def address_of(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where a server that was just started listens."""
    while process.poll() is None:
        found = re.search(r" at (http://\S+)/ ", log.read_text(encoding="utf-8"))
        if found:
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(f"the server ended: {log.read_text(encoding='utf-8')[-2000:]}")


async def kill_workers(settings: Settings, log: Path, every_s: float, until: float) -> int:
    """Run one worker after the other, each killed (SIGKILL) after ``every_s`` or at the end; how many were."""
    kills = 0
    while time.monotonic() < until:
        with command(settings, log, "worker") as process:
            await asyncio.sleep(min(every_s, until - time.monotonic()))
            process.send_signal(signal.SIGKILL)
            kills += 1
    return kills


class Load:
    """Load on one server."""

    def __init__(self, settings: Settings, address: str, token: str, bounds: Bounds, hashes: int) -> None:
        self._settings, self._address, self._token, self._bounds = settings, address, token, bounds
        self._asked = questions(hashes)
        self._log = settings.home / "worker.log"

    async def phase(self, name: str, pid: int, files: Iterator[Path], clips: Iterator[Path] | None) -> Phase:
        """Read and register for the time there is; where clips are given, have them checked by workers that die."""
        bounds = self._bounds
        reading: list[Sample] = []
        writing: list[Sample] = []
        acknowledged: list[str] = []
        accepted: list[str] = []
        async with client(self._address, bounds.readers) as readers, client(self._address, 4, self._token) as writer:
            began, spent = time.monotonic(), _cpu_s(pid)
            until = began + bounds.seconds
            async with asyncio.TaskGroup() as tasks:
                for asked in turns(self._asked, bounds.readers):
                    tasks.create_task(read(readers, asked, until, reading))
                tasks.create_task(register_all(writer, files, until, writing, acknowledged))
                if clips is not None:
                    killed = tasks.create_task(kill_workers(self._settings, self._log, bounds.kill_every_s, until))
                    asking = tasks.create_task(have_checked(writer, clips, _CHECK_EVERY_S, until, accepted))
            took = time.monotonic() - began
            cores = (_cpu_s(pid) - spent) / took
            checked = None
            if clips is not None:
                with command(self._settings, self._log, "worker"):
                    ends = await outcomes(writer, accepted, _DRAIN_S)
                checked = Checked(killed.result(), dict(asking.result()), dict(ends))
            there = [one for one in acknowledged if (await writer.get(f"/v1/assets/{one}")).status_code == 200]
        return Phase(
            name=name,
            seconds=took,
            reading=rows(reading, took),
            writing=summarise("registering", writing, took),
            acknowledged=len(acknowledged),
            kept=len(self._in_log(there)),
            server_cores=cores,
            checked=checked,
        )

    def _in_log(self, asset_ids: Sequence[str]) -> list[str]:
        with open_registry(self._settings) as registry:
            return [one for one in asset_ids if LocalLog(registry).receipt(one) is not None]


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(backend: str, hashes: int, bounds: Bounds) -> list[Phase]:
    """Serve a registry of so many hashes and load it, first without checks, then with workers that are killed."""
    folder = KEPT / f"{backend}-{hashes}"
    folder.mkdir(parents=True, exist_ok=True)
    newsroom = KEPT / "newsroom"
    signed, plain = serving_home.signed_files(newsroom, KEPT / "files")
    with serving_home.database(backend, folder) as base:
        home = serving_home.base_home(folder, base, hashes, newsroom)
        files, clips = iter(signed), iter(plain)
        with serving_home.copy_of(home, base, folder / "run") as settings:
            token, log = serving_home.publisher(settings, signed[0]), settings.home / "server.log"
            with command(settings, log, "serve", "--port", "0", "--no-worker") as server:
                load = Load(settings, address_of(server, log), token, bounds, hashes)
                return [
                    asyncio.run(load.phase("readers and a writer", server.pid, files, None)),
                    asyncio.run(load.phase("the same, workers killed", server.pid, files, clips)),
                ]


def main() -> int:
    """Measure, write the page; 1 if something went wrong that must not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hashes", type=float, default=1e6)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--kill-every", type=float, default=8, help="seconds that a worker lives")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own, too")
    parser.add_argument("--page", type=Path, default=Path("docs/benchmarks/serving.md"))
    options = parser.parse_args()
    bounds = Bounds(options.readers, options.seconds, options.kill_every)
    backends = ("sqlite", "postgresql") if options.postgresql else ("sqlite",)
    load = os.getloadavg()[1]
    done = {backend: measure(backend, int(options.hashes), bounds) for backend in backends}
    text = page(done, int(options.hashes), bounds, load)
    options.page.write_text(text, encoding="utf-8")
    print(text)
    return int(any(wrong(phase) for phases in done.values() for phase in phases))


if __name__ == "__main__":
    sys.exit(main())
