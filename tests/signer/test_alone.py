"""A file that is signed alone is signed by a thread of the command: faults there end as they would in a worker."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from batch_bench import picture

import signer.worker
from provenance.errors import ProvenanceError
from provenance.settings import Settings, load_settings
from signer.home import make_development_home
from signer.order import Order
from signer.workers import Workers


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = load_settings(tmp_path_factory.mktemp("alone") / "home")
    make_development_home(settings)
    return settings


def begun(settings: Settings, tmp_path: Path) -> Workers[str]:
    """A thread that was given a picture to sign."""
    workers: Workers[str] = Workers(8, settings, Order(key="development"), None, alone=True)
    assert workers.free == 1
    source, target = picture(tmp_path / "a.jpg", 1), tmp_path / "a.signed.jpg"
    message = {"source": str(source), "target": str(target), "replace": False, "settle": None}
    workers.give("a picture", message)
    return workers


def test_it_is_signed_and_no_thread_is_left(settings: Settings, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with begun(settings, tmp_path) as workers:
        while workers.busy:
            answers = [heard.answer for heard in workers.hear(5.0) if heard.answer]
    assert [answer["fresh"] for answer in answers] == [True]
    assert (tmp_path / "a.signed.jpg").is_file()
    deadline = time.monotonic() + 5
    while set(threading.enumerate()) - before:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_was_told_to_stop_signs_nothing_and_holds_nobody_up_however_long_a_library_takes(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called, back, ended = (threading.Event() for _ in range(3))
    sign = signer.worker.sign_file

    def hang(*arguments: object, **words: object) -> object:
        called.set()
        back.wait(30)
        try:
            return sign(*arguments, **words)  # type: ignore[arg-type]
        finally:
            ended.set()

    monkeypatch.setattr(signer.worker, "sign_file", hang)
    with begun(settings, tmp_path) as workers:
        while not called.is_set():
            list(workers.hear(0.05))
        (heard,) = workers.stop(within_s=0.1)
        assert (heard.job, heard.answer) == ("a picture", None)
    back.set()
    assert ended.wait(30)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_that_nobody_foresaw_is_told_and_not_waited_for(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError("unforeseen")

    monkeypatch.setattr(signer.worker, "Bench", fail)
    with begun(settings, tmp_path) as workers, pytest.raises(ProvenanceError, match="could not be started"):
        list(workers.hear(5.0))
