"""A reader as torch computes it, made of a base model, and its export.

Its weights are those of the base, and those of a head that compares question and text as an
encoder would, plus what `make train` changed in them (`index/model/reader/` of the quick reader,
`index/model/closer/` of the closer one, which has a larger base). So training begins with what the
base knows already, and not with noise.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from index.adapter import merge
from index.encoder import untrimmed
from index.errors import ModelError
from index.export import OPSET, with_weights_beside
from index.reader import SingleReader, padded, paired

if TYPE_CHECKING:
    from pathlib import Path

    from sentence_transformers import SentenceTransformer

    from index.adapter import Adapter
    from index.reader import ReaderFiles

# The untrained head: a cosine from 0 to 1 becomes a logit from -10 to 10, which is the scale that
# the encoder is trained with (training/recipes.py).
_SCALE = 20.0
_CENTRE = 0.5
# The trained head weighs each text's own numbers this many times, so that they learn as fast.
_OWN = 5.0
_INPUTS = ("input_ids", "token_type_ids", "attention_mask")
# How far a logit of the export may be from the original's; float32 differs by 1e-5.
_MOST_APART = 1e-3
# With 8 bits a number it differs by less than this; that of another model by several times as much.
_MOST_APART_IN_8_BITS = 0.5
_PAIRS = (
    ("How are care leavers supported?", "Care leavers are supported well. Most have a home."),
    ("LADO", "漢字 и кириллица"),
    ("who chairs the board", "kids kept moving from home to home " * 12),
    ("", ""),
)


class CrossEncoder(torch.nn.Module):
    """Question and text together → the logit of one answering the other.

    The tokens of each are averaged, as the base's pooling does, after both have seen each other.
    """

    def __init__(self, original: SentenceTransformer) -> None:
        """With the base's weights in `original`, untrained."""
        super().__init__()
        words: Any = original[0]
        self.bert: Any = words.auto_model
        self._told_apart = hasattr(self.bert.embeddings, "token_type_embeddings")
        size = int(self.bert.config.hidden_size)
        self.shared = torch.nn.Parameter(torch.full((size,), _SCALE))
        self.own = torch.nn.Parameter(torch.zeros(2 * size))
        self.centre = torch.nn.Parameter(torch.tensor([-_SCALE * _CENTRE]))

    def forward(self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits, of shape (pairs,), of what `index.reader.padded` gives."""
        # Not every base tells two texts apart by a number of each.
        kinds = {"token_type_ids": types} if self._told_apart else {}
        states = self.bert(input_ids=ids, attention_mask=mask, **kinds).last_hidden_state
        asked, text = _mean(states, mask * (1 - types)), _mean(states, mask * types)
        shared: torch.Tensor = (asked * text * self.shared).sum(dim=-1)
        own = (torch.cat([asked, text], dim=-1) * self.own).sum(dim=-1)
        return shared + _OWN * own + self.centre


def _mean(states: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """The mean of the states of the tokens in question, of length 1."""
    weights = which.unsqueeze(-1).to(states.dtype)
    sums = (states * weights).sum(dim=1)
    return torch.nn.functional.normalize(sums, dim=-1)


def load_reader(original: SentenceTransformer, adapter: Adapter | None = None) -> CrossEncoder:
    """The reader made of the base in `original`, which it takes over, with `adapter` merged in.

    Raises ModelError.
    """
    reader = CrossEncoder(original).eval()
    if adapter is not None:
        weights = {name: weight.numpy() for name, weight in reader.state_dict().items()}
        merged = {name: torch.from_numpy(one) for name, one in merge(adapter, weights).items()}
        reader.load_state_dict(merged, strict=False)
    return reader


def export_reader(
    original: SentenceTransformer, folder: Path, adapter: Adapter, files: ReaderFiles
) -> None:
    """Write the reader made of the base in `original` into `folder`, and hold it against torch's.

    Raises ModelError.
    """
    reader = load_reader(original, adapter)
    tokenizer = untrimmed(original.tokenizer.backend_tokenizer)
    example = tuple(map(torch.from_numpy, padded(paired(tokenizer, *_example()))))
    axes = {name: {0: "pairs", 1: "tokens"} for name in _INPUTS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer, about branches on shapes
        torch.onnx.export(
            reader,
            example,
            folder / files.graph,
            input_names=list(_INPUTS),
            output_names=["logits"],
            dynamic_axes={**axes, "logits": {0: "pairs"}},
            opset_version=OPSET,
            dynamo=False,
        )
    with_weights_beside(folder / files.graph, files.weights, short=files.short)
    exported = SingleReader(folder, files)
    for question, text in _PAIRS:
        ids, *others = map(torch.from_numpy, padded(paired(tokenizer, question, [text])))
        if ids.shape[1] > reader.bert.config.max_position_embeddings:
            continue  # the bases that are shipped read 512
        with torch.no_grad():
            expected = reader(ids, *others).numpy()
        found = exported.read(question, [text])
        apart = _MOST_APART_IN_8_BITS if files.short else _MOST_APART
        if not np.abs(found - expected).max() <= apart:
            raise ModelError(
                f"the export {files.graph} reads otherwise than the original: {text[:40]!r} has "
                f"logit {found[0]:.4f}, and {expected[0]:.4f} was expected"
            )


def _example() -> tuple[str, list[str]]:
    return "An example of a question?", ["An example of some words.", "Two."]
