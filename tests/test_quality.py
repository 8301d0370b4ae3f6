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
from tests.quality.cases import OURS
from tests.quality.confidence import fit_after_reading
from tests.quality.fit import _decided
from tests.quality.measures import auroc, mean, ndcg, recall
from tests.quality.order import fitted_reading, fitted_weights, weighed
from tests.quality.quoting import QUOTING, Quoted, best_quoting

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


def case(features: NDArray[np.float64], shares: list[float], logits: list[float], name: str) -> Any:
    """A graded question of the set `name`, whose logits are known already."""
    known, grades = np.array(logits), np.array(shares)
    return SimpleNamespace(
        name=name,
        candidates=SimpleNamespace(features=features),
        grades=grades,
        shares=grades,
        readings=SimpleNamespace(of=lambda places: known[places]),
        question=SimpleNamespace(relevant={"1": 2} if grades.any() else {}),
    )


def told_by(feature: str, name: str = "many") -> Any:
    """Three candidates; the first is right, and it alone has `feature`."""
    features = np.zeros((3, len(FEATURES)))
    features[0, FEATURES.index(feature)] = 1
    return case(features, [1.0, 0.0, 0.0], [0.0, 0.0, 0.0], name)


def weight_of(feature: str, cases: list[Any]) -> float:
    return float(fitted_weights(cases, 1e-2)[FEATURES.index(feature)])


def test_a_weight_is_fitted_to_what_tells_the_right_paragraph() -> None:
    cases = [told_by("similarity"), told_by("similarity", OURS)]
    assert weight_of("similarity", cases) == pytest.approx(1)
    assert weight_of("words", cases) == pytest.approx(0, abs=1e-6)


def test_few_questions_that_were_given_weigh_as_much_as_many_of_ours() -> None:
    cases = [told_by("similarity")] + 9 * [told_by("words", OURS)]
    assert weight_of("similarity", cases) == pytest.approx(weight_of("words", cases), rel=1e-3)


def test_a_logit_counts_as_much_as_it_tells() -> None:
    weights = np.array([float(name == "similarity") for name in FEATURES])
    scored, logits = np.array([0.6, 0.5, 0.4]), [2.0, -1.0, 1.0]
    features = scored[:, None] * weights
    likely = np.exp(10 * scored + 0.5 * np.array(logits))
    shares = (likely / likely.sum()).tolist()
    taught = [case(features, shares, logits, name) for name in ("many", OURS)]
    assert fitted_reading(taught, weights) == pytest.approx(0.05, rel=1e-2)
    # Where nothing that is read answers, there is nothing to learn.
    unfounded = case(features, [0.0, 0.0, 0.0], [0.0, 0.0, 9.0], OURS)
    assert fitted_reading([*taught, unfounded], weights) == pytest.approx(0.05, rel=1e-2)


def test_questions_of_ours_without_an_answer_count_as_if_they_were_as_rare() -> None:
    answered, empty = told_by("words"), case(np.zeros((1, 1)), [0.0], [0.0], "many")
    ours = told_by("words", OURS), case(np.zeros((1, 1)), [0.0], [0.0], OURS)
    # One in four of the others, and of ours two in three.
    counts = weighed([answered, answered, answered, empty, ours[0], ours[1], ours[1]])
    assert counts.tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 2, 1 / 12, 1 / 12])
    assert weighed([answered, empty]).tolist() == [0.5, 0.5]


def beside(first: float, *others: tuple[float, float]) -> Any:
    """A question whose first paragraph has a logit, and others one each and a grade."""
    known = [np.array([first]), *(np.array([logit, first, 0.5]) for logit, _ in others)]
    return SimpleNamespace(
        case=case(np.zeros((1, 1)), [2.0, *(grade for _, grade in others)], [], OURS),
        ordered=np.arange(len(known)),
        known=known,
        answers=True,
    )


def test_others_are_as_sure_as_paragraphs_of_their_logit_beside_such_a_first_were_right() -> None:
    taught = [
        beside(3.0, (1.0, 0.0), (1.0, 0.0), (1.0, 1.0)),
        beside(1.0, (1.0, 2.0), (1.0, 0.0), (-2.0, 0.0)),
        beside(3.0, (2.5, 1.0), (2.5, 0.0), (-1.0, 0.0)),
    ]
    # Where nothing answers, nothing is quoted, and so nothing is learnt.
    nothing = beside(9.0, (9.0, 0.0))
    nothing.case.grades[:] = 0
    _, others = fit_after_reading([*taught, nothing])
    assert others.of(np.array([2.5, 3.0, 0.5])) > others.of(np.array([1.0, 3.0, 0.5]))
    assert others.of(np.array([1.0, 1.0, 0.5])) > others.of(np.array([1.0, 3.0, 0.5]))
    of_all = [others.of(known) for one in taught for known in one.known[1:]]
    assert np.mean(of_all) == pytest.approx(3 / 9, abs=1e-4)


def quotings(*of: tuple[bool, bool, int]) -> list[Quoted]:
    """What each way of quoting quotes: one quotation, and whether it is cited and holds the fact.

    Ways that are not named quote what is wrong.
    """
    made = [Quoted((cited,), (fact,), words) for cited, fact, words in of]
    return made + [Quoted((False,), (False,), 1)] * (len(QUOTING) - len(made))


def test_what_is_quoted_leads_in_citations_and_facts_alike_and_is_not_long() -> None:
    ways = quotings((True, False, 10), (True, True, 90), (False, True, 10), (True, True, 101))
    assert best_quoting([[ways]]) == 1
    # In two sets the third way is right once in two, and the second is too long in one of them.
    other = quotings((True, False, 10), (True, True, 101), (True, True, 10))
    assert best_quoting([[ways], [other]]) == 0
    # It is not enough to be cited often in the mean of the sets.
    seldom = quotings((True, False, 10), (True, True, 10), (False, True, 10))
    often = [[ways]] * 19
    assert best_quoting([*often, [seldom]]) == 1
    assert best_quoting([*often, [quotings((True, False, 10), (False, True, 10))]]) == 0
    # Where nothing is to be cited often enough, it is what is to be cited most.
    half = [quotings((False, True, 9), (True, True, 9)), quotings((False, True, 9))]
    assert best_quoting([half, half]) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [((20, 14), (18, 15)), ((18, 20), (20, 16))],
    ids=["citations do not make good for facts", "nor facts for citations"],
)
def test_of_two_ways_the_one_is_chosen_whose_lesser_lead_is_greater(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    """Each is how many of twenty quotations may be cited, and how many hold the fact."""
    assert sum(one) > sum(other)
    ways = [
        quotings(*((at < cited, at < facts, 10) for cited, facts in (one, other)))
        for at in range(20)
    ]
    assert best_quoting([ways]) == 1


def test_the_threshold_stands_below_what_is_to_be_answered_and_above_the_next() -> None:
    def known(name: str, sure: float, *, answerable: bool = True) -> Any:
        return SimpleNamespace(case=SimpleNamespace(name=name), sure=[sure], answerable=answerable)

    # Of twenty one may be refused. Of the other set the least sure is surer, and none may be.
    of_one = [known("one", at / 20) for at in range(20)] + [known("one", 0.0, answerable=False)]
    of_other = [known("other", 0.5), known("other", 0.9)]
    ways = [quotings((True, True, 9))] * 23
    assert _decided([*of_one, *of_other], ways) == (0.025, 0)
    assert _decided(of_other, ways[:2]) == (0.25, 0)


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
