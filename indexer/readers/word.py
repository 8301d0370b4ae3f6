"""Word documents → lines, with the numbers that Word computes and does not store."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

import docx
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn

from index.errors import UnreadableFileError
from indexer.lines import Document, Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docx.document import Document as WordDocument
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.styles.style import BaseStyle

_BULLET = "•"
_HEADING = re.compile(r"(?:heading (?P<level>\d)|title)", re.IGNORECASE)
_PLACE = re.compile(r"%([1-9])")
# Runs inside these are not the document's text: deleted words, text boxes (written twice, for old
# and new versions of Word), the marks of footnotes.
_ASIDE = frozenset(qn(name) for name in ("w:del", "w:txbxContent", "w:footnoteReference"))
_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def read_word(data: bytes) -> Document:
    """The lines of a .docx, a line a paragraph; raises UnreadableFileError if it is none."""
    try:
        document = docx.Document(io.BytesIO(data))
    except (OpcError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UnreadableFileError("damaged: it cannot be opened as a Word document") from error
    lines = tuple(_Body(document).lines())
    if not lines:
        raise UnreadableFileError("the document has no text")
    return Document(lines, pages=None)


class _Body:
    """The document's paragraphs in order, with the counters of its lists."""

    def __init__(self, document: WordDocument) -> None:
        self._body = document.element.body
        self._styles = {style.style_id: style for style in document.styles}
        self._lists = _Lists(document)

    def lines(self) -> Iterator[Line]:
        yield from self._blocks(self._body)

    def _blocks(self, parent: BaseOxmlElement) -> Iterator[Line]:
        for child in parent.iterchildren():
            if child.tag == qn("w:p"):
                yield from self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                yield from self._table(child)
            elif child.tag in (qn("w:sdt"), qn("w:sdtContent")):
                yield from self._blocks(child)

    def _paragraph(self, element: BaseOxmlElement) -> Iterator[Line]:
        text = "".join(_letters(element)).strip()
        if not text:
            return
        styles = self._style_chain(element)
        named = (_HEADING.fullmatch(style.name or "") for style in styles)
        heading = next((found for found in named if found), None)
        level = None if heading is None else int(heading["level"] or 1)
        label = None if heading else self._lists.label(element, styles)
        if label:
            text = f"{label} {text}"
        runs = [run for run in element.iter(qn("w:r")) if "".join(_letters(run)).strip()]
        yield Line(
            text,
            bold=all(_is_set(run, "w:b") for run in runs),
            italic=all(_is_set(run, "w:i") for run in runs),
            heading=level,
            blank_before=True,
            whole=True,
        )

    def _table(self, element: BaseOxmlElement) -> Iterator[Line]:
        for row in element.iter(qn("w:tr")):
            cells = (" ".join("".join(_letters(cell)).split()) for cell in row.iter(qn("w:tc")))
            text = "\t".join(cells).strip()
            if text:
                yield Line(text, blank_before=True, whole=True)

    def _style_chain(self, element: BaseOxmlElement) -> list[BaseStyle]:
        """The paragraph's style and those it is based on, nearest first."""
        named = element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        style = self._styles.get(named.get(qn("w:val"))) if named is not None else None
        chain: list[BaseStyle] = []
        while style is not None and style not in chain:
            chain.append(style)
            style = getattr(style, "base_style", None)
        return chain


class _Lists:
    """The numbering definitions, and how far each list has counted."""

    def __init__(self, document: WordDocument) -> None:
        self._levels: dict[tuple[str, int], BaseOxmlElement] = {}
        self._abstract: dict[str, str] = {}
        self._starts: dict[tuple[str, int], int] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return  # a document without lists has no such part
        for abstract in root.iterchildren(qn("w:abstractNum")):
            name = abstract.get(qn("w:abstractNumId"))
            for level in abstract.iterchildren(qn("w:lvl")):
                self._levels[name, int(level.get(qn("w:ilvl"), "0"))] = level
        for number in root.iterchildren(qn("w:num")):
            name = number.get(qn("w:numId"))
            target = number.find(qn("w:abstractNumId"))
            if target is not None:
                self._abstract[name] = target.get(qn("w:val"))
            for override in number.iterchildren(qn("w:lvlOverride")):
                start = override.find(qn("w:startOverride"))
                if start is not None:
                    key = name, int(override.get(qn("w:ilvl"), "0"))
                    self._starts[key] = int(start.get(qn("w:val"), "1"))

    def label(self, element: BaseOxmlElement, styles: list[BaseStyle]) -> str | None:
        """What Word prints before the paragraph: "12." or a bullet; None outside lists."""
        place = _numbering(element, styles)
        if place is None:
            return None
        name, depth = place
        abstract = self._abstract.get(name)
        level = self._levels.get((abstract or "", depth))
        if abstract is None or level is None:
            return None
        counts = self._counts.setdefault(abstract, {})
        self._count(name, depth, counts, _start(level))
        kind = _value(level, "w:numFmt") or "decimal"
        if kind in ("bullet", "none"):
            return _BULLET if kind == "bullet" else None
        pattern = _value(level, "w:lvlText") or f"%{depth + 1}."
        label = _PLACE.sub(lambda found: self._shown(abstract, int(found[1]) - 1), pattern)
        # A bare number gets the dot that the splitter and the printed reports know it by.
        return f"{label}." if label[-1:].isalnum() else label

    def _count(self, name: str, depth: int, counts: dict[int, int], start: int) -> None:
        override = self._starts.get((name, depth))
        if override is not None and (name, depth) not in self._begun:
            self._begun.add((name, depth))
            counts[depth] = override
        elif depth in counts:
            counts[depth] += 1
        else:
            counts[depth] = start
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]

    def _shown(self, abstract: str, depth: int) -> str:
        level = self._levels.get((abstract, depth))
        count = self._counts[abstract].get(depth, 1 if level is None else _start(level))
        return _printed(count, _value(level, "w:numFmt") if level is not None else None)


def _numbering(element: BaseOxmlElement, styles: list[BaseStyle]) -> tuple[str, int] | None:
    """The list a paragraph is in, and how deep; its own word goes before its styles'."""
    for holder in (element, *(style.element for style in styles)):
        properties = holder.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        if properties is None:
            continue
        name = _value(properties, "w:numId")
        if name == "0":
            return None  # taken out of its style's list
        if name:
            return name, int(_value(properties, "w:ilvl") or 0)
    return None


def _value(element: BaseOxmlElement, name: str) -> str | None:
    found = element.find(qn(name))
    return None if found is None else found.get(qn("w:val"))


def _start(level: BaseOxmlElement) -> int:
    return int(_value(level, "w:start") or 1)


def _is_set(run: BaseOxmlElement, name: str) -> bool:
    found = run.find(f"{qn('w:rPr')}/{qn(name)}")
    return found is not None and found.get(qn("w:val"), "1") not in ("0", "false", "none")


def _letters(element: BaseOxmlElement) -> Iterator[str]:
    """The text within an element, as it is read on the page."""
    for child in element.iterchildren():
        if child.tag in _ASIDE:
            continue
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in (qn("w:tab"), qn("w:br"), qn("w:cr")):
            yield " "
        elif child.tag == qn("w:noBreakHyphen"):
            yield "-"
        elif child.tag != qn("w:pPr"):
            yield from _letters(child)


def _printed(count: int, kind: str | None) -> str:
    """A list's count as its format prints it; formats of other scripts fall back to figures."""
    letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
    match kind:
        case "lowerLetter":
            return letter
        case "upperLetter":
            return letter.upper()
        case "lowerRoman":
            return _roman(count)
        case "upperRoman":
            return _roman(count).upper()
        case _:
            return str(count)


def _roman(count: int) -> str:
    out = ""
    for value, sign in _ROMAN:
        while count >= value:
            out += sign
            count -= value
    return out
