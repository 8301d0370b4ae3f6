"""Question and text read together: a cross-encoder, exported, that tells how well one answers.

The encoder meets question and text apart, and a number is all that they share; a reader sees every
word of one beside every word of the other. That costs as much as encoding the text again, so it is
for a few texts at a time. `index/reader_export.py` makes what is run here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index.encoder import TOKENIZER, open_session, open_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from index.encoder import Session

# So many of those that the quick reader holds for likeliest are read closer: all that reading the
# others so, too, would gain, in half the time.
_MOST_READ_CLOSER = 3
# Tokens of a text that are read, about four sentences: twice as many take twice as long. Of a text
# that is one longer sentence twice as many are read, and of a question so many.
_MOST = 96
_MOST_OF_A_SENTENCE = 2 * _MOST
_MOST_OF_A_QUESTION = 60


@dataclass(frozen=True, slots=True)
class ReaderFiles:
    """The names of a reader's files in the folder of an export.

    `short` is whether the numbers of its matrices have 8 bits, and not 32.
    """

    graph: str
    weights: str
    tokenizer: str
    short: bool

    @property
    def names(self) -> tuple[str, ...]:
        return self.graph, self.weights, self.tokenizer


# The quick reader has the encoder's vocabulary. The closer one is large: with 8 bits it is opened
# sooner and takes less memory.
QUICK = ReaderFiles("reader.onnx", "reader.onnx.data", TOKENIZER, short=False)
CLOSER = ReaderFiles("closer.onnx", "closer.onnx.data", "closer.tokenizer.json", short=True)


@dataclass(frozen=True, slots=True)
class Pair:
    """The token ids of a question and a text, and how many of them are the question's."""

    ids: list[int]
    asked: int


class TextReader(Protocol):
    """What searches need of a reader."""

    def excerpt(
        self, text: str, sentences: Sequence[tuple[int, int]], near: Sequence[float]
    ) -> str: ...
    def read(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]: ...


class SingleReader:
    """One exported reader, opened by the first text that it reads.

    Where two threads are first at once, each may open it, and one is dropped.
    """

    def __init__(self, folder: Path, files: ReaderFiles, *, in_bulk: bool = False) -> None:
        """For `files` in `folder`; `in_bulk` where several threads read at once."""
        self._folder, self._files, self._in_bulk = folder, files, in_bulk

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return open_tokenizer(self._folder / self._files.tokenizer)

    @cached_property
    def _session(self) -> Session:
        return open_session(self._folder / self._files.graph, in_bulk=self._in_bulk)

    def read(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """The logit of each of `texts` being an answer: float64 of shape (len(texts),).

        Raises ModelError where the export cannot be opened.
        """
        ids, types, mask = padded(paired(self.tokenizer, question, texts))
        known = {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}
        [logits] = self._session.run(None, known)
        return np.asarray(logits, dtype=np.float64)


class Reader:
    """The readers of an exported model: a quick one, and a closer one for the likeliest.

    An export that was made without the closer one's base has only the quick one.
    """

    def __init__(self, folder: Path, *, in_bulk: bool = False) -> None:
        """For the export in `folder`; `in_bulk` where several threads read at once."""
        self._quick = SingleReader(folder, QUICK, in_bulk=in_bulk)
        closer = SingleReader(folder, CLOSER, in_bulk=in_bulk)
        self._closer = closer if (folder / CLOSER.graph).exists() else None

    def excerpt(
        self, text: str, sentences: Sequence[tuple[int, int]], near: Sequence[float]
    ) -> str:
        """What of `text` is read: `excerpt`."""
        return excerpt(self._quick.tokenizer, text, sentences, near)

    def read(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """The logit of each of `texts` being an answer: float64 of shape (len(texts),).

        Of the likeliest it is the mean of what both readers say, which are wrong in different ways.

        Raises ModelError where the export cannot be opened.
        """
        logits = self._quick.read(question, texts)
        if self._closer is None:
            return logits
        likeliest = np.argsort(-logits, kind="stable")[:_MOST_READ_CLOSER].tolist()
        closer = self._closer.read(question, [texts[at] for at in likeliest])
        logits[likeliest] = (logits[likeliest] + closer) / 2
        return logits


def excerpt(
    tokenizer: Tokenizer,
    text: str,
    sentences: Sequence[tuple[int, int]],
    near: Sequence[float],
) -> str:
    """What of `text` is read: the run of sentences about the nearest one that is short enough.

    `near` are the cosines of its `sentences`, which are given by their start and end. The run grows
    by the nearer one of its two neighbours. All of `text` where it has no sentence.
    """
    if not sentences:
        return text
    spans = [text[start:end] for start, end in sentences]
    tokens = [len(one.ids) for one in tokenizer.encode_batch(spans, add_special_tokens=False)]
    first = last = int(np.argmax(near))
    left = _MOST - tokens[first]
    while True:
        beside = [
            at for at in (first - 1, last + 1) if 0 <= at < len(tokens) and tokens[at] <= left
        ]
        if not beside:
            return text[sentences[first][0] : sentences[last][1]]
        nearer = max(beside, key=lambda at: near[at])
        left -= tokens[nearer]
        first, last = min(first, nearer), max(last, nearer)


def paired(tokenizer: Tokenizer, question: str, texts: Sequence[str]) -> list[Pair]:
    """The question before each of `texts`, as BERT reads two texts: [CLS] one [SEP] other [SEP].

    (Devlin and others, BERT: Pre-training of Deep Bidirectional Transformers, 2019.)
    """
    start, end = tokenizer.encode("").ids
    asked = tokenizer.encode(question, add_special_tokens=False).ids[:_MOST_OF_A_QUESTION]
    asked = [start, *asked, end]
    return [
        Pair([*asked, *one.ids[:_MOST_OF_A_SENTENCE], end], len(asked))
        for one in tokenizer.encode_batch(list(texts), add_special_tokens=False)
    ]


def padded(
    pairs: Sequence[Pair],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Token ids, 1 where they are the text's, and 1 where there are any.

    Each int64 of shape (len(pairs), tokens of the longest).
    """
    shape = len(pairs), max(len(one.ids) for one in pairs)
    ids, types, mask = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    for at, one in enumerate(pairs):
        ids[at, : len(one.ids)] = one.ids
        types[at, one.asked : len(one.ids)] = 1
        mask[at, : len(one.ids)] = 1
    return ids, types, mask
