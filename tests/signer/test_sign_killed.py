"""Killed at any moment, signing loses nothing and leaves nothing half-written."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from signing_bench import Bench

from provenance.credentials.values import CredentialState
from provenance.files import sha256_file

Sign = Callable[..., int]
_PUBLISHING_CALLS = 500
"""Calls from the end of a run in which the names change hands; half of the moments are drawn from there."""


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[[dict[str, Any]], int]]:
    program = Path(__file__).with_name("kill_server.py")
    with subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def ask(order: dict[str, Any]) -> int:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield ask
        process.stdin.close()


@pytest.mark.parametrize(("kind", "seed"), [("mp4", 1), ("mp4", 2), ("jpg", 3), ("webm", 4), ("webm", 5), ("mkv", 6)])
def test_nothing_is_lost_and_nothing_half_written(
    kind: str,
    seed: int,
    server: Callable[[dict[str, Any]], int],
    bench: Bench,
    keys_folder: Path,
    media: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    source, target = media(kind), out / f"signed.{kind}"
    before = sha256_file(source)

    def sign(kill_at: int = 0, *, replace: bool = False) -> int:
        order = {"home": str(bench.settings.home), "keys": str(keys_folder), "source": str(source)}
        return server(order | {"target": str(target), "kill_at": kill_at, "replace": replace})

    whole = {target.name, f"{target.name}.c2pa"} if kind in ("webm", "mkv") else {target.name}
    calls = sign()
    assert calls > _PUBLISHING_CALLS
    numbers = random.Random(seed)
    killed = 0
    for turn in range(6):
        for path in out.iterdir():
            path.unlink()
        moment = calls - numbers.randrange(_PUBLISHING_CALLS) if turn % 2 else numbers.randrange(1, calls)
        killed += sign(moment) == 0

        assert sha256_file(source) == before
        if target.exists():
            assert bench.read(target).state is CredentialState.AUTHENTIC
            assert target.stat().st_nlink <= 2

        assert sign(replace=True) > 0
        assert {path.name for path in out.iterdir()} == whole
        assert bench.read(target).state is CredentialState.AUTHENTIC
        assert list((bench.settings.home / "work").glob("*")) == []
        assert [p.stem for p in bench.settings.references.iterdir() if p.stem != sha256_file(p)] == []
    assert killed >= 4


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_file_to_be_replaced_is_whole_before_or_after(
    kind: str,
    server: Callable[[dict[str, Any]], int],
    bench: Bench,
    keys_folder: Path,
    media: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    source, target = media(kind), out / f"signed.{kind}"
    order = {"home": str(bench.settings.home), "keys": str(keys_folder), "source": str(source), "target": str(target)}
    calls = server(order | {"kill_at": 0, "replace": False})
    numbers = random.Random(7)
    for _ in range(6):
        moment = calls - numbers.randrange(_PUBLISHING_CALLS)
        server(order | {"kill_at": moment, "replace": True})
        assert bench.read(target).state is CredentialState.AUTHENTIC
