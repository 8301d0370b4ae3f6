from __future__ import annotations

import math
import tempfile
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import CorpusError, IndexUnusableError
from index.lexical import Lexical, words_of, write_lexical

TEXTS = [
    "Care leavers live in good housing.",
    "Housing, housing and more housing is found.",
    "Adoption is timely.",
    "The of and.",
]


@pytest.fixture
def words(tmp_path: Path) -> Lexical:
    write_lexical(tmp_path / "words", TEXTS)
    return Lexical(tmp_path / "words")


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("housing", [1, 0]),
        ("HOUSING!", [1, 0]),
        ("where do care leavers find housing", [0, 1]),
        ("adoption", [2]),
        ("adoptions", [2]),
        ("adopted", [2]),
        ("option", []),
        ("the and of", []),
        ("", []),
        ("?!", []),
        ("漢字 жилье", []),
    ],
)
def test_rows_that_share_words_score_and_the_best_scores_most(
    question: str, order: list[int], words: Lexical
) -> None:
    scores = words.scores(question).tolist()
    assert len(scores) == len(words) == len(TEXTS)
    assert sorted((row for row in range(4) if scores[row] > 0), key=lambda i: -scores[i]) == order


def test_a_score_is_lucenes_bm25(tmp_path: Path) -> None:
    # Two documents of 2 and 4 words, mean 3; "risk" stands once in the first and in it alone.
    write_lexical(tmp_path / "words", ["risk falls", "staff stay staff leave"])
    idf = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    share = 1 / (1 + 1.5 * (1 - 0.75 + 0.75 * 2 / 3))
    assert Lexical(tmp_path / "words").scores("risk").tolist() == pytest.approx([idf * share, 0])


VOCABULARY = ["risk", "housing", "adoption", "schools", "leaver's", "ünïcode"]


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.sampled_from(VOCABULARY), min_size=1).map(" ".join), min_size=1),
    st.lists(st.sampled_from([*VOCABULARY, "elsewhere"])).map(" ".join),
)
def test_a_row_scores_exactly_where_it_shares_a_word(texts: list[str], question: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_lexical(Path(folder, "words"), texts)
        scores = Lexical(Path(folder, "words")).scores(question)
        shares = [bool(set(text.split()) & set(question.split())) for text in texts]
        assert (scores > 0).tolist() == shares


@pytest.mark.parametrize("texts", [[""], ["the of", "and"], ["?", "漢"]])
def test_a_collection_without_words_is_refused(texts: list[str], tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=f"None of the {len(texts)} paragraphs holds a word"):
        write_lexical(tmp_path / "words", texts)


FILES = (
    "data.csc.index.npy",
    "indices.csc.index.npy",
    "indptr.csc.index.npy",
    "params.index.json",
    "vocab.index.json",
)


def test_it_tells_its_own_texts_from_others(tmp_path: Path) -> None:
    write_lexical(tmp_path / "words", TEXTS)
    assert not Lexical(tmp_path / "words").differs(TEXTS)
    for others in (TEXTS[::-1], TEXTS[:-1], [*TEXTS[:-1], "A word too many."]):
        assert Lexical(tmp_path / "words").differs(others)


@pytest.mark.parametrize("name", FILES)
def test_a_word_index_with_a_missing_file_is_unusable(name: str, tmp_path: Path) -> None:
    write_lexical(tmp_path / "words", TEXTS)
    (tmp_path / "words" / name).unlink()
    with pytest.raises(IndexUnusableError, match="cannot be opened as a word index"):
        Lexical(tmp_path / "words")


@given(
    st.lists(st.text(alphabet="ab cé1.", max_size=30), min_size=1, max_size=8), st.text("ab cé1.")
)
def test_scores_are_those_of_bm25s(texts: list[str], question: str) -> None:
    texts = [*texts, "ab aa bb"]
    with tempfile.TemporaryDirectory() as folder:
        write_lexical(Path(folder, "words"), texts)
        scorer = bm25s.BM25.load(folder + "/words")
        found = Lexical(Path(folder, "words")).scores(question)
    known = [word for word in words_of(question) if word in scorer.vocab_dict]
    expected = scorer.get_scores(known) if known else np.zeros(len(texts))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    [[*tokens]] = bm25s.tokenize([question], stopwords="en", show_progress=False, return_ids=False)
    assert [word for word in tokens if word in scorer.vocab_dict] == known
