"""Policies compose, empty ones accept nobody, and a name proves nothing by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from credential_world import World
from hypothesis import given
from hypothesis import strategies as st

from provenance.credentials.values import Credential, CredentialState, Ingredient, Signer
from provenance.errors import TrustError
from provenance.settings import load_settings
from provenance.trust.anchors import AnchorKind, AnchorList
from provenance.trust.policy import (
    AllOf,
    AnyOf,
    Assessment,
    CredentialFacts,
    Policy,
    SignedUnder,
    SignerIs,
    SoundHistory,
    Timestamped,
    require_trust,
)
from provenance.trust.policy_file import load_policy

LIST = AnchorList("urn:one", "one", b"")
SIGNER = Signer("Desk", "Newsroom", "ab" * 32, "1", "Root")
LISTED = Credential(CredentialState.AUTHENTIC, signer=SIGNER, trust_lists=("urn:one",))
UNLISTED = Credential(CredentialState.UNTRUSTED, signer=SIGNER)


class Fixed:
    def __init__(self, accepted: bool) -> None:
        self.accepted = accepted

    def assess(self, credential: CredentialFacts) -> Assessment:
        return Assessment(self.accepted, "test", "because")


@pytest.mark.parametrize("policy", [AllOf(), AnyOf(), SignedUnder([]), SignerIs(), AllOf(AnyOf()), AnyOf(AllOf())])
def test_an_empty_policy_accepts_nobody(policy: Policy) -> None:
    assert not policy.assess(LISTED).accepted
    with pytest.raises(TrustError):
        require_trust(policy, LISTED)


@given(st.lists(st.booleans(), max_size=6))
def test_all_of_and_any_of_are_all_and_any_of_something(words: list[bool]) -> None:
    policies = [Fixed(word) for word in words]
    assert AllOf(*policies).assess(LISTED).accepted == (bool(words) and all(words))
    assert AnyOf(*policies).assess(LISTED).accepted == any(words)


def test_a_list_for_timestamps_is_no_list_for_signers() -> None:
    assert not SignedUnder([AnchorList("urn:one", "one", b"", AnchorKind.TSA)]).assess(LISTED).accepted
    assert SignedUnder([LIST]).assess(LISTED).accepted
    assert SignedUnder([AnchorList("urn:two", "two", b"")]).assess(LISTED).code == "trust.other_list"


@pytest.mark.parametrize(
    ("policy", "credential", "accepted"),
    [
        (SignerIs(organisation="Newsroom"), LISTED, True),
        (SignerIs(organisation="Newsroom"), UNLISTED, False),
        (SignerIs(organisation="newsroom"), LISTED, False),
        (SignerIs(organisation="Newsroom", common_name="Other"), LISTED, False),
        (SignerIs(fingerprint="AB:" * 31 + "AB"), UNLISTED, True),
        (SignerIs(fingerprint="ab" * 31), UNLISTED, False),
        (SignerIs(fingerprint="ab" * 32, organisation="Other"), UNLISTED, False),
        (SignerIs(organisation="Newsroom"), Credential(CredentialState.NONE), False),
    ],
)
def test_a_signer_is_known_by_certificate_or_by_a_name_that_is_vouched_for(
    policy: SignerIs, credential: Credential, accepted: bool
) -> None:
    assert policy.assess(credential).accepted is accepted


def test_timestamp_and_history_are_judged() -> None:
    assert not Timestamped().assess(LISTED).accepted
    stamped = Credential(CredentialState.AUTHENTIC, timestamp="2026-01-01T00:00:00+00:00")
    assert Timestamped().assess(stamped).accepted
    failing = Credential(CredentialState.AUTHENTIC, ingredients=(Ingredient("x", "parentOf", None, ("a.b",)),))
    assert SoundHistory().assess(LISTED).accepted
    assert not SoundHistory().assess(failing).accepted


@pytest.mark.parametrize("state", [s for s in CredentialState if s not in ("authentic", "untrusted")])
def test_what_does_not_hold_is_never_trusted_whoever_signed(state: CredentialState) -> None:
    credential = Credential(state, signer=SIGNER, trust_lists=("urn:one",))
    with pytest.raises(TrustError) as caught:
        require_trust(SignedUnder([LIST]), credential)
    assert caught.value.code == "trust.not_intact"


def policy_of(tmp_path: Path, text: str, anchors: tuple[AnchorList, ...] = (LIST,)) -> Policy:
    file = tmp_path / "policy.toml"
    file.write_text(text)
    return load_policy(load_settings(tmp_path, policy_file=file), anchors)


def test_without_a_policy_file_every_installed_list_is_believed(world: World, tmp_path: Path) -> None:
    assert load_policy(load_settings(tmp_path), (LIST,)).assess(LISTED).accepted
    assert not load_policy(load_settings(tmp_path), ()).assess(LISTED).accepted


def test_a_policy_file_is_all_that_it_says(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, 'lists = ["one"]\n[[signers]]\norganisation = "Newsroom"\n')
    assert policy.assess(LISTED).accepted
    assert not policy.assess(UNLISTED).accepted
    assert not policy_of(tmp_path, 'lists = ["one"]\ntimestamp = true').assess(LISTED).accepted
    assert policy_of(tmp_path, f'[[signers]]\nfingerprint = "{"ab" * 32}"').assess(UNLISTED).accepted
    assert not policy_of(tmp_path, '[[signers]]\norganisation = "Newsroom"').assess(UNLISTED).accepted


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "trust.empty_policy"),
        ("lists = []", "trust.policy_value"),
        ("signers = []", "trust.policy_value"),
        ('lists = ["absent"]', "trust.unknown_list"),
        ('timestamp = "yes"', "trust.policy_value"),
        ("timestmap = true", "trust.policy_key"),
        ('[[signers]]\nname = "x"', "trust.policy_value"),
        ("[[signers]]\norganisation = 3", "trust.policy_value"),
        ("not toml", "trust.policy_file"),
    ],
)
def test_a_policy_file_that_says_nothing_or_nonsense_is_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(TrustError) as caught:
        policy_of(tmp_path, text)
    assert caught.value.code == code


def test_a_policy_file_that_only_says_no_still_needs_a_list(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, "timestamp = false")
    assert policy.assess(LISTED).accepted
    assert not policy.assess(UNLISTED).accepted
