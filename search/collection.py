"""What is in the index, in rows and counts; pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.records import GRADES
from search import cite
from search.export import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from index.generation import Generation
    from index.records import Report

NOT_PRINTED = "Not printed"


@dataclass(frozen=True, slots=True)
class Row:
    """A report and how many paragraphs of it are in the index."""

    report: Report
    paragraphs: int

    @property
    def title(self) -> str:
        """Council, kind of inspection and dates; the file where the facts name no council."""
        named = self.report.facts.council is not None
        return cite.inspection(self.report.facts) if named else self.report.file


def rows_of(generation: Generation) -> list[Row]:
    """The reports, newest inspection first; those without a day, as passage lists, at the end."""
    starts = generation.store.report_starts()
    ends = [*starts[1:].tolist(), generation.manifest.counts.paragraphs]
    first = generation.store.passages(starts.tolist())
    counts = {
        one.report_id: end - start
        for one, start, end in zip(first, starts.tolist(), ends, strict=True)
    }
    reports = sorted(
        generation.store.reports(), key=lambda one: (-_day_number(one), one.council or "", one.file)
    )
    return [Row(one, counts.get(one.id, 0)) for one in reports]


def _day_number(report: Report) -> int:
    day = report.facts.day
    return 0 if day is None else day.toordinal()


def matching(rows: Iterable[Row], words: str) -> list[Row]:
    """The rows that hold every one of `words` in their title, grade, inspector or file."""
    wanted = words.casefold().split()
    return [row for row in rows if all(one in _searched(row) for one in wanted)]


def _searched(row: Row) -> str:
    facts = row.report.facts
    parts = (row.title, row.report.council, facts.overall, facts.lead_inspector, row.report.file)
    return " ".join(filter(None, parts)).casefold()


def inspections_by_year(reports: Iterable[Report]) -> dict[int, int]:
    """How many inspections ended in each year, years without any between them included."""
    days = [one.facts.day for one in reports if not one.listed]
    found = Counter(day.year for day in days if day is not None)
    return {year: found[year] for year in range(min(found), max(found) + 1)} if found else {}


def inspections_by_grade(reports: Iterable[Report]) -> dict[str, int]:
    """How many inspections have each overall grade, best first; other grades as they stand."""
    found = Counter(one.facts.overall or NOT_PRINTED for one in reports if not one.listed)
    others = sorted(one for one in found if one not in (*GRADES, NOT_PRINTED))
    return {one: found[one] for one in (*GRADES, *others, NOT_PRINTED) if found[one]}


_COLUMNS = (
    "id", "council", "framework", "inspection_start", "inspection_end", "published",
    "lead_inspector", "overall", "judgements", "paragraphs", "warnings", "file",
)  # fmt: skip


def collection_csv(rows: Iterable[Row]) -> bytes:
    """The reports as CSV, a row each."""
    lines: list[Sequence[object]] = [_COLUMNS]
    for row in rows:
        report, facts = row.report, row.report.facts
        values: Mapping[str, object] = {
            "id": report.id,
            "council": facts.council or report.council,
            "framework": facts.framework,
            "inspection_start": facts.inspection_start,
            "inspection_end": facts.inspection_end,
            "published": facts.published,
            "lead_inspector": facts.lead_inspector,
            "overall": facts.overall,
            "judgements": "; ".join(f"{one.name}: {one.grade}" for one in facts.judgements),
            "paragraphs": row.paragraphs,
            "warnings": "; ".join(report.warnings),
            "file": report.file,
        }
        lines.append([values[name] for name in _COLUMNS])
    return csv_bytes(lines)
