"""`make fit`: the ranking's weights, the confidence and what is quoted, from graded questions.

Everything is fitted on the questions in ../shared/questions, and scored by cross-validation over
reports: what a report's questions get is decided by the questions on the other reports. They are
few, so the weights, and how much reading counts, are fitted on the training questions of the
held-out reports, too, by a model and a reader that were trained without these. The result, with the
scores, is written to search/ranking.json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from index.reader import Reader
from search.answer import MOST_QUOTATIONS, quote
from search.pairs import held
from search.rank import (
    FITTED,
    MOST_READ,
    SIGNS,
    Confidence,
    Quoting,
    order,
    reordered,
    scores,
    signs,
)
from search.retrieve import FEATURES
from tests.quality.lessons import graded_cases, held_out_lessons, lessons_of
from tests.quality.measures import auroc, calibration_error, mean, ndcg, recall
from tests.quality.ranking import folded
from training.recipes import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from index.records import Passage
    from tests.quality.lessons import Case, Lesson

FOLDS = 6
# Strengths of the pull of all weights towards 0, of which cross-validation chooses: the strongest
# that loses no more nDCG@10 to the best than this, since it leans least on few questions (the rule
# of one standard error, Breiman and others, Classification and Regression Trees, 1984, cut short).
PULLS = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3)
AS_GOOD = 0.002
# The same for the confidence, by the likelihood of what is known.
CONFIDENCE_PULLS = (1e-3, 3e-3, 1e-2, 3e-2)
# Confidences below which the first paragraphs are read. Higher ones are in doubt of a third of the
# questions over all reports, which then take longer than they may (`make bench`).
LIMITS = (0.5, 0.6, 0.7, 0.8, 0.85)
# Of the questions that have an answer at least this share must be answered.
ANSWERED = 0.93
MOST_WORDS = 100
QUOTING = [
    Quoting(*values)
    for values in itertools.product(
        (0.6, 0.7, 0.8, 0.85, 0.9), (1, 2, 3, 4, 6), (0.4, 0.5, 0.6, 0.7), (0.8, 0.85, 0.9)
    )
]


_AGREEMENT = ("similarity", "best_sentence", "second_sentence", "words", "covered")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A case in the order that the weights of other reports' questions give it."""

    case: Case
    scored: NDArray[np.float64]
    ordered: NDArray[np.intp]
    signs: list[NDArray[np.float64]]  # of those that may be quoted, the first of all first

    @property
    def found(self) -> list[str | None]:
        return [self.case.numbers[at] for at in self.ordered]

    @property
    def answers(self) -> bool:
        """Whether the first paragraph may be cited."""
        return bool(self.case.grades[self.ordered[0]] > 0)


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
    further = held_out_lessons(shared, Reader(cases[0].generation.model_folder))
    tried = {pull: _cross_ranked(cases, further, pull) for pull in PULLS}
    best = max(map(_ndcg, tried.values()))
    pull = max(pull for pull, ranked in tried.items() if _ndcg(ranked) >= best - AS_GOOD)
    first, second = tried[pull], _cross_ranked(cases, further, pull, reading=True)
    weights = fitted_weights(lessons_of(cases), further, pull)
    reading = fitted_reading(lessons_of(cases), further, weights)
    surprises = {
        (confidence_pull, limit): _surprise(_crossed(first, second, confidence_pull, limit))
        for confidence_pull in CONFIDENCE_PULLS
        for limit in LIMITS
    }
    confidence_pull, limit = min(surprises, key=lambda one: surprises[one])
    held_out = _crossed(first, second, confidence_pull, limit)
    final = [_ranked(case, weights) for case in cases]
    before = _fit_confidence(final, confidence_pull)
    after = _fit_confidence([_read(one, reading) for one in final], confidence_pull)
    threshold = _threshold([(one, sure[0]) for one, sure in held_out])
    quoting = _quoting([pair for pair in held_out if pair[1][0] >= threshold])
    fitted = {
        "weights": _rounded(weights),
        "confidence": _written(before),
        "reading": {"limit": limit, "weight": round(reading, 4), "confidence": _written(after)},
        "threshold": threshold,
        "quoting": asdict(quoting),
        "cross-validated": {
            "pull": pull,
            "confidence_pull": confidence_pull,
            **{
                name: _measured(
                    [pair for pair in held_out if pair[0].case.name == name],
                    threshold,
                    quoting,
                )
                for name in sorted({case.name for case in cases})
            },
        },
    }
    text = json.dumps(fitted, indent=2) + "\n"
    FITTED.write_text(text, encoding="utf-8")
    print(text)
    return 0


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _written(fitted: Confidence) -> dict[str, object]:
    return {"weights": _rounded(fitted.weights), "intercept": round(fitted.intercept, 4)}


def _folds(reports: Sequence[str]) -> list[set[str]]:
    known = sorted(set(reports))
    return [set(known[fold::FOLDS]) for fold in range(FOLDS)]


def fitted_weights(
    graded: Sequence[Lesson], further: Sequence[Lesson], pull: float
) -> dict[str, float]:
    """The weights that make grades likeliest, over each question's candidates.

    Both kinds of lessons weigh the same, however many there are.
    """
    found = _likeliest(
        [(one.features, one.shares, 1 / len(kind)) for kind in (graded, further) for one in kind],
        pull,
    )
    # Only proportions order: a paragraph that agrees in every way scores 1.
    whole = sum(found[FEATURES.index(name)] for name in _AGREEMENT)
    return dict(zip(FEATURES, (found / whole).tolist(), strict=True))


def fitted_reading(
    graded: Sequence[Lesson], further: Sequence[Lesson], weights: dict[str, float]
) -> float:
    """How much a logit adds to a score, so that grades are likeliest over what is read.

    Where nothing that is read answers, there is nothing to learn.
    """
    vector = np.array([weights[name] for name in FEATURES])
    rows = []
    for kind in (graded, further):
        for one in kind:
            scored = one.features @ vector
            best = np.argsort(-scored, kind="stable")[:MOST_READ]
            shares = one.shares[best]
            if shares.any():
                features = np.stack([scored[best], one.readings.of(best)], axis=1)
                rows.append((features, shares / shares.sum(), 1 / len(kind)))
    score, logit = _likeliest(rows, 0.0)
    return float(logit / score)


def _likeliest(
    rows: Sequence[tuple[NDArray[np.float64], NDArray[np.float64], float]], pull: float
) -> NDArray[np.float64]:
    """The weights of features that make shares likeliest, as a softmax over each row's candidates.

    A row holds features, of shape (candidates, features), shares, which sum to 1, and how much it
    counts. The loss is ListNet's (Cao and others, Learning to Rank: From Pairwise Approach to
    Listwise Approach, 2007) plus `pull` times the squares of the weights.
    """

    def loss(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = pull * float(vector @ vector), 2 * pull * vector
        for features, shares, counts in rows:
            logits = features @ vector
            logits -= logits.max()
            likely = np.exp(logits) / np.exp(logits).sum()
            total -= counts * float(shares @ np.log(likely))
            gradient -= counts * (features.T @ (shares - likely))
        return total, gradient

    start = np.zeros(rows[0][0].shape[1])
    found: NDArray[np.float64] = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return found


def _ranked(case: Case, weights: dict[str, float]) -> Ranked:
    scored = scores(case.candidates, weights)
    return _signed(case, scored, order(scored, case.candidates.rows), {})


def _read(one: Ranked, weight: float) -> Ranked:
    """`one` after the first paragraphs have been read, where a logit counts `weight` times."""
    best = one.ordered[:MOST_READ]
    logits = one.case.readings.of(best)
    scored, ordered = reordered(one.scored, one.ordered, logits, weight)
    known = dict(zip(best.tolist(), logits.tolist(), strict=True))
    return _signed(one.case, scored, ordered, known)


def _signed(
    case: Case, scored: NDArray[np.float64], ordered: NDArray[np.intp], logits: dict[int, float]
) -> Ranked:
    best = ordered[:MOST_QUOTATIONS].tolist()
    passages = case.generation.store.passages(case.candidates.rows[best].tolist())
    found = [
        signs(
            case.candidates,
            at,
            scored[at],
            held(case.candidates.pairs, one.paragraph),
            logits.get(at, 0.0),
        )
        for at, one in zip(best, passages, strict=True)
    ]
    return Ranked(case, scored, ordered, found)


def _cross_ranked(
    cases: Sequence[Case], further: Sequence[Lesson], pull: float, *, reading: bool = False
) -> list[Ranked]:
    """Each case as others' weights rank it, before or after reading."""
    ranked = {}
    for held_out in _folds([case.report for case in cases]):
        others = lessons_of([case for case in cases if case.report not in held_out])
        weights = fitted_weights(others, further, pull)
        weight = fitted_reading(others, further, weights) if reading else 0.0
        for at, case in enumerate(cases):
            if case.report in held_out:
                ranked[at] = _ranked(case, weights)
                if reading:
                    ranked[at] = _read(ranked[at], weight)
    return [ranked[at] for at in range(len(cases))]


def _fit_confidence(ranked: Sequence[Ranked], pull: float) -> Confidence:
    """A logistic regression of whether the first paragraph may be cited, on the signs."""
    features = np.array([one.signs[0] for one in ranked])
    answers = np.array([one.answers for one in ranked], dtype=float)
    centre, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread == 0] = 1.0  # what was never read has no logit
    scaled = (features - centre) / spread

    def loss(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = scaled @ vector[1:] + vector[0]
        likely = 1 / (1 + np.exp(-logits))
        kept = vector * (np.arange(len(vector)) > 0)
        total = float(np.mean(np.logaddexp(0, logits) - answers * logits))
        off = (likely - answers) / len(answers)
        gradient = np.concatenate([[off.sum()], scaled.T @ off])
        return (
            total + pull * float(kept @ kept),
            gradient + 2 * pull * kept,
        )

    found = minimize(loss, np.zeros(len(SIGNS) + 1), jac=True, method="L-BFGS-B").x
    weights = found[1:] / spread
    return Confidence(
        dict(zip(SIGNS, weights.tolist(), strict=True)), float(found[0] - weights @ centre)
    )


def _crossed(
    first: Sequence[Ranked], second: Sequence[Ranked], pull: float, limit: float
) -> list[tuple[Ranked, list[float]]]:
    """Each with the confidence in its first paragraphs, fitted on questions on other reports.

    Of `first` the ranking before reading is taken, unless its confidence is below `limit`; then
    that of `second`, after reading.
    """
    sure = {}
    for held_out in _folds([one.case.report for one in first]):
        before, after = (
            _fit_confidence([one for one in kind if one.case.report not in held_out], pull)
            for kind in (first, second)
        )
        for at, one in enumerate(first):
            if one.case.report in held_out:
                sure[at] = one, [before.of(found) for found in one.signs]
                if sure[at][1][0] < limit:
                    sure[at] = second[at], [after.of(found) for found in second[at].signs]
    return [sure[at] for at in range(len(first))]


def _surprise(pairs: Sequence[tuple[Ranked, list[float]]]) -> float:
    """The mean of minus the logarithm of the confidence in what turned out to be so."""
    return mean([-math.log(sure[0] if one.answers else 1 - sure[0]) for one, sure in pairs])


def _threshold(pairs: Sequence[tuple[Ranked, float]]) -> float:
    """The largest confidence that the wished share of answerable questions reaches."""
    answerable = sorted(sure for one, sure in pairs if one.case.question.relevant)
    return math.floor(1000 * answerable[int((1 - ANSWERED) * len(answerable))]) / 1000


def _quoting(pairs: Sequence[tuple[Ranked, list[float]]]) -> Quoting:
    """What holds most facts and fewest quotations that may not be cited, in no more words."""
    passages = [_passages(one) for one, _ in pairs]
    measured = [(one, *_quoted(pairs, passages, one)) for one in QUOTING]
    short = [row for row in measured if row[3] <= MOST_WORDS]
    return max(short, key=lambda row: row[1] + row[2])[0]


def _passages(one: Ranked) -> list[Passage]:
    """The ten best, which quotations come from."""
    rows = one.case.candidates.rows[one.ordered[:10]]
    return one.case.generation.store.passages(rows.tolist())


def _quoted(
    pairs: Sequence[tuple[Ranked, list[float]]],
    passages: Sequence[list[Passage]],
    quoting: Quoting,
) -> tuple[float, float, float]:
    """Of quotations the share that may be cited, of facts the share they hold, and mean words."""
    cited: list[bool] = []
    facts: list[bool] = []
    words: list[int] = []
    for (one, sure), own in zip(pairs, passages, strict=True):
        case = one.case
        if not case.question.relevant:
            continue
        quotes = quote(
            case.text,
            case.vector,
            passages=own,
            sure=sure,
            sentences=case.generation.sentences,
            quoting=quoting,
        )
        cited += [
            case.question.relevant.get(made.passage.paragraph.number or "", 0) > 0
            for made in quotes
        ]
        facts += [
            any(folded(fact) in folded(made.text) for made in quotes)
            for fact in case.question.facts
        ]
        words.append(sum(len(made.text.split()) for made in quotes))
    return mean(cited), mean(facts), mean(words)


def _ndcg(ranked: Sequence[Ranked]) -> float:
    return mean(
        [
            ndcg(one.found, one.case.question.relevant)
            for one in ranked
            if one.case.question.relevant
        ]
    )


def _measured(
    crossed: Sequence[tuple[Ranked, list[float]]], threshold: float, quoting: Quoting
) -> dict[str, float]:
    pairs = [(one, sure[0]) for one, sure in crossed]
    answerable = [(one, sure) for one, sure in pairs if one.case.question.relevant]
    empty = [sure for one, sure in pairs if not one.case.question.relevant]
    best = [
        (one, {number for number, grade in one.case.question.relevant.items() if grade == 2})
        for one, _ in answerable
    ]
    kept = [(one, sure) for one, sure in crossed if sure[0] >= threshold]
    cited, facts, words = _quoted(kept, [_passages(one) for one, _ in kept], quoting)
    measured = {
        "ndcg_at_10": _ndcg([one for one, _ in answerable]),
        "hit_at_1": mean([one.case.grades[one.ordered[0]] == 2 for one, _ in answerable]),
        "recall_at_5": mean([recall(one.found, wanted, 5) for one, wanted in best if wanted]),
        "auroc": auroc([sure for _, sure in answerable], empty),
        "answered": mean([sure >= threshold for _, sure in answerable]),
        "refused": mean([sure < threshold for sure in empty]),
        "calibration_error": calibration_error(
            [sure for _, sure in pairs], [one.answers for one, _ in pairs]
        ),
        "cited": cited,
        "facts": facts,
        "words": words,
    }
    return {name: round(value, 3) for name, value in measured.items()}


if __name__ == "__main__":
    sys.exit(main())
