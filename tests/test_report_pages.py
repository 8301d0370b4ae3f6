"""What the pages of one paragraph and of one report draw, without a browser."""

from __future__ import annotations

import re
import shutil
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from index.records import Filters
from indexer.build import build
from search.ask import Searcher
from search.cite import forms, text_mark
from tests.conftest import Silence
from tests.drawn import drawn, html
from tests.made_pdf import Words, made_pdf

if TYPE_CHECKING:
    from pathlib import Path

    from index.models import Model

HERE = "northbridge-city-council-2021-06-18/3"
REPORT = "northbridge-city-council-2021-06-18"
QUESTION = "how are care leavers supported?"


@pytest.fixture
def answering(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> Searcher:
    """The pages answer from the made reports."""
    monkeypatch.setattr("search.ask.shared_searcher", lambda _: searcher)
    return searcher


def _links(shown: str, label: str) -> list[dict[str, list[str]]]:
    found = re.findall(rf"<a href='([^']*)'[^>]*>{re.escape(label)}</a>", shown)
    return [parse_qs(urlsplit(unescape(one)).query) for one in found]


def test_a_paragraph_has_a_page_of_its_own_with_every_form_of_its_citation(
    answering: Searcher,
) -> None:
    app = drawn("passage.py", id=HERE)
    label = "Northbridge City Council, ILACS inspection 7–18 June 2021, para 3"
    assert app.header[0].value.replace("\\", "") == label
    shown = html(app)
    made = forms(*answering.passage(HERE), "")
    copied = [unescape(text) for text in re.findall(r"data-copy='([^']*)'", shown)]
    for form in (made.full, made.short, made.markdown, made.html, made.bibtex):
        assert form in copied
    assert "Rent is paid on time. Care leavers live in good housing." in shown


def test_the_paragraphs_before_and_after_are_a_link_away(answering: Searcher) -> None:
    shown = html(drawn("passage.py", id=HERE, q="rent", council="Leeds"))
    [before] = _links(shown, "Previous: paragraph 2")
    assert before == {"id": [f"{REPORT}/2"], "q": ["rent"], "council": ["Leeds"]}
    assert _links(shown, "Next: paragraph 4") != []
    assert _links(shown, "Back to the results") == [{"q": ["rent"], "council": ["Leeds"]}]
    first = html(drawn("passage.py", id=f"{REPORT}/1"))
    assert "Previous:" not in first
    assert "Back to the results" not in first


def test_a_paragraph_that_is_gone_is_said_to_be(answering: Searcher) -> None:
    app = drawn("passage.py", id="gone/1")
    assert "no paragraph gone/1" in app.error[0].value
    assert "The report that it was in" not in html(app)
    app = drawn("passage.py", id=f"{REPORT}/99")
    assert _links(html(app), "The report that it was in") == [{"id": [REPORT]}]


def test_a_paragraph_that_has_changed_since_it_was_linked_to_says_so(answering: Searcher) -> None:
    mark = text_mark(answering.passage(HERE)[1])
    assert not drawn("passage.py", id=HERE, text=mark).warning
    [warning] = drawn("passage.py", id=HERE, text="00000000").warning
    assert "has changed since" in warning.value


def test_an_original_without_pages_and_one_that_is_gone_are_told_apart(
    answering: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "has no printed pages" in html(drawn("passage.py", id=HERE))
    monkeypatch.setattr(Searcher, "original", lambda *_: None)
    assert "is no longer where it was read" in html(drawn("passage.py", id=HERE))
    assert "is no longer where it was read" in html(drawn("report.py", id=REPORT))


def test_a_printed_paragraph_is_shown_in_its_place(
    fake_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = [Words("Inspection of Northbridge local authority children's services", size=26)]
    heading = Words("What needs to improve?", size=14, bold=True)
    found = [
        Words(
            f"{number} Most children who need help receive it, and few wait.", top=100 + 30 * number
        )
        for number in (1, 2, 3)
    ]
    (tmp_path / "printed").mkdir()
    (tmp_path / "printed" / "report.pdf").write_bytes(made_pdf(front, [heading, *found]))
    build([tmp_path / "printed"], tmp_path / "index", Silence())
    searcher = Searcher(tmp_path / "index")
    monkeypatch.setattr("search.ask.shared_searcher", lambda _: searcher)
    passage = next(one for one in searcher.generation.store.all_passages() if one.paragraph.boxes)
    for whole, alt in (("", "The part of page 2 as printed"), ("1", "Page 2 as printed")):
        [image] = drawn("passage.py", id=passage.id, whole=whole).get("image")
        assert image.proto.imgs[0].alt.startswith(alt)
    shutil.rmtree(tmp_path / "printed")
    assert "is no longer where it was read" in html(drawn("passage.py", id=passage.id))


def test_a_report_shows_its_front_page_its_sections_and_all_its_paragraphs(
    answering: Searcher,
) -> None:
    app = drawn("report.py", id=REPORT)
    shown = html(app)
    for name, value in (("Inspected", "7–18 June 2021"), ("Lead inspector", "Ada Brown")):
        assert f"<tr><th scope='row'>{name}</th><td>{value}</td></tr>" in shown
    assert "<th scope='row'>Overall effectiveness</th>" in shown
    own = answering.generation.store.passages_of(REPORT)
    assert shown.count("<article") == len(own)
    sections = re.findall(r"<a href='#(section-\d+)'>", shown)
    assert sections == re.findall(r"id='(section-\d+)'", shown)
    assert "article class='paragraph opened'" not in shown
    assert "Matches in this report" not in shown
    assert len(app.get("download_button")) == 1


def test_a_report_opens_at_a_paragraph_among_its_matches(answering: Searcher) -> None:
    shown = html(drawn("report.py", id=REPORT, passage=HERE, q=QUESTION))
    [opened] = re.findall(r"<article class='paragraph opened'>.*?</article>", shown)
    near = {hit.id for hit in answering.ask(QUESTION, Filters(report=REPORT)).hits}
    ordered = [one.id for one in answering.generation.store.passages_of(REPORT) if one.id in near]
    at = ordered.index(HERE)
    assert f"Match {at + 1} of {len(ordered)} for <em>{QUESTION}</em>" in opened
    assert _links(opened, "Next match")[0]["passage"] == [ordered[at + 1]]
    assert _links(opened, "Previous match")[0]["passage"] == [ordered[at - 1]]
    assert "<mark>" in opened


def test_a_search_is_carried_from_page_to_page_and_led_back_to(answering: Searcher) -> None:
    search = {"q": QUESTION, "council": "Northbridge", "from": "2020-01-01", "page": "2"}
    carried = {name: [value] for name, value in search.items()}
    passage = html(drawn("passage.py", id=HERE, **search))
    report = html(drawn("report.py", id=REPORT, passage=HERE, **search))
    own = {"id": [REPORT], "passage": [HERE]}
    assert _links(passage, "Whole report") == [own | carried]
    assert _links(report, "Paragraph 3") == [{"id": [HERE]} | carried]
    assert carried.items() <= _links(report, "Next match")[0].items()
    assert _links(report, "Back to the results") == [carried]
    assert "Back to the results" not in html(drawn("report.py", id=REPORT, council="Northbridge"))


def test_a_report_with_a_question_leads_to_its_first_match(answering: Searcher) -> None:
    shown = html(drawn("report.py", id=REPORT, q=QUESTION))
    assert len(_links(shown, "First match")) == 1


def test_a_report_that_is_gone_is_said_to_be(answering: Searcher) -> None:
    [error] = drawn("report.py", id="<b>").error
    assert "no report \\<b\\>" in error.value


def test_a_hostile_report_is_text_on_its_pages(
    fake_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "<b>report.txt").write_text(
        f"{evil} City Council\n\nInspection of children’s social care services\n\n"
        "Inspection dates: 7 June 2021 to 18 June 2021\n\n"
        f"The experiences of {evil}: Good\n\n1. Care leavers {evil} live in ![x](http://x/y).\n"
    )
    build([tmp_path / "evil"], tmp_path / "index", Silence())
    searcher = Searcher(tmp_path / "index")
    monkeypatch.setattr("search.ask.shared_searcher", lambda _: searcher)
    [report] = searcher.generation.store.reports()
    passage = searcher.generation.store.all_passages()[0]
    for app in (
        drawn("ask.py", q="care leavers live"),
        drawn("passage.py", id=passage.id),
        drawn("report.py", id=report.id, passage=passage.id, q="care leavers"),
    ):
        shown = html(app).replace("<script src='/app/static/page.js'></script>", "")
        assert "<script" not in shown
        assert "<img" not in shown
        assert "<b>" not in shown
        assert "alert(1)" in shown
