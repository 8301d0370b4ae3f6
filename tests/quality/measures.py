"""What ranking, refusal and quotations are measured by; pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def ndcg(found: Sequence[str | None], relevant: Mapping[str, int], k: int = 10) -> float:
    """Normalised discounted cumulative gain at k with gain = grade, as trec_eval's ndcg_cut.

    An item counts the first time it is found.
    """
    seen: set[str | None] = set()
    gain = 0.0
    for place, item in enumerate(found[:k]):
        if item is not None and item not in seen:
            gain += relevant.get(item, 0) / math.log2(place + 2)
        seen.add(item)
    best = sorted(relevant.values(), reverse=True)[:k]
    return gain / sum(grade / math.log2(place + 2) for place, grade in enumerate(best))


def recall(found: Sequence[str | None], wanted: set[str], k: int) -> float:
    """The share of `wanted` among the first k found."""
    return len(wanted & set(found[:k])) / len(wanted)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """How often a positive scores above a negative, ties for half: area under the ROC curve."""
    pairs = [(above > below) + (above == below) / 2 for above in positive for below in negative]
    return sum(pairs) / len(pairs) if pairs else math.nan


def calibration_error(sure: Sequence[float], right: Sequence[bool], bins: int = 5) -> float:
    """How far confidence is from the share that is right, over bins of equal size: 0 to 1.

    The expected calibration error (Guo and others, On Calibration of Modern Neural Networks, 2017)
    with bins of equal size, since few questions have a low confidence.
    """
    return sum(
        count * abs(mean_sure - share) for mean_sure, share, count in reliability(sure, right, bins)
    ) / max(len(sure), 1)


def reliability(
    sure: Sequence[float], right: Sequence[bool], bins: int = 5
) -> list[tuple[float, float, int]]:
    """Bins of equal size by confidence: mean confidence, share that is right, how many."""
    pairs = sorted(zip(sure, right, strict=True))
    size = max(-(-len(pairs) // bins), 1)
    parts = [pairs[at : at + size] for at in range(0, len(pairs), size)]
    return [
        (mean([one for one, _ in part]), mean([right for _, right in part]), len(part))
        for part in parts
    ]


def mean(values: Sequence[float]) -> float:
    """The mean, NaN of nothing."""
    return sum(values) / len(values) if values else math.nan
