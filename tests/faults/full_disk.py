"""No room, no permission: a build says what to mend, and what was published goes on serving."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.manifest import GENERATIONS, published_names
from index.models import MODEL_VARIABLE
from tests.faults.marked import write_corpus
from tests.faults.running import (
    Ended,
    Outcome,
    cached_texts,
    run_builder,
    still_problems,
    texts_held,
    told,
    unfinished,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# nobody, on every Linux; any that is not root and owns nothing would do.
NOBODY = 65534
_PAGE = 4096  # what a tmpfs gives out at a time
_PLENTY = 64 << 20  # bytes of the made disk; an index of these corpora has less than one
# How lines that tell of progress on standard error end.
_PROGRESS = re.compile(r".*( …|: \d+ %, about \d+ s left|Building it from the start\.)")


@dataclass(frozen=True, slots=True)
class _Indexed:
    """An index of two generations, what it holds, and a corpus of which it lacks half."""

    index: Path
    held: frozenset[tuple[str, str]]
    corpus: Path
    after: frozenset[tuple[str, str]]


def _prepare(folder: Path) -> _Indexed:
    old = write_corpus(folder / "old", "oldmark")
    first = write_corpus(folder / "first", "oldmark", changed="firstone")
    new = write_corpus(folder / "new", "changedmark", reports=6)
    index = folder / "prepared"
    held = {}
    for corpus in (new, first, old):
        done = run_builder(corpus, index)
        if done.code != 0:
            raise RuntimeError(f"The index to start from cannot be built: {done.err}")
        held[corpus] = texts_held(index)
    # The texts of what was first are no longer in the cache: they have to be encoded.
    return _Indexed(index, held[old], new, held[new])


def message_problems(ended: Ended, expected: str) -> list[str]:
    """What is wrong with how a build ended that could not go on: one line, which says why."""
    said = [line for line in ended.err.splitlines() if not _PROGRESS.fullmatch(line)]
    problems = []
    if ended.code != 1:
        problems.append(f"exit code {ended.code}")
    if "Traceback" in ended.err:
        problems.append(f"a traceback: {said[-1] if said else ''}")
    elif len(said) != 1:
        problems.append(f"{len(said)} lines of error: {said[:3]}")
    elif not re.search(expected, said[0]) or not re.search(r"[Mm]end|again|indexer", said[0]):
        problems.append(f"the error does not say what to mend: {said[0]}")
    return problems


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Path]:
    """`folder` as a disk of its own of `size` bytes. Raises PermissionError where none is made."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise PermissionError(f"No disk can be made here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def disk_full(tries: int = 40) -> Outcome:
    """A disk on which from nothing to more than enough is free."""
    with tempfile.TemporaryDirectory() as aside:
        prepared = _prepare(Path(aside))
        try:
            with disk(Path(aside, "disk"), _PLENTY) as small:
                return _fill_disk(prepared, small, tries)
        except PermissionError as error:
            return Outcome("disk full", 0, f"{error} See: no file beyond a size.", ())


def _fill_disk(prepared: _Indexed, small: Path, tries: int) -> Outcome:
    index, filler = small / "index", small / "filler"
    shutil.copytree(prepared.index, index)
    before = shutil.disk_usage(small).used
    run_builder(prepared.corpus, index)
    # The third generation is there before the first is cleared away.
    need = shutil.disk_usage(small).used - before + _size(index / GENERATIONS)
    problems: list[str] = []
    ends: Counter[str] = Counter()
    for number in range(tries):
        free = int(need * number / max(tries - 1, 1)) // _PAGE * _PAGE
        shutil.rmtree(index)
        shutil.copytree(prepared.index, index)
        with filler.open("wb") as file:
            left = shutil.disk_usage(small).free
            os.posix_fallocate(file.fileno(), 0, max(left - free, 1))
        found = _try_without_room(prepared, index, filler)
        ends["built" if found is None else "refused"] += 1
        problems += [f"{free:,} bytes free: {problem}" for problem in found or []]
    return Outcome("disk full", tries, _counted(ends), tuple(problems))


def _try_without_room(prepared: _Indexed, index: Path, filler: Path) -> list[str] | None:
    """What is wrong when the disk is full, and once there is room again; None if it was built."""
    name = published_names(index)[0]
    log = filler.parents[1] / "log"
    log.unlink(missing_ok=True)
    ended = run_builder(prepared.corpus, index)
    if ended.code == 0 and published_names(index)[0] != name:
        filler.unlink()
        return still_problems(index, prepared.after) or None
    problems = message_problems(ended, r"No space left|disk is full|disk full")
    problems += still_problems(index, prepared.held)
    filler.unlink()
    cached = cached_texts(index, {text for _, text in prepared.after})
    again = run_builder(prepared.corpus, index, "--log", log)
    if again.code != 0:
        return [*problems, f"with room again the build fails: {again.err[-300:]}"]
    problems += [f"with room again: {one}" for one in still_problems(index, prepared.after)]
    problems += [f"with room again the build leaves {one}" for one in unfinished(index)]
    if twice := cached & set(told(log, "asked")):
        problems.append(f"{len(twice)} texts were encoded again")
    return problems


def file_too_large(tries: int = 24) -> Outcome:
    """No file may be larger than a limit, from nothing to more than enough."""
    problems: list[str] = []
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as aside:
        prepared = _prepare(Path(aside))
        run_builder(prepared.corpus, Path(aside, "whole"))
        most = max(path.stat().st_size for path in Path(aside, "whole").rglob("*"))
        for number in range(tries):
            # What a builder says is a file too, and has to have room.
            limit = _PAGE + int(most * number / max(tries - 1, 1))
            index = Path(aside, "index")
            shutil.copytree(prepared.index, index)
            ended = run_builder(prepared.corpus, index, "--file-limit", str(limit))
            if ended.code == 0:
                ends["built"] += 1
                found = still_problems(index, prepared.after)
            else:
                ends["refused"] += 1
                found = message_problems(ended, r"File too large|disk is full|disk I/O|No space")
                found += still_problems(index, prepared.held)
            problems += [f"files of {limit:,} bytes at most: {one}" for one in found]
            shutil.rmtree(index)
    return Outcome("no file beyond a size", tries, _counted(ends), tuple(problems))


def not_permitted() -> Outcome:
    """Folders that may only be read, or not even that; asked for as another user."""
    cases = (
        _folder_that_may_only_be_read,
        _disk_that_may_only_be_read,
        _folder_that_may_not_be_read,
        _files_that_may_not_be_read,
        _parent_that_may_not_be_written,
        _report_that_may_not_be_read,
        _corpus_that_may_not_be_read,
        _part_of_the_corpus_that_may_not_be_read,
    )
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as aside, _model_for_everybody(Path(aside)):
        whole = _prepare(Path(aside, "whole"))
        for case in cases:
            folder = Path(aside, case.__name__)
            shutil.copytree(Path(aside, "whole"), folder)
            prepared = replace(
                whole, index=folder / whole.index.name, corpus=folder / whole.corpus.name
            )
            with suppress(PermissionError):  # no disk can be made: the other cases stand
                found = case(prepared, folder)
                problems += [f"{case.__name__[1:].replace('_', ' ')}: {one}" for one in found]
            _open_again(folder)
    user = "as another user" if os.geteuid() == 0 else "as this user"
    return Outcome("not permitted", len(cases), user, tuple(problems))


@contextmanager
def _model_for_everybody(folder: Path) -> Iterator[None]:
    """The configured model in `folder`, where another user may read it."""
    folder.chmod(0o755)
    before = os.environ[MODEL_VARIABLE]
    shutil.copytree(before, folder / "model")
    os.environ[MODEL_VARIABLE] = str(folder / "model")
    try:
        yield
    finally:
        os.environ[MODEL_VARIABLE] = before


def _user() -> tuple[str, ...]:
    # Nothing is forbidden to root.
    return ("--user", str(NOBODY)) if os.geteuid() == 0 else ()


def _refused_build(prepared: _Indexed, index: Path, expected: str) -> list[str]:
    return message_problems(run_builder(prepared.corpus, index, *_user()), expected)


def _served(prepared: _Indexed, index: Path, user: Sequence[str] = ()) -> list[str]:
    """What is wrong with `check` and `search` of an index that may be read."""
    problems = still_problems(index, prepared.held)
    check = run_builder(prepared.corpus, index, *user, "--", "check", "--index", str(index))
    if check.code != 0 or check.err or "is sound" not in check.out:
        problems.append(f"check: exit code {check.code}, {check.out} {check.err}")
    asked = run_builder(
        prepared.corpus, index, *user, "--", "search", "care leavers", "--index", str(index)
    )
    if asked.code != 0 or asked.err or "oldmark" not in asked.out:
        problems.append(f"search: exit code {asked.code}, {asked.out[-200:]} {asked.err}")
    return problems


def _folder_that_may_only_be_read(prepared: _Indexed, folder: Path) -> list[str]:
    _take_away(prepared.index, 0o222)
    return [
        *_refused_build(prepared, prepared.index, "Permission denied"),
        *_served(prepared, prepared.index, _user()),
    ]


def _disk_that_may_only_be_read(prepared: _Indexed, folder: Path) -> list[str]:
    with disk(folder / "disk", _PLENTY) as small:
        index = small / "index"
        shutil.copytree(prepared.index, index)
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        return [
            *message_problems(run_builder(prepared.corpus, index), "Read-only file system"),
            *_served(prepared, index),
        ]


def _folder_that_may_not_be_read(prepared: _Indexed, folder: Path) -> list[str]:
    index = prepared.index
    index.chmod(0)
    problems = _refused_build(prepared, index, "Permission denied")
    for command in (("check",), ("search", "care leavers")):
        ended = run_builder(prepared.corpus, index, *_user(), "--", *command, "--index", str(index))
        said = Ended(ended.code, "", ended.out + ended.err, 0)
        problems += [f"{command[0]}: {one}" for one in message_problems(said, "cannot be read")]
    return problems


def _files_that_may_not_be_read(prepared: _Indexed, folder: Path) -> list[str]:
    """The files of the generation alone; the pointer and its manifest may be read."""
    index = prepared.index
    name = published_names(index)[0]
    for path in (index / GENERATIONS / str(name)).rglob("*.*"):
        if path.is_file() and path.name != "manifest.json":
            path.chmod(0)
    problems = []
    for command in (("check",), ("search", "care leavers")):
        ended = run_builder(prepared.corpus, index, *_user(), "--", *command, "--index", str(index))
        said = Ended(ended.code, "", ended.out + ended.err, 0)
        problems += [f"{command[0]}: {one}" for one in message_problems(said, "Permission denied")]
    return problems


def _parent_that_may_not_be_written(prepared: _Indexed, folder: Path) -> list[str]:
    (folder / "parent").mkdir(mode=0o555)
    return _refused_build(prepared, folder / "parent" / "index", "Permission denied")


def _report_that_may_not_be_read(prepared: _Indexed, folder: Path) -> list[str]:
    """The others are indexed, and that one is told."""
    (prepared.corpus / "0.txt").chmod(0)
    ended = _build_where_all_may(prepared, folder)
    if ended.code != 0 or not re.search(r"0\.txt.*Permission denied", ended.out):
        return [f"exit code {ended.code}, {ended.out} {ended.err}"]
    return []


def _corpus_that_may_not_be_read(prepared: _Indexed, folder: Path) -> list[str]:
    prepared.corpus.chmod(0)
    return message_problems(_build_where_all_may(prepared, folder), "Permission denied")


def _part_of_the_corpus_that_may_not_be_read(prepared: _Indexed, folder: Path) -> list[str]:
    """Reports that are there must not vanish unsaid."""
    closed = prepared.corpus / "closed"
    write_corpus(closed, "closedmark", reports=1)
    closed.chmod(0)
    ended = _build_where_all_may(prepared, folder)
    if ended.code != 0 or re.search(r"closed.*Permission denied", ended.out + ended.err):
        return []
    return [f"it is not told: {ended.out}"]


def _build_where_all_may(prepared: _Indexed, folder: Path) -> Ended:
    everybodys = folder / "everybodys"
    everybodys.mkdir()
    everybodys.chmod(0o777)
    return run_builder(prepared.corpus, everybodys / "index", *_user())


def _take_away(folder: Path, bits: int) -> None:
    for path in (*folder.rglob("*"), folder):
        path.chmod(path.stat().st_mode & ~bits)


def _open_again(folder: Path) -> None:
    """So that it can be taken away."""
    for directory, _, _ in os.walk(folder):
        Path(directory).chmod(0o755)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.most_common())
