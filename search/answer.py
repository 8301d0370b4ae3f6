"""Ranked paragraphs → quotations of whole sentences, or the reason why there are none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index.records import Passage
    from index.vectors import Vectors

# At most this many quotations, and no further one once they hold so many words together: what a
# reader takes in at a glance.
MOST_QUOTATIONS = 4
_MOST_WORDS = 120
# A sentence that begins so speaks of the one before it, and is not understood alone.
_LEANS_BACK = re.compile(
    r"(?:this|these|they|their|it|its|he|she|his|her|such|those|there(?:fore|by)|however"
    r"|as a result|similarly|for (?:example|instance)|in addition|also|although|consequently)\b",
    re.IGNORECASE,
)

NOTHING_CLOSE = (
    "No paragraph in the collection answers this question. The nearest paragraphs are listed, but "
    "they are not an answer."
)
NOTHING_LEFT = "The collection holds no paragraph with these filters: {filters}."


@dataclass(frozen=True, slots=True)
class Quote:
    """Whole sentences of a passage: text[start:end] of its paragraph, verbatim."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.passage.paragraph.text[self.start : self.end]


def quotable(scores: Sequence[float], least_share: float) -> int:
    """How many of the paragraphs with these scores, best first, are worth quoting from.

    The best, and others with at least that share of its score.
    """
    best = scores[0] if scores else 0.0
    least = min(best, least_share * best)  # by words alone, an introduction may be below zero
    return sum(score >= least for score in scores[:MOST_QUOTATIONS])


def quote(
    question: NDArray[np.float32], passages: Sequence[Passage], sentences: Vectors
) -> list[Quote]:
    """The sentence of each passage that is nearest to the question.

    `question` is a unit vector (float32, shape (dimension,)), `passages` are in order, best first,
    and `sentences` holds the vectors of every sentence of the collection.
    """
    rows = [one.first_sentence + at for one in passages for at in range(len(one.sentences))]
    similarities = iter(sentences.similarities(question, np.array(rows, dtype=np.int64)).tolist())
    quotes: list[Quote] = []
    words = 0
    for passage in passages:
        spans = passage.sentences
        nearness = [next(similarities) for _ in spans]
        if not spans:
            continue
        at = max(range(len(spans)), key=nearness.__getitem__)
        first = at
        while first > 0 and _LEANS_BACK.match(passage.paragraph.text, spans[first][0]):
            first -= 1
        made = Quote(passage, spans[first][0], spans[at][1])
        words += len(made.text.split())
        if quotes and words > _MOST_WORDS:
            break
        quotes.append(made)
    return quotes
