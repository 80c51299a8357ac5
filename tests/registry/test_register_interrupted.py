"""Registration killed or starved at any moment: the registry opens, and the asset is there whole or not at all."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from newsroom import Newsroom
from sqlalchemy import text

from provenance.settings import Settings, load_settings
from registry.assets import list_assets
from registry.backup import faults
from registry.store import create_registry, open_registry

Attempt = Callable[..., str]

KILLS_AT_RANDOM = 16
KILLS_AT_STATEMENTS = 16
STATEMENTS = 35
"""Fewer than a registration takes, so that each of them is reached."""


@pytest.fixture(scope="module")
def attempt(newsroom: Newsroom) -> Iterator[Attempt]:
    """Register the newsroom's clip in another process: ``attempt(home, delay_s=…)``; the outcome in a word."""
    script = Path(__file__).with_name("registering_process.py")
    # Threads of the linear algebra would not survive the fork.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def ask(home: Path, **how: float) -> str:
        order = {"home": str(home), "signed": str(newsroom.clip.path), "anchors": str(newsroom.settings.anchors)}
        stdin.write(json.dumps(order | how) + "\n")
        stdin.flush()
        return stdout.readline().strip()

    yield ask
    stdin.close()
    assert process.wait() == 0
    stdout.close()


@pytest.fixture(scope="module")
def empty_home(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty registry, and the reference copies that the signer kept."""
    home = tmp_path_factory.mktemp("empty") / "home"
    create_registry(load_settings(home)).close()
    shutil.copytree(newsroom.settings.references, home / "references")
    return home


def check_whole_or_none(settings: Settings, asset_id: str) -> bool:
    """Whether the asset is registered; fails unless all of it is, or none of it and nothing else."""
    with open_registry(settings) as registry:
        assert list(faults(registry)) == []
        listed = [line.asset_id for line in list_assets(registry, 10)]
        if listed:
            assert listed == [asset_id]
            return True
        with registry.reading() as session:
            for table in ("manifests", "fingerprints", "events", "indexed_assets", "frames", "bands", "sound_keys"):
                assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    return False


def test_a_registration_that_is_killed_loses_nothing(
    newsroom: Newsroom, attempt: Attempt, empty_home: Path, tmp_path: Path
) -> None:
    dice = random.Random(20261122)
    asset_id = newsroom.clip.asset_id
    settings = load_settings(shutil.copytree(empty_home, tmp_path / "first"))
    assert attempt(settings.home) == "registered"
    settings = load_settings(shutil.copytree(empty_home, tmp_path / "second"))
    started = time.monotonic()
    assert attempt(settings.home) == "registered"
    whole = time.monotonic() - started

    settings = load_settings(shutil.copytree(empty_home, tmp_path / "home"))

    def killed(**moment: float) -> bool:
        outcome = attempt(settings.home, **moment)
        if check_whole_or_none(settings, asset_id):
            shutil.rmtree(settings.home)
            shutil.copytree(empty_home, settings.home)
        return outcome == "killed"

    # Between two statements of the transaction, where most is at stake, and at any time at all.
    for number in dice.sample(range(1, STATEMENTS), KILLS_AT_STATEMENTS):
        assert killed(statement=number)
    kills = 0
    while kills < KILLS_AT_RANDOM:
        # One that came too late ended before it: then the machine is faster than was measured.
        if killed(delay_s=dice.uniform(0, whole)):
            kills += 1
        else:
            whole *= 0.9

    assert attempt(settings.home) == "registered"
    assert check_whole_or_none(settings, asset_id)
    assert not list((settings.home / "work").glob("*"))
    stored = [path for path in Path(settings.blobs).rglob("*") if path.is_file()]
    assert len(stored) == 2


@pytest.mark.parametrize(
    ("room", "expected"), [(10_000, "blobs.write"), (40_000, "blobs.write"), (80_000, "registry.write")]
)
def test_a_full_disk_leaves_nothing_half_registered(
    newsroom: Newsroom, attempt: Attempt, empty_home: Path, tmp_path: Path, room: int, expected: str
) -> None:
    """The kernel refuses files beyond ``room`` bytes: manifest, then reference copy, then the database's log."""
    settings = load_settings(shutil.copytree(empty_home, tmp_path / "home"))
    assert attempt(settings.home, room=room) == expected
    assert not check_whole_or_none(settings, newsroom.clip.asset_id)
    assert attempt(settings.home) == "registered"
    assert check_whole_or_none(settings, newsroom.clip.asset_id)
