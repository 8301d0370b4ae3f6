"""A document's lines without what surrounds the text; pure.

Gone are running headers and footers, page numbers, footnotes, tables in small print, covers and
lists of contents. Formats without positions have none of these and pass unchanged.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from indexer.headings import grade_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from indexer.lines import Document, Line

# Points from the page's edges. Headers stand at 38 (Medway 2013), footers from 768 of 842
# (Leeds 2015: 748); body text runs from 57 to 785.
_HEADER_ENDS = 52.0
_FOOTER_STARTS = 740.0
# The page number is printed at 20 points in every family but 2013's, the running title at 8.
_FOOTER_IS_LARGE = 1.5
_FOOTER_IS_SMALL = 0.8
# Footnotes are printed at 10 in text of 12, tables inside the text at 11 (Medway 2013 paragraph 3);
# a scaled report has text of 11.5 (Northumberland 2016, page 28).
_SMALL_PRINT = 0.94
# A title of 22 to 26 points opens a cover (Sunderland 2021; Hull 2015, pages 1 and 37), in text of 12.
_COVER_TITLE = 1.8
_CONTENTS = re.compile(r"contents?", re.IGNORECASE)
_CONTENTS_ENTRY = re.compile(r".*\D[\t ]+\d{1,3}")
_OVERALL = re.compile(r"overall effectiveness\b", re.IGNORECASE)


def body_size(lines: Iterable[Line]) -> float | None:
    """The size most letters are printed in; None for formats without sizes."""
    letters: Counter[float] = Counter()
    for line in lines:
        if line.size is not None:
            letters[line.size] += len(line.text)
    return letters.most_common(1)[0][0] if letters else None


def body_lines(document: Document) -> tuple[Line, ...]:
    """The lines that are headings or text, in reading order."""
    body = body_size(document.lines)
    if body is None:
        return document.lines
    kept = [line for line in document.lines if not _is_margin(line, body)]
    pages: dict[int, list[Line]] = {}
    for line in kept:
        if line.box is not None:
            pages.setdefault(line.box.page, []).append(line)
    result: list[Line] = []
    in_contents = False
    for page in sorted(pages):
        lines, in_contents = _without_contents(_without_cover(pages[page], body), in_contents)
        result += (line for line in lines if not _is_small(line, body))
    return tuple(result)


def _is_margin(line: Line, body: float) -> bool:
    """Whether the line is a running header or footer or a page number."""
    if line.box is None or line.size is None:
        return False
    if _HEADER_ENDS < line.box.top < _FOOTER_STARTS:
        return False
    return line.size >= _FOOTER_IS_LARGE * body or line.size <= _FOOTER_IS_SMALL * body


def _is_small(line: Line, body: float) -> bool:
    if line.size is None:
        return False
    return line.size < (_FOOTER_IS_SMALL if line.bold else _SMALL_PRINT) * body


def _without_cover(lines: Sequence[Line], body: float) -> list[Line]:
    """A cover keeps its title and what follows its judgement table; other pages stay whole.

    The introduction of an ILACS report begins on its cover, below the row "Overall effectiveness".
    """
    titled = next((i for i, line in enumerate(lines) if _is_title(line, body)), None)
    if titled is None:
        return list(lines)
    title = [line for line in lines if _is_title(line, body)]
    table_end = None
    for i, line in enumerate(lines):
        if _OVERALL.match(line.text):
            table_end = i + 1
            while table_end < len(lines) and _same_row(lines[table_end], lines[table_end - 1]):
                table_end += 1
            break
    contents = next((i for i, line in enumerate(lines) if _CONTENTS.fullmatch(line.text)), None)
    if contents is not None and contents <= titled:
        return list(lines)
    rest = [] if table_end is None else list(lines[table_end:])
    return title + rest


def _is_title(line: Line, body: float) -> bool:
    return (
        line.size is not None
        and line.size >= _COVER_TITLE * body
        and _CONTENTS.fullmatch(line.text) is None
    )


def _same_row(line: Line, above: Line) -> bool:
    """Whether a line of the judgement table goes on below its first: a grade that wraps."""
    return grade_of(line.text, alone=True) is not None or (
        grade_of(f"{above.text} {line.text}") is not None and grade_of(above.text) is None
    )


def _without_contents(lines: list[Line], in_contents: bool) -> tuple[list[Line], bool]:
    """The page without its list of contents, and whether the list may go on overleaf."""
    start = next((i for i, line in enumerate(lines) if _CONTENTS.fullmatch(line.text)), None)
    if start is not None:
        return lines[:start], True
    entries = sum(1 for line in lines if _CONTENTS_ENTRY.fullmatch(line.text))
    if in_contents and lines and entries * 2 > len(lines):
        return [], True
    return lines, False
