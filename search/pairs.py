"""Whether a paragraph speaks of what a question names in two words: "private fostering"; pure.

Either word alone stands in any report. `pairs.txt` beside this file lists, as stems, the pairs of
words that several reports put side by side; `python -m training.pairs` makes it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.lexical import pairs_of

if TYPE_CHECKING:
    from index.records import Paragraph

PAIRS = Path(__file__).with_name("pairs.txt")


@cache
def known_pairs() -> frozenset[str]:
    """The pairs of `pairs.txt`."""
    return frozenset(PAIRS.read_text(encoding="utf-8").splitlines())


def held(question: str, paragraph: Paragraph) -> float:
    """How many of the known pairs in `question` the paragraph or its headings hold.

    From 1, all, to -1, none; 0 where the question has none.
    """
    asked = pairs_of(question) & known_pairs()
    if not asked:
        return 0.0
    headings = (paragraph.section, paragraph.subheading, paragraph.text)
    there = set().union(*(pairs_of(text) for text in headings if text))
    return 2 * len(asked & there) / len(asked) - 1
