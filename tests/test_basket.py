"""The basket: what is added, its order, its notes, and whose it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.records import Facts, Report
from search.basket import (
    LONGEST_NOTE,
    MOST_KEPT,
    Baskets,
    moved,
    noted,
    selection_of,
    with_added,
    without,
)
from search.export import Excerpt, markdown
from tests.made_records import passage

REPORT = Report("r", "r.txt", None, Facts())


def excerpt(row: int) -> Excerpt:
    return Excerpt(f"Sentence {row}.", REPORT, passage(row, f"Sentence {row}."))


THREE = tuple(excerpt(row) for row in range(3))
A, B, C = THREE


def test_what_is_in_the_basket_is_not_added_again() -> None:
    assert with_added((A, B), [B, C, C]) == (A, B, C)
    assert with_added((), []) == ()


def test_what_was_noted_on_is_the_same_quotation_still() -> None:
    basket = noted(THREE, 1, "for May")
    assert with_added(basket, THREE) == basket


def test_two_quotations_of_one_paragraph_are_two() -> None:
    other = Excerpt("Sentence", A.report, A.passage)
    assert with_added((A,), [other]) == (A, other)


def test_a_basket_is_full_at_last() -> None:
    full = with_added((), [excerpt(row) for row in range(MOST_KEPT + 5)])
    assert len(full) == MOST_KEPT


def test_a_quotation_moves_no_further_than_the_ends() -> None:
    assert moved(THREE, 0, 1) == (B, A, C)
    assert moved(THREE, 2, -1) == (A, C, B)
    assert moved(THREE, 0, -1) == THREE
    assert moved(THREE, 2, 1) == THREE


@given(st.integers(0, 2), st.integers(-4, 4))
def test_moving_loses_nothing(place: int, by: int) -> None:
    assert sorted(moved(THREE, place, by), key=lambda one: one.quote) == list(THREE)


def test_a_quotation_is_taken_out() -> None:
    assert without(THREE, 1) == (A, C)


def test_a_note_is_kept_without_blanks_and_no_longer_than_allowed() -> None:
    assert noted(THREE, 1, "  for May ")[1].note == "for May"
    assert len(noted(THREE, 1, "x" * 9000)[1].note) == LONGEST_NOTE


def test_a_basket_is_exported_in_its_order() -> None:
    out = markdown(selection_of((C, A)))
    assert out.index("Sentence 2.") < out.index("Sentence 0.")


def test_a_reader_has_a_basket_of_their_own() -> None:
    baskets = Baskets()
    baskets.put(b"ann", (A,))
    baskets.put(b"bob", (B,))
    assert (baskets.get(b"ann"), baskets.get(b"bob"), baskets.get(b"eve")) == ((A,), (B,), ())
    baskets.put(b"ann", ())
    assert baskets.get(b"ann") == ()


def test_of_too_many_baskets_the_one_longest_not_looked_at_is_given_up() -> None:
    baskets = Baskets(most=2)
    baskets.put(b"ann", (A,))
    baskets.put(b"bob", (B,))
    assert baskets.get(b"ann") == (A,)
    baskets.put(b"eve", (C,))
    assert baskets.get(b"bob") == ()
    assert baskets.get(b"ann") == (A,)
