from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.rank import Ranking, Weights, load_fitted, rank, weights_of
from search.retrieve import Candidate


def candidate(
    row: int, similarity: float, words: float = 0.0, *, finding: bool = True
) -> Candidate:
    return Candidate(row, finding, similarity, words)


ONE = candidate(0, similarity=0.5, words=0.25)
TWO = candidate(1, similarity=0.25, words=1.0)
INTRODUCTION = candidate(2, similarity=0.75, words=0.0, finding=False)

ORDERS = [
    (Weights(similarity=1, words=0, unnumbered=0), [(2, 0.75), (0, 0.5), (1, 0.25)]),
    (Weights(similarity=0, words=1, unnumbered=0), [(1, 1.0), (0, 0.25), (2, 0.0)]),
    (Weights(similarity=1, words=1, unnumbered=0), [(1, 1.25), (0, 0.75), (2, 0.75)]),
    (Weights(similarity=1, words=0, unnumbered=-0.5), [(0, 0.5), (1, 0.25), (2, 0.25)]),
    (Weights(similarity=0, words=0, unnumbered=0), [(0, 0.0), (1, 0.0), (2, 0.0)]),
]


@pytest.mark.parametrize(("weights", "order"), ORDERS)
def test_a_score_is_the_weighted_sum_and_ties_stand_as_in_the_collection(
    weights: Weights, order: list[tuple[int, float]]
) -> None:
    ranked = rank([INTRODUCTION, TWO, ONE], weights)
    assert [(one.row, score) for one, score in ranked] == order


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1), st.booleans())))
def test_ranking_loses_nothing_and_does_not_depend_on_the_order_given(
    evidence: list[tuple[float, float, bool]],
) -> None:
    made = [
        candidate(row, similarity, words, finding=finding)
        for row, (similarity, words, finding) in enumerate(evidence)
    ]
    ranked = rank(made, load_fitted().weights)
    assert sorted(one.row for one, _ in ranked) == list(range(len(made)))
    assert rank(made[::-1], load_fitted().weights) == ranked
    assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)


@pytest.mark.parametrize(
    ("ranking", "similarity", "words"), [("dense", 1, 0), ("bm25", 0, 1), ("default", None, None)]
)
def test_a_ranking_counts_the_evidence_that_its_name_says(
    ranking: Ranking, similarity: float | None, words: float | None
) -> None:
    weights = weights_of(ranking)
    fitted = load_fitted().weights
    assert weights.similarity == (fitted.similarity if similarity is None else similarity)
    assert weights.words == (fitted.words if words is None else words)


def test_the_fitted_values_are_sound() -> None:
    fitted = load_fitted()
    assert fitted.weights.similarity > 0
    assert fitted.weights.words >= 0 >= fitted.weights.unnumbered
    assert 0 < fitted.answer_threshold < 1
