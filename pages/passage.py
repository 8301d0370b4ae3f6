"""One paragraph by its permanent address: its words, its citation, and the page as printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from index.errors import InspectionSearchError
from index.manifest import configured_folder
from pages.address import link, search_in
from pages.drawing import (
    anchor,
    copy_button,
    draw_error,
    draw_title,
    escape_markdown,
    section_line,
)
from pages.exporting import base_address
from pages.paragraphs import as_printed, place
from search.ask import shared_searcher
from search.cite import cite, forms, permanent_link, text_mark
from search.printed import page_png

if TYPE_CHECKING:
    from pathlib import Path

    from index.records import Passage, Report
    from search.ask import Searcher

# The citations that people write by hand come first; those for programs are folded away.
_IN_SIGHT = 2


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the address of this page asks for: `mark` is that of the words which a link meant."""

    id: str
    mark: str | None
    whole: bool
    search: dict[str, str]

    @classmethod
    def present(cls) -> _Reading:
        query = st.query_params.to_dict()
        whole = query.get("whole") == "1"
        return cls(query.get("id", ""), query.get("text"), whole, search_in(query))

    def link(self, passage_id: str, **more: str) -> str:
        return link("/passage", {"id": passage_id, **self.search, **more})


def _draw_passage(reading: _Reading) -> None:
    searcher = shared_searcher(configured_folder())
    try:
        report, passage = searcher.passage(reading.id)
    except KeyError:
        _draw_gone(reading, searcher)
        return
    citation = cite(report, passage)
    st.set_page_config(page_title=f"{citation.label} – Inspection Search")
    if reading.search:
        st.html(f"<p>{anchor('Back to the results', '/', **reading.search)}</p>")
    st.header(escape_markdown(citation.label), anchor=False)
    if reading.mark not in (None, text_mark(passage)):
        st.warning(
            "This paragraph has changed since the link to it was made: its report has been read "
            "anew. Compare what you quoted with the words below."
        )
    paragraph = passage.paragraph
    under = "" if paragraph.subheading is None else f"<br>{escape(paragraph.subheading)}"
    st.html(
        f"<p class='facts'>{section_line(paragraph.section, paragraph.section_grade)}{under}</p>"
        f"<p class='paragraph'>{escape(paragraph.text)}</p>{_copies(report, passage)}"
        f"{_neighbours(reading, report, passage, searcher)}"
    )
    st.header("As printed", anchor=False)
    try:
        _draw_printed(reading, passage, report, searcher.original(report.id))
    except InspectionSearchError as error:
        st.html(f"<p>{escape(str(error))}</p>")
    st.header("Citations", anchor=False)
    st.html(_citations(report, passage))


def _draw_gone(reading: _Reading, searcher: Searcher) -> None:
    draw_error(
        f"The collection has no paragraph {reading.id}. It may have been removed, or its "
        "report been read anew; search for its words."
    )
    report_id = reading.id.rpartition("/")[0]
    try:
        report = searcher.generation.store.report(report_id)
    except KeyError:
        return
    st.html(f"<p>{anchor('The report that it was in', '/report', id=report.id)}</p>")


def _copies(report: Report, passage: Passage) -> str:
    full = forms(report, passage).full
    return (
        "<p class='deeds'>"
        + copy_button("Copy quotation", f"“{passage.paragraph.text}” ({full})")
        + copy_button("Copy citation", full)
        + copy_button("Copy link", permanent_link(passage))
        + "</p>"
    )


def _neighbours(reading: _Reading, report: Report, passage: Passage, searcher: Searcher) -> str:
    own = as_printed(searcher.generation.store.passages_of(report.id))
    at = next((at for at, one in enumerate(own) if one.id == passage.id), 0)
    before = own[at - 1] if at else None
    after = own[at + 1] if at + 1 < len(own) else None

    def step(one: Passage | None, label: str) -> str:
        if one is None:
            return "<span></span>"
        text = escape(f"{label}: {place(one)}")
        return f"<a href='{escape(reading.link(one.id))}' target='_self'>{text}</a>"

    there = {"id": report.id, "passage": passage.id, **reading.search}
    whole = anchor("Whole report", "/report", **there)
    return (
        "<nav class='turning' aria-label='Paragraphs of the report'>"
        f"{step(before, 'Previous')}{whole}{step(after, 'Next')}</nav>"
    )


def _draw_printed(
    reading: _Reading, passage: Passage, report: Report, original: Path | None
) -> None:
    if original is None:
        st.html(
            f"<p>The original, {escape(report.file)}, is no longer where it was read, or has "
            "changed since. The words above are as they were read.</p>"
        )
        return
    pages = sorted({box.page for box in passage.paragraph.boxes})
    if not pages:
        st.html(f"<p>The original, {escape(report.file)}, has no printed pages.</p>")
        return
    for page in pages:
        what = "Page" if reading.whole else "The part of page"
        st.image(
            page_png(original, page, passage.paragraph.boxes, crop=not reading.whole),
            alt=f"{what} {page} as printed, with {place(passage)} highlighted. "
            "Its words are above.",
            width="stretch",
        )
    one = len(pages) == 1
    if reading.whole:
        label, there = "Only the paragraph", reading.link(passage.id)
    else:
        label = f"The whole page {pages[0]}" if one else f"The whole pages {pages[0]}–{pages[-1]}"
        there = reading.link(passage.id, whole="1")
    st.html(f"<p><a href='{escape(there)}' target='_self'>{escape(label)}</a></p>")


def _citations(report: Report, passage: Passage) -> str:
    made = forms(report, passage, base_address())
    rows = (
        ("In full", made.full),
        ("Short, for a second mention", made.short),
        ("Markdown", made.markdown),
        ("HTML", made.html),
        ("BibTeX", made.bibtex),
        ("CSL-JSON", json.dumps([made.csl], ensure_ascii=False, indent=2)),
    )
    drawn = [
        f"<section class='citation'><p><strong>{label}</strong>"
        f"{copy_button('Copy', text, label)}</p><pre>{escape(text)}</pre></section>"
        for label, text in rows
    ]
    others = "".join(drawn[_IN_SIGHT:])
    return (
        "".join(drawn[:_IN_SIGHT])
        + f"<details><summary>Markdown, HTML, BibTeX and CSL-JSON</summary>{others}</details>"
    )


draw_title()
try:
    _draw_passage(_Reading.present())
except InspectionSearchError as failure:
    draw_error(str(failure))
