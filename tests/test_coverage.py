from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.coverage import Coverage, coverage_lines, coverage_of
from index.errors import CorpusError
from index.generation import open_generation
from index.printable import printable, printable_name
from index.records import Facts, Report, SourceFile
from indexer.__main__ import main
from indexer.corpus import find_files
from indexer.workers import read_files
from tests.made_reports import NORTHBRIDGE_2021

if TYPE_CHECKING:
    from pathlib import Path

    from index.models import Model

NORTHBRIDGE = Report(
    "n",
    "n.pdf",
    "Northbridge",
    Facts(inspection_end=date(2021, 1, 2), published=date(2022, 3, 4)),
    warnings=("paragraph 3 is missing: 2 is followed by 4", "paragraph 4 comes after 4"),
)
SOUTHMERE = Report("s", "s.pdf", "Southmere", Facts(published=date(2013, 5, 6)))
NAMELESS = Report("x", "x.pdf", None, Facts())
PASSAGES = Report("l", "l.csv", None, Facts(), listed=True)
FILES = (
    SourceFile("z.pdf", 9, 9, "", "unreadable", None, "truncated: the file stops before its end"),
    SourceFile("n.pdf", 9, 9, "", "read", "n", None),
    SourceFile("n.txt", 9, 9, "", "duplicate", "n", "the same report as n.pdf, which is kept"),
    SourceFile("a.pdf", 9, 9, "", "unreadable", None, "timed out after 30 seconds"),
)
# Each moves the cursor, breaks the line, turns the direction or shows nothing.
HOSTILE_NAMES = (
    "line\nbreak.txt",
    "return\rback.txt",
    "escape\x1b[2J\x1b]0;title\x07.txt",
    "right\u202eftx.txt",
    "mark\u200f.txt",
    "separator\u2028.txt",
    "byte\udcff.txt",  # not UTF-8, as Python holds it
    "control\x85.txt",
    "tab\t.txt",
)


# What is counted


def test_reports_councils_and_years_are_counted_and_passage_lists_apart() -> None:
    coverage = coverage_of([SOUTHMERE, NORTHBRIDGE, NAMELESS, PASSAGES], FILES, 1234)
    assert (coverage.reports, coverage.lists, coverage.paragraphs) == (3, 1, 1234)
    assert coverage.councils == ("Northbridge", "Southmere")


def test_a_reports_year_is_its_inspections_or_else_its_publications() -> None:
    assert coverage_of([NORTHBRIDGE, SOUTHMERE, NAMELESS], [], 0).years == (2013, 2021)


def test_two_reports_of_one_council_and_year_count_once_among_them() -> None:
    coverage = coverage_of([NORTHBRIDGE, NORTHBRIDGE], [], 0)
    assert (coverage.reports, coverage.councils, coverage.years) == (2, ("Northbridge",), (2021,))


def test_the_table_tells_every_file_that_is_not_simply_in_the_index() -> None:
    assert coverage_lines(coverage_of([SOUTHMERE, NORTHBRIDGE, PASSAGES], FILES, 1234)) == [
        "Reports read           2",
        "Passage lists          1",
        "Paragraphs             1,234",
        "Councils               2",
        "Years                  2 (2013 to 2021)",
        "Files not read         2",
        "Files not kept         1",
        "Reports with warnings  1",
        "Could not be read:",
        "  a.pdf: timed out after 30 seconds",
        "  z.pdf: truncated: the file stops before its end",
        "Not kept:",
        "  n.txt: the same report as n.pdf, which is kept",
        "Read with warnings:",
        "  n.pdf: paragraph 3 is missing: 2 is followed by 4",
        "  n.pdf: paragraph 4 comes after 4",
    ]


def test_a_table_of_one_sound_report_has_no_lists() -> None:
    assert coverage_lines(coverage_of([SOUTHMERE], [], 7)) == [
        "Reports read           1",
        "Paragraphs             7",
        "Councils               1",
        "Years                  1 (2013)",
        "Files not read         0",
        "Files not kept         0",
        "Reports with warnings  0",
    ]


def test_what_a_file_says_of_itself_cannot_break_the_table() -> None:
    coverage = Coverage(
        reports=0,
        lists=0,
        paragraphs=0,
        councils=(),
        years=(),
        unreadable=(("a\nb", "c\x1b[2J"),),
        duplicates=(),
        warned=(("d\r", ("e\u202e",)),),
    )
    assert coverage_lines(coverage)[-3:] == [
        "  a\\nb: c\\x1b[2J",
        "Read with warnings:",
        "  d\\r: e\\u202e",
    ]


# Hostile names


@pytest.mark.parametrize(
    "text",
    ["children’s services – 20 august 2021.pdf", "é\u00a0漢字.txt", "back\\slash", "\uf0a7", ""],
)
def test_what_can_be_shown_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_what_would_steer_a_terminal_is_shown_as_its_escape(name: str) -> None:
    shown = printable(name)
    assert "\\" in shown
    assert shown.isprintable()
    assert shown.encode().decode() == shown


@given(st.text(st.characters()), st.text(st.characters()))
def test_names_that_differ_are_shown_differently_and_can_be_stored(one: str, other: str) -> None:
    assert (printable_name(one) == printable_name(other)) == (one == other)
    assert printable_name(one).encode().decode() == printable_name(one)
    assert len(printable_name(one).splitlines()) <= 1


def test_an_escape_in_a_name_is_told_from_the_character_it_stands_for() -> None:
    assert printable_name("a\x1b") != printable_name(r"a\x1b")


def written(folder: Path) -> Path:
    """A folder of files that cannot be read, under hostile names, and of one that can."""
    folder.mkdir()
    for name in HOSTILE_NAMES:
        (folder / name).write_bytes(b"\0\1\2")
    (folder / "sound.txt").write_text(NORTHBRIDGE_2021, encoding="utf-8")
    (folder / "lost.pdf").symlink_to("nowhere")
    (folder / "loop.pdf").symlink_to("loop.pdf")
    return folder


def test_files_are_found_under_printable_names_and_lost_links_are_not_passed_over(
    tmp_path: Path,
) -> None:
    folder = written(tmp_path / "corpus")
    found = find_files([folder])
    assert {file.name for file in found} == {
        *map(printable_name, HOSTILE_NAMES),
        "sound.txt",
        "lost.pdf",
        "loop.pdf",
    }
    assert {file.path for file in found} == set(folder.iterdir())


def test_a_pipe_among_the_files_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.txt").symlink_to("pipe.txt")
    with pytest.raises(CorpusError):
        find_files([tmp_path])


def test_names_stay_apart_where_a_longer_path_meets_a_shorter_one(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    for path in (paths[0] / "r.txt", paths[1] / "r.txt", paths[2] / "a" / "r.txt"):
        path.parent.mkdir(parents=True)
        path.touch()
    assert [file.name for file in find_files(paths)] == ["a/r.txt", "b/r.txt", "c/a/r.txt"]


# In the index, and printed


def test_a_corpus_of_hostile_names_is_built_told_and_checked(
    fake_model: Model,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("indexer.build.read_files", read_files)  # the workers themselves
    folder, index = written(tmp_path / "corpus"), tmp_path / "index"
    assert main(["build", str(folder), "--index", str(index)]) == 0
    built = capsys.readouterr().out
    assert "\nReports read           1\n" in built
    assert "\nFiles not read         11\n" in built
    for name in HOSTILE_NAMES:
        assert f"\n  {printable_name(name)}: not a text file, though its name says so\n" in built
    assert "\n  lost.pdf: cannot be opened: No such file or directory\n" in built
    assert all(line.isprintable() for line in built.splitlines())

    assert main(["build", str(folder), "--index", str(index)]) == 0
    again = capsys.readouterr().out
    assert again.splitlines()[1:] == built.splitlines()[1:]
    assert again.startswith("Nothing has changed")

    assert main(["check", "--index", str(index)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == built.splitlines()[1:]


def test_the_index_holds_what_the_build_told(fake_model: Model, tmp_path: Path) -> None:
    folder, index = written(tmp_path / "corpus"), tmp_path / "index"
    (folder / "gap.txt").write_text(
        NORTHBRIDGE_2021.replace("4. Adoption", "\n5. Adoption"), encoding="utf-8"
    )
    main(["build", str(folder), "--index", str(index)])
    generation = open_generation(index)
    try:
        coverage = generation.coverage()
    finally:
        generation.close()
    assert coverage.warned == (("gap.txt", ("paragraph 4 is missing: 3 is followed by 5",)),)
    assert (coverage.reports, coverage.councils) == (2, ("Northbridge City Council",))
    assert [file for file, _ in coverage.unreadable] == sorted(
        [*map(printable_name, HOSTILE_NAMES), "lost.pdf", "loop.pdf"]
    )


def test_reading_files_prints_a_line_a_file_whatever_they_are_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "corpus")
    assert main(["read", *map(str, sorted(folder.iterdir()))]) == 1
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == len(HOSTILE_NAMES) + 2
    assert len(out.splitlines()) == 1
    assert all(line.isprintable() for line in (out + err).splitlines())


def test_json_keeps_a_name_as_it_is_on_one_line(tmp_path: Path) -> None:

    folder = written(tmp_path / "corpus")
    paths = sorted(map(str, folder.iterdir()))
    done = subprocess.run(
        [sys.executable, "-m", "indexer", "read", *paths, "--json"],
        check=True,
        capture_output=True,
    )
    objects = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [one["file"] for one in objects] == paths
    assert done.stderr == b""


def test_nothing_readable_is_told_with_every_reason_and_printable_names(
    fake_model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "corpus")
    (folder / "sound.txt").unlink()
    assert main(["build", str(folder), "--index", str(tmp_path / "index")]) == 1
    error = capsys.readouterr().err
    assert "None of the 11 files could be read" in error
    assert all(line.isprintable() for line in error.splitlines())
