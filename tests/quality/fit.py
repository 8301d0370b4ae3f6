"""`make fit`: the ranking's weights and the answer's two limits, from ../shared/training.

The training questions name one paragraph each that answers them; none touches a report that
`make quality` measures. The weights are chosen by nDCG@10, cross-validated over reports: every
report is ranked by the weights that the other four fifths of the reports chose. The result, with
its scores, is written to search/ranking.json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.encoder import OnnxEncoder
from index.generation import open_generation
from index.records import Filters
from search.answer import quotable
from search.question import understand
from search.rank import Weights, rank
from search.retrieve import retrieve
from tests.quality.measures import mean, ndcg
from tests.quality.ranking import build, linked, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from search.retrieve import Candidate

RESULT = Path(__file__).parents[2] / "search" / "ranking.json"
SEED = 20211
REPORTS = 40
FOLDS = 5
GRID = [
    Weights(1.0, words, unnumbered)
    for words, unnumbered in itertools.product(
        (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3), (0.0, -0.05, -0.1, -0.15, -0.2)
    )
]
# Of the training questions, all of which have an answer, this share may be refused.
REFUSED = 0.03
# Fewer quotations are read with more care: the share of the best score that a paragraph must have
# to be quoted is the largest that keeps this part of the named paragraphs that the most quotations
# would hold.
KEPT = 0.95
SHARES = [share / 100 for share in range(50, 100)]


@dataclass(frozen=True, slots=True)
class Case:
    """A training question: its report, its paragraph, and the candidates of that report.

    `numbers` are those of the candidates' paragraphs, by row.
    """

    report: str
    paragraph: str
    candidates: list[Candidate]
    numbers: dict[int, str | None]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fit")
    parser.add_argument("--shared", type=Path, required=True)
    cases = _cases(parser.parse_args().shared)
    scores = {weights: _ndcg_by_report(cases, weights) for weights in GRID}
    reports = sorted({case.report for case in cases})
    held_out: list[float] = []
    for fold in range(FOLDS):
        test = reports[fold::FOLDS]
        chosen = _best(scores, (one for one in reports if one not in test))
        held_out += [score for report in test for score in scores[chosen][report]]
    chosen = _best(scores, reports)
    ranked = [(case, rank(case.candidates, chosen)) for case in cases]
    kept = {share: _kept(ranked, share) for share in (0.0, *SHARES)}
    quoted_share = max(share for share in SHARES if kept[share] >= KEPT * kept[0.0])
    similarities = sorted(max(one.similarity for one in case.candidates) for case in cases)
    fitted = {
        "weights": asdict(chosen),
        "answer_threshold": round(similarities[int(REFUSED * len(similarities))], 2),
        "quoted_share": quoted_share,
        "measured": {
            "reports": len(reports),
            "questions": len(cases),
            "ndcg_at_10_cross_validated": round(mean(held_out), 4),
            "ndcg_at_10_dense": round(_over(scores, Weights(1.0, 0.0, chosen.unnumbered)), 4),
            "ndcg_at_10_dense_unnumbered_alike": round(_over(scores, Weights(1.0, 0.0, 0.0)), 4),
            "named_paragraph_quoted_at_most": round(kept[0.0], 4),
            "named_paragraph_quoted": round(kept[quoted_share], 4),
        },
    }
    text = json.dumps(fitted, indent=2) + "\n"
    RESULT.write_text(text, encoding="utf-8")
    print(text)
    return 0


def _cases(shared: Path) -> list[Case]:
    lines = read_lines(shared / "training" / "questions.jsonl")
    reports = sorted({line["report"] for line in lines})
    random.Random(SEED).shuffle(reports)  # noqa: S311 - a sample, not a secret
    chosen = sorted(reports[:REPORTS])
    folder = build([linked(shared, set(chosen), "training")], "training")
    generation = open_generation(folder)
    encoder = OnnxEncoder(generation.model_folder)
    numbers = [one.paragraph.number for one in generation.store.all_passages()]
    cases = []
    for report in chosen:
        own = [line for line in lines if line["report"] == report]
        texts = [understand(line["question"]).expanded for line in own]
        vectors = encoder.encode_questions(texts)
        found = retrieve(generation, vectors, texts, Filters(report=report), 10)
        for line, candidates in zip(own, found, strict=True):
            named = {one.row: numbers[one.row] for one in candidates}
            cases.append(Case(report, line["paragraph"], candidates, named))
    return cases


def _kept(ranked: list[tuple[Case, list[tuple[Candidate, float]]]], share: float) -> float:
    """How often the named paragraph is among those worth quoting from."""
    return mean(
        [
            case.paragraph in [case.numbers[one.row] for one, _ in order][: _quoted(order, share)]
            for case, order in ranked
        ]
    )


def _quoted(order: list[tuple[Candidate, float]], share: float) -> int:
    return quotable([score for _, score in order], share)


def _ndcg_by_report(cases: Iterable[Case], weights: Weights) -> dict[str, list[float]]:
    scores = defaultdict(list)
    for case in cases:
        found = [case.numbers[one.row] for one, _ in rank(case.candidates, weights)]
        scores[case.report].append(ndcg(found, {case.paragraph: 1}))
    return scores


def _best(scores: dict[Weights, dict[str, list[float]]], reports: Iterable[str]) -> Weights:
    known = list(reports)
    return max(scores, key=lambda one: mean([x for name in known for x in scores[one][name]]))


def _over(scores: dict[Weights, dict[str, list[float]]], weights: Weights) -> float:
    return mean([score for own in scores[weights].values() for score in own])


if __name__ == "__main__":
    sys.exit(main())
