"""`make pictures`: the pages as a reader sees them, for the README.

Of the index that is configured; one of PDFs shows a paragraph as it is printed.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from index.manifest import configured_folder
from tests.browser.driving import ARGUMENTS, QUESTION, ask, wait_until_drawn
from tests.serving import ROOT, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HEIGHT = 1000
DESKTOP, TELEPHONE = 1280, 390


def main() -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is not installed: apt-get install chromium", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(configured_folder(), Path(folder) / "log.txt") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for width in (DESKTOP, TELEPHONE):
            page = _opened(browser, width)
            ask(page, address, QUESTION)
            wait_until_drawn(page, "Sources")
            _take(page, f"search-{width}")
        page = _opened(browser, DESKTOP)
        ask(page, address, QUESTION)
        wait_until_drawn(page, "Sources")
        page.locator("ol.sources a").first.click()
        wait_until_drawn(page, "As printed")
        _take(page, f"passage-{DESKTOP}")
        page.goto(f"{address}/collection")
        wait_until_drawn(page, "Inspection Search")
        _take(page, f"collection-{DESKTOP}")
        browser.close()
    return 0


def _opened(browser: Browser, width: int) -> Page:
    return browser.new_page(viewport={"width": width, "height": HEIGHT})


def _take(page: Page, name: str) -> None:
    # Pictures and charts are painted after the page has come to rest.
    page.wait_for_timeout(1500)
    page.screenshot(path=ROOT / "docs" / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
