"""Passage lists (.jsonl) → paragraphs, indexed as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, ValidationError

from index.errors import UnreadableFileError
from index.records import Facts, Paragraph, Reading

if TYPE_CHECKING:
    from pathlib import Path

_EXPECTED = 'Each line must be a JSON object like {"id": "12", "text": "…", "title": "…"}'


class _Line(BaseModel):
    id: str = Field(min_length=1, coerce_numbers_to_str=True)
    text: str = Field(min_length=1)
    title: str | None = None


def read_passage_list(path: Path) -> Reading:
    """One paragraph a line: its id is its number, its title its section.

    Raises UnreadableFileError that names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"not UTF-8 at byte {error.start}; save the passage list as UTF-8"
        ) from error
    paragraphs: dict[str, Paragraph] = {}
    for at, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            passage = _Line.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            place = f" ({first['loc'][0]})" if first["loc"] else ""
            raise UnreadableFileError(f"line {at}: {first['msg']}{place}. {_EXPECTED}") from error
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
    return Reading(Facts(), tuple(paragraphs.values()), unnumbered=(), listed=True)
