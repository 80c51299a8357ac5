"""The trust policy in force: every installed list, or what the settings' policy file says.

The file is TOML; what it names must all hold::

    lists = ["newsroom"]            # names of trust lists; every installed one where left out
    timestamp = true                # a trusted timestamp is required
    sound_history = true            # nothing it was made from may fail its own validation
    [[signers]]                     # one of these must have signed
    organisation = "Example News"   # also: common_name, fingerprint
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provenance.errors import TrustError
from provenance.settings import Settings
from provenance.trust.anchors import AnchorKind, AnchorList
from provenance.trust.policy import AllOf, AnyOf, Policy, SignedUnder, SignerIs, SoundHistory, Timestamped

MAX_POLICY_BYTES = 2**20
_KEYS = {"lists", "timestamp", "sound_history", "signers"}
_SIGNER_KEYS = {"organisation", "common_name", "fingerprint"}


def load_policy(settings: Settings, anchors: Sequence[AnchorList]) -> Policy:
    """The policy of the settings' policy file; without one, whoever an installed list vouches for is accepted.

    Raises:
        TrustError: the file cannot be read, is empty, or says something unknown.
    """
    if settings.policy_file is None:
        return SignedUnder(anchors)
    return _parse(_read(settings.policy_file), anchors)


def narrowed_policy(
    settings: Settings, anchors: Sequence[AnchorList], *, names: Sequence[str], certificates: Sequence[str]
) -> Policy:
    """The policy in force, but only for signers of these names (organisation or common name) or with these certificates
    (SHA-256, hex). Where neither is given, it is not narrowed.

    A certificate that is named needs nobody to vouch for it, unless a policy file asks for that.

    Raises:
        TrustError: as ``load_policy``.
    """
    by_name = [signer for name in names for signer in (SignerIs(organisation=name), SignerIs(common_name=name))]
    pinned = [SignerIs(fingerprint=certificate) for certificate in certificates]
    if not by_name and not pinned:
        return load_policy(settings, anchors)
    if settings.policy_file is not None:
        return AllOf(load_policy(settings, anchors), AnyOf(*by_name, *pinned))
    listed = [AllOf(SignedUnder(anchors), AnyOf(*by_name))] if by_name else []
    return AnyOf(*listed, *pinned)


def _parse(table: dict[str, Any], anchors: Sequence[AnchorList]) -> Policy:
    if not table:
        raise _refusal("trust.empty_policy", "the policy file says nothing, so it would accept nobody")
    if unknown := sorted(set(table) - _KEYS):
        raise _refusal("trust.policy_key", "the policy file says something unknown", sorted(_KEYS), unknown)
    parts: list[Policy] = []
    signers = [_signer(entry) for entry in _list_of(table, "signers", dict)]
    if "lists" in table or not all(signer.fingerprint for signer in signers) or not signers:
        parts.append(SignedUnder(_chosen(table, anchors)))
    if "signers" in table:
        parts.append(AnyOf(*signers))
    for key, policy in (("timestamp", Timestamped()), ("sound_history", SoundHistory())):
        if not isinstance(table.get(key, False), bool):
            raise _refusal("trust.policy_value", f"{key} of the policy file is not usable", ["true", "false"])
        if table.get(key, False):
            parts.append(policy)
    return AllOf(*parts)


def _chosen(table: dict[str, Any], anchors: Sequence[AnchorList]) -> list[AnchorList]:
    if "lists" not in table:
        return list(anchors)
    names = _list_of(table, "lists", str)
    usable = {a.name: a for a in anchors if a.kind is AnchorKind.MANIFEST}
    if missing := [name for name in names if name not in usable]:
        raise _refusal(
            "trust.unknown_list", "the policy file names a trust list that is not installed", sorted(usable), missing
        )
    return [usable[name] for name in names]


def _signer(entry: dict[str, Any]) -> SignerIs:
    if not entry or set(entry) - _SIGNER_KEYS or not all(isinstance(v, str) and v for v in entry.values()):
        raise _refusal(
            "trust.policy_value", "a signer of the policy file is not usable", sorted(_SIGNER_KEYS), sorted(entry)
        )
    return SignerIs(**entry)


def _list_of(table: dict[str, Any], key: str, kind: type) -> list[Any]:
    value = table.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not value or not all(isinstance(item, kind) for item in value):
        raise _refusal("trust.policy_value", f"{key} of the policy file is not usable", ["a list that is not empty"])
    return value


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_POLICY_BYTES:
            raise _refusal(
                "trust.policy_file", f"the policy file {path} is too large", [f"at most {MAX_POLICY_BYTES} bytes"]
            )
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrustError(
            "trust.policy_file",
            f"the policy file {path} cannot be read",
            expected="TOML",
            found=str(error),
            hint="correct it, or take policy_file out of the settings",
        ) from error


def _refusal(code: str, message: str, expected: Sequence[str] = (), found: Sequence[str] = ()) -> TrustError:
    return TrustError(
        code,
        message,
        expected=", ".join(expected) or None,
        found=", ".join(found) or None,
        hint="correct it, or take policy_file out of the settings",
    )
