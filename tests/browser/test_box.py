"""The search box on a page of another server, which forbids all that a careful page forbids."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from search.api_settings import ORIGINS_VARIABLE
from tests.browser.driving import PATIENCE, QUESTION
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.model]

# Which of its paragraphs answer is the ranking's business.
CITATION = "Sunderland City Council, ILACS inspection 28 June–9 July 2021, para"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> ![x](http://evil.example/x.png)"


class Intranet(BaseHTTPRequestHandler):
    """Serves one page, which holds the box of the server named in `search`."""

    search = ""

    def do_GET(self) -> None:
        policy = (
            f"default-src 'none'; script-src {self.search}; connect-src {self.search}; "
            "require-trusted-types-for 'script'"
        )
        body = (
            "<!doctype html><html lang='en'><meta name='viewport' content='width=device-width'>"
            f"<title>Intranet</title><script src='{self.search}/api/box.js' defer></script>"
            f"<main><h1>Intranet</h1><inspection-search src='{self.search}' label='Ask Ofsted'>"
            "</inspection-search></main></html>"
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def intranet(real_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page whose origin the search server allows."""
    pages = ThreadingHTTPServer(("127.0.0.1", 0), Intranet)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{pages.server_port}"
    log = tmp_path_factory.mktemp("box") / "log.txt"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ORIGINS_VARIABLE, address)
        with serving(real_index, log) as served:
            Intranet.search = served
            yield address
    pages.shutdown()
    pages.server_close()


def ask_by_keyboard(page: Page, question: str) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox", name="Ask Ofsted")).to_be_focused(timeout=PATIENCE)
    page.keyboard.type(question)
    page.keyboard.press("Enter")


def test_a_question_is_answered_on_another_servers_page(page: Page, intranet: str) -> None:
    said: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.goto(intranet)
    ask_by_keyboard(page, QUESTION)
    expect(page.get_by_role("status")).to_contain_text(f"“{QUESTION}”", timeout=PATIENCE)
    link = page.get_by_role("link", name=CITATION).first
    passage = re.escape(f"{Intranet.search}/passage?id=sunderland-2021-08-20%2F")
    expect(link).to_have_attribute("href", re.compile(rf"{passage}\d+"))
    # From the box on by Tab alone: the button, then the first citation.
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Search")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link").first).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert asked == {urlsplit(intranet).netloc, urlsplit(Intranet.search).netloc}
    # The page's own icon is asked for by the browser, and the page has none.
    assert [line for line in said if "favicon" not in line] == []


def test_a_refusal_is_said_and_the_nearest_are_no_answer(page: Page, intranet: str) -> None:
    page.goto(intranet)
    ask_by_keyboard(page, "boiling point of tungsten carbide")
    expect(page.get_by_role("status")).to_contain_text("Nothing was found", timeout=PATIENCE)
    expect(page.get_by_text("Nearest paragraphs, not an answer:")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_count(3)


def test_an_empty_question_is_told_what_to_do(page: Page, intranet: str) -> None:
    page.goto(intranet)
    ask_by_keyboard(page, "  ")
    expect(page.get_by_role("status")).to_have_text("Type a question.")


def test_what_a_report_says_never_becomes_markup(page: Page, intranet: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    citation = {"id": "javascript:alert(3)", "label": HOSTILE, "link": "javascript:alert(4)"}
    answer = {"question": HOSTILE, "answered": True, "hits": []}
    answer["interpretation"] = {"corrected": HOSTILE, "filters": {"council": HOSTILE}}
    answer["answer"] = [{"quote": HOSTILE, "citation": citation}]

    def plant(route: Route) -> None:
        allowed = {"Access-Control-Allow-Origin": intranet}
        route.fulfill(json=answer, headers=allowed)

    page.route("**/api/search*", plant)
    page.goto(intranet)
    ask_by_keyboard(page, "anything")
    expect(page.get_by_role("listitem")).to_contain_text(HOSTILE, timeout=PATIENCE)
    link = page.get_by_role("link", name=HOSTILE)
    expect(link).to_have_attribute("href", f"{Intranet.search}/passage?id=javascript%3Aalert(3)")
    assert "evil.example" not in str(asked)


def test_what_goes_wrong_is_said(page: Page, intranet: str) -> None:
    wrong = {"error": "You may ask 3 times a minute. Try again in 20 seconds."}
    page.route(
        "**/api/search*",
        lambda route: route.fulfill(
            status=429, body=json.dumps(wrong), headers={"Access-Control-Allow-Origin": intranet}
        ),
    )
    page.goto(intranet)
    ask_by_keyboard(page, QUESTION)
    expect(page.get_by_role("status")).to_have_text(wrong["error"], timeout=PATIENCE)
    page.unroute("**/api/search*")
    # Under another name the same page is another origin, which the server does not know.
    page.goto(intranet.replace("127.0.0.1", "localhost"))
    ask_by_keyboard(page, QUESTION)
    expect(page.get_by_role("status")).to_have_text(
        "The search server cannot be reached.", timeout=PATIENCE
    )


def test_the_demonstration_page_works_and_has_no_barrier_that_axe_finds(
    page: Page, intranet: str
) -> None:
    page.goto(f"{Intranet.search}/api/demo")
    page.get_by_role("searchbox").fill(QUESTION)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name=CITATION).first).to_be_visible(timeout=PATIENCE)
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
