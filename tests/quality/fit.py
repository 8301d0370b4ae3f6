"""`make fit`: the ranking's weights, the confidence and what is quoted, from graded questions.

Everything is fitted on the graded questions in ../shared/questions, and on ours on the reports that
were held out (`training/graded.jsonl`), which a model searches and a reader reads that were trained
without these. It is scored by cross-validation over reports: order, confidence, threshold and
quoting of a report's questions are decided by the questions on the other reports (only how strongly
weights are pulled towards 0 is chosen on all). The result, with the scores, is written to
search/ranking.json.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.reader import Reader
from search.answer import MOST_QUOTATIONS
from search.pairs import held
from search.rank import FITTED, MOST_READ, SIGNS, order, reordered, scores, signs
from search.retrieve import FEATURES
from tests.quality.cases import OURS, graded_cases, held_out_cases
from tests.quality.measures import auroc, calibration_error, mean, ndcg, recall
from tests.quality.quoting import QUOTING, best_quoting, quoted, shares
from tests.quality.regression import Logistic, fitted_logistic, fitted_shares
from training.recipes import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from tests.quality.cases import Case
    from tests.quality.quoting import Quoted

FOLDS = 6
# Strengths of the pull of all weights towards 0, of which cross-validation chooses: the strongest
# that loses no more nDCG@10 to the best than this, since it leans least on few questions (the rule
# of one standard error, Breiman and others, Classification and Regression Trees, 1984, cut short).
PULLS = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3)
AS_GOOD = 0.002
# Those of the first look's confidence, of which the likeliest is chosen.
CONFIDENCE_PULLS = (1e-3, 3e-3, 1e-2, 3e-2)
# Of the questions of each set that have an answer at least this share must be answered.
ANSWERED = 0.93
_AGREEMENT = ("similarity", "best_sentence", "second_sentence", "words", "covered")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A case in the order that the weights of other reports' questions give it.

    `known` is what confidence is had from, of each that may be quoted, the first of all first: its
    signs, or after reading its logit alone.
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


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fit")
    parser.add_argument("--shared", type=Path, required=True)
    shared = parser.parse_args().shared
    if not SHIPPED.held_out_model.is_dir():
        print(
            "The model that has not seen the held-out reports is not there. This makes it, in a "
            "quarter of an hour: .venv/bin/python -m training try"
        )
        return 1
    cases = graded_cases(shared)
    cases += held_out_cases(shared, Reader(cases[0].generation.model_folder))
    tried = {pull: _cross_ranked(cases, pull) for pull in PULLS}
    best = max(map(_ndcg, tried.values()))
    pull = max(pull for pull, ranked in tried.items() if _ndcg(ranked) >= best - AS_GOOD)
    weights = fitted_weights(cases, pull)
    reading = fitted_reading(cases, weights)
    looks = {each: _crossed(tried[pull], each) for each in CONFIDENCE_PULLS}
    confidence_pull = min(looks, key=lambda one: _surprise(looks[one]))
    read = _crossed(_cross_ranked(cases, pull, reading=True), 0.0)
    quotings = [quoted(one.case, one.ranked.ordered, one.sure) for one in read]
    first = [_ranked(case, weights) for case in cases]
    before = _fit_confidence(first, confidence_pull)
    after = _fit_confidence([_read(one, reading) for one in first], 0.0)
    threshold, quoting = _decided(_sure([one.ranked for one in read], after), quotings)
    fitted = {
        "weights": _rounded(dict(zip(FEATURES, weights.tolist(), strict=True))),
        "confidence": {
            "weights": _rounded(dict(zip(SIGNS, before.weights.tolist(), strict=True))),
            "intercept": round(before.intercept, 4),
        },
        "reading": _rounded(
            {"weight": reading, "slope": float(after.weights[0]), "intercept": after.intercept}
        ),
        "threshold": threshold,
        "quoting": asdict(QUOTING[quoting]),
        "cross-validated": {
            "pull": pull,
            "confidence_pull": confidence_pull,
            "first look": _by_set(looks[confidence_pull], _order_measured),
            "read": _by_set(read, _order_measured),
            "answers": _answers_measured(read, quotings),
        },
    }
    text = json.dumps(fitted, indent=2) + "\n"
    FITTED.write_text(text, encoding="utf-8")
    print(text)
    return 0


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _folds(reports: Sequence[str]) -> list[set[str]]:
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


def _ranked(case: Case, weights: NDArray[np.float64]) -> Ranked:
    scored = scores(case.candidates, dict(zip(FEATURES, weights.tolist(), strict=True)))
    ordered = order(scored, case.candidates.rows)
    best = ordered[:MOST_QUOTATIONS].tolist()
    passages = case.generation.store.passages(case.candidates.rows[best].tolist())
    known = [
        signs(case.candidates, at, scored[at], held(case.candidates.pairs, one.paragraph))
        for at, one in zip(best, passages, strict=True)
    ]
    return Ranked(case, scored, ordered, known)


def _read(one: Ranked, weight: float) -> Ranked:
    """`one` after the first paragraphs have been read, where a logit counts `weight` times."""
    logits = one.case.readings.of(one.ordered[:MOST_READ])
    scored, ordered = reordered(one.scored, one.ordered, logits, weight)
    logit = dict(zip(one.ordered.tolist(), logits.tolist(), strict=False))
    best = ordered[: min(MOST_QUOTATIONS, len(logits))].tolist()
    return Ranked(one.case, scored, ordered, [np.array([logit[at]]) for at in best])


def _cross_ranked(cases: Sequence[Case], pull: float, *, reading: bool = False) -> list[Ranked]:
    """Each case as others' weights rank it, before or after reading."""
    ranked = {}
    for fold in _folds([case.report for case in cases]):
        others = [case for case in cases if case.report not in fold]
        weights = fitted_weights(others, pull)
        weight = fitted_reading(others, weights) if reading else 0.0
        for at, case in enumerate(cases):
            if case.report in fold:
                ranked[at] = _ranked(case, weights)
                if reading:
                    ranked[at] = _read(ranked[at], weight)
    return [ranked[at] for at in range(len(cases))]


def _fit_confidence(ranked: Sequence[Ranked], pull: float) -> Logistic:
    """Of whether the first paragraph may be cited, on what is known of it."""
    return fitted_logistic(
        np.array([one.known[0] for one in ranked]),
        np.array([one.answers for one in ranked], dtype=float),
        weighed([one.case for one in ranked]),
        pull,
    )


def _sure(ranked: Sequence[Ranked], fitted: Logistic) -> list[Sure]:
    return [Sure(one, [fitted.of(known) for known in one.known]) for one in ranked]


def _crossed(ranked: Sequence[Ranked], pull: float) -> list[Sure]:
    """Each with the confidence in its first paragraphs, fitted on questions on other reports."""
    sure: dict[int, Sure] = {}
    for fold in _folds([one.case.report for one in ranked]):
        fitted = _fit_confidence([one for one in ranked if one.case.report not in fold], pull)
        own = [at for at, one in enumerate(ranked) if one.case.report in fold]
        sure |= zip(own, _sure([ranked[at] for at in own], fitted), strict=True)
    return [sure[at] for at in range(len(ranked))]


def _surprise(crossed: Sequence[Sure]) -> float:
    """The mean of minus the logarithm of the confidence in what turned out to be so."""
    counts = weighed([one.case for one in crossed])
    likely = [one.sure[0] if one.ranked.answers else 1 - one.sure[0] for one in crossed]
    return float(-(counts @ np.log(likely)) / counts.sum())


def _decided(known: Sequence[Sure], quotings: Sequence[list[Quoted]]) -> tuple[float, int]:
    """The threshold, and the place in QUOTING of what is quoted; `quotings` are of `known`.

    The threshold is the largest confidence that the wished share of each set's answerable questions
    reaches. The confidence of `known` is to be the one that it is held against: that of another fit
    gives the same logit another number.
    """
    names = sorted({one.case.name for one in known})
    least = []
    for name in names:
        own = sorted(one.sure[0] for one in known if one.case.name == name and one.answerable)
        least.append(own[int((1 - ANSWERED) * len(own))])
    threshold = math.floor(1000 * min(least)) / 1000
    sets = [_answered(known, quotings, threshold, name) for name in names]
    return threshold, best_quoting(sets)


def _answered(
    crossed: Sequence[Sure], quotings: Sequence[list[Quoted]], threshold: float, name: str
) -> list[list[Quoted]]:
    """What may be quoted to the questions of a set that have an answer and are answered."""
    return [
        own
        for one, own in zip(crossed, quotings, strict=True)
        if one.case.name == name and one.answerable and one.sure[0] >= threshold
    ]


def _by_set(
    crossed: Sequence[Sure], measured: Callable[[Sequence[Sure]], dict[str, float]]
) -> dict[str, dict[str, float]]:
    return {
        name: measured([one for one in crossed if one.case.name == name])
        for name in sorted({one.case.name for one in crossed})
    }


def _order_measured(crossed: Sequence[Sure]) -> dict[str, float]:
    """Order and confidence."""
    answerable = [one for one in crossed if one.answerable]
    best = [
        (one, {number for number, grade in one.case.question.relevant.items() if grade == 2})
        for one in answerable
    ]
    return _short(
        {
            "ndcg_at_10": _ndcg([one.ranked for one in answerable]),
            "hit_at_1": mean([one.case.grades[one.ranked.ordered[0]] == 2 for one in answerable]),
            "recall_at_5": mean(
                [recall(one.ranked.found, wanted, 5) for one, wanted in best if wanted]
            ),
            "auroc": auroc(
                [one.sure[0] for one in answerable],
                [one.sure[0] for one in crossed if not one.answerable],
            ),
            "calibration_error": calibration_error(
                [one.sure[0] for one in crossed], [one.ranked.answers for one in crossed]
            ),
        }
    )


def _answers_measured(
    crossed: Sequence[Sure], quotings: Sequence[list[Quoted]]
) -> dict[str, dict[str, float]]:
    """What is answered, refused and quoted as the questions on other reports decide, by set."""
    answered: dict[int, bool] = {}
    made: dict[int, Quoted] = {}
    for fold in _folds([one.case.report for one in crossed]):
        others = [at for at, one in enumerate(crossed) if one.case.report not in fold]
        ranked = [crossed[at].ranked for at in others]
        threshold, quoting = _decided(
            _sure(ranked, _fit_confidence(ranked, 0.0)), [quotings[at] for at in others]
        )
        for at, one in enumerate(crossed):
            if one.case.report in fold:
                answered[at] = one.sure[0] >= threshold
                made[at] = quotings[at][quoting]
    found = {}
    for name in sorted({one.case.name for one in crossed}):
        own = [at for at, one in enumerate(crossed) if one.case.name == name]
        answerable = [at for at in own if crossed[at].answerable]
        cited, facts, words = shares([made[at] for at in answerable if answered[at]])
        found[name] = _short(
            {
                "answered": mean([answered[at] for at in answerable]),
                "refused": mean([not answered[at] for at in own if not crossed[at].answerable]),
                "cited": cited,
                "facts": facts,
                "words": words,
            }
        )
    return found


def _ndcg(ranked: Sequence[Ranked]) -> float:
    return mean(
        [
            ndcg(one.found, one.case.question.relevant)
            for one in ranked
            if one.case.question.relevant
        ]
    )


def _short(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}


if __name__ == "__main__":
    sys.exit(main())
