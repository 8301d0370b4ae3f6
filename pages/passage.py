"""One paragraph by its permanent address, with its citation."""

from __future__ import annotations

from html import escape

import streamlit as st

from index.errors import InspectionSearchError
from index.manifest import configured_folder
from pages.drawing import draw_error, draw_title, facts
from search.ask import shared_searcher
from search.cite import cite


def _draw_passage(passage_id: str) -> None:
    try:
        report, passage = shared_searcher(configured_folder()).passage(passage_id)
    except KeyError:
        draw_error(
            f"The collection has no paragraph {passage_id}. It may have been removed, or its "
            "report been read anew; search for its words."
        )
        return
    except InspectionSearchError as error:
        draw_error(str(error))
        return
    paragraph = passage.paragraph
    st.header(cite(report, passage).label, anchor=False)
    place = facts(("Section", paragraph.section), ("Grade", paragraph.section_grade))
    st.html(
        f"<p class='facts'>{place}</p><p class='paragraph'>{escape(paragraph.text)}</p>"
        f"<p class='facts'>{facts(('File', report.file))}</p>"
    )


draw_title()
_draw_passage(st.query_params.get("id", ""))
st.html("<p><a href='/' target='_self'>Search the reports</a></p>")
