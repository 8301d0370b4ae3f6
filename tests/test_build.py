from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from index.adapter import read_adapter
from index.errors import BuildLockedError, CorpusError, ModelError, UsageError
from index.generation import open_generation
from index.models import SHIPPED_CLOSER, SHIPPED_READER, Readers
from index.records import Filters
from index.sentences import sentence_spans
from indexer.build import BuildResult, build
from indexer.workers import read_files
from tests.conftest import Silence
from tests.fake_encoder import FakeEncoder, bag
from tests.made_reports import COUNT, NORTHBRIDGE_2021, REPORTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from index.generation import Generation
    from index.models import Model

pytestmark = pytest.mark.usefixtures("fake_model")


def build_from(*paths: Path, index: Path, force: bool = False) -> BuildResult:
    return build(paths, index, Silence(), force=force)


def outcomes(result: BuildResult) -> dict[str, str]:
    return {file.file: file.outcome for file in result.files}


def numbers(generation: Generation, filters: Filters | None = None) -> list[str | None]:
    rows = generation.store.rows(filters or Filters())
    wanted: Sequence[int] = range(generation.store.count()[1]) if rows is None else rows.tolist()
    return [one.paragraph.number for one in generation.store.passages(wanted)]


# What a build makes


def test_a_build_holds_every_report_with_every_passage_in_its_order(built_index: Path) -> None:
    generation = open_generation(built_index)
    assert [report.file for report in generation.store.reports()] == sorted(REPORTS)
    assert generation.store.count()[:2] == (3, COUNT)
    assert numbers(generation) == ["1", "2", "1", "2", "3", "4", None, None, "1", "2", "3"]
    assert [one.row for one in generation.store.passages(range(COUNT))] == list(range(COUNT))


def test_ids_name_council_day_and_paragraph(built_index: Path) -> None:
    generation = open_generation(built_index)
    ids = [one.id for one in generation.store.passages(range(COUNT))]
    assert ids[0] == "northbridge-city-council-2018-06-15/1"
    assert ids[5].endswith("-2021-06-18/4")
    assert "-2021-06-18/what-needs-to-improve" in ids[7]
    assert len(set(ids)) == COUNT


def test_only_reports_texts_are_encoded_and_their_headings_are_left_to_the_words(
    encoded: list[str], corpus: Path, tmp_path: Path
) -> None:
    build_from(corpus, index=tmp_path / "index")
    assert "Adoption is timely." in encoded
    scores = open_generation(tmp_path / "index").lexical.scores("leavers")
    assert scores[5] > 0  # "…children in care and care leavers" stands over it


def test_each_sentence_has_the_vector_of_its_text(built_index: Path) -> None:
    generation = open_generation(built_index)
    passages = generation.store.passages(range(COUNT))
    sentences = [text for one in passages for text in one.sentence_texts]
    assert len(sentences) == len(generation.sentences) == generation.store.count()[2] > COUNT
    for row, text in enumerate(sentences):
        assert generation.sentences.all()[row] == pytest.approx(bag(text), abs=1e-3)
    for one in passages:
        assert one.sentences == tuple(sentence_spans(one.paragraph.text))


# What cannot be built


def test_a_path_that_does_not_exist_is_a_usage_error(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file or folder \S*/nowhere\."):
        build_from(corpus, tmp_path / "nowhere", index=tmp_path / "index")
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize("names", [[], [".hidden.txt", "README.md", ".git/x.txt"]])
def test_a_corpus_without_reports_is_refused(names: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in names:
        path = tmp_path / "empty" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(NORTHBRIDGE_2021, "utf-8")
    with pytest.raises(CorpusError, match=r"no reports in \S*/empty: .* Put reports"):
        build_from(tmp_path / "empty", index=tmp_path / "index")


def test_a_corpus_of_which_nothing_can_be_read_is_refused_and_the_index_stays(
    built_index: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "fake.pdf").write_text("no PDF", "utf-8")
    (tmp_path / "bad" / "empty.txt").touch()
    (tmp_path / "bad" / "photo.jpeg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(CorpusError) as error:
        build_from(tmp_path / "bad", index=built_index)
    lines = str(error.value).splitlines()
    assert lines[0] == "None of the 3 files could be read:"
    assert sorted(line.split(":")[0].strip() for line in lines[1:]) == [
        "empty.txt",
        "fake.pdf",
        "photo.jpeg",
    ]
    assert open_generation(built_index).store.count()[:2] == (3, COUNT)


def test_files_that_cannot_be_read_are_told_and_the_rest_goes_on(
    corpus: Path, tmp_path: Path
) -> None:
    (corpus / "fake.pdf").write_text("<html>Not found</html>", "utf-8")
    (corpus / "blank.txt").write_text(" \n", "utf-8")
    (corpus / "list.jsonl").write_text("{", "utf-8")
    (corpus / "lost.txt").symlink_to(corpus / "nowhere.txt")
    result = build_from(corpus, index=tmp_path / "index")
    reasons = {one.file: one.reason for one in result.files if one.outcome == "unreadable"}
    assert set(reasons) == {"fake.pdf", "blank.txt", "list.jsonl", "lost.txt"}
    assert all(reasons.values())
    assert result.manifest.counts.files == 7
    assert result.manifest.counts.reports == 3


def test_a_build_that_another_is_at_work_on_is_refused(corpus: Path, built_index: Path) -> None:
    with FileLock(built_index / "build.lock"), pytest.raises(BuildLockedError, match="Another"):
        build_from(corpus, index=built_index)


def test_a_build_that_is_interrupted_while_encoding_leaves_the_old_index(
    corpus: Path, built_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = open_generation(built_index).name
    shutil.rmtree(built_index / "encoded")
    with monkeypatch.context() as patch:
        patch.setattr(FakeEncoder, "encode_passages", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build_from(corpus, index=built_index, force=True)
    assert open_generation(built_index).name == before
    assert build_from(corpus, index=built_index, force=True).built  # the lock was let go


def test_a_disk_that_is_full_leaves_the_old_index(
    corpus: Path, built_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = open_generation(built_index).name
    monkeypatch.setattr("indexer.build.write_vectors", full)
    with pytest.raises(OSError, match="No space left"):
        build_from(corpus, index=built_index, force=True)
    assert open_generation(built_index).name == before
    assert [path.name for path in (built_index / "generations").iterdir()] == [before]


def test_a_model_that_cannot_be_read_is_told_before_anything_is_written(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSPECTION_SEARCH_MODEL", str(tmp_path / "nowhere"))
    with pytest.raises(ModelError):
        build_from(corpus, index=tmp_path / "index")
    assert not (tmp_path / "index").exists()


# The same report twice


def rewrapped(text: str) -> str:
    """`text` with its paragraphs' lines broken elsewhere, as another export would."""
    return text.replace("live in good housing. They", "live in good\nhousing. They")


@pytest.mark.parametrize("change", [str, rewrapped], ids=["the same bytes", "wrapped anew"])
def test_the_same_report_twice_is_kept_once_and_found_by_either_name(
    change: type[str], corpus: Path, tmp_path: Path
) -> None:
    (corpus / "z copy.txt").write_text(change(NORTHBRIDGE_2021), "utf-8")
    result = build_from(corpus, index=tmp_path / "index")
    assert outcomes(result)["z copy.txt"] == "duplicate"
    (copy,) = [one for one in result.files if one.file == "z copy.txt"]
    assert copy.reason == "the same report as northbridge-2021.txt, which is kept"
    generation = open_generation(tmp_path / "index")
    assert generation.store.count()[:2] == (3, COUNT)
    kept = numbers(generation, Filters(report="northbridge-2021.txt"))
    assert numbers(generation, Filters(report="z copy.txt")) == kept != []


def test_a_report_of_the_same_council_and_day_with_other_words_is_another(
    corpus: Path, tmp_path: Path
) -> None:
    other = NORTHBRIDGE_2021.replace("Adoption is timely", "Adoption is late")
    (corpus / "other.txt").write_text(other, "utf-8")
    result = build_from(corpus, index=tmp_path / "index")
    assert outcomes(result)["other.txt"] == "read"
    ids = [report.id for report in open_generation(tmp_path / "index").store.reports()]
    assert len(ids) == len(set(ids)) == 4


# Names and encodings


def test_two_folders_that_hold_the_same_name_are_told_apart(corpus: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        text = NORTHBRIDGE_2021.replace("Northbridge", name.upper())
        (tmp_path / name / "report.txt").write_text(text.replace("timely", name), "utf-8")
    (tmp_path / "a" / "b").mkdir()
    shutil.copy(corpus / "northbridge-2018.txt", tmp_path / "a" / "b" / "report.txt")
    result = build_from(tmp_path / "a", tmp_path / "b", index=tmp_path / "index")
    assert set(outcomes(result).values()) == {"read"}
    assert len(outcomes(result)) == len(result.files) == 3


def test_only_names_that_meet_are_told_by_their_folders(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "b")
    (tmp_path / "b" / "northbridge-2018.txt").unlink()
    result = build_from(corpus, tmp_path / "b", index=tmp_path / "index")
    assert sorted(outcomes(result)) == [
        "b/northbridge-2021.txt",
        "b/south/southmere-2022.txt",
        "corpus/northbridge-2021.txt",
        "corpus/south/southmere-2022.txt",
        "northbridge-2018.txt",
    ]


def test_a_file_named_twice_is_indexed_once(corpus: Path, tmp_path: Path) -> None:
    result = build_from(corpus, corpus / "south", corpus, index=tmp_path / "index")
    assert len(result.files) == 3


ODD_NAMES = [
    'it\'s 100% "good".txt',
    "two\nlines.txt",
    "tab\tand\x1b[31mred.txt",
    "é’漢字.txt",
    "-rf.txt",
    "a;b|c&d$(e).txt",
    "UPPER.TXT",
]


@pytest.mark.parametrize("name", [*ODD_NAMES, b"latin-\xe9.txt"])
def test_a_file_of_any_name_is_indexed_and_found_by_the_name_it_is_given(
    name: str | bytes, corpus: Path, tmp_path: Path
) -> None:
    (corpus / "northbridge-2021.txt").rename(corpus / os.fsdecode(name))
    result = build_from(corpus, index=tmp_path / "index")
    assert result.manifest.counts.reports == 3
    generation = open_generation(tmp_path / "index")
    (file,) = {one.file for one in generation.store.reports()} - set(REPORTS)
    assert file.isprintable()
    assert len(numbers(generation, Filters(report=file))) == 6


ENCODINGS = {
    "Latin-1": "latin-1",
    "Windows-1252": "cp1252",
    "UTF-8 with a mark": "utf-8-sig",
    "UTF-16": "utf-16",
}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=list(ENCODINGS))
def test_a_text_in_any_usual_encoding_reads_the_same(
    encoding: str, corpus: Path, tmp_path: Path
) -> None:
    text = NORTHBRIDGE_2021.replace("’", "'").replace("timely", "très tôt")
    (corpus / "northbridge-2021.txt").write_bytes(text.encode(encoding))
    build_from(corpus, index=tmp_path / "index")
    (fourth,) = open_generation(tmp_path / "index").store.passages([5])
    assert (fourth.paragraph.number, fourth.paragraph.text) == ("4", "Adoption is très tôt.")


# With the worker processes


def test_workers_read_what_is_read_here(
    corpus: Path, built_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.build.read_files", read_files)
    (corpus / "fake.pdf").write_text("no PDF", "utf-8")
    before = open_generation(built_index).store
    result = build_from(corpus, index=built_index)
    assert outcomes(result) == {**dict.fromkeys(REPORTS, "read"), "fake.pdf": "unreadable"}
    after = open_generation(built_index).store
    assert after.reports() == before.reports()
    assert after.passages(range(COUNT)) == before.passages(range(COUNT))


def test_a_build_that_has_no_closer_reader_says_so_and_how_to_get_it(
    fake_model: Model, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Silence()
    build([corpus], tmp_path / "index", progress)
    assert not any("closer reader" in line for line in progress.said)
    readers = Readers(read_adapter(SHIPPED_READER), read_adapter(SHIPPED_CLOSER))
    monkeypatch.setattr(
        "indexer.build.configured_model", lambda: replace(fake_model, readers=readers)
    )
    build([corpus], tmp_path / "index", progress, force=True)
    [said] = [line for line in progress.said if "closer reader is left out" in line]
    assert "pip install --no-deps" in said
