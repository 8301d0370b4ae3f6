"""The object that a search returns, which programs outside rely on, checked field by field."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeAlias

_Fields: TypeAlias = dict[str, tuple[type, ...]]
_TEXT, _MAYBE_TEXT, _MAYBE_PAGE = (str,), (str, type(None)), (int, type(None))
_RESULT: _Fields = {
    "question": _TEXT,
    "answered": (bool,),
    "confidence": (int, float),
    "refusal": _MAYBE_TEXT,
    "interpretation": (dict,),
    "answer": (list,),
    "hits": (list,),
    "timing_ms": (dict,),
    "generation": _TEXT,
}
_INTERPRETATION: _Fields = {"filters": (dict,), "corrected": _MAYBE_TEXT, "expansions": (list,)}
_QUOTATION: _Fields = {"quote": _TEXT, "citation": (dict,)}
_CITATION: _Fields = {
    "id": _TEXT,
    "label": _TEXT,
    "file": _TEXT,
    "council": _MAYBE_TEXT,
    "paragraph": _MAYBE_TEXT,
    "page_start": _MAYBE_PAGE,
    "page_end": _MAYBE_PAGE,
    "link": _TEXT,
}
_HIT: _Fields = {
    "rank": (int,),
    "id": _TEXT,
    "file": _TEXT,
    "council": _MAYBE_TEXT,
    "framework": _MAYBE_TEXT,
    "published": _MAYBE_TEXT,
    "paragraph": _MAYBE_TEXT,
    "part": _MAYBE_TEXT,
    "section": _MAYBE_TEXT,
    "grade": _MAYBE_TEXT,
    "page_start": _MAYBE_PAGE,
    "page_end": _MAYBE_PAGE,
    "text": _TEXT,
    "score": (int, float),
    "quote_spans": (list,),
}


def problems_of(result: dict[str, Any], k: int) -> list[str]:
    """What is wrong with a result of k hits at the most, a few words each."""
    shapes: list[tuple[str, dict[str, Any], _Fields]] = [
        ("result", result, _RESULT),
        ("interpretation", result.get("interpretation", {}), _INTERPRETATION),
        *(("hit", hit, _HIT) for hit in result.get("hits", ())),
        *(("quotation", one, _QUOTATION) for one in result.get("answer", ())),
        *(("citation", one.get("citation", {}), _CITATION) for one in result.get("answer", ())),
    ]
    found = [problem for shape in shapes for problem in _misshapen(*shape)]
    return found or _untrue(result, k)


def _misshapen(what: str, found: dict[str, Any], fields: _Fields) -> list[str]:
    if found.keys() != fields.keys():
        return [f"{what} has the fields {sorted(found)}, not {sorted(fields)}"]
    return [
        f"{what}.{name} is {found[name]!r}"
        for name, types in fields.items()
        if type(found[name]) not in types
    ]


def _untrue(result: dict[str, Any], k: int) -> list[str]:
    hits, answer = result["hits"], result["answer"]
    by_id = {hit["id"]: hit for hit in hits}
    marked = sorted(
        (hit["id"], hit["text"][start:end]) for hit in hits for start, end in hit["quote_spans"]
    )
    truths = {
        "an answer where answered": result["answered"] == bool(answer),
        "a refusal where not": result["answered"] == (result["refusal"] is None),
        "a confidence from 0 to 1": 0 <= result["confidence"] <= 1,
        "no more than k hits": len(hits) <= k,
        "ranks from 1": [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1)),
        "each hit once": len(by_id) == len(hits),
        "dates in ISO": all(hit["published"] is None or _is_day(hit["published"]) for hit in hits),
        "quote_spans that are the quotations": marked
        == sorted((one["citation"]["id"], one["quote"]) for one in answer),
        "citations that agree with their hits": all(
            by_id[one["citation"]["id"]][name] == one["citation"][name]
            for one in answer
            for name in ("file", "council", "paragraph", "page_start", "page_end")
        ),
        "times that are numbers": all(
            isinstance(time, float | int) and time >= 0 for time in result["timing_ms"].values()
        ),
        "expansions in words": all(
            isinstance(one, str) for one in result["interpretation"]["expansions"]
        ),
    }
    return [f"there should be {truth}" for truth, holds in truths.items() if not holds]


def _is_day(text: str) -> bool:
    return date.fromisoformat(text).isoformat() == text
