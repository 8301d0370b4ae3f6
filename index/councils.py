"""The English councils with children's services, and every name they go by.

`councils.csv` beside this file holds them: one council a line, its short name, the other names
people type for it, the year it was abolished and its successors. Reports of abolished councils
(Northamptonshire, Cumbria, Bournemouth, Poole) are still published, so those keep their own line.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a council adds to its place on the covers of reports: "London Borough of Merton Council",
# "Metropolitan Borough of Rotherham", "City of Bradford Metropolitan District Council", "Council of
# the Isles of Scilly", "Tameside metropolitan borough", "Royal Borough of Kensington and Chelsea".
_OF = r"(?:(?:london |royal |metropolitan )?borough|city|county|council|corporation) of (?:the )?"
_KIND = r"(?:metropolitan |city |county |borough |unitary |district )*"
_BODY = rf"(?: {_KIND}(?:council|authority)| (?:local authority|metropolitan borough))"
_SERVICES = r"(?: (?:local )?(?:safeguarding children board|childrens services))"
_LONG = re.compile(rf"(?:{_OF})?(?P<place>.+?){_BODY}*{_SERVICES}?")
_MOST = 120  # characters; the longest printed name (Bradford 2014, above) has 46


@dataclass(frozen=True, slots=True)
class Council:
    """One council: its short name, and the other names people type for it.

    `ended` is the year in which it was abolished, None for one that exists; `successors` are the
    short names of the councils that took its children's services over.
    """

    name: str
    aliases: tuple[str, ...]
    ended: int | None = None
    successors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Councils:
    """All councils by name; `by_key` finds one by its folded name or any folded alias."""

    by_name: Mapping[str, Council]
    by_key: Mapping[str, Council]

    def find(self, printed: str) -> Council | None:
        """The council that a printed or typed name means, None if it means none.

        "Sunderland City Council", "sunderland", "RBWM" and "Windsor & Maidenhead" are all found;
        a name is never matched in part, so "Bedfordshire" and "London" find nothing.
        """
        key = _folded(printed)
        # The whole name first: "City of London" would be cut to "London".
        if found := self.by_key.get(key):
            return found
        long = _LONG.fullmatch(key) if len(key) <= _MOST else None
        return self.by_key.get(long["place"]) if long else None

    def names(self, name: str) -> tuple[str, ...]:
        """Every name of the council whose short name is `name`, that one first."""
        council = self.by_name[name]
        return (council.name, *council.aliases)


@cache
def load_councils() -> Councils:
    """The councils of `councils.csv`, read once."""
    return read_councils(Path(__file__).with_name("councils.csv").read_text(encoding="utf-8"))


def read_councils(text: str) -> Councils:
    """The councils in CSV text; raises ValueError where one name would mean two of them."""
    by_name: dict[str, Council] = {}
    by_key: dict[str, Council] = {}
    for row in csv.DictReader(io.StringIO(text)):
        council = Council(
            row["name"],
            _several(row["aliases"]),
            int(row["ended"]) if row["ended"] else None,
            _several(row["successors"]),
        )
        by_name[council.name] = council
        for name in (council.name, *council.aliases):
            other = by_key.setdefault(_folded(name), council)
            if other is not council:
                raise ValueError(f"councils.csv: {name!r} means {other.name} and {council.name}")
    return Councils(by_name, by_key)


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _folded(name: str) -> str:
    """`name` without case, punctuation, "&" and a leading "the": what two spellings share."""
    words = re.sub(r"\s*&\s*", " and ", name.casefold())
    words = re.sub(r"['’.]", "", words)
    words = " ".join(re.sub(r"[\W_]+", " ", words).split())
    return words.removeprefix("the ")
