"""What the tests of batches share: a home, a folder of distinct pictures, and the real command as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner
from PIL import Image

from provenance.cli import main
from provenance.credentials.reader import read_credential
from provenance.credentials.values import CredentialState
from provenance.trust.anchors import load_anchors
from provenance.trust.policy import SignedUnder

LIMIT_S = 240


def picture(path: Path, seed: int) -> Path:
    """A small picture that no other seed makes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((160, 120)).save(path)
    return path


def pictures(folder: Path, count: int) -> Path:
    """A tree of pictures, two folders deep."""
    for number in range(count):
        picture(folder / f"day{number % 2}" / f"p{number:02}.jpg", number)
    return folder


def damaged(path: Path) -> Path:
    """A file that begins as a PNG does, and is none."""
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    return path


@dataclass(frozen=True, slots=True)
class Desk:
    """A home and an output folder, and the command ``provenance sign`` run on them."""

    home: Path
    out: Path

    def start(self, *words: object, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """``provenance sign … -o OUT``, not waited for."""
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "provenance.cli",
                "--home",
                str(self.home),
                "sign",
                *map(str, words),
                "-o",
                self.out,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )

    def sign(self, *words: object) -> tuple[int, list[dict[str, Any]], dict[str, Any], str]:
        """Run it to its end with ``--json-lines``: exit code, an object per file, the summary, stderr.

        In this process, with workers of its own: one, unless told otherwise.
        """
        jobs = () if "--jobs" in words else ("--jobs", "1")
        command = ["--home", str(self.home), "sign", *map(str, words), *jobs, "-o", str(self.out), "--json-lines"]
        result = CliRunner().invoke(main, command)
        *files, last = [json.loads(line) for line in result.stdout.splitlines()]
        return result.exit_code, files, last["summary"], result.stderr

    def outputs(self) -> dict[Path, bytes]:
        """Everything in the output folder, hidden files too."""
        return {path: path.read_bytes() for path in sorted(self.out.rglob("*")) if path.is_file()}

    def require_sound(self, count: int) -> None:
        """Exactly so many outputs, each authentic, and nothing half-way beside them or in the home."""
        anchors = load_anchors(self.home / "trust")
        outputs = list(self.outputs())
        assert len(outputs) == count
        for path in outputs:
            assert path.name.count(".signed.") == 1
            state = read_credential(path, anchors=anchors, policy=SignedUnder(anchors)).state
            assert state is CredentialState.AUTHENTIC
        assert list((self.home / "work").glob("*")) == []


def lines_of(process: subprocess.Popen[str], count: int) -> list[dict[str, Any]]:
    """The first objects that a running command prints."""
    assert process.stdout is not None
    return [json.loads(process.stdout.readline()) for _ in range(count)]


def children(pid: int) -> list[int]:
    """The workers of a running command."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def gone_after(pids: list[int]) -> Iterator[None]:
    """Require that these processes have ended some seconds after the block."""
    yield
    deadline = time.monotonic() + 30
    while any(map(running, pids)):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.05)
