from __future__ import annotations

import multiprocessing
import os
import sys
import time
from contextlib import closing
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from index.errors import ReadingStoppedError, UnreadableFileError
from index.records import Reading
from indexer import workers
from indexer.corpus import CorpusFile
from indexer.workers import Limits, read_files
from tests import misbehaving
from tests.made_pdf import Words, made_pdf
from tests.mutations import mutant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Short, so that the tests are; a worker alone holds 25 MB.
LIMITS = Limits(seconds=2, megabytes=150)

CONTAINED = {
    "crash": "crashed the PDF library (SIGSEGV)",
    "abort": "crashed the PDF library (SIGABRT)",
    "be-killed": "its reading was killed by the system, which may have run out of memory",
    "leave": "ended the process that read it (exit code 3)",
    "interrupt": "ended the process that read it (exit code 1)",
    "loop": "timed out after 2 seconds",
    "hang": "timed out after 2 seconds",
    "grow": "needed more than 150 MB of memory",
    "swell": "needed more than 150 MB of memory",
    "ask-for-too-much": "needed more than 150 MB of memory",
    "refuse": "no text layer",
}
SURVIVED = ("peace", "hear-ctrl-c", "poison", "suffer")


def write(folder: Path, *texts: str) -> list[CorpusFile]:
    """A file for each text, named by its place and first word."""
    files = []
    for at, text in enumerate(texts):
        path = folder / f"{at:02} {text.split()[0]}.pdf"
        path.write_text(text, encoding="utf-8")
        files.append(CorpusFile(path, path.name))
    return files


def outcomes(
    files: list[CorpusFile],
    read: Callable[[Path, str], Reading] = misbehaving.read,
    limits: Limits = LIMITS,
) -> list[str]:
    """The text read from each file, or why there is none."""
    return [
        str(outcome) if isinstance(outcome, UnreadableFileError) else outcome.paragraphs[0].text
        for _, outcome in read_files(files, lambda: None, limits=limits, read=read)
    ]


@pytest.fixture(scope="module")
def deeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What came of each deed, a peaceful file before and after each."""
    folder = tmp_path_factory.mktemp("deeds")
    texts = [text for deed in CONTAINED for text in ("peace", deed)]
    found = outcomes(write(folder, *texts, *SURVIVED))
    assert found[: len(texts) : 2] == ["peace"] * len(CONTAINED)
    return dict(zip([*CONTAINED, *SURVIVED], found[1 : len(texts) : 2] + found[-4:], strict=True))


# A file costs itself alone


@pytest.mark.parametrize(("deed", "reason"), CONTAINED.items())
def test_a_file_that_misbehaves_is_named_with_a_plain_reason_and_the_others_are_read(
    deeds: dict[str, str], deed: str, reason: str
) -> None:
    assert deeds[deed] == reason


@pytest.mark.parametrize("deed", SURVIVED)
def test_a_file_that_does_no_harm_is_read_among_those_that_do(
    deeds: dict[str, str], deed: str
) -> None:
    assert deeds[deed] == deed


def test_a_fault_in_a_reader_is_told_with_its_place_and_cut_short(tmp_path: Path) -> None:
    (fault, sunk) = outcomes(write(tmp_path, "fail", "sink"))
    assert fault.startswith("the reader failed on it (IndexError: list index")
    assert fault.endswith("please report this file")
    assert "misbehaving.py, line " in fault
    assert len(fault) < 300
    assert "RecursionError" in sunk


def test_a_text_that_no_store_takes_costs_its_file_and_not_the_build(tmp_path: Path) -> None:
    [found] = outcomes(write(tmp_path, "half"), misbehaving.read_half_a_character)
    assert found.startswith("the reader failed on it (UnicodeEncodeError")


def test_what_an_earlier_file_left_behind_in_a_worker_is_not_charged_to_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "WORKERS", 1)
    assert outcomes(write(tmp_path, "poison", "suffer")) == ["poison", "suffer"]


def test_a_worker_that_dies_between_two_files_costs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "WORKERS", 1)
    reading = read_files(
        write(tmp_path, "one", "two", "three"), lambda: None, read=misbehaving.read
    )
    next(reading)
    [worker] = multiprocessing.active_children()
    worker.kill()
    worker.join()
    assert all(isinstance(outcome, Reading) for _, outcome in reading)


def test_what_a_crashing_library_says_does_not_reach_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    outcomes(write(tmp_path, "crash"))
    assert capfd.readouterr() == ("", "")


def test_a_large_file_may_take_longer_and_more_memory(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    with path.open("wb") as file:
        file.truncate(10 << 20)
    assert Limits(seconds=30, megabytes=200).for_file(path) == Limits(seconds=80, megabytes=400)
    assert Limits().for_file(tmp_path / "missing") == Limits()


# Two at once, in the order given


def test_readings_come_in_the_order_given_however_they_finish(tmp_path: Path) -> None:
    files = write(tmp_path, *"abcde", "last")
    finished: list[int] = []

    def count() -> None:
        finished.append(1)
        if len(finished) == len(files) - 1:
            (tmp_path / misbehaving.OTHERS_ARE_FINISHED).touch()

    with closing(read_files(files, count, read=misbehaving.read_first_file_last)) as reading:
        came = [next(reading)[0]]
        assert len(finished) == len(files), "all were finished before the first"
        came += (file for file, _ in reading)
    assert came == files


def test_two_processes_read_all_files(tmp_path: Path) -> None:
    found = outcomes(write(tmp_path, *"abcdef"), misbehaving.read_process)
    assert len(set(found)) == 2
    assert str(os.getpid()) not in found


def test_one_file_starts_one_process(tmp_path: Path) -> None:
    reading = read_files(write(tmp_path, "a"), lambda: None, read=misbehaving.read)
    next(reading)
    assert len(multiprocessing.active_children()) == 1
    reading.close()


def test_no_process_is_left_when_reading_stops_early(tmp_path: Path) -> None:
    reading = read_files(write(tmp_path, "peace", "loop"), lambda: None, read=misbehaving.read)
    next(reading)
    started = time.monotonic()
    reading.close()
    assert multiprocessing.active_children() == []
    assert time.monotonic() - started < 1


def test_no_files_start_no_process() -> None:
    assert list(read_files([], lambda: None)) == []


def test_a_worker_that_cannot_start_stops_the_reading_with_what_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    gone = ModuleType("gone")
    exec("def read(path, name): ...", gone.__dict__)  # noqa: S102
    monkeypatch.setitem(sys.modules, "gone", gone)
    with pytest.raises(ReadingStoppedError, match=r"cannot be started \(exit code 1\)"):
        outcomes(write(tmp_path, "a"), gone.read)
    assert "No module named 'gone'" in capfd.readouterr().err
    assert multiprocessing.active_children() == []


# The real readers


def test_mutated_pdfs_are_read_or_refused_without_a_fault(tmp_path: Path) -> None:
    sources = [
        made_pdf(
            *(
                [Words(f"{n}. Text {n} of page {page}.", top=100 + 20 * n) for n in range(1, 9)]
                for page in range(1, 4)
            )
        ),
        made_pdf([Words("Overall effectiveness", bold=True), Words("Good", x=400)]),
    ]
    files = []
    for number in range(25):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(mutant(sources, f"short/{number}"))
        files.append(CorpusFile(path, path.name))
    found = list(read_files(files, lambda: None, limits=Limits(seconds=10)))
    assert len(found) == len(files)
    assert [outcome for _, outcome in found if "the reader failed" in str(outcome)] == []


def test_a_worker_does_not_run_the_main_module_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n", encoding="utf-8")
    main = ModuleType("__main__")
    main.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert outcomes(write(tmp_path, "peace")) == ["peace"]
    assert not (tmp_path / "ran").exists()
    assert sys.modules["__main__"] is main
