"""Fixtures of the verifier's tests."""

from __future__ import annotations

import pytest
from support.media import shared_folder
from verdict_desk import Desk, open_desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A newsroom's desk with keys, a registry and signed originals; made once for all workers."""
    return open_desk(shared_folder(tmp_path_factory.getbasetemp()).parent)
