from __future__ import annotations

import io
from typing import TYPE_CHECKING

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from index.errors import UnreadableFileError
from indexer.paragraphs import split_paragraphs
from indexer.readers.web import read_web_page
from indexer.readers.word import read_word

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.text.paragraph import Paragraph as WordParagraph


def saved(document: WordDocument) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def texts(document: WordDocument) -> list[str]:
    return [line.text for line in read_word(saved(document)).lines]


def wrapped(name: str, paragraph: WordParagraph, text: str) -> None:
    """Adds words to a paragraph inside an element of that name, as Word keeps its changes."""
    change, run, words = (OxmlElement(tag) for tag in (name, "w:r", "w:t"))
    words.text = text
    run.append(words)
    change.append(run)
    paragraph._element.append(change)


# Word


def test_the_numbers_that_word_computes_are_printed_before_their_paragraphs() -> None:
    document = docx.Document()
    for text in ("One.", "Two."):
        document.add_paragraph(text, style="List Number")
    document.add_heading("Training", 2)
    document.add_paragraph("Three.", style="List Number")
    document.add_paragraph("a point", style="List Bullet")
    assert texts(document) == ["1. One.", "2. Two.", "Training", "3. Three.", "• a point"]


def test_a_list_that_starts_again_counts_from_its_own_start() -> None:
    document = docx.Document()
    document.add_paragraph("One.", style="List Number")
    numbering = document.part.numbering_part.element
    style = document.styles["List Number"].element
    old = style.find(f"{qn('w:pPr')}/{qn('w:numPr')}/{qn('w:numId')}").get(qn("w:val"))
    abstract = next(
        number.find(qn("w:abstractNumId")).get(qn("w:val"))
        for number in numbering.iterchildren(qn("w:num"))
        if number.get(qn("w:numId")) == old
    )
    again = numbering.add_num(int(abstract))
    again.add_lvlOverride(0).add_startOverride(7)
    for text in ("Seven.", "Eight."):
        paragraph = document.add_paragraph(text, style="List Number")
        place = paragraph._element.get_or_add_pPr().get_or_add_numPr()
        place.get_or_add_ilvl().val = 0
        place.get_or_add_numId().val = again.numId
    assert texts(document) == ["1. One.", "7. Seven.", "8. Eight."]


def test_a_paragraph_taken_out_of_its_styles_list_has_no_number() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Plain.", style="List Number")
    paragraph._element.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = 0
    assert texts(document) == ["Plain."]


def test_words_put_in_are_read_and_words_struck_out_are_not() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Plans are ")
    wrapped("w:ins", paragraph, "good")
    wrapped("w:del", paragraph, "bad")
    assert texts(document) == ["Plans are good"]


def test_headings_weight_and_tables_of_a_word_document_are_kept() -> None:
    document = docx.Document()
    document.add_heading("What needs to improve?", 2)
    document.add_paragraph().add_run("All bold").bold = True
    mixed = document.add_paragraph("Partly ")
    mixed.add_run("bold").bold = True
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Overall effectiveness", "Good"
    heading, bold, plain, row = read_word(saved(document)).lines
    assert heading.heading == 2
    assert (bold.bold, plain.bold) == (True, False)
    assert row.text == "Overall effectiveness\tGood"


def test_a_word_report_is_split_under_its_headings_without_pages() -> None:
    document = docx.Document()
    document.add_heading("Example Council", 1)
    document.add_paragraph("Children are well served")
    document.add_paragraph("Their voices are heard.")
    for section in ("in care: good", "who need help and protection: inadequate"):
        document.add_heading(f"The experiences and progress of children {section}", 2)
        for n in range(3):
            document.add_paragraph(f"Finding {n} has no stop", style="List Number")
    document.add_heading("Training", 3)
    document.add_paragraph("They train.", style="List Number")
    found = split_paragraphs(read_word(saved(document)))
    assert [(p.number, p.section_grade, p.subheading) for p in found.paragraphs] == [
        ("1", "Good", None),
        ("2", "Good", None),
        ("3", "Good", None),
        ("4", "Inadequate", None),
        ("5", "Inadequate", None),
        ("6", "Inadequate", None),
        ("7", "Inadequate", "Training"),
    ]
    assert [p.text for p in found.unnumbered] == [
        "Children are well served",
        "Their voices are heard.",
    ]
    assert {p.page_start for p in found.paragraphs} == {None}


@pytest.mark.parametrize("data", [b"PK\x03\x04 broken", b"Dear council", b"<html></html>"])
def test_a_file_that_is_no_word_document_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="Word document"):
        read_word(data)


def test_a_word_document_without_words_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="no text"):
        read_word(saved(docx.Document()))


# HTML


PAGE = """<!doctype html><html><head><title>Report</title></head><body>
<nav><p>Home</p></nav><main><h1>Example Council</h1>
<table><tr><th>Judgement</th><th>Grade</th></tr>
<tr><td>Overall effectiveness</td><td>Good</td></tr></table>
<p>Children’s services are <b>good</b>.</p>
<h2>What needs to improve?</h2><ul><li>Plans &amp; visits<li>Training</ul>
<h2>The experiences and progress of care leavers: good</h2>
<ol><li><p>They are<br>in touch.</p></li><li>They have homes<sup>1</sup> at the 20<sup>th</sup>.
</ol>
<h2>The impact of leaders on social work practice with children and families: good</h2>
<ol start="3"><li>Leaders <em>lead</em>: <ul><li>well</li><li>often</li></ul></li></ol>
<p>4. Staff stay.</p></main><footer><p>Cookies</p></footer><script>var a = "5. No";</script>
</body></html>"""


def test_a_web_page_is_split_like_any_report_and_the_site_around_it_is_left() -> None:
    found = split_paragraphs(read_web_page(PAGE.encode()))
    assert [(p.number, p.text) for p in found.paragraphs] == [
        ("1", "They are in touch."),
        ("2", "They have homes at the 20th."),
        ("3", "Leaders lead: well often"),
        ("4", "Staff stay."),
    ]
    assert [(p.section, p.text) for p in found.unnumbered] == [
        ("(introduction)", "Children’s services are good."),
        ("What needs to improve?", "Plans & visits"),
        ("What needs to improve?", "Training"),
    ]
    assert {p.section_grade for p in found.paragraphs} == {"Good"}


def test_a_web_pages_row_has_its_cells_parted_by_tabs() -> None:
    lines = read_web_page(PAGE.encode()).lines
    assert [line.text for line in lines[:3]] == [
        "Example Council",
        "Judgement\tGrade",
        "Overall effectiveness\tGood",
    ]
    assert lines[0].heading == 1


@pytest.mark.parametrize(
    "page", ["<html><script>x</script></html>", "<p> </p>", "</p></div>", "<ol><li></ol><br>"]
)
def test_a_web_page_that_shows_nothing_is_refused(page: str) -> None:
    with pytest.raises(UnreadableFileError, match="shows no text"):
        read_web_page(page.encode())
