from __future__ import annotations

import codecs
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.errors import UnreadableFileError
from indexer.lines import Document, Line
from indexer.readers import read_document
from tests.made_pdf import Words, made_pdf

Read = Callable[..., Document]

SHARED = Path(__file__).parents[2] / "shared"
needs_reports = pytest.mark.skipif(
    not (SHARED / "reports").is_dir(), reason="the published reports are not beside the checkout"
)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def write_and_read(data: bytes | str, name: str = "report.pdf") -> Document:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_document(path)

    return write_and_read


def page_lines(*words: Words, read: Read) -> tuple[Line, ...]:
    return read(made_pdf(list(words))).lines


# PDF: what a line is


def test_a_line_of_a_pdf_has_its_words_size_weight_and_its_box_from_the_pages_top_left(
    read: Read,
) -> None:
    (heading, body) = page_lines(
        Words("What needs to improve", x=72, top=100, size=14, bold=True),
        Words("The pace of change.", x=90, top=130),
        read=read,
    )
    assert (heading.text, heading.size, heading.bold) == ("What needs to improve", 14.0, True)
    assert (body.text, body.size, body.bold, body.italic) == (
        "The pace of change.",
        12.0,
        False,
        False,
    )
    assert body.box is not None
    assert (body.box.page, body.box.x0) == (1, 90.0)
    assert body.box.top < 130 < body.box.bottom < 136
    assert body.box.x1 == pytest.approx(195, abs=15)


def test_pages_count_from_one_and_their_number_is_known(read: Read) -> None:
    document = read(made_pdf([Words("First.")], [Words("Second.")]))
    assert document.pages == 2
    assert [line.box and line.box.page for line in document.lines] == [1, 2]


def test_italics_are_told_by_the_slant_of_the_text(read: Read) -> None:
    (line,) = page_lines(Words("Quality of practice", italic=True), read=read)
    assert line.italic
    assert not line.bold


def test_a_line_is_bold_only_if_it_is_bold_to_its_end(read: Read) -> None:
    (line,) = page_lines(
        Words("Lead inspector:", bold=True), Words("Ann Example", x=180), read=read
    )
    assert line.text == "Lead inspector: Ann Example"
    assert not line.bold


def test_a_hyphen_at_a_lines_end_stays_and_ends_the_line(read: Read) -> None:
    lines = page_lines(
        Words("a difference to their day-", top=100),
        Words("to-day lives.", top=114),
        read=read,
    )
    assert [line.text for line in lines] == ["a difference to their day-", "to-day lives."]


@pytest.mark.parametrize("left", [123.5, 129.0], ids=["against its word", "apart"])
def test_a_footnotes_mark_is_dropped_and_a_number_of_the_text_is_not(
    read: Read, left: float
) -> None:
    (line,) = page_lines(
        Words("The board", x=72),
        Words("1", x=left, top=95, size=7),
        Words("met 12 times in 2014.", x=left + 8),
        read=read,
    )
    assert line.text == "The board met 12 times in 2014."


def test_cells_of_a_row_are_parted_by_a_tab(read: Read) -> None:
    (line,) = page_lines(Words("Overall effectiveness", x=79), Words("Good", x=395), read=read)
    assert line.text == "Overall effectiveness\tGood"


# PDFs that are none, or none to read


WEB_PAGE = "a web page saved under a .pdf name"
GOOD = made_pdf([Words("1. Strong leadership.")])
ENCRYPTION = (
    "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 "
    f"/O <{'41' * 32}> /U <{'42' * 32}> >> /ID [<41> <41>]"
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n ", "the file is empty"),
        (b"<!DOCTYPE html>\n<html><p>Not here</p></html>", WEB_PAGE),
        (b"\xef\xbb\xbf\r\n<HTML><p>Not here</p></HTML>", WEB_PAGE),
        (b"PK\x03\x04 and so on", "a Word document or archive saved under a .pdf name"),
        (b"Dear council,\n", "a text file saved under a .pdf name"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a PDF, though its name says so"),
        (GOOD[: len(GOOD) // 2], "truncated: the file stops before its end mark"),
        (b"%PDF-1.7\nnothing\n%%EOF", "damaged: it cannot be opened as a PDF"),
        (made_pdf([]), "no text layer: the pages are pictures and need OCR"),
        (made_pdf([Words("x")], trailer=ENCRYPTION), "encrypted: it opens only with a password"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_for_what_it_is(
    read: Read,
    data: bytes,
    reason: str,
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(data)
    assert str(caught.value) == reason


def test_a_linearized_file_is_held_to_the_length_it_states(read: Read) -> None:
    stated = GOOD.replace(b"%PDF-1.4\n", b"%PDF-1.4\n%%EOF\n% << /Linearized 1 /L 99999 >>\n", 1)
    with pytest.raises(UnreadableFileError, match="truncated"):
        read(stated)


def test_a_suffix_without_a_reader_is_refused_with_those_that_have_one(read: Read) -> None:
    with pytest.raises(UnreadableFileError, match=r"no reader for \.xls: .*\.pdf"):
        read(b"x", "report.xls")


def test_a_missing_file_is_refused_plainly(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="cannot be opened"):
        read_document(tmp_path / "none.pdf")


@needs_reports
@pytest.mark.parametrize(
    "name",
    [
        "80429_birmingham/children's services inspection - 19 october 2012.pdf",
        "80431_blackpool/children's services inspection - 13 july 2012.pdf",
        "80490_bromley/children's services inspection - 17 august 2012.pdf",
        "80543_rotherham/children's services inspection - 10 august 2012.pdf",
    ],
)
def test_the_four_published_web_pages_under_a_pdf_name_are_told(name: str) -> None:
    with pytest.raises(UnreadableFileError, match=WEB_PAGE):
        read_document(SHARED / "reports" / name)


def test_threads_may_read_pdfs_at_the_same_time(tmp_path: Path) -> None:
    # Without the lock PDFium crashed the process in two of four trials.
    paths = []
    for number in range(8):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(made_pdf(*[[Words(f"Report {number}, page {p}.")] for p in range(40)]))
        paths.append(path)
    with ThreadPoolExecutor(4) as pool:
        documents = list(pool.map(read_document, paths * 4))
    for number, document in enumerate(documents):
        assert document.lines[0].text == f"Report {number % 8}, page 0."


# Text


@pytest.mark.parametrize(
    "data",
    [
        "Children’s café".encode(),
        codecs.BOM_UTF8 + "Children’s café".encode(),
        codecs.BOM_UTF16_LE + "Children’s café".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Children’s café".encode("utf-16-be"),
        "Children’s café".encode("cp1252"),
    ],
)
def test_text_is_decoded_by_its_mark_else_as_utf8_else_as_windows_western(
    read: Read,
    data: bytes,
) -> None:
    document = read(data, "report.txt")
    assert [line.text for line in document.lines] == ["Children’s café"]
    assert document.pages is None


def test_bytes_that_windows_western_lacks_are_read_as_latin1(read: Read) -> None:
    assert read(b"caf\xe9 \x81", "report.txt").lines[0].text.startswith("café")


def test_a_binary_file_under_a_text_name_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFileError, match="not a text file"):
        read(bytes(range(256)), "report.txt")


def test_markdown_headings_bold_and_blank_lines_are_kept_as_marks(read: Read) -> None:
    text = """# Report

**Lead inspector: Ann Example
Her Majesty’s Inspector**
plain

## Findings ##
"""
    lines = read(text, "report.md").lines
    assert lines == (
        Line("Report", heading=1),
        Line("Lead inspector: Ann Example", bold=True, blank_before=True),
        Line("Her Majesty’s Inspector", bold=True),
        Line("plain"),
        Line("Findings", heading=2, blank_before=True),
    )
