from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from index.errors import IndexUnusableError
from index.vectors import Vectors, write_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray


def by_brute_force(
    vectors: NDArray[np.float32],
    question: NDArray[np.float32],
    k: int,
    rows: NDArray[np.int64] | None = None,
) -> list[tuple[int, float]]:
    allowed = range(len(vectors)) if rows is None else rows.tolist()
    scores = {row: float(vectors[row] @ question) for row in allowed}
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:k]


@st.composite
def collections(
    draw: st.DrawFn,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Vectors, a question and some rows; so few values that many scores are equal, and exact."""
    n, dimension = draw(st.integers(1, 40)), draw(st.integers(1, 9))
    values = st.sampled_from([-1.0, 0.0, 0.5, 1.0])
    rows = draw(st.sets(st.integers(0, n - 1)))
    return (
        draw(arrays.arrays(np.float32, (n, dimension), elements=values)),
        draw(arrays.arrays(np.float32, dimension, elements=values)),
        np.array(sorted(rows), dtype=np.int64),
    )


@given(collections(), st.integers(1, 50))
def test_the_order_is_that_of_brute_force_ties_by_row(
    collection: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]], k: int
) -> None:
    vectors, question, rows = collection
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vectors")
        write_vectors(path, vectors)
        written = Vectors(path)
        assert written.nearest(question, k) == by_brute_force(vectors, question, k)
        found = written.nearest(question, k, rows)
        assert found == by_brute_force(vectors, question, k, rows)
        assert len(found) == min(k, len(rows))
        np.testing.assert_array_equal(written.all(), vectors)


@pytest.fixture(scope="module")
def many() -> NDArray[np.float32]:
    """5,000 unit vectors as a model makes them, the first ten of them twice more."""
    random = np.random.default_rng(7).normal(size=(5000, 384)).astype(np.float32)
    unit = random / np.linalg.norm(random, axis=1, keepdims=True)
    return np.concatenate([unit, unit[:10], unit[:10]])


@pytest.fixture(scope="module")
def written(many: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Vectors:
    path = tmp_path_factory.mktemp("vectors") / "vectors"
    write_vectors(path, many)
    return Vectors(path)


def test_equal_vectors_come_by_row_whatever_the_library_does(
    many: NDArray[np.float32], written: Vectors
) -> None:
    found = written.nearest(many[3], 3)
    assert found == [(3, 1.0), (5003, 1.0), (5013, 1.0)]
    assert written.nearest(many[3], 2) == found[:2]
    assert written.nearest(many[3], 1) == found[:1]


@pytest.mark.parametrize("allowed", [1, 5, 100, 4999])
def test_filters_act_inside_the_search_so_k_come_back_whenever_k_exist(
    allowed: int, many: NDArray[np.float32], written: Vectors
) -> None:
    rows = np.sort(np.random.default_rng(allowed).choice(5000, allowed, replace=False))
    found = written.nearest(many[0], 10, rows)
    expected = by_brute_force(many, many[0], 10, rows)
    assert [row for row, _ in found] == [row for row, _ in expected]
    assert len(found) == min(10, allowed)
    np.testing.assert_allclose(
        [score for _, score in found], [score for _, score in expected], atol=1e-6
    )


def test_similarities_are_the_cosines_of_the_rows_asked_for(
    many: NDArray[np.float32], written: Vectors
) -> None:
    rows = np.array([7, 0, 7, 4999], dtype=np.int64)
    np.testing.assert_allclose(written.similarities(many[7], rows), many[rows] @ many[7], atol=1e-6)


def test_no_rows_and_no_k_find_nothing(many: NDArray[np.float32], written: Vectors) -> None:
    assert written.nearest(many[0], 10, np.array([], dtype=np.int64)) == []
    assert written.nearest(many[0], 0) == []
    assert (len(written), written.dimension) == (5020, 384)


@pytest.mark.parametrize("data", [b"", b"not vectors" * 100])
def test_a_file_that_holds_no_vectors_is_unusable(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "vectors").write_bytes(data)
    with pytest.raises(IndexUnusableError, match="cannot be opened as vectors"):
        Vectors(tmp_path / "vectors")


def test_a_missing_file_of_vectors_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusableError, match="cannot be opened as vectors"):
        Vectors(tmp_path / "vectors")
