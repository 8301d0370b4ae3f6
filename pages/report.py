"""One report: what its front pages say, its sections, and all its paragraphs in order."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

import streamlit as st

from index.errors import InspectionSearchError
from index.manifest import configured_folder
from index.printable import printable_name
from index.records import Filters
from pages.address import search_in
from pages.drawing import (
    anchor,
    badge,
    draw_error,
    draw_title,
    escape_markdown,
    marked,
    number,
    section_line,
)
from pages.paragraphs import as_printed, marks, place
from search.ask import shared_searcher
from search.cite import days, inspection, pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.records import Passage, Report
    from search.ask import Searcher

# The paragraphs of a report that a question leads through: its nearest, of a hundred or so.
_MATCHES = 10


@dataclass(frozen=True, slots=True)
class _Match:
    """A paragraph near to the question, and which of its words are marked."""

    id: str
    spans: tuple[tuple[int, int], ...]


def _draw_report(report_id: str, opened: str | None, search: dict[str, str]) -> None:
    searcher = shared_searcher(configured_folder())
    store = searcher.generation.store
    try:
        report = store.report(report_id)
    except KeyError:
        draw_error(
            f"The collection has no report {report_id}. It may have been removed, or its file's "
            "front page been read anew; search for its council."
        )
        return
    title = inspection(report.facts) or report.file
    st.set_page_config(page_title=f"{title} – Inspection Search")
    passages = as_printed(store.passages_of(report.id))
    if search:
        st.html(f"<p>{anchor('Back to the results', '/', **search)}</p>")
    st.header(escape_markdown(title), anchor=False)
    st.html(_front_page(report, passages))
    _draw_original(report, searcher)
    matches = _matches(search["q"], report, passages, searcher) if search else []
    groups = [
        (key, list(own))
        for key, own in groupby(passages, lambda one: (one.paragraph.part, one.paragraph.section))
    ]
    st.header("Contents", anchor=False)
    st.html(_contents(groups))
    st.header("Paragraphs", anchor=False)
    between = _between(report, matches, opened, search) if matches else ""
    if opened not in {one.id for one in passages}:
        opened = None
        if between:
            st.html(between)
    st.html(_sections(groups, {one.id: one for one in matches}, opened, search, between))


def _front_page(report: Report, passages: Sequence[Passage]) -> str:
    facts = report.facts
    published = None if facts.published is None else days(None, facts.published)
    rows = (
        ("Council", facts.council),
        ("Kind of inspection", facts.framework),
        ("Inspected", days(facts.inspection_start, facts.inspection_end)),
        ("Published", published),
        ("Lead inspector", facts.lead_inspector),
        ("Paragraphs", f"{len(passages):,}"),
        ("File", report.file),
    )
    table = "".join(
        f"<tr><th scope='row'>{name}</th><td>{escape(value)}</td></tr>"
        for name, value in rows
        if value
    )
    judged = "".join(
        f"<tr><th scope='row'>{escape(one.name)}</th><td>{badge(one.grade)}</td></tr>"
        for one in facts.judgements
    )
    warned = "".join(f"<li>{escape(one)}</li>" for one in report.warnings)
    front = f"<table class='facts front'>{_caption('Front page')}{table}</table>"
    if judged:
        front += f"<h3>Judgements</h3><table class='facts'>{_caption('Judgements')}{judged}</table>"
    if warned:
        front += f"<h3>To be read with care</h3><ul>{warned}</ul>"
    return front


def _caption(text: str) -> str:
    return f"<caption class='spoken'>{text}</caption>"


def _draw_original(report: Report, searcher: Searcher) -> None:
    original = searcher.original(report.id)
    if original is None:
        st.html("<p>The original file is no longer where it was read, or has changed since.</p>")
        return
    st.download_button(
        "Download the original",
        data=original.read_bytes,
        file_name=printable_name(original.name),
        mime=mimetypes.guess_type(original.name)[0] or "application/octet-stream",
        on_click="ignore",
    )


def _matches(
    question: str, report: Report, passages: Sequence[Passage], searcher: Searcher
) -> list[_Match]:
    """The report's paragraphs that are nearest to the question, in the report's order."""
    result = searcher.ask(question, Filters(report=report.id), _MATCHES)
    # A mark in what is no answer would say that it is one.
    marked_in = {hit.id: marks(hit) if result.answered else () for hit in result.hits}
    return [_Match(one.id, marked_in[one.id]) for one in passages if one.id in marked_in]


def _between(
    report: Report, matches: Sequence[_Match], opened: str | None, search: dict[str, str]
) -> str:
    """Where the reader is among the matches, and the links to those before and after."""
    ids = [one.id for one in matches]
    at = ids.index(opened) if opened in ids else None
    before = ids[at - 1] if at else None
    after = ids[0] if at is None else ids[at + 1] if at + 1 < len(ids) else None

    def step(to: str | None, label: str) -> str:
        if to is None:
            return "<span></span>"
        return anchor(label, "/report", **{"id": report.id, "passage": to, **search})

    here = f"Match {at + 1} of {len(ids)}" if at is not None else number(len(ids), "nearest match")
    first = "Next match" if at is not None else "First match"
    return (
        "<nav class='turning' aria-label='Matches in this report'>"
        f"{step(before, 'Previous match')}<span role='status'>{here} for "
        f"<em>{escape(search['q'].strip())}</em></span>{step(after, first)}</nav>"
    )


_Group = tuple[tuple[str | None, str | None], list["Passage"]]


def _heading(part: str | None, section: str | None) -> str:
    """The heading as printed; "(introduction)" is our word for what stands under none."""
    own = section.strip("()").capitalize() if section and section.startswith("(") else section
    return ": ".join(filter(None, [part, own])) or "Without a heading"


def _contents(groups: Sequence[_Group]) -> str:
    rows = "".join(
        f"<li><a href='#section-{at}'>{escape(_heading(*key))}</a>, "
        f"{number(len(own), 'paragraph')}</li>"
        for at, (key, own) in enumerate(groups, start=1)
    )
    return f"<nav aria-label='Sections of the report'><ol class='sources'>{rows}</ol></nav>"


def _sections(
    groups: Sequence[_Group],
    matches: dict[str, _Match],
    opened: str | None,
    search: dict[str, str],
    between: str,
) -> str:
    """All paragraphs under their headings, `between` at the one that is opened."""
    made = []
    for at, ((part, section), own) in enumerate(groups, start=1):
        grade = own[0].paragraph.section_grade
        title = section_line(_heading(part, section), grade)
        made.append(f"<h3 class='report' id='section-{at}' tabindex='-1'>{title}</h3>")
        for one in own:
            match = matches.get(one.id)
            spans = match.spans if match is not None else ()
            if one.id == opened:
                made.append(_article(one, spans, search, "paragraph opened", between))
            else:
                made.append(_article(one, spans, search))
    return "".join(made)


def _article(
    one: Passage,
    spans: Sequence[tuple[int, int]],
    search: dict[str, str],
    look: str = "paragraph",
    between: str = "",
) -> str:
    paragraph = one.paragraph
    where = pages(paragraph.page_start, paragraph.page_end).strip(" ()")
    under = " · ".join(filter(None, [where, paragraph.subheading]))
    named = anchor(place(one).capitalize(), "/passage", **{"id": one.id, **search})
    return (
        f"<article class='{look}'><h4>{named}</h4><p class='facts'>{escape(under)}</p>"
        f"<p class='paragraph'>{marked(paragraph.text, spans)}</p>{between}</article>"
    )


draw_title()
try:
    _draw_report(
        st.query_params.get("id", ""),
        st.query_params.get("passage"),
        search_in(st.query_params.to_dict()),
    )
except InspectionSearchError as failure:
    draw_error(str(failure))
