"""What every reader hands to the one splitter: a document as lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.records import Box


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line.

    `box` and `size` (points) are None for formats without positions; `heading` is the level a file
    states outright (`# `, Word's heading styles, `h2`), else None; `blank_before` is true where the
    format shows a blank line or a wider gap above; `whole` where it states that a paragraph begins
    here, as Word and HTML do and a text file's blank lines do not.
    """

    text: str
    box: Box | None = None
    size: float | None = None
    bold: bool = False
    italic: bool = False
    heading: int | None = None
    blank_before: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A file's lines in reading order; `pages` is None for formats without pages."""

    lines: tuple[Line, ...]
    pages: int | None
