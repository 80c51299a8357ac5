"""A target is whole or as it was: whatever fails, whoever else writes, whenever a run is killed."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provenance.errors import OutputError
from provenance.files import finish_pair, leftovers, new_token, replace_atomically, sha256_file, stage
from provenance.workspace import work_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 64 KiB: what a full disk does, without filling one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_target_appears_only_when_the_block_ends_well(tmp_path: Path) -> None:
    target = tmp_path / "out.bin"
    with replace_atomically(target, replace=False) as path:
        path.write_bytes(b"whole")
        assert not target.exists()
    assert (target.read_bytes(), names(tmp_path)) == (b"whole", ["out.bin"])


def test_a_failing_block_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")

    def fail_half_way() -> None:
        with replace_atomically(target, replace=True) as path:
            path.write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert (target.read_bytes(), names(tmp_path)) == (b"old", ["out.bin"])


def test_an_existing_target_is_refused_without_replace(tmp_path: Path) -> None:
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with pytest.raises(OutputError) as caught, replace_atomically(target, replace=False):
        pass
    assert caught.value.code == "output.exists"
    assert "--force" in str(caught.value.hint)
    assert target.read_bytes() == b"old"


def test_a_target_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "out.bin"

    def write_while_another_does() -> None:
        with replace_atomically(target, replace=False) as path:
            path.write_bytes(b"mine")
            target.write_bytes(b"theirs")

    with pytest.raises(OutputError) as caught:
        write_while_another_does()
    assert caught.value.code == "output.exists"
    assert (target.read_bytes(), names(tmp_path)) == (b"theirs", ["out.bin"])


def test_replacing_a_link_leaves_what_it_pointed_at(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"keep")
    target = tmp_path / "link"
    target.symlink_to(precious)
    with replace_atomically(target, replace=True) as path:
        path.write_bytes(b"new")
    assert (precious.read_bytes(), target.read_bytes(), target.is_symlink()) == (b"keep", b"new", False)


def test_a_dangling_link_counts_as_existing(tmp_path: Path) -> None:
    target = tmp_path / "link"
    target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError) as caught, replace_atomically(target, replace=False):
        pass
    assert caught.value.code == "output.exists"


def test_a_missing_folder_and_a_folder_as_target_are_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught, replace_atomically(tmp_path / "no" / "out", replace=False):
        pass
    assert caught.value.code == "output.folder"
    with pytest.raises(OutputError) as caught, replace_atomically(tmp_path, replace=True):
        pass
    assert caught.value.code == "output.exists"


def test_private_files_are_closed_to_others_from_the_start(tmp_path: Path) -> None:
    with replace_atomically(tmp_path / "key", replace=False, private=True) as path:
        assert path.stat().st_mode & 0o777 == 0o600
        path.write_bytes(b"secret")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path, small_files: None) -> None:
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with pytest.raises(OutputError) as caught, replace_atomically(target, replace=True) as path:
        path.write_bytes(bytes(1 << 20))
    assert caught.value.code == "output.full"
    assert (target.read_bytes(), names(tmp_path)) == (b"old", ["out.bin"])


def test_a_name_of_the_greatest_length_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 255)
    with replace_atomically(target, replace=False) as path:
        path.write_bytes(b"x")
    assert target.read_bytes() == b"x"


_KILLED = """
import os, signal, sys
from pathlib import Path
from provenance.files import replace_atomically
from provenance.workspace import work_folder
with work_folder(Path(sys.argv[2])), replace_atomically(Path(sys.argv[1]), replace=False) as path:
    path.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_goes_with_the_next_and_a_running_ones_stays(tmp_path: Path) -> None:
    out, work = tmp_path / "out", tmp_path / "work"
    out.mkdir()
    target = out / "clip.mp4"
    with replace_atomically(target, replace=False) as mine, work_folder(work) as busy:
        killed = subprocess.run([sys.executable, "-c", _KILLED, str(target), str(work)], check=False)
        assert killed.returncode == -9
        assert (len(leftovers(target)), len(names(work))) == (2, 2)
        with replace_atomically(out / "other", replace=False) as path, work_folder(work) as own:
            path.write_bytes(b"x")
            assert sorted(names(work)) == sorted([busy.name, own.name])
        with pytest.raises(ZeroDivisionError), replace_atomically(target, replace=False):
            raise ZeroDivisionError
        assert leftovers(target) == [mine]
        mine.write_bytes(b"whole")
    assert (target.read_bytes(), names(out)) == (b"whole", ["clip.mp4", "other"])
    assert not work.exists()


def test_a_pair_cut_off_between_its_two_names_is_completed(tmp_path: Path) -> None:
    media, sidecar = tmp_path / "clip.webm", tmp_path / "clip.webm.c2pa"
    token = new_token()
    with stage(media, replace=False, token=token) as first, stage(sidecar, replace=False, token=token) as second:
        first.path.write_bytes(b"media")
        second.path.write_bytes(b"manifest")
        # What is there when a run is killed at that moment, under names of its own that no lock protects.
        os.link(second.path, sidecar)
        ready, mark = tmp_path / "ready", tmp_path / "mark"
        os.link(first.path, ready)
        os.link(second.path, mark)
        first_name, second_name = first.path, second.path
    sidecar_only = names(tmp_path)
    ready.rename(first_name)
    mark.rename(second_name)
    assert "clip.webm" not in sidecar_only

    finish_pair(media, sidecar)

    assert (media.read_bytes(), sidecar.read_bytes()) == (b"media", b"manifest")
    assert names(tmp_path) == ["clip.webm", "clip.webm.c2pa"]


def test_a_sidecar_of_somebody_else_is_no_reason_to_publish_anything(tmp_path: Path) -> None:
    media, sidecar = tmp_path / "clip.webm", tmp_path / "clip.webm.c2pa"
    sidecar.write_bytes(b"theirs")
    finish_pair(media, sidecar)
    assert names(tmp_path) == ["clip.webm.c2pa"]


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert sha256_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
