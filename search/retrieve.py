"""A question → candidates: the paragraphs nearest by meaning and by words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from index.generation import Generation
    from index.records import Filters, Passage

# How many are drawn by meaning and by words each, at the least, before they are ranked. A fused
# order can bring a paragraph into the best ten that neither draws among its own first ten.
_POOL = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paragraph that may answer.

    `similarity` is its cosine to the question, `words` its BM25 score as a part of the best one
    among the paragraphs searched, 0 to 1.
    """

    passage: Passage
    similarity: float
    words: float


def retrieve(
    generation: Generation,
    question: NDArray[np.float32],
    words: str,
    filters: Filters,
    k: int,
) -> list[Candidate]:
    """Candidates for `question` (a unit vector, float32, shape (dimension,)) and its `words`.

    The best k of either kind are among them; the filters act inside the search, so k come back
    whenever k exist. In the order of the collection.
    """
    rows = generation.store.rows(filters)
    draw = max(k, _POOL)
    scores = generation.lexical.scores(words)
    if rows is None:
        rows = np.arange(len(scores), dtype=np.int64)
        near = generation.vectors.nearest(question, draw)
    else:
        near = generation.vectors.nearest(question, draw, rows)
    if len(rows) == 0:
        return []
    # A stable sort, so that equal scores are drawn in the order of the collection.
    by_words = rows[np.argsort(-scores[rows], kind="stable")[:draw]]
    drawn = np.union1d(np.array([row for row, _ in near], dtype=np.int64), by_words)
    best = float(scores[rows].max())
    shares = scores[drawn] / best if best > 0 else np.zeros(len(drawn))
    return [
        Candidate(passage, float(similarity), float(share))
        for passage, similarity, share in zip(
            generation.store.passages(drawn.tolist()),
            generation.vectors.similarities(question, drawn),
            shares,
            strict=True,
        )
    ]
