"""Candidates → the first of them and the confidence in each; then the same after reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from search import rank
from search.answer import MOST_QUOTATIONS
from search.pairs import held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index.generation import Generation
    from index.reader import TextReader
    from index.records import Passage
    from index.reranker import Reranker
    from index.vectors import Vectors
    from search.question import Question
    from search.retrieve import Candidates

# So many of the best are ordered anew by a reranker, where one is configured.
_RERANKED = 20


@dataclass(frozen=True, slots=True)
class Ranked:
    """The first candidates, best first.

    `ordered` are their places among the candidates and `passages` what stands there; `scored` is
    every candidate's score by its place, float64 of shape (candidates,); `sure` the confidence in
    each of the first MOST_QUOTATIONS.
    """

    scored: NDArray[np.float64]
    ordered: NDArray[np.intp]
    passages: list[Passage]
    sure: list[float]


def ranked(
    generation: Generation,
    candidates: Candidates,
    question: str,
    *,
    ranking: rank.Ranking,
    k: int,
    reports: NDArray[np.intp] | None,
    reranker: Reranker | None,
) -> Ranked:
    """The k best of `candidates`, or as many as a reader reads, by what is known of them.

    `reports` says whose each is, where none may crowd out others.
    """
    fitted = rank.load_fitted()
    scored = rank.scores(candidates, rank.weights_of(ranking))
    ordered = rank.order(scored, candidates.rows)
    if reranker is not None:
        ordered = _reranked(ordered, candidates, question, generation, reranker)
    if reports is not None:
        ordered = rank.spread(ordered, reports)
    ordered = ordered[: max(k, rank.MOST_READ)]
    passages = generation.store.passages(candidates.rows[ordered].tolist())
    # By the fitted ranking's score, whichever made the order.
    by = scored if ranking == "default" else rank.scores(candidates, fitted.weights)
    sure = [
        fitted.confidence.of(
            rank.signs(candidates, at, by[at], held(candidates.pairs, one.paragraph))
        )
        for at, one in zip(ordered[:MOST_QUOTATIONS].tolist(), passages, strict=False)
    ]
    return Ranked(scored, ordered, passages, sure)


def worth_reading(first: Ranked, candidates: Candidates) -> bool:
    """Whether the first paragraphs should be read again."""
    return bool(first.sure) and (candidates.searched <= rank.FEW or first.sure[0] < rank.DOUBT)


def read_again(
    first: Ranked,
    generation: Generation,
    question: Question,
    *,
    vector: NDArray[np.float32],
    reader: TextReader,
) -> Ranked:
    """`first` after MOST_READ of it have been read; `vector` as for `read`."""
    fitted = rank.load_fitted()
    logits = read(question, vector, first.passages[: rank.MOST_READ], generation.sentences, reader)
    scored, ordered = rank.reordered(first.scored, first.ordered, logits, fitted.reading.weight)
    passages = dict(zip(first.ordered.tolist(), first.passages, strict=True))
    logit = dict(zip(first.ordered.tolist(), logits.tolist(), strict=False))
    best, *others = ordered[: min(MOST_QUOTATIONS, len(logits))].tolist()
    return Ranked(
        scored,
        ordered,
        [passages[at] for at in ordered.tolist()],
        [
            fitted.reading.of(logit[best]),
            *(
                fitted.others.of(np.array([logit[at], logit[best], first.scored[at]]))
                for at in others
            ),
        ],
    )


def read(
    question: Question,
    vector: NDArray[np.float32],
    passages: Sequence[Passage],
    sentences: Vectors,
    reader: TextReader,
) -> NDArray[np.float64]:
    """The logit of each of `passages` being an answer: float64 of shape (len(passages),).

    Of each is read what stands about its nearest sentence. `vector` is the question's, a unit
    vector (float32, shape (dimension,)); `sentences` holds the vectors of every sentence of the
    collection.
    """
    texts = []
    for one in passages:
        rows = one.first_sentence + np.arange(len(one.sentences), dtype=np.int64)
        near = sentences.similarities(vector, rows).tolist()
        texts.append(reader.excerpt(one.paragraph.text, one.sentences, near))
    whole = "\n".join(one.paragraph.text for one in passages)
    return reader.read(question.beside(whole), texts)


def _reranked(
    ordered: NDArray[np.intp],
    candidates: Candidates,
    question: str,
    generation: Generation,
    reranker: Reranker,
) -> NDArray[np.intp]:
    """`ordered` with the best of it in the order of the reranker."""
    best = ordered[:_RERANKED]
    passages = generation.store.passages(candidates.rows[best].tolist())
    found = reranker.scores(question, [one.paragraph.text for one in passages])
    return np.concatenate([best[np.argsort(-found, kind="stable")], ordered[_RERANKED:]])
