"""The collection, the basket, batches and downloads in a real browser."""

from __future__ import annotations

import csv
import io
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import docx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, expect

from indexer.build import build
from pages.uploads import CORPUS_VARIABLE, PASSWORD_VARIABLE, UPLOADS_VARIABLE
from tests.browser.driving import PATIENCE, QUESTION, ask, choose, wait_until_drawn
from tests.conftest import CORPUS, Silence
from tests.made_pdf import Words, made_pdf
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Download, Page

pytestmark = [pytest.mark.browser, pytest.mark.model]

PASSWORD = "correct horse"  # noqa: S105
ZEBRAS = "Zebras visit the contact centre, and children write letters to them."
PDF = made_pdf(
    [
        Words("Leeds City Council", top=80, size=18, bold=True),
        Words("Inspection of children's social care services", top=110, size=14, bold=True),
        Words("Inspection dates: 7 March 2022 to 18 March 2022", top=140),
        Words("Lead inspector: Ada Brown, Her Majesty's Inspector", top=160),
        Words("Judgement", top=190, bold=True),
        Words("Grade", x=400, top=190, bold=True),
        Words("Overall effectiveness", top=210),
        Words("Good", x=400, top=210),
        Words("1.", x=72, top=260),
        Words(ZEBRAS, x=100, top=260),
        Words("2.", x=72, top=300),
        Words("Foster carers are trained to look after donkeys.", x=100, top=300),
    ]
)


class Served(NamedTuple):
    address: str
    corpus: Path


@pytest.fixture(scope="module")
def open_server(real_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose readers may change its collection, once they have given the password."""
    folder = tmp_path_factory.mktemp("open")
    corpus, index = folder / "corpus", folder / "index"
    shutil.copytree(CORPUS, corpus)
    # With the model's export and the vectors, so that a build takes seconds.
    shutil.copytree(real_index, index)
    build([corpus], index, Silence(), force=True)
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # not for the servers of other tests
            patch.setenv(UPLOADS_VARIABLE, "1")
            patch.setenv(PASSWORD_VARIABLE, PASSWORD)
            patch.setenv(CORPUS_VARIABLE, str(corpus))
            address = stack.enter_context(serving(index, folder / "log.txt"))
        yield Served(address, corpus)


def _no_barrier(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.response["violations"] == []
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth")


def _download(page: Page, name: str) -> Download:
    with page.expect_download(timeout=PATIENCE) as started:
        page.get_by_role("button", name=name).click()
    return started.value


@pytest.mark.parametrize("page", [390], indirect=True)
def test_a_report_is_added_found_and_removed(page: Page, open_server: Served) -> None:
    address, corpus = open_server
    page.goto(f"{address}/collection")
    wait_until_drawn(page, "1 report on 1 council")
    _no_barrier(page)
    page.get_by_label("Password for changes").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()
    wait_until_drawn(page, "Reports to add")
    _no_barrier(page)
    files = (("../Leeds 2022.pdf", PDF), ("again.pdf", PDF), ("<b>none.pdf", b"<html>"))
    page.locator("input[type=file]").set_input_files(
        [FilePayload(name=name, mimeType="application/pdf", buffer=data) for name, data in files]
    )
    expect(page.get_by_text("again.pdf")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Add and rebuild").click()
    expect(page.get_by_text("1 of 3 files added")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Cancel the rebuild")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("The index was rebuilt in")).to_be_visible(timeout=2 * PATIENCE)
    wait_until_drawn(page, "2 reports on 2 councils")
    _no_barrier(page)
    assert (corpus / "Leeds 2022.pdf").read_bytes() == PDF
    page.get_by_role("listitem").get_by_role("link", name="Leeds City Council").click()
    wait_until_drawn(page, "Lead inspector")
    expect(page.get_by_role("heading", name="Leeds City Council")).to_be_visible()

    ask(page, address, "do zebras visit the contact centre?")
    wait_until_drawn(page, ZEBRAS)

    page.goto(f"{address}/collection")
    page.get_by_label("Password for changes").fill(PASSWORD, timeout=PATIENCE)
    page.get_by_role("button", name="Unlock").click()
    wait_until_drawn(page, "Report to remove")
    choose(page, "Report to remove", "Leeds", "Leeds")
    remove = page.get_by_role("button", name="Remove and rebuild")
    expect(remove).to_be_disabled(timeout=PATIENCE)
    page.get_by_text("Yes, remove this report").click()
    expect(remove).to_be_enabled(timeout=PATIENCE)
    remove.click()
    wait_until_drawn(page, "1 report on 1 council")
    assert not (corpus / "Leeds 2022.pdf").exists()


def test_nothing_can_be_changed_where_it_is_not_allowed(page: Page, address: str) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.goto(f"{address}/collection")
    wait_until_drawn(page, "reports are added by whoever runs it")
    expect(page.locator("input[type=file]")).to_have_count(0)
    expect(page.get_by_role("button", name="Rebuild the index")).to_have_count(0)
    _no_barrier(page)
    saved = _download(page, "Download the list as CSV").path().read_bytes()
    [row] = csv.DictReader(io.StringIO(saved.decode("utf-8-sig"), newline=""))
    assert row["council"] == "Sunderland City Council"
    assert asked == {urlsplit(address).netloc}


def test_questions_are_answered_in_bulk(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/batch")
    table = f"question,council\n{QUESTION},\nboiling point of tungsten carbide,\n".encode()
    page.locator("input[type=file]").set_input_files(
        {"name": "asked.csv", "mimeType": "text/csv", "buffer": table}, timeout=PATIENCE
    )
    page.get_by_role("button", name="Answer the questions").click(timeout=PATIENCE)
    wait_until_drawn(page, "2 questions: 1 answered, 1 refused")
    _no_barrier(page)
    saved = _download(page, "Download as CSV").path().read_bytes()
    rows = list(csv.DictReader(io.StringIO(saved.decode("utf-8-sig"), newline="")))
    assert {row["answered"] for row in rows} == {"yes", "no"}
    assert rows[0]["link"].startswith(f"{address}/passage?id=sunderland-")
    document = tmp_path / "answers.docx"
    _download(page, "Word").save_as(document)
    headings = [
        one.text for one in docx.Document(str(document)).paragraphs if one.text.startswith("1.")
    ]
    assert headings == [f"1. {QUESTION}"]


@pytest.mark.parametrize("page", [390], indirect=True)
def test_a_basket_outlives_links_and_reloads(page: Page, address: str) -> None:
    ask(page, address, QUESTION)
    wait_until_drawn(page, "Keep quotations in the basket")
    page.get_by_text("Keep quotations in the basket").click()
    page.get_by_text("Whole paragraph 2:").click()
    page.get_by_role("button", name="Add to the basket").click()
    wait_until_drawn(page, "added to the basket")
    page.goto(f"{address}/basket")
    wait_until_drawn(page, "Quotation 1")
    first = page.get_by_role("blockquote").first.inner_text()
    page.get_by_label("Your note on quotation 1").fill("=for <b>May</b>")
    page.get_by_role("button", name="Move 1 down").click()
    wait_until_drawn(page, "Quotation 1")
    _no_barrier(page)
    page.reload()
    wait_until_drawn(page, "Quotation 2")
    expect(page.get_by_role("blockquote").nth(1)).to_have_text(first, timeout=PATIENCE)
    expect(page.get_by_label("Your note on quotation 2")).to_have_value("=for <b>May</b>")
    saved = _download(page, "CSV").path().read_bytes()
    rows = list(csv.DictReader(io.StringIO(saved.decode("utf-8-sig"), newline="")))
    assert rows[1]["note"] == "'=for <b>May</b>"
    assert rows[1]["quotation"] == first.strip("“”")
