"""Candidates → their order; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from search.retrieve import Candidate


Ranking = Literal["default", "dense", "bm25"]


@dataclass(frozen=True, slots=True)
class Weights:
    """What a score is the sum of: a candidate's similarity and words, each times its weight.

    `unnumbered` is added for a passage that is no finding: introductions and lists of what needs
    to improve say the same in short, and a reader wants the paragraph to cite.
    """

    similarity: float
    words: float
    unnumbered: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """What `make fit` found.

    The weights; the similarity below which nothing is an answer; and the share of the best score
    below which a paragraph is not quoted.
    """

    weights: Weights
    answer_threshold: float
    quoted_share: float


@cache
def load_fitted() -> Fitted:
    """The fitted values, from `ranking.json` beside this file."""
    values = json.loads((Path(__file__).parent / "ranking.json").read_text(encoding="utf-8"))
    return Fitted(Weights(**values["weights"]), values["answer_threshold"], values["quoted_share"])


def weights_of(ranking: Ranking) -> Weights:
    """The fitted weights, or those of one kind of evidence alone."""
    fitted = load_fitted().weights
    if ranking == "dense":
        return Weights(similarity=1, words=0, unnumbered=fitted.unnumbered)
    if ranking == "bm25":
        return Weights(similarity=0, words=1, unnumbered=fitted.unnumbered)
    return fitted


def rank(candidates: Iterable[Candidate], weights: Weights) -> list[tuple[Candidate, float]]:
    """The candidates with their scores, best first; equal ones as they stand in the collection."""
    scored = [
        (
            one,
            round(
                weights.similarity * one.similarity
                + weights.words * one.words
                + (0 if one.finding else weights.unnumbered),
                6,
            ),
        )
        for one in candidates
    ]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].row))
