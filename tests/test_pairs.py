"""Pairs of words that a question names and a paragraph holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from index.lexical import pairs_of
from index.records import Filters
from search.pairs import any_absent, held, known_pairs, pairs_in
from tests.made_records import paragraph

if TYPE_CHECKING:
    from search.ask import Searcher

PAIRS = [
    ("Private fostering", {"privat foster"}),
    ("privately fostered children", {"privat foster", "foster children"}),
    ("fostering of private children", {"privat children"}),  # "of" stands between
    ("care", set()),
    ("", set()),
]


@pytest.mark.parametrize(("text", "pairs"), PAIRS)
def test_two_words_side_by_side_are_a_pair_in_any_form(text: str, pairs: set[str]) -> None:
    assert pairs_of(text) == pairs


HELD = [
    ("how is private fostering checked?", "Private fostering is checked.", 1.0),
    ("how is private fostering checked?", "Foster carers, in private.", -1.0),
    ("are young carers privately fostered?", "Those privately fostered are seen.", 0.0),
    ("how did the zebra quagga fare?", "Foster carers.", 0.0),
]


@pytest.mark.parametrize(("question", "text", "value"), HELD)
def test_known_pairs_are_held_or_not(question: str, text: str, value: float) -> None:
    assert held(pairs_in(question), paragraph(text)) == value


def test_a_heading_speaks_for_its_paragraphs() -> None:
    under = paragraph("They are visited.", section="Private fostering")
    assert held(pairs_in("private fostering"), under) == 1.0
    assert held(pairs_in("private fostering"), paragraph("They are visited.")) == -1.0


def test_what_is_known_are_pairs_of_stems() -> None:
    assert "privat foster" in known_pairs()
    assert all(len(pair.split(" ")) == 2 for pair in known_pairs())


ABSENT = [
    ("how is early help?", False),
    ("are care plans good?", True),  # both words may be there, and never side by side
    ("how is private fostering checked?", True),
    ("zebra quagga", False),  # no pair of the sector's
]


@pytest.mark.parametrize(("question", "absent"), ABSENT)
def test_a_pair_that_nothing_searched_holds_is_absent(
    question: str,
    absent: bool,  # noqa: FBT001 - a parameter of pytest's
    searcher: Searcher,
) -> None:
    assert any_absent(pairs_in(question), searcher.generation, None) == absent


def test_a_pair_may_stand_in_what_is_not_searched(searcher: Searcher) -> None:
    generation = searcher.generation
    of_2018 = generation.store.rows(Filters(report="northbridge-2018.txt"))
    assert not any_absent(pairs_in("every child"), generation, None)
    assert any_absent(pairs_in("every child"), generation, of_2018)
