"""Made pages as lists of lines, written so that they can be read and edited by hand.

A list has a row a line: size and style (B bold, I italic), left and top in points, bar, words.
"= 3" opens page 3; "→" is the gap between cells of a table; "{f06e}" is the character of that code
(bullets of symbol fonts have no other sign); "#" opens a remark.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.records import Box
from indexer.lines import Document, Line

if TYPE_CHECKING:
    from pathlib import Path

_ROW = re.compile(
    r"(?P<size>[\d.]+)(?P<style>[BI]*) +(?P<x>[\d.]+) +(?P<top>[\d.]+) \| (?P<text>.+)"
)
_CODE = re.compile(r"\{([0-9a-f]{4})\}")
_LETTER = 0.5  # of the size: a letter's width in Tahoma, on the average
_DEPTH = 0.97  # of the size: a line's height; 11.65 points in 12-point type


def lines_of(text: str) -> tuple[Line, ...]:
    """The lines of a list; raises ValueError for a row that is none."""
    page = 1
    lines = []
    for row in text.splitlines():
        if not row.strip() or row.startswith("#"):
            continue
        if row.startswith("="):
            page = int(row[1:])
            continue
        found = _ROW.fullmatch(row)
        if found is None:
            raise ValueError(f"not a row of a line list: {row!r}")
        size, x, top = float(found["size"]), float(found["x"]), float(found["top"])
        words = _CODE.sub(lambda code: chr(int(code[1], 16)), found["text"]).replace("→", "\t")
        box = Box(page, x, top, x + _LETTER * size * len(words), top + _DEPTH * size)
        bold, italic = "B" in found["style"], "I" in found["style"]
        lines.append(Line(words, box=box, size=size, bold=bold, italic=italic))
    return tuple(lines)


def document_of(path: Path) -> Document:
    lines = lines_of(path.read_text(encoding="utf-8"))
    return Document(lines, pages=max((line.box.page for line in lines if line.box), default=0))
