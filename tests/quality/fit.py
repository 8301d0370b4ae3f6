"""`make fit`: the ranking's weights, the confidence and what is quoted, from graded questions.

Everything is fitted on the graded questions in ../shared/questions, and on ours on the reports that
were held out (`training/graded.jsonl`), which a model searches and readers read that were trained
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
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from index.reader import Reader
from search.rank import BESIDE, FITTED, SIGNS
from search.retrieve import FEATURES
from tests.quality.cases import graded_cases, held_out_cases
from tests.quality.confidence import (
    cross_sure,
    fit_after_reading,
    fit_confidence,
    fit_first_look,
    sure_by,
    surprise,
)
from tests.quality.measures import auroc, calibration_error, mean, ndcg, recall
from tests.quality.order import (
    cross_ranked,
    fitted_reading,
    fitted_weights,
    folds,
    ranked_by,
    read_again,
)
from tests.quality.quoting import QUOTING, best_quoting, quoted, shares
from training.recipes import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.quality.confidence import Sure
    from tests.quality.order import Ranked
    from tests.quality.quoting import Quoted

# Strengths of the pull of all weights towards 0, of which cross-validation chooses: the strongest
# that loses no more nDCG@10 to the best than this, since it leans least on few questions (the rule
# of one standard error, Breiman and others, Classification and Regression Trees, 1984, cut short).
PULLS = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3)
AS_GOOD = 0.002
# Those of the first look's confidence, of which the likeliest is chosen.
CONFIDENCE_PULLS = (1e-3, 3e-3, 1e-2, 3e-2)
# Of the questions of each set that have an answer at least this share must be answered: 0.93 are
# wished for, and of other questions fewer are answered than was aimed at as often as more.
ANSWERED = 0.95


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
    tried = {pull: cross_ranked(cases, pull) for pull in PULLS}
    best = max(map(_ndcg, tried.values()))
    pull = max(pull for pull, ranked in tried.items() if _ndcg(ranked) >= best - AS_GOOD)
    weights = fitted_weights(cases, pull)
    reading = fitted_reading(cases, weights)
    looks = {each: cross_sure(tried[pull], fit_first_look(each)) for each in CONFIDENCE_PULLS}
    confidence_pull = min(looks, key=lambda one: surprise(looks[one]))
    read = cross_sure(cross_ranked(cases, pull, reading=True), fit_after_reading)
    quotings = [quoted(one.case, one.ranked.ordered, one.sure) for one in read]
    first = [ranked_by(case, weights) for case in cases]
    before = fit_confidence(first, confidence_pull)
    after, others = fit_after_reading([read_again(one, reading) for one in first])
    threshold, quoting = _decided(sure_by([one.ranked for one in read], after, others), quotings)
    fitted = {
        "weights": _rounded(dict(zip(FEATURES, weights.tolist(), strict=True))),
        "confidence": {
            "weights": _rounded(dict(zip(SIGNS, before.weights.tolist(), strict=True))),
            "intercept": round(before.intercept, 4),
        },
        "reading": _rounded(
            {"weight": reading, "slope": float(after.weights[0]), "intercept": after.intercept}
        ),
        "others": {
            "weights": _rounded(dict(zip(BESIDE, others.weights.tolist(), strict=True))),
            "intercept": round(others.intercept, 4),
        },
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


def _decided(known: Sequence[Sure], quotings: Sequence[list[Quoted]]) -> tuple[float, int]:
    """The threshold, and the place in QUOTING of what is quoted; `quotings` are of `known`.

    The wished share of each set's answerable questions reaches the threshold, which stands midway
    between the least sure of these in a set and the next below: at the very edge half of such sets
    would fall short of it. The confidence of `known` is to be the one that it is held against: that
    of another fit gives the same logit another number.
    """
    names = sorted({one.case.name for one in known})
    least = []
    for name in names:
        own = sorted(one.sure[0] for one in known if one.case.name == name and one.answerable)
        below = int((1 - ANSWERED) * len(own))
        least.append((own[below] + (own[below - 1] if below else 0.0)) / 2)
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
    for fold in folds([one.case.report for one in crossed]):
        others = [at for at, one in enumerate(crossed) if one.case.report not in fold]
        ranked = [crossed[at].ranked for at in others]
        threshold, quoting = _decided(
            sure_by(ranked, *fit_after_reading(ranked)), [quotings[at] for at in others]
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
