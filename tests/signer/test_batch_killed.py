"""A batch that is killed or cancelled: nothing half-written, no process left, and the next run does the rest once."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from batch_bench import LIMIT_S, Desk, children, gone_after, lines_of, pictures
from sqlalchemy import func, select

from provenance.settings import load_settings
from registry.models import AssetRow
from registry.store import open_registry
from signer.home import make_development_home

COUNT = 8


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    make_development_home(load_settings(tmp_path / "home"))
    return Desk(tmp_path / "home", tmp_path / "out")


def test_kill_9_of_the_parent_loses_nothing_and_nothing_is_signed_or_registered_twice(
    desk: Desk, tmp_path: Path
) -> None:
    footage = pictures(tmp_path / "in", COUNT)
    numbers = random.Random(4)
    words = (footage, "--jobs", 2, "--register", "--json-lines")
    present: dict[Path, bytes] = {}
    for finished in (0, 2, 2):
        with desk.start(*words) as process:
            # What was finished before is told at once; the kill is to come while the rest is being signed.
            lines_of(process, finished)
            time.sleep(numbers.uniform(1.0, 4.0) if finished == 0 else numbers.uniform(0.0, 0.6))
            with gone_after(children(process.pid)):
                process.kill()
                process.communicate(timeout=LIMIT_S)
        hidden_too = desk.outputs()
        whole = {path: data for path, data in hidden_too.items() if not path.name.startswith(".")}
        assert {path: whole[path] for path in present} == present
        present = whole
    code, files, summary, _ = desk.sign(footage, "--jobs", 2, "--register")
    assert (code, len(files), summary["left"]) == (0, COUNT, 0)
    after = desk.outputs()
    assert {path: after[path] for path in present} == present
    desk.require_sound(COUNT)
    with open_registry(load_settings(desk.home)) as registry, registry.reading() as session:
        assert session.scalar(select(func.count()).select_from(AssetRow)) == COUNT
    assert {f["result"] for f in desk.sign(footage, "--register")[1]} == {"done_before"}


def test_kill_9_of_a_worker_fails_one_file_with_a_reason_and_the_next_run_signs_it(desk: Desk, tmp_path: Path) -> None:
    footage = pictures(tmp_path / "in", 5)
    with desk.start(footage, "--jobs", 1, "--json-lines") as process:
        lines_of(process, 1)
        (worker,) = children(process.pid)
        os.kill(worker, signal.SIGKILL)
        printed, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert (printed.count('"signed", "output"'), printed.count("batch.worker_died")) == (3, 1)
    assert "killed by SIGKILL" in said
    desk.require_sound(4)
    code, files, summary, _ = desk.sign(footage)
    assert (code, summary["signed"], summary["done_before"]) == (0, 1, 4)
    assert len(files) == 5
    desk.require_sound(5)


def test_ctrl_c_stops_the_workers_leaves_nothing_half_written_and_says_how_to_go_on(desk: Desk, tmp_path: Path) -> None:
    footage = pictures(tmp_path / "in", COUNT)
    with desk.start(footage, "--jobs", 2, "--json-lines") as process:
        lines_of(process, 1)
        with gone_after(children(process.pid)):
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    done = len(desk.outputs())
    assert 1 <= done < COUNT
    assert f"cancelled: {done} done, {COUNT - done} left; run the same command again to go on" in said
    desk.require_sound(done)
    before = desk.outputs()
    code, _, summary, _ = desk.sign(footage)
    assert (code, summary["signed"], summary["done_before"]) == (0, COUNT - done, done)
    assert {path: data for path, data in desk.outputs().items() if path in before} == before
