"""What a search can be narrowed to, and how much of the collection each choice holds; pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from index.records import GRADES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from index.records import Filters, Report, Section

# Themes of the inspections, and the part of a heading that says that a section is on one. Headings
# differ from framework to framework ("children looked after and achieving permanence", "children in
# care"); these parts stand in the headings of all reports published from 2013 to 2025.
THEMES = {
    "Help and protection": "help and protection",
    "Children in care": "children in care",
    "Children looked after": "looked after",
    "Care leavers": "care leavers",
    "Adoption": "adoption",
    "Leaders and management": "leaders",
    "Safeguarding children board": "safeguarding children board",
    "What needs to improve": "to improve",
    "Recommendations": "recommendations",
}

Facet = Literal["council", "framework", "overall", "section", "grade"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a filter may have; `count` is of reports or of paragraphs."""

    value: str
    name: str
    count: int


def choices(
    facet: Facet, reports: Sequence[Report], sections: Iterable[Section], filters: Filters
) -> list[Choice]:
    """The values that `facet` may have within what the other `filters` leave, with their counts.

    Councils, frameworks and overall grades are counted in reports, themes and section grades in
    paragraphs. The value that is set is always among them, so that it can be seen and undone.
    """
    others = replace(filters, **{facet: None})  # type: ignore[arg-type]  # a facet may be None
    left = {report.id: report for report in _of(reports, others)}
    rows = [one for one in sections if one.report_id in left and _fits(one, others)]
    held = {one.report_id for one in rows}
    kept = [report for name, report in left.items() if name in held]
    match facet:
        case "council":
            counts = Counter(one.council for one in kept if one.council)
            found = [Choice(name, name, count) for name, count in sorted(counts.items())]
        case "framework":
            counts = Counter(one.facts.framework for one in kept if one.facts.framework)
            found = [Choice(name, name, count) for name, count in sorted(counts.items())]
        case "overall":
            found = _graded((one.facts.overall, 1) for one in kept)
        case "section":
            found = [Choice(part, name, _under(part, rows)) for name, part in THEMES.items()]
            found = [one for one in found if one.count]
        case "grade":
            found = _graded((one.grade, one.paragraphs) for one in rows)
    chosen = getattr(filters, facet)
    if chosen is not None and all(one.value.lower() != chosen.lower() for one in found):
        found.append(Choice(chosen, chosen, 0 if facet != "section" else _under(chosen, rows)))
    return found


def _under(part: str, sections: Iterable[Section]) -> int:
    return sum(one.paragraphs for one in sections if _heads(part, one))


def _of(reports: Sequence[Report], filters: Filters) -> list[Report]:
    newest = _newest(reports) if filters.latest else {}
    return [
        one
        for one in reports
        if _same(filters.council, one.council)
        and filters.report in (None, one.id, one.file)
        and _same(filters.framework, one.facts.framework)
        and (filters.overall is None or _grade(filters.overall) == _grade(one.facts.overall))
        and _within(one.facts.day, filters)
        and (one.council not in newest or one.facts.day in (None, newest[one.council]))
    ]


def _within(day: date | None, filters: Filters) -> bool:
    if day is None:
        return filters.date_from is None and filters.date_to is None
    return (filters.date_from or day) <= day <= (filters.date_to or day)


def _newest(reports: Iterable[Report]) -> Mapping[str | None, date]:
    newest: dict[str | None, date] = {}
    for one in reports:
        day = one.facts.day
        if one.council is not None and day is not None:
            newest[one.council] = max(day, newest.get(one.council, day))
    return newest


def _fits(section: Section, filters: Filters) -> bool:
    return (filters.section is None or _heads(filters.section, section)) and (
        filters.grade is None or _grade(filters.grade) == _grade(section.grade)
    )


def _heads(part: str, section: Section) -> bool:
    return part.lower() in (section.name or "").lower()


def _same(wanted: str | None, value: str | None) -> bool:
    return wanted is None or (value is not None and wanted.lower() == value.lower())


def _grade(grade: str | None) -> str:
    """A grade for comparing: until 2017 the third was printed "Requires improvement"."""
    return (grade or "").lower().removesuffix(" to be good")


def _graded(counted: Iterable[tuple[str | None, int]]) -> list[Choice]:
    """Grades from best to worst; what is no grade of the scale is no choice."""
    counts: Counter[str] = Counter()
    for grade, count in counted:
        counts[_grade(grade)] += count
    return [Choice(one, one, counts[_grade(one)]) for one in GRADES if counts[_grade(one)]]
