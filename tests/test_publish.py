from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from index.errors import IndexMissingError
from index.generation import open_generation
from index.manifest import published_names
from index.publish import clear_unfinished, roll_back
from tests.made_generation import marks_of, publish_made

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index folder in which two generations were published."""
    publish_made(tmp_path / "index", "first")
    publish_made(tmp_path / "index", "second")
    return tmp_path / "index"


def served(folder: Path) -> set[str]:
    return marks_of(open_generation(folder))


def damage(folder: Path, name: str | None) -> None:
    path = folder / "generations" / str(name) / "paragraphs.sqlite"
    path.write_bytes(path.read_bytes()[:-1])


def test_rollback_returns_to_the_generation_before_and_a_second_time_forward(folder: Path) -> None:
    second, first = published_names(folder)
    assert roll_back(folder) == first
    assert served(folder) == {"first"}
    assert roll_back(folder) == second
    assert served(folder) == {"second"}


def test_what_is_published_after_a_rollback_keeps_what_was_rolled_back_to(folder: Path) -> None:
    roll_back(folder)
    publish_made(folder, "third")
    assert served(folder) == {"third"}
    roll_back(folder)
    assert served(folder) == {"first"}


def test_a_reader_that_is_open_keeps_its_generation_through_a_rollback(folder: Path) -> None:
    held = open_generation(folder)
    roll_back(folder)
    assert marks_of(held) == {"second"}


def test_there_is_nothing_to_return_to_after_the_first_build(tmp_path: Path) -> None:
    publish_made(tmp_path, "first")
    with pytest.raises(IndexMissingError, match=r"no whole generation in .* indexer build"):
        roll_back(tmp_path)
    assert served(tmp_path) == {"first"}


def test_a_damaged_generation_is_not_returned_to(folder: Path) -> None:
    damage(folder, published_names(folder)[1])
    with pytest.raises(IndexMissingError, match="no whole generation"):
        roll_back(folder)
    assert served(folder) == {"second"}


def test_a_damaged_generation_is_not_kept_to_return_to(folder: Path) -> None:
    second, first = published_names(folder)
    damage(folder, second)
    third = publish_made(folder, "third")
    assert published_names(folder) == (third, first)
    assert roll_back(folder) == first


def test_models_are_kept_as_long_as_a_generation_needs_them(folder: Path) -> None:
    (folder / "models" / "of-no-generation").mkdir()
    publish_made(folder, "third")
    assert len(list((folder / "models").iterdir())) == 1
    assert served(folder) == {"third"}


def test_what_is_unfinished_is_cleared_and_what_is_published_stays(folder: Path) -> None:
    for left in ("generations/x.partial", "generations/y.old", "generations/z", "models/m.partial"):
        (folder / left).mkdir()
    (folder / "current.new").touch()
    names = set(published_names(folder))
    clear_unfinished(folder)
    assert {path.name for path in (folder / "generations").iterdir()} == names
    assert len(list((folder / "models").iterdir())) == 1
    assert not (folder / "current.new").exists()
    assert served(folder) == {"second"}


def test_no_generation_is_cleared_where_the_pointer_cannot_be_read(folder: Path) -> None:
    (folder / "current").unlink()
    clear_unfinished(folder)
    assert len(list((folder / "generations").iterdir())) == 2
