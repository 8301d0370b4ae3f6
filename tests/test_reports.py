"""What the front pages of a report say, and nothing they do not say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Box, Facts
from indexer.lines import Document, Line
from indexer.readers import read_document
from indexer.reports import normal_grade, read_facts

CORPUS = Path(__file__).parents[1] / "corpus"
RI = "Requires improvement to be good"


@pytest.mark.parametrize(
    ("printed", "grade"),
    [
        ("Good", "Good"),
        ("outstanding", "Outstanding"),
        ("Requires  improvement", RI),
        ("Requires Improvement", RI),
        ("Require improvement", RI),  # Isle of Wight 2014
        ("requires improvement to be good.", RI),
        ("Not judged", "Not judged"),  # City of London 2016, adoption
        ("Adequate", "Adequate"),  # Medway 2013
        ("goodness", None),
        ("requires", None),
        ("", None),
    ],
)
def test_a_printed_grade_has_one_normal_form(printed: str, grade: str | None) -> None:
    assert normal_grade(printed) == grade


def paged(*pages: str) -> Document:
    """A document of pages; each is its lines, one a line of text."""
    lines = [
        Line(text.strip(), box=Box(number, 70, 70 + 14 * row, 500, 84 + 14 * row), size=12)
        for number, page in enumerate(pages, start=1)
        for row, text in enumerate(page.strip().splitlines())
    ]
    return Document(tuple(lines), pages=len(pages))


def unpaged(text: str) -> Document:
    return Document(tuple(Line(line.strip()) for line in text.strip().splitlines()), pages=None)


ILACS_2019 = """
    1
    Derbyshire County Council
    Inspection of children’s social care services
    Inspection dates: 8 July 2019 to 12 July 2019 and 7 August 2019 to
    8 August 2019
    Lead inspector: Julie Knight
    Her Majesty’s Inspector
    Judgement\tGrade
    The impact of leaders on social work practice with
    children and families Good
    The experiences and progress of children who need help
    and protection
    Requires improvement
    to be good
    The experiences and progress of children in care Requires improvement
    and care leavers to be good
    Overall effectiveness Requires improvement
    to be good
    Good leadership, in the view of inspectors, has not yet changed
    the experiences and progress of care leavers, good though their plans are.
"""
# The cells read crosswise, as a reader that goes strictly by height would.
ILACS_2024 = """
    Inspection of the Isle of Wight local
    authority children’s services
    Inspection dates: 30 October to 3 November 2023
    Lead inspector: Amanda Maxwell, His Majesty’s Inspector
    Judgement Grade
    The impact of leaders on social work Good
    practice with children and families
    The experiences and progress of Requires improvement
    children who need help and protection to be good
    The experiences and progress of children in care Good
    The experiences and progress of care leavers Outstanding
    Overall effectiveness Good.
"""
SIF_COVER = """
    1
    Isle of Wight Council
    Inspection of services for children in need of help and
    protection, children looked after and care leavers
    and
    Review of the effectiveness of the local safeguarding children
    board
    Inspection date: 16 September 2014 – 8 October 2014
    Report published: 19 November 2014
    The overall judgement is that children’s services require improvement
    The judgements on areas of the service that contribute to overall effectiveness are:
    1. Children who need help and protection Require improvement
    2. Children looked after and achieving
    permanence
    Good
    2.1 Adoption performance Not judged
    2.2 Experiences and progress of care leavers Outstanding
    1. Leadership, management and governance Inadequate
    Executive summary
    Adoption performance: good plans are made, but late.
"""
SIF_BOARD = """
    The Local Safeguarding Children Board (LSCB) is good at
    asking the right questions, and was judged inadequate in 2010.
    The Local Safeguarding Children Board requires
    improvement
    Executive summary
"""
SIF_TEAM = """
    lead inspector attended by both the director for children’s services and
    The inspection team
    Lead inspector on site: Fiona J Millns HMI
    Deputy lead inspector: Pietro Battista
"""
YEAR_2013 = """
    Inspection of looked after children
    services
    Medway Council
    Inspection dates: 15-19 July 2013
    Reporting inspector Sarah Urding HMI
    Age group: All
    Published: 23 August 2013
"""
RECORD_2013 = """
    Record of main findings
    Services for looked after children
    Overall effectiveness Inadequate Grade 4
    Capacity to improve Adequate Grade 3
    Outcomes for looked after children and
    young people
    Inadequate Grade 4
    Quality of provision Inadequate Grade 4
    Leadership and management Good Grade 2
"""


def grades(facts: Facts) -> dict[str, str]:
    return {judgement.name: judgement.grade for judgement in facts.judgements}


def test_an_ilacs_cover_with_two_visits_is_read_whole() -> None:
    facts = read_facts(paged(ILACS_2019, "Good"), "derbyshire - 19 september 2019.pdf")
    assert facts.council == "Derbyshire County Council"
    assert facts.framework == "ILACS (short, extended by second visit)"
    assert (facts.inspection_start, facts.inspection_end) == (date(2019, 7, 8), date(2019, 8, 8))
    assert facts.published == date(2019, 9, 19)
    assert facts.lead_inspector == "Julie Knight"
    assert grades(facts) == {
        "The impact of leaders on social work practice with children and families": "Good",
        "The experiences and progress of children who need help and protection": RI,
        "The experiences and progress of children in care and care leavers": RI,
        "Overall effectiveness": RI,
    }
    assert facts.overall == RI


def test_table_cells_read_crosswise_still_give_each_name_its_grade() -> None:
    facts = read_facts(paged(ILACS_2024), "isle of wight - 15 december 2023.pdf")
    assert facts.council == "Isle of Wight"
    assert facts.framework == "ILACS (short)"
    assert facts.lead_inspector == "Amanda Maxwell"
    assert list(grades(facts).values()) == ["Good", RI, "Good", "Outstanding", "Good"]
    assert facts.judgements[1].printed == "Requires improvement to be good"


def test_a_single_inspection_is_read_from_its_cover_its_board_section_and_its_team_page() -> None:
    facts = read_facts(paged(SIF_COVER, SIF_BOARD, SIF_TEAM), "x - 20 november 2014.pdf")
    assert facts.council == "Isle of Wight Council"
    assert facts.framework == "SIF + LSCB review"
    assert facts.published == date(2014, 11, 19)
    assert facts.lead_inspector == "Fiona J Millns"
    assert grades(facts) == {
        "1. Children who need help and protection": RI,
        "2. Children looked after and achieving permanence": "Good",
        "2.1 Adoption performance": "Not judged",
        "2.2 Experiences and progress of care leavers": "Outstanding",
        "3. Leadership, management and governance": "Inadequate",
        "Local Safeguarding Children Board": RI,
    }
    assert facts.judgements[0].printed == "Require improvement"
    assert facts.overall == RI


def test_the_inspection_of_looked_after_children_is_read_from_cover_and_last_page() -> None:
    contents = "Contents\nRecord of main findings\n24\nQuality of provision Good"
    facts = read_facts(paged(YEAR_2013, contents, RECORD_2013), "medway.pdf")
    assert facts.council == "Medway Council"
    assert facts.framework == "Inspection of looked after children services (2013)"
    assert facts.published == date(2013, 8, 23)
    assert facts.lead_inspector == "Sarah Urding"
    assert list(grades(facts).values()) == [
        "Inadequate",
        "Adequate",
        "Inadequate",
        "Inadequate",
        "Good",
    ]
    assert facts.overall == "Inadequate"


def test_a_file_of_two_reports_is_published_when_its_second_part_is() -> None:
    cover = SIF_COVER.split("and\n    Review", maxsplit=1)[0] + "Inspection date: 1 to 5 May 2014\n"
    board = """
        Kingston upon Hull Safeguarding
        Children Board
        Inspection of the effectiveness of the local safeguarding
        children board
        Report published: 10 February 2015
        The Local Safeguarding Children Board is good
    """
    document = paged(cover + "Report published: 3 February 2015", board)
    facts = read_facts(document, "hull - 1 january 2016.pdf")
    assert facts.framework == "SIF + joint LSCB inspection (integrated pilot)"
    assert facts.published == date(2015, 2, 10)
    assert grades(facts) == {"Local Safeguarding Children Board": "Good"}


TITLES = [
    ("Inspection of Leeds local authority children’s services", "Leeds"),
    ("Inspection of Barking and Dagenham children's services", "Barking and Dagenham"),  # 2023
    (
        "Inspection of Southend-on-Sea city\ncouncil local authority children’s\nservices",
        "Southend-on-Sea city council",
    ),
    ("Inspection of the London Borough of\nEaling children’s services", "London Borough of Ealing"),
    ("Barnsley\nInspection of children’s social care services", "Barnsley"),  # 2018
    ("Brent\nInspection of local authority children's services", "Brent"),  # 2018
    (
        "Tameside borough\nInspection of local authority children’s social care\nservices",
        "Tameside borough",  # 2019
    ),
    ("Medway Children’s Services\nInspection of children’s social care services", "Medway"),  # 2019
    (
        "Royal Borough of Windsor and\nMaidenhead\nInspection of children’s social care services",
        "Royal Borough of Windsor and Maidenhead",  # 2020
    ),
    (
        "Knowsley Council\nRe-inspection of services for children in need of help and",
        "Knowsley Council",  # 2017
    ),
    (
        "Hull Safeguarding Children Board\nInspection of the effectiveness of the local",
        "Hull",
    ),
    ("Inspection of children’s social care services", None),
    ("Annual report of the director", None),
    ("", None),
]


@pytest.mark.parametrize(("title", "council"), TITLES)
def test_the_council_is_the_name_in_the_title(title: str, council: str | None) -> None:
    text = f"{title}\nInspection dates: 20 to 31 January 2025"
    assert read_facts(paged(text), "report.pdf").council == council
    assert read_facts(unpaged(text), "report.txt").council == council


FRAMEWORKS = [
    (
        "X\nInspection of children’s social care services",
        "2 to 13 December 2024",
        "ILACS (standard)",
    ),
    ("X\nInspection of children’s social care services", "3 to 19 June 2019", "ILACS (standard)"),
    ("Inspection of X children’s services", "2 to 6 December 2019", "ILACS (short)"),
    ("Inspection of X children’s services", "at some time", "ILACS"),
    ("X\nRe-inspection of services for children in need", "1 to 20 May 2018", "SIF re-inspection"),
    ("X\nInspection of services for children in need", "1 to 20 May 2017", "SIF"),  # Leicester
    (
        "X Board\nReview of the effectiveness of the\nLocal Safeguarding Children Board",
        "1 to 20 May 2015",
        "LSCB review",
    ),
    ("Annual report", "1 to 20 May 2015", None),
]


@pytest.mark.parametrize(("title", "dates", "framework"), FRAMEWORKS)
def test_the_framework_is_told_by_the_title_and_the_days_on_site(
    title: str, dates: str, framework: str | None
) -> None:
    document = paged(f"{title}\nInspection dates: {dates}")
    assert read_facts(document, "report.pdf").framework == framework


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("Lead inspector: Shabana Abasi HMI", "Shabana Abasi"),  # Liverpool 2018
        ("Lead inspector: Andy Whippey, HMI", "Andy Whippey"),  # Havering 2018
        ("Lead inspector: Tracey Metcalfe, Her Majesty's Inspector", "Tracey Metcalfe"),  # 2018
        ("Lead inspector: Marie McGuinness Senior HMI", "Marie McGuinness"),  # Birmingham 2014
        ("Lead inspector: Paula Thomson-Jones", "Paula Thomson-Jones"),  # Rochdale 2018
        ("Lead inspector:\nPaul D’Inverno", "Paul D’Inverno"),  # a table's cell of its own
        ("Reporting inspector Gary Lamb HMI", "Gary Lamb"),  # Norfolk 2013
        ("Deputy lead inspector: Mike Ferguson", None),
        ("Lead inspector: to be named", None),
        ("Lead inspector: Louise Hocking assisted", None),
        ("Lead inspectors were told that", None),
        ("lead inspector Gary Lamb", None),
    ],
)
def test_the_lead_inspector_is_a_name_without_rank(printed: str, name: str | None) -> None:
    assert read_facts(paged(printed), "report.pdf").lead_inspector == name


@pytest.mark.parametrize("document", [paged(""), unpaged(""), paged("1\n2"), unpaged("Contents")])
def test_what_is_not_printed_is_none(document: Document) -> None:
    assert read_facts(document, "report.pdf") == Facts()


def test_prose_about_services_is_no_overall_grade_of_an_ilacs_report() -> None:
    text = """
        Inspection of X children’s services
        Inspection dates: 2 to 6 December 2019
        Children’s services in X are outstanding.
    """
    assert read_facts(paged(text), "report.pdf").overall is None


def test_a_judgement_of_an_earlier_inspection_is_not_taken_for_one_of_this() -> None:
    earlier = """
        The judgements of the last inspection were:
        1. Children who need help and protection Inadequate
        2.1 Adoption performance Good
    """
    prose = "An interest of the council is adoption performance. Good plans are made."
    cover = SIF_COVER.split("2.1 Adoption", maxsplit=1)[0] + prose
    facts = read_facts(paged(cover, earlier), "report.pdf")
    assert grades(facts)["1. Children who need help and protection"] == RI
    assert "2.1 Adoption performance" not in grades(facts)


def test_the_text_of_sunderland_2021_gives_the_facts_of_its_pdf() -> None:
    path = CORPUS / "sunderland-2021-08-20.txt"
    facts = read_facts(read_document(path), path.name)
    assert facts.council == "Sunderland City Council"
    assert facts.framework == "ILACS (standard)"
    assert (facts.inspection_start, facts.inspection_end) == (date(2021, 6, 28), date(2021, 7, 9))
    assert facts.published == date(2021, 8, 20)
    assert facts.lead_inspector == "Neil Penswick"
    assert list(grades(facts).values()) == ["Outstanding", "Good", "Outstanding", "Outstanding"]
    assert facts.overall == "Outstanding"


# Words of covers in any order and number, with whatever else stands between them.
COVER_WORDS = st.sampled_from(
    [line.strip() for text in (ILACS_2019, SIF_COVER, RECORD_2013) for line in text.splitlines()]
)


@given(st.lists(COVER_WORDS | st.text(max_size=80), max_size=40))
def test_no_lines_whatever_break_the_reading_or_turn_its_dates_round(texts: list[str]) -> None:
    facts = read_facts(unpaged("\n".join(texts)), "report.pdf")
    if facts.inspection_start is not None:
        assert facts.inspection_end is not None
        assert facts.inspection_start <= facts.inspection_end
    for judgement in facts.judgements:
        assert normal_grade(judgement.printed) == judgement.grade
