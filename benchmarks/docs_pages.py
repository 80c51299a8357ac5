"""Photographs of the server's pages for the documentation: the demonstration's registry, served and looked at."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

WIDTH = 1000
_PATIENCE_S = 600


def photograph_pages(home: Path, clip: Path, browser: str) -> dict[str, bytes]:
    """PNGs of the pages by name, after the clip was checked by the registry in the home."""
    with _serving(home) as address, sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = started.new_page(base_url=address, viewport={"width": WIDTH, "height": 800}, reduced_motion="reduce")
        taken = {"check": _shot(page, "/")}
        report = _checked(address, clip)
        taken["report"] = _shot(page, report, height=1330)
        taken["wipe"] = _wipe(page)
        taken["originals"] = _shot(page, "/originals")
        page.locator(".assets a").first.click()
        taken["original"] = _shot(page, None, height=1130)
        started.close()
    return taken


def _shot(page: Page, path: str | None, height: int = 800) -> bytes:
    page.set_viewport_size({"width": WIDTH, "height": height})
    if path is not None:
        page.goto(path)
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => [...document.querySelectorAll('video')].every(v => v.readyState > 1 && !v.seeking)")
    page.wait_for_timeout(500)
    return page.screenshot()


def _wipe(page: Page) -> bytes:
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("radio", name="Wipe").check(force=True)
    page.get_by_label("Original on the left").fill("72")
    page.wait_for_function("() => [...document.querySelectorAll('.player video')].every(v => !v.seeking)")
    page.wait_for_timeout(500)
    box = page.locator(".compare").bounding_box()
    assert box is not None
    clip = {"x": 0, "y": box["y"] - 20, "width": WIDTH, "height": box["height"] + 30}
    return page.screenshot(full_page=True, clip=clip)


def _checked(address: str, clip: Path) -> str:
    """The path of the report on a clip."""
    with httpx.Client(base_url=address, timeout=60) as client, clip.open("rb") as file:
        asked = client.post("/v1/checks", content=file.read()).raise_for_status().json()
        ends = time.monotonic() + _PATIENCE_S
        while (check := client.get(asked["links"]["self"]).raise_for_status().json())["state"] != "done":
            if time.monotonic() > ends or check["error"]:
                raise SystemExit(f"the clip could not be checked: {check}")
            time.sleep(0.5)
    return f"/checks/{asked['id']}"


@contextmanager
def _serving(home: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "provenance.cli", "--home", str(home), "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            for line in server.stderr:
                if line.startswith("serving "):
                    yield line.split(" at ")[1].split()[0].rstrip("/")
                    break
        finally:
            server.terminate()
