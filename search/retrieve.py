"""A question → candidates: the paragraphs nearest by meaning and by words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index.generation import Generation
    from index.records import Filters

# How many are drawn by meaning and by words each, at the least, before they are ranked. A fused
# order can bring a paragraph into the best ten that neither draws among its own first ten.
_POOL = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paragraph that may answer, by its row in the collection.

    `similarity` is its cosine to the question, `words` its BM25 score as a part of the best one
    among the paragraphs searched, 0 to 1; `finding` as in Passage.
    """

    row: int
    finding: bool
    similarity: float
    words: float


def retrieve(
    generation: Generation,
    questions: NDArray[np.float32],
    words: Sequence[str],
    filters: Filters,
    k: int,
) -> list[list[Candidate]]:
    """Candidates for each of `questions` and its `words`, in the order of the collection.

    `questions` are unit vectors, float32 of shape (questions, dimension). The best k of either kind
    are among the candidates; the filters act inside the search, so k come back whenever k exist.
    """
    rows = generation.store.rows(filters)
    draw = max(k, _POOL)
    near = generation.paragraphs.nearest_many(questions, draw, rows)
    return [
        _candidates(generation, question, one, [row for row, _ in own], rows=rows, draw=draw)
        for question, one, own in zip(questions, words, near, strict=True)
    ]


def _candidates(
    generation: Generation,
    question: NDArray[np.float32],
    words: str,
    near: list[int],
    *,
    rows: NDArray[np.int64] | None,
    draw: int,
) -> list[Candidate]:
    every = generation.lexical.scores(words)
    scores = every if rows is None else every[rows]
    if len(scores) == 0:
        return []
    best = _largest(scores, draw)
    drawn = np.union1d(np.array(near, dtype=np.int64), best if rows is None else rows[best])
    most = float(scores.max())
    shares = every[drawn] / most if most > 0 else np.zeros(len(drawn))
    return [
        Candidate(*values)
        for values in zip(
            drawn.tolist(),
            generation.findings[drawn].tolist(),
            generation.paragraphs.similarities(question, drawn).tolist(),
            shares.tolist(),
            strict=True,
        )
    ]


def _largest(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The places of the `count` largest of `scores`, none below 0; of equal ones the first.

    They come in no order.
    """
    if count >= len(scores):
        return np.arange(len(scores), dtype=np.int64)
    some = scores[scores > 0]  # most paragraphs share no word with the question
    least = np.partition(some, -count)[-count] if len(some) >= count else np.float32(0)
    above = np.flatnonzero(scores > least)
    level = np.flatnonzero(scores == least)[: count - len(above)]
    return np.concatenate([above, level])
