"""Whether what is searched speaks of what a question names in two words: "private fostering".

Either word alone stands in any report. `pairs.txt` beside this file lists, as stems, the pairs of
words that several reports put side by side; `python -m training pairs` makes it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.lexical import pairs_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.generation import Generation
    from index.records import Paragraph

# Paragraphs that are read for a pair, at the most: a report has 40 to 170 in all.
_READ = 50
PAIRS = Path(__file__).with_name("pairs.txt")


@cache
def known_pairs() -> frozenset[str]:
    """The pairs of `pairs.txt`."""
    return frozenset(PAIRS.read_text(encoding="utf-8").splitlines())


def pairs_in(question: str) -> frozenset[str]:
    """The known pairs in `question`."""
    return known_pairs() & pairs_of(question)


def held(pairs: frozenset[str], paragraph: Paragraph) -> float:
    """How many of `pairs` the paragraph or its headings hold: from 1, all, to -1, none.

    0 where there are no pairs.
    """
    return 2 * len(pairs & _said(paragraph)) / len(pairs) - 1 if pairs else 0.0


def any_absent(
    pairs: frozenset[str], generation: Generation, rows: NDArray[np.int64] | None
) -> bool:
    """Whether no paragraph of `rows`, or of all, holds one of `pairs`.

    Where both words stand in many paragraphs, they are taken to stand side by side in one.
    """
    for pair in pairs:
        holding = generation.lexical.holding_all(pair.split(), rows)
        if len(holding) <= _READ and not any(
            pair in _said(one.paragraph) for one in generation.store.passages(holding.tolist())
        ):
            return True
    return False


def _said(paragraph: Paragraph) -> set[str]:
    """The pairs in a paragraph and its headings."""
    texts = (paragraph.section, paragraph.subheading, paragraph.text)
    return set().union(*(pairs_of(text) for text in texts if text))
