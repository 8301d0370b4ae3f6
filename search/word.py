"""Quotations with their citations, as a Word document."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import RGBColor

from index.printable import one_line
from search import cite

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

    from search.export import Selection

_LINK_BLUE = RGBColor(0x1D, 0x70, 0xB8)  # the colour of links on the page
# What is left of the characters that XML 1.0 forbids (its section 2.2) once a text is printable.
_FORBIDDEN = re.compile("[\ufffe\uffff]")


def word(selection: Selection) -> bytes:
    """The quotations under their headings, each with the number of its reference at the end."""
    numbers = selection.references()
    document = docx.Document()
    document.core_properties.title = _letters(selection.title)[:255]  # Office Open XML's limit
    document.core_properties.author = "Inspection Search"
    document.add_heading(_letters(selection.title), level=0)
    cited = {}
    for part in selection.parts:
        document.add_heading(_letters(part.heading), level=1)
        if part.remark is not None:
            document.add_paragraph(_letters(part.remark))
        for one in part.excerpts:
            cited[one.passage.id] = (one.report, one.passage)
            quotation = document.add_paragraph(f"“{_letters(one.quote)}” ", style="Quote")
            quotation.add_run(
                f"({_letters(cite.short(one.report, one.passage.paragraph))})"
            ).italic = False
            quotation.add_run(f" [{numbers[one.passage.id]}]").font.superscript = True
            if one.note:
                note = document.add_paragraph()
                note.add_run("Note: ").bold = True
                note.add_run(_letters(one.note))
    if cited:
        document.add_heading("References", level=1)
    for report, passage in cited.values():
        reference = document.add_paragraph(style="List Number")
        label = _letters(cite.label(report, passage.paragraph))
        if selection.base:
            link = selection.base + cite.permanent_link(passage)
            _add_link(document, reference, label, link)
        else:
            reference.add_run(label)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _letters(text: str) -> str:
    return _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", one_line(text))


def _add_link(document: Document, paragraph: Paragraph, text: str, address: str) -> None:
    own = document.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), own)
    run = paragraph.add_run(text)
    run.font.color.rgb = _LINK_BLUE
    run.font.underline = True
    link.append(run._r)  # noqa: SLF001 python-docx has no way of its own to make a link
    paragraph._p.append(link)  # noqa: SLF001
