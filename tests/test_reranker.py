from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.errors import ModelError
from index.records import Filters
from index.reranker import RERANKER_VARIABLE, configured_reranker
from search.ask import Searcher

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.models import Model


class ShortestFirst:
    """Holds the shortest text to be the best answer."""

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array([-len(text) for text in texts], dtype=np.float64)


def test_there_is_none_unless_one_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RERANKER_VARIABLE, raising=False)
    assert configured_reranker() is None


@pytest.mark.parametrize("made", ["nothing", "an empty folder"])
def test_one_that_cannot_be_loaded_is_refused_with_the_variable(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "reranker"
    if made != "nothing":
        folder.mkdir()
    monkeypatch.setenv(RERANKER_VARIABLE, str(folder))
    with pytest.raises(ModelError, match=f"unset {RERANKER_VARIABLE}"):
        configured_reranker()


def test_the_best_paragraphs_stand_in_its_order(
    built_index: Path, fake_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.ask.configured_reranker", ShortestFirst)
    lengths = [
        len(hit.text)
        for hit in Searcher(built_index)
        .ask("care leavers", Filters(report="northbridge-2021.txt"))
        .hits
    ]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 1
