"""Going over a registry finds what was revoked, expired, taken away, changed and done since assets were registered."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from newsroom import Newsroom
from serving import serving

from provenance.cli import main
from provenance.credentials.reader import read_manifest
from provenance.settings import Settings, load_settings
from registry.assets import supersede, withdraw
from registry.reverify.here import LocalHoldings
from registry.reverify.rules import trust_changes
from registry.reverify.run import reverify
from registry.reverify.values import Kind
from registry.revocations import revoke_key
from registry.server.app import create_app
from registry.store import create_registry, open_registry

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=900)
"""When the certificates of the newsrooms have expired."""


@pytest.fixture(scope="module")
def filled(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with a registry of a film and a photograph, and the trust of the newsroom."""
    settings = load_settings(tmp_path_factory.mktemp("filled") / "home")
    with create_registry(settings) as registry:
        newsroom.register(registry, newsroom.clip.path, settings)
        newsroom.register(registry, newsroom.photo.path, settings)
    shutil.copytree(newsroom.settings.anchors, settings.anchors)
    return settings


@pytest.fixture
def home(filled: Settings, tmp_path: Path) -> Settings:
    """A copy of it, to be spoilt."""
    shutil.copytree(filled.home, tmp_path / "home")
    return load_settings(tmp_path / "home")


@dataclass(frozen=True)
class Desk:
    """Who goes over it."""

    newsroom: Newsroom
    settings: Settings

    def changes(self, now: datetime = NOW, **options: Any) -> dict[str, dict[Kind, bool]]:
        """By asset: what changed, and whether the asset may be relied on all the same."""
        options = {"anchors": self.newsroom.anchors, "policy": self.newsroom.policy} | options
        with open_registry(self.settings) as registry:
            holdings = LocalHoldings(registry)
            done = list(reverify(holdings, holdings.asset_ids(), now=now, **options))
        return {each.asset_id: {change.kind: change.holds for change in each.changes} for each in done}

    def of_film(self, now: datetime = NOW, **options: Any) -> dict[Kind, bool]:
        return self.changes(now, **options)[self.newsroom.clip.asset_id]

    def spoil(self, *statements: str) -> None:
        """What somebody does who has the database."""
        with closing(sqlite3.connect(self.settings.home / "registry.db")) as connection:
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for statement in (*(f"DROP TRIGGER {name}" for (name,) in triggers), *statements):
                connection.execute(statement.format(film=self.newsroom.clip.asset_id))
            connection.commit()

    def blob(self, column: str) -> Path:
        """The file of the film's manifest or reference copy."""
        query = {
            "manifest": "SELECT blob_sha256 FROM manifests WHERE asset_id = ?",
            "reference": "SELECT reference_sha256 FROM assets WHERE asset_id = ?",
        }[column]
        with closing(sqlite3.connect(self.settings.home / "registry.db")) as connection:
            (sha256,) = connection.execute(query, (self.newsroom.clip.asset_id,)).fetchone()
        return Path(self.settings.blobs) / sha256[:2] / sha256


@pytest.fixture
def desk(newsroom: Newsroom, home: Settings) -> Desk:
    return Desk(newsroom, home)


def run(settings: Settings, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--home", str(settings.home), "reverify", *map(str, arguments)])


def test_where_nothing_happened_nothing_is_said(newsroom: Newsroom, filled: Settings) -> None:
    assert Desk(newsroom, filled).changes() == {newsroom.clip.asset_id: {}, newsroom.photo.asset_id: {}}
    done = run(filled)
    assert (done.exit_code, done.stdout) == (
        0,
        "2 assets: 2 as they were, 0 changed; 0 not to be relied on as before\n",
    )


def test_what_was_done_on_record_is_told_and_does_no_harm(newsroom: Newsroom, desk: Desk) -> None:
    with open_registry(desk.settings) as registry:
        supersede(registry, newsroom.clip.asset_id, newsroom.photo.asset_id, "me")
        withdraw(registry, newsroom.photo.asset_id, "a \x1b[31mmistake", "me")
    assert desk.changes() == {
        newsroom.clip.asset_id: {Kind.SUPERSEDED: True},
        newsroom.photo.asset_id: {Kind.WITHDRAWN: True},
    }
    done = run(desk.settings)
    assert done.exit_code == 3
    assert f"by {newsroom.photo.asset_id}" in done.stdout
    assert "\\x1b[31mmistake" in done.stdout


def test_a_revoked_certificate_is_told_by_its_name_and_is_exit_code_6(newsroom: Newsroom, desk: Desk) -> None:
    with open_registry(desk.settings) as registry:
        holder = LocalHoldings(registry).held(newsroom.clip.asset_id).signer_fingerprint
        revoke_key(registry, holder, NOW - timedelta(days=3), "laptop stolen", "me")
    done = run(desk.settings, newsroom.clip.asset_id, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["assets"]) == (6, 1)
    ((change,),) = [each["changes"] for each in told["changed"]]
    assert (change["kind"], change["holds"]) == ("certificate_revoked", False)
    assert "laptop stolen" in change["explanation"]
    assert "no trusted time stamp" in change["explanation"]


@pytest.mark.parametrize(
    ("seen", "expired", "revoked"),
    [(None, False, False), (NOW - timedelta(days=10), True, True), (NOW - timedelta(days=1), True, False)],
)
def test_a_trusted_time_stamp_saves_what_was_signed_before(
    newsroom: Newsroom, desk: Desk, seen: datetime | None, expired: bool, revoked: bool
) -> None:
    with open_registry(desk.settings) as registry:
        holdings = LocalHoldings(registry)
        holder = holdings.held(newsroom.clip.asset_id).signer_fingerprint
        revoke_key(registry, holder, NOW - timedelta(days=3), "laptop stolen", "me")
        held, manifest = holdings.held(newsroom.clip.asset_id), holdings.manifest(newsroom.clip.asset_id)
    # With a time stamp the reader finds nothing wrong with a certificate that has expired since.
    read_at = NOW if seen else LATER
    credential = read_manifest(manifest, anchors=newsroom.anchors, policy=newsroom.policy, now=read_at)
    credential = replace(credential, timestamp=seen.isoformat() if seen else None)
    found = {change.kind: change.holds for change in trust_changes(held, credential, newsroom.policy, LATER)}
    assert found == {Kind.CERTIFICATE_EXPIRED: expired, Kind.CERTIFICATE_REVOKED: revoked}


def test_trust_that_was_taken_back_or_ran_out_is_told(newsroom: Newsroom, desk: Desk) -> None:
    assert desk.of_film(LATER) == {Kind.CERTIFICATE_EXPIRED: False}
    (desk.settings.anchors / "herald.pem").unlink()
    done = run(desk.settings, "--owner", "organisation:Herald")
    assert (done.exit_code, done.stdout.count("signer_untrusted")) == (6, 2)
    assert run(desk.settings, "--owner", "organisation:Nobody").exit_code == 0


def test_blobs_that_are_gone_or_changed_are_told(desk: Desk) -> None:
    desk.blob("reference").write_bytes(b"another film")
    assert desk.of_film() == {Kind.REFERENCE_CHANGED: False}
    assert desk.of_film(references=False) == {}
    desk.blob("reference").unlink()
    manifest = desk.blob("manifest")
    manifest.write_bytes(manifest.read_bytes()[:-1] + b"x")
    assert desk.of_film() == {Kind.REFERENCE_MISSING: False, Kind.MANIFEST_CHANGED: False}
    manifest.unlink()
    assert desk.of_film() == {Kind.REFERENCE_MISSING: False, Kind.MANIFEST_MISSING: False}


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE assets SET title = 'Another', signer = 'Courier' WHERE asset_id = '{film}'", Kind.FACTS_UNBOUND),
        ("UPDATE assets SET signed_at = '2020-01-01T00:00:00Z' WHERE asset_id = '{film}'", Kind.FACTS_UNBOUND),
        ("UPDATE assets SET status = 'withdrawn' WHERE asset_id = '{film}'", Kind.FACTS_UNBOUND),
        (
            "UPDATE assets SET reference_sha256 = (SELECT reference_sha256 FROM assets WHERE asset_id != '{film}')"
            " WHERE asset_id = '{film}'",
            Kind.REFERENCE_UNBOUND,
        ),
        (
            "UPDATE fingerprints SET value = (SELECT value FROM fingerprints WHERE kind = 'iscc' AND asset_id !="
            " '{film}') WHERE kind = 'iscc' AND asset_id = '{film}'",
            Kind.FINGERPRINTS_UNBOUND,
        ),
        (
            "UPDATE fingerprints SET value = CAST(substr(value, 1, length(value) - 1) || x'55' AS BLOB)"
            " WHERE kind = 'frames' AND asset_id = '{film}'",
            Kind.FINGERPRINTS_UNBOUND,
        ),
        ("DELETE FROM fingerprints WHERE kind = 'sound' AND asset_id = '{film}'", Kind.FINGERPRINTS_UNBOUND),
        ("UPDATE fingerprints SET value = x'00' WHERE asset_id = '{film}'", Kind.FINGERPRINTS_UNBOUND),
        ("DELETE FROM log_leaves WHERE subject = '{film}'", Kind.LOG_MISSING),
        ("UPDATE events SET at = '2020-01-01T00:00:00Z' WHERE asset_id = '{film}'", Kind.LOG_DIFFERS),
        ("UPDATE events SET detail = '{{}}' WHERE asset_id = '{film}'", Kind.LOG_DIFFERS),
        (
            "UPDATE log_leaves SET data = CAST(replace(data, 'registered', 'registares') AS BLOB)"
            " WHERE subject = '{film}'",
            Kind.LOG_UNPROVEN,
        ),
        ("UPDATE log_tiles SET hashes = x'00'", Kind.LOG_UNPROVEN),
        ("UPDATE log_checkpoints SET note = replace(note, '— ', '— other')", Kind.LOG_UNPROVEN),
    ],
)
def test_what_is_not_bound_by_signature_and_log_is_told(desk: Desk, statement: str, kind: Kind) -> None:
    desk.spoil(statement)
    found = desk.of_film()
    assert found.pop(kind) is False
    assert set(found) <= {Kind.LOG_UNPROVEN, Kind.LOG_DIFFERS, Kind.REFERENCE_UNBOUND}


def test_an_event_that_was_hidden_is_missed(newsroom: Newsroom, desk: Desk) -> None:
    with open_registry(desk.settings) as registry:
        withdraw(registry, newsroom.clip.asset_id, "shows a minor", "me")
    desk.spoil(
        "DELETE FROM events WHERE asset_id = '{film}' AND kind = 'withdrawn'",
        "UPDATE assets SET status = 'registered' WHERE asset_id = '{film}'",
    )
    assert desk.of_film() == {Kind.LOG_DIFFERS: False}


def test_another_manifest_of_the_same_signer_does_not_pass(newsroom: Newsroom, desk: Desk) -> None:
    desk.spoil(
        "UPDATE manifests SET blob_sha256 = (SELECT blob_sha256 FROM manifests WHERE asset_id != '{film}')"
        " WHERE asset_id = '{film}'"
    )
    assert desk.of_film() == {Kind.MANIFEST_CHANGED: False, Kind.LOG_DIFFERS: False}


def test_it_can_be_stopped_at_any_asset(newsroom: Newsroom, desk: Desk) -> None:
    seen: list[float] = []

    def stop(share: float) -> None:
        seen.append(share)
        if share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.changes(on_progress=stop)
    assert seen == [0, 0.5]


def test_misuse_and_unknown_assets(newsroom: Newsroom, desk: Desk) -> None:
    assert run(desk.settings, "x", "--owner", "organisation:Herald").exit_code == 2
    assert run(desk.settings, "--key", "x").exit_code == 2
    unknown = run(desk.settings, "no-such-asset")
    assert (unknown.exit_code, "asset.unknown" in unknown.stderr) == (1, True)


@pytest.fixture
def elsewhere(desk: Desk, newsroom: Newsroom, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """Goes over the registry through a server, with a home of one's own."""
    reader = load_settings(tmp_path / "reader")
    shutil.copytree(newsroom.settings.anchors, reader.anchors)
    with serving(create_app(desk.settings)) as http:
        yield lambda *more: run(reader, "--registry", http.base_url, *more)


def test_a_registry_elsewhere_is_gone_over_in_the_same_way(
    newsroom: Newsroom, desk: Desk, elsewhere: Callable[..., Result]
) -> None:
    clean = elsewhere()
    assert (clean.exit_code, "2 as they were" in clean.stdout) == (0, True), clean.output
    assert "--key" in clean.stderr
    with open_registry(desk.settings) as registry:
        withdraw(registry, newsroom.photo.asset_id, "a mistake", "me")
    desk.blob("reference").write_bytes(b"another film")
    desk.spoil("UPDATE assets SET title = 'Another' WHERE asset_id = '{film}'")
    done = elsewhere("--json")
    assert done.exit_code == 6, done.output
    told = {each["asset_id"]: [c["kind"] for c in each["changes"]] for each in json.loads(done.stdout)["changed"]}
    assert told == {
        newsroom.photo.asset_id: ["withdrawn"],
        newsroom.clip.asset_id: ["facts_unbound", "reference_changed"],
    }
    assert elsewhere(newsroom.clip.asset_id, "--skip-references").stdout.count("! ") == 1
    other = elsewhere("--key", "x+00+AA")
    assert (other.exit_code, "log.vkey" in other.stderr) == (1, True)
