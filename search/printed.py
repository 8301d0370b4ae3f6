"""A page as it is printed, with a paragraph of it highlighted; PDFium's user on the read side.

PDFium is not thread-safe, and pages are drawn from several threads: one lock is held around every
call, and whatever it opens is closed while the lock is held.
"""

from __future__ import annotations

import ctypes
import io
import threading
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
from PIL import Image, ImageChops, ImageDraw
from pypdfium2 import raw

from index.errors import UnreadableFileError, UsageError
from index.printable import printable_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from index.records import Box

_PDFIUM = threading.Lock()

_SCALE = 1.5  # pixels a point: print of 12 points is read without effort, and a page is 80 KB
_MOST_PIXELS = 2400  # of a side: a page may claim to be metres long, and would fill the memory
_COLOURS = 32  # of black print on white and one highlight: a quarter of the bytes, no loss seen
_HIGHLIGHT = (255, 233, 127)
# Above and below a crop, in points: two lines, so that the paragraph is seen among its neighbours.
_MARGIN = 30
_KEPT = 64  # pictures of some 80 KB each
_BROKEN_HYPHEN = "\ufffe"  # PDFium's, for a hyphen and the end of its line


def page_png(path: Path, page: int, boxes: Sequence[Box], *, crop: bool = False) -> bytes:
    """Page `page` of a PDF as a PNG, those of `boxes` that lie on it highlighted.

    With `crop`, the part of the page around them, as wide as the page; all of it where there are
    none. Raises UsageError for a page that the file does not have and for a file without printed
    pages, UnreadableFileError.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise UnreadableFileError(_gone(path)) from error
    own = tuple(one for one in boxes if one.page == page)
    return _drawn(path, (stat.st_mtime_ns, stat.st_size), page, own, crop=crop)


def text_under(path: Path, page: int, boxes: Sequence[Box]) -> str:
    """The characters whose centres lie in those of `boxes` that are on `page`, a line a box.

    Raises as `page_png`.
    """
    own = [one for one in boxes if one.page == page]
    with _opened(path, page) as printed:
        left, _, _, top = printed.get_cropbox()
        text_page = printed.get_textpage()
        try:
            lines: list[list[str]] = [[] for _ in own]
            for character, x, y in _characters(text_page):
                for line, box in zip(lines, own, strict=True):
                    if box.x0 <= x - left <= box.x1 and box.top <= top - y <= box.bottom:
                        line.append(character)
        finally:
            text_page.close()
    units = "\n".join("".join(line) for line in lines).replace(_BROKEN_HYPHEN, "-")
    # Characters beyond the first plane arrive as two code units.
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _characters(text_page: pdfium.PdfTextPage) -> Iterator[tuple[str, float, float]]:
    """Each code unit of the page's text, and its centre in the page's own points."""
    count = text_page.count_chars()
    buffer = (ctypes.c_ushort * (count + 1))()
    written = raw.FPDFText_GetText(text_page, 0, count, buffer)
    edges = [ctypes.c_double() for _ in range(4)]
    left, right, bottom, top = edges
    references = [ctypes.byref(edge) for edge in edges]
    for at, unit in enumerate(buffer[: max(written - 1, 0)]):
        raw.FPDFText_GetCharBox(text_page, at, *references)
        yield chr(unit), (left.value + right.value) / 2, (bottom.value + top.value) / 2


@lru_cache(maxsize=_KEPT)
def _drawn(
    path: Path, _as_it_was: tuple[int, int], page: int, boxes: tuple[Box, ...], *, crop: bool
) -> bytes:
    """The picture; the file's time and size are asked for so that a changed file is drawn anew."""
    with _opened(path, page) as printed:
        longest = max(printed.get_size())
        scale = min(_SCALE, _MOST_PIXELS / max(longest, 1))
        try:
            bitmap = printed.render(scale=scale, rev_byteorder=True)
        except pdfium.PdfiumError as error:
            raise UnreadableFileError(_damaged(path, page)) from error
        try:
            image = bitmap.to_pil().convert("RGB")
            marks = [_pixels(box, printed, bitmap) for box in boxes]
        finally:
            bitmap.close()
    if marks:
        # Multiplied, so that print stays black; drawn on white first, so that two marks that
        # overlap are no darker than one.
        colour = Image.new("RGB", image.size, "white")
        pen = ImageDraw.Draw(colour)
        for mark in marks:
            pen.rectangle(mark, fill=_HIGHLIGHT)
        image = ImageChops.multiply(image, colour)
        if crop:
            margin = round(_MARGIN * scale)
            upper = max(0, min(mark[1] for mark in marks) - margin)
            lower = min(image.height, max(mark[3] for mark in marks) + margin)
            image = image.crop((0, upper, image.width, max(lower, upper + 1)))
    drawn = io.BytesIO()
    # The octree takes 13 ms where the median cut takes 98.
    few = image.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(drawn, "PNG")
    return drawn.getvalue()


def _pixels(box: Box, page: pdfium.PdfPage, bitmap: pdfium.PdfBitmap) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of `box` on the bitmap, however the page is turned."""
    # Boxes are measured from the crop box's corner before the page is turned.
    left, _, _, top = page.get_cropbox()
    place = bitmap.get_posconv(page)
    one = place.to_bitmap(left + box.x0, top - box.top)
    other = place.to_bitmap(left + box.x1, top - box.bottom)
    (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(one, other, strict=True))
    return x0, y0, x1, y1


@contextmanager
def _opened(path: Path, number: int) -> Iterator[pdfium.PdfPage]:
    """Page `number`, counted from 1, with the lock held."""
    if path.suffix.lower() != ".pdf":
        raise UsageError(f"{printable_name(path.name)} has no printed pages; only a PDF has.")
    with _PDFIUM:
        try:
            document = pdfium.PdfDocument(path)
        except FileNotFoundError as error:
            raise UnreadableFileError(_gone(path)) from error
        except (pdfium.PdfiumError, OSError) as error:
            raise UnreadableFileError(
                f"{printable_name(path.name)} cannot be opened as a PDF."
            ) from error
        try:
            count = len(document)
            if not 1 <= number <= count:
                raise UsageError(
                    f"{printable_name(path.name)} has {count} pages; there is no page {number}."
                )
            try:
                page = document[number - 1]
            except pdfium.PdfiumError as error:
                raise UnreadableFileError(_damaged(path, number)) from error
            try:
                yield page
            finally:
                page.close()
        finally:
            document.close()


def _gone(path: Path) -> str:
    return f"{printable_name(path.name)} is no longer where it was read."


def _damaged(path: Path, number: int) -> str:
    return f"Page {number} of {printable_name(path.name)} is damaged and cannot be drawn."
