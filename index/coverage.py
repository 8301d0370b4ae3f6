"""What an index covers: what was read, what was not and why, what looked wrong; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from index.records import Report, SourceFile


@dataclass(frozen=True, slots=True)
class Coverage:
    """The counts of an index, and every file that is not simply in it.

    `reports` leaves out the passage lists, which `lists` counts; `years` are those of the
    inspections' last days (the publications' where none is printed). `unreadable` and `duplicates`
    are pairs of file and reason, `warned` of file and warnings, all by file.
    """

    reports: int
    lists: int
    paragraphs: int
    councils: tuple[str, ...]
    years: tuple[int, ...]
    unreadable: tuple[tuple[str, str], ...]
    duplicates: tuple[tuple[str, str], ...]
    warned: tuple[tuple[str, tuple[str, ...]], ...]


def coverage_of(
    reports: Iterable[Report], files: Iterable[SourceFile], paragraphs: int
) -> Coverage:
    """The coverage of these reports, which hold so many paragraphs, read from these files."""
    reports = sorted(reports, key=lambda report: report.file)
    files = sorted(files, key=lambda file: file.file)
    listed = sum(report.listed for report in reports)
    days = (report.facts.day for report in reports)
    return Coverage(
        reports=len(reports) - listed,
        lists=listed,
        paragraphs=paragraphs,
        councils=tuple(sorted({report.council for report in reports if report.council})),
        years=tuple(sorted({day.year for day in days if day is not None})),
        unreadable=tuple(_with_reason(files, "unreadable")),
        duplicates=tuple(_with_reason(files, "duplicate")),
        warned=tuple((report.file, report.warnings) for report in reports if report.warnings),
    )


def _with_reason(files: Iterable[SourceFile], outcome: str) -> Iterator[tuple[str, str]]:
    return ((file.file, file.reason or "") for file in files if file.outcome == outcome)


def coverage_lines(coverage: Coverage) -> list[str]:
    """The coverage as a table, one printable line each."""
    years = coverage.years
    span = f" ({years[0]} to {years[-1]})" if len(years) > 1 else f" ({years[0]})" if years else ""
    rows = [
        ("Reports read", f"{coverage.reports:,}"),
        *([("Passage lists", f"{coverage.lists:,}")] if coverage.lists else []),
        ("Paragraphs", f"{coverage.paragraphs:,}"),
        ("Councils", f"{len(coverage.councils):,}"),
        ("Years", f"{len(years):,}{span}"),
        ("Files not read", f"{len(coverage.unreadable):,}"),
        ("Files not kept", f"{len(coverage.duplicates):,}"),
        ("Reports with warnings", f"{len(coverage.warned):,}"),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    for title, listed in (
        ("Could not be read:", coverage.unreadable),
        ("Not kept:", coverage.duplicates),
    ):
        if listed:
            lines += [title, *(f"  {file}: {reason}" for file, reason in listed)]
    if coverage.warned:
        lines.append("Read with warnings:")
        for file, warnings in coverage.warned:
            lines += [f"  {file}: {warning}" for warning in warnings]
    return [printable(line) for line in lines]
