"""Candidates → their order, and how likely the first of them answers; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from search.retrieve import FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from search.retrieve import Candidates

Ranking = Literal["default", "dense", "bm25"]
Values: TypeAlias = "Mapping[str, float]"

FITTED = Path(__file__).parent / "ranking.json"
# Of one report at most so many stand among the first, where no report is named: others follow.
MOST_OF_A_REPORT = 3
# What is known of a paragraph that may answer, in this order; `ranking.json` holds their weights.
SIGNS = (
    "score",  # in the fitted ranking
    "words",  # its BM25, as a part of the best one
    "covered",  # how much of the question's words it holds, by their rarity
    "pairs",  # how many of the question's pairs of words it holds: `search/pairs.py`
    "absent",  # 1 where nothing searched holds one of them
)
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Quoting:
    """What is quoted beside the first paragraph's nearest sentence.

    From paragraphs that answer with a confidence of at least `sure`, at most `each` sentences of
    each, whose cosine is at least `share` of the first's and at most `alike` to any before it.
    """

    sure: float
    each: int
    share: float
    alike: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic regression of whether a paragraph answers, on SIGNS."""

    weights: Values
    intercept: float

    def of(self, found: NDArray[np.float64]) -> float:
        """The probability that a paragraph with the signs `found` answers."""
        vector = np.array([self.weights[name] for name in SIGNS])
        return float(1 / (1 + np.exp(-(found @ vector + self.intercept))))


@dataclass(frozen=True, slots=True)
class Fitted:
    """What `make fit` found.

    `weights` of FEATURES make the order; below a `confidence` of `threshold` nothing is an answer;
    `quoting` says what is quoted.
    """

    weights: Values
    confidence: Confidence
    threshold: float
    quoting: Quoting


@cache
def load_fitted() -> Fitted:
    """The fitted values, from `ranking.json` beside this file."""
    values = json.loads(FITTED.read_text(encoding="utf-8"))
    return Fitted(
        values["weights"],
        Confidence(values["confidence"]["weights"], values["confidence"]["intercept"]),
        values["confidence"]["threshold"],
        Quoting(**values["quoting"]),
    )


def weights_of(ranking: Ranking) -> Values:
    """The fitted weights, or those of one kind of evidence alone."""
    fitted = load_fitted().weights
    if ranking == "default":
        return fitted
    # What carries no number is put last in each: introductions and lists say the same in short, and
    # a reader wants the paragraph to cite.
    return {"similarity" if ranking == "dense" else "words": 1.0, "unnumbered": -0.2}


def scores(candidates: Candidates, weights: Values) -> NDArray[np.float64]:
    """The sum of each candidate's features times their weights: float64 of shape (n,)."""
    vector = np.array([weights.get(name, 0.0) for name in FEATURES])
    scored: NDArray[np.float64] = candidates.features.astype(np.float64) @ vector
    return scored.round(_DECIMALS)


def order(scored: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.intp]:
    """The places of the candidates, best first; equal ones as they stand in the collection."""
    return np.lexsort((rows, -scored))


def spread(ordered: NDArray[np.intp], reports: NDArray[np.int64]) -> NDArray[np.intp]:
    """`ordered`, with what is one too many of its report put after all others.

    `reports` says of each candidate, by its place, whose it is.
    """
    times: dict[int, int] = {}
    early: list[int] = []
    late: list[int] = []
    for place in ordered.tolist():
        report = int(reports[place])
        times[report] = times.get(report, 0) + 1
        (early if times[report] <= MOST_OF_A_REPORT else late).append(place)
    return np.array(early + late, dtype=np.intp)


def signs(
    candidates: Candidates, place: int, score: float, held_pairs: float
) -> NDArray[np.float64]:
    """What SIGNS names of the candidate at `place`: float64 of shape (len(SIGNS),)."""
    features = dict(zip(FEATURES, candidates.features[place].tolist(), strict=True))
    known = {
        "score": score,
        "words": features["words"],
        "covered": features["covered"],
        "pairs": held_pairs,
        "absent": float(candidates.absent),
    }
    return np.array([known[name] for name in SIGNS], dtype=np.float64)
