from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from index.encoder import (
    DEFAULT_MODEL,
    DEFAULT_SHA256,
    MODEL_VARIABLE,
    REINSTALL,
    WEIGHTS,
    Encoder,
    Model,
    SentenceTransformerEncoder,
    configured_model,
    load_encoder,
    unit,
)
from index.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Which model


def test_the_default_model_is_the_published_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    model = configured_model()
    assert (model.name, model.sha256) == (DEFAULT_MODEL, DEFAULT_SHA256)


def test_other_weights_than_the_published_are_refused_with_both_hashes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    monkeypatch.setattr("index.encoder.DEFAULT_SHA256", "c0ffee")
    with pytest.raises(ModelError) as error:
        configured_model()
    for part in (f"SHA-256 {DEFAULT_SHA256} was found", "c0ffee was expected", REINSTALL):
        assert part in str(error.value)


def test_a_model_that_is_not_installed_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    monkeypatch.setattr("index.encoder.DEFAULT_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match=f"{DEFAULT_MODEL} is not installed.*{REINSTALL}"):
        configured_model()


def test_another_model_is_named_by_its_folder_and_told_by_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tuned"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"weights")
    monkeypatch.setenv(MODEL_VARIABLE, str(folder))
    assert configured_model() == Model("tuned", folder, hashlib.sha256(b"weights").hexdigest())


@pytest.mark.parametrize("made", ["nothing", "a file", "an empty folder"])
def test_a_model_that_cannot_be_read_is_named_with_its_variable(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tuned"
    if made == "a file":
        folder.touch()
    elif made == "an empty folder":
        folder.mkdir()
    monkeypatch.setenv(MODEL_VARIABLE, str(folder))
    with pytest.raises(ModelError) as error:
        configured_model()
    for part in (f"{MODEL_VARIABLE}={folder}", str(folder / WEIGHTS), "unset", REINSTALL):
        assert part in str(error.value)


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


# Windows, with a tokenizer by eye: three letters a token, words apart, 4 tokens to a window

_MOST = 4


class _Tokens(dict[str, list[tuple[int, int]]]):
    def __init__(self, text: str) -> None:
        words = [
            (word, at, min(at + 3, end))
            for word, (start, end) in enumerate(_words(text))
            for at in range(start, end, 3)
        ]
        super().__init__(offset_mapping=[(start, end) for _, start, end in words])
        self._words = [word for word, _, _ in words]

    def word_ids(self) -> list[int]:
        return self._words


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
    encoder = object.__new__(SentenceTransformerEncoder)
    transformer: Any = SimpleNamespace(
        tokenizer=lambda text, **_: _Tokens(text), max_seq_length=_MOST + 2
    )
    encoder._transformer = transformer
    found = encoder.windows(text)
    for start, end, tokens in found:
        assert tokens == len(_Tokens(text[start:end])["offset_mapping"])
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


@pytest.mark.parametrize(("text", "windows"), WINDOWS)
def test_a_long_text_is_cut_at_sentences_then_at_words(text: str, windows: list[str]) -> None:
    assert _windows(text) == windows


@given(st.lists(st.sampled_from(["a", "Go.", "abcd", "abcdefghijklmnop", " ", "\n"])).map(" ".join))
def test_windows_cover_every_character_but_white_space_and_each_fits(text: str) -> None:
    windows = _windows(text)
    assert "".join("".join(windows).split()) == "".join(text.split())
    assert all(len(_Tokens(window)["offset_mapping"]) <= _MOST for window in windows)


# The real model

LEAVERS = "Care leavers are well supported by their personal advisers."
NEEDLE = "The swimming pool in the old town closes at noon on Sundays."
# 1,500 words on one matter, and at their end a sentence on another.
HAYSTACK = " ".join(
    f"In month {month} social workers visited {month + 3} families and wrote their plans."
    for month in range(1, 126)
)


@pytest.mark.model
def test_vectors_of_short_texts_are_the_models_own(real_encoder: Any) -> None:
    texts = [LEAVERS, NEEDLE, "", "漢字"]
    own = real_encoder._transformer.encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(real_encoder.encode_passages(texts), own, atol=1e-5)
    np.testing.assert_allclose(real_encoder.encode_question(NEEDLE), own[1], atol=1e-5)


@pytest.mark.model
def test_passages_and_questions_become_unit_vectors_of_the_models_dimension(
    real_encoder: Encoder,
) -> None:
    passages = real_encoder.encode_passages([LEAVERS, HAYSTACK, ""])
    question = real_encoder.encode_question("who supports care leavers?")
    assert (passages.shape, question.shape) == ((3, 384), (384,))
    assert passages.dtype == question.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm([*passages, question], axis=1), 1, atol=1e-6)
    assert real_encoder.encode_passages([]).shape == (0, 384)


@pytest.mark.model
def test_progress_is_told_of_every_window(real_encoder: Any) -> None:
    told: list[int] = []
    real_encoder.encode_passages([LEAVERS, HAYSTACK], told.append)
    assert sum(told) == 1 + len(real_encoder.windows(HAYSTACK)) > 2


HARD = {
    "sentences": HAYSTACK,
    "no full stop": "alpha " * 2000,
    "words of many tokens": ("abcdefghij" * 9 + " ") * 60,
    "another script": "漢字" * 1000,
    "punctuation": "!?" * 600,
    "one word": "x" * 5000,
    "accents": "é ü e\u0301 " * 300,
}


@pytest.mark.model
@pytest.mark.parametrize("name", HARD)
def test_every_window_fits_the_model_and_together_they_hold_every_token(
    name: str, real_encoder: Any
) -> None:
    def tokens(text: str) -> list[int]:
        found = real_encoder._transformer.tokenizer(text, add_special_tokens=False, verbose=False)
        return list(found["input_ids"])

    text = HARD[name]
    windows = [tokens(text[start:end]) for start, end, _ in real_encoder.windows(text)]
    assert max(map(len, windows)) <= 254  # and [CLS] and [SEP]: 256
    assert [token for window in windows for token in window] == tokens(text)


@pytest.mark.model
def test_a_sentence_at_the_end_of_a_paragraph_of_1500_words_is_found(real_encoder: Encoder) -> None:
    assert len(HAYSTACK.split()) >= 1500
    others = [HAYSTACK, LEAVERS, "Children have their health checked and see a dentist."]
    passages = real_encoder.encode_passages([*others, f"{HAYSTACK} {NEEDLE}"])
    question = real_encoder.encode_question("when does the swimming pool close?")
    *without, with_needle = (passages @ question).tolist()
    assert with_needle > max(without) + 0.02


@pytest.mark.model
def test_a_folder_that_holds_no_model_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(ModelError, match="cannot be loaded") as error:
        load_encoder(Model("tuned", tmp_path, "0"))
    assert str(tmp_path) in str(error.value)
