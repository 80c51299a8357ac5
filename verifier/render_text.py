"""The report for a terminal; reads well at 80 columns."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from provenance.console import safe
from provenance.presentation import words
from provenance.report import Judged, Match, Report, Severity, Verdict

_WIDTH = 80
_MOST_SEGMENTS = 8
_LABEL, _LONGEST_LABEL = 12, 40
_COLOURS = {
    Verdict.AUTHENTIC: "green",
    Verdict.MATCH: "green",
    Verdict.ALTERED: "red",
    Verdict.UNKNOWN: "blue",
    Verdict.INCONCLUSIVE: "yellow",
}


def print_report(report: Report, console: Console) -> None:
    """Print the whole report. Foreign text is spelled out where it would steer the terminal."""
    width = min(console.width, _WIDTH)
    for part in _parts(report):
        console.print(part, width=width)


def _parts(report: Report) -> list[RenderableType]:
    parts: list[RenderableType] = [_verdict(report)]
    findings = words.in_order(report)
    for severity, heading in ((Severity.ALTERING, "Changed"), (Severity.DISCLOSED, "Disclosed differences")):
        chosen = [judged for _, _, judged in findings if judged.severity is severity]
        if chosen:
            parts += [_heading(heading), *(_finding(judged) for judged in chosen)]
    if report.matches:
        parts += [_heading("Original" if len(report.matches) == 1 else "Originals"), *map(_match, report.matches)]
    parts += [_heading("Credential"), _credential(report)]
    parts += [_heading("Clip"), _pairs([("Name", report.clip.name), *words.clip_facts(report.clip)])]
    if report.not_checked:
        parts += [_heading("Not checked"), *(_bullet(item) for item in report.not_checked)]
    parts += [_heading("Basis"), _pairs([("Checked at", report.checked_at), *words.basis(report)])]
    return parts


def _verdict(report: Report) -> RenderableType:
    colour = _COLOURS[report.verdict]
    title = Text(f" {words.VERDICTS[report.verdict].upper()} ", style=f"bold {colour} reverse")
    body = Group(
        Text(safe(report.summary), style="bold"),
        Text(words.MEANINGS[report.verdict], style="dim"),
    )
    return Panel(body, title=title, title_align="left", border_style=colour, padding=(1, 2))


def _heading(text: str) -> RenderableType:
    return Padding(Text(text, style="bold underline"), (1, 0, 0, 0))


def _finding(judged: Judged) -> RenderableType:
    finding = judged.finding
    altering = judged.severity is Severity.ALTERING
    line = Text("▲ " if altering else "· ", style="red" if altering else "dim")
    line.append(words.KINDS[finding.kind], style="bold")
    facts = []
    if finding.clip:
        facts.append(f"at {words.span(finding.clip)}")
    if finding.region:
        facts.append(words.where(finding.region))
    facts.append(f"score {words.percent(finding.score)}")
    below = Group(Text(", ".join(facts), style="dim"), Text(safe(finding.explanation)))
    if judged.declared:
        below.renderables.append(Text(safe(words.declared(judged.declared)), style="green"))
    return Group(line, Padding(below, (0, 0, 0, 2)))


def _match(match: Match) -> RenderableType:
    rows = [
        ("Title", match.title),
        ("Signer", match.signer),
        ("Signed at", match.signed_at or "not known"),
        ("Asset", match.asset_id),
        ("Covers", f"{words.percent(match.coverage)} of the clip, score {match.score} of 100"),
    ]
    if match.status != "registered":
        rows.append(("Status", match.status))
    if match.revoked is not None:
        rows.append(("Certificate", match.revoked.words))
    if match.compared_with is not None:
        rows.append(("Compared", f"with its {match.compared_with.value}"))
    # A photograph has no times to tell.
    segments = [segment for segment in match.segments if segment.clip.length or segment.original.length]
    shown = segments[:_MOST_SEGMENTS]
    for index, segment in enumerate(shown):
        notes = f", speed {words.times(segment.speed)}" if abs(segment.speed - 1) > 0.005 else ""
        notes += ", mirrored" if segment.mirrored else ""
        text = f"{words.span(segment.clip)} shows {words.span(segment.original)} of it{notes}"
        rows.append(("Segments" if index == 0 else "", text))
    if len(segments) > len(shown):
        rows.append(("", f"and {len(segments) - len(shown)} more"))
    return _pairs(rows)


def _credential(report: Report) -> RenderableType:
    credential = report.credential
    state = f"{credential.state}: {words.CREDENTIALS.get(credential.state, '')}"
    return _pairs([("State", state), *words.credential_facts(credential)])


def _pairs(rows: list[tuple[str, str]]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", min_width=_LABEL, max_width=_LONGEST_LABEL, overflow="fold")
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(Text(safe(label)), Text(safe(value)))
    return Padding(grid, (0, 0, 0, 2))


def _bullet(text: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text("  –", style="dim"), Text(safe(text)))
    return grid
