"""The pages in a real browser: a clip is checked, the report is used, and nobody is kept out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browsing import barriers, chromium, tab
from newsroom import PICTURES, Newsroom, ffmpeg
from playwright.sync_api import Browser, Page, expect
from serving import serving

from provenance.settings import load_settings
from registry.accounts import add_organisation, new_token
from registry.checks.envelope import report_key_path
from registry.checks.worker import Worker
from registry.log.keys import make_key
from registry.server.app import create_app
from registry.sighting_values import Answer, Filing, Moderator, Reply
from registry.sightings import answer, dismiss, file
from registry.store import Registry, create_registry

_PATIENCE_MS = 300_000
HERALD = "organisation:Herald"


@dataclass(frozen=True)
class Site:
    """A server with a film in its registry, a worker, and an altered copy of the film."""

    address: str
    registry: Registry
    asset_id: str
    altered: Path


@dataclass(frozen=True)
class Checked:
    """Where the report on the altered copy is, and what was said on the way to it."""

    path: str
    said: list[str]


@pytest.fixture(scope="module")
def site(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    settings = load_settings(folder / "home")
    shutil.copytree(newsroom.settings.anchors, settings.anchors)
    make_key(report_key_path(settings))
    graph = "[1:v]scale=110:90[p];[0:v][p]overlay=100:60:enable='between(t,1,3)'"
    ffmpeg("-i", newsroom.clip.path, "-loop", "1", "-i", PICTURES / "chelsea.png", "-filter_complex", graph,
           "-t", "4", "-crf", "24", "-map_metadata", "-1", folder / "altered.mp4")  # fmt: skip
    with create_registry(settings) as registry, serving(create_app(settings)) as client:
        asset_id = newsroom.register(registry, newsroom.clip.path, settings).asset_id
        worker = Worker(registry, settings)
        worker.start()
        try:
            yield Site(str(client.base_url).rstrip("/"), registry, asset_id, folder / "altered.mp4")
        finally:
            worker.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def checked(site: Site, browser: Browser) -> Checked:
    """The way of somebody who has a clip."""
    said: list[str] = []
    with tab(browser, site.address) as page:
        page.expose_function("told", lambda words: said.append(words))
        page.add_init_script(
            "addEventListener('DOMContentLoaded', () => { const e = document.getElementById('doing');"
            "if (e) new MutationObserver(() => told(e.textContent)).observe(e, {childList: true}); })"
        )
        page.goto("/")
        page.get_by_label("Choose a file").set_input_files(site.altered)
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Altered", timeout=_PATIENCE_MS)
        return Checked(page.url.removeprefix(site.address), said)


@pytest.fixture
def report(site: Site, browser: Browser, checked: Checked) -> Iterator[Page]:
    with tab(browser, site.address) as page:
        page.goto(checked.path)
        yield page


def times(page: Page) -> tuple[float, float]:
    """Where clip and original are, in seconds."""
    clip, original = page.evaluate("['.clip', '.original'].map(s => document.querySelector(s + ' video').currentTime)")
    return clip, original


def test_a_clip_is_checked_from_the_form_to_a_report_that_is_kept(report: Page, checked: Checked) -> None:
    assert any("omparing" in words for words in checked.said)
    expect(report.get_by_text("The clip comes from “A wandering camera”")).to_be_visible()
    expect(report.get_by_role("heading", name="What was changed")).to_be_visible()
    expect(report.locator(".finding.altering img").first).to_be_visible()
    expect(report.locator(".tree")).to_contain_text("signed by Herald")
    expect(report.get_by_role("heading", name="What was not checked")).to_be_visible()
    for label, kind in (("JSON", "application/json"), ("HTML", "text/html"), ("Signed", "application/")):
        address = report.get_by_role("link", name=label, exact=True).get_attribute("href")
        answer = report.request.get(address or "")
        assert answer.ok
        assert answer.headers["content-type"].startswith(kind)
    report.get_by_role("button", name="Keep this report").click()
    expect(report.get_by_text("this address stays")).to_be_visible()


def test_a_finding_is_shown_in_both_which_play_in_step(report: Page) -> None:
    jump = report.locator(".altering .jump").first
    start, end = (float(jump.get_attribute(name) or "") for name in ("data-start", "data-end"))
    jump.click()
    report.wait_for_function("() => [...document.querySelectorAll('.player video')].every(v => !v.seeking)")
    clip, original = times(report)
    assert start <= clip <= end
    assert original == pytest.approx(clip, abs=0.05)
    expect(report.locator(".marks .altering")).to_be_visible()
    report.get_by_role("button", name="Play").click()
    report.wait_for_function(f"() => document.querySelector('.clip video').currentTime > {clip + 0.5}")
    report.get_by_role("button", name="Stop").click()
    report.wait_for_timeout(300)
    clip, original = times(report)
    assert original == pytest.approx(clip, abs=0.05)


def test_original_and_clip_are_wiped_laid_on_each_other_and_heated(report: Page) -> None:
    report.locator(".altering .jump").first.click()
    report.get_by_role("radio", name="Wipe").check(force=True)
    frames = [report.locator(f".screen.{name} .frame").bounding_box() for name in ("original", "clip")]
    assert frames[0] == frames[1]
    report.get_by_label("Original on the left").fill("25")
    clipped = report.locator(".screen.original .frame").evaluate("e => getComputedStyle(e).clipPath")
    assert "75%" in clipped
    report.get_by_role("radio", name="Difference").check(force=True)
    mode = report.locator(".screen.original").evaluate("e => getComputedStyle(e).mixBlendMode")
    assert mode == "difference"
    report.get_by_label("Heatmap").check()
    expect(report.locator(".heat")).to_be_visible()


def test_the_player_is_used_by_keyboard_alone(report: Page) -> None:
    report.get_by_label("Time in the clip").focus()
    report.keyboard.press("Home")
    report.keyboard.press("n")
    expect(report.locator(".said")).to_contain_text("of the clip")
    found = times(report)[0]
    report.keyboard.press(".")
    report.wait_for_function(f"() => document.querySelector('.clip video').currentTime > {found + 0.03}")
    report.keyboard.press(",")
    report.wait_for_function(f"() => document.querySelector('.clip video').currentTime < {found + 0.01}")


def test_without_scripts_a_clip_is_checked_and_its_report_read(site: Site, browser: Browser, checked: Checked) -> None:
    with tab(browser, site.address, script=False) as page:
        page.goto("/")
        page.get_by_label("Choose a file").set_input_files(site.altered)
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Altered", timeout=_PATIENCE_MS)
        assert page.locator("video[controls]").count() == 2
        expect(page.get_by_role("heading", name="What was changed")).to_be_visible()
        assert not page.locator("button.jump").first.is_visible()


def test_what_is_no_clip_is_refused_in_words_on_the_form(site: Site, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("not media")
    with tab(browser, site.address) as page:
        page.goto("/")
        page.get_by_label("Choose a file").set_input_files(tmp_path / "list.txt")
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_role("alert")).to_contain_text("Expected:")
        expect(page.get_by_role("button", name="Check")).to_be_enabled()


def test_a_token_logs_in_and_out(site: Site, browser: Browser) -> None:
    add_organisation(site.registry, "organisation:Herald")
    _, text = new_token(site.registry, "desk", role="publisher", owner="organisation:Herald", valid=None)
    with tab(browser, site.address) as page:
        page.goto("/login")
        page.get_by_label("Token").fill(text)
        page.get_by_role("button", name="Log in").click()
        expect(page.locator(".who")).to_contain_text("Herald")
        page.get_by_role("button", name="Log out").click()
        expect(page.locator(".who")).to_contain_text("Log in")


def test_searching_changes_the_list_while_one_types(site: Site, browser: Browser) -> None:
    with tab(browser, site.address) as page:
        page.goto("/originals")
        box = page.get_by_role("searchbox")
        box.press_sequentially("nothing like it")
        expect(page.get_by_text("No original fits")).to_be_visible()
        box.fill("wandering")
        expect(page.get_by_role("link", name="A wandering camera")).to_be_visible()
        assert "q=wandering" in page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(site: Site, browser: Browser, checked: Checked, scheme: str) -> None:
    paths = [
        "/",
        checked.path,
        "/originals",
        f"/originals/{site.asset_id}",
        "/login",
        "/sightings",
        "/log",
        "/nothing-here",
    ]
    with tab(browser, site.address, scheme=scheme) as page:
        found = []
        for path in paths:
            page.goto(path)
            found += barriers(page)
            assert page.title()
        assert not found
    # 1280 pixels at 400 %: nothing has to be scrolled sideways to be read.
    with tab(browser, site.address, scheme=scheme, width=320) as page:
        for path in paths:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


@pytest.fixture(scope="module")
def sightings(site: Site) -> dict[str, str]:
    """Paths of a public denial, of an answer on the film, of a sighting that waits and of one that was put aside."""
    add_organisation(site.registry, HERALD)

    def filed(number: int, **given: str) -> str:
        return file(
            site.registry, Filing(f"https://video.example.com/{number}{'w' * 99}", "seen here", **given)
        ).sighting_id

    denied, altered, waiting, aside = (
        filed(1, owner=HERALD),
        filed(2, asset_id=site.asset_id),
        filed(3),
        filed(4, owner=HERALD),
    )
    desk = Moderator(HERALD)
    answer(site.registry, denied, Reply(Answer.NOT_OURS, "The flag is on the wrong side."), desk)
    answer(site.registry, altered, Reply(Answer.ALTERED, "A cat was put in."), desk)
    dismiss(site.registry, aside, desk)
    names = {"denied": denied, "altered": altered, "waiting": waiting, "aside": aside}
    return {name: f"/sightings/{sighting_id}" for name, sighting_id in names.items()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out_of_sightings(site: Site, browser: Browser, sightings: dict[str, str], scheme: str) -> None:
    found: list[str] = []
    wide: list[str] = []

    def look(page: Page) -> None:
        found.extend(barriers(page))
        page.set_viewport_size({"width": 320, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(page.url)
        page.set_viewport_size({"width": 1000, "height": 800})

    with tab(browser, site.address, scheme=scheme) as page:
        for path in ("/sightings", f"/sightings?asset={site.asset_id}", *sightings.values()):
            page.goto(path)
            look(page)
        page.goto(sightings["denied"])
        expect(page.get_by_text("The flag is on the wrong side.")).to_be_visible()
        page.goto("/sightings")
        page.get_by_label("Address of the page or file").fill("https://video.example.com/5")
        page.get_by_label("Organisation").fill("Nobody")
        page.get_by_role("button", name="Ask").click()
        expect(page.get_by_role("alert")).to_be_visible()
        look(page)
        _, text = new_token(site.registry, "desk", role="publisher", owner=HERALD, valid=None)
        page.goto("/login")
        page.get_by_label("Token").fill(text)
        page.get_by_role("button", name="Log in").click()
        expect(page.locator(".who")).to_contain_text("Herald")
        for path in ("/sightings/queue", sightings["altered"], sightings["waiting"]):
            page.goto(path)
            expect(page.get_by_role("radio").first).to_be_visible()
            look(page)
    assert (found, wide) == ([], [])
