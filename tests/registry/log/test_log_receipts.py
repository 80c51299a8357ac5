"""A receipt that was kept is checked without the registry, and a wrong one convicts or is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from synthetic_assets import add_asset, frame_prints

from provenance.cli import main
from provenance.errors import LogError
from provenance.settings import load_settings
from registry.assets import add_event
from registry.log.local import LocalLog
from registry.log.merkle import EMPTY_ROOT
from registry.log.receipts import read_receipt, require_logged, require_same_event
from registry.log.sequencing import recording, verifier_of
from registry.store import create_registry


@dataclass(frozen=True)
class Log:
    """A home with a log of five events, the receipt of the third, and the log's key."""

    home: Path
    receipt: dict[str, Any]
    vkey: str


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    home = tmp_path_factory.mktemp("log")
    with create_registry(load_settings(home)) as registry:
        add_asset(registry, "film", frame_prints(np.zeros((1, 32), dtype=np.uint8)))
        with recording(registry) as session:
            for _ in range(5):
                add_event(session, "film", "registered", registry.now(), "me", {})
                session.flush()
        receipt = LocalLog(registry).receipt("film", 3)
        assert receipt is not None
        return Log(home, receipt.as_json(), verifier_of(registry).vkey)


def run(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), "log", "receipt", *map(str, arguments)])


def kept(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda receipt: receipt,
        lambda receipt: {"asset_id": "film", "receipt": receipt},
        lambda receipt: [{"file": "x", "error": {}}, {"asset_id": "film", "receipt": receipt}],
        lambda receipt: {"failed": 0, "results": [{"asset_id": "film", "receipt": receipt}]},
    ],
)
def test_it_is_found_in_whatever_it_was_handed_out_in(log: Log, tmp_path: Path, wrapped: Callable[[Any], Any]) -> None:
    file = kept(tmp_path / "receipt.json", wrapped(log.receipt))
    done = run(tmp_path / "elsewhere", file, "--key", log.vkey, "--json")
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.stdout)
    assert (told["holds"], told["subject"], told["number"], told["leaf_index"], told["tree_size"]) == (
        True, "film", 3, 2, 5
    )  # fmt: skip
    assert not (tmp_path / "elsewhere").exists()


def test_the_key_may_be_the_home_s_own_or_a_pinned_one_and_must_be_known(log: Log, tmp_path: Path) -> None:
    file = kept(tmp_path / "receipt.json", log.receipt)
    own = run(log.home, file)
    assert (own.exit_code, own.stdout.startswith("holds: film registered at ")) == (0, True)
    stranger = run(tmp_path / "stranger", file)
    assert (stranger.exit_code, "log.no_key" in stranger.stderr) == (1, True)
    assert CliRunner().invoke(main, ["--home", str(log.home), "log", "check"]).exit_code == 0
    (seen,) = (log.home / "log" / "seen").iterdir()
    pinned = tmp_path / "stranger" / "log" / "seen"
    pinned.mkdir(parents=True)
    (pinned / "other.json").write_bytes(seen.read_bytes())
    assert run(tmp_path / "stranger", file).exit_code == 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"leaf": '{"asset":"another"}'}, "log.receipt"),
        ({"leaf_index": 3}, "log.receipt"),
        ({"tree_size": 4}, "log.receipt"),
        ({"proof": []}, "log.receipt"),
        ({"proof": [base64.b64encode(EMPTY_ROOT).decode()] * 3}, "log.receipt"),
        ({"leaf_index": 5}, "log.receipt_format"),
        ({"leaf_index": True}, "log.receipt_format"),
        ({"leaf_index": -1}, "log.receipt_format"),
        ({"tree_size": 2**70}, "log.receipt_format"),
        ({"proof": "AAAA"}, "log.receipt_format"),
        ({"proof": ["AAAA"]}, "log.receipt_format"),
        ({"leaf": "x" * 5000}, "log.receipt_format"),
        ({"leaf": "\ud800"}, "log.receipt_format"),
        ({"leaf": None}, "log.receipt_format"),
        ({"checkpoint": ["x"]}, "log.receipt_format"),
    ],
)
def test_one_that_does_not_hold_is_exit_code_6(log: Log, tmp_path: Path, changed: dict[str, Any], code: str) -> None:
    done = run(log.home, kept(tmp_path / "receipt.json", log.receipt | changed), "--json")
    assert done.exit_code == 6, done.output
    (told,) = json.loads(done.stdout)
    assert (told["holds"], told["error"]["code"]) == (False, code)


def test_a_checkpoint_that_was_changed_does_not_hold(log: Log, tmp_path: Path) -> None:
    forged = log.receipt | {"checkpoint": log.receipt["checkpoint"].replace("\n5\n", "\n6\n"), "tree_size": 6}
    done = run(log.home, kept(tmp_path / "receipt.json", forged))
    assert (done.exit_code, "log.signature" in done.stdout) == (6, True)


def test_a_receipt_beside_another_asset_s_id_does_not_hold(log: Log, tmp_path: Path) -> None:
    file = kept(tmp_path / "receipt.json", [{"asset_id": "another", "receipt": log.receipt}])
    done = run(log.home, file)
    assert (done.exit_code, "log.other_entry" in done.stdout) == (6, True)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"receipt": null}', "[" * 100_000, "\x00", '"leaf"'])
def test_a_file_without_a_receipt_is_said_to_be_one(log: Log, tmp_path: Path, content: str) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(content)
    done = run(log.home, file)
    assert (done.exit_code, "log.no_receipt" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "event", [("other", 3, "registered"), ("film", 1, "registered"), ("film", 3, "withdrawn")], ids=str
)
def test_an_entry_is_of_one_event_only(log: Log, event: tuple[str, int, str]) -> None:
    with create_registry(load_settings(log.home)) as registry:
        entry, checkpoint = require_logged(read_receipt(log.receipt), verifier_of(registry))
    assert checkpoint.size == 5
    require_same_event(entry, "film", 3, "registered", entry.at)
    with pytest.raises(LogError) as caught:
        require_same_event(entry, *event)
    assert caught.value.code == "log.other_entry"
