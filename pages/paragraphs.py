"""The paragraphs found, one below the other, with what can be copied from each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from textwrap import shorten
from typing import TYPE_CHECKING

from pages.address import link, written
from pages.drawing import copy_button, marked, section_line
from search.cite import cite, forms, inspection, pages, permanent_link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.records import Passage, Report
    from pages.address import Address, Sort
    from search.result import Hit, Result

_GLIMPSE = 90  # characters of a sentence, enough to know it again
A_PAGE = 10  # as many as are read at one go; the next ten are a link away
# Paragraphs that a question lists: five pages, beyond which hardly any speaks of what was asked.
MOST = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A hit with its report and passage.

    `spans` are the sentences of its text that are marked: the quotations where it is quoted, the
    sentence nearest to the question elsewhere. `nearness` is that of each sentence, a cosine.
    """

    hit: Hit
    report: Report
    passage: Passage
    spans: tuple[tuple[int, int], ...]
    nearness: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """The council and the place in its report."""
        return f"{self.report.facts.council or self.report.file}, {place(self.passage)}"

    @property
    def quote(self) -> str:
        """The marked sentences, or where there are none the whole paragraph."""
        sentences = [self.hit.text[start:end] for start, end in sorted(self.spans)]
        return " […] ".join(sentences) or self.hit.text


def place(passage: Passage) -> str:
    """The paragraph's number in words."""
    printed = passage.paragraph.number
    return "paragraph without a number" if printed is None else f"paragraph {printed}"


def found(result: Result, sources: dict[str, tuple[Report, Passage]]) -> list[Found]:
    """Each hit with what it comes from; one that a newer index no longer has is left out."""
    # A mark in what is no answer would say that it is one.
    return [
        Found(hit, *sources[hit.id], marks(hit) if result.answered else ())
        for hit in result.hits
        if hit.id in sources
    ]


def marks(hit: Hit) -> tuple[tuple[int, int], ...]:
    """What is quoted of a hit, or else its sentence nearest to the question."""
    return hit.quote_spans or ((hit.nearest_span,) if hit.nearest_span else ())


def in_order(hits: Sequence[Found], sort: Sort, *, group: bool) -> list[Found]:
    """The hits as the reader wants them; undated reports come last by date.

    With `group`, those of one report stand together, where the first of them stands.
    """
    ordered = list(hits)
    if sort != "relevance":
        dated = [one for one in hits if one.report.facts.day]
        dated.sort(key=lambda one: str(one.report.facts.day), reverse=sort == "newest")
        ordered = [*dated, *(one for one in hits if not one.report.facts.day)]
    if group:
        first: dict[str, int] = {}
        for at, one in enumerate(ordered):
            first.setdefault(one.report.id, at)
        ordered.sort(key=lambda one: first[one.report.id])
    return ordered


def as_printed(passages: Sequence[Passage]) -> list[Passage]:
    """The passages as they are printed; where no places are known, findings before the rest."""
    if not all(one.paragraph.boxes for one in passages):
        return list(passages)
    return sorted(passages, key=lambda one: min((b.page, b.top) for b in one.paragraph.boxes))


def listing(shown: Sequence[Found], address: Address) -> str:
    """The paragraphs as HTML, under a heading a report where they are grouped."""
    if not address.group:
        return "".join(_article(one, address, "h3") for one in shown)
    return "".join(
        f"<h3 class='report'>{escape(inspection(report.facts) or report.file)}</h3>"
        + "".join(_article(one, address, "h4") for one in own)
        for report, own in groupby(shown, key=lambda one: one.report)
    )


def _article(one: Found, address: Address, heading: str) -> str:
    paragraph, report = one.passage.paragraph, one.report
    query = written(address)
    permanent = cite(report, one.passage).link
    title = place(one.passage).capitalize() if address.group else one.name
    opened = f"{permanent}&{link('', query).removeprefix('?')}"
    where = pages(paragraph.page_start, paragraph.page_end).strip(" ()")
    kind = "" if address.group else inspection(replace(report.facts, council=None))
    about = " · ".join(filter(None, [kind, paragraph.part, where]))
    more = ""
    if address.report != report.id:
        more = (
            f"<a href='{escape(address.changed(report=report.id).link())}' target='_self' "
            f"aria-label='{escape(f'More from this report: {one.name}')}'>More from this report</a>"
        )
    return (
        f"<article class='paragraph'><{heading}><a href='{escape(opened)}' target='_self'>"
        f"{escape(title)}</a></{heading}>"
        f"<p class='facts'>{escape(about)}</p>"
        f"<p class='facts'>{section_line(paragraph.section, paragraph.section_grade)}</p>"
        f"<p class='paragraph'>{marked(one.hit.text, one.spans)}</p>"
        f"<p class='deeds'>{deeds(one)}{more}</p>{_why(one)}</article>"
    )


def deeds(one: Found) -> str:
    """Buttons that copy the quotation with its citation, the citation, and the link."""
    forms_ = forms(one.report, one.passage)
    return (
        copy_button("Copy quotation", f"“{one.quote}” ({forms_.full})", one.name)
        + copy_button("Copy citation", forms_.full, one.name)
        + copy_button("Copy link", permanent_link(one.passage), one.name)
    )


def _why(one: Found) -> str:
    if one.hit.quote_spans:
        reason = "The marked words are quoted in the answer."
    elif one.spans:
        reason = "The marked sentence is the nearest to the question in meaning."
    else:
        reason = "It is among the nearest to the question, and too far from it to answer it."
    shares = "".join(
        f"<li>{max(near, 0):.0%}: {escape(shorten(text, _GLIMPSE, placeholder=' …'))}</li>"
        for near, text in zip(one.nearness, one.passage.sentence_texts, strict=False)
    )
    listed = f"<p class='facts'>Each sentence’s nearness in meaning:</p><ol>{shares}</ol>"
    return (
        f"<details><summary>Why this matched</summary><p class='facts'>{reason}</p>"
        f"{listed if shares else ''}</details>"
    )


def status(shown: Sequence[Found], result: Result, total: int, page: int) -> str:
    """Which of how many paragraphs are shown, as HTML that is read out when it changes."""
    first = (page - 1) * A_PAGE + 1
    last = first + len(shown) - 1
    which = f"Paragraphs {first}–{last}" if last > first else f"Paragraph {first}"
    of = f"the best {total:,}" if total == MOST else f"{total:,}"
    near = "about" if result.answered else "nearest to"
    said = escape(" ".join(result.question.split()))
    return f"<p role='status' class='facts'>{which} of {of} {near} <em>{said}</em></p>"


def turning(address: Address, page: int, pages_: int) -> str:
    """The links to the pages before and after, as HTML; empty where there is one page."""
    if pages_ <= 1:
        return ""
    turned = [
        f"<a href='{escape(replace(address, page=to).link())}' target='_self'>{label}</a>"
        if 1 <= to <= pages_
        else "<span></span>"
        for to, label in ((page - 1, "Previous page"), (page + 1, "Next page"))
    ]
    here = f"<span>Page {page} of {pages_}</span>"
    return f"<nav class='turning' aria-label='Pages of results'>{turned[0]}{here}{turned[1]}</nav>"
