"""Passages → vectors of their paragraphs and of their sentences; no text is encoded twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from index.encoder import PassageEncoder
    from index.records import Paragraph, Passage, Report
    from index.windows import Vectors
    from indexer.vector_cache import VectorCache

# Letters encoded between two writings of the cache: about two seconds' work on two cores, which is
# what a killed build loses at most.
_CHUNK_LETTERS = 100_000


class Progress(Protocol):
    """Is told what is being done, of how many steps, and of each step; and what is to be known."""

    def say(self, line: str) -> None: ...
    def start(self, what: str, total: int) -> None: ...
    def advance(self, steps: int = 1) -> None: ...


@dataclass(frozen=True, slots=True)
class Texts:
    """What the model reads of a collection: a text a passage by row, and a text a sentence."""

    paragraphs: list[str]
    sentences: list[str]

    def all(self) -> list[str]:
        """Both, paragraphs first."""
        return self.paragraphs + self.sentences


def texts_of(reports: Sequence[Report], passages: Sequence[Passage]) -> Texts:
    """What the model reads of each passage and of each sentence.

    Of a passage list it reads the titles too, and the headings of what is no finding: they say what
    it is ("What needs to improve"). It does not read the headings of findings, which stand over
    dozens of paragraphs and draw them together; BM25 does, for their words.
    """
    listed = {report.id for report in reports if report.listed}
    return Texts(
        [
            titled(one.paragraph)
            if one.report_id in listed or not one.finding
            else one.paragraph.text
            for one in passages
        ],
        [sentence for one in passages for sentence in one.sentence_texts],
    )


def titled(paragraph: Paragraph) -> str:
    """The paragraph with the heading it stands under, a listed passage's title, before it."""
    return f"{paragraph.section} {paragraph.text}" if paragraph.section else paragraph.text


def encode(
    texts: Texts, cache: VectorCache, load: Callable[[int], PassageEncoder], progress: Progress
) -> tuple[Vectors, Vectors]:
    """A unit vector a passage and a unit vector a sentence: float32 of shape (n, dimension) each.

    What `cache` holds is taken from it; `load` is told how many texts are left, and called where
    there are any. Each chunk is in the cache before the next is begun.
    """
    new = cache.missing(texts.all())
    if new:
        encoder = load(len(new))
        progress.start(f"Encoding {len(new):,} paragraphs and sentences", sum(map(len, new)))
        for chunk in _chunks(new):
            cache.add(chunk, encoder.encode_passages(chunk))
            progress.advance(sum(map(len, chunk)))
    return cache.vectors(texts.paragraphs), cache.vectors(texts.sentences)


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    """`texts`, long ones first, in parts of like length, so that little of a batch is padded."""
    chunk: list[str] = []
    letters = 0
    for text in sorted(texts, key=len, reverse=True):
        chunk.append(text)
        letters += len(text)
        if letters >= _CHUNK_LETTERS:
            yield chunk
            chunk, letters = [], 0
    if chunk:
        yield chunk
