"""The answer to a question, or the refusal to answer it and what the collection covers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.address import Address
from pages.drawing import anchor, copy_button, number
from pages.narrowing import without_reading

if TYPE_CHECKING:
    from index.coverage import Coverage
    from search.result import Result

# More names than this are counted, and listed on the collection's own page.
_MOST_NAMED = 12


def draw_understood(result: Result, address: Address) -> None:
    """What was made of the question, with the way to undo it."""
    for notice in result.notices:
        st.html(f"<p class='facts'>{escape(notice)}</p>")
    said = result.interpretation
    lines = []
    if said.corrected is not None:
        literal = without_reading(address, result).link()
        lines.append(
            f"Showing results for <strong>{escape(said.corrected)}</strong>. Search instead for "
            f"<a href='{escape(literal)}' target='_self'>{escape(address.q.strip())}</a>"
        )
    elif address.as_typed:
        read = address.changed(as_typed=False).link()
        lines.append(
            "Searched for exactly what was typed. "
            f"<a href='{escape(read)}' target='_self'>Correct spelling, and take councils and "
            "years in it as filters</a>"
        )
    if said.expansions:
        also = ", ".join(f"“{one}”" for one in said.expansions)
        lines.append(f"Also searched for {escape(also)}.")
    if lines:
        st.html("".join(f"<p class='facts'>{line}</p>" for line in lines))


def draw_answer(result: Result, address: Address) -> None:
    """The quotations, numbered, and their sources."""
    st.header("Answer", anchor=False)
    quotations = "".join(
        f"<blockquote class='answer'>“{escape(one.quote)}”&nbsp;<sup>[{place}]</sup></blockquote>"
        for place, one in enumerate(result.answer, start=1)
    )
    sources = "".join(
        f"<li><a href='{escape(one.citation.link)}&amp;{escape(_question(address))}' "
        f"target='_self'>{escape(one.citation.label)}</a></li>"
        for one in result.answer
    )
    copied = "\n\n".join(quoted(one.quote, one.citation.label) for one in result.answer)
    st.html(
        f"{quotations}<h3>Sources</h3><ol class='sources'>{sources}</ol>"
        f"<p class='deeds'>{copy_button('Copy the answer with its citations', copied)}</p>"
    )


def _question(address: Address) -> str:
    return address.link().partition("?")[2]


def quoted(quote: str, label: str) -> str:
    """A quotation with its citation as it is pasted into a paper."""
    return f"“{quote}” ({label})"


def draw_refusal(result: Result, address: Address, coverage: Coverage) -> None:
    """That there is no answer, what the collection covers, and what to try."""
    st.header("No answer found", anchor=False)
    st.html(f"<p role='status'>{escape(result.refusal or '')}</p>")
    tips = [
        "Ask about one thing, in the words that an inspector would use.",
        "Ask about what inspectors report on: how children are helped, protected and cared for.",
    ]
    # No confidence at all: what the question names is not there, and it was not searched for.
    if result.interpretation.filters or (result.confidence == 0 and not address.as_typed):
        wide = Address(q=address.q, as_typed=True)
        tips.insert(
            0,
            f"<a href='{escape(wide.link())}' target='_self'>Ask the whole collection</a>, "
            "whatever councils, years or filters are named.",
        )
    listed = "".join(f"<li>{tip}</li>" for tip in tips)
    st.html(
        f"<h3>What to try</h3><ul>{listed}</ul>"
        f"<h3>What the collection covers</h3>{covered(coverage)}"
    )


def covered(coverage: Coverage) -> str:
    """How much there is, on whom and from when, and what could not be read, as HTML."""
    what = [number(coverage.reports, "report")] if coverage.reports else []
    if coverage.lists:
        what.append(number(coverage.lists, "passage list"))
    said = f"{' and '.join(what) or 'Nothing'}, {number(coverage.paragraphs, 'paragraph')}"
    if coverage.councils:
        names = ", ".join(coverage.councils[:_MOST_NAMED])
        more = len(coverage.councils) - _MOST_NAMED
        said += f", on {number(len(coverage.councils), 'council')}: {names}"
        said += f" and {more} more" if more > 0 else ""
    if coverage.years:
        first, last = coverage.years[0], coverage.years[-1]
        said += f". Inspected in {first}" if first == last else f". Inspected {first} to {last}"
    lines = [f"<p>{escape(said)}. {anchor('All reports', '/collection')}</p>"]
    if coverage.unreadable:
        files = "".join(
            f"<li>{escape(file)}: {escape(reason)}</li>"
            for file, reason in coverage.unreadable[:_MOST_NAMED]
        )
        count = number(len(coverage.unreadable), "file")
        lines.append(
            f"<details><summary>{count} could not be read</summary><ul>{files}</ul></details>"
        )
    return "".join(lines)
