"""Ranked questions → how sure each paragraph is to answer, by the questions on other reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tests.quality.order import folds, weighed
from tests.quality.regression import Logistic, fitted_logistic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from tests.quality.cases import Case
    from tests.quality.order import Ranked

    Fit: TypeAlias = "Callable[[Sequence[Ranked]], tuple[Logistic, Logistic]]"


@dataclass(frozen=True, slots=True)
class Sure:
    """A case as ranked, and how sure each that may be quoted is, by what other reports say."""

    ranked: Ranked
    sure: list[float]

    @property
    def case(self) -> Case:
        return self.ranked.case

    @property
    def answerable(self) -> bool:
        return bool(self.case.question.relevant)


def fit_confidence(ranked: Sequence[Ranked], pull: float) -> Logistic:
    """Of whether the first paragraph may be cited, on what is known of it."""
    return fitted_logistic(
        np.array([one.known[0] for one in ranked]),
        np.array([one.answers for one in ranked], dtype=float),
        weighed([one.case for one in ranked]),
        pull,
    )


def _fit_others(ranked: Sequence[Ranked]) -> Logistic:
    """Of whether others beside a first paragraph may be cited, after reading them.

    Where nothing answers, nothing is quoted of others.
    """
    rows = [
        (known, float(one.case.grades[at] > 0), counts)
        for one, counts in zip(ranked, weighed([one.case for one in ranked]).tolist(), strict=True)
        if one.case.grades.any()
        for at, known in zip(one.ordered[1:].tolist(), one.known[1:], strict=False)
    ]
    known, right, counts = map(np.array, zip(*rows, strict=True))
    return fitted_logistic(known, right, counts, 0.0)


def sure_by(ranked: Sequence[Ranked], first: Logistic, others: Logistic) -> list[Sure]:
    """Each with the confidence that `first` has in its first paragraph and `others` in others."""
    return [
        Sure(one, [first.of(one.known[0]), *(others.of(known) for known in one.known[1:])])
        for one in ranked
    ]


def fit_first_look(pull: float) -> Fit:
    """For `cross_sure`: the first look has one confidence for all paragraphs."""

    def fit(ranked: Sequence[Ranked]) -> tuple[Logistic, Logistic]:
        found = fit_confidence(ranked, pull)
        return found, found

    return fit


def fit_after_reading(ranked: Sequence[Ranked]) -> tuple[Logistic, Logistic]:
    """The confidence in the first paragraph and that in others beside it, after reading."""
    return fit_confidence(ranked, 0.0), _fit_others(ranked)


def cross_sure(ranked: Sequence[Ranked], fit: Fit) -> list[Sure]:
    """Each with the confidence in its first paragraphs, fitted on questions on other reports."""
    sure: dict[int, Sure] = {}
    for fold in folds([one.case.report for one in ranked]):
        fitted = fit([one for one in ranked if one.case.report not in fold])
        own = [at for at, one in enumerate(ranked) if one.case.report in fold]
        sure |= zip(own, sure_by([ranked[at] for at in own], *fitted), strict=True)
    return [sure[at] for at in range(len(ranked))]


def surprise(crossed: Sequence[Sure]) -> float:
    """The mean of minus the logarithm of the confidence in what turned out to be so."""
    counts = weighed([one.case for one in crossed])
    likely = [one.sure[0] if one.ranked.answers else 1 - one.sure[0] for one in crossed]
    return float(-(counts @ np.log(likely)) / counts.sum())
