"""The pages of a paragraph and of a report in a real browser, with a printed and a hostile one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.driving import QUESTION, ask, query_of, wait_until_drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.model]

REPORT = "sunderland-2021-08-20"


def test_a_paragraph_is_shown_as_it_is_printed(page: Page, planted: str) -> None:
    ask(page, planted, "who paints the windmills?")
    wait_until_drawn(page, "Windmills are painted")
    page.get_by_role("link", name="printed.pdf, paragraph 2", exact=True).click()
    wait_until_drawn(page, "As printed")
    part = page.get_by_alt_text("The part of page 2 as printed, with paragraph 2 highlighted")
    expect(part).to_be_visible()
    page.get_by_role("link", name="The whole page 2").click()
    whole = page.get_by_alt_text("Page 2 as printed, with paragraph 2 highlighted", exact=False)
    expect(whole.first).to_be_visible()
    wait_until_drawn(page, "Only the paragraph")
    assert query_of(page)["whole"] == ["1"]
    height, width = whole.first.evaluate(
        "image => image.decode().then(() => [image.naturalHeight, image.naturalWidth])"
    )
    assert height > width
    page.get_by_role("link", name="Next: paragraph 3").click()
    wait_until_drawn(page, "Bicycles are lent")


def test_a_report_opens_at_the_paragraph_and_leads_through_its_matches(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/report?id={REPORT}&passage={REPORT}/27&q={quote(QUESTION)}")
    wait_until_drawn(page, "Match ")
    opened = page.locator("article.opened")
    expect(opened).to_be_in_viewport()
    expect(opened.get_by_role("heading", name="Paragraph 27")).to_be_visible()
    expect(opened.locator("mark").first).to_be_visible()
    opened.get_by_role("link", name="Previous match").click()
    expect(opened.get_by_role("heading", name="Paragraph 27")).to_have_count(0)
    expect(opened).to_be_in_viewport()
    expect(page.get_by_role("row", name="Lead inspector")).to_be_attached()


def test_a_section_is_gone_to_from_the_contents(page: Page, address: str) -> None:
    page.goto(f"{address}/report?id={REPORT}")
    wait_until_drawn(page, "Contents")
    page.get_by_role("link", name="The impact of leaders").click()
    heading = page.get_by_role("heading", name="The impact of leaders")
    expect(heading).to_be_in_viewport()
    expect(heading).to_be_focused()
    assert query_of(page) == {"id": [REPORT]}


def test_the_original_of_a_report_is_downloaded(desk: Page, address: str) -> None:
    desk.goto(f"{address}/report?id={REPORT}")
    wait_until_drawn(desk, "Contents")
    with desk.expect_download() as download:
        desk.get_by_role("button", name="Download the original").click()
    assert download.value.suggested_filename == f"{REPORT}.txt"
    assert "Sunderland" in download.value.path().read_text(encoding="utf-8")


def test_a_hostile_report_is_text_on_every_page_and_calls_nobody(page: Page, planted: str) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    ask(page, planted, "who visits lighthouse keepers?")
    wait_until_drawn(page, "Lighthouse keepers are visited <script>alert(1)</script>")
    own = page.locator("article").filter(has_text="are visited <script>").locator("a").first
    passage = own.get_attribute("href") or ""
    own.click()
    wait_until_drawn(page, "As printed")
    expect(page.get_by_text("![seen](http://outside.example/seen.png)").first).to_be_visible()
    page.get_by_role("link", name="Whole report").click()
    wait_until_drawn(page, "Contents")
    expect(page.get_by_text("<iframe srcdoc=").first).to_be_visible()
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth")
    page.goto(f"{planted}{passage}&q=%3Cscript%3Ealert(5)%3C/script%3E")
    wait_until_drawn(page, "Back to the results")
    page.goto(f"{planted}/collection")
    wait_until_drawn(page, "<script>alert(1)</script><img src=x onerror=alert(2)> City Council")
    assert asked == {urlsplit(planted).netloc}
