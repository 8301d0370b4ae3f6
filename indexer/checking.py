"""The proof that an index is whole and all its parts speak of the same paragraphs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from index.encoder import OnnxEncoder
from index.errors import IndexUnusableError, ModelError
from index.generation import (
    LEXICAL,
    PARAGRAPHS,
    SENTENCES,
    check_generation,
    is_whole,
    open_generation,
)
from index.manifest import command, published_names, rebuild_command
from indexer.encoding import texts_of, titled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from index.coverage import Coverage
    from index.generation import Generation
    from index.manifest import Counts
    from index.vectors import Vectors

# So many vectors, evenly spread, are held against what their texts encode to.
_SAMPLE = 32
# float16 and batches of other sizes leave more than 0.9999.
_LEAST_COSINE = 0.99


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: a sentence a problem, with its mend; none where the index is sound.

    `name`, `counts` and `coverage` are those of the published generation, None where it cannot be
    opened.
    """

    problems: tuple[str, ...]
    name: str | None = None
    counts: Counts | None = None
    coverage: Coverage | None = None


def check_index(folder: Path) -> Checked:
    """Whether the index in `folder` is whole and its parts speak of the same paragraphs.

    Every checksum; every count, id and vector of the published generation; whether store, vectors
    and words belong together; and whether there is what rollback would return to. Raises
    IndexMissingError where none has been published.
    """
    problems: list[str] = []
    checked = Checked(())
    try:
        generation = open_generation(folder)
    except IndexUnusableError as error:
        problems.append(f"{error}{_or_rollback(folder)}")
    else:
        try:
            found = [*check_generation(generation), *_disagreements(generation)]
            checked = Checked(
                (), generation.name, generation.manifest.counts, generation.coverage()
            )
        finally:
            generation.close()
        mend = f"Build it again: {rebuild_command(folder)}{_or_rollback(folder)}"
        problems += [f"In generation {generation.name}, {problem}. {mend}" for problem in found]
    _, before = published_names(folder)
    if before is not None and not is_whole(folder, before):
        problems.append(
            f"Generation {before}, which rollback would return to, is damaged or gone. Replace it "
            f"by the present one: {rebuild_command(folder)}"
        )
    return replace(checked, problems=tuple(problems))


def _or_rollback(folder: Path) -> str:
    _, before = published_names(folder)
    if before is None or not is_whole(folder, before):
        return ""
    return f" Or return to the one before: {command('rollback', folder)}"


def _disagreements(generation: Generation) -> list[str]:
    """Where words or vectors are not those of the texts in the store."""
    passages = generation.store.all_passages()
    problems = []
    if generation.lexical.differs([titled(one.paragraph) for one in passages]):
        problems.append(f"{LEXICAL} holds the words of other paragraphs than the store")
    try:
        encoder = OnnxEncoder(generation.model_folder, in_bulk=True)
    except ModelError as error:
        return [*problems, str(error).removesuffix(".")]
    texts = texts_of(generation.store.reports(), passages)
    for name, vectors, own in (
        (PARAGRAPHS, generation.paragraphs, texts.paragraphs),
        (SENTENCES, generation.sentences, texts.sentences),
    ):
        wrong = _wrong_vectors(vectors, own, encoder)
        if wrong:
            problems.append(
                f"{name} holds vectors of other texts than the store, at row {wrong[0]} for one"
            )
    return problems


def _wrong_vectors(vectors: Vectors, texts: Sequence[str], encoder: OnnxEncoder) -> list[int]:
    if len(vectors) != len(texts) or not texts:
        return []  # that the counts differ is a finding of its own
    rows = np.unique(np.linspace(0, len(texts) - 1, _SAMPLE).astype(np.int64))
    encoded = encoder.encode_passages([texts[row] for row in rows])
    cosines = np.sum(encoded * vectors.take(rows), axis=1)
    return [int(row) for row in rows[~(cosines >= _LEAST_COSINE)]]
