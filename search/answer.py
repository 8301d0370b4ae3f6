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
    from search.rank import Quoting

# At most this many quotations: what a reader takes in at a glance, and can paste.
MOST_QUOTATIONS = 4
# A sentence that begins so speaks of the one before it, and is not understood alone: with a word
# that points back, or one that comes after something else; with a pronoun, alone or in a clause
# before the sentence's own; or with one of three such words among the first five. "Both the police
# and schools" and "It is clear that" speak of what follows.
_LEANS_BACK = re.compile(
    r"(?:also|although|another|as a result|both(?! the\b)|consequently|for (?:example|instance)"
    r"|further(?=,)|furthermore|however|in (?:addition|contrast)|instead|likewise|moreover|neither"
    r"|nevertheless|nonetheless|similarly|subsequently|there(?:by|fore)|thus)\b"
    r"|(?:(?:as|because|if|once|since|until|when|where|while|whilst) )?"
    r"(?:they|their|its|he|his|she|her"
    r"|it(?! (?:is|was) (?:apparent|clear|evident|positive|unclear) (?:how|that|whether|why)\b))\b"
    r"|(?:(?:for|in|of) )?(?:others|such"
    r"|those(?! (?:aged|at|in|over|that|under|who|whose|with)\b))\b"
    r"|(?:[^\s.;:]+ ){0,4}(?:this(?! (?:inspection|report|visit)\b)|these|them)\b",
    re.IGNORECASE,
)
# What asks for one fact, which one sentence holds.
_FACTUAL = re.compile(
    r"\b(?:how (?:many|much|long|often|old|large|big|far)|by how (?:many|much)"
    r"|when (?:did|was|were)"
    r"|(?:what|which) (?:%|per ?cent(?:age)?|share|proportion|number|rate|year|date|amount)"
    r"|(?:percentage|number|proportion|average \w+) of|who (?:is|was|led|chairs?))\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|third|quarter"
    r"|majority|none|all|most)\b",
    re.IGNORECASE,
)

NOTHING_CLOSE = (
    "Nothing was found that answers this question. The nearest paragraphs are listed, but "
    "they are not an answer."
)
ONLY_TOPIC = (
    "Nothing was found that answers this question, though some paragraphs speak of its topic. The "
    "nearest paragraphs are listed, but they are not an answer."
)


@dataclass(frozen=True, slots=True)
class Quote:
    """Whole sentences of a passage: text[start:end] of its paragraph, verbatim."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.passage.paragraph.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Sentence number `at` of a passage: its cosine to the question, and its unit vector."""

    passage: Passage
    at: int
    similarity: float
    vector: NDArray[np.float32]

    @property
    def text(self) -> str:
        start, end = self.passage.sentences[self.at]
        return self.passage.paragraph.text[start:end]


def refusal(confidence: float, threshold: float) -> str:
    """Why a question of too little `confidence` is not answered.

    From half the threshold on the nearest paragraph speaks of the topic.
    """
    return ONLY_TOPIC if confidence >= threshold / 2 else NOTHING_CLOSE


def is_factual(question: str) -> bool:
    """Whether one sentence with the fact answers `question`."""
    return _FACTUAL.search(question) is not None


def quote(
    question: str,
    vector: NDArray[np.float32],
    *,
    passages: Sequence[Passage],
    sure: Sequence[float],
    sentences: Vectors,
    quoting: Quoting,
) -> list[Quote]:
    """Quotations that answer, from the first passage and from others that are likely to.

    `vector` is the question's, a unit vector (float32, shape (dimension,)); `passages` are in
    order, best first, and `sure` is the confidence in each of the first; `sentences` holds the
    vectors of every sentence of the collection. A sentence that says what a quoted one says is left
    out, and what stands side by side is one quotation.
    """
    worth = [
        one
        for at, (one, likely) in enumerate(zip(passages, sure[:MOST_QUOTATIONS], strict=False))
        if one.sentences and (at == 0 or likely >= quoting.sure)
    ]
    if not worth or not passages[0].sentences:
        return []
    read = [_sentences(one, vector, sentences) for one in worth]
    if is_factual(question):
        fact = _with_fact(read[0])
        return [_quote(fact.passage, _understood(fact))]
    chosen: list[_Sentence] = []
    quotes: list[Quote] = []
    words = 0
    best = max(one.similarity for one in read[0])
    for own in read:
        kept: set[int] = set()
        nearest = sorted(own, key=lambda one: (-one.similarity, one.at))
        for one in nearest[: quoting.each]:
            if chosen and (
                one.similarity < quoting.share * best
                or any(float(one.vector @ other.vector) > quoting.alike for other in chosen)
            ):
                continue
            more = set(_understood(one)) - kept
            length = sum(len(own[at].text.split()) for at in more)
            if chosen and words + length > quoting.words:
                break
            words += length
            kept |= more
            chosen.append(one)
        runs = sorted(_runs(kept), key=lambda run: -max(own[at].similarity for at in run))
        quotes += [_quote(own[0].passage, run) for run in runs]
    return quotes[:MOST_QUOTATIONS]


def _sentences(
    passage: Passage, question: NDArray[np.float32], sentences: Vectors
) -> list[_Sentence]:
    rows = passage.first_sentence + np.arange(len(passage.sentences), dtype=np.int64)
    vectors = sentences.take(rows)
    return [
        _Sentence(passage, at, float(vector @ question), vector)
        for at, vector in enumerate(vectors)
    ]


def _with_fact(own: Sequence[_Sentence]) -> _Sentence:
    """The nearest sentence that holds a figure or a number, the nearest of all where none does."""
    holding = [one for one in own if _FIGURE.search(one.text)] or own
    return max(holding, key=lambda one: (one.similarity, -one.at))


def _understood(sentence: _Sentence) -> range:
    """The places of a sentence and of those before it that it leans on."""
    text, spans = sentence.passage.paragraph.text, sentence.passage.sentences
    first = sentence.at
    while first > 0 and _LEANS_BACK.match(text, spans[first][0]):
        first -= 1
    return range(first, sentence.at + 1)


def _runs(places: set[int]) -> list[list[int]]:
    """`places` as runs of neighbours: what stands together in the paragraph is quoted as one."""
    runs: list[list[int]] = []
    for place in sorted(places):
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _quote(passage: Passage, run: Sequence[int]) -> Quote:
    return Quote(passage, passage.sentences[run[0]][0], passage.sentences[run[-1]][1])
