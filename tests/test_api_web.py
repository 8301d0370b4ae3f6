"""What other web pages and browsers take from the server; how the box behaves is tried in one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from search.api import middleware, routes

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def client() -> Iterator[TestClient]:
    """The API; nothing here asks the index."""
    with TestClient(Starlette(routes=list(routes()), middleware=middleware())) as client:
        yield client


def test_a_browser_is_told_how_to_search_here(client: TestClient) -> None:
    answer = client.get("/api/opensearch.xml", headers={"host": "localhost:8501"})
    assert answer.headers["content-type"].startswith("application/opensearchdescription+xml")
    described = ET.fromstring(answer.content)  # noqa: S314 - our own answer
    name = "{http://a9.com/-/spec/opensearch/1.1/}"
    templates = [one.get("template") for one in described.iter(f"{name}Url")]
    assert templates[0] == "http://localhost:8501/?q={searchTerms}"
    assert len(described.findtext(f"{name}ShortName") or "") <= 16  # as the specification asks


def test_the_demonstration_forbids_what_a_careful_page_forbids(client: TestClient) -> None:
    answer = client.get("/api/demo")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert 'rel="search"' in answer.text
    assert "<style" not in answer.text
    assert "style=" not in answer.text
    script = client.get("/api/box.js")
    assert script.headers["content-type"].startswith("text/javascript")
    # Other servers' pages load it.
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "innerHTML" not in script.text
    assert client.get("/api/demo.css").headers["content-type"].startswith("text/css")
