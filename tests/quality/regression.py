"""Two regressions: which of several is right, and whether one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from search.rank import logistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def fitted_shares(
    rows: Sequence[tuple[NDArray[np.float64], NDArray[np.float64], float]], pull: float
) -> NDArray[np.float64]:
    """The weights of features that make shares likeliest, as a softmax over each row's candidates.

    A row holds features, of shape (candidates, features), shares, which sum to 1, and how much it
    counts. The loss is ListNet's (Cao and others, Learning to Rank: From Pairwise Approach to
    Listwise Approach, 2007) plus `pull` times the squares of the weights.
    """

    def loss(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = pull * float(vector @ vector), 2 * pull * vector
        for features, wanted, counts in rows:
            logits = features @ vector
            logits -= logits.max()
            likely = np.exp(logits) / np.exp(logits).sum()
            total -= counts * float(wanted @ np.log(likely))
            gradient -= counts * (features.T @ (wanted - likely))
        return total, gradient

    start = np.zeros(rows[0][0].shape[1])
    found: NDArray[np.float64] = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return found


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression of whether a paragraph answers, on what is known of it."""

    weights: NDArray[np.float64]
    intercept: float

    def of(self, known: NDArray[np.float64]) -> float:
        return logistic(float(known @ self.weights) + self.intercept)


def fitted_logistic(
    known: NDArray[np.float64],
    right: NDArray[np.float64],
    counts: NDArray[np.float64],
    pull: float,
) -> Logistic:
    """The logistic regression of `right` on `known`, plus `pull` times the squares of its weights.

    `known` is float64 of shape (n, m), `right` (0 or 1) and `counts` (how much each counts) of
    shape (n,).
    """
    centre, spread = known.mean(axis=0), known.std(axis=0)
    spread[spread == 0] = 1.0
    scaled = (known - centre) / spread
    counts = counts / counts.sum()

    def loss(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = scaled @ vector[1:] + vector[0]
        likely = 1 / (1 + np.exp(-logits))
        kept = vector * (np.arange(len(vector)) > 0)
        total = float(counts @ (np.logaddexp(0, logits) - right * logits))
        off = counts * (likely - right)
        gradient = np.concatenate([[off.sum()], scaled.T @ off])
        return total + pull * float(kept @ kept), gradient + 2 * pull * kept

    found = minimize(loss, np.zeros(known.shape[1] + 1), jac=True, method="L-BFGS-B").x
    weights = found[1:] / spread
    return Logistic(weights, float(found[0] - weights @ centre))
