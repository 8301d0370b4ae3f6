"""One file → all that is read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.errors import UnreadableFileError
from index.records import Reading
from indexer.paragraphs import split_paragraphs
from indexer.readers import read_document
from indexer.reports import read_facts

if TYPE_CHECKING:
    from pathlib import Path

PASSAGE_LISTS = frozenset({".jsonl", ".csv"})


def read_file(path: Path, name: str) -> Reading:
    """What the file at `path`, called `name` in its corpus, says; raises UnreadableFileError."""
    try:
        if path.suffix.lower() in PASSAGE_LISTS:
            # Only now: pydantic takes longer to import than a report to read.
            from indexer.passage_lists import read_passage_list  # noqa: PLC0415

            reading = read_passage_list(path)
        else:
            document = read_document(path)
            split = split_paragraphs(document)
            reading = Reading(
                facts=read_facts(document, name),
                paragraphs=split.paragraphs,
                unnumbered=split.unnumbered,
                warnings=split.warnings,
            )
    except OSError as error:
        raise UnreadableFileError(f"cannot be opened: {error.strerror or error}") from error
    if not reading.paragraphs and not reading.unnumbered:
        raise UnreadableFileError(
            "no paragraphs were found in it; expected an inspection report with numbered paragraphs"
        )
    return reading
