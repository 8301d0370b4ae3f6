"""Reports that readers add and remove: names, sizes, duplicates, passwords."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pages.uploads
from index.errors import UsageError
from index.records import SourceFile
from indexer.corpus import find_files
from indexer.readers import SUFFIXES as READ
from pages.uploads import (
    CORPUS_VARIABLE,
    MOST_FILES,
    PASSWORD_VARIABLE,
    SUFFIXES,
    UPLOADS_VARIABLE,
    Tries,
    add_reports,
    configured_password,
    corpus_folder,
    remove_report,
    safe_name,
    uploads_allowed,
    waiting,
)
from tests.made_pdf import Words, made_pdf

if TYPE_CHECKING:
    from pathlib import Path

PDF = made_pdf([Words("1. Children are safe.")])

GOOD_NAMES = [
    ("Leeds 2022.pdf", "Leeds 2022.pdf"),
    ("LEEDS.PDF", "LEEDS.pdf"),
    ("../../etc/passwd.txt", "passwd.txt"),
    ("C:\\Users\\ann\\report.docx", "report.docx"),
    (".hidden.pdf", "hidden.pdf"),
    ("-rf.pdf", "rf.pdf"),
    ("a\x00b\u202ec.pdf", "a-b-c.pdf"),
    ("<img src=x>.html", "img src-x.html"),
    ("=cmd|calc.txt", "cmd-calc.txt"),
    ("...pdf", "report.pdf"),
    ("con.pdf", "report con.pdf"),
    ("Readme.txt", "report Readme.txt"),
    ("Zürich, O'Neill & co (2).pdf", "Zürich, O'Neill & co (2).pdf"),
    ("x" * 10_000 + ".pdf", "x" * 100 + ".pdf"),
    ("é" * 300 + ".pdf", "é" * 50 + ".pdf"),
    ("lone \udcff.pdf", "lone.pdf"),
]


@pytest.mark.parametrize(("given_name", "safe"), GOOD_NAMES)
def test_a_name_is_made_safe(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


@pytest.mark.parametrize("name", ["", "pdf", "report", "run.exe", "list.csv", "x.pdf.sh", "a.pdf/"])
def test_other_kinds_of_files_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="only PDF, DOCX, TXT, HTML files can be added"):
        safe_name(name)


@given(st.text(max_size=80), st.sampled_from(SUFFIXES))
def test_no_name_leads_out_of_the_folder_or_is_passed_over(stem: str, suffix: str) -> None:
    name = safe_name(stem + suffix)
    assert os.path.basename(name) == name  # noqa: PTH119 as the system takes names apart
    assert name.isprintable()
    assert len(name.encode()) < 120
    assert not name.startswith((".", "-", " "))
    assert name.endswith(suffix)
    assert safe_name(name) == name


def test_every_kind_that_can_be_added_has_a_reader() -> None:
    assert set(SUFFIXES) <= READ


def test_a_report_is_added_under_its_own_name(tmp_path: Path) -> None:
    [added] = add_reports(tmp_path, [("Leeds.pdf", PDF)])
    assert (added.name, added.outcome, added.detail) == ("Leeds.pdf", "added", "Leeds.pdf")
    assert (tmp_path / "Leeds.pdf").read_bytes() == PDF
    assert [one.name for one in tmp_path.iterdir()] == ["Leeds.pdf"]


def test_another_report_of_the_same_name_gets_a_number(tmp_path: Path) -> None:
    names = [
        one.detail for one in add_reports(tmp_path, [("a.txt", bytes([65 + n])) for n in range(3)])
    ]
    assert names == ["a.txt", "a 2.txt", "a 3.txt"]
    assert (tmp_path / "a.txt").read_bytes() == b"A"


def test_the_same_bytes_are_not_added_again_whatever_their_name(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "there.pdf").write_bytes(PDF)
    first, second, third = add_reports(
        tmp_path, [("x.pdf", PDF), ("y.txt", b"new"), ("z.txt", b"new")]
    )
    assert (first.outcome, first.detail) == ("duplicate", "old/there.pdf")
    assert (second.outcome, third.outcome, third.detail) == ("added", "duplicate", "y.txt")


def test_a_removed_report_may_be_added_again(tmp_path: Path) -> None:
    (tmp_path / ".removed").mkdir()
    (tmp_path / ".removed" / "there.pdf").write_bytes(PDF)
    assert add_reports(tmp_path, [("x.pdf", PDF)])[0].outcome == "added"


REFUSED = [
    ("x.pdf", b"", "the file is empty"),
    ("x.txt", b" \n", "the file is empty"),
    ("x.pdf", b"<html>", "its name says PDF, and it is none"),
    ("x.docx", b"%PDF-1.4", "its name says DOCX, and it is none"),
    ("x.exe", b"MZ", "only PDF"),
]


@pytest.mark.parametrize(("name", "data", "reason"), REFUSED)
def test_what_is_no_report_is_refused_with_a_reason(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    [refused] = add_reports(tmp_path, [(name, data)])
    assert refused.outcome == "refused"
    assert reason in refused.detail
    assert list(tmp_path.iterdir()) == []


def test_too_large_and_too_many_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages.uploads, "MOST_MEGABYTES", 0)
    assert add_reports(tmp_path, [("x.txt", b"x")])[0].detail == "larger than 0 MB"
    monkeypatch.undo()
    added = add_reports(tmp_path, [(f"{n}.txt", b"%d" % n) for n in range(MOST_FILES + 1)])
    assert [one.outcome for one in added] == ["added"] * MOST_FILES + ["refused"]


def test_a_disk_that_refuses_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    [refused] = add_reports(tmp_path, [("x.txt", b"x")])
    assert refused.detail == "it cannot be stored: No space left on device"
    assert list(tmp_path.iterdir()) == []


def source(path: Path, folder: Path, own: str = "r", outcome: str = "read") -> SourceFile:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    name = path.relative_to(folder).as_posix()
    return SourceFile(name, len(data), 0, digest, outcome, own, None)  # type: ignore[arg-type]


def test_a_report_is_moved_aside_with_what_was_passed_over_for_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    paths = [tmp_path / "in" / "a.txt", tmp_path / "b.txt", tmp_path / "other.txt"]
    for path in paths:
        path.write_text(path.name)
    files = [
        source(paths[0], tmp_path),
        source(paths[1], tmp_path, outcome="duplicate"),
        source(paths[2], tmp_path, own="other"),
    ]
    assert remove_report(tmp_path, files, "r") == ["in/a.txt", "b.txt"]
    assert [one.name for one in find_files([tmp_path])] == ["other.txt"]
    kept = sorted(path.name for path in (tmp_path / ".removed").rglob("*.txt"))
    assert kept == ["a.txt", "b.txt"]


def test_a_report_whose_file_has_changed_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("as it was read")
    files = [source(path, tmp_path)]
    path.write_text("as it is now..")
    with pytest.raises(UsageError, match="no longer in the corpus folder as it was read"):
        remove_report(tmp_path, files, "r")
    with pytest.raises(UsageError, match="no longer in the corpus folder"):
        remove_report(tmp_path, files, "unknown")
    assert path.exists()


def test_a_file_outside_the_folder_is_not_removed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "a.txt", tmp_path / "corpus"
    outside.write_text("text")
    folder.mkdir()
    named = source(outside, tmp_path)
    escaping = SourceFile("../a.txt", named.bytes, 0, named.sha256, "read", "r", None)
    with pytest.raises(UsageError, match="no longer in the corpus folder"):
        remove_report(folder, [escaping], "r")
    assert outside.exists()


def test_files_that_the_index_does_not_know_wait_for_a_rebuild(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", ".hidden.txt", "README.md"):
        (tmp_path / name).write_text(name)
    assert waiting(tmp_path, [source(tmp_path / "a.txt", tmp_path)]) == ["b.txt"]


def test_changes_are_off_unless_the_configuration_allows_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for value, allowed in (("", False), ("0", False), ("true", False), ("1", True)):
        monkeypatch.setenv(UPLOADS_VARIABLE, value)
        assert uploads_allowed() is allowed
    monkeypatch.delenv(UPLOADS_VARIABLE)
    assert not uploads_allowed()
    monkeypatch.setenv(PASSWORD_VARIABLE, "")
    assert configured_password() is None


def test_the_folder_must_hold_all_that_the_index_was_built_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = tmp_path / "corpus"
    monkeypatch.setenv(CORPUS_VARIABLE, str(corpus))
    with pytest.raises(UsageError, match="is not there"):
        corpus_folder([])
    (corpus / "2022").mkdir(parents=True)
    assert corpus_folder([]) == corpus
    assert corpus_folder([str(corpus), str(corpus / "2022")]) == corpus
    with pytest.raises(UsageError, match="would drop the others"):
        corpus_folder([str(corpus), str(tmp_path)])


def test_five_wrong_passwords_a_minute_are_too_many() -> None:
    clock = [0.0]
    tries = Tries(most=5, now=lambda: clock[0])
    assert tries.unlock("pässword", "pässword")
    for _ in range(5):
        assert not tries.unlock("guess", "pässword")
    with pytest.raises(UsageError, match="Too many wrong passwords"):
        tries.unlock("pässword", "pässword")
    clock[0] = 60.0
    assert tries.unlock("pässword", "pässword")


@pytest.mark.parametrize("given_text", ["", "pass", "password ", "\udcff", "пароль"])
def test_no_other_text_is_the_password(given_text: str) -> None:
    assert not Tries().unlock(given_text, "password")
