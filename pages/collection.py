"""The collection page: what is in the index, what could not be read, and changes to it."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

import altair as alt
import streamlit as st

from index.errors import InspectionSearchError
from index.manifest import configured_folder
from pages.changing import draw_changes
from pages.drawing import draw_error, draw_title, number
from pages.tables import draw_table
from search.ask import shared_searcher
from search.cite import report_link
from search.collection import (
    collection_csv,
    inspections_by_grade,
    inspections_by_year,
    matching,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index.coverage import Coverage
    from index.generation import Generation
    from search.collection import Row

_BAR = "#1d70b8"  # the theme's blue: 5.2 to 1 on white, 3.6 to 1 on Streamlit's dark ground
_CHART_HEIGHT = 220  # pixels
_LONGEST_LABEL = 200  # pixels: "Requires improvement to be good" takes 170
_LONG_NAME = 6  # letters: a year has four


def _draw_coverage(generation: Generation, coverage: Coverage) -> None:
    years = coverage.years
    span = f", {years[0]} to {years[-1]}" if len(years) > 1 else f", {years[0]}" if years else ""
    built = generation.manifest.built_at
    councils = number(len(coverage.councils), "council")
    parts = [
        f"{number(coverage.reports, 'report')} on {councils}{span}",
        *([number(coverage.lists, "passage list")] if coverage.lists else []),
        number(coverage.paragraphs, "paragraph"),
    ]
    st.html(
        f"<p role='status'>{'; '.join(parts)}. Indexed {built.day} {built:%B %Y at %H:%M} UTC.</p>"
    )


def _draw_reports(rows: Sequence[Row]) -> None:
    words = st.text_input(
        "Find a report by council, grade, inspector or file",
        type="search",
        key="find",
        bind="query-params",
    )
    shown = matching(rows, words or "")
    if words:
        st.html(f"<p role='status' class='facts'>{len(shown):,} of {len(rows):,} reports</p>")
    if shown:
        draw_table(
            "Reports",
            ("Report", "Overall grade", "Lead inspector", "Paragraphs", "File", "Warnings"),
            [
                (
                    row.title,
                    row.report.facts.overall or "not printed",
                    row.report.facts.lead_inspector or "not printed",
                    row.paragraphs,
                    row.report.file,
                    "\n".join(row.report.warnings) or "none",
                )
                for row in shown
            ],
            links=[report_link(row.report.id) for row in shown],
        )
    st.download_button(
        "Download the list as CSV",
        data=partial(collection_csv, rows),
        file_name="collection.csv",
        mime="text/csv",
        on_click="ignore",
    )


def _draw_charts(rows: Sequence[Row]) -> None:
    reports = [row.report for row in rows]
    years = {str(year): count for year, count in inspections_by_year(reports).items()}
    grades = inspections_by_grade(reports)
    for title, what, counts in (
        ("Inspections by year", "Year", years),
        ("Inspections by overall grade", "Overall grade", grades),
    ):
        if not counts:
            continue
        st.header(title, anchor=False)
        _draw_bars(what, counts)
        with st.expander(f"{title}: the numbers"):
            draw_table(title, (what, "Inspections"), list(counts.items()))


def _draw_bars(what: str, counts: Mapping[str, int]) -> None:
    """Bars that lie where the names are long, so that these can be read on a telephone."""
    data = alt.InlineData(
        values=[{"group": group, "count": count} for group, count in counts.items()]
    )
    # Streamlit's own grey of the axes has less contrast than 4.5 to 1.
    ink = "#d8d8d8" if st.context.theme.type == "dark" else "#484949"
    names = alt.Axis(labelAngle=0, labelLimit=_LONGEST_LABEL, labelColor=ink, titleColor=ink)
    numbers = alt.Axis(tickMinStep=1, format="d", labelColor=ink, titleColor=ink)
    tooltip = [
        alt.Tooltip("group:N", title=what),
        alt.Tooltip("count:Q", title="Inspections"),
    ]
    bars = alt.Chart(data, height=_CHART_HEIGHT).mark_bar(color=_BAR)
    if max(map(len, counts)) > _LONG_NAME:
        chart = bars.encode(
            y=alt.Y("group:N", sort=None, title=None, axis=names),
            x=alt.X("count:Q", title="Inspections", axis=numbers),
            tooltip=tooltip,
        )
    else:
        chart = bars.encode(
            x=alt.X("group:N", sort=None, title=what, axis=names),
            y=alt.Y("count:Q", title="Inspections", axis=numbers),
            tooltip=tooltip,
        )
    said = ", ".join(f"{group}: {count:,}" for group, count in counts.items())
    st.altair_chart(chart, alt=f"Bars: inspections by {what.lower()}. {said}.")


def _draw_files(coverage: Coverage) -> None:
    for title, listed, nothing in (
        ("Files that could not be read", coverage.unreadable, "Every file could be read."),
        ("Files that were not kept", coverage.duplicates, None),
    ):
        if not listed and nothing is None:
            continue
        st.header(title, anchor=False)
        if listed:
            draw_table(title, ("File", "Why"), listed)
        else:
            st.html(f"<p>{escape(nothing or '')}</p>")


def _draw() -> None:
    draw_title()
    st.header("Collection", anchor=False)
    generation: Generation | None = None
    coverage: Coverage | None = None
    rows: list[Row] = []
    try:
        generation = shared_searcher(configured_folder()).generation
        rows = rows_of(generation)
        coverage = generation.coverage()
        _draw_coverage(generation, coverage)
        _draw_reports(rows)
    except InspectionSearchError as error:
        draw_error(str(error))
    draw_changes(generation, rows)
    if coverage is not None:
        _draw_charts(rows)
        _draw_files(coverage)
    st.html("<p><a href='/' target='_self'>Search the reports</a></p>")


if __name__ == "__main__":  # as streamlit runs a page
    _draw()
