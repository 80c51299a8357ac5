"""What goes over HTTP of sightings."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from registry.owners import name_of
from registry.sighting_values import Answer, Moderator, Sighting, State


class Filed(BaseModel):
    """What somebody tells. ``organisation`` as in its certificates; without it and an asset all are asked."""

    model_config = ConfigDict(extra="forbid")

    address: str
    note: str = ""
    asset_id: str | None = None
    organisation: str | None = None
    check_id: str | None = None


class Answered(BaseModel):
    """What the organisation says. ``asset_id``: the original, where it is not the one that was filed."""

    model_config = ConfigDict(extra="forbid")

    answer: Answer
    text: str = ""
    asset_id: str | None = None


class SightingModel(BaseModel):
    """A sighting. Before it is answered, only who may answer sees its address; note and check are theirs alone.

    ``page``: where people read it. Times are RFC 3339.
    """

    sighting_id: str
    page: str
    state: State
    address: str | None
    note: str | None
    check_id: str | None
    asset_id: str | None
    title: str | None
    organisation: str | None
    times_filed: int
    filed_at: str
    answer: Answer | None
    answer_text: str
    answered_at: str | None
    changed_at: str | None


class SightingPage(BaseModel):
    """Sightings in order. ``after``: goes into the next question; null at the end."""

    sightings: list[SightingModel]
    after: str | None


class CountModel(BaseModel):
    """Sightings of a kind that were first filed in a month; ``reports``: how often they were filed."""

    month: str
    kind: Answer | Literal["open"]
    sightings: int
    reports: int


class Counts(BaseModel):
    """By month and kind, months in order."""

    counts: list[CountModel]


def model_of(sighting: Sighting, moderator: Moderator | None) -> SightingModel:
    """The sighting as this moderator, or with None the public, may see it."""
    private = moderator is not None and sighting.concerns(moderator)
    return SightingModel(
        sighting_id=sighting.sighting_id,
        page=f"/sightings/{sighting.sighting_id}",
        state=sighting.state,
        address=sighting.address if private or sighting.state is State.ANSWERED else None,
        note=sighting.note if private else None,
        check_id=sighting.check_id if private else None,
        asset_id=sighting.asset_id,
        title=sighting.title,
        organisation=None if sighting.owner is None else name_of(sighting.owner),
        times_filed=sighting.times_filed,
        filed_at=sighting.filed_at,
        answer=sighting.answer,
        answer_text=sighting.answer_text,
        answered_at=sighting.answered_at,
        changed_at=sighting.changed_at,
    )
