"""Finding a clip among very many stored hashes: build, size, query time and recall, on SQLite and on PostgreSQL.

``python -m benchmarks.search [--sizes N,N] [--backends NAME,NAME] [--bands BxW,BxW] [--json FILE] [--table FILE]``.
Hashes are made up with the statistics of real footage (``search_hashes``); the index is that of the registry, filled in
bulk through its own code. Times are of one query at a time, in wall time and in processor time of client and server.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import text

from benchmarks.machine import describe
from benchmarks.search_hashes import HASHES_PER_ASSET, half_a_minute, made_up, one_picture
from benchmarks.search_registry import add_one, asset_id, empty_registry, fill, keep_fingerprints, sizes
from provenance.catalog import Query
from registry.bands import DEFAULT, IndexParameters
from registry.catalog import LocalCatalog
from registry.store import Registry

ABSENT = 10_000_000
"""Numbers of assets that no registry of this benchmark holds."""
CLIPS, STILLS, WRITES, LIMIT = 40, 60, 20, 8
CLIP_BITS = (8, 31, 48, 60)
STILL_BITS = (31, 40, 48)


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of query: wall time in ms, processor time in ms, share of true assets named first."""

    kind: str
    count: int
    wall_ms: tuple[float, float]
    cpu_ms: tuple[float, float]
    found: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """One registry. ``write_per_s``: hashes a second, registered asset by asset with a durable commit each."""

    backend: str
    bands: str
    hashes: int
    entries_per_hash: float
    bytes_per_hash: float
    build_s: float
    write_per_s: float
    asked: tuple[Asked, ...]


def measure(backend: str, hashes: int, parameters: IndexParameters) -> Result:
    """Build a registry and ask it."""
    rng = np.random.default_rng(hashes)
    with empty_registry(backend, parameters) as registry:
        took = fill(registry, hashes, parameters)
        assets = hashes // HASHES_PER_ASSET
        chosen = sorted({int(n) for n in rng.integers(1, assets + 1, CLIPS)})
        keep_fingerprints(registry, chosen)
        size = sizes(registry)

        def clip(bits: float) -> Callable[[int], tuple[Query, int]]:
            return lambda n: (
                half_a_minute(made_up(chosen[n % len(chosen)]), int(rng.integers(0, 59)), bits, rng),
                chosen[n % len(chosen)],
            )

        def still(bits: int) -> Callable[[int], tuple[Query, int]]:
            def make(_: int) -> tuple[Query, int]:
                number = int(rng.integers(1, assets + 1))
                return one_picture(made_up(number), int(rng.integers(10, 120)), bits, rng), number

            return make

        def stranger(n: int) -> tuple[Query, int]:
            return half_a_minute(made_up(ABSENT + n), int(rng.integers(0, 59)), 8, rng), 0

        asked = [
            *(_ask(registry, f"30 s, {bits} bits away", clip(bits), CLIPS) for bits in CLIP_BITS),
            _ask(registry, "30 s, not registered", stranger, CLIPS),
            *(_ask(registry, f"one picture, {bits} bits away", still(bits), STILLS) for bits in STILL_BITS),
        ]
        started = time.monotonic()
        for n in range(WRITES):
            add_one(registry, ABSENT * 2 + n)
        writes = WRITES * HASHES_PER_ASSET / (time.monotonic() - started)
    name = f"{parameters.bands} x {parameters.band_bits}"
    each = size["band_rows"] / hashes, size["bytes"] / hashes
    return Result(backend, name, hashes, *each, took["build_s"], writes, tuple(asked))


def _ask(registry: Registry, kind: str, make: Callable[[int], tuple[Query, int]], count: int) -> Asked:
    catalog = LocalCatalog(registry)
    wall, cpu, found = [], [], 0
    for n in range(count):
        query, number = make(n)
        before, started = _cpu_s(registry), time.perf_counter()
        nominations = catalog.nominate(query, LIMIT)
        # What the verifier does next: every nominated original is loaded with its fingerprints.
        for nomination in nominations:
            catalog.original(nomination.asset_id)
        wall.append((time.perf_counter() - started) * 1000)
        cpu.append((_cpu_s(registry) - before) * 1000)
        found += [nomination.asset_id for nomination in nominations[:1]] == [asset_id(number)]
    share = None if "not registered" in kind else found / count
    return Asked(kind, count, _percentiles(wall), _percentiles(cpu), share)


def _percentiles(values: list[float]) -> tuple[float, float]:
    median, high = np.percentile(values, (50, 99))
    return round(float(median), 1), round(float(high), 1)


def _cpu_s(registry: Registry) -> float:
    """Processor time of this process, and of the server's process that serves it."""
    spent = time.process_time()
    if registry.engine.dialect.name == "sqlite":
        return spent
    with registry.reading() as session:
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return spent + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def page(results: list[Result], machine: str) -> str:
    """The results as Markdown."""
    lines = [_HEAD, machine, "", "## Index", "", _INDEX_HEAD]
    lines += [
        f"| {r.hashes:,} | {r.backend} | {r.bands} | {r.entries_per_hash:.1f} | {r.bytes_per_hash:.0f} "
        f"| {r.build_s:.0f} | {r.write_per_s:,.0f} |"
        for r in results
    ]
    lines += ["", "## Queries", "", _QUERY_WORDS, "", _QUERY_HEAD]
    for r in results:
        for a in r.asked:
            share = "–" if a.found is None else f"{a.found:.3f}".rstrip("0").rstrip(".")
            lines.append(
                f"| {r.hashes:,} | {r.backend} | {r.bands} | {a.kind} | {a.wall_ms[0]:.0f} | {a.wall_ms[1]:.0f} "
                f"| {a.cpu_ms[0]:.0f} | {a.cpu_ms[1]:.0f} | {share} |"
            )
    return "\n".join([*lines, ""])


_HEAD = """# Search among very many hashes

Written by `python -m benchmarks.search`. Hashes are made up with the distances between neighbouring frames that were
measured on real clips (`benchmarks/search_hashes.py` says how); assets are a minute long, 960 hashes each, one in fifty
begins with a shared slate. The registry's own schema and code, filled in bulk.
"""
_INDEX_HEAD = """| hashes | database | bands | entries a hash | bytes a hash | bulk build s | registering, hashes/s |
|---|---|---|---|---|---|---|"""
_QUERY_WORDS = """A clip of 30 s: 480 frame hashes (240 frames as shown and mirrored) and 240 sub-fingerprints of its
sound, a third of which are unchanged; each of its hashes is so many bits from the asset's on average. One picture: two
hashes, exactly so many bits away. Times include loading the nominated originals. `found`: the true asset is named
first. Processor time is client and server together (the server's in steps of 10 ms); wall time is of a machine that
was busy with other work, so it is above what an idle one takes."""
_QUERY_HEAD = """| hashes | database | bands | query | wall ms p50 | p99 | processor ms p50 | p99 | found |
|---|---|---|---|---|---|---|---|---|"""


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100000,1000000")
    parser.add_argument("--backends", default="sqlite,postgresql")
    parser.add_argument("--bands", default=f"{DEFAULT.bands}x{DEFAULT.band_bits}")
    parser.add_argument("--json", type=Path, help="add the results to those in this file")
    parser.add_argument("--table", type=Path, help="write the page here")
    options = parser.parse_args()
    done = json.loads(options.json.read_text()) if options.json and options.json.exists() else []
    for size in options.sizes.split(","):
        for backend in options.backends.split(","):
            for bands in options.bands.split(","):
                count, width = map(int, bands.split("x"))
                result = asdict(measure(backend, int(float(size)), IndexParameters(bands=count, band_bits=width)))
                print(json.dumps(result), flush=True)
                key = result["backend"], result["bands"], result["hashes"]
                done = [r for r in done if (r["backend"], r["bands"], r["hashes"]) != key] + [result]
                if options.json:
                    options.json.write_text(json.dumps(done, indent=1))
    results = [Result(**r | {"asked": tuple(Asked(**a) for a in r["asked"])}) for r in done]
    results.sort(key=lambda r: (r.hashes, r.bands, r.backend != "sqlite"))
    table = page(results, describe())
    if options.table:
        options.table.write_text(table, encoding="utf-8")
    else:
        print(table)


if __name__ == "__main__":
    main()
