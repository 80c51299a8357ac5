"""A credential for people and for programs: the same facts as rows of text and as JSON. Pure; escapes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provenance.credentials.shapes import items, mapping, text
from provenance.credentials.values import Credential, CredentialState, Ingredient
from provenance.presentation.words import CREDENTIALS, REVOCATIONS

SCHEMA = "provenance.inspect/1"
_SOFT_BINDING = "c2pa.soft-binding"
_VALUE_CHARACTERS = 80


def explanation(credential: Credential) -> str:
    """One sentence that says what the state means for this file."""
    if credential.state is CredentialState.UNSUPPORTED and credential.remote_url:
        return "The file only names a remote address for its credential, and that is never fetched."
    if credential.state is CredentialState.NONE and credential.problem:
        return "No credential was found, and the file could not be parsed to the end."
    failing = sum(bool(ingredient.failures) for ingredient in credential.ingredients)
    if credential.state is CredentialState.AUTHENTIC and failing:
        return f"{CREDENTIALS['authentic']} But {failing} of what it was made from fails validation."
    return CREDENTIALS[credential.state.value]


def as_json(name: str, credential: Credential) -> dict[str, Any]:
    """Everything that ``as_rows`` says, for programs."""
    signer = credential.signer
    return {
        "schema": SCHEMA,
        "file": name,
        "state": credential.state.value,
        "explanation": explanation(credential),
        "problem": credential.problem,
        "codes": list(credential.codes),
        "notes": list(credential.notes),
        "signer": None
        if signer is None
        else {
            "name": signer.name,
            "common_name": signer.common_name,
            "organisation": signer.organisation,
            "fingerprint": signer.fingerprint,
            "serial": signer.serial,
            "issuer": signer.issuer,
            "not_before": signer.not_before,
            "not_after": signer.not_after,
        },
        "trust": {
            "lists": list(credential.trust_lists),
            "code": credential.trust_code,
            "reason": credential.trust_reason,
        },
        "timestamp": credential.timestamp,
        "claimed_time": credential.claimed_time,
        "revocation": credential.revocation,
        "title": credential.title,
        "manifest_label": credential.manifest_label,
        "hard_binding": credential.hard_binding,
        "claim_generator": credential.claim_generator,
        "actions": [dict(action) for action in credential.actions],
        "ingredients": [_ingredient(ingredient) for ingredient in credential.ingredients],
        "assertions": list(credential.assertions),
        "soft_bindings": [{"alg": alg, "value": value} for alg, value in soft_bindings(credential)],
        "sidecar": credential.sidecar,
        "remote_url": credential.remote_url,
    }


def as_rows(credential: Credential) -> Iterator[tuple[str, str]]:
    """Label and value of each fact, in the order a person asks for them; values that go on have an empty label."""
    yield "State", f"{credential.state.value}: {explanation(credential)}"
    yield from _several("Failures", credential.codes)
    if credential.problem:
        yield "Problem", credential.problem
    if credential.remote_url:
        yield "Remote", f"{credential.remote_url} (not fetched)"
    if credential.manifest_label is None:
        return
    yield from _signer_rows(credential)
    yield "Title", credential.title or "(none)"
    yield "Made with", credential.claim_generator or "(not said)"
    yield from _several("Actions", [_action(action) for action in credential.actions])
    yield from _several("Made from", [_ingredient_text(ingredient) for ingredient in credential.ingredients])
    yield from _several("Assertions", list(credential.assertions))
    yield from _several("Soft binding", [f"{alg} {_short(value)}" for alg, value in soft_bindings(credential)])
    yield "Content hash", credential.hard_binding or "(none)"
    yield "Manifest", credential.manifest_label + (" (in a sidecar)" if credential.sidecar else "")
    yield from _several("Notes", credential.notes)


def soft_bindings(credential: Credential) -> Iterator[tuple[str, str]]:
    """Algorithm and value of each soft binding; ``value`` may be empty."""
    for label, data in credential.assertions.items():
        if label.startswith(_SOFT_BINDING):
            binding = mapping(data)
            for block in items(binding.get("blocks")):
                yield text(binding.get("alg"), 100) or "(no algorithm)", text(block.get("value")) or ""


def _signer_rows(credential: Credential) -> Iterator[tuple[str, str]]:
    signer = credential.signer
    if signer is None:
        yield "Signer", "(the certificate cannot be read)"
    else:
        person = f" ({signer.common_name})" if signer.organisation and signer.common_name else ""
        yield "Signer", signer.name + person
        yield "Certificate", f"sha256 {signer.fingerprint}"
        yield "", f"serial {signer.serial}, issued by {signer.issuer or '(no name)'}"
        yield "", f"valid {(signer.not_before or '?')[:10]} to {(signer.not_after or '?')[:10]}"
    yield "Trust", credential.trust_reason or "(not judged)"
    yield "Revocation", REVOCATIONS[credential.revocation]
    if credential.timestamp:
        yield "Timestamp", f"{credential.timestamp} (trusted)"
    else:
        claimed = f"; the signer says {credential.claimed_time}" if credential.claimed_time else ""
        yield "Timestamp", f"none that is trusted{claimed}"


def _several(label: str, values: tuple[str, ...] | list[str]) -> Iterator[tuple[str, str]]:
    for number, value in enumerate(values):
        yield "" if number else label, value


def _action(action: Mapping[str, Any]) -> str:
    source = (text(action.get("digitalSourceType"), 300) or "").rsplit("/", 1)[-1]
    parts = [text(action.get("action"), 200) or "(no name)", source, text(action.get("when"), 100)]
    described = text(action.get("description"), 300)
    return ", ".join(part for part in parts if part) + (f": {described}" if described else "")


def _ingredient(ingredient: Ingredient) -> dict[str, Any]:
    return {
        "title": ingredient.title,
        "relationship": ingredient.relationship,
        "manifest_label": ingredient.manifest_label,
        "hard_binding": ingredient.hard_binding,
        "instance_id": ingredient.instance_id,
        "failures": list(ingredient.failures),
    }


def _ingredient_text(ingredient: Ingredient) -> str:
    name = f"{ingredient.relationship} “{ingredient.title or '(no title)'}”"
    if ingredient.failures:
        return f"{name}: FAILS {', '.join(ingredient.failures)}"
    return name + (": its credential holds" if ingredient.manifest_label else ": without a credential")


def _short(value: str) -> str:
    return value if len(value) <= _VALUE_CHARACTERS else f"{value[:_VALUE_CHARACTERS]}… ({len(value)} characters)"
