"""Reports that readers add to the corpus folder, or take out of it; draws nothing.

What is added or taken out is searched, or no longer, after the next build.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import threading
import time
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from index.errors import InspectionSearchError, UsageError
from index.originals import find_original
from index.printable import one_line, printable_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from index.records import SourceFile

UPLOADS_VARIABLE = "INSPECTION_SEARCH_UPLOADS"
PASSWORD_VARIABLE = "INSPECTION_SEARCH_PASSWORD"  # noqa: S105 the name of one
CORPUS_VARIABLE = "INSPECTION_SEARCH_CORPUS"
PROJECT = Path(__file__).parents[1]

SUFFIXES = (".pdf", ".docx", ".txt", ".html", ".htm")
# The largest of the 431 published reports has 4 MB; scanned ones may have ten times that.
MOST_MEGABYTES = 50
MOST_FILES = 20
# With the folder's own, far below the 255 bytes that file systems allow.
_LONGEST_STEM = 100
_REMOVED = ".removed"  # hidden, so that no build reads it
_NOT_NAMES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|readme)(\..*)?", re.IGNORECASE)
_BEGINNINGS = {".pdf": b"%PDF-", ".docx": b"PK\x03\x04"}
# PDF readers allow what servers put before the header; Adobe's looks at so many bytes.
_LOOKED_AT = 1024
_adding = threading.Lock()


def uploads_allowed() -> bool:
    """Whether readers may change the corpus: only where the configuration says so."""
    return os.environ.get(UPLOADS_VARIABLE) == "1"


def configured_password() -> str | None:
    """The password that unlocks changes, None where they need none."""
    return os.environ.get(PASSWORD_VARIABLE) or None


def corpus_folder(roots: Iterable[str]) -> Path:
    """The folder that reports are added to and builds are made from.

    `roots` are the folders that the present index was built from: a build from another folder would
    drop what they hold. Raises UsageError.
    """
    folder = Path(os.environ.get(CORPUS_VARIABLE) or PROJECT / "corpus").absolute()
    if not folder.is_dir():
        raise UsageError(
            f"The folder of the reports, {folder}, is not there. Make it, or name another in "
            f"{CORPUS_VARIABLE}, and start the server again."
        )
    outside = [root for root in roots if not Path(root).resolve().is_relative_to(folder.resolve())]
    if outside:
        raise UsageError(
            f"The index was built from {', '.join(outside)}, and reports would be added to "
            f"{folder}: a build from there would drop the others. Set {CORPUS_VARIABLE} to the "
            "folder that the index was built from, and start the server again."
        )
    return folder


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one uploaded file; `name` is the uploaded one, printable, `detail` says more.

    For "added" the detail is the name in the corpus, for "duplicate" that of the file that has the
    same bytes, for "refused" the reason.
    """

    name: str
    outcome: Literal["added", "duplicate", "refused"]
    detail: str


def add_reports(folder: Path, uploads: Iterable[tuple[str, bytes]]) -> list[Added]:
    """Put each file, a pair of name and bytes, into `folder`, and say what became of it."""
    return [
        _add(folder, name, data)
        if place < MOST_FILES
        else Added(one_line(name), "refused", f"more than {MOST_FILES} files at once")
        for place, (name, data) in enumerate(uploads)
    ]


def _add(folder: Path, name: str, data: bytes) -> Added:
    shown = one_line(name)
    try:
        own = safe_name(name)
        _check(own, data)
        with _adding:
            same = next(_same_bytes(folder, data), None)
            if same is not None:
                return Added(shown, "duplicate", one_line(same.relative_to(folder).as_posix()))
            path = _free(folder, own)
            # Hidden until it is whole: a build that runs meanwhile must not read half of it.
            aside = folder / f".{path.name}.part"
            try:
                aside.write_bytes(data)
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)
    except InspectionSearchError as error:
        return Added(shown, "refused", str(error))
    except OSError as error:
        return Added(shown, "refused", f"it cannot be stored: {error.strerror or error}")
    return Added(shown, "added", path.name)


def _check(name: str, data: bytes) -> None:
    """Raise UsageError for what need not be read to know that it is no report."""
    if not data.strip():
        raise UsageError("the file is empty")
    if len(data) > MOST_MEGABYTES * 1024 * 1024:
        raise UsageError(f"larger than {MOST_MEGABYTES} MB")
    suffix = Path(name).suffix
    if _BEGINNINGS.get(suffix, b"") not in data[:_LOOKED_AT]:
        kind = suffix.removeprefix(".").upper()
        raise UsageError(f"its name says {kind}, and it is none")


def safe_name(name: str) -> str:
    """A name for the corpus folder: letters, digits, spaces and -_.,'()&, and no path.

    Raises UsageError for a suffix that no reader reads.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    stem, dot, ending = last.rpartition(".")
    suffix = f".{ending}".lower() if dot else ""
    if suffix not in SUFFIXES:
        kinds = ", ".join(one.removeprefix(".").upper() for one in SUFFIXES[:-1])
        raise UsageError(f"only {kinds} files can be added")
    plain = "".join(letter if letter.isalnum() or letter in " -_.,'()&" else "-" for letter in stem)
    while len(plain.encode()) > _LONGEST_STEM:
        plain = plain[:-1]
    plain = plain.strip(" .-") or "report"
    if _NOT_NAMES.fullmatch(plain):  # names that Windows keeps for itself, or the build passes over
        plain = f"report {plain}"
    return plain + suffix


def _free(folder: Path, name: str) -> Path:
    """A path in `folder` that is not taken, "name 2.pdf" where "name.pdf" is."""
    path, number = folder / name, 1
    while path.exists() or path.is_symlink():
        number += 1
        path = folder / f"{Path(name).stem} {number}{Path(name).suffix}"
    return path


def _same_bytes(folder: Path, data: bytes) -> Iterator[Path]:
    """The files under `folder` that a build would read, and that hold these bytes."""
    digest = hashlib.sha256(data).digest()
    for path in corpus_files(folder):
        with suppress(OSError):  # what cannot be read is told by the build
            if path.stat().st_size == len(data):
                with path.open("rb") as file:
                    same = hashlib.file_digest(file, "sha256").digest() == digest
                if same:
                    yield path


def corpus_files(folder: Path) -> Iterator[Path]:
    """The files under `folder` that are not hidden, by name."""
    for directory, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(directory, name)
            if not name.startswith(".") and path.is_file():
                yield path


def waiting(folder: Path, files: Iterable[SourceFile]) -> list[str]:
    """The names of files in `folder` that the index does not know, which was made of `files`."""
    known = {one.file for one in files}
    names = (printable_name(path.relative_to(folder).as_posix()) for path in corpus_files(folder))
    return [name for name in names if name not in known and Path(name).stem.upper() != "README"]


def remove_report(folder: Path, files: Iterable[SourceFile], report_id: str) -> list[str]:
    """Move a report's file, and those that were passed over for it, aside; their names.

    They stay in a hidden folder of the corpus, so that a mistake can be mended by hand. Raises
    UsageError where the report's file is not in `folder` as it was read.
    """
    sources = [one for one in files if one.report_id == report_id]
    paths = [path for one in sources if (path := find_original(one, [str(folder)])) is not None]
    if not any(one.outcome == "read" for one in sources) or len(paths) < len(sources):
        raise UsageError(
            "The report's file is no longer in the corpus folder as it was read. Build the index "
            "again, and look whether the report is still there."
        )
    aside = folder / _REMOVED / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    names = []
    try:
        for path in paths:
            name = path.relative_to(folder.resolve())
            target = aside / name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
            names.append(one_line(name.as_posix()))
    except OSError as error:
        raise UsageError(f"The file cannot be moved: {error.strerror or error}.") from error
    return names


class Tries:
    """How often a password may be tried: so many times a minute, by all readers together.

    By all together, since whoever guesses can open as many sessions as he likes.
    """

    def __init__(self, most: int = 5, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now = most, now
        self._lock = threading.Lock()
        self._wrong: list[float] = []

    def unlock(self, given: str, password: str) -> bool:
        """Whether `given` is the password. Raises UsageError when there were too many tries."""
        with self._lock:
            now = self._now()
            self._wrong = [at for at in self._wrong if now - at < 60]  # noqa: PLR2004 a minute
            if len(self._wrong) >= self._most:
                raise UsageError("Too many wrong passwords. Wait a minute, and try again.")
            right = hmac.compare_digest(
                given.encode(errors="replace"), password.encode(errors="surrogateescape")
            )
            if not right:
                self._wrong.append(now)
            return right


TRIES = Tries()
