"""The search page: a question, its cited answer, and the best paragraphs."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from index.errors import InspectionSearchError
from index.manifest import configured_folder
from pages.drawing import draw_error, draw_title, facts, marked
from search.ask import shared_searcher
from search.cite import pages

if TYPE_CHECKING:
    from search.result import Hit, Result

_EXAMPLES = (
    "how are care leavers supported?",
    "what do social workers say about their caseloads?",
    "how quickly are concerns about a child acted on?",
)
_PLACEHOLDER = "Ask in your own words, and press Enter"
_SCORE = (
    "The score says how near a paragraph is to the question, by meaning (at most 1) and by shared "
    "words."
)


def _draw_examples() -> None:
    def ask(example: str) -> None:
        st.session_state["q"] = example

    st.write("Try one of these:")
    for example in _EXAMPLES:
        st.button(example, on_click=ask, args=(example,))


def _draw_result(result: Result) -> None:
    for notice in result.notices:
        st.info(notice)
    if result.answered:
        _draw_answer(result)
    else:
        st.header("No answer found", anchor=False)
        st.html(f"<p role='status'>{escape(result.refusal or '')}</p>")
    if result.interpretation.expansions:
        also = ", ".join(f"“{one}”" for one in result.interpretation.expansions)
        st.html(f"<p class='facts'>Also searched for {escape(also)}.</p>")
    if result.hits:
        count = f"The best {len(result.hits)}" if len(result.hits) > 1 else "The best"
        title = f"{count} paragraphs" if result.answered else "Nearest paragraphs, not an answer"
        st.header(title, anchor=False)
        st.html(f"<p class='facts'>{escape(_SCORE)}</p>")
    for hit in result.hits:
        _draw_hit(hit)


def _draw_answer(result: Result) -> None:
    st.header("Answer", anchor=False)
    quoted = _number(len(result.answer), "quotation")
    st.html(
        f"<p role='status' class='facts'>{quoted} from the best of "
        f"{_number(len(result.hits), 'paragraph')} found.</p>"
    )
    quotations = "".join(
        f"<blockquote class='answer'>“{escape(one.quote)}”&nbsp;<sup>[{number}]</sup></blockquote>"
        for number, one in enumerate(result.answer, start=1)
    )
    sources = "".join(
        f"<li><a href='{escape(one.citation.link)}' target='_self'>"
        f"{escape(one.citation.label)}</a></li>"
        for one in result.answer
    )
    st.html(f"{quotations}<h3>Sources</h3><ol>{sources}</ol>")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _draw_hit(hit: Hit) -> None:
    title = "Unnumbered passage" if hit.paragraph is None else f"Paragraph {hit.paragraph}"
    where = f"{hit.council or hit.file}{pages(hit.page_start, hit.page_end)}"
    with st.container(border=True):
        st.html(
            f"<h3>{escape(title)}, {escape(where)}</h3>"
            f"<p class='facts'>{facts(('Section', hit.section), ('Grade', hit.grade))}</p>"
            f"<p class='paragraph'>{marked(hit.text, hit.quote_spans)}</p>"
            f"<p class='facts'>{facts(('Score', f'{hit.score:.3f}'))}</p>"
        )


draw_title()
st.write("Answers from published inspection reports, quoted word for word with paragraph numbers.")
question = st.text_input(
    "Your question", type="search", key="q", bind="query-params", placeholder=_PLACEHOLDER
)
if not question:
    _draw_examples()
else:
    try:
        with st.spinner("Searching the reports…"):
            found = shared_searcher(configured_folder()).ask(question)
        _draw_result(found)
    except InspectionSearchError as error:
        draw_error(str(error))
