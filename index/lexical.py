"""BM25 over word stems, and the words themselves; the only user of bm25s and PyStemmer.

bm25s computes every weight when the index is built: of each stem in each text, Lucene's BM25 with
k1 1.5 and b 0.75 (the values that Robertson and Zaragoza, The Probabilistic Relevance Framework,
2009, call usual). A text's score is the sum of the weights of the question's stems (Lù, BM25S,
2024). That sum is taken here, from the files that bm25s wrote: importing the library, and scipy
with it, would cost every cold question time and memory that it does not need. Stems are those of
Porter's second English stemmer: "fostered" finds "fostering".
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from Stemmer import Stemmer

from index.errors import CorpusError, IndexUnusableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# A word: two letters or digits at least, as bm25s and scikit-learn have it.
_WORD = re.compile(r"\b\w\w+\b")
# The closed classes of English: articles, pronouns, auxiliaries, prepositions, conjunctions, and
# what questions begin with. They say nothing of what a text is about.
FUNCTION_WORDS = frozenset(
    Path(__file__).with_name("function_words.txt").read_text(encoding="utf-8").split()
)
_FREQUENCIES = "frequencies.json"


def words_of(text: str) -> list[str]:
    """The words of `text` in lower case, those too that the index leaves out as too common."""
    return _WORD.findall(text.lower())


def _stems(text: str, stemmer: Stemmer) -> list[str]:
    stems: list[str] = stemmer.stemWords(_telling(text))
    return stems


def _telling(text: str) -> list[str]:
    return [word for word in words_of(text) if word not in FUNCTION_WORDS]


def pairs_of(text: str) -> set[str]:
    """The stems of every two words that stand side by side, as "privat foster".

    A function word between them, or at the place of one of them, makes no pair.
    """
    words = words_of(text)
    stems = Stemmer("english").stemWords(words)
    telling = [word not in FUNCTION_WORDS for word in words]
    return {
        f"{stems[at]} {stems[at + 1]}"
        for at in range(len(words) - 1)
        if telling[at] and telling[at + 1]
    }


def write_lexical(folder: Path, texts: Sequence[str]) -> None:
    """Write the word index of `texts` into the new folder `folder`; text i answers as row i.

    Raises CorpusError where no text holds a word.
    """
    import bm25s  # noqa: PLC0415 - see above

    stemmer = Stemmer("english")
    stems = [_stems(text, stemmer) for text in texts]
    if not any(stems):
        raise CorpusError(
            f"None of the {len(texts)} paragraphs holds a word. Expected reports in English."
        )
    scorer = bm25s.BM25()
    scorer.index(stems, show_progress=False)
    scorer.save(str(folder))
    frequencies = Counter(word for text in texts for word in dict.fromkeys(_telling(text)))
    (folder / _FREQUENCIES).write_text(json.dumps(dict(sorted(frequencies.items()))), "utf-8")


class Lexical:
    """A written word index, mapped for reading.

    The weights of stem w are weights[starts[w]:starts[w + 1]], those of the texts at the same
    places of `rows`: a sparse matrix by columns.
    """

    def __init__(self, folder: Path) -> None:
        self._frequencies_file = folder / _FREQUENCIES
        self._frequencies: dict[str, int] | None = None
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

    @property
    def frequencies(self) -> Mapping[str, int]:
        """Every word as it stands in the texts, in lower case, and how many of them hold it."""
        if self._frequencies is None:
            try:
                self._frequencies = json.loads(self._frequencies_file.read_bytes())
            except (OSError, ValueError) as error:
                raise IndexUnusableError(
                    f"{self._frequencies_file} cannot be read as words: {error}"
                ) from error
        return self._frequencies

    def differs(self, texts: Sequence[str]) -> bool:
        """Whether it holds other words than those of `texts`, by how many each row has."""
        stemmer = Stemmer("english")
        expected = [len(set(_stems(text, stemmer))) for text in texts]
        held = np.bincount(np.asarray(self._rows), minlength=len(texts))
        return len(self) != len(texts) or expected != held.tolist()

    def scores(self, question: str) -> NDArray[np.float32]:
        """The BM25 score of every row for `question`: float32, zeros where no word is shared."""
        scores = np.zeros(len(self), dtype=np.float32)
        for stem in _stems(question, Stemmer("english")):
            column = self._columns.get(stem)
            if column is not None:
                part = slice(int(self._starts[column]), int(self._starts[column + 1]))
                scores[self._rows[part]] += self._weights[part]
        return scores

    def covered(self, question: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """How much of `question` each of `rows` holds, 0 to 1: its stems by their rarity.

        A stem weighs log(1 + texts / (texts with it + 1)), so that one which no text holds weighs
        most: what the collection never mentions cannot be covered. Float32 of shape (len(rows),).
        """
        covered = np.zeros(len(rows), dtype=np.float32)
        whole = 0.0
        for stem in dict.fromkeys(_stems(question, Stemmer("english"))):
            holding = self._holding(stem)
            weight = np.log1p(len(self) / (len(holding) + 1))
            whole += weight
            covered += np.float32(weight) * _among(rows, holding)
        return covered / np.float32(whole) if whole else covered

    def holding(self, words: Sequence[str], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """What share of `words`, in any form, each of `rows` holds: float32; 0 of no words."""
        stems = dict.fromkeys(Stemmer("english").stemWords([word.lower() for word in words]))
        held = np.zeros(len(rows), dtype=np.float32)
        for stem in stems:
            held += _among(rows, self._holding(stem))
        return held / np.float32(max(len(stems), 1))

    def holding_all(
        self, stems: Sequence[str], among: NDArray[np.int64] | None
    ) -> NDArray[np.int64]:
        """The rows that hold every one of `stems`, ascending; of `among`, where that is given."""
        rows = among
        for stem in stems:
            holding = self._holding(stem).astype(np.int64)
            rows = holding if rows is None else rows[_among(rows, holding)]
        return np.empty(0, dtype=np.int64) if rows is None else rows

    def knows(self, word: str) -> bool:
        """Whether a text holds `word`, which is in lower case, in this or another form of it."""
        return any(stem in self._columns for stem in Stemmer("english").stemWords([word]))

    def beside(self, word: str, question: str) -> float:
        """How well the best text that holds `word` answers `question` by words; 0 at the least."""
        [stem] = _stems(word, Stemmer("english")) or [""]
        holding = self._holding(stem)
        return float(self.scores(question)[holding].max(initial=0.0))

    def _holding(self, stem: str) -> NDArray[np.int32]:
        column = self._columns.get(stem)
        if column is None:
            return np.empty(0, dtype=np.int32)
        holding: NDArray[np.int32] = self._rows[
            int(self._starts[column]) : int(self._starts[column + 1])
        ]
        return holding


def _among(rows: NDArray[np.int64], ascending: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which of `rows` are among `ascending` rows: bool of shape (len(rows),)."""
    if len(ascending) == 0:
        return np.zeros(len(rows), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, rows), len(ascending) - 1)
    found: NDArray[np.bool_] = ascending[places] == rows
    return found
