"""BM25 over words; the only user of bm25s."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import bm25s
import numpy as np

from index.errors import CorpusError, IndexUnusableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def write_lexical(folder: Path, texts: Sequence[str]) -> None:
    """Write the word index of `texts` into the new folder `folder`; text i answers as row i.

    bm25s' defaults stand: Lucene's BM25 with k1 1.5 and b 0.75 (the values that Robertson and
    Zaragoza, The Probabilistic Relevance Framework, 2009, call usual). Raises CorpusError where
    no text holds a word.
    """
    tokens = bm25s.tokenize(list(texts), stopwords="en", show_progress=False)
    if not any(tokens.ids):
        raise CorpusError(
            f"None of the {len(texts)} paragraphs holds a word. Expected reports in English."
        )
    scorer = bm25s.BM25()
    scorer.index(tokens, show_progress=False)
    scorer.save(str(folder))


class Lexical:
    """A written word index, mapped for reading."""

    def __init__(self, folder: Path) -> None:
        try:
            self._scorer = bm25s.BM25.load(str(folder), mmap=True)
        except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
            raise IndexUnusableError(
                f"{folder} cannot be opened as a word index: {error}"
            ) from error

    def __len__(self) -> int:
        return int(self._scorer.scores["num_docs"])

    def differs(self, texts: Sequence[str]) -> bool:
        """Whether it holds other words than those of `texts`, by how many each row has."""
        words = bm25s.tokenize(list(texts), stopwords="en", show_progress=False)
        expected = [len(set(ids)) for ids in words.ids]
        held = np.bincount(np.asarray(self._scorer.scores["indices"]), minlength=len(texts))
        return len(self) != len(texts) or expected != held.tolist()

    def scores(self, question: str) -> NDArray[np.float32]:
        """The BM25 score of every row for `question`: float32, zeros where no word is shared."""
        [words] = bm25s.tokenize([question], stopwords="en", show_progress=False, return_ids=False)
        known = [word for word in words if word in self._scorer.vocab_dict]
        if not known:
            return np.zeros(len(self), dtype=np.float32)
        return np.asarray(self._scorer.get_scores(known), dtype=np.float32)
