"""Texts longer than a model reads → windows that it reads whole, and one vector of theirs."""

from __future__ import annotations

import bisect
import itertools
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

Vectors: TypeAlias = "NDArray[np.float32]"


def windows(text: str, tokenizer: Tokenizer, most: int) -> list[tuple[int, int, int]]:
    """Start, end and tokens of the parts of `text`, each of at most `most` tokens.

    Parts are near equal, end where a sentence ends if one does, else where a word does, and cover
    every token. `tokenizer` must neither truncate nor pad.
    """
    tokens = tokenizer.encode(text, add_special_tokens=False)
    offsets = tokens.offsets
    if len(offsets) <= most:
        return [(0, len(text), len(offsets))]
    # Imported here: questions and most paragraphs are short, and readers start without it.
    from index.sentences import sentence_spans  # noqa: PLC0415

    starts = [start for start, _ in offsets]
    sentence_ends = [bisect.bisect_left(starts, end) for _, end in sentence_spans(text)]
    # A word cut in two can come to one token more, which the model would not read.
    words = tokens.word_ids
    word_ends = [at for at in range(1, len(words)) if words[at] != words[at - 1]]
    word_ends.append(len(words))
    cuts = [0]
    while cuts[-1] < len(offsets):
        first = cuts[-1]
        left = len(offsets) - first
        wished = first + left / -(-left // most)
        if within := _between(sentence_ends, first, first + most):
            cuts.append(min(within, key=lambda end: abs(end - wished)))
        elif within := _between(word_ends, first, first + most):
            cuts.append(within[-1])
        else:
            cuts.append(first + most)
    return [
        (starts[first], offsets[last - 1][1], last - first)
        for first, last in itertools.pairwise(cuts)
    ]


def _between(ascending: Sequence[int], after: int, last: int) -> Sequence[int]:
    return ascending[bisect.bisect_right(ascending, after) : bisect.bisect_right(ascending, last)]


def joined(vectors: Vectors, owners: Sequence[int], tokens: Sequence[int], texts: int) -> Vectors:
    """One unit vector a text: the mean of its windows' vectors, weighted by their tokens.

    `vectors` is float32 of shape (windows, dimension); window i is of text owners[i] and has
    tokens[i] tokens. Returns float32 of shape (texts, dimension).
    """
    sums = np.zeros((texts, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, list(owners), vectors * np.maximum(tokens, 1).astype(np.float32)[:, None])
    return unit(sums)


def unit(vectors: Vectors) -> Vectors:
    """The rows of `vectors` scaled to length 1; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    return scaled
