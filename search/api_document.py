"""The API's own description, OpenAPI 3.1, made from the models that check what goes in and out."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic.json_schema import models_json_schema

from search.api_models import (
    MOST_BYTES,
    MOST_QUESTIONS,
    BatchAnswer,
    BatchQuestion,
    Health,
    PassageWhole,
    Problem,
    Reports,
    ReportWhole,
)
from search.request import ApiSearch
from search.result import Result

# Raised when a field of an answer goes or changes its meaning; new ones may come without.
VERSION = "1.0"

_SCHEMAS = "#/components/schemas/"
_SAID: dict[str, str] = {
    "q": "The question, in words.",
    "council": "Only reports on this council, by its short or full name.",
    "report": "Only this report: its id, or its file's name in the collection.",
    "from": "Only inspections that ended on this day or later.",
    "to": "Only inspections that ended on this day or before.",
    "framework": "Only inspections under this framework, as ILACS or SIF.",
    "section": "Only sections whose heading holds this.",
    "grade": "Only sections with this grade.",
    "overall": "Only reports with this overall grade.",
    "latest": "Only each council's latest report.",
    "k": "How many paragraphs to list.",
    "ranking": "Which order: the fitted one, by meaning alone, or by words alone.",
    "as_typed": "Leave spelling and names in the question as they are typed.",
}
_WRONG = {
    "400": "The request is not one that can be answered; the error says why.",
    "404": "There is no such report, paragraph, page or address.",
    "413": f"The body is longer than {MOST_BYTES} bytes.",
    "415": "The body's type is not application/json.",
    "422": "The body is JSON, but not questions; the error says where.",
    "429": "Too many requests from this address; Retry-After says for how many seconds to wait.",
    "503": "There is no index yet, or it cannot be used; the error names the command.",
}
_ID = {"type": "string", "minLength": 1}
_CROP = {
    "type": "boolean",
    "default": False,
    "description": "Only the part of the page around the paragraph.",
}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The description, without the servers that it is asked of."""
    questions = {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST_QUESTIONS,
        "items": {"$ref": f"{_SCHEMAS}BatchQuestion"},
    }
    answers = {"type": "array", "items": {"$ref": f"{_SCHEMAS}BatchAnswer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Inspection Search",
            "version": VERSION,
            "summary": "Cited answers from published inspection reports.",
            "description": "Every quotation is a verbatim part of its paragraph, and every "
            "citation gives the paragraph's printed number. Errors are JSON objects with `error`.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/api/search": _get(
                "search",
                "The cited answer to a question, or a refusal, and the best paragraphs",
                _json(f"{_SCHEMAS}Result"),
                _query(),
                ["400"],
            ),
            "/api/batch": {
                "post": {
                    "operationId": "batch",
                    "summary": "The cited answers to many questions, in order",
                    "parameters": [one for one in _query() if one["name"] == "ranking"],
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": questions}},
                    },
                    "responses": _responses(
                        {"application/json": {"schema": answers}}, ["400", "413", "415", "422"]
                    ),
                }
            },
            "/api/reports": _get(
                "reports", "All reports of the collection", _json(f"{_SCHEMAS}Reports"), [], []
            ),
            "/api/reports/{id}": _get(
                "report",
                "A report with all its paragraphs",
                _json(f"{_SCHEMAS}ReportWhole"),
                [_in_path("id", _ID)],
                ["404"],
            ),
            "/api/passages/{id}": _get(
                "passage",
                "A paragraph with its citation; a slash in its id may stand as it is",
                _json(f"{_SCHEMAS}PassageWhole"),
                [_in_path("id", _ID)],
                ["404"],
            ),
            "/api/pages/{report}/{page}.png": _get(
                "page",
                "A page as it is printed, with a paragraph highlighted",
                {"image/png": {"schema": {"type": "string", "contentMediaType": "image/png"}}},
                [
                    _in_path("report", _ID),
                    _in_path("page", {"type": "integer", "minimum": 1}),
                    _in_query("passage", _ID, "The paragraph's id."),
                    _in_query("crop", _CROP, str(_CROP["description"])),
                ],
                ["400", "404"],
            ),
            "/api/health": _get(
                "health", "What the server answers from", _json(f"{_SCHEMAS}Health"), [], []
            ),
        },
        "components": {"schemas": _schemas()},
    }


def _schemas() -> dict[str, Any]:
    given = (Result, BatchAnswer, Reports, ReportWhole, PassageWhole, Health, Problem)
    _, schemas = models_json_schema(
        [(BatchQuestion, "validation"), *((one, "serialization") for one in given)],
        ref_template=f"{_SCHEMAS}{{model}}",
    )
    found: dict[str, Any] = schemas["$defs"]
    return found


def _get(
    name: str,
    summary: str,
    content: dict[str, Any],
    parameters: list[dict[str, Any]],
    wrong: list[str],
) -> dict[str, Any]:
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "parameters": parameters,
            "responses": _responses(content, wrong),
        }
    }


def _responses(content: dict[str, Any], wrong: list[str]) -> dict[str, Any]:
    problem = _json(f"{_SCHEMAS}Problem")
    return {
        "200": {"description": "What was asked for.", "content": content},
        **{
            status: {"description": _WRONG[status], "content": problem}
            for status in [*wrong, "429", "503"]
        },
    }


def _json(reference: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": reference}}}


def _query() -> list[dict[str, Any]]:
    """The parameters of a search; one that is not given is left out, never null."""
    schema = ApiSearch.model_json_schema(by_alias=True)
    parameters = []
    for name, field in schema["properties"].items():
        bare = {key: value for key, value in field.items() if key not in ("title", "anyOf")}
        for kind in field.get("anyOf", []):
            if kind != {"type": "null"}:
                bare |= kind
        if bare.get("default", "") is None:
            del bare["default"]
        required = name in schema.get("required", [])
        parameters.append(_in_query(name, bare, _SAID[name], required=required))
    return parameters


def _in_query(
    name: str, schema: dict[str, Any], said: str, *, required: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": said,
        "schema": {key: value for key, value in schema.items() if key != "description"},
    }


def _in_path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}
