from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder import Model
from index.sentences import sentence_spans
from search.answer import quotable, quote
from search.retrieve import Candidate
from tests.fake_encoder import KNOWN, FakeEncoder, bag
from tests.made_records import passage

if TYPE_CHECKING:
    from index.records import Passage

ENCODER = FakeEncoder(Model("fake", Path(), "0"))


def quotes(question: str, *texts: str) -> list[str]:
    passages = [passage(row, text) for row, text in enumerate(texts)]
    return [one.text for one in quote(bag(question), passages, ENCODER)]


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
    ranked = [(Candidate(passage(row, "."), 0, 0), score) for row, score in enumerate(scores)]
    assert [one.passage.row for one, _ in quotable(ranked, 0.85)] == list(range(expected))


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
    passages: list[Passage] = [passage(row, text) for row, text in enumerate(texts)]
    for one in quote(bag(word), passages, ENCODER):
        text = one.passage.paragraph.text
        assert one.text == text[one.start : one.end] in texts[one.passage.row]
        spans = sentence_spans(text)
        assert one.start in {start for start, _ in spans}
        assert one.end in {end for _, end in spans}
        assert one.start < one.end
