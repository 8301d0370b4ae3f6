"""How printed lines join into text; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Bullets of every family: symbol fonts' glyphs in the private-use area ("\uf06e", Hillingdon 2014;
# "\uf0a7", Medway 2013; "\uf02d" under another bullet, Knowsley 2017 page 7), then what Unicode
# has for them, and plain dashes at a line's start (Hillingdon 2014, page 7).
_BULLET = re.compile(r"[\ue000-\uf8ff•●○◦‣▪▫■□◼◾–—−─*-]\s+(?=\S)|[\ue000-\uf8ff•●◼▪](?=\S)")
_HYPHENATED = re.compile(r"[^\W_]-")
_SUSPENDED = re.compile(r"(?:and|or)\b|to\s")
_CLINGING = re.compile(r"[,.;:)]")
_STOPPED = re.compile(r"[.?!:;][’”\"')\]]*")


def bullet_end(text: str) -> int:
    """Where the text behind a bullet begins; 0 where there is no bullet."""
    found = _BULLET.match(text)
    return found.end() if found else 0


def joined(lines: Iterable[str]) -> str:
    """The lines as one text, their whitespace folded.

    A hyphen that ends a line stays and joins without a space ("day-/to-day", Sunderland 2021
    paragraph 2), unless it is suspended before "and", "or" or a lone "to" ("short-/and
    long-term"; "19-/to 21-year-olds", Trafford 2019). A dash between figures joins as well
    ("2017–/2018"), and so does a stop that a footnote's mark has pushed to the next line
    ("schools/, of whom", Hull 2015 page 11).
    """
    text = ""
    for line in lines:
        piece = " ".join(line.split())
        if text and not _adjoins(text, piece):
            text += " "
        text += piece
    return text


def _adjoins(text: str, following: str) -> bool:
    if _CLINGING.match(following):
        return True
    if _HYPHENATED.fullmatch(text[-2:]):
        return _SUSPENDED.match(following) is None
    return text[-1:] == "–" and text[-2:-1].isdigit() and following[:1].isdigit()


def stops(text: str) -> bool:
    """Whether the text ends as a sentence does."""
    return _STOPPED.search(text[-3:]) is not None and text[-1:] not in ",-"
