from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Facts, Filters, Report
from search.scope import read_scope


def report(council: str, year: int, month: int = 6) -> Report:
    facts = Facts(
        council=f"{council} City Council",
        inspection_start=date(year, month, 1),
        inspection_end=date(year, month, 12),
        published=date(year, month, 28),
    )
    return Report(f"{council.lower()}-{year}", f"{council}-{year}.pdf", council, facts)


REPORTS = [
    report("Leeds", 2018, 10),
    report("Leeds", 2022, 2),
    report("Sunderland", 2021),
    report("Sunderland", 2025, 1),
    report("Bradford", 2018),
    report("Reading", 2019),
    report("Thurrock", 2016, 2),
    report("Bournemouth, Christchurch and Poole", 2021, 12),
    report("North Northamptonshire", 2022),
]
OPEN = Filters()
LEEDS, SUNDERLAND = Filters(council="Leeds"), Filters(council="Sunderland")
BCP = "Bournemouth, Christchurch and Poole"

NAMED = [
    ("early help in Leeds", LEEDS, "early help"),
    ("how good is leeds at early help?", LEEDS, "how good is at early help?"),
    ("Leeds's early help", LEEDS, "the early help"),
    ("Leeds City Council fostering", LEEDS, "fostering"),
    ("fostering at the City of Bradford", Filters(council="Bradford"), "fostering"),
    ("BCP care leavers", Filters(council=BCP), "care leavers"),
    ("care leavers, bournemouth christchurch & poole", Filters(council=BCP), "care leavers"),
    ("Leeds", LEEDS, "Leeds"),
    # A year says which report; a month which of two.
    ("Leeds 2022 early help", replace(LEEDS, report="leeds-2022"), "early help"),
    ("early help (Leeds, 2022)", replace(LEEDS, report="leeds-2022"), "early help"),
    ("early help in Leeds in 2018", replace(LEEDS, report="leeds-2018"), "early help"),
    (
        "what did Ofsted say about early help in Leeds in February 2022?",
        replace(LEEDS, report="leeds-2022"),
        "early help?",
    ),
    (
        "how strong is early help in Leeds according to the 2022 Ofsted inspection",
        replace(LEEDS, report="leeds-2022"),
        "how strong is early help",
    ),
    ("Leeds 2022", replace(LEEDS, report="leeds-2022"), "Leeds 2022"),
    # The latest, and spans of time.
    ("latest Sunderland inspection", replace(SUNDERLAND, latest=True), None),
    ("care leavers in the last inspection", Filters(latest=True), "care leavers"),
    ("care leavers before 2018", Filters(date_to=date(2017, 12, 31)), "care leavers"),
    ("care leavers since 2019", Filters(date_from=date(2019, 1, 1)), "care leavers"),
    ("care leavers after 2019", Filters(date_from=date(2020, 1, 1)), "care leavers"),
    ("care leavers since March 2019", Filters(date_from=date(2019, 3, 1)), "care leavers"),
    ("care leavers before March 2019", Filters(date_to=date(2019, 2, 28)), "care leavers"),
    ("care leavers until feb 2019", Filters(date_to=date(2019, 2, 28)), "care leavers"),
    (
        "care leavers between 2018 and 2020",
        Filters(date_from=date(2018, 1, 1), date_to=date(2020, 12, 31)),
        "care leavers",
    ),
    (
        "early help in Leeds 2018 and 2022",
        replace(LEEDS, date_from=date(2018, 1, 1), date_to=date(2022, 12, 31)),
        "early help",
    ),
    (
        "care leavers in 2018",
        Filters(date_from=date(2018, 1, 1), date_to=date(2018, 12, 31)),
        "care leavers",
    ),
    # A grade of whole reports.
    (
        "what do outstanding authorities do for care leavers?",
        Filters(overall="Outstanding"),
        "what do authorities do for care leavers?",
    ),
    (
        "supervision in councils rated as requires improvement",
        Filters(overall="Requires improvement to be good"),
        "supervision in councils",
    ),
    (
        "housing in inadequate inspections since 2019",
        Filters(overall="Inadequate", date_from=date(2019, 1, 1)),
        "housing in inspections",
    ),
    # A year that is part of what is asked stays in it.
    (
        "how many children in Leeds were on a plan at 31 March 2020?",
        LEEDS,
        "how many children were on a plan at 31 March 2020?",
    ),
    (
        "did Leeds act on the Children Act 2004?",
        LEEDS,
        "did act on the Children Act 2004?",
    ),
    (
        "how did Leeds support care leavers during the 2020 lockdown?",
        LEEDS,
        "how did support care leavers during the 2020 lockdown?",
    ),
    # A name that is a word needs a capital, and at the head more than that.
    ("reading in Reading", Filters(council="Reading"), "reading"),
    ("Reading 2019 schools", Filters(council="Reading", report="reading-2019"), "schools"),
]


@pytest.mark.parametrize(("asked", "filters", "left"), NAMED)
def test_what_a_question_names_becomes_a_filter_and_leaves_its_words(
    asked: str, filters: Filters, left: str | None
) -> None:
    scope = read_scope(asked, REPORTS, OPEN)
    assert (scope.filters, scope.missing) == (filters, None)
    if left is not None:
        assert scope.text == left


NOT_NAMED = [
    "how are care leavers supported?",
    "children's reading at school",
    "Reading support for children in care",
    "what has changed since the last inspection?",
    "how has turnover changed since the 2018 inspection?",
    "staff turnover compared with 2014",
    "better than Leeds",
    "compared with Leeds, how is early help?",
    "does Essex Police attend?",
    "27 care leavers at 2019 Street",
    "in 1998",
]


@pytest.mark.parametrize("asked", NOT_NAMED)
def test_what_only_looks_like_a_name_is_left_alone(asked: str) -> None:
    scope = read_scope(asked, REPORTS, OPEN)
    if "2019" not in asked:
        assert scope.filters == OPEN
    assert scope.missing is None


def test_a_council_that_is_only_compared_with_does_not_filter() -> None:
    scope = read_scope("is early help in Sunderland better than in Leeds?", REPORTS, OPEN)
    assert scope.filters == SUNDERLAND
    assert "Leeds" in scope.text
    scope = read_scope("how does Essex Police work in Thurrock", REPORTS, OPEN)
    assert scope.filters == Filters(council="Thurrock")
    assert scope.text == "how does Essex Police work"


def test_two_councils_are_both_searched_and_it_is_said() -> None:
    scope = read_scope("early help in Leeds and Bradford", REPORTS, OPEN)
    assert scope.filters == OPEN
    [notice] = scope.notices
    assert "Leeds and Bradford" in notice


MISSING = [
    ("private fostering in Halton", OPEN, "no report on Halton"),
    (
        "private fostering in Leeds in 2024",
        LEEDS,
        "no report on Leeds from 2024, but from 2018, 2022",
    ),
    ("the 2013 inspection report", OPEN, "no report from 2013"),
]


@pytest.mark.parametrize(("asked", "filters", "said"), MISSING)
def test_a_report_that_is_not_there_is_said_to_be_missing(
    asked: str, filters: Filters, said: str
) -> None:
    scope = read_scope(asked, REPORTS, OPEN)
    assert scope.filters == filters
    assert scope.missing is not None
    assert said in scope.missing.said
    # A later report may speak of the year, and so it is looked for.
    assert scope.missing.year is None or scope.missing.year in scope.text
    assert (scope.missing.year is not None) == (" from " in said)


def test_a_council_that_is_no_more_is_not_missing_where_a_successor_is_there() -> None:
    scope = read_scope("Northamptonshire Children's Trust", REPORTS, OPEN)
    assert (scope.filters, scope.missing) == (OPEN, None)
    [notice] = scope.notices
    assert notice.startswith("Northamptonshire is no more; North Northamptonshire followed it")


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("Northamptonshire (North, 2022 report) early help", "early help"),
        ("early help in Northamptonshire, north, in 2022", "early help"),
        ("early help at Northamptonshire Children's Trust (North)", "early help Children's Trust"),
    ],
)
def test_a_word_apart_tells_which_successor_is_meant(asked: str, left: str) -> None:
    scope = read_scope(asked, REPORTS, OPEN)
    assert scope.filters.council == "North Northamptonshire"
    assert (scope.text, scope.notices, scope.missing) == (left, (), None)


@pytest.mark.parametrize(
    "asked",
    [
        "poverty in the north of Northamptonshire",
        "Northamptonshire, north of Milton Keynes Hospital",
        "how does Northamptonshire work with West Midlands Police?",
    ],
)
def test_another_place_beside_an_old_council_is_no_successor(asked: str) -> None:
    scope = read_scope(asked, REPORTS, OPEN)
    assert (scope.filters, scope.missing) == (OPEN, None)


def test_what_the_reader_has_set_stays() -> None:
    given_report = Filters(report="leeds-2018")
    assert read_scope("Sunderland 2021", REPORTS, given_report).filters == given_report
    assert read_scope("early help in Leeds", REPORTS, SUNDERLAND).filters == SUNDERLAND
    dated = Filters(date_from=date(2020, 1, 1))
    assert read_scope("Leeds 2018", REPORTS, dated).filters == replace(dated, council="Leeds")


def test_the_name_of_the_council_that_is_searched_alone_leaves_the_words() -> None:
    for own in (Filters(report="leeds-2018"), Filters(council="Leeds")):
        scope = read_scope("early help in Leeds", REPORTS, own)
        assert (scope.filters, scope.text) == (own, "early help")
    assert read_scope("better than Leeds", REPORTS, LEEDS).text == "better than Leeds"
    assert read_scope("Leeds", REPORTS, LEEDS).text == "Leeds"


def test_a_list_of_passages_names_no_councils() -> None:
    listed = [Report("list", "list.jsonl", None, Facts(), listed=True)]
    asked = "what did the 2015 report say of London and Kent?"
    assert read_scope(asked, listed, OPEN).filters == OPEN
    assert read_scope(asked, [], OPEN).text == asked


WORDS = st.sampled_from(
    ["Leeds", "in", "2022", "since", "Reading", "the", "last", "inspection", "(", "'s", "care", "?"]
)


@given(st.lists(WORDS | st.text(), max_size=12).map(" ".join))
def test_any_question_keeps_words_to_look_for(asked: str) -> None:
    scope = read_scope(asked, REPORTS, OPEN)
    assert scope.text.strip() or not asked.strip()
    if scope.filters == OPEN and scope.missing is None:
        assert len(scope.text) <= len(asked)
