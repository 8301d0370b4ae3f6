"""The answers as JSON over HTTP, mounted beside the page; the only user of starlette."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from index.errors import InspectionSearchError, UsageError
from index.manifest import configured_folder
from index.records import Filters
from search.ask import shared_searcher
from search.request import ApiSearch, first_problem

if TYPE_CHECKING:
    from starlette.requests import Request

_LOG = logging.getLogger(__name__)
# The names under which a browser on this machine reaches the server. Any other in the Host header
# is a page elsewhere that has had its own name pointed here.
_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]


def routes() -> list[Mount]:
    """The API, to be mounted beside the page; an unknown path under it is a JSON 404."""
    api = Starlette(
        routes=[Route("/search", _search), Route("/health", _health)],
        exception_handlers={HTTPException: _http_error, Exception: _unexpected},
    )
    return [Mount("/api", app=api)]


def middleware() -> list[Middleware]:
    """What stands before the page and the API alike."""
    return [Middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)]


# Plain functions: they run in a pool of threads, and a long one keeps nobody else waiting.
def _search(request: Request) -> Response:
    try:
        asked = ApiSearch.model_validate(dict(request.query_params))
        result = shared_searcher(configured_folder()).ask(
            asked.q, asked.filters(Filters()), asked.k, asked.ranking
        )
    except ValidationError as error:
        return _error(f"{first_problem(error)}. Ask like /api/search?q=care+leavers&k=10", 400)
    except UsageError as error:
        return _error(str(error), 400)
    except InspectionSearchError as error:
        return _error(str(error), 503)
    return Response(result.model_dump_json(), media_type="application/json")


def _health(_: Request) -> Response:
    try:
        generation = shared_searcher(configured_folder()).generation
    except InspectionSearchError as error:
        return _error(str(error), 503)
    counts = generation.manifest.counts
    return JSONResponse(
        {
            "generation": generation.name,
            "reports": counts.reports,
            "paragraphs": counts.paragraphs,
            "model": generation.manifest.model.name,
        }
    )


def _error(message: str, status: int) -> JSONResponse:
    return JSONResponse({"error": message}, status)


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    known = "GET /api/search?q=… and GET /api/health"
    return _error(
        f"{request.method} {request.url.path}: {error.detail}. There are {known}.",
        error.status_code,
    )


def _unexpected(request: Request, error: Exception) -> Response:
    _LOG.error("%s failed", request.url.path, exc_info=error)
    return _error("Something went wrong here; the server's log says what.", 500)
