"""The pure parts: status codes to states, bounded CBOR, and hostile accounts of a manifest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.credentials import cbor
from provenance.credentials.certificate import SignatureBoxError, chain_of
from provenance.credentials.states import BOUND_CODES, CONTENT_CODES, Statuses, revocation_of, state_of
from provenance.credentials.store import ManifestStore
from provenance.credentials.values import CredentialState

SOUND = frozenset({"claimSignature.validated", "assertion.dataHash.match"})
DISTRUST = "signingCredential.untrusted"


@pytest.mark.parametrize(
    ("success", "failures", "library", "accepted", "state"),
    [
        (SOUND, (), "Trusted", True, "authentic"),
        (SOUND, (), "Trusted", False, "untrusted"),
        (SOUND, (DISTRUST,), "Valid", False, "untrusted"),
        (SOUND, (DISTRUST,), "Valid", True, "authentic"),
        (SOUND, ("assertion.dataHash.mismatch",), "Invalid", True, "content_changed"),
        (SOUND, ("assertion.dataHash.mismatch", "signingCredential.expired"), "Invalid", True, "invalid"),
        (SOUND, ("signingCredential.ocsp.revoked",), "Invalid", True, "invalid"),
        (SOUND, ("a.code.of.the.future",), "Trusted", True, "invalid"),
        (SOUND, (), "Invalid", True, "invalid"),
        (SOUND, (), None, True, "invalid"),
        (frozenset({"claimSignature.validated"}), (), "Trusted", True, "invalid"),
        (frozenset({"assertion.dataHash.match"}), (), "Trusted", True, "invalid"),
        (frozenset(), (), "Trusted", True, "invalid"),
    ],
)
def test_codes_decide(
    success: frozenset[str], failures: tuple[str, ...], library: str | None, accepted: bool, state: str
) -> None:
    statuses = Statuses(success=success, failures=failures, library_state=library)
    assert state_of(statuses, accepted=accepted) == state


@given(
    st.frozensets(st.sampled_from([*SOUND, *BOUND_CODES, "x"])),
    st.lists(st.sampled_from([DISTRUST, *CONTENT_CODES, "x.y"])).map(tuple),
    st.lists(st.sampled_from(["x.y"]), max_size=1).map(tuple),
)
def test_any_failure_but_distrust_keeps_it_from_being_authentic(
    success: frozenset[str], failures: tuple[str, ...], broken: tuple[str, ...]
) -> None:
    statuses = Statuses(success=success, failures=failures, broken_ingredients=broken, library_state="Trusted")
    if (set(failures) - {DISTRUST}) or broken:
        assert state_of(statuses, accepted=True) not in (CredentialState.AUTHENTIC, CredentialState.UNTRUSTED)
    assert state_of(statuses, accepted=False) is not CredentialState.AUTHENTIC


def test_revocation_is_unknown_unless_somebody_said() -> None:
    assert revocation_of(Statuses(SOUND, ())) == "unknown"
    assert revocation_of(Statuses(SOUND | {"signingCredential.ocsp.notRevoked"}, ())) == "good"
    assert revocation_of(Statuses(SOUND, ("signingCredential.ocsp.revoked",))) == "revoked"


@given(st.binary(max_size=200))
def test_any_bytes_are_cbor_or_refused(data: bytes) -> None:
    try:
        cbor.decode(data)
    except cbor.CborError:
        return
    assert data, "nothing is no item"


@pytest.mark.parametrize(
    "data",
    [
        b"\x81" * 5000 + b"\x00",
        b"\x9b" + b"\xff" * 8,
        b"\x5b" + b"\xff" * 8,
        b"\x9f\x00\xff",
        b"\xa2\x01\x00\x01\x00",
        b"\x00\x00",
        b"",
    ],
    ids=["deep", "long array", "long string", "indefinite", "repeated key", "trailing", "empty"],
)
def test_cbor_that_would_cost_or_confuse_is_refused(data: bytes) -> None:
    with pytest.raises(cbor.CborError):
        cbor.decode(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_store_or_refused(data: bytes) -> None:
    with pytest.raises(SignatureBoxError):
        chain_of(data, "urn:c2pa:x")


_KEYS = [
    "active_manifest",
    "manifests",
    "validation_results",
    "activeManifest",
    "failure",
    "code",
    "ingredients",
    "ingredientDeltas",
    "validationDeltas",
    "claim",
    "created_assertions",
    "url",
    "assertion_store",
    "m",
]
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON, _JSON)
def test_an_account_of_any_shape_is_taken_apart_without_error(summary: Any, details: Any) -> None:
    as_object = [value if isinstance(value, dict) else {"manifests": value} for value in (summary, details)]
    store = ManifestStore({"active_manifest": "m", **as_object[0]}, as_object[1])
    store.statuses()
    assert store.hard_binding()[1] in ((), ("provenance.binding.partial",))
    assert all(ingredient.relationship for ingredient in store.ingredients())
    store.actions()
    store.stated_actions()
    store.claim_generator()
    store.notes()
    store.serial()


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ({"exclusions": [{"xpath": "/mdat"}], "hash": "AAAA"}, ("provenance.binding.partial",)),
        (
            {"exclusions": [{"xpath": "/mdat", "subset": [{"offset": 8}]}], "hash": "AAAA"},
            ("provenance.binding.partial",),
        ),
        ({"exclusions": [{"xpath": "/mdat"}], "hash": "AAAA", "merkle": []}, ()),
        ({"exclusions": [{"xpath": "/uuid"}, {"xpath": "/free"}], "hash": "AAAA"}, ()),
    ],
)
def test_a_hash_that_leaves_the_media_out_is_a_fault(data: dict[str, Any], faults: tuple[str, ...]) -> None:
    label = "c2pa.hash.bmff.v3"
    manifest = {"claim": {"created_assertions": [{"url": f"self#x/{label}"}]}, "assertion_store": {label: data}}
    store = ManifestStore({"active_manifest": "m"}, {"manifests": {"m": manifest}})
    assert store.hard_binding()[1] == faults
