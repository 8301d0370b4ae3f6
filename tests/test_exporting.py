"""Exports: what stands in each format, and that hostile text stays text in all of them."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from index.printable import one_line
from index.records import Passage, Report
from search.export import (
    Excerpt,
    Part,
    Selection,
    bibtex,
    csl_json,
    harmless_cell,
    markdown,
    selection_of,
    table,
)
from search.word import word
from tests.made_records import SUNDERLAND, SUNDERLAND_2021, paragraph, passage_of

if TYPE_CHECKING:
    from search.ask import Searcher

BASE = "http://127.0.0.1:8501"
TEXT = "Care leavers live in good housing. They are proud of it."
PASSAGE = replace(
    passage_of(paragraph(TEXT, "27"), own="sunderland-2021-08-20/27"),
    report_id="sunderland-2021-08-20",
)
LABEL = "Sunderland City Council, ILACS inspection 28 June–9 July 2021, para 27"
ONE = Excerpt(TEXT[:34], SUNDERLAND_2021, PASSAGE, "how are care leavers housed?")
TWO = replace(ONE, quote=TEXT[35:], note="For the panel in May")
SELECTED = Selection("how are care leavers housed?", (Part("Answer", (ONE, TWO)),), BASE)

HOSTILE = [
    "<script>alert(1)</script> <img src=x onerror=alert(2)>",
    "![x](http://evil.example/a.png) [y](javascript:alert(1)) <http://evil.example>",
    "http://evil.example www.evil.example a@evil.example",
    '=HYPERLINK("http://evil.example","press")',
    "\u202egnihton si siht\u202c",
    "nul \x00 bell \x07 escape \x1b[31m form feed \x0c del \x7f nonchar \ufffe \uffff",
    "lone surrogate \udcff",
    "x" * 10_000,
    "| a | b |\n|---|---|\n# heading\n- list\n1. one\n```\ncode\n```",
    r"\input{/etc/passwd} $x^2$ 50% & {unbalanced} } { ~ # _",
    "</w:t></w:r><w:r> &amp; ]]> <!-- --> {{ 7*7 }}",
    "[^1]: another reference",
    "**bold** _it_ `code` ~~gone~~ $math$ :smile: &copy;",
]
any_text = st.text(max_size=60) | st.sampled_from(HOSTILE)


def hostile(text: str) -> Selection:
    """A selection that has `text` wherever text from outside can stand."""
    facts = replace(SUNDERLAND, council=text, framework=text, overall=text)
    report = Report(text, text, text, facts)
    stored = text.encode(errors="replace").decode()  # an id comes from the store, which is UTF-8
    passage = replace(
        PASSAGE, id=stored, paragraph=replace(paragraph(text, text, section=text, grade=text))
    )
    one = Excerpt(text, report, passage, text, note=text)
    return Selection(text, (Part(text, (one,), remark=text),), BASE)


class _Shown(HTMLParser):
    """The text of HTML, and the tags in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags = "", set[str]()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(text: str) -> _Shown:
    return _Shown(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))


def rows_of(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def lines_of(data: bytes) -> list[str]:
    return [one.text for one in docx.Document(io.BytesIO(data)).paragraphs]


def test_a_result_is_exported_as_it_is_shown(searcher: Searcher) -> None:
    result = searcher.ask("how are care leavers supported?")
    assert result.answered
    selection = selection_of(result, searcher.passage, BASE)
    answer, paragraphs = selection.parts
    assert answer.heading == "Answer"
    assert [one.quote for one in answer.excerpts] == [one.quote for one in result.answer]
    assert [one.quote for one in paragraphs.excerpts] == [one.text for one in result.hits]
    assert selection.title == result.question


def test_a_refusal_is_exported_as_one(searcher: Searcher) -> None:
    result = searcher.ask("?!")
    refused, nearest = selection_of(result, searcher.passage).parts
    assert (refused.heading, refused.remark) == ("No answer found", result.refusal)
    assert refused.excerpts == ()
    assert nearest.heading == "Nearest paragraphs, not an answer"
    assert result.refusal in lines_of(word(selection_of(result, searcher.passage)))


def test_a_paragraph_that_a_rebuild_took_away_is_said_to_be_gone(searcher: Searcher) -> None:
    def gone(passage_id: str) -> tuple[Report, Passage]:
        raise KeyError(passage_id)

    result = searcher.ask("care leavers")
    paragraphs = selection_of(result, gone).parts[1]
    assert paragraphs.excerpts == ()
    count = len(result.hits)
    assert paragraphs.remark == f"{count} of {count} went when the index was rebuilt. Ask again."


def test_a_passage_that_is_quoted_twice_is_one_reference() -> None:
    assert SELECTED.references() == {"sunderland-2021-08-20/27": 1}
    assert markdown(SELECTED).count("[^1]: ") == 1
    assert bibtex(SELECTED).count("@techreport{") == 1
    assert len(json.loads(csl_json(SELECTED))) == 1
    assert lines_of(word(SELECTED)).count(LABEL) == 1


def test_markdown_has_footnotes() -> None:
    assert markdown(SELECTED).splitlines() == [
        "# how are care leavers housed?",
        "",
        "## Answer",
        "",
        "> “Care leavers live in good housing.” [^1]",
        "",
        "> “They are proud of it.” [^1]",
        "",
        "Note: For the panel in May",
        "",
        f"[^1]: [{LABEL}](<{BASE}/passage?id=sunderland-2021-08-20/27&text=36092c9e>)",
    ]


def test_without_an_address_there_are_no_links() -> None:
    alone = replace(SELECTED, base="")
    assert markdown(alone).endswith(f"[^1]: {LABEL}\n")
    assert LABEL in lines_of(word(alone))
    assert not _links(word(alone))


def _links(data: bytes) -> list[str]:
    relations = docx.Document(io.BytesIO(data)).part.rels.values()
    return [one.target_ref for one in relations if one.reltype == RELATIONSHIP_TYPE.HYPERLINK]


def test_a_word_document_has_headings_quotations_and_a_numbered_list_of_references() -> None:
    document = docx.Document(io.BytesIO(word(SELECTED)))
    said = [(one.style.name if one.style else None, one.text) for one in document.paragraphs]
    assert said == [
        ("Title", "how are care leavers housed?"),
        ("Heading 1", "Answer"),
        ("Quote", "“Care leavers live in good housing.” (Sunderland 2021, para 27) [1]"),
        ("Quote", "“They are proud of it.” (Sunderland 2021, para 27) [1]"),
        ("Normal", "Note: For the panel in May"),
        ("Heading 1", "References"),
        ("List Number", LABEL),
    ]
    assert document.paragraphs[2].runs[-1].font.superscript
    assert _links(word(SELECTED)) == [f"{BASE}/passage?id=sunderland-2021-08-20/27&text=36092c9e"]


def test_csv_has_a_row_for_each_quotation() -> None:
    first, second = rows_of(table(SELECTED))
    assert first["quotation"] == ONE.quote
    assert first["citation"] == LABEL
    assert first["inspection_end"] == "2021-07-09"
    assert first["page_start"] == ""
    assert second["note"] == "For the panel in May"


def test_bibtex_and_csl_hold_what_is_quoted() -> None:
    said = "“Care leavers live in good housing.” “They are proud of it.” Note: For the panel in May"
    assert f"  annote = {{{said}}},\n}}\n" in bibtex(SELECTED)
    [item] = json.loads(csl_json(SELECTED))
    assert (item["annote"], item["locator"]) == (said, "para 27")


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n-1", " =1", "'=1", "＝1"]
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["", "27", "a=1", "“=1”", "para 3–4", "(-1)"])
def test_other_cells_are_as_they_were(text: str) -> None:
    assert harmless_cell(text) == text


@given(any_text)
def test_no_text_is_a_formula_in_csv(text: str) -> None:
    for row in rows_of(table(hostile(text))):
        assert row["quotation"] in (one_line(text), f"'{one_line(text)}")
        assert not any(re.match(r"\s*[=+\-@\t\r]", cell) for cell in row.values())


@given(any_text)
def test_any_text_is_text_in_markdown(text: str) -> None:
    shown = rendered(markdown(hostile(text)))
    assert shown.tags <= {"h1", "h2", "p", "blockquote", "a"}
    assert "".join(f"“{one_line(text)}”".split()) in "".join(shown.text.split())


@given(any_text)
def test_any_text_is_text_in_word(text: str) -> None:
    shown = [re.sub(r"\\u(fff[ef])", lambda one: chr(int(one[1], 16)), line)
             for line in lines_of(word(hostile(text)))]  # fmt: skip
    quoted = re.sub(r"\\u(fff[ef])", lambda one: chr(int(one[1], 16)), one_line(text))
    assert any(line.startswith(f"“{quoted}” (") for line in shown)
    assert len(shown) == (7 if text else 6)


@given(any_text)
def test_no_text_ends_a_field_of_bibtex(text: str) -> None:
    out = bibtex(hostile(text))
    bare = re.sub(r"\\[#$%&_{}]", "", out)
    depth = 0
    for mark in re.findall("[{}]", bare):
        depth += 1 if mark == "{" else -1
        assert depth >= 0
    assert depth == 0
    commands = set(re.findall(r"\\[A-Za-z]+", out))
    assert commands <= {"\\textbackslash", "\\textasciicircum", "\\textasciitilde"}


@given(any_text)
def test_any_text_is_text_in_csl(text: str) -> None:
    out = csl_json(hostile(text))
    assert out.isascii()
    [item] = json.loads(out)
    quoted = f"“{one_line(text)}”"
    assert item["annote"] == (f"{quoted} Note: {one_line(text)}" if text else quoted)
