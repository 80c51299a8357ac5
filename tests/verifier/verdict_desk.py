"""A newsroom's desk for the verifier's tests: real keys, a real registry, signed originals, and every clip's report.

Built once a session, whichever worker comes first, in a folder that all workers share.
"""

from __future__ import annotations

import fcntl
import pickle
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from footage import REGISTERED
from support.media import MediaLibrary
from verdict_contract import check_contract

from provenance.assets import Capture, SignedAsset
from provenance.report import Report
from provenance.settings import Settings, load_settings
from provenance.trust.anchors import AnchorList, add_anchors, load_anchors
from provenance.trust.policy import SignedUnder
from registry.catalog import LocalCatalog
from registry.register import register
from registry.store import create_registry, open_registry
from signer.authority import issue_authority, issue_leaf
from signer.key_folder import store_chain, store_private
from signer.keys import load_key
from signer.sign import sign_file
from signer.signing import Signing
from verifier.pipeline import verify

TRUSTED, STRANGER = ("herald", "courier"), "stranger"
IMPOSTOR = "impostor"
"""Nobody trusts him, and his certificate bears the Herald's name."""
PASSPHRASE = "for tests only"


@dataclass
class Desk:
    """One home with keys, trust lists and a registry. Other homes with other registries are made from it."""

    settings: Settings
    media: MediaLibrary
    folder: Path

    @cached_property
    def anchors(self) -> tuple[AnchorList, ...]:
        return load_anchors(self.settings.anchors)

    def key(self, name: str) -> Signing:
        return load_key(self.settings.keys, name, PASSPHRASE)

    def signed(self, name: str) -> Path:
        """An original of ``footage.REGISTERED`` as the Herald signed it. Never to be changed."""
        return self.folder / "signed" / name

    def sign(self, source: Path, target: Path, key: str = "herald", **options: Any) -> SignedAsset:
        target.parent.mkdir(parents=True, exist_ok=True)
        capture = Capture(source, source.stem)
        return sign_file(capture, target, key=self.key(key), settings=self.settings, anchors=self.anchors, **options)

    def registry(self, home: Path, *assets: Path, **options: Any) -> Settings:
        """Another home with a registry that holds only these signed assets."""
        settings = load_settings(home)
        with create_registry(settings) as store:
            for asset in assets:
                self.register(store, asset, settings, **options)
        return settings

    def registry_of(self, name: str) -> Settings:
        """A home whose registry holds only that file of ``footage``, signed; made once for all tests of all workers."""
        folder = self.folder / f"only-{name}"
        folder.mkdir(exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "done").exists():
                self.sign(self.media(name), folder / name)
                self.registry(folder / "home", folder / name)
                (folder / "done").touch()
        return load_settings(folder / "home")

    def register(self, store: Any, asset: Path, settings: Settings, **options: Any) -> str:
        kept = {"anchors": self.anchors, "policy": SignedUnder(self.anchors)}
        return register(store, asset, settings=settings, **kept, **options).asset_id

    def verify(self, clip: Path, settings: Settings | None = None, viewer: str | None = None, **options: Any) -> Report:
        """The report on a file, which keeps to the contract."""
        settings = settings or self.settings
        with open_registry(settings) as store:
            report = verify(
                clip,
                catalog=LocalCatalog(store, viewer),
                settings=settings,
                anchors=self.anchors,
                policy=SignedUnder(self.anchors),
                **{"evidence": False, **options},
            )
        check_contract(report.as_json())
        return report

    def report(self, name: str, *, only: str | None = None) -> Report:
        """The report on a file of ``footage``, made once for all tests of all workers.

        ``only``: the one file that the registry holds, instead of ``footage.REGISTERED``.
        """
        settings = self.settings if only is None else self.registry_of(only)
        kept = settings.home.parent / f"{name}.report"
        with (settings.home.parent / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                kept.write_bytes(pickle.dumps(self.verify(self.media(name), settings)))
        report: Report = pickle.loads(kept.read_bytes())
        return report


def open_desk(base: Path) -> Desk:
    """The session's desk, made by the worker that comes first."""
    folder = base / "desk"
    folder.mkdir(parents=True, exist_ok=True)
    desk = Desk(load_settings(folder / "home"), MediaLibrary(base / "media"), folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            _furnish(desk)
            (folder / "done").touch()
    return desk


def _furnish(desk: Desk) -> None:
    moment = datetime.now(UTC)
    for name in (*TRUSTED, STRANGER, IMPOSTOR):
        root = issue_authority(f"{name} root", None, moment, 3000, path_length=0)
        organisation = "Herald" if name == IMPOSTOR else name.title()
        leaf = issue_leaf(f"{name} desk", organisation, root, moment, 800)
        store_private(desk.settings.keys, name, leaf.private, PASSPHRASE)
        store_chain(desk.settings.keys, name, (leaf.certificate,))
        if name in TRUSTED:
            add_anchors(desk.settings.anchors, name, root.certificate.public_bytes(serialization.Encoding.PEM))
    with create_registry(desk.settings) as store:
        for name in REGISTERED:
            desk.sign(desk.media(name), desk.signed(name))
            desk.register(store, desk.signed(name), desk.settings)
