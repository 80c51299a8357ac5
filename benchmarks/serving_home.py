"""What the benchmark of serving serves: a home with a registry of made-up assets, and signed files to be registered.

Both are made once and kept; every run works on a copy, so that it registers what was not there before.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import create_engine

from benchmarks import batch, search_registry
from benchmarks.search_hashes import made_up, numbers
from provenance.credentials.reader import read_credential
from provenance.settings import Settings, load_settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry import iscc_index, packing
from registry.accounts import add_organisation, new_token
from registry.bands import DEFAULT
from registry.register import owner_of
from registry.store import Registry, open_registry
from signer.home import make_development_home

PICTURES, CLIPS = 60, 20
_VIDEO = 3
"""The standard's number of codes of moving pictures."""
_SEED = 20261126
SETTINGS = """[server.rates]
registrations = 0
checks = 0

[checks]
lease_seconds = 5
"""
"""The settings that the registry is served with, where they are not the default ones."""


def iscc_body(number: int) -> bytes:
    """The 256 bits of a made-up asset's ISCC: even and independent, as those of unrelated footage are."""
    return np.random.default_rng((_SEED, number)).bytes(32)


def iscc_text(body: bytes) -> str:
    """A Content-Code of moving pictures with that body, as text."""
    from iscc_core import MT, VS, encode_component

    return "ISCC:" + encode_component(MT.CONTENT, _VIDEO, VS.V0, 256, body)


@contextmanager
def database(backend: str, folder: Path) -> Iterator[str | None]:
    """The address of the base registry's database while its server runs; None for the home's own SQLite file."""
    if backend == "sqlite":
        yield None
        return
    with search_registry.server(folder / "data") as address:
        yield address


def base_home(folder: Path, address: str | None, hashes: int, newsroom: Path) -> Path:
    """The home with so many made-up hashes that trusts the newsroom, made if it is not there or was left unfinished."""
    home, ready = folder / "home", folder / "ready"
    if ready.is_file():
        return home
    shutil.rmtree(home, ignore_errors=True)
    if address is not None:
        _sql(address, "DROP DATABASE IF EXISTS base WITH (FORCE)", "CREATE DATABASE base")
    for part in ("keys", "trust"):
        shutil.copytree(newsroom / part, home / part)
    settings = load_settings(home, database_url=_named(address, "base"))
    make_development_home(settings)
    (home / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    with open_registry(settings) as registry:
        search_registry.fill(registry, hashes, DEFAULT)
        _complete(registry, hashes)
    ready.touch()
    return home


def _complete(registry: Registry, hashes: int) -> None:
    """Give the made-up assets what an answer takes besides the index: fingerprints and codes."""
    with registry.writing() as session:
        for number in numbers(hashes):
            code = iscc_text(iscc_body(number))
            session.add_all(packing.to_rows(search_registry.asset_id(number), replace(made_up(number), iscc=code)))
            iscc_index.add(session, number, code)


@contextmanager
def copy_of(home: Path, address: str | None, run: Path) -> Iterator[Settings]:
    """A copy of the base home and its database, to be written to; removed at the end."""
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(home, run)
    if address is not None:
        _sql(address, "DROP DATABASE IF EXISTS run WITH (FORCE)", "CREATE DATABASE run TEMPLATE base")
    try:
        yield load_settings(run, database_url=_named(address, "run"))
    finally:
        shutil.rmtree(run, ignore_errors=True)
        if address is not None:
            _sql(address, "DROP DATABASE IF EXISTS run WITH (FORCE)")


def signed_files(newsroom: Path, folder: Path) -> tuple[list[Path], list[Path]]:
    """Files that a newsroom signed, and the same unsigned, pictures and clips mixed; made if they are not there."""
    ready = folder / "ready"
    if not ready.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        batch.make_files(folder / "files", PICTURES, CLIPS)
        make_development_home(load_settings(newsroom))
        batch.sign(newsroom, folder / "files", folder / "signed", 1)
        ready.touch()
    found = ([p for p in sorted((folder / part).rglob("*")) if p.is_file()] for part in ("signed", "files"))
    signed, plain = (sorted(paths, key=lambda p: (p.name.split("-")[1], p.name)) for paths in found)
    return signed, plain


def publisher(settings: Settings, signed: Path) -> str:
    """A token that may register what the signer of that file has signed, and ask for checks."""
    anchors = load_anchors(settings.anchors)
    credential = read_credential(signed, anchors=anchors, policy=load_policy(settings, anchors))
    if credential.signer is None:
        raise ValueError(f"{signed.name} is not signed")
    owner = owner_of(credential.signer)
    with open_registry(settings) as registry:
        add_organisation(registry, owner)
        return new_token(registry, "benchmark", role="publisher", owner=owner, valid=timedelta(days=1))[1]


def _named(address: str | None, name: str) -> str | None:
    return None if address is None else address.replace("/postgres?", f"/{name}?")


def _sql(address: str, *statements: str) -> None:
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()
