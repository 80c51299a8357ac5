"""Another signer, whom the newsroom does not know and nobody vouches for: puts a credential on somebody else's clip."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from provenance.assets import Capture
from provenance.settings import load_settings
from signer.authority import ORGANISATION, issue_authority, issue_leaf
from signer.key_folder import key_path, store_chain, store_private
from signer.keys import load_key
from signer.sign import sign_file

_DAYS = 365


def sign(clip: Path, folder: Path, strength: str) -> None:
    """Sign a clip in place; in hard cases under the newsroom's own name, which anybody can write into a certificate."""
    settings = load_settings(folder)
    organisation = ORGANISATION if strength == "hard" else "Somebody Else"
    name = organisation.lower().replace(" ", "-")
    if not key_path(settings.keys, name).exists():
        now = datetime.now(UTC)
        settings.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        root = issue_authority("Another root", None, now, _DAYS, path_length=0)
        leaf = issue_leaf(organisation, organisation, root, now, _DAYS)
        store_chain(settings.keys, name, (leaf.certificate, root.certificate))
        store_private(settings.keys, name, leaf.private, None)
    target = clip.with_name(f"signed-{clip.name}")
    key = load_key(settings.keys, name, None)
    sign_file(Capture(clip, clip.stem), target, key=key, settings=settings, anchors=(), replace=True)
    target.replace(clip)
