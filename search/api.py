"""The answers as JSON over HTTP, mounted beside the page."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from index.errors import InspectionSearchError, UnreadableFileError, UsageError
from index.manifest import configured_folder
from index.printable import printable
from index.records import Filters
from search import api_web
from search.api_document import document
from search.api_guard import (
    ACCESS_LOG,
    AccessLog,
    ApiAddresses,
    RateLimit,
    SecurityHeaders,
    TrustedHosts,
)
from search.api_models import (
    BATCH,
    MOST_BYTES,
    BatchAnswer,
    Health,
    PassageWhole,
    Problem,
    ReportFacts,
    Reports,
    ReportWhole,
)
from search.api_settings import Settings
from search.ask import Asked, shared_searcher
from search.printed import page_png
from search.rank import Ranking
from search.request import ApiSearch, first_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

_LOG = logging.getLogger(__name__)
_SEARCH_LIKE = "Ask like /api/search?q=care+leavers&k=10"
_JSON = "application/json"


def routes(settings: Settings | None = None) -> list[Mount]:
    """The API, to be mounted beside the page; an unknown path under it is a JSON 404."""
    settings = settings or Settings.from_environment()
    guards = [Middleware(AccessLog, settings)]
    if settings.origins:
        # Before the limit, so that a page elsewhere can read that it is to wait.
        guards.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.origins,
                allow_methods=["GET", "POST"],
                allow_headers=["Content-Type"],
                expose_headers=["Retry-After"],
            )
        )
    guards.append(Middleware(RateLimit, settings))
    api = Starlette(
        routes=[
            Route("/search", _search),
            Route("/batch", _batch, methods=["POST"]),
            Route("/reports", _reports),
            Route("/reports/{id:path}", _report),
            Route("/passages/{id:path}", _passage),
            Route("/pages/{report:path}/{page:int}.png", _page),
            Route("/health", _health),
            Route("/openapi.json", _openapi),
            *api_web.routes(),
        ],
        middleware=guards,
        exception_handlers={HTTPException: _http_error, Exception: _unexpected},
    )
    return [Mount("/api", app=api)]


def middleware(settings: Settings | None = None) -> list[Middleware]:
    """What stands before the page and the API alike."""
    settings = settings or Settings.from_environment()
    return [
        Middleware(SecurityHeaders),
        Middleware(TrustedHosts, settings.hosts),
        Middleware(ApiAddresses),
    ]


def log_requests() -> None:
    """Write the access log to standard error, as the server's own lines are."""
    if not ACCESS_LOG.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        ACCESS_LOG.addHandler(handler)
        ACCESS_LOG.setLevel(logging.INFO)
        ACCESS_LOG.propagate = False


class _Order(BaseModel):
    """What a batch's address may hold."""

    model_config = ConfigDict(extra="ignore")
    ranking: Ranking = "default"


class _Picture(BaseModel):
    """What a picture's address may hold."""

    model_config = ConfigDict(extra="ignore")
    passage: str | None = None
    crop: bool = False


@contextmanager
def _failures(say: str = "") -> Iterator[None]:
    """Expected failures as the answers they are; `say` is added to what a wrong request is told."""
    try:
        yield
    except ValidationError as error:
        raise HTTPException(400, f"{first_problem(error)}. {say}".strip()) from error
    except UsageError as error:
        raise HTTPException(400, str(error)) from error
    except InspectionSearchError as error:
        raise HTTPException(503, str(error)) from error


# Plain functions: they run in a pool of threads, and a long one keeps nobody else waiting.
def _search(request: Request) -> Response:
    with _failures(_SEARCH_LIKE):
        asked = ApiSearch.model_validate(dict(request.query_params))
        one = Asked(asked.q, asked.filters(Filters()), asked.k, asked.as_typed)
        [result] = shared_searcher(configured_folder()).ask_many([one], asked.ranking)
    return _given(result)


async def _batch(request: Request) -> Response:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON:
        # Any page may send a form or plain text here unasked, but not this type.
        raise HTTPException(415, f"The body must be {_JSON}: a list of questions")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"The body is longer than {MOST_BYTES} bytes; send fewer")
    return await run_in_threadpool(_answer_batch, bytes(body), dict(request.query_params))


def _answer_batch(body: bytes, parameters: dict[str, str]) -> Response:
    with _failures():
        ranking = _Order.model_validate(parameters).ranking
    try:
        questions = BATCH.validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise HTTPException(400, f"The body is no JSON: {first['msg']}") from error
        place = " → ".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise HTTPException(422, f"{said} ({place})" if place else said) from error
    asked = [Asked(one.question, one.filters(Filters()), one.k, one.as_typed) for one in questions]
    with _failures():
        results = shared_searcher(configured_folder()).ask_many(asked, ranking)
    answers = [
        BatchAnswer.model_validate({**result.model_dump(), "id": one.id})
        for one, result in zip(questions, results, strict=True)
    ]
    return Response(
        b"[" + b",".join(answer.model_dump_json().encode() for answer in answers) + b"]",
        media_type=_JSON,
    )


def _reports(_: Request) -> Response:
    with _failures():
        generation = shared_searcher(configured_folder()).generation
        reports = tuple(ReportFacts.of(one) for one in generation.store.reports())
    return _given(Reports(generation=generation.name, reports=reports))


def _report(request: Request) -> Response:
    own = request.path_params["id"]
    with _failures():
        generation = shared_searcher(configured_folder()).generation
        store = generation.store
        try:
            report = store.report(own)
        except KeyError as error:
            raise HTTPException(404, f"There is no report {printable(own)}.") from error
        rows = store.rows(Filters(report=report.id))
        passages = [] if rows is None else store.passages(rows.tolist())
    return _given(ReportWhole.whole(report, passages, generation.name))


def _passage(request: Request) -> Response:
    own = request.path_params["id"]
    with _failures():
        searcher = shared_searcher(configured_folder())
        try:
            report, passage = searcher.passage(own)
        except KeyError as error:
            raise HTTPException(404, f"There is no passage {printable(own)}.") from error
        whole = PassageWhole.whole(
            report, passage, api_web.base_of(request), searcher.generation.name
        )
    return _given(whole)


def _page(request: Request) -> Response:
    own, page = request.path_params["report"], request.path_params["page"]
    with _failures():
        asked = _Picture.model_validate(dict(request.query_params))
        searcher = shared_searcher(configured_folder())
        try:
            report = searcher.generation.store.report(own)
            passage = searcher.passage(asked.passage)[1] if asked.passage is not None else None
        except KeyError as error:
            raise HTTPException(404, "There is no such report, or no such passage.") from error
        path = searcher.original(report.id)
    if passage is not None and passage.report_id != report.id:
        raise HTTPException(404, f"That is a passage of {passage.report_id}, not of this report.")
    if path is None:
        raise HTTPException(404, "The file is no longer where it was read, or has changed since.")
    boxes = () if passage is None else passage.paragraph.boxes
    try:
        png = page_png(path, page, boxes, crop=asked.crop)
    except (UsageError, UnreadableFileError) as error:
        raise HTTPException(404, str(error)) from error
    return Response(png, media_type="image/png", headers={"cache-control": "private, max-age=300"})


def _health(_: Request) -> Response:
    with _failures():
        generation = shared_searcher(configured_folder()).generation
    return _given(Health.of(generation))


def _openapi(request: Request) -> Response:
    return JSONResponse({**document(), "servers": [{"url": api_web.base_of(request)}]})


def _given(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), media_type=_JSON)


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    message = error.detail
    # Starlette's own words, for a path or a method that there is not, are three at most.
    if error.status_code in (404, 405) and error.detail in ("Not Found", "Method Not Allowed"):
        known = "GET /api/search?q=… and GET /api/health; all are in GET /api/openapi.json"
        message = f"{request.method} {printable(request.url.path)}: {message}. There are {known}."
    return JSONResponse(Problem(error=message).model_dump(), error.status_code, error.headers)


def _unexpected(request: Request, error: Exception) -> Response:
    _LOG.error("%s failed", printable(request.url.path), exc_info=error)
    said: dict[str, Any] = {"error": "Something went wrong here; the server's log says what."}
    return JSONResponse(said, 500)
