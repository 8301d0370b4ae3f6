"""A question asked of an index: understood, searched for, ranked, and answered or refused."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from index.encoder import OnnxEncoder
from index.errors import UsageError
from index.generation import open_generation
from index.manifest import published_names
from index.model import configured_model
from index.records import Filters
from search import answer, cite
from search.question import understand
from search.rank import load_fitted, rank, weights_of
from search.result import Hit, Interpretation, Quotation, Result
from search.retrieve import retrieve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from index.encoder import QuestionEncoder
    from index.generation import Generation
    from index.records import Passage, Report
    from search.answer import Quote
    from search.question import Question
    from search.rank import Ranking
    from search.retrieve import Candidate

MOST_HITS = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is put: what to narrow the search to, and how many paragraphs to list."""

    question: str
    filters: Filters = field(default_factory=Filters)
    k: int = 10


@dataclass(frozen=True, slots=True)
class _Opened:
    """A generation and the encoder of its questions: they change together."""

    generation: Generation
    encoder: QuestionEncoder


class Searcher:
    """An index and its model, held open; may be asked from several threads.

    Each question is answered from one generation. One that is published later is noticed at the
    next question.
    """

    def __init__(
        self,
        folder: Path,
        load: Callable[[Path], QuestionEncoder] | None = None,
        *,
        in_bulk: bool = False,
    ) -> None:
        """Open the index in `folder`; `in_bulk` for batches, which several threads ask.

        Raises IndexMissingError, IndexUnusableError and ModelError.
        """
        self._folder = folder
        self._model = configured_model()
        self._load = load or partial(OnnxEncoder, in_bulk=in_bulk)
        self._lock = threading.Lock()
        generation = open_generation(folder, self._model)
        self._held = _Opened(generation, self._load(generation.model_folder))

    @property
    def generation(self) -> Generation:
        """The generation that is published now."""
        return self._opened().generation

    def _opened(self) -> _Opened:
        with self._lock:
            held = self._held.generation
            if published_names(self._folder)[0] != held.name:
                # The old one is not closed: another thread may still be reading it. It is freed
                # when the last of them lets go.
                newest = open_generation(self._folder, self._model)
                same = newest.model_folder == held.model_folder
                encoder = self._held.encoder if same else self._load(newest.model_folder)
                self._held = _Opened(newest, encoder)
            return self._held

    def ask(
        self, asked: str, filters: Filters | None = None, k: int = 10, ranking: Ranking = "default"
    ) -> Result:
        """The k best paragraphs for a question and the quotations that answer it.

        Raises UsageError for an empty question or a k out of range, IndexUnusableError.
        """
        [result] = self.ask_many([Asked(asked, filters or Filters(), k)], ranking)
        return result

    def ask_many(self, asked: Sequence[Asked], ranking: Ranking = "default") -> list[Result]:
        """The result of each question, in order, all of one generation.

        They are encoded together, and those with the same filters are searched for together, which
        takes a fraction of the time. Raises as `ask`.
        """
        for one in asked:
            if not 1 <= one.k <= MOST_HITS:
                raise UsageError(f"k is {one.k}; it must be from 1 to {MOST_HITS}.")
        clock = _Clock(len(asked))
        questions = [understand(one.question) for one in asked]
        opened = self._opened()
        generation = opened.generation
        vectors = opened.encoder.encode_questions([one.expanded for one in questions])
        clock.lap("encode")
        candidates: dict[int, list[Candidate]] = {}
        alike: dict[tuple[Filters, int], list[int]] = defaultdict(list)
        for at, one in enumerate(asked):
            alike[one.filters, one.k].append(at)
        for (filters, k), places in alike.items():
            words = [questions[at].expanded for at in places]
            found = retrieve(generation, vectors[places], words, filters, k)
            candidates |= zip(places, found, strict=True)
        clock.lap("search")
        return [
            _result(
                generation,
                one,
                questions[at],
                vectors[at],
                candidates[at],
                ranking=ranking,
                clock=clock.split(),
            )
            for at, one in enumerate(asked)
        ]

    def passage(self, passage_id: str) -> tuple[Report, Passage]:
        """A passage and its report. Raises KeyError where the index has no such passage."""
        store = self.generation.store
        passage = store.passage(passage_id)
        return store.report(passage.report_id), passage


def _result(
    generation: Generation,
    asked: Asked,
    question: Question,
    vector: NDArray[np.float32],
    candidates: list[Candidate],
    *,
    ranking: Ranking,
    clock: _Clock,
) -> Result:
    """The ranking of `candidates`, and quotations or a refusal."""
    fitted = load_fitted()
    ranked = rank(candidates, weights_of(ranking))[: asked.k]
    clock.lap("rank")
    passages = generation.store.passages([candidate.row for candidate, _ in ranked])
    confidence = max((candidate.similarity for candidate in candidates), default=0.0)
    confidence = round(min(max(confidence, 0.0), 1.0), 4)
    refusal = question.refusal
    if refusal is not None:
        confidence = 0.0
    elif not candidates:
        refusal = answer.NOTHING_LEFT.format(filters=_in_words(asked.filters))
    elif confidence < fitted.answer_threshold:
        refusal = answer.NOTHING_CLOSE
    quotes: list[Quote] = []
    if refusal is None:
        worth = answer.quotable([score for _, score in ranked], fitted.quoted_share)
        quotes = answer.quote(vector, passages[:worth], generation.sentences)
    if refusal is None and not quotes:  # a list's passage may be a title over no sentence
        refusal = answer.NOTHING_CLOSE
    clock.lap("quote")
    reports = {one.report_id: generation.store.report(one.report_id) for one in passages}
    return Result(
        question=question.text,
        answered=refusal is None,
        confidence=confidence,
        refusal=refusal,
        interpretation=Interpretation(
            filters=_given(asked.filters), corrected=None, expansions=question.expansions
        ),
        answer=tuple(
            Quotation(
                quote=one.text, citation=cite.cite(reports[one.passage.report_id], one.passage)
            )
            for one in quotes
        ),
        hits=tuple(
            _hit(place, passage, reports[passage.report_id], score, quotes)
            for place, (passage, (_, score)) in enumerate(
                zip(passages, ranked, strict=True), start=1
            )
        ),
        timing_ms=clock.laps(),
        generation=generation.name,
        notices=question.notices,
    )


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
    """Milliseconds since the last lap, by name; for questions asked together, a share of each."""

    def __init__(self, questions: int = 1) -> None:
        self._questions = max(questions, 1)
        self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = 1000 * (now - self._last) / self._questions
        self._last = now

    def split(self) -> _Clock:
        """A clock for one of the questions, which goes on from the laps they share."""
        own = _Clock()
        own._laps = dict(self._laps)
        return own

    def laps(self) -> dict[str, float]:
        laps = {**self._laps, "total": sum(self._laps.values())}
        return {name: round(milliseconds, 2) for name, milliseconds in laps.items()}
