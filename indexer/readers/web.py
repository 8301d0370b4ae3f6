"""HTML → lines: a published report's page, without the site around it."""

from __future__ import annotations

from html.parser import HTMLParser

from index.errors import UnreadableFileError
from indexer.lines import Document, Line
from indexer.readers.plain import decode

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    ("p", "li", "tr", "caption", "div", "section", "article", "main", "body", "blockquote", "dd")
) | frozenset(("dt", "pre", "figure", "figcaption", "table", "ul", "ol", "details", "summary"))
# The site's own furniture; a report's text is in none of these.
_ASIDE = frozenset(
    ("head", "script", "style", "nav", "header", "footer", "aside", "form", "noscript", "template")
) | frozenset(("svg", "button", "iframe"))
_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "col", "wbr", "source", "area"))
_BOLD = frozenset(("b", "strong", "th"))
_ITALIC = frozenset(("i", "em"))


def read_web_page(data: bytes) -> Document:
    """The lines of a web page; raises UnreadableFileError if it shows no text."""
    page = _Page()
    page.feed(decode(data))
    page.close()
    page.end_line()
    if not page.lines:
        raise UnreadableFileError("the web page shows no text")
    return Document(tuple(page.lines), pages=None)


class _Page(HTMLParser):
    """The lines so far, and the line being gathered."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[Line] = []
        self._open: list[str] = []
        self._aside = 0
        self._lists: list[int | None] = []  # the next number of each open list; None has bullets
        self._words: list[tuple[str, bool, bool]] = []
        self._label = ""
        self._blank = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "br":
            self.end_line()
        if tag in _VOID:
            return
        self._open.append(tag)
        self._aside += tag in _ASIDE
        if tag in _HEADINGS or tag in _BLOCKS:
            self._end_block()
        if tag == "ol":
            self._lists.append(_whole(given.get("start"), 1))
        elif tag == "ul":
            self._lists.append(None)
        elif tag == "li" and self._lists:
            number = self._lists[-1]
            if number is None:
                self._label = "• "
            else:
                number = _whole(given.get("value"), number)
                self._label = f"{number}. "
                self._lists[-1] = number + 1
        elif tag in ("td", "th") and self._words:
            self._words.append(("\t", False, False))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            return
        if tag in _HEADINGS or tag in _BLOCKS:
            self._end_block()
        # What was left open inside ends with it, as browsers have it.
        while self._open:
            closed = self._open.pop()
            self._aside -= closed in _ASIDE
            if closed in ("ol", "ul") and self._lists:
                self._lists.pop()
            if closed == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._aside or ("sup" in self._open and data.strip().isdigit()):
            return  # a raised figure is a footnote's mark
        bold = any(tag in _BOLD for tag in self._open)
        italic = any(tag in _ITALIC for tag in self._open)
        self._words.append((data.replace("\t", " "), bold, italic))

    def end_line(self) -> None:
        """Keeps the gathered words as a line, unless there are none."""
        shown = [(text, bold, italic) for text, bold, italic in self._words if text.strip()]
        cells = "".join(text for text, _, _ in self._words).split("\t")
        text = "\t".join(" ".join(cell.split()) for cell in cells).strip()
        self._words = []
        if not text:
            return
        heading = next((_HEADINGS[tag] for tag in reversed(self._open) if tag in _HEADINGS), None)
        self.lines.append(
            Line(
                f"{self._label}{text}" if heading is None else text,
                bold=all(bold for _, bold, _ in shown),
                italic=all(italic for _, _, italic in shown),
                heading=heading,
                blank_before=self._blank or not self.lines,
                whole=self._blank or not self.lines,
            )
        )
        self._label, self._blank = "", False

    def _end_block(self) -> None:
        self.end_line()
        self._blank = True


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.strip().isdecimal() else otherwise
