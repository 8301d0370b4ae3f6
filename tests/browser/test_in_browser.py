"""The search page in a real browser, and what is beside it on the same server."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.driving import PATIENCE, QUESTION, ask, choose, query_of, wait_until_drawn
from tests.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.model]

CITATION = "Sunderland City Council, ILACS inspection 28 June–9 July 2021, para 25"


def test_a_question_is_answered_and_its_address_opens_the_same_result(
    page: Page, address: str
) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    ask(page, address, QUESTION)
    wait_until_drawn(page, CITATION)
    expect(page.get_by_role("link", name=CITATION)).to_be_visible()
    expect(
        page.get_by_role("heading", name="Sunderland City Council, paragraph 25")
    ).to_be_visible()
    assert page.locator("article").count() == 10
    assert query_of(page) == {"q": [QUESTION]}
    expect(page).to_have_title(f"{QUESTION} – Inspection Search")
    page.reload()
    wait_until_drawn(page, CITATION)
    expect(page.get_by_role("searchbox")).to_have_value(QUESTION)
    assert asked == {urlsplit(address).netloc}


def test_the_button_searches_as_enter_does(desk: Page, address: str) -> None:
    desk.goto(address)
    desk.get_by_role("searchbox").fill(QUESTION, timeout=PATIENCE)
    desk.get_by_role("button", name="Search", exact=True).click()
    wait_until_drawn(desk, CITATION)
    assert query_of(desk) == {"q": [QUESTION]}


def test_a_search_is_narrowed_sorted_turned_and_gone_back_through(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=care+leavers")
    wait_until_drawn(page, "Paragraphs 1–10 of 47 about care leavers")
    page.get_by_role("link", name="Next page").click()
    wait_until_drawn(page, "Paragraphs 11–20 of 47 about care leavers")
    page.get_by_text("Narrow the search").click()
    choose(page, "Council", "sund", "Sunderland (1 report)")
    wait_until_drawn(page, "Council: Sunderland")
    wait_until_drawn(page, "Paragraphs 1–10 of 47")
    assert query_of(page) == {"q": ["care leavers"], "council": ["Sunderland"]}
    page.get_by_text("Group by report").click()
    expect(page.locator("h3.report")).to_have_count(1, timeout=PATIENCE)
    page.get_by_role("link", name="remove Council: Sunderland").click()
    expect(page.locator(".chips")).to_have_count(0, timeout=PATIENCE)
    assert query_of(page) == {"q": ["care leavers"], "group": ["1"]}
    page.go_back()
    wait_until_drawn(page, "Council: Sunderland")
    page.go_back()
    expect(page.locator("h3.report")).to_have_count(0, timeout=PATIENCE)
    page.go_back()
    wait_until_drawn(page, "Paragraphs 11–20 of 47 about care leavers")
    assert query_of(page) == {"q": ["care leavers"], "page": ["2"]}


def test_what_was_made_of_a_question_is_said_and_undone(page: Page, address: str) -> None:
    ask(page, address, "how are care leavers suported in Sunderland?")
    wait_until_drawn(page, "Showing results for how are care leavers supported")
    expect(page.get_by_text("Council: Sunderland")).to_be_visible()
    page.get_by_role("link", name="how are care leavers suported in Sunderland?").click()
    wait_until_drawn(page, "Searched for exactly what was typed")
    assert query_of(page)["as_typed"] == ["1"]
    expect(page.get_by_text("Council: Sunderland")).to_be_visible()
    page.get_by_role("link", name="remove Council: Sunderland").click()
    expect(page.locator(".chips")).to_have_count(0, timeout=PATIENCE)


def test_a_quotation_a_citation_and_a_link_are_copied(page: Page, address: str) -> None:
    ask(page, address, QUESTION)
    wait_until_drawn(page, CITATION)
    first = page.locator("article").filter(has_text="paragraph 25").first
    copied = {}
    for label in ("Copy quotation", "Copy citation", "Copy link"):
        button = first.locator("button", has_text=label)
        button.click()
        expect(page.locator("p.spoken[role=status]")).to_have_text(f"Copied: {label}")
        copied[label] = page.evaluate("navigator.clipboard.readText()")
        expect(first.locator("button", has_text=label)).to_be_visible()
    assert copied["Copy citation"].startswith(CITATION)
    assert re.fullmatch(rf"“.+” \({re.escape(copied['Copy citation'])}\)", copied["Copy quotation"])
    page.goto(copied["Copy link"])
    wait_until_drawn(page, "As printed")
    expect(page.get_by_text("has changed since")).to_have_count(0)


def test_a_citation_leads_to_its_paragraph_and_back(page: Page, address: str) -> None:
    ask(page, address, QUESTION)
    wait_until_drawn(page, CITATION)
    page.get_by_role("link", name=CITATION).click()
    wait_until_drawn(page, "As printed")
    assert urlsplit(page.url).path == "/passage"
    assert query_of(page) == {"id": ["sunderland-2021-08-20/25"], "q": [QUESTION]}
    expect(page.get_by_role("heading", name=CITATION)).to_be_visible()
    page.get_by_role("link", name="Back to the results").click()
    wait_until_drawn(page, CITATION)
    expect(page.get_by_role("searchbox")).to_have_value(QUESTION)


def test_an_example_is_asked_by_a_click(desk: Page, address: str) -> None:
    desk.goto(address)
    desk.get_by_role("button", name=QUESTION).click(timeout=PATIENCE)
    wait_until_drawn(desk, CITATION)
    expect(desk.get_by_role("searchbox")).to_have_value(QUESTION)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("как поддерживают выпускников?", "The reports are in English"),
        ("?!…", "The question holds no words"),
        ("boiling point of tungsten carbide", "Nothing was found that answers"),
    ],
)
def test_what_cannot_be_answered_is_said_plainly(
    desk: Page, address: str, question: str, said: str
) -> None:
    ask(desk, address, question)
    wait_until_drawn(desk, said)
    expect(desk.get_by_role("heading", name="Nearest paragraphs, not an answer")).to_be_visible()
    expect(desk.get_by_text("1 report, 47 paragraphs, on 1 council: Sunderland")).to_be_visible()


def test_an_empty_question_is_told_what_to_do(desk: Page, address: str) -> None:
    ask(desk, address, "   ")
    wait_until_drawn(desk, "The question is empty")


def test_a_hostile_question_stays_text(desk: Page, address: str) -> None:
    desk.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    question = "<img src=x onerror=alert(1)><script>alert(2)</script> care leavers"
    ask(desk, address, question)
    wait_until_drawn(desk, f" {question}")
    expect(desk.get_by_role("searchbox")).to_have_value(question)


def test_without_an_index_the_page_names_the_command(desk: Page, tmp_path: Path) -> None:
    with serving(tmp_path / "none", tmp_path / "log.txt") as empty:
        ask(desk, empty, QUESTION)
        wait_until_drawn(desk, "There is no index")
        expect(desk.get_by_text("python -m indexer build")).to_be_visible()
        assert "Traceback" not in desk.content()


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
