"""Registering and stewardship over HTTP: one's own only, harmless to repeat, nothing half-done, nothing believed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import imageio_ffmpeg
import pytest
from desks import COURIER, HERALD, Desk, desk, trust_the_newsrooms
from newsroom import Newsroom, make_photo, sign_claiming
from PIL import Image

from provenance.credentials.reader import read_credential
from provenance.fingerprints.codec import ASSERTION_LABEL, to_assertion
from provenance.settings import Settings
from registry.assets import list_assets, show_asset
from registry.backup import faults
from registry.log.local import LocalLog
from registry.revocations import revoke_key
from registry.store import Registry


@dataclass(frozen=True)
class Desks:
    herald: Desk
    courier: Desk
    reader: Desk
    admin: Desk


@pytest.fixture
def desks(http: httpx.Client, registry: Registry, newsroom: Newsroom, settings: Settings) -> Iterator[Desks]:
    trust_the_newsrooms(newsroom, settings)
    with ExitStack() as stack:
        yield Desks(
            stack.enter_context(desk(registry, http)),
            stack.enter_context(desk(registry, http, owner=COURIER)),
            stack.enter_context(desk(registry, http, role="reader")),
            stack.enter_context(desk(registry, http, role="admin", owner=None)),
        )


def send(who: Desk, path: Path, **query: str) -> httpx.Response:
    return who.http.post("/v1/assets", content=path.read_bytes(), params=query)


def upload(who: Desk, path: Path) -> str:
    """Send a file in one part; the upload's id."""
    tus = {"Tus-Resumable": "1.0.0"}
    made = who.http.post("/v1/uploads", headers=tus | {"Upload-Length": str(path.stat().st_size)})
    part = tus | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert who.http.patch(made.headers["location"], headers=part, content=path.read_bytes()).status_code == 204
    return made.headers["location"].rsplit("/", 1)[1]


def left(settings: Settings) -> list[str]:
    """What lies in the folder of uploads."""
    folder = settings.uploads
    return [path.name for path in folder.iterdir() if path.name != "lock"] if folder.exists() else []


def test_a_publisher_registers_and_it_is_harmless_to_repeat(
    desks: Desks, newsroom: Newsroom, registry: Registry, settings: Settings
) -> None:
    made = send(desks.herald, newsroom.clip.path)
    assert made.status_code == 201
    receipt = LocalLog(registry).receipt(newsroom.clip.asset_id)
    assert receipt is not None
    assert made.json() == {
        "asset_id": newsroom.clip.asset_id,
        "owner": HERALD,
        "created": True,
        "same_picture_as": [],
        "receipt": receipt.as_json(),
    }
    assert made.headers["location"] == f"/v1/assets/{newsroom.clip.asset_id}"
    known = {"If-None-Match": made.headers["etag"]}
    assert desks.herald.http.get(made.headers["location"], headers=known).status_code == 304
    again = send(desks.herald, newsroom.clip.path)
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert again.headers["location"] == made.headers["location"]
    (event,) = show_asset(registry, newsroom.clip.asset_id).events
    assert event.actor == desks.herald.token.actor
    assert desks.herald.text not in json.dumps(event.detail) + event.actor
    assert left(settings) == []


def test_nobody_registers_for_another_organisation(desks: Desks, newsroom: Newsroom, registry: Registry) -> None:
    foreign = send(desks.courier, newsroom.photo.path)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "registry.other_owner")
    assert send(desks.admin, newsroom.photo.path).json()["code"] == "access.no_organisation"
    assert send(desks.reader, newsroom.photo.path).status_code == 403
    assert list_assets(registry, 10) == []
    assert send(desks.herald, newsroom.photo.path).status_code == 201
    # That it is there already changes nothing about whose it is.
    assert send(desks.courier, newsroom.photo.path).status_code == 403


def test_what_a_revoked_certificate_signed_is_refused(
    desks: Desks, newsroom: Newsroom, registry: Registry, settings: Settings
) -> None:
    signer = read_credential(newsroom.photo.path, anchors=newsroom.anchors, policy=newsroom.policy).signer
    assert signer is not None
    revoke_key(registry, signer.fingerprint, datetime(2026, 11, 20, tzinfo=UTC), "laptop stolen", "editor")
    answer = send(desks.herald, newsroom.photo.path)
    assert (answer.status_code, answer.json()["code"]) == (422, "registry.certificate_revoked")
    assert {"expected", "found", "hint"} <= set(answer.json())
    assert list_assets(registry, 10) == []
    assert left(settings) == []


@pytest.mark.parametrize("until", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2099-01-01T00:00:00"])
def test_the_end_of_an_embargo_is_a_time_that_can_be_kept(desks: Desks, newsroom: Newsroom, until: str) -> None:
    answer = send(desks.herald, newsroom.photo.path, embargo_until=until)
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")


def test_without_a_token_no_file_is_taken(http: httpx.Client, settings: Settings) -> None:
    for headers in ({}, {"Cookie": "provenance_session=guess"}, {"Authorization": "Bearer guess"}):
        answer = http.post("/v1/assets", content=b"x" * 100_000, headers=headers)
        assert answer.status_code == 401
    assert left(settings) == []


@pytest.mark.parametrize(("name", "code"), [("unsigned", "registry.not_authentic"), ("no media", "media.")])
def test_what_cannot_be_relied_on_is_refused_and_nothing_is_left(
    desks: Desks, newsroom: Newsroom, registry: Registry, settings: Settings, tmp_path: Path, name: str, code: str
) -> None:
    path = tmp_path / "file"
    if name == "unsigned":
        make_photo(tmp_path / "file.jpg").rename(path)
    else:
        path.write_bytes(b"nothing of that kind")
    answer = send(desks.herald, path)
    assert answer.status_code == 422
    assert answer.json()["code"].startswith(code)
    assert str(settings.home) not in answer.text
    assert list_assets(registry, 10) == []
    assert left(settings) == []


def test_a_body_without_its_length_or_without_bytes_is_refused(desks: Desks) -> None:
    for content in (iter([b"x"]), b""):
        answer = desks.herald.http.post("/v1/assets", content=content)
        assert (answer.status_code, answer.json()["code"]) == (411, "request.no_file")


def test_a_small_file_that_unfolds_to_a_huge_picture_is_refused(
    desks: Desks, newsroom: Newsroom, registry: Registry, tmp_path: Path
) -> None:
    bomb = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(bomb)
    data = {"label": ASSERTION_LABEL, "created": True, "data": to_assertion(newsroom.photo.fingerprints, None)}
    signed = sign_claiming(bomb, tmp_path / "signed.png", newsroom.herald, [data])
    assert signed.stat().st_size < 200_000
    answer = send(desks.herald, signed)
    assert answer.status_code == 422
    assert answer.json()["code"] == "media.too_large"
    assert list_assets(registry, 10) == []
    # Nor is one looked for by such a file.
    asked = desks.reader.http.post(
        "/matches/byContent", content=bomb.read_bytes(), headers={"Content-Type": "image/png"}
    )
    assert (asked.status_code, asked.json()["code"]) == (415, "media.not_usable"), asked.text


def test_uploads_are_registered_and_used_up(
    desks: Desks, newsroom: Newsroom, registry: Registry, settings: Settings
) -> None:
    assert newsroom.clip.reference is not None
    sent = {"upload": upload(desks.herald, newsroom.clip.path)}
    sent["reference"] = upload(desks.herald, newsroom.clip.reference.path)
    stolen = desks.courier.http.post("/v1/assets", params=sent)
    assert (stolen.status_code, stolen.json()["code"]) == (404, "upload.unknown")
    made = desks.herald.http.post("/v1/assets", params=sent | {"embargo_until": "2099-01-01T00:00:00Z"})
    assert made.status_code == 201, made.text
    record = show_asset(registry, newsroom.clip.asset_id)
    assert record.original.reference_sha256 == newsroom.clip.reference.sha256
    assert record.embargoed_until == "2099-01-01T00:00:00.000000Z"
    assert left(settings) == []
    assert desks.herald.http.post("/v1/assets", params=sent).status_code == 404


def test_another_reference_copy_than_the_signed_one_is_refused(
    desks: Desks, newsroom: Newsroom, registry: Registry
) -> None:
    sent = {name: upload(desks.herald, newsroom.photo.path) for name in ("upload", "reference")}
    answer = desks.herald.http.post("/v1/assets", params=sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "reference.differs")
    assert list_assets(registry, 10) == []


def test_a_manifest_comes_beside_a_file_that_cannot_hold_it(
    desks: Desks, newsroom: Newsroom, registry: Registry, tmp_path: Path
) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(newsroom.clip.path), "-t", "1", "-an"]
    command += ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", str(tmp_path / "a.webm")]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    signed = newsroom.sign(tmp_path / "a.webm", tmp_path / "signed.webm")
    sent = {"upload": upload(desks.herald, signed.path)}
    assert desks.herald.http.post("/v1/assets", params=sent).json()["code"] == "registry.not_authentic"
    sent["sidecar"] = upload(desks.herald, tmp_path / "signed.webm.c2pa")
    made = desks.herald.http.post("/v1/assets", params=sent)
    answer = made.json()
    assert (answer["asset_id"], answer["owner"], answer["created"]) == (signed.asset_id, HERALD, True)
    assert answer["receipt"]["checkpoint"]


@pytest.mark.parametrize("kind", ["clip", "photo"])
def test_a_publisher_may_keep_the_file_to_itself(
    desks: Desks, newsroom: Newsroom, registry: Registry, tmp_path: Path, kind: str
) -> None:
    signed = newsroom.clip if kind == "clip" else newsroom.photo
    credential = read_credential(signed.path, anchors=newsroom.anchors, policy=newsroom.policy)
    assert credential.manifest is not None
    assert signed.reference is not None
    manifest = tmp_path / "manifest.c2pa"
    manifest.write_bytes(credential.manifest)

    def sent(who: Desk, reference: Path) -> httpx.Response:
        files = {"manifest": upload(who, manifest), "reference": upload(who, reference)}
        return who.http.post("/v1/assets", params=files)

    assert sent(desks.courier, signed.reference.path).json()["code"] == "registry.other_owner"
    # The reference copy is bound by the signature; another one says nothing of the file.
    assert sent(desks.herald, newsroom.photo.path).json()["code"] == "reference.differs"
    alone = desks.herald.http.post("/v1/assets", params={"manifest": upload(desks.herald, manifest)})
    assert alone.status_code == 400
    assert list_assets(registry, 10) == []
    made = sent(desks.herald, signed.reference.path)
    assert (made.status_code, made.json()["asset_id"]) == (201, signed.asset_id)
    (event,) = show_asset(registry, signed.asset_id).events
    assert event.detail["content_checked"] is False
    assert list(faults(registry)) == []


def test_a_manifest_without_its_file_must_hold_in_all_else(
    desks: Desks, newsroom: Newsroom, registry: Registry, tmp_path: Path
) -> None:
    assert newsroom.clip.reference is not None
    credential = read_credential(newsroom.clip.path, anchors=newsroom.anchors, policy=newsroom.policy)
    data = credential.manifest or b""
    stranger = newsroom.sign(newsroom.photo.path, tmp_path / "stranger.jpg", newsroom.stranger)
    theirs = read_credential(stranger.path, anchors=newsroom.anchors, policy=newsroom.policy).manifest or b""
    middle = data.index(b"Herald") + 2
    for manifest in (b"x", data[:-200], data[:middle] + b"X" + data[middle + 1 :], theirs):
        path = tmp_path / "manifest.c2pa"
        path.write_bytes(manifest)
        files = {"manifest": path, "reference": newsroom.clip.reference.path}
        sent = {name: upload(desks.herald, file) for name, file in files.items()}
        answer = desks.herald.http.post("/v1/assets", params=sent)
        assert (answer.status_code, answer.json()["code"]) == (422, "registry.not_authentic")
    assert list_assets(registry, 10) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "%2e%2e", "x" * 5000, "", "0" * 31, "0" * 33])
def test_names_of_uploads_lead_nowhere(desks: Desks, name: str) -> None:
    answer = desks.herald.http.post("/v1/assets", params={"upload": name})
    assert answer.status_code == (411 if name == "" else 404)


def test_an_owner_releases_supersedes_and_withdraws(desks: Desks, newsroom: Newsroom, registry: Registry) -> None:
    clip, photo = newsroom.clip.asset_id, newsroom.photo.asset_id
    send(desks.herald, newsroom.clip.path, embargo="true")
    send(desks.herald, newsroom.photo.path)
    mine = desks.herald.http
    assert mine.post(f"/v1/assets/{clip}/release").status_code == 204
    assert mine.post(f"/v1/assets/{clip}/release").json()["code"] == "asset.not_embargoed"
    assert mine.post(f"/v1/assets/{clip}/supersede", json={"by": photo}).status_code == 204
    reason = "<script>alert(1)</script>"
    assert mine.post(f"/v1/assets/{clip}/withdraw", json={"reason": reason}).status_code == 204
    assert mine.post(f"/v1/assets/{clip}/withdraw", json={"reason": reason}).status_code == 409
    record = show_asset(registry, clip)
    assert [event.kind for event in record.events] == ["registered", "released", "superseded", "withdrawn"]
    assert {event.actor for event in record.events} == {desks.herald.token.actor}


def test_only_the_owner_or_an_admin_changes_an_asset(desks: Desks, newsroom: Newsroom, registry: Registry) -> None:
    clip, photo = newsroom.clip.asset_id, newsroom.photo.asset_id
    send(desks.herald, newsroom.clip.path)
    send(desks.herald, newsroom.photo.path, embargo="true")
    calls = [("withdraw", {"reason": "x"}), ("release", None), ("supersede", {"by": clip})]
    for verb, body in calls:
        theirs = desks.courier.http.post(f"/v1/assets/{clip}/{verb}", json=body)
        assert (theirs.status_code, theirs.json()["code"]) == (403, "access.other_owner")
        # What is under an embargo is nowhere for others.
        assert desks.courier.http.post(f"/v1/assets/{photo}/{verb}", json=body).json()["code"] == "asset.unknown"
        assert desks.reader.http.post(f"/v1/assets/{clip}/{verb}", json=body).status_code == 403
    assert desks.admin.http.post(f"/v1/assets/{photo}/release").status_code == 204
    assert show_asset(registry, photo).events[-1].actor == desks.admin.token.actor
    assert show_asset(registry, clip).original.status == "registered"


def test_orders_about_an_asset_are_bounded_and_typed(desks: Desks, newsroom: Newsroom) -> None:
    where = f"/v1/assets/{newsroom.clip.asset_id}/withdraw"
    for body in ({}, {"reason": ""}, {"reason": "x" * 2001}, {"reason": "x", "more": 1}, {"reason": 5}, []):
        assert desks.herald.http.post(where, json=body).status_code == 400
    assert desks.herald.http.post(where, content=b"x" * (5 << 20)).status_code == 413
