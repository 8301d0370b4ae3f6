"""Corpora in which every text bears a mark, so that no two can be taken for each other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_REPORT = """\
{council}

Inspection of children’s social care services

Inspection dates: 4 June {year} to 15 June {year}

Judgement	Grade
Overall effectiveness	Good

The experiences and progress of children who need help and protection: Good

{paragraphs}
"""
_PARAGRAPH = (
    "{number}. Staff of {council} say {mark} {number}. "
    "Care leavers of {mark} live in good housing, as {number} of them say in {council}."
)
_PLACES = ("Northbridge", "Southmere", "Eastfield", "Westhaven", "Midford", "Longlea")
# 1 January 2024, in seconds since 1970: long enough ago for a build to believe it.
LONG_AGO = 1_704_067_200


def write_report(
    folder: Path, place: int, mark: str, *, paragraphs: int = 8, year: int = 2018
) -> Path:
    """The file of a report on the place of that number; every sentence bears `mark`."""
    council = f"{_PLACES[place % len(_PLACES)]} City Council"
    numbered = (
        _PARAGRAPH.format(number=number, council=council, mark=mark)
        for number in range(1, paragraphs + 1)
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{mark}-{place}.txt"
    text = _REPORT.format(council=council, year=year, paragraphs="\n".join(numbered))
    path.write_text(text, encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def write_corpus(folder: Path, mark: str, *, reports: int = 4, changed: str | None = None) -> Path:
    """`folder` with reports that bear `mark`; the first bears `changed` where that is given."""
    for place in range(reports):
        path = write_report(folder, place, changed if changed and place == 0 else mark)
        path.rename(folder / f"{place}.txt")
    return folder
