"""What is quoted of ranked paragraphs, measured, and which way of quoting is best."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.answer import quote
from search.rank import Quoting
from tests.quality.measures import mean
from tests.quality.ranking import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from index.records import Passage
    from tests.quality.cases import Case

# The wished shares: of what is quoted, what may be cited; and of the facts, what is quoted. What is
# quoted to a question has so many words at most in the mean, for other sets to stay below 100.
CITED = 0.88
FACTS = 0.75
MOST_WORDS = 90
QUOTING = [
    Quoting(*values)
    for values in itertools.product(
        (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8),
        (3, 4, 6),
        (0.2, 0.3, 0.4),
        (0.8, 0.85, 0.9),
        (150, 175, 200, 225),
    )
]


@dataclass(frozen=True, slots=True)
class Quoted:
    """Of a question's quotations which may be cited, of its facts which they hold; all words."""

    cited: tuple[bool, ...]
    facts: tuple[bool, ...]
    words: int


def quoted(case: Case, ordered: NDArray[np.intp], sure: list[float]) -> list[Quoted]:
    """What each of QUOTING quotes of the best of a case's candidates, in this order.

    `sure` is how sure each of the first is.
    """
    passages = case.generation.store.passages(case.candidates.rows[ordered[:10]].tolist())
    return [_quoted(case, passages, sure, quoting) for quoting in QUOTING]


def _quoted(case: Case, passages: Sequence[Passage], sure: list[float], quoting: Quoting) -> Quoted:
    quotes = quote(
        case.text,
        case.vector,
        passages=passages,
        sure=sure,
        sentences=case.generation.sentences,
        quoting=quoting,
    )
    relevant = case.question.relevant
    return Quoted(
        tuple(relevant.get(made.passage.paragraph.number or "", 0) > 0 for made in quotes),
        tuple(
            any(folded(fact) in folded(made.text) for made in quotes)
            for fact in case.question.facts
        ),
        sum(len(made.text.split()) for made in quotes),
    )


def shares(found: Sequence[Quoted]) -> tuple[float, float, float]:
    """Of quotations the share that may be cited, of facts the share they hold, and mean words."""
    return (
        mean([one for own in found for one in own.cited]),
        mean([one for own in found for one in own.facts]),
        mean([own.words for own in found]),
    )


def best_quoting(sets: Sequence[Sequence[list[Quoted]]]) -> int:
    """The place in QUOTING of what is farthest above both CITED and FACTS, in the mean of the sets.

    What leads by less counts: more of one is no help where other questions fall short of the other.
    It is within CITED and MOST_WORDS in each set.

    `sets` are the questions of each set, as `quoted` returns them. Where nothing is within CITED it
    is what may be cited most.
    """
    measured = [[shares([one[at] for one in own]) for own in sets] for at in range(len(QUOTING))]
    short = [
        at for at, own in enumerate(measured) if max(words for _, _, words in own) <= MOST_WORDS
    ]
    cited = {at: min(one for one, _, _ in measured[at]) for at in short}
    allowed = [at for at in short if cited[at] >= CITED]
    if not allowed:
        return max(short, key=lambda at: cited[at])
    return max(allowed, key=lambda at: _lead(measured[at]))


def _lead(sets: Sequence[tuple[float, float, float]]) -> float:
    cited, facts, _ = map(mean, zip(*sets, strict=True))
    return min(cited - CITED, facts - FACTS)
