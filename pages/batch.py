"""The batch page: a table of questions in, cited answers out."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from index.errors import InspectionSearchError
from index.manifest import configured_folder
from pages.drawing import draw_error, draw_title
from pages.exporting import base_address, draw_downloads, file_stem
from pages.tables import draw_table
from search.ask import shared_searcher
from search.batch import (
    FILTERS,
    MOST_QUESTIONS,
    Answered,
    answers,
    answers_csv,
    count_in_words,
    read_questions,
    refusals,
    selection_of,
)

_ANSWERED = "answered batch"
_EXAMPLE = (
    "id,question,council,from\r\n"
    "1,how are care leavers supported?,,2020-01-01\r\n"
    "2,are caseloads manageable?,Sunderland,\r\n"
)


def _draw() -> None:
    draw_title()
    st.header("Many questions at once", anchor=False)
    st.html(
        f"<p>Choose a CSV file with a column <code>question</code>, at most {MOST_QUESTIONS:,} "
        "rows. These columns may be there too, as filters on each question: "
        f"{', '.join(f'<code>{one}</code>' for one in FILTERS)}; and <code>id</code>.</p>"
    )
    st.download_button(
        "Download an example",
        _EXAMPLE.encode("utf-8-sig"),
        file_name="questions.csv",
        mime="text/csv",
        on_click="ignore",
        type="tertiary",
    )
    with st.form("batch", border=False):
        upload = st.file_uploader("Questions as CSV", type=["csv"], max_upload_size=1)
        pressed = st.form_submit_button("Answer the questions")
    if pressed and upload is None:
        draw_error("Choose a file first.")
    elif pressed and upload is not None:
        st.session_state.pop(_ANSWERED, None)
        try:
            answered = _answer(upload.getvalue())
        except InspectionSearchError as error:
            draw_error(str(error))
            return
        st.session_state[_ANSWERED] = (file_stem(upload.name.removesuffix(".csv")), answered)
    if _ANSWERED in st.session_state:
        _draw_answers(*st.session_state[_ANSWERED])


def _answer(data: bytes) -> list[Answered]:
    lines = read_questions(data)
    searcher = shared_searcher(configured_folder())
    bar = st.progress(0.0, text=f"Answering {len(lines):,} questions")
    answered = []
    for one in answers(searcher, lines):
        answered.append(one)
        bar.progress(len(answered) / len(lines), text=f"{len(answered):,} of {len(lines):,}")
    bar.empty()
    return answered


def _draw_answers(name: str, answered: list[Answered]) -> None:
    st.header("Answers", anchor=False)
    st.html(f"<p role='status'>{escape(count_in_words(answered))}.</p>")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download as CSV",
            data=partial(answers_csv, answered, base_address()),
            file_name=f"{name}-answers.csv",
            mime="text/csv",
            on_click="ignore",
            type="primary",
        )
        draw_downloads(
            selection_of(answered, base_address()),
            f"{name}-answers",
            formats=("Word", "Markdown"),
        )
    draw_table(
        "Answers",
        ("Question", "First quotation, or why there is none", "Citation"),
        [
            (
                f"{one.line.id}. {one.line.question}",
                one.result.answer[0].quote if one.result.answer else one.result.refusal or "",
                one.result.answer[0].citation.label if one.result.answer else "none",
            )
            for one in answered
        ],
    )
    refused = refusals(answered)
    if refused:
        with st.expander(f"Refused: {len(refused):,}"):
            draw_table("Refused questions", ("Id", "Question", "Why"), refused)


if __name__ == "__main__":  # as streamlit runs a page
    _draw()
