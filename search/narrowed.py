"""What a search is narrowed to, as readers and programs are told of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from index.records import Filters
from search.cite import days

if TYPE_CHECKING:
    from index.generation import Generation
    from search.question import Question

LABELS: dict[str, str] = {
    "council": "Council",
    "report": "Report",
    "date_from": "Inspected from",
    "date_to": "Inspected until",
    "framework": "Kind of inspection",
    "section": "Section",
    "grade": "Grade of the section",
    "overall": "Overall grade",
    "latest": "Only each council’s latest report",
    "phrases": "With the words",
}
# Fields that have another name outside, where Python has no meaning for it.
_OUTSIDE = {"date_from": "from", "date_to": "to"}


def narrowing(filters: Filters) -> dict[str, Any]:
    """The fields of `filters` that narrow anything."""
    values = asdict(filters)
    return {name: value for name, value in values.items() if value not in (None, False, ())}


def for_programs(filters: Filters) -> dict[str, Any]:
    """What narrows anything, by its names on the command line; dates as ISO has them."""
    return {
        _OUTSIDE.get(name, name): value.isoformat() if isinstance(value, date) else value
        for name, value in narrowing(filters).items()
    }


def from_programs(values: dict[str, Any]) -> dict[str, Any]:
    """What `for_programs` told, as `narrowing` has it."""
    fields = {outside: name for name, outside in _OUTSIDE.items()}
    return {
        fields.get(name, name): date.fromisoformat(value) if name in fields else value
        for name, value in values.items()
    }


def said(name: str, value: object) -> str:
    """One filter in words: "Inspected from: 1 January 2030"."""
    if value is True:
        return LABELS[name]
    if isinstance(value, tuple):
        value = ", ".join(f"“{one}”" for one in value)
    elif isinstance(value, date):
        value = days(None, value)
    return f"{LABELS[name]}: {value}"


def in_words(filters: Filters) -> str:
    """All that narrows anything, in words."""
    return "; ".join(said(name, value) for name, value in narrowing(filters).items())


def within(question: Question, given: Filters, generation: Generation) -> Question:
    """`question` with the filters that leave something; what its words alone ask for may not.

    Where all of them leave nothing, the council that it names is kept if that leaves something.
    """
    filters = question.filters
    if filters == given or _leaves_any(filters, generation):
        return question
    own = replace(given, council=filters.council)
    phrases = Filters(phrases=filters.phrases)
    if filters.phrases and not _leaves_any(phrases, generation):
        filters = phrases
    return replace(
        question,
        filters=own if _leaves_any(own, generation) else given,
        refusal=question.refusal or nothing_left(filters),
    )


def nothing_left(filters: Filters) -> str:
    """That there is nothing to search."""
    return f"The collection holds no paragraph with these filters: {in_words(filters)}."


def _leaves_any(filters: Filters, generation: Generation) -> bool:
    rows = generation.store.rows(filters)
    return rows is None or len(rows) > 0
