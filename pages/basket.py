"""The basket: quotations from several searches, in the reader's order, with notes."""

from __future__ import annotations

import hashlib
import re
import textwrap
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from index.printable import one_line
from pages.drawing import draw_title
from pages.drawing import number as counted
from pages.exporting import base_address, draw_downloads
from pages.keeping import keep, kept
from search import basket as baskets
from search import cite
from search.export import selection_of

if TYPE_CHECKING:
    from search.ask import Searcher
    from search.export import Excerpt
    from search.result import Result

_SHOWN = 90  # letters of a quotation beside its box: a line on a desktop
# What Streamlit's Markdown reads as more than a letter, its directives and bare addresses included.
_MARKS = re.compile(r"[\\`*_{}\[\]<>#|!~$^=]|:(?=\S)|(?<=www)\.", re.IGNORECASE)


def draw_add_to_basket(result: Result, searcher: Searcher) -> None:
    """A form, folded away, that puts quotations and paragraphs of a result into the basket."""
    offered = [
        (number, part.heading, one)
        for part in selection_of(result, searcher.passage).parts
        for number, one in enumerate(part.excerpts, start=1)
    ]
    if not offered:
        return
    # By what is offered: scores differ in their last digits from one asking to the next.
    own = hashlib.sha256("\n".join(_own(one) for _, _, one in offered).encode()).hexdigest()
    with (
        st.expander("Keep quotations in the basket"),
        st.form(f"basket {own}", border=False),
    ):
        chosen = []
        for number, heading, one in offered:
            quoted = result.answered and heading == "Answer"
            cited = cite.short(one.report, one.passage.paragraph)
            words = textwrap.shorten(one.quote, _SHOWN, placeholder=" …")
            what = f"Quotation {number}" if quoted else f"Whole paragraph {number}"
            if st.checkbox(
                f"{what}: {_plain(f'“{words}” {cited}')}", value=quoted, key=f"{own} {what}"
            ):
                chosen.append(one)
        if st.form_submit_button("Add to the basket"):
            _add(chosen)
    count = len(kept())
    if count:
        st.html(
            "<p class='facts'><a href='/basket' target='_self'>Basket: "
            f"{counted(count, 'quotation')}</a></p>"
        )


def _plain(text: str) -> str:
    """`text` for a label, without what Markdown would act on.

    Escaping it would not do: aids read a label out with its backslashes.
    """
    return _MARKS.sub(" ", one_line(text))


def _add(chosen: list[Excerpt]) -> None:
    before = kept()
    after = baskets.with_added(before, chosen)
    keep(after)
    added = len(after) - len(before)
    said = f"{counted(added, 'quotation')} added to the basket."
    if not chosen:
        said = "Nothing is ticked."
    elif len(after) == baskets.MOST_KEPT:
        said += f" It is full: it holds {baskets.MOST_KEPT:,}."
    elif added < len(chosen):
        said += f" {len(chosen) - added} already there."
    st.html(f"<p role='status'>{escape(said)}</p>")


def _place_of(own: str) -> int | None:
    """Where the quotation stands now: another window may have moved it."""
    return next((place for place, one in enumerate(kept()) if _own(one) == own), None)


def _own(one: Excerpt) -> str:
    return hashlib.sha256(f"{one.passage.id}\n{one.quote}".encode(errors="replace")).hexdigest()


def _move(own: str, by: int) -> None:
    place = _place_of(own)
    if place is not None:
        keep(baskets.moved(kept(), place, by))


def _remove(own: str) -> None:
    place = _place_of(own)
    if place is not None:
        keep(baskets.without(kept(), place))


def _note(own: str) -> None:
    place = _place_of(own)
    if place is not None:
        keep(baskets.noted(kept(), place, str(st.session_state[f"note {own}"])))


def _draw_quotation(number: int, one: Excerpt, last: int) -> None:
    own = _own(one)
    cited = cite.cite(one.report, one.passage)
    with st.container(border=True):
        st.html(
            f"<h2 class='quotation'>Quotation {number}</h2>"
            f"<blockquote class='answer'>“{escape(one.quote)}”</blockquote>"
            f"<p class='facts'><a href='{escape(cited.link)}' target='_self'>"
            f"{escape(cited.label)}</a></p>"
        )
        st.text_area(
            f"Your note on quotation {number}",
            value=one.note,
            max_chars=baskets.LONGEST_NOTE,
            key=f"note {own}",
            on_change=_note,
            args=(own,),
            height=68,
        )
        with st.container(horizontal=True):
            if number > 1:
                st.button(f"Move {number} up", key=f"up {own}", on_click=_move, args=(own, -1))
            if number < last:
                st.button(f"Move {number} down", key=f"down {own}", on_click=_move, args=(own, 1))
            st.button(f"Remove {number}", key=f"remove {own}", on_click=_remove, args=(own,))


def _draw() -> None:
    draw_title()
    st.header("Basket", anchor=False)
    basket = kept()
    if not basket:
        st.html(
            "<p role='status'>The basket is empty. <a href='/' target='_self'>Search the reports"
            "</a>, and keep quotations with “Keep quotations in the basket” below an answer.</p>"
        )
        return
    st.html(
        f"<p role='status'>{counted(len(basket), 'quotation')}. The server keeps them for this "
        "browser until it is stopped; download them to keep them longer.</p>"
        "<style>h2.quotation { font-size: 1.1rem; margin: 0 0 .5rem; padding: 0; }</style>"
    )
    draw_downloads(baskets.selection_of(basket, base_address()), "collected quotations")
    for number, one in enumerate(basket, start=1):
        _draw_quotation(number, one, len(basket))
    with st.popover("Empty the basket"):
        st.write(f"This takes out {counted(len(basket), 'quotation')} and the notes on them.")
        st.button("Take all out", on_click=keep, args=((),))


if __name__ == "__main__":  # as streamlit runs a page; the search page imports this file
    _draw()
