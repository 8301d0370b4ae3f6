"""What a heading says: its rank, its grade, its words; pure."""

from __future__ import annotations

import re
from enum import Enum

_GRADE = (
    r"(?P<outstanding>outstanding)|(?P<good>good)"
    r"|(?P<requires>requires?\s+improvement(?P<be>\s+to\s+be\s+good)?)"
    r"|(?P<inadequate>inadequate)|(?P<adequate>adequate)"
)
# ": good", "is good", "is: good", "are good", "is that it is good", or nothing between.
_AT_END = re.compile(rf"(?:^|[\s:–-])(?:{_GRADE})\s*[.:]?$", re.IGNORECASE)
# "Requires improvement" in a cell of its own; "Grade 4 (Inadequate)" in 2013.
_ALONE = re.compile(
    rf"(?:grade\s+\d\s*\()?(?:{_GRADE})\)?(?:\s+grade\s+\d)?\s*[.:]?", re.IGNORECASE
)
# A grade in a cell close to the title's, so that PDFium sees one line: "Leadership, management and
# governance Inadequate" (Bromley 2016). Only a cell's grade has a capital and nothing before it.
_CELL_GRADE = re.compile(
    r"(?<![:–-])(?<!\bis)(?<!\bare)\s+"
    r"(?:Outstanding|Good|Requires improvement(?: to be good)?|Inadequate)$"
)


def grade_of(text: str, *, alone: bool = False) -> str | None:
    """The grade a heading ends in or, with `alone`, the grade that is all it says.

    As printed, first letter large: the SIF's "Requires improvement" and the ILACS's "Requires
    improvement to be good" both stay.
    """
    folded = " ".join(text.split())
    found = _ALONE.fullmatch(folded) if alone else _AT_END.search(folded)
    if found is None:
        return None
    if found["requires"]:
        return "Requires improvement to be good" if found["be"] else "Requires improvement"
    names = ("outstanding", "good", "inadequate", "adequate")
    return next(name.capitalize() for name in names if found[name])


def without_cell_grade(title: str) -> str:
    """A judgement's title without the grade from the cell beside it."""
    return _CELL_GRADE.sub("", title)


class Rank(Enum):
    """What a heading governs; each rank ends those below it."""

    PART = 1
    SECTION = 2
    SUB = 3


_PART = re.compile(
    r"section (?:\d|one|two)\b.*|(?:the )?local authority(?: - summary of findings)?"
    r"|(?:the )?local safeguarding children board(?: \(lscb\))?",
    re.IGNORECASE,
)
_MEANING = re.compile(r"what the .*judge?ments? mean", re.IGNORECASE)
# Titles under which a judgement is argued. ILACS: "The experiences and progress of children in
# care: good"; SIF: "The graded judgment for adoption performance is good." (Hillingdon 2014, in a
# sub-heading's type), "The Local Safeguarding Children Board requires improvement" (Tameside 2016).
_JUDGED = re.compile(
    r"(?:the )?(?:experiences? and progress of|graded judge?ments?\b|impact of leaders"
    r"|leadership, management and gov|effectiveness of the|local safeguarding children board"
    r"|overall effectiveness)",
    re.IGNORECASE,
)
_LEADERS = re.compile(r"(?:the )?impact of leaders on social work", re.IGNORECASE)
# Titles that are sections in whatever type they stand: "What needs to improve" is set like a
# sub-heading in Derbyshire 2019, "Recommendations" in Redbridge 2016 (page 37).
_SECTION = re.compile(
    r"what (?:needs|does the .* need) to (?:be )?improved?:?\??|executive summary|recommendations:?"
    r"|summary for children.*|summary of (?:key )?findings|information about (?:this|the) .*"
    r"|inspection (?:findings – .+|judge?ments? about .*)|" + _MEANING.pattern,
    re.IGNORECASE,
)
# Titles that divide a section in whatever type they stand: "Inspection findings" is set like a
# section in Merton 2017, "Children’s services in Hull require improvement because:" in Hull 2015.
_SUB = re.compile(
    r"summary|inspection findings|areas for improvement:?|priority (?:and immediate )?actions?:?"
    r"|.*\bbecause:?|.* has the following strengths:?|key strengths and weaknesses.*",
    re.IGNORECASE,
)
# Without a grade it groups findings by theme (Rotherham 2014, page 3).
_LEADERSHIP = re.compile(r"leadership, management and governance", re.IGNORECASE)
_LARGE = 1.12  # of the body's size: sections are 14 or 18 in text of 12, italics 12.6 (Hull 2015)
_PART_SIZE = 1.3  # parts are 16 in text of 12
TITLE_SIZE = 1.8  # titles on covers are 22 to 26 (Hull 2015, pages 1 and 37)


def rank_of(title: str, size: float | None, body: float | None, *, italic: bool) -> Rank:
    """The rank of a heading of these words in this type."""
    relative = size / body if size and body else 1.0
    if relative >= TITLE_SIZE:
        return Rank.PART
    # A part's title is large, or the text's size (Tameside 2016, page 5); set like a section it
    # divides "What the inspection judgements mean" (Calderdale 2015, page 48).
    if _PART.fullmatch(title) and not _LARGE <= relative < _PART_SIZE:
        return Rank.PART
    if italic or _SUB.fullmatch(title):
        return Rank.SUB
    return Rank.SECTION if relative >= _LARGE or _heads_section(title) else Rank.SUB


def _heads_section(title: str) -> bool:
    if _SECTION.fullmatch(title):
        return True
    judged = _JUDGED.match(title) is not None
    return judged and (grade_of(title) is not None or _LEADERSHIP.fullmatch(title) is None)


def is_plain_title(title: str) -> bool:
    """Whether the words head a section even in the text's type and above a space.

    "Recommendations" does in Warwickshire 2017, page 7.
    """
    return _SECTION.fullmatch(title) is not None


def is_known_title(title: str) -> bool:
    """Whether the words are a heading of these reports' families."""
    return any(known.fullmatch(title) for known in (_SECTION, _SUB, _PART)) or bool(
        _JUDGED.match(title)
    )


def names_judgement(title: str) -> bool:
    return _JUDGED.match(title) is not None


def names_leaders(title: str) -> bool:
    """Whether only an ILACS report has such a heading."""
    return _LEADERS.match(title) is not None


def names_section(title: str) -> bool:
    """Whether the words alone make a section's heading, as they must in plain text."""
    if _SECTION.fullmatch(title):
        return True
    return _JUDGED.match(title) is not None and grade_of(title) is not None
