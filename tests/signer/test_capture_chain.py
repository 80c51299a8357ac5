"""A chain of segments in which one was deleted, replaced, moved or renamed: `capture check` says which, and how."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from capture_bench import make_stream
from click.testing import CliRunner, Result
from support.media import ffmpeg

from provenance.cli import main
from provenance.errors import OutputError
from provenance.settings import load_settings
from signer.capture.chain import Seen, Standing
from signer.capture.finish import LONGEST_S, MOST_SEGMENTS, groups_of
from signer.capture.segment_file import finish_part
from signer.home import make_development_home

Spoil = Callable[[Path], None]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home and two recordings, of four and two segments; do not modify them."""
    folder = tmp_path_factory.mktemp("chains")
    make_development_home(load_settings(folder / "home"))
    for name, seconds in (("one", 1.6), ("two", 0.8)):
        source = make_stream(folder / f"{name}.ts", seconds)
        words = ["capture", str(source), "-o", str(folder / name), "--segment", "400ms", "--withhold-reference"]
        result = CliRunner().invoke(main, ["--home", str(folder / "home"), *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
    return folder


def segment(root: Path, number: int) -> Path:
    return root / "segments" / f"{number:06}.mp4"


def delete(number: int) -> Spoil:
    return lambda root: segment(root, number).unlink()


def flip(number: int) -> Spoil:
    def spoil(root: Path) -> None:
        data = bytearray(segment(root, number).read_bytes())
        data[data.index(b"mdat") + 200] ^= 1
        segment(root, number).write_bytes(data)

    return spoil


def swap(root: Path) -> None:
    first, second = segment(root, 2), segment(root, 3)
    kept = second.read_bytes()
    second.write_bytes(first.read_bytes())
    first.write_bytes(kept)


def foreign(root: Path) -> None:
    shutil.copy(segment(root.parent / "two", 2), segment(root, 2))


def padded(root: Path) -> None:
    """Bytes that the signature leaves out: the credential still holds, and it is another file."""
    with segment(root, 2).open("ab") as stream:
        stream.write(b"\0\0\0\x0cfree\0\0\0\0")


def without_the_last(root: Path) -> None:
    segment(root, 4).unlink()
    (root / "recording.mp4").unlink()


@pytest.mark.parametrize(
    ("spoil", "standings", "code"),
    [
        (lambda root: None, {}, 0),
        (delete(3), {3: "missing"}, 6),
        (delete(4), {4: "missing"}, 6),
        (flip(2), {2: "tampered"}, 6),
        (padded, {2: "tampered"}, 6),
        (swap, {2: "misplaced", 3: "misplaced"}, 6),
        (foreign, {2: "misplaced"}, 6),
        (without_the_last, {}, 0),
    ],
    ids=["untouched", "deleted", "last-deleted", "flipped", "padded", "swapped", "foreign", "end-unknown"],
)
def test_each_kind_of_tampering_is_told_and_nothing_else_is_blamed(
    recorded: Path, tmp_path: Path, spoil: Spoil, standings: dict[int, str], code: int
) -> None:
    for name in ("one", "two"):
        shutil.copytree(recorded / name, tmp_path / name)
    spoil(tmp_path / "one")
    words = ["--home", str(recorded / "home"), "capture", "check", str(tmp_path / "one"), "--json"]
    result = CliRunner().invoke(main, words)
    chain = json.loads(result.output)
    found = {s["index"]: s["standing"] for s in chain["segments"] if s["standing"] != "intact"}
    assert (found, result.exit_code, chain["holds"]) == (standings, code, not standings)
    assert (chain["open_end"] is not None) == (spoil is without_the_last)


def test_a_broken_chain_is_not_assembled_anew(recorded: Path, tmp_path: Path) -> None:
    shutil.copytree(recorded / "one", tmp_path / "one")
    flip(2)(tmp_path / "one")
    result = CliRunner().invoke(main, ["--home", str(recorded / "home"), "capture", "finish", str(tmp_path / "one")])
    assert result.exit_code == 1
    assert "capture.broken_chain" in result.output


@pytest.mark.parametrize("room", [1, 20_000])
def test_a_disk_that_takes_no_more_is_not_taken_for_a_segment_that_cannot_be_read(room: int, tmp_path: Path) -> None:
    part, target = tmp_path / "000001.part", tmp_path / "000001.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1", "-c:v", "libx264", "-preset", "ultrafast",
           "-qp", "10", "-f", "mp4", part)  # fmt: skip
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OutputError):
            finish_part(part, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.iterdir()] == [part.name]
    assert finish_part(part, target)[0] == 25


def finish(recorded: Path, root: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(recorded / "home"), "capture", "finish", str(root), *more])


def test_what_the_registry_did_not_take_is_told_all_the_same(recorded: Path) -> None:
    elsewhere = ["--register", "--registry", "http://127.0.0.1:9/", "--json-lines"]
    result = finish(recorded, recorded / "one", *elsewhere)
    (asset,) = [json.loads(line)["assembled"] for line in result.stdout.splitlines() if "assembled" in line]
    assert (result.exit_code, asset["segments"], asset["registered"]) == (1, [1, 2, 3, 4], False)
    assert "registry.unreachable" in result.output
    assert "provenance capture finish" in result.stderr


@pytest.mark.parametrize("number", [2, 4])
def test_an_asset_that_names_what_is_missing_is_never_replaced(recorded: Path, tmp_path: Path, number: int) -> None:
    root = Path(shutil.copytree(recorded / "one", tmp_path / "one"))
    before = (root / "recording.mp4").read_bytes()
    delete(number)(root)
    for more in ([], ["--leave-out-missing"]):
        result = finish(recorded, root, *more)
        assert result.exit_code == 1
        assert f"segment {number} is missing" in result.output
        assert "the assembled recording names it, and is kept" in result.output
        assert (root / "recording.mp4").read_bytes() == before


def test_a_hole_in_the_chain_is_assembled_when_asked_for_only_and_is_told(recorded: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(recorded / "one", tmp_path / "one"))
    (root / "recording.mp4").unlink()
    delete(2)(root)
    refused = finish(recorded, root)
    assert refused.exit_code == 1
    assert "--leave-out-missing" in refused.output
    assert not (root / "recording.mp4").exists()
    made = finish(recorded, root, "--leave-out-missing", "--json-lines")
    assert made.exit_code == 0
    (asset,) = [json.loads(line)["assembled"] for line in made.stdout.splitlines() if "assembled" in line]
    assert (asset["segments"], asset["missing"]) == ([1, 3, 4], [2])
    told = finish(recorded, root, "--leave-out-missing")
    assert "missing     2: left out" in told.output


@pytest.mark.parametrize("content", ["[1, 2]", "{}", '{"schema": 3}'])
def test_a_damaged_session_file_is_not_called_no_recording(recorded: Path, tmp_path: Path, content: str) -> None:
    root = Path(shutil.copytree(recorded / "two", tmp_path / "two"))
    (root / "session.json").write_text(content)
    result = finish(recorded, root)
    assert (result.exit_code, "capture.damaged" in result.output) == (1, True)


def seen(count: int, seconds: float, form: str = "a", first: int = 1) -> list[Seen]:
    """Intact segments of one length and format."""
    length = int(seconds * 1e6)
    return [
        Seen(n, Standing.INTACT, said={"format": form, "start_us": n * length, "end_us": (n + 1) * length})
        for n in range(first, first + count)
    ]


@pytest.mark.parametrize(
    ("segments", "sizes"),
    [
        (seen(3, 10), [3]),
        (seen(2, 10) + seen(2, 10, "b", 3), [2, 2]),
        (seen(MOST_SEGMENTS + 1, 1), [MOST_SEGMENTS, 1]),
        (seen(4, LONGEST_S / 2), [2, 2]),
    ],
    ids=["few", "another-format", "many", "long"],
)
def test_one_asset_holds_no_more_than_a_credential_can(segments: list[Seen], sizes: list[int]) -> None:
    assert [len(group) for group in groups_of(segments)] == sizes
