"""Lines → blocks: headings, numbered paragraphs, bullets, running text; pure.

A block is what the page shows as one: its first line is told by type, number, bullet or the space
above it; the lines that follow by their indent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from indexer.furniture import body_lines, body_size
from indexer.headings import TITLE_SIZE, grade_of, is_known_title, is_plain_title, names_section
from indexer.prose import bullet_end, joined, stops

if TYPE_CHECKING:
    from index.records import Box
    from indexer.lines import Document, Line


class Kind(Enum):
    """What a block is."""

    HEADING = "heading"
    NUMBERED = "numbered"
    BULLET = "bullet"
    TEXT = "text"


@dataclass(slots=True)
class Block:
    """Lines that belong together; `texts` are theirs without number, bullet and second cell.

    `cells` are what stands beside a heading: the grade in a judgement's box.
    """

    kind: Kind
    lines: list[Line]
    texts: list[str]
    number: int | None = None
    cells: list[str] = field(default_factory=list)
    boxed: bool = False

    @property
    def text(self) -> str:
        return joined(self.texts)

    @property
    def left(self) -> float:
        return min((line.box.x0 for line in self.lines if line.box), default=0.0)


# "10.Good use" (no space, Cambridgeshire 2019), "34 Most" (no dot, Nottingham 2022), "1.\tEnsure"
# (a cell of its own, Knowsley 2017 page 7).
_NUMBER = re.compile(r"(?P<number>\d{1,3})(?P<dot>\.(?!\d)|(?=\s))\s*(?=\S|$)")
# Rows of a cover's table of judgements, wherever they stand (Hillingdon 2014, page 1).
_JUDGEMENT_ROW = re.compile(
    r"\d\.\s*(?:children who need help and protection|leadership, management and governance"
    r"|children looked after and achieving(?: permanence)?)"
    r"(?:\t.*|\s+(?:outstanding|good|requires.*|inadequate))?",
    re.IGNORECASE,
)
# The box over a judgement: "Key judgement | Judgement grade", then title and grade in plain type
# (Hull 2015, pages 12, 18 and 29).
_BOX = re.compile(r"key judge?ment", re.IGNORECASE)
# Of the type's size. Lines stand 0.25 apart (14.5 points from top to top in 12-point type),
# paragraphs 0.5 and more.
_PARAGRAPH_GAP = 0.42
_HEADING_PITCH = 1.5  # from top to top within a heading that wraps; two headings are 1.9 apart
_BOX_PITCH = 3.0  # from a box's head to its first row (Hull 2015: 2.25; Manchester 2014: 2.67)
_ASIDE = 120.0  # points right of a heading's first cell where its second begins, at the least
_NUDGE = 6.0  # points a number may stand off its column (digits are set flush right in some)
_LARGE = 1.12  # see headings.py
_LARGEST_GAP = 3  # numbers that may be left out where no column shows what a number is
_LETTER = 0.55  # of the size: a letter's width with its space, on the average
_LONGEST_HEADING = 200  # letters; the longest printed is 125


def blocks_of(document: Document) -> list[Block]:
    """The document's blocks in reading order, without the furniture of its pages."""
    return _Assembly(document).run()


class _Assembly:
    """The blocks so far; the last one is open."""

    def __init__(self, document: Document) -> None:
        self._lines = body_lines(document)
        self._body = body_size(document.lines)
        self._right = max((line.box.x1 for line in self._lines if line.box), default=0.0)
        self._blocks: list[Block] = []
        self._previous: Line | None = None
        self._number = 0
        self._column: float | None = None
        self._indent: float | None = None

    def run(self) -> list[Block]:
        for line in self._lines:
            if not (self._as_heading(line) or self._as_number(line) or self._as_bullet(line)):
                self._as_text(line)
            self._previous = line
        return self._blocks

    # headings

    def _as_heading(self, line: Line) -> bool:
        last = self._blocks[-1] if self._blocks else None
        open_heading = last if last is not None and last.kind is Kind.HEADING else None
        if open_heading and self._in_box(line, open_heading):
            self._extend_heading(open_heading, line)
            return True
        if not self._looks_like_heading(line):
            return False
        if open_heading and self._continues_heading(line, open_heading):
            self._extend_heading(open_heading, line)
            return True
        block = Block(Kind.HEADING, [line], [], boxed=_BOX.match(line.text) is not None)
        left, *cells = line.text.split("\t")
        block.texts.append(left)
        block.cells += cells
        self._blocks.append(block)
        return True

    def _looks_like_heading(self, line: Line) -> bool:
        if line.heading is not None:
            return True
        if bullet_end(line.text):
            return False
        if line.size is None or self._body is None:
            known = line.bold or names_section(line.text)
            return line.blank_before and known and len(line.text) < _LONGEST_HEADING
        return self._is_set_apart(line, line.size / self._body)

    def _is_set_apart(self, line: Line, relative: float) -> bool:
        """Whether a line's type makes it a heading; `relative` is its size to the text's."""
        if relative >= TITLE_SIZE or (is_plain_title(line.text) and self._opens(line)):
            return True
        # Bold words inside a paragraph: "of children are / inadequate." (Buckinghamshire 2014, page
        # 28); a heading without space above it has well-known words (Redbridge 2016, page 10).
        if self._within_paragraph(line) and not is_known_title(line.text):
            return False
        if line.bold or line.italic:
            return any(letter.isalpha() for letter in line.text)
        # Text set large by mistake goes on in small letters (Ealing 2024, page 7).
        return relative >= _LARGE and line.text[:1].isupper() and not stops(line.text)

    def _within_paragraph(self, line: Line) -> bool:
        last = self._blocks[-1] if self._blocks else None
        return last is not None and last.kind is not Kind.HEADING and not self._opens(line)

    def _in_box(self, line: Line, heading: Block) -> bool:
        """Whether the line is a title or grade in a judgement's box."""
        if not heading.boxed or line.box is None or line.size is None:
            return False
        last = heading.lines[-1].box
        if last is None or last.page != line.box.page or bullet_end(line.text):
            return False
        begun = len(heading.lines) > 1
        pitch = _HEADING_PITCH if begun else _BOX_PITCH
        tops = [other.box.top for other in heading.lines if other.box]
        near = min(abs(line.box.top - top) for top in tops) < pitch * line.size
        return near and not (begun and _settled(heading) and self._looks_like_heading(line))

    def _continues_heading(self, line: Line, heading: Block) -> bool:
        first, last = heading.lines[0], heading.lines[-1]
        if line.box is None or last.box is None or first.box is None or line.size is None:
            return False
        if line.box.page != last.box.page or heading.boxed:
            return False
        aside = line.box.x0 > first.box.x0 + _ASIDE
        if aside and line.box.top < last.box.bottom and line.box.bottom > first.box.top:
            return True
        if aside and heading.cells:
            return line.box.top - last.box.top < _HEADING_PITCH * line.size
        if (line.bold, line.italic, line.size) != (last.bold, last.italic, last.size):
            return False
        below = line.box.top - max(x.box.top for x in heading.lines if x.box)
        return below < _HEADING_PITCH * line.size

    def _extend_heading(self, heading: Block, line: Line) -> None:
        left, *cells = line.text.split("\t")
        first = heading.lines[0].box
        if first and line.box and line.box.x0 > first.x0 + _ASIDE:
            heading.cells.append(left)
        elif heading.boxed and len(heading.lines) == 1:
            heading.texts, heading.cells = [left], []
        else:
            heading.texts.append(left)
        heading.cells += cells
        heading.lines.append(line)

    # numbered paragraphs

    def _as_number(self, line: Line) -> bool:
        found = _NUMBER.match(line.text)
        if found is None or _JUDGEMENT_ROW.fullmatch(line.text):
            return False
        number = int(found["number"])
        if not self._starts_paragraph(line, number, dotted=bool(found["dot"])):
            return False
        self._number = number
        if line.box is not None:
            self._column = line.box.x0
        rest = line.text[found.end() :]
        self._blocks.append(Block(Kind.NUMBERED, [line], [rest], number=number))
        return True

    def _starts_paragraph(self, line: Line, number: int, *, dotted: bool) -> bool:
        """Whether a line that begins with a number is a paragraph's first, not a wrapped line.

        "the age of / 16. This affords" (Isle of Wight 2023, 31) wraps at the text's own indent; a
        paragraph's number stands in the column of numbers, and the run goes on from the last.
        """
        if number == 0:
            return False
        after_heading = bool(self._blocks) and self._blocks[-1].kind is Kind.HEADING
        new = after_heading or self._opens(line)
        if line.box is None:
            step = number - self._number
            return dotted and (step == 1 or (new and (1 < step <= _LARGEST_GAP or number == 1)))
        in_column = self._in_column(line)
        if self._column is None and not (dotted or after_heading):
            return False  # the introduction says "1 in 5 children"
        if number == self._number + 1:
            return (in_column or (dotted and new)) and (dotted or new)
        return dotted and new and (in_column or (number == 1 and after_heading))

    def _in_column(self, line: Line) -> bool:
        """Whether the line begins where numbers do: with the last one, or left of its text.

        The column shifts within a report (Lancashire 2018 from 79, Essex 2014 at 60).
        """
        if self._column is None or line.box is None:
            return True
        if abs(line.box.x0 - self._column) <= _NUDGE:
            return True
        return self._indent is not None and line.box.x0 < self._indent - _NUDGE

    # bullets and text

    def _as_bullet(self, line: Line) -> bool:
        end = bullet_end(line.text)
        last = self._blocks[-1] if self._blocks else None
        if not end or not (line.text[0] not in "–—−─-" or self._opens(line) or _level(line, last)):
            return False
        rest = line.text[end:]
        if last and last.kind is Kind.NUMBERED and self._inside(line, last):
            last.lines.append(line)
            last.texts.append(rest)
        else:
            self._blocks.append(Block(Kind.BULLET, [line], [rest]))
        return True

    def _inside(self, line: Line, block: Block) -> bool:
        """Whether a line is set in from the block's number or bullet."""
        first = block.lines[0]
        if line.box is None or first.box is None:
            return True
        return line.box.x0 > first.box.x0 + _NUDGE

    def _as_text(self, line: Line) -> None:
        last = self._blocks[-1] if self._blocks else None
        if last is None or last.kind is Kind.HEADING or self._begins_text(line, last):
            self._blocks.append(Block(Kind.TEXT, [line], [line.text]))
        else:
            if last.kind is Kind.NUMBERED and len(last.lines) == 1 and line.box is not None:
                self._indent = line.box.x0
            last.lines.append(line)
            last.texts.append(line.text)

    def _begins_text(self, line: Line, block: Block) -> bool:
        gap = self._gap(line)
        if gap is not None and gap < _PARAGRAPH_GAP:
            return False
        if line.box and block.kind is Kind.NUMBERED and self._inside(line, block):
            # A second paragraph under the same number stands at its text's indent (Knowsley 2014,
            # 166); a table does not (Norfolk 2013, 3).
            return self._off_indent(line, block) and self._complete(line)
        return self._complete(line)

    def _off_indent(self, line: Line, block: Block) -> bool:
        if line.box is None or len(block.lines) == 1:
            return True
        indents = {round(other.box.x0) for other in block.lines[1:] if other.box}
        return all(abs(line.box.x0 - indent) > _NUDGE / 2 for indent in indents)

    def _complete(self, line: Line) -> bool:
        """Whether what was printed before the line had come to its end.

        It has if it stops like a sentence, and either this line is on the same page or the last
        line had room for this one's first word; "improvements were / judged to have been" (the
        text of Sunderland 2021) goes on over a blank line.
        """
        previous = self._previous
        if previous is None or line.whole:
            return True
        if not stops(previous.text):
            return (
                not line.text[:1].islower() and self._gap(line) is not None and line.box is not None
            )
        if previous.box is None or line.box is None or previous.box.page == line.box.page:
            return True
        word = line.text.split(maxsplit=1)[0]
        needed = (len(word) + 1) * _LETTER * (line.size or 0.0)
        return self._right - previous.box.x1 > needed

    def _opens(self, line: Line) -> bool:
        """Whether there is a paragraph's space above the line, or a page's end."""
        gap = self._gap(line)
        return gap is None or gap >= _PARAGRAPH_GAP

    def _gap(self, line: Line) -> float | None:
        """Space above the line in sizes of its type; None at the top of a page."""
        previous = self._previous
        if line.box is None:
            return 1.0 if line.blank_before or previous is None else 0.0
        if previous is None or previous.box is None or previous.box.page != line.box.page:
            return None
        return (line.box.top - previous.box.bottom) / (line.size or 1.0)


def _level(line: Line, block: Block | None) -> bool:
    """Whether a dash stands under the dash of the open bullet (Lancashire 2018, page 6)."""
    if block is None or block.kind is not Kind.BULLET or line.box is None:
        return False
    first = block.lines[0]
    return (
        first.box is not None
        and first.text[0] == line.text[0]
        and abs(first.box.x0 - line.box.x0) < _NUDGE
    )


def _settled(heading: Block) -> bool:
    """Whether a box has shown both title and grade."""
    return bool(heading.texts and heading.cells) or grade_of(heading.text) is not None


def boxes_of(block: Block) -> tuple[Box, ...]:
    return tuple(line.box for line in block.lines if line.box is not None)
