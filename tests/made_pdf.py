"""Small PDFs made for tests: words at given places, nothing copied from a report."""

from __future__ import annotations

from dataclasses import dataclass

HEIGHT = 842  # points, A4


@dataclass(frozen=True, slots=True)
class Words:
    """Words at a place: `x` from the left, their baseline `top` from the page's top; points."""

    text: str
    x: float = 72
    top: float = 100
    size: float = 12
    bold: bool = False
    italic: bool = False


def made_pdf(*pages: list[Words], trailer: str = "") -> bytes:
    """A PDF of these pages; `trailer` is put into its trailer dictionary as it stands."""
    fonts = "/F1 3 0 R /F2 4 0 R"
    encoding = "/Encoding /WinAnsiEncoding"
    # PDFium takes a font's weight from the width of its stems: 140 is weight 700.
    stems = "/Flags 32 /StemV 140 /FontBBox [-170 -228 1003 962] /Ascent 718 /Descent -207"
    bold = "/BaseFont /Helvetica-Bold"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "",
        f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica {encoding} >>",
        f"<< /Type /Font /Subtype /Type1 {bold} {encoding} /FontDescriptor 5 0 R >>",
        f"<< /Type /FontDescriptor /FontName /Helvetica-Bold {stems} /ItalicAngle 0 >>",
    ]
    kids = []
    for page in pages:
        content = "\n".join(_shown(words) for words in page)
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << {fonts} >> >> /Contents {len(objects) + 2} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out = "%PDF-1.4\n"
    starts = []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    out += "".join(f"{start:010} 00000 n \n" for start in starts)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\n"
    return f"{out}startxref\n{table}\n%%EOF\n".encode("cp1252")


def _shown(words: Words) -> str:
    lean = 0.333 if words.italic else 0  # as the reports' italics are made
    escaped = words.text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    font = "/F2" if words.bold else "/F1"
    place = f"1 0 {lean} 1 {words.x} {HEIGHT - words.top} Tm"
    return f"BT {font} {words.size} Tf {place} ({escaped}) Tj ET"
