"""Edited copies as other software signs them: the C2PA library itself, with a parent and actions of one's choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import c2pa
from verdict_desk import Desk

from signer.signing import chain_pem

TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".m4a": "audio/mp4", ".wav": "audio/wav"}


def sign_edit(
    desk: Desk,
    clip: Path,
    target: Path,
    actions: Sequence[Mapping[str, Any]],
    *,
    parent: Path,
    key: str = "herald",
    components: Mapping[str, Path] | None = None,
    created: bool = True,
) -> Path:
    """``clip`` signed into ``target`` as made from ``parent`` by these actions.

    ``components`` are further ingredients, by the id with which an action may refer to them. Without ``created`` the
    signer only carries the actions along.
    """
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
    assertions = [{"label": "c2pa.actions.v2", "created": True, "data": {"actions": [opened, *actions]}}]
    if not created:
        assertions[0]["data"]["actions"] = [opened]
        assertions.append({"label": "c2pa.actions.v2", "created": False, "data": {"actions": [*actions]}})
    definition = {"claim_generator_info": [{"name": "tests", "version": "1"}], "title": "x", "assertions": assertions}
    settings = {"verify": {"verify_after_sign": False}, "builder": {"thumbnail": {"enabled": False}}}
    signing = desk.key(key)
    algorithm = getattr(c2pa.C2paSigningAlg, signing.algorithm.upper())
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Signer.from_callback(signing.sign, algorithm, chain_pem(signing.chain), None) as signer,
        c2pa.Builder(definition, context) as builder,
    ):
        sources = [("parentOf", "parent", parent), *(("componentOf", *item) for item in (components or {}).items())]
        for relationship, name, path in sources:
            described = {"title": path.stem, "relationship": relationship, "label": name, "instance_id": name}
            with path.open("rb") as stream:
                builder.add_ingredient(described, TYPES[path.suffix], stream)
        with clip.open("rb") as stream, target.open("w+b") as output:
            builder.sign(signer, TYPES[clip.suffix], stream, output)
    return target


def place(*ranges: Mapping[str, Any]) -> dict[str, Any]:
    """A region of interest, for the ``changes`` of an action."""
    return {"region": list(ranges)}


def rectangle(x: float, y: float, w: float, h: float, unit: str = "percent") -> dict[str, Any]:
    shape = {"type": "rectangle", "unit": unit, "origin": {"x": x, "y": y}, "width": w, "height": h}
    return {"type": "spatial", "shape": shape}


def seconds(start: float, end: float) -> dict[str, Any]:
    return {"type": "temporal", "time": {"type": "npt", "start": str(start), "end": str(end)}}


def frames(start: int, end: int) -> dict[str, Any]:
    return {"type": "frame", "frame": {"start": start, "end": end}}
