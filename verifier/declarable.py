"""Which kinds of finding each C2PA action declares: a table of its own.

The actions and what they mean are those of the C2PA specification 2.4, 18.15 "Actions". An action that is not in the
table declares nothing: neither those that change no content (``c2pa.created``, ``c2pa.opened``, ``c2pa.published``,
``c2pa.edited.metadata``, ``c2pa.watermarked`` and its kinds, which are invisible), nor ``c2pa.unknown``, nor those that
only one program knows. Nothing declares ``still_animated`` or ``credential_mismatch``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provenance.report import Kind

PART = frozenset({Kind.REGION, Kind.FACE, Kind.OVERLAY})
"""A part of the picture."""
SOUND = frozenset({Kind.AUDIO_EDITED, Kind.AUDIO_REPLACED, Kind.MUTED})
ORDER = frozenset({Kind.CUT, Kind.TRIMMED, Kind.REORDERED, Kind.REVERSED, Kind.FRAMES_REPEATED, Kind.SPEED})
FRAME = frozenset({Kind.CROPPED, Kind.PADDED, Kind.MIRRORED, Kind.ROTATED, Kind.RESIZED, Kind.GRADED, Kind.FRAME_RATE})
"""The frame as a whole."""


@dataclass(frozen=True, slots=True)
class Declarable:
    """Kinds that an action declares wherever they are, and kinds that it declares only where it says where."""

    anywhere: frozenset[Kind] = frozenset()
    where_said: frozenset[Kind] = frozenset()


def _kinds(*kinds: Kind, where_said: frozenset[Kind] = frozenset()) -> Declarable:
    return Declarable(frozenset(kinds), where_said)


_COLOUR = _kinds(Kind.GRADED, where_said=PART)
_AUDIO = Declarable(SOUND)
_RESIZED = _kinds(Kind.RESIZED)
_COMPRESSED = _kinds(Kind.REENCODED)

DECLARABLE: Mapping[str, Declarable] = {
    # "Generalized actions that would be considered editorial transformations": anything done to the source itself.
    # What was brought in from elsewhere is for c2pa.placed to declare, with its ingredient.
    "c2pa.edited": Declarable(PART | SOUND | ORDER | FRAME | {Kind.REENCODED}),
    # "(Visible) textual content was inserted": captions, titles.
    "c2pa.addedText": Declarable(PART),
    # "Changes to tone, saturation, etc."; the second is its name before 2.2.
    "c2pa.adjustedColor": _COLOUR,
    "c2pa.color_adjustments": _COLOUR,
    # "Changes to appearance with applied filters, styles": all over it is a look, in a place it may be a blurred face.
    "c2pa.filtered": _COLOUR,
    # "Noise reduction, multi-band compression, or sharpening": not editorial.
    "c2pa.enhanced": _kinds(Kind.GRADED, Kind.REENCODED),
    # "Reduced or increased playback speed of a video or audio track".
    "c2pa.changedSpeed": _kinds(Kind.SPEED, Kind.FRAME_RATE),
    "c2pa.cropped": _kinds(Kind.CROPPED),
    # "Changes to the direction and position of content".
    "c2pa.orientation": _kinds(Kind.ROTATED, Kind.MIRRORED),
    "c2pa.resized": _RESIZED,
    "c2pa.resized.proportional": _RESIZED,
    # "Areas of the digital content were deleted": in the picture only where it says where.
    "c2pa.deleted": _kinds(Kind.CUT, Kind.TRIMMED, Kind.MUTED, where_said=PART | SOUND),
    # "Removal of a temporal range of the content".
    "c2pa.trimmed": _kinds(Kind.TRIMMED, Kind.CUT),
    # "Changes using drawing tools including brushes or eraser".
    "c2pa.drawing": Declarable(PART),
    # "Changes were made to audio"; "changes to the language", which may move lips and put up subtitles.
    "c2pa.dubbed": _AUDIO,
    "c2pa.translated": Declarable(SOUND | {Kind.FACE, Kind.OVERLAY}),
    # "Multiple audio ingredients are combined", "components of ingredients are combined in a transformative way".
    "c2pa.mixed": _AUDIO,
    "c2pa.remixed": Declarable(SOUND | ORDER),
    "c2pa.mastered": _COMPRESSED,
    # "Added or placed one or more componentOf ingredients"; "a componentOf ingredient was removed".
    "c2pa.placed": Declarable(PART | {Kind.PADDED, Kind.FOREIGN_FOOTAGE}),
    "c2pa.removed": Declarable(PART | {Kind.CUT, Kind.MUTED}),
    # "Assertions were redacted": nothing of what is seen or heard, unless it names a place, as the role of that name
    # for regions of interest has it ("something in this area was redacted").
    "c2pa.redacted": Declarable(where_said=PART | SOUND),
    # Conversions that are not editorial.
    "c2pa.converted": _COMPRESSED,
    "c2pa.repackaged": _COMPRESSED,
    "c2pa.transcoded": _kinds(Kind.REENCODED, Kind.RESIZED, Kind.FRAME_RATE),
}
