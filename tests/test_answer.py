from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import sentence_spans
from search.answer import Quote, quotable, quote
from tests.fake_encoder import KNOWN, bag
from tests.made_records import passage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index.records import Passage


class Sentences:
    """The vectors of the sentences of some passages, as a generation holds them."""

    def __init__(self, passages: list[Passage]) -> None:
        self._vectors = [bag(text) for one in passages for text in one.sentence_texts]

    def similarities(
        self, question: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        return np.array([self._vectors[row] @ question for row in rows], dtype=np.float32)


def split(texts: Sequence[str]) -> list[Passage]:
    passages: list[Passage] = []
    first = 0
    for row, text in enumerate(texts):
        spans = tuple(sentence_spans(text))
        passages.append(replace(passage(row, text), first_sentence=first, sentences=spans))
        first += len(spans)
    return passages


def quoted_from(passages: list[Passage], question: str) -> list[Quote]:
    sentences: Any = Sentences(passages)
    return quote(bag(question), passages, sentences)


def quotes(question: str, *texts: str) -> list[str]:
    return [one.text for one in quoted_from(split(texts), question)]


# The nearest sentence, and the one before where it leans back

QUOTED = [
    ("Staff stay. Risk is seen. Care is good.", "Risk is seen."),
    ("Risk is seen.", "Risk is seen."),
    ("Risk is seen", "Risk is seen"),
    ("Staff stay. Risk one. Risk two.", "Risk one."),
    ("Staff stay.  They see risk.  Care is good.", "Staff stay.  They see risk."),
    (
        "Care is good. Staff stay. This helps. It lowers risk.",
        "Staff stay. This helps. It lowers risk.",
    ),
    ("Staff stay. However, risk is missed.", "Staff stay. However, risk is missed."),
    ("Staff stay. As a result, risk falls. Care.", "Staff stay. As a result, risk falls."),
    ("They see risk. Staff stay.", "They see risk."),
    ("Staff stay. Italy sees risk.", "Italy sees risk."),
    ("Staff stay. Theirs is the risk.", "Theirs is the risk."),
    ("Staff stay. Thistle risk.", "Thistle risk."),
]


@pytest.mark.parametrize(("text", "quoted"), QUOTED)
def test_the_nearest_sentence_is_quoted_with_those_it_leans_back_on(text: str, quoted: str) -> None:
    assert quotes("risk", text) == [quoted]


# How many


def test_one_quotation_comes_from_each_passage_in_their_order() -> None:
    texts = ["Risk one. Care.", "Risk two. Care.", "No matter."]
    assert quotes("risk", *texts) == ["Risk one.", "Risk two.", "No matter."]


def test_quotations_end_once_they_hold_120_words_but_there_is_always_one() -> None:
    long = "Risk " * 99 + "risk."
    assert quotes("risk", long + " ", "Risk. ", long, "Risk.") == [long, "Risk."]
    assert quotes("risk", long * 2) == [long * 2]


def test_a_passage_without_a_sentence_is_passed_over() -> None:
    assert quotes("risk", " \n ", "Risk.") == ["Risk."]
    assert quotes("risk", " ") == []
    assert quotes("risk") == []


QUOTABLE = [
    ([0.9, 0.8, 0.7, 0.1], 2),
    ([0.5], 1),
    ([0.5, 0.5, 0.5, 0.5, 0.5], 4),
    ([0.0, 0.0], 2),
    ([-0.1, -0.1, -0.2], 2),
    ([], 0),
]


@pytest.mark.parametrize(("scores", "expected"), QUOTABLE)
def test_the_best_is_quotable_whatever_its_score_and_what_comes_near_it(
    scores: list[float], expected: int
) -> None:
    assert quotable(scores, 0.85) == expected


# Verbatim

SENTENCES = st.lists(
    st.sampled_from(
        [
            *(f"{word.title()} is here." for word in KNOWN),
            "They stay.",
            "Is it?",
            "(See 2.)",
            "3.5%",
        ]
    )
).map(" ".join)


@given(st.lists(SENTENCES | st.text(), max_size=5), st.sampled_from(KNOWN))
def test_every_quotation_is_verbatim_and_of_whole_sentences(texts: list[str], word: str) -> None:
    for one in quoted_from(split(texts), word):
        text = one.passage.paragraph.text
        assert one.text == text[one.start : one.end] in texts[one.passage.row]
        spans = sentence_spans(text)
        assert one.start in {start for start, _ in spans}
        assert one.end in {end for _, end in spans}
        assert one.start < one.end
