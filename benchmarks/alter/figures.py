"""The figures of a run: what groups of clips scored, and how that stands to what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmarks.alter import catalogue
from benchmarks.alter.run import Result
from benchmarks.alter.score import Score, area, roc, score, wilson
from benchmarks.identify.score import percentile, share

TARGET_FALSE = 0.01
TARGET_CALLED = {"studio": 0.98, "platform": 0.95, "messenger": 0.80}
TARGET_CLASS = 0.85
TARGET_KIND, TARGET_TIME, TARGET_REGION = 0.9, 0.8, 0.9
TARGET_SOUND = 0.95
SPARED = ("studio", "platform")
"""Encoders after which no untouched clip may be called altered at all."""
SOUND = tuple(alteration.label for alteration in catalogue.ALTERATIONS if alteration.sound)


@dataclass(frozen=True)
class Group:
    """Some results, with their scores."""

    results: tuple[Result, ...]

    @classmethod
    def of(cls, results: Iterable[Result]) -> Group:
        return cls(tuple(result for result in results if result.said is not None))

    @cached_property
    def scores(self) -> tuple[Score, ...]:
        return tuple(score(result.truth, result.said) for result in self.results if result.said is not None)

    @property
    def count(self) -> int:
        return len(self.scores)

    @property
    def called(self) -> int:
        return sum(one.called for one in self.scores)

    @property
    def rate(self) -> float:
        """Share called altered, 0-1; NaN for none."""
        return share([one.called for one in self.scores])

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.called, self.count)

    @property
    def unsure(self) -> int:
        """Of which neither a match nor altered was said."""
        return sum(not one.sure for one in self.scores)

    @property
    def named(self) -> int:
        """Of which all originals were named."""
        return sum(one.named for one in self.scores)

    @property
    def kinds(self) -> tuple[bool, ...]:
        """Of those called altered: whether by right words."""
        return tuple(one.kind for one in self.scores if one.called)

    @property
    def strays(self) -> int:
        """Called altered with words besides the right ones."""
        return sum(bool(one.strays) for one in self.scores if one.called)

    @property
    def times(self) -> tuple[float, ...]:
        return tuple(one.time for one in self.scores if one.time is not None)

    @property
    def regions(self) -> tuple[bool, ...]:
        return tuple(one.region for one in self.scores if one.region is not None)

    @property
    def cost(self) -> float:
        """Processor time of verifying over that of decoding, median."""
        said = [result.said for result in self.results if result.said is not None]
        return percentile([one.cpu / one.decode_cpu for one in said if one.decode_cpu > 0], 50)

    @property
    def pace(self) -> float:
        """Seconds of clip verified in a second, median."""
        said = [result.said for result in self.results if result.said is not None]
        return percentile([one.seconds / one.wall for one in said if one.wall > 0], 50)

    def where(self, *, label: str | None = None, laundering: str | None = None, strength: str | None = None) -> Group:
        """Those of a class, a laundering, a strength."""
        return Group(
            tuple(
                result
                for result in self.results
                if label in (None, result.label)
                and laundering in (None, result.laundering)
                and strength in (None, result.strength)
            )
        )


def altered(results: Iterable[Result]) -> Group:
    return Group.of(result for result in results if result.truth.altered)


def untouched(results: Iterable[Result]) -> Group:
    return Group.of(result for result in results if result.truth.altered is False)


def ambiguous(results: Iterable[Result]) -> Group:
    return Group.of(result for result in results if result.truth.altered is None)


def curve(results: Sequence[Result]) -> tuple[list[tuple[float, float]], float]:
    """The ROC of the highest score of an altering finding, and the area under it."""
    points = roc([one.top for one in altered(results).scores], [one.top for one in untouched(results).scores])
    return points, area(points)


def targets(results: Sequence[Result]) -> list[tuple[str, str, bool | None]]:
    """What is asked, what was measured, whether it is met; None where nothing was asked about."""
    changed, clean = altered(results), untouched(results)
    spared = Group.of(result for result in clean.results if result.laundering in SPARED)
    heard = Group.of(r for r in changed.where(laundering="messenger").results if r.label in SOUND)
    platform = changed.where(laundering="platform")
    by_class = {label: platform.where(label=label).rate for label in dict.fromkeys(r.label for r in platform.results)}
    worst = min(by_class, key=lambda label: by_class[label], default="")
    found = [
        (f"untouched clips called altered ≤ {TARGET_FALSE:.0%}", *_rate(clean, most=TARGET_FALSE)),
        (f"none of them after {' and '.join(SPARED)}", *_rate(spared, most=0.0)),
    ]
    for name, least in TARGET_CALLED.items():
        group = changed.where(laundering=name)
        found.append((f"altered clips found, {name} ≥ {least:.2f}", *_rate(group, least=least)))
    kind, time = share(changed.kinds), percentile(changed.times, 50)
    region = share(changed.regions)
    return [
        *found,
        _asked(f"no class under {TARGET_CLASS:.2f} at platform", by_class.get(worst), TARGET_CLASS, f"{worst}: "),
        _asked(f"right kind, of those found ≥ {TARGET_KIND:.2f}", kind, TARGET_KIND, "", len(changed.kinds)),
        _asked(f"time, intersection over union, median ≥ {TARGET_TIME:.2f}", time, TARGET_TIME, "", len(changed.times)),
        _asked(f"region hit, of those found ≥ {TARGET_REGION:.2f}", region, TARGET_REGION, "", len(changed.regions)),
        (f"sound edits found at 64 kb/s AAC ≥ {TARGET_SOUND:.2f}", *_rate(heard, least=TARGET_SOUND)),
    ]


def _rate(group: Group, *, least: float = 0.0, most: float = 1.0) -> tuple[str, bool | None]:
    """Share called altered in words, and whether it lies where it should."""
    if not group.count:
        return "not asked", None
    low, high = group.interval
    said = f"{group.called} of {group.count}: {group.rate:.3f} ({low:.2f}–{high:.2f})"
    return said, least <= group.rate <= most


def _asked(
    words: str, value: float | None, least: float, before: str = "", count: int | None = None
) -> tuple[str, str, bool | None]:
    if value is None or value != value:
        return words, "not asked", None
    return words, f"{before}{value:.2f}{'' if count is None else f' of {count}'}", value >= least
