"""Many questions: what tables are read, what is said of those that are not, what comes out."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import UsageError
from index.printable import printable
from index.records import Filters
from search.batch import (
    MOST_BYTES,
    MOST_QUESTIONS,
    answers,
    answers_csv,
    count_in_words,
    read_questions,
    refusals,
    selection_of,
)
from search.export import markdown
from tests.drawn import drawn, html

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from search.ask import Searcher

ASKED = (
    b"id,question,council\n"
    b"a,how are care leavers supported?,\n"
    b"b,?!,\n"
    b"c,who is in good housing?,Northbridge City Council\n"
    b"d,who is in good housing?,Nowhere\n"
)

GOOD = [
    (b"question\nwho?\n", [("1", "who?")]),
    (b"\xef\xbb\xbfQuestion,ID\r\nwho?,x\r\nwhat?,\r\n", [("x", "who?"), ("2", "what?")]),
    (b'id;question\n7;"who; and when?"\n', [("7", "who; and when?")]),
    (b"id\tquestion\n7\twho, when?\n", [("7", "who, when?")]),
    (b"question,\nwho?,\n\n,,\nwhat?,\n", [("1", "who?"), ("2", "what?")]),
    (b"question\nwho\x92s?\n", [("1", "who’s?")]),
    (b'question\n"two\nlines?"\n', [("1", "two\nlines?")]),
]


@pytest.mark.parametrize(("data", "expected"), GOOD)
def test_tables_as_spreadsheets_write_them_are_read(
    data: bytes, expected: list[tuple[str, str]]
) -> None:
    assert [(one.id, one.question) for one in read_questions(data)] == expected


BAD = [
    (b"", "The file is empty"),
    (b"\n\n", "The file is empty"),
    (b"query\nwho?\n", "no column named question; it has “query”"),
    (b"question\n", "no questions below"),
    (b"question,town\nwho?,x\n", "no filter “town”"),
    (b"question,question\nwho?,x\n", "same name"),
    (b"id,question\n7,\n", "Line 2 has no question"),
    (b"question,from\nwho?,soon\n", "Line 2: Input should be a valid date"),
    (b"question,latest\nwho?,perhaps\n", "Line 2: Input should be a valid boolean"),
    (b"question\nwho, and when?\n", "Line 2 has more cells"),
    (b'question\n"who?\n', "is no CSV"),
    (b"PK\x03\x04\x00\x00", "not text"),
    (b"question\n\x81\x8d\x8f\n", "not text"),
    (b"question\n" + b"who?\n" * (MOST_QUESTIONS + 1), "at most 500"),
    (b"x" * (MOST_BYTES + 1), "larger than 1 MB"),
]


@pytest.mark.parametrize(("data", "complaint"), BAD)
def test_what_is_wrong_with_a_table_is_said(data: bytes, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        read_questions(data)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f"question\n{text}".encode()))
def test_any_bytes_are_questions_or_a_usage_error(data: bytes) -> None:
    said, lines = "", []
    try:
        lines = read_questions(data)
    except UsageError as error:
        said = str(error)
    assert printable(said) == said
    assert all(one.question.strip() for one in lines)


def test_filters_go_by_the_names_of_the_command() -> None:
    data = b"question,council,from,grade,latest\nwho?,Leeds,2020-01-31,Good,yes\n"
    [line] = read_questions(data)
    filters = line.filters(Filters())
    assert (filters.council, str(filters.date_from), filters.grade, filters.latest) == (
        "Leeds",
        "2020-01-31",
        "Good",
        True,
    )


def test_questions_are_answered_in_order_and_refusals_counted(searcher: Searcher) -> None:
    answered = list(answers(searcher, read_questions(ASKED)))
    assert [one.line.id for one in answered] == ["a", "b", "c", "d"]
    assert count_in_words(answered) == "4 questions: 2 answered, 2 refused"
    [(own, question, why), (_, _, other)] = refusals(answered)
    assert (own, question) == ("b", "?!")
    assert "no words" in why
    assert "no paragraph with these filters: Council: Nowhere" in other
    assert {hit.council for hit in answered[2].result.hits} == {"Northbridge City Council"}


def test_answers_come_as_a_row_for_each_quotation_and_each_refusal(searcher: Searcher) -> None:
    answered = list(answers(searcher, read_questions(ASKED)))
    data = answers_csv(answered, "http://127.0.0.1:8501")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert len(rows) == sum(max(len(one.result.answer), 1) for one in answered)
    for row in rows:
        assert bool(row["quotation"]) == (row["answered"] == "yes")
        assert bool(row["refusal"]) == (row["answered"] == "no")
        assert bool(row["nearest"]) == (row["id"] == "b")
        assert row["link"].startswith("http://127.0.0.1:8501/passage?id=") or not row["link"]


def test_a_batch_is_exported_with_a_part_for_each_question(searcher: Searcher) -> None:
    out = markdown(selection_of(list(answers(searcher, read_questions(ASKED)))))
    assert out.startswith("# 4 questions: 2 answered, 2 refused\n")
    assert [one for one in out.splitlines() if one.startswith("## ")] == [
        "## a. how are care leavers supported?",
        "## b. ?\\!",
        "## c. who is in good housing?",
        "## d. who is in good housing?",
    ]


def test_more_questions_than_are_asked_together_are_all_answered(searcher: Searcher) -> None:
    data = b"question\n" + b"care leavers\n" * 70
    assert len(list(answers(searcher, read_questions(data)))) == 70


@pytest.fixture
def page(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("search.ask.shared_searcher", lambda _: searcher)
    return drawn("batch.py")


def test_the_page_answers_what_is_uploaded(page: AppTest) -> None:
    page.file_uploader[0].set_value(("asked.csv", ASKED, "text/csv"))
    page.button[0].click().run()
    assert not page.exception
    assert "4 questions: 2 answered, 2 refused." in html(page)
    labels = [one.proto.label for one in page.get("download_button")]
    assert labels == ["Download an example", "Download as CSV", "Word", "Markdown"]


def test_the_page_says_what_is_wrong_with_what_is_uploaded(page: AppTest) -> None:
    page.file_uploader[0].set_value(("asked.csv", b"query\nwho?\n", "text/csv"))
    page.button[0].click().run()
    [error] = page.error
    assert "no column named question" in error.value


def test_the_page_asks_for_a_file_first(page: AppTest) -> None:
    page.button[0].click().run()
    [error] = page.error
    assert "Choose a file first" in error.value
