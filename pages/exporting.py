"""Buttons that download what is shown, made when they are pressed."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import streamlit as st

from search.export import bibtex, csl_json, markdown, selection_of, table
from search.word import word

if TYPE_CHECKING:
    from collections.abc import Callable

    from search.ask import Searcher
    from search.export import Selection
    from search.result import Result

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# A button's label, the ending of its file, what kind of file browsers are told, and its maker.
FORMATS: tuple[tuple[str, str, str, Callable[[Selection], str | bytes]], ...] = (
    ("Word", "docx", _WORD, word),
    ("Markdown", "md", "text/markdown", markdown),
    ("CSV", "csv", "text/csv", table),
    ("BibTeX", "bib", "application/x-bibtex", bibtex),
    ("CSL-JSON", "csl.json", "application/vnd.citationstyles.csl+json", csl_json),
)
_LONGEST_NAME = 60  # letters of a question in a file's name


def draw_exports(result: Result, searcher: Searcher) -> None:
    """Buttons that download a result: the answer or the refusal, and the paragraphs."""
    # Looked up now: by the time that a button is pressed the index may be another one.
    selection = selection_of(result, searcher.passage, base_address())
    draw_downloads(selection, result.question)


def draw_downloads(selection: Selection, name: str, formats: tuple[str, ...] = ()) -> None:
    """Buttons that download `selection`, in all formats or those given by label.

    No file is made before its button is pressed.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html("<p class='facts'>Download:</p>", width="content")
        for label, ending, kind, make in FORMATS:
            if formats and label not in formats:
                continue
            st.download_button(
                label,
                data=partial(_made, make, selection),
                file_name=f"{file_stem(name)}.{ending}",
                mime=kind,
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                key=f"download {label} {file_stem(name)}",
            )


def _made(make: Callable[[Selection], str | bytes], selection: Selection) -> bytes:
    out = make(selection)
    return out if isinstance(out, bytes) else out.encode()


def file_stem(text: str) -> str:
    """`text` as the name of a file: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST_NAME].strip("-")
    return words or "quotations"


def base_address() -> str:
    """The address of this server as the reader's browser has it, empty where that is not known."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else ""
