"""What was tried: one recipe a row of the model card's table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained; see `training/contrast.py` for what the weights weigh.

    `batch` counts paragraphs, with two questions each; `scale` is one over the temperature; `typos`
    the share of questions that get a slip or two; `hard` the further negatives of each question;
    `words` says whether word embeddings are trained, too. The last two are applied to what training
    changed, which is then not done again: `average` is the share of the tuned weights in the
    result, the rest being the base's, and `rank` that of the adapter.
    """

    epochs: int = 5
    learning_rate: float = 5e-5
    batch: int = 48
    scale: float = 20.0
    symmetric: float = 0.5
    sentence: float = 0.5
    pairwise: float = 0.0
    hard: int = 0
    margin: float = 0.1
    typos: float = 0.1
    words: bool = False
    average: float = 0.8
    rank: int = 64

    @property
    def trained(self) -> str:
        """A name for what training makes of it, the same where only what is applied differs."""
        same = replace(self, average=SHIPPED.average, rank=SHIPPED.rank)
        return hashlib.sha256(repr(same).encode()).hexdigest()[:12]


SHIPPED = Recipe()
RECIPES = {
    "shipped": SHIPPED,
    # What is applied to what the shipped recipe trains.
    "average_60": Recipe(average=0.6),
    "average_100": Recipe(average=1.0),
    "rank_16": Recipe(rank=16),
    "full": Recipe(rank=384),  # no matrix is written as two
    # One thing each, in one epoch.
    "one_epoch": Recipe(epochs=1),
    "pairwise": Recipe(epochs=1, pairwise=0.5),
    "hard": Recipe(epochs=1, hard=2),
    "no_turning": Recipe(epochs=1, symmetric=0.0),
    "no_sentences": Recipe(epochs=1, sentence=0.0),
    "no_slips": Recipe(epochs=1, typos=0.0),
    "colder": Recipe(epochs=1, scale=40.0),
    "words": Recipe(epochs=1, words=True),
}
