"""A paragraph → its citation; every citation of the product is made here, to one form."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from index.printable import one_line
from search.result import Citation

if TYPE_CHECKING:
    from datetime import date

    from index.records import Facts, Paragraph, Passage, Report


# Who inspects and publishes, where a framework says that a file is an inspection's report.
_PUBLISHER = "Ofsted"
# Letters of a hash: two texts of one paragraph look alike once in four thousand million.
_MARK_LETTERS = 8


@dataclass(frozen=True, slots=True)
class Forms:
    """One citation in the forms that people paste: `csl` is one item of CSL-JSON."""

    short: str
    full: str
    markdown: str
    html: str
    bibtex: str
    csl: dict[str, Any]


def forms(report: Report, passage: Passage, base: str = "") -> Forms:
    """The citation of `passage` in every form; links begin with `base`, the server's address."""
    citation = cite(report, passage)
    link = base + permanent_link(passage)
    full = citation.label
    return Forms(
        short=short(report, passage.paragraph),
        full=full,
        markdown=f"[{in_markdown(full)}](<{link}>)",
        html=f'<cite><a href="{html.escape(link)}">{html.escape(full)}</a></cite>',
        bibtex=_bibtex(report, passage, link),
        csl=_csl(report, passage, link),
    )


def short(report: Report, paragraph: Paragraph) -> str:
    """The citation for a second mention: "Sunderland 2021, para 27"."""
    day = report.facts.day
    source = " ".join(filter(None, [report.council or report.file, str(day.year) if day else None]))
    parts = [source, paragraph.part, _place(paragraph, listed=report.listed)]
    return ", ".join(filter(None, parts))


def _csl(report: Report, passage: Passage, link: str) -> dict[str, Any]:
    facts, paragraph = report.facts, passage.paragraph
    day = facts.issued
    item: dict[str, Any] = {
        "id": passage.id,
        "type": "report" if facts.framework else "document",
        "title": inspection(facts) or report.file,
        "URL": link,
        "locator": _place(paragraph, listed=report.listed),
    }
    if facts.framework:
        item["author"] = [{"literal": _PUBLISHER}]
    if day is not None:
        item["issued"] = {"date-parts": [[day.year, day.month, day.day]]}
    if paragraph.page_start is not None:
        item["page"] = _page_range(paragraph.page_start, paragraph.page_end)
    return item


def _bibtex(report: Report, passage: Passage, link: str) -> str:
    facts = report.facts
    day = facts.issued
    fields = {
        "author": f"{{{_PUBLISHER}}}" if facts.framework else None,
        "institution": _PUBLISHER if facts.framework else None,
        "title": f"{{{in_bibtex(inspection(facts) or report.file)}}}",
        "year": None if day is None else str(day.year),
        "month": None if day is None else str(day.month),
        "note": in_bibtex(
            _place(passage.paragraph, listed=report.listed)
            + pages(passage.paragraph.page_start, passage.paragraph.page_end)
        ),
        "url": re.sub(r"([#$%&_{}])", r"\\\1", link),  # percent-encoded; a tilde stays
    }
    kind = "techreport" if facts.framework else "misc"
    key = re.sub(r"[^A-Za-z0-9:_-]+", "-", passage.id.replace("/", ":"))
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value is not None]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


# What TeX does not read as the letter that it is.
_IN_TEX = {
    **{mark: f"\\{mark}" for mark in "#$%&_{}"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}


def in_bibtex(text: str) -> str:
    """`text` on one line, with what TeX would read as commands made letters."""
    return "".join(_IN_TEX.get(letter, letter) for letter in one_line(text))


# All that CommonMark and GitHub's additions read as more than a letter inside a line. A colon and
# a full stop are only where they would make a link of an address.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|!~$&@^=]|:(?=/)|(?<=www)\.", re.IGNORECASE)


def in_markdown(text: str) -> str:
    """`text` on one line, with what Markdown would act on made letters."""
    return _MARKDOWN.sub(r"\\\g<0>", one_line(text))


def report_link(report_id: str) -> str:
    """The address of a report's page on the server."""
    return f"/report?id={quote(report_id, safe='~')}"


def cite(report: Report, passage: Passage) -> Citation:
    """The citation of `passage`, which is one of `report`."""
    paragraph = passage.paragraph
    return Citation(
        id=passage.id,
        label=label(report, paragraph),
        file=report.file,
        council=report.facts.council,
        paragraph=paragraph.number,
        page_start=paragraph.page_start,
        page_end=paragraph.page_end,
        link=_passage_link(passage),
    )


def permanent_link(passage: Passage) -> str:
    """The address of a passage's page on the server, which says so if its words have changed."""
    return f"{_passage_link(passage)}&text={text_mark(passage)}"


def _passage_link(passage: Passage) -> str:
    return f"/passage?id={quote(passage.id, safe='/~')}"


def text_mark(passage: Passage) -> str:
    """A few letters that change with the passage's words: a link tells by them that they did."""
    words = passage.paragraph.text.encode(errors="replace")
    return hashlib.sha256(words).hexdigest()[:_MARK_LETTERS]


def label(report: Report, paragraph: Paragraph) -> str:
    """The pinpoint citation as it is pasted into a paper.

    "Sunderland City Council, ILACS inspection 28 June–9 July 2021, para 27 (p. 7)"; what is not
    printed is left out, and a report that names no council goes by its file.
    """
    source = [inspection(report.facts)] if report.facts.council is not None else [report.file]
    if paragraph.part is not None:
        source.append(paragraph.part)
    source.append(_place(paragraph, listed=report.listed))
    return ", ".join(filter(None, source)) + pages(paragraph.page_start, paragraph.page_end)


def inspection(facts: Facts) -> str:
    """Council, kind of inspection and dates, as far as they are printed."""
    kind = re.split(r" \(| \+ ", facts.framework)[0] if facts.framework else ""
    if kind and "inspection" not in kind.lower():
        kind += " inspection"
    when = days(facts.inspection_start, facts.inspection_end)
    if when is None and facts.published is not None:
        when = f"published {_day(facts.published)}"
    what = " ".join(filter(None, [kind, when]))
    return ", ".join(filter(None, [facts.council, what]))


def days(start: date | None, end: date | None) -> str | None:
    """A span of days as it is written: "13–24 January 2020", "28 June–9 July 2021"."""
    last = end or start
    if last is None:
        return None
    if start is None or start == last:
        return _day(last)
    if start.year != last.year:
        return f"{_day(start)}–{_day(last)}"
    if start.month != last.month:
        return f"{start.day} {start:%B}–{_day(last)}"
    return f"{start.day}–{_day(last)}"


def pages(first: int | None, last: int | None) -> str:
    """The pages in brackets with a space before, empty for formats without pages."""
    if first is None:
        return ""
    return f" ({'p.' if last in (None, first) else 'pp.'} {_page_range(first, last)})"


def _page_range(first: int, last: int | None) -> str:
    return str(first) if last in (None, first) else f"{first}–{last}"


def _place(paragraph: Paragraph, *, listed: bool) -> str:
    if paragraph.number is not None:
        return f"{'passage' if listed else 'para'} {paragraph.number}"
    if paragraph.section is None:
        return "paragraph without a number"
    # "(introduction)" is our word for what no heading stands over; headings are the report's own.
    return (
        paragraph.section.strip("()")
        if paragraph.section.startswith("(")
        else f"“{paragraph.section}”"
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
