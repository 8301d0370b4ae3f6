"""What a build does again, what it does not, and what it says of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from index.generation import open_generation
from indexer.build import BuildResult, build
from tests.conftest import Silence
from tests.fake_encoder import bag
from tests.made_reports import COUNT, REPORTS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("fake_model")


def build_from(*paths: Path, index: Path, force: bool = False, verify: bool = False) -> BuildResult:
    return build(paths, index, Silence(), force=force, verify=verify)


def outcomes(result: BuildResult) -> dict[str, str]:
    return {file.file: file.outcome for file in result.files}


# What is encoded again


def test_no_text_is_encoded_twice(encoded: list[str], corpus: Path, tmp_path: Path) -> None:
    build_from(corpus, index=tmp_path / "index")
    assert len(encoded) == len(set(encoded))
    times = len(encoded)
    build_from(corpus, index=tmp_path / "index", force=True)
    assert len(encoded) == times


def test_only_new_texts_are_encoded_and_every_vector_is_its_texts(
    corpus: Path, built_index: Path, encoded: list[str]
) -> None:
    path = corpus / "northbridge-2018.txt"
    path.write_text(path.read_text("utf-8").replace("no housing", "good housing"), "utf-8")
    build_from(corpus, index=built_index)
    assert encoded == ["Care leavers have good housing."]
    generation = open_generation(built_index)
    assert generation.paragraphs.all()[1] == pytest.approx(bag("care leavers housing"), abs=1e-3)
    assert generation.paragraphs.all()[5] == pytest.approx(bag("adoption"), abs=1e-3)


def test_vectors_that_other_code_made_are_not_taken_over(
    corpus: Path, built_index: Path, encoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("tests.fake_encoder", "indexer.build"):
        monkeypatch.setattr(f"{module}.encoding_sha256", lambda: "0" * 64)
    progress = Silence()
    result = build([corpus], built_index, progress)
    assert result.built
    assert len(encoded) >= COUNT
    assert progress.said == [
        "The code that encodes has changed: every paragraph and sentence is encoded again."
    ]


# What is read again


def age(folder: Path) -> None:
    """Give every file a time that is old enough to be believed."""
    for path in folder.rglob("*"):
        os.utime(path, (1_600_000_000, 1_600_000_000))


def test_only_files_that_have_changed_are_read(corpus: Path, tmp_path: Path) -> None:
    age(corpus)
    assert build_from(corpus, index=tmp_path / "index").read == 3
    path = corpus / "northbridge-2018.txt"
    path.write_text(path.read_text("utf-8").replace("no housing", "good housing"), "utf-8")
    before = open_generation(tmp_path / "index").store
    result = build_from(corpus, index=tmp_path / "index")
    assert (result.built, result.read) == (True, 1)
    after = open_generation(tmp_path / "index").store
    assert after.reports() == before.reports()
    changed = [
        one.row
        for one, old in zip(after.all_passages(), before.all_passages(), strict=True)
        if one != old
    ]
    assert changed == [1]


def test_what_is_built_step_by_step_is_what_is_built_at_once(corpus: Path, tmp_path: Path) -> None:
    age(corpus)
    path = corpus / "northbridge-2021.txt"
    text = path.read_bytes()
    path.unlink()
    build_from(corpus, index=tmp_path / "index")
    path.write_bytes(text)
    build_from(corpus, index=tmp_path / "index")
    build_from(corpus, index=tmp_path / "other")
    steps, once = (open_generation(tmp_path / name) for name in ("index", "other"))
    assert steps.store.all_passages() == once.store.all_passages()
    assert steps.store.reports() == once.store.reports()
    for name, record in steps.manifest.files.items():
        if not name.endswith(".sqlite"):  # which holds the times of files
            assert once.manifest.files[name] == record


def test_a_file_that_was_only_touched_changes_nothing(corpus: Path, built_index: Path) -> None:
    age(corpus)
    assert not build_from(corpus, index=built_index).built


def test_a_file_of_the_same_size_and_time_is_seen_when_bytes_are_verified(
    corpus: Path, tmp_path: Path
) -> None:
    age(corpus)
    build_from(corpus, index=tmp_path / "index")
    path = corpus / "northbridge-2018.txt"
    path.write_text(path.read_text("utf-8").replace("no housing", "of housing"), "utf-8")
    age(corpus)
    assert not build_from(corpus, index=tmp_path / "index").built
    assert build_from(corpus, index=tmp_path / "index", verify=True).built


def test_a_file_written_while_it_was_looked_at_is_looked_at_again(
    corpus: Path, tmp_path: Path
) -> None:
    build_from(corpus, index=tmp_path / "index")  # its files are a moment old
    path = corpus / "northbridge-2018.txt"
    status = path.stat()
    path.write_text(path.read_text("utf-8").replace("no housing", "of housing"), "utf-8")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert build_from(corpus, index=tmp_path / "index").built


def test_a_duplicate_is_read_when_the_file_that_was_kept_is_gone(
    corpus: Path, tmp_path: Path
) -> None:
    (corpus / "copy.txt").write_bytes((corpus / "northbridge-2018.txt").read_bytes())
    age(corpus)
    first = build_from(corpus, index=tmp_path / "index")
    assert outcomes(first)["northbridge-2018.txt"] == "duplicate"
    (corpus / "copy.txt").unlink()
    second = build_from(corpus, index=tmp_path / "index")
    assert outcomes(second) == dict.fromkeys(REPORTS, "read")
    assert second.read == 1


def test_changed_rules_read_every_file_again_and_say_so(
    corpus: Path, built_index: Path, encoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.build.rules_sha256", lambda: "0" * 64)
    progress = Silence()
    result = build([corpus], built_index, progress)
    assert (result.built, result.read, encoded) == (True, 3, [])
    assert progress.said == ["The rules that read files have changed: every file is read again."]


# What makes a build begin anew


def test_a_second_build_does_nothing_and_says_so(corpus: Path, built_index: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in built_index.rglob("*")}
    result = build_from(corpus, index=built_index)
    assert not result.built
    assert result.name == open_generation(built_index).name
    assert outcomes(result) == dict.fromkeys(REPORTS, "read")
    after = {path: path.stat().st_mtime_ns for path in built_index.rglob("*")}
    del before[built_index / "build.lock"], after[built_index / "build.lock"]
    assert after == before


def test_force_builds_though_nothing_has_changed(corpus: Path, built_index: Path) -> None:
    before = open_generation(built_index).name
    result = build_from(corpus, index=built_index, force=True)
    assert result.built
    assert result.name != before


def test_a_changed_file_is_replaced(corpus: Path, built_index: Path) -> None:
    path = corpus / "northbridge-2018.txt"
    path.write_text(path.read_text("utf-8").replace("no housing", "good housing"), "utf-8")
    assert build_from(corpus, index=built_index).built
    texts = [one.paragraph.text for one in open_generation(built_index).store.passages([1])]
    assert texts == ["Care leavers have good housing."]


def test_an_added_file_is_added_and_a_removed_one_removed(corpus: Path, built_index: Path) -> None:
    (corpus / "new.jsonl").write_text('{"id": "1", "text": "Staff."}', "utf-8")
    (corpus / "northbridge-2018.txt").unlink()
    assert build_from(corpus, index=built_index).built
    reports = open_generation(built_index).store.reports()
    assert [one.file for one in reports] == [
        "new.jsonl",
        "northbridge-2021.txt",
        "south/southmere-2022.txt",
    ]


def test_a_renamed_file_goes_by_its_new_name(corpus: Path, built_index: Path) -> None:
    (corpus / "northbridge-2018.txt").rename(corpus / "a.txt")
    assert build_from(corpus, index=built_index).built
    assert open_generation(built_index).store.reports()[0].file == "a.txt"


def test_a_damaged_index_is_built_anew_without_being_forced(
    corpus: Path, built_index: Path
) -> None:
    name = open_generation(built_index).name
    (built_index / "generations" / name / "paragraphs" / "exact.faiss").write_bytes(b"damaged")
    assert build_from(corpus, index=built_index).built
    assert open_generation(built_index).store.count()[1] == COUNT


@pytest.mark.parametrize(("name", "names"), [("other", " from fake to other"), ("fake", "")])
def test_another_model_builds_anew(
    corpus: Path,
    built_index: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    name: str,
    names: str,
) -> None:
    other = tmp_path / "models" / name
    other.mkdir(parents=True)
    (other / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setenv("INSPECTION_SEARCH_MODEL", str(other))
    progress = Silence()
    assert build([corpus], built_index, progress).built
    [said] = progress.said
    assert said.startswith(f"The model has changed{names}: every paragraph")
    assert open_generation(built_index).manifest.model.name == name
