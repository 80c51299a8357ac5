"""``provenance watch``, as the process it is: what arrives is signed and registered once, whatever ends it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from batch_bench import LIMIT_S, children, gone_after, picture
from click.testing import CliRunner
from sqlalchemy import func, select

from provenance.cli import main
from provenance.settings import load_settings
from registry.models import AssetRow
from registry.store import open_registry
from signer.home import make_development_home

QUICK = ("--interval", "0.1", "--settle", "0.4", "--patience", "1")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_development_home(load_settings(tmp_path / "home"))
    (tmp_path / "in").mkdir()
    return tmp_path / "home"


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """``provenance watch IN -o OUT --json-lines``, not waited for."""

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "provenance.cli", "--home", str(home), "watch", str(tmp_path / "in")]
        command += ["-o", str(tmp_path / "out"), "--json-lines", *QUICK, *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


def heard(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    return dict(json.loads(process.stdout.readline()))


def test_what_arrives_is_signed_and_registered_once_through_a_kill_a_rename_and_a_stop(
    start: Callable[..., subprocess.Popen[str]], home: Path, tmp_path: Path
) -> None:
    incoming = tmp_path / "in"
    with start("--register") as process:
        picture(incoming / "x.jpg", 1).rename(incoming / "a.jpg.part").rename(incoming / "a.jpg")
        first = heard(process)
        assert (first["input"], first["result"], first["registered"]) == (str(incoming / "a.jpg"), "signed", True)
        with start("--register") as second:
            second.communicate(timeout=LIMIT_S)
            assert second.returncode == 1
        picture(incoming / "sub" / "b.jpg", 2)
        # Somewhere between seeing it, signing it and registering it.
        time.sleep(0.7)
        with gone_after(children(process.pid)):
            process.kill()
            process.communicate(timeout=LIMIT_S)
    (incoming / "a.jpg").rename(incoming / "renamed.jpg")
    with start("--register") as process:
        told = [heard(process), heard(process)]
        results = {Path(line["input"]).name: line["result"] for line in told}
        assert results["renamed.jpg"] == "skipped"
        assert results["b.jpg"] in ("signed", "done_before")
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert json.loads(printed.splitlines()[-1])["summary"]["failed"] == 0
    signed = sorted(path.name for path in (tmp_path / "out").rglob("*.signed.*"))
    assert signed == ["a.signed.jpg", "b.signed.jpg"]
    with open_registry(load_settings(home)) as registry, registry.reading() as session:
        assert session.scalar(select(func.count()).select_from(AssetRow)) == 2


def test_what_cannot_be_signed_leaves_a_reason_and_is_tried_again_when_that_is_removed(
    home: Path, media: Callable[[str], Path], tmp_path: Path
) -> None:
    bad = tmp_path / "in" / "bad.mp4"
    bad.write_bytes(media("mp4").read_bytes()[:-100])
    letter = tmp_path / "out" / "failed" / "bad.mp4.reason.json"

    def once(*more: str) -> tuple[int, dict[str, Any]]:
        words = ["watch", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--json-lines", *QUICK, "--once", *more]
        result = CliRunner().invoke(main, ["--home", str(home), *words])
        return result.exit_code, json.loads(result.stdout.splitlines()[0])

    code, line = once("--settle", "1.5")
    assert (code, line["error"]["code"]) == (1, "media.truncated")
    assert line["reason"] == f"set aside, see {letter}"
    said = json.loads(letter.read_text())
    assert (said["came_as"], said["error"]["code"]) == (str(bad), "media.truncated")
    assert once("--settle", "1.5")[1]["reason"] == "a dead letter from before"
    letter.unlink()
    code, line = once("--settle", "1.5", "--move")
    assert (code, bad.exists(), (letter.parent / "bad.mp4").exists()) == (1, False, True)
    assert json.loads(letter.read_text())["file"] == str(letter.parent / "bad.mp4")


def test_a_folder_of_dead_letters_that_cannot_be_written_is_told_and_the_rest_is_looked_at(
    home: Path, media: Callable[[str], Path], tmp_path: Path
) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / "in" / name).write_bytes(media("mp4").read_bytes()[:-100])
    (tmp_path / "taken").write_text("a file")
    words = ["watch", str(tmp_path / "in"), "--failed", str(tmp_path / "taken" / "x"), "--json-lines", *QUICK, "--once"]
    result = CliRunner().invoke(main, ["--home", str(home), *words, "--settle", "1.2"])
    told = [json.loads(line) for line in result.stdout.splitlines()[:-1]]
    assert result.exit_code == 1
    assert [(line["error"]["code"], line["reason"]) for line in told] == [
        ("watch.dead_letter", None),
        ("media.truncated", "the next run tries again"),
    ] * 2
