"""The rules of the splitter, each with the report and paragraph that asked for it."""

from __future__ import annotations

import pytest

from indexer.lines import Document
from indexer.paragraphs import Split, split_paragraphs
from tests.line_lists import lines_of


def split(rows: str) -> Split:
    lines = lines_of(rows)
    return split_paragraphs(Document(lines, pages=3))


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
            "a line that wraps to a number stands at the text's indent (Isle of Wight 2023, 31)",
            "12 71 146 | 2. The centre has moved to number\n12 99 160 | 3. The move is welcome.",
            ["2|The centre has moved to number 3. The move is welcome."],
        ),
        (
            "so it does at a page's top, where no space tells (Buckinghamshire 2014, 98)",
            "12 71 720 | 2. The centre has moved to number\n= 3\n12 99 84 | 25. The move is good.",
            ["2|The centre has moved to number 25. The move is good."],
        ),
        (
            "a number needs no space behind it (Cambridgeshire 2019, 10)",
            "12 71 146 | 2.Strong plans help.",
            ["2|Strong plans help."],
        ),
        (
            "a number needs no dot where it stands in its column (Nottingham 2022: '34 Most')",
            "12 71 146 | 2 Most plans help.",
            ["2|Most plans help."],
        ),
        (
            "figures at the text's indent are text without a dot too (Lewisham 2016, 60)",
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
        (  # Buckinghamshire 2014, page 28: the sentence below gives the grade, in bold
            (
                "12B 71 84 | The effectiveness of the Local Safeguarding Children Board\n"
                "12 71 110 | The arrangements for children are\n12B 71 124 | inadequate.\n"
                "12B 71 160 | Priority and immediate action:"
            ),
            "The effectiveness of the Local Safeguarding Children Board",
            "Inadequate",
            "Priority and immediate action:",
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
