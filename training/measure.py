"""How well a model finds paragraphs by dense retrieval, in reports that it was not trained on."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.reading import read_file
from training.examples import AskedReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    Encode = Callable[[list[str]], NDArray[np.float32]]
    # A question, a report's paragraphs and their similarities → what to order by.
    Again = Callable[[str, Sequence[str], NDArray[np.float32]], NDArray[np.float32]]

# Paragraphs on either side of the named one that may answer as well.
_NEIGHBOURS = 1
_CUT = 10
_RESAMPLINGS = 2000


@dataclass(frozen=True, slots=True)
class Scores:
    """One value a question that has an answer: nDCG@10, whether the best paragraph came first.

    `near` are the similarities of the nearest paragraphs where there is an answer, `far` where
    there is none. `reports` says whose each question is; `asked` counts them and those that have no
    answer.
    """

    ndcg: NDArray[np.float64]
    first: NDArray[np.bool_]
    near: NDArray[np.float64]
    far: NDArray[np.float64]
    reports: NDArray[np.int64]
    asked: int

    @property
    def auroc(self) -> float:
        """How often a `near` is above a `far`, ties for half."""
        pairs = (self.near[:, None] > self.far) + (self.near[:, None] == self.far) / 2
        return float(pairs.mean()) if pairs.size else math.nan


def encoder_of(model: SentenceTransformer) -> Encode:
    """Texts → unit vectors, float32 of shape (texts, dimension)."""

    def encode(texts: list[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = model.encode(
            texts, normalize_embeddings=True, show_progress_bar=False, batch_size=16
        )
        return vectors

    return encode


def score(reports: Sequence[AskedReport], encode: Encode, again: Again | None = None) -> Scores:
    """Every training question over its own report, whose named paragraph is the one answer.

    `again` makes other numbers of the similarities, where it is given.

    `far` is the nearest when that one and its neighbours are taken away, as if the report did not
    answer.
    """
    questions = encode([one.question for report in reports for one in report.asked])
    paragraphs = encode([text for report in reports for text in report.paragraphs])
    made = _Made()
    at = first = 0
    for number, report in enumerate(reports):
        own = paragraphs[first : first + len(report.paragraphs)]
        first += len(report.paragraphs)
        for one in report.asked:
            similarities = own @ questions[at]
            if again is not None:
                similarities = again(one.question, report.paragraphs, similarities)
            at += 1
            made.add(similarities, {one.answer: 2}, number)
            left = similarities.copy()
            left[max(one.answer - _NEIGHBOURS, 0) : one.answer + _NEIGHBOURS + 1] = -np.inf
            made.far.append(float(left.max()))
    return made.scores(len(questions))


def load_graded(shared: Path) -> dict[str, list[AskedReport]]:
    """The graded questions in `shared`, by set."""
    sunderland = _lines(shared / "questions" / "sunderland_2021.jsonl")
    many: dict[str, list[dict[str, Any]]] = {}
    for line in _lines(shared / "questions" / "many_reports.jsonl"):
        many.setdefault(line["report"], []).append(line)
    corpus = shared / "corpus" / "sunderland-2021-08-20.txt"
    return {
        "Sunderland 2021": [_graded(corpus, sunderland)],
        "many reports": [_graded(shared / "reports" / file, own) for file, own in many.items()],
    }


def _graded(path: Path, lines: Sequence[dict[str, Any]]) -> AskedReport:
    paragraphs = read_file(path, path.name).paragraphs
    places = {one.number: at for at, one in reversed(list(enumerate(paragraphs)))}
    asked = tuple(
        (line["question"], {places[number]: grade for number, grade in line["relevant"].items()})
        for line in lines
    )
    return AskedReport(path.name, tuple(one.text for one in paragraphs), (), asked)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def graded(reports: Sequence[AskedReport], encode: Encode, again: Again | None = None) -> Scores:
    """Every graded question over its own report; `far` are those that it does not answer.

    `again` makes other numbers of the similarities, where it is given.
    """
    made = _Made()
    for number, report in enumerate(reports):
        paragraphs = encode(list(report.paragraphs))
        questions = encode([question for question, _ in report.graded])
        for vector, (question, grades) in zip(questions, report.graded, strict=True):
            similarities = paragraphs @ vector
            if again is not None:
                similarities = again(question, report.paragraphs, similarities)
            if grades:
                made.add(similarities, grades, number)
            else:
                made.far.append(float(similarities.max()))
    return made.scores(sum(len(report.graded) for report in reports))


class _Made:
    """Scores while they are made."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, bool, float, int]] = []
        self.far: list[float] = []

    def add(
        self, similarities: NDArray[np.float32], grades: Mapping[int, int], report: int
    ) -> None:
        order = np.argsort(-similarities, kind="stable")
        gain = sum(
            grades.get(int(place), 0) / math.log2(rank + 2)
            for rank, place in enumerate(order[:_CUT])
        )
        best = sum(
            grade / math.log2(rank + 2)
            for rank, grade in enumerate(sorted(grades.values(), reverse=True)[:_CUT])
        )
        self.rows.append(
            (gain / best, grades.get(int(order[0]), 0) == 2, float(similarities.max()), report)  # noqa: PLR2004 - the better grade
        )

    def scores(self, asked: int) -> Scores:
        ndcg, first, near, reports = zip(*self.rows, strict=True)
        return Scores(
            np.array(ndcg),
            np.array(first),
            np.array(near),
            np.array(self.far),
            np.array(reports),
            asked,
        )


def bootstrap(ours: Scores, base: Scores) -> tuple[float, float]:
    """The middle 95 % of the gain in nDCG@10 over resampled reports, the unit that was held out."""
    gains = ours.ndcg - base.ndcg
    reports = np.unique(ours.reports)
    sums = np.array([gains[ours.reports == one].sum() for one in reports])
    counts = np.array([(ours.reports == one).sum() for one in reports])
    drawn = np.random.default_rng(0).integers(len(reports), size=(_RESAMPLINGS, len(reports)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def table_head() -> str:
    """The head of the table that `row` fills."""
    return f"{'set':<18}{'model':<18}{'nDCG@10':>9}{'hit@1':>9}{'AUROC':>9}{'questions':>11}"


def row(of: str, model: str, values: Scores) -> str:
    """A row of the table."""
    return (
        f"{of:<18}{model:<18}{values.ndcg.mean():>9.4f}{values.first.mean():>9.4f}"
        f"{values.auroc:>9.4f}{values.asked:>11}"
    )
