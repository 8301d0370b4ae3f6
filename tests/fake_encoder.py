"""An encoder whose vectors can be computed by eye: a text is the bag of the known words in it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from index.encoder import SETTINGS, EncoderSettings
from index.export import Export, encoding_sha256
from index.files import file_record
from index.manifest import MODELS, export_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.models import Model

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
    """Stands wherever an encoder does; `passages` are the texts that it was given to encode."""

    def __init__(self, folder: Path, *, in_bulk: bool = False) -> None:
        self.passages: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.passages += texts
        return _stacked([bag(text) for text in texts])

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return _stacked([bag(text, _NO_WORD_IN_QUESTION) for text in texts])

    def has_word(self, word: str) -> bool:
        return word in KNOWN


def _stacked(vectors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.array(vectors, dtype=np.float32).reshape(-1, DIMENSION)


def fake_exported(model: Model, index: Path) -> Export:
    """What index.export.exported does, of a model that needs no graph."""
    encoding = encoding_sha256()
    folder = index / MODELS / export_name(model.sha256, encoding)
    folder.mkdir(parents=True, exist_ok=True)
    settings = EncoderSettings(DIMENSION, 256, 0, "", "")
    (folder / SETTINGS).write_text(json.dumps(asdict(settings)), encoding="utf-8")
    return Export(model, folder, {SETTINGS: file_record(folder / SETTINGS)}, encoding)
