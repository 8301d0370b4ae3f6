"""What more than one page draws. Report text is hostile here: everything is escaped."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import streamlit as st

from pages.address import link

if TYPE_CHECKING:
    from collections.abc import Sequence

_STYLE = Path(__file__).parent / "static" / "page.css"
# Drawn with constant text only, and nothing that a report or a reader wrote.
_SCRIPT = "<script src='/app/static/page.js'></script>"
_PLACES = (
    ("Search", "/"),
    ("Collection", "/collection"),
    ("Basket", "/basket"),
    ("Many questions", "/batch"),
)
# How a grade looks; its word always stands there too. Until 2017 the third was "Requires
# improvement".
_GRADES = {
    "outstanding": "outstanding",
    "good": "good",
    "requires improvement": "improving",
    "requires improvement to be good": "improving",
    "inadequate": "inadequate",
}


def draw_title() -> None:
    """The name of the product, the ways to its pages and their style, on top of every page."""
    here = urlsplit(st.context.url or "").path or "/"
    st.html(_STYLE)
    st.title("Inspection Search", anchor=False)
    places = "".join(
        f"<li><a href='{path}' target='_self'{' aria-current=page' if path == here else ''}>"
        f"{name}</a></li>"
        for name, path in _PLACES
    )
    st.html(
        f"<nav class='places' aria-label='Pages'><ul>{places}</ul></nav>{_SCRIPT}",
        unsafe_allow_javascript=True,
    )


def draw_error(message: str) -> None:
    """A failure, for the reader to act on."""
    st.error(escape_markdown(message), icon="⚠️")


def marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """`text` as HTML with `spans` of it marked."""
    pieces, at = [], 0
    for start, end in sorted(spans):
        pieces += [escape(text[at:start]), f"<mark>{escape(text[start:end])}</mark>"]
        at = end
    return "".join([*pieces, escape(text[at:])])


def badge(grade: str | None) -> str:
    """A section's grade as a labelled badge, empty where it has none."""
    if grade is None:
        return ""
    look = _GRADES.get(grade.lower(), "ungraded")
    return f"<span class='grade {look}'>Grade: {escape(grade)}</span>"


def section_line(section: str | None, grade: str | None) -> str:
    """A section and its grade as HTML; a grade that the heading repeats is said once."""
    name = section or ""
    if grade is not None and name.lower().endswith(f": {grade.lower()}"):
        name = name[: -len(grade) - 2]
    return " ".join(filter(None, [f"<span>{escape(name)}</span>" if name else "", badge(grade)]))


def copy_button(label: str, text: str, of_what: str = "") -> str:
    """A button that copies `text`; of several with one label, `of_what` tells them apart by ear.

    A text that begins with "/" is a link here, and is copied with the server's address.
    """
    spoken = f" aria-label='{escape(f'{label}: {of_what}')}'" if of_what else ""
    return (
        f"<button type='button' class='copy' data-copy='{escape(text)}'{spoken}>"
        f"{escape(label)}</button>"
    )


def anchor(label: str, path: str, **query: str | None) -> str:
    """A link to a page of ours as HTML."""
    return f"<a href='{escape(link(path, query))}' target='_self'>{escape(label)}</a>"


def number(count: int, noun: str) -> str:
    """A count with its noun: "1 report", "1,200 reports"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def escape_markdown(text: str) -> str:
    """`text` so that Markdown shows it as it stands."""
    return "".join(f"\\{one}" if one in r"\`*_{}[]()#+-.!|<>~$:" else one for one in text)
