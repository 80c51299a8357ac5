"""The words of a report for people, shared by the terminal and the page so that both say the same."""

from __future__ import annotations

from fractions import Fraction

from provenance.report import ClipFacts, CredentialFacts, Declared, Judged, Kind, Region, Report, Severity, Verdict
from provenance.times import Interval

VERDICTS = {
    Verdict.AUTHENTIC: "Authentic",
    Verdict.MATCH: "Match",
    Verdict.ALTERED: "Altered",
    Verdict.UNKNOWN: "Unknown",
    Verdict.INCONCLUSIVE: "Inconclusive",
}

MEANINGS = {
    Verdict.AUTHENTIC: "These are the bytes that were signed, and the signer is trusted.",
    Verdict.MATCH: "What could be compared is that of the original; the differences found are disclosed ones.",
    Verdict.ALTERED: "The clip comes from that original, and something in it was changed.",
    Verdict.UNKNOWN: "This says nothing about whether the clip is genuine: no original of it was found.",
    Verdict.INCONCLUSIVE: "What could be looked at does not allow more to be said.",
}

KINDS = {
    Kind.REENCODED: "Re-encoded",
    Kind.RESIZED: "Resized",
    Kind.CROPPED: "Cropped",
    Kind.PADDED: "Padded",
    Kind.MIRRORED: "Mirrored",
    Kind.ROTATED: "Rotated",
    Kind.OVERLAY: "Overlay added",
    Kind.TRIMMED: "Trimmed",
    Kind.GRADED: "Colours or brightness changed",
    Kind.FRAME_RATE: "Frame rate changed",
    Kind.MUTED: "Sound removed",
    Kind.FACE: "Face changed",
    Kind.REGION: "Part of the picture changed",
    Kind.AUDIO_REPLACED: "Sound replaced",
    Kind.AUDIO_EDITED: "Sound edited",
    Kind.SPEED: "Speed changed",
    Kind.CUT: "Passage cut out",
    Kind.REORDERED: "Order changed",
    Kind.REVERSED: "Played backwards",
    Kind.FRAMES_REPEATED: "Frames repeated",
    Kind.FOREIGN_FOOTAGE: "Other footage inserted",
    Kind.STILL_ANIMATED: "Still picture set in motion",
    Kind.CREDENTIAL_MISMATCH: "Signed by someone else",
}

SEVERITIES = {Severity.ALTERING: "Altering", Severity.DISCLOSED: "Disclosed"}

CREDENTIALS = {
    "none": "The file carries no credential.",
    "authentic": "Intact, covers this content, and the signer is trusted.",
    "untrusted": "Intact and covers this content, but the signer is not trusted.",
    "content_changed": "The signature is sound, but the content is not what was signed.",
    "invalid": "The credential does not hold.",
    "broken": "There is a credential, but it cannot be read.",
    "unsupported": "The credential is not in the file, or this kind of file cannot hold one.",
}

REVOCATIONS = {"good": "not revoked", "revoked": "revoked", "unknown": "not known"}

ROLES = {
    "pair": "Original and clip",
    "heatmap": "Where it differs",
    "crop": "Close up",
    "strip": "Over time",
    "timeline": "Timeline",
    "offsets": "Times",
    "spectrogram": "Sound",
    "points": "Points that match",
}


def in_order(report: Report) -> list[tuple[int, int, Judged]]:
    """The findings as (number from 1, index in the report, finding): altering, declared, others, by time."""

    def key(item: tuple[int, Judged]) -> tuple[bool, bool, Fraction, int]:
        index, judged = item
        start = judged.finding.clip.start if judged.finding.clip else Fraction(-1)
        return judged.severity is not Severity.ALTERING, judged.declared is None, start, index

    ordered = sorted(enumerate(report.findings), key=key)
    return [(number, index, judged) for number, (index, judged) in enumerate(ordered, start=1)]


def clock(seconds: float | Fraction) -> str:
    """Seconds as people read them: ``0:07.25``, ``12:03``, ``1:02:03.5``; hundredths only where there are any."""
    hundredths = round(float(seconds) * 100)
    sign = "−" if hundredths < 0 else ""
    whole, rest = divmod(abs(hundredths), 100)
    minutes, secs = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"
    return sign + text + (f".{rest:02}".rstrip("0") if rest else "")


def span(interval: Interval) -> str:
    """An interval as ``0:03.1 – 0:07.9``."""
    return f"{clock(interval.start)} – {clock(interval.end)}"


def times(speed: float) -> str:
    """A speed as ``0.75×``."""
    return f"{speed:.3g}×"


def where(region: Region) -> str:
    """Roughly where in the frame a region lies, in words."""
    across = _third(region.x + region.w / 2, ("left", "centre", "right"))
    down = _third(region.y + region.h / 2, ("top", "middle", "bottom"))
    if region.w > 0.8 and region.h > 0.8:
        return "most of the frame"
    if region.w > 0.8:
        return f"{down} of the frame, full width"
    if region.h > 0.8:
        return f"{across} of the frame, full height"
    return "centre of the frame" if (across, down) == ("centre", "middle") else f"{down} {across} of the frame"


def _third(position: float, words: tuple[str, str, str]) -> str:
    return words[min(int(max(position, 0.0) * 3), 2)]


def declared(by: Declared) -> str:
    """By whom a change is declared, and as what."""
    ai = f", made with AI ({', '.join(by.ai)})" if by.ai else ""
    return f"Declared by {by.by} as {', '.join(by.actions)}{ai}."


def percent(share: float) -> str:
    """A share 0-1 as a percentage, never rounded up to 100 nor down to 0."""
    value = round(share * 100)
    if value >= 100 and share < 1:
        return "99\u00a0%"
    if value <= 0 < share:
        return "1\u00a0%"
    return f"{value}\u00a0%"


def clip_facts(clip: ClipFacts) -> list[tuple[str, str]]:
    """What the file is, as label and value; what is not known is left out."""
    facts = [("Kind", clip.media_type)]
    if clip.duration is not None:
        facts.append(("Length", clock(clip.duration)))
    if clip.width and clip.height:
        facts.append(("Picture", f"{clip.width} × {clip.height}"))
    if clip.fps:
        facts.append(("Frames", rate(clip.fps)))
    facts.append(("Sound", "yes" if clip.audio else "none"))
    facts.append(("SHA-256", clip.sha256))
    return facts


def rate(fps: float) -> str:
    """Frames per second as ``29.97 per second``."""
    return f"{fps:.3f}".rstrip("0").rstrip(".") + " per second"


def aspect(clip: ClipFacts) -> float:
    """Width by height of the clip's frame; 16:9 where it is not known."""
    return clip.width / clip.height if clip.width and clip.height else 16 / 9


def basis(report: Report) -> list[tuple[str, str]]:
    """Under which policy, by which versions and in what time the report was made, as label and value."""
    rows = [*report.policy.items(), *report.versions.items()]
    if report.budget is not None:
        enough = "" if report.budget.complete else ", not enough"
        rows.append(("time budget", f"{report.budget.seconds:g} s, {report.budget.spent:.1f} s spent{enough}"))
    return rows


def credential_facts(credential: CredentialFacts) -> list[tuple[str, str]]:
    """What there is to know of a credential beyond its state, as label and value."""
    facts = []
    if credential.signer:
        facts.append(("Signer", credential.signer))
    if credential.made_from:
        facts.append(("Made from", f"asset {credential.made_from}, as its signer says"))
    if credential.timestamp:
        facts.append(("Timestamp", credential.timestamp))
    if credential.state != "none":
        facts.append(("Revocation", REVOCATIONS.get(credential.revocation, credential.revocation)))
    if credential.codes:
        facts.append(("Codes", ", ".join(credential.codes)))
    return facts
