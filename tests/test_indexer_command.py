from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from index.generation import open_generation
from indexer.__main__ import main
from tests.fake_encoder import FakeEncoder
from tests.made_reports import COUNT, NORTHBRIDGE_2018, NORTHBRIDGE_2021

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("fake_model")

# Build


def test_a_build_ends_with_its_counts_its_seconds_and_what_could_not_be_read(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (corpus / "fake.pdf").write_text("no PDF", "utf-8")
    (corpus / "copy.txt").write_text(NORTHBRIDGE_2018, "utf-8")
    assert main(["build", str(corpus)]) == 0
    out = capsys.readouterr().out
    first = out.splitlines()[0]
    name = open_generation(tmp_path / "index").name
    assert re.fullmatch(
        rf"Published generation {name}: 3 reports, {COUNT} paragraphs, \d+ sentences, "
        r"in \d+\.\d seconds \(5 files read, 0 unchanged\)\.",
        first,
    )
    assert "  fake.pdf: a text file saved under a .pdf name\n" in out
    assert "northbridge-2018.txt: the same report as copy.txt, which is kept" in out


def test_build_may_be_left_out_and_a_file_may_be_named(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(corpus / "northbridge-2021.txt")]) == 0
    assert "1 report, 6 paragraphs" in capsys.readouterr().out


def test_without_paths_the_corpus_of_the_project_is_built(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("indexer.__main__.DEFAULT_CORPUS", corpus)
    assert main([]) == 0
    assert f"3 reports, {COUNT} paragraphs" in capsys.readouterr().out


def test_a_second_build_says_that_nothing_has_changed_and_a_forced_one_builds(
    corpus: Path, built_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = open_generation(built_index).name
    assert main([str(corpus)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Nothing has changed; the index stays as it is: generation {before}")
    assert main([str(corpus), "--force"]) == 0
    assert capsys.readouterr().out.startswith("Published generation")
    assert open_generation(built_index).name != before


def test_index_names_another_folder(corpus: Path, tmp_path: Path) -> None:
    assert main([str(corpus), "--index", str(tmp_path / "deep" / "er")]) == 0
    assert open_generation(tmp_path / "deep" / "er").store.count()[:2] == (3, COUNT)
    assert not (tmp_path / "index").exists()


def test_progress_is_plain_lines_where_there_is_no_terminal(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(corpus)]) == 0
    err = capsys.readouterr().err.splitlines()
    assert err[0] == "Reading 3 files …"
    assert re.fullmatch(r"Reading 3 files: 30 %, about \d+ s left", err[1])
    steps = [line for line in err if line.endswith("…")]
    assert re.fullmatch(r"Encoding \d+ paragraphs and sentences …", steps[3])
    assert steps[1:3] == ["Splitting sentences …", "Making the model ready …"]
    assert steps[4:] == ["Writing and verifying the index …"]
    assert not [line for line in err if not line.isprintable()]


# What goes wrong: the code, and what is said


def test_a_path_that_does_not_exist_exits_2(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(corpus), str(tmp_path / "nowhere")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"There is no file or folder {tmp_path / 'nowhere'}" in captured.err


def test_an_unknown_option_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--fast"])
    assert stopped.value.code == 2
    assert "unrecognized arguments: --fast" in capsys.readouterr().err


def test_an_empty_corpus_exits_1_and_says_what_to_put_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main([str(tmp_path / "empty")]) == 1
    err = capsys.readouterr().err
    assert f"There are no reports in {tmp_path / 'empty'}" in err
    assert ".pdf" in err


def test_a_corpus_of_which_nothing_can_be_read_exits_1_and_lists_every_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.pdf").write_text("no PDF", "utf-8")
    (tmp_path / "bad" / "b.txt").touch()
    assert main([str(tmp_path / "bad")]) == 1
    err = capsys.readouterr().err
    assert "None of the 2 files could be read" in err
    assert "  a.pdf: " in err
    assert "  b.txt: " in err


def test_while_another_build_is_at_work_it_exits_3(
    corpus: Path, built_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FileLock(built_index / "build.lock"):
        assert main([str(corpus)]) == 3
    assert f"Another build is at work in {built_index}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "stopped",
    [
        (KeyboardInterrupt(), 130, "Interrupted."),
        (OSError(28, "No space left on device", "/disk"), 1, "No space left on device (/disk)."),
    ],
)
def test_a_build_that_is_stopped_says_that_the_old_index_stays(
    stopped: tuple[BaseException, int, str],
    corpus: Path,
    built_index: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    raised, code, complaint = stopped

    def stop(*_: object) -> None:
        raise raised

    before = open_generation(built_index).name
    monkeypatch.setattr(FakeEncoder, "encode_passages", stop)
    shutil.rmtree(built_index / "encoded")
    assert main([str(corpus), "--force"]) == code
    err = capsys.readouterr().err
    assert complaint in err
    assert "The index that was published before, if any, is unchanged." in err
    assert "Traceback" not in err
    assert open_generation(built_index).name == before


def test_an_index_folder_that_is_a_file_exits_1_and_is_named(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "index").touch()
    assert main([str(corpus)]) == 1
    assert str(tmp_path / "index") in capsys.readouterr().err


def test_a_model_that_is_missing_exits_1(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("INSPECTION_SEARCH_MODEL", str(tmp_path / "nowhere"))
    assert main([str(corpus)]) == 1
    assert "INSPECTION_SEARCH_MODEL" in capsys.readouterr().err


# Read


def test_read_prints_one_object_a_file_as_the_contract_says(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = corpus / "northbridge-2021.txt", corpus / "fake.pdf"
    bad.write_text("no PDF", "utf-8")
    assert main(["read", str(bad), str(good), "--json"]) == 0
    failed, read = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert failed.keys() == {"file", "error"}
    assert failed["file"] == str(bad)
    assert read.keys() == {"file", "report", "paragraphs", "unnumbered", "warnings"}
    assert read["report"] == {
        "council": "Northbridge City Council",
        "framework": "ILACS (standard)",
        "inspection_start": "2021-06-07",
        "inspection_end": "2021-06-18",
        "published": None,
        "lead_inspector": "Ada Brown",
        "judgements": [{"name": "Overall effectiveness", "grade": "Good", "printed": "Good"}],
        "overall": "Good",
    }
    assert read["paragraphs"][3] == {
        "number": "4",
        "part": None,
        "section": "The experiences and progress of children in care and care leavers: Outstanding",
        "section_grade": "Outstanding",
        "subheading": None,
        "page_start": None,
        "page_end": None,
        "text": "Adoption is timely.",
    }
    assert [one["text"] for one in read["unnumbered"]] == [
        "Services for children are good.",
        "The stability of staff.",
    ]
    assert read["unnumbered"][0].keys() == {"section", "page_start", "page_end", "text"}


def test_read_stores_nothing_and_tells_a_person_what_was_found(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", str(corpus / "northbridge-2021.txt")]) == 0
    assert "Northbridge City Council, 4 paragraphs, 2 passages" in capsys.readouterr().out
    assert not (tmp_path / "index").exists()


def test_read_exits_1_for_a_person_where_a_file_could_not_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", str(tmp_path / "nowhere.txt")]) == 1
    assert "nowhere.txt: cannot be opened: No such file" in capsys.readouterr().err


# Check


def test_check_finds_a_sound_index_sound(
    built_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    assert f"is sound: 3 reports, {COUNT} paragraphs" in out


def test_check_names_damage_and_the_command_that_mends_it_which_does(
    corpus: Path, built_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = next(built_index.glob("generations/*/paragraphs/exact.faiss"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert "is damaged: paragraphs/exact.faiss" in out
    assert f".venv/bin/python -m indexer build --force --index {built_index}" in out
    assert main(["build", str(corpus), "--force", "--index", str(built_index)]) == 0
    assert main(["check"]) == 0


def test_check_tells_each_problem_on_a_line_with_the_command(
    built_index: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = ["paragraphs.sqlite holds 1 report", "vectors.faiss holds 2 vectors"]
    monkeypatch.setattr("indexer.checking.check_generation", lambda _: problems)
    assert main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    command = f".venv/bin/python -m indexer build --force --index {built_index}"
    name = open_generation(built_index).name
    told = [f"In generation {name}, {one}. Build it again: {command}" for one in problems]
    assert lines[:2] == told
    assert lines[2].startswith("Reports read")


def test_check_without_an_index_exits_1_and_names_the_build_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--index", str(tmp_path / "none")]) == 1
    assert ".venv/bin/python -m indexer build --index" in capsys.readouterr().err


# Rollback


def test_rollback_returns_to_the_last_generation_and_says_so(
    corpus: Path, built_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = open_generation(built_index).name
    assert main(["rollback"]) == 1
    assert "no whole generation" in capsys.readouterr().err
    assert main([str(corpus), "--force"]) == 0
    assert main(["rollback"]) == 0
    assert f"Published generation {before} again" in capsys.readouterr().out
    assert open_generation(built_index).name == before


def test_names_and_texts_cannot_move_the_terminals_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "red\x1b[31m\n.pdf").write_text("no PDF", "utf-8")
    (folder / "report.txt").write_text(NORTHBRIDGE_2021, "utf-8")
    shutil.copy(folder / "report.txt", folder / "copy\r.txt")
    assert main([str(folder)]) == 0
    captured = capsys.readouterr()
    for line in (captured.out + captured.err).split("\n"):
        assert line.isprintable() or not line
