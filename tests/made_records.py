"""Records made for tests: any at all for properties, and plain ones to write by hand."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from index.records import (
    Box,
    Facts,
    Judgement,
    Paragraph,
    Passage,
    Report,
    SourceFile,
)

SUNDERLAND = Facts(
    council="Sunderland City Council",
    framework="ILACS (standard)",
    inspection_start=date(2021, 6, 28),
    inspection_end=date(2021, 7, 9),
    published=date(2021, 8, 20),
)
SUNDERLAND_2021 = Report("sunderland-2021-08-20", "sunderland.pdf", "Sunderland", SUNDERLAND)


def paragraph(
    text: str, number: str | None = None, section: str | None = None, grade: str | None = None
) -> Paragraph:
    return Paragraph(
        number=number,
        part=None,
        section=section,
        section_grade=grade,
        subheading=None,
        page_start=None,
        page_end=None,
        text=text,
    )


def passage_of(made: Paragraph, row: int = 0, own: str = "r/1", report_id: str = "r") -> Passage:
    """A finding of no more than one paragraph, its text one sentence."""
    return Passage(
        row=row,
        id=own,
        report_id=report_id,
        finding=True,
        paragraph=made,
        first_sentence=row,
        sentences=((0, len(made.text)),),
    )


def passage(row: int, text: str, report_id: str = "r", *, finding: bool = True) -> Passage:
    """A passage of one sentence; in a collection of such ones it is the sentence of its row."""
    number = str(row + 1) if finding else None
    return Passage(
        row=row,
        id=f"{report_id}/{row + 1}",
        report_id=report_id,
        finding=finding,
        paragraph=paragraph(text, number),
        first_sentence=row,
        sentences=((0, len(text)),),
    )


_WORDS = st.text(max_size=20)
_MAYBE_WORDS = st.none() | _WORDS
_MAYBE_DAY = st.none() | st.dates(date(1990, 1, 1), date(2100, 1, 1))
_MAYBE_PAGE = st.none() | st.integers(1, 10_000)
_POINTS = st.floats(allow_nan=False, allow_infinity=False)
_BOXES = st.builds(Box, st.integers(1, 999), _POINTS, _POINTS, _POINTS, _POINTS)
_FACTS = st.builds(
    Facts,
    council=_MAYBE_WORDS,
    framework=_MAYBE_WORDS,
    inspection_start=_MAYBE_DAY,
    inspection_end=_MAYBE_DAY,
    published=_MAYBE_DAY,
    lead_inspector=_MAYBE_WORDS,
    judgements=st.lists(st.builds(Judgement, _WORDS, _WORDS, _WORDS), max_size=2).map(tuple),
    overall=_MAYBE_WORDS,
)
_PARAGRAPHS = st.builds(
    Paragraph,
    number=_MAYBE_WORDS,
    part=_MAYBE_WORDS,
    section=_MAYBE_WORDS,
    section_grade=_MAYBE_WORDS,
    subheading=_MAYBE_WORDS,
    page_start=_MAYBE_PAGE,
    page_end=_MAYBE_PAGE,
    text=st.text(max_size=50),
    boxes=st.lists(_BOXES, max_size=2).map(tuple),
)
_REPORTS = st.builds(
    Report,
    id=_WORDS,
    file=_WORDS,
    council=_MAYBE_WORDS,
    facts=_FACTS,
    warnings=st.lists(_WORDS, max_size=2).map(tuple),
    listed=st.booleans(),
)
_SPANS = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=3).map(tuple)
any_reports = st.lists(_REPORTS, max_size=4, unique_by=lambda report: report.id)
any_passages = st.lists(
    st.tuples(_WORDS, _WORDS, st.booleans(), _PARAGRAPHS, st.integers(0, 999), _SPANS),
    max_size=4,
    unique_by=lambda one: one[0],
).map(lambda made: [Passage(row, *one) for row, one in enumerate(made)])
any_files = st.lists(
    st.builds(
        SourceFile,
        file=_WORDS,
        bytes=st.integers(0, 2**40),
        modified_ns=st.integers(-1, 2**62),
        sha256=_WORDS,
        outcome=st.sampled_from(["read", "duplicate", "unreadable"]),
        report_id=_MAYBE_WORDS,
        reason=_MAYBE_WORDS,
    ),
    max_size=4,
    unique_by=lambda file: file.file,
)
