"""What programs ask with: filters by their names on the command line, in a batch and in the API."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from index.printable import printable
from index.records import Filters
from search.ask import MOST_HITS
from search.rank import Ranking

if TYPE_CHECKING:
    from pydantic import ValidationError


class Narrowing(BaseModel):
    """Filters as they are given from outside; what is not given is None."""

    model_config = ConfigDict(extra="ignore")

    council: str | None = None
    report: str | None = None
    date_from: Annotated[date | None, Field(alias="from")] = None
    date_to: Annotated[date | None, Field(alias="to")] = None
    section: str | None = None
    grade: str | None = None
    latest: bool | None = None

    def filters(self, default: Filters) -> Filters:
        """`default` with what is given here put in its place; texts as names are stored."""
        given: dict[str, Any] = {
            field.name: printable(value) if isinstance(value, str) else value
            for field in fields(Filters)
            if (value := getattr(self, field.name, None)) is not None
        }
        return replace(default, **given)


class BatchLine(Narrowing):
    """One line of a batch."""

    id: Annotated[str, Field(coerce_numbers_to_str=True)]
    question: str
    k: Annotated[int | None, Field(ge=1, le=MOST_HITS)] = None


class ApiSearch(Narrowing):
    """The parameters of GET /api/search."""

    q: str
    k: Annotated[int, Field(ge=1, le=MOST_HITS)] = 10
    ranking: Ranking = "default"


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong, and where."""
    first = error.errors()[0]
    place = f" ({first['loc'][0]})" if first["loc"] else ""
    return f"{first['msg']}{place}"
