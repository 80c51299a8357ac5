"""What a run tells and asks between its steps: how far it is, and whether its time is spent."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

OnProgress = Callable[[float, str], None]
"""Takes the share done (0-1, never falling) and what is being done, which may hold foreign text. It is called in the
thread that verifies. What it raises ends the run there, and nothing is left behind: that is how to cancel it."""


class TimeSpentError(Exception):
    """The time budget ran out before a step was over that is worth nothing by halves."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One run's listener and its time budget, handed to whatever takes long.

    ``seconds``: the budget, None for none; ``started``: what ``clock`` said when it began. ``low`` and ``high``: the
    stretch of the whole (0-1) that is done here; ``doing``: in words.
    """

    on_progress: OnProgress | None = None
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    started: float = 0.0
    low: float = 0.0
    high: float = 1.0
    doing: str = ""

    def part(self, low: float, high: float, doing: str = "") -> Watch:
        """The watch of a part of what is done here, from one share (0-1) to another."""
        width = self.high - self.low
        return replace(self, low=self.low + low * width, high=self.low + high * width, doing=doing or self.doing)

    @property
    def spent(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self.started

    @property
    def over(self) -> bool:
        """Whether the budget is spent."""
        return self.spent >= (math.inf if self.seconds is None else self.seconds)

    @property
    def reason(self) -> str:
        """Why something was left undone, once ``over``."""
        return f"the time budget of {self.seconds:g} s was spent"

    def tell(self, share: float) -> None:
        """Say how much of what is done here is done (0-1)."""
        if self.on_progress is not None:
            self.on_progress(self.low + min(1.0, max(0.0, share)) * (self.high - self.low), self.doing)

    def step(self, share: float) -> None:
        """As ``tell``, where a step begins that is not begun once the budget is spent.

        Raises:
            TimeSpentError: it is spent.
        """
        if self.over:
            raise TimeSpentError(self.reason)
        self.tell(share)


UNWATCHED = Watch()
"""For what is done by itself: nobody is told, and there is time."""
