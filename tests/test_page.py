"""What the search page draws, without a browser."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from index.errors import IndexMissingError
from index.records import Filters
from pages.drawing import (
    badge,
    copy_button,
    escape_markdown,
    marked,
    section_line,
)
from search.ask import Asked, Searcher
from tests.drawn import drawn, html, query

if TYPE_CHECKING:
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from search.export import Selection

QUESTION = "how are care leavers supported?"


@pytest.fixture
def answering(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> Searcher:
    """The pages answer from the made reports."""
    monkeypatch.setattr("search.ask.shared_searcher", lambda _: searcher)
    return searcher


def _shown(app: AppTest) -> list[str]:
    """The paragraphs' headings, in order."""
    return re.findall(r"<article class='paragraph'><h\d><a [^>]*>([^<]*)", html(app))


def _link(app: AppTest, label: str) -> dict[str, list[str]]:
    """The query of the first link with that label."""
    found = re.search(rf"<a href='([^']*)'[^>]*>{re.escape(label)}</a>", html(app))
    assert found
    return parse_qs(urlsplit(unescape(found[1])).query)


def test_the_first_page_offers_questions_to_ask(answering: Searcher) -> None:
    app = drawn("ask.py")
    assert app.title[0].value == "Inspection Search"
    assert QUESTION in [button.label for button in app.button]
    assert not app.header
    next(button for button in app.button if button.label == QUESTION).click().run()
    assert query(app) == {"q": [QUESTION]}
    assert app.text_input[0].value == QUESTION


def test_an_answer_shows_its_quotations_its_sources_and_its_paragraphs(answering: Searcher) -> None:
    [result] = answering.ask_many([Asked(QUESTION, k=50)])
    assert result.answered
    app = drawn("ask.py", q=QUESTION)
    shown = html(app)
    for number, quotation in enumerate(result.answer, start=1):
        assert f"“{quotation.quote}”&nbsp;<sup>[{number}]</sup>" in shown
        assert f">{quotation.citation.label}</a></li>" in shown
    assert [one.value for one in app.header] == ["Answer", "Paragraphs"]
    assert (
        f"<p role='status' class='facts'>Paragraphs 1–10 of 11 about <em>{QUESTION}</em></p>"
        in shown
    )
    assert len(_shown(app)) == 10
    for hit in result.hits[:10]:
        for start, end in hit.quote_spans:
            assert f"<mark>{hit.text[start:end]}</mark>" in shown


def test_every_paragraph_has_its_place_its_grade_and_what_can_be_copied(
    answering: Searcher,
) -> None:
    hit = answering.ask(QUESTION).hits[0]
    shown = html(drawn("ask.py", q=QUESTION))
    [first] = re.findall(r"<article.*?</article>", shown)[:1]
    assert f"Southmere County Council, paragraph {hit.paragraph}</a></h3>" in first
    assert "<span class='grade good'>Grade: Good</span>" in first
    copied = [unescape(text) for text in re.findall(r"data-copy='([^']*)'", first)]
    label = "Southmere County Council, ILACS inspection 3–14 October 2022, para 3"
    assert copied[0] == f"“Care leavers are supported.” ({label})"
    assert copied[1] == label
    assert re.fullmatch(rf"/passage\?id={re.escape(hit.id)}&text=[0-9a-f]{{8}}", copied[2])
    assert "Why this matched" in first


def test_a_paragraph_that_is_not_quoted_has_its_nearest_sentence_marked(
    answering: Searcher,
) -> None:
    [result] = answering.ask_many([Asked(QUESTION, k=50)])
    hit = next(one for one in result.hits if not one.quote_spans)
    [article] = [
        one
        for one in re.findall(r"<article.*?</article>", html(drawn("ask.py", q=QUESTION)))
        if f"/passage?id={hit.id}&" in one.replace("%2F", "/")
    ]
    [sentence] = re.findall(r"<mark>(.*?)</mark>", article)
    assert unescape(sentence) in hit.text


def test_the_second_page_goes_on_where_the_first_ends(answering: Searcher) -> None:
    app = drawn("ask.py", q=QUESTION)
    assert _link(app, "Next page") == {"q": [QUESTION], "page": ["2"]}
    second = drawn("ask.py", q=QUESTION, page="2")
    assert "Paragraph 11 of 11" in html(second)
    assert len(_shown(second)) == 1
    assert _link(second, "Previous page") == {"q": [QUESTION]}
    assert _shown(drawn("ask.py", q=QUESTION, page="99")) == _shown(second)


def test_a_download_holds_the_paragraphs_in_the_order_shown(
    answering: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Selection] = []
    monkeypatch.setattr(
        "pages.exporting.draw_downloads", lambda selection, *_: made.append(selection)
    )
    drawn("ask.py", q=QUESTION, sort="oldest")
    [selection] = made
    days = [one.report.facts.day for one in selection.parts[1].excerpts]
    assert len(set(days)) > 1
    assert days == sorted(day for day in days if day is not None)


def test_paragraphs_are_sorted_by_the_day_of_the_inspection(answering: Searcher) -> None:
    newest, oldest = (drawn("ask.py", q=QUESTION, sort=way) for way in ("newest", "oldest"))
    assert _shown(newest)[0].startswith("Southmere")
    assert _shown(oldest)[:2] == [
        "Northbridge City Council, paragraph 2",
        "Northbridge City Council, paragraph 1",
    ]
    assert newest.selectbox(key="ask_sort").value == "newest"


def test_paragraphs_are_grouped_under_their_reports(answering: Searcher) -> None:
    app = drawn("ask.py", q=QUESTION, group="1")
    reports = re.findall(r"<h3 class='report'>([^<]*)", html(app))
    assert len(reports) == len(set(reports)) == 3
    assert reports[0] == "Southmere County Council, ILACS inspection 3–14 October 2022"


def test_a_choice_narrows_the_search_and_is_in_the_address(answering: Searcher) -> None:
    app = drawn("ask.py", q=QUESTION, page="2")
    app.selectbox(key="ask_council").select("Southmere County Council").run()
    assert query(app) == {"q": [QUESTION], "council": ["Southmere County Council"]}
    assert {name.split(",")[0] for name in _shown(app)} == {"Southmere County Council"}
    app.checkbox(key="ask_latest").check().run()
    assert query(app)["latest"] == ["1"]
    assert _link(app, "remove") == {"q": [QUESTION], "latest": ["1"]}


def test_an_address_narrows_the_search_and_fills_the_choices(answering: Searcher) -> None:
    app = drawn(
        "ask.py",
        q=QUESTION,
        council="northbridge city council",
        grade="Good",
        **{"from": "2020-01-01"},
    )
    assert app.selectbox(key="ask_council").value == "Northbridge City Council"
    assert str(app.date_input(key="ask_date_from").value) == "2020-01-01"
    assert len(_shown(app)) == 2
    assert app.expander[0].label == "Narrow the search (3 set)"


def test_a_council_goes_by_its_own_name_however_the_address_calls_it(answering: Searcher) -> None:
    app = drawn("ask.py", q=QUESTION, council="leeds CITY council")
    assert app.selectbox(key="ask_council").value == "Leeds"


def test_choices_say_how_much_they_hold(answering: Searcher) -> None:
    app = drawn("ask.py", q=QUESTION)
    assert app.selectbox(key="ask_council").options == [
        "Northbridge City Council (2 reports)",
        "Southmere County Council (1 report)",
    ]
    assert "Outstanding (2 paragraphs)" in app.selectbox(key="ask_grade").options
    assert "Help and protection (6 paragraphs)" in app.selectbox(key="ask_section").options


def test_an_empty_choice_is_no_error(answering: Searcher) -> None:
    app = drawn("ask.py", q=QUESTION, council="Atlantis", section="<b>no such</b>", sort="x")
    assert app.header[0].value == "No answer found"
    assert "no paragraph with these filters" in unescape(html(app)).lower()
    assert "<b>no such" not in html(app)
    assert _link(app, "Ask the whole collection")["q"] == [QUESTION]


def test_what_was_read_from_the_question_can_be_undone(answering: Searcher) -> None:
    question = "how are care leavers suported in 2021?"
    app = drawn("ask.py", q=question)
    shown = html(app)
    assert "Showing results for <strong>how are care leavers supported?</strong>" in shown
    days = {"from": ["2021-01-01"], "to": ["2021-12-31"]}
    assert _link(app, question) == {"q": [question], "as_typed": ["1"], **days}
    assert "Inspected from: 1 January 2021" in shown
    only_until = {"q": [question], "as_typed": ["1"], "to": days["to"]}
    assert _link(app, "remove") == only_until
    typed = drawn("ask.py", q=question, as_typed="1")
    assert "Showing results" not in html(typed)
    assert "class='chips'" not in html(typed)
    assert _link(typed, "Correct spelling, and take councils and years in it as filters") == {
        "q": [question]
    }


def test_more_from_a_report_is_a_search_of_it(answering: Searcher) -> None:
    app = drawn("ask.py", q=QUESTION)
    report = _link(app, "More from this report")["report"][0]
    own = drawn("ask.py", q=QUESTION, report=report)
    assert len(_shown(own)) == len(answering.ask(QUESTION, Filters(report=report), 50).hits)
    assert "Report: Southmere County Council, ILACS inspection 3–14 October 2022" in html(own)
    assert "More from this report" not in html(own)


def test_a_refusal_is_headed_as_one_and_says_what_there_is(answering: Searcher) -> None:
    app = drawn("ask.py", q="?!")
    assert app.header[0].value == "No answer found"
    assert app.header[1].value == "Nearest paragraphs, not an answer"
    shown = html(app)
    assert "The question holds no words" in shown
    councils = "Northbridge City Council, Southmere County Council"
    assert f"3 reports, 11 paragraphs, on 2 councils: {councils}" in shown
    assert "Inspected 2018 to 2022" in shown
    assert "<mark>" not in shown


def test_a_question_of_blanks_gets_an_error_that_says_what_to_do(answering: Searcher) -> None:
    [error] = drawn("ask.py", q="  ").error
    assert "The question is empty" in error.value


def test_a_long_question_is_cut_with_a_notice(answering: Searcher) -> None:
    assert "the first 1,000 were searched for" in html(drawn("ask.py", q="care leavers " * 8000))


def test_a_missing_index_is_an_error_box_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: Path) -> None:
        raise IndexMissingError("There is no index. Build it: python -m indexer build")

    monkeypatch.setattr("search.ask.shared_searcher", missing)
    for page, asked in (("ask.py", {"q": "care"}), ("passage.py", {"id": "x/1"}),
                        ("report.py", {"id": "x"})):  # fmt: skip
        [error] = drawn(page, **asked).error
        assert "python \\-m indexer build" in error.value


def test_a_hostile_address_is_text_in_every_place(answering: Searcher) -> None:
    evil = "'><img src=x onerror=alert(1)>"
    shown = html(drawn("ask.py", q=f"care {evil}", council=evil, report=evil, section=evil))
    assert "<img" not in shown
    assert escape(evil) in shown


def test_marked_text_is_escaped_within_and_without() -> None:
    assert marked("<b> & care", [(4, 5)]) == "&lt;b&gt; <mark>&amp;</mark> care"


def test_markdown_is_shown_as_it_stands() -> None:
    assert escape_markdown("![x](http://y) `z`") == "\\!\\[x\\]\\(http\\://y\\) \\`z\\`"


@pytest.mark.parametrize(
    ("grade", "expected"),
    [
        ("Good", "<span class='grade good'>Grade: Good</span>"),
        (
            "Requires improvement",
            "<span class='grade improving'>Grade: Requires improvement</span>",
        ),
        ("<i>", "<span class='grade ungraded'>Grade: &lt;i&gt;</span>"),
        (None, ""),
    ],
)
def test_a_grade_is_a_badge_that_says_so_in_words(grade: str | None, expected: str) -> None:
    assert badge(grade) == expected


def test_a_grade_that_the_heading_repeats_is_said_once() -> None:
    assert section_line("Care: Good", "Good") == f"<span>Care</span> {badge('Good')}"
    assert section_line("Care: good", "Good") == f"<span>Care</span> {badge('Good')}"
    assert section_line("Care is good", "Good") == f"<span>Care is good</span> {badge('Good')}"
    assert section_line(None, None) == ""


def test_what_is_copied_cannot_leave_its_attribute() -> None:
    assert "onclick" not in re.sub(r"'[^']*'", "", copy_button("Copy", "' onclick='x", "'>y"))
