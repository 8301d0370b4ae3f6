"""The search page's state, and what it is narrowed to: choices with their counts, and chips."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from index.store import council_name
from pages.address import FIRST_DAY, LAST_DAY, NARROWING, Address, read_address, written
from pages.drawing import number
from search.cite import inspection
from search.facets import choices
from search.narrowed import LABELS, from_programs, said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from index.generation import Generation
    from index.records import Report, Section
    from search.facets import Facet
    from search.result import Result

_UNSET = object()


def present() -> Address:
    """What the address says now, a council under its own name however it is called there."""
    address = read_address(st.query_params.to_dict())
    if address.council is not None:
        address = replace(address, council=council_name(address.council))
    return address


def go(address: Address) -> None:
    """Show this state: the address changes with it, and the way back stays."""
    st.query_params.from_dict(written(address))


def bound(name: str, value: object) -> dict[str, Any]:
    """The arguments that tie a widget to the field `name` of the address, which has `value`.

    Streamlit's own binding would write the label of a choice into the address, its count included.
    """
    key = f"ask_{name}"
    if st.session_state.get(key, _UNSET) != value:
        st.session_state[key] = value
    return {"key": key, "on_change": _take, "args": (name,)}


def _take(name: str) -> None:
    go(present().changed(**{name: st.session_state[f"ask_{name}"]}))


@st.cache_resource(max_entries=2, show_spinner=False)
def _contents(name: str, _generation: Generation) -> tuple[list[Report], list[Section]]:
    """The reports and sections of the generation `name`, which never changes."""
    del name  # by it they are kept
    store = _generation.store
    return [one for one in store.reports() if not one.listed], store.sections()


def draw_narrowing(address: Address, generation: Generation) -> None:
    """What a search can be narrowed to."""
    reports, sections = _contents(generation.name, generation)
    if not reports:  # passage lists have none of what reports are told apart by
        return
    set_ = sum(getattr(address, name) not in (None, False) for name in NARROWING)
    label = "Narrow the search" + (f" ({set_} set)" if set_ else "")
    with st.expander(label, key="narrowing"):
        left, right = st.columns(2)
        with left:
            _draw_choice("council", address, reports, sections, "Any council: type to find one")
        with right:
            _draw_choice("framework", address, reports, sections, "Any kind")
        left, right = st.columns(2)  # a row each, so that a narrow screen keeps their order
        with left:
            _draw_day("date_from", address.date_from)
        with right:
            _draw_day("date_to", address.date_to)
        left, right = st.columns(2)
        with left:
            _draw_choice("section", address, reports, sections, "Any: choose, or type a heading")
        with right:
            _draw_choice("grade", address, reports, sections, "Any grade")
        left, right = st.columns(2, vertical_alignment="bottom")
        with left:
            _draw_choice("overall", address, reports, sections, "Any grade")
        with right:
            st.checkbox(LABELS["latest"], **bound("latest", address.latest))


def _draw_day(name: str, value: date | None) -> None:
    st.date_input(
        LABELS[name],
        min_value=FIRST_DAY,
        max_value=LAST_DAY,
        format="DD/MM/YYYY",
        **bound(name, value),
    )


def _draw_choice(
    facet: Facet,
    address: Address,
    reports: Sequence[Report],
    sections: Sequence[Section],
    any_: str,
) -> None:
    found = choices(facet, reports, sections, address.filters())
    noun = "paragraph" if facet in ("section", "grade") else "report"
    names = {one.value: f"{one.name} ({number(one.count, noun)})" for one in found}
    chosen = getattr(address, facet)
    if chosen is not None:  # in the address it may stand in other capitals
        chosen = next(value for value in names if value.lower() == chosen.lower())
    st.selectbox(
        LABELS[facet],
        list(names),
        index=None,
        format_func=lambda value: names.get(value, value),
        placeholder=any_,
        accept_new_options=facet == "section",
        **bound(facet, chosen),
    )


def chips(address: Address, result: Result, reports: dict[str, Report]) -> str:
    """What narrows this result, each with a link that takes it away, as HTML; may be empty."""
    own = {name: getattr(address, name) for name in NARROWING}
    own = {name: value for name, value in own.items() if value not in (None, False)}
    rows = [
        _chip(name, value, address.changed(**{name: False if value is True else None}), reports)
        for name, value in own.items()
    ]
    read = _read_out(address, result)
    for name, value in read.items():
        if name not in own and not (name == "council" and "report" in read):  # which says it, too
            rows.append(_chip(name, value, without_reading(address, result, name), reports))
    for phrase in result.interpretation.filters.get("phrases", ()):
        plain = re.sub('["“”]', "", address.q)
        rows.append(_chip("phrases", (phrase,), address.changed(q=plain), reports))
    return f"<ul class='chips' aria-label='Narrowed to'>{''.join(rows)}</ul>" if rows else ""


def _read_out(address: Address, result: Result) -> dict[str, Any]:
    """The filters that the question itself names, by their fields of the address."""
    read = from_programs(result.interpretation.filters)
    return {
        name: value
        for name, value in read.items()
        if name in NARROWING and not getattr(address, name)
    }


def without_reading(address: Address, result: Result, left_out: str | None = None) -> Address:
    """The question as it was typed, narrowed to what was read out of it but for `left_out`."""
    kept = {name: value for name, value in _read_out(address, result).items() if name != left_out}
    if left_out == "council":
        kept.pop("report", None)
    return address.changed(as_typed=True, **kept)


def _chip(name: str, value: object, without: Address, reports: dict[str, Report]) -> str:
    if name == "report" and value in reports:
        report = reports[str(value)]
        value = inspection(report.facts) or report.file
    label = said(name, value)
    return (
        f"<li>{escape(label)} <a href='{escape(without.link())}' target='_self' "
        f"aria-label='{escape(f'remove {label}')}'>remove</a></li>"
    )
