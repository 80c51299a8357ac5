"""`provenance verify --json` as it is typed: the contract on stdout, the verdict as exit code, nothing else written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from verdict_contract import check_contract
from verdict_desk import Desk

from provenance.cli import main
from provenance.files import sha256_file


def typed(home: Path, clip: Path, exit_code: int) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["--home", str(home), "verify", "--json", str(clip)])
    assert result.exit_code == exit_code, result.stderr
    assert result.stderr == ""
    report: dict[str, Any] = json.loads(result.stdout)
    check_contract(report)
    assert report["clip"]["name"] == clip.name
    assert report["clip"]["sha256"] == sha256_file(clip)
    return report


@pytest.mark.parametrize(
    ("name", "exit_code", "verdict"),
    [
        ("tune-again.mp3", 0, "match"),
        ("bicycle-dubbed.mp4", 3, "altered"),
        ("stranger.mp4", 4, "unknown"),
        ("cat.jpg", 4, "unknown"),
    ],
)
def test_a_copy_answers_by_the_contract(desk: Desk, name: str, exit_code: int, verdict: str) -> None:
    report = typed(desk.settings.home, desk.media(name), exit_code)
    assert report["verdict"] == verdict
    assert report["credential"] == {
        "state": "none", "signer": None, "codes": [], "timestamp": None, "revocation": "unknown",
        "made_from": None
    }  # fmt: skip


def test_the_signed_file_answers_by_the_contract(desk: Desk) -> None:
    report = typed(desk.settings.home, desk.signed("bicycle.mp4"), 0)
    assert (report["verdict"], report["findings"]) == ("authentic", [])
    clip = {key: report["clip"][key] for key in ("media_type", "duration", "width", "height", "fps", "audio")}
    assert clip == {
        "media_type": "video/mp4", "duration": pytest.approx(2.0, abs=0.1), "width": 640, "height": 272, "fps": 25.0,
        "audio": True,
    }  # fmt: skip
    (match,) = report["matches"]
    assert (match["title"], match["signer"], match["coverage"], match["score"]) == ("bicycle", "Herald", 1.0, 100)
    (segment,) = match["segments"]
    assert segment["clip"] == segment["original"] == [0.0, report["clip"]["duration"]]
    assert (segment["speed"], segment["mirrored"], segment["crop"]) == (1.0, False, [0.0, 0.0, 1.0, 1.0])


def test_a_withheld_reference_is_exit_code_five(desk: Desk, tmp_path: Path) -> None:
    signed = tmp_path / "withheld.jpg"
    desk.sign(desk.media("cup.jpg"), signed, withhold_reference=True)
    home = tmp_path / "home"
    desk.registry(home, signed)
    report = typed(home, desk.media("cup-small.jpg"), 5)
    assert report["verdict"] == "inconclusive"
    assert any("reference copy" in line for line in report["not_checked"])


def test_a_clip_that_cannot_be_decoded_is_exit_code_one_and_no_report(desk: Desk, tmp_path: Path) -> None:
    data = desk.signed("bunny.mp4").read_bytes()
    clip = tmp_path / "headless.mp4"
    clip.write_bytes(data[: len(data) // 2])
    result = CliRunner().invoke(main, ["--home", str(desk.settings.home), "verify", "--json", str(clip)])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"].startswith("media.")
    assert list(tmp_path.iterdir()) == [clip]
