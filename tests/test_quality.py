"""The measures on values computed by hand, and a small part of `make quality` that can fail."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from index.models import MODEL_VARIABLE
from search.ask import Searcher
from search.retrieve import FEATURES
from tests.quality.fit import fitted_reading, fitted_weights
from tests.quality.lessons import Lesson
from tests.quality.measures import auroc, mean, ndcg, recall

if TYPE_CHECKING:
    from index.encoder import OnnxEncoder

QUESTIONS = Path(__file__).parent / "questions_sunderland_2021.jsonl"


@pytest.mark.parametrize(
    ("found", "relevant", "expected"),
    [
        (["1", "2"], {"1": 2, "2": 1}, 1.0),
        (["2", "1"], {"1": 2, "2": 1}, (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3))),
        (["9", "1"], {"1": 1}, 1 / math.log2(3)),
        (["1", "1"], {"1": 1, "2": 1}, 1 / (1 + 1 / math.log2(3))),
        ([None, "9"], {"1": 1}, 0.0),
        ([], {"1": 1}, 0.0),
    ],
)
def test_ndcg_is_what_is_computed_by_hand(
    found: list[str | None], relevant: dict[str, int], expected: float
) -> None:
    assert ndcg(found, relevant) == pytest.approx(expected)


def test_ndcg_looks_no_further_than_k() -> None:
    assert ndcg(["9"] * 10 + ["1"], {"1": 1}) == 0


def test_recall_counts_what_is_wanted_among_the_first() -> None:
    assert recall(["1", "9", "2"], {"1", "2"}, 2) == 0.5


def test_auroc_counts_ties_for_half() -> None:
    assert auroc([0.9, 0.5], [0.5, 0.1]) == 0.875
    assert math.isnan(auroc([0.9], []))
    assert math.isnan(mean([]))


def _lesson(telling: str) -> Lesson:
    """Three candidates; the first is right, and it has only the feature `telling`."""
    features = np.zeros((3, len(FEATURES)))
    features[0, FEATURES.index(telling)] = 1
    return Lesson(features, np.array([1.0, 0.0, 0.0]), readings([0.0, 0.0, 0.0]))


def readings(logits: list[float]) -> Any:
    """Readings that are known already."""
    known = np.array(logits)
    return SimpleNamespace(of=lambda places: known[places])


def test_a_weight_is_fitted_to_what_tells_the_right_paragraph() -> None:
    weights = fitted_weights([_lesson("similarity")], [_lesson("similarity")], 1e-2)
    assert weights["similarity"] == pytest.approx(1)
    assert weights["words"] == pytest.approx(0, abs=1e-6)


def test_few_graded_questions_weigh_as_much_as_many_others() -> None:
    weights = fitted_weights([_lesson("similarity")], 9 * [_lesson("words")], 1e-2)
    assert weights["similarity"] == pytest.approx(weights["words"], rel=1e-3)


def test_a_logit_counts_as_much_as_it_tells() -> None:
    weights = dict.fromkeys(FEATURES, 0.0) | {"similarity": 1.0}
    scored, logits = np.array([0.6, 0.5, 0.4]), np.array([2.0, -1.0, 1.0])
    features = np.zeros((3, len(FEATURES)))
    features[:, FEATURES.index("similarity")] = scored
    likely = np.exp(10 * scored + 0.5 * logits)
    taught = [Lesson(features, likely / likely.sum(), readings(logits.tolist()))]
    assert fitted_reading(taught, taught, weights) == pytest.approx(0.05, rel=1e-2)
    # Where nothing that is read answers, there is nothing to learn.
    unfounded = [Lesson(features, np.zeros(3), readings([0.0, 0.0, 9.0]))]
    assert fitted_reading(taught, unfounded, weights) == pytest.approx(0.05, rel=1e-2)


@pytest.mark.model
def test_the_questions_on_the_shipped_report_are_ranked_as_well_as_measured(
    real_index: Path, real_encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    searcher = Searcher(real_index, load=lambda _: real_encoder)
    scores: dict[str, list[float]] = {"default": [], "dense": []}
    for line in map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines()):
        for ranking, own in scores.items():
            result = searcher.ask(line["question"], ranking=ranking)  # type: ignore[arg-type]
            texts = {hit.id: hit.text for hit in result.hits}
            assert all(one.quote in texts[one.citation.id] for one in result.answer)
            if line["relevant"]:
                own.append(ndcg([hit.paragraph for hit in result.hits], line["relevant"]))
    # Both stand near 0.85 on these, words alone near 0.6; far below, something is broken.
    assert mean(scores["dense"]) > 0.8
    assert mean(scores["default"]) > 0.8
