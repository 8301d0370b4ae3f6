"""How well a model finds the named paragraph in reports that it was not trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from training.examples import AskedReport

# Paragraphs on either side of the named one that may answer as well.
_NEIGHBOURS = 1


@dataclass(frozen=True, slots=True)
class Scores:
    """One value a question: nDCG@10, whether the named paragraph came first, and two similarities.

    `best` is that of the nearest paragraph, `without` that of the nearest when the named one and
    its neighbours are taken away, as if the report did not answer. `reports` says whose each is.
    """

    ndcg: NDArray[np.float64]
    first: NDArray[np.bool_]
    best: NDArray[np.float64]
    without: NDArray[np.float64]
    reports: NDArray[np.int64]

    @property
    def auroc(self) -> float:
        """How often `best` of one question is above `without` of another."""
        above = np.searchsorted(np.sort(self.without), self.best, side="left")
        return float(above.mean() / len(self.without))


def score(
    reports: Sequence[AskedReport], encode: Callable[[list[str], bool], NDArray[np.float32]]
) -> Scores:
    """Dense retrieval of every question over its own report.

    `encode(texts, as_questions)` returns unit vectors, float32 of shape (texts, dimension).
    """
    rows: list[tuple[float, bool, float, float, int]] = []
    questions = encode([one.question for report in reports for one in report.asked], True)
    paragraphs = encode([text for report in reports for text in report.paragraphs], False)
    at = first = 0
    for number, report in enumerate(reports):
        own = paragraphs[first : first + len(report.paragraphs)]
        first += len(report.paragraphs)
        for one in report.asked:
            similarities = own @ questions[at]
            at += 1
            place = int((similarities > similarities[one.answer]).sum())
            left = similarities.copy()
            left[max(one.answer - _NEIGHBOURS, 0) : one.answer + _NEIGHBOURS + 1] = -1
            rows.append(
                (
                    1 / math.log2(place + 2) if place < 10 else 0.0,
                    place == 0,
                    float(similarities.max()),
                    float(left.max()),
                    number,
                )
            )
    ndcg, hit, best, without, owner = zip(*rows, strict=True)
    return Scores(
        np.array(ndcg), np.array(hit), np.array(best), np.array(without), np.array(owner)
    )
