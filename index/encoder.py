"""Text to unit vectors by an exported model; what opens exported graphs and tokenizers.

What sentence-transformers defines, `index/export.py` exports once; this runs it without torch, so
that a question is answered a second after a command is typed and not ten.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from index.errors import ModelError
from index.windows import Vectors, joined, windows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GRAPH, WEIGHT_DATA, TOKENIZER, SETTINGS = (
    "model.onnx",
    "model.onnx.data",
    "tokenizer.json",
    "encoder.json",
)
# Tokens of a batch, padding counted. Measured with all-MiniLM-L6-v2: 256 to 1,024 are alike, more
# are slower, since what passes from layer to layer no longer stays in the cache of a core.
_BATCH_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """What is to be known of an exported model beside its graph and its tokenizer.

    `max_tokens` counts the special ones; a prompt is put before every text of its kind, and is
    empty where the model has none.
    """

    dimension: int
    max_tokens: int
    pad_id: int
    query_prompt: str
    passage_prompt: str


Session: TypeAlias = onnxruntime.InferenceSession


class PassageEncoder(Protocol):
    """What builds need of a model."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors: ...


class QuestionEncoder(Protocol):
    """What searches need of a model."""

    def encode_questions(self, texts: Sequence[str]) -> Vectors: ...
    def has_word(self, word: str) -> bool: ...


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_settings(folder: Path) -> EncoderSettings:
    """The settings of the export in `folder`. Raises ModelError."""
    try:
        values = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        return EncoderSettings(**values)
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"The exported model in {folder} cannot be read: {error}.") from error


def open_session(graph: Path, *, in_bulk: bool) -> Session:
    """The exported graph in the file `graph`, opened on the CPU.

    All cores work on one batch, or with `in_bulk` one core, for callers that run several at once.
    Raises ModelError.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1 if in_bulk else cores()
    # Threads that wait by spinning take the cores from the session that runs next: a question is
    # encoded by one and read by another.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    try:
        return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library raises bare ones
        raise _unopened(graph.parent, error) from error


def open_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer in the file `path`, which neither cuts nor pads. Raises ModelError."""
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare ones
        raise _unopened(path.parent, error) from error
    return untrimmed(tokenizer)


def untrimmed(tokenizer: Tokenizer) -> Tokenizer:
    """`tokenizer` itself, which from now on neither cuts nor pads."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _unopened(folder: Path, error: Exception) -> ModelError:
    return ModelError(f"The exported model in {folder} cannot be opened: {error}")


class OnnxEncoder:
    """An exported model, held open on the CPU; may be used from several threads.

    For single questions all cores work on one batch, which answers soonest. In bulk each core works
    on batches of its own, which encodes most.
    """

    def __init__(self, folder: Path, *, in_bulk: bool = False) -> None:
        """Open the export in `folder`. Raises ModelError."""
        self._settings = read_settings(folder)
        self._workers = cores() if in_bulk else 1
        self.tokenizer = open_tokenizer(folder / TOKENIZER)
        self._session = open_session(folder / GRAPH, in_bulk=in_bulk)
        self._inputs = [one.name for one in self._session.get_inputs()]
        self._special = len(self.tokenizer.encode("").ids)

    @property
    def dimension(self) -> int:
        return self._settings.dimension

    def tokens(self, text: str) -> list[int]:
        """The ids of the tokens of `text`, special ones among them."""
        ids: list[int] = self.tokenizer.encode(text).ids
        return ids

    def has_word(self, word: str) -> bool:
        """Whether `word` stands whole in the model's vocabulary, as common words do."""
        return len(self.tokenizer.encode(word, add_special_tokens=False).ids) == 1

    def reads_whole(self, text: str) -> bool:
        """Whether `text` fits into the model with either prompt."""
        longest = max(self._settings.query_prompt, self._settings.passage_prompt, key=len)
        return len(self.tokens(longest + text)) <= self._settings.max_tokens

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a passage: float32 of shape (len(texts), dimension).

        A text longer than the model reads is cut into windows at sentence ends; its vector is the
        normalised mean of theirs, weighted by their tokens.
        """
        return self._encode(texts, self._settings.passage_prompt)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a question: float32 of shape (len(texts), dimension)."""
        return self._encode(texts, self._settings.query_prompt)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        rows: list[list[int]] = []
        owners: list[int] = []
        tokens: list[int] = []
        whole = self.tokenizer.encode_batch([prompt + text for text in texts])
        for owner, (text, encoding) in enumerate(zip(texts, whole, strict=True)):
            parts = (
                [encoding.ids]
                if len(encoding.ids) <= self._settings.max_tokens
                else self._windows(text, prompt)
            )
            for ids in parts:
                rows.append(ids)
                owners.append(owner)
                tokens.append(len(ids) - self._special)
        vectors = np.zeros((len(rows), self.dimension), dtype=np.float32)
        batches = _batches(rows)

        def encode(batch: list[int]) -> None:
            vectors[batch] = self._run([rows[at] for at in batch])

        if self._workers > 1 and len(batches) > 1:
            with ThreadPoolExecutor(self._workers) as pool:
                list(pool.map(encode, batches))
        else:
            for batch in batches:
                encode(batch)
        return joined(vectors, owners, tokens, len(texts))

    def _windows(self, text: str, prompt: str) -> list[list[int]]:
        prompted = len(self.tokenizer.encode(prompt, add_special_tokens=False).ids)
        room = self._settings.max_tokens - self._special - prompted
        parts = [prompt + text[start:end] for start, end, _ in windows(text, self.tokenizer, room)]
        return [encoding.ids for encoding in self.tokenizer.encode_batch(parts)]

    def _run(self, rows: Sequence[Sequence[int]]) -> Vectors:
        """The vectors of token ids, not yet of unit length."""
        longest = max(map(len, rows))
        ids = np.full((len(rows), longest), self._settings.pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        known = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(ids),
        }
        [vectors] = self._session.run(None, {name: known[name] for name in self._inputs})
        return np.asarray(vectors, dtype=np.float32)


def _batches(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Places of `rows`, long ones first, in batches of like length and few tokens each."""
    batches: list[list[int]] = []
    for at in sorted(range(len(rows)), key=lambda at: -len(rows[at])):
        if batches and (len(batches[-1]) + 1) * len(rows[batches[-1][0]]) <= _BATCH_TOKENS:
            batches[-1].append(at)
        else:
            batches.append([at])
    return batches
