"""An encoder whose vectors can be computed by eye: a text is the bag of the known words in it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from index.encoder import Model

KNOWN = ("adoption", "care", "early", "housing", "leavers", "risk", "school", "staff")
# A passage without a known word and a question without one stand on axes of their own, so that
# every vector has length 1 and these two are no answer to each other.
_NO_WORD_IN_PASSAGE = len(KNOWN)
_NO_WORD_IN_QUESTION = len(KNOWN) + 1
DIMENSION = len(KNOWN) + 2


def bag(text: str, otherwise: int = _NO_WORD_IN_PASSAGE) -> NDArray[np.float32]:
    """1/√n on the axis of each of the n known words in `text`: "Care leavers" is (…, √½, …, √½)."""
    words = set(re.findall(r"\w+", text.casefold()))
    axes = [axis for axis, word in enumerate(KNOWN) if word in words] or [otherwise]
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[axes] = 1 / math.sqrt(len(axes))
    return vector


class FakeEncoder:
    """Stands wherever an Encoder does; `passages` are the texts that it was given to encode."""

    dimension = DIMENSION

    def __init__(self, model: Model) -> None:
        self.model = model
        self.passages: list[str] = []

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] = lambda _: None
    ) -> NDArray[np.float32]:
        self.passages += texts
        progress(len(texts))
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = bag(text)
        return vectors

    def encode_question(self, question: str) -> NDArray[np.float32]:
        return bag(question, _NO_WORD_IN_QUESTION)
