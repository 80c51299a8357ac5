"""What a sighting is, what is filed, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How far a sighting has come."""

    OPEN = "open"
    ANSWERED = "answered"
    DISMISSED = "dismissed"


class Answer(StrEnum):
    """What an organisation says of a clip: ours as it was, ours but cut or cropped, ours but altered, not ours."""

    OURS = "ours"
    EDITED = "edited"
    ALTERED = "altered"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True)
class Filing:
    """What somebody tells: where a clip is, and for which asset or owner; for neither: whose is this?"""

    address: str
    note: str = ""
    asset_id: str | None = None
    owner: str | None = None
    check_id: str | None = None


@dataclass(frozen=True, slots=True)
class Moderator:
    """Who answers: for an organisation, or where ``admin`` for all of them."""

    owner: str | None
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What a moderator says; ``asset_id``: the original, where it is not the one that was filed."""

    answer: Answer
    text: str = ""
    asset_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A sighting as it stands. ``title``: of its asset. Times are RFC 3339. Note and check are for moderators only."""

    sighting_id: str
    address: str
    note: str
    asset_id: str | None
    title: str | None
    owner: str | None
    check_id: str | None
    times_filed: int
    filed_at: str
    state: State
    answer: Answer | None
    answer_text: str
    answered_at: str | None
    changed_at: str | None

    def concerns(self, moderator: Moderator) -> bool:
        """Whether it is for this moderator to look at: nobody's is everybody's."""
        return moderator.admin or self.owner in (None, moderator.owner)
