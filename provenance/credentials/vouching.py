"""Which lists vouch for what, asked of the library list by list.

Where several lists fit, the library names one of them at random, and one for timestamps as readily as one for
signers. So each list is tried alone, on the manifest store without its asset: no media is read for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.credentials.library import read_trust
from provenance.credentials.shapes import items, mapping, text
from provenance.trust.anchors import AnchorKind, AnchorList

_TRUSTED = "signingCredential.trusted"
_STAMPED = frozenset({"timeStamp.validated", "timeStamp.trusted"})


@dataclass(frozen=True, slots=True)
class Vouchers:
    """URIs of the lists that vouch for the signer, those that vouch for the timestamp, and whose ingredients hold.

    ``ingredients``: addresses, inside the store, of the signatures of ingredients whose signers are vouched for.
    """

    signer: tuple[str, ...] = ()
    timestamp: tuple[str, ...] = ()
    ingredients: frozenset[str] = frozenset()


def vouchers_of(store: bytes, chain: Sequence[x509.Certificate], anchors: Sequence[AnchorList]) -> Vouchers:
    """Try each list on a manifest store; ``chain`` are the certificates in the signature."""
    times = [a for a in anchors if a.kind is AnchorKind.TSA]
    signer: list[str] = []
    ingredients: set[str] = set()
    for vouching in (a for a in anchors if a.kind is AnchorKind.MANIFEST):
        # Lists for timestamps must stay, since a timestamp may excuse an expired certificate; but not with anchors
        # that could vouch for the signer, too.
        own = {c.issuer for c in chain} | {c.subject for c in vouching.certificates}
        results = _results(store, [vouching, *(_without(a, own) for a in times)])
        # Not by "trustListUri": it also names a list that vouches for an ingredient's signer alone.
        if _names(items(mapping(results, "activeManifest").get("success")), vouching.uri):
            signer.append(vouching.uri)
        ingredients |= _vouched_ingredients(results, vouching.uri)
    return Vouchers(
        signer=tuple(signer),
        timestamp=tuple(a.uri for a in times if _successes(_results(store, [a])) >= _STAMPED),
        ingredients=frozenset(ingredients),
    )


def _results(store: bytes, anchors: Sequence[AnchorList]) -> Mapping[str, Any]:
    return mapping(read_trust(store, anchors), "validation_results")


def _successes(results: Mapping[str, Any]) -> set[str]:
    return {str(status.get("code")) for status in items(mapping(results, "activeManifest").get("success"))}


def _vouched_ingredients(results: Mapping[str, Any], uri: str) -> set[str]:
    """Signatures of ingredients for which the list is named."""
    found: set[str] = set()
    for delta in items(results.get("ingredientDeltas")):
        found |= _names(items(mapping(delta, "validationDeltas").get("success")), uri)
    return found


def _names(successes: Sequence[Mapping[str, Any]], uri: str) -> set[str]:
    """Signatures whose signer is found trusted by this list, which only the wording of the status tells."""
    return {
        text(status.get("url")) or ""
        for status in successes
        if status.get("code") == _TRUSTED and f"[{uri}]" in (text(status.get("explanation")) or "")
    }


def _without(anchors: AnchorList, subjects: set[x509.Name]) -> AnchorList:
    kept = [c for c in anchors.certificates if c.subject not in subjects]
    return replace(anchors, pem=b"".join(c.public_bytes(Encoding.PEM) for c in kept))
