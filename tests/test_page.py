"""What the pages draw, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from index.errors import IndexMissingError
from pages.drawing import escape_markdown, marked

if TYPE_CHECKING:
    from search.ask import Searcher

PAGES = Path(__file__).parents[1] / "pages"


@pytest.fixture
def answering(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> Searcher:
    """The pages answer from the made reports."""
    monkeypatch.setattr("search.ask.shared_searcher", lambda _: searcher)
    return searcher


def _drawn(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / page), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def _html(app: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in app.get("html"))


def test_the_first_page_offers_questions_to_ask(answering: Searcher) -> None:
    app = _drawn("ask.py")
    assert app.title[0].value == "Inspection Search"
    assert app.button[0].label == "how are care leavers supported?"
    assert not app.header


def test_an_answer_shows_its_quotations_its_sources_and_its_paragraphs(answering: Searcher) -> None:
    question = "how are care leavers supported?"
    result = answering.ask(question)
    assert result.answered
    app = _drawn("ask.py", q=question)
    shown = _html(app)
    for number, quotation in enumerate(result.answer, start=1):
        assert f"“{quotation.quote}”&nbsp;<sup>[{number}]</sup>" in shown
        assert f">{quotation.citation.label}</a></li>" in shown
    assert shown.count("class='paragraph'") == len(result.hits)
    assert app.header[0].value == "Answer"


def test_a_refusal_is_headed_as_one(answering: Searcher) -> None:
    app = _drawn("ask.py", q="?!")
    assert app.header[0].value == "No answer found"
    assert app.header[1].value == "Nearest paragraphs, not an answer"
    assert "The question holds no words" in _html(app)


def test_a_question_of_blanks_gets_an_error_that_says_what_to_do(answering: Searcher) -> None:
    [error] = _drawn("ask.py", q="  ").error
    assert "The question is empty" in error.value


def test_a_long_question_is_cut_with_a_notice(answering: Searcher) -> None:
    [notice] = _drawn("ask.py", q="care leavers " * 8000).info
    assert "the first 1,000 were searched for" in notice.value


def test_a_missing_index_is_an_error_box_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: Path) -> None:
        raise IndexMissingError("There is no index. Build it: python -m indexer build")

    monkeypatch.setattr("search.ask.shared_searcher", missing)
    for page, query in (("ask.py", {"q": "care"}), ("passage.py", {"id": "x/1"})):
        [error] = _drawn(page, **query).error
        assert "python \\-m indexer build" in error.value


def test_a_paragraph_has_a_page_of_its_own(answering: Searcher) -> None:
    hit = answering.ask("how are care leavers supported?").hits[0]
    app = _drawn("passage.py", id=hit.id)
    assert f"para {hit.paragraph}" in app.header[0].value


def test_a_paragraph_that_is_gone_is_said_to_be(answering: Searcher) -> None:
    [error] = _drawn("passage.py", id="gone/1").error
    assert "no paragraph gone/1" in error.value


def test_marked_text_is_escaped_within_and_without() -> None:
    assert marked("<b> & care", [(4, 5)]) == "&lt;b&gt; <mark>&amp;</mark> care"


def test_markdown_is_shown_as_it_stands() -> None:
    assert escape_markdown("![x](http://y) `z`") == "\\!\\[x\\]\\(http\\://y\\) \\`z\\`"
