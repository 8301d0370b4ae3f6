"""Candidates → their order, and how likely the first of them answers; pure."""

from __future__ import annotations

import json
import math
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
# What is known of another paragraph beside the first, when both have been read, in this order.
BESIDE = (
    "logit",
    "first",  # the first's logit
    "score",  # its own, before it was read
)
# So many of the first are read again: `index/reader.py`. More gain little and take longer.
MOST_READ = 6
# That takes several times as long as all the rest. Where no more paragraphs than this are searched,
# about twenty reports, it is always done: one report answers few questions, and what is near in it
# is often no answer. Where more are searched, it is done where the confidence in the first is below
# this, which is seldom (`make bench`).
FEW = 2000
DOUBT = 0.8
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Quoting:
    """What is quoted beside the first paragraph's nearest sentence.

    From paragraphs that answer with a confidence of at least `sure`, at most `each` sentences of
    each, whose cosine is at least `share` of the first's and at most `alike` to any before it; and
    `words` words at the most in all.
    """

    sure: float
    each: int
    share: float
    alike: float
    words: int


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic regression of whether a paragraph answers, on what is known of it."""

    weights: Values
    intercept: float

    def of(self, known: NDArray[np.float64]) -> float:
        """The probability that a paragraph answers; `known` has as many numbers as `weights`."""
        return logistic(float(known @ np.array(list(self.weights.values()))) + self.intercept)


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading changes: a logit adds `weight` times itself to the score.

    How sure it makes is a logistic regression on the logit alone (Platt, Probabilistic Outputs for
    Support Vector Machines, 1999).
    """

    weight: float
    slope: float
    intercept: float

    def of(self, logit: float) -> float:
        """The probability that a paragraph that was read with `logit` answers."""
        return logistic(self.slope * logit + self.intercept)


def logistic(value: float) -> float:
    """The logistic function."""
    return (1 + math.tanh(value / 2)) / 2  # it overflows nowhere when it is written so


@dataclass(frozen=True, slots=True)
class Fitted:
    """What `make fit` found.

    `weights` of FEATURES make the order, and `confidence`, on SIGNS, says how sure it is; where the
    first are read, `reading` changes the order and says it of the first, and `others`, on BESIDE,
    of those after it. What is less sure than `threshold` is no answer; `quoting` says what is
    quoted.
    """

    weights: Values
    confidence: Confidence
    reading: Reading
    others: Confidence
    threshold: float
    quoting: Quoting


@cache
def load_fitted() -> Fitted:
    """The fitted values, from `ranking.json` beside this file."""
    values = json.loads(FITTED.read_text(encoding="utf-8"))
    return Fitted(
        values["weights"],
        Confidence(**values["confidence"]),
        Reading(**values["reading"]),
        Confidence(**values["others"]),
        values["threshold"],
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


def reordered(
    scored: NDArray[np.float64],
    ordered: NDArray[np.intp],
    logits: NDArray[np.float64],
    weight: float,
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Scores and order after reading the first len(logits) of `ordered`.

    What was not read counts as the worst that was, and so stays behind all that was.
    """
    best, rest = np.split(ordered, [len(logits)])
    again = scored + weight * (logits.min() if len(logits) else 0.0)
    again[best] = scored[best] + weight * logits
    return again.round(_DECIMALS), np.concatenate([best[order(again[best], best)], rest])


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
