from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.rank import (
    BESIDE,
    DOUBT,
    MOST_OF_A_REPORT,
    SIGNS,
    Ranking,
    Reading,
    load_fitted,
    order,
    reordered,
    scores,
    signs,
    spread,
    weights_of,
)
from search.retrieve import FEATURES, Candidates


def candidates(*features: dict[str, float]) -> Candidates:
    """One candidate a row, in the order of the collection; a feature not named is 0."""
    values = [[one.get(name, 0.0) for name in FEATURES] for one in features]
    rows = np.arange(len(features), dtype=np.int64)
    array = np.array(values, dtype=np.float32).reshape(-1, len(FEATURES))
    return Candidates(rows, array, rows, len(rows))


MADE = candidates(
    {"similarity": 0.5, "words": 0.25},
    {"similarity": 0.25, "words": 1.0},
    {"similarity": 0.75, "unnumbered": 1},
)
ORDERS = [
    ({"similarity": 1.0}, [(2, 0.75), (0, 0.5), (1, 0.25)]),
    ({"words": 1.0}, [(1, 1.0), (0, 0.25), (2, 0.0)]),
    ({"similarity": 1.0, "words": 1.0}, [(1, 1.25), (0, 0.75), (2, 0.75)]),
    ({"similarity": 1.0, "unnumbered": -0.5}, [(0, 0.5), (1, 0.25), (2, 0.25)]),
    ({}, [(0, 0.0), (1, 0.0), (2, 0.0)]),
]


@pytest.mark.parametrize(("weights", "expected"), ORDERS)
def test_a_score_is_the_weighted_sum_and_ties_stand_as_in_the_collection(
    weights: dict[str, float], expected: list[tuple[int, float]]
) -> None:
    scored = scores(MADE, weights)
    ordered = order(scored, MADE.rows)
    assert [(int(at), float(scored[at])) for at in ordered] == expected


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1), st.booleans())))
def test_ranking_loses_nothing_and_is_best_first(
    evidence: list[tuple[float, float, bool]],
) -> None:
    made = candidates(
        *(
            {"similarity": near, "words": words, "unnumbered": float(of)}
            for near, words, of in evidence
        )
    )
    scored = scores(made, load_fitted().weights)
    ordered = order(scored, made.rows)
    assert sorted(ordered.tolist()) == list(range(len(made)))
    assert scored[ordered].tolist() == sorted(scored.tolist(), reverse=True)


@pytest.mark.parametrize(("ranking", "counted"), [("dense", "similarity"), ("bm25", "words")])
def test_a_ranking_counts_the_evidence_that_its_name_says(ranking: Ranking, counted: str) -> None:
    weights = weights_of(ranking)
    assert weights.keys() == {counted, "unnumbered"}
    assert weights[counted] == 1
    assert weights_of("default") == load_fitted().weights


# A second look


def test_what_is_read_is_ordered_by_score_and_logit_and_the_rest_stays_behind() -> None:
    scored, ordered = np.array([0.5, 0.9, 0.7, 0.6]), np.array([1, 2, 3, 0])
    again, order_after = reordered(scored, ordered, np.array([-1.0, 2.0, -4.0]), 0.1)
    assert order_after.tolist() == [2, 1, 3, 0]
    assert again.tolist() == pytest.approx([0.1, 0.8, 0.9, 0.2])
    unread, same = reordered(scored, ordered, np.array([]), 0.1)
    assert (unread.tolist(), same.tolist()) == (scored.tolist(), ordered.tolist())


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-20, 20)), min_size=1), st.integers(1, 6))
def test_reading_loses_nothing_and_scores_fall_as_before(
    evidence: list[tuple[float, float]], most: int
) -> None:
    scored = np.array([score for score, _ in evidence]).round(6)
    ordered = order(scored, np.arange(len(scored)))
    logits = np.array([evidence[at][1] for at in ordered[:most]])
    again, found = reordered(scored, ordered, logits, 0.03)
    assert sorted(found.tolist()) == list(range(len(scored)))
    assert again[found].tolist() == sorted(again.tolist(), reverse=True)
    assert found[most:].tolist() == ordered[most:].tolist()


# Reports that crowd others out


def spread_out(reports: list[int]) -> list[int]:
    return [int(at) for at in spread(np.arange(len(reports)), np.array(reports, dtype=np.int64))]


def test_what_is_one_too_many_of_its_report_comes_after_all_others() -> None:
    assert MOST_OF_A_REPORT == 3
    assert spread_out([7, 7, 7, 7, 8, 7, 9]) == [0, 1, 2, 4, 6, 3, 5]
    assert spread_out([7, 8, 7]) == [0, 1, 2]


@given(st.lists(st.integers(0, 4)))
def test_spreading_loses_nothing_and_keeps_the_order_within_a_report(reports: list[int]) -> None:
    found = spread_out(reports)
    assert sorted(found) == list(range(len(reports)))
    for report in set(reports):
        own = [place for place in found if reports[place] == report]
        assert own == sorted(own)


# Confidence


def test_signs_are_those_of_the_paragraph_in_question() -> None:
    made = candidates({"similarity": 0.5}, {"words": 1.0, "covered": 0.5})
    assert signs(made, 0, 0.75, 1.0).tolist() == [0.75, 0.0, 0.0, 1.0, 0.0]
    assert signs(made, 1, 0.25, -1.0).tolist() == [0.25, 1.0, 0.5, -1.0, 0.0]
    absent = replace(made, absent=True)
    assert signs(absent, 0, 0.75, 0.0).tolist() == [0.75, 0.0, 0.0, 0.0, 1.0]


def test_confidence_is_a_probability_and_grows_with_nearness() -> None:
    fitted = load_fitted()
    near, far = (
        fitted.confidence.of(np.array([value, 1.0, value, 0.0, 0.0])) for value in (0.9, 0.1)
    )
    assert 0 < far < fitted.threshold < near < 1


def test_confidence_after_reading_is_the_logistic_function_of_the_logit() -> None:
    reading = Reading(weight=0.1, slope=2.0, intercept=-1.0)
    assert reading.of(0.5) == 0.5
    assert reading.of(1.0) == pytest.approx(math.e / (1 + math.e))
    assert (reading.of(-1e6), reading.of(1e6)) == (0.0, 1.0)


def test_the_fitted_values_are_sound() -> None:
    fitted = load_fitted()
    assert fitted.weights.keys() == set(FEATURES)
    # These two are multiplied in their order.
    assert (*fitted.confidence.weights,) == SIGNS
    assert (*fitted.others.weights,) == BESIDE
    assert fitted.weights["similarity"] > 0 > fitted.weights["unnumbered"]
    assert fitted.weights["words"] >= 0
    assert 0 < fitted.threshold < DOUBT < 1
    assert fitted.reading.weight > 0 < fitted.reading.slope
