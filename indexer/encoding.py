"""Passages → vectors; what the last generation holds already is not encoded again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from index.encoder import Encoder, Vectors
    from index.generation import Generation
    from index.records import Paragraph, Passage, Report

_HERE = Path(__file__)
_INDEX = _HERE.parents[1] / "index"


class Progress(Protocol):
    """Is told what is being done, of how many steps, and of each step."""

    def start(self, what: str, total: int) -> None: ...
    def advance(self, steps: int = 1) -> None: ...


def encode(
    reports: Sequence[Report],
    passages: Sequence[Passage],
    current: Generation | None,
    load: Callable[[], Encoder],
    progress: Progress,
) -> Vectors:
    """A unit vector a passage: float32 of shape (passages, dimension).

    Vectors of `current` are taken over where the same code made them; where it holds them all, the
    model is not even loaded.
    """
    texts = _texts(reports, passages)
    known: dict[str, Vectors] = {}
    if current is not None and current.manifest.model.encoding_sha256 == encoding_sha256():
        rows = range(len(current.vectors))
        held = _texts(current.store.reports(), current.store.passages(rows))
        known = dict(zip(held, current.vectors.all(), strict=True))
    new = list(dict.fromkeys(text for text in texts if text not in known))
    if new:
        encoder = load()
        progress.start("Encoding paragraphs", len(new))
        known |= zip(new, encoder.encode_passages(new, progress.advance), strict=True)
    return np.array([known[text] for text in texts], dtype=np.float32)


def encoding_sha256() -> str:
    """A digest over the code by which a passage becomes a vector.

    Over the code and not a version number, which a change of it could forget.
    """
    whole = hashlib.sha256()
    for source in (_HERE, _INDEX / "encoder.py", _INDEX / "sentences.py"):
        whole.update(hashlib.sha256(source.read_bytes()).digest())
    return whole.hexdigest()


def titled(paragraph: Paragraph) -> str:
    """The paragraph with the heading it stands under, a listed passage's title, before it."""
    return f"{paragraph.section} {paragraph.text}" if paragraph.section else paragraph.text


def _texts(reports: Sequence[Report], passages: Sequence[Passage]) -> list[str]:
    """What the model reads of each passage.

    Of a passage list it reads the titles too, and the headings of what is no finding: they say what
    it is ("What needs to improve"). It does not read the headings of findings, which stand over
    dozens of paragraphs and draw them together; BM25 does, for their words.
    """
    listed = {report.id for report in reports if report.listed}
    return [
        titled(one.paragraph) if one.report_id in listed or not one.finding else one.paragraph.text
        for one in passages
    ]
