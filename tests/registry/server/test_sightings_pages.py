"""Pages of sightings: filing and answering without scripts, the page to link to, and its data for search engines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import httpx
import numpy as np
import pytest
from serving import serving
from synthetic_assets import add_asset, frame_prints

from provenance.settings import Rates, Settings
from registry.accounts import add_organisation, new_token
from registry.models import AssetRow
from registry.server.app import create_app
from registry.server.claim_review import CATEGORIES, claim_review
from registry.server.sighting_plot import HEIGHT, plot
from registry.sighting_lists import Count
from registry.sighting_values import Answer, Filing, Moderator, Reply, Sighting, State
from registry.sightings import answer, file
from registry.store import Registry

ADDRESS = "https://video.example.com/watch?v=1&t=2"
SCRIPT = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'"
HERALD = Moderator("organisation:Herald")


@pytest.fixture
def registry(registry: Registry) -> Registry:
    """With an asset of the Herald whose title is a script."""
    add_asset(registry, "harbour", frame_prints(np.zeros((1, 32), dtype=np.uint8)))
    with registry.writing() as session:
        session.get_one(AssetRow, "harbour").title = SCRIPT
    return registry


@pytest.fixture
def http(settings: Settings, registry: Registry) -> Iterator[httpx.Client]:
    free = settings.model_copy(
        update={"server": settings.server.model_copy(update={"rates": Rates(sightings=0, logins=0)})}
    )
    with serving(create_app(free)) as client:
        client.headers["Accept"] = "text/html"
        yield client


@pytest.fixture
def log_in(registry: Registry, http: httpx.Client) -> Callable[[str], None]:
    """Lets the client's cookies be those of an organisation's browser."""

    def enter(organisation: str) -> None:
        owner = f"organisation:{organisation}"
        add_organisation(registry, owner)
        _, secret = new_token(registry, "desk", role="publisher", owner=owner, valid=timedelta(days=1))
        http.cookies.clear()
        assert http.post("/login", data={"token": secret}).status_code == 303

    return enter


class Page(HTMLParser):
    """What a page is made of: elements with their attributes, data blocks, and the text that people read."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""
        self.text = ""
        self._inside = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.data += data
        else:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def fields(self, action: str) -> dict[str, str]:
        """The hidden fields of the form with this action."""
        places = [n for n, (tag, given) in enumerate(self.elements) if tag == "form" and given.get("action") == action]
        after = self.elements[places[0] + 1 :]
        end = next((n for n, (tag, _) in enumerate(after) if tag == "form"), len(after))
        hidden = [given for tag, given in after[:end] if tag == "input" and given.get("type") == "hidden"]
        return {str(given["name"]): str(given["value"]) for given in hidden}


def filed(registry: Registry, note: str = "", asset_id: str | None = "harbour") -> str:
    return file(registry, Filing(ADDRESS, note, asset_id)).sighting_id


def test_a_sighting_is_filed_with_a_form_and_waits_at_an_address_of_its_own(http: httpx.Client) -> None:
    form = Page(http.get("/sightings", params={"asset": "harbour", "check": "c-1"}).text)
    assert {given.get("id"): given.get("value") for given in form.all("input")}["asset"] == "harbour"
    given = {"address": ADDRESS, "note": "look", "asset": "harbour", **form.fields("/sightings")}
    assert given["check"] == "c-1"
    sent = http.post("/sightings", data=given)
    assert sent.status_code == 303
    waiting = http.get(sent.headers["location"])
    assert "Waiting for an answer" in waiting.text
    assert "noindex" in waiting.text
    for hidden in ("video.example.com", "look", "c-1"):
        assert hidden not in waiting.text


def test_what_is_wrong_is_said_beside_the_form_which_keeps_what_was_typed(http: httpx.Client) -> None:
    sent = http.post("/sightings", data={"address": "javascript:alert(1)", "note": SCRIPT, "asset": " "})
    assert sent.status_code == 422
    page = Page(sent.text)
    assert any(given.get("role") == "alert" for given in page.all("p"))
    assert "javascript:alert(1)" in [given.get("value") for given in page.all("input")]
    assert SCRIPT in page.text
    assert len(page.all("script")) == 0
    assert http.post("/sightings", data={"address": ADDRESS, "organisation": "Nobody"}).status_code == 404


def test_a_moderator_answers_from_the_queue_and_the_answer_is_public(
    http: httpx.Client, registry: Registry, log_in: Callable[[str], None]
) -> None:
    sighting_id = filed(registry, note=f"seen\n{SCRIPT}")
    log_in("Herald")
    queue = Page(http.get("/sightings/queue").text)
    assert "seen" in queue.text
    assert not [given for given in queue.all("script") if "src" not in given]
    action = f"/sightings/{sighting_id}/answer"
    hidden = queue.fields(action)
    done = http.post(action, data={"answer": "altered", "text": f"One.\n{SCRIPT}", "asset": "harbour", **hidden})
    assert (done.status_code, done.headers["location"]) == (303, f"/sightings/{sighting_id}")
    http.cookies.clear()
    shown = http.get(f"/sightings/{sighting_id}")
    page = Page(shown.text)
    assert "Ours, but altered" in page.text
    assert "Herald" in page.text
    assert "noindex" not in shown.text
    assert "seen" not in page.text
    (link,) = [given for given in page.all("a") if given.get("href") == ADDRESS]
    assert link["rel"] == "nofollow noopener noreferrer"
    assert {"href": "/originals/harbour"} in page.all("a")
    assert "Ours, but altered" in http.get("/sightings").text
    assert not page.all("form") or sighting_id not in str(page.all("form"))


def test_answering_needs_the_sessions_own_form_and_the_organisation(
    http: httpx.Client, registry: Registry, log_in: Callable[[str], None]
) -> None:
    sighting_id = filed(registry)
    paths = [f"/sightings/{sighting_id}/{verb}" for verb in ("answer", "dismiss")]
    for path in paths:
        assert http.post(path, data={"answer": "ours"}).status_code == 401
    assert http.get("/sightings/queue").status_code == 401
    log_in("Herald")
    for path in paths:
        assert http.post(path, data={"answer": "ours"}).status_code == 403
        assert http.post(path, data={"answer": "ours", "csrf": "0" * 64}).status_code == 403
    assert http.post("/sightings", data={"address": ADDRESS}).status_code == 403
    log_in("Courier")
    secret = Page(http.get("/sightings").text).fields("/sightings")
    for path in paths:
        assert http.post(path, data={"answer": "ours", **secret}).status_code == 403
    assert sighting_id not in http.get("/sightings/queue").text
    assert "video.example.com" not in http.get(f"/sightings/{sighting_id}").text
    assert "Waiting for an answer" in http.get(f"/sightings/{sighting_id}").text


def test_an_answer_is_taken_back_from_its_own_page(
    http: httpx.Client, registry: Registry, log_in: Callable[[str], None]
) -> None:
    sighting_id = filed(registry)
    answer(registry, sighting_id, Reply(Answer.OURS), HERALD)
    log_in("Herald")
    page = Page(http.get(f"/sightings/{sighting_id}").text)
    action = f"/sightings/{sighting_id}/dismiss"
    assert http.post(action, data=page.fields(action)).headers["location"] == "/sightings/queue"
    gone = http.get(f"/sightings/{sighting_id}", headers={"Cookie": ""})
    assert "Put aside" in gone.text


def test_a_script_in_every_text_is_text_in_the_page_and_in_its_data(
    http: httpx.Client, registry: Registry, log_in: Callable[[str], None]
) -> None:
    sighting = file(registry, Filing(f"{ADDRESS}{SCRIPT}#{SCRIPT}", SCRIPT, "harbour", check_id="c-1"))
    answer(registry, sighting.sighting_id, Reply(Answer.NOT_OURS, SCRIPT), HERALD)
    file(registry, Filing(f"{ADDRESS}?{SCRIPT}", SCRIPT, "harbour", check_id="c-2"))
    log_in("Herald")
    for path in (f"/sightings/{sighting.sighting_id}", "/sightings", "/sightings/queue"):
        source = http.get(path).text
        page = Page(source)
        assert "<script>alert" not in source
        assert [given for given in page.all("script") if given.get("src") is None] in (
            [],
            [{"type": "application/ld+json"}],
        )
        assert all(given.get("src", "/").startswith("/") for given in page.all("script"))  # type: ignore[union-attr]
        assert not page.all("img")
        assert not [name for _, given in page.elements for name in given if name.startswith("on")]
        assert not [given for _, given in page.elements if "style" in given]
    data = json.loads(Page(http.get(f"/sightings/{sighting.sighting_id}").text).data)
    assert data["reviewBody"] == SCRIPT


REQUIRED = {
    "ClaimReview": {"url", "author", "datePublished", "claimReviewed", "itemReviewed", "reviewRating"},
    "MediaReview": {"url", "author", "datePublished", "mediaAuthenticityCategory", "itemReviewed"},
    "MediaReviewItem": {"mediaItemAppearance"},
    "MediaObject": {"url"},
    "Claim": {"appearance"},
    "Rating": {"ratingValue", "bestRating", "worstRating", "alternateName"},
    "Organization": {"name"},
}
OPTIONAL = {
    "ClaimReview": {"@context", "dateModified", "reviewBody", "associatedMediaReview"},
    "MediaReview": {"dateModified", "reviewBody", "originalMediaLink"},
}


def check_vocabulary(value: Any) -> None:
    """Every typed object has what schema.org and the search engines ask for, and nothing that they do not know."""
    if isinstance(value, dict):
        kind = value["@type"]
        assert REQUIRED[kind] <= set(value) - {"@type"} <= REQUIRED[kind] | OPTIONAL.get(kind, set())
        for inner in value.values():
            check_vocabulary(inner)


@pytest.mark.parametrize("said", Answer)
def test_the_data_of_an_answer_has_what_readers_of_claim_reviews_need(
    http: httpx.Client, registry: Registry, said: Answer
) -> None:
    sighting_id = filed(registry)
    answer(registry, sighting_id, Reply(Answer.OURS), HERALD)
    last = answer(registry, sighting_id, Reply(said, "Look at the flag."), HERALD)
    page = Page(http.get(f"/sightings/{sighting_id}?from=elsewhere").text)
    data = json.loads(page.data)
    check_vocabulary(data)
    assert (data["@context"], data["@type"]) == ("https://schema.org", "ClaimReview")
    assert data["url"] == f"{http.base_url}/sightings/{sighting_id}"
    assert data["author"]["name"] == "Herald"
    assert (data["datePublished"], data["dateModified"]) == (last.answered_at, last.changed_at)
    assert data["itemReviewed"]["appearance"]["url"] == ADDRESS
    rating = data["reviewRating"]
    assert rating["worstRating"] <= rating["ratingValue"] <= rating["bestRating"]
    assert (rating["ratingValue"] == rating["bestRating"]) is (said is Answer.OURS)
    media = data.get("associatedMediaReview")
    assert (media and media["mediaAuthenticityCategory"]) == CATEGORIES.get(said)
    if media:
        assert media["originalMediaLink"] == f"{http.base_url}/originals/harbour"
        assert media["itemReviewed"]["mediaItemAppearance"]["url"] == ADDRESS
    meta = {given.get("property"): given.get("content") for given in page.all("meta")}
    assert meta["og:title"] == f"Herald: {rating['alternateName']}"
    assert meta["og:url"] == data["url"]


def test_what_is_not_answered_has_no_review() -> None:
    open_one = Sighting("0" * 32, ADDRESS, "", None, None, None, None, 1, "", State.OPEN, None, "", None, None)
    with pytest.raises(ValueError, match="answered"):
        claim_review(open_one, "Herald", "", "", None)


def test_bars_are_as_high_as_there_are_sightings_and_empty_months_have_none() -> None:
    counts = [
        Count("2025-11", "ours", 9, 9),
        Count("2025-12", "ours", 2, 5),
        Count("2026-01", "ours", 1, 1),
        Count("2026-01", "open", 3, 3),
        Count("2026-11", "open", 1, 1),
    ]
    drawn = plot(counts, ("ours", "open"), "2026-11")
    assert [month.name for month in drawn.months][:2] == ["2025-12", "2026-01"]
    assert [month.total for month in drawn.months] == [2, 4, *[0] * 9, 1]
    assert drawn.total == 7
    low, high = drawn.months[1].bars
    assert (low.height, high.height, high.y) == (HEIGHT / 4, HEIGHT * 3 / 4, 0)
    assert low.y + low.height == HEIGHT
    assert high.y + high.height == low.y
    assert plot([], ("ours",), "2026-01").total == 0


def test_where_nothing_was_filed_nothing_is_drawn(http: httpx.Client) -> None:
    page = http.get("/sightings").text
    assert "Nothing was filed in the last twelve months." in page
    assert 'class="plot"' not in page


def test_counts_are_drawn_and_written(http: httpx.Client, registry: Registry) -> None:
    filed(registry)
    filed(registry, asset_id=None)
    page = http.get("/sightings").text
    (title,) = re.findall(r'<title id="plot-title">(.*?)</title>', page)
    assert title.startswith("2 sightings")
    assert page.count("<rect") == 1
    (newest, *_) = re.findall(r'<tr><th scope="row">(\d{4}-\d\d)</th>((?:<td>\d+</td>)+)', page)
    assert newest[0] == registry.now()[:7]
    assert newest[1].endswith("<td>2</td><td>2</td>")
