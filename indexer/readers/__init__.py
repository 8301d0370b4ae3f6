"""A file → a document of lines; one reader a format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from indexer.lines import Document

SUFFIXES = frozenset({".pdf", ".txt", ".md", ".docx", ".html", ".htm"})


def read_document(path: Path) -> Document:
    """The lines of the report at `path`; raises UnreadableFileError with a plain reason."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        expected = ", ".join(sorted(SUFFIXES))
        raise UnreadableFileError(f"no reader for {suffix or 'a name without suffix'}: {expected}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"cannot be opened: {error.strerror}") from error
    if not data.strip():
        raise UnreadableFileError("the file is empty")
    return _reader(suffix)(data)


def _reader(suffix: str) -> Callable[[bytes], Document]:
    """The reader of a format, imported only now: a text corpus never loads the PDF library."""
    if suffix == ".pdf":
        from indexer.readers.pdf import read_pdf as read  # noqa: PLC0415
    elif suffix == ".docx":
        from indexer.readers.word import read_word as read  # noqa: PLC0415
    elif suffix in (".html", ".htm"):
        from indexer.readers.web import read_web_page as read  # noqa: PLC0415
    else:
        from indexer.readers.plain import read_plain as read  # noqa: PLC0415
    return read
