"""Who takes part in these tests, and signing with the C2PA library itself, so that the signer is not what is tested."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa
import imageio_ffmpeg
from pki import Identity

from provenance.credentials.reader import read_credential
from provenance.credentials.values import Credential
from provenance.trust.anchors import AnchorKind, AnchorList
from provenance.trust.policy import Policy, SignedUnder

TYPES = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".wav": "audio/wav",
    ".webm": "application/octet-stream",
}
CREATED = {
    "label": "c2pa.actions",
    "created": True,
    "data": {
        "actions": [
            {
                "action": "c2pa.created",
                "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
            }
        ]
    },
}


@dataclass(frozen=True)
class World:
    """Whom there is: a trusted authority with a newsroom's key, a stranger, and a time-stamping authority."""

    root: Identity
    intermediate: Identity
    newsroom: Identity
    stranger: Identity
    stranger_root: Identity
    tsa_root: Identity
    tsa: Identity

    @property
    def anchors(self) -> tuple[AnchorList, ...]:
        return (AnchorList("urn:test:newsrooms", "newsrooms", self.root.pem), self.tsa_anchors)

    @property
    def tsa_anchors(self) -> AnchorList:
        return AnchorList("urn:test:times", "times", self.tsa_root.pem, AnchorKind.TSA)

    def read(self, path: Path, *, policy: Policy | None = None, **options: Any) -> Credential:
        anchors = options.pop("anchors", self.anchors)
        return read_credential(path, anchors=anchors, policy=policy or SignedUnder(anchors), **options)


def ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def sign(
    source: Path,
    target: Path,
    identity: Identity,
    *,
    title: str = "A title",
    assertions: list[dict[str, Any]] | None = None,
    parent: Path | None = None,
    parent_title: str = "The parent",
    intent: Any = None,
    remote_url: str | None = None,
    embed: bool = True,
    tsa_url: str | None = None,
    core: dict[str, Any] | None = None,
) -> bytes:
    """Sign with the library directly; returns the manifest store."""
    given = [CREATED] if assertions is None else assertions
    definition = {"claim_generator_info": [{"name": "tests", "version": "1"}], "assertions": given}
    if intent is not c2pa.C2paBuilderIntent.UPDATE:
        definition["title"] = title
    settings = {
        "verify": {"verify_after_sign": False},
        "builder": {"thumbnail": {"enabled": False}},
        "core": core or {},
    }
    info = c2pa.C2paSignerInfo("es256", identity.chain_pem.encode(), identity.key_pem.encode(), tsa_url)
    with c2pa.Context.from_dict(settings) as context, c2pa.Signer.from_info(info) as signer:
        builder = c2pa.Builder(definition, context)
        if intent is not None:
            builder.set_intent(intent)
        if remote_url is not None:
            builder.set_remote_url(remote_url)
        if not embed:
            builder.set_no_embed()
        if parent is not None:
            with parent.open("rb") as stream:
                described = {"title": parent_title, "relationship": "parentOf"}
                builder.add_ingredient(described, TYPES[parent.suffix], stream)
        with source.open("rb") as stream, target.open("w+b") as output:
            return builder.sign(signer, TYPES[source.suffix], stream, output)
