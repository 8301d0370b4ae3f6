"""How a million paragraphs are searched through lists, against comparing each of them.

The paragraphs are made from real ones: each is copied, with noise, until there are a million. The
noise puts a copy as far from its original as a real paragraph lies from its nearest other one (the
median), so copies of one paragraph are to each other what paragraphs of like content are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np

from index.vectors import EXACT, EXACT_BYTES, LISTS, Storage, Vectors, write_vectors
from tests.performance.measured import Measured

if TYPE_CHECKING:
    from numpy.typing import NDArray

N = 1_000_000
LEAST_RECALL = 0.98
MOST_OF_EXACT = 0.1  # of the 95th percentile of comparing each paragraph, one question at a time
TIMED = 100  # questions asked one at a time, each way
PER_COUNCIL = 160  # paragraphs; they lie in a row
_BLOCK = 50_000
_BYTES = {"float32": 4, "float16": 2, "int8": 1}  # of a coordinate

# Run in a process of its own, which never held the vectors that are written.
_RESIDENT = """
import sys
from pathlib import Path
import numpy as np
from index.vectors import Vectors

def resident():
    status = Path("/proc/self/status").read_text().splitlines()
    figures = dict(line.split(":", 1) for line in status)
    return [int(figures[name].split()[0]) // 1024 for name in ("RssAnon", "RssFile")]

before = resident()
vectors = Vectors(Path(sys.argv[1]))
for question in np.load(sys.argv[2]):
    vectors.nearest(question, 10)
print(*(after - start for after, start in zip(resident(), before)))
"""


class Filter(NamedTuple):
    """Which of the million may be found, and how many of them are asked for."""

    label: str
    rows: NDArray[np.int64] | None
    k: int = 10


def measure_million(
    paragraphs: NDArray[np.float32], questions: NDArray[np.float32]
) -> list[Measured]:
    """What building and searching a million takes, and what it loses.

    `paragraphs` and `questions` are real unit vectors, float32 of shape (n, dimension); paragraphs
    of one report lie in a row.
    """
    likeness = median_cosine_of_nearest_other(paragraphs)
    million = perturbed_copies(paragraphs, likeness, N)
    originals = np.arange(N) % len(paragraphs)
    to_original = np.einsum("ij,ij->i", million[:_BLOCK], paragraphs[originals[:_BLOCK]])
    measured = [
        Measured("nearest other real paragraph, median cosine", f"{likeness:.3f}", "", ok=True),
        Measured("copy to its original, mean cosine", f"{to_original.mean():.3f}", "", ok=True),
    ]
    with tempfile.TemporaryDirectory() as parent:
        folder, plain = Path(parent, "vectors"), Path(parent, "plain")
        started = time.perf_counter()
        write_vectors(folder, million)
        seconds = time.perf_counter() - started
        del million
        plain.mkdir()
        os.link(folder / EXACT, plain / EXACT)
        sizes = [(folder / name).stat().st_size >> 20 for name in (EXACT, LISTS)]
        np.save(Path(parent, "questions.npy"), questions)
        anonymous, mapped = resident_megabytes(folder, Path(parent, "questions.npy"))
        measured += [
            Measured("writing exact vectors and lists", f"{seconds:.0f} s", "", ok=True),
            Measured("files, exact and lists", f"{sizes[0]} and {sizes[1]} MB", "", ok=True),
            Measured("memory of its own, open and searched", f"{anonymous} MB", "", ok=True),
            Measured("pages of the mapped file touched", f"{mapped} MB", "", ok=True),
        ]
        listed, exact = Vectors(folder), Vectors(plain)
        whole = milliseconds(exact, questions[:TIMED], Filter("", None))
        for chosen in filters(paragraphs, originals):
            measured += measure_search(listed, exact, questions, chosen, whole)
    return measured


def measure_limit(
    paragraphs: NDArray[np.float32], questions: NDArray[np.float32]
) -> list[Measured]:
    """How long comparing every row takes with as many rows as are written without lists.

    Arguments as of `measure_million`.
    """
    measured = []
    likeness = median_cosine_of_nearest_other(paragraphs)
    for storage in get_args(Storage):
        size = paragraphs.shape[1] * _BYTES[storage]
        count = EXACT_BYTES // size
        rows = perturbed_copies(paragraphs, likeness, count)
        with tempfile.TemporaryDirectory() as parent:
            write_vectors(Path(parent, "vectors"), rows, storage)
            middle, late = milliseconds(
                Vectors(Path(parent, "vectors")), questions[:TIMED], Filter("", None)
            )
        measured.append(
            Measured(
                f"the most rows without lists, {storage}: {count:,}",
                f"{middle:.1f} and {late:.1f} ms",
                "p50 and p95",
                ok=True,
            )
        )
    return measured


def median_cosine_of_nearest_other(paragraphs: NDArray[np.float32]) -> float:
    """Half of a sample of paragraphs have another one at least this near."""
    sample = np.random.default_rng(1).choice(len(paragraphs), 2000, replace=False)
    cosines = paragraphs[sample] @ paragraphs.T
    cosines[np.arange(len(sample)), sample] = -1
    return float(np.median(cosines.max(axis=1)))


def perturbed_copies(
    paragraphs: NDArray[np.float32], cosine: float, count: int
) -> NDArray[np.float32]:
    """`count` unit vectors: row i is paragraph i mod n with noise, at about `cosine` to it.

    Gaussian noise of deviation σ in each of d coordinates is at right angles to the paragraph, and
    σ√d long, nearly; so the cosine is 1/√(1 + σ²d).
    """
    dimension = paragraphs.shape[1]
    deviation = np.float32(np.sqrt((1 / cosine**2 - 1) / dimension))
    random = np.random.default_rng(0)
    copies = np.empty((count, dimension), dtype=np.float32)
    for start in range(0, count, _BLOCK):
        block = copies[start : start + _BLOCK]
        random.standard_normal(out=block, dtype=np.float32)
        block *= deviation
        block += paragraphs[np.arange(start, start + len(block)) % len(paragraphs)]
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return copies


def filters(paragraphs: NDArray[np.float32], originals: NDArray[np.int64]) -> list[Filter]:
    """No filter, random ones, and ones whose rows lie near each other."""
    random = np.random.default_rng(2)

    def some(count: int) -> NDArray[np.int64]:
        return np.sort(random.choice(N, count, replace=False))

    council = np.arange(len(paragraphs)) // PER_COUNCIL
    to_one = paragraphs @ paragraphs[len(paragraphs) // 2]
    return [
        Filter("no filter", None),
        Filter("random 50 %", some(N // 2)),
        Filter("random 10 %", some(N // 10)),
        Filter("random 3 %", some(3 * N // 100)),
        Filter("random 1 %", some(N // 100)),
        Filter("random 0.1 %", some(N // 1000)),
        Filter("40 rows, all of them", some(40), 40),
        Filter("one council", np.flatnonzero((council == council.max() // 2)[originals])),
        Filter("every 15th council", np.flatnonzero((council % 15 == 3)[originals])),
        *(
            Filter(
                f"the {share} % about one theme",
                np.flatnonzero((to_one >= np.quantile(to_one, 1 - share / 100))[originals]),
            )
            for share in (50, 10, 3)
        ),
    ]


def measure_search(
    listed: Vectors,
    exact: Vectors,
    questions: NDArray[np.float32],
    chosen: Filter,
    whole: tuple[float, float],
) -> list[Measured]:
    """Recall over all questions, and the time of one question, under one filter.

    `whole` are the milliseconds of comparing all the million. Comparing only what a filter leaves
    is told beside, and has no target: where that is little, both do the same.
    """
    expected = exact.nearest_many(questions, chosen.k, chosen.rows)
    found = listed.nearest_many(questions, chosen.k, chosen.rows)
    pairs = zip(found, expected, strict=True)
    recall = float(np.mean([len(dict(a).keys() & dict(b).keys()) / len(b) for a, b in pairs]))
    count = N if chosen.rows is None else len(chosen.rows)
    least = 1.0 if count == chosen.k else LEAST_RECALL
    ours, every = (milliseconds(vectors, questions[:TIMED], chosen) for vectors in (listed, exact))
    share = ours[1] / whole[1]
    return [
        Measured(
            f"{chosen.label} ({count:,} rows), recall@{chosen.k}",
            f"{recall:.4f}",
            f"at least {least}",
            recall >= least,
        ),
        Measured(
            f"{chosen.label}, p50 and p95 of a question",
            f"{ours[0]:.1f} and {ours[1]:.1f} ms",
            f"p95 {share:.3f} of exact search, at most {MOST_OF_EXACT}; "
            f"with this filter {every[0]:.1f} and {every[1]:.1f} ms",
            share <= MOST_OF_EXACT,
        ),
    ]


def milliseconds(
    vectors: Vectors, questions: NDArray[np.float32], chosen: Filter
) -> tuple[float, float]:
    """The median and the 95th percentile of answering one question, in milliseconds."""
    taken = []
    for question in questions:
        started = time.perf_counter()
        vectors.nearest(question, chosen.k, chosen.rows)
        taken.append(1000 * (time.perf_counter() - started))
    middle, late = np.quantile(taken, [0.5, 0.95])
    return float(middle), float(late)


def resident_megabytes(folder: Path, questions: Path) -> tuple[int, int]:
    """What opening and searching adds to a process: memory of its own, and pages of files."""
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-c", _RESIDENT, str(folder), str(questions)],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    anonymous, mapped = told.stdout.split()
    return int(anonymous), int(mapped)
