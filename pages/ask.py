"""The search page: a question, its cited answer, and the best paragraphs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from index.errors import InspectionSearchError
from index.manifest import configured_folder
from pages.answers import draw_answer, draw_refusal, draw_understood
from pages.basket import draw_add_to_basket
from pages.drawing import draw_error, draw_title
from pages.exporting import draw_exports
from pages.narrowing import bound, chips, draw_narrowing, go, present
from pages.paragraphs import A_PAGE, MOST, found, in_order, listing, status, turning
from search.ask import Asked, shared_searcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pages.address import Address
    from pages.paragraphs import Found
    from search.ask import Searcher
    from search.result import Result

_EXAMPLES = (
    "how are care leavers supported?",
    "what do social workers say about their caseloads?",
    "how quickly are concerns about a child acted on?",
)
_PLACEHOLDER = "Ask in your own words"
_TITLE = "Inspection Search"
_SORTS = {"relevance": "Most relevant first", "newest": "Newest first", "oldest": "Oldest first"}


def _draw_box(address: Address) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Your question", type="search", placeholder=_PLACEHOLDER, **bound("q", address.q)
        )
        st.button("Search", type="primary")  # what is typed arrives as the box loses the focus


def _draw_examples(address: Address) -> None:
    st.write("Try one of these:")
    for example in _EXAMPLES:
        st.button(example, on_click=go, args=(address.changed(q=example),))


def _draw_result(result: Result, address: Address, searcher: Searcher) -> None:
    draw_understood(result, address)
    sources = searcher.sources(result)
    named = chips(address, result, {report.id: report for report, _ in sources.values()})
    if named:
        st.html(named)
    ordered = in_order(found(result, sources), address.sort, group=address.group)
    as_shown = result.model_copy(update={"hits": tuple(one.hit for one in ordered)})
    if result.answered:
        draw_answer(result, address)
        # To tick off what is read at once; further ones come by asking more narrowly.
        first_page = as_shown.model_copy(update={"hits": as_shown.hits[:10]})
        draw_add_to_basket(first_page, searcher)
    else:
        draw_refusal(result, address, searcher.generation.coverage())
    if result.hits:
        draw_exports(as_shown, searcher)
        st.header(
            "Paragraphs" if result.answered else "Nearest paragraphs, not an answer", anchor=False
        )
        _draw_paragraphs(result, address, ordered, searcher)


def _draw_paragraphs(
    result: Result, address: Address, ordered: Sequence[Found], searcher: Searcher
) -> None:
    pages = -(-len(ordered) // A_PAGE)
    page = min(address.page, max(pages, 1))
    shown = ordered[(page - 1) * A_PAGE : page * A_PAGE]
    near = searcher.nearness(result, [one.hit.id for one in shown])
    shown = [replace(one, nearness=tuple(near.get(one.hit.id, ()))) for one in shown]
    st.html(status(shown, result, len(ordered), page))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Order", list(_SORTS), format_func=_SORTS.__getitem__, width=240,
            **bound("sort", address.sort),
        )  # fmt: skip
        st.checkbox("Group by report", **bound("group", address.group))
    st.html(listing(shown, replace(address, page=page)) + turning(address, page, pages))


def _draw() -> None:
    address = present()
    asked = " ".join(address.q.split())
    st.set_page_config(page_title=f"{asked} – {_TITLE}" if asked else _TITLE)
    draw_title()
    if not address.q:
        st.html(
            "<p>Answers from published inspection reports, quoted word for word with paragraph "
            "numbers.</p>"
        )
    _draw_box(address)
    try:
        searcher = shared_searcher(configured_folder())
        draw_narrowing(address, searcher.generation)
        if not address.q:
            _draw_examples(address)
            return
        with st.spinner("Searching the reports…"):
            [result] = searcher.ask_many(
                [Asked(address.q, address.filters(), MOST, address.as_typed)]
            )
        _draw_result(result, address, searcher)
    except InspectionSearchError as error:
        draw_error(str(error))


_draw()
