"""The commands ``sightings``, run as an operator would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from synthetic_assets import add_asset, frame_prints

from provenance.cli import main
from provenance.settings import load_settings
from registry.sighting_values import Filing
from registry.sightings import file
from registry.store import Registry, create_registry

ADDRESS = "https://example.com/clip"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Registry]:
    with create_registry(load_settings(tmp_path / "home")) as registry:
        add_asset(registry, "harbour", frame_prints(np.zeros((1, 32), dtype=np.uint8)))
        yield registry


def run(store: Registry, tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "sightings", *arguments])


def test_list_answer_correct_and_dismiss(store: Registry, tmp_path: Path) -> None:
    assert "no sighting waits" in run(store, tmp_path, "list").stderr
    sighting_id = file(store, Filing(ADDRESS, "seen\x1b[31m", "harbour")).sighting_id
    listed = run(store, tmp_path, "list", "--organisation", "Herald").stdout
    assert f"{sighting_id}  " in listed
    assert ADDRESS in listed
    assert "seen" in listed
    assert "\x1b" not in listed
    assert run(store, tmp_path, "answer", sighting_id, "ours", "--text", "as it was").exit_code == 0
    assert "altered" in run(store, tmp_path, "answer", sighting_id, "altered").stdout
    (public,) = json.loads(run(store, tmp_path, "list", "--answered", "--json").stdout)
    assert (public["answer"], public["answer_text"], public["owner"]) == ("altered", "", "organisation:Herald")
    assert "dismissed" in run(store, tmp_path, "dismiss", sighting_id).stdout
    assert "no sighting is answered" in run(store, tmp_path, "list", "--answered").stderr


def test_what_nobody_has_claimed_is_answered_for_an_organisation(store: Registry, tmp_path: Path) -> None:
    sighting_id = file(store, Filing(ADDRESS)).sighting_id
    refused = run(store, tmp_path, "answer", sighting_id, "ours")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "sighting.unclaimed" in refused.stderr
    done = run(store, tmp_path, "answer", sighting_id, "ours", "--organisation", "Herald", "--asset", "harbour")
    assert "organisation:Herald" in done.stdout
    assert "sighting.unknown" in run(store, tmp_path, "dismiss", "nobody").stderr
