"""Nearest vectors by inner product; the only user of faiss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faiss
import numpy as np

from index.errors import IndexUnusableError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Batch size and thread count change the last bits of a float32 inner product of unit vectors, so
# scores are compared and shown to six decimals; equal ones are ordered by row.
_DECIMALS = 6


def write_vectors(path: Path, vectors: NDArray[np.float32]) -> None:
    """Write unit vectors, float32 of shape (n, dimension), to `path`; row i answers as i."""
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors, dtype=np.float32))
    faiss.write_index(flat, str(path))


class Vectors:
    """Written vectors, mapped for reading: the processes that read a file share its pages."""

    def __init__(self, path: Path) -> None:
        try:
            self._faiss = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IndexUnusableError(
                f"{path} cannot be opened as vectors: {str(error).splitlines()[0]}."
            ) from error

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._faiss.d)

    def all(self) -> NDArray[np.float32]:
        """Every vector: float32 of shape (n, dimension)."""
        found: NDArray[np.float32] = self._faiss.reconstruct_n(0, len(self))
        return found

    def similarities(
        self, question: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """The cosine of `question` (float32, shape (dimension,)) to each of `rows`: float32."""
        vectors: NDArray[np.float32] = self._faiss.reconstruct_batch(rows)
        return np.round(vectors @ question, _DECIMALS)

    def nearest(
        self, question: NDArray[np.float32], k: int, rows: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """The k rows nearest to `question` (float32, shape (dimension,)) with their cosines.

        Best first, ties by row. Only `rows` are searched where they are given, so k come back
        whenever k exist.
        """
        most = len(self) if rows is None else len(rows)
        if most == 0 or k <= 0:
            return []
        parameters = None
        if rows is not None:
            # The library's type stubs know only its C++ side.
            wanted = np.zeros(len(self), dtype=bool)
            wanted[rows] = True
            selector = faiss.IDSelectorBitmap(np.packbits(wanted, bitorder="little"))  # type: ignore[call-arg, arg-type]
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        query = np.ascontiguousarray(question[None, :], dtype=np.float32)
        fetch = min(k + 1, most)
        while True:
            scores, found = self._faiss.search(query, fetch, params=parameters)
            scored = [
                (int(row), round(float(score), _DECIMALS))
                for row, score in zip(found[0], scores[0], strict=True)
            ]
            # The library breaks ties as it likes: fetch on until the k-th is clear of the last.
            if fetch == most or scored[k - 1][1] > scored[-1][1]:
                return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]
            fetch = min(2 * fetch, most)
