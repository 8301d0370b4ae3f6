from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.windows import unit
from indexer.vector_cache import FOLDER, VectorCache

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TEXTS = ["one", "two", "three", "漢字", ""]


def vectors(count: int = len(TEXTS), dimension: int = 384) -> NDArray[np.float32]:
    return unit(np.random.default_rng(5).normal(size=(count, dimension)).astype(np.float32))


def path(index: Path) -> Path:
    return index / FOLDER / "model.vectors"


@pytest.fixture
def filled(tmp_path: Path) -> VectorCache:
    cache = VectorCache(tmp_path, "model", 384)
    cache.add(TEXTS[:3], vectors()[:3])
    cache.add(TEXTS[3:], vectors()[3:])
    return cache


def test_what_was_added_is_there_now_and_when_opened_again(
    filled: VectorCache, tmp_path: Path
) -> None:
    for cache in (filled, VectorCache(tmp_path, "model", 384)):
        assert cache.missing(["new", *TEXTS, "new", "other"]) == ["new", "other"]
        found = cache.vectors(TEXTS[::-1])
        assert np.sum(found * vectors()[::-1], axis=1).min() > 0.9999999
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_vectors_stay_the_same_to_the_bit_from_build_to_build(
    filled: VectorCache, tmp_path: Path
) -> None:
    once = filled.vectors(TEXTS)
    again = VectorCache(tmp_path, "other", 384)
    again.add(TEXTS, once)
    np.testing.assert_array_equal(again.vectors(TEXTS), once)


def test_a_text_that_has_no_vector_is_a_key_error(filled: VectorCache) -> None:
    with pytest.raises(KeyError):
        filled.vectors(["new"])
    assert filled.vectors([]).shape == (0, 384)


@pytest.mark.parametrize("lost", [1, 100, 787])
def test_a_record_cut_short_is_as_if_it_were_not_there(
    lost: int, filled: VectorCache, tmp_path: Path
) -> None:
    data = path(tmp_path).read_bytes()
    path(tmp_path).write_bytes(data[:-lost])
    cache = VectorCache(tmp_path, "model", 384)
    assert cache.missing(TEXTS) == [TEXTS[-1]]
    cache.add([TEXTS[-1]], vectors()[-1:])
    assert VectorCache(tmp_path, "model", 384).missing(TEXTS) == []


@pytest.mark.parametrize("at", [0, 17, 400])
def test_a_damaged_record_is_as_if_it_were_not_there(
    at: int, filled: VectorCache, tmp_path: Path
) -> None:
    data = bytearray(path(tmp_path).read_bytes())
    data[len(data) // len(TEXTS) + at] ^= 1
    path(tmp_path).write_bytes(data)
    assert VectorCache(tmp_path, "model", 384).missing(TEXTS) == [TEXTS[1]]


def test_what_is_not_used_is_forgotten_and_other_models_with_it(
    filled: VectorCache, tmp_path: Path
) -> None:
    VectorCache(tmp_path, "older", 8).add(["one"], vectors(1, 8))
    before = filled.vectors(["two", ""])
    filled.keep_only(["", "two", "two"])
    assert [one.name for one in (tmp_path / FOLDER).iterdir()] == ["model.vectors"]
    cache = VectorCache(tmp_path, "model", 384)
    assert cache.missing(TEXTS) == ["one", "three", "漢字"]
    np.testing.assert_array_equal(cache.vectors(["two", ""]), before)
