"""What the address of the search page says: the question and all that shapes its result; pure.

The address is the only place where this is kept, so that it can be shared and gone back to.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import urlencode

from index.records import Filters

if TYPE_CHECKING:
    from collections.abc import Mapping

Sort = Literal["relevance", "newest", "oldest"]

# What the calendar offers, and all that Ofsted has published or will for a while.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)
# Names in the address that Python has a meaning for.
_NAMES = {"date_from": "from", "date_to": "to"}
# Far beyond any list.
_MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Address:
    """The state of the search page; each field is in the address unless it has its default.

    `as_typed` takes the question as it stands; `group` lists paragraphs report by report; `page`
    counts from 1.
    """

    q: str = ""
    council: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    framework: str | None = None
    section: str | None = None
    grade: str | None = None
    overall: str | None = None
    latest: bool = False
    report: str | None = None
    as_typed: bool = False
    sort: Sort = "relevance"
    group: bool = False
    page: int = 1

    def filters(self) -> Filters:
        """What the reader has narrowed the search to."""
        return Filters(**{name: getattr(self, name) for name in NARROWING})

    def changed(self, **values: object) -> Address:
        """The same with other values, from the first page on; a new question is read anew."""
        if "q" in values:
            values = {"as_typed": False, **values}
        return replace(self, **{"page": 1, **values})  # type: ignore[arg-type]

    def link(self) -> str:
        """The link to the search page in this state."""
        return link("/", written(self))


# The fields that narrow a search; the reader's own, all but the words in quotation marks.
NARROWING = tuple(one.name for one in fields(Filters) if one.name in Address.__dataclass_fields__)


def read_address(query: Mapping[str, str]) -> Address:
    """The state that `query` describes; what is no value of its field counts as not given."""
    read = {}
    for one in fields(Address):
        value = _read(one.name, query.get(_NAMES.get(one.name, one.name), "").strip())
        if value is not None:
            read[one.name] = value
    if not query.get("q", "").strip():
        read["q"] = query.get("q", "")  # blanks are an empty question, which the page says
    return Address(**read)  # type: ignore[arg-type]


def _read(name: str, text: str) -> object:
    match name:
        case _ if not text:
            return None
        case "date_from" | "date_to":
            return _day(text)
        case "latest" | "as_typed" | "group":
            return text == "1" or None
        case "sort":
            return text if text in get_args(Sort) else None
        case "page":
            # Of a number that no list is as long as, the first digits do.
            return min(int(text[:9]), _MOST_PAGES) or None if text.isdecimal() else None
        case _:
            return text


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def written(address: Address) -> dict[str, str]:
    """`address` as names and values of a query, without what has its default."""
    query = {}
    for one in fields(Address):
        value = getattr(address, one.name)
        if value is None or value == one.default:
            continue
        text = value.isoformat() if isinstance(value, date) else str(value)
        query[_NAMES.get(one.name, one.name)] = "1" if value is True else text
    return query


def search_in(query: Mapping[str, str]) -> dict[str, str]:
    """The search that a page beside it was come to from, to be carried on; empty for none."""
    address = read_address(query)
    return written(address) if address.q.strip() else {}


def link(path: str, query: Mapping[str, str | None]) -> str:
    """`path` with a query of what is not empty."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path
