"""What ``check`` looks at: patterns, ignore files, changes of a repository; and what it must not pass over."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from credential_world import World, sign
from hypothesis import given, settings
from hypothesis import strategies as st
from newsdesk import Run

from provenance.ignoring import IgnoreFiles

Signed = Callable[[str], Path]
Git = Callable[..., str]


def names(result: object) -> list[str]:
    return [asset["path"] for asset in json.loads(result.stdout)["assets"]]  # type: ignore[attr-defined]


@pytest.fixture
def tree(work: Path, signed: Signed, media: Path) -> Path:
    """Signed a.jpg, unsigned old/b.jpg and old/keep/a.jpg, TypeScript and words."""
    (work / "old" / "keep").mkdir(parents=True)
    shutil.copy(signed("a.jpg"), work / "a.jpg")
    shutil.copy(media / "b.jpg", work / "old" / "b.jpg")
    shutil.copy(media / "a.jpg", work / "old" / "keep" / "a.jpg")
    (work / "app.ts").write_text("const x = 1\n")
    (work / "notes.txt").write_text("words")
    return work


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["."], ["a.jpg", "old/b.jpg", "old/keep/a.jpg"]),
        (["*.jpg"], ["a.jpg"]),
        (["**/*.jpg"], ["a.jpg", "old/b.jpg", "old/keep/a.jpg"]),
        (["**", "a.jpg", "./a.jpg"], ["a.jpg", "old/b.jpg", "old/keep/a.jpg"]),
        (["old/k*"], ["old/keep/a.jpg"]),
    ],
)
def test_patterns_and_folders_find_each_asset_once(tree: Path, check: Run, given: list[str], found: list[str]) -> None:
    assert sorted(names(check(*given, "--json"))) == found


def test_a_pattern_that_nothing_matches_is_an_error_and_no_pass(tree: Path, check: Run) -> None:
    result = check("*.png")
    assert (result.exit_code, "nothing at *.png" in result.stderr) == (1, True)


def test_a_file_named_as_a_pattern_is_that_file(tree: Path, check: Run, media: Path) -> None:
    shutil.copy(media / "a.jpg", tree / "[a].jpg")
    assert names(check("[a].jpg", "--json")) == ["[a].jpg"]


def test_typescript_is_no_asset_and_a_transport_stream_is(tree: Path, check: Run) -> None:
    (tree / "real.ts").write_bytes((b"\x47" + b"\0" * 187) * 20)
    result = check(".", "--json")
    assert "real.ts" in names(result)
    assert "app.ts" not in names(result)


def test_ignore_files_leave_out_what_they_name_named_files_too(tree: Path, check: Run) -> None:
    (tree / ".provenanceignore").write_text("# old ones\nold/*\n!old/keep/\n")
    result = check(".", "--json")
    assert names(result) == ["a.jpg", "old/keep/a.jpg"]
    assert json.loads(result.stdout)["excluded"] == 1
    assert names(check("old/b.jpg", "a.jpg", "--json")) == ["a.jpg"]
    (tree / "old" / "keep" / ".provenanceignore").write_text("*.jpg\n")
    assert check(".").exit_code == 0


def test_a_hook_that_is_given_only_ignored_files_passes(tree: Path, check: Run) -> None:
    (tree / ".provenanceignore").write_text("old/\n")
    result = check("old/b.jpg")
    assert (result.exit_code, result.stdout) == (0, "0 assets, 0 fail, 1 left out by .provenanceignore\n")


@pytest.mark.parametrize("content", [b"[z-a].jpg\n", b"\xff\xfe", b"#" * (1 << 20) + b"#"])
def test_an_ignore_file_that_cannot_be_used_is_an_error(tree: Path, check: Run, content: bytes) -> None:
    (tree / ".provenanceignore").write_bytes(content)
    result = check(".")
    assert (result.exit_code, "check.ignore_file" in result.stderr) == (1, True)


PARTS = st.sampled_from(["a", "b", "x.jpg", "y.png"])
PATTERNS = st.sampled_from(["a", "/a", "a/", "*.jpg", "!x.jpg", "b/*.jpg", "**/b", "!/a/b", "a/**", "\\!x", "# no"])


@pytest.fixture(scope="module")
def ignoring_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("ignores")
    for folder in ("a/b", "b/a"):
        (top / folder).mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet"], cwd=top, check=True)
    return top


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(PATTERNS, max_size=4), inner=st.lists(PATTERNS, max_size=2))
def test_ignore_files_say_what_git_says(ignoring_tree: Path, lines: list[str], inner: list[str]) -> None:
    top = ignoring_tree
    for folder, patterns in ((top, lines), (top / "a", inner)):
        for name in (".gitignore", ".provenanceignore"):
            (folder / name).write_text("\n".join(patterns) + "\n")
    paths = [f"{folder}{name}" for folder in ("", "a/", "b/", "a/b/", "b/a/") for name in ("x.jpg", "y.png")]
    command = ["git", "check-ignore", "--no-index", "--stdin"]
    told = subprocess.run(command, cwd=top, input="\n".join(paths), capture_output=True, text=True, check=False)
    ignores = IgnoreFiles(top)
    assert [path for path in paths if ignores.ignores(top / path)] == told.stdout.split()


def test_since_checks_what_differs_from_a_revision_and_no_more(
    tree: Path, check: Run, git: Git, media: Path, signed: Signed
) -> None:
    git("add", ".")
    git("commit", "--quiet", "--message", "old ones")
    assert check("--since", "HEAD").stdout == "0 assets, 0 fail\n"
    shutil.copy(media / "b.jpg", tree / "wörter \n.jpg")
    shutil.copy(signed("a.png"), tree / "old" / "new.png")
    (tree / "app.ts").write_text("const x = 2\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "new ones")
    result = check("--since", "HEAD~1", "--json")
    assert sorted(names(result)) == ["old/new.png", "wörter \n.jpg"]
    assert result.exit_code == 6
    assert check("--since", "main~1", "old").exit_code == 0
    git("rm", "--quiet", "wörter \n.jpg")
    assert check("--since", "HEAD~1").exit_code == 0


@pytest.mark.parametrize("revision", ["", "nope", "--output=stolen", "-p", "HEAD:a.jpg", "a..b"])
def test_a_revision_is_never_an_option_of_git(tree: Path, check: Run, git: Git, revision: str) -> None:
    git("add", ".")
    git("commit", "--quiet", "--message", "old ones")
    result = check(f"--since={revision}")
    assert (result.exit_code, "check.unknown_revision" in result.stderr) == (1, True)
    assert not (tree / "stolen").exists()


def test_what_is_staged_is_checked_as_the_commit_would_hold_it(
    tree: Path, check: Run, git: Git, media: Path, signed: Signed
) -> None:
    git("add", "a.jpg")
    assert check("--staged").exit_code == 0
    shutil.copy(media / "a.jpg", tree / "a.jpg")
    assert check("--staged").exit_code == 0, "what is signed was staged"
    git("add", "a.jpg")
    shutil.copy(signed("a.jpg"), tree / "a.jpg")
    result = check("--staged")
    assert result.exit_code == 6, "what is unsigned was staged, whatever lies there now"
    assert "FAIL  a.jpg" in result.stdout


def test_an_asset_is_checked_when_only_its_sidecar_was_changed(
    work: Path, check: Run, git: Git, world: World, media: Path, tmp_path: Path
) -> None:
    store = sign(media / "a.webm", tmp_path / "a.webm", world.newsroom, embed=False)
    shutil.copy(media / "a.webm", work / "a.webm")
    (work / "a.webm.c2pa").write_bytes(store)
    git("add", "a.webm")
    assert check("--staged").exit_code == 6, "the sidecar lies there, but the commit would not hold it"
    git("add", ".")
    assert check("--staged").exit_code == 0
    git("commit", "--quiet", "--message", "signed")
    (work / "a.webm.c2pa").unlink()
    assert check("--since", "HEAD").exit_code == 6
    git("rm", "--quiet", "a.webm.c2pa")
    assert check("--staged").exit_code == 6
    (work / "a.webm.c2pa").write_bytes(store[:-1000])
    assert names(check("a.webm.c2pa", "--json")) == ["a.webm"]


def test_outside_of_a_repository_changes_cannot_be_asked_for(tree: Path, check: Run) -> None:
    result = check("--staged")
    assert (result.exit_code, "check.no_repository" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--since", "HEAD", "--staged"],
        ["a.jpg", "--signer", ""],
        ["a.jpg", "--signer-sha256", "abc"],
        ["a.jpg", "--write-baseline"],
        ["--staged", "--baseline", "known.json", "--write-baseline"],
    ],
)
def test_what_contradicts_itself_is_wrong_usage(tree: Path, check: Run, arguments: list[str]) -> None:
    assert check(*arguments).exit_code == 2
