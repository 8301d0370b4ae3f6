from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from index.windows import joined, unit, windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Unit vectors


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(0, 5), st.integers(1, 5)),
        elements=st.floats(-1e6, 1e6, width=32),
    )
)
def test_rows_are_scaled_to_length_1_and_zero_rows_stay(rows: NDArray[np.float32]) -> None:
    lengths = np.linalg.norm(unit(rows), axis=1)
    expected = np.where(np.linalg.norm(rows, axis=1) > 0, 1, 0)
    assert unit(rows).dtype == np.float32
    np.testing.assert_allclose(lengths, expected, atol=1e-5)


def test_the_vector_of_several_windows_is_their_mean_by_tokens() -> None:
    vectors = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
    found = joined(vectors, [0, 0, 2], [3, 4, 0], 3)
    expected = np.array([[0.6, 0.8], [0, 0], [0, 1]])
    np.testing.assert_allclose(found, expected, atol=1e-6)


# Windows, with a tokenizer by eye: three letters a token, words apart, 4 tokens to a window

_MOST = 4


class _Tokens:
    def __init__(self, text: str) -> None:
        words = [
            (word, at, min(at + 3, end))
            for word, (start, end) in enumerate(_words(text))
            for at in range(start, end, 3)
        ]
        self.offsets = [(start, end) for _, start, end in words]
        self.word_ids = [word for word, _, _ in words]


class _Tokenizer:
    def encode(self, text: str, *, add_special_tokens: bool) -> _Tokens:
        assert not add_special_tokens
        return _Tokens(text)


def _words(text: str) -> list[tuple[int, int]]:
    spans, start = [], None
    for at, letter in enumerate(text + " "):
        if letter.isspace():
            if start is not None:
                spans.append((start, at))
            start = None
        elif start is None:
            start = at
    return spans


def _windows(text: str) -> list[str]:
    tokenizer: Any = _Tokenizer()
    found = windows(text, tokenizer, _MOST)
    for start, end, tokens in found:
        assert tokens == len(_Tokens(text[start:end]).offsets)
    return [text[start:end] for start, end, _ in found]


WINDOWS = [
    ("Go on.", ["Go on."]),
    ("a b c d", ["a b c d"]),
    ("One. Two. Six. Ten.", ["One. Two.", "Six. Ten."]),
    ("a b c d e f g h i", ["a b c d", "e f g h", "i"]),
    ("aa abcdefghi bb cc", ["aa abcdefghi", "bb cc"]),
    ("aa bb abcdefghi", ["aa bb", "abcdefghi"]),
    ("abcdefghijklmnop", ["abcdefghijkl", "mnop"]),
]


@pytest.mark.parametrize(("text", "expected"), WINDOWS)
def test_a_long_text_is_cut_at_sentences_then_at_words(text: str, expected: list[str]) -> None:
    assert _windows(text) == expected


@given(st.lists(st.sampled_from(["a", "Go.", "abcd", "abcdefghijklmnop", " ", "\n"])).map(" ".join))
def test_windows_cover_every_character_but_white_space_and_each_fits(text: str) -> None:
    found = _windows(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(_Tokens(window).offsets) <= _MOST for window in found)
