"""PDF → lines; the only user of PDFium.

PDFium is not thread-safe (two threads crashed the process in two of four trials), so one lock is
held around every call, and whatever it opens is closed while the lock is held.
"""

from __future__ import annotations

import ctypes
import math
import re
import threading
from typing import NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

from index.errors import UnreadableFileError
from index.records import Box
from indexer.lines import Document, Line

_PDFIUM = threading.Lock()

# PDFium writes U+FFFE where a line ends in a hyphen, in place of hyphen and line break
# (Sunderland 2021 paragraph 2: "day\ufffeto-day").
_BROKEN_HYPHEN = "\ufffe"
_PRINTED_LINE = re.compile(rf"[^\r\n{_BROKEN_HYPHEN}]+{_BROKEN_HYPHEN}?")
_WORD = re.compile(r"\S+")
# A footnote mark: one or two digits hard against the word or stop before them, or a word of their
# own ("schools 2 , of whom", Hull 2015 page 11), or before a heading ("1Information", Lancashire
# 2018 page 5).
_MARK = re.compile(r"(?<=[^\W\d_]|[.,;:!?)\]’”'\"%])\d{1,2}(?![\d,.]?\d)")
_MARK_ALONE = re.compile(r"\d{1,2}(?P<stop>[.,;:)]*)")
_MARK_BEFORE = re.compile(r"\d{1,2}(?=[A-Z])")
_MARK_SIZE = 0.8  # of the text's: marks are printed at 8 points in text of 12, or 6.5 in 10
# Bold and body weights are 700 and 400 in all published reports.
_BOLD_WEIGHT = 600
# Italics are slanted Tahoma: the text matrix leans by 0.333, while the font's name is silent.
_SLANT = 0.1
# A gap this many times the text's size divides cells of a table row; spaces of justified text stay
# below 1, the gap between "Judgement" and "Grade" (Sunderland 2021, page 1) is 20.
_CELL_GAP = 2.0
_LEAST_GAP = 12.0  # points: less than two of any size that is printed in cells
_DIGIT = re.compile(r"\d")
# Characters of a symbol font inside a word are ASCII's, raised: "2016\uf02d17" (Shropshire 2017,
# paragraph 62). At a line's start they are bullets and stay.
_SYMBOL = re.compile(r"(?<=\w)[\uf020-\uf07e](?=\w)")
_SYMBOL_BASE = 0xF000
_END_MARK = b"%%EOF"
_LINEARIZED = re.compile(rb"/Linearized\b.{0,200}?/L\s+(\d+)", re.DOTALL)
_DAMAGED = "damaged: it cannot be opened as a PDF"
_HEAD = 1024  # readers accept the "%PDF-" mark anywhere within the first kilobyte


def read_pdf(data: bytes) -> Document:
    """The lines of a PDF, page by page; raises UnreadableFileError saying what the file is."""
    if reason := _foreign(data):
        raise UnreadableFileError(reason)
    if _truncated(data):
        raise UnreadableFileError("truncated: the file stops before its end mark")
    with _PDFIUM:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as error:
            locked = error.err_code == raw.FPDF_ERR_PASSWORD
            reason = "encrypted: it opens only with a password" if locked else _DAMAGED
            raise UnreadableFileError(reason) from error
        try:
            count = len(document)
            lines, lost = _read_pages(document, count)
        finally:
            document.close()
    if not lines and not lost:
        raise UnreadableFileError("no text layer: the pages are pictures and need OCR")
    if lost:
        which = f"{len(lost)} of {count} pages cannot be read, the first is page {lost[0]}"
        raise UnreadableFileError(f"damaged: {which}")
    return Document(tuple(lines), pages=count)


def _foreign(data: bytes) -> str | None:
    """What a file is that is not a PDF; None for a PDF."""
    head = data[:_HEAD]
    if b"%PDF-" in head:
        return None
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml")):
        return "a web page saved under a .pdf name"
    if start.startswith(b"pk\x03\x04"):
        return "a Word document or archive saved under a .pdf name"
    if b"\0" not in head:
        return "a text file saved under a .pdf name"
    return "not a PDF, though its name says so"


def _truncated(data: bytes) -> bool:
    """Whether the end is missing; PDFium mends such a file silently and loses pages.

    A linearized file has an end mark near its start as well, but states its own length.
    """
    if _END_MARK not in data:
        return True
    stated = _LINEARIZED.search(data[:_HEAD])
    return stated is not None and len(data) < int(stated[1])


def _read_pages(document: pdfium.PdfDocument, count: int) -> tuple[list[Line], list[int]]:
    """All lines, and the numbers of the pages that could not be loaded."""
    lines: list[Line] = []
    lost: list[int] = []
    for number in range(1, count + 1):
        try:
            page = document[number - 1]
        except pdfium.PdfiumError:
            lost.append(number)
            continue
        try:
            lines += _PageText(page, number).lines()
        except pdfium.PdfiumError:
            lost.append(number)
        finally:
            page.close()
    return lines, lost


class _Glyph(NamedTuple):
    """The look of one character: effective size in points, and what is seen of its font."""

    size: float
    bold: bool
    italic: bool


class _PageText:
    """The text of one page. Holds PDFium's text page open; every call is under the lock."""

    def __init__(self, page: pdfium.PdfPage, number: int) -> None:
        self._text_page = page.get_textpage()
        self._number = number
        self._left, _, _, self._top = page.get_cropbox()
        # Asked some thousand times a page: the bare handle and ready references cost least.
        self._handle = self._text_page.raw
        self._matrix = raw.FS_MATRIX()
        self._edges = tuple(ctypes.c_double() for _ in range(4))
        self._edge_references = tuple(ctypes.byref(edge) for edge in self._edges)
        self._loose = raw.FS_RECTF()
        self._gaps: list[float] = []

    def lines(self) -> list[Line]:
        try:
            text = self._text()
            self._gaps = self._find_gaps()
            found = (self._line(text, m.start(), m.end()) for m in _PRINTED_LINE.finditer(text))
            return [line for line in found if line is not None]
        finally:
            self._text_page.close()

    def _text(self) -> str:
        """The page's characters, one a code unit, so that indices are PDFium's own."""
        count = self._text_page.count_chars()
        buffer = (ctypes.c_ushort * (count + 1))()
        written = raw.FPDFText_GetText(self._handle, 0, count, buffer)
        return "".join(map(chr, buffer[: max(written - 1, 0)]))

    def _find_gaps(self) -> list[float]:
        """Heights at which neighbouring runs of letters stand apart as cells of a table may.

        A page has four times as many words as runs, so that only lines at these heights have the
        space before each word measured.
        """
        gaps: list[float] = []
        above, right, below = 0.0, math.inf, 0.0
        left_edge, top_edge, right_edge, bottom_edge = self._edges
        for index in range(raw.FPDFText_CountRects(self._handle, 0, -1)):
            # The library wants the four in this order: left, top, right, bottom.
            raw.FPDFText_GetRect(self._handle, index, *self._edge_references)
            top, bottom = top_edge.value, bottom_edge.value
            if bottom < above and below < top and left_edge.value - right > _LEAST_GAP:
                gaps.append((max(bottom, below) + min(top, above)) / 2)
            above, right, below = top, right_edge.value, bottom
        return gaps

    def _line(self, text: str, start: int, end: int) -> Line | None:
        words = [word.span() for word in _WORD.finditer(text, start, end)]
        if not words:
            return None
        first = next((at for at, _ in words if text[at].isalnum()), words[0][0])
        last = words[-1][1] - 1
        if text[last] == _BROKEN_HYPHEN and last > words[-1][0]:
            last -= 1
        looks = [self._glyph(first), self._glyph(last)]
        before = _MARK_BEFORE.match(text, first, last)
        if before and looks[0].size <= _MARK_SIZE * looks[1].size:
            first = before.end()
            words[0] = (first, words[0][1])
            looks[0] = self._glyph(first)
        size = max(look.size for look in looks)
        box = self._box(words[0][0], last)
        low, high = self._top - box.bottom, self._top - box.top
        tabular = any(low <= height <= high for height in self._gaps)
        return Line(
            self._joined(text, words, size, tabular=tabular),
            box=box,
            size=round(size, 1),
            bold=all(look.bold for look in looks),
            italic=all(look.italic for look in looks),
        )

    def _joined(
        self, text: str, words: list[tuple[int, int]], size: float, *, tabular: bool
    ) -> str:
        """The line's words with a space between them, or a tab where a cell of a table ends."""
        marks = _DIGIT.search(text, words[0][0], words[-1][1]) is not None
        parts: list[str] = []
        end = 0
        for start, stop in words:
            if parts:
                wide = tabular and self._edge(start)[0] - self._edge(end - 1)[1] > _CELL_GAP * size
                parts.append("\t" if wide else " ")
            end = stop
            alone = _MARK_ALONE.fullmatch(text, start, stop) if marks and parts else None
            if alone and self._glyph(start).size <= _MARK_SIZE * size:
                parts[-1] = alone["stop"]
            else:
                parts.append(self._unmarked(text, start, stop) if marks else text[start:stop])
        joined = "".join(parts).replace(_BROKEN_HYPHEN, "-")
        joined = _SYMBOL.sub(lambda code: chr(ord(code[0]) - _SYMBOL_BASE), joined)
        # Characters beyond the first plane arrive as two code units.
        return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()

    def _unmarked(self, text: str, start: int, end: int) -> str:
        """The word without its footnote marks, which are known only by their smaller size."""
        word = text[start:end]
        for mark in reversed(list(_MARK.finditer(word))):
            at = start + mark.start()
            if self._glyph(at).size <= _MARK_SIZE * self._glyph(at - 1).size:
                word = word[: mark.start()] + word[mark.end() :]
        return word

    def _glyph(self, index: int) -> _Glyph:
        raw.FPDFText_GetMatrix(self._handle, index, self._matrix)
        scale = math.hypot(self._matrix.c, self._matrix.d) or 1.0
        slanted = abs(self._matrix.c) > _SLANT * abs(self._matrix.d) > 0
        return _Glyph(
            raw.FPDFText_GetFontSize(self._handle, index) * scale,
            raw.FPDFText_GetFontWeight(self._handle, index) >= _BOLD_WEIGHT,
            slanted,
        )

    def _edge(self, index: int) -> tuple[float, float]:
        """Left and right of one character, in the page's own points."""
        raw.FPDFText_GetCharBox(self._handle, index, *self._edge_references)
        return self._edges[0].value, self._edges[1].value

    def _box(self, first: int, last: int) -> Box:
        """The line's box by its fonts' full height, so that lines of a paragraph touch."""
        raw.FPDFText_GetLooseCharBox(self._handle, first, self._loose)
        left, top, bottom = self._loose.left, self._loose.top, self._loose.bottom
        raw.FPDFText_GetLooseCharBox(self._handle, last, self._loose)
        top, bottom = max(top, self._loose.top), min(bottom, self._loose.bottom)
        return Box(
            self._number,
            round(left - self._left, 1),
            round(self._top - top, 1),
            round(self._loose.right - self._left, 1),
            round(self._top - bottom, 1),
        )
