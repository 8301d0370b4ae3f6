"""Printed dates → dates: one day, and the visits of an inspection; pure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

_FRIDAY = 4
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
# "05 July 2016–27 July 2016" (Wakefield 2016), "5 November 2014 - 25 November 2014" (St Helens
# 2015), "15-19 July 2013" (Medway 2013): any dash stands for "to".
# Layouts lose spaces in places ("10.Strong" for a paragraph), so none is insisted on.
_TO = re.compile(r"\s*[-–—−]\s*|(?<![a-z])to(?![a-z])", re.IGNORECASE)
# "8 July 2019 to 12 July 2019 and 7 August 2019 to 8 August 2019" (Derbyshire 2019)
_AND = re.compile(r"\band\b|[,;&]", re.IGNORECASE)
_DAY = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:\s*(?P<month>[A-Za-z]{3,9})\.?(?:\s*(?P<year>\d{4}))?)?"
)
# "12/09/2016 to 06/10/2016" (Redbridge 2016); dots are the other habit of British offices.
_FIGURES = re.compile(r"(?P<day>\d{1,2})[/.](?P<month>\d{1,2})[/.](?P<year>\d{4})")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY_IN_NAME = re.compile(r"\d{1,2}[ _-][A-Za-z]{3,9}[ _-]\d{4}")
_WORD_OF_DATES = re.compile(
    r"\d{1,4}(?:st|nd|rd|th)?|\d+[/.]\d+[/.]\d+|to|and|"
    rf"(?:{'|'.join(_MONTHS)}|{'|'.join(m[:3] for m in _MONTHS)}|sept)\.?|",
    re.IGNORECASE,
)
_BETWEEN_WORDS = re.compile(r"[-–—−,;&\s]")


class Visit(NamedTuple):
    """The first and the last day of one stay on site."""

    start: date
    end: date


def read_day(text: str) -> date | None:
    """The one day that `text` names in full, and None for anything else or anything more."""
    words = " ".join(text.split())
    if _ISO.fullmatch(words):
        return _calendar(words, "%Y-%m-%d")
    if figures := _FIGURES.fullmatch(words):
        return _calendar("/".join(figures.groups()), "%d/%m/%Y")
    found = _DAY.fullmatch(words)
    return _named(found) if found and found["year"] else None


def read_day_in_name(name: str) -> date | None:
    """The last full date in a file's name: "… - 20 august 2021.pdf", "…-2021-08-20.txt"."""
    found = [(m.start(), m.group()) for p in (_ISO, _DAY_IN_NAME) for m in p.finditer(name)]
    for _, printed in sorted(found, reverse=True):
        iso = _ISO.fullmatch(printed)
        if day := read_day(printed if iso else re.sub(r"[_-]", " ", printed)):
            return day
    return None


def read_visits(text: str) -> tuple[Visit, ...]:
    """The visits that `text` names, in order; empty where any of it cannot be read as dates.

    A day without month or year takes them from the day after it: "28 November to 9 December 2022"
    (Lancashire 2023). Where that puts the start after the end, the start is of the year before.
    """
    visits: list[Visit] = []
    following: date | None = None
    for part in reversed(_AND.split(" ".join(text.split()))):
        ends = _TO.split(part.strip())
        if len(ends) > 2:  # noqa: PLR2004 - a first day and a last one
            return ()
        end = _completed(ends[-1], following)
        start = _completed(ends[0], end)
        if start is None or end is None or start > end or (following and end >= following):
            return ()
        visits.append(Visit(start, end))
        following = start
    return tuple(reversed(visits))


def goes_on(line: str) -> bool:
    """Whether `line` holds nothing but dates, and so continues the dates of the line above.

    "… and 7 August 2019 to / 8 August 2019" (Derbyshire 2019).
    """
    return all(_WORD_OF_DATES.fullmatch(word) for word in _BETWEEN_WORDS.split(line))


def weekdays(visit: Visit) -> int:
    """How many days from Monday to Friday a visit spans."""
    days = (visit.end - visit.start).days + 1
    return sum((visit.start + timedelta(n)).weekday() <= _FRIDAY for n in range(days))


def _completed(text: str, following: date | None) -> date | None:
    """The day in `text`, its missing month and year taken from the day that follows it."""
    words = text.strip()
    if whole := read_day(words):
        return whole
    found = _DAY.fullmatch(words)
    if found is None or following is None or found["year"]:
        return None
    month = found["month"] or _MONTHS[following.month - 1]
    day = _named(_DAY.fullmatch(f"{found['day']} {month} {following.year}"))
    if day is not None and day > following and found["month"]:
        day = _named(_DAY.fullmatch(f"{found['day']} {month} {following.year - 1}"))
    return day


def _named(found: re.Match[str] | None) -> date | None:
    """A day whose month is a name, whole or shortened: "18 Feb 2014" (Bradford 2014), "Sept"."""
    if found is None or not any(m.startswith(found["month"].lower()) for m in _MONTHS):
        return None
    return _calendar(f"{found['day']} {found['month'][:3]} {found['year']}", "%d %b %Y")


def _calendar(text: str, pattern: str) -> date | None:
    try:
        return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a printed day has no zone
    except ValueError:
        return None
