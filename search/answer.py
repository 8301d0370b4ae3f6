"""Ranked paragraphs → quotations of whole sentences, or the reason why there are none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from index.encoder import Encoder
    from index.records import Passage
    from search.retrieve import Candidate

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


def quotable(
    ranked: Sequence[tuple[Candidate, float]], least_share: float
) -> list[tuple[Candidate, float]]:
    """Those worth quoting from: the best, and others with at least that share of its score."""
    best = ranked[0][1] if ranked else 0.0
    least = min(best, least_share * best)  # by words alone, an introduction may be below zero
    return [pair for pair in ranked[:MOST_QUOTATIONS] if pair[1] >= least]


def quote(
    question: NDArray[np.float32], passages: Sequence[Passage], encoder: Encoder
) -> list[Quote]:
    """The sentence of each passage that is nearest to the question.

    `question` is a unit vector (float32, shape (dimension,)), `passages` are in order, best first.
    """
    spans = [sentence_spans(passage.paragraph.text) for passage in passages]
    sentences = [
        passage.paragraph.text[start:end]
        for passage, own in zip(passages, spans, strict=True)
        for start, end in own
    ]
    similarities = iter((encoder.encode_passages(sentences) @ question).tolist())
    quotes: list[Quote] = []
    words = 0
    for passage, own in zip(passages, spans, strict=True):
        nearness = [next(similarities) for _ in own]
        if not own:
            continue
        at = max(range(len(own)), key=nearness.__getitem__)
        first = at
        while first > 0 and _LEANS_BACK.match(passage.paragraph.text, own[first][0]):
            first -= 1
        made = Quote(passage, own[first][0], own[at][1])
        words += len(made.text.split())
        if quotes and words > _MOST_WORDS:
            break
        quotes.append(made)
    return quotes
