"""Backups: one file, consistent, and everything in it can be proved after restoring."""

from __future__ import annotations

import sqlite3
import subprocess
import tarfile
from pathlib import Path

import pytest
from newsroom import Newsroom
from postgres import BACKENDS

from provenance.errors import OutputError, RegistryError
from provenance.settings import Settings, load_settings
from registry.assets import show_asset, withdraw
from registry.backup import back_up, faults
from registry.catalog import LocalCatalog
from registry.reindex import reindex, unfinished
from registry.store import Registry, open_registry


@pytest.fixture
def filled(newsroom: Newsroom, registry: Registry, settings: Settings) -> Registry:
    newsroom.register(registry, newsroom.clip.path, settings)
    newsroom.register(registry, newsroom.photo.path, settings, embargoed=True)
    withdraw(registry, newsroom.photo.asset_id, "a test", "editor")
    return registry


@BACKENDS
def test_a_restored_backup_is_the_registry(newsroom: Newsroom, filled: Registry, tmp_path: Path) -> None:
    done = back_up(filled, tmp_path / "backup.tar", work=tmp_path / "work")
    assert (done.assets, done.blobs) == (2, 4)
    assert done.size_bytes == (tmp_path / "backup.tar").stat().st_size
    home = tmp_path / "restored"
    home.mkdir()
    subprocess.run(["tar", "--extract", "--file", done.path, "--directory", home], check=True)
    with open_registry(load_settings(home)) as restored:
        assert list(faults(restored)) == []
        for signed in (newsroom.clip, newsroom.photo):
            there, here = show_asset(filled, signed.asset_id), show_asset(restored, signed.asset_id)
            assert there.events == here.events
            assert (there.owner, there.embargoed, there.original.status) == (
                here.owner,
                here.embargoed,
                here.original.status,
            )
        copy = LocalCatalog(restored).reference_copy(newsroom.clip.asset_id, tmp_path)
        assert copy is not None
        assert newsroom.register(restored, newsroom.clip.path, load_settings(home)).created is False
        # A server's index is not copied.
        waiting = filled.engine.dialect.name == "postgresql"
        assert unfinished(restored) is waiting
        assert reindex(restored).entered == 2
        assert not unfinished(restored)
    assert list((tmp_path / "work").glob("*")) == []


def test_a_backup_holds_no_account_names_and_no_orphans(filled: Registry, settings: Settings, tmp_path: Path) -> None:
    filled.blobs.put_bytes(b"left behind by a registration that was killed")
    back_up(filled, tmp_path / "backup.tar", work=tmp_path / "work")
    with tarfile.open(tmp_path / "backup.tar") as archive:
        entries = archive.getmembers()
    assert len(entries) == 5
    assert {(e.uid, e.gid, e.uname, e.gname, e.mode) for e in entries} == {(0, 0, "", "", 0o600)}


def test_a_backup_is_not_written_over_another(filled: Registry, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar"
    target.write_text("an older backup")
    with pytest.raises(OutputError) as caught:
        back_up(filled, target, work=tmp_path / "work")
    assert caught.value.code == "output.exists"
    assert target.read_text() == "an older backup"
    assert back_up(filled, target, work=tmp_path / "work", replace=True).assets == 2


def test_a_damaged_blob_stops_the_backup_and_keeps_the_older_one(
    filled: Registry, settings: Settings, tmp_path: Path
) -> None:
    target = tmp_path / "backup.tar"
    target.write_text("an older backup")
    blob = next(path for path in Path(settings.blobs).rglob("*") if path.is_file())
    blob.write_bytes(b"damaged")
    with pytest.raises(RegistryError) as caught:
        back_up(filled, target, work=tmp_path / "work", replace=True)
    assert caught.value.code == "blobs.tampered"
    assert target.read_text() == "an older backup"


def test_the_check_names_every_kind_of_fault(newsroom: Newsroom, filled: Registry, settings: Settings) -> None:
    assert list(faults(filled)) == []
    filled.close()
    blobs = sorted(path for path in Path(settings.blobs).rglob("*") if path.is_file())
    blobs[0].unlink()
    blobs[1].write_bytes(b"changed")
    clip, photo = newsroom.clip.asset_id, newsroom.photo.asset_id
    with sqlite3.connect(settings.home / "registry.db") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM indexed_assets WHERE asset_id = ?", (clip,))
        connection.execute("DELETE FROM manifests WHERE asset_id = ?", (clip,))
        connection.execute("UPDATE fingerprints SET value = x'00' WHERE asset_id = ? AND kind = 'frames'", (photo,))
        connection.execute("UPDATE assets SET hard_binding = 'sha256:00' WHERE asset_id = ?", (clip,))
        connection.execute("INSERT INTO manifests VALUES ('nobody', 'nothing')")
    connection.close()
    found = "\n".join(faults(filled))
    for words in (
        f"blob {blobs[0].name}: a stored blob is missing",
        f"blob {blobs[1].name}: a stored blob is not what was stored",
        f"asset {clip}: its id is not that of its manifest",
        f"asset {clip}: its manifest is not stored",
        f"asset {clip}: it is not in the search index",
        f"asset {photo}: a stored fingerprint is damaged",
        "database: a row of manifests refers to one of",
    ):
        assert words in found
