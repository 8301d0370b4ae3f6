from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from index.errors import IndexUnusableError
from index.generation import STORE, open_generation
from index.lexical import write_lexical
from index.manifest import published_names, rebuild_command
from index.store import write_store
from index.vectors import write_vectors
from indexer.build import build
from indexer.checking import check_index
from tests.conftest import Silence
from tests.made_reports import COUNT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("fake_model")


def test_a_sound_index_has_no_problems_and_tells_its_counts(built_index: Path) -> None:
    checked = check_index(built_index)
    assert checked.problems == ()
    assert checked.name == open_generation(built_index).name
    assert checked.counts is not None
    assert checked.counts.paragraphs == COUNT
    assert checked.coverage is not None
    assert checked.coverage.reports == 3


# Parts that are whole, and speak of other paragraphs


def vectors_reversed(folder: Path, vectors: Any, *storage: Any) -> None:
    write_vectors(folder, vectors[::-1], *storage)


def words_reversed(folder: Path, texts: list[str]) -> None:
    write_lexical(folder, texts[::-1])


DISAGREEMENTS = [
    ("write_vectors", vectors_reversed, "paragraphs holds vectors of other texts than the store"),
    ("write_vectors", vectors_reversed, "sentences holds vectors of other texts than the store"),
    ("write_lexical", words_reversed, "words holds the words of other paragraphs than the store"),
]


@pytest.mark.parametrize("disagreement", DISAGREEMENTS)
def test_words_and_vectors_of_other_paragraphs_are_found_though_every_checksum_holds(
    disagreement: tuple[str, object, str],
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, instead, problem = disagreement
    monkeypatch.setattr(f"indexer.build.{name}", instead)
    index = tmp_path / "index"
    build([corpus], index, Silence())
    [found] = [one for one in check_index(index).problems if problem in one]
    assert found.endswith(rebuild_command(index))


UNSOUND = [
    ("UPDATE paragraphs SET row = 99 WHERE row = 10", "1 paragraphs whose rows do not count"),
    ("UPDATE paragraphs SET report_id = 'x' WHERE row < 2", "2 paragraphs of no report"),
    ("UPDATE paragraphs SET first_sentence = 7 WHERE row = 0", "1 paragraphs whose sentences are"),
    ("UPDATE paragraphs SET sentences = '[[0, 9999]]' WHERE row = 10", "1 sentences that reach"),
    ("UPDATE files SET report_id = 'x'", "3 files of no report"),
]


@pytest.mark.parametrize(("statement", "problem"), UNSOUND)
def test_a_store_that_does_not_hold_together_is_not_published(
    statement: str, problem: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, *content: Any) -> None:
        write_store(path, *content)
        connection = sqlite3.connect(path)
        with connection:
            connection.execute(statement)
        connection.close()

    monkeypatch.setattr("indexer.build.write_store", write)
    with pytest.raises(IndexUnusableError, match=f"does not hold together.*{problem}"):
        build([corpus], tmp_path / "index", Silence())
    assert published_names(tmp_path / "index") == (None, None)


# What rollback would return to


def test_a_damaged_generation_names_both_ways_to_mend_it(corpus: Path, built_index: Path) -> None:
    build([corpus], built_index, Silence(), force=True)
    name, _ = published_names(built_index)
    (built_index / "generations" / str(name) / STORE).unlink()
    [problem] = check_index(built_index).problems
    assert f"is damaged: {STORE} cannot be read" in problem
    assert rebuild_command(built_index) in problem
    assert f".venv/bin/python -m indexer rollback --index {built_index}" in problem


def test_that_rollback_could_not_return_is_a_problem_that_a_build_mends(
    corpus: Path, built_index: Path
) -> None:
    build([corpus], built_index, Silence(), force=True)
    _, before = published_names(built_index)
    (built_index / "generations" / str(before) / STORE).unlink()
    [problem] = check_index(built_index).problems
    assert problem.startswith(f"Generation {before}, which rollback would return to, is damaged")
    assert problem.endswith(rebuild_command(built_index))
    build([corpus], built_index, Silence(), force=True)
    assert check_index(built_index).problems == ()
