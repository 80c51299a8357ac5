"""The registry under test: every original signed and registered by the product, once, kept in the work folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from provenance.assets import Capture, Original
from provenance.catalog import Nomination, Query
from provenance.settings import Settings, load_settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry.catalog import LocalCatalog
from registry.register import register
from registry.store import open_registry
from signer.home import make_development_home
from signer.keys import load_key
from signer.sign import sign_file

_ROOT = Path(__file__).resolve().parents[2]
STORED_BY = ("signer", "registry", "provenance")
ANSWERED_BY = ("verifier", *STORED_BY)


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A home with a registry; ``names``: file name of the original by asset id."""

    home: Path
    names: dict[str, str]

    @property
    def settings(self) -> Settings:
        """Read anew by each process: they do not travel between processes."""
        return load_settings(self.home)

    @property
    def ids(self) -> dict[str, str]:
        return {name: asset_id for asset_id, name in self.names.items()}


def newsroom(folder: Path, originals: Sequence[Path]) -> Newsroom:
    """Sign and register what the folder does not hold yet; what is there is kept as long as the code that made it."""
    home = folder / f"home-{code_version(STORED_BY)}"
    settings = load_settings(home)
    note = home / "originals.json"
    names: dict[str, str] = json.loads(note.read_text()) if note.exists() else {}
    missing = [path for path in originals if path.name not in names.values()]
    if missing:
        make_development_home(settings)
        anchors = load_anchors(settings.anchors)
        policy = load_policy(settings, anchors)
        key = load_key(settings.keys, "development", None)
        signed = home / "signed"
        signed.mkdir(exist_ok=True)
        with open_registry(settings) as store:
            for path in missing:
                target = signed / path.name
                asset = sign_file(
                    Capture(path, path.name), target, key=key, settings=settings, anchors=anchors, replace=True
                )
                register(store, target, settings=settings, anchors=anchors, policy=policy)
                names[asset.asset_id] = path.name
                note.write_text(json.dumps(names, indent=1))
                print(f"signed and registered {path.name}", flush=True)
    return Newsroom(home, names)


class Without:
    """A catalog that holds everything but some assets."""

    def __init__(self, catalog: LocalCatalog, hidden: Collection[str]) -> None:
        self._catalog = catalog
        self._hidden = frozenset(hidden)

    def nominate(self, query: Query, limit: int = 10) -> list[Nomination]:
        found = self._catalog.nominate(query, limit + len(self._hidden))
        return [nomination for nomination in found if nomination.asset_id not in self._hidden][:limit]

    def original(self, asset_id: str) -> Original | None:
        return None if asset_id in self._hidden else self._catalog.original(asset_id)

    def by_manifest(self, manifest_label: str, hard_binding: str) -> Original | None:
        found = self._catalog.by_manifest(manifest_label, hard_binding)
        return None if found is None or found.asset_id in self._hidden else found

    def reference_copy(self, asset_id: str, into: Path) -> Path | None:
        return None if asset_id in self._hidden else self._catalog.reference_copy(asset_id, into)


def code_version(packages: Iterable[str]) -> str:
    """A hash over the packages' sources: what another version said is not what this one says."""
    digest = hashlib.sha256()
    for package in packages:
        for path in sorted((_ROOT / package).rglob("*.py")):
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
