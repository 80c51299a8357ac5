"""All alterations by name: the class each belongs to, and which clips it applies to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.alter import paints, sounds, timing, whole
from benchmarks.alter.job import STRENGTHS, Altered, Job
from benchmarks.alter.local import painted
from benchmarks.alter.truth import Truth
from benchmarks.identify.base import Base, generator

UNTOUCHED, AMBIGUOUS = "untouched", "music under the voice"
EDIT_SECONDS = 3.0
"""Shortest clip of which stretches are moved about: less than a second on both sides says little."""
_FACE = (("face", "region"),)
_MOUTH = (*_FACE, (sounds.EDITED, sounds.REPLACED))
_PART = (("region", "face"),)
"""Places are drawn where something moves, be it a face or not: what lies on a face may be called one."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """``label``: the class in tables; ``signed``: what is made gets the credential of another signer."""

    name: str
    label: str
    make: Callable[[Job], Altered]
    least_seconds: float = 0.0
    sound: bool = False
    signed: bool = False

    def applies(self, base: Base) -> bool:
        return base.seconds >= self.least_seconds


def _untouched(job: Job) -> Altered:
    return Altered(job.footage, Truth(False, assets=(job.footage.asset,)))


def _as_it_is(job: Job) -> Altered:
    truth = Truth(True, (("credential_mismatch",),), assets=(job.footage.asset,))
    return Altered(job.footage, truth)


def _timed(name: str, label: str, make: Callable[[Job], Altered]) -> Alteration:
    return Alteration(name, label, make, EDIT_SECONDS)


def _heard(name: str, label: str, make: Callable[[Job], Altered], least: float = 1.0) -> Alteration:
    return Alteration(name, label, make, least, sound=True)


ALTERATIONS: tuple[Alteration, ...] = (
    Alteration("lip-sync", "lip-sync", painted(paints.mouth, (0.06, 0.035, 0.02), 1.7, _MOUTH, speaks=True)),
    Alteration("reenactment", "reenactment", painted(paints.driven, (0.1, 0.06, 0.03), 0.75, _FACE)),
    Alteration("face-swap", "face swap", painted(paints.swapped, (0.1, 0.06, 0.025), 0.75, _FACE)),
    Alteration("body", "head or body", painted(paints.driven_elsewhere, (0.3, 0.2, 0.14), 0.7, _FACE)),
    Alteration("animated", "one photograph", whole.animated),
    Alteration("synthesised", "whole clip synthesised", whole.synthesised),
    _heard("dub", "voice replaced", sounds.replaced),
    _heard("dub-stretch", "stretch dubbed", sounds.stretch_of(sounds.other_words)),
    _heard("silenced", "stretch silenced", sounds.stretch_of(sounds.silence)),
    _heard("noise", "stretch under noise", sounds.stretch_of(sounds.noise)),
    _heard("shifted", "sound shifted", sounds.shifted, 2.0),
    _heard("sound-cut", "sound cut out", sounds.cut_out, 2.0),
    _timed("slowed", "slowed", timing.at_speed(slower=True)),
    _timed("hurried", "hurried", timing.at_speed(slower=False)),
    Alteration("added", "thing added", painted(paints.added, (0.1, 0.05, 0.02), 0.7, _PART)),
    Alteration("removed", "thing removed", painted(paints.removed, (0.08, 0.04, 0.02), 0.8, _PART)),
    Alteration("recoloured", "recoloured", painted(paints.recoloured, (0.1, 0.05, 0.02), 0.9, _PART)),
    Alteration("text", "text changed", painted(paints.rewritten, (0.06, 0.035, 0.02), 2.6, _PART, oval=False)),
    Alteration("background", "background replaced", whole.background),
    _timed("cut", "sentence cut out", timing.left_out),
    _timed("reordered", "re-ordered", timing.moved),
    _timed("reversed", "reversed", timing.backwards),
    _timed("looped", "looped", timing.looped),
    _timed("held", "frozen", timing.held),
    _timed("dropped", "frames dropped", timing.dropped),
    _timed("inserted", "foreign footage", timing.inserted),
    Alteration("merged", "two originals merged", timing.merged, 2.0),
    Alteration("resigned", "another's credential", _as_it_is, signed=True),
    _heard("music", AMBIGUOUS, sounds.under_music),
    Alteration(UNTOUCHED, UNTOUCHED, _untouched),
)
BY_NAME = {alteration.name: alteration for alteration in ALTERATIONS}
"""In the order of the tables."""


def strength_of(clip: str, alteration: str) -> str:
    """Every clip gets each alteration in one strength, every alteration on some clip in each."""
    start = int(generator("strength", clip).integers(len(STRENGTHS)))
    return STRENGTHS[(start + list(BY_NAME).index(alteration)) % len(STRENGTHS)]
