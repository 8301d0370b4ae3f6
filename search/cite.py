"""A paragraph → its citation; every citation of the product is made here, to one form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from search.result import Citation

if TYPE_CHECKING:
    from datetime import date

    from index.records import Facts, Paragraph, Passage, Report


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
        link=f"/passage?id={quote(passage.id, safe='/~')}",
    )


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
    return f" (p. {first})" if last in (None, first) else f" (pp. {first}–{last})"


def _place(paragraph: Paragraph, *, listed: bool) -> str:
    if paragraph.number is not None:
        return f"{'passage' if listed else 'para'} {paragraph.number}"
    if paragraph.section is None:
        return "unnumbered passage"
    # "(introduction)" is our word for what no heading stands over; headings are the report's own.
    return (
        paragraph.section.strip("()")
        if paragraph.section.startswith("(")
        else f"“{paragraph.section}”"
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
