"""Tables: that what stands in them is text."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def _drawing() -> None:
    from pages.tables import draw_table  # noqa: PLC0415 streamlit runs this function alone

    hostile = "<img src=x onerror=alert(1)>"
    draw_table(f"' {hostile}", (hostile, "Count"), [(hostile, 1234)], links=[f"/x?id=' {hostile}"])
    draw_table("Nothing", ("File", "Why"), [])


def test_names_columns_cells_and_links_are_escaped_and_numbers_set_right() -> None:
    app = AppTest.from_function(_drawing, default_timeout=30).run()
    assert not app.exception
    table, nothing = (str(one.proto.body).partition("</style>")[2] for one in app.get("html"))
    text = "&lt;img src=x onerror=alert(1)&gt;"
    assert table == (
        f"<div class='table' role='region' tabindex='0' aria-label='&#x27; {text}'><table>"
        f"<thead><tr><th scope='col'>{text}</th><th scope='col' class='number'>Count</th></tr>"
        f"</thead><tbody><tr><td class='long'><a href='/x?id=&#x27; {text}' target='_self'>{text}"
        "</a></td><td class='number'>1,234</td></tr></tbody></table></div>"
    )
    assert nothing.endswith("</thead><tbody></tbody></table></div>")
