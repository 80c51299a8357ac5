"""Whoever registers elsewhere checks the receipt, and does not take a registry's word for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from fastapi import FastAPI, Request, Response
from newsroom import Newsroom
from serving import serving

from provenance.cli import main
from provenance.settings import load_settings
from registry.accounts import add_organisation, new_token
from registry.server.app import create_app
from registry.store import create_registry

Change = Callable[[Any], Any]
HERALD = "organisation:Herald"


@dataclass
class Liar:
    """Hands on what a real registry says, but for what ``lies`` change: by method and end of the path."""

    address: str
    home: Path
    lies: dict[tuple[str, str], Change] = field(default_factory=dict)

    def register(self, path: Path, *more: object) -> Result:
        elsewhere = ["--registry", self.address, "--token-file", str(self.home / "token")]
        return CliRunner().invoke(main, ["--home", str(self.home), "register", str(path), *map(str, more), *elsewhere])


@pytest.fixture(scope="module")
def server(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liar]:
    chosen = load_settings(tmp_path_factory.mktemp("truth"))
    shutil.copytree(newsroom.settings.anchors, chosen.anchors)
    home = tmp_path_factory.mktemp("publisher")
    shutil.copytree(newsroom.settings.home, home, dirs_exist_ok=True)
    with create_registry(chosen) as store:
        add_organisation(store, HERALD)
        (home / "token").write_text(new_token(store, "desk", role="publisher", owner=HERALD, valid=None)[1])
    app = FastAPI(openapi_url=None)
    with serving(create_app(chosen)) as truth, serving(app) as client:
        liar = Liar(str(client.base_url), home)

        @app.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PATCH"])
        async def _answer(request: Request, path: str) -> Response:
            kept = ("authorization", "content-type", "tus-resumable", "upload-length", "upload-offset")
            headers = {name: value for name, value in request.headers.items() if name in kept}
            query = httpx.QueryParams(request.url.query)
            body = await request.body()
            answer = truth.request(request.method, f"/{path}", params=query, headers=headers, content=body)
            content = answer.content
            for (method, end), change in liar.lies.items():
                if request.method == method and path.endswith(end):
                    content = json.dumps(change(answer.json())).encode()
            passed = {
                name: value
                for name, value in answer.headers.items()
                if name in ("location", "content-type", "tus-resumable", "upload-offset", "upload-length")
            }
            return Response(content, answer.status_code, passed)

        yield liar


@pytest.fixture
def liar(server: Liar) -> Iterator[Liar]:
    server.lies.clear()
    yield server
    server.lies.clear()


def receipt(**changed: Any) -> Change:
    return lambda told: told | {"receipt": told["receipt"] | changed}


def test_a_receipt_that_holds_is_said_and_can_be_kept(newsroom: Newsroom, liar: Liar, tmp_path: Path) -> None:
    first = liar.register(newsroom.photo.path)
    assert first.exit_code == 0, first.output
    assert first.stdout.endswith("registered, entry 0 of the log\n")
    again = liar.register(newsroom.photo.path, "--json")
    (tmp_path / "receipt.json").write_text(again.stdout)
    assert CliRunner().invoke(main, ["--home", str(liar.home), "log", "check", liar.address]).exit_code == 0
    offline = ["--home", str(liar.home), "log", "receipt", str(tmp_path / "receipt.json")]
    checked = CliRunner().invoke(main, offline)
    assert checked.exit_code == 0, checked.output
    assert checked.stdout.startswith(f"holds: {newsroom.photo.asset_id} registered at ")


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (receipt(proof=["AAAA"]), "log.receipt_format"),
        (receipt(leaf='{"kind":"registered"}'), "log.receipt"),
        (receipt(checkpoint="made\nup\n\nnote\n"), "log.format"),
    ],
)
def test_a_receipt_that_does_not_hold_fails_the_registration(
    newsroom: Newsroom, liar: Liar, lie: Change, code: str
) -> None:
    liar.register(newsroom.photo.path)
    liar.lies[("POST", "v1/assets")] = lie
    done = liar.register(newsroom.photo.path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert code in done.stderr
    assert "do not rely on the registration" in done.stderr


def test_the_receipt_of_another_asset_is_none_of_this_one(newsroom: Newsroom, liar: Liar) -> None:
    other = json.loads(liar.register(newsroom.photo.path, "--json").stdout)[0]["receipt"]
    liar.lies[("POST", "v1/assets")] = lambda told: told | {"receipt": other}
    done = liar.register(newsroom.clip.path)
    assert (done.exit_code, "log.other_entry" in done.stderr) == (1, True)


def test_a_registry_without_a_receipt_is_not_said_to_have_logged_it(newsroom: Newsroom, liar: Liar) -> None:
    liar.register(newsroom.photo.path)
    liar.lies[("POST", "v1/assets")] = lambda told: told | {"receipt": None}
    done = liar.register(newsroom.photo.path)
    assert (done.exit_code, "not in the log yet" in done.stdout) == (0, True)
