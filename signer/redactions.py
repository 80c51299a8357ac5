"""Assertions of earlier manifests that are taken out of the new file, which says so: to protect a source, say. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from provenance.credentials.jumbf import assertion_labels
from provenance.credentials.store import HASH_LABELS
from provenance.credentials.values import Credential
from provenance.errors import CredentialError
from signer.actions import REASONS
from signer.sources import PARENT, Source

_ADDRESS = re.compile(r"self#jumbf=/c2pa/([^/]{1,500})/c2pa\.assertions/([^/]{1,500})")
_ADDRESS_OF = "self#jumbf=/c2pa/{}/c2pa.assertions/{}"
_KEPT = ("c2pa.actions", *HASH_LABELS)


def redactions_of(texts: Iterable[str]) -> dict[str, str]:
    """What is to be redacted, by label or address, and why: ``LABEL`` or ``LABEL;reason=REASON``.

    Raises:
        CredentialError: ``sign.redaction``.
    """
    redactions = {}
    for given in texts:
        label, _, reason = (part.strip() for part in given.partition(";"))
        reason = reason.removeprefix("reason=") or REASONS[0]
        if reason not in REASONS:
            raise _refused(label, f"a reason among {', '.join(REASONS)}", reason)
        redactions[label] = reason
    return redactions


def addresses(redactions: Mapping[str, str], sources: Sequence[Source]) -> dict[str, str]:
    """The same by address inside the manifest store; a label alone is one of the parent's assertions.

    Raises:
        CredentialError: ``sign.redaction``: there is no such assertion, or it must not be redacted.
    """
    parent = next((source for source in sources if source.relationship == PARENT), None)
    found = {}
    for name, reason in redactions.items():
        given = _ADDRESS.fullmatch(name)
        manifest, label = given.groups() if given else (parent.manifest_label if parent else None, name)
        known = parent.assertions if parent is not None and manifest == parent.manifest_label else None
        if manifest is None:
            raise _refused(name, "a parent with a credential that can be read", "none")
        if label.startswith(_KEPT):
            raise _refused(name, "an assertion other than actions and content hashes", label)
        if known is not None and label not in known:
            raise _refused(name, f"an assertion of the parent: {', '.join(known)}", label)
        found[_ADDRESS_OF.format(manifest, label)] = reason
    return found


def remaining(redacted: Mapping[str, str], signed: Credential) -> tuple[str, ...]:
    """What its publisher should know, in words: where else in the new file assertions of the same names are.

    ``redacted``: by address, see ``addresses``; ``signed``: the new credential as it was read back.
    """
    names = {address.rsplit("/", 1)[-1] for address in redacted}
    found = [
        _ADDRESS_OF.format(manifest, label)
        for manifest, label in assertion_labels(signed.manifest or b"")
        if label in names and manifest != signed.manifest_label
    ]
    return tuple(f"older manifests in it still hold {address}: --redact that, too, if it is to go" for address in found)


def _refused(name: str, expected: str, found: str) -> CredentialError:
    return CredentialError(
        "sign.redaction",
        f"{name[:200]} cannot be redacted",
        expected=expected[:1000],
        found=found[:200],
        hint="provenance inspect shows the assertions of the parent; those of older manifests and of ingredients are"
        " named by their address, see docs/edits.md",
    )
