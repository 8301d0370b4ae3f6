from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import sentence_spans
from search.answer import NOTHING_CLOSE, ONLY_TOPIC, Quote, is_factual, quote, refusal
from search.rank import Quoting
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

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.array([self._vectors[row] for row in rows], dtype=np.float32)


def split(texts: Sequence[str]) -> list[Passage]:
    passages: list[Passage] = []
    first = 0
    for row, text in enumerate(texts):
        spans = tuple(sentence_spans(text))
        passages.append(replace(passage(row, text), first_sentence=first, sentences=spans))
        first += len(spans)
    return passages


# Of each passage one sentence, from all passages, however far, and whatever was said before.
EVERYTHING = Quoting(sure=-9.0, each=1, share=-9.0, alike=9.0, words=150)


def quoted_from(
    passages: list[Passage],
    question: str,
    quoting: Quoting = EVERYTHING,
    sure: Sequence[float] = (),
) -> list[Quote]:
    sentences: Any = Sentences(passages)
    return quote(
        question,
        bag(question),
        passages=passages,
        sure=sure or [0.0] * len(passages),
        sentences=sentences,
        quoting=quoting,
    )


def quotes(question: str, *texts: str, **quoting: float) -> list[str]:
    asked = replace(EVERYTHING, **quoting)  # type: ignore[arg-type]
    return [one.text for one in quoted_from(split(texts), question, asked)]


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
    ("Staff stay. Examples of this: risk.", "Staff stay. Examples of this: risk."),
    ("Staff stay. In these cases risk falls.", "Staff stay. In these cases risk falls."),
    ("Staff stay. When they do, risk falls.", "Staff stay. When they do, risk falls."),
    ("Staff stay. Staff know of this risk.", "Staff stay. Staff know of this risk."),
    ("Staff stay. Of those, nine are at risk.", "Staff stay. Of those, nine are at risk."),
    ("Staff stay. Further, risk fell.", "Staff stay. Further, risk fell."),
    ("Staff stay. Further risk was seen.", "Further risk was seen."),
    ("Staff stay. Those who are at risk go.", "Those who are at risk go."),
    (
        "Staff stay. At the time of this inspection risk fell.",
        "At the time of this inspection risk fell.",
    ),
    ("Staff stay. When risk falls they go.", "When risk falls they go."),
    ("Staff stay. Both see risk and go.", "Staff stay. Both see risk and go."),
    ("Staff stay. Both the homes and schools see risk.", "Both the homes and schools see risk."),
    ("Staff stay. It is clear that risk falls.", "It is clear that risk falls."),
    (
        "Staff stay. Where it is evident that risk fell, go.",
        "Where it is evident that risk fell, go.",
    ),
    ("Staff stay. It is aware that risk falls.", "Staff stay. It is aware that risk falls."),
    ("Staff stay. It is able to see risk.", "Staff stay. It is able to see risk."),
    ("Staff stay. It is a risk.", "Staff stay. It is a risk."),
    ("Staff stay. Risk falls where staff see this.", "Risk falls where staff see this."),
]


@pytest.mark.parametrize(("text", "quoted"), QUOTED)
def test_the_nearest_sentence_is_quoted_with_those_it_leans_back_on(text: str, quoted: str) -> None:
    assert quotes("risk", text) == [quoted]


# How many


def test_one_quotation_comes_from_each_passage_in_their_order() -> None:
    texts = ["Risk one. Care.", "Risk two. Care.", "No matter."]
    assert quotes("risk", *texts) == ["Risk one.", "Risk two.", "No matter."]


def test_quotations_hold_so_many_words_at_most_but_there_is_always_one() -> None:
    long = "Risk " * 79 + "risk."
    texts = [long, "Risk seen.", long, "Risk."]
    assert quotes("risk", *texts) == [long, "Risk seen.", "Risk."]
    assert quotes("risk", *texts, words=163) == texts
    assert quotes("risk", long * 2) == [long * 2]


def test_sentences_that_stand_side_by_side_are_one_quotation() -> None:
    text = "Risk is seen. Risk falls. Care is good. The risk is known."
    both = ["Risk is seen. Risk falls.", "The risk is known."]
    assert quotes("risk", text, each=3) == both
    assert quotes("risk", text, each=2) == both[:1]
    last = "Care. Staff see risk. It is known. School. Risk."
    assert quotes("risk", last, each=2) == ["Risk.", "Staff see risk."]
    assert quotes("risk care", last, each=9) == [last]


def test_what_a_passage_says_in_a_second_sentence_is_quoted_where_it_may_be() -> None:
    text = "Risk is seen. Care is good. The risk falls."
    assert quotes("risk", text, each=2) == ["Risk is seen.", "The risk falls."]
    assert quotes("risk", text, each=2, share=0.5) == ["Risk is seen.", "The risk falls."]
    assert quotes("risk", text, each=3, share=0.5) == ["Risk is seen.", "The risk falls."]


def test_what_repeats_a_quotation_is_left_out() -> None:
    assert quotes("risk care", "Risk and care.", "Risk.", "Care and risk.", alike=0.9) == [
        "Risk and care.",
        "Risk.",
    ]


def test_a_paragraph_that_hardly_answers_is_not_quoted() -> None:
    passages = split(["Risk one.", "Risk two.", "Risk three."])
    found = quoted_from(passages, "risk", replace(EVERYTHING, sure=0.5), [1.0, 0.5, 0.25])
    assert [one.text for one in found] == ["Risk one.", "Risk two."]


FACTUAL = ["How many risks are there?", "what percentage is in care", "When was the last risk?"]
NOT_FACTUAL = ["How well is risk seen?", "care leavers", "What happens when children go missing?"]


@pytest.mark.parametrize("question", FACTUAL)
def test_a_factual_question_gets_the_one_sentence_with_the_fact(question: str) -> None:
    assert is_factual(question)
    text = "Risk is seen in care. There were 27 risks. Staff stay."
    [only] = quotes(question, text, "Risk.", each=2)
    assert only == "There were 27 risks."


@pytest.mark.parametrize("question", NOT_FACTUAL)
def test_other_questions_are_not_factual(question: str) -> None:
    assert not is_factual(question)


def test_without_a_figure_a_factual_question_gets_the_nearest_sentence() -> None:
    assert quotes("how many risk", "Care. Risk.", "Risk.") == ["Risk."]


def test_a_refusal_tells_a_topic_that_is_there_from_nothing_close() -> None:
    assert refusal(0.1, threshold=0.5) == NOTHING_CLOSE
    assert refusal(0.25, threshold=0.5) == ONLY_TOPIC


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
