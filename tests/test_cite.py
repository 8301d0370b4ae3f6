from __future__ import annotations

from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Facts, Paragraph, Report
from search.cite import cite, days, inspection, label, pages, text_mark
from tests.made_records import SUNDERLAND, SUNDERLAND_2021, paragraph, passage_of

LIST = Report("scifact", "scifact.jsonl", None, Facts(), listed=True)
PARA = replace(paragraph("Text.", "27", section="Children in care"), page_start=7, page_end=7)

TITLE = "Sunderland City Council, ILACS inspection 28 June–9 July 2021"
LABELS = [
    (
        SUNDERLAND_2021,
        PARA,
        "Sunderland City Council, ILACS inspection 28 June–9 July 2021, para 27 (p. 7)",
    ),
    (
        SUNDERLAND_2021,
        replace(PARA, page_end=8),
        f"{TITLE}, para 27 (pp. 7–8)",
    ),
    (
        SUNDERLAND_2021,
        replace(PARA, page_start=None, page_end=None),
        f"{TITLE}, para 27",
    ),
    (
        SUNDERLAND_2021,
        replace(PARA, part="LSCB review"),
        f"{TITLE}, LSCB review, para 27 (p. 7)",
    ),
    (
        SUNDERLAND_2021,
        replace(PARA, number=None, section="What needs to improve"),
        f"{TITLE}, “What needs to improve” (p. 7)",
    ),
    (
        SUNDERLAND_2021,
        replace(PARA, number=None, section="(introduction)"),
        f"{TITLE}, introduction (p. 7)",
    ),
    (
        SUNDERLAND_2021,
        replace(PARA, number=None, section=None),
        f"{TITLE}, paragraph without a number (p. 7)",
    ),
    (
        replace(
            SUNDERLAND_2021, facts=replace(SUNDERLAND, inspection_start=None, inspection_end=None)
        ),
        PARA,
        "Sunderland City Council, ILACS inspection published 20 August 2021, para 27 (p. 7)",
    ),
    (
        replace(SUNDERLAND_2021, facts=Facts(council="Sunderland City Council")),
        PARA,
        "Sunderland City Council, para 27 (p. 7)",
    ),
    (replace(SUNDERLAND_2021, facts=Facts()), PARA, "sunderland.pdf, para 27 (p. 7)"),
    (LIST, paragraph("Text.", "4983"), "scifact.jsonl, passage 4983"),
]


@pytest.mark.parametrize(("report", "cited", "expected"), LABELS)
def test_a_label_gives_all_that_is_printed_and_nothing_else(
    report: Report, cited: Paragraph, expected: str
) -> None:
    assert label(report, cited) == expected


DAYS = [
    (date(2021, 6, 28), date(2021, 7, 9), "28 June–9 July 2021"),
    (date(2020, 1, 13), date(2020, 1, 24), "13–24 January 2020"),
    (date(2019, 12, 30), date(2020, 1, 3), "30 December 2019–3 January 2020"),
    (date(2020, 1, 3), date(2020, 1, 3), "3 January 2020"),
    (None, date(2020, 1, 3), "3 January 2020"),
    (date(2020, 1, 3), None, "3 January 2020"),
    (None, None, None),
]


@pytest.mark.parametrize(("start", "end", "expected"), DAYS)
def test_days_are_written_as_a_span(
    start: date | None, end: date | None, expected: str | None
) -> None:
    assert days(start, end) == expected


INSPECTIONS = [
    (Facts(), ""),
    (Facts(council="Hull"), "Hull"),
    (Facts(framework="ILACS (short)"), "ILACS inspection"),
    (Facts(council="Hull", framework="SIF + LSCB review"), "Hull, SIF inspection"),
    (Facts(framework="Inspection of looked after children"), "Inspection of looked after children"),
]


@pytest.mark.parametrize(("facts", "expected"), INSPECTIONS)
def test_an_inspection_is_called_one_once(facts: Facts, expected: str) -> None:
    assert inspection(facts) == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (7, 7, " (p. 7)"),
        (7, None, " (p. 7)"),
        (7, 9, " (pp. 7–9)"),
        (None, None, ""),
    ],
)
def test_pages_are_in_brackets(first: int | None, last: int | None, expected: str) -> None:
    assert pages(first, last) == expected


def test_a_citation_holds_what_its_label_says() -> None:
    found = cite(
        SUNDERLAND_2021,
        passage_of(PARA, 3, "sunderland-2021-08-20/27", SUNDERLAND_2021.id),
    )
    assert (found.id, found.paragraph) == ("sunderland-2021-08-20/27", "27")
    assert (found.file, found.council) == ("sunderland.pdf", "Sunderland City Council")
    assert (found.page_start, found.page_end) == (7, 7)
    assert found.label == LABELS[0][2]
    assert found.link == "/passage?id=sunderland-2021-08-20/27"


@given(st.text(min_size=1))
def test_a_link_leads_back_to_any_id(own: str) -> None:
    link = cite(
        SUNDERLAND_2021,
        passage_of(PARA, 0, own, SUNDERLAND_2021.id),
    ).link
    assert parse_qs(urlsplit(link).query, keep_blank_values=True) == {"id": [own]}
    assert urlsplit(link).path == "/passage"
    assert link.isascii()
    assert not set(link) & set("\"'<> ")


def test_a_mark_changes_with_the_words_and_with_nothing_else() -> None:
    first = passage_of(PARA, 3, "sunderland-2021-08-20/27", SUNDERLAND_2021.id)
    moved = passage_of(
        replace(PARA, number="28"), 4, "sunderland-2021-08-20/28", SUNDERLAND_2021.id
    )
    changed = passage_of(replace(PARA, text=PARA.text + "!"), 3, first.id, SUNDERLAND_2021.id)
    assert text_mark(first) == text_mark(moved) != text_mark(changed)
    assert text_mark(first).isalnum()
