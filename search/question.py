"""A reader's words → what is searched for; pure, shown to the reader, and undone on request."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import UsageError
from index.records import Filters
from search.scope import read_scope
from search.spelling import corrected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from index.records import Report
    from search.scope import Scope
    from search.spelling import Words

# Characters. The model reads 256 tokens, about five characters each; what it would not read is cut
# with a notice and not silently.
MOST = 1000
# A question is in another script when fewer of its letters than this are Latin.
_LATIN_SHARE = 0.5
# CAMHS and MARAC are of the longest in `language.csv`; no full name of one word is as short there.
_LONGEST_ABBREVIATION = 5
# A phrase in quotation marks, straight or curly; an apostrophe is none.
_QUOTED = re.compile(r"[\"“”]([^\"“”]*\w[^\"“”]*)[\"“”]")


@dataclass(frozen=True, slots=True)
class Term:
    """Names of one thing in the sector, and where they can be seen.

    A name in capitals is found in capitals only, any other however it is typed.
    """

    names: tuple[str, ...]
    example: str

    def held(self, text: str) -> dict[str, re.Match[str]]:
        """Which of the names `text` holds, and where each stands first."""
        found = {name: _pattern(name).search(text) for name in self.names}
        return {name: match for name, match in found.items() if match is not None}

    def put_into(self, question: str, texts: str) -> str:
        """`question` with the name that `texts` use beside the one that it uses.

        An abbreviation comes after the full name, in brackets; a full name that `texts` use, too,
        stays alone.
        """
        held = self.held(question)
        others = [name for name in self.names if name not in held and not _is_short(name)]
        if not held or not others:
            return question
        used = self.held(texts)
        other = next((name for name in others if name in used), None)
        name, match = next(iter(held.items()))
        typed, before, after = match[0], question[: match.start()], question[match.end() :]
        if all(map(_is_short, held)):
            plural = "s" if typed.endswith("s") and not name.endswith("s") else ""
            return f"{before}{other or others[0]}{plural} ({typed}){after}"
        if other is None or not used.keys().isdisjoint(held):
            return question
        return f"{before}{typed} ({other}){after}"


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is searched for.

    `asked` is what was typed, `text` what is left of it to look for within `filters`; `corrected`
    is the question with its spelling put right, None where nothing was; `expansions` are words of
    the reports for the reader's own; `refusal` says why the question can have no answer, None where
    it can, and `year` is the one that no report is from, where that is why; `notices` say what was
    done to it.
    """

    asked: str
    text: str
    filters: Filters = field(default_factory=Filters)
    corrected: str | None = None
    expansions: tuple[str, ...] = ()
    refusal: str | None = None
    year: str | None = None
    notices: tuple[str, ...] = ()

    @property
    def expanded(self) -> str:
        """The question followed by its expansions: what is encoded and looked up."""
        return " ".join((self.text, *self.expansions))

    def beside(self, texts: str) -> str:
        """The question in the names that `texts` use: what a reader reads beside them.

        "IROs" is "independent reviewing officers (IROs)". A cross-encoder understands a sentence,
        and not a list of words behind it. Where nothing was to be made of the question, which then
        has no expansions, it stays as it is.
        """
        question = self.text
        for term in load_terms() if self.expansions else ():
            question = term.put_into(question, texts)
        return question

    def beside_first(self, text: str) -> Question:
        """The question where `text` came first: if that names its year, it may answer after all.

        A report says what the inspection before it found.
        """
        if self.refusal is None or self.year is None or not _pattern(self.year).search(text):
            return self
        return replace(self, refusal=None, notices=(*self.notices, self.refusal))


@dataclass(frozen=True, slots=True)
class Known:
    """What a collection knows of itself: its reports and its words.

    `is_english` says of a word in lower case whether the model has it whole.
    """

    reports: Sequence[Report]
    words: Words
    is_english: Callable[[str], bool]


def understand(
    asked: str, filters: Filters, known: Known | None = None, *, as_typed: bool = False
) -> Question:
    """The question that `asked` asks of what `filters` leave.

    What `known` knows is read out of its words: reports that it names, and misspelt words; neither
    where it is to be taken `as_typed`. Raises UsageError where it holds nothing but white space.
    """
    # A command's arguments can hold bytes that are no character, which nothing could encode.
    text = " ".join(asked.encode(errors="replace").decode().split())
    if not text:
        raise UsageError(
            "The question is empty. Ask something, for example: how are care leavers supported?"
        )
    notices: tuple[str, ...] = ()
    if len(text) > MOST:
        notices = (
            f"The question has {len(text):,} characters; the first {MOST:,} were searched for.",
        )
        text = text[:MOST].rsplit(" ", 1)[0] or text[:MOST]
    letters = [character for character in text if character.isalpha()]
    latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters)
    if not re.search(r"\w[^\W\d_]|[^\W\d_]\w", text):  # two characters, "s47" among them
        refusal = "The question holds no words. Ask it in English words."
    elif latin < _LATIN_SHARE * len(letters):
        refusal = "The reports are in English, and the question is not. Ask it in English."
    else:
        refusal = None
    phrases = tuple(" ".join(one.split()) for one in _QUOTED.findall(text))
    question = Question(
        text, text, replace(filters, phrases=phrases), refusal=refusal, notices=notices
    )
    if as_typed or refusal is not None:
        return question
    return _interpreted(question, known)


def _interpreted(question: Question, known: Known | None) -> Question:
    text, filters, right = question.text, question.filters, None
    notices, missing = question.notices, None
    if known is not None:
        scope = read_scope(text, known.reports, filters)
        right = corrected(scope.text, known.words, known.is_english)
        if right is not None:  # what was put right may be a council's name
            scope = _joined(scope, read_scope(right, known.reports, scope.filters))
        text, filters, missing = scope.text, scope.filters, scope.missing
        notices += scope.notices
    return replace(
        question,
        text=text,
        filters=filters,
        corrected=right,
        expansions=_expansions(text),
        refusal=missing.said if missing else None,
        year=missing.year if missing else None,
        notices=notices,
    )


def _joined(first: Scope, then: Scope) -> Scope:
    """What two readings of a question found, the second of what the first left."""
    notices = tuple(dict.fromkeys(first.notices + then.notices))
    return replace(then, notices=notices, missing=first.missing or then.missing)


def _expansions(text: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for term in load_terms():
        if held := term.held(text):
            # "lado" is how people type LADO, and nothing to look for beside it.
            typed = {name.lower() for name in term.names if name.isupper()}
            found |= {
                one: None
                for one in term.names
                if one not in typed and one not in held and not _pattern(one.lower()).search(text)
            }
    return tuple(found)


def _is_short(name: str) -> bool:
    """Whether a name is an abbreviation: one word of a few letters."""
    return " " not in name and len(name) <= _LONGEST_ABBREVIATION


@cache
def _pattern(name: str) -> re.Pattern[str]:
    flags = 0 if name.isupper() else re.IGNORECASE
    return re.compile(rf"(?<!\w){re.escape(name)}s?(?!\w)", flags)


@cache
def load_terms() -> tuple[Term, ...]:
    """The sector's language, from `language.csv` beside this file."""
    return read_terms((Path(__file__).parent / "language.csv").read_text(encoding="utf-8"))


def read_terms(text: str) -> tuple[Term, ...]:
    """Terms from CSV with the columns names, several by ";", and example."""

    def several(cell: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in cell.split(";") if part.strip())

    return tuple(
        Term(several(row["names"]), row["example"]) for row in csv.DictReader(io.StringIO(text))
    )
