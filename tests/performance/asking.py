"""Asks questions one after another, warm, and prints the milliseconds of each as JSON.

    python -m tests.performance.asking ours|narrowed|baseline FOLDER INDEX

FOLDER holds asked.json, whose first questions are not counted, and what the baseline searches.
`narrowed` asks each of the report that holds its best paragraph.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

from index.export import load_original
from index.models import configured_model
from index.records import Filters
from search.ask import Searcher

if TYPE_CHECKING:
    from numpy.typing import NDArray

WARMING = 20


class Baseline:
    """The model by sentence-transformers, every paragraph compared, texts in JSON."""

    def __init__(self, folder: Path) -> None:
        self.model: Any = load_original(configured_model().folder)
        self._texts: list[str] = json.loads((folder / "texts.json").read_text("utf-8"))
        self._vectors = faiss.read_index(str(folder / "flat.faiss"))

    @staticmethod
    def write(folder: Path, texts: list[str], vectors: NDArray[np.float32]) -> None:
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(np.ascontiguousarray(vectors))
        faiss.write_index(flat, str(folder / "flat.faiss"))
        (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")

    def ask(self, question: str) -> list[str]:
        vectors = self.model.encode([question], normalize_embeddings=True, show_progress_bar=False)
        _, rows = self._vectors.search(vectors, 10)
        return [self._texts[row] for row in rows[0]]


def main(who: str, folder: Path, index: Path) -> None:
    told: dict[str, list[float]] = {"milliseconds": []}
    searcher = None if who == "baseline" else Searcher(index)
    baseline = Baseline(folder) if who == "baseline" else None
    for at, question in enumerate(json.loads((folder / "asked.json").read_text("utf-8"))):
        parts: dict[str, float] = {}
        filters = Filters()
        if searcher is not None and who == "narrowed":
            filters = Filters(report=searcher.ask(question).hits[0].file)
        started = time.perf_counter()
        if searcher is not None:
            parts = searcher.ask(question, filters).timing_ms
        elif baseline is not None:
            baseline.ask(question)
        spent = 1000 * (time.perf_counter() - started)
        if at >= WARMING:
            told["milliseconds"].append(spent)
            for part, milliseconds in parts.items():
                told.setdefault(part, []).append(milliseconds)
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
