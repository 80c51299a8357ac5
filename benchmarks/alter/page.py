"""The page of results, with its plots and the pages of misses and false alarms beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.alter import catalogue, examples, laundering, plot
from benchmarks.alter.figures import Group, altered, ambiguous, curve, targets, untouched
from benchmarks.alter.job import STRENGTHS
from benchmarks.alter.run import Result
from benchmarks.identify import plots
from benchmarks.identify.newsroom import ANSWERED_BY, code_version
from benchmarks.identify.score import percentile, share
from benchmarks.machine import describe

HALVES = (("second", True), ("first", False))


@dataclass(frozen=True, slots=True)
class Run:
    """All that was measured. ``originals``: what is registered, by file name; ``second``: names of the clips of the
    second half; ``made_up``: names of those that got sound of their own; ``sections``: further parts of the page."""

    originals: Mapping[str, Path]
    second: frozenset[str]
    made_up: frozenset[str]
    results: Sequence[Result]
    sections: Sequence[str] = ()

    def half(self, *, second: bool) -> list[Result]:
        return [result for result in self.results if (result.clip in self.second) is second]


def write(run: Run, page: Path) -> None:
    """Write the page, with a folder of its name beside it."""
    beside = page.with_suffix("")
    beside.mkdir(parents=True, exist_ok=True)
    for old in (*beside.glob("*.svg"), *beside.glob("*.jpg")):
        old.unlink()
    parts = [_heading(run), _targets(run), _classes(run, beside), _false_alarms(run), _curve(run, beside), _cost(run)]
    parts += [*run.sections, _wrong(run, beside), _NOTES]
    page.write_text("\n\n".join(part.strip() for part in parts) + "\n")


def _heading(run: Run) -> str:
    asked = sorted({result.clip for result in run.results})
    answered = [result for result in run.results if result.said is not None]
    return _HEADING.format(
        machine=describe(),
        version=code_version(ANSWERED_BY),
        clips=len(run.originals),
        asked=len(asked),
        second=sum(name in run.second for name in asked),
        names=", ".join(asked),
        count=len(answered),
        altered=altered(answered).count,
        untouched=untouched(answered).count,
        hidden=len(run.results) - len(answered),
        launderings=", ".join(_launderings(altered(answered))) or "none",
        clean=", ".join(_launderings(untouched(answered))) or "none",
        made_up=f"{len(run.made_up)} of the {len(run.originals)}",
    )


def _targets(run: Run) -> str:
    lines = ["## What is asked", "", "| target | second half | | first half | |", "|---|---|---|---|---|"]
    both = [targets(run.half(second=second)) for _, second in HALVES]
    for (asked, value, met), (_, beside, also) in zip(*both, strict=True):
        lines.append(f"| {asked} | {value} | {_met(met)} | {beside} | {_met(also)} |")
    return "\n".join([*lines, "", _EXPLAINED])


def _classes(run: Run, beside: Path) -> str:
    lines = ["## By class and laundering", "", _COLUMNS]
    for word, second in HALVES:
        group = altered(run.half(second=second))
        if group.count:
            lines += ["", f"The {word} half:", "", *_table(group)]
    whole = altered(run.results)
    labels = [
        label for label in dict.fromkeys(a.label for a in catalogue.ALTERATIONS) if whole.where(label=label).count
    ]
    names = _launderings(whole)
    cells = {(a, b): whole.where(label=a, laundering=b).rate for a in labels for b in names}
    (beside / "classes.svg").write_text(plots.heat_map("Altered clips found, both halves", labels, names, cells))
    lines += ["", f"![Found, by class and laundering]({beside.name}/classes.svg)", "", *_strengths(whole)]
    unclear = ambiguous(run.results)
    if unclear.count:
        lines += ["", _AMBIGUOUS.format(called=unclear.called, count=unclear.count)]
    return "\n".join(lines)


def _table(group: Group) -> list[str]:
    always = laundering.ALWAYS
    head = [*always, "others", "unsure", "right kind", "other words", "time", "region", "originals named"]
    lines = ["| class | " + " | ".join(head) + " |", "|" + "---|" * (len(head) + 1)]
    some = [(label, group.where(label=label)) for label in _labels()]
    for label, of in [*((label, of) for label, of in some if of.count), ("**all**", group)]:
        rest = Group(tuple(result for result in of.results if result.laundering not in always))
        cells = [*(_found(of.where(laundering=name)) for name in always), _found(rest), f"{of.unsure}"]
        cells += [_share(share(of.kinds)), f"{of.strays}", _share(percentile(of.times, 50)), _share(share(of.regions))]
        lines.append(f"| {label} | " + " | ".join([*cells, f"{of.named} of {of.count}"]) + " |")
    return lines


def _strengths(group: Group) -> list[str]:
    names = laundering.ALWAYS
    lines = ["| strength, both halves | " + " | ".join(names) + " |", "|" + "---|" * (len(names) + 1)]
    for strength in STRENGTHS:
        cells = [_found(group.where(strength=strength, laundering=name)) for name in names]
        lines.append(f"| {strength} | " + " | ".join(cells) + " |")
    return lines


def _false_alarms(run: Run) -> str:
    lines = ["## Untouched clips called altered", "", "| laundering | second half | first half | unsure | words |"]
    lines.append("|" + "---|" * 5)
    halves = [untouched(run.half(second=second)) for _, second in HALVES]
    whole = untouched(run.results)
    for name in _launderings(whole):
        of = whole.where(laundering=name)
        words = sorted({word for one in of.scores if one.called for word in one.strays})
        cells = [_found(half.where(laundering=name)) for half in halves]
        lines.append(f"| {name} | {' | '.join(cells)} | {of.unsure} | {', '.join(words)} |")
    lines.append(f"| **all** | {_found(halves[0])} | {_found(halves[1])} | {whole.unsure} | |")
    return "\n".join(lines)


def _curve(run: Run, beside: Path) -> str:
    series = {}
    for word, second in HALVES:
        some = run.half(second=second)
        if altered(some).count and untouched(some).count:
            points, under = curve(some)
            series[f"{word} half, area {under:.3f}"] = points
    (beside / "roc.svg").write_text(plot.receiver("Altered clips found, over false alarms", series))
    return f"## Over all thresholds\n\n{_ROC}\n\n![ROC]({beside.name}/roc.svg)"


def _cost(run: Run) -> str:
    whole = Group.of(run.results)
    lines = ["## Cost", "", _COST, "", "| laundering | verify ÷ decode | seconds of clip a second |", "|---|---|---|"]
    for name in _launderings(whole):
        of = whole.where(laundering=name)
        lines.append(f"| {name} | {of.cost:.1f} | {of.pace:.1f} |")
    return "\n".join([*lines, f"| **all** | {whole.cost:.1f} | {whole.pace:.1f} |"])


def _wrong(run: Run, beside: Path) -> str:
    ordered = sorted(run.results, key=lambda r: (r.clip not in run.second, list(catalogue.BY_NAME).index(r.alteration)))
    missed, alarms = examples.misses(ordered), examples.false_alarms(ordered)
    boxes = "Green: where the change is. Red: where something was said to be changed."
    examples.write("Altered clips that were not found", boxes, missed, run.originals, beside / "misses.md")
    examples.write("Untouched clips called altered", boxes, alarms, run.originals, beside / "false_alarms.md")
    links = (
        f"[{len(missed)} misses]({beside.name}/misses.md), [{len(alarms)} false alarms]({beside.name}/false_alarms.md)"
    )
    shown = (
        f"\n[What the report of each class looks like]({beside.name}/reports.md)."
        if (beside / "reports.md").exists()
        else ""
    )
    return f"## What went wrong\n\n{links}, the second half first, with pictures.{shown}"


def _labels() -> list[str]:
    return list(dict.fromkeys(alteration.label for alteration in catalogue.ALTERATIONS))


def _launderings(group: Group) -> list[str]:
    return [one.name for one in laundering.LAUNDERINGS if group.where(laundering=one.name).count]


def _found(group: Group) -> str:
    """Called altered, of how many, with a 95 % interval."""
    low, high = group.interval
    return f"{group.called} of {group.count} ({low:.2f}–{high:.2f})" if group.count else ""


def _met(met: bool | None) -> str:
    return "" if met is None else "met" if met else "**short**"


def _share(value: float) -> str:
    return "" if value != value else f"{value:.2f}"


_HEADING = """# What was altered, where and when

Written by `python -m benchmarks.alter`. {machine} Product sources: `{version}`.

Registered: {clips} clips. Asked about: {asked} of them, {second} of the second half ({names}).
Clips made and verified: {count}, of which {altered} altered and {untouched} untouched. {hidden} more were left out, as
the laundering crops or covers what was changed.

Altered clips went through: {launderings}. Untouched clips went through: {clean}.

Every clip is signed and registered by the product itself. A seeded stretch of at most 8 s is altered, crudely, from
the description of a method; what was done, when and where is known exactly. It is then laundered, and the product
verifies it from beginning to end, with nothing but its registry. {made_up} originals have no sound, or an empty track:
they are registered with made-up speech of their own, so that every alteration of sound is asked of every clip."""
_EXPLAINED = """The second half of the clips decides: thresholds may be set on the first half alone. In brackets: 95 %
intervals after Wilson. *Altered* is what the verdict says; *inconclusive* and *unknown* are not found, but for a clip
synthesised anew, of which it is right, too, to name the original and to leave its picture open. The targets for 30 s
of 720p and for memory are asked by `--cost`, and stand under *A longer clip* where it was run."""
_COLUMNS = """*Others*: crop, vertical, letterbox, mirror, logo, caption, grade and a filmed screen, each after one
seeded alteration of a clip. *Unsure*: neither a match nor altered was said. *Right kind*: share of those found of
which every change was called by a right word (a lip-sync takes two: `face` or `region`, and the sound's). *Other
words*: found clips with altering words besides. *Time*: median intersection over union with the true stretches, 0
where no finding has a right word; of a cut, the original's seconds that are missing. *Region*: share in which the
surest finding with a right word has its centre in the true box and an intersection over union of .3 with it."""
_AMBIGUOUS = """Music under the voice, which is all still there, is an edit to some and none to others: {called} of
{count} were called altered, and it counts neither way."""
_ROC = """Every clip by the highest score of its altering findings, 0 where there are none: what other thresholds on
that score would find, and at what price. The axis of false alarms is stretched at its left."""
_COST = """Processor time of `verify`, with all children, over that of decoding the same clip with FFmpeg; medians. Of
short clips the fixed costs weigh more than of long ones."""
_NOTES = """## How to read this

- What was tried where a figure is short: [by hand](alter-tried.md).
- Strengths: plain changes take a tenth of the frame or more for 2 s or all of the clip, middle ones a twentieth for
  1 s, hard ones a fiftieth for half a second; every clip gets each alteration in one strength, by its name.
- A place is drawn until the change can be seen (a root mean square of 14, 9 or 6 of 255 levels in the part); where no
  place will do, as in a picture that is flat, the alteration is left out.
- Clips shorter than 3 s are not cut, slowed or looped; the faces of the rows are any part of the picture that moves,
  so that `region` and `face` are both right words for any of them.
- A silenced stretch or one under noise as loud as the voice is an alteration (`audio_edited`), a muted clip and faint
  noise throughout are not. Where half of the sound or more is replaced, `audio_replaced` is right, too.
- Another's credential: a stranger's on an unchanged clip; in hard cases his certificate bears the newsroom's name."""
