from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.lexical import Lexical, write_lexical
from search.spelling import corrected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TEXTS = [
    "The graded care profile helps with neglect.",
    "Festering wounds.",
    "Children are criminal victims; fostering placements; safeguarding.",
    "Personal advisers support care leavers in Sunderland.",
]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Lexical:
    folder: Path = tmp_path_factory.mktemp("words") / "words"
    write_lexical(folder, TEXTS)
    return Lexical(folder)


def is_english(word: str) -> bool:
    return word in {"router", "grated", "football"}


RIGHT = [
    ("gradd care profle neglct", "graded care profile neglect"),
    ("what is safegaurding?", "what is safeguarding?"),
    ("Safegaurding of children", "Safeguarding of children"),
    ("fostring placments", "fostering placements"),
    ("eprsonal advisers", "personal advisers"),
    ("FOSTRING PLACEMENTS", "FOSTERING PLACEMENTS"),
]
LEFT_ALONE = [
    "personal adviser",  # another form of a word that is there
    "criminally exploited",
    "how is the router reset",  # an English word that the collection lacks
    "SAFEGAURDING",  # a code, for all one can tell
    "the Gradeed team",  # a name
    "s47 n3glect",
    "caer",  # too short to tell
    "xylophone",
    "",
]


@pytest.mark.parametrize(("typed", "meant"), RIGHT)
def test_a_slip_is_put_right_by_the_words_of_the_collection(
    typed: str, meant: str, words: Lexical
) -> None:
    assert corrected(typed, words, is_english) == meant


@pytest.mark.parametrize("typed", LEFT_ALONE)
def test_names_codes_and_known_words_are_left_alone(typed: str, words: Lexical) -> None:
    assert corrected(typed, words, is_english) is None


def test_of_two_words_the_one_that_stands_beside_the_others_is_meant(words: Lexical) -> None:
    # "fostering" and "festering" are both one slip away.
    assert corrected("fastering placements", words, is_english) == "fostering placements"
    assert corrected("fastering wounds", words, is_english) == "festering wounds"


class Nothing:
    """The words of an empty collection."""

    frequencies: Mapping[str, int] = {}

    def knows(self, word: str) -> bool:
        return False

    def beside(self, word: str, question: str) -> float:
        return 0.0


@given(st.text())
def test_without_words_nothing_is_put_right(typed: str) -> None:
    assert corrected(typed, Nothing(), is_english) is None
