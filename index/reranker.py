"""A cross-encoder that reads question and paragraph together; none unless one is configured.

`INSPECTION_SEARCH_RERANKER` names a folder saved by sentence-transformers' CrossEncoder. It orders
the best paragraphs anew, at the cost of importing torch and of some seconds a question.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from index.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RERANKER_VARIABLE = "INSPECTION_SEARCH_RERANKER"


class Reranker(Protocol):
    """What searches need of a cross-encoder."""

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]: ...


def configured_reranker() -> Reranker | None:
    """The reranker that the environment names, None where it names none. Raises ModelError."""
    named = os.environ.get(RERANKER_VARIABLE)
    return CrossEncoderReranker(Path(named)) if named else None


class CrossEncoderReranker:
    """A cross-encoder, held open."""

    def __init__(self, folder: Path) -> None:
        """Load the model in `folder`. Raises ModelError."""
        # Nothing may reach for the network, and the libraries look at this when imported.
        os.environ["HF_HUB_OFFLINE"] = "1"
        from sentence_transformers import CrossEncoder  # noqa: PLC0415 - seconds, and seldom wanted

        if not folder.is_dir():
            raise ModelError(
                f"There is no reranker {RERANKER_VARIABLE}={folder}: no such folder. Expected one "
                f"saved by sentence-transformers; to search without one unset {RERANKER_VARIABLE}."
            )
        try:
            self._model: Any = CrossEncoder(
                str(folder), local_files_only=True, model_kwargs={"use_safetensors": True}
            )
        except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
            raise ModelError(
                f"The reranker {RERANKER_VARIABLE}={folder} cannot be loaded: {error}. To search "
                f"without one unset {RERANKER_VARIABLE}."
            ) from error

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """How well each of `texts` answers, larger is better: float64 of shape (len(texts),)."""
        pairs = [(question, text) for text in texts]
        return np.asarray(self._model.predict(pairs, show_progress_bar=False), dtype=np.float64)
