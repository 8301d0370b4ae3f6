"""Council, year, report and grade named in a question → filters, and the words left; pure.

A name becomes a filter where it says which reports are meant. It stays in the words where it is
only compared with ("compared with Leeds") or is part of another name ("Essex Police").
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from index.councils import load_councils
from index.records import GRADES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from index.records import Filters, Report

# Names that are words of their own in lower case, or at the head of a question.
_ALSO_WORDS = {
    "reading",
    "bury",
    "bath",
    "barking",
    "slough",
    "hove",
    "cleveland",
    "wolves",
}
_BODY = (
    r"(?:['’]s)?"
    r"(?: (?:(?:city|county|borough|metropolitan|district|unitary) )*"
    r"(?:council|lea|la|local authority))?"
    r"(?:['’]s)?(?: (?:children['’]?s|social) services(?= *(?:department|[?.,(]|in |\d|$)))?"
)
_BEFORE_BODY = r"(?:(?:the )?(?:(?:london|royal|metropolitan) )*(?:borough|city|county) of )?"
_PLACED = r"(?:\b(?:in|at|for|by|of|on|from|within|across|about) )?"
# What makes the name before it another's: the police force of a county, a hospital, a university.
_OTHERS = re.compile(
    r" (?:police|constabulary|hospitals?|universit|college|nhs|court|partnership|teaching|school"
    r"|and [a-z]+ (?:police|nhs))",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"(?:compared (?:with|to)|in comparison (?:with|to)|than|unlike|versus|vs\.?|against|similar to"
    r"|university of|rather than|other than|except(?: for)?|moved? (?:to|from)|support from"
    r"|partners? (?:such as|like))(?: (?:in|at|for|the|by|of|that of))* $",
    re.IGNORECASE,
)
_MONTHS = tuple(month.lower() for month in calendar.month_name[1:])
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)}|{'|'.join(month[:3] for month in _MONTHS)})"
_YEAR = r"(?P<year>20[0-4]\d)"
_KIND = (
    r"(?:(?:full|standard|short|focused|ofsted|ilacs|sif|children['’]?s (?:social care|services)"
    r"|social care) )*"
)
_INSPECTION = rf"{_KIND}(?:inspections?|reports?|judge?ments?|visit|ofsted|ilacs)\b(?: reports?\b)?"
_ARTICLE = r"(?:(?:the|its|their|this|that|an?) )?"
_LEAD = (
    r"(?:\b(?:according to|as of|in|from|during|of|at|by|for|before|about|on)\s+)?"
    rf"{_ARTICLE}(?:ofsted (?:in )?)?"
)
_WHEN = re.compile(
    rf"[,(]*\s*{_LEAD}\b(?:(?:\d{{1,2}}(?:st|nd|rd|th)? )?{_MONTH} )?{_YEAR}(?!\d|[/–-]\d)"
    rf"(?P<noun> {_INSPECTION})?\s*\)?",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"[,(]*\s*\b(?:(?:between|from|in) )?(?P<first>20[0-4]\d)(?: and | to | or |[–-])"
    r"(?P<last>20[0-4]\d)\s*\)?",
    re.IGNORECASE,
)
_DIRECTED = re.compile(
    r"[,(]*\s*\b(?:(?P<to>before|until|up to|prior to)|(?P<after>after)|(?P<since>since)) "
    rf"(?:{_MONTH} )?{_YEAR}(?! {_INSPECTION})(?!\d)\s*\)?",
    re.IGNORECASE,
)
# A year that is part of what is asked: "at 31 March 2020", "the Children Act 2004"; and, where no
# report is from it, "the 2020 lockdown".
_DAY_BEFORE = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)? $")
_LAW_BEFORE = re.compile(
    r"\b(?:Act|Regulations?|Rules|Code|Order|guidance|strategy|plan) $", re.IGNORECASE
)
_WORD_AFTER = re.compile(r" ?\w")
# "since the last inspection" speaks of what a report says, not of which report is meant.
_SINCE_INSPECTION = re.compile(
    rf"\b(?:since|after|following|before|compared (?:with|to)) {_ARTICLE}"
    rf"(?:(?:last|previous|latest|20\d\d) )*{_INSPECTION}|\bcompared (?:with|to) 20\d\d",
    re.IGNORECASE,
)
_LATEST = re.compile(
    r"[,(]*\s*(?:\b(?:in|at|from|during|of|according to) )?"
    rf"{_ARTICLE}\b(?:latest|newest|most recent|last|current) (?P<kind>{_INSPECTION})\s*\)?",
    re.IGNORECASE,
)
# Which reports are meant by their overall grade; "good care leavers' services" says no such thing.
_GRADE = r"(?P<grade>outstanding|good|requires improvement(?: to be good)?|inadequate)"
_AUTHORITIES = r"(?:(?:local )?(?:authorities|councils)|inspections|reports)"
_RATED = r"(?:(?:that|which) (?:are|were) )?(?:rated|judged|graded)(?: (?:to be|as))?"
_GRADED = (
    re.compile(rf"\b{_GRADE}(?= {_AUTHORITIES}\b)", re.IGNORECASE),
    re.compile(
        rf"\b(?P<whose>authorities|councils) {_RATED} {_GRADE}(?: overall)?\b", re.IGNORECASE
    ),
)
_SAID = re.compile(
    r"^\s*(?:what (?:did|do|does|has|have) (?:ofsted|the (?:report|inspection)|inspectors?) "
    r"(?:say|said|find|found|report|think|conclude|make of)(?: (?:about|on|of|for))?(?= \w))",
    re.IGNORECASE,
)
_INSPECTION_LEFT = re.compile(
    rf"(?:,|\bin\b|\bat\b|\bby\b|\baccording to\b)?\s*{_ARTICLE}\b(?:ofsted|{_KIND}ofsted "
    r"(?:inspection|report))\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Missing:
    """What the collection holds no report of, in words, and the `year`, where it is that."""

    said: str
    year: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question names: filters, the words without them, and what is to be said of it.

    With something `missing` the filters are those of what there is.
    """

    filters: Filters
    text: str
    notices: tuple[str, ...] = ()
    missing: Missing | None = None


@dataclass(frozen=True, slots=True)
class _Mention:
    council: str
    start: int
    end: int


def read_scope(text: str, reports: Sequence[Report], given: Filters) -> Scope:
    """The scope that `text` names among `reports`; what `given` already narrows is left alone."""
    held = {one.council for one in reports if one.council is not None}
    if not held:
        return Scope(given, text)
    if given.report is not None or given.council is not None:
        text = _without_own(text, reports, given)
    if given.report is not None:
        return Scope(given, text)
    council = _by_council(text, given, held) if given.council is None else Scope(given, text)
    if council.missing is not None:
        return council
    filters, left = council.filters, council.text
    filters, graded = _by_grade(left, filters)
    left = _without(left, graded)
    about = filters.council
    own = [one for one in reports if about is None or _same(one.council, about)]
    missing = None
    if given.date_from is None and given.date_to is None and not given.latest:
        filters, when, missing = _in_time(left, filters, own, about)
        left = _without(left, when)
    if left != text:
        left = _bare(left)
    return Scope(
        filters, left if re.search(r"[^\W\d_]{2}", left) else text, council.notices, missing
    )


def _by_council(text: str, given: Filters, held: set[str]) -> Scope:
    """`given` narrowed to the council that `text` names, and the words without it."""
    notices = []
    meant = []
    for one in _meant(text):
        told = _told_heirs(one, text)
        if len(told) == 1:
            meant += [replace(one, council=told[0].council), *told]
            continue
        heirs = [] if one.council in held else _heirs(one, held)
        if heirs:
            after = " and ".join(heirs)
            notices.append(f"{one.council} is no more; {after} followed it: name that instead.")
        else:
            meant.append(one)
    named = list(dict.fromkeys(one.council for one in meant))
    if len(named) > 1:
        names = " and ".join(named)
        notices.append(
            f"The question names {names}; a search takes one council: all were searched."
        )
    if len(named) != 1:
        return Scope(given, text, tuple(notices))
    if named[0] not in held:
        missing = Missing(f"The collection holds no report on {named[0]}.")
        return Scope(given, text, tuple(notices), missing)
    left = _without(text, [(one.start, one.end) for one in meant])
    return Scope(replace(given, council=named[0]), left, tuple(notices))


def _without_own(text: str, reports: Sequence[Report], given: Filters) -> str:
    """`text` without the name of the council whose reports alone are searched.

    It tells none of them from another, and would draw what names it: any paragraph may.
    """
    own = {
        one.council
        for one in reports
        if given.report in (one.id, one.file) or _same(one.council, given.council or "")
    }
    left = _bare(_without(text, [(m.start, m.end) for m in _meant(text) if m.council in own]))
    return left if re.search(r"[^\W\d_]{2}", left) else text


def _heirs(mention: _Mention, held: set[str]) -> list[str]:
    """The councils in the collection that followed the one that is named."""
    return [one for one in load_councils().by_name[mention.council].successors if one in held]


def _told_heirs(mention: _Mention, text: str) -> list[_Mention]:
    """The successors that a word set apart from the name tells: "Northamptonshire (North)"."""
    told = []
    for heir in load_councils().by_name[mention.council].successors:
        apart = " ".join(word for word in heir.split() if word not in mention.council.split())
        match = re.search(rf"[,(]\s*{re.escape(apart)}\s*(?:\)|(?=[,;.?]|$))", text, re.IGNORECASE)
        if match is not None and apart != heir:
            told.append(_Mention(heir, *match.span()))
    return told


def _by_grade(text: str, filters: Filters) -> tuple[Filters, list[tuple[int, int]]]:
    """`filters` narrowed to the overall grade named, and the words that name it."""
    for pattern in _GRADED if filters.overall is None and filters.grade is None else ():
        match = pattern.search(text)
        if match is not None and not _COMPARED.search(text[: match.start()]):
            grade = next(one for one in GRADES if one.lower().startswith(match["grade"].lower()))
            cut = match.end("whose") if "whose" in match.groupdict() else match.start()
            return replace(filters, overall=grade), [(cut, match.end())]
    return filters, []


def _in_time(
    text: str, filters: Filters, own: Sequence[Report], about: str | None
) -> tuple[Filters, list[tuple[int, int]], Missing | None]:
    """`filters` narrowed to the time named, the words that name it, and what is missing."""
    barred = [match.span() for match in _SINCE_INSPECTION.finditer(text)]

    def free(match: re.Match[str]) -> bool:
        return not any(start < match.end() and match.start() < end for start, end in barred)

    if match := next(filter(free, _SPAN.finditer(text)), None):
        first, last = sorted((int(match["first"]), int(match["last"])))
        return (
            replace(filters, date_from=date(first, 1, 1), date_to=date(last, 12, 31)),
            [match.span()],
            None,
        )
    if match := next(filter(free, _DIRECTED.finditer(text)), None):
        begin, end = _days_named(match)
        if match["to"]:
            before = match["to"].lower() in ("before", "prior to")
            narrowed = replace(filters, date_to=begin - timedelta(days=1) if before else end)
        else:
            begin = end + timedelta(days=1) if match["after"] else begin
            narrowed = replace(filters, date_from=begin)
        return narrowed, [match.span()], None
    whens = (one for one in _WHEN.finditer(text) if free(one) and not _within_matter(one, text))
    if match := next(whens, None):
        return _dated(match, text, filters, own, about)
    if match := next(filter(free, _LATEST.finditer(text)), None):
        return replace(filters, latest=True), [match.span()], None
    return filters, [], None


def _month(match: re.Match[str]) -> int | None:
    named = match["month"]
    if named is None:
        return None
    return 1 + next(at for at, name in enumerate(_MONTHS) if name.startswith(named.lower()[:3]))


def _days_named(match: re.Match[str]) -> tuple[date, date]:
    """The first and the last day of the year or the month that `match` names."""
    year, month = int(match["year"]), _month(match)
    last = month or 12
    return date(year, month or 1, 1), date(year, last, calendar.monthrange(year, last)[1])


def _within_matter(match: re.Match[str], text: str) -> bool:
    """Whether the year is a law's, or that of a single day."""
    before = text[: match.start("month" if match["month"] else "year")]
    return bool(_DAY_BEFORE.search(before) or _LAW_BEFORE.search(before))


def _dated(
    match: re.Match[str], text: str, filters: Filters, own: Sequence[Report], about: str | None
) -> tuple[Filters, list[tuple[int, int]], Missing | None]:
    year, month = int(match["year"]), _month(match)
    of_year = [one for one in own if year in {day.year for day in _days(one)}]
    if not of_year:
        of_what_follows = _WORD_AFTER.match(text, match.end("year")) is not None
        if not match["noun"] and (about is None or of_what_follows):
            # Nothing says that the year is an inspection's.
            return filters, [], None
        if about is None:
            return filters, [], Missing(f"The collection holds no report from {year}.", str(year))
        years = sorted({day.year for one in own for day in _days(one)[-1:]})
        held = ", ".join(map(str, years))
        said = f"The collection holds no report on {about} from {year}, but from {held}."
        return filters, [], Missing(said, str(year))
    if about is None:
        return (
            replace(filters, date_from=date(year, 1, 1), date_to=date(year, 12, 31)),
            [match.span()],
            None,
        )
    of_month = [one for one in of_year if (year, month) in {(d.year, d.month) for d in _days(one)}]
    meant = of_month or of_year
    # Of two inspections that touch a year, the one that was published in it is called by it.
    if len(meant) > 1:
        published = [
            one for one in meant if one.facts.published and one.facts.published.year == year
        ]
        meant = published or meant
    if len(meant) == 1:
        return replace(filters, report=meant[0].id), [match.span()], None
    days = [day for one in meant for day in _days(one)]
    return replace(filters, date_from=min(days), date_to=max(days)), [match.span()], None


def _days(report: Report) -> list[date]:
    """The days a report goes by: its inspection's first and last, its publication's."""
    facts = report.facts
    days = (facts.inspection_start, facts.inspection_end, facts.published)
    return [day for day in days if day is not None]


def _same(council: str | None, name: str) -> bool:
    return council is not None and council.casefold() == name.casefold()


def _meant(text: str) -> list[_Mention]:
    """The councils of whose reports `text` asks, in order."""
    found = []
    for match in _names().finditer(text):
        council = load_councils().find(match["name"])
        if council is None or not _is_name(match, text):
            continue
        if _COMPARED.search(text[: match.start()] + " ") or _OTHERS.match(text, match.end("name")):
            continue
        if _COMPARED.search(text[: match.start("name")]):
            continue
        found.append(_Mention(council.name, match.start(), match.end()))
    return found


def _is_name(match: re.Match[str], text: str) -> bool:
    name = match["name"]
    if name.lower() not in _ALSO_WORDS:
        return True
    if not name[0].isupper():
        return False
    after = text[match.end("name") :]
    whole_in_capitals = text.isupper()
    followed = re.match(r"['’]s|(?:['’]s)? council|,", after, re.IGNORECASE)
    placed = match.start("name") > 0 and not whole_in_capitals
    return bool(followed or placed or re.search(_YEAR, text))


@cache
def _names() -> re.Pattern[str]:
    """Every name of every council, long ones first, with what may stand around it."""
    councils = load_councils()
    names = sorted(
        {name for one in councils.by_name for name in councils.names(one)},
        key=lambda name: (-len(name), name),
    )
    patterns = "|".join(_flexible(name) for name in names)
    return re.compile(
        rf"{_PLACED}{_BEFORE_BODY}(?<!\w)(?P<name>{patterns})(?!\w|-\w){_BODY}", re.IGNORECASE
    )


def _flexible(name: str) -> str:
    """A pattern for `name` however "and", "&", hyphens and commas in it are typed."""
    words = [re.escape(word) for word in re.split(r"[\s,-]+", name)]
    joined = r"[\s,-]+".join(words)
    return joined.replace(r"[\s,-]+and[\s,-]+", r"(?:\s*,?\s*(?:and|&)\s*)")


def _without(text: str, cuts: Iterable[tuple[int, int]]) -> str:
    """`text` without the cuts; "Leeds's early help" becomes "the early help"."""
    left = text
    for start, end in sorted(cuts, reverse=True):
        possessive = re.search(r"['’]s\s*$", text[start:end]) is not None
        left = f"{left[:start]} {'the ' if possessive else ''}{left[end:]}"
    return " ".join(left.split())


def _bare(text: str) -> str:
    """`text` without the words that spoke of a report alone, and what punctuation they leave."""
    left = _INSPECTION_LEFT.sub("", _SAID.sub("", text))
    left = re.sub(r"\(\s*[,;]?\s*\)", " ", left)
    left = re.sub(r"\s+([,.;:?!)])", r"\1", " ".join(left.split()))
    return left.lstrip(" ,;:–-)").rstrip(" ,;:–-(")
