"""A registry with a signed film, clips made from it, and workers: threads of the test, or processes that are killed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg
from newsroom import PICTURES, Newsroom

from provenance.files import sha256_file
from provenance.settings import Settings
from registry.checks.asking import Question, ask, look
from registry.checks.examiner import load_examiner
from registry.checks.shelf import shelf_of
from registry.checks.values import Check, State
from registry.checks.worker import Worker
from registry.store import Registry

PATIENCE_S = 300


def with_checks(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update={"checks": settings.checks.model_copy(update=changes)})


def trust(newsroom: Newsroom, settings: Settings) -> None:
    """The worker's home trusts what the newsroom's does."""
    shutil.copytree(newsroom.settings.anchors, settings.anchors)


def make_altered(original: Path, target: Path) -> Path:
    """The film's beginning, with another picture painted into it for more than a second."""
    graph = "[1:v]scale=110:90[p];[0:v][p]overlay=100:60:enable='between(t,0.5,1.7)'"
    ffmpeg("-i", original, "-loop", "1", "-i", PICTURES / "chelsea.png", "-filter_complex", graph, "-t", "2.4",
           "-c:v", "libx264", "-crf", "24", "-map_metadata", "-1", "-c:a", "aac", target)  # fmt: skip
    return target


def ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def submit(registry: Registry, settings: Settings, clip: Path, folder: Path, budget: float = 600) -> Check:
    """Ask as the server does, with a copy of the clip."""
    copy = Path(shutil.copyfile(clip, folder / "sent"))
    question = Question(copy, sha256_file(copy), budget)
    rests_on = load_examiner().rests_on(settings)
    return ask(registry, shelf_of(settings), question, rests_on, settings.checks)


@contextmanager
def working(registry: Registry, settings: Settings, jobs: int = 1) -> Iterator[Worker]:
    """A worker in threads of this process; its examinations have processes of their own."""
    worker = Worker(registry, settings, jobs)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


@contextmanager
def worker_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """``provenance worker`` as an operator starts it."""
    command = [sys.executable, "-P", "-m", "provenance.cli", "--home", str(settings.home), "worker"]
    if settings.database_url is not None:
        command += ["--database-url", settings.database_url]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def wait(registry: Registry, check: Check, until: Callable[[Check], bool] = lambda c: c.state.over) -> Check:
    """The check once that holds of it."""
    ends = time.monotonic() + PATIENCE_S
    while not until(now := look(registry, check.check_id)):
        assert time.monotonic() < ends, f"it is still {now}"
        assert now.state is not State.FAILED, now.error
        time.sleep(0.05)
    return now


def working_folders(settings: Settings) -> list[Path]:
    """What runs have left half-way."""
    return list((settings.home / "work").glob("*")) if (settings.home / "work").exists() else []
