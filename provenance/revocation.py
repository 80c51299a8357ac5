"""That a signing certificate is not to be relied on any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Revocation:
    """``since``: from when the certificate is not to be trusted; ``recorded_at``: when that was entered. RFC 3339."""

    since: str
    recorded_at: str
    reason: str

    def as_json(self) -> dict[str, str]:
        """The revocation as a JSON object."""
        return {"since": self.since, "recorded_at": self.recorded_at, "reason": self.reason}

    def spares(self, timestamp: str | None) -> bool:
        """Whether a signature may be relied on all the same: a trusted time stamp saw it before.

        False where there is none, or one of the times cannot be read.
        """
        try:
            return timestamp is not None and datetime.fromisoformat(timestamp) < datetime.fromisoformat(self.since)
        except (ValueError, TypeError):
            return False

    @property
    def words(self) -> str:
        """The revocation in words; the reason is foreign text."""
        return f"revoked as of {self.since} (recorded {self.recorded_at}): {self.reason}"
