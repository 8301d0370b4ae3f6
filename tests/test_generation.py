from __future__ import annotations

import os
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from index.errors import IndexMissingError, IndexUnusableError
from index.generation import Generation, _broken_files, check_generation, open_generation
from index.manifest import (
    DEFAULT_FOLDER,
    FOLDER_VARIABLE,
    FORMAT,
    Counts,
    configured_folder,
    manifest_of,
    read_manifest,
    rebuild_command,
)
from index.models import Model
from index.publish import clear_unfinished, new_generation
from tests.made_generation import MODEL, marks_of, publish_made, publish_many

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = (
    "paragraphs.sqlite",
    "paragraphs/exact.faiss",
    "sentences/exact.faiss",
    "words/data.csc.index.npy",
    "words/frequencies.json",
    "words/indices.csc.index.npy",
    "words/indptr.csc.index.npy",
    "words/params.index.json",
    "words/vocab.index.json",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index folder with one published generation."""
    publish_made(tmp_path / "index")
    return tmp_path / "index"


def generation_folder(folder: Path) -> Path:
    return folder / "generations" / (folder / "current").read_text(encoding="utf-8").splitlines()[0]


def everything_in(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
    }


# Publishing


def test_what_was_published_is_opened_whole(folder: Path) -> None:
    name = publish_made(folder, "second", passages=5)
    generation = open_generation(folder)
    assert generation.name == name == generation_folder(folder).name
    assert marks_of(generation) == {"second"}
    assert generation.manifest.format == FORMAT
    assert generation.manifest.model == MODEL
    assert set(generation.manifest.files) == set(FILES)
    assert check_generation(generation) == []


def test_the_generation_before_the_last_is_kept_and_older_ones_are_cleared(tmp_path: Path) -> None:
    names = [publish_made(tmp_path, mark) for mark in ("one", "two", "three")]
    assert {path.name for path in (tmp_path / "generations").iterdir()} == set(names[1:])


def test_a_generation_that_is_open_stays_whole_when_two_more_are_published(folder: Path) -> None:
    first = open_generation(folder)
    publish_made(folder, "second")
    publish_made(folder, "third")
    assert not (folder / "generations" / first.name).exists()
    assert marks_of(first) == {"first"}
    assert first.paragraphs.nearest(first.paragraphs.all()[1], 1)


def test_what_is_written_aside_is_gone_when_its_build_fails(folder: Path) -> None:
    def fail() -> None:
        with new_generation(folder) as partial:
            (partial / "paragraphs.sqlite").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list((folder / "generations").glob("*.partial")) == []
    assert marks_of(open_generation(folder)) == {"first"}


def test_what_a_killed_build_left_aside_is_cleared_by_the_next(folder: Path) -> None:
    left = folder / "generations" / "20200101T000000Z-abcdef.partial"
    left.mkdir()
    (left / "vectors.faiss").write_bytes(b"half")
    clear_unfinished(folder)
    assert list((folder / "generations").glob("*.partial")) == []
    assert marks_of(open_generation(folder)) == {"first"}


def test_a_build_killed_before_the_pointer_is_moved_leaves_the_old_generation(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / "current").read_bytes()

    def killed(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            publish_made(folder, "second")
    assert (folder / "current").read_bytes() == before
    assert marks_of(open_generation(folder)) == {"first"}
    name = publish_made(folder, "third")
    assert marks_of(open_generation(folder)) == {"third"}
    kept = {path.name for path in (folder / "generations").iterdir()}
    assert kept == {before.decode().split()[0], name}


WRONG_COUNTS = [
    (Counts(files=1, reports=2, paragraphs=3, sentences=3), "1 reports, 3 paragraphs .* says 2 re"),
    (Counts(files=1, reports=1, paragraphs=4, sentences=3), "3 paragraphs .* 1 reports, 4 para"),
    (Counts(files=1, reports=1, paragraphs=3, sentences=5), "3 sentences; .* and 5 sentences"),
]


@pytest.mark.parametrize(("counts", "complaint"), WRONG_COUNTS)
def test_what_does_not_hold_together_is_not_published(
    counts: Counts, complaint: str, folder: Path
) -> None:
    with pytest.raises(IndexUnusableError, match=complaint):
        publish_made(folder, "second", counts=counts)
    assert marks_of(open_generation(folder)) == {"first"}
    assert len(list((folder / "generations").iterdir())) == 1


def test_vectors_of_another_length_than_1_are_not_published(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.made_generation.bag", lambda _: np.full(MODEL.dimension, 0.5, dtype=np.float32)
    )
    with pytest.raises(IndexUnusableError, match="3 vectors that are not of unit length"):
        publish_made(folder, "second")


def test_vectors_of_another_dimension_are_not_published(folder: Path) -> None:
    other = MODEL.model_copy(update={"dimension": 7})
    with pytest.raises(IndexUnusableError, match="vectors of length 10; the manifest says 7"):
        publish_made(folder, "second", model=other)


def test_readers_see_one_generation_or_another_and_never_a_mixture(folder: Path) -> None:
    published = {"first", *(f"mark{number}" for number in range(1, 26))}
    writer = get_context("spawn").Process(target=publish_many, args=(folder, 25))
    writer.start()
    seen = []
    while writer.is_alive():
        generation = open_generation(folder)
        seen.append(marks_of(generation))
        generation.close()
    writer.join()
    assert writer.exitcode == 0
    assert all(len(marks) == 1 for marks in seen)
    assert set().union(*seen) <= published
    assert len(set().union(*seen)) > 5  # it was read while it was published
    assert marks_of(open_generation(folder)) == {"mark25"}


@pytest.mark.parametrize("between", ["manifest_of", "_broken_files"])
def test_a_generation_that_is_cleared_away_while_it_is_being_opened_gives_way_to_the_newest(
    between: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: dict[str, Callable[..., Any]] = {
        "manifest_of": manifest_of,
        "_broken_files": _broken_files,
    }
    step = steps[between]

    def overtaken(*arguments: Any) -> Any:
        monkeypatch.undo()
        result = step(*arguments)
        publish_made(folder, "second")
        publish_made(folder, "third")
        return result

    room = "manifest" if between == "manifest_of" else "generation"
    monkeypatch.setattr(f"index.{room}.{between}", overtaken)
    assert marks_of(open_generation(folder)) == {"third"}


# Opening


def test_opening_and_checking_write_nothing(folder: Path) -> None:
    before = everything_in(folder)
    generation = open_generation(folder)
    check_generation(generation)
    generation.close()
    assert everything_in(folder) == before


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="this system has no /proc")
def test_vectors_and_words_are_mapped_so_that_readers_share_their_pages(folder: Path) -> None:
    generation = open_generation(folder)
    maps = Path("/proc/self/maps").read_text(encoding="utf-8")
    assert f"{generation.name}/paragraphs/exact.faiss" in maps
    assert f"{generation.name}/words/data.csc.index.npy" in maps


def test_an_index_built_with_this_model_opens_and_with_another_is_refused(folder: Path) -> None:
    assert open_generation(folder, Model("renamed", Path(), MODEL.sha256)).name
    with pytest.raises(IndexUnusableError) as error:
        open_generation(folder, Model("tuned", Path(), "e" * 64))
    said = str(error.value)
    assert f"built with the model fake ({'f' * 12}…), and tuned ({'e' * 12}…)" in said
    assert said.endswith(rebuild_command(folder))


def test_where_nothing_was_built_the_build_command_is_named(tmp_path: Path) -> None:
    for empty in (tmp_path, tmp_path / "missing"):
        with pytest.raises(IndexMissingError) as error:
            open_generation(empty)
        assert f"There is no index in {empty} yet" in str(error.value)
        assert str(error.value).endswith(f".venv/bin/python -m indexer build --index {empty}")
        assert not (tmp_path / "missing").exists()


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "index").touch()
    with pytest.raises(IndexUnusableError, match=r"index is a file\. Name a folder with --index"):
        open_generation(tmp_path / "index")


def _point_with(data: bytes) -> object:
    return lambda folder: (folder / "current").write_bytes(data)


def _put_a_folder_in_the_pointers_place(folder: Path) -> None:
    (folder / "current").unlink()
    (folder / "current").mkdir()


def _change_manifest(old: str, new: str) -> object:
    def change(folder: Path) -> None:
        path = generation_folder(folder) / "manifest.json"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change


def _cut_manifest(folder: Path) -> None:
    path = generation_folder(folder) / "manifest.json"
    os.truncate(path, path.stat().st_size // 2)


def _take_away_manifest(folder: Path) -> None:
    (generation_folder(folder) / "manifest.json").unlink()


DAMAGES = {
    "a pointer to nothing": (_point_with(b"gone\n"), "generation 'gone' has no readable manifest"),
    "an empty pointer": (_point_with(b""), "generation '' has no readable manifest"),
    "a pointer that leads out": (_point_with(b"../../etc"), "has no readable manifest"),
    "a pointer of zeros": (_point_with(b"\0" * 24), "has no readable manifest"),
    "a pointer that is no text": (_point_with(b"\xff\xfe"), "cannot be read: invalid start byte"),
    "a pointer of great length": (_point_with(b"a" * 5000), "has no readable manifest"),
    "a folder for a pointer": (_put_a_folder_in_the_pointers_place, "Is a directory"),
    "a truncated manifest": (_cut_manifest, "a manifest that cannot be understood"),
    "no manifest": (_take_away_manifest, "no readable manifest (No such file"),
    "a later format": (
        _change_manifest('"format": 3', '"format": 4'),
        "has format 4, and this version reads format 3",
    ),
    "a later format of another shape": (
        _change_manifest('"format": 3', '"format": 4, "shards": 2'),
        "has format 4, and this version reads format 3",
    ),
    "a manifest of another shape": (
        _change_manifest('"counts"', '"numbers"'),
        "a manifest that cannot be understood (2 problems)",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_index_says_what_was_found_and_how_to_build_it_again(
    name: str, folder: Path
) -> None:
    damage, complaint = DAMAGES[name]
    assert callable(damage)
    damage(folder)
    with pytest.raises(IndexUnusableError) as error:
        open_generation(folder)
    assert str(folder) in str(error.value)
    assert complaint in str(error.value)
    assert rebuild_command(folder) in str(error.value)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["flipped", "truncated", "taken away"])
def test_a_damaged_file_is_named_before_anything_is_read_from_it(
    name: str, damage: str, folder: Path
) -> None:
    path = generation_folder(folder) / name
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif damage == "truncated":
        path.write_bytes(data[:-1])
    else:
        path.unlink()
    with pytest.raises(IndexUnusableError) as error:
        open_generation(folder)
    found = "cannot be read (No such file" if damage == "taken away" else "were written"
    assert f"{folder} is damaged: {name}" in str(error.value)
    assert found in str(error.value)
    assert str(error.value).endswith(rebuild_command(folder))


@pytest.mark.parametrize("name", [name for name in DAMAGES if "folder" not in name])
def test_what_is_damaged_is_mended_by_publishing_anew(name: str, folder: Path) -> None:
    damage, _ = DAMAGES[name]
    assert callable(damage)
    damage(folder)
    publish_made(folder, "second")
    assert marks_of(open_generation(folder)) == {"second"}


# Where the index lies


def test_the_environment_names_the_folder_else_it_is_index_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "/somewhere/else")
    assert configured_folder() == Path("/somewhere/else")
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert configured_folder() == DEFAULT_FOLDER
    assert DEFAULT_FOLDER.parts[-2:] == ("index", "data")


def test_the_rebuild_command_names_the_folder_only_where_it_is_not_the_usual_one() -> None:
    assert rebuild_command(DEFAULT_FOLDER) == ".venv/bin/python -m indexer build --force"
    assert rebuild_command(Path("/x/y")) == ".venv/bin/python -m indexer build --force --index /x/y"


def test_the_manifest_alone_tells_name_and_counts(folder: Path) -> None:
    name, manifest = read_manifest(folder)
    assert name == generation_folder(folder).name
    assert manifest.counts == Counts(files=1, reports=1, paragraphs=3, sentences=3)
    assert isinstance(open_generation(folder), Generation)
