"""``provenance capture``, as the process it is: recorded, signed meanwhile, one asset at the end."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import av
import pytest
from capture_bench import LIMIT_S, LiveServer, Studio, feed, make_stream

from provenance.credentials.reader import read_credential
from provenance.credentials.values import Credential, CredentialState
from provenance.settings import load_settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy import SignedUnder
from signer.capture.signing import SignedSegment
from signer.capture.values import Notes
from signer.capture_view import Screen
from signer.home import make_development_home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("capture") / "home"
    make_development_home(load_settings(folder))
    return folder


@pytest.fixture(scope="module")
def stream(home: Path) -> Path:
    return make_stream(home.parent / "stream.ts")


@pytest.fixture
def studio(home: Path, tmp_path: Path) -> Studio:
    return Studio(home, tmp_path / "recording")


def credential(studio: Studio, path: Path) -> Credential:
    anchors = load_anchors(studio.home / "trust")
    return read_credential(path, anchors=anchors, policy=SignedUnder(anchors))


def frames(path: Path) -> list[float]:
    """The moments of the pictures that can be decoded, in s."""
    with av.open(str(path)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


def test_a_recording_becomes_one_registered_asset_with_every_picture_and_its_segments_as_components(
    studio: Studio, tmp_path: Path
) -> None:
    source = make_stream(tmp_path / "s.ts", 3, sound=True)
    code, said, _ = studio.record(source, "--segment", "1s", "--register", "--title", "Harbour")
    assert code == 0
    segments = [line["segment"] for line in said[:-1]]
    assert [(s["index"], s["frames"], s["ended_by"]) for s in segments] == [
        (1, 30, "length"),
        (2, 30, "length"),
        (3, 15, "end"),
    ]
    assert [s["start_us"] for s in segments] == [0, 1_200_000, 2_400_000]
    asset = said[-1]["assembled"]
    assert (asset["registered"], asset["segments"]) == (True, [1, 2, 3])
    whole = credential(studio, Path(asset["output"]))
    assert whole.state is CredentialState.AUTHENTIC
    labels = [credential(studio, studio.out / "segments" / f"{n:06}.mp4").manifest_label for n in (1, 2, 3)]
    assert [(i.relationship, i.manifest_label, i.failures) for i in whole.ingredients] == [
        ("componentOf", label, ()) for label in labels
    ]
    assert frames(Path(asset["output"])) == pytest.approx([n / 25 for n in range(75)], abs=1e-4)
    with av.open(asset["output"]) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == pytest.approx(3 * 44100, rel=0.02)
    assert studio.check()[1]["open_end"] is None
    before = Path(asset["output"]).read_bytes()
    assert studio.invoke("finish", studio.out, "--register").exit_code == 0
    assert Path(asset["output"]).read_bytes() == before
    assert "capture.exists" in studio.invoke(source, "-o", studio.out).output


@pytest.mark.parametrize("seed", [1, 2])
def test_kill_9_at_any_moment_leaves_signed_segments_and_finish_saves_the_rest(
    studio: Studio, stream: Path, seed: int
) -> None:
    after = random.Random(seed).uniform(0.5, 3.0)
    with studio.start("-", "-o", studio.out, "--withhold-reference", "--segment", "1s", piped=True) as process:
        feed(process, stream.read_bytes(), 8)
        while not list(studio.out.glob("recorded/*.part")):
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(after)
        process.kill()
        process.wait()
    signed = {path: path.read_bytes() for path in (studio.out / "segments").glob("0*.mp4")}
    assert all(credential(studio, path).state is CredentialState.AUTHENTIC for path in signed)
    finished = studio.invoke("finish", studio.out)
    assert finished.exit_code == 0, finished.output
    assert {path: path.read_bytes() for path in signed} == signed
    code, chain = studio.check()
    assert (code, chain["holds"], chain["unsigned"]) == (0, True, [])
    assert chain["segments"][-1]["ended_by"] in ("killed", "length")
    whole = studio.out / "recording.mp4"
    assert credential(studio, whole).state is CredentialState.AUTHENTIC
    times = frames(whole)
    # What a crash may cost: a fragment of half a second, and what is on its way.
    assert times[-1] > after - 1
    # Of the last few, those that were still to come between two others may be missing.
    assert times[:-4] == pytest.approx([n / 25 for n in range(len(times) - 4)], abs=1e-4)


def test_a_lost_stream_is_taken_up_again_and_the_next_segment_says_how_long_it_was_away(
    studio: Studio, stream: Path
) -> None:
    data = stream.read_bytes()
    server = LiveServer([data[: len(data) // 4], 1, data[: len(data) // 4]])
    code, said, printed = studio.record(server.url, "--segment", "5s", "--reconnect", "2s")
    assert (code, "was lost and did not come back" in printed) == (1, True), printed
    assert "no source: the stream broke off; trying again" in printed
    segments = [line["segment"] for line in said if "segment" in line]
    assert [s["ended_by"] for s in segments] == ["lost", "lost"]
    (event,) = segments[1]["events"]
    assert (event["kind"], event["at_us"]) == ("lost", segments[0]["end_us"])
    assert segments[1]["start_us"] - segments[0]["end_us"] == pytest.approx(float(event["seconds"]) * 1e6, abs=2000)
    assert float(event["seconds"]) > 0.5
    code, chain = studio.check()
    assert (code, chain["holds"], chain["segments"][1]["events"][0]["kind"]) == (0, True, "lost")
    assert [line["assembled"]["segments"] for line in said if "assembled" in line] == [[1, 2]]
    assert said[-1]["error"]["code"] == "capture.lost"


def test_what_arrives_damaged_is_left_out_and_told_and_the_recording_goes_on(studio: Studio, tmp_path: Path) -> None:
    source = make_stream(tmp_path / "s.ts", 3, sound=True)
    data = bytearray(source.read_bytes())
    middle = len(data) // 2 // 188 * 188
    data[middle : middle + 188 * 20] = random.Random(3).randbytes(188 * 20)
    source.write_bytes(data)
    result = studio.invoke(source, "-o", studio.out, "--withhold-reference", "--segment", "30s")
    assert result.exit_code == 0, result.output
    (segment,) = studio.check()[1]["segments"]
    assert segment["dropped_frames"] > 0
    assert segment["end_us"] == pytest.approx(3e6, abs=100_000)
    assert segment["frames"] + segment["dropped_frames"] == pytest.approx(75, abs=3)


def test_a_stop_ends_the_recording_in_good_order_and_other_codecs_are_coded_anew(
    studio: Studio, tmp_path: Path
) -> None:
    from support.media import ffmpeg

    source = tmp_path / "camera.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=161x121:rate=25:duration=6", "-c:v", "mjpeg", "-f", "matroska", source)
    with studio.start("-", "-o", studio.out, "--segment", "30s", "--json-lines", piped=True) as process:
        feed(process, source.read_bytes(), 6)
        while not list(studio.out.glob("recorded/*.part")):
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        said, complained = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, complained
    segment, chain = said.decode().splitlines()[0], studio.check()[1]
    assert '"video: mjpeg as h264"' in segment
    assert [s["ended_by"] for s in chain["segments"]] == ["stopped"]
    assert chain["open_end"] is None


@pytest.mark.parametrize("as_lines", [False, True])
def test_a_recording_does_not_end_because_nobody_listens_any_more(
    as_lines: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = SignedSegment(Notes(1, 0, "2026-11-26T10:00:00Z", "f", end_us=2_000_000), Path("000001.mp4"), "asset")
    screen = Screen(as_lines=as_lines)
    for tell in (lambda: screen.segment(signed), lambda: screen.notice("no source"), lambda: screen.recorded(2.0, 0)):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w", buffering=1) as closed, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", closed)
            patch.setattr(sys, "stderr", closed)
            tell()
            # What could not be written is not to be written on closing.
            with Path(os.devnull).open("wb") as nothing:
                os.dup2(nothing.fileno(), closed.fileno())
