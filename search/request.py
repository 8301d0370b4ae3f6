"""What programs ask with: filters by their names on the command line, in a batch and in the API."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from index.printable import printable
from index.records import Filters
from search.ask import MOST_HITS
from search.rank import Ranking

if TYPE_CHECKING:
    from pydantic import ValidationError

# Characters: a page of print has 3,000, and the encoder reads the first 256 tokens.
LONGEST_QUESTION = 20_000
# A question of spaces alone is told what to ask instead, by search.question; here it is described,
# with what Python takes for spaces and other languages do not.
Asking = Annotated[
    str,
    Field(max_length=LONGEST_QUESTION, json_schema_extra={"pattern": r"[^\s\x1c-\x1f\x85]"}),
]


def _written_out(value: object) -> object:
    """`value` if it is no text or a date as 2021-06-28; pydantic reads "2021" as seconds.

    British spreadsheets make 28/06/2021 of it, which is read as well.
    """
    if value is None or isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{2}/\d{2}/\d{4}", value, re.ASCII):
        return "-".join(reversed(value.split("/")))
    raise ValueError("Input should be a valid date like 2021-06-28")


_Day = Annotated[date, BeforeValidator(_written_out)]


class Narrowing(BaseModel):
    """Filters as they are given from outside; what is not given is None."""

    model_config = ConfigDict(extra="ignore")

    council: str | None = None
    report: str | None = None
    date_from: Annotated[_Day | None, Field(alias="from")] = None
    date_to: Annotated[_Day | None, Field(alias="to")] = None
    framework: str | None = None
    section: str | None = None
    grade: str | None = None
    overall: str | None = None
    latest: bool | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _left_open(cls, value: object, info: ValidationInfo) -> object:
        """A filter without a value, as an empty field of a form sends it, is not given."""
        return None if value == "" and info.field_name in Narrowing.model_fields else value

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
    """The parameters of GET /api/search; `as_typed` leaves names and spelling in q as they are."""

    q: Asking
    k: Annotated[int, Field(ge=1, le=MOST_HITS)] = 10
    ranking: Ranking = "default"
    as_typed: bool = False


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong, and where."""
    first = error.errors()[0]
    place = f" ({first['loc'][0]})" if first["loc"] else ""
    return f"{first['msg'].removeprefix('Value error, ')}{place}"
