"""BM25 over words; the only user of bm25s, which writes what is read here.

bm25s computes every weight when the index is built: of each word in each text, Lucene's BM25 with
k1 1.5 and b 0.75 (the values that Robertson and Zaragoza, The Probabilistic Relevance Framework,
2009, call usual). A text's score is the sum of the weights of the question's words (Lù, BM25S,
2024). That sum is taken here, from the files that bm25s wrote: importing the library, and scipy
with it, would cost every cold question time and memory that it does not need.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np

from index.errors import CorpusError, IndexUnusableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

# A word: two letters or digits at least, as bm25s and scikit-learn have it.
_WORD = re.compile(r"\b\w\w+\b")


def words_of(text: str) -> list[str]:
    """The words of `text` in lower case, those too that the index leaves out as too common."""
    return _WORD.findall(text.lower())


def _indexed(text: str) -> list[str]:
    """The words of `text` that the index holds: all but the most common ones of English."""
    from bm25s.stopwords import STOPWORDS_EN  # noqa: PLC0415 - see above

    return [word for word in words_of(text) if word not in STOPWORDS_EN]


def write_lexical(folder: Path, texts: Sequence[str]) -> None:
    """Write the word index of `texts` into the new folder `folder`; text i answers as row i.

    Raises CorpusError where no text holds a word.
    """
    import bm25s  # noqa: PLC0415 - see above

    words = [_indexed(text) for text in texts]
    if not any(words):
        raise CorpusError(
            f"None of the {len(texts)} paragraphs holds a word. Expected reports in English."
        )
    scorer = bm25s.BM25()
    scorer.index(words, show_progress=False)
    scorer.save(str(folder))


class Lexical:
    """A written word index, mapped for reading.

    The weights of word w are weights[starts[w]:starts[w + 1]], those of the texts at the same
    places of `rows`: a sparse matrix by columns.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._columns: dict[str, int] = json.loads((folder / "vocab.index.json").read_bytes())
            self._count = int(json.loads((folder / "params.index.json").read_bytes())["num_docs"])
            self._weights, self._rows, self._starts = (
                np.load(folder / f"{name}.csc.index.npy", mmap_mode="r")
                for name in ("data", "indices", "indptr")
            )
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise IndexUnusableError(
                f"{folder} cannot be opened as a word index: {error}"
            ) from error

    def __len__(self) -> int:
        return self._count

    def differs(self, texts: Sequence[str]) -> bool:
        """Whether it holds other words than those of `texts`, by how many each row has."""
        expected = [len(set(_indexed(text))) for text in texts]
        held = np.bincount(np.asarray(self._rows), minlength=len(texts))
        return len(self) != len(texts) or expected != held.tolist()

    def scores(self, question: str) -> NDArray[np.float32]:
        """The BM25 score of every row for `question`: float32, zeros where no word is shared."""
        scores = np.zeros(len(self), dtype=np.float32)
        for word in words_of(question):
            column = self._columns.get(word)
            if column is not None:
                part = slice(int(self._starts[column]), int(self._starts[column + 1]))
                scores[self._rows[part]] += self._weights[part]
        return scores
