"""The library's account of a manifest store, taken apart into facts. Pure; every value in it is foreign."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provenance.credentials.actions import read_actions
from provenance.credentials.shapes import codes, entries, items, mapping, text
from provenance.credentials.states import IDENTITY_UNKNOWN, UNTRUSTED_CODE, Statuses
from provenance.credentials.values import Action, Ingredient
from provenance.credentials.vouching import Vouchers

PARTIAL_BINDING = "provenance.binding.partial"
HASH_LABELS = ("c2pa.hash.bmff", "c2pa.hash.data", "c2pa.hash.boxes", "c2pa.hash.collection", "c2pa.hash.multi-asset")
ACTIONS_UNREAD = "provenance.actions.unread"
"""Note: some actions, or where they changed something, cannot be understood or are too many."""
ACTIONS_GATHERED = "provenance.actions.gathered"
"""Note: there are actions that the signer only carries along; C2PA 2.4 (18.15.2) wants them among what it created."""
MAX_DEPTH = 64
_ACTIONS = "c2pa.actions"
_CREATED = ("created_assertions", "assertions")
"""Lists of a claim (of version 2, of version 1) with what the signer itself states."""
_LISTS = (*_CREATED, "gathered_assertions")
_PARTS = ("merkle", "boxes", "uris")
_MEDIA_BOXES = frozenset({"/mdat", "/idat", "/moof", "/moov", "/moov/trak", "/meta"})


class ManifestStore:
    """A manifest store as the library described it, ``summary`` being its short and ``details`` its long form.

    ``vouchers``: which lists vouch for what in it.
    """

    def __init__(
        self, summary: Mapping[str, Any], details: Mapping[str, Any], vouchers: Vouchers | None = None
    ) -> None:
        self.vouchers = vouchers or Vouchers()
        self.label = text(summary.get("active_manifest"))
        self._summary = summary
        self._manifests = mapping(summary, "manifests")
        self._details = mapping(details, "manifests")
        self._results = mapping(summary, "validation_results")
        self.active = mapping(self._manifests, self.label or "")

    @property
    def vouched_by_other_kind(self) -> bool:
        """Whether the library took the word of a list that may not vouch for signers."""
        return bool(self._results.get("trustListUri")) and not self.vouchers.signer

    def statuses(self, own: tuple[str, ...] = ()) -> Statuses:
        """The status codes of this reading, together with faults found by ourselves."""
        active = mapping(self._results, "activeManifest")
        broken = [code for delta in self._deltas() for code in codes(delta.get("failure"))]
        return Statuses(
            success=frozenset(codes(active.get("success"))),
            failures=_faults(codes(active.get("failure"))),
            broken_ingredients=_faults(code for code in broken if code != UNTRUSTED_CODE),
            own=own,
            library_state=text(self._summary.get("validation_state")),
        )

    def notes(self) -> tuple[str, ...]:
        """Informational codes of the active manifest."""
        active = mapping(self._results, "activeManifest")
        unknown = (code for code in codes(active.get("failure")) if code in IDENTITY_UNKNOWN)
        return (*codes(active.get("informational")), *unknown)

    def serial(self) -> str | None:
        """The serial number, in hex, of the certificate that the library verified."""
        value = text(mapping(self.active, "signature_info").get("cert_serial_number"), 200)
        return f"{int(value):x}" if value and value.isascii() and value.isdigit() else None

    def signature_time(self) -> str | None:
        """The time of the timestamp in the signature, whoever issued it."""
        return text(mapping(self.active, "signature_info").get("time"), 100)

    def timestamp(self) -> str | None:
        """The time of a timestamp that a list for timestamps vouches for."""
        return self.signature_time() if self.vouchers.timestamp else None

    def assertions(self) -> dict[str, Any]:
        """Label to content of the assertions that the active claim names, in the claim's order."""
        return self._assertions_of(self.label)

    def manifest(self, label: str) -> Mapping[str, Any]:
        """The short account of one manifest; empty where it is not in the store."""
        return mapping(self._manifests, label)

    def actions(self) -> tuple[Mapping[str, Any], ...]:
        """What was done, in the order the manifest tells it."""
        return self.actions_of(self.label)

    def actions_of(self, label: str | None) -> tuple[Mapping[str, Any], ...]:
        """The same of any manifest in the store."""
        told = (data for name, data in self._assertions_of(label).items() if name.startswith(_ACTIONS))
        return tuple(action for data in told for action in items(mapping(data).get("actions")))

    def stated_actions(self) -> tuple[tuple[Action, ...], tuple[str, ...]]:
        """Actions that the signer states as its own, and note codes for what of them is left out."""
        created = {k: v for k, v in self._assertions_of(self.label, _CREATED).items() if k.startswith(_ACTIONS)}
        raw = [entry for data in created.values() for entry in entries(mapping(data).get("actions"))]
        stated, complete = read_actions(raw)
        gathered = any(label.startswith(_ACTIONS) and label not in created for label in self.assertions())
        notes = (*(() if complete else (ACTIONS_UNREAD,)), *((ACTIONS_GATHERED,) if gathered else ()))
        return stated, notes

    def claim_generator(self, label: str | None = None) -> str | None:
        """The program that made the claim (the active one unless another is named), with its version."""
        manifest = self.active if label is None else self.manifest(label)
        info = next(iter(items(manifest.get("claim_generator_info"))), {})
        parts = [part for part in (text(info.get("name"), 200), text(info.get("version"), 100)) if part]
        return " ".join(parts) or text(manifest.get("claim_generator"), 400)

    def claimed_time(self, label: str | None) -> str | None:
        """When its signer says it was signed: in the signature, else in its metadata, else of the first action."""
        signed = text(mapping(self.manifest(label or ""), "signature_info").get("time"), 100)
        dated = text(mapping(self._assertions_of(label).get("cawg.metadata")).get("xmp:MetadataDate"), 100)
        times = (signed, dated, *(text(action.get("when"), 100) for action in self.actions_of(label)))
        return next((time for time in times if time), None)

    def hard_binding(self) -> tuple[str | None, tuple[str, ...]]:
        """``<alg>:<hex>`` of the content hash, and our own fault codes if it leaves media out.

        An update manifest has none of its own and keeps its parent's. For a hash in several parts (Merkle tree,
        boxes, collections) it is the SHA-256 of all parts as JSON with sorted keys.
        """
        return self._hard_binding_of(self.label)

    def _hard_binding_of(self, label: str | None) -> tuple[str | None, tuple[str, ...]]:
        for _ in range(MAX_DEPTH):
            if label is None:
                break
            for name, data in self._assertions_of(label).items():
                if name.startswith(HASH_LABELS) and isinstance(data, dict):
                    return _binding(data), (PARTIAL_BINDING,) if _leaves_media_out(data) else ()
            label = self._parent_of(label)
        return None, ()

    def ingredients(self) -> tuple[Ingredient, ...]:
        """What the active manifest was made from, each with the failures in its own history, however deep."""
        return tuple(
            Ingredient(
                title=text(entry.get("title")),
                relationship=text(entry.get("relationship"), 100) or "componentOf",
                manifest_label=text(entry.get("active_manifest")),
                failures=tuple(dict.fromkeys(self._failures(entry))),
                hard_binding=self._hard_binding_of(text(entry.get("active_manifest")))[0],
                instance_id=text(entry.get("instance_id"), 1000),
                label=text(entry.get("label"), 200),
            )
            for entry in items(self.active.get("ingredients"))
        )

    def recorded_failures(self, entry: Mapping[str, Any]) -> tuple[str, ...]:
        """Failures that were recorded for an ingredient, old form and new, less distrust that does not hold here."""
        resolved = {(UNTRUSTED_CODE, url) for url in self.vouchers.ingredients}
        recorded = items(mapping(entry, "validation_results", "activeManifest").get("failure"))
        for delta in items(mapping(entry, "validation_results").get("ingredientDeltas")):
            recorded += items(mapping(delta, "validationDeltas").get("failure"))
        found = [
            (text(status.get("code"), 200), text(status.get("url")) or "")
            for status in recorded or items(entry.get("validation_status"))
        ]
        return _faults(code for code, url in found if code and (code, url) not in resolved)

    def failing_now(self, label: str) -> tuple[str, ...]:
        """Failures found now, and not when it was taken in, of a manifest that the active one builds on."""
        found = (status for delta in self._deltas() for status in items(delta.get("failure")))
        return _faults(codes([status for status in found if label in (text(status.get("url")) or "")]))

    def _failures(self, root: Mapping[str, Any]) -> Iterator[str]:
        pending, seen = [root], set[str]()
        while pending:
            entry = pending.pop()
            yield from self.recorded_failures(entry)
            label = text(entry.get("active_manifest"))
            if label is None or label in seen:
                continue
            seen.add(label)
            yield from self.failing_now(label)
            pending.extend(items(mapping(self._manifests, label).get("ingredients")))

    def _deltas(self) -> list[Mapping[str, Any]]:
        return [mapping(delta, "validationDeltas") for delta in items(self._results.get("ingredientDeltas"))]

    def _assertions_of(self, label: str | None, lists: Sequence[str] = _LISTS) -> dict[str, Any]:
        manifest = mapping(self._details, label or "")
        claim, kept = mapping(manifest, "claim"), mapping(manifest, "assertion_store")
        named = [
            (text(reference.get("url")) or "").rsplit("/", 1)[-1]
            for key in lists
            for reference in items(claim.get(key))
        ]
        return {name: kept[name] for name in named if name in kept}

    def _parent_of(self, label: str) -> str | None:
        for entry in items(mapping(self._manifests, label).get("ingredients")):
            if entry.get("relationship") == "parentOf":
                return text(entry.get("active_manifest"))
        return None


def _faults(found: Iterable[str]) -> tuple[str, ...]:
    """Each code once, without those that are none of the credential's faults."""
    return tuple(code for code in dict.fromkeys(found) if code not in IDENTITY_UNKNOWN)


def _binding(data: Mapping[str, Any]) -> str | None:
    parts = {key: data[key] for key in _PARTS if key in data}
    value = text(data.get("hash"), 1000)
    if parts:
        whole = json.dumps({**parts, "hash": value}, sort_keys=True)
        return f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}"
    try:
        return (
            f"{text(data.get('alg'), 20) or 'sha256'}:{base64.b64decode(value, validate=True).hex()}" if value else None
        )
    except (ValueError, binascii.Error):
        return None


def _leaves_media_out(data: Mapping[str, Any]) -> bool:
    """Whether a hash over boxes, without a Merkle tree for the rest, leaves out boxes of media or of how to show it."""
    paths = (text(exclusion.get("xpath"), 200) for exclusion in items(data.get("exclusions")))
    return "merkle" not in data and any(path in _MEDIA_BOXES for path in paths)
