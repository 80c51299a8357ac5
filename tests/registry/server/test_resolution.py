"""Finding manifests by soft bindings and by content, as software that knows only C2PA does."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import c2pa
import httpx
import imageio_ffmpeg
import iscc_core
import numpy as np
import pytest
from newsroom import Newsroom, make_clip
from serving import serving

from provenance.assets import SignedAsset
from provenance.credentials.library import read_store
from provenance.settings import Rates, Server, Settings, load_settings
from registry.assets import withdraw
from registry.server.app import create_app
from registry.server.resolution import FRAMES_ALGORITHM
from registry.store import Registry, create_registry

ISCC = "io.iscc.v0"
VIDEO, IMAGE = "video/mp4", "image/jpeg"


@pytest.fixture(scope="module")
def site(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Asks a server that holds the clip and the photograph."""
    chosen = load_settings(tmp_path_factory.mktemp("site"), server=Server(rates=Rates(content=0)))
    with create_registry(chosen) as store:
        newsroom.register(store, newsroom.clip.path, chosen)
        newsroom.register(store, newsroom.photo.path, chosen)
    with serving(create_app(chosen)) as client:
        yield client


def stripped(signed: SignedAsset, target: Path, *options: str) -> Path:
    """A re-encoded copy, which has no manifest."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(signed.path), "-map_metadata", "-1"]
    subprocess.run([*command, *options, str(target)], check=True, stdin=subprocess.DEVNULL)
    return target


def iscc_value(signed: SignedAsset) -> str:
    assert signed.fingerprints.iscc is not None
    return base64.b64encode(iscc_core.encode_seq([signed.fingerprints.iscc])).decode()


def frames_value(signed: SignedAsset) -> str:
    assert signed.fingerprints.frames is not None
    return base64.b64encode(signed.fingerprints.frames.hashes[:, 0].tobytes()).decode()


def asked(client: httpx.Client, alg: str, value: str, **parameters: str) -> list[tuple[str, int]]:
    answer = client.get("/matches/byBinding", params={"alg": alg, "value": value, **parameters})
    assert answer.status_code == 200, answer.text
    return [(match["manifestId"], match["similarityScore"]) for match in answer.json()["matches"]]


def sent(client: httpx.Client, file: Path, kind: str, **parameters: str) -> list[str]:
    answer = client.post(
        "/matches/byContent", content=file.read_bytes(), headers={"Content-Type": kind}, params=parameters
    )
    assert answer.status_code == 200, answer.text
    return [match["manifestId"] for match in answer.json()["matches"]]


def test_a_stock_client_recovers_a_stripped_manifest(site: httpx.Client, newsroom: Newsroom, tmp_path: Path) -> None:
    signed = newsroom.clip
    copy = stripped(signed, tmp_path / "copy.mp4", "-vf", "scale=240:-2", "-crf", "30", "-c:v", "libx264")
    with copy.open("rb") as stream, pytest.raises(c2pa.C2paError.ManifestNotFound):
        c2pa.Reader("video/mp4", stream)
    (label,) = sent(site, copy, VIDEO)
    answer = site.get(f"/manifests/{label}")
    assert answer.headers["content-type"] == "application/c2pa"
    trust = {"trust": {"trust_anchors": "".join(a.pem.decode() for a in newsroom.anchors)}}
    with (
        c2pa.Context.from_json(json.dumps(trust)) as context,
        signed.path.open("rb") as stream,
        c2pa.Reader("video/mp4", stream, answer.content, context=context) as reader,
    ):
        account = json.loads(reader.json())
        assert reader.get_validation_state() == "Trusted"
    assert account["active_manifest"] == label == signed.manifest_label


@pytest.mark.parametrize("name", ["clip", "photo"])
def test_a_soft_binding_leads_to_its_manifest(site: httpx.Client, newsroom: Newsroom, name: str) -> None:
    signed: SignedAsset = getattr(newsroom, name)
    for alg, value in ((ISCC, iscc_value(signed)), (FRAMES_ALGORITHM, frames_value(signed))):
        assert asked(site, alg, value) == [(signed.manifest_label, 100)]
        posted = site.post("/matches/byBinding", json={"alg": alg, "value": value})
        assert posted.json() == {"matches": [{"manifestId": signed.manifest_label, "similarityScore": 100}]}


def test_the_value_in_the_signed_assertion_is_one_to_ask_with(site: httpx.Client, newsroom: Newsroom) -> None:
    with newsroom.photo.path.open("rb") as stream:
        details = read_store(stream, newsroom.anchors).details
    assert details is not None
    (manifest,) = details["manifests"].values()
    (block,) = manifest["assertion_store"]["c2pa.soft-binding"]["blocks"]
    value = base64.urlsafe_b64encode(block["value"].encode()).decode().rstrip("=")
    assert asked(site, ISCC, value) == [(newsroom.photo.manifest_label, 100)]


@pytest.mark.parametrize("alg", [None, ISCC, FRAMES_ALGORITHM])
def test_a_photograph_is_found_by_each_algorithm(
    site: httpx.Client, newsroom: Newsroom, tmp_path: Path, alg: str | None
) -> None:
    copy = stripped(newsroom.photo, tmp_path / "copy.jpg", "-vf", "scale=300:-2", "-q:v", "8")
    parameters = {} if alg is None else {"alg": alg}
    assert sent(site, copy, IMAGE, **parameters) == [newsroom.photo.manifest_label]


def test_a_trimmed_clip_is_found_and_other_footage_is_not(
    site: httpx.Client, newsroom: Newsroom, tmp_path: Path
) -> None:
    part = stripped(newsroom.clip, tmp_path / "part.mp4", "-ss", "1.2", "-t", "1.8")
    mirrored = stripped(newsroom.clip, tmp_path / "mirrored.mp4", "-vf", "hflip,pad=iw:2*ih:0:oh/4")
    assert sent(site, part, VIDEO) == sent(site, mirrored, VIDEO) == [newsroom.clip.manifest_label]
    assert sent(site, make_clip(tmp_path / "other.mp4", "motorcycle_left.png", seconds=2), VIDEO) == []


def test_a_sound_recording_is_found_by_its_sound(newsroom: Newsroom, tmp_path: Path) -> None:
    voice = stripped(newsroom.clip, tmp_path / "voice.m4a", "-vn", "-filter:a", "aecho=0.8:0.7:9|23:0.3|0.2")
    signed = newsroom.sign(voice, tmp_path / "signed.m4a")
    chosen = load_settings(tmp_path / "home")
    with create_registry(chosen) as store:
        newsroom.register(store, signed.path, chosen)
    copy = stripped(signed, tmp_path / "copy.mp3", "-b:a", "64k")
    with serving(create_app(chosen)) as client:
        assert sent(client, copy, "audio/mpeg") == [signed.manifest_label]


def test_a_hint_helps_where_the_content_does_not(site: httpx.Client, newsroom: Newsroom, tmp_path: Path) -> None:
    other = make_clip(tmp_path / "other.mp4", "motorcycle_left.png", seconds=1)
    hinted = {"hintAlg": ISCC, "hintValue": iscc_value(newsroom.photo)}
    assert sent(site, other, VIDEO, **hinted) == [newsroom.photo.manifest_label]
    assert sent(site, other, VIDEO, hintAlg=ISCC, hintValue="?") == []
    assert sent(site, other, VIDEO, alg="org.example.unknown") == []


def test_a_near_code_is_found_and_a_far_one_is_not(site: httpx.Client, newsroom: Newsroom) -> None:
    value = base64.b64decode(iscc_value(newsroom.clip))
    bits = np.unpackbits(np.frombuffer(value, np.uint8))
    found = {}
    for flipped in (15, 33):
        near = bits.copy()
        near[16 + np.random.default_rng(1).choice(256, flipped, replace=False)] ^= 1
        found[flipped] = asked(site, ISCC, base64.b64encode(np.packbits(near).tobytes()).decode())
    assert found == {15: [(newsroom.clip.manifest_label, 88)], 33: []}


@pytest.mark.parametrize(
    ("alg", "value"),
    [
        ("org.example.unknown", "AAAA"),
        (ISCC, "no base64!"),
        (ISCC, ""),
        (ISCC, base64.b64encode(b"ISCC:KEC43HJLPUSHVAZT66YLPUWNVACWYPIV533TRQMWF2IUQYSP5LA4CTY").decode()),
        (ISCC, base64.b64encode(bytes.fromhex("270000000000")).decode()),
        (FRAMES_ALGORITHM, "AAAA"),
    ],
)
def test_a_value_that_cannot_be_used_is_a_bad_request(site: httpx.Client, alg: str, value: str) -> None:
    for answer in (
        site.get("/matches/byBinding", params={"alg": alg, "value": value}),
        site.post("/matches/byBinding", json={"alg": alg, "value": value}),
    ):
        assert answer.status_code == 400
        assert answer.json()["code"].startswith("binding.")


def test_no_more_are_answered_than_were_asked_for(site: httpx.Client, newsroom: Newsroom) -> None:
    units = [newsroom.clip.fingerprints.iscc, newsroom.photo.fingerprints.iscc]
    value = base64.b64encode(iscc_core.encode_seq(units)).decode()
    assert len(asked(site, ISCC, value)) == 2
    assert len(asked(site, ISCC, value, maxResults="1")) == 1
    assert len(asked(site, ISCC, value, maxResults="9" * 30)) == 2


@pytest.mark.parametrize("kind", ["text/plain", "model/gltf+json", "image/png"])
def test_what_is_no_media_is_an_unsupported_type(site: httpx.Client, kind: str) -> None:
    answer = site.post("/matches/byContent", content=b"just words" * 50, headers={"Content-Type": kind})
    assert answer.status_code == 415


def test_the_active_manifest_alone_is_a_store_of_its_own(
    site: httpx.Client, newsroom: Newsroom, tmp_path: Path
) -> None:
    again = newsroom.sign(newsroom.photo.path, tmp_path / "again.jpg")
    chosen = load_settings(tmp_path / "home")
    with create_registry(chosen) as store:
        newsroom.register(store, again.path, chosen)
    with serving(create_app(chosen)) as client:
        whole = client.get(f"/manifests/{again.manifest_label}").content
        active = client.get(f"/manifests/{again.manifest_label}", params={"returnActiveManifest": True}).content
    labels = {}
    for name, store_bytes in (("whole", whole), ("active", active)):
        with c2pa.Reader("application/c2pa", io.BytesIO(store_bytes)) as reader:
            labels[name] = set(json.loads(reader.json())["manifests"])
    assert labels["whole"] == {newsroom.photo.manifest_label, again.manifest_label}
    assert labels["active"] == {again.manifest_label}


@pytest.mark.parametrize(
    ("label", "status"),
    [("urn:c2pa:00000000-0000-0000-0000-000000000000", 404), ("..%2F..%2Fetc", 404), ("a%00b", 404), ("x" * 600, 400)],
)
def test_unknown_labels_are_unknown_and_odd_ones_are_refused(site: httpx.Client, label: str, status: int) -> None:
    assert site.get(f"/manifests/{label}").status_code == status


def test_a_manifest_that_a_client_has_is_not_sent_again(site: httpx.Client, newsroom: Newsroom) -> None:
    first = site.get(f"/manifests/{newsroom.clip.manifest_label}")
    again = site.get(f"/manifests/{newsroom.clip.manifest_label}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_strangers_find_nothing_of_what_is_embargoed_or_withdrawn(
    newsroom: Newsroom, registry: Registry, settings: Settings, http: httpx.Client, tmp_path: Path
) -> None:
    newsroom.register(registry, newsroom.clip.path, settings, embargoed=True)
    done = newsroom.register(registry, newsroom.photo.path, settings)
    withdraw(registry, done.asset_id, "wrong caption", "editor")
    for signed, kind in ((newsroom.clip, VIDEO), (newsroom.photo, IMAGE)):
        assert asked(http, ISCC, iscc_value(signed)) == []
        assert asked(http, FRAMES_ALGORITHM, frames_value(signed)) == []
        assert sent(http, signed.path, kind) == []
        assert http.get(f"/manifests/{signed.manifest_label}").status_code == 404


def test_a_file_over_the_limits_is_refused_as_such(newsroom: Newsroom, tmp_path: Path) -> None:
    chosen = load_settings(tmp_path / "home", server=Server(max_content_bytes=200_000, max_content_seconds=2))
    create_registry(chosen).close()
    long = stripped(newsroom.clip, tmp_path / "long.mp4", "-vf", "scale=64:-2", "-an")
    with serving(create_app(chosen)) as client:
        for content in (long.read_bytes(), b"\xff\xd8\xff" + bytes(200_000)):
            answer = client.post("/matches/byContent", content=content, headers={"Content-Type": "video/mp4"})
            assert answer.status_code == 413, answer.text


def test_who_finds_no_place_is_told_to_come_again(newsroom: Newsroom, tmp_path: Path) -> None:
    chosen = load_settings(tmp_path / "home", server=Server(max_decoders=1))
    create_registry(chosen).close()
    app = create_app(chosen)
    with serving(app) as client:
        app.state.places.decoders._free._value = 0
        answer = client.post(
            "/matches/byContent", content=newsroom.photo.path.read_bytes(), headers={"Content-Type": IMAGE}
        )
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        app.state.places.decoders._free.release()
        assert sent(client, newsroom.photo.path, IMAGE) == []


def test_the_service_says_what_it_is(site: httpx.Client) -> None:
    assert site.get("/services/supportedAlgorithms").json() == {
        "watermarks": [],
        "fingerprints": [{"alg": ISCC}, {"alg": "org.provenance-toolkit.pdq-views.1"}],
    }
    discovered = site.get("/.well-known/c2pa-soft-binding-resolution").json()
    assert discovered == {"apiEndpoint": str(site.base_url).rstrip("/"), "c2paSpecificationVersion": "2.2.0"}
