"""A question's misspelt words → those of the collection; names and codes are left alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.lexical import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Shorter words have too many neighbours. From eight letters on two slips are forgiven (the rule of
# Lucene's "AUTO" fuzziness, a little stricter).
_LEAST_LETTERS = 5
_TWO_SLIPS = 8
_WORD = re.compile(r"(?<![\w'’-])[A-Za-z]+(?![\w-])")


class Words(Protocol):
    """The words of a collection."""

    @property
    def frequencies(self) -> Mapping[str, int]: ...
    def knows(self, word: str) -> bool: ...
    def beside(self, word: str, question: str) -> float: ...


def corrected(text: str, words: Words, is_english: Callable[[str], bool]) -> str | None:
    """`text` with misspelt words put right, None where there is nothing to put right.

    A word is misspelt where neither the collection nor `is_english` knows it, and the collection
    has one a slip or two away: a letter too many, too few, wrong, or two changed round.
    """
    changed = False
    shouted = text.isupper() and " " in text  # capitals then tell neither names nor codes

    def put_right(match: re.Match[str]) -> str:
        nonlocal changed
        typed = match[0]
        # A capital within a sentence makes a name; capitals throughout, a code.
        if (
            typed != typed.lower()
            and not shouted
            and (match.start() > 0 or typed[1:] != typed[1:].lower())
        ):
            return typed
        meant = _meant(typed.lower(), text, words, is_english)
        if meant is None:
            return typed
        changed = True
        if shouted:
            return meant.upper()
        return meant.capitalize() if typed[0].isupper() else meant

    right = _WORD.sub(put_right, text)
    return right if changed else None


def _meant(word: str, text: str, words: Words, is_english: Callable[[str], bool]) -> str | None:
    if len(word) < _LEAST_LETTERS or word in FUNCTION_WORDS or words.knows(word):
        return None
    if is_english(word):
        return None
    known = words.frequencies
    slips = 2 if len(word) >= _TWO_SLIPS else 1
    near = process.extract(word, known.keys(), scorer=OSA.distance, score_cutoff=slips, limit=None)
    # The first letter is seldom wrong; where it is, the two first may have changed places.
    near = [one for one in near if one[0][0] in word[:2]]
    if not near:
        return None
    others = " ".join(other for other in text.split() if other.lower() != word)
    # Of several, the fewest slips; then the one that stands beside the question's other words.
    return min(
        near,
        key=lambda one: (one[1], -words.beside(one[0], others), -known[one[0]], one[0]),
    )[0]
