"""A page as it is drawn without a browser."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).parents[1] / "pages"


def drawn(file: str, /, **query: str) -> AppTest:
    """The page in that file at the address with this query."""
    app = AppTest.from_file(str(PAGES / file), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def html(app: AppTest) -> str:
    """All that the page draws as HTML."""
    return " ".join(str(element.proto.body) for element in app.get("html"))


def query(app: AppTest) -> dict[str, list[str]]:
    """What the page's address says."""
    return {
        name: [value] if isinstance(value, str) else list(value)
        for name, value in app.query_params.items()
    }
