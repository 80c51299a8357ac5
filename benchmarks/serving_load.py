"""Load on a registry that is served: readers, a writer and askers of checks, all over HTTP, and what they count."""

from __future__ import annotations

import asyncio
import base64
import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from benchmarks.search_hashes import HASHES_PER_ASSET, half_a_minute, made_up, one_picture
from benchmarks.serving_home import iscc_body, iscc_text
from provenance.fingerprints.iscc import SOFT_BINDING_ALGORITHM
from registry.server.resolution import FRAMES_ALGORITHM

PATH = "/matches/byBinding"
MANY_BITS, ONE_BITS, ISCC_BITS = 8, 16, 16
_EACH = 64
"""Different questions of a kind."""
_ABSENT = 10_000_000
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Question:
    """One request. ``label``: the manifest that is to be named first; None where none is to be named."""

    kind: str
    post: bool
    alg: str
    value: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer: ``status`` of HTTP, or the name of what went wrong; ``right``: it says what it should."""

    kind: str
    status: str
    ms: float
    right: bool


@dataclass(frozen=True, slots=True)
class Row:
    """All answers of one kind: how many a second, milliseconds of the median and the 99th percentile, the longest."""

    kind: str
    count: int
    per_s: float
    median_ms: float
    high_ms: float
    longest_ms: float
    right: float
    statuses: dict[str, int]


def summarise(kind: str, samples: Sequence[Sample], seconds: float) -> Row:
    """What is said of answers. Times are of all of them, also of those that were refused."""
    times = np.array([sample.ms for sample in samples]) if samples else np.zeros(1)
    median, high = np.percentile(times, (50, 99))
    right = sum(sample.right for sample in samples) / max(1, len(samples))
    statuses = dict(sorted(Counter(sample.status for sample in samples).items()))
    longest = float(times.max())
    return Row(kind, len(samples), len(samples) / seconds, float(median), float(high), longest, right, statuses)


def rows(samples: Sequence[Sample], seconds: float) -> list[Row]:
    """A row for each kind, in the order of their names, and one for all."""
    kinds = sorted({sample.kind for sample in samples})
    found = [summarise(kind, [s for s in samples if s.kind == kind], seconds) for kind in kinds]
    return [*found, summarise("all", samples, seconds)]


def questions(hashes: int) -> list[Question]:
    """Questions of four kinds in turn, about a registry with so many made-up hashes."""
    rng = np.random.default_rng(hashes)
    assets = max(1, hashes // HASHES_PER_ASSET)
    made = []
    for at in range(_EACH):
        number = int(rng.integers(1, assets + 1))
        prints, label = made_up(number), f"urn:c2pa:{number}"
        start = int(rng.integers(0, 59))
        many = half_a_minute(prints, start, MANY_BITS, rng).frames[::8]
        strange = half_a_minute(made_up(_ABSENT + at), start, MANY_BITS, rng).frames[::8]
        one = one_picture(prints, int(rng.integers(10, 120)), ONE_BITS, rng).frames[:1]
        bits = np.unpackbits(np.frombuffer(iscc_body(number), dtype=np.uint8))
        bits[rng.choice(256, ISCC_BITS, replace=False)] ^= 1
        code = iscc_text(np.packbits(bits).tobytes()).encode()
        made += [
            Question(f"POST, 60 frames, {MANY_BITS} bits away", True, FRAMES_ALGORITHM, _text(many.tobytes()), label),
            Question(f"GET, ISCC, {ISCC_BITS} bits away", False, SOFT_BINDING_ALGORITHM, _text(code), label),
            Question("POST, 60 frames, not registered", True, FRAMES_ALGORITHM, _text(strange.tobytes()), None),
            Question(f"GET, one frame, {ONE_BITS} bits away", False, FRAMES_ALGORITHM, _text(one.tobytes()), label),
        ]
    return made


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


async def ask(client: httpx.AsyncClient, question: Question) -> Sample:
    """Ask one question."""
    asked, started = {"alg": question.alg, "value": question.value}, time.perf_counter()
    try:
        answer = await (client.post(PATH, json=asked) if question.post else client.get(PATH, params=asked))
        status = str(answer.status_code)
        first = [match["manifestId"] for match in answer.json().get("matches", ())[:1]]
    except httpx.HTTPError as error:
        status, first = type(error).__name__, []
    right = status == "200" and first == ([question.label] if question.label else [])
    return Sample(question.kind, status, (time.perf_counter() - started) * 1000, right)


async def read(client: httpx.AsyncClient, asked: Iterable[Question], until: float, samples: list[Sample]) -> None:
    """One reader: asks, waits for the answer, asks again."""
    for question in asked:
        if time.monotonic() >= until:
            return
        samples.append(await ask(client, question))


async def write(
    client: httpx.AsyncClient, files: Iterator[Path], until: float, samples: list[Sample], acknowledged: list[str]
) -> None:
    """The writer: registers one file after the other, and keeps the ids of what the server says is registered."""
    while time.monotonic() < until and (path := next(files, None)) is not None:
        started = time.perf_counter()
        try:
            answer = await client.post("/v1/assets", content=path.read_bytes())
            status = str(answer.status_code)
            if answer.is_success:
                acknowledged.append(answer.json()["asset_id"])
        except httpx.HTTPError as error:
            status = type(error).__name__
        samples.append(Sample("registering", status, (time.perf_counter() - started) * 1000, status == "201"))


async def have_checked(
    client: httpx.AsyncClient, clips: Iterator[Path], every_s: float, until: float, accepted: list[str]
) -> Counter[str]:
    """Ask for a check now and then; the statuses of the answers. ``accepted`` gets the ids."""
    statuses: Counter[str] = Counter()
    while time.monotonic() < until and (path := next(clips, None)) is not None:
        try:
            answer = await client.post("/v1/checks", content=path.read_bytes())
            statuses[str(answer.status_code)] += 1
            if answer.is_success:
                accepted.append(answer.json()["id"])
        except httpx.HTTPError as error:
            statuses[type(error).__name__] += 1
        await asyncio.sleep(every_s)
    return statuses


async def outcomes(client: httpx.AsyncClient, check_ids: Sequence[str], within_s: float) -> Counter[str]:
    """How checks ended, or how far they are when the time is over; of those that failed, why."""
    until, ended = time.monotonic() + within_s, dict.fromkeys(check_ids, "not asked")
    while True:
        for check_id in check_ids:
            if ended[check_id] not in ("done", "cancelled") and not ended[check_id].startswith("failed"):
                body = (await client.get(f"/v1/checks/{check_id}")).json()
                ended[check_id] = f"failed: {body['error']['code']}" if body.get("error") else body.get("state", "lost")
        over = all(end in ("done", "cancelled") or end.startswith("failed") for end in ended.values())
        if over or time.monotonic() >= until:
            return Counter(ended.values())
        await asyncio.sleep(1)


def client(address: str, connections: int, token: str | None = None) -> httpx.AsyncClient:
    """A client that keeps so many connections open."""
    return httpx.AsyncClient(
        base_url=address,
        headers={} if token is None else {"Authorization": f"Bearer {token}"},
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        timeout=_TIMEOUT_S,
        trust_env=False,
    )


def turns(asked: Sequence[Question], readers: int) -> list[Iterator[Question]]:
    """For each reader all questions for ever, each beginning elsewhere."""
    return [
        itertools.chain(asked[at:], itertools.cycle(asked))
        for at in (number * len(asked) // readers for number in range(readers))
    ]
