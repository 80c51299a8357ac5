"""The fence holds: a child has no network, no secrets, bounded resources, and never outlives its block."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.media import MediaLibrary
from support.processes import children

from provenance.errors import MediaError
from provenance.media.fence import fenced
from provenance.media.frames import read_frames
from provenance.media.values import Limits


def run(program: str, limits: Limits, *arguments: str) -> str:
    with fenced([sys.executable, "-I", "-S", "-c", program, *arguments], limits=limits) as child:
        answer = child.answer(4096).decode()
        child.finish()
    return answer.strip()


def test_a_child_cannot_reach_even_this_machine(limits: Limits) -> None:
    program = """
import socket, sys
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2)
    print("connected")
except OSError as error:
    print("refused", error.errno)
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            assert run(program, limits, str(port)).startswith("refused")


def test_a_child_is_reported_as_fenced_and_may_gain_nothing(limits: Limits) -> None:
    program = "print([l for l in open('/proc/self/status') if l.startswith('NoNewPrivs')][0].split()[1])"
    with fenced([sys.executable, "-I", "-S", "-c", program], limits=limits, require_sandbox=True) as child:
        assert child.report.fenced
        assert child.report.note is None
        assert child.answer(100).decode().strip() == "1"


def test_secrets_of_the_parents_environment_stay_there(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENANCE_PASSPHRASE", "do not tell")
    assert "do not tell" not in run("import os; print(dict(os.environ))", limits)


def test_a_child_inherits_no_open_file(limits: Limits, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        assert "secret" not in run(
            "import os; print([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if n != '3'])",
            limits,
        )


def test_memory_is_bounded(limits: Limits) -> None:
    program = """
try:
    block = bytearray(1 << 30)
    print("had it")
except MemoryError:
    print("refused")
"""
    assert run(program, replace(limits, memory_bytes=512 * 2**20)) == "refused"


def test_output_is_bounded(limits: Limits, tmp_path: Path) -> None:
    program = "import os; print(os.write(os.open('big', os.O_CREAT | os.O_WRONLY), bytes(5000)))"
    small = replace(limits, max_bytes=1000)
    with fenced([sys.executable, "-I", "-S", "-c", program], limits=small, cwd=tmp_path) as child:
        assert child.answer(100) == b"1000\n"


def test_a_child_that_never_ends_is_stopped_by_the_clock(limits: Limits) -> None:
    command = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
    with fenced(command, limits=replace(limits, decode_timeout_s=1)) as child:
        assert child.answer(1) == b""
        with pytest.raises(MediaError) as caught:
            child.finish()
    assert caught.value.code == "media.timeout"


def test_leaving_the_block_kills_the_child(limits: Limits) -> None:
    command = [sys.executable, "-I", "-S", "-c", "import os, time; os.write(1, b'%8d' % os.getpid()); time.sleep(600)"]
    with contextlib.suppress(KeyboardInterrupt), fenced(command, limits=limits) as child:
        pid = int(child.answer(8))
        os.kill(pid, 0)
        raise KeyboardInterrupt
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_closing_a_frame_iterator_ends_its_decoder(media: MediaLibrary, limits: Limits) -> None:
    before = children()
    frames = read_frames(media("plain.mp4"), limits=limits, width=1280, height=960, colour=True)
    next(frames)
    assert children() - before
    frames.close()
    assert children() - before == set()
