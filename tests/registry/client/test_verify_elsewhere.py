"""`provenance verify --registry`: the same report as from the registry at home."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from click.testing import CliRunner, Result
from newsroom import Newsroom, make_clip
from serving import serving

from provenance.cli import main
from provenance.settings import load_settings
from registry.accounts import add_organisation, new_token
from registry.server.app import create_app
from registry.store import create_registry

TIMES = re.compile(r'"?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00| UTC)?"?')


@dataclass
class Desk:
    """A home with a registry that is served too, and a home without one; ``token_file``: of the Herald."""

    home: Path
    reader: Path
    address: str
    token_file: Path
    folder: Path

    def verify(self, home: Path, *words: str | Path) -> Result:
        return CliRunner().invoke(main, ["--home", str(home), "verify", *map(str, words)])

    def page(self, home: Path, clip: Path) -> Path:
        return self.folder / f"{clip.stem}-{home.name}.html"

    def reports(self, clip: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is said at home, and what by a registry elsewhere; a ``page`` of each, too."""
        at_home, elsewhere = (
            self.verify(home, "--json", clip, "--report", self.page(home, clip), *words)
            for home, words in ((self.home, ()), (self.reader, ("--registry", self.address)))
        )
        assert at_home.exit_code == elsewhere.exit_code, elsewhere.output
        told = json.loads(at_home.stdout), json.loads(elsewhere.stdout)
        for report in told:
            del report["checked_at"]
        return told


@pytest.fixture(scope="module")
def desk(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    chosen = load_settings(folder / "home")
    shutil.copytree(newsroom.settings.anchors, chosen.anchors)
    shutil.copytree(newsroom.settings.anchors, folder / "reader" / "trust")
    with create_registry(chosen) as store:
        newsroom.register(store, newsroom.clip.path, chosen)
        newsroom.register(store, newsroom.photo.path, chosen)
        secret = newsroom.sign(make_clip(folder / "secret.mp4", "motorcycle_left.png"), folder / "signed-secret.mp4")
        newsroom.register(store, secret.path, chosen, embargoed=True)
        add_organisation(store, "organisation:Herald")
        _, token = new_token(store, "desk", role="reader", owner="organisation:Herald", valid=None)
    (folder / "token").write_text(f"{token}\n")
    with serving(create_app(chosen)) as client:
        yield Desk(folder / "home", folder / "reader", str(client.base_url), folder / "token", folder)


def copied(source: Path, target: Path, *options: str) -> Path:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(source), "-map_metadata", "-1"]
    subprocess.run([*command, *options, str(target)], check=True, stdin=subprocess.DEVNULL)
    return target


@pytest.fixture(scope="module")
def slowed(desk: Desk, newsroom: Newsroom) -> Path:
    return copied(newsroom.clip.path, desk.folder / "slow.mp4", "-vf", "setpts=1.25*PTS", "-af", "atempo=0.8")


@pytest.fixture(scope="module")
def of_slowed(desk: Desk, slowed: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return desk.reports(slowed)


def test_the_report_is_the_same_but_for_its_time(
    desk: Desk, newsroom: Newsroom, of_slowed: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    photo = copied(newsroom.photo.path, desk.folder / "copy.jpg", "-vf", "scale=400:-2", "-q:v", "6")
    verdicts = []
    for at_home, elsewhere in (desk.reports(newsroom.clip.path), of_slowed, desk.reports(photo)):
        assert json.dumps(elsewhere) == json.dumps(at_home)
        assert at_home["matches"]
        verdicts.append(at_home["verdict"])
    assert verdicts == ["authentic", "altered", "match"]


@pytest.mark.usefixtures("of_slowed")
def test_the_page_is_the_same_but_for_its_time(desk: Desk, slowed: Path) -> None:
    pages = [TIMES.sub("", desk.page(home, slowed).read_text("utf-8")) for home in (desk.home, desk.reader)]
    assert "data:image/" in pages[0]
    assert pages[0] == pages[1]


def test_an_embargoed_original_is_seen_with_its_owners_token_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = copied(desk.folder / "signed-secret.mp4", desk.folder / "leaked.mp4", "-crf", "30")
    asked = ("--json", "--registry", desk.address, clip)
    assert json.loads(desk.verify(desk.reader, *asked).stdout)["verdict"] == "unknown"
    with_file = desk.verify(desk.reader, *asked, "--token-file", desk.token_file)
    assert json.loads(with_file.stdout)["verdict"] == "match"
    monkeypatch.setenv("PROVENANCE_REGISTRY_TOKEN", desk.token_file.read_text().strip())
    monkeypatch.setenv("PROVENANCE_REGISTRY_URL", desk.address)
    assert json.loads(desk.verify(desk.reader, "--json", clip).stdout)["verdict"] == "match"


def test_originals_of_signers_who_are_not_trusted_are_said_to_be_passed_over(
    desk: Desk, newsroom: Newsroom, tmp_path: Path
) -> None:
    copy = copied(newsroom.photo.path, tmp_path / "copy.jpg", "-q:v", "6")
    result = desk.verify(tmp_path / "nobody", "--registry", desk.address, copy)
    assert result.exit_code == 4
    assert "passed over: your trust policy does not accept the signer" in result.stderr


def test_what_is_no_token_or_no_registry_is_said(desk: Desk, newsroom: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    clip = newsroom.photo.path
    for words, code in (
        (["--registry", desk.address, "--token-file", tmp_path / "empty"], "settings.token_file"),
        (["--registry", desk.address, "--token-file", tmp_path / "none"], "settings.token_file"),
        (["--registry", "not an address"], "registry.address"),
    ):
        result = desk.verify(desk.reader, clip, *words)
        assert (result.exit_code, f"[{code}]" in result.stderr) == (1, True)
    assert desk.verify(desk.reader, clip, "--registry", desk.address, "--no-registry").exit_code == 2
