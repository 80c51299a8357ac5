"""What the report of each class looks like in a browser: one clip of each that was called altered."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.alter.run import Result
from benchmarks.alter.score import score
from benchmarks.docs import photograph
from benchmarks.identify.newsroom import Newsroom
from benchmarks.identify.page import LICENCES
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry.catalog import LocalCatalog
from registry.store import open_registry
from verifier.pipeline import verify
from verifier.render_html import render_html

LAUNDERINGS = ("platform", "studio")
"""Those of which a clip is shown, the first one first."""
SIZE = (900, 1200)
"""Width and height in pixels of what is photographed: the verdict, the strip over time and the first finding."""
WIDTH, COLOURS = 560, 64


def write(results: Sequence[Result], room: Newsroom, page: Path) -> None:
    """A page with a picture for each class of which a clip was called altered; pictures beside it."""
    settings = room.settings
    anchors, chosen = load_anchors(settings.anchors), _chosen(results)
    policy = load_policy(settings, anchors)
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    lines = ["# Reports", "", "The top of the report on one altered clip of each class, photographed by Chromium.", ""]
    with open_registry(settings) as store, tempfile.TemporaryDirectory() as work:
        html = Path(work) / "report.html"
        for result in chosen:
            report = verify(result.path, catalog=LocalCatalog(store), settings=settings, anchors=anchors, policy=policy)
            html.write_text(render_html(report), encoding="utf-8")
            picture = folder / f"{result.alteration}.png"
            picture.write_bytes(photograph(html, SIZE, WIDTH, COLOURS))
            about = f"{result.label} ({result.strength}), {result.laundering}: {report.verdict.value}"
            lines += [f"## {result.label}", "", f"![{about}]({folder.name}/{picture.name})", ""]
            lines += [f"*{result.clip}, {about}. {_credit(result)}.*", ""]
            print(f"{picture.name}: {report.verdict.value}", flush=True)
    page.write_text("\n".join(lines))


def _chosen(results: Sequence[Result]) -> list[Result]:
    """For each class the plainest clip that was called altered by the right words, of footage that may be shown."""
    first: dict[str, Result] = {}
    order = sorted(
        results, key=lambda r: (r.laundering not in LAUNDERINGS[:1], ("plain", "middle", "hard").index(r.strength))
    )
    for result in order:
        shown = result.said is not None and result.truth.altered and result.laundering in LAUNDERINGS
        if shown and result.said is not None and _credit(result) and score(result.truth, result.said).kind:
            first.setdefault(result.alteration, result)
    return sorted(first.values(), key=lambda result: [r.alteration for r in results].index(result.alteration))


def _credit(result: Result) -> str | None:
    return next((credit for start, credit in LICENCES.items() if result.clip.startswith(start)), None)
