"""Many questions from a table, and their cited answers in one; pure but for the asking."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from index.errors import UsageError
from index.printable import one_line
from index.records import Filters
from search import cite
from search.ask import Asked
from search.export import Selection, answer_of, csv_bytes
from search.export import selection_of as selection_of_result
from search.request import BatchLine, first_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from search.ask import Searcher
    from search.export import Part
    from search.result import Result

MOST_QUESTIONS = 500
MOST_BYTES = 1024 * 1024
# Filters by their names on the command line.
FILTERS = (
    "council", "report", "from", "to", "framework", "section", "grade", "overall", "latest",
)  # fmt: skip
_KNOWN = ("id", "question", "k", *FILTERS)
# Asked together: enough to encode at once, few enough that progress is seen.
_TOGETHER = 32


# Of a refused question: enough to look further, too few to be taken for an answer.
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Answered:
    """A question of the table, and what came of it: its quotations, or the nearest paragraphs."""

    line: BatchLine
    result: Result
    part: Part


def read_questions(data: bytes) -> list[BatchLine]:
    """The questions of a CSV file, each checked; one without an id goes by its number.

    Raises UsageError that says what is wrong, and in which row.
    """
    if len(data) > MOST_BYTES:
        raise UsageError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.")
    rows = list(_rows(_text(data)))
    if not rows:
        raise UsageError("The file is empty. Expected a column named question.")
    columns = [one.strip().lower() for one in rows[0][1]]
    if "question" not in columns:
        named = ", ".join(f"“{one_line(one)}”" for one in columns[:8])
        raise UsageError(
            f"The first row has no column named question; it has {named}. Optional columns: id, "
            f"{', '.join(FILTERS)}."
        )
    unknown = [one for one in columns if one and one not in _KNOWN]
    if unknown:
        raise UsageError(
            f"There is no filter “{one_line(unknown[0])}”. Columns: question, id, "
            f"{', '.join(FILTERS)}."
        )
    if len(set(filter(None, columns))) < len(list(filter(None, columns))):
        raise UsageError("Two columns of the first row have the same name.")
    lines = [
        _question(number, place, columns, cells)
        for number, (place, cells) in enumerate(rows[1:], start=1)
    ]
    if not lines:
        raise UsageError("The file holds no questions below its first row.")
    if len(lines) > MOST_QUESTIONS:
        raise UsageError(
            f"The file holds {len(lines):,} questions; at most {MOST_QUESTIONS:,} are answered at "
            "once here. Split the file, or use: python -m search --batch FILE.jsonl"
        )
    return lines


def _text(data: bytes) -> str:
    """The text of the file: UTF-8, or what Excel writes on Windows where it is not."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError("The file is not text. Save the table as “CSV UTF-8”.")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with its line in the file."""
    if "\0" in text:
        raise UsageError("The file is not text. Save the table as “CSV UTF-8”.")
    first = text.lstrip().split("\n", maxsplit=1)[0]
    # Where a comma is the decimal mark, Excel separates by semicolons.
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise UsageError(f"Line {reader.line_num} is no CSV: {error}.") from error


def _question(number: int, place: int, columns: Sequence[str], cells: Sequence[str]) -> BatchLine:
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise UsageError(
            f"Line {place} has more cells than the first row. A question that holds a comma must "
            'stand in quotation marks: "who, and when?"'
        )
    named = zip(columns, cells, strict=False)  # a short row leaves out its last cells
    given = {name: cell.strip() for name, cell in named if name and cell.strip()}
    try:
        line = BatchLine.model_validate({"id": str(number), "question": "", **given})
    except ValidationError as error:
        raise UsageError(f"Line {place}: {first_problem(error)}.") from error
    if not line.question:
        raise UsageError(f"Line {place} has no question.")
    return line


def answers(searcher: Searcher, lines: Sequence[BatchLine]) -> Iterator[Answered]:
    """The result of each question, in order, as they come. Raises as Searcher.ask."""
    for at in range(0, len(lines), _TOGETHER):
        together = lines[at : at + _TOGETHER]
        asked = [Asked(one.question, one.filters(Filters()), one.k or 10) for one in together]
        for line, result in zip(together, searcher.ask_many(asked), strict=True):
            heading = f"{line.id}. {line.question}"
            part = answer_of(result, searcher.passage, heading)
            if not result.answered:
                nearest = selection_of_result(result, searcher.passage).parts[1].excerpts
                part = replace(part, excerpts=nearest[:_NEAREST])
            yield Answered(line, result, part)


def count_in_words(answered: Sequence[Answered]) -> str:
    """How many there are of each: "12 questions: 9 answered, 3 refused"."""
    given = sum(one.result.answered for one in answered)
    noun = "question" if len(answered) == 1 else "questions"
    return f"{len(answered):,} {noun}: {given:,} answered, {len(answered) - given:,} refused"


_COLUMNS = (
    "id", "question", "answered", "confidence", "refusal", "quotation", "citation", "nearest",
    "council", "paragraph", "page_start", "page_end", "file", "link",
)  # fmt: skip


def answers_csv(answered: Sequence[Answered], base: str = "") -> bytes:
    """A row for each quotation, and one for each refusal, which names the nearest paragraphs."""
    rows: list[Sequence[object]] = [_COLUMNS]
    for one in answered:
        result = one.result
        asked = (one.line.id, one.line.question, "yes" if result.answered else "no")
        how = (f"{result.confidence:.2f}", result.refusal)
        if not result.answered:
            nearest = [
                cite.label(near.report, near.passage.paragraph) for near in one.part.excerpts
            ]
            rows.append([*asked, *how, "", "", "; ".join(nearest), *[""] * 6])
        for quotation in result.answer:
            cited = quotation.citation
            place = (cited.council, cited.paragraph, cited.page_start, cited.page_end, cited.file)
            rows.append([*asked, *how, quotation.quote, cited.label, "", *place, base + cited.link])
    return csv_bytes(rows)


def selection_of(answered: Sequence[Answered], base: str = "") -> Selection:
    """What is exported of a batch: a part for each question, its quotations or its refusal."""
    return Selection(count_in_words(answered), tuple(one.part for one in answered), base)


def refusals(answered: Sequence[Answered]) -> list[tuple[str, str, str]]:
    """Id, question and reason of each question that was not answered."""
    return [
        (one.line.id, one.line.question, one.result.refusal or "")
        for one in answered
        if not one.result.answered
    ]
