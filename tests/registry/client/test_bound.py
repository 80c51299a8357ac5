"""A registry that lies about an original is found out by what its signer signed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from newsroom import Newsroom
from serving import serving

from provenance.errors import RegistryError
from provenance.settings import load_settings
from provenance.trust.policy import SignedUnder, SignerIs
from registry.client.catalog import HttpCatalog
from registry.client.connection import Connection
from registry.server.app import create_app
from registry.store import create_registry

Change = Callable[[Any], Any]


@dataclass
class Liar:
    """Hands on what a real registry says, but for what ``lies`` change: by the end of the path."""

    address: str
    film: str
    photo: str
    lies: dict[str, Change] = field(default_factory=dict)


@pytest.fixture(scope="module")
def server(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liar]:
    chosen = load_settings(tmp_path_factory.mktemp("truth"))
    with create_registry(chosen) as store:
        film = newsroom.register(store, newsroom.clip.path, chosen).asset_id
        photo = newsroom.register(store, newsroom.photo.path, chosen).asset_id
    app = FastAPI(openapi_url=None)
    with serving(create_app(chosen)) as truth, serving(app) as client:
        liar = Liar(str(client.base_url), film, photo)

        @app.get("/{path:path}")
        def _answer(request: Request, path: str) -> Response:
            answer = truth.get(f"/{path}", params=httpx.QueryParams(request.url.query))
            body: Any = answer.json() if "json" in answer.headers["content-type"] else answer.content
            for end, change in liar.lies.items():
                if path.endswith(end):
                    body = change(body)
            if isinstance(body, bytes):
                return Response(body, answer.status_code, media_type=answer.headers["content-type"])
            return Response(httpx.Response(200, json=body).content, answer.status_code, media_type="application/json")

        yield liar


@pytest.fixture
def liar(server: Liar) -> Liar:
    server.lies.clear()
    return server


@pytest.fixture
def catalog(liar: Liar, newsroom: Newsroom, tmp_path: Path) -> Iterator[HttpCatalog]:
    with Connection(liar.address) as connection:
        yield HttpCatalog(connection, anchors=newsroom.anchors, policy=newsroom.policy, cache=tmp_path / "cache")


def facts(**changed: Any) -> Change:
    return lambda told: told | changed


def test_what_is_signed_is_taken_from_the_manifest_and_not_from_the_registry(liar: Liar, catalog: HttpCatalog) -> None:
    lies = {
        "title": "Another",
        "signer": "Courier",
        "signer_fingerprint": "0" * 64,
        "signed_at": "1999",
        "claims": ["x"],
    }
    lies |= {"manifest_label": "urn:c2pa:x", "hard_binding": "sha256:00"}
    liar.lies[liar.film] = facts(**lies)
    original = catalog.original(liar.film)
    assert original is not None
    assert (original.title, original.signer, original.asset_id) == ("A wandering camera", "Herald", liar.film)
    for name, lie in lies.items():
        assert getattr(original, name) not in (lie, tuple(lie))


def test_another_assets_manifest_is_found_out(liar: Liar, catalog: HttpCatalog) -> None:
    other = httpx.get(f"{liar.address}/v1/assets/{liar.photo}/manifest").content
    liar.lies[f"{liar.film}/manifest"] = lambda _: other
    with pytest.raises(RegistryError) as caught:
        catalog.original(liar.film)
    assert caught.value.code == "original.differs"


@pytest.mark.parametrize("at", [b"views_every", b"A wandering camera", b"claim_generator"])
def test_a_manifest_that_was_changed_is_found_out(liar: Liar, catalog: HttpCatalog, at: bytes) -> None:
    def changed(manifest: bytes) -> bytes:
        # Of what only fills up, and no signature covers, a bit may well be changed.
        place = manifest.index(at) + len(at) + 40
        return manifest[:place] + bytes([manifest[place] ^ 1]) + manifest[place + 1 :]

    liar.lies["/manifest"] = changed
    with pytest.raises(RegistryError) as caught:
        catalog.original(liar.film)
    assert caught.value.code == "original.differs"


def test_another_reference_copy_is_found_out_and_not_kept(liar: Liar, catalog: HttpCatalog, tmp_path: Path) -> None:
    liar.lies["/reference"] = lambda copy: copy[:-1] + b"\0"
    with pytest.raises(RegistryError) as caught:
        catalog.reference_copy(liar.film, tmp_path)
    assert caught.value.code == "reference.differs"
    liar.lies.clear()
    copy = catalog.reference_copy(liar.film, tmp_path)
    assert copy is not None
    liar.lies["/reference"] = lambda _: b"not asked for again"
    assert catalog.reference_copy(liar.film, tmp_path) == copy
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [copy.stem]


def test_a_copy_that_was_not_signed_is_none_to_compare_with(liar: Liar, catalog: HttpCatalog) -> None:
    liar.lies[liar.film] = facts(reference_sha256="0" * 64)
    with pytest.raises(RegistryError) as caught:
        catalog.original(liar.film)
    assert caught.value.code == "original.differs"


def test_a_damaged_copy_in_the_cache_is_fetched_again(liar: Liar, catalog: HttpCatalog, tmp_path: Path) -> None:
    copy = catalog.reference_copy(liar.film, tmp_path)
    assert copy is not None
    (tmp_path / "cache" / copy.stem).write_bytes(b"damaged")
    again = catalog.reference_copy(liar.film, tmp_path)
    assert again is not None
    assert again.stat().st_size > 1000


def test_local_features_of_a_picture_count_only_with_their_signed_hash(liar: Liar, catalog: HttpCatalog) -> None:
    honest = catalog.original(liar.photo)
    assert honest is not None
    assert honest.fingerprints.features is not None

    def others(told: Any) -> Any:
        for part in told["fingerprints"]:
            value = base64.b64decode(part["value"])
            part["value"] = base64.b64encode(value[:-8] + bytes(8)).decode()
        return told

    liar.lies["/fingerprints"] = others
    with Connection(liar.address) as connection:
        policy = SignedUnder(catalog._anchors)
        fresh = HttpCatalog(connection, anchors=catalog._anchors, policy=policy, cache=catalog._cache)
        lied = fresh.original(liar.photo)
    assert lied is not None
    assert lied.fingerprints.features is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("duration_exact", "1/0"), ("status", "gone"), ("asset_id", "x" * 26), ("width", "wide")],
)
def test_facts_that_cannot_be_are_refused(liar: Liar, catalog: HttpCatalog, name: str, value: str) -> None:
    liar.lies[liar.film] = facts(**{name: value})
    with pytest.raises(RegistryError) as caught:
        catalog.original(liar.film)
    assert caught.value.code in ("registry.answer", "original.differs")


def test_an_original_of_a_signer_whom_the_policy_refuses_is_passed_over(
    liar: Liar, newsroom: Newsroom, tmp_path: Path
) -> None:
    refusals = [(newsroom.anchors, SignerIs(organisation="Courier")), ((), SignedUnder(()))]
    for anchors, policy in refusals:
        with Connection(liar.address) as connection:
            catalog = HttpCatalog(connection, anchors=anchors, policy=policy, cache=tmp_path)
            assert catalog.original(liar.film) is None
            assert catalog.reference_copy(liar.film, tmp_path) is None
            assert catalog.passed_over == {liar.film}


def test_an_original_whose_certificate_has_expired_since_is_passed_over(
    liar: Liar, newsroom: Newsroom, tmp_path: Path
) -> None:
    later = datetime.now(UTC) + timedelta(days=900)
    with Connection(liar.address) as connection:
        options: dict[str, Any] = {"anchors": newsroom.anchors, "policy": newsroom.policy, "cache": tmp_path}
        catalog = HttpCatalog(connection, now=lambda: later, **options)
        assert catalog.original(liar.film) is None
        assert catalog.passed_over == {liar.film}
