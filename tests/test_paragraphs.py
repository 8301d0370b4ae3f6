from __future__ import annotations

import json
import os
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Box, Paragraph
from indexer.headings import grade_of
from indexer.lines import Document, Line
from indexer.paragraphs import INTRODUCTION, Split, split_paragraphs
from indexer.prose import bullet_end, joined
from indexer.readers import read_document
from tests.line_lists import document_of

LAYOUTS = sorted((Path(__file__).parent / "golden" / "layouts").glob("*.lines"))
SHARED = Path(__file__).parents[2] / "shared"
SUNDERLAND = Path(__file__).parents[1] / "corpus" / "sunderland-2021-08-20.txt"
TRUTHS = sorted((SHARED / "truth").glob("*.json"))
needs_truths = pytest.mark.skipif(
    not TRUTHS, reason="the hand-read reports are not beside the checkout"
)


def folded(text: str) -> str:
    return " ".join(text.split())


# Whole documents, one for each family of layouts. To write the expected files anew:
#     UPDATE_GOLDEN=1 python -m pytest tests/test_paragraphs.py


def shown(found: Split) -> dict[str, Any]:
    def one(paragraph: Paragraph) -> dict[str, Any]:
        fields = asdict(paragraph)
        fields["boxes"] = len(fields["boxes"])
        return fields

    return {
        "paragraphs": [one(paragraph) for paragraph in found.paragraphs],
        "unnumbered": [one(paragraph) for paragraph in found.unnumbered],
        "warnings": list(found.warnings),
    }


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda path: path.stem)
def test_each_family_of_layouts_is_read_as_its_golden_file_says(path: Path) -> None:
    found = shown(split_paragraphs(document_of(path)))
    golden = path.with_suffix(".json")
    if os.environ.get("UPDATE_GOLDEN"):
        text = json.dumps(found, ensure_ascii=False, indent=1)
        golden.write_text(f"{text}\n", encoding="utf-8")
    assert found == json.loads(golden.read_text(encoding="utf-8"))


# Words


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["a difference to their day-", "to-day lives"], "a difference to their day-to-day lives"),
        (["the multi-", "agency hub"], "the multi-agency hub"),
        (["short-", "and long-term"], "short- and long-term"),
        (["day-", "or week-long"], "day- or week-long"),
        (["For 19-", "to 21-year-olds"], "For 19- to 21-year-olds"),
        (["24-", "hour care"], "24-hour care"),
        (["in 2017–", "2018"], "in 2017–2018"),
        (["one –", "two"], "one – two"),
        (["one -", "two"], "one - two"),
        (["no\u00a0break ", " here"], "no break here"),
        (["schools", ", of whom"], "schools, of whom"),
    ],
)
def test_lines_join_as_they_were_broken(lines: list[str], text: str) -> None:
    assert joined(lines) == text


@pytest.mark.parametrize(
    ("heading", "grade"),
    [
        ("The experiences and progress of children in care: good", "Good"),
        ("The impact of leaders on social work practice is: Good", "Good"),
        ("Leadership, management and governance are outstanding", "Outstanding"),
        ("The effectiveness of the LSCB requires improvement.", "Requires improvement"),
        ("care leavers requires improvement to be good", "Requires improvement to be good"),
        ("The graded judgement is that it is inadequate", "Inadequate"),
        ("What needs to improve", None),
        ("Doing good work", None),
        ("For the greater goods", None),
    ],
)
def test_a_heading_ends_in_its_grade_or_has_none(heading: str, grade: str | None) -> None:
    assert grade_of(heading) == grade


def test_a_grade_alone_is_told_from_words_that_end_in_one() -> None:
    assert grade_of("Grade 4 (Inadequate)", alone=True) == "Inadequate"
    assert grade_of("Requires improvement", alone=True) == "Requires improvement"
    assert grade_of("The board is good", alone=True) is None


@pytest.mark.parametrize("text", ["\uf06e One", "\uf0a7\tOne", "◼ One", "– One", "• One"])
def test_a_bullet_is_known_by_its_glyph(text: str) -> None:
    assert text[bullet_end(text) :] == "One"


@pytest.mark.parametrize("text", ["One", "-one", "– ", "1. One"])
def test_what_is_no_bullet_is_left(text: str) -> None:
    assert bullet_end(text) == 0


# Plain text


def test_the_sunderland_text_is_read_whole_though_its_pages_cut_paragraphs() -> None:
    found = split_paragraphs(read_document(SUNDERLAND))
    source = folded(SUNDERLAND.read_text(encoding="utf-8"))
    assert [paragraph.number for paragraph in found.paragraphs] == [str(n) for n in range(1, 43)]
    for paragraph in found.paragraphs:
        assert f"{paragraph.number}. {paragraph.text}" in source
    assert found.paragraphs[41].text.endswith("many children's lives are improving in the city.")
    assert {(p.section, p.section_grade) for p in found.paragraphs} == {
        ("The experiences and progress of children who need help and protection: Good", "Good"),
        (
            "The experiences and progress of children in care and care leavers: Outstanding",
            "Outstanding",
        ),
        (
            "The impact of leaders on social work practice with children and families: Outstanding",
            "Outstanding",
        ),
    }
    assert [p.section for p in found.unnumbered] == [INTRODUCTION] * 4 + ["What needs to improve"]
    assert found.unnumbered[0].text.startswith("Children’s services in Sunderland are outstanding.")
    assert found.unnumbered[1].text.count("solid improvements were judged to have been made") == 1
    assert {p.page_start for p in found.paragraphs + found.unnumbered} == {None}
    assert found.warnings == ()


def test_boilerplate_after_the_last_paragraph_of_a_text_is_not_glued_to_it() -> None:
    rows = [Line(f"{n}. Text {n}.", blank_before=True) for n in range(1, 8)]
    rows.append(Line("The Office for Standards in Education regulates.", blank_before=True))
    rows.append(Line("Piccadilly Gate", blank_before=True))
    found = split_paragraphs(Document(tuple(rows), pages=None))
    assert found.paragraphs[-1].text == "Text 7."
    assert found.unnumbered == ()


# Published reports


@cache
def reading(file: str) -> Split:
    return split_paragraphs(read_document(SHARED / "reports" / file))


@needs_truths
@pytest.mark.parametrize("path", TRUTHS, ids=lambda path: path.stem)
def test_a_report_read_by_hand_is_read_alike(path: Path) -> None:
    truth = json.loads(path.read_text(encoding="utf-8"))
    expected = [
        (
            one["number"],
            one["part"],
            one["section"],
            one["section_grade"],
            one["subheading"],
            one["page_start"],
            one["page_end"],
            folded(one["text"]),
        )
        for one in truth["paragraphs"]
    ]
    found = [
        (
            p.number,
            p.part,
            p.section,
            p.section_grade,
            p.subheading,
            p.page_start,
            p.page_end,
            folded(p.text),
        )
        for p in reading(truth["file"]).paragraphs
    ]
    assert found == expected


# What once went wrong, each on the report that showed it.


@needs_truths
@pytest.mark.parametrize(
    ("file", "number", "section", "grade", "ending"),
    [
        (  # the page number stands in the text's own size
            "80518_wandsworth/children's services inspection - 16 february 2016.pdf",
            "11",
            "Recommendations",
            None,
            "a thorough assessment of need and risk.",
        ),
        (  # the heading is the last thing in the page's file
            "80512_redbridge/children's services inspection - 25 november 2016.pdf",
            "123",
            "Recommendations",
            None,
            "identify patterns and issues to be addressed.",
        ),
        (  # the heading is set like text
            "80576_warwickshire/children's services inspection - 14 july 2017.pdf",
            "1",
            "Recommendations",
            None,
            "delivered in partnership with all agencies.",
        ),
        (  # the box's row is set low
            "80521_manchester/children's services inspection - 03 september 2014.pdf",
            "133",
            "Leadership, management and governance",
            "Inadequate",
            "only just beginning to have an impact.",
        ),
        (  # a table stands below the paragraph
            "80418_norfolk/children's services inspection,  pdf - 16 august 2013.pdf",
            "3",
            "The inspection judgements and what they mean",
            None,
            "using the following four point scale.",
        ),
        (  # the grade is printed short, the judgement table has it in full
            "80489_brent/children's services inspection - 02 july 2018.pdf",
            "1",
            (
                "The experiences and progress of children who need help and protection "
                "requires improvement"
            ),
            "Requires improvement to be good",
            "many of which are unnecessary.",
        ),
    ],
    ids=lambda value: value.split("/")[0] if isinstance(value, str) and "/" in value else "",
)
def test_a_report_that_once_misled_the_reading_no_longer_does(
    file: str, number: str, section: str, grade: str | None, ending: str
) -> None:
    found = next(p for p in reading(file).paragraphs if p.number == number)
    assert (found.section, found.section_grade) == (section, grade)
    assert found.text.endswith(ending)


# Anything at all


boxes = st.builds(
    Box,
    page=st.integers(1, 3),
    x0=st.floats(0, 600),
    top=st.floats(0, 850),
    x1=st.floats(0, 600),
    bottom=st.floats(0, 850),
)
words = st.one_of(
    st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip())),
    st.sampled_from(["1. One", "2.", "3 Three", "\uf06e a", "Contents", "Key judgement\tGrade"]),
    st.sampled_from(["Overall effectiveness\tGood", "Summary", "12", "Recommendations", "- b"]),
)
placed = st.builds(
    Line,
    text=words,
    box=boxes,
    size=st.sampled_from([1.0, 8.0, 10.0, 12.0, 14.0, 16.0, 26.0]),
    bold=st.booleans(),
    italic=st.booleans(),
)
unplaced = st.builds(
    Line,
    text=words,
    bold=st.booleans(),
    heading=st.none() | st.integers(1, 6),
    blank_before=st.booleans(),
)


@given(st.lists(placed, max_size=30) | st.lists(unplaced, max_size=30))
def test_any_lines_are_split_without_an_error_and_without_inventing_words(
    lines: list[Line],
) -> None:
    found = split_paragraphs(Document(tuple(lines), pages=3))
    given_letters = {letter for line in lines for letter in line.text}
    for paragraph in (*found.paragraphs, *found.unnumbered):
        assert paragraph.text.strip()
        assert set(paragraph.text) <= given_letters | {" "}
