"""Certificates with something wrong, timestamps, and who may vouch for what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import forge
import pki
import pytest
import tsa
from credential_world import World, sign
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from provenance.credentials.values import CredentialState
from provenance.trust.anchors import AnchorKind, AnchorList
from provenance.trust.policy import AllOf, SignedUnder, SignerIs, Timestamped
from provenance.trust.purposes import CLAIM_SIGNING

Signed = Callable[[str], Path]
EXPIRED = {"not_before": pki.NOW - 100 * pki.DAY, "not_after": pki.NOW - 10 * pki.DAY}


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        (EXPIRED, "signingCredential.expired"),
        ({"not_before": pki.NOW + 10 * pki.DAY}, "signingCredential.expired"),
        ({"usage": ExtendedKeyUsageOID.SERVER_AUTH}, "signingCredential.invalid"),
    ],
    ids=["expired", "not yet valid", "wrong extended key usage"],
)
def test_a_faulty_certificate_is_invalid(
    world: World, signed: Signed, tmp_path: Path, faults: dict[str, object], code: str
) -> None:
    source = signed("a.jpg")
    store = world.read(source).manifest
    assert store is not None
    data, twin = forge.swap_certificate(source.read_bytes(), store, world.newsroom, world.intermediate, **faults)
    (tmp_path / "a.jpg").write_bytes(data)
    credential = world.read(tmp_path / "a.jpg")
    assert credential.state is CredentialState.INVALID
    assert code in credential.codes
    assert credential.signer is not None
    assert credential.signer.fingerprint == twin.fingerprint


def test_a_forged_twin_without_fault_is_authentic(world: World, signed: Signed, tmp_path: Path) -> None:
    source = signed("a.jpg")
    store = world.read(source).manifest
    assert store is not None
    data, _ = forge.swap_certificate(source.read_bytes(), store, world.newsroom, world.intermediate)
    (tmp_path / "a.jpg").write_bytes(data)
    assert world.read(tmp_path / "a.jpg").state is CredentialState.AUTHENTIC


@pytest.mark.parametrize("purpose", CLAIM_SIGNING)
def test_every_purpose_that_the_standard_allows_is_authentic(
    world: World, media: Path, tmp_path: Path, purpose: str
) -> None:
    identity = pki.leaf(world.intermediate, usage=ObjectIdentifier(purpose))
    sign(media / "a.jpg", tmp_path / "a.jpg", identity)
    credential = world.read(tmp_path / "a.jpg")
    assert (credential.state, credential.codes) == (CredentialState.AUTHENTIC, ())


def test_a_self_signed_certificate_is_untrusted(world: World, media: Path, tmp_path: Path) -> None:
    sign(media / "a.jpg", tmp_path / "a.jpg", pki.leaf(None))
    credential = world.read(tmp_path / "a.jpg")
    assert credential.state is CredentialState.UNTRUSTED
    assert credential.codes == ("signingCredential.untrusted",)
    assert credential.signer is not None
    assert credential.signer.organisation == "Test Newsroom", "a name alone proves nothing"


def test_without_anchors_nobody_is_trusted(world: World, signed: Signed) -> None:
    credential = world.read(signed("a.jpg"), anchors=())
    assert credential.state is CredentialState.UNTRUSTED
    assert credential.trust_code == "trust.no_lists"


def test_an_anchor_for_timestamps_does_not_vouch_for_a_signer(world: World, signed: Signed) -> None:
    only_times = (AnchorList("urn:test:only-times", "only-times", world.root.pem, AnchorKind.TSA),)
    credential = world.read(signed("a.jpg"), anchors=only_times)
    assert credential.state is CredentialState.UNTRUSTED
    assert credential.trust_list is None
    assert credential.codes == ("signingCredential.untrusted",)


@pytest.mark.parametrize("order", [1, -1])
def test_a_root_in_several_lists_vouches_for_a_signer_in_those_for_signers(
    world: World, signed: Signed, order: int
) -> None:
    lists = (
        AnchorList("urn:test:one", "one", world.root.pem),
        AnchorList("urn:test:times", "times", world.root.pem, AnchorKind.TSA),
        AnchorList("urn:test:two", "two", world.tsa_root.pem + world.root.pem),
    )[::order]
    for number in (0, 2):
        credential = world.read(signed("a.jpg"), anchors=lists, policy=SignedUnder([lists[number]]))
        assert credential.state is CredentialState.AUTHENTIC
        assert sorted(credential.trust_lists) == ["urn:test:one", "urn:test:two"]
    times = world.read(signed("a.jpg"), anchors=lists, policy=SignedUnder([lists[1]]))
    assert times.state is CredentialState.UNTRUSTED


def test_a_pinned_certificate_is_trusted_without_any_list(world: World, media: Path, tmp_path: Path) -> None:
    own = pki.leaf(None)
    sign(media / "a.jpg", tmp_path / "a.jpg", own)
    credential = world.read(tmp_path / "a.jpg", policy=SignerIs(fingerprint=own.fingerprint.upper()))
    assert credential.state is CredentialState.AUTHENTIC
    assert credential.codes == ()


@pytest.fixture(scope="session")
def stamped(world: World, media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stamped") / "a.jpg"
    with tsa.serve(world.tsa, pki.NOW) as url:
        sign(media / "a.jpg", path, world.newsroom, tsa_url=url)
    return path


def test_a_trusted_timestamp_is_told(world: World, stamped: Path) -> None:
    policy = AllOf(SignedUnder(world.anchors), Timestamped())
    credential = world.read(stamped, policy=policy)
    assert credential.state is CredentialState.AUTHENTIC
    assert credential.timestamp == pki.NOW.isoformat()


def test_a_timestamp_of_an_unknown_authority_is_only_a_claim(world: World, stamped: Path) -> None:
    credential = world.read(stamped, anchors=world.anchors[:1])
    assert credential.state is CredentialState.AUTHENTIC
    assert credential.timestamp is None
    assert credential.claimed_time == pki.NOW.isoformat()
    assert "timeStamp.untrusted" in credential.notes
    required = AllOf(SignedUnder(world.anchors), Timestamped())
    refused = world.read(stamped, anchors=world.anchors[:1], policy=required)
    assert (refused.state, refused.trust_code) == (CredentialState.UNTRUSTED, "trust.no_timestamp")


@pytest.mark.parametrize(
    ("anchor_kind", "state"),
    [(AnchorKind.TSA, CredentialState.AUTHENTIC), (AnchorKind.MANIFEST, CredentialState.INVALID)],
)
def test_only_a_timestamp_of_a_list_for_timestamps_excuses_an_expired_certificate(
    world: World, stamped: Path, tmp_path: Path, anchor_kind: AnchorKind, state: CredentialState
) -> None:
    store = world.read(stamped).manifest
    assert store is not None
    then = pki.NOW - 50 * pki.DAY
    data, _ = forge.swap_certificate(
        stamped.read_bytes(),
        store,
        world.newsroom,
        world.intermediate,
        stamp=lambda message: tsa.token(message, world.tsa, then),
        **EXPIRED,
    )
    (tmp_path / "a.jpg").write_bytes(data)
    times = AnchorList("urn:test:times", "times", world.tsa_root.pem, anchor_kind)
    credential = world.read(tmp_path / "a.jpg", anchors=(world.anchors[0], times))
    assert credential.state is state
    assert credential.timestamp == (then.isoformat() if state is CredentialState.AUTHENTIC else None)


def test_a_certificate_that_expires_later_is_invalid_from_then_on(world: World, signed: Signed) -> None:
    later = world.newsroom.certificate.not_valid_after_utc + pki.DAY
    credential = world.read(signed("a.jpg"), now=later)
    assert credential.state is CredentialState.INVALID
    assert credential.codes == ("signingCredential.expired",)
