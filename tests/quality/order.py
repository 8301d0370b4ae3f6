"""Graded questions, each searched for → the order of its candidates, by the questions on others.

The weights of the order are fitted here, and how much reading changes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from search.answer import MOST_QUOTATIONS
from search.pairs import held
from search.rank import MOST_READ, order, reordered, scores, signs
from search.retrieve import FEATURES
from tests.quality.cases import OURS
from tests.quality.regression import fitted_shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tests.quality.cases import Case

FOLDS = 6
_AGREEMENT = ("similarity", "best_sentence", "second_sentence", "words", "covered")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A case in the order that the weights of other reports' questions give it.

    `known` is what confidence is had from, of each that may be quoted, the first of all first: its
    signs, or after reading the first's logit alone, and of the others what BESIDE names.
    """

    case: Case
    scored: NDArray[np.float64]
    ordered: NDArray[np.intp]
    known: list[NDArray[np.float64]]

    @property
    def found(self) -> list[str | None]:
        return [self.case.numbers[at] for at in self.ordered]

    @property
    def answers(self) -> bool:
        """Whether the first paragraph may be cited."""
        return bool(self.case.grades[self.ordered[0]] > 0)


def folds(reports: Sequence[str]) -> list[set[str]]:
    """The reports in FOLDS parts, each of which is left out once."""
    known = sorted(set(reports))
    return [set(known[fold::FOLDS]) for fold in range(FOLDS)]


def fitted_weights(cases: Sequence[Case], pull: float) -> NDArray[np.float64]:
    """The weights of FEATURES that make grades likeliest, over each question's candidates.

    Float64 of shape (len(FEATURES),). Ours and those in ../shared weigh the same, however many
    there are.
    """
    found = fitted_shares(
        [
            (one.candidates.features.astype(np.float64), one.shares, counts)
            for one, counts in _counted(cases)
        ],
        pull,
    )
    # Only proportions order: a paragraph that agrees in every way scores 1.
    whole: float = sum(found[FEATURES.index(name)] for name in _AGREEMENT)
    return found / whole


def fitted_reading(cases: Sequence[Case], weights: NDArray[np.float64]) -> float:
    """How much a logit adds to a score, so that grades are likeliest over what is read.

    Where nothing that is read answers, there is nothing to learn.
    """
    rows = []
    for one, counts in _counted(cases):
        scored = one.candidates.features.astype(np.float64) @ weights
        best = np.argsort(-scored, kind="stable")[:MOST_READ]
        shares = one.shares[best]
        if shares.any():
            features = np.stack([scored[best], one.readings.of(best)], axis=1)
            rows.append((features, shares / shares.sum(), counts))
    score, logit = fitted_shares(rows, 0.0)
    return float(logit / score)


def _counted(cases: Sequence[Case]) -> list[tuple[Case, float]]:
    """The cases that have an answer, and how much each counts."""
    return [
        (one, counts)
        for one, counts in zip(cases, weighed(cases).tolist(), strict=True)
        if one.grades.any()
    ]


def weighed(cases: Sequence[Case]) -> NDArray[np.float64]:
    """How much each of `cases` counts: float64 of shape (len(cases),).

    Those with an answer count 1 together, ours half of it, however many there are. Of ours twice as
    many have no answer as of those in ../shared, to have more of these; they count as if it were as
    many, since confidence is a share of the questions that are really asked.
    """
    empty = np.array([not case.question.relevant for case in cases])
    ours = np.array([case.name == OURS for case in cases])
    rare = (empty & ~ours).sum() / max((~empty & ~ours).sum(), 1)
    counts: NDArray[np.float64] = np.zeros(len(cases))
    for own in (ours, ~ours):
        counts[own & ~empty] = 0.5 / max((own & ~empty).sum(), 1)
        counts[own & empty] = 0.5 * rare / max((own & empty).sum(), 1)
    return counts


def ranked_by(case: Case, weights: NDArray[np.float64]) -> Ranked:
    """`case` in the order that `weights` of FEATURES give it, before reading."""
    scored = scores(case.candidates, dict(zip(FEATURES, weights.tolist(), strict=True)))
    ordered = order(scored, case.candidates.rows)
    best = ordered[:MOST_QUOTATIONS].tolist()
    passages = case.generation.store.passages(case.candidates.rows[best].tolist())
    known = [
        signs(case.candidates, at, scored[at], held(case.candidates.pairs, one.paragraph))
        for at, one in zip(best, passages, strict=True)
    ]
    return Ranked(case, scored, ordered, known)


def read_again(one: Ranked, weight: float) -> Ranked:
    """`one` after the first paragraphs have been read, where a logit counts `weight` times."""
    logits = one.case.readings.of(one.ordered[:MOST_READ])
    scored, ordered = reordered(one.scored, one.ordered, logits, weight)
    logit = dict(zip(one.ordered.tolist(), logits.tolist(), strict=False))
    best, *others = ordered[: min(MOST_QUOTATIONS, len(logits))].tolist()
    known = [np.array([logit[at], logit[best], one.scored[at]]) for at in others]
    return Ranked(one.case, scored, ordered, [np.array([logit[best]]), *known])


def cross_ranked(cases: Sequence[Case], pull: float, *, reading: bool = False) -> list[Ranked]:
    """Each case as others' weights rank it, before or after reading."""
    ranked = {}
    for fold in folds([case.report for case in cases]):
        others = [case for case in cases if case.report not in fold]
        weights = fitted_weights(others, pull)
        weight = fitted_reading(others, weights) if reading else 0.0
        for at, case in enumerate(cases):
            if case.report in fold:
                ranked[at] = ranked_by(case, weights)
                if reading:
                    ranked[at] = read_again(ranked[at], weight)
    return [ranked[at] for at in range(len(cases))]
