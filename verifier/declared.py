"""What the clip's signer declares to have done to an original, and which findings that covers.

The declaration is a fact, read from a credential that is to be relied on; what it covers is a rule. Both are pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.assets import asset_id_of
from provenance.credentials.actions import AI_SOURCES
from provenance.credentials.values import Action, Change, Credential, CredentialState, Ingredient, Shape, Span
from provenance.report import WHOLE_FRAME, ClipFacts, Declared, Finding, Kind, Region
from verifier.declarable import DECLARABLE, PART, SOUND, Declarable

PARENT = "parentOf"
PLACED = "c2pa.placed"
MARGIN_S = 0.5
"""Seconds by which a finding may go beyond what is declared: findings are placed to half a second."""
MARGIN = 0.05
"""The same in the picture, as a share of the frame's width: it is compared in blocks whose neighbours count too."""
INSIDE = 0.9
"""Share of a finding's rectangle that must lie in what is declared, margin included: its corners may be unchanged."""
_COLUMNS = 160
"""Width, in cells, of the grid on which areas are laid."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Actions that a trusted signer states to have done to the original with this id, if that is registered.

    ``asset_id`` is None for a compilation that was made from no single file. ``beside``: by the id of each original
    that was placed in it, the actions that placed others.
    """

    signer: str
    asset_id: str | None
    actions: tuple[Action, ...]
    beside: Mapping[str, tuple[Action, ...]] = field(default_factory=dict)

    def names(self, asset_id: str | None) -> bool:
        """Whether this original is said to be what the clip was made from, or a part of it."""
        return asset_id is not None and (asset_id == self.asset_id or asset_id in self.beside)

    def of(self, finding: Finding) -> tuple[Action, ...]:
        """The actions that may cover a finding."""
        if finding.asset_id is not None and finding.asset_id == self.asset_id:
            return self.actions
        # Of a part of a compilation only this is told by the others' being there: that not all of the clip shows it.
        return self.beside.get(finding.asset_id or "", ()) if finding.kind is Kind.FOREIGN_FOOTAGE else ()


def declaration_of(credential: Credential) -> Declaration | None:
    """What a credential declares, if it is to be relied on and the parent it names is told beyond doubt.

    1. The credential is authentic: intact, over these bytes, of a trusted signer.
    2. It names one parent, which has a manifest with a content hash, and whose own validation did not fail; or none,
       but files of which the same is true, and which it says were placed.
    3. Of its actions, those that refer to an ingredient whose validation failed are left out.
    """
    if credential.state is not CredentialState.AUTHENTIC or credential.signer is None:
        return None
    parents = [ingredient for ingredient in credential.ingredients if ingredient.relationship == PARENT]
    source = source_of(parents[0]) if len(parents) == 1 else None
    failed = {ingredient.label for ingredient in credential.ingredients if ingredient.failures}
    actions = tuple(action for action in credential.stated if failed.isdisjoint(action.ingredients))
    beside = _beside(credential.ingredients, actions)
    if source is None and (parents or not beside):
        return None
    return Declaration(credential.signer.name, source, actions, beside)


def _beside(ingredients: Iterable[Ingredient], actions: Sequence[Action]) -> dict[str, tuple[Action, ...]]:
    placed = [action for action in actions if action.label == PLACED]
    named = {label for action in placed for label in action.ingredients}
    parts: dict[str, set[str]] = {}
    for part in ingredients:
        asset_id = source_of(part)
        if asset_id is not None and part.label in named:
            parts.setdefault(asset_id, set()).add(part.label or "")
    return {
        asset_id: tuple(action for action in placed if not labels.issuperset(action.ingredients))
        for asset_id, labels in parts.items()
    }


def source_of(ingredient: Ingredient) -> str | None:
    """The id under which a registry knows an ingredient, by its manifest and content hash; None if it fails."""
    if ingredient.failures or ingredient.manifest_label is None or ingredient.hard_binding is None:
        return None
    return asset_id_of(ingredient.manifest_label, ingredient.hard_binding)


def covered(declaration: Declaration | None, findings: Iterable[Finding], clip: ClipFacts) -> dict[Finding, Declared]:
    """The findings about what it was made from that the declaration covers, in kind, time and place."""
    declared = {}
    for finding in findings if declaration else ():
        if declaration is None or not declaration.of(finding):
            continue
        stated = [(action, _extents(action, finding, clip)) for action in declaration.of(finding)]
        if _covers([extent for _, extents in stated for extent in extents], finding, clip):
            counted = _named(stated, finding, clip)
            names = dict.fromkeys(action.label for action in counted)
            ai = dict.fromkeys(action.source_type for action in counted if action.source_type in AI_SOURCES)
            declared[finding] = Declared(declaration.signer, tuple(names), tuple(filter(None, ai)))
    return declared


def _named(stated: Sequence[tuple[Action, list[_Extent]]], finding: Finding, clip: ClipFacts) -> list[Action]:
    """The actions to name for a finding that is covered.

    All that touch a part that was changed; but a change of the whole is not said to be made by what was done in a part
    of it, with AI perhaps, where other actions account for it.
    """
    alone = [action for action, extents in stated if extents and _covers(extents, finding, clip)]
    if alone and finding.kind not in PART | SOUND:
        return alone
    return [action for action, extents in stated if extents]


@dataclass(frozen=True, slots=True, eq=False)
class _Extent:
    """Seconds of the clip and cells of its frame that an action declares, margins included; bool (rows, columns)."""

    spans: tuple[tuple[float, float], ...]
    cells: NDArray[np.bool_]

    def at(self, moment: float) -> bool:
        return any(start <= moment <= end for start, end in self.spans)


def _extents(action: Action, finding: Finding, clip: ClipFacts) -> list[_Extent]:
    """Where an action declares a finding of this kind; empty if it does not, or nowhere near it."""
    kinds = DECLARABLE.get(action.label, Declarable())
    start, end = _time(finding, clip)
    if finding.kind not in (kinds.anywhere if action.changes is None else kinds.anywhere | kinds.where_said):
        return []
    extents = []
    for change in (Change(),) if action.changes is None else action.changes:
        if change.shapes and finding.kind in SOUND:
            continue  # a place in the picture says nothing of the sound
        spans = tuple(_spans(change.spans, clip))
        if any(first <= end and start <= last for first, last in spans):
            # Of a crop, the place that is named is what was left.
            shapes = () if finding.kind is Kind.CROPPED else change.shapes
            extents.append(_Extent(spans, _cells(shapes, clip)))
    return extents


def _covers(extents: Sequence[_Extent], finding: Finding, clip: ClipFacts) -> bool:
    """Whether the extents together cover the finding's rectangle at every moment of it."""
    start, end = _time(finding, clip)
    turns = {moment for extent in extents for span in extent.spans for moment in span if start < moment < end}
    edges = sorted({start, end} | turns)
    moments = [(before + after) / 2 for before, after in pairwise(edges)] or edges
    return all(_share([e.cells for e in extents if e.at(moment)], finding.region) >= INSIDE for moment in moments)


def _share(areas: Sequence[NDArray[np.bool_]], region: Region | None) -> float:
    if not areas:
        return 0.0
    cells = np.logical_or.reduce(areas)
    rows, columns = cells.shape
    region = region or WHOLE_FRAME
    left, top = int(region.x * columns), int(region.y * rows)
    right, bottom = round((region.x + region.w) * columns), round((region.y + region.h) * rows)
    inside = cells[top : max(bottom, top + 1), left : max(right, left + 1)]
    return float(inside.mean()) if inside.size else 0.0


def _time(finding: Finding, clip: ClipFacts) -> tuple[float, float]:
    """Start and end of a finding in seconds of the clip; one without a time concerns all of it."""
    if finding.clip is None:
        return 0.0, clip.duration or 0.0
    return float(finding.clip.start), float(finding.clip.end)


def _spans(spans: Sequence[Span], clip: ClipFacts) -> Iterator[tuple[float, float]]:
    for span in spans or (Span(0.0, None),):
        if span.frames and not clip.fps:
            continue
        scale = 1 / clip.fps if span.frames and clip.fps else 1.0
        end = np.inf if span.end is None else span.end * scale
        if span.start * scale <= end:
            yield span.start * scale - MARGIN_S, end + MARGIN_S


def _cells(shapes: Sequence[Shape], clip: ClipFacts) -> NDArray[np.bool_]:
    width, height = clip.width or 1, clip.height or 1
    rows = max(1, min(8 * _COLUMNS, round(_COLUMNS * height / width)))
    if not shapes:
        return np.ones((rows, _COLUMNS), np.bool_)
    cells = np.zeros((rows, _COLUMNS), np.uint8)
    for shape in shapes:
        scale = (_COLUMNS / width, rows / height) if shape.pixels else (_COLUMNS, rows)
        # Far outside is as good as anywhere outside, and fits into the integers that are drawn with.
        corners = np.clip(np.array(shape.points) * scale, -_COLUMNS * 8, _COLUMNS * 16)
        drawn = np.zeros_like(cells)
        cv2.fillPoly(drawn, [np.round(corners).astype(np.int32)], 1)
        cells |= drawn if shape.inside else 1 - drawn
    size = 2 * round(MARGIN * _COLUMNS) + 1
    return np.asarray(cv2.dilate(cells, np.ones((size, size), np.uint8)), np.bool_)
