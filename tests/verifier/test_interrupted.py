"""Ctrl-C at any stage of `provenance verify`: exit code 130, no decoder goes on, no file is left."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.answering import answering
from support.processes import children
from verdict_desk import Desk

INTERRUPTED = Path(__file__).parents[1] / "cli" / "interrupted_run.py"
_PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture(scope="module")
def home(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a registry that nobody else uses: what others leave and take away at the same time would be seen."""
    return desk.registry(tmp_path_factory.mktemp("own") / "home", desk.signed("bicycle.mp4")).home


@pytest.fixture
def orphans_come_here() -> Iterator[None]:
    """Whatever loses its parent becomes a child of this process, and can be seen."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@pytest.fixture(scope="module")
def press() -> Iterator[Callable[..., int]]:
    """Run ``provenance`` in a process of its own, to be interrupted at a function: the exit code."""
    with answering(INTERRUPTED) as ask:
        yield lambda **order: int(ask(order))


def living_children() -> set[int]:
    """Of this process; what has ended already is taken note of first."""
    return {pid for pid in children() if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"}


def tree(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*") if not path.name.endswith(("-wal", "-shm")))


@pytest.mark.parametrize(
    "moment",
    [
        "read_credential",
        "FencedProcess.__init__",
        "_Meter.count",
        "identify",
        "LocalCatalog.reference_copy",
        "original_track",
        "find_pieces",
        "spectrogram",
        "recode",
        "compare_colours",
        "draw_evidence",
        "render_html",
    ],
)
@pytest.mark.usefixtures("orphans_come_here")
def test_ctrl_c_leaves_neither_files_nor_processes(
    desk: Desk, home: Path, press: Callable[..., int], tmp_path: Path, moment: str
) -> None:
    clip = desk.media("bicycle-dubbed.mp4")
    here, said = tmp_path / "here", tmp_path / "said"
    here.mkdir()
    said.mkdir()
    before, running = tree(home), living_children()
    words = ["--home", home, "verify", clip, "--report", here / "report.html"]
    code = press(function=moment, words=list(map(str, words)), folder=str(here), said=str(said))
    printed, error = ((said / name).read_text() for name in ("stdout", "stderr"))
    assert (code, printed) == (130, ""), error
    assert error.splitlines()[-1].startswith("cancelled: ")
    assert living_children() == running
    assert list(here.iterdir()) == []
    assert tree(home) == before
