"""The front pages of a report → council, dates, inspector, framework, judgements; pure.

Three kinds of cover are read: the inspection of looked after children of 2013, the single
inspection framework (SIF) of 2013 to 2018 with its re-inspections and reviews of the Local
Safeguarding Children Board (LSCB), and the inspection of local authority children's services
(ILACS) since 2018.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from index.records import Facts, Judgement
from indexer.dates import Visit, goes_on, read_day, read_day_in_name, read_visits, weekdays

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from indexer.lines import Document, Line

LOOKED_AFTER = "Inspection of looked after children services (2013)"
SIF = "SIF"
SIF_AGAIN = "SIF re-inspection"
LSCB = "LSCB review"
LSCB_JOINT = "joint LSCB inspection (integrated pilot)"
ILACS = "ILACS"

_IMPACT = "The impact of leaders on social work practice with children and families"
_LIVES = "The experiences and progress of"
_ILACS_NAMES = (
    _IMPACT,
    f"{_LIVES} children who need help and protection",
    f"{_LIVES} children in care and care leavers",  # until 2022
    f"{_LIVES} children in care",  # since 2023
    f"{_LIVES} care leavers",
    "Overall effectiveness",
)
# Their printed numbers belong to the names; Wirral 2016 misprints the last as "1.".
_SIF_NAMES = (
    "1. Children who need help and protection",
    "2. Children looked after and achieving permanence",
    "2.1 Adoption performance",
    "2.2 Experiences and progress of care leavers",
    "3. Leadership, management and governance",
)
_BOARD = "Local Safeguarding Children Board"
_LOOKED_AFTER_NAMES = (
    "Overall effectiveness",
    "Capacity to improve",
    "Outcomes for looked after children and young people",
    "Quality of provision",
    "Leadership and management",
)

# Printed → normal form. "Require improvement" (Isle of Wight 2014); plain "Requires improvement"
# (SIF, and ILACS of 2018 such as Brent 2018); "Not judged" (City of London 2016, adoption);
# "Adequate" (Medway 2013).
_GRADES = {
    "outstanding": "Outstanding",
    "good": "Good",
    "requires improvement to be good": "Requires improvement to be good",
    "require improvement to be good": "Requires improvement to be good",
    "requires improvement": "Requires improvement to be good",
    "require improvement": "Requires improvement to be good",
    "adequate": "Adequate",
    "inadequate": "Inadequate",
    "not judged": "Not judged",
}
_GRADE = "|".join(_GRADES)  # the longer form stands before the shorter

# Before the dates stands "Inspection date:" (SIF) or "Inspection dates:" (ILACS, 2013).
_DATES = re.compile(r"(?:Inspection|Review) dates?\b\s*:?\s*(?P<rest>.*)")
# "Report published: 25/11/2016" (Redbridge 2016), "Published: 23 August 2013" (Medway 2013); ILACS
# covers have no such line.
_PUBLISHED = re.compile(r"(?:Report [Pp]ublished\s*:?|Published\s*:)\s*(?P<day>.+)")
# "Lead inspector: Neil Penswick", "Lead inspector on site: Pietro Battista" (Hammersmith and Fulham
# 2016), "Reporting inspector Sarah Urding HMI" (Medway 2013). In prose it has a small letter:
# "lead inspector attended by both the director" (Doncaster 2015, page 35).
_INSPECTOR = re.compile(
    r"(?:Lead [Ii]nspectors?(?: on site)?|Reporting [Ii]nspector)(?:\s*:)?(?:\s+(?P<name>.+))?"
)
# "…, Her Majesty’s Inspector", "… Senior HMI" (Birmingham 2014), "…, HMI" (Havering 2018)
_RANK = re.compile(
    r"\s*(?:[,(;/]|\b(?:H(?:er|is) Majesty.s|Ofsted|Additional|Senior|S?HMIs?|OI)\b).*"
)
# "Fiona J Millns" (Derbyshire 2014), "Paula Thomson-Jones", "Paul D’Inverno"
_PERSON = re.compile(r"[^\W\d_][\w’'.-]*(?: [^\W\d_][\w’'.-]*){1,4}")

_SERVICES = r"children.s (?:social care )?services"
_SUBJECT = (
    r"(?:services for children in need|looked after children services|"
    rf"(?:local authority )?{_SERVICES})"
)
# The council above the title: "Sunderland City Council / Inspection of children’s social care
# services"; for a board, "Kingston upon Hull Safeguarding Children Board / Inspection of the
# effectiveness of …" (Hull 2015, page 37).
_ABOVE = re.compile(rf"(?P<council>.+?) (?:Re-)?inspection of {_SUBJECT}\b.*", re.IGNORECASE)
_BOARD_ABOVE = re.compile(
    r"(?P<council>.+?)(?:(?: Local)? Safeguarding Children.{0,2} Board)? "
    r"(?:Inspection|Review) of the effectiveness of .+",
    re.IGNORECASE,
)
# Below it: "Inspection of looked after children services / Medway Council" (2013).
_BELOW = re.compile(r"Inspection of looked after children services (?P<council>.+)", re.IGNORECASE)
# Within it: "Inspection of the Isle of Wight local authority children’s services" (since late
# 2021), without "local authority" in Barking and Dagenham 2023.
_WITHIN = re.compile(
    rf"Inspection of (?:the )?(?P<council>.+?)(?: local authority)? {_SERVICES}", re.IGNORECASE
)
# "Medway Children’s Services" stands above the title of 2019: a department, not a council.
_DEPARTMENT = re.compile(r" children.s services$", re.IGNORECASE)

# "The overall judgement is that children’s services require improvement" (Hull 2015), and later
# "Children’s services in Norfolk requires improvement to be good" (Norfolk 2018).
_OVERALL = re.compile(
    r"(?:The overall judgement is|Children.s services in .{1,80}?)"
    rf"(?: that children.s services)?(?: is| are)? (?P<grade>{_GRADE})\b",
    re.IGNORECASE,
)
# "The effectiveness of the Local Safeguarding Children Board (LSCB) is requires improvement" (the
# cover of Haringey 2014), "The Local Safeguarding Children Board is good / Executive summary" (a
# section of Durham 2016). In prose the sentence goes on in small letters: "is good at …".
_BOARD_JUDGED = re.compile(
    r"(?i:The (?:judgement for the )?(?:effectiveness of the )?Local Safeguarding Children Board"
    rf"(?: \(LSCB\))?(?: is)? (?P<grade>{_GRADE}))(?=\.|$| [^a-z])"
)
_BOARD_JOINTLY = re.compile(
    r"Inspection of the effectiveness of the local safeguarding\b.*", re.IGNORECASE
)
_BOARD_REVIEW = "review of the effectiveness of the local safeguarding children board"
_RECORD = "Record of main findings"  # the last page of the 2013 reports

_STOPS = ",:;*"  # no full stop: "… adoption performance. Good plans …" is prose
_TITLE_LINES = 12  # at most; the longest titles (St Helens 2015) have eight
# Of a format without pages; on paper no table ends more than 19 lines after the dates (Wiltshire
# 2015), but elsewhere each cell may be a line of its own.
_COVER_LINES = 40
_SENTENCE_LINES = 3  # the LSCB's sentence wraps once
_SHORT = 5  # weekdays on site at most: a short inspection takes one week, a standard one two


def normal_grade(printed: str) -> str | None:
    """The one normal form of a printed grade, None for words that are no grade."""
    return _GRADES.get(" ".join(printed.split()).rstrip(".").casefold())


def read_facts(document: Document, file: str) -> Facts:
    """What the front pages of `document` say; `file` is its name, which may hold a date."""
    lines = document.lines
    dated = next((n for n, line in enumerate(lines) if _DATES.fullmatch(line.text)), None)
    title = _title(lines, dated)
    cover = _cover(lines, dated or 0)
    visits = _visits(lines, dated)
    framework = _framework(title, lines, visits)
    judgements = _judgements(framework, cover, lines)
    return Facts(
        council=_council(title),
        framework=framework,
        inspection_start=visits[0].start if visits else None,
        inspection_end=visits[-1].end if visits else None,
        published=_published(lines) or read_day_in_name(PurePath(file).name),
        lead_inspector=_inspector(lines),
        judgements=judgements,
        overall=_overall(framework, cover, judgements),
    )


def _joined(lines: Iterable[Line]) -> str:
    return " ".join(" ".join(line.text for line in lines).split())


def _title(lines: Sequence[Line], dated: int | None) -> str:
    """The lines above the cover's first field, without page numbers; empty if none is there."""
    fields = (_DATES, _INSPECTOR, _PUBLISHED)
    if dated is None:
        start = lines[:_TITLE_LINES]
        ends = (n for n, line in enumerate(start) if any(f.fullmatch(line.text) for f in fields))
        dated = next(ends, 0)
    page = _page(lines[dated]) if dated else None
    above = lines[max(dated - _TITLE_LINES, 0) : dated]
    return _joined(line for line in above if _page(line) == page and not line.text.isdigit())


def _cover(lines: Sequence[Line], start: int) -> str:
    """The rest of the page that line `start` is on; without pages, the lines after it."""
    page = _page(lines[start]) if lines else None
    if page is None:
        return _joined(lines[start : start + _COVER_LINES])
    return _joined(line for line in lines[start:] if _page(line) == page)


def _page(line: Line) -> int | None:
    return line.box.page if line.box else None


def _council(title: str) -> str | None:
    for pattern in (_ABOVE, _BOARD_ABOVE, _BELOW, _WITHIN):
        if found := pattern.fullmatch(title):
            return _DEPARTMENT.sub("", found["council"])
    return None


def _visits(lines: Sequence[Line], dated: int | None) -> tuple[Visit, ...]:
    if dated is None:
        return ()
    found = _DATES.fullmatch(lines[dated].text)
    parts = [found["rest"]] if found else []
    for line in lines[dated + 1 :]:
        if not goes_on(line.text):
            break
        parts.append(line.text)
    return read_visits(" ".join(parts))


def _published(lines: Sequence[Line]) -> date | None:
    """The day on the cover; the later one where a file holds two reports.

    Hull 2015 came out when its second part did: 3 February 2015 on page 1, 10 February on page 37.
    """
    found = (_PUBLISHED.fullmatch(line.text) for line in lines)
    days = (read_day(match["day"]) for match in found if match)
    return max((day for day in days if day), default=None)


def _inspector(lines: Sequence[Line]) -> str | None:
    """The first lead inspector: on the cover (ILACS, 2013) or on the team's page (SIF)."""
    for n, line in enumerate(lines):
        if not (found := _INSPECTOR.fullmatch(line.text)):
            continue
        printed = found["name"] or _joined(lines[n + 1 : n + 2])
        name = _RANK.sub("", " ".join(printed.split()))
        words = name.split()
        if _PERSON.fullmatch(name) and words[0][0].isupper() and words[-1][0].isupper():
            return name
    return None


def _framework(title: str, lines: Sequence[Line], visits: Sequence[Visit]) -> str | None:
    folded = title.casefold()
    board = _BOARD_REVIEW in folded
    if "inspection of looked after children services" in folded:
        return LOOKED_AFTER
    if "inspection of services for children in need" in folded:
        single = SIF_AGAIN if "re-inspection" in folded else SIF
        if not board and any(_BOARD_JOINTLY.fullmatch(line.text) for line in lines):
            return f"{single} + {LSCB_JOINT}"
        return f"{single} + {LSCB}" if board else single
    if board or _BOARD_JOINTLY.search(title):
        return LSCB
    return _ilacs(visits) if re.search(rf"inspection of .*{_SERVICES}", folded) else None


def _ilacs(visits: Sequence[Visit]) -> str:
    """Standard or short by the days on site, which no report of this framework states in words."""
    if not visits:
        return ILACS
    length = "short" if weekdays(visits[0]) <= _SHORT else "standard"
    # Derbyshire 2019: one week in July, two more days in August
    return f"{ILACS} ({length}{', extended by second visit' if visits[1:] else ''})"


def _judgements(framework: str | None, cover: str, lines: Sequence[Line]) -> tuple[Judgement, ...]:
    if framework is None:
        return ()
    if framework == LOOKED_AFTER:
        last = (n for n in range(len(lines), 0, -1) if lines[n - 1].text == _RECORD)
        return _rows(_joined(lines[next(last, len(lines)) :]), _LOOKED_AFTER_NAMES)
    if framework.startswith(ILACS):
        return _rows(cover, _ILACS_NAMES, last="Overall effectiveness")
    rows = _rows(cover, _SIF_NAMES) if framework.startswith(SIF) else ()
    return rows + _board(lines) if "LSCB" in framework else rows


def _board(lines: Sequence[Line]) -> tuple[Judgement, ...]:
    """The judgement on the safeguarding board, from the cover or the title of its section."""
    for n, line in enumerate(lines):
        if not line.text.startswith("The "):
            continue
        if found := _BOARD_JUDGED.match(_joined(lines[n : n + _SENTENCE_LINES])):
            return (_judgement(_BOARD, found["grade"]),)
    return ()


def _overall(framework: str | None, cover: str, judgements: Sequence[Judgement]) -> str | None:
    for judgement in judgements:
        if judgement.name == "Overall effectiveness":
            return judgement.grade
    # Only the SIF grades the whole in a sentence of its cover.
    found = _OVERALL.search(cover) if framework and framework.startswith(SIF) else None
    return normal_grade(found["grade"]) if found else None


def _judgement(name: str, printed: str) -> Judgement:
    return Judgement(name, _GRADES[printed.casefold()], printed)


def _rows(text: str, names: Sequence[str], last: str | None = None) -> tuple[Judgement, ...]:
    """The rows of a judgement table, in its order; the first row of each name, none after `last`.

    Cells may be cut into lines and read crosswise, "… who need help Requires improvement / and
    protection to be good": name and grade share no word, so each word tells which it is.
    """
    words = text.split()
    wanted = sorted(names, key=len, reverse=True)
    found: dict[str, Judgement] = {}
    at = 0
    while at < len(words) and last not in found:
        for name in wanted:
            row = _row(words, at, name)
            if row and name not in found:
                found[name], at = row
                break
        else:
            at += 1
    return tuple(found.values())


def _row(words: Sequence[str], at: int, name: str) -> tuple[Judgement, int] | None:
    """The row of `name` that starts at word `at`, and the word after it; None if there is none."""
    left = [word.strip(_STOPS) for word in name.casefold().split() if not word[0].isdigit()]
    first = len(left)
    grade: list[str] = []
    while at < len(words):
        word = words[at].strip(_STOPS)
        if left and word.casefold() == left[0]:
            left.pop(0)
        elif len(left) < first and _starts_grade([*grade, word.rstrip(".")]):
            grade.append(word.rstrip("."))
        else:
            break
        at += 1
    printed = " ".join(grade)
    if left or printed.casefold() not in _GRADES:
        return None
    return _judgement(name, printed), at


def _starts_grade(words: Sequence[str]) -> bool:
    start = " ".join(words).casefold()
    return any(f"{grade} ".startswith(f"{start} ") for grade in _GRADES)
