"""Exact time: fractions of a second, never a float as a key."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A half-open stretch of time [start, end) in seconds from the first presented moment of a file."""

    start: Fraction
    end: Fraction

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"an interval ends before it starts: {self.start} > {self.end}")

    @classmethod
    def of(cls, start: float | Fraction, end: float | Fraction) -> Interval:
        """Build from any numbers, rounding floats to the microsecond."""
        return cls(exact(start), exact(end))

    @property
    def length(self) -> Fraction:
        """Seconds."""
        return self.end - self.start

    def overlap(self, other: Interval) -> Fraction:
        """Seconds shared with ``other``; zero where they do not meet."""
        return max(Fraction(0), min(self.end, other.end) - max(self.start, other.start))

    def as_seconds(self) -> list[float]:
        """Start and end for JSON."""
        return [seconds(self.start), seconds(self.end)]


def exact(value: float | Fraction) -> Fraction:
    """The value as a fraction; floats are rounded to the microsecond."""
    return value if isinstance(value, Fraction) else Fraction(round(value * 1_000_000), 1_000_000)


def seconds(value: Fraction) -> float:
    """The value for people and JSON: seconds, rounded to the millisecond."""
    return round(float(value), 3)
