"""A clip is examined by a registry elsewhere: sent in parts or whole, followed, taken back, and the report believed
only where it is of the clip that was sent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from newsroom import Newsroom, ffmpeg
from serving import serving

from provenance.errors import MediaError, RegistryError
from provenance.report import Verdict
from provenance.settings import Settings, load_settings
from registry.accounts import Scope, add_organisation, new_token
from registry.checks.worker import Worker
from registry.client.checking import Checker
from registry.client.connection import Connection
from registry.client.sending import Sending
from registry.server.app import create_app
from registry.store import Registry, create_registry

HERALD = "organisation:Herald"


@dataclass(frozen=True)
class Room:
    """A served registry that has the newsroom's photograph, tokens for it, and a copy of it as it goes round."""

    settings: Settings
    registry: Registry
    http: httpx.Client
    reader: str
    another: str
    copy: Path

    def connection(self, token: str | None, **options: object) -> Connection:
        return Connection(str(self.http.base_url), token, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def room(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    settings = load_settings(tmp_path_factory.mktemp("room"))
    shutil.copytree(newsroom.settings.anchors, settings.anchors)
    copy = tmp_path_factory.mktemp("clips") / "smaller.jpg"
    ffmpeg("-i", newsroom.photo.path, "-vf", "scale=iw*0.7:-2", "-map_metadata", "-1", "-update", "1", copy)
    with create_registry(settings) as registry, serving(create_app(settings)) as http:
        newsroom.register(registry, newsroom.photo.path, settings)
        add_organisation(registry, HERALD)
        reader, another = (
            new_token(registry, name, role="reader", owner=HERALD, valid=None)[1] for name in ("reader", "another")
        )
        yield Room(settings, registry, http, reader, another, copy)


@pytest.fixture
def at_work(room: Room) -> Iterator[None]:
    worker = Worker(room.registry, room.settings)
    worker.start()
    yield
    worker.stop()


@pytest.mark.usefixtures("at_work")
def test_the_report_comes_whether_the_clip_is_sent_in_parts_or_whole(room: Room, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    with room.connection(room.reader) as connection:
        report = Checker(connection, tmp_path / "sending").check(room.copy, on_progress=lambda *now: told.append(now))
    assert report.verdict is Verdict.MATCH
    assert [match.title for match in report.matches] == ["Cup"]
    assert told[0] == (0, "sending")
    assert told[-1] == (1.0, "done")
    assert any(words.startswith("waiting") or words not in ("sending", "done") for _, words in told)
    assert list((tmp_path / "sending").iterdir()) == []
    assert list(room.settings.uploads.glob("*/upload")) == []
    with room.connection(None) as public:
        again = Checker(public, tmp_path / "sending").check(room.copy)
    assert (again.verdict, again.clip.sha256) == (report.verdict, report.clip.sha256)


def test_whoever_stops_waiting_takes_the_question_back(room: Room, tmp_path: Path) -> None:
    class EnoughError(Exception):
        pass

    def stop(share: float, doing: str) -> None:
        if doing.startswith("waiting"):
            raise EnoughError

    asked: list[httpx.Request] = []

    class Noting(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return super().handle_request(request)

    picture = tmp_path / "other.jpg"
    ffmpeg("-i", room.copy, "-vf", "hflip", "-update", "1", picture)
    with room.connection(room.reader, transport=Noting()) as connection, pytest.raises(EnoughError):
        Checker(connection, tmp_path).check(picture, on_progress=stop)
    assert asked[-1].method == "DELETE"
    assert room.http.get(asked[-1].url.path).json()["state"] == "cancelled"


def test_an_upload_is_examined_for_its_sender_alone_and_once(room: Room, tmp_path: Path) -> None:
    with room.connection(room.reader) as mine, room.connection(room.another) as theirs:
        upload = Sending(mine, room.copy, tmp_path).send(lambda _offset: None)

        def ask(connection: Connection, upload_id: str = upload) -> str:
            try:
                connection.ask("POST", "/v1/checks", (HTTPStatus.ACCEPTED, HTTPStatus.OK), params={"upload": upload_id})
            except RegistryError as error:
                return error.code
            return "asked"

        assert [ask(theirs), ask(mine, "../../etc"), ask(mine), ask(mine)] == [
            "upload.unknown",
            "upload.unknown",
            "asked",
            "upload.unknown",
        ]
    refused = room.http.post("/v1/checks", params={"upload": upload})
    assert (refused.status_code, refused.json()["code"]) == (401, "access.token_needed")
    _, text = new_token(room.registry, "r", role="reader", owner=HERALD, valid=None, scopes=[Scope.READ])
    lacking = room.http.post("/v1/checks", params={"upload": upload}, headers={"Authorization": f"Bearer {text}"})
    assert (lacking.status_code, lacking.json()["code"]) == (403, "access.scope")


def test_half_an_upload_is_not_examined(room: Room) -> None:
    headers = {"Authorization": f"Bearer {room.reader}", "Tus-Resumable": "1.0.0", "Upload-Length": "100"}
    made = room.http.post("/v1/uploads", headers=headers).headers["location"].rsplit("/", 1)[-1]
    asked = room.http.post("/v1/checks", params={"upload": made}, headers=headers)
    assert (asked.status_code, asked.json()["code"]) == (409, "upload.incomplete")


Answers = Callable[[httpx.Request], httpx.Response]
CHECK = {
    "id": "abc",
    "state": "done",
    "ahead": 0,
    "share": 1.0,
    "doing": "",
    "clip_sha256": "0" * 64,
    "created_at": "",
    "finished_at": None,
    "expires_at": None,
    "error": None,
    "links": {},
}


def answers(check: dict[str, object], report: bytes = b"{}") -> Answers:
    def answer(request: httpx.Request) -> httpx.Response:
        content = report if request.url.path.endswith("report.json") else json.dumps(CHECK | check).encode()
        return httpx.Response(200, stream=httpx.ByteStream(content))

    return answer


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (answers({"state": "failed", "error": {"code": "media.truncated", "message": "m"}}), "media.truncated"),
        (answers({"state": "failed", "error": {}}), "check.failed"),
        (answers({"state": "cancelled"}), "check.cancelled"),
        (answers({"state": "well"}), "registry.answer"),
        (answers({"id": "../v1/tokens"}), "registry.answer"),
        (answers({}, b"["), "registry.answer"),
        (answers({}, b'{"schema": "x"}'), "report.schema"),
    ],
)
def test_a_registry_that_answers_badly_is_refused(room: Room, lie: Answers, code: str) -> None:
    with (
        Connection("http://registry.test", transport=httpx.MockTransport(lie), sleep=lambda _s: None) as connection,
        pytest.raises(Exception) as caught,  # noqa: PT011 - its code says which
    ):
        Checker(connection, room.settings.home).check(room.copy)
    assert getattr(caught.value, "code", None) == code


@pytest.mark.usefixtures("at_work")
def test_a_report_on_another_clip_is_refused(room: Room, tmp_path: Path) -> None:
    class Exchanging(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = super().handle_request(request)
            if not request.url.path.endswith("report.json"):
                return answer
            told = json.loads(answer.read())
            told["clip"]["sha256"] = "0" * 64
            return httpx.Response(200, stream=httpx.ByteStream(json.dumps(told).encode()))

    with room.connection(None, transport=Exchanging()) as connection, pytest.raises(RegistryError) as caught:
        Checker(connection, tmp_path).check(room.copy)
    assert (caught.value.code, caught.value.found) == ("registry.answer", f"one on {'0' * 64}")


def test_a_file_that_cannot_be_read_is_not_sent(room: Room, tmp_path: Path) -> None:
    for token in (None, room.reader):
        with pytest.raises(MediaError), room.connection(token) as connection:
            Checker(connection, tmp_path).check(tmp_path / "nothing.jpg")
