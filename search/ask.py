"""A question asked of an index: understood, searched for, ranked, and answered or refused."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from index.encoder import OnnxEncoder, cores
from index.errors import UsageError
from index.generation import open_generation
from index.manifest import published_names
from index.models import configured_model
from index.originals import find_original
from index.reader import QUICK, Reader
from index.records import Filters
from index.reranker import configured_reranker
from search import answer, cite, rank
from search.clock import Clock
from search.narrowed import for_programs, nothing_left, within
from search.question import Known, understand
from search.ranked import ranked, read_again, worth_reading
from search.result import Hit, Interpretation, Quotation, Result
from search.retrieve import retrieve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.encoder import QuestionEncoder
    from index.generation import Generation
    from index.reader import TextReader
    from index.records import Passage, Report
    from index.reranker import Reranker
    from search.answer import Quote
    from search.question import Question
    from search.rank import Ranking
    from search.retrieve import Candidates

MOST_HITS = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is put: what to narrow the search to, and how many paragraphs to list.

    `as_typed` leaves names and spelling in it as they are.
    """

    question: str
    filters: Filters = field(default_factory=Filters)
    k: int = 10
    as_typed: bool = False


@dataclass(frozen=True, slots=True)
class _Opened:
    """A generation, encoder and reader of its model, and what it knows: they change together."""

    generation: Generation
    encoder: QuestionEncoder
    reader: TextReader | None
    known: Known
    report_starts: NDArray[np.int64]

    @classmethod
    def of(
        cls, generation: Generation, encoder: QuestionEncoder, reader: TextReader | None
    ) -> _Opened:
        store = generation.store
        known = Known(store.reports(), generation.lexical, encoder.has_word)
        return cls(generation, encoder, reader, known, store.report_starts())


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
        """Open the index in `folder`; `in_bulk` for batches, which every core works on.

        Raises IndexMissingError, IndexUnusableError and ModelError.
        """
        self._folder = folder
        self._model = configured_model()
        self._load = load or partial(OnnxEncoder, in_bulk=in_bulk)
        self._workers = cores() if in_bulk else 1
        self._lock = threading.Lock()
        self._reranker = configured_reranker()
        generation = open_generation(folder, self._model)
        encoder = self._load(generation.model_folder)
        self._held = _Opened.of(generation, encoder, self._reader_of(generation))

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
                reader = self._held.reader if same else self._reader_of(newest)
                self._held = _Opened.of(newest, encoder, reader)
            return self._held

    def _reader_of(self, generation: Generation) -> TextReader | None:
        """The reader that its model has, None where it has none."""
        if QUICK.graph not in generation.manifest.model.files:
            return None
        return Reader(generation.model_folder, in_bulk=self._workers > 1)

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
        clock = Clock(len(asked))
        opened = self._opened()
        generation = opened.generation
        questions = [
            within(
                understand(one.question, one.filters, opened.known, as_typed=one.as_typed),
                one.filters,
                generation,
            )
            for one in asked
        ]
        clock.lap("understand")
        vectors = opened.encoder.encode_questions([one.expanded for one in questions])
        clock.lap("encode")
        candidates: dict[int, Candidates] = {}
        alike: dict[tuple[Filters, int], list[int]] = defaultdict(list)
        for at, one in enumerate(asked):
            alike[questions[at].filters, one.k].append(at)
        for (filters, k), places in alike.items():
            own = [questions[at] for at in places]
            found = retrieve(generation, vectors[places], own, filters, k)
            candidates |= zip(places, found, strict=True)
        clock.lap("search")

        def result(at: int) -> Result:
            return _result(
                opened,
                asked[at],
                questions[at],
                vectors[at],
                candidates[at],
                ranking=ranking,
                reranker=self._reranker,
                clock=clock.split(),
            )

        if self._workers == 1:
            return [result(at) for at in range(len(asked))]
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(result, range(len(asked))))

    def original(self, report_id: str) -> Path | None:
        """The file that a report was read from, None where it is no longer there as it was."""
        generation = self.generation
        sources = [one for one in generation.store.files() if one.report_id == report_id]
        read = [one for one in sources if one.outcome == "read"]
        return find_original(read[0], generation.manifest.roots) if read else None

    def passage(self, passage_id: str) -> tuple[Report, Passage]:
        """A passage and its report. Raises KeyError where the index has no such passage."""
        store = self.generation.store
        passage = store.passage(passage_id)
        return store.report(passage.report_id), passage

    def nearness(self, result: Result, ids: Sequence[str]) -> dict[str, list[float]]:
        """How near each sentence of these passages is to the question of `result`: cosines, by id.

        A passage that a newer generation no longer has is left out.
        """
        opened = self._opened()
        [vector] = opened.encoder.encode_questions([result.searched])
        found = opened.generation.store.passages_named(ids)
        return {
            name: opened.generation.sentences.similarities(
                vector, one.first_sentence + np.arange(len(one.sentences), dtype=np.int64)
            ).tolist()
            for name, one in found.items()
        }

    def sources(self, result: Result) -> dict[str, tuple[Report, Passage]]:
        """Report and passage of each hit, by the passage's id.

        One that a newer generation no longer has is left out.
        """
        store = self.generation.store
        found = store.passages_named([hit.id for hit in result.hits])
        return {name: (store.report(one.report_id), one) for name, one in found.items()}


def _result(
    opened: _Opened,
    asked: Asked,
    question: Question,
    vector: NDArray[np.float32],
    candidates: Candidates,
    *,
    ranking: Ranking,
    reranker: Reranker | None,
    clock: Clock,
) -> Result:
    """The ranking of `candidates`, and quotations or a refusal."""
    generation, fitted = opened.generation, rank.load_fitted()
    first = ranked(
        generation,
        candidates,
        question.text,
        ranking=ranking,
        k=asked.k,
        reports=_crowding(question, candidates, opened),
        reranker=reranker,
    )
    clock.lap("rank")
    usual = ranking == "default" and reranker is None
    if opened.reader is not None and usual and worth_reading(first, candidates):
        first = read_again(first, generation, question, vector=vector, reader=opened.reader)
    clock.lap("read")
    ordered, passages = first.ordered[: asked.k], first.passages[: asked.k]
    confidence = round(first.sure[0], 4) if first.sure else 0.0
    if passages:
        question = question.beside_first(passages[0].paragraph.text)
    refusal = question.refusal
    if not len(candidates):
        refusal = refusal or nothing_left(question.filters)
    elif confidence < fitted.threshold:
        refusal = refusal or answer.refusal(confidence, fitted.threshold)
    if question.refusal is not None:
        confidence = 0.0
    quotes: list[Quote] = []
    if refusal is None:
        quotes = answer.quote(
            question.text,
            vector,
            passages=passages,
            sure=first.sure,
            sentences=generation.sentences,
            quoting=fitted.quoting,
        )
    if refusal is None and not quotes:  # a list's passage may be a title over no sentence
        refusal = answer.NOTHING_CLOSE
    clock.lap("quote")
    reports = {one.report_id: generation.store.report(one.report_id) for one in passages}
    return Result(
        question=question.asked,
        answered=refusal is None,
        confidence=confidence,
        refusal=refusal,
        interpretation=Interpretation(
            filters=for_programs(question.filters),
            corrected=question.corrected,
            expansions=question.expansions,
        ),
        answer=tuple(
            Quotation(
                quote=one.text, citation=cite.cite(reports[one.passage.report_id], one.passage)
            )
            for one in quotes
        ),
        hits=tuple(
            _hit(
                place,
                passage,
                reports[passage.report_id],
                score=float(first.scored[at]),
                nearest=int(candidates.sentences[at]),
                quotes=quotes,
            )
            for place, (passage, at) in enumerate(zip(passages, ordered, strict=True), start=1)
        ),
        timing_ms=clock.laps(),
        generation=generation.name,
        notices=question.notices,
        searched=question.expanded,
    )


def _crowding(
    question: Question, candidates: Candidates, opened: _Opened
) -> NDArray[np.intp] | None:
    """Whose report each candidate is of, where one could crowd out others; else None.

    A passage list is no report.
    """
    named = question.filters.report is not None or question.filters.council is not None
    alone = len(opened.report_starts) == 1
    if named or alone or any(one.listed for one in opened.known.reports):
        return None
    return np.searchsorted(opened.report_starts, candidates.rows, side="right")


def _hit(
    place: int,
    passage: Passage,
    report: Report,
    *,
    score: float,
    nearest: int,
    quotes: list[Quote],
) -> Hit:
    """The paragraph as it is shown; `nearest` is the number of a sentence, -1 for none."""
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
        nearest_span=passage.sentences[nearest - passage.first_sentence] if nearest >= 0 else None,
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
