"""What more than one page draws. Report text is hostile here: everything is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Sequence

# Streamlit has no setting for these: a large search box, headings no larger than they weigh, less
# emptiness above, and quotations set apart from our words.
_STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 3.5rem; }
[data-testid="stHeading"] h1 { font-size: 2.25rem; }
[data-testid="stHeading"] h2 { font-size: 1.6rem; }
[data-testid="stTextInput"] input { font-size: 1.25rem; padding: .75rem; }
[data-testid="stHtml"] { overflow-wrap: anywhere; }
blockquote.answer { border-left: 4px solid #1d70b8; margin: 0 0 1rem; padding: .25rem 1rem;
  font-size: 1.1rem; }
p.facts { margin: 0 0 .5rem; color: #484949; }
p.paragraph { margin: 0; }
mark { background: #fff3bf; color: inherit; }
</style>"""


def draw_title() -> None:
    """The name of the product and its style, on top of every page."""
    st.html(_STYLE)
    st.title("Inspection Search", anchor=False)


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


def facts(*pairs: tuple[str, str | None]) -> str:
    """Labelled facts, one a line, as HTML; those that are None are left out."""
    return "<br>".join(f"{escape(name)}: {escape(value)}" for name, value in pairs if value)


def escape_markdown(text: str) -> str:
    """`text` so that Markdown shows it as it stands."""
    return "".join(f"\\{one}" if one in r"\`*_{}[]()#+-.!|<>~$:" else one for one in text)
