"""Which files a batch is about: media by content, in folders and patterns, and never its own outputs."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from batch_bench import damaged, picture

from provenance.errors import ProvenanceError
from signer.inputs import Found, find_inputs

HOME = Path("/nowhere")


def pairs(found: Found, base: Path) -> dict[str, str]:
    return {str(i.source.relative_to(base)): str(i.target.relative_to(base)) for i in found.items}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    picture(tmp_path / "in" / "a.jpg", 1)
    picture(tmp_path / "in" / "deep" / "er" / "b.png", 2)
    picture(tmp_path / "in" / "misnamed.jpg", 3).rename(tmp_path / "in" / "misnamed.txt")
    (tmp_path / "in" / "notes.jpg").write_text("not a picture")
    (tmp_path / "in" / "empty.mp4").touch()
    picture(tmp_path / "in" / ".hidden" / "c.jpg", 4)
    return tmp_path


def test_a_folder_gives_what_is_media_by_content_and_its_tree_is_repeated(tree: Path) -> None:
    found = find_inputs([tree / "in"], tree / "out", HOME)
    assert pairs(found, tree) == {
        "in/a.jpg": "out/a.signed.jpg",
        "in/misnamed.txt": "out/misnamed.signed.txt",
        "in/deep/er/b.png": "out/deep/er/b.signed.png",
    }
    assert {s.path.name: s.reason for s in found.skipped} == {"notes.jpg": "not media", "empty.mp4": "empty"}
    assert (found.single, found.roots) == (False, (tree / "out",))
    assert not (tree / "out").exists()


def test_outputs_of_an_earlier_run_are_not_signed_again(tree: Path) -> None:
    picture(tree / "in" / "a.signed.jpg", 1)
    picture(tree / "in" / "out" / "a.jpg", 1)
    beside = find_inputs([tree / "in"], None, HOME)
    assert [s.reason for s in beside.skipped if s.path.name == "a.signed.jpg"] == ["named as an output of signing"]
    inside = find_inputs([tree / "in"], tree / "in" / "out", HOME)
    assert not any("out" in source for source in pairs(inside, tree / "in"))


def test_a_pattern_that_the_shell_left_alone_is_expanded(tree: Path) -> None:
    found = find_inputs([tree / "in" / "**" / "*.[jp][pn]g"], tree / "out", HOME)
    assert pairs(found, tree) == {"in/a.jpg": "out/a.signed.jpg", "in/deep/er/b.png": "out/deep/er/b.signed.png"}
    with pytest.raises(ProvenanceError, match="nothing matches"):
        find_inputs([tree / "in" / "*.mov"], None, HOME)


def test_a_name_with_wildcards_that_exists_is_that_file(tmp_path: Path) -> None:
    odd = picture(tmp_path / "take [1].jpg", 1)
    found = find_inputs([odd], None, HOME)
    assert (found.single, [item.source for item in found.items]) == (True, [odd])


def test_one_file_by_two_ways_is_one_file(tree: Path) -> None:
    found = find_inputs([tree / "in", tree / "in" / "a.jpg"], None, HOME)
    assert sum(item.source.name == "a.jpg" for item in found.items) == 1


def test_two_files_for_one_output_and_a_file_in_place_of_the_folder_are_refused(tree: Path) -> None:
    picture(tree / "other" / "a.jpg", 9)
    with pytest.raises(ProvenanceError) as ambiguous:
        find_inputs([tree / "in", tree / "other"], tree / "out", HOME)
    with pytest.raises(ProvenanceError) as no_folder:
        find_inputs([tree / "in"], damaged(tree / "out.png"), HOME)
    assert (ambiguous.value.code, no_folder.value.code) == ("output.ambiguous", "output.folder")


def test_the_home_is_never_looked_into(tree: Path) -> None:
    picture(tree / "in" / "home" / "references" / "copy.jpg", 5)
    for given in (tree / "in", tree / "in" / "**"):
        assert "in/home/references/copy.jpg" not in pairs(find_inputs([given], None, tree / "in" / "home"), tree)


def test_outputs_may_go_where_inputs_are(tree: Path) -> None:
    found = find_inputs([tree / "in"], tree / "in", HOME)
    assert pairs(found, tree)["in/deep/er/b.png"] == "in/deep/er/b.signed.png"


def test_a_folder_that_cannot_be_searched_is_not_passed_over(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Permissions stop no test that runs as root.
    scan = os.scandir

    def denied(path: Path | str) -> object:
        if Path(path).name == "er":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(ProvenanceError, match="er cannot be searched"):
        find_inputs([tree / "in"], tree / "out", HOME)


def test_a_folder_without_media_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a picture")
    with pytest.raises(ProvenanceError) as nothing:
        find_inputs([tmp_path], None, HOME)
    assert (nothing.value.code, nothing.value.found) == ("media.none", "1 files, none of them media")
