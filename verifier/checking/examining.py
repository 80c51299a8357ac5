"""Reading the credential of each asset, and holding it against what is asked of all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenance.catalog import Catalog
from provenance.credentials.reader import read_credential
from provenance.credentials.values import Credential, CredentialState
from provenance.errors import CredentialError, MediaError
from provenance.media import kinds
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy
from verifier.checking.faults import OF_STATE, Fault, remedy
from verifier.checking.finding import Asset
from verifier.credential_view import explanation

_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class CheckedAsset:
    """One asset's answer. ``state`` is a credential state, or ``unreadable`` where the file is no readable media.

    ``fault`` is None where all that was asked for holds. ``known``: a baseline holds this fault of these very bytes.
    """

    path: Path
    file: Path
    state: str
    fault: Fault | None = None
    signer: str | None = None
    reason: str | None = None
    codes: tuple[str, ...] = ()
    known: bool = False

    @property
    def good(self) -> bool:
        """Whether all that was asked for holds."""
        return self.fault is None

    @property
    def passes(self) -> bool:
        """Whether it is good, or its fault is an old one."""
        return self.good or self.known

    @property
    def remedy(self) -> str | None:
        """What to do about the fault."""
        return None if self.fault is None else remedy(self.fault, self.path)

    def as_json(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        return {
            "path": os.fsdecode(self.path).encode("utf-8", "replace").decode(),
            "good": self.good,
            "state": self.state,
            "fault": self.fault.value if self.fault else None,
            "known": self.known,
            "signer": self.signer,
            "reason": self.reason,
            "try": self.remedy,
            "codes": list(self.codes),
        }


def check_assets(
    assets: Sequence[Asset],
    *,
    anchors: Sequence[AnchorList],
    policy: Policy,
    catalog: Catalog | None = None,
    jobs: int = 1,
    on_done: Callable[[Asset], None] = lambda _: None,
) -> Iterator[CheckedAsset]:
    """Check each asset, so many at once, in their order; one that cannot be read is an answer, not an error.

    ``catalog``: the registry in which each must be; None where that is not asked for.

    Raises:
        RegistryError: the registry cannot be asked.
    """

    def read(asset: Asset) -> Credential | MediaError | CredentialError:
        try:
            credential = read_credential(asset.file, anchors=anchors, policy=policy)
            if credential.state is CredentialState.UNSUPPORTED and credential.remote_url is None:
                kinds.sniff(asset.file)  # what is no media at all is no state of a credential
        except (MediaError, CredentialError) as error:
            return error
        return credential

    # Threads: the library reads, hashes and checks outside of the interpreter's lock.
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for asset, answer in zip(assets, pool.map(read, assets), strict=True):
                yield _answer(asset, answer, catalog)
                on_done(asset)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _answer(asset: Asset, answer: Credential | MediaError | CredentialError, catalog: Catalog | None) -> CheckedAsset:
    if not isinstance(answer, Credential):
        pointer = answer.code == "media.unrecognised" and _is_pointer(asset.file)
        kind = Fault.POINTER if pointer else Fault.UNREADABLE
        return CheckedAsset(asset.name, asset.file, "unreadable", kind, reason=answer.message, codes=(answer.code,))
    fault = OF_STATE.get(answer.state)
    said = [explanation(answer)]
    if fault is Fault.UNTRUSTED and answer.trust_reason:
        said.append(f"The reason: {answer.trust_reason}.")
    if fault is None and catalog is not None:
        fault, what = _standing(answer, catalog)
        said += [what] if what else []
    return CheckedAsset(
        asset.name,
        asset.file,
        answer.state.value,
        fault,
        signer=answer.signer.name if answer.signer else None,
        reason=" ".join([*said, *(f"[{code}]" for code in answer.codes)]),
        codes=answer.codes,
    )


def _is_pointer(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(_LFS)) == _LFS


def _standing(credential: Credential, catalog: Catalog) -> tuple[Fault | None, str | None]:
    """What is wrong with an intact asset's place in the registry."""
    original = None
    if credential.manifest_label and credential.hard_binding:
        original = catalog.by_manifest(credential.manifest_label, credential.hard_binding)
    if original is None:
        return Fault.UNREGISTERED, "But the registry does not hold it."
    if original.status == "withdrawn":
        return Fault.WITHDRAWN, "But its owner withdrew it from the registry."
    if original.revoked is not None:
        return Fault.REVOKED, "But the registry has its signer's certificate on record as revoked."
    return None, None
