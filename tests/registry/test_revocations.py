"""A certificate recorded as revoked: for good, in the log, and named by whoever reads its assets from then on."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from newsroom import Newsroom
from postgres import BACKENDS

from provenance.cli import main
from provenance.errors import RegistryError
from provenance.revocation import Revocation
from provenance.settings import Settings
from registry.backup import faults
from registry.catalog import LocalCatalog
from registry.log.audit import audit
from registry.log.local import LocalLog
from registry.log.sequencing import verifier_of
from registry.revocations import revoke_key
from registry.store import Registry
from verifier.pipeline import verify

SINCE = datetime(2026, 11, 20, tzinfo=UTC)


@BACKENDS
def test_a_match_of_a_revoked_signer_says_so_from_then_on(
    newsroom: Newsroom, registry: Registry, settings: Settings
) -> None:
    asset_id = newsroom.register(registry, newsroom.photo.path, settings).asset_id
    catalog = LocalCatalog(registry)
    before = catalog.original(asset_id)
    assert before is not None
    assert before.revoked is None
    revoke_key(registry, before.signer_fingerprint, SINCE, "laptop stolen", "editor")
    after = catalog.original(asset_id)
    assert after is not None
    assert after.revoked is not None
    assert (after.revoked.since, after.revoked.reason) == ("2026-11-20T00:00:00.000000Z", "laptop stolen")
    receipt = LocalLog(registry).receipt(before.signer_fingerprint)
    assert receipt is not None
    leaf = json.loads(receipt.leaf)
    assert (leaf["kind"], leaf["certificate"], leaf["since"]) == (
        "key_revoked",
        before.signer_fingerprint,
        after.revoked.since,
    )
    assert b"stolen" not in receipt.leaf
    assert audit(LocalLog(registry), verifier_of(registry)).entries == {"registered": 1, "key_revoked": 1}
    assert list(faults(registry)) == []


def test_the_report_names_the_revocation(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    newsroom.register(registry, newsroom.photo.path, settings)
    catalog = LocalCatalog(registry)

    def report() -> dict[str, object]:
        told = verify(
            newsroom.photo.path, catalog=catalog, settings=settings, anchors=newsroom.anchors, policy=newsroom.policy
        ).as_json()
        return {"summary": told["summary"], "verdict": told["verdict"], **told["matches"][0]}

    first = report()
    assert (first["status"], first["revoked"]) == ("registered", None)
    original = catalog.original(newsroom.photo.asset_id)
    assert original is not None
    revoke_key(registry, original.signer_fingerprint, SINCE, "laptop stolen", "editor")
    then = report()
    assert then["verdict"] == first["verdict"]
    assert str(then["summary"]).endswith("The certificate of its signer, Herald, was revoked as of 2026-11-20.")
    assert then["revoked"]["reason"] == "laptop stolen"  # type: ignore[index]


def test_what_was_recorded_of_a_certificate_stays(registry: Registry, settings: Settings) -> None:
    def code(fingerprint: str, reason: str = "why") -> str:
        with pytest.raises(RegistryError) as caught:
            revoke_key(registry, fingerprint, SINCE, reason, "me")
        return caught.value.code

    revoke_key(registry, ":".join(["AB"] * 32), SINCE, "why", "me")
    assert code("ab" * 32, "another reason") == "revocation.known"
    assert code("ab" * 31) == "revocation.fingerprint"
    assert code("../../etc/passwd") == "revocation.fingerprint"
    assert code("cd" * 32, "") == "revocation.reason"
    command = [
        "--home",
        str(settings.home),
        "assets",
        "revoke-key",
        "ef" * 32,
        "--at",
        "2026-01-02",
        "--reason",
        "lost",
    ]
    assert CliRunner().invoke(main, command).exit_code == 0
    assert CliRunner().invoke(main, command).exit_code == 1
    assert audit(LocalLog(registry), verifier_of(registry)).entries == {"key_revoked": 2}


def test_a_revocation_is_said_in_words() -> None:
    assert (
        Revocation("2026-01-02", "2026-01-03", "lost").words == "revoked as of 2026-01-02 (recorded 2026-01-03): lost"
    )
