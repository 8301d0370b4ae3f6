"""Pairs of words that several reports put side by side."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from index.lexical import pairs_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training.examples import AskedReport

PAIRS = Path(__file__).parents[1] / "search" / "pairs.txt"
# In fewer reports a pair is one report's turn of phrase.
LEAST_REPORTS = 6


def shared_pairs(reports: Iterable[AskedReport]) -> list[str]:
    """The pairs that stand in LEAST_REPORTS of `reports` or more, sorted."""
    holding: Counter[str] = Counter()
    for report in reports:
        holding.update(set().union(*(pairs_of(text) for text in report.paragraphs)))
    return sorted(pair for pair, times in holding.items() if times >= LEAST_REPORTS)
