"""A certificate recorded as revoked: for good, in the log, and named by whoever reads its assets from then on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from newsroom import Newsroom, make_photo
from postgres import BACKENDS
from support.time_authority import TimeAuthority, serving

from provenance.assets import Capture
from provenance.cli import main
from provenance.credentials.reader import read_credential
from provenance.errors import RegistryError, TrustError
from provenance.revocation import Revocation
from provenance.settings import Settings
from provenance.trust.anchors import AnchorKind, AnchorList, add_anchors, load_anchors
from registry.assets import list_assets
from registry.backup import faults
from registry.catalog import LocalCatalog
from registry.log.audit import audit
from registry.log.local import LocalLog
from registry.log.sequencing import verifier_of
from registry.revocations import revocation_of, revoke_key
from registry.store import Registry
from signer.authorities import Authorities, StampPolicy
from signer.sign import sign_file
from verifier.pipeline import verify

SINCE = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Stamped:
    """A photograph of the Herald with a time stamp, and the anchors that vouch for both."""

    path: Path
    anchors: tuple[AnchorList, ...]
    certificate: str
    at: datetime


@pytest.fixture(scope="module")
def stamped(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Stamped:
    folder = tmp_path_factory.mktemp("stamped")
    source, path = make_photo(folder / "chelsea.jpg", "chelsea.png"), folder / "signed.jpg"
    with serving(TimeAuthority(tmp_path_factory.mktemp("tsa"))) as authority:
        add_anchors(folder, "time", authority.root_pem, kind=AnchorKind.TSA)
        anchors = (*newsroom.anchors, *load_anchors(folder))
        authorities = Authorities((authority.url("good"),), StampPolicy.REQUIRE, 10)
        capture, settings = Capture(source, "A cat"), newsroom.settings
        sign_file(capture, path, key=newsroom.herald, settings=settings, anchors=anchors, authorities=authorities)
    credential = read_credential(path, anchors=anchors, policy=newsroom.policy)
    assert credential.timestamp is not None
    assert credential.signer is not None
    return Stamped(path, anchors, credential.signer.fingerprint, datetime.fromisoformat(credential.timestamp))


def refusal(newsroom: Newsroom, registry: Registry, path: Path, settings: Settings, **options: object) -> TrustError:
    with pytest.raises(TrustError) as caught:
        newsroom.register(registry, path, settings, **options)
    return caught.value


@BACKENDS
def test_what_a_revoked_certificate_signed_is_not_registered(
    newsroom: Newsroom, registry: Registry, settings: Settings, stamped: Stamped
) -> None:
    done = newsroom.register(registry, newsroom.photo.path, settings)
    revoke_key(registry, stamped.certificate, SINCE, "laptop stolen", "editor")
    error = refusal(newsroom, registry, newsroom.clip.path, settings)
    assert error.code == "registry.certificate_revoked"
    assert "from before 2026-11-20T00:00:00.000000Z" in str(error.expected)
    assert "no trusted time stamp" in str(error.found)
    assert "laptop stolen" in str(error.found)
    assert "sign the source again" in str(error.hint)
    # What is registered stays, and its owner may say so again; another newsroom is not concerned.
    assert newsroom.register(registry, newsroom.photo.path, settings).asset_id == done.asset_id
    assert [asset.asset_id for asset in list_assets(registry, 10)] == [done.asset_id]


def test_a_trusted_time_stamp_from_before_the_revocation_lets_it_in(
    newsroom: Newsroom, registry: Registry, settings: Settings, stamped: Stamped
) -> None:
    revoke_key(registry, stamped.certificate, stamped.at + timedelta(seconds=1), "laptop stolen", "editor")
    # Without the list of its authority nobody vouches for the time.
    assert "no trusted time stamp" in str(refusal(newsroom, registry, stamped.path, settings).found)
    assert newsroom.register(registry, stamped.path, settings, anchors=stamped.anchors).created


@pytest.mark.parametrize("later", [0, 1])
def test_a_time_stamp_that_is_no_older_than_the_revocation_proves_nothing(
    newsroom: Newsroom, registry: Registry, settings: Settings, stamped: Stamped, later: int
) -> None:
    revoke_key(registry, stamped.certificate, stamped.at - timedelta(seconds=later), "laptop stolen", "editor")
    error = refusal(newsroom, registry, stamped.path, settings, anchors=stamped.anchors)
    assert f"a time stamp from {stamped.at.isoformat()}"[:40] in str(error.found)
    assert list_assets(registry, 10) == []


def test_a_certificate_that_is_revoked_while_its_film_is_decoded_is_refused(
    newsroom: Newsroom, registry: Registry, settings: Settings, stamped: Stamped
) -> None:
    def revoke(_share: float) -> None:
        with registry.reading() as session:
            known = revocation_of(session, stamped.certificate)
        if known is None:
            revoke_key(registry, stamped.certificate, SINCE, "laptop stolen", "editor")

    error = refusal(newsroom, registry, newsroom.clip.path, settings, on_progress=revoke)
    assert error.code == "registry.certificate_revoked"
    assert list_assets(registry, 10) == []


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
