"""Passage lists (.jsonl, .csv) → paragraphs, indexed as they stand."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, ValidationError

from index.errors import UnreadableFileError
from index.records import Facts, Paragraph, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EXPECTED_LINE = 'Each line must be a JSON object like {"id": "12", "text": "…", "title": "…"}'
_EXPECTED_ROW = (
    "The first row must name the columns id, text and, if there are titles, title; "
    'a cell that holds a comma or a quotation mark must stand in "quotes"'
)
_LONGEST_CELL = 2**31 - 1  # the most that the csv module takes on every system


class _Line(BaseModel):
    id: str = Field(min_length=1, coerce_numbers_to_str=True)
    text: str
    title: str | None = None


def read_passage_list(path: Path) -> Reading:
    """One paragraph a line: its id is its number, its title its section.

    A `.csv` names its columns in its first row. A passage with neither text nor title is left out
    with a warning. Raises UnreadableFileError that names the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"not UTF-8 at byte {error.start}; save the passage list as UTF-8"
        ) from error
    passages = _passages_of_rows(text) if path.suffix.lower() == ".csv" else _passages(text)
    paragraphs: dict[str, Paragraph] = {}
    warnings: list[str] = []
    for at, passage in passages:
        if not (passage.text + (passage.title or "")).strip():
            warnings.append(f"line {at}: the passage {passage.id!r} is empty and is left out")
            continue
        if passage.id in paragraphs:
            raise UnreadableFileError(f"line {at}: the id {passage.id!r} stands on two lines")
        paragraphs[passage.id] = Paragraph(
            number=passage.id,
            part=None,
            section=passage.title or None,
            section_grade=None,
            subheading=None,
            page_start=None,
            page_end=None,
            text=passage.text,
        )
    return Reading(
        Facts(), tuple(paragraphs.values()), unnumbered=(), warnings=tuple(warnings), listed=True
    )


def _passages(text: str) -> Iterator[tuple[int, _Line]]:
    """Each passage of a `.jsonl`, with its line."""
    for at, line in enumerate(io.StringIO(text, newline=None), start=1):
        if line.strip():
            try:
                yield at, _Line.model_validate_json(line)
            except ValidationError as error:
                raise _refusal(at, error, _EXPECTED_LINE) from error


def _passages_of_rows(text: str) -> Iterator[tuple[int, _Line]]:
    """Each passage of a `.csv`, with the line that its row begins on."""
    columns: list[str] | None = None
    for at, row in _rows(text):
        if columns is None:
            columns = [cell.strip().lower() for cell in row]
            named = [columns.count(name) for name in ("id", "text", "title")]
            if named not in ([1, 1, 0], [1, 1, 1]):
                found = ", ".join(columns)[:80]  # a file of another kind may be all one line
                raise UnreadableFileError(f"line {at}: the columns are {found}. {_EXPECTED_ROW}")
        elif len(row) != len(columns):
            raise UnreadableFileError(
                f"line {at}: {len(row)} cells under {len(columns)} columns. {_EXPECTED_ROW}"
            )
        else:
            try:
                yield at, _Line.model_validate(dict(zip(columns, row, strict=True)))
            except ValidationError as error:
                raise _refusal(at, error, _EXPECTED_ROW) from error


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold something, each with the line it begins on."""
    csv.field_size_limit(_LONGEST_CELL)  # a passage may be longer than the module's 131,072
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        at = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFileError(f"line {at}: {error}. {_EXPECTED_ROW}") from error
        if any(cell.strip() for cell in row):
            yield at, row


def _refusal(at: int, error: ValidationError, expected: str) -> UnreadableFileError:
    first = error.errors()[0]
    place = f" ({first['loc'][0]})" if first["loc"] else ""
    return UnreadableFileError(f"line {at}: {first['msg']}{place}. {expected}")
