"""Nearest vectors by inner product; the only user of faiss.

A folder of vectors holds `exact.faiss`, every vector in the storage that was asked for; and, where
comparing a question to each of them takes too long, `lists.faiss`: the same rows at four bits for
two coordinates, sorted into lists of near ones. The lists name candidates, whose cosines are then
taken from the exact file: a score is a cosine, never an estimate, whichever way a row was found.
"""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import faiss  # its type stubs know only the C++ side, hence what is ignored below
import numpy as np

from index.errors import IndexUnusableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

Storage: TypeAlias = Literal["float32", "float16", "int8"]
Selector: TypeAlias = "faiss.IDSelector | None"

EXACT = "exact.faiss"
LISTS = "lists.faiss"

# Figures here were measured by tests/performance/million.py, or as it does, on two cores.

# Every code is read for a question: of 384 dimensions 65,104 vectors of float32 in 4 ms, 130,208 of
# float16 in 8, 260,416 of int8 in 15 (`make bench` prints these medians).
EXACT_BYTES = 100_000_000
# As many allowed rows are compared in 3 to 6 ms, which the lists take too; and none is lost.
FEW_ROWS = 20_000

# Of a million perturbed paragraphs the ten nearest are among the first 500 candidates from 384
# lists of 1,024 in 99.9 of 100 cases; from 128 lists, or among 200 candidates, in 98 or 99.
LISTS_MOST = 1024
LISTS_READ = 384
CANDIDATES_LEAST = 440
CANDIDATES_EACH = 6
# Fewer than 39 vectors to learn a list from, and the library warns.
SAMPLE_EACH = 64

# A coordinate of a unit vector is 1/√d in the root mean square. The largest of all-MiniLM-L6-v2 is
# 5.2 times that in 23,563 paragraphs; the narrower the range, the finer its 256 steps.
INT8_REACH = 8.0

# Batch size and thread count change the last bits of a float32 inner product of unit vectors, so
# scores are compared and shown to six decimals; equal ones are ordered by row.
_DECIMALS = 6
_CORES = faiss.omp_get_max_threads()


def write_vectors(folder: Path, vectors: NDArray[np.float32], storage: Storage = "float32") -> None:
    """Write unit vectors, float32 of shape (n, dimension), to a new `folder`; row i answers as i.

    What is read back and written again in the same storage stays the same to the bit. Raises
    UsageError where a coordinate is too large for int8.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    exact = _exact_index(vectors, storage)
    folder.mkdir()
    faiss.write_index(exact, str(folder / EXACT))
    if needs_lists(len(vectors) * exact.code_size):
        del exact  # a second copy of every vector, while the lists make a third
        faiss.write_index(_lists_index(vectors), str(folder / LISTS))


def needs_lists(exact_bytes: int) -> bool:
    """Whether reading `exact_bytes` of codes for each question takes too long."""
    return exact_bytes > EXACT_BYTES


def _exact_index(vectors: NDArray[np.float32], storage: Storage) -> faiss.IndexFlatCodes:
    dimension = vectors.shape[1]
    kind, product = faiss.ScalarQuantizer, faiss.METRIC_INNER_PRODUCT
    if storage == "float32":
        index: faiss.IndexFlatCodes = faiss.IndexFlatIP(dimension)
    elif storage == "float16":
        index = faiss.IndexScalarQuantizer(dimension, kind.QT_fp16, product)
    else:
        # The range comes from the dimension alone: one learnt from the data would move with every
        # build, and vectors carried from build to build would wear away.
        reach = min(1.0, INT8_REACH / dimension**0.5)
        largest = float(max(vectors.max(initial=0), -vectors.min(initial=0)))
        if largest > reach:
            raise UsageError(
                f"A vector has a coordinate of {largest:.3f}, and int8 holds {reach:.3f} at most "
                f"for {dimension} dimensions. Store float16 or float32."
            )
        index = faiss.IndexScalarQuantizer(dimension, kind.QT_8bit_uniform, product)
        # Least value and width of the range, which `train` would take from the data.
        range_held = np.array([-reach, 2 * reach], dtype=np.float32)
        faiss.copy_array_to_vector(range_held, index.sq.trained)
        index.is_trained = True
    index.add(vectors)
    return index


def _lists_index(vectors: NDArray[np.float32]) -> faiss.IndexIVF:
    n, dimension = vectors.shape
    lists = max(1, min(LISTS_MOST, n // SAMPLE_EACH))
    parts = dimension // 2 if dimension % 2 == 0 else dimension
    index = faiss.IndexIVFPQFastScan(
        faiss.IndexFlatIP(dimension), dimension, lists, parts, 4, faiss.METRIC_INNER_PRODUCT
    )
    # The library seeds its own choices; the same vectors give the same lists.
    chosen = np.random.default_rng(0).choice(n, min(n, lists * SAMPLE_EACH), replace=False)
    index.train(vectors[np.sort(chosen)])
    index.add(vectors)
    return index


class Vectors:
    """Written vectors, open for reading by any number of threads.

    The exact file is mapped: processes that read it share its pages, and it must not change. Rows
    that are asked for by number are read from it: a page touched in a mapping can bring megabytes
    of its neighbours into the process. The lists, a tenth of it at float32, are read into memory;
    the library cannot map packed codes.
    """

    def __init__(self, folder: Path) -> None:
        self._exact: Any = _read(folder / EXACT, faiss.IO_FLAG_MMAP_IFC)
        self._file = os.open(folder / EXACT, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._file)
        self._reading = threading.Lock()
        # The library writes the codes last, one row's after another's.
        self._first = os.fstat(self._file).st_size - len(self) * self._exact.sa_code_size()
        self._lists: Any = None
        if (folder / LISTS).exists():
            self._lists = _read(folder / LISTS, 0)
            sizes = (self._lists.ntotal, self._lists.d)
            if sizes != (self._exact.ntotal, self._exact.d):
                raise IndexUnusableError(
                    f"{folder} cannot be opened as vectors: {LISTS} holds {sizes[0]} of {sizes[1]} "
                    f"dimensions, {EXACT} {self._exact.ntotal} of {self._exact.d}."
                )
            self._list_of_row = _list_of_each_row(self._lists)

    def __len__(self) -> int:
        return int(self._exact.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._exact.d)

    def all(self) -> NDArray[np.float32]:
        """Every vector: float32 of shape (n, dimension)."""
        found: NDArray[np.float32] = self._exact.reconstruct_n(0, len(self))
        return found

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors of `rows`, in their order: float32 of shape (len(rows), dimension).

        Raises IndexUnusableError where the file has become shorter.
        """
        size = self._exact.sa_code_size()
        bounds = [0, *(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
        pieces = []
        with self._reading:
            for start, end in itertools.pairwise(bounds):  # of rows that follow one another
                if start < end:
                    os.lseek(self._file, self._first + int(rows[start]) * size, os.SEEK_SET)
                    pieces.append(os.read(self._file, (end - start) * size))
        held = b"".join(pieces)
        if len(held) != len(rows) * size:
            raise IndexUnusableError(f"The vectors in {EXACT} end too early. Build them again.")
        codes = np.frombuffer(held, dtype=np.uint8).reshape(len(rows), size)
        faiss.omp_set_num_threads(1)  # its threads would wait for each other longer than it takes
        found: NDArray[np.float32] = self._exact.sa_decode(codes)
        return found

    def similarities(
        self, question: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """The cosine of `question` (float32, shape (dimension,)) to each of `rows`: float32."""
        return np.round(self.take(rows) @ question, _DECIMALS)

    def nearest(
        self, question: NDArray[np.float32], k: int, rows: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """The k rows nearest to `question` (float32, shape (dimension,)) with their cosines.

        Best first, ties by row. Only `rows`, each once, are searched where they are given, so k
        come back whenever k exist.
        """
        return self.nearest_many(question[None, :], k, rows)[0]

    def nearest_many(
        self, questions: NDArray[np.float32], k: int, rows: NDArray[np.int64] | None = None
    ) -> list[list[tuple[int, float]]]:
        """What `nearest` finds for each of `questions` (float32, shape (m, dimension)).

        One call for many questions shares them among the cores; one question has one core.
        """
        most = len(self) if rows is None else len(rows)
        k = min(k, most)
        if k <= 0:
            return [[] for _ in questions]
        # The library's threads spin between two calls and take a core from the encoder: one
        # question does not need them.
        faiss.omp_set_num_threads(1 if len(questions) == 1 else _CORES)
        questions = np.ascontiguousarray(questions, dtype=np.float32)
        selector = None if rows is None else _selector(rows, len(self))
        candidates = CANDIDATES_LEAST + CANDIDATES_EACH * k
        if self._lists is None or most <= max(FEW_ROWS, candidates):
            return self._compare(questions, k, most, selector)
        found = self._candidates(questions, candidates, rows, selector)
        return [
            _best(near, _rounded(self.take(near) @ question), k)
            if len(near) >= k
            else self._compare(question[None, :], k, most, selector)[0]
            for question, near in zip(questions, found, strict=True)
        ]

    def _compare(
        self, questions: NDArray[np.float32], k: int, most: int, selector: Selector, fetch: int = 0
    ) -> list[list[tuple[int, float]]]:
        """The k nearest to each question of the `most` rows allowed, by comparing every one."""
        fetch = min(max(fetch, k + 1), most)
        parameters = None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, found = self._exact.search(questions, fetch, params=parameters)
        rounded = _rounded(scores)
        answers = [_best(*pair, k) for pair in zip(found, rounded, strict=True)]
        # The library breaks ties as it likes: fetch on until the k-th is clear of the last.
        tied = np.flatnonzero(rounded[:, k - 1] == rounded[:, -1])
        if fetch < most and len(tied):
            again = self._compare(questions[tied], k, most, selector, 2 * fetch)
            for place, answer in zip(tied, again, strict=True):
                answers[place] = answer
        return answers

    def _candidates(
        self,
        questions: NDArray[np.float32],
        fetch: int,
        rows: NDArray[np.int64] | None,
        selector: Selector,
    ) -> Iterator[NDArray[np.int64]]:
        """For each question the rows that the lists nearest to it put first; `fetch` at most."""
        read = min(LISTS_READ, self._lists.nlist)
        chosen = None
        if rows is not None:
            # Rows that are alike share few lists, which may be far from the question: the lists to
            # read are chosen among those that hold an allowed row.
            holding = _selector(self._list_of_row[rows], self._lists.nlist)
            chosen = faiss.SearchParameters(sel=holding)  # type: ignore[call-arg]
        parameters = faiss.SearchParametersIVF(nprobe=read, sel=selector, quantizer_params=chosen)  # type: ignore[call-arg]
        _, found = self._lists.search(questions, fetch, params=parameters)
        return (near[near >= 0] for near in found)


def _read(path: Path, flags: int) -> faiss.Index:
    try:
        return faiss.read_index(str(path), flags)
    except RuntimeError as error:
        raise IndexUnusableError(
            f"{path} cannot be opened as vectors: {str(error).splitlines()[0]}."
        ) from error


def _list_of_each_row(lists: faiss.IndexIVF) -> NDArray[np.int32]:
    """The number of the list that holds each row: int32 of shape (n,)."""
    found = np.empty(lists.ntotal, dtype=np.int32)
    inverted: Any = lists.invlists
    for number in range(lists.nlist):
        size = inverted.list_size(number)
        if size:
            found[faiss.rev_swig_ptr(inverted.get_ids(number), size)] = number
    return found


def _selector(chosen: NDArray[np.integer], n: int) -> faiss.IDSelector:
    """What lets a search see only the `chosen` of n."""
    wanted = np.zeros(n, dtype=bool)
    wanted[chosen] = True
    return faiss.IDSelectorBitmap(np.packbits(wanted, bitorder="little"))  # type: ignore[call-arg, arg-type]


def _rounded(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.round(scores.astype(np.float64), _DECIMALS), dtype=np.float64)


def _best(rows: NDArray[np.int64], scores: NDArray[np.float64], k: int) -> list[tuple[int, float]]:
    """The k best of `rows` with their rounded scores: best first, ties by row."""
    order = np.lexsort((rows, -scores))[:k]
    return list(zip(rows[order].tolist(), scores[order].tolist(), strict=True))
