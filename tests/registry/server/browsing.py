"""Chromium as people have it, driven by Playwright; what a page may not do is noticed on every one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LISTEN = "addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective))"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser; Playwright's own is never fetched."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    assert path, "no Chromium found: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(
    browser: Browser, address: str, *, scheme: str = "light", script: bool = True, width: int = 1000
) -> Iterator[Page]:
    """An empty tab for the site at the address, without cookies.

    In the end nothing was asked of another place, no policy was violated and no script has failed.
    """
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # That a page was not found is for the test to say.
        if message.type == "error" and "status of 4" not in message.text:
            wrong.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            wrong.append(f"asked {request.url}")

    context = browser.new_context(
        base_url=address,
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    context.add_init_script(_LISTEN)
    page = context.new_page()
    page.on("console", heard)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", asked)
    try:
        yield page
        assert not wrong
    finally:
        context.close()


def barriers(page: Page) -> list[str]:
    """What axe finds in the page that would seriously hinder somebody."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {rule['id']} at {node['target']}: {node['failureSummary']}"
        for rule in found
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"]
    ]
