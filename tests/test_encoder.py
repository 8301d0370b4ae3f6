from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.encoder import GRAPH, SETTINGS, TOKENIZER, OnnxEncoder, _batches, read_settings
from index.errors import ModelError
from index.windows import windows

if TYPE_CHECKING:
    from pathlib import Path

    from index.export import Export

pytestmark = pytest.mark.model

LEAVERS = "Care leavers are well supported by their personal advisers."
NEEDLE = "The swimming pool in the old town closes at noon on Sundays."
# 1,500 words on one matter, and at their end a sentence on another.
HAYSTACK = " ".join(
    f"In month {month} social workers visited {month + 3} families and wrote their plans."
    for month in range(1, 126)
)


@pytest.mark.model
def test_passages_and_questions_become_unit_vectors_of_the_models_dimension(
    real_encoder: OnnxEncoder,
) -> None:
    passages = real_encoder.encode_passages([LEAVERS, HAYSTACK, ""])
    question = real_encoder.encode_questions(["who supports care leavers?"])[0]
    assert (passages.shape, question.shape) == ((3, 384), (384,))
    assert passages.dtype == question.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm([*passages, question], axis=1), 1, atol=1e-6)
    assert real_encoder.encode_passages([]).shape == (0, 384)


HARD = {
    "sentences": HAYSTACK,
    "no full stop": "alpha " * 2000,
    "words of many tokens": ("abcdefghij" * 9 + " ") * 60,
    "another script": "漢字" * 1000,
    "punctuation": "!?" * 600,
    "one word": "x" * 5000,
    "accents": "é ü e\u0301 " * 300,
}


@pytest.mark.parametrize("name", HARD)
def test_every_window_fits_the_model_and_together_they_hold_every_token(
    name: str, real_encoder: OnnxEncoder
) -> None:
    def tokens(text: str) -> list[int]:
        return list(real_encoder.tokenizer.encode(text, add_special_tokens=False).ids)

    text = HARD[name]
    found = [tokens(text[a:b]) for a, b, _ in windows(text, real_encoder.tokenizer, 254)]
    assert max(map(len, found)) <= 254  # and [CLS] and [SEP]: 256
    assert [token for window in found for token in window] == tokens(text)
    np.testing.assert_allclose(np.linalg.norm(real_encoder.encode_passages([text])), 1, atol=1e-6)


def test_a_sentence_at_the_end_of_a_paragraph_of_1500_words_is_found(
    real_encoder: OnnxEncoder,
) -> None:
    assert len(HAYSTACK.split()) >= 1500
    others = [HAYSTACK, LEAVERS, "Children have their health checked and see a dentist."]
    passages = real_encoder.encode_passages([*others, f"{HAYSTACK} {NEEDLE}"])
    question = real_encoder.encode_questions(["when does the swimming pool close?"])[0]
    *without, with_needle = (passages @ question).tolist()
    assert with_needle > max(without) + 0.02


def test_texts_get_the_same_vectors_alone_and_among_others_on_one_core_and_on_all(
    real_export: Export, real_encoder: OnnxEncoder
) -> None:
    texts = [LEAVERS, HAYSTACK, "", NEEDLE, *(f"{NEEDLE} {at}" * at for at in range(1, 40))]
    alone = np.concatenate([real_encoder.encode_passages([text]) for text in texts])
    together = OnnxEncoder(real_export.folder, in_bulk=True).encode_passages(texts)
    assert np.sum(alone * together, axis=1).min() > 0.99999


def test_batches_hold_every_text_once_like_lengths_together_and_few_tokens() -> None:
    rows = [[1] * length for length in (5, 900, 3, 400, 2000, 1, 400)]
    batches = _batches(rows)
    assert sorted(at for batch in batches for at in batch) == list(range(7))
    assert batches[0] == [4]  # one text alone may have more
    for batch in batches[1:]:
        assert len(batch) * max(len(rows[at]) for at in batch) <= 1024


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER, SETTINGS])
@pytest.mark.parametrize("data", [None, b"nonsense"])
def test_an_export_that_cannot_be_read_is_named_by_its_folder(
    name: str, data: bytes | None, real_export: Export, tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    shutil.copytree(real_export.folder, folder)
    if data is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(data)
    with pytest.raises(ModelError, match=r"exported model in .*export cannot be"):
        OnnxEncoder(folder)


def test_settings_say_what_the_model_is(real_export: Export) -> None:
    settings = read_settings(real_export.folder)
    assert (settings.dimension, settings.max_tokens) == (384, 256)
    assert (settings.query_prompt, settings.passage_prompt) == ("", "")
