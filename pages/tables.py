"""Tables as HTML, which every reader's aids can read; wider ones scroll by themselves."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_STYLE = """<style>
div.table { overflow-x: auto; max-height: 34rem; overflow-y: auto;
  border: 1px solid rgba(128, 128, 128, .4); }
div.table table { border-collapse: collapse; width: 100%; margin: 0; }
div.table th, div.table td { padding: .4rem .6rem; text-align: left; vertical-align: top;
  border: 0; border-bottom: 1px solid rgba(128, 128, 128, .3); overflow-wrap: break-word; }
div.table td.long { min-width: 14rem; max-width: 30rem; }
div.table td.number, div.table th.number { text-align: right; }
</style>"""
_LONG = 24  # letters: a longer cell gets the width for some words a line


def draw_table(
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str | int]],
    links: Sequence[str] = (),
) -> None:
    """Draw `rows` as text under `columns`; `links` are where the first cell of each row leads."""
    rows = list(rows)
    body = []
    for place, row in enumerate(rows):
        cells = [_content(cell) for cell in row]
        if links:
            cells[0] = f"<a href='{escape(links[place])}' target='_self'>{cells[0]}</a>"
        named = zip(map(_kind, row), cells, strict=True)
        body.append(f"<tr>{''.join(f'<td{kind}>{cell}</td>' for kind, cell in named)}</tr>")
    kinds = [
        _kind(cell) if isinstance(cell, int) else "" for cell in (rows[0] if rows else columns)
    ]
    heads = "".join(
        f"<th scope='col'{kind}>{escape(column)}</th>"
        for kind, column in zip(kinds, columns, strict=True)
    )
    st.html(
        f"{_STYLE}<div class='table' role='region' tabindex='0' aria-label='{escape(name)}'>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _content(cell: str | int) -> str:
    return f"{cell:,}" if isinstance(cell, int) else escape(cell).replace("\n", "<br>")


def _kind(cell: str | int) -> str:
    if isinstance(cell, int):
        return " class='number'"
    return " class='long'" if len(cell) > _LONG else ""
