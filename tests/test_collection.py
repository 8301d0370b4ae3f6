"""The collection: its rows and counts, and the page that shows them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from index.errors import IndexMissingError
from index.records import Facts, Judgement, Report
from pages.uploads import CORPUS_VARIABLE, PASSWORD_VARIABLE, TRIES, UPLOADS_VARIABLE
from search.collection import (
    Row,
    collection_csv,
    inspections_by_grade,
    inspections_by_year,
    matching,
    rows_of,
)
from tests.drawn import drawn, html

if TYPE_CHECKING:
    from pathlib import Path

    from search.ask import Searcher


def report(name: str, year: int | None = None, overall: str | None = None) -> Report:
    end = None if year is None else date(year, 5, 1)
    facts = Facts(council=f"{name} Council", inspection_end=end, overall=overall)
    return Report(name.lower(), f"{name}.pdf", name, facts)


LEEDS, HULL = report("Leeds", 2018, "Good"), report("Hull", 2021, "Requires improvement to be good")
YORK = report("York", 2021, "Requires improvement to be good")
BARE, LIST = report("Bare"), replace(report("List", 2020), listed=True)


def test_every_report_has_its_paragraphs_counted(searcher: Searcher) -> None:
    generation = searcher.generation
    rows = rows_of(generation)
    assert [row.report.id for row in rows] == [
        "southmere-county-council-2022-10-14",
        "northbridge-city-council-2021-06-18",
        "northbridge-city-council-2018-06-15",
    ]
    passages = generation.store.all_passages()
    for row in rows:
        assert row.paragraphs == sum(one.report_id == row.report.id for one in passages)


def test_years_without_inspections_are_counted_as_none() -> None:
    counted = inspections_by_year([HULL, LEEDS, YORK, BARE, LIST])
    assert counted == {2018: 1, 2019: 0, 2020: 0, 2021: 2}
    assert inspections_by_year([BARE, LIST]) == {}


def test_grades_are_counted_best_first() -> None:
    odd = report("Odd", 2020, "Met")
    counted = inspections_by_grade([HULL, BARE, odd, YORK, LEEDS, LIST])
    assert list(counted.items()) == [
        ("Good", 1),
        ("Requires improvement to be good", 2),
        ("Met", 1),
        ("Not printed", 1),
    ]


def test_reports_are_found_by_all_the_words() -> None:
    rows = [Row(one, 1) for one in (LEEDS, HULL, YORK)]
    assert matching(rows, "council IMPROVEMENT") == [rows[1], rows[2]]
    assert matching(rows, "york.pdf") == [rows[2]]
    assert matching(rows, " ") == rows
    assert matching(rows, "paris") == []


def test_the_list_is_a_table_without_formulas() -> None:
    facts = Facts(council="=cmd()", judgements=(Judgement("Overall", "Good", "good"),))
    hostile = Report("r", "+x.pdf", None, facts, warnings=("<b>", "@y"))
    data = collection_csv([Row(hostile, 7)]).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(data, newline=""))
    assert (row["council"], row["file"], row["paragraphs"]) == ("'=cmd()", "'+x.pdf", "7")
    assert (row["judgements"], row["warnings"]) == ("Overall: Good", "<b>; @y")


@pytest.fixture
def shown(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> Searcher:
    """The page shows the made reports, and nobody may change them."""
    monkeypatch.setattr("search.ask.shared_searcher", lambda _: searcher)
    for name in (UPLOADS_VARIABLE, PASSWORD_VARIABLE, CORPUS_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    return searcher


def test_the_page_shows_every_report_and_every_file_that_was_not_read(shown: Searcher) -> None:
    drawn_html = html(drawn("collection.py"))
    for one in shown.generation.store.reports():
        assert f"/report?id={one.id}" in drawn_html
    coverage = shown.generation.coverage()
    assert f"{coverage.reports} reports on {len(coverage.councils)} councils" in drawn_html
    for file, why in (*coverage.unreadable, *coverage.duplicates):
        assert f"{file}</td>" in drawn_html
        assert why.split("'")[0] in drawn_html


def test_a_chart_has_its_numbers_beside_it_and_in_words(shown: Searcher) -> None:
    app = drawn("collection.py")
    assert [one.label for one in app.expander] == [
        "Inspections by year: the numbers",
        "Inspections by overall grade: the numbers",
    ]
    assert "<td>2019</td><td class='number'>0</td>" in html(app)
    said = [one.proto.alt for one in app.get("vega_lite_chart")]
    assert said == [
        "Bars: inspections by year. 2018: 1, 2019: 0, 2020: 0, 2021: 1, 2022: 1.",
        "Bars: inspections by overall grade. Good: 2, Inadequate: 1.",
    ]


def test_the_list_is_narrowed_by_words(shown: Searcher) -> None:
    app = drawn("collection.py")
    app.text_input[0].input("southmere").run()
    drawn_html = html(app)
    assert "1 of 3 reports" in drawn_html
    assert "Northbridge City Council, " not in drawn_html


def test_without_leave_nothing_can_be_changed(shown: Searcher) -> None:
    app = drawn("collection.py")
    assert not app.button
    assert not app.get("file_uploader")
    assert "reports are added by whoever runs it" in html(app)


@pytest.fixture
def open_to_changes(
    shown: Searcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> pytest.MonkeyPatch:
    """Changes are allowed, in the folder that the index was built from."""
    [root] = shown.generation.manifest.roots
    monkeypatch.setenv(UPLOADS_VARIABLE, "1")
    monkeypatch.setenv(CORPUS_VARIABLE, root)
    monkeypatch.setattr("pages.rebuild._last", None)
    monkeypatch.setattr(TRIES, "_wrong", [])
    return monkeypatch


def test_with_leave_reports_can_be_added_and_removed(open_to_changes: pytest.MonkeyPatch) -> None:
    app = drawn("collection.py")
    assert [one.label for one in app.button] == ["Rebuild the index", "Add and rebuild"]
    app.selectbox[0].select_index(0).run()
    removing = app.button[-1]
    assert removing.label == "Remove and rebuild"
    assert removing.disabled
    app.checkbox[0].check().run()
    assert not app.button[-1].disabled


def test_a_password_locks_changes_until_it_is_given(open_to_changes: pytest.MonkeyPatch) -> None:
    open_to_changes.setenv(PASSWORD_VARIABLE, "correct horse")
    app = drawn("collection.py")
    assert [one.label for one in app.button] == ["Unlock"]
    app.text_input[1].input("wrong")
    app.button[0].click().run()
    assert "That is not the password" in app.error[0].value
    assert [one.label for one in app.button] == ["Unlock"]
    app.text_input[1].input("correct horse")
    app.button[0].click().run()
    assert "Rebuild the index" in [one.label for one in app.button]
    assert "Unlock" in [one.label for one in drawn("collection.py").button]


def test_after_too_many_tries_even_the_right_password_must_wait(
    open_to_changes: pytest.MonkeyPatch,
) -> None:
    open_to_changes.setenv(PASSWORD_VARIABLE, "correct horse")
    app = drawn("collection.py")
    for given in [*["wrong"] * 5, "correct horse"]:
        app.text_input[1].input(given)
        app.button[0].click().run()
    assert "Too many wrong passwords" in app.error[0].value
    assert [one.label for one in app.button] == ["Unlock"]


def test_a_folder_that_is_not_the_indexs_own_is_not_changed(
    open_to_changes: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_to_changes.setenv(CORPUS_VARIABLE, str(tmp_path))
    app = drawn("collection.py")
    assert "a build from there would drop the others" in app.error[0].value
    assert not app.button


def test_the_first_reports_can_be_added_where_there_is_no_index(
    open_to_changes: pytest.MonkeyPatch,
) -> None:
    def missing(_: Path) -> None:
        raise IndexMissingError("There is no index. Build it: python -m indexer build")

    open_to_changes.setattr("search.ask.shared_searcher", missing)
    app = drawn("collection.py")
    assert "There is no index" in app.error[0].value
    assert [one.label for one in app.button] == ["Rebuild the index", "Add and rebuild"]
    assert "wait for a rebuild" in html(app)
