"""Two owners register the same picture: both are told, nobody is overwritten, and an embargo keeps its secret."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from newsroom import Newsroom, make_clip
from postgres import BACKENDS

from provenance.cli import main
from provenance.settings import Settings
from registry.assets import release, show_asset
from registry.backup import faults
from registry.conflicts import conflicts
from registry.store import Registry

HERALD, COURIER = "organisation:Herald", "organisation:Courier"


@pytest.fixture(scope="module")
def foreign(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Herald's clip, signed by the Courier."""
    folder = tmp_path_factory.mktemp("foreign")
    return newsroom.sign(make_clip(folder / "a.mp4"), folder / "b.mp4", newsroom.courier, title="Not for you").path


@BACKENDS
def test_both_owners_are_told_and_the_log_says_who_was_first(
    newsroom: Newsroom, registry: Registry, settings: Settings, foreign: Path
) -> None:
    first = newsroom.register(registry, newsroom.clip.path, settings)
    second = newsroom.register(registry, foreign, settings)
    again = newsroom.register(registry, foreign, settings)
    assert (first.same_picture_as, second.same_picture_as, again.same_picture_as) == (
        (),
        (first.asset_id,),
        (first.asset_id,),
    )
    kinds = {
        each.asset_id: [event.kind for event in show_asset(registry, each.asset_id).events] for each in (first, second)
    }
    assert kinds == {first.asset_id: ["registered", "conflict"], second.asset_id: ["registered"]}
    assert show_asset(registry, first.asset_id).original.status == "registered"
    for viewer in (None, HERALD, COURIER):
        (found,) = conflicts(registry, viewer)
        assert (found.earlier.asset_id, found.earlier.owner, found.earlier.leaf_index) == (first.asset_id, HERALD, 0)
        assert (found.later.asset_id, found.later.owner) == (second.asset_id, COURIER)
        assert found.earlier.registered_at < found.later.registered_at
    assert conflicts(registry, "organisation:Stranger") == []
    assert list(faults(registry)) == []


def test_an_embargoed_party_is_told_of_without_its_name(
    newsroom: Newsroom, registry: Registry, settings: Settings, foreign: Path
) -> None:
    newsroom.register(registry, newsroom.clip.path, settings)
    second = newsroom.register(registry, foreign, settings, embargoed=True)
    (told,) = conflicts(registry, HERALD)
    assert (told.later.asset_id, told.later.title, told.later.owner) == (second.asset_id, None, None)
    assert conflicts(registry, COURIER)[0].later.title == "Not for you"
    release(registry, second.asset_id, "me")
    assert conflicts(registry, HERALD)[0].later.owner == COURIER


def test_the_command_line_says_it_to_both(
    newsroom: Newsroom, registry: Registry, settings: Settings, foreign: Path
) -> None:
    shutil.copytree(newsroom.settings.anchors, settings.anchors)

    def run(*arguments: object) -> tuple[str, str]:
        done = CliRunner().invoke(main, ["--home", str(settings.home), *map(str, arguments)])
        assert done.exit_code == 0, done.output
        return done.stdout, done.stderr

    assert "no picture" in run("assets", "conflicts")[1]
    run("register", newsroom.clip.path)
    assert "another owner registered the same picture" in run("register", foreign)[1]
    said, _ = run("assets", "conflicts")
    assert said.index(newsroom.clip.asset_id) < said.index("Courier")
    assert "log entry 0" in said
    (one,) = json.loads(run("assets", "conflicts", "--json", "--owner", HERALD)[0])
    assert (one["earlier"]["owner"], one["later"]["owner"]) == (HERALD, COURIER)
