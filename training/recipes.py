"""What was tried: one recipe a row of the model card's table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

WORK = Path(__file__).parent / "work"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained; see `training/contrast.py` for what the weights weigh.

    Before `epochs` of the written questions come `weak` epochs of pairs that nobody wrote: two
    sentences of a paragraph ask for its rest. `batch` counts paragraphs, with two questions each;
    `scale` is one over the temperature; `typos` the share of questions that get a slip or two;
    `hard` the further negatives of each question; `words` says whether word embeddings are trained,
    too. The last two are applied to what training changed, which is then not done again: `average`
    is the share of the tuned weights in the result, the rest being the base's, and `rank` that of
    the adapter.
    """

    weak: int = 0
    epochs: int = 5
    learning_rate: float = 1e-4
    batch: int = 48
    scale: float = 20.0
    symmetric: float = 0.5
    sentence: float = 0.5
    pairwise: float = 0.0
    hard: int = 0
    margin: float = 0.1
    typos: float = 0.1
    words: bool = False
    average: float = 0.65
    rank: int = 128

    @property
    def trained(self) -> str:
        """A name for what training makes of it, the same where only what is applied differs."""
        return _hash(replace(self, average=SHIPPED.average, rank=SHIPPED.rank))

    @property
    def held_out_model(self) -> Path:
        """Where its model is that has not seen the held-out reports, once that was measured."""
        return WORK / f"{_hash(self)}-held-out-model"


def _hash(recipe: Recipe) -> str:
    return hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]


SHIPPED = Recipe()
# To see what one thing does, one epoch is enough.
_ONE = Recipe(epochs=1, learning_rate=5e-5, average=0.8, rank=64)
RECIPES = {
    "shipped": SHIPPED,
    # What is applied to what the shipped recipe trains.
    "average_80": Recipe(average=0.8, rank=64),
    "average_100": Recipe(average=1.0, rank=64),
    "rank_64": Recipe(rank=64),
    "rank_16": Recipe(rank=16),
    "full": Recipe(rank=384),  # no matrix is written as two
    # One thing each.
    "slower": Recipe(learning_rate=5e-5, average=0.8, rank=64),
    "one_epoch": _ONE,
    "faster": replace(_ONE, learning_rate=1e-4),
    "pairwise": replace(_ONE, pairwise=0.5),
    "hard": replace(_ONE, hard=2),
    "weak": replace(_ONE, weak=1),
    "turning": replace(_ONE, symmetric=1.0),
    "no_turning": replace(_ONE, symmetric=0.0),
    "no_sentences": replace(_ONE, sentence=0.0),
    "no_slips": replace(_ONE, typos=0.0),
    "colder": replace(_ONE, scale=40.0),
    "words": replace(_ONE, words=True),
}
