"""The catalog port over a registry elsewhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from provenance.assets import Original, asset_id_of
from provenance.catalog import Nomination, Query
from provenance.credentials.library import MAX_MANIFEST_BYTES
from provenance.credentials.reader import only_expired, read_manifest
from provenance.credentials.values import Credential, CredentialState
from provenance.errors import RegistryError
from provenance.files import replace_atomically, sha256_file
from provenance.media.kinds import sniff
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy
from registry import wire
from registry.client.bound import UNBOUND_KINDS, original_of
from registry.client.connection import Connection
from registry.client.prints import unpacked
from registry.references import suffix_of
from registry.wire import Asset, FingerprintSet, NominationList, NominationQuery, pack, unpack

MAX_REFERENCE_BYTES = 8 << 30
_ASSET_ID = re.compile(r"[a-z2-7]{26}")
_ABSENT = frozenset({"asset.unknown", "reference.withheld"})


def _utc_now() -> datetime:
    return datetime.now(UTC)


class HttpCatalog:
    """Implements ``provenance.catalog.Catalog``; see ``bound`` for what is checked of the answers.

    An original counts only where the policy accepts its signer, and the certificate has not expired since without a
    trusted time stamp: ``passed_over`` holds the ids of the others.
    ``cache``: a folder where reference copies are kept by their SHA-256.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        anchors: Sequence[AnchorList],
        policy: Policy,
        cache: Path,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.passed_over: set[str] = set()
        self._connection = connection
        self._anchors = anchors
        self._policy = policy
        self._cache = cache
        self._now = now
        self._known: dict[str, Original | None] = {}

    def nominate(self, query: Query, limit: int = 10) -> list[Nomination]:
        """See ``Catalog.nominate``."""
        if not any(len(asked) for asked in (query.frames, query.sound, query.features, query.brief)):
            return []
        asked = NominationQuery(
            frames=pack(query.frames, "u1"),
            frame_times_ms=pack(query.frame_times_ms, "<i4"),
            frame_variants=pack(query.frame_variants, "u1"),
            sound=pack(query.sound, "<u4"),
            sound_times_ms=pack(query.sound_times_ms, "<i4"),
            features=pack(query.features, "u1"),
            feature_pictures=pack(query.feature_pictures, "u1"),
            brief=pack(query.brief, "<u4"),
            brief_times_ms=pack(query.brief_times_ms, "<i4"),
            limit=limit,
        )
        answer = self._connection.post("/v1/nominations", asked, NominationList)
        try:
            return [_nomination(each, query) for each in answer.nominations[:limit]]
        except ValueError as error:
            raise RegistryError(
                "registry.answer", "the registry's nominations cannot be used", found=str(error)[:300]
            ) from error

    def original(self, asset_id: str) -> Original | None:
        """See ``Catalog.original``. None also where the policy does not accept the signer.

        Raises:
            RegistryError: the registry cannot be asked, or what it says is not what was signed.
        """
        if not _ASSET_ID.fullmatch(asset_id):
            return None
        if asset_id not in self._known:
            try:
                self._known[asset_id] = self._fetched(asset_id)
            except RegistryError as error:
                if error.code not in _ABSENT:
                    raise
                return None
        return self._known[asset_id]

    def by_manifest(self, manifest_label: str, hard_binding: str) -> Original | None:
        """See ``Catalog.by_manifest``."""
        return self.original(asset_id_of(manifest_label, hard_binding))

    def reference_copy(self, asset_id: str, into: Path) -> Path | None:
        """See ``Catalog.reference_copy``."""
        original = self.original(asset_id)
        if original is None or original.reference_sha256 is None:
            return None
        sha256 = original.reference_sha256
        kept = self._cache / sha256
        if not kept.is_file() or sha256_file(kept) != sha256:
            self._cache.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._download(asset_id, sha256, kept)
        target = into / f"{sha256}{suffix_of(sniff(kept).media_type)}"
        shutil.copyfile(kept, target)
        return target

    def _fetched(self, asset_id: str) -> Original | None:
        told = self._connection.get(f"/v1/assets/{asset_id}", Asset)
        if told.asset_id != asset_id:
            raise RegistryError(
                "registry.answer",
                "the registry answers with another asset",
                expected=asset_id,
                found=told.asset_id[:40],
            )
        manifest = self._connection.content(f"/v1/assets/{asset_id}/manifest", limit=MAX_MANIFEST_BYTES)
        credential = read_manifest(manifest, anchors=self._anchors, policy=self._policy, now=self._now())
        path = f"/v1/assets/{asset_id}/fingerprints"
        unbound = unpacked(self._connection.get(path, FingerprintSet, {"kind": list(UNBOUND_KINDS)}), UNBOUND_KINDS)
        if not self._counts(credential):
            self.passed_over.add(asset_id)
            return None
        return original_of(told, credential, unbound)

    def _counts(self, credential: Credential) -> bool:
        """Whether the policy accepts the signer, today; of a manifest that does not hold, nothing is asked."""
        if only_expired(credential):
            return False
        sound = credential.state is CredentialState.CONTENT_CHANGED
        return not sound or self._policy.assess(credential).accepted

    def _download(self, asset_id: str, sha256: str, target: Path) -> None:
        with (
            replace_atomically(target, replace=True, private=True) as path,
            self._connection.pieces(f"/v1/assets/{asset_id}/reference", MAX_REFERENCE_BYTES) as pieces,
        ):
            with path.open("wb") as file:
                file.writelines(pieces)
            found = sha256_file(path)
            if found != sha256:
                raise RegistryError(
                    "reference.differs",
                    "the registry sent another reference copy than the signed one",
                    expected=f"SHA-256 {sha256}",
                    found=found,
                    hint="ask the registry's operator",
                )


def _nomination(told: wire.NominatedOriginal, query: Query) -> Nomination:
    hits = unpack(told.hits, "<i4", columns=wire.HIT_COLUMNS).astype(np.int64)
    sound_hits = unpack(told.sound_hits, "<i4", columns=wire.SOUND_HIT_COLUMNS).astype(np.int64)
    for rows, asked in ((hits, query.frames), (sound_hits, query.sound)):
        if len(rows) and not (rows[:, 0].min() >= 0 and rows[:, 0].max() < len(asked)):
            raise ValueError("a hit of something that was not asked about")
    return Nomination(told.asset_id, told.votes, hits, sound_hits)
