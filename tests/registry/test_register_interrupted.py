"""Registration killed or starved at any moment: the registry opens, and the asset is there whole or not at all."""

from __future__ import annotations

import itertools
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from newsroom import Newsroom, filled_tables, make_clip
from postgres import BACKENDS, PostgresServer
from sqlalchemy import text
from support.answering import answering

from provenance.assets import SignedAsset
from provenance.settings import Settings, load_settings
from registry.assets import list_assets
from registry.backup import faults
from registry.log.local import LocalLog
from registry.store import create_registry, open_registry

Attempt = Callable[..., str]

KILLS_AT_RANDOM = 10
KILLS_AT_STATEMENTS = 14
STATEMENTS = {"sqlite": 56, "postgresql": 42}
"""Fewer than a registration takes, so that each of them is reached."""


@pytest.fixture(scope="module")
def attempt(newsroom: Newsroom) -> Iterator[Attempt]:
    """Register a file in another process: ``attempt(home, signed, delay_s=…)``; the outcome in a word."""
    script = Path(__file__).with_name("registering_process.py")
    # Threads of the linear algebra would not survive the fork.
    with answering(script, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1") as ask:

        def asked(home: Path, signed: SignedAsset, **how: float) -> str:
            order = {"home": str(home), "signed": str(signed.path), "anchors": str(newsroom.settings.anchors)}
            return ask(order | how)

        yield asked


@pytest.fixture(scope="module")
def short(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> SignedAsset:
    """A second of film: what is written is the same, and it is registered two dozen times."""
    folder = tmp_path_factory.mktemp("short")
    return newsroom.sign(make_clip(folder / "short.mp4", seconds=1), folder / "signed-short.mp4")


@pytest.fixture
def new_home(
    newsroom: Newsroom, short: SignedAsset, backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[], Settings]:
    """Makes homes with an empty registry, and the reference copies that the signer kept."""
    numbers = itertools.count()

    def make() -> Settings:
        home = tmp_path / f"home-{next(numbers)}"
        shutil.copytree(newsroom.settings.references, home / "references")
        if backend == "postgresql":
            server: PostgresServer = request.getfixturevalue("server")
            (home / "settings.toml").write_text(f'database_url = "{server.new_database()}"\n')
        settings = load_settings(home)
        create_registry(settings).close()
        return settings

    return make


def check_whole_or_none(settings: Settings, asset_id: str) -> bool:
    """Whether the asset is registered; fails unless all of it is, or none of it and nothing else."""
    with open_registry(settings) as registry:
        assert list(faults(registry)) == []
        listed = [line.asset_id for line in list_assets(registry, 10)]
        if listed:
            assert listed == [asset_id]
            return True
        with registry.reading() as session:
            for table in set(filled_tables()) - {"blobs"}:
                assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    return False


@BACKENDS
def test_a_registration_that_is_killed_loses_nothing(
    short: SignedAsset, backend: str, attempt: Attempt, new_home: Callable[[], Settings]
) -> None:
    dice = random.Random(20261122)
    asset_id = short.asset_id
    assert attempt(new_home().home, short) == "registered"
    settings = new_home()
    started = time.monotonic()
    assert attempt(settings.home, short) == "registered"
    whole = time.monotonic() - started

    settings = new_home()

    def killed(**moment: float) -> bool:
        nonlocal settings
        outcome = attempt(settings.home, short, **moment)
        if check_whole_or_none(settings, asset_id):
            settings = new_home()
        return outcome == "killed"

    # Between two statements of the transaction, where most is at stake, and at any time at all.
    for number in dice.sample(range(1, STATEMENTS[backend]), KILLS_AT_STATEMENTS):
        assert killed(statement=number)
    kills = 0
    while kills < KILLS_AT_RANDOM:
        # One that came too late ended before it: then the machine is faster than was measured.
        if killed(delay_s=dice.uniform(0, whole)):
            kills += 1
        else:
            whole *= 0.9

    assert attempt(settings.home, short) == "registered"
    assert check_whole_or_none(settings, asset_id)
    with open_registry(settings) as registry:
        assert LocalLog(registry).receipt(asset_id) is not None
    assert not list((settings.home / "work").glob("*"))
    stored = [path for path in Path(settings.blobs).rglob("*") if path.is_file()]
    assert len(stored) == 2


@pytest.mark.parametrize(
    ("room", "expected"), [(10_000, "blobs.write"), (40_000, "blobs.write"), (80_000, "registry.write")]
)
def test_a_full_disk_leaves_nothing_half_registered(
    newsroom: Newsroom, attempt: Attempt, new_home: Callable[[], Settings], room: int, expected: str
) -> None:
    """The kernel refuses files beyond ``room`` bytes: manifest, then reference copy, then the database's log."""
    settings = new_home()
    assert attempt(settings.home, newsroom.clip, room=room) == expected
    assert not check_whole_or_none(settings, newsroom.clip.asset_id)
    assert attempt(settings.home, newsroom.clip) == "registered"
    assert check_whole_or_none(settings, newsroom.clip.asset_id)
