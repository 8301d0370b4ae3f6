from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.adapter import (
    DESCRIPTION,
    DIFFERENCES,
    check_adapter,
    merge,
    read_adapter,
    write_adapter,
)
from index.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CHANCE = np.random.default_rng(7)
LOW_RANK = (CHANCE.normal(size=(12, 2)) @ CHANCE.normal(size=(2, 16))).astype(np.float32)
BIAS = CHANCE.normal(size=12).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An adapter of rank 2 to a matrix and a bias."""
    write_adapter(tmp_path / "made", "made", "b" * 64, {"matrix": LOW_RANK, "bias": BIAS}, 2)
    return tmp_path / "made"


def weights() -> dict[str, NDArray[np.float32]]:
    return {
        "matrix": np.ones((12, 16), dtype=np.float32),
        "bias": np.zeros(12, dtype=np.float32),
        "other": np.ones(3, dtype=np.float32),
    }


def test_what_was_changed_is_added_to_the_base_and_nothing_else(folder: Path) -> None:
    merged = merge(read_adapter(folder), weights())
    assert merged.keys() == {"matrix", "bias"}
    assert merged["matrix"] == pytest.approx(1 + LOW_RANK, abs=0.02)  # float16
    assert merged["bias"] == pytest.approx(BIAS, abs=0.002)


def test_a_change_of_higher_rank_is_cut_to_the_nearest_of_the_rank(tmp_path: Path) -> None:
    change = CHANCE.normal(size=(12, 16)).astype(np.float32)
    write_adapter(tmp_path, "made", "b" * 64, {"matrix": change}, 3)
    merged = merge(read_adapter(tmp_path), weights())["matrix"] - 1
    sizes = np.linalg.svd(change, compute_uv=False)
    assert np.linalg.matrix_rank(merged, tol=0.05) == 3
    assert np.linalg.norm(merged - change) == pytest.approx(np.linalg.norm(sizes[3:]), rel=0.01)


def test_an_adapter_goes_by_the_base_it_was_made_for_and_by_its_own_hash(folder: Path) -> None:
    adapter = read_adapter(folder)
    assert (adapter.name, adapter.base_sha256) == ("made", "b" * 64)
    check_adapter(adapter)
    assert json.loads((folder / DESCRIPTION).read_text())["rank"] == 2


@pytest.mark.parametrize("how", ["changed", "missing"])
def test_differences_that_are_not_those_shipped_are_refused_with_the_mend(
    folder: Path, how: str
) -> None:
    path = folder / DIFFERENCES
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="git checkout -- index/model"):
        merge(read_adapter(folder), weights())


def test_a_description_that_cannot_be_read_is_refused(folder: Path) -> None:
    (folder / DESCRIPTION).write_text("{}")
    with pytest.raises(ModelError, match="cannot be read"):
        read_adapter(folder)


def test_a_weight_that_the_base_has_not_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="changes matrix, which is not there"):
        merge(read_adapter(folder), {"bias": BIAS})
