from __future__ import annotations

import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from index import vectors as room
from index.errors import IndexUnusableError, UsageError
from index.vectors import EXACT, LISTS, Storage, Vectors, needs_lists, write_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

STORAGES: tuple[Storage, ...] = get_args(Storage)


def by_brute_force(
    vectors: NDArray[np.float32],
    question: NDArray[np.float32],
    k: int,
    rows: NDArray[np.int64] | None = None,
) -> list[tuple[int, float]]:
    allowed = np.arange(len(vectors)) if rows is None else rows
    scores = dict(zip(allowed.tolist(), (vectors[allowed] @ question).tolist(), strict=True))
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:k]


def unit(random: NDArray[np.float64]) -> NDArray[np.float32]:
    scaled: NDArray[np.float64] = random / np.linalg.norm(random, axis=1, keepdims=True)
    return scaled.astype(np.float32)


def share_found(found: list[tuple[int, float]], expected: list[tuple[int, float]]) -> float:
    return len(dict(found).keys() & dict(expected).keys()) / len(expected)


@st.composite
def collections(
    draw: st.DrawFn,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Vectors, questions and some rows; so few values that many scores are equal, and exact."""
    n, dimension = draw(st.integers(1, 40)), draw(st.integers(1, 9))
    values = st.sampled_from([-1.0, 0.0, 0.5, 1.0])
    rows = draw(st.sets(st.integers(0, n - 1)))
    return (
        draw(arrays.arrays(np.float32, (n, dimension), elements=values)),
        draw(arrays.arrays(np.float32, (draw(st.integers(1, 30)), dimension), elements=values)),
        np.array(sorted(rows), dtype=np.int64),
    )


@given(collections(), st.integers(1, 50))
def test_the_order_is_that_of_brute_force_ties_by_row(
    collection: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]], k: int
) -> None:
    vectors, questions, rows = collection
    with tempfile.TemporaryDirectory() as parent:
        write_vectors(Path(parent, "vectors"), vectors)
        written = Vectors(Path(parent, "vectors"))
        expected = [by_brute_force(vectors, question, k) for question in questions]
        assert written.nearest_many(questions, k) == expected
        assert written.nearest(questions[0], k) == expected[0]
        found = written.nearest_many(questions, k, rows)
        assert found == [by_brute_force(vectors, question, k, rows) for question in questions]
        np.testing.assert_array_equal(written.all(), vectors)
        np.testing.assert_array_equal(written.take(rows), vectors[rows])


@pytest.fixture(scope="module")
def many() -> NDArray[np.float32]:
    """5,000 unit vectors as a model makes them, the first ten of them twice more."""
    made = unit(np.random.default_rng(7).normal(size=(5000, 384)))
    return np.concatenate([made, made[:10], made[:10]])


@pytest.fixture(scope="module")
def written(many: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Vectors:
    folder = tmp_path_factory.mktemp("exact") / "vectors"
    write_vectors(folder, many)
    assert [file.name for file in folder.iterdir()] == [EXACT]
    return Vectors(folder)


@pytest.fixture(scope="module")
def grouped() -> NDArray[np.float32]:
    """8,000 unit vectors around 200 centres, 40 in a row around each."""
    random = np.random.default_rng(11)
    centres = np.repeat(random.normal(size=(200, 32)), 40, axis=0)
    return unit(centres + 0.5 * random.normal(size=centres.shape))


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """8,000 vectors are too many to compare each, 500 are not; a quarter of the lists are read."""
    monkeypatch.setattr(room, "EXACT_BYTES", 1_000_000)
    monkeypatch.setattr(room, "FEW_ROWS", 500)
    monkeypatch.setattr(room, "LISTS_READ", 31)


@pytest.fixture(scope="module")
def listed_once(grouped: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listed") / "vectors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "EXACT_BYTES", 1_000_000)
        write_vectors(folder, grouped)
    assert sorted(file.name for file in folder.iterdir()) == [EXACT, LISTS]
    return folder


@pytest.fixture
def listed(few_are_many: None, listed_once: Path, tmp_path: Path) -> Vectors:
    """The grouped vectors with lists, in a copy of their own."""
    return Vectors(shutil.copytree(listed_once, tmp_path / "vectors"))


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
    np.testing.assert_array_equal(written.take(rows), many[rows])


def test_no_rows_no_k_and_no_questions_find_nothing(
    many: NDArray[np.float32], written: Vectors
) -> None:
    none = np.array([], dtype=np.int64)
    assert written.nearest(many[0], 10, none) == []
    assert written.nearest(many[0], 0) == []
    assert written.nearest_many(many[:2], 10, none) == [[], []]
    assert written.nearest_many(many[:0], 10) == []
    assert written.take(none).shape == (0, 384)
    assert (len(written), written.dimension) == (5020, 384)


def test_a_file_that_has_become_shorter_is_told(many: NDArray[np.float32], tmp_path: Path) -> None:
    write_vectors(tmp_path / "vectors", many[:50])
    opened = Vectors(tmp_path / "vectors")
    os.truncate(tmp_path / "vectors" / EXACT, 40_000)
    with pytest.raises(IndexUnusableError, match="end too early"):
        opened.take(np.array([49], dtype=np.int64))


def test_an_index_of_no_vectors_finds_nothing(tmp_path: Path) -> None:
    write_vectors(tmp_path / "vectors", np.empty((0, 384), dtype=np.float32))
    written = Vectors(tmp_path / "vectors")
    assert len(written) == 0
    assert written.all().shape == (0, 384)
    assert written.nearest(np.ones(384, dtype=np.float32), 10) == []


@pytest.mark.parametrize(("storage", "error"), [("float32", 0), ("float16", 5e-5), ("int8", 5e-3)])
def test_what_is_read_and_written_again_stays_the_same_to_the_bit(
    storage: Storage, error: float, many: NDArray[np.float32], tmp_path: Path
) -> None:
    write_vectors(tmp_path / "once", many, storage)
    once = Vectors(tmp_path / "once")
    assert np.abs(once.all()[:5000] @ many[0] - many[:5000] @ many[0]).max() <= error
    # Rows are read from the file, in runs; all together by the library.
    rows = np.array([3, 4, 5, 4999, 0, 0], dtype=np.int64)
    np.testing.assert_array_equal(once.take(rows), once.all()[rows])
    # A build carries some vectors over and adds others: no range may be learnt from those here.
    carried = np.concatenate([once.take(np.arange(9, 99)), many[:1]])
    write_vectors(tmp_path / "again", carried, storage)
    again = Vectors(tmp_path / "again")
    np.testing.assert_array_equal(again.take(np.arange(90)), carried[:90])
    np.testing.assert_array_equal(again.all()[90], once.all()[0])


@pytest.mark.parametrize("storage", STORAGES)
def test_every_storage_answers_as_brute_force_over_what_it_holds(
    storage: Storage, many: NDArray[np.float32], tmp_path: Path
) -> None:
    write_vectors(tmp_path / "vectors", many, storage)
    written = Vectors(tmp_path / "vectors")
    rows = np.arange(1, 5000, 3)
    for chosen in (None, rows):
        for question, found in zip(
            many[:5], written.nearest_many(many[:5], 10, chosen), strict=True
        ):
            expected = by_brute_force(written.all(), question, 10, chosen)
            assert [row for row, _ in found] == [row for row, _ in expected]
            np.testing.assert_allclose(
                [score for _, score in found], [score for _, score in expected], atol=1e-5
            )


def test_a_coordinate_that_int8_cannot_hold_is_refused_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    axis = np.eye(1, 384, dtype=np.float32)
    with pytest.raises(UsageError, match=r"coordinate of 1\.000, and int8 holds 0\.408"):
        write_vectors(tmp_path / "vectors", axis, "int8")
    assert not (tmp_path / "vectors").exists()
    write_vectors(tmp_path / "vectors", axis[:, :64], "int8")
    np.testing.assert_allclose(Vectors(tmp_path / "vectors").all(), axis[:, :64], atol=1 / 255)


def test_a_folder_that_exists_is_not_written_over(
    many: NDArray[np.float32], tmp_path: Path
) -> None:
    with pytest.raises(FileExistsError):
        write_vectors(tmp_path, many)


@pytest.mark.parametrize(
    ("n", "bytes_each", "files"),
    [
        (52_000, 4 * 384, [EXACT]),  # the real passages
        (65_000, 4 * 384, [EXACT]),
        (66_000, 4 * 384, [EXACT, LISTS]),
        (220_000, 384, [EXACT]),  # their sentences
        (220_000, 2 * 384, [EXACT, LISTS]),
        (1_000_000, 384, [EXACT, LISTS]),
    ],
)
def test_lists_are_written_past_what_can_be_read_for_each_question(
    n: int, bytes_each: int, files: list[str]
) -> None:
    assert needs_lists(n * bytes_each) == (LISTS in files)


def test_lists_find_nearly_all_that_brute_force_finds_with_its_scores(
    grouped: NDArray[np.float32], listed: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Vectors, "_compare", None)  # every answer comes from the lists
    questions = grouped[::80]
    found = listed.nearest_many(questions, 10)
    expected = [by_brute_force(grouped, question, 10) for question in questions]
    assert np.mean([share_found(*pair) for pair in zip(found, expected, strict=True)]) > 0.98
    for question, answer in zip(questions, found, strict=True):
        assert answer == listed.nearest(question, 10)
        assert answer == sorted(answer, key=lambda pair: (-pair[1], pair[0]))
        rows = np.array([row for row, _ in answer])
        np.testing.assert_allclose([s for _, s in answer], grouped[rows] @ question, atol=1e-6)


@pytest.mark.parametrize("left", ["every other row", "the groups farthest from the question"])
def test_lists_find_what_a_filter_leaves_wherever_it_lies(
    left: str,
    grouped: NDArray[np.float32],
    listed: Vectors,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Vectors, "_compare", None)  # every answer comes from the lists
    shares = []
    for question in grouped[::160]:
        rows = np.arange(0, len(grouped), 2)
        if left == "the groups farthest from the question":
            near = (grouped @ question).reshape(200, 40).mean(axis=1)
            rows = np.flatnonzero(np.repeat(near <= np.sort(near)[19], 40))
        found = listed.nearest(question, 10, rows)
        assert {row for row, _ in found} <= set(rows.tolist())
        shares.append(share_found(found, by_brute_force(grouped, question, 10, rows)))
    assert np.mean(shares) > 0.98


@pytest.mark.parametrize("allowed", [1, 40, 500])
def test_a_filter_that_leaves_few_of_many_rows_loses_none(
    allowed: int,
    grouped: NDArray[np.float32],
    listed: Vectors,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Vectors, "_candidates", None)  # no answer comes from the lists
    rows = np.sort(np.random.default_rng(allowed).choice(len(grouped), allowed, replace=False))
    found = listed.nearest(grouped[0], 40, rows)
    expected = by_brute_force(grouped, grouped[0], 40, rows)
    assert [row for row, _ in found] == [row for row, _ in expected]
    assert len(found) == min(40, allowed)


@pytest.mark.parametrize("k", [300, 5_000, 9_000])
def test_k_come_back_even_where_the_lists_read_hold_fewer(
    k: int,
    grouped: NDArray[np.float32],
    listed: Vectors,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "LISTS_READ", 2)
    found = listed.nearest(grouped[0], k)
    expected = by_brute_force(grouped, grouped[0], k)
    assert len(found) == min(k, 8_000)
    np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], atol=2e-6)


def test_equal_vectors_come_by_row_from_the_lists_too(
    grouped: NDArray[np.float32], few_are_many: None, tmp_path: Path
) -> None:
    repeated = np.concatenate([grouped[5:6], grouped, grouped[5:6]])
    write_vectors(tmp_path / "vectors", repeated)
    found = Vectors(tmp_path / "vectors").nearest(grouped[5], 3)
    assert found == [(0, 1.0), (6, 1.0), (8_001, 1.0)]


def test_the_same_vectors_are_written_the_same(
    grouped: NDArray[np.float32], few_are_many: None, tmp_path: Path
) -> None:
    for folder in ("once", "again"):
        write_vectors(tmp_path / folder, grouped[:-10])  # the lists are learnt from 7,936 of them
    for name in (EXACT, LISTS):
        once = (tmp_path / "once" / name).read_bytes()
        assert once == (tmp_path / "again" / name).read_bytes()


def test_threads_that_ask_at_once_get_what_one_gets(
    grouped: NDArray[np.float32], listed: Vectors
) -> None:
    rows = np.arange(0, len(grouped), 2)
    asked = [(q, chosen) for q in grouped[::80] for chosen in (None, rows, rows[:100])]
    alone = [listed.nearest(question, 10, chosen) for question, chosen in asked]
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(lambda pair: listed.nearest(pair[0], 10, pair[1]), asked)
    assert list(together) == alone


def test_what_is_open_is_mapped_and_only_read(
    grouped: NDArray[np.float32], listed: Vectors, tmp_path: Path
) -> None:
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "vectors").iterdir()}
    for file in files:
        file.chmod(0o444)
    again = Vectors(tmp_path / "vectors")
    again.nearest_many(grouped[:9], 10, np.arange(4_000))
    assert {file: file.stat().st_mtime_ns for file in files} == files
    maps = Path("/proc/self/maps")
    if maps.exists():
        mapped = [line.split() for line in maps.read_text().splitlines() if str(tmp_path) in line]
        assert {(line[1], Path(line[-1]).name) for line in mapped} == {("r--s", EXACT)}


@pytest.mark.parametrize("data", [b"", b"not vectors" * 100])
@pytest.mark.parametrize("name", [EXACT, LISTS])
def test_a_file_that_holds_no_vectors_is_unusable(
    name: str, data: bytes, listed: Vectors, tmp_path: Path
) -> None:
    (tmp_path / "vectors" / name).write_bytes(data)
    with pytest.raises(IndexUnusableError, match=f"{name} cannot be opened as vectors"):
        Vectors(tmp_path / "vectors")


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.9999])
@pytest.mark.parametrize("storage", STORAGES)
def test_a_file_cut_short_is_unusable(
    storage: Storage, share: float, many: NDArray[np.float32], tmp_path: Path
) -> None:
    write_vectors(tmp_path / "vectors", many, storage)
    whole = (tmp_path / "vectors" / EXACT).read_bytes()
    (tmp_path / "vectors" / EXACT).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(IndexUnusableError, match=f"{EXACT} cannot be opened as vectors"):
        Vectors(tmp_path / "vectors")


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.9999])
def test_lists_cut_short_are_unusable(share: float, listed: Vectors, tmp_path: Path) -> None:
    whole = (tmp_path / "vectors" / LISTS).read_bytes()
    (tmp_path / "vectors" / LISTS).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(IndexUnusableError, match=f"{LISTS} cannot be opened as vectors"):
        Vectors(tmp_path / "vectors")


def test_lists_of_other_vectors_are_unusable(
    grouped: NDArray[np.float32], listed: Vectors, tmp_path: Path
) -> None:
    write_vectors(tmp_path / "others", grouped[1:])
    (tmp_path / "others" / LISTS).replace(tmp_path / "vectors" / LISTS)
    with pytest.raises(IndexUnusableError, match="holds 7999 of 32 dimensions"):
        Vectors(tmp_path / "vectors")


def test_a_missing_folder_of_vectors_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusableError, match="cannot be opened as vectors"):
        Vectors(tmp_path / "vectors")
