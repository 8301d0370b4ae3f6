"""Blocks → numbered paragraphs with part, section, grade, sub-heading and pages; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from index.records import Paragraph
from indexer.blocks import Block, Kind, blocks_of, boxes_of
from indexer.furniture import body_size
from indexer.headings import (
    Rank,
    grade_of,
    names_judgement,
    names_leaders,
    rank_of,
    without_cell_grade,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from indexer.lines import Document

# What stands before the first heading; no report prints a title over it.
INTRODUCTION = "(introduction)"

# The publisher's closing matter, by the first words of its paragraphs; in the PDFs it is small
# print, in the text files nothing else tells it from the last finding (Sunderland 2021, after 42).
_CLOSING = re.compile(
    r"the office for standards in education|any complaints about the inspection"
    r"|if you would like a copy of this document|you may reuse this information"
    r"|this (?:publication|report) is available at|interested in our work|piccadilly gate"
    r"|© crown copyright|store st|no\. ?\d{6}",
    re.IGNORECASE,
)
# Sections of the reports without numbers (February 2014) that are not findings.
_NOT_FINDINGS = re.compile(
    r"information about|what the .*judge?ments? mean|summary for children", re.IGNORECASE
)
# The ILACS has one grade by both names: "requires improvement" heads a section of a 2018 report
# whose table says "Requires improvement to be good". The SIF's own grade was the short one.
_SHORT, _LONG = "Requires improvement", "Requires improvement to be good"
# A report without numbers may still have a table with some: it is told by its many bullets
# (Hillingdon 2014 has 104 findings and no number; the fewest numbers are Medway 2019's 31).
_FEW_NUMBERS = 5
_MANY_BULLETS = 20


@dataclass(frozen=True, slots=True)
class Split:
    """A document's paragraphs, its passages without a number, and what looked wrong."""

    paragraphs: tuple[Paragraph, ...]
    unnumbered: tuple[Paragraph, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """The headings a passage stands under."""

    part: str | None = None
    section: str | None = None
    grade: str | None = None
    sub: str | None = None


def split_paragraphs(document: Document) -> Split:
    """The document's paragraphs with their places, in document order."""
    passages = list(_passages(document))
    numbered = [passage for passage in passages if passage.number is not None]
    others = sum(1 for passage in passages if passage.number is None and _is_finding(passage))
    if len(numbered) >= _FEW_NUMBERS or (numbered and others < _MANY_BULLETS):
        rest = [passage for passage in passages if passage.number is None]
        return Split(tuple(numbered), tuple(rest), tuple(_breaks(numbered)))
    findings = [passage for passage in passages if _is_finding(passage)]
    rest = [passage for passage in passages if not _is_finding(passage)]
    warning = "no numbered paragraphs: its findings are cited by section and page"
    return Split(tuple(findings), tuple(rest), (warning,))


def _is_finding(passage: Paragraph) -> bool:
    return _NOT_FINDINGS.match(passage.section or "") is None


def _passages(document: Document) -> Iterable[Paragraph]:
    body = body_size(document.lines)
    place = _Place()
    closing = False
    blocks = blocks_of(document)
    section_level = _section_level(blocks)
    ilacs = any(block.kind is Kind.HEADING and names_leaders(block.text) for block in blocks)
    for block in blocks:
        if block.kind is Kind.HEADING:
            place = _entered(place, block, body, section_level)
            if ilacs and place.grade == _SHORT:
                place = replace(place, grade=_LONG)
            closing = False
            continue
        text = block.text
        if block.kind is Kind.TEXT and _CLOSING.match(text):
            closing = True
        if closing or not text:
            continue
        if block.kind is Kind.TEXT and _awaits_grade(place):
            place = replace(place, grade=grade_of(text))
        if block.kind is Kind.NUMBERED and _is_summary(place.sub):
            place = replace(place, sub=None)
        yield _paragraph(place, block, text)


def _awaits_grade(place: _Place) -> bool:
    """Whether a judgement's title has no grade, so that the sentence below it may give it.

    "The arrangements … are inadequate." (Buckinghamshire 2014, page 28).
    """
    return place.grade is None and place.sub is None and names_judgement(place.section or "")


def _is_summary(sub: str | None) -> bool:
    """A summary is not numbered; what is numbered below it stands under the section alone.

    Hull 2015: paragraph 71 follows the unnumbered "Summary" of its section.
    """
    return sub is not None and sub.lower() == "summary"


def _section_level(blocks: list[Block]) -> int | None:
    """The level of sections where the format states levels; a lone first level is the title's."""
    levels = [block.lines[0].heading for block in blocks if block.kind is Kind.HEADING]
    stated = [level for level in levels if level is not None]
    if len(stated) > 1 and stated.count(min(stated)) == 1 and stated[0] == min(stated):
        del stated[0]
    return min(stated, default=None)


def _entered(
    place: _Place, heading: Block, body: float | None, section_level: int | None
) -> _Place:
    """The place below a heading."""
    title = heading.text
    alone = grade_of(title, alone=True)
    if alone is not None and not heading.cells:
        return replace(place, grade=alone)
    in_cell = grade_of(" ".join(heading.cells)) if heading.cells else None
    bare = without_cell_grade(title)
    grade = in_cell or grade_of(title)
    first = heading.lines[0]
    if first.heading is not None and section_level is not None and first.heading < section_level:
        return place  # the document's own title
    rank = rank_of(bare, first.size, body, italic=first.italic and not first.bold)
    if rank is Rank.SUB and first.heading == section_level is not None:
        rank = Rank.SECTION
    if heading.boxed or in_cell:
        rank = Rank.SECTION
    if rank is Rank.PART:
        return _Place(part=title)
    if rank is Rank.SECTION:
        return _Place(part=place.part, section=bare, grade=grade)
    return replace(place, sub=title)


def _paragraph(place: _Place, block: Block, text: str) -> Paragraph:
    pages = [line.box.page for line in block.lines if line.box is not None]
    return Paragraph(
        number=None if block.number is None else str(block.number),
        part=place.part,
        section=place.section or place.part or INTRODUCTION,
        section_grade=place.grade,
        subheading=place.sub,
        page_start=min(pages, default=None),
        page_end=max(pages, default=None),
        text=text,
        boxes=boxes_of(block),
    )


def _breaks(paragraphs: list[Paragraph]) -> Iterable[str]:
    """A sentence for each gap or repeat in the run of numbers; a new part may start again at 1."""
    last, part = 0, None
    for paragraph in paragraphs:
        number = int(paragraph.number or 0)
        if number == 1 and paragraph.part != part:
            last = 0
        part = paragraph.part
        if number == last + 2:
            yield f"paragraph {last + 1} is missing: {last} is followed by {number}"
        elif number > last + 2:
            yield f"paragraphs {last + 1} to {number - 1} are missing"
        elif number <= last:
            yield f"paragraph {number} comes after {last}"
        last = number
