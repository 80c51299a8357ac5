"""The commands ``register`` and ``assets``, run as a person would."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from newsroom import Newsroom, make_clip

from provenance.cli import main
from provenance.settings import load_settings
from registry.store import create_registry


@pytest.fixture
def home(newsroom: Newsroom, tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    shutil.copytree(newsroom.settings.anchors, folder / "trust")
    create_registry(load_settings(folder)).close()
    return folder


def run(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *map(str, arguments)])


def test_register_list_show_release_withdraw(newsroom: Newsroom, home: Path) -> None:
    asset_id = newsroom.photo.asset_id
    first = run(home, "register", newsroom.photo.path, "--embargo")
    assert (first.exit_code, first.stdout) == (
        0,
        f"{asset_id}  signed-photo.jpg registered, entry 0 of the log\n",
    )
    assert "was registered already, entry 0" in run(home, "register", newsroom.photo.path).stdout
    assert "registered, embargoed" in run(home, "assets", "list").stdout
    assert run(home, "assets", "release", asset_id).exit_code == 0
    assert run(home, "assets", "withdraw", asset_id, "--reason", "a\x1b[31m test").exit_code == 0
    shown = run(home, "assets", "show", asset_id)
    assert "withdrawn" in shown.stdout
    assert "\x1b" not in shown.stdout
    facts = json.loads(run(home, "assets", "show", asset_id, "--json").stdout)
    assert [event["kind"] for event in facts["events"]] == ["registered", "released", "withdrawn"]
    assert facts["asset_id"] == asset_id
    (line,) = json.loads(run(home, "assets", "list", "--json").stdout)
    assert (line["asset_id"], line["status"], line["embargoed"]) == (asset_id, "withdrawn", False)


def test_one_bad_file_does_not_hold_up_the_others(newsroom: Newsroom, home: Path, tmp_path: Path) -> None:
    plain = make_clip(tmp_path / "plain.mp4", seconds=1)
    done = run(home, "register", plain, newsroom.photo.path, "--json")
    assert done.exit_code == 1
    bad, good = json.loads(done.stdout)
    assert bad["error"]["code"] == "registry.not_authentic"
    assert good.pop("receipt")["leaf_index"] == 0
    assert good.pop("same_picture_as") == []
    assert good == {"file": str(newsroom.photo.path), "asset_id": newsroom.photo.asset_id, "created": True}
    spoken = run(home, "register", plain)
    assert (spoken.exit_code, spoken.stdout) == (1, "")
    assert "provenance sign" in spoken.stderr


def test_backup_and_check(newsroom: Newsroom, home: Path, tmp_path: Path) -> None:
    run(home, "register", newsroom.photo.path)
    assert run(home, "assets", "backup", tmp_path / "b.tar").exit_code == 0
    assert run(home, "assets", "backup", tmp_path / "b.tar").exit_code == 1
    assert run(home, "assets", "backup", tmp_path / "b.tar", "--force").exit_code == 0
    assert run(home, "assets", "check").stdout == "everything holds\n"
    next(path for path in (home / "blobs").rglob("*") if path.is_file()).write_bytes(b"changed")
    checked = run(home, "assets", "check")
    assert checked.exit_code == 1
    assert "is not what was stored" in checked.stdout


def test_the_index_is_built_anew_with_other_bands(newsroom: Newsroom, home: Path) -> None:
    run(home, "register", newsroom.photo.path, newsroom.clip.path)
    done = run(home, "assets", "reindex", "--bands", "20", "--band-bits", "18")
    assert (done.exit_code, done.stdout) == (0, "index 3 is in use: 20 bands of 18 bits; 2 assets entered\n")
    again = run(home, "assets", "reindex")
    assert again.stdout == "index 4 is in use: 20 bands of 18 bits; 2 assets entered\n"
    assert run(home, "assets", "reindex", "--cancel").stdout == "no index is being built\n"
    assert run(home, "assets", "check").stdout == "everything holds\n"
    assert run(home, "assets", "reindex", "--bands", "20", "--cancel").exit_code == 2
    assert run(home, "assets", "reindex", "--bands", "0").exit_code == 2


def test_superseding_needs_two_assets_of_one_owner(newsroom: Newsroom, home: Path) -> None:
    run(home, "register", newsroom.photo.path, newsroom.clip.path)
    done = run(home, "assets", "supersede", newsroom.photo.asset_id, newsroom.clip.asset_id)
    assert done.exit_code == 0
    assert "superseded" in run(home, "assets", "show", newsroom.photo.asset_id).stdout


@pytest.mark.parametrize(
    "arguments",
    [("assets", "list"), ("assets", "show", "x"), ("assets", "check"), ("assets", "reindex"), ("register", "x.mp4")],
)
def test_without_a_registry_every_command_says_what_to_do(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path / "nowhere", *arguments)
    assert done.exit_code == 1
    assert "registry.absent" in done.stderr
    assert "provenance init" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_misuse_is_a_usage_error(home: Path) -> None:
    assert run(home, "register").exit_code == 2
    assert run(home, "register", "a", "b", "--reference", "c").exit_code == 2
    assert run(home, "assets", "withdraw", "x").exit_code == 2
    assert run(home, "assets", "show", "no-such-asset").exit_code == 1
