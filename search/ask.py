"""A question asked of an index: understood, searched for, ranked, and answered or refused."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from index.encoder import configured_model, load_encoder
from index.errors import UsageError
from index.generation import open_generation, read_manifest
from index.records import Filters
from search import answer, cite
from search.question import understand
from search.rank import load_fitted, rank, weights_of
from search.result import Hit, Interpretation, Quotation, Result
from search.retrieve import retrieve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from index.encoder import Encoder, Model
    from index.generation import Generation
    from index.records import Passage, Report
    from search.answer import Quote
    from search.rank import Ranking

MOST_HITS = 1000


class Searcher:
    """An index and its model, held open; may be asked from several threads.

    Each question is answered from one generation. One that is published later is noticed at the
    next question.
    """

    def __init__(self, folder: Path, load: Callable[[Model], Encoder] = load_encoder) -> None:
        """Open the index in `folder`.

        Raises IndexMissingError, IndexUnusableError and ModelError.
        """
        self._folder = folder
        self._model = configured_model()
        self._lock = threading.Lock()
        self._generation = open_generation(folder, self._model)
        self._encoder = load(self._model)

    @property
    def generation(self) -> Generation:
        """The generation that is published now."""
        with self._lock:
            if read_manifest(self._folder)[0] != self._generation.name:
                # The old one is not closed: another thread may still be reading it. It is freed
                # when the last of them lets go.
                self._generation = open_generation(self._folder, self._model)
            return self._generation

    def ask(
        self, asked: str, filters: Filters | None = None, k: int = 10, ranking: Ranking = "default"
    ) -> Result:
        """The k best paragraphs for a question and the quotations that answer it.

        Raises UsageError for an empty question or a k out of range, IndexUnusableError.
        """
        if not 1 <= k <= MOST_HITS:
            raise UsageError(f"k is {k}; it must be from 1 to {MOST_HITS}.")
        filters = filters or Filters()
        fitted = load_fitted()
        clock = _Clock()
        question = understand(asked)
        generation = self.generation
        vector = self._encoder.encode_question(question.expanded)
        clock.lap("encode")
        candidates = retrieve(generation, vector, question.expanded, filters, k)
        clock.lap("search")
        ranked = rank(candidates, weights_of(ranking))[:k]
        clock.lap("rank")
        confidence = max((candidate.similarity for candidate in candidates), default=0.0)
        confidence = round(min(max(confidence, 0.0), 1.0), 4)
        refusal = question.refusal
        if refusal is not None:
            confidence = 0.0
        elif not candidates:
            refusal = answer.NOTHING_LEFT.format(filters=_in_words(filters))
        elif confidence < fitted.answer_threshold:
            refusal = answer.NOTHING_CLOSE
        quotes: list[Quote] = []
        if refusal is None:
            worth = answer.quotable(ranked, fitted.quoted_share)
            passages = [candidate.passage for candidate, _ in worth]
            quotes = answer.quote(vector, passages, self._encoder)
        if refusal is None and not quotes:  # a list's passage may be a title over no sentence
            refusal = answer.NOTHING_CLOSE
        clock.lap("quote")
        reports = {
            report_id: generation.store.report(report_id)
            for report_id in {candidate.passage.report_id for candidate, _ in ranked}
        }
        return Result(
            question=question.text,
            answered=refusal is None,
            confidence=confidence,
            refusal=refusal,
            interpretation=Interpretation(
                filters=_given(filters), corrected=None, expansions=question.expansions
            ),
            answer=tuple(
                Quotation(
                    quote=one.text, citation=cite.cite(reports[one.passage.report_id], one.passage)
                )
                for one in quotes
            ),
            hits=tuple(
                _hit(place, candidate.passage, reports[candidate.passage.report_id], score, quotes)
                for place, (candidate, score) in enumerate(ranked, start=1)
            ),
            timing_ms=clock.laps(),
            generation=generation.name,
            notices=question.notices,
        )

    def passage(self, passage_id: str) -> tuple[Report, Passage]:
        """A passage and its report. Raises KeyError where the index has no such passage."""
        store = self.generation.store
        passage = store.passage(passage_id)
        return store.report(passage.report_id), passage


def _given(filters: Filters) -> dict[str, object]:
    """The filters that narrow anything, by their names on the command line."""
    return {
        name.removeprefix("date_"): value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in asdict(filters).items()
        if value not in (None, False)
    }


def _in_words(filters: Filters) -> str:
    return ", ".join(
        name if value is True else f"{name} {value!r}" for name, value in _given(filters).items()
    )


def _hit(place: int, passage: Passage, report: Report, score: float, quotes: list[Quote]) -> Hit:
    paragraph = passage.paragraph
    return Hit(
        rank=place,
        id=passage.id,
        file=report.file,
        council=report.facts.council,
        framework=report.facts.framework,
        published=report.facts.published,
        paragraph=paragraph.number,
        part=paragraph.part,
        section=paragraph.section,
        grade=paragraph.section_grade,
        page_start=paragraph.page_start,
        page_end=paragraph.page_end,
        text=paragraph.text,
        score=score,
        quote_spans=tuple((one.start, one.end) for one in quotes if one.passage.id == passage.id),
    )


_shared: dict[Path, Searcher] = {}
_opening = threading.Lock()


def shared_searcher(folder: Path) -> Searcher:
    """The one searcher of this process for the index in `folder`, opened when first asked for.

    Raises what Searcher raises; what failed is tried again at the next call, so that a page shows
    an index as soon as there is one.
    """
    with _opening:
        if folder not in _shared:
            _shared[folder] = Searcher(folder)
        return _shared[folder]


class _Clock:
    """Milliseconds since the last lap, by name."""

    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = round(1000 * (now - self._last), 2)
        self._last = now

    def laps(self) -> dict[str, float]:
        return {**self._laps, "total": round(1000 * (time.perf_counter() - self._started), 2)}
