from __future__ import annotations

import io
import os
import random
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from PIL import Image

from index.errors import InspectionSearchError, UnreadableFileError, UsageError
from index.records import Box
from indexer.readers import read_document
from indexer.reading import read_file
from search.printed import page_png, text_under
from tests.made_pdf import Words, made_pdf

if TYPE_CHECKING:
    from index.records import Paragraph

REPORTS = Path(__file__).parents[2] / "shared" / "reports"
ABOVE = Words("Above stands another line", top=300)
BELOW = Words("Below stands one more", top=340)
SOUGHT = Words("This line is sought", top=320)
Pixel = tuple[int, int, int]


@pytest.fixture
def printed(tmp_path: Path) -> Path:
    """A file of two pages, the second with three lines close together."""
    path = tmp_path / "made.pdf"
    path.write_bytes(made_pdf([Words("Front page")], [ABOVE, SOUGHT, BELOW]))
    return path


def box_of(path: Path, words: str) -> Box:
    (box,) = [line.box for line in read_document(path).lines if line.text == words and line.box]
    return box


def picture(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return image.convert("RGB")


def pixels(image: Image.Image) -> list[tuple[int, int, Pixel]]:
    """Each pixel with its place from the left and from the top."""
    colours = cast("list[Pixel]", list(image.get_flattened_data()))
    return [(at % image.width, at // image.width, colour) for at, colour in enumerate(colours)]


def coloured(image: Image.Image) -> tuple[int, int, int, int] | None:
    """The bounds of what is yellow: left, top, right, bottom."""
    found = [(x, y) for x, y, (red, _, blue) in pixels(image) if red - blue > 40]
    if not found:
        return None
    across, down = zip(*found, strict=True)
    return min(across), min(down), max(across), max(down)


def test_the_line_is_highlighted_and_its_neighbours_are_not(printed: Path) -> None:
    box = box_of(printed, SOUGHT.text)
    image = picture(page_png(printed, 2, [box]))
    assert image.size == (round(595 * 1.5 + 0.5), round(842 * 1.5))
    bounds = coloured(image)
    assert bounds is not None
    expected = (box.x0 * 1.5, box.top * 1.5, box.x1 * 1.5, box.bottom * 1.5)
    assert bounds == pytest.approx(expected, abs=2)
    # Print under the mark stays black.
    assert min(sum(colour) for _, _, colour in pixels(image.crop(bounds))) < 3 * 40


def test_boxes_of_other_pages_are_not_drawn(printed: Path) -> None:
    box = box_of(printed, SOUGHT.text)
    assert coloured(picture(page_png(printed, 1, [box]))) is None
    assert text_under(printed, 1, [box]) == ""


def test_two_marks_that_overlap_are_no_darker_than_one(printed: Path) -> None:
    box = box_of(printed, SOUGHT.text)
    assert page_png(printed, 2, [box, box]) == page_png(printed, 2, [box])


def test_a_crop_is_as_wide_as_the_page_and_holds_the_lines_around(printed: Path) -> None:
    box = box_of(printed, SOUGHT.text)
    whole = picture(page_png(printed, 2, [box]))
    crop = picture(page_png(printed, 2, [box], crop=True))
    assert crop.width == whole.width
    assert (box.bottom - box.top) * 1.5 + 60 < crop.height < 150
    assert picture(page_png(printed, 2, [], crop=True)).size == whole.size


def test_a_picture_is_small(printed: Path) -> None:
    png = page_png(printed, 2, [box_of(printed, SOUGHT.text)])
    assert len(png) < 20_000
    assert len({colour for _, _, colour in pixels(picture(png))}) <= 32


@pytest.mark.parametrize("turned", ["/Rotate 90", "/Rotate 180", "/Rotate 270", "/Rotate 0"])
@pytest.mark.parametrize("cut", ["", "/CropBox [50 100 500 700]"])
def test_a_page_that_is_turned_or_cut_is_marked_where_its_words_are(
    turned: str, cut: str, tmp_path: Path
) -> None:
    path = tmp_path / "turned.pdf"
    made = made_pdf([SOUGHT]).replace(b"/Parent", f"{turned} {cut} /Parent".encode())
    path.write_bytes(made)
    box = box_of(path, SOUGHT.text)
    assert text_under(path, 1, [box]) == SOUGHT.text
    image = picture(page_png(path, 1, [box]))
    bounds = coloured(image)
    assert bounds is not None
    left, top, right, bottom = bounds
    sides = sorted([(box.x1 - box.x0) * 1.5, (box.bottom - box.top) * 1.5])
    assert sorted([right - left, bottom - top]) == pytest.approx(sides, abs=3)
    dark = [(x, y) for x, y, colour in pixels(image) if sum(colour) < 3 * 100]
    assert len(dark) > 100
    assert all(left <= x <= right and top <= y <= bottom for x, y in dark)


def test_the_text_under_boxes_is_that_of_their_lines(printed: Path) -> None:
    boxes = [box_of(printed, words.text) for words in (ABOVE, SOUGHT)]
    assert text_under(printed, 2, boxes).split("\n") == [ABOVE.text, SOUGHT.text]


def test_a_page_that_claims_to_be_enormous_is_drawn_small(tmp_path: Path) -> None:
    path = tmp_path / "enormous.pdf"
    path.write_bytes(made_pdf([SOUGHT]).replace(b"0 0 595 842", b"0 0 14400 14400"))
    assert max(picture(page_png(path, 1, [])).size) <= 2401


@pytest.mark.parametrize(
    ("page", "named", "error", "said"),
    [
        (0, "made.pdf", UsageError, "made.pdf has 2 pages; there is no page 0."),
        (3, "made.pdf", UsageError, "made.pdf has 2 pages; there is no page 3."),
        (1, "none.pdf", UnreadableFileError, "none.pdf is no longer where it was read."),
        (1, "made.txt", UsageError, "made.txt has no printed pages; only a PDF has."),
        (1, "damaged.pdf", UnreadableFileError, "damaged.pdf cannot be opened as a PDF."),
    ],
)
def test_what_cannot_be_drawn_is_said(
    page: int, named: str, error: type[InspectionSearchError], said: str, printed: Path
) -> None:
    (printed.parent / "made.txt").write_text("1. Risk.", encoding="utf-8")
    (printed.parent / "damaged.pdf").write_bytes(b"%PDF-1.4\nnothing")
    with pytest.raises(error) as raised:
        page_png(printed.parent / named, page, [])
    assert str(raised.value) == said


def test_a_file_that_was_replaced_is_drawn_anew(printed: Path) -> None:
    before = page_png(printed, 1, [])
    printed.write_bytes(made_pdf([Words("Quite another front page")]))
    os.utime(printed, ns=(1, 1))
    assert page_png(printed, 1, []) != before


def test_threads_may_draw_at_once(printed: Path) -> None:
    box = box_of(printed, SOUGHT.text)
    under: list[str] = []

    def draw(number: int) -> None:
        for at in range(10):
            # Another box each time, so that no picture comes from those that are kept.
            page_png(printed, 2, [Box(2, number, at, number + 50, at + 50)])
            under.append(text_under(printed, 2, [box]))

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert under == [SOUGHT.text] * 40


def letters(text: str) -> str:
    """What two ways of reading the same print must agree on: not hyphens, spaces and line ends."""
    return re.sub(r"\W+", "", text).casefold()


def problem_of(path: Path, paragraph: Paragraph) -> str | None:
    """Where the print under a paragraph's boxes is not its number and text, None where it is."""
    pages = sorted({box.page for box in paragraph.boxes})
    under = letters(" ".join(text_under(path, page, paragraph.boxes) for page in pages))
    text = letters(paragraph.text)
    if under in (text, letters(paragraph.number or "") + text):
        return None
    return f"{path.parent.name}/{path.name} {paragraph.number}: {under[:60]} for {text[:60]}"


def test_under_the_rectangles_of_200_paragraphs_stands_their_text() -> None:
    if not REPORTS.is_dir():
        pytest.skip(f"the published reports are not in {REPORTS}")
    # One of each year from 2013, so that every layout is among them.
    choose = random.Random(20)  # noqa: S311 - no secret
    by_year: dict[str, list[Path]] = {}
    for path in sorted(REPORTS.rglob("*.pdf")):
        if year := re.search(r"20(1[3-9]|2\d)(?=\.pdf)", path.name):
            by_year.setdefault(year[0], []).append(path)
    files = [path for year in sorted(by_year) for path in choose.sample(by_year[year], 1)]
    problems, seen = [], 0
    for path in files:
        reading = read_file(path, path.name)
        paragraphs = [one for one in reading.paragraphs if one.boxes]
        for paragraph in choose.sample(paragraphs, min(18, len(paragraphs))):
            problems.append(problem_of(path, paragraph))
            seen += 1
    assert seen >= 200
    assert [problem for problem in problems if problem] == []
