"""Fixtures that every area's tests share, and the environment that all of their processes run in."""

from __future__ import annotations

import os

# Set here, before numpy and OpenCV are loaded, because it counts for the workers and for whatever they start. As many
# workers run as there are processors: threads within one only wait for each other.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OPENCV_FOR_THREADS_NUM"] = "1"
# Pictures come and go by the thousand: memory that was given back each time would be cleared by the system each time.
os.environ["MALLOC_TOP_PAD_"] = str(64 << 20)
os.environ["MALLOC_TRIM_THRESHOLD_"] = str(1 << 30)
# Processes are started by the hundred, and would each compile what they import.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import gc
from collections.abc import Generator
from pathlib import Path

import pytest
from support.media import MediaLibrary, shared_folder

from provenance.media.values import Limits

LONGEST_FIRST = ("verifier", "signer", "registry")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest first, so that all workers end at about the same time."""
    ranks = {area: rank for rank, area in enumerate(LONGEST_FIRST)}
    here = Path(__file__).parent
    items.sort(key=lambda item: ranks.get(item.path.relative_to(here).parts[0], len(ranks)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What thousands of tests and their modules consist of stays: searching it for garbage is in vain."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        # A tenth of the time went into looking for what can as well be found later.
        gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> MediaLibrary:
    """Generated media by name: ``media("plain.mp4")``; names are in ``support.media.RECIPES``."""
    return MediaLibrary(shared_folder(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="session")
def limits() -> Limits:
    return Limits()
