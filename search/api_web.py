"""What other web pages and browsers take from the server: a search box, and how to search here."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

_FILES = Path(__file__).parent / "web"
# What a page of a council that takes care may forbid is all forbidden on the demonstration page.
_DEMO_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
_AN_HOUR = {"cache-control": "max-age=3600"}
# Other pages may load the script and the description, which hold nothing of anybody's.
_FOR_ALL = {"cross-origin-resource-policy": "cross-origin", **_AN_HOUR}
_OPENSEARCH = """\
<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
  <ShortName>Inspections</ShortName>
  <LongName>Inspection Search</LongName>
  <Description>Cited answers from published inspection reports</Description>
  <InputEncoding>UTF-8</InputEncoding>
  <Url type="text/html" template="{base}/?q={{searchTerms}}"/>
  <Url type="application/json" template="{base}/api/search?q={{searchTerms}}"/>
  <Url type="application/opensearchdescription+xml" rel="self"
    template="{base}/api/opensearch.xml"/>
</OpenSearchDescription>
"""


def routes() -> list[Route]:
    """The script, the page that shows it, and the description, under the API."""
    return [
        Route("/box.js", _box),
        Route("/demo", _demo),
        Route("/demo.css", _demo_style),
        Route("/opensearch.xml", _opensearch),
    ]


def base_of(request: Request) -> str:
    """The address of the server as it was called: "http://127.0.0.1:8501"."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _box(_: Request) -> Response:
    return Response(_read("box.js"), media_type="text/javascript", headers=_FOR_ALL)


def _demo(_: Request) -> Response:
    return Response(
        _read("demo.html"),
        media_type="text/html",
        headers={"content-security-policy": _DEMO_POLICY, **_AN_HOUR},
    )


def _demo_style(_: Request) -> Response:
    return Response(_read("demo.css"), media_type="text/css", headers=_AN_HOUR)


def _opensearch(request: Request) -> Response:
    return Response(
        _OPENSEARCH.format(base=escape(base_of(request))),
        media_type="application/opensearchdescription+xml",
        headers=_FOR_ALL,
    )


def _read(name: str) -> bytes:
    return (_FILES / name).read_bytes()
