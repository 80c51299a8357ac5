"""A backup of a registry on SQLite, put back into PostgreSQL: everything in it is valid there, and it goes on."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from checking import submit, wait, working
from newsroom import Newsroom
from postgres import PostgresServer
from synthetic_assets import add_asset, frame_prints

from provenance.settings import Settings, load_settings
from registry.accounts import add_organisation, list_tokens, new_token, token_of
from registry.assets import show_asset, withdraw
from registry.backup import back_up, faults, stored_tables
from registry.checks.asking import answer, look
from registry.checks.keeping import keep
from registry.checks.values import State
from registry.log.audit import audit
from registry.log.local import LocalLog
from registry.log.sequencing import verifier_of
from registry.restore import restore
from registry.revocations import revoke_key
from registry.sighting_values import Filing
from registry.sightings import file, find
from registry.store import Registry, open_registry


def test_a_backup_of_sqlite_is_whole_and_goes_on_in_postgresql(
    newsroom: Newsroom, filled: Registry, settings: Settings, smaller: Path, server: PostgresServer, tmp_path: Path
) -> None:
    check = submit(filled, settings, smaller, tmp_path)
    with working(filled, settings):
        assert wait(filled, check).state is State.DONE
    keep(filled, check.check_id)
    withdraw(filled, newsroom.photo.asset_id, "a test", "editor")
    revoke_key(filled, "ab" * 32, datetime(2026, 1, 1, tzinfo=UTC), "lost", "editor")
    add_organisation(filled, "organisation:Herald")
    _, token = new_token(filled, "desk", role="reader", owner="organisation:Herald", valid=None)
    sighting = file(filled, Filing("https://example.org/clip", asset_id=newsroom.clip.asset_id))
    receipts = {subject: LocalLog(filled).receipt(subject) for subject in (newsroom.clip.asset_id, "ab" * 32)}
    seen = audit(LocalLog(filled), verifier_of(filled)).seen
    back_up(filled, tmp_path / "backup.tar", work=tmp_path / "work")

    there = load_settings(tmp_path / "grown", database_url=server.new_database())
    there.log.mkdir(parents=True)
    shutil.copy(settings.log / "key.pem", there.log / "key.pem")
    done = restore(there, tmp_path / "backup.tar", work=there.home / "work")
    assert (done.assets, done.blobs, done.log_fault) == (2, 4, None)

    with open_registry(there) as restored:
        assert list(faults(restored)) == []
        assert {subject: LocalLog(restored).receipt(subject) for subject in receipts} == receipts
        assert audit(LocalLog(restored), verifier_of(restored), seen).seen == seen
        for signed in (newsroom.clip, newsroom.photo):
            assert show_asset(restored, signed.asset_id).events == show_asset(filled, signed.asset_id).events
        assert look(restored, check.check_id) == look(filled, check.check_id)
        report, page = answer(restored, check.check_id)
        assert (report, page) == answer(filled, check.check_id)
        assert newsroom.photo.asset_id in {match["asset_id"] for match in json.loads(report)["matches"]}
        assert token_of(restored, token) == token_of(filled, token)
        assert list_tokens(restored) == list_tokens(filled)
        assert find(restored, sighting.sighting_id) == find(filled, sighting.sighting_id)
        for table in stored_tables():
            with filled.reading() as before, restored.reading() as after:
                assert sorted(map(repr, before.execute(table.select()))) == sorted(
                    map(repr, after.execute(table.select()))
                ), table.name

        # It goes on: numbers follow those that were restored, and the log grows from the checkpoint that was seen.
        assert newsroom.register(restored, newsroom.clip.path, there).created is False
        add_asset(restored, "new", frame_prints(np.zeros((1, 32), dtype=np.uint8)))
        withdraw(restored, newsroom.clip.asset_id, "another test", "editor")
        assert audit(LocalLog(restored), verifier_of(restored), seen).seen.size == seen.size + 1
