"""The page in a real browser."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.driving import PATIENCE, QUESTION, ask, wait_until_drawn
from tests.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.model]

CITATION = "Sunderland City Council, ILACS inspection 28 June–9 July 2021, para 27"


def test_a_question_is_answered_and_its_address_opens_the_same_result(
    page: Page, address: str
) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    ask(page, address, QUESTION)
    wait_until_drawn(page, CITATION)
    for number in (25, 26):
        expect(page.get_by_role("link", name=CITATION.replace("27", str(number)))).to_be_visible()
    expect(
        page.get_by_role("heading", name="Paragraph 27, Sunderland City Council")
    ).to_be_visible()
    assert page.get_by_role("heading", level=3).filter(has_text="Sunderland").count() == 10
    assert parse_qs(urlsplit(page.url).query) == {"q": [QUESTION]}
    page.reload()
    wait_until_drawn(page, CITATION)
    expect(page.get_by_role("searchbox")).to_have_value(QUESTION)
    assert asked == {urlsplit(address).netloc}


def test_nothing_is_wider_than_the_screen(page: Page, address: str) -> None:
    ask(page, address, QUESTION)
    wait_until_drawn(page, CITATION)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_the_page_has_no_barrier_that_axe_finds(page: Page, address: str) -> None:
    ask(page, address, QUESTION)
    wait_until_drawn(page, CITATION)
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.response["violations"] == []


def test_a_citation_leads_to_its_paragraph(page: Page, address: str) -> None:
    ask(page, address, QUESTION)
    wait_until_drawn(page, CITATION)
    page.get_by_role("link", name=CITATION).click()
    expect(page).to_have_url(f"{address}/passage?id=sunderland-2021-08-20/27", timeout=PATIENCE)
    wait_until_drawn(page, "Young people over the age of 18 are exceptionally well supported")
    expect(page.get_by_role("heading", name=CITATION)).to_be_visible()


def test_an_example_is_asked_by_a_click(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name=QUESTION).click(timeout=PATIENCE)
    wait_until_drawn(page, CITATION)
    expect(page.get_by_role("searchbox")).to_have_value(QUESTION)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("как поддерживают выпускников?", "The reports are in English"),
        ("?!…", "The question holds no words"),
        ("boiling point of tungsten carbide", "No paragraph in the collection answers"),
    ],
)
def test_what_cannot_be_answered_is_said_plainly(
    page: Page, address: str, question: str, said: str
) -> None:
    ask(page, address, question)
    wait_until_drawn(page, said)
    expect(page.get_by_role("heading", name="Nearest paragraphs, not an answer")).to_be_visible()


def test_an_empty_question_is_told_what_to_do(page: Page, address: str) -> None:
    ask(page, address, "   ")
    wait_until_drawn(page, "The question is empty")


def test_a_hostile_question_stays_text(page: Page, address: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    question = "<img src=x onerror=alert(1)><script>alert(2)</script> care leavers"
    ask(page, address, question)
    wait_until_drawn(page, "paragraphs, not an answer")
    expect(page.get_by_role("searchbox")).to_have_value(question)


def test_without_an_index_the_page_names_the_command(page: Page, tmp_path: Path) -> None:
    with serving(tmp_path / "none", tmp_path / "log.txt") as empty:
        ask(page, empty, QUESTION)
        wait_until_drawn(page, "There is no index")
        expect(page.get_by_text("python -m indexer build")).to_be_visible()
        assert "Traceback" not in page.content()


def test_the_interface_for_programs_is_on_the_same_server(address: str) -> None:
    with urllib.request.urlopen(f"{address}/api/search?q=care+leavers&k=3") as response:  # noqa: S310
        found = json.load(response)
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    with pytest.raises(urllib.error.HTTPError, match="404") as missing:
        urllib.request.urlopen(f"{address}/api/nothing")  # noqa: S310
    assert "error" in json.load(missing.value)
    missing.value.close()


def test_another_host_name_is_turned_away(address: str) -> None:
    request = urllib.request.Request(f"{address}/api/health", headers={"Host": "elsewhere.example"})  # noqa: S310
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        urllib.request.urlopen(request)  # noqa: S310
    refused.value.close()
