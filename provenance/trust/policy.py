"""Trust policies: small objects that say whether a credential's signer is accepted, and compose.

They judge facts that were established before. An empty policy accepts nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from provenance.errors import TrustError
from provenance.trust.anchors import AnchorKind, AnchorList

INTACT_STATES = frozenset({"authentic", "untrusted"})
"""The credential states in which signature and content hold, so that only trust is left to decide."""


class SignerFacts(Protocol):
    """What a policy may know of a signer, from the leaf certificate."""

    @property
    def common_name(self) -> str | None:
        """Its common name, if any."""
        ...

    @property
    def organisation(self) -> str | None:
        """Its organisation, if any."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex."""
        ...


class IngredientFacts(Protocol):
    """What a policy may know of something the asset was made from."""

    @property
    def failures(self) -> tuple[str, ...]:
        """Status codes its own validation failed with."""
        ...


class CredentialFacts(Protocol):
    """What a policy may know of a credential; ``provenance.credentials.values.Credential`` is one."""

    @property
    def state(self) -> str:
        """A ``CredentialState``."""
        ...

    @property
    def signer(self) -> SignerFacts | None:
        """Who signed, if that could be read."""
        ...

    @property
    def trust_lists(self) -> tuple[str, ...]:
        """URIs of the anchor lists that vouch for the signer."""
        ...

    @property
    def timestamp(self) -> str | None:
        """Time of a trusted timestamp."""
        ...

    @property
    def ingredients(self) -> Sequence[IngredientFacts]:
        """What the asset was made from."""
        ...


@dataclass(frozen=True, slots=True)
class Assessment:
    """A policy's answer with a stable code and the reason in words."""

    accepted: bool
    code: str
    reason: str


class Policy(Protocol):
    """Anything that can say whether it accepts a credential's signer."""

    def assess(self, credential: CredentialFacts) -> Assessment:
        """Judge the signer; whether signature and content hold is not asked here."""
        ...


class SignedUnder:
    """Accepts a signer vouched for by one of these anchor lists; lists of timestamp authorities do not count."""

    def __init__(self, lists: Iterable[AnchorList]) -> None:
        self.names = {a.uri: a.name for a in lists if a.kind is AnchorKind.MANIFEST}

    def assess(self, credential: CredentialFacts) -> Assessment:
        """Accept if the list that vouches for the signer is one of ours."""
        if not self.names:
            return Assessment(False, "trust.no_lists", "no trust list is installed, so no signer is trusted")
        if not credential.trust_lists:
            return Assessment(False, "trust.no_anchor", "no trusted authority vouches for the signer")
        name = next((self.names[uri] for uri in credential.trust_lists if uri in self.names), None)
        if name is None:
            return Assessment(
                False, "trust.other_list", "the list that vouches for the signer is not one of those asked for"
            )
        return Assessment(True, "trust.listed", f"an authority of the list {name} vouches for the signer")


@dataclass(frozen=True, slots=True)
class SignerIs:
    """Accepts one signer: by certificate fingerprint (SHA-256, hex), or by name where a trusted list vouches for it.

    All that is given must hold. A name alone proves nothing, since anybody can write any name into a certificate.
    """

    fingerprint: str | None = None
    organisation: str | None = None
    common_name: str | None = None

    def assess(self, credential: CredentialFacts) -> Assessment:
        """Accept if the signer is the one meant."""
        signer = credential.signer
        wanted = [value for value in (self.fingerprint, self.organisation, self.common_name) if value]
        if not wanted:
            return Assessment(False, "trust.empty_policy", "the policy names no signer, so it accepts none")
        if signer is None:
            return Assessment(False, "trust.no_signer", "no signer is known")
        if self.fingerprint and _plain(self.fingerprint) != _plain(signer.fingerprint):
            return Assessment(False, "trust.other_signer", "another certificate signed this")
        if self.organisation and self.organisation != signer.organisation:
            return Assessment(False, "trust.other_signer", "another organisation signed this")
        if self.common_name and self.common_name != signer.common_name:
            return Assessment(False, "trust.other_signer", "somebody of another name signed this")
        if not self.fingerprint and not credential.trust_lists:
            return Assessment(False, "trust.no_anchor", "the name fits, but no trusted authority vouches for it")
        return Assessment(True, "trust.signer", "the signer is the one asked for")


class Timestamped:
    """Accepts what carries a timestamp of a trusted time-stamping authority."""

    def assess(self, credential: CredentialFacts) -> Assessment:
        """Accept if a trusted timestamp was found."""
        if credential.timestamp is None:
            return Assessment(False, "trust.no_timestamp", "there is no timestamp of a trusted authority")
        return Assessment(True, "trust.timestamped", f"a trusted authority saw it at {credential.timestamp}")


class SoundHistory:
    """Accepts what was made only from material whose own credentials hold, or which has none."""

    def assess(self, credential: CredentialFacts) -> Assessment:
        """Accept if no ingredient failed its own validation."""
        failed = [code for ingredient in credential.ingredients for code in ingredient.failures]
        if failed:
            return Assessment(False, "trust.unsound_history", f"it was made from material that fails: {failed[0]}")
        return Assessment(True, "trust.sound_history", "nothing it was made from fails its own validation")


class AllOf:
    """Accepts what every one of these accepts; with none, nothing."""

    def __init__(self, *policies: Policy) -> None:
        self.policies = policies

    def assess(self, credential: CredentialFacts) -> Assessment:
        """Accept if all do; else the first refusal."""
        if not self.policies:
            return _EMPTY
        assessments = [policy.assess(credential) for policy in self.policies]
        refused = next((a for a in assessments if not a.accepted), None)
        return refused or Assessment(True, assessments[0].code, "; ".join(a.reason for a in assessments))


class AnyOf:
    """Accepts what at least one of these accepts; with none, nothing."""

    def __init__(self, *policies: Policy) -> None:
        self.policies = policies

    def assess(self, credential: CredentialFacts) -> Assessment:
        """Accept if one does; else the refusals of all."""
        if not self.policies:
            return _EMPTY
        assessments = [policy.assess(credential) for policy in self.policies]
        accepted = next((a for a in assessments if a.accepted), None)
        return accepted or Assessment(False, assessments[0].code, "; ".join(a.reason for a in assessments))


_EMPTY = Assessment(False, "trust.empty_policy", "the policy is empty, so it accepts nobody")


def require_trust(policy: Policy, credential: CredentialFacts) -> Assessment:
    """The policy's acceptance of a credential whose signature and content hold.

    Raises:
        TrustError: the credential does not hold, or the policy refuses its signer.
    """
    if credential.state not in INTACT_STATES:
        raise TrustError(
            "trust.not_intact",
            "the credential cannot be trusted, whoever signed it",
            expected="a credential whose signature and content hold",
            found=str(credential.state),
            hint="`provenance inspect FILE` says what is wrong with it",
        )
    assessment = policy.assess(credential)
    if not assessment.accepted:
        raise TrustError(
            assessment.code,
            "the signer is not accepted by the trust policy",
            found=assessment.reason,
            hint="`provenance trust list` shows whose word is taken, `provenance trust add` adds an authority",
        )
    return assessment


def _plain(fingerprint: str) -> str:
    return fingerprint.replace(":", "").replace(" ", "").lower()
