"""The registry's own log: what enters it and in which order, receipts, keys, and that it survives."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from newsroom import Newsroom
from postgres import BACKENDS
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from synthetic_assets import add_asset, frame_prints

from provenance.errors import KeyFileError, ProvenanceError, RegistryError
from provenance.settings import Settings, load_settings
from registry.assets import add_event, release, show_asset, supersede, withdraw
from registry.backup import back_up, faults
from registry.databases import database_of
from registry.log import merkle
from registry.log.audit import Audited, Seen, audit
from registry.log.keys import LogKey
from registry.log.leaves import canonical
from registry.log.local import LocalLog
from registry.log.models import CheckpointRow, LeafRow
from registry.log.notes import read_checkpoint
from registry.log.receipts import Receipt
from registry.log.sequencing import enter_waiting, latest, recording, replace_key, verifier_of, waiting
from registry.models import AssetRow, EventRow
from registry.store import Registry, create_registry, open_registry


def put(registry: Registry, *asset_ids: str) -> None:
    """Assets with made-up hashes, each with the event of its registration."""
    for asset_id in asset_ids:
        add_asset(registry, asset_id, frame_prints(np.zeros((1, 32), dtype=np.uint8)))
        with recording(registry) as session:
            add_event(session, asset_id, "registered", registry.now(), "me", {})


def entries(registry: Registry) -> list[dict[str, object]]:
    with registry.reading() as session:
        leaves = session.scalars(select(LeafRow.data).order_by(LeafRow.leaf_index)).all()
    return [json.loads(leaf) for leaf in leaves]


def check(registry: Registry, seen: Seen | None = None) -> Audited:
    return audit(LocalLog(registry), verifier_of(registry), seen)


def holds(receipt: Receipt | None, registry: Registry) -> bool:
    assert receipt is not None
    checkpoint = read_checkpoint(receipt.checkpoint.encode(), verifier_of(registry))
    leaf = merkle.leaf_hash(receipt.leaf)
    assert checkpoint.size == receipt.tree_size
    return merkle.includes(leaf, receipt.leaf_index, receipt.tree_size, receipt.proof, checkpoint.root)


@BACKENDS
def test_every_event_is_a_leaf_in_the_order_in_which_it_happened(registry: Registry) -> None:
    put(registry, "old", "new")
    supersede(registry, "old", "new", "me")
    withdraw(registry, "new", "a reason", "me")
    found = entries(registry)
    assert [(leaf["asset"], leaf["number"], leaf["kind"]) for leaf in found] == [
        ("old", 1, "registered"),
        ("new", 1, "registered"),
        ("old", 2, "superseded"),
        ("new", 2, "withdrawn"),
    ]
    assert [event.leaf_index for event in show_asset(registry, "old").events] == [0, 2]
    detail = dict(show_asset(registry, "new").events[1].detail)
    assert found[3]["detail"] == hashlib.sha256(canonical(detail)).hexdigest()
    assert check(registry).entries == {"registered": 2, "superseded": 1, "withdrawn": 1}
    assert list(faults_of_the_log(registry)) == []


def faults_of_the_log(registry: Registry) -> list[str]:
    return [fault for fault in faults(registry) if fault.startswith("log")]


def test_a_registration_comes_with_a_proof_that_anybody_can_check(
    newsroom: Newsroom, registry: Registry, settings: Settings
) -> None:
    first = newsroom.register(registry, newsroom.photo.path, settings)
    second = newsroom.register(registry, newsroom.clip.path, settings, embargoed=True)
    release(registry, second.asset_id, "me")
    again = newsroom.register(registry, newsroom.photo.path, settings)
    for done, place, size in ((first, 0, 1), (second, 1, 2), (again, 0, 3)):
        assert done.receipt is not None
        assert (done.receipt.leaf_index, done.receipt.tree_size) == (place, size)
        assert holds(done.receipt, registry)
        as_json = done.receipt.as_json()
        assert [base64.b64decode(piece) for piece in as_json["proof"]] == list(done.receipt.proof)
        assert json.loads(as_json["leaf"])["asset"] == done.asset_id


def test_a_leaf_says_nothing_of_what_an_embargo_hides(
    newsroom: Newsroom, registry: Registry, settings: Settings
) -> None:
    newsroom.register(registry, newsroom.clip.path, settings, embargoed=True, actor="a secret name")
    (leaf,) = entries(registry)
    assert set(leaf) == {"schema", "asset", "number", "kind", "at", "detail", "manifest"}
    words = json.dumps(leaf)
    for hidden in ("wandering", "Herald", "secret", newsroom.clip.hard_binding, newsroom.clip.manifest_label):
        assert hidden not in words


@BACKENDS
def test_several_at_once_make_one_tree(registry: Registry) -> None:
    """Ten threads register; whoever comes first enters what waits of the others, too."""
    names = [f"asset-{number}" for number in range(20)]
    for name in names:
        add_asset(registry, name, frame_prints(np.zeros((1, 32), dtype=np.uint8)))
    failed: list[BaseException] = []
    ready = threading.Barrier(10)

    def work(mine: list[str]) -> None:
        try:
            ready.wait()
            for name in mine:
                with recording(registry) as session:
                    add_event(session, name, "registered", registry.now(), "me", {})
                assert holds(LocalLog(registry).receipt(name), registry)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(names[start::10],)) for start in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert check(registry).entries == {"registered": 20}
    with registry.reading() as session:
        sizes = session.scalars(select(CheckpointRow.size).order_by(CheckpointRow.number)).all()
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == 20


@BACKENDS
def test_what_waited_when_a_process_died_is_entered_by_the_next(registry: Registry) -> None:
    put(registry, "first")
    before = check(registry).seen
    add_asset(registry, "second", frame_prints(np.zeros((1, 32), dtype=np.uint8)))
    with registry.writing() as session:  # and here it died
        add_event(session, "second", "registered", registry.now(), "me", {})
    assert LocalLog(registry).receipt("second") is None
    assert check(registry, before).seen.size == 1
    put(registry, "third")
    assert holds(LocalLog(registry).receipt("second"), registry)
    assert check(registry, before).seen.size == 3
    assert enter_waiting(registry) == 0


def make_before_the_log(settings: Settings) -> None:
    """A registry of the schema before the log, with one asset and 701 events."""
    config = Config()
    config.set_main_option("script_location", "registry:migrations")
    database = database_of(settings)
    database.make_place()
    engine = database.engine()
    with Session(engine.execution_options(provenance_writes=True)) as session, session.begin():
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "0006")
        asset = AssetRow(
            asset_id="asset", title="Old", signer="Herald", signer_fingerprint="0" * 64, owner="organisation:Herald",
            registered_at="2026-01-01", media_type="video/mp4", has_audio=True, manifest_label="urn:c2pa:x",
            hard_binding="sha256:00", status="registered", embargoed=False, claims=[],
        )  # fmt: skip
        session.add(asset)
        session.flush()
        rows = [
            {"asset_id": "asset", "number": number, "kind": "released" if number > 1 else "registered",
             "at": f"2026-01-01T00:00:00.{number:06d}Z", "actor": "me", "detail": {"words": "ü\u2028"}}
            for number in range(1, 702)
        ]  # fmt: skip
        session.execute(insert(EventRow), rows)
    engine.dispose()


@BACKENDS
def test_a_registry_from_before_the_log_is_entered_in_order(settings: Settings) -> None:
    """What the migration and the first checkpoint make of an older registry, over several levels of tiles."""
    make_before_the_log(settings)
    with pytest.raises(RegistryError) as caught:
        open_registry(settings)
    assert caught.value.code == "registry.older_schema"
    with create_registry(settings) as upgraded:
        found = entries(upgraded)
        assert [leaf["at"] for leaf in found] == sorted(str(leaf["at"]) for leaf in found)
        assert len(found) == 701
        assert faults_of_the_log(upgraded) == []
        for number in (1, 2, 300, 701):
            assert holds(LocalLog(upgraded).receipt("asset", number), upgraded)
        assert check(upgraded).entries == {"registered": 1, "released": 700}


def test_the_tree_begins_with_every_tree_it_was_before(registry: Registry) -> None:
    put(registry, *(f"asset-{number}" for number in range(5)))
    own = LocalLog(registry)
    with registry.reading() as session:
        notes = session.scalars(select(CheckpointRow.note).order_by(CheckpointRow.number)).all()
    trees = [read_checkpoint(note.encode(), verifier_of(registry)) for note in notes]
    assert [tree.size for tree in trees] == [1, 2, 3, 4, 5]
    for old in trees:
        for new in trees[old.size - 1 :]:
            proof = own.consistency(old.size, new.size)
            assert proof is not None
            assert merkle.consistent(old.size, old.root, new.size, new.root, proof)
    assert own.consistency(3, 6) is None
    assert own.consistency(-1, 2) is None


def test_resources_are_answered_by_name_and_nothing_else(registry: Registry) -> None:
    own = LocalLog(registry)
    assert own.read("checkpoint") is None
    assert own.read("key") is None
    put(registry, *(f"asset-{number}" for number in range(3)))
    assert own.read("key") == f"{verifier_of(registry).vkey}\n".encode()
    hashes, bundle = own.read("tile/0/000.p/3"), own.read("tile/entries/000.p/3")
    assert hashes is not None
    assert bundle is not None
    length = int.from_bytes(bundle[:2], "big")
    assert merkle.leaf_hash(bundle[2 : 2 + length]) == hashes[:32]
    assert own.read("tile/0/000.p/2") == hashes[:64]
    for path in ("tile/0/000", "tile/0/000.p/4", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/1",
                 "../registry.db", "", "tile/0/999999"):  # fmt: skip
        assert own.read(path) is None


@BACKENDS
def test_a_restored_backup_keeps_every_proof(registry: Registry, settings: Settings, tmp_path: Path) -> None:
    put(registry, "one", "two", "three")
    given = LocalLog(registry).receipt("two")
    seen = check(registry).seen
    back_up(registry, tmp_path / "backup.tar", work=tmp_path / "work")
    home = tmp_path / "restored"
    home.mkdir()
    subprocess.run(["tar", "--extract", "--file", tmp_path / "backup.tar", "--directory", home], check=True)
    with open_registry(load_settings(home)) as restored:
        assert LocalLog(restored).receipt("two") == given
        assert check(restored, seen).seen == seen
        with pytest.raises(KeyFileError) as caught:
            put(restored, "four")
        assert caught.value.code == "log.key_missing"
        (home / "log").mkdir()
        (home / "log" / "key.pem").write_bytes((settings.log / "key.pem").read_bytes())
        (home / "log" / "key.pem").chmod(0o600)
        withdraw(restored, "one", "a reason", "me")
        assert check(restored, seen).seen.size == 4


def test_the_key_is_for_its_owner_alone_and_needed(registry: Registry, settings: Settings) -> None:
    key = settings.log / "key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    put(registry, "one", "two")

    def code(action: Callable[[], None]) -> str:
        with pytest.raises(ProvenanceError) as caught:
            action()
        assert caught.value.hint
        with registry.reading() as session:
            assert not waiting(session)
        return caught.value.code

    def change() -> None:
        withdraw(registry, "one", "a reason", "me")

    pem = key.read_bytes()
    key.chmod(0o644)
    assert code(change) == "log.key_mode"
    key.chmod(0o600)
    key.write_bytes(b"not a key")
    assert code(change) == "log.key_unreadable"
    key.unlink()
    assert code(change) == "log.key_missing"
    assert show_asset(registry, "one").original.status == "registered"
    key.write_bytes(pem)
    key.chmod(0o600)
    registry.log_key = LogKey(key, "another.example/name")
    assert code(change) == "log.other_origin"


def test_a_new_key_signs_the_same_tree(registry: Registry, settings: Settings) -> None:
    put(registry, "one")
    old, before = verifier_of(registry), check(registry).seen
    (settings.log / "key.pem").unlink()
    replace_key(registry)
    new = verifier_of(registry)
    assert new.name == old.name
    assert new.public != old.public
    assert check(registry, before).seen == before
    put(registry, "two")
    assert check(registry, before).seen.size == 2


def test_the_name_of_the_log_is_a_setting(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home", log_origin="news.example/registry")
    with create_registry(settings) as registry:
        put(registry, "one")
        with registry.reading() as session:
            last = latest(session)
        assert last is not None
        assert last.note.startswith("news.example/registry\n1\n")


def test_the_database_refuses_to_change_the_log(registry: Registry) -> None:
    put(registry, "one")
    for statement in ("UPDATE log_leaves SET data = x'00'", "DELETE FROM log_leaves"):
        with pytest.raises((RegistryError, IntegrityError)), registry.writing() as session:
            session.execute(text(statement))
    assert check(registry).seen.size == 1


def test_the_check_of_everything_names_what_the_log_does_not_have(registry: Registry) -> None:
    put(registry, "one", "two")
    with registry.writing() as session:
        session.execute(text("DROP TRIGGER events_no_update"))
        session.execute(text("DROP TRIGGER log_leaves_no_delete"))
        session.execute(text("UPDATE events SET at = '2020' WHERE asset_id = 'one'"))
        session.execute(text("DELETE FROM log_leaves WHERE subject = 'two'"))
    found = faults_of_the_log(registry)
    assert "log: event 1 of asset one is not what it was when it was entered" in found
    assert "log: event 1 of asset two is not in it" in found
    assert any("does not show tile/entries/000.p/2" in fault for fault in found)
