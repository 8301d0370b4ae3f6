"""The choices that a search can be narrowed to, and their counts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from index.records import Facts, Filters, Report, Section
from search.facets import Choice, Facet, choices

if TYPE_CHECKING:
    from search.ask import Searcher


def _report(name: str, council: str, day: date, framework: str, overall: str) -> Report:
    facts = Facts(council=council, framework=framework, inspection_end=day, overall=overall)
    return Report(name, f"{name}.pdf", council, facts)


REPORTS = [
    _report("leeds-15", "Leeds", date(2015, 2, 11), "SIF", "Requires improvement"),
    _report("leeds-22", "Leeds", date(2022, 3, 4), "ILACS", "Outstanding"),
    _report("wigan-22", "Wigan", date(2022, 5, 20), "ILACS", "Requires improvement to be good"),
]
SECTIONS = [
    Section("leeds-15", "Children looked after and achieving permanence", "Good", 30),
    Section("leeds-15", "Leadership, management and governance", "Requires improvement", 20),
    Section("leeds-22", "Children in care and care leavers: Outstanding", "Outstanding", 13),
    Section("leeds-22", "What needs to improve?", None, 4),
    Section("wigan-22", "The impact of leaders", "Requires improvement to be good", 9),
]


def _found(facet: Facet, filters: Filters | None = None) -> list[tuple[str, int]]:
    return [
        (one.name, one.count) for one in choices(facet, REPORTS, SECTIONS, filters or Filters())
    ]


@pytest.mark.parametrize(
    ("facet", "filters", "expected"),
    [
        ("council", Filters(), [("Leeds", 2), ("Wigan", 1)]),
        ("council", Filters(overall="Outstanding"), [("Leeds", 1)]),
        ("council", Filters(council="Wigan"), [("Leeds", 2), ("Wigan", 1)]),
        ("council", Filters(latest=True), [("Leeds", 1), ("Wigan", 1)]),
        ("council", Filters(date_to=date(2020, 1, 1)), [("Leeds", 1)]),
        ("council", Filters(date_from=date(2022, 5, 20)), [("Wigan", 1)]),
        ("council", Filters(section="LEADERS"), [("Leeds", 1), ("Wigan", 1)]),
        ("framework", Filters(), [("ILACS", 2), ("SIF", 1)]),
        ("framework", Filters(report="leeds-15"), [("SIF", 1)]),
        ("framework", Filters(report="wigan-22.pdf"), [("ILACS", 1)]),
        ("overall", Filters(), [("Outstanding", 1), ("Requires improvement to be good", 2)]),
        ("overall", Filters(framework="sif"), [("Requires improvement to be good", 1)]),
        ("grade", Filters(council="Leeds"), [("Outstanding", 13), ("Good", 30),
                                             ("Requires improvement to be good", 20)]),
        ("section", Filters(council="Wigan"), [("Leaders and management", 9)]),
        ("section", Filters(grade="Good"), [("Children looked after", 30)]),
    ],
)  # fmt: skip
def test_choices_are_counted_within_what_the_other_filters_leave(
    facet: Facet, filters: Filters, expected: list[tuple[str, int]]
) -> None:
    assert _found(facet, filters) == expected


def test_a_theme_stands_for_a_part_of_a_heading() -> None:
    [care] = [one for one in choices("section", REPORTS, SECTIONS, Filters()) if "care" in one.value
              and one.name == "Children in care"]  # fmt: skip
    assert care == Choice("children in care", "Children in care", 13)
    assert ("What needs to improve", 4) in _found("section")


def test_what_is_set_stays_a_choice_though_nothing_is_left_of_it() -> None:
    assert _found("council", Filters(council="Atlantis"))[-1] == ("Atlantis", 0)
    assert _found("section", Filters(section="impact"))[-1] == ("impact", 9)
    assert [name for name, _ in _found("council", Filters(council="leeds"))] == ["Leeds", "Wigan"]


def test_a_report_without_an_inspection_speaks_of_the_day_it_was_published() -> None:
    assert Facts(published=date(2020, 1, 2)).day == date(2020, 1, 2)


def test_every_count_is_what_the_search_is_narrowed_to(searcher: Searcher) -> None:
    store = searcher.generation.store
    reports, sections = store.reports(), store.sections()
    facets: tuple[Facet, ...] = ("council", "framework", "overall", "section", "grade")
    narrowed = [Filters(), Filters(council="Northbridge"), Filters(latest=True),
                Filters(grade="Good"), Filters(overall="Inadequate")]  # fmt: skip
    for filters in narrowed:
        for facet in facets:
            for one in choices(facet, reports, sections, filters):
                values = {name: getattr(filters, name) for name in Filters.__dataclass_fields__}
                rows = store.rows(Filters(**{**values, facet: one.value}))
                assert rows is not None
                passages = store.passages(rows.tolist())
                of_reports = len({passage.report_id for passage in passages})
                held = len(passages) if facet in ("section", "grade") else of_reports
                assert held == one.count
