"""Plain text and Markdown → lines."""

from __future__ import annotations

import codecs
import re

from index.errors import UnreadableFileError
from indexer.lines import Document, Line

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADING = re.compile(r"(?P<level>#{1,6})[ \t]+(?P<title>.*?)[ \t#]*$")
# "**Lead inspector: Neil Penswick⏎Her Majesty’s Inspector**" (Sunderland 2021, text): bold may open
# on one line and close on the next.
_BOLD = "**"
_MOST_CONTROL = 0.01  # of the characters; published text has none, a binary file a tenth or more


def decode(data: bytes) -> str:
    """The text of `data`: its byte-order mark decides, else UTF-8, else Windows' Western encoding.

    Windows-1252 leaves five bytes undefined; where one of them stands, Latin-1, which has all 256.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def read_plain(data: bytes) -> Document:
    """The lines of a text or Markdown file; raises UnreadableFileError if it is not text."""
    text = decode(data)
    control = sum(1 for character in text if character < " " and character not in "\t\n\r\f")
    if control > _MOST_CONTROL * len(text):
        raise UnreadableFileError("not a text file, though its name says so")
    return Document(tuple(_lines(text)), pages=None)


def _lines(text: str) -> list[Line]:
    lines: list[Line] = []
    blank = False
    bold = False
    for raw in re.split(r"\r\n|[\n\r\f\u2028\u2029]", text):
        words = raw.strip()
        if not words:
            blank = True
            continue
        level = None
        if heading := _HEADING.fullmatch(words):
            level, words = len(heading["level"]), heading["title"]
        opened = bold or words.startswith(_BOLD)
        bold ^= words.count(_BOLD) % 2 == 1
        closed = bold or words.endswith(_BOLD)
        words = words.replace(_BOLD, "").strip()
        if words:
            lines.append(Line(words, bold=opened and closed, heading=level, blank_before=blank))
            blank = False
    return lines
