"""Files that are written once: what is recorded of each, and how it reaches the disk."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class FileRecord(BaseModel):
    """Size in bytes and SHA-256 of one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: int
    sha256: str


def file_record(path: Path) -> FileRecord:
    """The record of the file as it is. Raises OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileRecord(bytes=os.fstat(file.fileno()).st_size, sha256=digest)


def file_problems(folder: Path, expected: Mapping[str, FileRecord]) -> list[str]:
    """What is wrong with the files in `folder`, a clause each, against what was written."""
    problems = []
    for name, record in expected.items():
        try:
            found = file_record(folder / name)
        except OSError as error:
            problems.append(f"{name} cannot be read ({reason(error)})")
            continue
        if found != record:
            problems.append(
                f"{name} has {found.bytes} bytes with SHA-256 {found.sha256[:12]}…, and "
                f"{record.bytes} with {record.sha256[:12]}… were written"
            )
    return problems


def write_durably(path: Path, text: str) -> None:
    """Write `text` to `path`, on the disk when this returns."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Have a file or folder reach the disk."""
    if path.is_dir() and os.name == "nt":  # Windows opens no folder
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be read, in a few words."""
    if isinstance(error, UnicodeDecodeError):
        return error.reason
    return (isinstance(error, OSError) and error.strerror) or str(error)
