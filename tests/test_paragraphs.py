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
from tests.line_lists import document_of, lines_of

LAYOUTS = sorted((Path(__file__).parent / "golden" / "layouts").glob("*.lines"))
SHARED = Path(__file__).parents[2] / "shared"
SUNDERLAND = Path(__file__).parents[1] / "corpus" / "sunderland-2021-08-20.txt"
TRUTHS = sorted((SHARED / "truth").glob("*.json"))
needs_truths = pytest.mark.skipif(
    not TRUTHS, reason="the hand-read reports are not beside the checkout"
)


def split(rows: str) -> Split:
    lines = lines_of(rows)
    return split_paragraphs(Document(lines, pages=3))


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


# The rules, each with its example


# Pages above this row make the columns known: numbers at 71, text at 99, sections at 14 points.
OPENING = """\
= 2
14B 71 71 | The experiences and progress of children in care: good
12 71 104 | 1. Children in care are well known to those who work for them and they
12 99 119 | are seen often.
"""


@pytest.mark.parametrize(
    ("rule", "rows", "texts"),
    [
        (
            "a line that wraps to a number stands at the text's indent (a report has 25. twice)",
            "12 71 146 | 2. The centre has moved to number\n12 99 160 | 3. The move is welcome.",
            ["2|The centre has moved to number 3. The move is welcome."],
        ),
        (
            "so it does at a page's top, where no space above it tells",
            "12 71 720 | 2. The centre has moved to number\n= 3\n12 99 84 | 25. The move is good.",
            ["2|The centre has moved to number 25. The move is good."],
        ),
        (
            "a number needs no space behind it (Manchester 2014: '10.Strong')",
            "12 71 146 | 2.Strong plans help.",
            ["2|Strong plans help."],
        ),
        (
            "a number needs no dot where it stands in its column (Nottingham 2022: '34 Most')",
            "12 71 146 | 2 Most plans help.",
            ["2|Most plans help."],
        ),
        (
            "figures in the next number of the run, but at the text's indent, are text",
            "12 71 146 | 2. A rate of 56 per\n12 99 160 | 3 in the county.",
            ["2|A rate of 56 per 3 in the county."],
        ),
        (
            "a number printed wrong still begins a paragraph, and is warned of",
            "12 71 146 | 2. Plans help.\n12 71 172 | 13. Visits help.\n12 71 198 | 4. So do we.",
            ["2|Plans help.", "13|Visits help.", "4|So do we."],
        ),
        (
            "the column of numbers may shift (Lancashire 2018 at 79, Essex 2014 at 60)",
            "12 58 146 | 2. Plans help.\n12 85 172 | 3. Visits help.",
            ["2|Plans help.", "3|Visits help."],
        ),
        (
            "a number may be a line of its own, its text beside it",
            "12 71 146 | 2.\n12 99 146 | Plans help.",
            ["2|Plans help."],
        ),
        (
            "bullets set in from the number are its own, without their glyphs (Medway 2013, 2)",
            "12 71 146 | 2. It includes:\n12 99 172 | {f0a7}→visits\n12 99 199 | {f0a7}→plans",
            ["2|It includes: visits plans"],
        ),
        (
            "a second paragraph at the text's indent goes on (Knowsley 2014, 166)",
            "12 71 146 | 2. The board meets.\n12 99 161 | Often.\n12 99 190 | It has a plan.",
            ["2|The board meets. Often. It has a plan."],
        ),
        (
            "a table below a paragraph is not its text (Norfolk 2013, 3)",
            "12 71 146 | 2. There is a scale.\n12 119 176 | Good (Grade 2)→A service that helps",
            ["2|There is a scale."],
        ),
        (
            "small print is not its text, nor is a table at 11 points (Medway 2013, 3)",
            "12 71 146 | 2. There is a scale.\n11 119 161 | Good\n10 71 740 | 1 See the annex.",
            ["2|There is a scale."],
        ),
        (
            "bold words that end a sentence are text (Buckinghamshire 2014, page 28)",
            "12 71 146 | 2. Arrangements for children are\n12B 99 160 | inadequate.",
            ["2|Arrangements for children are inadequate."],
        ),
        (
            "words printed in section type but in small letters are text (Ealing 2024, page 7)",
            "12 71 146 | 2. Moves\n14 99 160 | have made them\n12 99 175 | unhappy.",
            ["2|Moves have made them unhappy."],
        ),
        (
            "large type inside a paragraph is text (Manchester 2014, page 9)",
            (
                "12 71 146 | 2. You are cared for by\n14 99 160 | Example Council, who make\n"
                "14 99 177 | plans"
            ),
            ["2|You are cared for by Example Council, who make plans"],
        ),
        (
            "a number may be smaller than its text, and a line of its own",
            "9 71 148 | 2.\n12 99 146 | Plans help.",
            ["2|Plans help."],
        ),
        (
            "a page number ends no paragraph, in whatever size (Wandsworth 2016)",
            "12 71 720 | 2. Plans are made in time\n12 510 780 | 11\n= 3\n12 99 84 | by staff.",
            ["2|Plans are made in time by staff."],
        ),
        (
            "a stop that a footnote's mark pushed down clings to its word (Hull 2015, page 11)",
            "12 71 146 | 2. Two live in special schools\n12 99 161 | , of whom one is out of town.",
            ["2|Two live in special schools, of whom one is out of town."],
        ),
        (
            "rows of a table of judgements are no paragraphs (Hillingdon 2014, page 1)",
            (
                "12 71 146 | 2. Plans help.\n"
                "12 71 190 | 3. Leadership, management and governance→Good\n12 71 230 | 3. We help."
            ),
            ["2|Plans help.", "3|We help."],
        ),
    ],
)
def test_a_layout_rule_holds_on_its_example(rule: str, rows: str, texts: list[str]) -> None:
    found = split(f"{OPENING}{rows}\n{CLOSING}").paragraphs
    read = [f"{paragraph.number}|{paragraph.text}" for paragraph in found[1:-3]]
    assert read == texts, rule


# Four more numbers, so that the document has a run, wherever the example's ended.
CLOSING = """\
= 4
12 71 84 | 90. First.
12 71 110 | 91. Second.
12 71 136 | 92. Third.
"""


@pytest.mark.parametrize(
    ("rows", "section", "grade", "subheading"),
    [
        (
            (
                "14B 71 97 | The experiences and progress of children looked after and achieving\n"
                "14B 71 113 | permanence: Good"
            ),
            "The experiences and progress of children looked after and achieving permanence: Good",
            "Good",
            None,
        ),
        (  # Reading 2019
            "12B 79 97 | The experience and progress of leavers requires improvement to be good.",
            "The experience and progress of leavers requires improvement to be good.",
            "Requires improvement to be good",
            None,
        ),
        (  # Bromley 2016: two cells too close for a gap
            (
                "14B 71 97 | Leadership, management and governance Inadequate\n"
                "12B 71 130 | Inspection findings"
            ),
            "Leadership, management and governance",
            "Inadequate",
            "Inspection findings",
        ),
        (  # Knowsley 2017, page 9: the grade's cell beside a title of two lines
            (
                "14B 77 103 | The experiences and progress of\n"
                "14B 77 119 | children who need help and protection\n"
                "14B 359 103 | Requires\n14B 359 120 | improvement"
            ),
            "The experiences and progress of children who need help and protection",
            "Requires improvement",
            None,
        ),
        (  # Hull 2015, page 29: plain type in a box
            (
                "12B 71 80 | Key judgement→Judgement grade\n"
                "12 71 107 | Leadership, management and\n12 71 122 | governance\n"
                "12 303 114 | Requires improvement\n12B 71 154 | Summary"
            ),
            "Leadership, management and governance",
            "Requires improvement",
            None,
        ),
        (  # Manchester 2014, page 30: the box's row set lower, then text without a summary
            (
                "12B 76 95 | Key judgement→Judgement grade\n"
                "12 76 127 | Leadership, management and governance→Inadequate\n12 76 157 | Leaders."
            ),
            "Leadership, management and governance",
            "Inadequate",
            None,
        ),
        (  # Medway 2013: the grade on a line of its own
            "18B 85 84 | Capacity to improve\n14B 85 120 | Grade 3 (Adequate)",
            "Capacity to improve",
            "Adequate",
            None,
        ),
        (  # Hillingdon 2014: a judgement in a sub-heading's type
            "12B 71 84 | The graded judgement for adoption performance is good.",
            "The graded judgement for adoption performance is good.",
            "Good",
            None,
        ),
        (  # Warwickshire 2017, page 7: in the text's own type
            "12 71 96 | Recommendations",
            "Recommendations",
            None,
            None,
        ),
        (  # Hull 2015, page 4: the innermost of three
            (
                "14B 71 84 | What does the local authority need to improve?\n"
                "12B 71 110 | Areas for improvement\n12.6I 70 136 | Leadership"
            ),
            "What does the local authority need to improve?",
            None,
            "Leadership",
        ),
        (  # Hull 2015 has themes in italics; a theme may have a section's words
            "14B 71 84 | Summary of findings\n12.6I 70 136 | Summary for children",
            "Summary of findings",
            None,
            "Summary for children",
        ),
        (  # Hull 2015: in a section's type, and none
            "14B 71 84 | Summary of findings\n14B 71 120 | The HSCB is good because:",
            "Summary of findings",
            None,
            "The HSCB is good because:",
        ),
    ],
)
def test_a_paragraph_stands_under_its_headings(
    rows: str, section: str, grade: str | None, subheading: str | None
) -> None:
    numbers = "".join(
        f"12 71 {200 + 26 * n} | {n}. Text number {n} is here.\n" for n in range(1, 7)
    )
    found = split(f"= 2\n{rows}\n{numbers}").paragraphs
    assert [paragraph.number for paragraph in found] == [str(n) for n in range(1, 7)]
    assert {p.section for p in found} == {section}
    assert {p.section_grade for p in found} == {grade}
    assert {p.subheading for p in found} == {subheading}


def test_a_page_whose_text_is_out_of_order_is_read_from_top_to_bottom() -> None:
    # Redbridge 2016, page 37, holds its first heading last.
    found = split(
        "= 2\n12 71 140 | 1. One.\n12 71 166 | 2. Two.\n12 71 192 | 3. Three.\n"
        "12 71 218 | 4. Four.\n12 71 244 | 5. Five.\n14B 71 101 | Recommendations\n"
    )
    assert [paragraph.section for paragraph in found.paragraphs] == ["Recommendations"] * 5


def test_a_line_of_the_introduction_that_begins_with_a_figure_begins_no_paragraph() -> None:
    found = split(
        "= 1\n12B 79 379 | Overall effectiveness→Good\n12 79 528 | Leaders have found that about\n"
        "= 2\n12 79 84 | 1 in 5 children in Example is cold.\n14B 72 113 | What needs to improve\n"
        "12 72 142 | ◼ Heating.\n14B 72 170 | The experiences and progress of care leavers: good\n"
        "12 90 204 | 1. They are warm.\n12 90 231 | 2. They are well.\n"
    )
    assert [p.text for p in found.paragraphs] == ["They are warm.", "They are well."]
    assert found.unnumbered[0].text.endswith("about 1 in 5 children in Example is cold.")


def test_words_that_end_several_pages_are_no_running_title() -> None:
    rows = "".join(
        f"= {n + 1}\n12 71 84 | {n}. Text {n}\n12 99 98 | goes on.\n"
        f"12 99 {740 + 3 * n} | (Recommendation)\n"
        for n in range(1, 8)
    )
    assert {p.text[-16:] for p in split(rows).paragraphs} == {"(Recommendation)"}


def test_a_running_title_in_the_texts_own_size_is_dropped() -> None:
    pages = "".join(
        f"= {n + 1}\n12 71 40 | Report on Example, page {n}\n12 71 84 | {n}. Text {n}.\n"
        for n in range(1, 8)
    )
    found = split(pages)
    assert [p.text for p in found.paragraphs] == [f"Text {n}." for n in range(1, 8)]
    assert found.unnumbered == ()


def test_a_gap_and_a_repeat_in_the_numbers_are_warned_of_and_stop_nothing() -> None:
    # Windsor and Maidenhead 2020 has no paragraph 15.
    numbers = [1, 2, 4, 4, 8]
    rows = "".join(f"12 71 {100 + 30 * i} | {n}. Text {n}.\n" for i, n in enumerate(numbers))
    found = split(f"= 2\n{rows}")
    assert [paragraph.number for paragraph in found.paragraphs] == [str(n) for n in numbers]
    assert found.warnings == (
        "paragraph 3 is missing: 2 is followed by 4",
        "paragraph 4 comes after 4",
        "paragraphs 5 to 7 are missing",
    )


def test_a_paragraph_has_a_box_for_each_of_its_lines_on_each_page() -> None:
    found = split(f"{OPENING}12 71 720 | 2. Plans are made\n= 3\n12 99 84 | in time.\n{CLOSING}")
    paragraph = found.paragraphs[1]
    assert (paragraph.page_start, paragraph.page_end) == (2, 3)
    assert [(box.page, box.x0, box.top) for box in paragraph.boxes] == [
        (2, 71.0, 720.0),
        (3, 99.0, 84.0),
    ]


# Words


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["a difference to their day-", "to-day lives"], "a difference to their day-to-day lives"),
        (["the multi-", "agency hub"], "the multi-agency hub"),
        (["short-", "and long-term"], "short- and long-term"),
        (["day-", "or week-long"], "day- or week-long"),
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
