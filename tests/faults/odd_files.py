"""Clocks that go wrong, links in circles, names of any bytes, thousands of files of nothing."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.full_disk import disk
from tests.faults.marked import LONG_AGO, write_corpus, write_report
from tests.faults.running import (
    QUESTION,
    Ended,
    Outcome,
    asked,
    findings,
    run_builder,
    texts_held,
    unfinished,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# A day and a year in seconds, a reset clock's 1970 (as far as from 2024), and 2255: the nanoseconds
# since 1970 that the store can hold end in 2262.
_DAY = 86_400.0
_CLOCKS = (-_DAY, -365 * _DAY, -1_700_000_000.0, 230 * 365 * _DAY)
# 1600, 1901, 1970, 2200, 2262, 2446: the ends of what file systems and the store can hold.
_TIMES = (-11_676_096_000, -2_147_483_648, 0, 7_258_118_400, 9_223_372_037, 15_032_385_535)
_DISK = 16 << 20
# Bytes that a name on Linux may have, before the ".txt".
_NAMES = (
    b"quote's",
    b'double "quotes"',
    b"two\nlines",
    b"tab\tand\x1b[2Jescape",
    b"not UTF-8 \xff\xfe",
    b"half an e acute \xc3",
    b"back\\slash",
    b"--index",
    b"trailing dot.",
    b" space at both ends ",
    "right-to-left \u202etxt.fdp".encode(),
    "line\u2028separator".encode(),
    b"%s %d {name} $HOME `ls` ; & | * ?",
    b"a" * 240,
)
# A file that is empty takes a worker well under a millisecond; a machine that is busy, some times
# as long.
_SECONDS_A_FILE = 0.01


def odd_clocks(every: int = 1) -> Outcome:
    """The clock is set back or forward between two builds, each of which changes something."""
    problems = []
    clocks = _CLOCKS[::every]
    for offset in clocks:
        for first, second in ((0.0, offset), (offset, 0.0)):
            found = _built_at(first, second)
            problems += [f"clock {first:+.0f} s, then {second:+.0f} s: {one}" for one in found]
    tries = 2 * len(clocks)
    return Outcome("clock set back", tries, "built, and nothing built twice", tuple(problems))


def _built_at(first: float, second: float) -> list[str]:
    with tempfile.TemporaryDirectory() as aside:
        corpus, index = Path(aside, "corpus"), Path(aside, "index")
        write_corpus(corpus, "oldmark")
        problems = _build_problems(run_builder(corpus, index, "--clock", str(first)))
        write_corpus(corpus, "oldmark", changed="changedmark")
        problems += _build_problems(run_builder(corpus, index, "--clock", str(second)))
        problems += _missing_marks(index, {"oldmark", "changedmark"})
        third = run_builder(corpus, index, "--clock", str(second))
        if "Nothing has changed" not in third.out:
            problems.append(f"a third build does not stand still: {third.out} {third.err}")
        # Written just now, as that clock sees it: the time is not believed, the bytes are read.
        report = corpus / "0.txt"
        text = report.read_text(encoding="utf-8").replace("changedmark", "othersmark1")
        report.write_text(text, encoding="utf-8")
        problems += _build_problems(run_builder(corpus, index, "--clock", str(first)))
        problems += _missing_marks(index, {"oldmark", "othersmark1"})
        return problems + _checked(index)


def odd_times() -> Outcome:
    """Files whose time is centuries off, before and after they change."""
    problems: list[str] = []
    tries = 0
    with tempfile.TemporaryDirectory() as aside:
        place = Path(aside, "disk")
        try:
            with disk(place, _DISK) as roomy:  # which keeps times that other disks do not
                for seconds in _TIMES:
                    problems += _timed(roomy / str(tries), seconds)
                    tries += 1
        except PermissionError:
            place = Path(aside, "folder")
            for seconds in _TIMES:
                problems += _timed(place / str(tries), seconds)
                tries += 1
    return Outcome("times of files", tries, "built, changes seen", tuple(problems))


def _timed(folder: Path, seconds: int) -> list[str]:
    corpus, index = folder / "corpus", folder / "index"
    write_corpus(corpus, "oldmark")
    problems = []
    report = corpus / "0.txt"
    os.utime(report, (seconds, seconds))
    problems += _build_problems(run_builder(corpus, index))
    write_corpus(corpus, "oldmark", changed="changedmark")
    os.utime(report, (seconds, seconds))
    if not problems:
        problems += _build_problems(run_builder(corpus, index))
        problems += _missing_marks(index, {"oldmark", "changedmark"})
        problems += _checked(index)
    return [f"a file of {seconds} seconds after 1970: {one}" for one in problems]


def replaced_unseen() -> Outcome:
    """A file replaced by another of the same size and time: seen by --verify alone."""
    problems = []
    with tempfile.TemporaryDirectory() as aside:
        corpus, index = Path(aside, "corpus"), Path(aside, "index")
        write_corpus(corpus, "oldmark")
        problems += _build_problems(run_builder(corpus, index))
        write_corpus(corpus, "newmark")
        plain = run_builder(corpus, index)
        if "Nothing has changed" not in plain.out:
            problems.append(f"a plain build sees it: {plain.out}")
        verify = ("--", "build", "--verify", str(corpus), "--index", str(index))
        problems += _build_problems(run_builder(corpus, index, *verify))
        problems += _missing_marks(index, {"newmark"})
        again = run_builder(corpus, index, *verify)
        if "Nothing has changed" not in again.out:
            problems.append(f"--verify does not stand still: {again.out}")
        problems += _checked(index)
    return Outcome("same size, same time", 1, "unseen, seen with --verify", tuple(problems))


def links_in_circles() -> Outcome:
    """Folders that hold themselves, links that lead to each other, to nothing and to a report."""
    problems = []
    with tempfile.TemporaryDirectory() as aside:
        corpus, index = Path(aside, "corpus"), Path(aside, "index")
        write_corpus(corpus, "oldmark")
        (corpus / "inside").mkdir()
        (corpus / "inside" / "loop").symlink_to(corpus, target_is_directory=True)
        (corpus / "a.txt").symlink_to(corpus / "b.txt")
        (corpus / "b.txt").symlink_to(corpus / "a.txt")
        (corpus / "self.txt").symlink_to("self.txt")
        (corpus / "nowhere.txt").symlink_to("not-there.txt")
        (corpus / "again.txt").symlink_to("1.txt")
        done = run_builder(corpus, index, seconds=60)
        problems += _build_problems(done)
        problems += [
            f"{name} is not told: {done.out}"
            for name in ("a.txt", "self.txt", "nowhere.txt")
            if not re.search(rf"^.*\b{name}:? .*", done.out, re.MULTILINE)
        ]
        if len(texts_held(index)) != 32:  # four reports of eight paragraphs, each once
            problems.append(f"{len(texts_held(index))} paragraphs are held")
        if "Nothing has changed" not in run_builder(corpus, index).out:
            problems.append("a second build does not stand still")
        problems += _checked(index)
        # A corpus that is itself such a link.
        circle = Path(aside, "circle")
        circle.symlink_to(circle)
        ended = run_builder(circle, index)
        if ended.code not in (1, 2) or "Traceback" in ended.err:
            problems.append(f"a corpus that is a link to itself: {ended.code} {ended.err}")
    return Outcome("links in circles", 6, "told, each report once", tuple(problems))


def odd_names() -> Outcome:
    """Reports of any names: each is indexed, and found by the name it is given."""
    problems = []
    with tempfile.TemporaryDirectory() as aside:
        corpus, index = Path(aside, "corpus"), Path(aside, "index")
        corpus.mkdir()
        for number, name in enumerate(_NAMES):
            report = write_report(Path(aside), number, f"mark{number}x", year=2001 + number)
            # The name is of bytes, which not every system takes.
            report.rename(os.fsdecode(os.fsencode(corpus) + b"/" + name + b".txt"))
        done = run_builder(corpus, index)
        problems += _build_problems(done)
        problems += _missing_marks(index, {f"mark{number}x" for number in range(len(_NAMES))})
        if "Nothing has changed" not in run_builder(corpus, index).out:
            problems.append("a second build does not stand still")
        files = {hit.file for hit in asked(index).hits}
        if len(files) != len(_NAMES):
            problems.append(f"{len(files)} names are told: {files}")
        for file in sorted(files):
            problems += _found_by_name(corpus, index, file)
        problems += _checked(index)
    return Outcome("names of any bytes", len(_NAMES), "indexed and found", tuple(problems))


def _found_by_name(corpus: Path, index: Path, file: str) -> list[str]:
    if not file.isprintable():
        return [f"the name {file!r} is not printable"]
    command = ("search", QUESTION, "--index", str(index), f"--report={file}", "--json")
    ended = run_builder(corpus, index, "--", *command)
    with suppress(ValueError):
        if {hit["file"] for hit in json.loads(ended.out)["hits"]} == {file}:
            return []
    return [f"--report {file}: {ended.code} {ended.out[:200]} {ended.err[:200]}"]


def many_empty(count: int = 20_000) -> Outcome:
    """As many files of nothing and one report; read by the real processes."""
    problems = []
    with tempfile.TemporaryDirectory() as aside:
        corpus, index = Path(aside, "corpus"), Path(aside, "index")
        write_corpus(corpus, "oldmark", reports=1)
        for number in range(count):
            path = corpus / f"empty-{number}.txt"
            path.touch()
            os.utime(path, (LONG_AGO, LONG_AGO))
        first = run_builder(corpus, index, "--workers", seconds=600)
        problems += _build_problems(first)
        if first.seconds > 20 + count * _SECONDS_A_FILE:
            problems.append(f"the build takes {first.seconds:.0f} s")
        lines = first.out.splitlines()
        listed = {name for line in lines for name in re.findall(r"empty-\d+\.txt", line)}
        if len(listed) != count:
            problems.append(f"{len(listed)} of {count} are told: {lines[:5]}")
        second = run_builder(corpus, index, "--workers", seconds=600)
        if "Nothing has changed" not in second.out:
            problems.append("a second build does not stand still")
        if second.seconds > 5 + first.seconds / 10:
            problems.append(f"a second build takes {second.seconds:.1f} s")
        write_report(corpus, 1, "newmark")
        third = run_builder(corpus, index, "--workers", seconds=600)
        problems += _build_problems(third)
        problems += _missing_marks(index, {"oldmark", "newmark"})
        if third.seconds > 5 + first.seconds / 2:
            problems.append(f"a build with one more takes {third.seconds:.1f} s")
        started = time.monotonic()
        problems += _checked(index)
        took = time.monotonic() - started
        found = (
            f"{first.seconds:.1f} s; unchanged {second.seconds:.1f} s; one more "
            f"{third.seconds:.1f} s; check {took:.1f} s"
        )
    return Outcome(f"{count:,} empty files", 3, found, tuple(problems))


def _build_problems(ended: Ended) -> list[str]:
    if ended.code == 0 and "Published" in ended.out:
        return []
    return [f"a build ends with {ended.code}: {ended.out[-200:]} {ended.err[-300:]}".strip()]


def _missing_marks(index: Path, marks: set[str]) -> list[str]:
    """Which of `marks` no text bears, and which others are borne."""
    held = {re.sub(r"Staff of .*? say (\w+) .*", r"\1", text) for _, text in texts_held(index)}
    return [] if held == marks else [f"{sorted(held)} are held, not {sorted(marks)}"]


def _checked(index: Path) -> list[str]:
    found = findings(index)
    return [
        *(["nothing was published"] if found is None else found),
        *(f"{name} is left" for name in unfinished(index)),
    ]


def odd_files(empty: int = 20_000) -> list[Outcome]:
    """All of these."""
    cases: list[Callable[[], Outcome]] = [
        odd_clocks,
        odd_times,
        replaced_unseen,
        links_in_circles,
        odd_names,
        partial(many_empty, empty),
    ]
    return [case() for case in cases]
