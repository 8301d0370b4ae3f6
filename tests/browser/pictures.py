"""`make pictures`: the page as a reader sees it, for the README."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from index.manifest import DEFAULT_FOLDER
from tests.browser.driving import ARGUMENTS, QUESTION, ask, wait_until_drawn
from tests.serving import ROOT, serving

HEIGHT = 1000


def main() -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is not installed: apt-get install chromium", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(DEFAULT_FOLDER, Path(folder) / "log.txt") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for width in (1280, 390):
            page = browser.new_page(viewport={"width": width, "height": HEIGHT})
            ask(page, address, QUESTION)
            wait_until_drawn(page, "para 27")
            page.screenshot(path=ROOT / "docs" / f"search-{width}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
