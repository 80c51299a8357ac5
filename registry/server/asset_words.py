"""Assets as the API tells them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from provenance.revocation import Revocation
from registry.assets import Event
from registry.listing import ListedAsset
from registry.wire import Asset, AssetEvent, AssetSummary, RevokedCertificate

_FOR_ALL = ("reason", "by")
"""What of an event's detail is everybody's to know; the rest, and who acted, is the owner's."""


def summary(asset: ListedAsset) -> AssetSummary:
    """An asset in a list."""
    return AssetSummary(**_facts(asset))


def details(asset: ListedAsset, events: tuple[Event, ...], revoked: Revocation | None, viewer: str | None) -> Asset:
    """An asset with its history, and what is on record of its signer's certificate."""
    mine = viewer is not None and viewer == asset.owner
    told = [
        AssetEvent(
            number=event.number,
            kind=event.kind,
            at=event.at,
            actor=event.actor if mine else None,
            detail={key: value for key, value in event.detail.items() if mine or key in _FOR_ALL},
        )
        for event in events
    ]
    certificate = RevokedCertificate(**revoked.as_json()) if revoked else None
    return Asset(**_facts(asset), claims=list(asset.claims), events=told, revoked=certificate)


def _facts(asset: ListedAsset) -> dict[str, Any]:
    facts = asdict(asset)
    del facts["claims"]
    duration = facts.pop("duration")
    return facts | {
        "duration": None if duration is None else round(float(duration), 3),
        "duration_exact": None if duration is None else str(duration),
    }
