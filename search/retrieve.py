"""A question → candidates: the paragraphs nearest by meaning and by words, and what is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from search.pairs import any_absent, pairs_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index.generation import Generation
    from index.records import Filters
    from search.question import Question

# What is known of a candidate, in this order; `search/ranking.json` holds a weight for each.
FEATURES = (
    "similarity",  # the cosine of the question to the paragraph
    "best_sentence",  # … to the sentence of it that is nearest
    "second_sentence",  # … to the next; the nearest again where there is no other
    "words",  # BM25, as a part of the best score among the paragraphs searched
    "covered",  # how much of the question's words it holds, by their rarity
    "named",  # the share of the names and codes in the question that it holds
    "unnumbered",  # 1 for introductions and lists, 0 for what carries the run of numbers
    "length",  # log2(1 + sentences)
)
_NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z]\w*[a-z]\w*|\b[A-Z]{2,}\w*|\b[A-Za-z]+\d\w*")
# How many are drawn each way, at the least, before they are ranked: a fused order can bring a
# paragraph into the best ten that neither way alone has among its first ten. Sentences draw none:
# to read the vectors of all of them would take longer than everything else together.
_POOL = 50
# Where no more paragraphs than this are searched, all of them are candidates: a report has 40 to
# 170, and to rank them all costs less than to choose.
_ALL = 300


@dataclass(frozen=True, slots=True)
class Candidates:
    """Paragraphs that may answer, by their rows in the collection, ascending.

    `rows` is int64 of shape (n,); `features` float32 of shape (n, len(FEATURES)); `sentences` the
    number of each one's nearest sentence in the collection, int64 of shape (n,), -1 for none. They
    were drawn from as many paragraphs as were `searched`. `pairs` are the known pairs of words in
    the question, and `absent` says whether nothing that was searched holds one of them.
    """

    rows: NDArray[np.int64]
    features: NDArray[np.float32]
    sentences: NDArray[np.int64]
    searched: int
    pairs: frozenset[str] = frozenset()
    absent: bool = False

    def __len__(self) -> int:
        return len(self.rows)


def retrieve(
    generation: Generation,
    vectors: NDArray[np.float32],
    questions: Sequence[Question],
    filters: Filters,
    k: int,
) -> list[Candidates]:
    """Candidates for each of `questions`.

    `vectors` are theirs, of unit length, float32 of shape (questions, dimension). The best k of
    every kind are among the candidates; the filters act inside the search, so k come back whenever
    k exist.
    """
    rows = generation.store.rows(filters)
    draw = max(k, _POOL)
    count = len(generation.paragraphs) if rows is None else len(rows)
    near: list[NDArray[np.int64]]
    if count <= max(draw, _ALL):
        every = np.arange(count, dtype=np.int64) if rows is None else rows
        near = [every] * len(questions)
    else:
        found = generation.paragraphs.nearest_many(vectors, draw, rows)
        near = [np.sort([row for row, _ in own]).astype(np.int64) for own in found]
    return [
        _candidates(generation, vector, question, own, rows=rows, draw=draw)
        for vector, question, own in zip(vectors, questions, near, strict=True)
    ]


def _ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """All whole numbers of start:end for each pair, in order."""
    counts = ends - starts
    firsts = np.repeat(starts - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    ranges: NDArray[np.int64] = firsts + np.arange(len(firsts), dtype=np.int64)
    return ranges


def _candidates(
    generation: Generation,
    vector: NDArray[np.float32],
    question: Question,
    near: NDArray[np.int64],
    *,
    rows: NDArray[np.int64] | None,
    draw: int,
) -> Candidates:
    words = question.expanded
    every = generation.lexical.scores(words)
    scores = every if rows is None else every[rows]
    best = _largest(scores, draw)
    drawn = np.union1d(near, best if rows is None else rows[best])
    most = float(scores.max(initial=0))
    features = np.zeros((len(drawn), len(FEATURES)), dtype=np.float32)
    starts, ends = generation.sentence_starts[drawn], generation.sentence_starts[drawn + 1]
    nearest, second, at = _sentences(generation, vector, starts, ends)
    features[:, 0] = generation.paragraphs.similarities(vector, drawn)
    features[:, 1] = np.where(at < 0, features[:, 0], nearest)
    features[:, 2] = np.where(at < 0, features[:, 0], second)
    features[:, 3] = every[drawn] / most if most > 0 else 0
    features[:, 4] = generation.lexical.covered(words, drawn)
    features[:, 5] = generation.lexical.holding(names_in(question.text), drawn)
    features[:, 6] = ~generation.findings[drawn]
    features[:, 7] = np.log2(1 + ends - starts)
    pairs = pairs_in(question.text)
    return Candidates(drawn, features, at, len(scores), pairs, any_absent(pairs, generation, rows))


def names_in(text: str) -> list[str]:
    """Names and codes in `text`: capitals within a sentence, or in a row, and letters with digits.

    The word at the head of a sentence has its capital from there.
    """
    found = [match[0] for match in _NAME.finditer(text)]
    return [] if text.isupper() else [name for name in found if name not in {"I", "Ofsted"}]


def _sentences(
    generation: Generation,
    question: NDArray[np.float32],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """The two largest cosines of the sentences start:end, and the number of the nearest one.

    Each of shape (len(starts),); number -1 where there are no sentences.
    """
    counts = ends - starts
    cosines = np.full((len(starts), max(counts.max(initial=0), 1)), -1, dtype=np.float32)
    filled = np.arange(cosines.shape[1]) < counts[:, None]
    cosines[filled] = generation.sentences.similarities(question, _ranges(starts, ends))
    place = cosines.argmax(axis=1)
    nearest = cosines.max(axis=1, initial=-1)
    cosines[np.arange(len(starts)), place] = -1
    second = np.where(counts > 1, cosines.max(axis=1, initial=-1), nearest)
    return nearest, second.astype(np.float32), np.where(counts > 0, starts + place, -1)


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
