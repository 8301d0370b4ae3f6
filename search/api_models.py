"""What the API takes and gives, as pydantic models: its documentation is made from them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from search import cite
from search.request import Asking, Narrowing
from search.result import Citation, Result

if TYPE_CHECKING:
    from index.generation import Generation
    from index.records import Passage, Report

MOST_QUESTIONS = 100  # of a batch: two seconds' work
MOST_HITS_OF_EACH = 100
MOST_BYTES = 256 * 1024  # of a batch's body: a hundred questions with all filters are 40 KB


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Problem(_Frozen):
    """What is wrong with a request, or with the server, and what to do about it."""

    error: str


class Health(_Frozen):
    """What the server answers from."""

    generation: str
    reports: int
    paragraphs: int
    model: str

    @classmethod
    def of(cls, generation: Generation) -> Health:
        counts, model = generation.manifest.counts, generation.manifest.model
        return cls(
            generation=generation.name,
            reports=counts.reports,
            paragraphs=counts.paragraphs,
            model=model.name,
        )


class BatchQuestion(Narrowing):
    """One question of a batch, with its own filters; `id` comes back with its answer."""

    id: Annotated[str | None, Field(coerce_numbers_to_str=True)] = None
    question: Asking
    k: Annotated[int, Field(ge=1, le=MOST_HITS_OF_EACH)] = 10
    as_typed: bool = False


BATCH: TypeAdapter[list[BatchQuestion]] = TypeAdapter(
    Annotated[list[BatchQuestion], Field(min_length=1, max_length=MOST_QUESTIONS)]
)


class BatchAnswer(Result):
    """The result of one question of a batch, under the id it was asked with."""

    id: str | None = None


class JudgementGiven(_Frozen):
    """One judgement of an inspection; `grade` in normal form, `printed` as the report has it."""

    name: str
    grade: str
    printed: str


class ReportFacts(_Frozen):
    """What a report says of itself. What is not printed in it is null.

    `council` is its name as printed, `council_short` the one people search by; `listed` is true for
    a list of passages, which is no report.
    """

    id: str
    file: str
    council: str | None
    council_short: str | None
    framework: str | None
    inspection_start: date | None
    inspection_end: date | None
    published: date | None
    lead_inspector: str | None
    overall: str | None
    judgements: tuple[JudgementGiven, ...]
    warnings: tuple[str, ...]
    listed: bool
    link: str

    @classmethod
    def of(cls, report: Report) -> ReportFacts:
        return cls.model_validate(_facts(report))


def _facts(report: Report) -> dict[str, Any]:
    facts = report.facts
    return {
        "id": report.id,
        "file": report.file,
        "council": facts.council,
        "council_short": report.council,
        "framework": facts.framework,
        "inspection_start": facts.inspection_start,
        "inspection_end": facts.inspection_end,
        "published": facts.published,
        "lead_inspector": facts.lead_inspector,
        "overall": facts.overall,
        "judgements": [
            JudgementGiven(name=one.name, grade=one.grade, printed=one.printed)
            for one in facts.judgements
        ],
        "warnings": report.warnings,
        "listed": report.listed,
        "link": cite.report_link(report.id),
    }


class Reports(_Frozen):
    """All reports of the collection, by file."""

    generation: str
    reports: tuple[ReportFacts, ...]


class PassageText(_Frozen):
    """One paragraph, verbatim. `finding` is false for introductions and the like."""

    id: str
    paragraph: str | None
    part: str | None
    section: str | None
    grade: str | None
    subheading: str | None
    page_start: int | None
    page_end: int | None
    finding: bool
    text: str

    @classmethod
    def of(cls, passage: Passage) -> PassageText:
        return cls.model_validate(_text(passage))


def _text(passage: Passage) -> dict[str, Any]:
    paragraph = passage.paragraph
    return {
        "id": passage.id,
        "paragraph": paragraph.number,
        "part": paragraph.part,
        "section": paragraph.section,
        "grade": paragraph.section_grade,
        "subheading": paragraph.subheading,
        "page_start": paragraph.page_start,
        "page_end": paragraph.page_end,
        "finding": passage.finding,
        "text": paragraph.text,
    }


class ReportWhole(ReportFacts):
    """A report with all its paragraphs, in order."""

    generation: str
    passages: tuple[PassageText, ...]

    @classmethod
    def whole(cls, report: Report, passages: list[Passage], generation: str) -> ReportWhole:
        return cls(
            **_facts(report),
            generation=generation,
            passages=tuple(PassageText.of(one) for one in passages),
        )


class PassageWhole(PassageText):
    """A paragraph with its citation, its report, and pictures of the pages it is printed on.

    `pictures` are addresses on this server, empty for files without pages.
    """

    generation: str
    citation: Citation
    forms: cite.Forms
    report: ReportFacts
    pictures: tuple[str, ...]

    @classmethod
    def whole(cls, report: Report, passage: Passage, base: str, generation: str) -> PassageWhole:
        """`base` is the server's address, which links in the citation's forms begin with."""
        return cls(
            **_text(passage),
            generation=generation,
            citation=cite.cite(report, passage),
            forms=cite.forms(report, passage, base),
            report=ReportFacts.of(report),
            pictures=tuple(
                f"/api/pages/{quote(report.id, safe='')}/{page}.png"
                f"?passage={quote(passage.id, safe='')}"
                for page in sorted({box.page for box in passage.paragraph.boxes})
            ),
        )
