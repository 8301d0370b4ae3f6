"""Paths → the files to index, each with its name relative to the corpus."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import CorpusError, UsageError
from index.printable import printable_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEFAULT_CORPUS = Path(__file__).parents[1] / "corpus"


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A file to index: where it lies, and its name relative to the corpus, made printable."""

    path: Path
    name: str


def find_files(paths: Sequence[Path]) -> list[CorpusFile]:
    """Every file under `paths`, by name; hidden files and READMEs are not reports.

    A name is relative to the folder that was given; where two folders hold the same name, both are
    told relative to what the folders have in common. Raises UsageError for a path that is missing,
    CorpusError where nothing is found.
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise UsageError(
            f"There is no file or folder {', '.join(map(str, missing))}. "
            "Name the folder that holds the reports, or none for the corpus/ of this project."
        )
    found = {
        Path(os.path.realpath(file)): CorpusFile(file, _name(file, root))
        for path in paths
        for root in [path if path.is_dir() else path.parent]
        for file in (_walk(path) if path.is_dir() else [path])
    }
    if not found:
        raise CorpusError(
            f"There are no reports in {', '.join(map(str, paths))}: the folder is empty. Put "
            "reports (.pdf, .docx, .html, .txt) or passage lists (.jsonl, .csv) there, and build "
            "again."
        )
    times = Counter(file.name for file in found.values())
    common = Path(os.path.commonpath([os.fspath(path) for path in found]))
    files = [
        file if times[file.name] == 1 else CorpusFile(file.path, _name(full, common))
        for full, file in found.items()
    ]
    if len({file.name for file in files}) < len(files):  # a longer name met another's short one
        files = [CorpusFile(file.path, _name(full, common)) for full, file in found.items()]
    return sorted(files, key=lambda file: file.name)


def roots_of(files: Sequence[CorpusFile]) -> tuple[str, ...]:
    """The folders, whole, that the names of `files` are relative to; each once."""
    roots = set()
    for file in files:
        whole = os.fspath(file.path.absolute())
        if whole.endswith(os.sep + file.name):  # not where a name was made printable
            roots.add(whole.removesuffix(os.sep + file.name) or os.sep)
    return tuple(sorted(roots))


def _name(file: Path, root: Path) -> str:
    return printable_name(file.relative_to(root).as_posix())


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _raise(error: OSError) -> None:
    """A folder that cannot be read must not look like an empty one."""
    raise error


def _walk(folder: Path) -> Iterator[Path]:
    # Links to folders are not followed: a loop of them would have no end.
    for directory, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(directory, name)
            # A link that leads nowhere is a file that cannot be read, and is told as one.
            lost = path.is_symlink() and not path.exists()
            hidden = name.startswith(".") or path.stem.upper() == "README"
            if not hidden and (path.is_file() or lost):
                yield path
