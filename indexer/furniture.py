"""A document's lines without what surrounds the text; pure.

Gone are running headers and footers, page numbers, footnotes, tables in small print, covers and
lists of contents. Formats without positions have none of these and pass unchanged.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from indexer.headings import TITLE_SIZE, grade_of, names_section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
# The grades' column stands 316 points right of the titles' (Derbyshire 2019).
_GRADES_RIGHT = 150.0
_CONTENTS = re.compile(r"contents?", re.IGNORECASE)
_CONTENTS_ENTRY = re.compile(r".*\D[\t ]+\d{1,3}")
# A running title in the text's own size is known by coming again at the same height; a last line
# like "(Recommendation)" comes again too, but less often.
_BAND = 14.0
_PAGES_RUNNING = 5
_FIGURES = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"\d{1,3}")
# A paragraph's number may be smaller than its text (117 paragraphs), and so a line of its own; the
# end of Hartlepool 2018 hides one of 1 point.
_NUMBER_ALONE = re.compile(r"\d{1,3}\.")
_LEAST_NUMBER = 0.6
_OVERALL = re.compile(r"overall effectiveness\b", re.IGNORECASE)
# A page whose text jumps back up by more points than a heading's two cells do is put in order.
_JUMP = 60.0


def body_size(lines: Iterable[Line]) -> float | None:
    """The size most letters are printed in; None for formats without sizes."""
    letters: Counter[float] = Counter()
    for line in lines:
        if line.size is not None and not _in_margin(line):
            letters[line.size] += len(line.text)
    return letters.most_common(1)[0][0] if letters else None


def body_lines(document: Document) -> tuple[Line, ...]:
    """The lines that are headings or text, in reading order."""
    body = body_size(document.lines)
    if body is None:
        return _without_front(document.lines)
    running = _running(document.lines)
    kept = [
        line
        for line in document.lines
        if not _is_margin(line, body) and _masked(line) not in running
    ]
    pages: dict[int, list[Line]] = {}
    for line in kept:
        if line.box is not None:
            pages.setdefault(line.box.page, []).append(line)
    result: list[Line] = []
    in_contents = False
    for page in sorted(pages):
        lines = _without_cover(_in_order(pages[page]), body, first=page == 1)
        lines, in_contents = _without_contents(lines, in_contents=in_contents)
        result += (line for line in lines if not _is_small(line, body))
    return tuple(result)


def _without_front(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Lines without pages, less what a cover says: all down to the judgement table's last row."""
    for i, line in enumerate(lines):
        if names_section(line.text) and "\t" not in line.text:
            return lines
        if _ends_table(lines, i):
            return lines[i + 1 :]
    return lines


def _is_margin(line: Line, body: float) -> bool:
    """Whether the line is a running header or footer or a page number."""
    if line.size is None:
        return False
    if line.size >= _FOOTER_IS_LARGE * body and line.text.strip().isdigit():
        return True  # a page number wherever it stands (Rochdale 2018)
    if not _in_margin(line):
        return False
    if _PAGE_NUMBER.fullmatch(line.text):
        return True  # in the text's own size (Wandsworth 2016)
    return line.size >= _FOOTER_IS_LARGE * body or line.size <= _FOOTER_IS_SMALL * body


def _in_margin(line: Line) -> bool:
    return line.box is not None and not _HEADER_ENDS < line.box.top < _FOOTER_STARTS


def _masked(line: Line) -> tuple[str, int] | None:
    """A marginal line's words without figures, and its height; None for a line amid the page."""
    if line.box is None or _HEADER_ENDS + _BAND < line.box.top < _FOOTER_STARTS:
        return None
    return _FIGURES.sub("#", line.text), round(line.box.top)


def _running(lines: Iterable[Line]) -> set[tuple[str, int]]:
    """What stands at the same height of several pages: running titles in the text's own size."""
    counts = Counter(masked for line in lines if (masked := _masked(line)))
    return {masked for masked, count in counts.items() if count >= _PAGES_RUNNING}


def _is_small(line: Line, body: float) -> bool:
    if line.size is None:
        return False
    if _NUMBER_ALONE.fullmatch(line.text):
        return line.size < _LEAST_NUMBER * body
    return line.size < (_FOOTER_IS_SMALL if line.bold else _SMALL_PRINT) * body


def _without_cover(lines: Sequence[Line], body: float, *, first: bool) -> list[Line]:
    """A cover keeps only what follows its judgement table; other pages stay whole.

    The introduction of an ILACS report begins on its cover, below the row "Overall effectiveness".
    Where a section begins on the cover, it is kept (Dudley 2016, "Executive summary").
    A cover within the file opens a second report (Hull 2015, page 37) and keeps its title.
    """
    title = [line for line in lines if _is_title(line, body)]
    if not first and not title:
        return list(lines)
    overall = next((i for i in range(len(lines)) if _ends_table(lines, i)), None)
    if overall is None:
        summary = (i for i, line in enumerate(lines) if line.bold and names_section(line.text))
        begins = next(summary, len(lines)) if first else len(lines)
        return title * (not first) + list(lines[begins:])
    kept = list(lines[overall + 1 :])
    while kept and _is_grade_cell(kept[0], lines[overall]):
        del kept[0]
    return kept if first else title + kept


def _is_title(line: Line, body: float) -> bool:
    return (
        line.size is not None
        and line.size >= TITLE_SIZE * body
        and _CONTENTS.fullmatch(line.text) is None
        and any(letter.isalpha() for letter in line.text)
    )


def _ends_table(lines: Sequence[Line], at: int) -> bool:
    """Whether a line is the table's last row; its grade may begin below (Derbyshire 2019)."""
    line = lines[at]
    if not _OVERALL.match(line.text):
        return False
    below = lines[at + 1].text if at + 1 < len(lines) else ""
    alone = _OVERALL.fullmatch(line.text) is not None and grade_of(below, alone=True) is not None
    return alone or "\t" in line.text or grade_of(line.text) is not None


def _in_order(lines: list[Line]) -> list[Line]:
    """The page's lines from top to bottom, where the file has them in another order.

    Redbridge 2016, page 37, holds its first heading last.
    """
    tops = [line.box.top for line in lines if line.box is not None]
    if all(later > earlier - _JUMP for earlier, later in pairwise(tops)):
        return lines
    return sorted(lines, key=lambda line: line.box.top if line.box else 0.0)


def _is_grade_cell(line: Line, row: Line) -> bool:
    """Whether a line stands in the grades' column: "to be good" under "Requires improvement"."""
    return line.box is not None and row.box is not None and line.box.x0 > row.box.x0 + _GRADES_RIGHT


def _without_contents(lines: list[Line], *, in_contents: bool) -> tuple[list[Line], bool]:
    """The page without its list of contents, and whether the list may go on overleaf."""
    start = next((i for i, line in enumerate(lines) if _CONTENTS.fullmatch(line.text)), None)
    if start is not None:
        return lines[:start], True
    entries = sum(1 for line in lines if _CONTENTS_ENTRY.fullmatch(line.text))
    if in_contents and lines and entries * 2 > len(lines):
        return [], True
    return lines, False
