"""Quotations with their citations, as Markdown, CSV, BibTeX and CSL-JSON; pure.

Report text, questions and notes are hostile in every format: they come out as text. What is not
shown (controls, marks that turn the reading direction) comes out as its escape.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.printable import one_line
from search import cite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from index.records import Passage, Report
    from search.result import Result

    Find = Callable[[str], tuple[Report, Passage]]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A quotation, what it was taken from, and the reader's own note on it (empty for none)."""

    quote: str
    report: Report
    passage: Passage
    question: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Quotations under one heading; `remark` stands before them, or in their place."""

    heading: str
    excerpts: tuple[Excerpt, ...] = ()
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported together; links begin with `base`, the server's address, empty for none."""

    title: str
    parts: tuple[Part, ...]
    base: str = ""

    def excerpts(self) -> Iterator[tuple[Part, Excerpt]]:
        """Every quotation in order, with the part that it stands in."""
        return ((part, one) for part in self.parts for one in part.excerpts)

    def references(self) -> dict[str, int]:
        """The number of every passage that is quoted, from 1, by first mention.

        A passage that is quoted twice is one reference.
        """
        ids = dict.fromkeys(one.passage.id for _, one in self.excerpts())
        return {own: number for number, own in enumerate(ids, start=1)}


def selection_of(result: Result, find: Find, base: str = "") -> Selection:
    """A result as it is shown: the answer or the refusal, then the paragraphs.

    `find` gives a passage and its report by the passage's id, and raises KeyError for one that is
    gone, as a rebuild can make it; the part says so.
    """
    heading = "Paragraphs" if result.answered else "Nearest paragraphs, not an answer"
    found = [(hit.text, hit.id) for hit in result.hits]
    paragraphs = _part(heading, result.question, found, find)
    return Selection(result.question, (answer_of(result, find), paragraphs), base)


def answer_of(result: Result, find: Find, heading: str | None = None) -> Part:
    """The quotations that answer, or the refusal in their place."""
    quotes = [(one.quote, one.citation.id) for one in result.answer]
    default = "Answer" if result.answered else "No answer found"
    return _part(heading or default, result.question, quotes, find, result.refusal)


def _part(
    heading: str,
    question: str,
    quoted: Sequence[tuple[str, str]],
    find: Find,
    remark: str | None = None,
) -> Part:
    excerpts = []
    for quote, passage_id in quoted:
        try:
            report, passage = find(passage_id)
        except KeyError:
            continue
        excerpts.append(Excerpt(quote, report, passage, question))
    gone = len(quoted) - len(excerpts)
    if gone:
        remark = f"{gone} of {len(quoted)} went when the index was rebuilt. Ask again."
    return Part(heading, tuple(excerpts), remark)


def markdown(selection: Selection) -> str:
    """The quotations as block quotes, with footnotes for their citations."""
    numbers = selection.references()
    lines = [f"# {cite.in_markdown(selection.title)}"]
    for part in selection.parts:
        lines += ["", f"## {cite.in_markdown(part.heading)}"]
        if part.remark is not None:
            lines += ["", _paragraph(part.remark)]
        for one in part.excerpts:
            lines += ["", f"> “{cite.in_markdown(one.quote)}” [^{numbers[one.passage.id]}]"]
            if one.note:
                lines += ["", f"Note: {cite.in_markdown(one.note)}"]
    lines.append("")
    for one in _first_mentions(selection):
        cited = cite.cite(one.report, one.passage)
        label = _paragraph(cited.label)
        if selection.base:
            label = f"[{label}](<{selection.base}{cite.permanent_link(one.passage)}>)"
        lines.append(f"[^{numbers[one.passage.id]}]: {label}")
    return "\n".join(lines).rstrip() + "\n"


_AT_LINE_START = re.compile(r"^(\d{1,9}|)([-+.)])")


def _paragraph(text: str) -> str:
    """`text` as a paragraph of its own, which nothing at its start makes a list or a rule."""
    return _AT_LINE_START.sub(r"\1\\\2", cite.in_markdown(text))


_COLUMNS = (
    "number", "heading", "question", "quotation", "citation", "note", "council", "framework",
    "inspection_end", "published", "overall", "section", "grade", "paragraph", "page_start",
    "page_end", "file", "id", "link",
)  # fmt: skip


def table(selection: Selection) -> bytes:
    """The quotations as CSV, a row each; a remark has a row of its own."""
    numbers = selection.references()
    rows: list[dict[str, object]] = []
    for part in selection.parts:
        if part.remark is not None:
            rows.append({"heading": part.heading, "quotation": part.remark})
        for one in part.excerpts:
            facts, paragraph = one.report.facts, one.passage.paragraph
            cited = cite.cite(one.report, one.passage)
            rows.append(
                {
                    "number": numbers[one.passage.id],
                    "heading": part.heading,
                    "question": one.question,
                    "quotation": one.quote,
                    "citation": cited.label,
                    "note": one.note,
                    "council": facts.council,
                    "framework": facts.framework,
                    "inspection_end": facts.inspection_end,
                    "published": facts.published,
                    "overall": facts.overall,
                    "section": paragraph.section,
                    "grade": paragraph.section_grade,
                    "paragraph": paragraph.number,
                    "page_start": paragraph.page_start,
                    "page_end": paragraph.page_end,
                    "file": one.report.file,
                    "id": one.passage.id,
                    "link": selection.base + cite.permanent_link(one.passage),
                }
            )
    return csv_bytes([_COLUMNS, *([row.get(name) for name in _COLUMNS] for row in rows)])


def csv_bytes(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV that spreadsheets open as it is meant: UTF-8 with its mark, and no formulas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(["" if cell is None else harmless_cell(str(cell)) for cell in row])
    return out.getvalue().encode("utf-8-sig")


# What spreadsheets take for the start of a formula (OWASP, "CSV Injection"), in their full-width
# forms too, which some of them read alike.
_FORMULA = re.compile("^[\\s'\"]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")


def harmless_cell(text: str) -> str:
    """`text` for a cell of a table: what would be read as a formula begins with an apostrophe."""
    guard = "'" if _FORMULA.match(text) else ""
    return guard + one_line(text)


def bibtex(selection: Selection) -> str:
    """An entry a passage, with what is quoted of it as `annote`."""
    entries = []
    for one, said in _with_all_said(selection):
        entry = cite.forms(one.report, one.passage, selection.base).bibtex
        fields = entry.removesuffix("\n}")
        entries.append(f"{fields}\n  annote = {{{cite.in_bibtex(said)}}},\n}}\n")
    return "\n".join(entries)


def csl_json(selection: Selection) -> str:
    """An item a passage, with what is quoted of it as `annote`."""
    items = [
        {**cite.forms(one.report, one.passage, selection.base).csl, "annote": said}
        for one, said in _with_all_said(selection)
    ]
    # ASCII alone: a mark that turns the reading direction would hide what an editor shows.
    return json.dumps(items, indent=2) + "\n"


def _first_mentions(selection: Selection) -> list[Excerpt]:
    """The first excerpt of each passage, in the order of the references."""
    first: dict[str, Excerpt] = {}
    for _, one in selection.excerpts():
        first.setdefault(one.passage.id, one)
    return list(first.values())


def _with_all_said(selection: Selection) -> Iterator[tuple[Excerpt, str]]:
    """Each reference, and everything that is quoted of it or noted on it."""
    for first in _first_mentions(selection):
        said: dict[str, None] = {}
        for _, one in selection.excerpts():
            if one.passage.id == first.passage.id:
                said[f"“{one_line(one.quote)}”"] = None
                if one.note:
                    said[f"Note: {one_line(one.note)}"] = None
        yield first, " ".join(said)
