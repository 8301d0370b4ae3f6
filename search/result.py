"""The object a search returns: to the page, to the API, and as JSON to other programs."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Citation(_Frozen):
    """Where a quotation stands; `label` is what is pasted into a paper."""

    id: str
    label: str
    file: str
    council: str | None
    paragraph: str | None
    page_start: int | None
    page_end: int | None
    link: str


class Quotation(_Frozen):
    """Whole sentences of one paragraph, verbatim, and where they stand."""

    quote: str
    citation: Citation


class Hit(_Frozen):
    """One paragraph found. `quote_spans` are the quotations' places in `text`.

    `nearest_span` (not part of the JSON object) is the place of the sentence nearest to the
    question, None where there is no sentence.
    """

    rank: int
    id: str
    file: str
    council: str | None
    framework: str | None
    published: date | None
    paragraph: str | None
    part: str | None
    section: str | None
    grade: str | None
    page_start: int | None
    page_end: int | None
    text: str
    score: float
    quote_spans: tuple[tuple[int, int], ...] = ()
    nearest_span: tuple[int, int] | None = Field(default=None, exclude=True)


class Interpretation(_Frozen):
    """What was made of the question, for the reader to see and undo."""

    filters: dict[str, Any]
    corrected: str | None
    expansions: tuple[str, ...]


class Result(_Frozen):
    """What a question found. `answer` is empty and `refusal` says why where `answered` is false.

    `hits` are the best paragraphs whether answered or not; `notices`
    say what was done to the question before it was searched for, `searched` what was (neither is
    part of the JSON object).
    """

    question: str
    answered: bool
    confidence: float = Field(ge=0, le=1)
    refusal: str | None
    interpretation: Interpretation
    answer: tuple[Quotation, ...]
    hits: tuple[Hit, ...]
    timing_ms: dict[str, float]
    generation: str
    notices: tuple[str, ...] = Field(default=(), exclude=True)
    searched: str = Field(default="", exclude=True)
