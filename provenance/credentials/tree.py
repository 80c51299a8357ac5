"""The whole history in a manifest store: every manifest that the active one was made from, with what fails in each.

The state of a credential is that of its active manifest alone. Here the failures of ingredients are told where they
are: those that were recorded when they were taken in, and those that are found now. Every string is foreign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from provenance.credentials.actions import AI_SOURCES, source_type
from provenance.credentials.certificate import SignatureBoxError, chain_of, signer_of
from provenance.credentials.library import read_alone, read_trust
from provenance.credentials.shapes import entries, items, mapping, text
from provenance.credentials.states import SIGNATURE, UNTRUSTED_CODE
from provenance.credentials.store import ManifestStore
from provenance.credentials.values import Credential, CredentialState
from provenance.credentials.vouching import vouchers_of
from provenance.trust.anchors import AnchorKind, AnchorList

MAX_DEPTH = 32
MAX_MANIFESTS = 500
MAX_TOLD = 200
"""Actions, ingredients or redactions of one manifest that are shown."""
_TEXT = 200


@dataclass(frozen=True, slots=True)
class Told:
    """An action as a manifest tells it. ``source_type``: by its short name. ``redacts``: an assertion's address.

    ``placed``: whether it says where or when. ``created``: whether the signer states it itself.
    """

    label: str
    when: str | None = None
    source_type: str | None = None
    description: str | None = None
    reason: str | None = None
    software: str | None = None
    redacts: str | None = None
    placed: bool = False
    ingredients: tuple[str, ...] = ()

    @property
    def ai(self) -> bool:
        """Whether it says that AI made something."""
        return self.source_type in AI_SOURCES


@dataclass(frozen=True, slots=True)
class Link:
    """An ingredient. ``failures``: status codes that were recorded for it. ``manifest``: None where none came along.

    ``left_out``: why its manifest is not shown here, in words.
    """

    relationship: str
    title: str | None
    label: str | None
    failures: tuple[str, ...] = ()
    manifest: Node | None = None
    left_out: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A manifest. ``trusted``: whether a trust list vouches for its signer. ``time``: when it says it was signed.

    ``failures``: status codes that its validation fails with now. ``redactions``: addresses of assertions that it
    takes out of earlier manifests. ``identities``: whom else it names (CAWG), and in which roles. ``more``: whether it
    tells more than is kept here.
    """

    label: str
    title: str | None
    signer: str | None
    trusted: bool
    time: str | None
    generator: str | None
    told: tuple[Told, ...]
    redactions: tuple[str, ...]
    failures: tuple[str, ...]
    links: tuple[Link, ...]
    identities: tuple[str, ...] = ()
    more: bool = False


def tree_of(credential: Credential, anchors: Sequence[AnchorList]) -> Node | None:
    """The history of a credential that was read; None where it has no manifest that can be."""
    if credential.manifest is None or credential.manifest_label is None:
        return None
    reading = read_alone(credential.manifest, anchors)
    if reading.summary is None or reading.details is None:
        return None
    try:
        chain = chain_of(credential.manifest, credential.manifest_label)
    except SignatureBoxError:
        chain = ()
    vouchers = vouchers_of(credential.manifest, chain, anchors)
    store = ManifestStore(reading.summary, reading.details, vouchers)
    return _Reader(credential, store, vouchers.ingredients | _still_trusted(credential.manifest, anchors)).root()


def _still_trusted(manifest: bytes, anchors: Sequence[AnchorList]) -> frozenset[str]:
    """Signatures of ingredients that are recorded as trusted, and are: without any list they would not be.

    The library tells of ingredients only what differs from the record, and a record says what its maker likes.
    """
    vouching = [anchor for anchor in anchors if anchor.kind is AnchorKind.MANIFEST]
    return frozenset(_distrusted(manifest, ()) - _distrusted(manifest, vouching))


def _distrusted(manifest: bytes, anchors: Sequence[AnchorList]) -> set[str]:
    results = mapping(read_trust(manifest, anchors), "validation_results")
    return {
        text(status.get("url")) or ""
        for delta in items(results.get("ingredientDeltas"))
        for status in items(mapping(delta, "validationDeltas").get("failure"))
        if status.get("code") == UNTRUSTED_CODE
    }


class _Reader:
    def __init__(self, credential: Credential, store: ManifestStore, trusted: Set[str]) -> None:
        self._credential = credential
        self._store = store
        self._trusted = trusted
        self._seen: set[str] = set()

    def root(self) -> Node:
        return self._node(self._credential.manifest_label or "", 0)

    def _node(self, label: str, depth: int) -> Node:
        self._seen.add(label)
        manifest = self._store.manifest(label)
        active = label == self._credential.manifest_label
        signer = self._credential.signer.name if active and self._credential.signer else self._signer(label)
        authentic = self._credential.state is CredentialState.AUTHENTIC
        told, ingredients = self._actions(label), items(manifest.get("ingredients"))
        redactions = [text(address, 1000) or "" for address in entries(manifest.get("redactions"))]
        return Node(
            label=label,
            title=text(manifest.get("title"), _TEXT),
            signer=signer,
            trusted=authentic if active else SIGNATURE.format(label) in self._trusted,
            time=self._store.claimed_time(label),
            generator=self._store.claim_generator(label),
            told=tuple(told[:MAX_TOLD]),
            redactions=tuple(redactions[:MAX_TOLD]),
            # Of the active manifest it is the file that counts, and this was read without it.
            failures=self._own_failures() if active else self._store.failing_now(label),
            links=tuple(self._link(entry, depth + 1) for entry in ingredients[:MAX_TOLD]),
            identities=tuple(_identities(manifest)[:MAX_TOLD]),
            more=max(len(told), len(ingredients), len(redactions)) > MAX_TOLD,
        )

    def _own_failures(self) -> tuple[str, ...]:
        if self._credential.state not in (CredentialState.AUTHENTIC, CredentialState.UNTRUSTED):
            # Here a code may stand for a failure of its own and for one of an ingredient.
            return self._credential.codes
        of_others = {code for ingredient in self._credential.ingredients for code in ingredient.failures}
        return tuple(code for code in self._credential.codes if code not in of_others)

    def _link(self, entry: Mapping[str, Any], depth: int) -> Link:
        label = text(entry.get("active_manifest"))
        node, left_out = None, None
        if label is not None:
            if label in self._seen:
                left_out = "its manifest is shown already"
            elif depth > MAX_DEPTH or len(self._seen) >= MAX_MANIFESTS:
                left_out = f"more than {MAX_DEPTH} deep, or than {MAX_MANIFESTS} manifests: not shown"
            elif not self._store.manifest(label):
                left_out = "its manifest is not in the file"
            else:
                node = self._node(label, depth)
        return Link(
            relationship=text(entry.get("relationship"), 100) or "componentOf",
            title=text(entry.get("title"), _TEXT),
            label=text(entry.get("label"), _TEXT),
            failures=self._store.recorded_failures(entry),
            manifest=node,
            left_out=left_out,
        )

    def _signer(self, label: str) -> str | None:
        try:
            return signer_of(chain_of(self._credential.manifest or b"", label)[0]).name
        except SignatureBoxError:
            return None

    def _actions(self, label: str) -> list[Told]:
        told = []
        for action in self._store.actions_of(label):
            parameters = mapping(action.get("parameters"))
            named = [*items(parameters.get("ingredients")), mapping(parameters.get("ingredient"))]
            addresses = [text(reference.get("url"), 1000) for reference in named]
            software = action.get("softwareAgent")
            told.append(
                Told(
                    label=text(action.get("action"), _TEXT) or "(no name)",
                    when=text(action.get("when"), 100),
                    source_type=source_type(action),
                    description=text(action.get("description"), _TEXT),
                    reason=text(action.get("reason"), _TEXT),
                    software=text(software, _TEXT) or text(mapping(software).get("name"), _TEXT),
                    redacts=text(parameters.get("redacted"), 1000),
                    placed="changes" in action or "changes" in parameters,
                    ingredients=tuple(address.rsplit("/", 1)[-1] for address in addresses if address),
                )
            )
        return told


def _identities(manifest: Mapping[str, Any]) -> list[str]:
    found = []
    for assertion in items(manifest.get("assertions")):
        if (text(assertion.get("label")) or "").startswith("cawg.identity"):
            data = mapping(assertion.get("data"))
            who = mapping(data.get("signature_info"))
            names = (text(who.get("issuer"), _TEXT), text(who.get("common_name"), _TEXT))
            payload = mapping(data.get("signer_payload"))
            roles = [text(role, 100) for role in entries(payload.get("role"))[:10]]
            parts = [*names, *roles] if any(names) else [text(payload.get("sig_type"), 100), *roles]
            found.append(", ".join(part for part in parts if part) or "(unreadable)")
    return found
