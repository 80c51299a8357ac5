"""What can be wrong with an asset, and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from provenance.credentials.values import CredentialState
from provenance.replacing import commands_to_replace, shell_word, signed_beside


class Fault(StrEnum):
    """Why an asset does not pass. The values are stable: baselines and reports name them."""

    UNSIGNED = "unsigned"
    CHANGED = "changed"
    INVALID = "invalid"
    BROKEN = "broken"
    UNTRUSTED = "untrusted"
    UNREADABLE = "unreadable"
    POINTER = "pointer"
    UNREGISTERED = "unregistered"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


OF_STATE = {
    CredentialState.NONE: Fault.UNSIGNED,
    CredentialState.UNSUPPORTED: Fault.UNSIGNED,
    CredentialState.CONTENT_CHANGED: Fault.CHANGED,
    CredentialState.INVALID: Fault.INVALID,
    CredentialState.BROKEN: Fault.BROKEN,
    CredentialState.UNTRUSTED: Fault.UNTRUSTED,
}

TITLES = {
    Fault.UNSIGNED: "The asset carries no credential",
    Fault.CHANGED: "The asset was changed after it was signed",
    Fault.INVALID: "The credential of the asset does not hold",
    Fault.BROKEN: "The credential of the asset cannot be read",
    Fault.UNTRUSTED: "The asset was signed by somebody who is not allowed to",
    Fault.UNREADABLE: "The asset cannot be read as media",
    Fault.POINTER: "The asset is not there, only a pointer of Git LFS to it",
    Fault.UNREGISTERED: "The asset is not in the registry",
    Fault.WITHDRAWN: "The asset was withdrawn from the registry",
    Fault.REVOKED: "The certificate that signed the asset was revoked",
}

REMEDIES = {
    Fault.UNSIGNED: "sign it with `provenance sign FILE`, then commit the signed file in its place",
    Fault.CHANGED: "bring back the file as it was signed; a wanted change is signed anew from the file before it",
    Fault.INVALID: "`provenance inspect FILE` says what does not hold; sign it anew from its source",
    Fault.BROKEN: "fetch the file again from where it was signed, or sign it anew from its source",
    Fault.UNTRUSTED: "have it signed by an allowed signer; for one who is allowed, `provenance trust add` the"
    " authority, or name them with --signer or --signer-sha256",
    Fault.UNREADABLE: "repair or remove the file; what is no asset goes into .provenanceignore",
    Fault.POINTER: "fetch the files themselves with `git lfs pull`, or lfs: true in the checkout",
    Fault.UNREGISTERED: "`provenance register FILE`",
    Fault.WITHDRAWN: "take the file out, or ask its owner why it was withdrawn",
    Fault.REVOKED: "have it signed with a key whose certificate stands",
}
"""What to do about each, with FILE for the asset's name."""


def remedy(fault: Fault, path: Path) -> str:
    """What to do about this asset's fault: one sentence with the command to type, quoted for a shell."""
    if fault is Fault.UNSIGNED and signed_beside(path).is_file():
        return f"a signed one lies beside it: `{commands_to_replace(path)}`"
    return REMEDIES[fault].replace("FILE", shell_word(path))
