"""What the product knows about a report and its paragraphs; opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date


# The normal form of Ofsted's grades, from best to worst.
GRADES = ("Outstanding", "Good", "Requires improvement to be good", "Inadequate")


@dataclass(frozen=True, slots=True)
class Box:
    """Where one line of a paragraph is printed: points from the page's top left corner."""

    page: int
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judgement of an inspection; `grade` in normal form, `printed` as the report has it."""

    name: str
    grade: str
    printed: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report's front pages say of it. A field that is not printed is None, never guessed.

    `overall` is a grade in normal form.
    """

    council: str | None = None
    framework: str | None = None
    inspection_start: date | None = None
    inspection_end: date | None = None
    published: date | None = None
    lead_inspector: str | None = None
    judgements: tuple[Judgement, ...] = ()
    overall: str | None = None

    @property
    def day(self) -> date | None:
        """The day a report speaks of: the inspection's last, or the publication's."""
        return self.inspection_end or self.published

    @property
    def issued(self) -> date | None:
        """The day a report is known by: the publication's, or the inspection's last."""
        return self.published or self.inspection_end


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One citable passage, verbatim.

    `number` is as printed, without its dot, and None where none is printed; `part` names the report
    within a file that holds two; pages count from 1 in the file and are None for formats without
    pages; `boxes` has one box a printed line, in reading order, empty for such formats.
    """

    number: str | None
    part: str | None
    section: str | None
    section_grade: str | None
    subheading: str | None
    page_start: int | None
    page_end: int | None
    text: str
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read from one file.

    `paragraphs` are the findings and recommendations that carry the run of numbers (or stand in its
    place, numberless, in the reports of February 2014); `unnumbered` are introductions, summaries,
    lists of what needs to improve and the like. Both are in document order. `listed` is true for a
    passage list, whose sections are its passages' titles.
    """

    facts: Facts
    paragraphs: tuple[Paragraph, ...]
    unnumbered: tuple[Paragraph, ...]
    warnings: tuple[str, ...] = ()
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A file of the corpus as the index keeps it: an inspection report or a passage list.

    `id` is readable and stable while the report's facts are; `file` is relative to the corpus;
    `council` is the short name people type, None where the facts name none; `listed` is true for a
    passage list.
    """

    id: str
    file: str
    council: str | None
    facts: Facts
    warnings: tuple[str, ...] = ()
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph in its place: `row` is its place in the collection and its vector's number.

    `finding` is true for those of `Reading.paragraphs`, false for introductions and the like.
    `sentences` are the start and end of each sentence in the paragraph's text, and the first of
    them is sentence number `first_sentence` of the collection.
    """

    row: int
    id: str
    report_id: str
    finding: bool
    paragraph: Paragraph
    first_sentence: int
    sentences: tuple[tuple[int, int], ...]

    @property
    def sentence_texts(self) -> list[str]:
        """The sentences, verbatim."""
        return [self.paragraph.text[start:end] for start, end in self.sentences]


@dataclass(frozen=True, slots=True)
class Section:
    """How many paragraphs of a report stand under one heading, with one grade."""

    report_id: str
    name: str | None
    grade: str | None
    paragraphs: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """What became of one file of the corpus.

    `bytes`, `modified_ns` (since 1970, as the file system tells it) and `sha256` are those of the
    file when it was read; 0 and empty for one that cannot be opened. `report_id` is the report it
    was read as, or for a duplicate the report that was kept; `reason` says why a file is unread or
    not kept.
    """

    file: str
    bytes: int
    modified_ns: int
    sha256: str
    outcome: Literal["read", "duplicate", "unreadable"]
    report_id: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; None or False leaves it open.

    Dates are those of the inspection's last day (the publication's where none is printed), ISO,
    inclusive. `report` is a report's id or file; `section` a part of a heading, `grade` that
    section's and `overall` the report's; `phrases` must all stand in a paragraph's text, as
    whole words, in capitals or not.
    """

    council: str | None = None
    report: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    section: str | None = None
    grade: str | None = None
    latest: bool = False
    phrases: tuple[str, ...] = ()
    framework: str | None = None
    overall: str | None = None
